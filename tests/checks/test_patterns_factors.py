"""Factors with and without a name, alone and combined, and the terms of a sum."""

import numpy as np
import pytest

from grader.checks.patterns import UNKNOWN, likely_cause
from grader.checks.patterns.terms import with_another_share

WANT = np.random.default_rng(0).normal(size=(4, 3)) + 2.0
NAMES = {"N": 7, "eta": 0.03}


def cause_of(got, want=WANT, **options):
    return likely_cause(np.asarray(got), np.asarray(want), within=1e-6 * np.abs(want).max(), **options)


ONE_NAME = [
    (0.03, "is eta times what it should be", " (eta = 0.03)"),
    (1 / 0.03, "is 1/eta of what it should be", " (eta = 0.03)"),
    (-2, "has the wrong sign and is twice what it should be", ""),
    (-1 / 7, "has the wrong sign and is 1/N of what it should be", " (N = 7)"),
]

TWO_NAMES = [
    (14, "is 2 N times what it should be", " (N = 7)"),
    (7 / 2, "is N/2 times what it should be", " (N = 7)"),
    (2 / 7, "is 2/N times what it should be", " (N = 7)"),
    (1 / 14, "is 1/(2 N) of what it should be", " (N = 7)"),
    (7 / 6, "is N/(N - 1) times what it should be", " (N = 7)"),
    (6 / 7, "is (N - 1)/N times what it should be", " (N = 7)"),
    (0.06, "is 2 eta times what it should be", " (eta = 0.03)"),
    (0.97, "is (1 - eta) times what it should be", " (eta = 0.03)"),
    (1 / 0.97, "is 1/(1 - eta) of what it should be", " (eta = 0.03)"),
    (0.21, "is N eta times what it should be", " (N = 7, eta = 0.03)"),
    (7 / 0.03, "is N/eta times what it should be", " (N = 7, eta = 0.03)"),
    (0.03 / 7, "is eta/N times what it should be", " (N = 7, eta = 0.03)"),
    (1 / 0.21, "is 1/(N eta) of what it should be", " (N = 7, eta = 0.03)"),
    (-0.03 / 7, "has the wrong sign and is eta/N times what it should be", " (N = 7, eta = 0.03)"),
]


@pytest.mark.parametrize(("factor", "hint", "meaning"), ONE_NAME + TWO_NAMES)
def test_a_factor_is_called_by_its_name_and_its_value_stays_out_of_the_hint(factor, hint, meaning):
    cause = cause_of(factor * WANT, sizes=NAMES)
    assert (cause.words, cause.hint) == (hint + meaning, hint)


@pytest.mark.parametrize(("factor", "hint", "_"), ONE_NAME + TWO_NAMES)
def test_a_single_number_is_enough_for_a_factor_with_a_name(factor, hint, _):
    number = np.log(2)
    assert cause_of(factor * number, number, sizes=NAMES).hint == hint


@pytest.mark.parametrize(("factor", "hint", "_"), ONE_NAME + TWO_NAMES)
def test_a_single_number_of_a_worked_example_has_no_factor_of_two_parts(factor, hint, _):
    """Where -9 is due and 18 came, the sign is one of many stories."""
    single = hint if factor in {0.03, 1 / 0.03} else ""
    for number in (-9.0, 6.75, 1 / 60, np.array([[0.7]])):
        assert cause_of(factor * np.asarray(number), number, sizes=NAMES).hint == single


def test_two_names_of_the_same_number_are_both_given():
    assert cause_of(7 * WANT, sizes={"N": 7, "T": 7}).hint == (
        "is N times or T times what it should be: here both are the same"
    )
    halved = cause_of(WANT / 2, sizes={"N": 2})
    assert halved.hint == "is half of or 1/N of what it should be: here both are the same"
    assert halved.words == f"{halved.hint} (N = 2)"
    assert cause_of(-7 * WANT, sizes={"N": 7, "T": 7}).words == (
        "has the wrong sign and is N times or T times what it should be: here both are the same (N = 7, T = 7)"
    )


def test_three_names_of_the_same_number_are_none():
    cause = cause_of(7 * WANT, sizes={"N": 7, "T": 7, "d": 7})
    assert cause.hint == "is off by a constant factor"


def test_one_name_is_preferred_to_two():
    assert cause_of(2 * WANT, sizes={"N": 4, "T": 8}).words == "is twice what it should be"
    assert cause_of(3 * WANT, sizes={"N": 3, "T": 6}).words == "is N times what it should be (N = 3)"


