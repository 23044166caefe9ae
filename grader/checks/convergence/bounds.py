"""Sublinear convergence: the bound of a theorem from above, and the bound that no first-order method beats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from grader.checks.convergence.traces import ROUNDINGS, Trace
from grader.checks.convergence.verdict import EPSILON, curve, judge
from grader.checks.findings import numbers
from grader.checks.problems import Oracle

Array = npt.NDArray[np.float64]


def decays_like(trace: Trace, power: float, *, constant: float, shift: int = 1) -> None:
    """Check that a trace stays below ``constant / (t + shift)^power`` from the first step on.

    Parameters
    ----------
    trace
        What converges, e.g. the gap.
    power
        2 for accelerated methods on convex functions, 1 for gradient descent.
    constant
        The theorem's own, with the units of the trace: ``2 L |w0 - w*|^2`` for Nesterov's method with momentum
        ``(t - 1)/(t + 2)`` and step 1/L (power 2, shift 1); ``L |w0 - w*|^2 / 2`` for gradient descent with
        step 1/L (power 1, shift 0).
    shift
        Of the steps, at least 0.

    Raises
    ------
    CheckFailure
        Naming the first step above the bound. Evidence: the trace and the bound.
    ValueError
        When power or constant is not positive, shift is negative, or the trace has no step.
    """
    if not (power > 0 and 0 < constant < np.inf and shift >= 0 and len(trace) > 1):
        raise ValueError(
            f"decays_like takes positive numbers and a trace of at least a step: {power}, {constant}, {shift}"
        )
    t = np.arange(1.0, len(trace))
    line: Array = constant / (t + shift) ** power
    excess, rounding = trace.values[1:] - line, _rounding(trace)
    first = _first(excess, rounding)
    got, want = numbers(float(trace.values[1 + first]), float(line[first]))
    judge(
        f"decay of the {trace.name}",
        excess=float(excess.max()),
        rounding=rounding,
        message=(
            f"{trace.title}: after step {t[first]:g} the {trace.name} is {got}; the "
            f"theorem says at most {want}, falling like 1/t^{power:g}."
        ),
        hint=f"The {trace.name} of `{trace.title}` does not fall like 1/t^{power:g}, as the theorem says.",
        where=f"step {t[first]:g}",
        got=got,
        want=f"at most {want}",
        curves=[curve(trace.name, trace.values[1:], t=t, theorem=line, theorem_name="upper bound", log_t=True)],
    )


def above_lower_bound(trace: Trace, problem: Oracle) -> None:
    """Check that a gap on :func:`grader.checks.problems.worst_case` is nowhere below what gradients can reach.

    After t gradients, ``f - f* >= L/8 (1/(t+1) - 1/(p+1))`` for t up to p (Nesterov 2004, theorem 2.1.7): a trace below
    knows more than gradients say.

    Parameters
    ----------
    trace
        The gap, one gradient a step.
    problem
        The worst case.

    Raises
    ------
    CheckFailure
        Naming the first step below the bound.
    ValueError
        When the trace has no step.
    """
    steps = min(len(trace) - 1, problem.p)
    if steps < 1:
        raise ValueError("a trace without a step has no lower bound")
    t = np.arange(1.0, steps + 1)
    line = problem.L / 8 * (1 / (t + 1) - 1 / (problem.p + 1))
    values = trace.values[1 : steps + 1]
    excess, rounding = line - values, _rounding(trace)
    first = _first(excess, rounding)
    got, want = numbers(float(values[first]), float(line[first]))
    judge(
        f"{trace.name} above the lower bound",
        excess=float(excess.max()),
        rounding=rounding,
        message=(
            f"{trace.title}: after step {t[first]:g} the {trace.name} is {got}; no method that moves "
            f"along {t[first]:g} gradients gets below {want} here."
        ),
        hint=(
            f"`{trace.title}` is nearer to the minimum than any method can be that moves along one gradient a step: "
            "move along the gradients that you ask for, and ask for one a step."
        ),
        where=f"step {t[first]:g}",
        got=got,
        want=f"at least {want}",
        curves=[curve(trace.name, values, t=t, theorem=line, theorem_name="lower bound", log_t=True)],
    )


def _rounding(trace: Trace) -> float:
    """Return what rounding may add to a value: the floor, and the last digits of the value itself."""
    return trace.floor + ROUNDINGS * EPSILON * float(trace.values.max())


def _first(excess: Array, rounding: float) -> int:
    """Return where the bound is first broken, or where it is nearest to that."""
    return int(np.argmax(excess > rounding)) if (excess > rounding).any() else int(np.argmax(excess))
