"""Least squares as a finite sum, with everything about its noise known exactly.

With ``e = w - w*`` and the residuals r at the minimiser, the gradient of sample i is ``x_i (x_i^T e - r_i)``: linear
in e. So mean and second moment of the iterates of SGD obey exact linear recursions, also far from the minimum
and with a schedule; nothing is a small-step limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from grader.checks.problems.oracle import Objective, Oracle
from grader.checks.problems.quadratics import positive_spectrum, rotation
from grader.checks.problems.questions import Array, Samples

Schedule = float | Callable[[int], float]


class LeastSquares(Oracle):
    """``F(w) = 1/(2n) sum_i (x_i^T w - y_i)^2``; see :func:`least_squares`.

    Attributes
    ----------
    X, residuals
        The inputs ``(n, p)``, and ``y - X w*``, ``(n,)``.
    """

    def __init__(self, objective: Objective, X: Array, residuals: Array) -> None:
        super().__init__(objective)
        self.X, self.residuals = X, residuals
        self._H = X.T @ X / len(X)

    @property
    def noise_covariance(self) -> Array:
        """Covariance ``(p, p)`` of one sample's gradient at the minimiser, ``1/n sum_i r_i^2 x_i x_i^T``."""
        return self._mean_of(self.residuals**2)

    @property
    def L_max(self) -> float:  # noqa: N802 - the formulas' own letter
        """Largest smoothness of a single sample, ``max |x_i|^2``; at most twice the sum of the spectrum."""
        return float(np.max(np.sum(self.X**2, axis=1)))

    @property
    def sigma_0(self) -> float:
        """Root of the mean squared norm of one sample's gradient at the minimiser."""
        return float(np.sqrt(np.trace(self.noise_covariance)))

    @property
    def sigma(self) -> float:
        """The smallest number with ``E |g_i - g|^2 <= 2 sigma_0^2 + 2 sigma^2 |e|^2`` for each distance e."""
        growth = self._mean_of(np.sum(self.X**2, axis=1)) - self._H @ self._H
        return float(np.sqrt(np.linalg.eigvalsh(growth)[-1]))

    def _mean_of(self, shares: Array) -> Array:
        """Return ``1/n sum_i shares_i x_i x_i^T``, ``(p, p)``, of the shares ``(n,)``."""
        return (self.X.T * shares) @ self.X / len(self.X)

    def pulled_back(self, Q: Array, linear: Array, lr: float, batch: int) -> tuple[Array, Array, float]:
        """Return the expectation, over one step of SGD, of ``e'^T Q e' + linear^T e'`` as a function of e.

        Parameters
        ----------
        Q, linear
            Symmetric ``(p, p)``, and ``(p,)``.
        lr, batch
            Learning rate, and the number of samples of a step, drawn uniformly with replacement.

        Returns
        -------
        tuple
            Matrix, vector and constant of the function before the step.
        """
        H, share = self._H, lr**2 / batch
        within = np.sum((self.X @ Q) * self.X, axis=1)  # x_i^T Q x_i, (n,)
        # the mean of H_i Q H_i is that of (x_i^T Q x_i) x_i x_i^T
        before = Q - lr * (H @ Q + Q @ H) + share * self._mean_of(within) + (lr**2 - share) * H @ Q @ H
        crossed = self.X.T @ (self.residuals * within) / len(self.X)  # mean of r_i H_i Q x_i
        constant = share * float(np.sum(Q * self.noise_covariance))
        return before, linear - lr * (H @ linear) - 2 * share * crossed, constant

    def floor(self, lr: float, batch: int = 1) -> float:
        """Return the expected squared distance ``E |w - w*|^2`` where SGD with a fixed learning rate ends.

        Exact, by the recursion of the covariance. For a small lr and isotropic noise it is about
        ``lr / (2 - lr lambda) / batch`` times the noise in each eigendirection.

        Parameters
        ----------
        lr
            Learning rate, positive.
        batch
            Samples a step, drawn uniformly with replacement.

        Raises
        ------
        ValueError
            When the squared distance grows without end.
        """
        p, H, share = self.p, self._H, lr**2 / batch
        outer = np.einsum("ia,ib->iab", self.X, self.X).reshape(-1, p * p)
        # one step backwards, of a matrix written as a vector
        step = (
            np.kron(np.eye(p) - lr * H, np.eye(p) - lr * H)
            - share * np.kron(H, H)
            + share * outer.T @ outer / len(outer)
        )
        try:
            Q = np.linalg.solve(np.eye(p * p) - step, np.eye(p).ravel()).reshape(p, p)
        except np.linalg.LinAlgError:
            Q = np.zeros((p, p))
        # the step keeps matrices positive, so the sum of all its powers exists where the solution is 1 or more
        if np.linalg.eigvalsh((Q + Q.T) / 2)[0] < 1:
            raise ValueError(f"SGD with lr = {lr} and batches of {batch} has no stationary second moment here")
        return lr**2 / batch * float(np.sum(Q * self.noise_covariance))

    def expected_squares(self, lr: Schedule, batch: int, steps: int) -> Array:
        """Return ``E |w_t - w*|^2`` for t = 0 .. steps of SGD from the start, ``(steps + 1,)``.

        Parameters
        ----------
        lr
            A number, or a schedule ``t -> lr`` for the step from t to t + 1, t from 0.
        batch
            Samples a step, drawn uniformly with replacement.
        steps
            At least 0.
        """
        H, C = self._H, self.noise_covariance
        mean = self.start - self.minimiser
        second = np.outer(mean, mean)
        squares = [float(np.trace(second))]
        for t in range(steps):
            rate = lr(t) if callable(lr) else lr
            share = rate**2 / batch
            # of each sample's gradient: the quadratic part in e, and its product with the residual
            within = np.sum((self.X @ second) * self.X, axis=1) - 2 * self.residuals * (self.X @ mean)
            second = second - rate * (H @ second + second @ H) + (rate**2 - share) * H @ second @ H
            second = second + share * (self._mean_of(within) + C)
            mean = mean - rate * (H @ mean)
            squares.append(float(np.trace(second)))
        return np.array(squares)


