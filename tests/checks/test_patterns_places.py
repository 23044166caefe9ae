"""Patterns of place and of masks, and where they must stay silent."""

import numpy as np
import pytest

from grader.checks.patterns import UNKNOWN, likely_cause
from grader.checks.patterns.extremes import not_finite_cause
from grader.checks.patterns.places import along_lists

RNG = np.random.default_rng(0)
STEPS = RNG.normal(size=(6, 2)) + 3.0
X = RNG.choice([-1.0, 1.0], size=(4, 6)) * RNG.uniform(0.5, 2.0, size=(4, 6))
UPSTREAM = RNG.normal(size=(4, 6))


def cause_of(got, want, **options):
    return likely_cause(np.asarray(got), np.asarray(want), within=1e-6, **options)


def wrong_at(*indices, axis=0):
    got = STEPS if axis == 0 else STEPS.T
    got = got.copy()
    for index in indices:
        np.moveaxis(got, axis, 0)[index] += 1 + RNG.random(2)
    return cause_of(got, STEPS if axis == 0 else STEPS.T)


class TestTrajectories:
    def test_right_up_to_a_step(self):
        cause = wrong_at(3, 4, 5)
        assert cause.words == "is right up to index 2 of axis 0 and wrong from there on"
        assert cause.hint == "is right at the first indices of axis 0 and wrong from there on"

    def test_right_at_the_start_only(self):
        assert wrong_at(1, 2, 3, 4, 5).words == "is right up to index 0 of axis 0 and wrong from there on"

    def test_right_from_a_step_on_as_backward_through_time_that_stops(self):
        cause = wrong_at(0, 1, 2)
        assert cause.words == "is wrong up to index 2 of axis 0 and right from there on"
        assert cause.hint == "is wrong at the first indices of axis 0 and right from there on"

    def test_time_may_be_any_axis(self):
        assert "up to index 2 of axis 1 and wrong" in wrong_at(3, 4, 5, axis=1).words

    @pytest.mark.parametrize("indices", [(0, 1, 2, 3, 4, 5), (1, 2, 4, 5), (0, 3, 4, 5), (0, 1, 2, 3, 4)])
    def test_wrong_steps_with_right_ones_between_are_no_such_pattern(self, indices):
        assert wrong_at(*indices) is UNKNOWN

    def test_an_axis_of_five_is_no_time(self):
        got = STEPS[:5] + np.array([0, 1, 2, 4, 7])[:, None]
        assert cause_of(got, STEPS[:5]) is UNKNOWN

    def test_a_start_at_zero_is_right_for_another_reason(self):
        want = STEPS * (np.arange(6) > 0)[:, None]
        assert cause_of(2 * want**2, want) is UNKNOWN

    def test_one_or_two_last_steps_say_less(self):
        assert wrong_at(5).words == "is wrong only at index 5 of axis 0"
        assert wrong_at(4, 5).words == "is wrong in 4 of 12 entries only"


class TestLists:
    NAMES = tuple(f"grads[{layer}].{part}" for layer in range(4) for part in "Sb")

    def test_right_up_to_a_layer(self):
        ((name, cause),) = along_lists(["loss", *self.NAMES], {"grads[2].S", "grads[3].b"})
        assert name == "grads"
        assert cause.words == "is right up to grads[1] and wrong from grads[2] on"
        assert cause.hint == "is right in its first entries and wrong from there on"

    def test_right_from_a_layer_on(self):
        ((_, cause),) = along_lists(self.NAMES, {"grads[0].S", "grads[1].S", "grads[2].S"})
        assert cause.words == "is wrong up to grads[2] and right from grads[3] on"
        assert cause.hint == "is wrong in its first entries and right from there on"

    def test_layers_are_counted_and_not_sorted_as_text(self):
        names = [f"grads[{layer}]" for layer in range(12)]
        ((_, cause),) = along_lists(names, {"grads[10]", "grads[11]"})
        assert cause.words == "is right up to grads[9] and wrong from grads[10] on"

    @pytest.mark.parametrize(
        "wrong", [(), ("grads[3].S",), ("grads[1].S", "grads[3].S"), ("grads[0].S", "grads[2].S", "grads[3].b"), NAMES]
    )
    def test_other_layers_say_nothing(self, wrong):
        assert list(along_lists(self.NAMES, set(wrong))) == []

    def test_lists_are_told_apart(self):
        names = [f"{name}[{step}]" for name in ("x", "v") for step in range(3)]
        assert [name for name, _ in along_lists(names, {"v[1]", "v[2]", "x[0]", "x[2]"})] == ["v"]

    def test_results_without_a_list_say_nothing(self):
        assert list(along_lists(["loss", "grads.S"], {"loss"})) == []


EXACTLY = "is {} exactly where it must not be, as with an inverted mask"


