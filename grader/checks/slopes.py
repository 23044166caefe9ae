"""Decides whether given gradients are the gradients of a function, direction by direction.

For every array two random directions are tried; only where one disagrees, single entries say
where and how. The verdict is never "passed" where the function does not depend on the array, or
is not smooth enough for differences to mean anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.claims import Claim
from grader.checks.comparison import not_finite
from grader.checks.differences import NOISE_ONLY, Derivative, estimate
from grader.checks.entries import Entries, tried_entries
from grader.checks.findings import Finding, bound, index_text, number, shown
from grader.checks.problem import Problem, unit
from grader.checks.record import measured, wants_causes
from grader.checks.tolerance import SLACK, SMALLEST_MISTAKE
from grader.evidence import Evidence

Array = npt.NDArray[Any]

DIRECTIONS = 2
"""A mistake of the gradient's own size escapes one direction with chance about 1e-6 (the slack), one of the smallest
size that counts (1e-4) with chance 1e-2: two directions square these."""

RETRIES = 2
"""Further directions where one runs into a kink: it can lie close to the point along one and not along another."""

DOT_ULPS = 200
"""Rounding errors of a sum of products, in units of eps times the sum of absolute values: sums in another order differ
by far less, and it stays far below the slack."""

LARGEST_ERROR = SMALLEST_MISTAKE / 20
"""Share of the gradient's norm that the estimated error may reach; twenty such errors are allowed (see
``differences.ERROR_FACTOR``), and together they must not hide the smallest mistake."""

ARRAYS_DESCRIBED = 3
"""Wrong arrays that are described entry by entry: in a deep network the earlier ones are wrong for the same reason."""

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True)
class _Slope:
    """A claim along one direction."""

    claimed: float
    derivative: Derivative
    allowed: float
    rough: bool
    """The function is not smooth enough here for a verdict."""

    @property
    def deviation(self) -> float:
        return abs(self.claimed - self.derivative.value)

    @property
    def refuted(self) -> bool:
        """Whether the claim is wrong; a claim so large that its allowance overflows is."""
        return not (math.isfinite(self.allowed) and self.deviation <= self.allowed)


def disagreements(problem: Problem, claims: Sequence[Claim]) -> list[Finding]:
    """Compare each claimed gradient with differences of the problem's value; one finding for each that is wrong."""
    found: list[Finding] = []
    described = 0
    for claim in claims:
        slope = _worst_slope(problem, claim)
        if isinstance(slope, Finding):
            found.append(slope)
        elif slope is not None:
            entries = None
            if described < ARRAYS_DESCRIBED and wants_causes():
                entries = tried_entries(problem, claim, smooth_within=slope.derivative.step)
                described += 1
            found.append(_wrong(problem, claim, slope, entries))
    return found


def _worst_slope(problem: Problem, claim: Claim) -> Finding | _Slope | None:
    """Return what forbids a verdict, or the first direction that disagrees, or None when the claim holds."""
    broken = not_finite(claim.name, claim.gradient)
    if broken:
        return broken
    agreeing = 0
    for _ in range(DIRECTIONS + RETRIES):
        slope = _slope(problem, claim)
        if slope.derivative.flat and not claim.vanishing:
            return _independent(problem, claim)
        if slope.rough:
            continue
        measured(claim.name, deviation=slope.deviation, allowed=slope.allowed)
        if slope.refuted:
            return slope
        agreeing += 1
        if agreeing == DIRECTIONS:
            return None
    return _not_smooth(problem, claim)


def _slope(problem: Problem, claim: Claim) -> _Slope:
    way = _direction(problem.array(claim.argument), problem.rng)
    products = claim.gradient * way
    # hypot, because the squares of a wild claim overflow, and with them its allowance
    norm = math.hypot(*products.ravel().tolist())
    derivative = estimate(lambda t: problem.moved(claim.argument, way, t), magnitude=problem.magnitude, norm=norm)
    with np.errstate(over="ignore", invalid="ignore"):
        claimed, size = float(products.sum()), float(np.abs(products).sum())
    decided = derivative.error <= LARGEST_ERROR * max(abs(derivative.value), norm)
    only_noise = derivative.error <= NOISE_ONLY * derivative.noise
    return _Slope(
        claimed=claimed,
        derivative=derivative,
        allowed=derivative.allowed + DOT_ULPS * _EPSILON * size + SLACK * norm,
        rough=not (decided or (claim.vanishing and only_noise)),
    )


def _direction(leaf: Array, rng: np.random.Generator) -> Array:
    """Draw signs with lengths between a half and one: no entry is left out, and none goes far."""
    signs = rng.choice([-1.0, 1.0], size=leaf.shape)
    return np.asarray(unit(leaf) * signs * rng.uniform(0.5, 1.0, size=leaf.shape))


def _wrong(problem: Problem, claim: Claim, slope: _Slope, entries: Entries | None) -> Finding:
    hint = f"`{claim.name}` is not the gradient of {problem.student_source}."
    message = (
        f"{claim.name} is not the gradient of {problem.source}: along a random direction it gives "
        f"{number(slope.claimed)}, differences give {number(slope.derivative.value)} "
        f"(allowed deviation {bound(slope.allowed)})."
    )
    if entries:
        message += f" {entries.description}"
    if entries and entries.cause.words:
        message += f" {claim.name} {entries.cause.words}."
        hint += f" `{claim.name}` {entries.cause.hint}."
    complete = entries is not None and entries.want.shape == claim.gradient.shape
    return Finding(
        message=message,
        hint=hint,
        evidence=Evidence(
            name=claim.name,
            got=shown(claim.gradient),
            want=shown(entries.want) if entries and complete else "",
            where=index_text(entries.worst) if entries else "",
            deviation=slope.deviation,
            allowed=slope.allowed,
            cause=entries.cause.words if entries else "",
        ),
    )


def _independent(problem: Problem, claim: Claim) -> Finding:
    return Finding(
        message=f"{problem.source} does not depend on {claim.argument}, so {claim.name} cannot be judged.",
        hint=f"{problem.student_source[0].upper()}{problem.student_source[1:]} does not depend on `{claim.argument}`.",
        evidence=Evidence(name=claim.name, got=shown(claim.gradient), cause="forward does not depend on the argument"),
    )


def _not_smooth(problem: Problem, claim: Claim) -> Finding:
    fault = "is not smooth in"
    return Finding(
        message=f"{problem.source} {fault} {claim.argument} here (noise, rounding or a jump?), so its differences say "
        f"nothing about {claim.name}.",
        hint=f"{problem.student_source[0].upper()}{problem.student_source[1:]} {fault} `{claim.argument}`: "
        "is something random, rounded or converted to integers?",
        evidence=Evidence(name=claim.name, got=shown(claim.gradient), cause="forward is not smooth here"),
    )
