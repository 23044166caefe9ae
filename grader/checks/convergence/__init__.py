"""Checks of convergence: the trace of an algorithm against the theorem about it.

An algorithm runs against an oracle of :mod:`grader.checks.problems`, whose constants are known; so a theorem gives
a number, and not only an order. Every margin comes from the theorem or from rounding, and is derived where it
is used. Whether single steps are right is better asked by value: :func:`replayed`, :func:`grader.value.agrees`.
"""

from __future__ import annotations

from grader.checks.convergence.asking import calls, places, replayed
from grader.checks.convergence.bounds import above_lower_bound, decays_like
from grader.checks.convergence.noise import expected_squares, floor
from grader.checks.convergence.rates import Rate, contracts, diverges, has_rate, iterations, rate, scales_with_kappa
from grader.checks.convergence.traces import Trace, Trajectory, trajectory

__all__ = [
    "Rate",
    "Trace",
    "Trajectory",
    "above_lower_bound",
    "calls",
    "contracts",
    "decays_like",
    "diverges",
    "expected_squares",
    "floor",
    "has_rate",
    "iterations",
    "places",
    "rate",
    "replayed",
    "scales_with_kappa",
    "trajectory",
]