class TestMasks:
    def test_zeros_where_there_should_be_none(self):
        want, got = UPSTREAM * (X > 0), 2 * UPSTREAM * (X < 0)
        cause = cause_of(got, want)
        assert cause.words == cause.hint == EXACTLY.format("zero")

    def test_few_entries_are_enough_when_both_add_up_to_what_was_masked(self):
        mask, upstream = np.array([True, False, True]), np.array([0.3, 0.7, -1.1])
        got, want = upstream * ~mask, upstream * mask
        assert cause_of(got, want, arguments=[X, upstream]).words == EXACTLY.format("zero")
        assert cause_of(got, want, arguments=[X]) is UNKNOWN

    def test_a_random_selection_of_entries_shows_it_too(self):
        got, want = (UPSTREAM * (X < 0)).ravel(), (UPSTREAM * (X > 0)).ravel()
        assert cause_of(got, want, selection=True).words == EXACTLY.format("zero")

    def test_one_entry_on_which_both_agree_refutes_it(self):
        want, got = UPSTREAM * (X > 0), UPSTREAM * (X < 0)
        both_zero, both_kept = got.copy(), got.copy()
        both_zero[got != 0] *= np.r_[0.0, np.ones(np.count_nonzero(got) - 1)]
        both_kept[got == 0] = np.r_[5.0, np.zeros(np.count_nonzero(got == 0) - 1)]
        assert cause_of(both_zero, want, arguments=[UPSTREAM]) is UNKNOWN
        assert cause_of(both_kept, want) is UNKNOWN

    def test_entries_unchanged_that_should_be_changed(self):
        want, got = np.where(X > 0, X, 0.1 * X), np.where(X > 0, 0.1 * X, X)
        cause = cause_of(got, want, arguments=[UPSTREAM, X])
        assert cause.words == cause.hint == EXACTLY.format("unchanged")
        assert cause_of(got[:2], want[:2], arguments=[X[:2]]) is UNKNOWN

    def test_truth_values_that_are_all_the_other_are_the_opposite(self):
        mask, opposite = X > 0, "is the opposite of what is due (True where False is due)"
        assert cause_of(~mask, mask).words == cause_of(~mask[:3, :1], mask[:3, :1]).hint == opposite
        assert cause_of(~mask[:2, 0], mask[:2, 0]) is UNKNOWN
        almost = ~mask
        almost[0, 0] ^= True
        assert cause_of(almost, mask) is UNKNOWN

    def test_a_mask_without_both_values_is_not_inverted(self):
        assert cause_of(np.zeros(30, dtype=bool), np.ones(30, dtype=bool)) is UNKNOWN

    @pytest.mark.parametrize("n", [2, 3, 6])
    def test_the_other_triangle_is_named(self, n):
        lower = np.tri(n, dtype=bool)
        assert cause_of(lower.T, lower).words == (
            "is True on and above the diagonal where it must be True on and below the diagonal"
        )
        strict = np.tri(n, k=-1, dtype=bool)
        due = "where it must be True on and below the diagonal"
        assert cause_of(strict, lower).hint == f"is True below the diagonal {due}"
        stacked = np.broadcast_to(lower, (2, 1, n, n))
        assert cause_of(np.broadcast_to(strict, (2, 1, n, n)), stacked).hint == f"is True below the diagonal {due}"

    @pytest.mark.parametrize("change", [(0, 3), (2, 2)])
    def test_what_is_no_triangle_is_not_called_one(self, change):
        lower, got = np.tri(4, dtype=bool), np.tri(4, dtype=bool).T
        got[change] ^= True
        assert "diagonal" not in cause_of(got, lower).words
        assert "diagonal" not in cause_of(np.tri(3, 4, k=1, dtype=bool), np.tri(3, 4, dtype=bool)).words

    def test_minus_infinity_where_there_should_be_none(self):
        causal = np.tri(5, dtype=bool)
        scores = np.random.default_rng(1).normal(size=(5, 5))
        want, got = np.where(causal, scores, -np.inf), np.where(causal, -np.inf, scores)
        cause = not_finite_cause(got, want, ())
        assert cause.words == cause.hint == EXACTLY.format("-inf")
        assert not_finite_cause(got[:3], want[:3], ()) is None
        assert not_finite_cause(np.full((5, 5), -np.inf), want, ()) is None
        assert not_finite_cause(-got, want, ()) is None


class TestOrder:
    """What repeats, zeros and ones say, looks alike in many orders."""

    @pytest.mark.parametrize(
        ("got", "want"),
        [
            ([0, 1], [1, 0]),
            ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]),
            ([[0, 1, 0], [1, 0, 0]], [[0, 1, 0], [0, 0, 1]]),
            ([2, 1, 0, 0], [0, 0, 1, 2]),
            ([1.25, 0.0, 1.25, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.25, 0.0, 1.25]),
        ],
    )
    def test_labels_and_masks_reversed_are_not_called_so(self, got, want):
        words = cause_of(np.array(got), np.array(want)).words
        assert not any(word in words for word in ("reversed", "shifted", "transposed"))

    def test_labels_moved_by_one_are_not_called_shifted(self):
        assert cause_of([0, 0, 0, 1, 0], [0, 0, 0, 0, 1]).words == "is wrong in 2 of 5 entries only"

    def test_a_symmetric_matrix_is_not_transposed(self):
        want = STEPS @ STEPS.T
        assert (
            cause_of(want.T + np.diag([0.1, 0.2, 0.4, 0.5, 0.3, 0.9]), want).words == "is wrong in 6 of 36 entries only"
        )

    def test_the_transpose_of_a_worked_example_is_named(self):
        want = np.array([[14.0, 2.0], [28.0, 4.0]])
        assert cause_of(want.T, want).words == "holds the transposed values"

    @pytest.mark.parametrize("want", [[[1, 2], [0, 1]], [[0, 9], [0, 0]], [[3, 1], [2, 3]]])
    def test_few_small_numbers_are_transposed_by_chance(self, want):
        want = np.array(want)
        assert "transposed" not in cause_of(want.T, want).words

    def test_two_real_numbers_that_are_exchanged_are_reversed(self):
        assert cause_of([0.3, 1.7], [1.7, 0.3]).words == "is reversed along axis 0"
