"""How a check of convergence says what it found: one number beside what rounding allows, and curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from grader.checks.findings import Finding, failure
from grader.checks.record import measured
from grader.evidence import CheckFailure, Curve, Evidence

Array = npt.NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)

CURVE_POINTS = 160
"""Points of a curve that are kept: a plot is some 500 pixels wide, and a result is stored for every student."""


def judge(
    name: str,
    *,
    excess: float,
    rounding: float,
    message: str,
    hint: str,
    got: str = "",
    want: str = "",
    where: str = "",
    curves: Sequence[Curve] = (),
) -> None:
    """Decide by how far a value lies beyond what its theorem allows.

    Parameters
    ----------
    name
        Of the value; opens the message.
    excess
        The distance beyond the theorem's bound, in any units; 0 or less on its right side.
    rounding
        What rounding may add, in the same units. Theorems leave no other margin.
    message, hint, got, want, where, curves
        For the failure; ``hint`` holds nothing of the inputs.

    Raises
    ------
    CheckFailure
        When the excess is larger than rounding, or NaN.
    """
    measured(name, deviation=max(excess, 0.0) if excess == excess else np.inf, allowed=rounding)  # noqa: PLR0124 - NaN
    if not excess <= rounding:
        raise wrong(name, message, hint, got=got, want=want, where=where, curves=curves)


def wrong(
    name: str,
    message: str,
    hint: str,
    *,
    got: str = "",
    want: str = "",
    where: str = "",
    curves: Sequence[Curve] = (),
) -> CheckFailure:
    """Return the failure of one value."""
    evidence = Evidence(name=name, got=got, want=want, where=where, curves=tuple(curves))
    return failure([Finding(message=message, hint=hint, evidence=evidence)])


def curve(
    name: str,
    values: Array,
    *,
    theorem: Array | None = None,
    theorem_name: str = "theorem",
    t: Array | None = None,
    log_t: bool = False,
    t_name: str = "step",
) -> Curve:
    """Return a curve with a logarithmic vertical axis, thinned to :data:`CURVE_POINTS`.

    Parameters
    ----------
    name, theorem_name, t_name
        In the field's words.
    values, theorem
        What was measured and the theorem's line, ``(k,)`` each; what is not positive and finite has no logarithm and
        leaves a gap.
    t
        Horizontal axis, ``(k,)``, increasing; 0 .. k - 1 unless given.
    log_t
        Whether that axis is logarithmic too.
    """
    times = np.arange(len(values), dtype=np.float64) if t is None else np.asarray(t, dtype=np.float64)
    usable = np.flatnonzero(times > 0) if log_t else np.arange(len(times))
    if len(usable) > CURVE_POINTS:
        ends = 1, len(usable)
        spaced = np.geomspace(*ends, CURVE_POINTS) if log_t else np.linspace(*ends, CURVE_POINTS)
        usable = usable[np.unique(spaced.round().astype(int)) - 1]
    line = () if theorem is None else tuple(map(_drawable, np.asarray(theorem)[usable]))
    return Curve(
        name=name,
        t=tuple(times[usable].tolist()),
        value=tuple(map(_drawable, values[usable])),
        theorem=line,
        theorem_name=theorem_name if line else "",
        t_name=t_name,
        log_t=log_t,
        log_value=True,
    )


def _drawable(value: float) -> float | None:
    return float(value) if 0 < value < np.inf else None
