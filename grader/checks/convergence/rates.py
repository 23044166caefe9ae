"""Linear convergence: the rate of a trace, contraction, divergence, and scaling with the condition number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grader.checks.convergence.traces import ROUNDINGS, Trace
from grader.checks.convergence.verdict import EPSILON, curve, judge, wrong
from grader.checks.findings import bound, number
from grader.checks.record import sighted

MARGIN_TOO_LARGE = 0.25
"""Half of the distance between the exponents 1/2 and 1."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A linear rate: the factor of one step, in the mean over a window."""

    value: float
    """Between 0 and 1 where the trace converges."""
    factor: float
    """The rate is known up to this factor, 1 or more, either way."""
    first: int
    last: int
    """Steps between which it was measured."""


def rate(trace: Trace, *, spread: float) -> Rate:
    """Measure the linear rate on the second half of what of a trace is above the floor of rounding.

    The mean factor from step s to step e is ``(d_e / d_s)^(1 / (e - s))``. Suppose a theorem says
    ``c q^t <= d_t <= C q^t`` from s on. Then it lies within a factor ``(C/c)^(1/(e-s))`` of q, either way; that is the
    uncertainty, with ``spread = C/c``. Two points serve better here than a line fitted to all: they are the ends
    of the longest lever, and nothing but rounding is random.

    Parameters
    ----------
    trace
        What converges.
    spread
        C/c, at least 1. For gradient descent from a start with the same share in every eigendirection it is
        ``sqrt(p)``: ``a q^t <= d_t <= sqrt(p) a q^t`` with the slowest direction's share a.

    Raises
    ------
    CheckFailure
        When fewer than 2 usable steps are left, so that the trace does not converge linearly.
    ValueError
        When spread is below 1.
    """
    if not 1 <= spread < np.inf:
        raise ValueError(f"spread must be a number of at least 1, not {spread!r}")
    usable = trace.above_floor()
    first, last = usable // 2, usable - 1
    if last - first < 2:
        message = f"{trace.title}: the {trace.name} is rounding after {usable} steps, too soon to measure a rate."
        hint = f"The {trace.name} of `{trace.title}` does not shrink step by step, as it should."
        raise wrong(trace.name, message, hint, curves=[curve(trace.name, trace.values)])
    steps = last - first
    factor = (trace.values[last] / trace.values[first]) ** (1 / steps)
    return Rate(value=float(factor), factor=float(spread ** (1 / steps)), first=first, last=last)


def has_rate(trace: Trace, due: float, *, spread: float) -> None:
    """Check that the linear rate of a trace is ``due``, within the uncertainty of :func:`rate`.

    Parameters
    ----------
    trace, spread
        See :func:`rate`.
    due
        The rate of the theorem, in (0, 1).

    Raises
    ------
    CheckFailure
        When it is faster or slower. Evidence: the trace and the line of the theorem.
    ValueError
        When due is not in (0, 1).
    """
    if not 0 < due < 1:
        raise ValueError(f"a linear rate is in (0, 1), not {due!r}")
    found = rate(trace, spread=spread)
    ends = trace.values[[found.first, found.last]]
    line = ends[0] * due ** (np.arange(len(trace)) - float(found.first))
    slower = found.value > due
    judge(
        f"rate of the {trace.name}",
        excess=abs(float(np.log(found.value / due))) - float(np.log(found.factor)),
        # each end may be off by the floor
        rounding=float(np.log1p(trace.floor / ends).sum()) / (found.last - found.first),
        message=(
            f"{trace.title}: from step {found.first} to {found.last} a step multiplies the {trace.name} by "
            f"{number(found.value)}; the theorem says {number(due)}, up to a factor {number(found.factor)} either way."
        ),
        hint=f"`{trace.title}` converges {'more slowly' if slower else 'faster'} than the theorem says.",
        got=number(found.value),
        want=number(due),
        curves=[curve(trace.name, trace.values, theorem=np.maximum(line, trace.floor))],
    )


def contracts(trace: Trace, *, at_most: float, every: int = 1) -> None:
    """Check that each step (or each ``every`` steps) multiplies the trace by ``at_most`` or less.

    The margin is rounding alone: a step may add the floor of rounding to its result.

    Parameters
    ----------
    trace
        What converges; for gradient descent on a quadratic the distance contracts at every step by at most
        ``max |1 - lr lambda|``, ``(kappa - 1)/(kappa + 1)`` at ``lr = 2/(m + L)``.
    at_most
        The factor of the theorem, positive.
    every
        Steps to which the factor belongs.

    Raises
    ------
    CheckFailure
        Naming the first step that contracts less.
    ValueError
        When at_most is not positive, or the trace has no more than ``every`` steps.
    """
    if not 0 < at_most < np.inf or not 1 <= every < len(trace):
        raise ValueError(f"contracts takes a positive factor and 1 to {len(trace) - 1} steps, not {at_most}, {every}")
    line = trace.values[0] * at_most ** (np.arange(len(trace)) / every)
    excess = trace.values[every:] - at_most * trace.values[:-every]
    rounding = trace.floor + ROUNDINGS * EPSILON * float(trace.values.max())
    worst = int(np.argmax(excess))
    first = int(np.argmax(excess > rounding)) if excess[worst] > rounding else worst
    before, after = trace.values[first], trace.values[first + every]
    span = "the next step makes" if every == 1 else f"the next {every} steps make"
    times = f"{number(after / before)} times as much" if before else "infinitely many times as much"
    judge(
        f"contraction of the {trace.name}",
        excess=float(excess[worst]),
        rounding=rounding,
        message=(
            f"{trace.title}: after step {first} the {trace.name} is {bound(before)}, and {span} it {bound(after)}, "
            f"{times}; the theorem says at most {number(at_most)} times."
        ),
        hint=f"`{trace.title}` reduces the {trace.name} less than the theorem says.",
        where=f"step {first + every}",
        curves=[curve(trace.name, trace.values, theorem=np.maximum(line, trace.floor))],
    )


