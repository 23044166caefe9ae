"""Patterns: each is recognised where it is, in its words, and not where it is not."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grader.checks.patterns import UNKNOWN, likely_cause

WANT = np.random.default_rng(0).normal(size=(5, 5)) + 2.0
LINE = np.array([1.0, 4.0, 9.0, 16.0, 25.0])


def cause_of(got, want=WANT, **options):
    return likely_cause(np.asarray(got), np.asarray(want), within=1e-6, **options)


def changed(*indices, by=1.0):
    array = WANT.copy()
    for index in indices:
        array[index] += by
    return array


PATTERNS = [
    (0 * WANT, WANT, "is zero everywhere"),
    (np.zeros(()), np.array(2.0), "is zero"),
    (-WANT, WANT, "has the wrong sign"),
    (2 * WANT, WANT, "is twice what it should be"),
    (WANT / 2, WANT, "is half of what it should be"),
    (WANT.T, WANT, "holds the transposed values"),
    (WANT[::-1], WANT, "is reversed along axis 0"),
    (WANT[:, ::-1], WANT, "is reversed along axis 1"),
    (np.roll(LINE, 1), LINE, "is shifted by one along axis 0"),
    (np.append(LINE[1:], 0.0), LINE, "is shifted by one along axis 0"),
    (np.roll(WANT, 1, axis=1), WANT, "is shifted by one along axis 1"),
]


@pytest.mark.parametrize(("got", "want", "words"), PATTERNS)
def test_a_pattern_is_named_in_the_same_words_to_everybody(got, want, words):
    cause = cause_of(got, want)
    assert (cause.words, cause.hint) == (words, words)


NUMBERED = [
    (changed((0, 1), (0, 3)), {}, "is wrong only at index 0 of axis 0", "is wrong only at one index of axis 0"),
    (changed((1, 4), (2, 4)), {}, "is wrong only at index 4 of axis 1", "is wrong only at one index of axis 1"),
    (5 * WANT, {"N": 5}, "is N times what it should be (N = 5)", "is N times what it should be"),
    (WANT / 5, {"N": 5}, "is 1/N of what it should be (N = 5)", "is 1/N of what it should be"),
    (WANT / 7, {"N": 5, "T": 7}, "is 1/T of what it should be (T = 7)", "is 1/T of what it should be"),
    (-3.5 * WANT, {"N": 5}, "is -3.5 times what it should be", "is off by a constant factor"),
    (WANT + 0.25, {}, "is off by 0.25 in every entry", "is off by the same number in every entry"),
    (changed((0, 1), (1, 3)), {}, "is wrong in 2 of 25 entries only", "is wrong in some entries only"),
]


@pytest.mark.parametrize(("got", "sizes", "words", "hint"), NUMBERED)
def test_numbers_are_kept_from_the_hint(got, sizes, words, hint):
    cause = cause_of(got, sizes=sizes)
    assert (cause.words, cause.hint) == (words, hint)


def test_what_is_due_for_another_result_is_recognised():
    other = WANT**2
    assert cause_of(other, siblings={"dS": WANT.T + 1, "dx": other}).words == "holds what is due for `dx`"
    assert cause_of(other[0], WANT[0], siblings={"dx": other}) is UNKNOWN


def test_unrelated_numbers_have_no_cause():
    assert cause_of(np.random.default_rng(1).normal(size=(5, 5))) is UNKNOWN


def test_what_a_mistake_would_give_is_called_by_the_words_for_it():
    mistakes = [("takes the root", np.sqrt(WANT**2 + 1)), ("is squared", WANT**2)]
    assert cause_of(WANT**2, otherwise=mistakes).words == "is squared"
    assert cause_of(WANT**3, otherwise=mistakes) is UNKNOWN


def test_two_mistakes_that_would_give_the_same_are_both_named_and_three_are_not():
    squared = WANT**2
    two = [("is squared", squared), ("is multiplied twice", squared)]
    assert cause_of(squared, otherwise=two).hint == "is squared or is multiplied twice"
    assert cause_of(squared, otherwise=[*two, ("has a wrong exponent", squared)]) is UNKNOWN


def test_a_mistake_that_changes_nothing_here_is_not_named():
    got = WANT + 0.3 * np.random.default_rng(4).normal(size=(5, 5))
    assert cause_of(got, otherwise=[("is squared", WANT), ("is cubed", WANT.T)]) is UNKNOWN
    noise = np.random.default_rng(5).uniform(1.1e-6, 1.8e-6, size=(5, 5)) * np.where(np.eye(5), -1, 1)
    assert cause_of(WANT + noise, otherwise=[("is rounded", WANT + noise / 2)]) is UNKNOWN


def test_small_counts_agree_with_those_of_a_mistake_by_chance():
    two, three, four = (np.array(float(count)) for count in (2, 3, 4))
    assert cause_of(three, two, otherwise=[("counts twice", three)]) is UNKNOWN
    assert cause_of(three, two, siblings={"losses": three, "wins": four}) is UNKNOWN
    assert cause_of(three + 0.1, two, otherwise=[("counts twice", three + 0.1)]).words == "counts twice"


def test_a_small_deviation_of_a_precise_comparison_is_no_factor_of_one_and_no_offset():
    got = LINE + np.array([1e-9, 2e-9, -1e-9, 2e-9, 1e-9])
    assert cause_of(got, LINE) is UNKNOWN
    assert cause_of(LINE + 1e-9, LINE) is UNKNOWN


def test_truth_values_have_patterns_of_their_own():
    mask = np.tri(5, dtype=bool)
    one = mask.copy()
    one[2, [0, 4]] ^= True
    assert cause_of(~mask, mask).words == "is the opposite of what is due (True where False is due)"
    assert cause_of(one.T, one).words == "holds the transposed values"
    assert cause_of(one, mask).words == "is wrong only at index 2 of axis 0"
    assert cause_of(np.zeros_like(mask), mask) is UNKNOWN


@pytest.mark.parametrize("want", [np.array(2.0), np.array([2.0, 3.0])])
def test_one_or_two_numbers_are_no_factor_and_no_offset(want):
    assert cause_of(want * 1.7, want) is UNKNOWN
    assert cause_of(want + 1.7, want) is UNKNOWN


def test_a_single_number_can_still_be_twice_too_large():
    assert cause_of(np.array(4.0), np.array(2.0)).words == "is twice what it should be"


def test_places_say_nothing_in_a_random_selection():
    assert cause_of(LINE[::-1], LINE).words == "is reversed along axis 0"
    assert cause_of(LINE[::-1], LINE, selection=True) is UNKNOWN
    assert cause_of(-LINE, LINE, selection=True).words == "has the wrong sign"


def test_a_constant_stretch_is_not_a_shift():
    assert cause_of([1.0, 1.0, 1.0, 9.0], np.ones(4)).words == "is wrong only at index 3 of axis 0"


finite = st.floats(-100, 100, allow_subnormal=False)
tables = arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=finite)


@given(tables, st.data())
def test_any_two_arrays_have_a_cause_or_none_without_a_fault(want, data):
    got = data.draw(arrays.arrays(np.float64, want.shape, elements=finite))
    assume(np.abs(got - want).max() > 1e-3)
    cause = cause_of(got, want, sizes={"N": len(want)})
    assert bool(cause.words) == bool(cause.hint)


@pytest.mark.parametrize("size", [1e160, 1e308, -1.7e308])
def test_wild_numbers_have_no_cause(size):
    assert cause_of(size * np.random.default_rng(2).uniform(0.5, 1.0, (5, 5))) is UNKNOWN


@given(tables)
def test_a_wrong_sign_is_never_missed(want):
    assume(np.abs(want).max() > 1e-3)
    assert cause_of(-want, want).words == "has the wrong sign"
