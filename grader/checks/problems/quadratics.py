"""Quadratics: one with a chosen spectrum, and the worst case for every method that uses gradients alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.problems.oracle import Objective, Oracle
from grader.checks.problems.questions import Array


def quadratic(
    rng: np.random.Generator,
    spectrum: Sequence[float] | Array,
    *,
    rotated: bool = True,
    minimiser: npt.ArrayLike | None = None,
) -> Oracle:
    """Return ``f(w) = (w - w*)^T A (w - w*) / 2`` with the eigenvalues ``spectrum`` of A.

    The start lies in every eigendirection at the distance 1 from the minimiser, on a side that is drawn: so
    the slowest direction and the fastest both show, and ``|w0 - w*| = sqrt(p)``.

    Parameters
    ----------
    rng
        Draws rotation, minimiser and start.
    spectrum
        Eigenvalues ``(p,)``, positive, in any order. ``m`` is the smallest, ``L`` the largest.
    rotated
        Whether the eigenvectors are drawn (uniformly among all rotations and reflections); else they are the axes.
    minimiser
        ``(p,)``; drawn from the standard normal distribution unless given.

    Raises
    ------
    ValueError
        When the spectrum is empty, not positive or not finite, or the minimiser has another shape.
    """
    values = positive_spectrum(spectrum)
    p = len(values)
    axes = rotation(rng, p) if rotated else np.eye(p)
    centre = np.array(rng.normal(size=p) if minimiser is None else minimiser, dtype=np.float64)
    if centre.shape != (p,):
        raise ValueError(f"the minimiser must have the shape ({p},), not {centre.shape}")
    A = (axes * values) @ axes.T
    start = centre + axes @ rng.choice([-1.0, 1.0], size=p)
    return Oracle(_objective((A + A.T) / 2, centre, start, m=values.min(), L=values.max(), minimum=0.0))


def worst_case(p: int, L: float = 1.0) -> Oracle:
    """Return Nesterov's tridiagonal quadratic, started at 0.

    ``f(w) = L/4 (w^T T w / 2 - w_1)`` where T has 2 on the diagonal and -1 beside it. A gradient at a point whose
    first t entries alone are not 0 reaches entry t + 1 and no further. So after t gradients the iterates of a
    method that stays in their span have ``f - f* >= L/8 (1/(t+1) - 1/(p+1))``, for every t up to p
    (Nesterov 2004, theorem 2.1.7).

    Parameters
    ----------
    p
        Number of parameters, at least 1.
    L
        Positive bound of the curvature, which the largest eigenvalue ``L cos(pi / (2p + 2))^2`` nearly reaches.

    Raises
    ------
    ValueError
        When p or L is not positive.
    """
    if p < 1 or not 0 < L < np.inf:
        raise ValueError(f"worst_case takes p of at least 1 and a positive L, not p = {p}, L = {L}")
    A = L / 4 * (2 * np.eye(p) - np.eye(p, k=1) - np.eye(p, k=-1))
    minimiser = 1 - np.arange(1, p + 1) / (p + 1)
    m = L * np.sin(np.pi / (2 * p + 2)) ** 2  # the eigenvalues of T are 4 sin(k pi / (2p + 2))^2, k = 1 .. p

    def times(e: Array) -> Array:
        """Multiply by the tridiagonal matrix without the matrix: it may be large."""
        padded = np.concatenate(([0.0], e, [0.0]))
        return L / 4 * (2 * e - padded[:-2] - padded[2:])

    return Oracle(_objective(A, minimiser, np.zeros(p), times=times, m=m, L=L, minimum=-L / 8 * p / (p + 1)))


def _objective(
    A: Array, minimiser: Array, start: Array, *, times: Callable[[Array], Array] | None = None, **known: Any
) -> Objective:
    """Describe a quadratic; everything is computed from ``w - w*``, so that little is lost near the minimum."""
    product = A.__matmul__ if times is None else times

    def gap(w: Array) -> float:
        return float((w - minimiser) @ product(w - minimiser)) / 2

    return Objective(
        p=len(minimiser),
        n=None,
        minimiser=minimiser,
        start=start,
        value=lambda w: known["minimum"] + gap(w),
        gradient=lambda w: product(w - minimiser),
        hessian=lambda _w: A.copy(),
        gap=gap,
        **known,
    )


def positive_spectrum(spectrum: Sequence[float] | Array) -> Array:
    """Return eigenvalues as an array ``(p,)``; a ValueError when they are none."""
    values = np.array(spectrum, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.all((values > 0) & np.isfinite(values)):
        raise ValueError(f"a spectrum is a list of positive numbers, not {spectrum!r}")
    return values


def rotation(rng: np.random.Generator, p: int) -> Array:
    """Draw an orthogonal matrix ``(p, p)`` uniformly; the signs of R make QR unique, and so the law uniform."""
    Q, R = np.linalg.qr(rng.normal(size=(p, p)))
    return np.asarray(Q * np.sign(np.diag(R)))
