"""Patterns of trajectories: iterates in rows. The first wrong step is the mistake; those after it carry it on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grader.checks.patterns import factors
from grader.checks.patterns.cause import Array, Cause, Context, matches, same

GROWN = 1e8
"""Growth of the iterates that no convergent method shows. One that diverges by a factor a step passes far beyond it
before a float overflows, at 1e308."""

_WORD = "trajectory"


def is_trajectory(name: str, want: Array) -> bool:
    """Whether a value is a trajectory, ``(steps + 1, p)``, by its name and its axes."""
    return _WORD in name.split() and want.ndim == 2 and len(want) > 1


def fault_of_shape(got: Sequence[int], due: Sequence[int]) -> str:
    """Say what is wrong with the shape of a trajectory; empty where nothing special is."""
    steps, p = due
    return {
        (steps - 1, p): "has one row too few: w0 is the first row, and then a row for each step",
        (steps + 1, p): "has one row too many: w0 is the first row, and then a row for each step",
        (p,): "is a single point: return all points, w0 first",
        (p, steps): "is transposed: a row is a point",
    }.get(tuple(got), "")


def first_wrong(got: Array, want: Array, within: float) -> int | None:
    """Return the first row that differs by more than ``within`` (also by NaN); None where none does."""
    wrong = ~np.all(np.abs(got - want) <= within, axis=1)
    return int(wrong.argmax()) if wrong.any() else None


def wrong_step(got: Array, want: Array, context: Context) -> Cause | None:
    """The first wrong step, and how it differs from the right one: both are taken from the same point."""
    step = first_wrong(got, want, context.within)
    if step is None:
        return None
    if step == 0:
        return same("is wrong in its first row already")
    hint = "is wrong already in the first step" if step == 1 else "is right at first, and then a step is wrong"
    way = _way(got[step] - got[step - 1], want[step] - want[step - 1], replace(context, within=2 * context.within))
    words = f"is wrong in step {step}"
    return Cause(words=f"{words}, which {way.words}", hint=f"{hint}, which {way.hint}") if way else Cause(hint=hint)


def why_not_finite(before: Sequence[Array]) -> str:
    """Say what made an iterate NaN or infinite, by the finite ones before it, in order."""
    if len(before) > 1 and np.abs(before[-1]).max() > GROWN * max(1.0, float(np.abs(before[0]).max())):
        return "the iterates have diverged"
    return "was something divided by zero, or a root taken of less than zero?"


def _way(here: Array, due: Array, context: Context) -> Cause | None:
    """Compare two moves."""
    if matches(due, np.zeros_like(due), context.within):
        return None
    if matches(here, np.zeros_like(here), context.within):
        return same("does not move")
    named = factors.named_factor(here, due, context) if here.size > 1 else None
    if named:
        return named
    factor = float(np.vdot(due, here) / np.vdot(due, due))
    if not matches(here, factor * due, max(abs(factor), 1) * context.within):
        return None
    if factor < 0:
        return same("goes the opposite way")
    far = "goes too far" if factor > 1 else "does not go far enough"
    return Cause(words=f"{far}: {factor:.6g} times what is due", hint=far)