def least_squares(
    rng: np.random.Generator, n: int, spectrum: Sequence[float] | Array, noise: float = 1.0
) -> LeastSquares:
    """Return a least-squares problem over n samples whose Hessian has the eigenvalues ``spectrum``.

    The inputs are cosines of drawn frequencies, in a drawn order and rotated, so that ``X^T X / n`` has exactly that
    spectrum and no sample has more than twice the mean ``|x_i|^2``: with normal inputs single samples would dominate
    the noise. The residuals are drawn normal and made orthogonal to the inputs, so that the minimiser is exact. The
    start lies in every eigendirection at the distance 1 from it.

    Parameters
    ----------
    rng
        Draws everything.
    n
        Samples, more than the eigenvalues.
    spectrum
        Eigenvalues ``(p,)`` of the Hessian, positive.
    noise
        Root of the mean squared residual at the minimiser, at least 0; with 0 all samples agree about the minimiser.

    Raises
    ------
    ValueError
        When n is not larger than p, the spectrum is not positive, or noise is negative.
    """
    values = positive_spectrum(spectrum)
    p = len(values)
    if n <= p or not 0 <= noise < np.inf:
        raise ValueError(f"least_squares takes n above {p} and noise of at least 0, not n = {n}, noise = {noise}")
    # columns of the cosine transform, orthonormal, with entries up to sqrt(2 / n)
    waves = rng.choice(np.arange(1, n), size=p, replace=False)
    Q = np.sqrt(2 / n) * np.cos(np.pi / n * np.outer(rng.permutation(n) + 0.5, waves))  # (n, p)
    axes = rotation(rng, p)
    X = np.sqrt(n) * (Q * np.sqrt(values)) @ axes.T
    drawn = rng.normal(size=n)
    for _ in range(2):  # the second time takes away what rounding left of the first
        drawn = drawn - Q @ (Q.T @ drawn)
    residuals = drawn * (noise * np.sqrt(n) / np.linalg.norm(drawn))
    minimiser = rng.normal(size=p)
    H, minimum = X.T @ X / n, noise**2 / 2

    def gap(w: Array) -> float:
        return float(np.sum((X @ (w - minimiser)) ** 2)) / (2 * n)

    def gradient_of(w: Array, samples: Samples) -> Array:
        x = X[samples]  # (b, p)
        return np.asarray(x.T @ (x @ (w - minimiser) - residuals[samples])) / len(samples)

    objective = Objective(
        p=p,
        n=n,
        m=float(values.min()),
        L=float(values.max()),
        minimiser=minimiser,
        minimum=minimum,
        start=minimiser + axes @ rng.choice([-1.0, 1.0], size=p),
        value=lambda w: minimum + gap(w),
        gradient=lambda w: H @ (w - minimiser),
        hessian=lambda _w: H.copy(),
        gap=gap,
        gradient_of=gradient_of,
    )
    return LeastSquares(objective, X, residuals)
