"""How far a right answer may lie from the reference: every tolerance of a value, and the one stated slack.

Nothing is guessed at a check. A deviation is allowed for two reasons only:

* *Rounding*: a right answer may order its operations differently. That moves the result about as
  much as changing every input in its last digit does, which is measured on the reference.
* *Slack*: students protect themselves (``log(p + 1e-12)``), and that is not wrong.

Deviations are measured in the largest absolute value of the result, not entry by entry: rounding
errors of sums and products are bounded relative to the largest terms, so a right answer owes no
digits to an entry that is small beside the others. A check to which a small entry matters
compares that entry alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.structure import is_floating, leaves, like_leaf, mapped

SLACK = 1e-6
"""Allowed share of the result's scale. The protective constants in use (1e-12 to 1e-7) stay below it; inputs are
chosen so that mistakes show by 1e-4, a hundred times more."""

ROUNDING_FACTOR = 100
"""Allowed multiple of the change by last digits: 327 right functions of students differed by at most 1.2 times
that change, so a right answer keeps a margin of eighty."""

RESULT_ULPS = 8
"""Rounding errors of the result itself that are always allowed: where the reference happens to be exact (a
sigmoid that is 1), the measured change is 0, and a right formula still takes a handful of operations to get there."""

PATTERNS = 8
"""Ways in which the last digits are changed. Changes of two inputs can cancel: all eight do with chance 2^-8."""

SMALLEST_MISTAKE = 1e-4
"""The share of the scale by which every mistake shows, by choice of inputs. An allowance for rounding above it
means that the reference jumps at these inputs, and that nothing could be decided there."""

_SIGNS_SEED = 0
"""Any fixed number: thresholds are the same in every run."""

Perturb = Callable[[Any], Any]


def scale_of(want: npt.NDArray[Any]) -> float:
    """Largest absolute value among the finite entries; 1 where all are 0, for such a result has no scale of its own."""
    finite = np.abs(want[np.isfinite(want)].astype(np.float64))
    return float(finite.max(initial=0.0)) or 1.0


def epsilon_of(array: npt.NDArray[Any]) -> float:
    """Distance from 1 to the next number in the dtype of ``array``; in float64 for integers."""
    return float(np.finfo(array.dtype if array.dtype.kind == "f" else np.float64).eps)


def allowed_deviation(want: npt.NDArray[Any], *, roundoff: float, precise: bool) -> float:
    """Return the largest deviation of a right answer from ``want``, in units of ``want``.

    Parameters
    ----------
    want
        The expected numbers.
    roundoff
        The change of ``want`` when the inputs change in their last digits, at least 0.
    precise
        Rounding alone is allowed, and no slack: for checks of precision at extreme inputs.
    """
    scale = scale_of(want)
    rounding = ROUNDING_FACTOR * roundoff + RESULT_ULPS * epsilon_of(want) * scale
    return rounding if precise else max(rounding, SLACK * scale)


def last_digit_changes() -> list[Perturb]:
    """Return functions that change float inputs, nested or not, in the last digit.

    Each moves about half of the numbers by one ulp, always towards zero: a probability of 1 or a
    radius stays inside its domain, and a zero stays a zero. Integers, booleans and everything that is not
    a number are left alone.
    """
    return [_last_digit_change(np.random.default_rng((_SIGNS_SEED, pattern))) for pattern in range(PATTERNS)]


def _last_digit_change(rng: np.random.Generator) -> Perturb:
    def nudged(_name: str, leaf: Any) -> Any:
        if not is_floating(leaf):
            return leaf
        array = np.asarray(leaf)
        moves = np.isfinite(array) & (rng.random(array.shape) < 0.5)
        return like_leaf(leaf, np.where(moves, np.nextafter(array, np.zeros_like(array)), array))

    return lambda value: mapped(nudged, value, "")


def refuse_jump(name: str, want: npt.NDArray[Any], roundoff: float, *, inputs: Any) -> None:
    """Refuse inputs at which the reference jumps: there, every answer would be within its rounding.

    The largest input counts as scale too, because a result that is zero up to rounding has none of its own.

    Raises
    ------
    ValueError
        When the allowance for rounding exceeds :data:`SMALLEST_MISTAKE` of the scale (the square root of that in
        float32 and below, whose last digit is ten thousand times larger and more).
    """
    floats = [np.asarray(leaf) for _, leaf in leaves(inputs, "") if is_floating(leaf)]
    scale = max([scale_of(want), *(scale_of(array) for array in floats if np.any(array))])
    double = all(array.dtype.itemsize >= 8 for array in floats)
    limit = (SMALLEST_MISTAKE if double else SMALLEST_MISTAKE**0.5) * scale
    if ROUNDING_FACTOR * roundoff > limit:
        raise ValueError(
            f"{name}: the reference changes by {roundoff:.2g} when its inputs change in the last digit; "
            "choose inputs away from jumps and poles"
        )