@pytest.mark.parametrize("factor", [3, -3, 1 / 3])
def test_a_length_without_a_name_is_not_explained_by_two_names(factor):
    """A factor of three may be N/2, but also the number of features."""
    assert cause_of(factor * WANT, sizes={"N": 6}).hint == "is off by a constant factor"
    assert cause_of(factor * np.log(2), np.log(2), sizes={"N": 6}, arguments=[np.zeros((6, 3))]) is UNKNOWN
    assert "N" in cause_of(factor * np.log(2), np.log(2), sizes={"N": 6}, arguments=[np.zeros((6, 4))]).hint


def test_a_length_with_a_name_is_called_by_it():
    assert cause_of(3 * WANT, sizes={"N": 4, "d": 3}).hint == "is d times what it should be"


@pytest.mark.parametrize("useless", [0.0, 1, -1, np.inf, np.nan])
def test_a_number_that_changes_nothing_or_everything_names_no_factor(useless):
    assert cause_of(3 * WANT, sizes={"decay": useless}).hint == "is off by a constant factor"


def test_a_factor_must_fit_to_the_same_relative_precision_however_small_it_is():
    assert cause_of(1.0005e-4 * WANT, sizes={"eta": 1e-4}).hint == "is off by a constant factor"
    nearly = 1e-4 * WANT * (1 + 1e-3 * np.random.default_rng(2).random(WANT.shape))
    assert cause_of(nearly) is UNKNOWN
    noise = 1e-9 * np.random.default_rng(1).normal(size=WANT.shape)
    assert cause_of(noise, sizes={"eta": 1e-9}) is UNKNOWN


def test_a_numbers_own_variance_with_n_minus_one_is_recognised():
    x = np.random.default_rng(3).normal(size=(7, 4))
    assert cause_of(x.var(axis=0, ddof=1), x.var(axis=0), sizes={"N": 7}).hint == "is N/(N - 1) times what it should be"


@pytest.mark.parametrize("want", [[0.4], [0.4, 0.9], [0.4, 0.4, 0.4], [-3.0, 3.0, -3.0]])
def test_one_number_or_two_have_no_offset_and_no_factor_without_a_name(want):
    want = np.array(want)
    assert cause_of(want + 0.5, want) is UNKNOWN
    assert cause_of(want * 1.7, want).hint == ""


def test_the_probability_of_the_opposite_is_recognised():
    p = np.array([0.2, 0.9, 0.6])
    assert cause_of(1 - p, p).words == cause_of(1 - p, p, selection=True).hint == "is 1 minus what it should be"
    assert cause_of(0.8, 0.2).words == "is 1 minus what it should be"


def test_labels_are_the_opposite_by_chance():
    assert "1 minus" not in cause_of([0.0, 1.0, 1.0], [1.0, 0.0, 0.0]).words


W = np.random.default_rng(5).normal(size=(4, 3))
DECAY = 0.1 * W

SHARES = [
    (-1.0, "lacks the term weight decay"),
    (1.0, "holds the term weight decay twice"),
    (-2.0, "holds the term weight decay with the wrong sign"),
    (-0.5, "holds half of the term weight decay"),
    (6.0, "holds N times the term weight decay"),
    (1 / 7 - 1, "holds 1/N of the term weight decay"),
    (0.03 - 1, "holds eta times the term weight decay"),
]


def with_terms(got, want=WANT, **terms):
    otherwise = [pair for name, term in terms.items() for pair in with_another_share(want, term, name, NAMES)]
    return cause_of(got, want, sizes=NAMES, otherwise=otherwise)


@pytest.mark.parametrize(("more", "words"), SHARES)
def test_what_became_of_a_term_is_said(more, words):
    cause = with_terms(WANT + more * DECAY, **{"weight decay": DECAY, "momentum": W**2})
    assert (cause.words, cause.hint) == (words, words)


def test_a_term_that_is_a_single_number_is_recognised():
    assert with_terms(np.array(2.9), np.array(3.3), penalty=np.array(0.4)).words == "lacks the term penalty"


def test_two_terms_of_the_same_value_are_both_named():
    assert with_terms(WANT - DECAY, a=DECAY, b=DECAY).words == "lacks the term a or lacks the term b"


def test_two_terms_that_are_both_lost_are_not_guessed_at():
    assert with_terms(WANT - DECAY - W**2, a=DECAY, b=W**2) is UNKNOWN


@pytest.mark.parametrize("term", [0 * W, 1e-9 * W, W[0], np.full((4, 3), np.nan)])
def test_a_term_that_is_lost_in_the_sum_or_of_another_form_has_no_words(term):
    assert with_another_share(WANT, term, "a", NAMES) == []


def test_the_whole_with_the_wrong_sign_is_no_term_with_the_wrong_sign():
    assert with_terms(-WANT, a=WANT).words == "has the wrong sign"
