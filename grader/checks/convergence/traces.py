"""The trajectory that an algorithm returned: its form, and how far each of its points is from the minimum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.convergence.verdict import EPSILON
from grader.checks.extent import finding_of_size
from grader.checks.findings import Finding, failure, shown
from grader.checks.form import finding_of_form, finding_of_shape
from grader.checks.patterns.steps import fault_of_shape, why_not_finite
from grader.checks.problems import Oracle
from grader.checks.record import sighted
from grader.evidence import CheckFailure, Evidence

Array = npt.NDArray[np.float64]

ROUNDINGS = 8
"""Roundings of one step that a right method may make, each of half a digit of the numbers that it adds: gradient,
step, momentum and their sums, as in :data:`grader.checks.tolerance.RESULT_ULPS`."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A quantity that goes to 0 as the algorithm converges, step by step."""

    name: str
    """In the field's words: ``distance to the minimiser``, ``gap``."""
    values: Array
    """``(steps + 1,)``, not negative up to rounding; the first belongs to w0."""
    floor: float
    """Below this a value is rounding."""
    title: str = "trajectory"
    """What the handout calls the value that the trace was made from."""

    def __len__(self) -> int:
        return len(self.values)

    def above_floor(self) -> int:
        """Return how many of the first values are above the floor of rounding, without a break."""
        below = np.flatnonzero(~(self.values > self.floor))
        return int(below[0]) if below.size else len(self.values)


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """What :func:`trajectory` returns: points of the right form, and traces of them."""

    points: Array
    """``(steps + 1, p)``."""
    oracle: Oracle
    name: str

    @property
    def distance(self) -> Trace:
        """The distance ``|w_t - w*|``, with the floor of rounding.

        A step leaves an error of :data:`ROUNDINGS` last digits of the largest point. A method that shrinks errors
        by ``1 - 1/kappa`` a step adds up at most kappa of them, and one that is faster fewer.
        """
        rounding = ROUNDINGS * EPSILON * self._size() * self.oracle.kappa + self.oracle.objective.minimiser_error
        return Trace(
            name="distance to the minimiser",
            values=self.oracle.distance(self.points),
            floor=rounding,
            title=self.name,
        )

    @property
    def gap(self) -> Trace:
        """The values above the minimum, ``f(w_t) - f(w*)``; the floor is ``L/2`` times that of the distance squared."""
        floor = self.oracle.L / 2 * self.distance.floor**2 + self.oracle.objective.gap_error
        return Trace(name="gap", values=self.oracle.gap(self.points), floor=floor, title=self.name)

    def _size(self) -> float:
        """Length of the longest vector that a step adds to: a coordinate's error is relative to the coordinate."""
        return float(np.linalg.norm(np.vstack([self.points, self.oracle.minimiser]), axis=1).max())


def trajectory(
    w: Any, oracle: Oracle, steps: int, *, start: npt.ArrayLike | None = None, name: str = "trajectory"
) -> Trajectory:
    """Check the form of a trajectory, and that the oracle was asked for it.

    Parameters
    ----------
    w
        What the student's function returned; due is a float64 array ``(steps + 1, p)`` whose first row is w0.
    oracle
        The problem that the algorithm ran on, with its record of calls.
    steps
        Number of steps, at least 1.
    start
        The w0 that the algorithm was given, ``(p,)``; the start of the problem unless given.
    name
        What the handout calls the result.

    Raises
    ------
    CheckFailure
        With a message of its own for: no array of numbers; a wrong shape (a step too few, too many, transposed);
        NaN or infinity, with the step; an oracle that was never asked; rows that are all the same array; a first
        row that is not w0.
    """
    w0 = np.asarray(oracle.start if start is None else start, dtype=np.float64)
    due = (steps + 1, oracle.p)
    too_large = finding_of_size(w, name)
    if too_large is not None:
        raise failure([too_large])
    sighted(w, name)
    if isinstance(w, list | tuple):
        hint = f"Return `{name}` as one array: `np.array(...)`."
        raise _wrong(name, f"is a {type(w).__name__} of length {len(w)}", hint, due)
    unusable = finding_of_form(w, np.zeros(due), name)
    if unusable is not None:
        raise failure([unusable])
    _check_shape(w, due, name)
    points = np.array(w, dtype=np.float64)
    if not oracle.calls.kinds:
        hint = f"`{name}` is computed without asking the oracle for anything: call the function that you are given."
        raise _wrong(name, "was computed without a single call of the oracle", hint, due)
    _check_finite(points, name)
    _check_rows(points, w0, oracle, name)
    return Trajectory(points=points, oracle=oracle, name=name)


def _check_shape(w: Any, due: tuple[int, int], name: str) -> None:
    shape = np.shape(w)
    if shape == due:
        return
    fault = fault_of_shape(shape, due)
    if fault:
        raise _wrong(name, f"has the shape {shape}", f"`{name}` {fault}.", due)
    wrong = finding_of_shape(w, due, name)
    assert wrong is not None
    raise failure([wrong])


def _check_finite(points: Array, name: str) -> None:
    broken = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if broken.size:
        first = int(broken[0])
        since = "the first step" if first == 1 else "a later step" if first else "its first row"
        why = why_not_finite(list(points[:first]))
        hint = f"`{name}` is not finite from {since} on: {why}{'' if why.endswith('?') else '.'}"
        raise _wrong(name, f"is not finite from step {first} on", hint, points.shape)


def _check_rows(points: Array, w0: Array, oracle: Oracle, name: str) -> None:
    same = bool(np.all(points == points[-1]))
    asked = np.array(oracle.calls.points)
    if same and len(points) > 1 and np.any(asked != asked[0]):
        hint = (
            f"All rows of `{name}` are the same, though the oracle was asked at different points: every row is the "
            "same array, which later steps change in place. Store a copy, `w.copy()`."
        )
        raise _wrong(name, "has rows that are all the same, though the oracle was asked elsewhere", hint, points.shape)
    # w0 is copied, not computed
    if not np.array_equal(points[0], w0):
        hint = f"The first row of `{name}` must be w0, as it was given."
        if len(points) > 1 and np.array_equal(asked[0], w0):
            hint += " Store it before the first step, and do not change it in place."
        raise _wrong(name, f"begins with {shown(points[0])}, which is not w0", hint, points.shape)


def _wrong(name: str, what: str, hint: str, due: Sequence[int]) -> CheckFailure:
    message = f"{name} {what}; due is an array of shape {tuple(due)} with w0 in its first row."
    evidence = Evidence(name=name, got=what, want=f"shape {tuple(due)}")
    return failure([Finding(message=message, hint=hint, evidence=evidence)])
