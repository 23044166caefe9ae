"""The level of the statistics checks: p-values against exact distributions, and their uniformity over many seeds.

``LEVEL_SEEDS=5000 pytest tests/checks/test_statistics_level.py`` runs the long form. The uniformity tests decide by
Kolmogorov-Smirnov at 1e-6 each: fourteen of them, so a right library fails here once in 70,000 runs with other seeds,
and with these seeds always or never.
"""

import os

import numpy as np
import pytest
from scipy import stats

from grader import statistics
from grader.checks.record import recording
from grader.checks.statistics import DiscreteUniform, Normal, Uniform, tails

SEEDS = int(os.environ.get("LEVEL_SEEDS", "400"))
N = 1000
TOLERANT = 1e-12
"""Level of the checks while their p-values are collected: none fails, so that all are seen."""


@pytest.mark.parametrize("n", [200, 2000, 36000])
@pytest.mark.parametrize("p", [0.9, 0.1, 1e-3, 1e-6])
def test_kolmogorovs_chance_is_right_within_a_tenth(n, p):
    assert 1 <= tails.kolmogorov(stats.kstwo.isf(p, n), n) / p + 1e-4 < 1.1


def test_the_chance_of_a_uniform_variance_is_right_within_three_hundredths():
    """Against the distribution of a sum of 1,000 squared uniform numbers, by Fourier transform on a fine grid.

    Its mass lies on a grid of 2^-10: rounding each term to the grid moves the sum by no more than some grid steps in 1,000
    terms, 0.003 of its standard deviation of 9.4.
    """
    step = 2.0**-10
    edges = np.sqrt(np.clip((np.arange(1025) + np.array([[-0.5], [0.5]])) * step, 0, 1))
    mass = edges[1] - edges[0]  # of the squares that round to each grid point
    size = 2**20  # the largest sum is 1000 * 2^10 grid steps: nothing wraps around
    # tilted, so that the tail at 1e-6 is the middle: the rounding of the transform is relative to the largest mass
    for tilt in (-0.55, 0.55):
        weights = mass * np.exp(tilt * np.arange(1025) * step)
        scale = weights.sum()
        transform = np.fft.rfft(weights / scale, size) ** N
        sums = np.arange(size) * step
        log_mass = N * np.log(scale) - tilt * sums
        density = np.fft.irfft(transform, size) * np.exp(log_mass - log_mass.max()) * np.exp(log_mass.max())
        tail = np.cumsum(density) if tilt < 0 else np.cumsum(density[::-1])[::-1]
        place = np.argmin(np.abs(np.log(np.maximum(tail, 1e-300)) - np.log(0.5e-6)))
        between = sums[place] + (step / 2 if tilt < 0 else -step / 2)
        law = Uniform(low=-1, high=1)
        got = law.chance_of_variance(3 * between / N, N)
        assert got == pytest.approx(2 * tail[place], rel=0.03)


@pytest.mark.parametrize("p", [1e-2, 1e-4, 1e-6])
def test_chi_square_of_counts_is_right_within_a_fifth(p):
    """Against the exact multinomial distribution of 1,200 draws of three values, 400 of each expected."""
    n, due = 1200, 400
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    a, b = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    c = n - a - b
    possible = c >= 0
    a, b, c = a[possible], b[possible], c[possible]
    chance = np.exp(logs[n] - logs[a] - logs[b] - logs[c] - n * np.log(3))
    totals = ((a - due) ** 2 + (b - due) ** 2 + (c - due) ** 2) / due
    threshold = stats.chi2.isf(p, 2)
    assert 0.8 < chance[totals >= threshold].sum() / p < 1.2


def normals(rng, shape=N):
    return rng.normal(1.0, 0.5, shape)


def uniforms(rng, shape=N):
    return rng.uniform(-0.5, 1.0, shape)


NORMAL, UNIFORM = Normal(variance=0.25, mean=1.0), Uniform(low=-0.5, high=1.0)

DECISIONS = {
    "mean of normals": lambda rng: statistics.has_mean(normals(rng), NORMAL, level=TOLERANT),
    "mean of uniforms": lambda rng: statistics.has_mean(uniforms(rng), UNIFORM, level=TOLERANT),
    "variance of normals": lambda rng: statistics.has_variance(normals(rng), NORMAL, level=TOLERANT),
    "variance of uniforms": lambda rng: statistics.has_variance(uniforms(rng), UNIFORM, level=TOLERANT),
    "distribution of normals": lambda rng: statistics.follows(normals(rng), NORMAL, level=TOLERANT),
    "distribution of uniforms": lambda rng: statistics.follows(uniforms(rng), UNIFORM, level=TOLERANT),
    "distribution of integers": lambda rng: statistics.follows(
        rng.integers(0, 20, 8000), DiscreteUniform(values=20), level=TOLERANT
    ),
    "correlation of normals": lambda rng: statistics.independent(normals(rng, (30, 40)), NORMAL, level=TOLERANT),
    "correlation of uniforms": lambda rng: statistics.independent(uniforms(rng, (30, 40)), UNIFORM, level=TOLERANT),
    "bias": lambda rng: statistics.is_unbiased(rng.normal(2, 3, N), 2.0, level=TOLERANT),
}


@pytest.mark.parametrize("decision", DECISIONS)
def test_p_values_of_right_answers_are_uniform(decision):
    with recording() as record:
        for seed in range(SEEDS):
            DECISIONS[decision](np.random.default_rng([2026, seed]))
    for name in sorted({chance.name for chance in record.chances}):
        found = [chance.p for chance in record.chances if chance.name == name]
        assert len(found) == SEEDS
        assert stats.kstest(found, "uniform").pvalue > 1e-6, name


@pytest.mark.parametrize(
    "draw", [lambda rng: rng.normal(size=N), lambda rng: rng.standard_t(9, size=N), lambda rng: rng.uniform(size=N)]
)
def test_a_ratio_of_variances_at_its_bound_has_p_values_that_are_nearly_uniform(draw):
    """The degrees of freedom are estimated, so they are uniform up to that: within 0.1, and not below at small p."""
    with recording() as record:
        for seed in range(SEEDS):
            rng = np.random.default_rng([11, seed])
            statistics.ratio_of_variances(draw(rng), draw(rng), at_least=1.0, names=("a", "b"), level=TOLERANT)
    found = np.array([chance.p for chance in record.chances])
    assert stats.kstest(found, "uniform").statistic < 0.1
    assert np.mean(found < 0.01) < 0.03


def test_a_wrong_law_does_not_have_uniform_p_values():
    """The uniformity test can fail: a variance that is wrong by 5% shows."""
    with recording() as record:
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            statistics.has_variance(normals(rng), Normal(variance=0.2375, mean=1.0), level=TOLERANT)
    assert stats.kstest([chance.p for chance in record.chances], "uniform").pvalue < 1e-6
