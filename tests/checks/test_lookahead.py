"""Causality: which functions look ahead, which earn nothing, and which position is named."""

import contextlib

import numpy as np
import pytest

from grader import symmetry
from grader.checks.record import recording
from grader.evidence import CheckFailure

SEQUENCE = np.random.default_rng(3).normal(size=(2, 8, 5))
TIME = np.arange(8)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def failure_of(*args, **options):
    with pytest.raises(CheckFailure) as caught:
        symmetry.causal(*args, **options)
    return caught.value


def attention(x, mask):
    scores = np.where(mask, x @ x.transpose(0, 2, 1), -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ x


class Proxy:
    """A student's function that counts its calls and knows what is kept."""

    def __init__(self, function, name="layer_forward"):
        self.function, self.name, self.calls, self.kept = function, name, 0, ()

    def keeping(self, *positions):
        self.kept = positions
        return self

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


def test_a_causal_function_passes_in_nine_calls(rng):
    student = Proxy(lambda x: (attention(x, TIME[:, None] >= TIME), "cache"))
    symmetry.causal(student, SEQUENCE, rng=rng, returns=("out", None))
    assert student.calls == 9


def test_a_long_sequence_costs_five_calls(rng):
    student = Proxy(lambda x: np.cumsum(x, axis=0))
    symmetry.causal(student, np.linspace(-1, 1, 50), rng=rng, axis=0)
    assert student.calls == 5


def test_other_right_ones_pass(rng):
    symmetry.causal(lambda x: np.cumsum(x, axis=1), SEQUENCE, rng=rng)
    symmetry.causal(lambda x: np.cumsum(x, axis=1)[:, :, 0].T, SEQUENCE, rng=rng, result_axis=0)
    symmetry.causal(lambda x: x[0].cumsum(axis=0), SEQUENCE, rng=rng, axis=-2)
    # a token that sees the earlier ones only
    symmetry.causal(lambda x: np.cumsum(x, axis=1) - x, SEQUENCE, rng=rng)


def test_several_sequences_change_together(rng):
    def mixed(x, y, w):
        return np.cumsum(x + y, axis=1) @ w

    symmetry.causal(mixed, SEQUENCE, 2 * SEQUENCE, np.eye(5), rng=rng, positions=(0, 1))
    ahead = failure_of(lambda x, y: x + y.sum(1, keepdims=True), SEQUENCE, SEQUENCE, rng=rng, positions=(0, 1))
    assert "when position 1 of the inputs changes" in ahead.message


def test_tokens_are_replaced_by_tokens(rng):
    tokens = np.array([[3, 1, 4, 1, 5, 9, 2, 6]])
    table = np.eye(10)
    symmetry.causal(lambda t: np.cumsum(table[t], axis=1), tokens, rng=rng)
    assert "looks ahead" in failure_of(lambda t: table[t].cumsum(1)[:, ::-1], tokens, rng=rng).hint


@pytest.mark.parametrize(
    ("mask", "seen"),
    [
        (TIME[:, None] >= TIME - 1, "position 0 changes when position 1"),
        ((TIME[:, None] >= TIME) | (TIME[:, None] + 3 == TIME), "position 0 changes when position 3"),
        (TIME[:, None] <= TIME, "position 0 changes when position 1"),
        ((TIME[:, None] >= TIME) | (TIME == 6) & (TIME[:, None] == 5), "position 5 changes when position 6"),
    ],
)
def test_the_nearest_position_is_named(mask, seen, rng):
    failure = failure_of(lambda x: attention(x, mask), SEQUENCE, rng=rng, returns=("out",))
    assert failure.message.startswith(f"the function: out at {seen} of the input changes (by ")
    assert failure.hint == "`out` looks ahead: it changes at a position when a later position of the input does."


def test_what_only_several_positions_cause_is_still_found(rng):
    def vote(x):  # moves only when most of the sequence does
        return x + (np.median(np.abs(x[:, 1:] - SEQUENCE[:, 1:]), axis=1, keepdims=True) > 0)

    failure = failure_of(vote, SEQUENCE, rng=rng)
    assert "result at position 0 changes when the positions after 0 of the input change (by 1; " in failure.message


def test_a_constant_earns_nothing(rng):
    assert "does not use it" in failure_of(np.ones_like, SEQUENCE, rng=rng).hint


def test_a_result_of_another_length_is_named(rng):
    failure = failure_of(lambda x: x[:, 1:], SEQUENCE, rng=rng)
    assert failure.message.endswith("its shape is (2, 7, 5), and there are 8 positions.")
    assert failure.hint == "`result` has not one entry for every position of the input along axis 1."
    assert "axis 1" in failure_of(lambda x: x.sum(), SEQUENCE, rng=rng).hint


def test_nan_from_the_future_is_a_failure(rng):
    with np.errstate(invalid="ignore"):
        ahead = failure_of(np.sqrt, np.abs(SEQUENCE), rng=rng)
    assert ahead.hint == "`result` is not finite."


def test_the_checks_own_mistakes_are_no_failures(rng):
    with pytest.raises(ValueError, match="no array with an axis 1 at position 0"):
        symmetry.causal(np.cumsum, TIME, rng=rng)
    with pytest.raises(ValueError, match=r"length of at least 3, not \[2\]"):
        symmetry.causal(np.cumsum, SEQUENCE[:, :2], rng=rng)
    with pytest.raises(ValueError, match="one value only"):
        symmetry.causal(np.cumsum, np.ones((2, 4), dtype=int), rng=rng)


def test_every_student_gets_the_same_draws():
    def left(function):
        rng = np.random.default_rng(5)
        with contextlib.suppress(CheckFailure):
            symmetry.causal(function, SEQUENCE, rng=rng)
        return rng.integers(2**40)

    assert left(np.ones_like) == left(lambda x: x[:, ::-1]) == left(lambda x: x)


def ratio(*args, **options):
    with recording() as record, contextlib.suppress(CheckFailure):
        symmetry.causal(*args, **options)
    return max(measurement.ratio for measurement in record.measurements)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_causality(dtype, rng):
    x = SEQUENCE.astype(dtype)
    assert ratio(lambda x: attention(x, TIME[:, None] >= TIME), x, rng=rng) < 0.05
    assert ratio(lambda x: attention(x, TIME[:, None] >= TIME - 1), x, rng=rng) > 100


def test_what_was_looked_at_is_recorded_alike_whether_causes_are_wanted_or_not(rng):
    def seen(**options):
        with recording(**options) as record, pytest.raises(CheckFailure):
            symmetry.causal(lambda x: x[:, ::-1], SEQUENCE, rng=np.random.default_rng(6))
        return [sighting.name for sighting in record.sightings]

    assert (
        seen()
        == seen(verdicts_only=True)
        == [
            "result",
            *(f"result after another future of position {cut}" for cut in range(7)),
        ]
    )
