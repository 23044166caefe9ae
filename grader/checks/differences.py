"""Derivatives by differences, with an error estimate that knows rounding, curvature and kinks.

Along a line ``f(t)`` the central difference quotients at h, h/2 and h/4 are extrapolated twice
(Richardson 1911), which cancels their errors of order h^2 and h^4. The estimated error has three
parts:

* the last correction of the extrapolation: curvature;
* 8 eps times the magnitude, by h/4: rounding of the values that are subtracted;
* half of the jump of the slope at t = 0, extrapolated from the one-sided quotients: a kink
  (ReLU, max pooling) so close to the point that every quotient straddles it.

Of several h the one with the smallest error is taken. Nothing here knows of students or checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from grader.checks.tolerance import SLACK

ERROR_FACTOR = 20
"""How many estimated errors a right derivative may be off: on 403 right functions of students the largest deviation
was 0.6% of the threshold made with it."""

VALUE_ULPS = 8
"""Rounding errors of a function value, in units of eps times its magnitude."""

LARGEST_STEP = math.pi / 32
"""A tenth of the scale on which functions of unit-sized inputs bend: beyond it extrapolation gains nothing. And no
decimal number: a function rounded to three digits is exactly linear on the multiples of 0.001."""

STEP_RATIO = 4.0
"""h/4 of one step is h of the next, so every further step costs four values and not six."""

FIRST_STEPS = (1, 2, 3, 0, 4, 5)
"""Powers of 1/4: six steps from 1e-1 to 1e-4, in the order tried. 0.025 goes first: functions that are linear along
the line are done there, most others with the next."""

CLOSER_STEPS = (6, 7, 8, 9, 10)
"""Down to 1e-7, tried only where kinks crowd the point. Below that, rounding alone would reach the slack."""

ENOUGH = 0.1
"""An allowance of a tenth of the slack hardly adds to it, so no further step is tried."""

NOISE_ONLY = 8
"""Where rounding is all there is, the weights below turn it into a correction of at most 0.2 and half a jump of at
most 6.1 times the rounding part: the error is less than eight times that part."""

_EXTRAPOLATED = np.array([1 / 45, -20 / 45, 64 / 45])
"""Weights of the quotients at h, h/2, h/4 that leave an error of order h^6."""

_ONCE_EXTRAPOLATED = np.array([0.0, -1 / 3, 4 / 3])
"""Weights of the two smaller steps alone; the difference of both is the last correction."""

_JUMP = np.array([1 / 7, -10 / 7, 16 / 7])
"""Weights of (right minus left quotient) that cancel its smooth part, of order h and h^3, and leave a jump."""

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True)
class Derivative:
    """An estimated derivative along a line."""

    value: float
    error: float
    """Estimated error, in units of the value; infinite when no step gave finite values, and for a staircase."""
    noise: float
    """The part of the error that is rounding."""
    jump: float
    """Estimated jump of the slope at the point, in absolute value."""
    step: float
    """The h that was used."""

    @property
    def allowed(self) -> float:
        """How far a right derivative may be from :attr:`value`."""
        return ERROR_FACTOR * self.error

    @property
    def kink(self) -> bool:
        """Whether the slope jumps at the point, by more than rounding and curvature make it seem."""
        return self.jump > ERROR_FACTOR * self.noise and self.jump > self.error

    @property
    def flat(self) -> bool:
        """Whether the function does not change along the line at all, up to rounding."""
        return self.error <= NOISE_ONLY * self.noise and abs(self.value) <= self.allowed


def estimate(line: Callable[[float], float], *, magnitude: float, norm: float) -> Derivative:
    """Estimate the derivative of ``line`` at 0.

    Parameters
    ----------
    line
        The function along the line. It may return NaN outside its domain: such a step is not used.
    magnitude
        Size of the numbers of which the value is the sum, at least ``abs(line(0))``.
    norm
        Typical size of the derivative over directions, at least 0: errors far below it need no smaller step.

    Returns
    -------
    Derivative
        After 7 evaluations for a function that is linear along the line, 11 for most smooth ones, at most 27, and
        47 where kinks crowd the point.
    """
    values = _Values(line)
    with np.errstate(over="ignore", invalid="ignore"):
        best = _best(values, magnitude=magnitude, norm=norm)
    return replace(best, error=math.inf) if values.staircase(best.step) else best


def _best(values: _Values, *, magnitude: float, norm: float) -> Derivative:
    """Try one step after the other until the error is far below anything that matters."""
    best = _extrapolated(values, FIRST_STEPS[0], magnitude)
    for power in FIRST_STEPS[1:]:
        if _good_enough(best, norm):
            return best
        best = min(best, _extrapolated(values, power, magnitude), key=lambda found: found.error)
    # Rounding grows with smaller steps, so they help against kinks only.
    if best.error > NOISE_ONLY * best.noise and best.error > ENOUGH * SLACK * max(abs(best.value), norm):
        for power in CLOSER_STEPS:
            best = min(best, _extrapolated(values, power, magnitude), key=lambda found: found.error)
    return best


class _Values:
    """Values along the line, each evaluated once; steps are counted in halvings of the largest."""

    def __init__(self, line: Callable[[float], float]) -> None:
        self._line = line
        self._known: dict[tuple[int, int], float] = {}
        self.centre = line(0.0)

    def at(self, sign: int, halvings: int) -> float:
        if (sign, halvings) not in self._known:
            self._known[sign, halvings] = self._line(sign * LARGEST_STEP / 2**halvings)
        return self._known[sign, halvings]

    def staircase(self, step: float) -> bool:
        """Whether the function is constant within ``step``, but not farther away: its differences say nothing."""
        halvings = round(math.log2(LARGEST_STEP / step))
        inside = {value for (_, count), value in self._known.items() if count >= halvings}
        return inside == {self.centre} and any(value != self.centre for value in self._known.values())


def _extrapolated(values: _Values, power: int, magnitude: float) -> Derivative:
    """Extrapolate from h, h/2 and h/4 with h = ``LARGEST_STEP / STEP_RATIO**power``."""
    halvings = [2 * power, 2 * power + 1, 2 * power + 2]
    steps = LARGEST_STEP / 2.0 ** np.array(halvings)
    ahead = np.array([values.at(+1, count) for count in halvings])
    behind = np.array([values.at(-1, count) for count in halvings])
    step = float(steps[0])
    if not (np.isfinite(ahead).all() and np.isfinite(behind).all()):
        return Derivative(value=0.0, error=math.inf, noise=0.0, jump=0.0, step=step)
    quotients = (ahead - behind) / (2 * steps)
    jump = float(abs(_JUMP @ ((ahead - 2 * values.centre + behind) / steps)))
    value = float(_EXTRAPOLATED @ quotients)
    correction = abs(value - float(_ONCE_EXTRAPOLATED @ quotients))
    noise = float(VALUE_ULPS * _EPSILON * magnitude / steps[-1])
    return Derivative(value=value, error=correction + noise + jump / 2, noise=noise, jump=jump, step=step)


def _good_enough(found: Derivative, norm: float) -> bool:
    return found.allowed <= ENOUGH * SLACK * max(abs(found.value), norm)
