"""The distributions that initialisations and samplers promise, with what their tests need to know."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from grader.checks.statistics import tails

Array = npt.NDArray[np.float64]

FEWEST_UNIFORM = 500
"""Uniform numbers below which the expansion of their sum of squares is off by more than a tenth at a level of 1e-6."""

FEWEST_A_VALUE = 400
"""Expected occurrences of each value from which chi square is right within a fifth at a level of 1e-6: compared with
the exact multinomial distribution of three values in the tests."""


class Law(Protocol):
    """A distribution: any class with these will do."""

    @property
    def name(self) -> str:
        """In words: ``normal``."""

    @property
    def mean(self) -> float:
        """Its mean."""

    @property
    def variance(self) -> float:
        """Its variance, above 0."""

    @property
    def kurtosis(self) -> float:
        """Fourth central moment by the squared variance: 3 for the normal distribution."""

    def chance_of_variance(self, ratio: float, n: int) -> float:
        """Two-sided chance that ``n`` numbers have a mean square around the mean of ``ratio`` times the variance."""

    def chance_of_fit(self, sample: Array) -> float:
        """Chance that a sample fits as badly as this one, or worse."""


def distance(law: Normal | Uniform, sample: Array) -> float:
    """Return the largest distance between the empirical distribution of a sample and the law's."""
    sample = np.sort(sample, axis=None)
    n = sample.size
    due = law.cdf(sample)
    ranks = np.arange(n)
    return float(max(np.max((ranks + 1) / n - due), np.max(due - ranks / n)))


@dataclass(frozen=True, kw_only=True)
class Normal:
    """The normal distribution with this variance (not its root)."""

    variance: float
    mean: float = 0.0
    name = "normal"
    kurtosis = 3.0

    def __post_init__(self) -> None:
        _refuse_not_positive("variance", self.variance)

    def cdf(self, x: Array) -> Array:
        """Chance of a number of at most ``x``."""
        from scipy import special

        due: Array = special.ndtr((x - self.mean) / math.sqrt(self.variance))
        return due

    def chance_of_variance(self, ratio: float, n: int) -> float:
        """Exact: n times the ratio is chi square with n degrees of freedom, because the mean is known."""
        return tails.chi_square(n * ratio, n)

    def chance_of_fit(self, sample: Array) -> float:
        """Kolmogorov-Smirnov."""
        return tails.kolmogorov(distance(self, sample), sample.size)


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """The uniform distribution on [low, high]."""

    low: float
    high: float
    name = "uniform"
    kurtosis = 1.8

    def __post_init__(self) -> None:
        _refuse_not_positive("high - low", self.high - self.low)

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def variance(self) -> float:
        """A twelfth of the squared length."""
        return (self.high - self.low) ** 2 / 12

    def cdf(self, x: Array) -> Array:
        """Chance of a number of at most ``x``."""
        return np.clip((x - self.low) / (self.high - self.low), 0, 1)

    def chance_of_variance(self, ratio: float, n: int) -> float:
        """By the moments of y = u^2, u uniform on [0, 1]: E y^k = 1/(2k + 1), so var y is the fourth moment's affair.

        Mean 1/3, variance 1/5 - 1/9 = 4/45; third and fourth central moments from the same four raw ones.
        """
        if n < FEWEST_UNIFORM:
            raise ValueError(f"the variance of uniform numbers needs at least {FEWEST_UNIFORM} of them, not {n}")
        variance = 4 / 45
        third = 1 / 7 - 3 * (1 / 3) * (1 / 5) + 2 * (1 / 3) ** 3
        fourth = 1 / 9 - 4 * (1 / 3) * (1 / 7) + 6 * (1 / 3) ** 2 * (1 / 5) - 3 * (1 / 3) ** 4
        z = (ratio - 1) / 3 / math.sqrt(variance / n)
        skewness, excess = third / variance**1.5, fourth / variance**2 - 3
        return tails.nearly_normal(z, skewness=skewness / math.sqrt(n), excess=excess / n)

    def chance_of_fit(self, sample: Array) -> float:
        """Kolmogorov-Smirnov; a number outside cannot occur."""
        if np.min(sample) < self.low or np.max(sample) > self.high:
            return 0.0
        return tails.kolmogorov(distance(self, sample), sample.size)


@dataclass(frozen=True, kw_only=True)
class DiscreteUniform:
    """The integers 0 to values - 1, each as likely as the others: indices of samples, say."""

    values: int
    name = "uniform on the integers"

    def __post_init__(self) -> None:
        if self.values < 2:
            raise ValueError(f"values must be at least 2, not {self.values}")

    def chance_of_fit(self, sample: Array) -> float:
        """Chi square of the counts.

        Raises
        ------
        ValueError
            When the sample is too small for the chi square distribution to hold at a level of 1e-6.
        """
        due = sample.size / self.values
        if due < FEWEST_A_VALUE:
            raise ValueError(f"{sample.size} draws of {self.values} values: needs {FEWEST_A_VALUE} of each")
        if np.any(sample != np.floor(sample)) or np.min(sample) < 0 or np.max(sample) >= self.values:
            return 0.0
        counts = np.bincount(sample.astype(np.int64).ravel(), minlength=self.values)
        return tails.chi_square_above(float(((counts - due) ** 2).sum() / due), self.values - 1)


def _refuse_not_positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a positive number, not {value!r}")
