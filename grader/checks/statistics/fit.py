"""Checks of whole distributions, and of independence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grader.checks.findings import Finding, bound, raise_any
from grader.checks.record import sighted
from grader.checks.statistics import tails
from grader.checks.statistics.chances import LEVEL, Array, decide, refuse_level, sample_of
from grader.checks.statistics.laws import DiscreteUniform, Law, Normal, Uniform, distance
from grader.checks.statistics.moments import RECOGNISED
from grader.evidence import Evidence

_PARTS = np.arange(1, 10) / 10
"""Deciles: where the empirical distribution is looked at, to tell wrong answers from each other."""


def follows(
    sample: Any,
    law: Normal | Uniform | DiscreteUniform,
    *,
    name: str = "sample",
    hint: str = "",
    level: float = LEVEL,
) -> None:
    """Check that independent draws follow a distribution, in every quantile.

    Kolmogorov-Smirnov for normals and uniforms, chi square of the counts for integers. Power: a distribution that is
    anywhere off by d passes with a chance below 1e-6 when n is at least ``samples_for(distance=d)``: 8,932 for a
    uniform in the place of a normal distribution of the same variance (d = 0.057).

    Parameters
    ----------
    sample, name, level
        As for :func:`grader.checks.statistics.has_mean`.
    law
        What is due.
    hint
        The author's own words, where ``sample`` is no result of the student but was computed from one.

    Raises
    ------
    CheckFailure
        When the draws follow another distribution, or are no array of finite numbers.
    ValueError
        When there are too few draws for the test to have its level.
    """
    refuse_level(level)
    array = sample_of(sample, name)
    if isinstance(law, DiscreteUniform):
        off, within = _counts(array, law), RECOGNISED * tails.normal_quantile(level / 2) / math.sqrt(array.size)
    else:
        ordered = np.sort(law.cdf(array), axis=None)
        off = np.searchsorted(ordered, _PARTS) / array.size - _PARTS
        within = RECOGNISED * tails.kolmogorov_distance(array.size, level)
    sighted(off, f"distribution of {name}", within=within)
    p = law.chance_of_fit(array)
    cause = "" if p > level or isinstance(law, DiscreteUniform) else _other_law(array, law, level)
    decide(
        f"distribution of {name}",
        p,
        level,
        message=f"{name} does not follow the {law.name} distribution that is due"
        + (f"; {name} {cause}" if cause else ""),
        hint=hint
        or f"`{name}` must follow a {law.name} distribution, and does not"
        + (f": it {cause}." if cause else "; compare mean, scale and shape with the definition."),
        cause=cause,
    )


DECISIONS = 5
"""Of :func:`independent`, which share its level."""

CUT = 3.5
"""Deviations below which truncations are usual: Keras cuts at 2, and corrects the variance, which makes 2.3 of it."""


def _counts(array: Array, law: DiscreteUniform) -> Array:
    """Shares of the values beyond what is due; whatever is no value counts for none."""
    values = np.arange(law.values)
    return np.array([np.mean(array == value) for value in values]) - 1 / law.values


def _other_law(array: Array, law: Normal | Uniform, level: float) -> str:
    """Name the law that fits where the one that is due does not."""
    variance = float(array.var())
    if not variance:
        return "holds one number everywhere"
    mean = float(array.mean())
    half = math.sqrt(3 * variance)
    # with mean and variance of the sample itself: it fits better than it should, which is fine for naming
    others: tuple[Normal | Uniform, ...] = (
        Normal(variance=variance, mean=mean),
        Uniform(low=mean - half, high=mean + half),
    )
    off = {other.name: distance(other, array) for other in others}
    best = min(off, key=lambda kind: off[kind])
    if off[best] > tails.kolmogorov_distance(array.size, level):
        largest = float(np.abs(array - law.mean).max()) / math.sqrt(law.variance)
        # a whole normal distribution has as many beyond that with a chance of exp(-n times the chance of one)
        truncated = isinstance(law, Normal) and largest < CUT and array.size * tails.normal(largest) > -math.log(level)
        return "lacks its tails, as if it were truncated: draw from the whole normal distribution" if truncated else ""
    if best == law.name:
        return f"is {best}, with another mean or variance"
    half_width = tails.normal_quantile(level / 2) * math.sqrt((law.kurtosis - 1) / array.size)
    right = abs(math.log(variance / law.variance)) <= half_width
    return f"is {best}, with the right variance" if right else f"is {best}, with another variance"


def uncorrelated(one: Any, other: Any, law: Law, *, name: str = "sample", level: float = LEVEL) -> None:
    """Check that two samples of the same law are not correlated, entry by entry.

    Given the one, the sum of products with the other is a sum of independent numbers of known variance: exactly normal
    for normals, and with the law's kurtosis otherwise. Power: at n entries, a correlation of 10 / root n passes with a
    chance below 1e-6; two equal samples always fail.

    Parameters
    ----------
    one, other
        Arrays of the same shape: two successive draws, even and odd rows, ...
    law
        The continuous law of their entries.
    name, level
        As for :func:`grader.checks.statistics.has_mean`.

    Raises
    ------
    CheckFailure
        When they are correlated, or are no arrays of finite numbers.
    """
    refuse_level(level)
    first = sample_of(one, name)
    second = sample_of(other, name, first.shape)
    _decide_correlation(first, second, law, what=f"correlation of {name}", name=name, level=level)


def independent(matrix: Any, law: Law, *, name: str = "sample", hint: str = "", level: float = LEVEL) -> None:
    """Check that the entries of a matrix are drawn one by one: neither rows nor columns repeat or resemble each other.

    Five decisions, each at a fifth of the level. Three as in :func:`uncorrelated`: neighbouring rows, neighbouring
    columns, and the first half of all entries with the second. Power: as there, with half of the entries.

    Two look at all pairs at once: the sums over rows and over columns have the mean square of independent entries, in
    units of the matrix's own. Exact for normals (an F test), and nearly for uniforms, whose sums are nearly normal; for
    heavier laws the degrees of freedom are those of the sums' fourth moment. Power: a mean square of sums that is
    off by a factor r passes with a chance below 1e-6 when there are at least ``samples_for(ratio=r)`` of them.

    Parameters
    ----------
    matrix
        Array (rows, columns), both at least 2.
    law
        The continuous law of its entries.
    hint
        As for :func:`follows`.
    name, level
        As for :func:`grader.checks.statistics.has_mean`.

    Raises
    ------
    CheckFailure
        When something is correlated, or ``matrix`` is no matrix of finite numbers.
    """
    refuse_level(level)
    array = sample_of(matrix, name)
    if array.ndim != 2 or min(array.shape) < 2:
        message = f"{name} has shape {array.shape}; a matrix is due."
        raise_any([Finding(message=message, hint=f"`{name}` is no matrix.", evidence=Evidence(name=name))])
    rows, columns = (length - length % 2 for length in array.shape)
    half = array.size // 2
    flat = array.ravel()
    pairs: dict[str, tuple[Any, Any]] = {
        "rows": (array[0:rows:2], array[1:rows:2]),
        "columns": (array[:, 0:columns:2], array[:, 1:columns:2]),
        "halves": (flat[:half], flat[half : 2 * half]),
    }
    level /= DECISIONS
    for what, (one, other) in pairs.items():
        _decide_correlation(one, other, law, what=f"correlation of {what} of {name}", name=name, hint=hint, level=level)
    centred = array - law.mean
    for axis, what in enumerate(("rows", "columns")):
        _decide_sums(centred, axis, law, what=f"sums over {what} of {name}", name=name, hint=hint, level=level)


def _decide_correlation(
    one: Array, other: Array, law: Law, *, what: str, name: str, hint: str = "", level: float
) -> None:
    first, second = one - law.mean, other - law.mean
    weight = float((second**2).sum())
    # in units of its own where the variance is too large, which is another fault: that only makes z smaller
    variance = max(law.variance, float((first**2).mean()))
    z = float((first * second).sum()) / math.sqrt(variance * weight) if weight else 0.0
    excess = (law.kurtosis - 3) * float((second**4).sum()) / weight**2 if weight else 0.0
    sighted(z, what, within=RECOGNISED * tails.normal_quantile(level / 2))
    equal = np.array_equal(one, other)  # of a continuous law that has no chance at all, also where both are zero
    cause = "repeats the same numbers" if equal else "has entries that depend on each other"
    decide(
        what,
        0.0 if equal else tails.nearly_normal(z, skewness=0.0, excess=excess),
        level,
        message=f"{name} {cause}: the {what} is {bound(z)} standard deviations from 0",
        hint=hint or f"`{name}` {cause}: draw every entry anew.",
        cause=cause,
        got=bound(z),
    )


def _decide_sums(centred: Array, axis: int, law: Law, *, what: str, name: str, hint: str, level: float) -> None:
    """Compare the mean square of the sums with that of what is left of the entries: two independent ones of normals."""
    terms = centred.shape[axis]
    sums = centred.sum(axis=axis) / math.sqrt(terms)
    excess = (law.kurtosis - 3) / terms
    degrees, others = sums.size * min(1.0, 2 / (2 + excess)), centred.size - sums.size
    rest = float((centred**2).sum() - (sums**2).sum()) / others
    mean_square = float(np.mean(sums**2))
    ratio = mean_square / rest if rest > 0 else math.inf
    half_width = tails.normal_quantile(level / 2) * math.sqrt(2 / degrees)
    sighted(math.log(ratio) if ratio > 0 else -math.inf, what, within=RECOGNISED * half_width)
    cause = "has entries that depend on each other"
    decide(
        what,
        tails.f(ratio, degrees, others),
        level,
        message=f"{name} {cause}: the {what} have a mean square {bound(ratio)} times that of independent entries",
        hint=hint or f"`{name}` {cause}: draw every entry anew.",
        cause=cause,
        got=bound(ratio),
    )
