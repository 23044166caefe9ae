"""Looks at single entries of a gradient that is known to be wrong, to say where and in which way.

Nothing is decided here: the verdict has fallen along a whole direction, far more exactly than a
single central difference could.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.claims import Claim
from grader.checks.findings import entry, number
from grader.checks.patterns import Cause, likely_cause
from grader.checks.patterns.calls import is_number
from grader.checks.problem import Problem, unit
from grader.checks.structure import is_floating, leaves
from grader.checks.tolerance import SMALLEST_MISTAKE

Array = npt.NDArray[Any]

ENTRIES_TRIED = 100
"""Entries that are differentiated one by one to describe a mistake: enough to see a pattern, at 200 calls."""

ENTRY_STEP = 1e-3
"""Errors of a central difference of unit-sized functions are 1e-7 (curvature) and 1e-13 (rounding): the entries only
describe a mistake that is certain already."""


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Single entries of a claim, beside their differences."""

    name: str
    indices: list[tuple[int, ...]]
    got: Array
    want: Array
    within: float
    """Deviations up to this one do not count."""
    cause: Cause

    @property
    def worst(self) -> tuple[int, ...]:
        """Index of the entry that deviates most."""
        return self.indices[int(np.abs(self.got - self.want).argmax())]

    @property
    def description(self) -> str:
        """How many entries differ, and the worst of them, in a sentence."""
        deviation = np.abs(self.got - self.want)
        worst = int(deviation.argmax())
        facts = f"{number(self.got.flat[worst])} where differences give {number(self.want.flat[worst])}"
        if not self.worst:
            return f"It is {facts}."
        wrong = int(np.count_nonzero(deviation > self.within))
        where = entry(self.name, self.worst)
        return f"It differs in {wrong} of the {deviation.size} entries tried; the worst is {where} = {facts}."


def tried_entries(problem: Problem, claim: Claim, *, smooth_within: float) -> Entries | None:
    """Differentiate entry by entry; None when the differences are not finite or no single entry stands out.

    Parameters
    ----------
    problem, claim
        The function, and the gradient that was refuted.
    smooth_within
        A step along a whole direction within which no kink was met.
    """
    leaf = problem.array(claim.argument)
    selection = leaf.size > ENTRIES_TRIED
    tried = np.sort(problem.rng.choice(leaf.size, ENTRIES_TRIED, replace=False)) if selection else np.arange(leaf.size)
    indices = [tuple(int(i) for i in np.unravel_index(flat, leaf.shape)) for flat in tried]
    step = min(ENTRY_STEP, smooth_within) * unit(leaf)
    want = np.array([_partial(problem, claim.argument, leaf.shape, index, step) for index in indices])
    got = np.array([claim.gradient[index] for index in indices], dtype=np.float64)
    within = SMALLEST_MISTAKE * float(np.abs(want).max(initial=0.0))
    if not np.isfinite(want).all() or (np.abs(got - want) <= within).all():
        return None
    if not selection:
        got, want = got.reshape(leaf.shape), want.reshape(leaf.shape)
    cause = likely_cause(
        got,
        want,
        within=within,
        sizes={name: float(value) for name, value in problem.at.items() if is_number(value)} | dict(problem.sizes),
        arguments=[np.asarray(value) for _, value in leaves(problem.at, "") if is_floating(value)],
        selection=selection,
    )
    return Entries(name=claim.name, indices=indices, got=got, want=want, within=within, cause=cause)


def _partial(problem: Problem, argument: str, shape: tuple[int, ...], index: tuple[int, ...], step: float) -> float:
    way = np.zeros(shape)
    way[index] = 1.0
    return (problem.moved(argument, way, step) - problem.moved(argument, way, -step)) / (2 * step)
