"""Lost precision and numbers that are not finite."""

import numpy as np
import pytest

from grader.checks.patterns import UNKNOWN, likely_cause
from grader.checks.patterns.extremes import not_finite_cause
from grader.checks.value import expect
from grader.evidence import CheckFailure

WANT = np.random.default_rng(0).normal(size=(4, 5)) + 2.0
LARGE = WANT * (2**23.9 / WANT.max())  # integers of this size need all digits of a float32
ULP32 = float(np.finfo(np.float32).eps)


def cause_of(got, want=WANT, **options):
    return likely_cause(np.asarray(got), np.asarray(want), within=1e-6 * np.abs(want).max(), **options)


def bfloat16(array):
    """Round to eight binary digits."""
    mantissa, exponent = np.frexp(array)
    return np.ldexp(np.round(mantissa * 256) / 256, exponent)


ROUNDED = [
    (WANT.astype(np.float32), "float32"),
    (WANT.astype(np.float16), "float16"),
    (bfloat16(WANT), "bfloat16"),
    ((WANT * (1 + 20 * ULP32)).astype(np.float32), "float32"),
]


@pytest.mark.parametrize(("got", "dtype"), ROUNDED)
def test_a_result_that_was_rounded_on_its_way_is_recognised(got, dtype):
    cause = cause_of(got.astype(np.float64))
    assert cause.words == cause.hint == f"has the precision of {dtype} only"


def test_a_single_number_can_be_a_float32_and_no_smaller_one():
    assert cause_of(float(np.float32(0.1)), 0.1).words == "has the precision of float32 only"
    assert cause_of(131 / 256, 0.51) is UNKNOWN


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (WANT + 1e-7, WANT),
        (np.round(WANT, 2), WANT),
        (np.round(LARGE), LARGE),
        (np.round(WANT * 4) / 4, WANT),
        (np.array([0.5, 0.25, 1.0]), np.array([0.501, 0.25, 1.0])),
        (np.append(WANT.astype(np.float32)[0, 1:], WANT[1, 0]), WANT[0, [1, 2, 3, 4, 0]]),
        (np.array([0.1, 0.3, 0.7], dtype=np.float32), np.array([0.1, 0.3, 0.7], dtype=np.float32) * (1 + ULP32)),
    ],
    ids=["a constant", "decimals", "integers", "quarters", "halves", "one full number", "float32 is due"],
)
def test_what_only_looks_round_has_lost_no_precision(got, want):
    assert "precision" not in cause_of(np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)).words


def test_what_may_come_as_float32_has_lost_nothing():
    assert "precision" not in cause_of((WANT * (1 + 20 * ULP32)).astype(np.float32)).words


def test_a_float32_that_is_wrong_by_more_has_another_cause():
    assert cause_of((2 * WANT).astype(np.float32).astype(float)).words == "is twice what it should be"


def test_a_precise_comparison_names_it():
    with pytest.raises(CheckFailure) as caught:
        expect(WANT.astype(np.float32).astype(float), "h").close_to(WANT, precise=True)
    assert caught.value.hint == "`h` has the precision of float32 only."
    with pytest.raises(CheckFailure) as caught:
        expect(WANT + 1e-9, "h").close_to(WANT, precise=True)
    assert caught.value.hint == "`h` has wrong values."


class TestNotFinite:
    P = np.array([[0.3, 0.0, 0.7], [0.0, 0.4, 0.6]])

    def test_exactly_at_zeros(self):
        got = np.where(self.P == 0, -np.inf, -1.0)
        cause = not_finite_cause(got, np.ones((2, 3)), [WANT, self.P])
        assert cause.words == cause.hint == "is not finite exactly where an input is zero"

    def test_elsewhere_too(self):
        got = np.where(self.P == 0, np.nan, -1.0)
        got[0, 0] = np.inf
        assert not_finite_cause(got, np.ones((2, 3)), [self.P]) is None

    def test_at_some_zeros_only(self):
        got = np.where(self.P == 0, np.nan, -1.0)
        got[0, 1] = 1.0
        assert not_finite_cause(got, np.ones((2, 3)), [self.P]) is None

    def test_everywhere(self):
        assert not_finite_cause(np.full((2, 3), np.nan), np.ones((2, 3)), [np.zeros((2, 3))]) is None
