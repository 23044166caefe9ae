"""What student code may ask an oracle about: nothing of it is made larger than it came, and little of it is kept."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from grader.checks import convergence, problems
from grader.checks.problems import questions
from grader.evidence import CheckFailure


@pytest.fixture
def oracle():
    return problems.least_squares(np.random.default_rng(1), 20, [0.5, 1.0, 2.0], 0.7)


def refusal_of(call, *args):
    """The failure of a call, and the most bytes that it took meanwhile."""
    tracemalloc.start()
    with pytest.raises(CheckFailure) as caught:
        call(*args)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return caught.value, peak


LONG = "x" * 2_000_000
NO_NUMBERS = [
    b"\xff" * 2_000_000, LONG, [LONG, *["a"] * 100], [1, LONG], ["1", "2", "3"], [[1, 2, 3]], [1, None, 2], {1: 2},
    [1j, 2, 3], np.array(["a", "b"]), [np.ones(2), np.ones(2)],
]  # fmt: skip


@pytest.mark.parametrize("asked", NO_NUMBERS, ids=range(len(NO_NUMBERS)))
class TestWhatIsNoNumber:
    """As text of numpy a byte takes sixteen, and a short text as much as the longest beside it."""

    def test_is_no_sample(self, oracle, asked):
        failed, peak = refusal_of(oracle.gradient_of, oracle.start, asked)
        assert f"at a {type(asked).__name__}, which is no integer." in failed.message
        assert failed.hint == "Your function asks for the gradient of samples that are no integers."
        assert peak < 10**6

    def test_is_no_point(self, oracle, asked):
        failed, peak = refusal_of(oracle.gradient, asked)
        assert f"at a {type(asked).__name__}; due is an array of 3 numbers." in failed.message
        assert peak < 10**6


class TestSamples:
    @pytest.mark.parametrize("i", [[2, 3], (2, 3), np.array([2, 3], np.uint8), [np.int64(2), 3]])
    def test_may_be_any_integers(self, oracle, i):
        np.testing.assert_array_equal(oracle.gradient_of(oracle.start, i), oracle.gradient_of(oracle.start, [2, 3]))
        assert [one.dtype for one in oracle.calls.samples] == [np.intp] * 2

    @pytest.mark.parametrize("i", [[True, False], [1, 2.0], 2**70, [2**70], -(10**5000), [10**5000, 1]], ids=range(6))
    def test_are_no_booleans_and_no_integers_beyond_the_machine(self, oracle, i):
        failed, _ = refusal_of(oracle.gradient_of, oracle.start, i)
        assert "which is no integer" in failed.message

    def test_are_no_more_in_a_call_than_a_method_needs(self, oracle):
        """Each takes a row of the inputs: 60 MB of small integers would be a gigabyte and more."""
        samples = np.zeros(questions.LARGEST_BATCH, np.uint8)
        oracle.gradient_of(oracle.start, samples)
        failed, peak = refusal_of(oracle.gradient_of, oracle.start, np.zeros(10_000_000, np.uint8))
        assert failed.hint == (
            "Your function asks for the gradient of samples that are far more than the method needs."
        )
        assert peak < 20_000_000

    def test_are_no_more_in_all_calls_than_the_record_keeps(self, oracle, monkeypatch):
        monkeypatch.setattr("grader.checks.problems.questions.SAMPLES_LIMIT", 10)
        for _ in range(2):
            oracle.gradient_of(oracle.start, [1, 2, 3, 4, 5])
        assert oracle.calls.drawn == 10
        convergence.calls(oracle, gradient_of=2, samples=10)
        assert "1 samples, after 10: far more" in refusal_of(oracle.gradient_of, oracle.start, 1)[0].message
        assert oracle.fresh().gradient_of(oracle.start, 1).shape == (3,)


class TestPoints:
    def test_of_another_shape_are_not_turned_into_floats(self, oracle):
        failed, peak = refusal_of(oracle.gradient, np.zeros(10_000_000, np.int8))
        assert "at a point of shape (10000000,)" in failed.message
        assert peak < 20_000_000

    def test_beyond_the_largest_float_are_no_numbers(self, oracle):
        failed, _ = refusal_of(oracle.gradient, [10**400, 0, 0])
        assert "at a list; due is an array of 3 numbers" in failed.message
