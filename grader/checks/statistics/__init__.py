"""Checks of random results: variance, mean, distribution, independence, bias, and where the numbers come from.

Each decides with a stated level, the chance that a right answer fails it: 1e-6 unless told. Thresholds are those of
the null distribution, never of a simulation, and sizes of samples follow from level and power (:func:`samples_for`).
A check that makes several of these decisions fails a right answer with at most the sum of their levels.
"""

from __future__ import annotations

from grader.checks.statistics.chances import LEVEL
from grader.checks.statistics.fit import follows, independent, uncorrelated
from grader.checks.statistics.laws import DiscreteUniform, Law, Normal, Uniform
from grader.checks.statistics.moments import has_mean, has_variance, is_unbiased, ratio_of_variances
from grader.checks.statistics.sizes import samples_for
from grader.checks.statistics.source import draws_only_from, never_repeats

__all__ = [
    "LEVEL",
    "DiscreteUniform",
    "Law",
    "Normal",
    "Uniform",
    "draws_only_from",
    "follows",
    "has_mean",
    "has_variance",
    "independent",
    "is_unbiased",
    "never_repeats",
    "ratio_of_variances",
    "samples_for",
    "uncorrelated",
]
