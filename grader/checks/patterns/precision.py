"""The pattern of lost precision: what came was rounded to a smaller dtype on its way."""

from __future__ import annotations

import numpy as np

from grader.checks.patterns.cause import ENOUGH_ENTRIES, Array, Cause, same
from grader.checks.tolerance import ROUNDING_FACTOR, scale_of

DIGITS = {"float32": 24, "float16": 11, "bfloat16": 8}
"""Binary digits of a number, the hidden one included (IEEE 754; bfloat16: the upper half of a float32)."""

LARGEST_LOSS = 0.03
"""Share of the scale beyond which it is no loss of precision any more: eight roundings of a bfloat16."""


def rounded(got: Array, want: Array) -> Cause | None:
    """Every number is one of a smaller dtype, its last digit is used, and rounding is all that can be wrong.

    Parameters
    ----------
    got, want
        Finite float64 numbers of one shape. By chance a float64 is a float32 in one of 2^29 cases.
    """
    largest = float(np.abs(got - want).max(initial=0.0))
    for dtype, digits in DIGITS.items():
        # a share such as 131/256 is a number of eight digits too: one alone says nothing
        if digits < DIGITS["float32"] and got.size < ENOUGH_ENTRIES:
            continue
        epsilon = 2.0 ** (1 - digits)
        if largest > min(ROUNDING_FACTOR * epsilon, LARGEST_LOSS) * scale_of(want):
            continue
        here, due = _in_last_digits(got, digits), _in_last_digits(want, digits)
        # Odd: the number needs its last digit. Integers, halves and rounded decimals say nothing about a dtype.
        used = (here % 2 == 1) & (got != np.round(got))
        if np.all(here == np.round(here)) and np.any(used) and np.any(due != np.round(due)):
            return same(f"has the precision of {dtype} only")
    return None


def _in_last_digits(numbers: Array, digits: int) -> Array:
    """Return the absolute values in units of their last digit: integers where that many digits are enough."""
    mantissa, _ = np.frexp(np.abs(numbers))
    return np.asarray(mantissa * 2.0**digits)
