"""Logistic regression with weight decay on real data: two classes of the handwritten digits.

The digits are stored here, 45 KB: the test set of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak
1998, UCI repository, CC BY 4.0), the same that scikit-learn bundles. So neither a student nor a grading run needs
scikit-learn, or waits for its import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import resources

import numpy as np

from grader.checks.problems.oracle import Objective, Oracle
from grader.checks.problems.questions import Array, Samples

STANDSTILL = 1e-14
"""A step of this share of the point changes its last two digits only."""


def logistic(weight_decay: float = 0.1, *, digits: tuple[int, int] = (3, 8)) -> Oracle:
    """Return the mean log loss of telling two digits apart, plus ``weight_decay / 2 |w|^2``, started at 0.

    Over the images ``x (n, 64)``, grey levels from 0 to 1, and labels s = -1 or 1:
    ``F(w) = mean(log(1 + exp(-s x^T w))) + weight_decay / 2 |w|^2``. There is no bias. Strong convexity m is the weight
    decay (pixels that are always blank have no other curvature), smoothness
    ``L = weight_decay + lambda_max(x^T x / n) / 4``.

    Parameters
    ----------
    weight_decay
        Positive; the minimiser is known to 1e-12 down to 1e-3.
    digits
        The classes, from 0 to 9; the first has the label -1.

    Raises
    ------
    ValueError
        When the weight decay is not positive, or the digits are not two different ones.
    """
    if not 0 < weight_decay < np.inf:
        raise ValueError(f"weight_decay must be positive, not {weight_decay}")
    if len(set(digits)) != 2 or not set(digits) <= set(range(10)):
        raise ValueError(f"digits must be two different ones from 0 to 9, not {digits}")
    return Oracle(_objective(float(weight_decay), digits))


@lru_cache(maxsize=1)
def images() -> tuple[Array, Array]:
    """Return the 1,797 digits: grey levels from 0 to 1, ``(1797, 64)``, and which digit each is, ``(1797,)``."""
    with resources.files("grader.checks.problems").joinpath("digits.npz").open("rb") as file, np.load(file) as stored:
        return stored["images"] / 16.0, stored["labels"].astype(np.intp)


@lru_cache(maxsize=8)
def _objective(weight_decay: float, digits: tuple[int, int]) -> Objective:
    x, labels = images()
    chosen = np.isin(labels, digits)
    x = x[chosen]
    signed = x * np.where(labels[chosen] == digits[1], 1.0, -1.0)[:, None]  # s_i x_i, (n, 64)
    n, p = x.shape

    def value(w: Array) -> float:
        return float(np.logaddexp(0, -signed @ w).mean() + weight_decay / 2 * (w @ w))

    def slopes(margins: Array) -> Array:
        """Sigmoid of the negative margins, in the form that does not overflow."""
        return np.exp(-np.logaddexp(0, margins))

    def gradient_of(w: Array, samples: Samples) -> Array:
        rows = signed[samples]
        return np.asarray(weight_decay * w - rows.T @ slopes(rows @ w) / len(samples))

    def gradient(w: Array) -> Array:
        return np.asarray(weight_decay * w - signed.T @ slopes(signed @ w) / n)

    def hessian(w: Array) -> Array:
        share = slopes(signed @ w)
        return np.asarray(weight_decay * np.eye(p) + (x.T * (share * (1 - share))) @ x / n)

    minimiser = _newton(value, gradient, hessian, np.zeros(p))
    minimum = value(minimiser)
    return Objective(
        p=p,
        n=n,
        m=weight_decay,
        L=weight_decay + float(np.linalg.eigvalsh(x.T @ x / n)[-1]) / 4,
        minimiser=minimiser,
        minimum=minimum,
        start=np.zeros(p),
        value=value,
        gradient=gradient,
        hessian=hessian,
        gap=lambda w: value(w) - minimum,
        gradient_of=gradient_of,
        minimiser_error=float(np.linalg.norm(gradient(minimiser))) / weight_decay,
        gap_error=n * float(np.finfo(np.float64).eps) * abs(minimum),  # a mean of n terms, each rounded
    )


def _newton(
    value: Callable[[Array], float], gradient: Callable[[Array], Array], hessian: Callable[[Array], Array], w: Array
) -> Array:
    """Minimise until a full step no longer makes the gradient smaller: only rounding is left then.

    A step that does not lower the value is halved: far from the minimum the sigmoids are flat and steps too long.
    """
    while True:
        slope = gradient(w)
        step = np.linalg.solve(hessian(w), slope)
        if np.linalg.norm(gradient(w - step)) < np.linalg.norm(slope):
            w = w - step
            continue
        while np.linalg.norm(step) > STANDSTILL * (1 + np.linalg.norm(w)) and value(w - step) >= value(w):
            step = step / 2
        if np.linalg.norm(step) <= STANDSTILL * (1 + np.linalg.norm(w)):
            return w
        w = w - step
