"""The noise of stochastic gradient descent on least squares: one run against its exact expectation.

There the expected squared distance after t steps is known exactly, for fixed learning rates and for schedules.
A weighted sum of the squared distances of a run, minus its expectation, is the end of a martingale, whose
increments have a known variance and a known bound, given the point before. So the chance that it exceeds a
threshold is bounded (:mod:`grader.checks.convergence.martingale`), at any length, with no calibration and no limit
theorem.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from grader.checks.convergence.martingale import allowed, improbable, increments
from grader.checks.convergence.traces import Trajectory
from grader.checks.convergence.verdict import curve, wrong
from grader.checks.findings import bound
from grader.checks.problems.least_squares import LeastSquares, Schedule
from grader.checks.record import decided, sighted

Array = npt.NDArray[np.float64]

LEVEL = 1e-6
"""Chance that a right answer fails, both sides together."""

SETTLED = 0.01
"""The expectation is at the floor when it is within a hundredth of it; no threshold is so narrow."""

WIDEST = 0.5
"""A threshold of more than half of the expectation could not tell it from one that is twice as high or half as high."""


def floor(run: Trajectory, problem: LeastSquares, *, lr: float, batch: int = 1, level: float = LEVEL) -> None:
    """Check that SGD with a fixed learning rate ends at its noise floor: neither above nor below.

    The mean squared distance over the second half of the run is compared with its exact expectation.

    Parameters
    ----------
    run
        A trajectory of SGD from the start of the problem, with samples drawn uniformly with replacement.
    problem
        What it ran on.
    lr, batch
        As the algorithm was given.
    level
        Chance that a right answer fails, at most.

    Raises
    ------
    CheckFailure
        When the floor is another. Evidence: the squared distances, and their expectation.
    ValueError
        When the run is too short: its expectation has not settled, or the threshold is wider than half of it.
    """
    steps = len(run.points) - 1
    due = problem.floor(lr, batch)
    expected = problem.expected_squares(lr, batch, steps)
    second = np.arange(steps + 1) > steps // 2
    if np.abs(expected[second] / due - 1).max(initial=0.0) > SETTLED:
        raise ValueError(f"after {steps // 2} steps the expectation has not settled at the floor: take more steps")
    _judge(run, problem, lr, batch, chosen=second, expected=expected, level=level, what="noise floor")


def expected_squares(
    run: Trajectory, problem: LeastSquares, *, lr: Schedule, batch: int = 1, first: int, level: float = LEVEL
) -> None:
    """Check that the squared distances of a run of SGD are those that its learning rate, or schedule, leads to.

    The mean over t from ``first`` on of ``|w_t - w*|^2 / E|w_t - w*|^2`` is compared with 1: each step counts alike,
    also where the distance decays as 1/t.

    Parameters
    ----------
    run, problem, batch, level
        See :func:`floor`.
    lr
        A number, or the schedule ``t -> lr`` that the algorithm was given, t from 0.
    first
        First step that counts, at least 1.

    Raises
    ------
    CheckFailure
        When they are larger or smaller. Evidence: the squared distances and their expectation.
    ValueError
        When the run is too short for a threshold below half of the expectation, or ``first`` is not one of its steps.
        With a schedule the steps of a run depend on each other for long: it takes some 30 parameters and batches.
    """
    steps = len(run.points) - 1
    if not 1 <= first <= steps:
        raise ValueError(f"first must be one of the steps 1 to {steps}, not {first}")
    chosen = np.arange(steps + 1) >= first
    expected = problem.expected_squares(lr, batch, steps)
    _judge(run, problem, lr, batch, chosen=chosen, expected=expected, level=level, what="squared distance")


def _judge(
    run: Trajectory,
    problem: LeastSquares,
    lr: Schedule,
    batch: int,
    *,
    chosen: npt.NDArray[np.bool_],
    expected: Array,
    level: float,
    what: str,
) -> None:
    """Compare the mean of squared distances by their expectations with 1."""
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), not {level}")
    if not np.any(problem.residuals):
        raise ValueError(f"without noise there is no {what} to compare with")
    weights = chosen / (chosen.sum() * expected)
    squares = run.oracle.distance(run.points) ** 2
    mean = float(weights @ squares)
    rates = rates_of(lr, len(squares) - 1)
    # beside a run of our own: what is tuned on it does not depend on the run that is judged
    runs = _own_run(problem, rates, batch), run.points - problem.minimiser
    own, judged = increments(runs, problem, rates, batch, weights)
    width = allowed(own, own, level)
    if width > WIDEST:
        raise ValueError(f"the {what} is known only up to {width:.2g} of itself: take more steps or parameters")
    limit = allowed(judged, own, level)
    sighted(mean, what, within=min(limit, WIDEST))
    decided(what, None)
    if abs(mean - 1) <= limit and not improbable(squares[1:], expected[1:], level).any():
        return
    # not measured: how far a run is from the threshold is chance, and says nothing about the check
    above = "above" if mean > 1 else "below"
    drawn = curve("squared distance to the minimiser", squares, theorem=expected, theorem_name="expectation")
    raise wrong(
        what,
        f"{run.name}: the {what} is {mean:.3g} times its expectation. A right answer is within {bound(limit)} of 1 "
        f"but for a chance of {level:g}.",
        f"The {what} of `{run.name}` lies {above} what the learning rate and the batch size lead to: look at the step, "
        "the mean over the batch, and how samples are drawn.",
        got=f"{mean:.3g}",
        want=f"1, within {bound(limit)}",
        curves=[drawn],
    )


def rates_of(lr: Schedule, steps: int) -> Array:
    """Return the learning rates of all steps, ``(steps,)``."""
    return np.array([lr(t) if callable(lr) else lr for t in range(steps)], dtype=np.float64)


def _own_run(problem: LeastSquares, rates: Array, batch: int) -> Array:
    """Return ``w_t - w*`` of SGD from the start, ``(steps + 1, p)``, with samples of a generator of its own."""
    rng = np.random.default_rng(0)  # any fixed seed: the level holds whatever this run is
    X, residuals = problem.X, problem.residuals
    errors = np.empty((len(rates) + 1, problem.p))
    errors[0] = problem.start - problem.minimiser
    for t, (rate, drawn) in enumerate(zip(rates, rng.integers(len(X), size=(len(rates), batch)), strict=True)):
        x = X[drawn]  # (batch, p)
        errors[t + 1] = errors[t] - rate / batch * (x.T @ (x @ errors[t] - residuals[drawn]))
    return errors
