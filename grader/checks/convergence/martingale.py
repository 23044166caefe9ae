"""A bound for the chance that a weighted sum of squared distances of SGD leaves its expectation.

Let ``S = sum_t c_t |e_t|^2`` over the errors of a run. The expectation of what is left of the sum after step t is a
quadratic function ``q_t(e_t)``, by a recursion backwards in time. So ``S - E S`` is the sum of the increments
``X_t = q_{t+1}(e_{t+1}) - E[q_{t+1}(e_{t+1}) | e_t]``, a martingale. Given e_t, the step is linear in the mean of a
batch of independent samples, so that the variance v_t of X_t is a finite sum, and a bound b_t of |X_t| is a maximum
over samples. By Bennett's inequality ``E[exp(theta X_t) | e_t] <= exp(v_t phi(theta b_t) / b_t^2)`` with
``phi(x) = exp(x) - 1 - x``, so for every theta > 0 fixed beforehand

    P(S - E S >= (log(2/level) + sum_t v_t phi(theta b_t) / b_t^2) / theta) <= level / 2,

by Markov's inequality for the product of these exponentials (Freedman 1975), and the same for E S - S. For many
small increments the threshold at the best theta is ``sqrt(2 log(2/level) V)`` with the total variance V: 5.4 standard
deviations at 1e-6, where a normal law would allow 4.9.

The best theta for right runs says nothing about a wrong one that stays far out, where b_t is large. So half of the
level goes to it, and a quarter to smaller ones, which do; the last quarter is for runs that have left every scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from grader.checks.problems.least_squares import LeastSquares

Array = npt.NDArray[np.float64]

CHUNK = 250_000
"""Numbers of an array whose increments are computed at once: 2 MB, which stay in the cache."""

TILTS = 60
"""Values of theta that are tried, from one that suits a normal law to a thousandth of it: neighbours differ by an
eighth, and near the best one the threshold is flat."""


COARSE = 18
"""Smaller values of theta, by factors of 4: down to 1e-11, for squared distances up to the 1e11 times their expectation
above which 10,000 steps are improbable one by one."""


@dataclass(frozen=True, kw_only=True)
class Increments:
    """Of the martingale of one run, given the points before: ``(steps,)`` each."""

    variances: Array
    bounds: Array


def increments(
    runs: Sequence[Array], problem: LeastSquares, rates: Array, batch: int, weights: Array
) -> list[Increments]:
    """Return variances and bounds of the increments along each of several runs.

    Parameters
    ----------
    runs
        Of each ``w_t - w*``, ``(steps + 1, p)``.
    problem
        What they were on.
    rates
        Learning rates, ``(steps,)``.
    batch
        Samples a step, uniform with replacement.
    weights
        c_t, not negative, ``(steps + 1,)``.
    """
    steps, p = len(rates), problem.p
    matrices, vectors = np.zeros((steps, p, p)), np.zeros((steps, p))  # of q_1 .. q_steps
    Q, linear = weights[-1] * np.eye(p), np.zeros(p)
    for t in range(steps - 1, -1, -1):
        matrices[t], vectors[t] = Q, linear
        Q, linear, _ = problem.pulled_back(Q, linear, rates[t], batch)
        Q = Q + weights[t] * np.eye(p)
    chunk = max(1, CHUNK // problem.X.size)
    parts = [slice(first, first + chunk) for first in range(0, steps, chunk)]
    found = []
    for errors in runs:
        moments = [
            _moments(errors[:-1][part], problem, rates[part], batch, matrices[part], vectors[part]) for part in parts
        ]
        variances, bounds = np.concatenate(moments, axis=1)
        found.append(Increments(variances=variances, bounds=bounds))
    return found


def _moments(e: Array, problem: LeastSquares, rates: Array, batch: int, Q: Array, linear: Array) -> Array:
    """Return variance and bound, ``(2, steps)``, of ``q(a - lr mean d_j)`` over the batch; d_j is a sample's noise."""
    H = problem.X.T @ problem.X / len(problem.X)
    each = problem.X * (e @ problem.X.T - problem.residuals)[:, :, None]  # gradients, (steps, n, p)
    d = each - (e @ H)[:, None, :]
    a = e - rates[:, None] * (e @ H)
    u = 2 * np.einsum("tab,tb->ta", Q, a) + linear
    along = np.einsum("tna,ta->tn", d, u)  # u . d_j
    turned = d @ Q  # (steps, n, p)
    squared = np.einsum("tna,tna->tn", turned, d)  # d_j^T Q d_j, not negative: Q is a sum of squares
    share = rates / batch
    # tr(QCQC) with C = mean d d^T: C Q is the mean of d (Qd)^T
    CQ = np.einsum("tna,tnb->tab", d, turned) / len(problem.X)
    pairs = 2 * batch * (batch - 1) * np.einsum("tab,tba->t", CQ, CQ)
    variance = (
        batch * share**2 * np.mean(along**2, axis=1)
        - 2 * batch * share**3 * np.mean(along * squared, axis=1)  # E[u . d] = 0
        + share**4 * (batch * np.var(squared, axis=1) + pairs)
    )
    # a mean over the batch is no larger than the largest sample, linear and (convex) squared part alike
    bounds = rates * np.abs(along).max(axis=1) + rates**2 * squared.max(axis=1)
    return np.array([np.maximum(variance, 0.0), bounds])


def threshold(found: Increments, theta: float, level: float) -> float:
    """Return what the sum leaves its expectation by with a chance of at most ``level``, both sides together."""
    moving = found.variances > 0
    with np.errstate(over="ignore"):  # a run that diverged has no threshold
        terms = found.variances[moving] * _phi_by_square(theta * found.bounds[moving])
    return float((np.log(2 / level) + theta**2 * np.sum(terms)) / theta)


def _phi_by_square(x: Array) -> Array:
    """Return ``(exp(x) - 1 - x) / x^2``, at least 1/2 for x of at least 0; infinity where it is too large."""
    # below 1/100 by its series, whose next term is 1e-11 of it: the difference would lose what it is about
    near, far = np.minimum(x, 0.01), np.maximum(x, 0.01)
    series = 0.5 + near / 6 + near**2 / 24 + near**3 / 120
    with np.errstate(over="ignore"):
        return np.where(x < 0.01, series, (np.expm1(far) - far) / far / far)


def allowed(found: Increments, own: Increments, level: float) -> float:
    """Return what the sum leaves its expectation by with a chance of at most ``3/4 level``.

    Parameters
    ----------
    found
        Of the run that is judged.
    own
        Of a right run that does not depend on it; the values of theta are chosen by this one.
    level
        In (0, 1).
    """
    best = tilt(own, level)
    narrow = threshold(found, best, level / 2)
    return min([narrow, *(threshold(found, best / 4**k, level / 4 / COARSE) for k in range(1, COARSE + 1))])


def improbable(squares: Array, expected: Array, level: float) -> npt.NDArray[np.bool_]:
    """Return which squared distances, ``(steps,)`` each, are so large that any of them is with chance ``level / 4``.

    By Markov's inequality, and one share of the level for each step.
    """
    return squares > expected * (4 * len(squares) / level)


def tilt(found: Increments, level: float) -> float:
    """Return the theta with the smallest threshold for these increments."""
    normal = np.sqrt(2 * np.log(2 / level) / max(float(found.variances.sum()), np.finfo(np.float64).tiny))
    tried = normal * np.geomspace(1e-3, 1.0, TILTS)
    return float(min(tried, key=lambda theta: threshold(found, theta, level)))
