"""Results without a due shape are refused where they are too large, before anything is computed from them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from grader import symmetry
from grader.checks import convergence, problems, record, statistics
from grader.checks.extent import MOST_NUMBERS, finding_of_size
from grader.evidence import CheckFailure

LARGE = np.zeros(MOST_NUMBERS + 1, np.int8)
SQUARE = np.zeros((3000, 3000), np.int8)


def refusal_of(check, *args, **options):
    """The failure, and the most bytes that the check took beyond what it was given."""
    tracemalloc.start()
    with record.recording(), pytest.raises(CheckFailure) as caught:
        check(*args, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return caught.value, peak


def test_a_size_is_told_and_no_number_of_it_stands_in_the_hint():
    found = finding_of_size(SQUARE, "y")
    assert found.message == "y holds far more numbers than a right result does: 9000000; its shape is (3000, 3000)."
    assert found.hint == "`y` holds far more numbers than a right result does."


@pytest.mark.parametrize("got", [np.zeros(MOST_NUMBERS), 1.0, None, [1.0], "x", np.zeros((0, 10**9))])
def test_what_is_no_larger_than_it_may_be_or_no_array_of_numbers_is_left_to_others(got):
    assert finding_of_size(got, "y") is None


@pytest.mark.parametrize("large", [LARGE, SQUARE], ids=["long", "square"])
@pytest.mark.parametrize(
    "check",
    [
        lambda got: statistics.has_mean(got, statistics.Normal(variance=1)),
        lambda got: statistics.has_variance(got, statistics.Normal(variance=1)),
        lambda got: statistics.follows(got, statistics.Normal(variance=1)),
        lambda got: statistics.independent(got, statistics.Normal(variance=1)),
        lambda got: statistics.uncorrelated(got, got, statistics.Normal(variance=1)),
        lambda got: statistics.is_unbiased(got, np.zeros(1000)),
        lambda got: statistics.draws_only_from(lambda _rng: got, rng=np.random.default_rng(1)),
        lambda got: symmetry.invariant(lambda _x: got, np.ones(3), change=lambda x: (2 * x,), named="a scale"),
        lambda got: symmetry.linear(lambda _x: got, np.ones(3), rng=np.random.default_rng(1)),
        lambda got: symmetry.causal(lambda _x: got, np.ones((1, 3)), rng=np.random.default_rng(1)),
        lambda got: convergence.trajectory(got, problems.worst_case(3), 4),
    ],
)  # fmt: skip
def test_a_result_that_is_too_large_is_refused_before_it_is_computed_with(check, large):
    failed, peak = refusal_of(check, large)
    assert "holds far more numbers than a right result does" in failed.hint
    assert peak < large.nbytes


def test_estimates_are_not_multiplied_by_the_size_of_the_truth():
    """A million estimates beside a truth of a thousand numbers: zeros of the shape that is due would be 8 GB."""
    failed, peak = refusal_of(statistics.is_unbiased, np.zeros(10**6, np.int8), np.zeros(1000), name="estimate")
    assert "estimate[0] " in failed.message
    assert failed.hint.startswith("`estimate[0]` ")
    assert peak < 10**8


def test_estimates_of_another_shape_are_told_by_one_of_them():
    with pytest.raises(CheckFailure, match=r"estimate\[0\] has shape \(5,\), due is \(2,\)"):
        statistics.is_unbiased(np.ones((7, 5)), np.zeros(2))
    with pytest.raises(CheckFailure, match=r"estimate\[0\] has shape \(5,\), a single number is due"):
        statistics.is_unbiased(np.ones((7, 5)), 0.0)