def diverges(trace: Trace, *, at_least: float) -> None:
    """Check that a trace grows by the factor ``at_least`` or more from its first value to its last.

    Parameters
    ----------
    trace
        Of an algorithm whose learning rate is too large. On a quadratic with a share a of w0 - w* in the stiffest
        direction, ``|w_t - w*| >= a |1 - lr L|^t``.
    at_least
        The theorem's factor over the whole trace, above 1.

    Raises
    ------
    CheckFailure
        When it does not grow so.
    ValueError
        When at_least is not above 1, or the trace begins below the floor of rounding.
    """
    first, last = float(trace.values[0]), float(trace.values[-1])
    if not 1 < at_least < np.inf or first <= trace.floor:
        raise ValueError(f"diverges takes a factor above 1 and a start off the minimum, not {at_least!r}, {first!r}")
    judge(
        f"growth of the {trace.name}",
        excess=float(np.log(at_least)) - float(np.log(max(last, trace.floor) / first)),
        # the relative errors of all steps add up; that of the first value comes with them
        rounding=ROUNDINGS * EPSILON * len(trace) + trace.floor / first,
        message=(
            f"{trace.title}: the {trace.name} goes from {bound(first)} to {bound(last)}; with a learning rate beyond "
            f"its limit it must grow at least {bound(at_least)} times."
        ),
        hint=f"With a learning rate beyond its limit the {trace.name} of `{trace.title}` must grow, and it does not.",
        got=bound(last / first),
        want=f"at least {bound(at_least)}",
        curves=[curve(trace.name, trace.values)],
    )


def iterations(trace: Trace, tolerance: float) -> int:
    """Return after how many steps a trace is at most ``tolerance`` times its first value, and stays there.

    Raises
    ------
    CheckFailure
        When it never gets there.
    ValueError
        When that is below the floor of rounding, or the tolerance is not in (0, 1).
    """
    target = tolerance * float(trace.values[0])
    if not 0 < tolerance < 1 or target <= trace.floor:
        raise ValueError(f"a tolerance of {tolerance!r} is not in (0, 1), or below the rounding of {trace.floor:.2g}")
    above = np.flatnonzero(trace.values > target)
    reached = int(above[-1]) + 1
    if reached == len(trace):
        message = (
            f"{trace.title}: after {len(trace) - 1} steps the {trace.name} is {bound(trace.values[-1])}, and not yet "
            f"{bound(tolerance)} times the {bound(trace.values[0])} at the start."
        )
        hint = f"`{trace.title}` converges far more slowly than it should, or not at all."
        drawn = curve(trace.name, trace.values, theorem=np.full(len(trace), target), theorem_name="to be reached")
        raise wrong(trace.name, message, hint, curves=[drawn])
    return reached


def scales_with_kappa(counts: Mapping[float, int], *, exponent: float, spread: float) -> None:
    """Check that the number of iterations grows like ``kappa^exponent``.

    The slope of log iterations by log kappa is fitted by least squares: ``sum_j c_j log N_j`` with known c. When a
    theorem brackets each count by ``[C kappa^exponent / spread, C kappa^exponent * spread]``, the slope is within
    ``log(spread) sum |c_j|`` of the exponent; that is the margin.

    Parameters
    ----------
    counts
        Iterations by condition number, from :func:`iterations`; at least four.
    exponent
        1 for gradient descent, 1/2 for heavy ball and Nesterov's method.
    spread
        Above 1, from the theorem; see above.

    Raises
    ------
    CheckFailure
        When the slope is another. Evidence: the counts and the line of the theorem.
    ValueError
        When there are fewer than four condition numbers, or the margin reaches 1/4: kappa and its root could not be
        told apart then.
    """
    kappas = np.array(sorted(counts), dtype=np.float64)
    steps = np.array([counts[kappa] for kappa in kappas.tolist()], dtype=np.float64)
    if len(kappas) < 4 or spread < 1:
        raise ValueError(
            f"scales_with_kappa takes four condition numbers and a spread of at least 1: {kappas}, {spread}"
        )
    centred = np.log(kappas) - np.log(kappas).mean()
    weights = centred / (centred @ centred)
    slope = float(weights @ np.log(np.maximum(steps, 1)))
    margin = float(np.log(spread) * np.abs(weights).sum())
    if margin >= MARGIN_TOO_LARGE:
        raise ValueError(f"the slope is known up to {margin:.2g} only: spread the condition numbers more")
    sighted(steps, "iterations by condition number", within=float(steps.min()) * (spread - 1))
    middle = np.exp(np.log(steps).mean() + exponent * centred)
    judge(
        "growth of iterations with the condition number",
        excess=abs(slope - exponent) - margin,
        rounding=ROUNDINGS * EPSILON * float(np.abs(weights) @ np.log(steps)),
        message=(
            f"the iterations {steps.astype(int).tolist()} at condition numbers {np.round(kappas, 3).tolist()} grow "
            f"like kappa^{slope:.3f}; the theorem says kappa^{exponent:g}, up to {bound(margin)} in the exponent."
        ),
        hint="The number of iterations grows differently with the condition number than the theorem says.",
        got=f"kappa^{slope:.3f}",
        want=f"kappa^{exponent:g}",
        curves=[curve("iterations", steps, theorem=middle, t=kappas, log_t=True, t_name="condition number")],
    )
