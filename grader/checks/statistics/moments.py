"""Checks of means and variances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.checks.findings import bound, number
from grader.checks.record import sighted
from grader.checks.statistics import tails
from grader.checks.statistics.causes import likely_slip
from grader.checks.statistics.chances import LEVEL, decide, refuse_level, sample_of
from grader.checks.statistics.laws import Law

RECOGNISED = 2
"""Two answers show the same to a check when their estimates differ by no more than two half-widths of its own test:
one for the draws of each."""

_ROUNDINGS = 1e4
"""Rounding errors of an estimate, in units of eps: those of a sum whose terms are ten thousand times as large."""


def has_mean(sample: Any, law: Law, *, name: str = "sample", level: float = LEVEL) -> None:
    """Check that independent draws have the law's mean.

    The mean of ``n`` draws deviates by its own standard deviation times a number that is normal up to the law's
    kurtosis by n. Power: a mean that is off by 10 deviations of the mean of n draws passes with a chance below 1e-6;
    ``samples_for(shift=...)`` gives n.

    Parameters
    ----------
    sample
        What came: an array of any shape.
    law
        What is due.
    name
        The value in the handout's words.
    level
        Chance that a right answer fails.

    Raises
    ------
    CheckFailure
        When the mean is another, or ``sample`` is no array of finite numbers.
    """
    refuse_level(level)
    array = sample_of(sample, name)
    deviation = math.sqrt(law.variance / array.size)
    z = (float(array.mean()) - law.mean) / deviation
    sighted(z, f"mean of {name}", within=RECOGNISED * tails.normal_quantile(level / 2))
    decide(
        f"mean of {name}",
        tails.nearly_normal(z, skewness=0.0, excess=(law.kurtosis - 3) / array.size),
        level,
        message=f"{name} has mean {number(array.mean())} over {array.size} entries where {number(law.mean)} is due, "
        f"give or take {bound(deviation)}",
        hint=f"`{name}` has the wrong mean: {'it must be 0' if law.mean == 0 else 'compare it with the definition'}.",
        got=number(array.mean()),
    )


def has_variance(
    sample: Any,
    law: Law,
    *,
    name: str = "sample",
    instead: Mapping[str, float] | None = None,
    hint: str = "",
    level: float = LEVEL,
) -> None:
    """Check that independent draws have the law's variance around the law's mean.

    Exact for normals (chi square); for uniforms by the fourth moment with a correction for finite samples, within 3% at
    a chance of 1e-6 from 1,000 draws. Power: with n draws a variance that is wrong by a factor r passes with a chance
    below 1e-6 when n is at least ``samples_for(ratio=r, kurtosis=law.kurtosis)``: 388 for r = 2 and normals.

    Parameters
    ----------
    sample, law, name, level
        As for :func:`has_mean`.
    instead
        Advice for students, and the variance to which it is the answer: ``{"divide by fan_in, not by fan_out": 1/60}``.
        Fixed words only. General slips (variance for deviation, gain, bound of a uniform) are known already.
    hint
        The author's own words for whatever is wrong, in the place of a guess: where the usual slips are not what the
        check looks for.

    Raises
    ------
    CheckFailure
        When the variance is another, or ``sample`` is no array of finite numbers.
    """
    refuse_level(level)
    array = sample_of(sample, name)
    got = float(np.mean((array - law.mean) ** 2))
    ratio = got / law.variance
    half_width = tails.normal_quantile(level / 2) * math.sqrt((law.kurtosis - 1) / array.size)  # of the log variance
    sighted(math.log(ratio) if ratio > 0 else -math.inf, f"log variance of {name}", within=RECOGNISED * half_width)
    slip = None if hint else likely_slip(got, law.variance, apart=half_width, instead=instead or {})
    decide(
        f"variance of {name}",
        law.chance_of_variance(ratio, array.size),
        level,
        message=f"{name} has variance {number(got)} over {array.size} entries where {number(law.variance)} is due, "
        f"{number(ratio)} times as much" + (f"; {name} {slip.words}" if slip else ""),
        hint=hint
        or f"`{name}` has the wrong variance: {slip.advice if slip else 'compare its scale with the definition'}.",
        cause=slip.words if slip else "",
        got=number(got),
    )


def is_unbiased(estimates: Any, truth: Any, *, name: str = "estimate", level: float = LEVEL) -> None:
    """Check that independent estimates have the truth for their mean.

    Student's t for each component, at the level divided by their number; the least standard error is that of
    rounding, because estimates may all be the truth. Exact for normal estimates; for others up to skewness by root n:
    take n of some thousands, or means of batches. Power: a bias of 10 standard errors passes with a chance below 1e-6;
    ``samples_for(shift=...)`` gives n.

    Parameters
    ----------
    estimates
        Array (n,) or (n, p), a row for each estimate, n at least 2.
    truth
        Number or array (p,).
    name, level
        As for :func:`has_mean`.

    Raises
    ------
    CheckFailure
        When a component is biased, or ``estimates`` is no such array.
    ValueError
        When there are fewer than two estimates.
    """
    refuse_level(level)
    due = np.atleast_1d(np.asarray(truth, dtype=np.float64))
    array = sample_of(estimates, name)
    rows = array.shape[0] if array.ndim else 1
    if rows < 2:
        raise ValueError(f"is_unbiased needs at least 2 estimates, not {rows}")
    if array.shape[1:] != np.shape(truth):  # one row is told: as many as came, of the shape that is due, may be many
        sample_of(array[0], f"{name}[0]", np.shape(truth))
    array = array.reshape(rows, -1)
    mean, spread = array.mean(axis=0), array.std(axis=0, ddof=1)
    # estimates that hardly vary are right up to rounding: that of their sum, and of how each was computed
    rounding = _ROUNDINGS * np.finfo(np.float64).eps * np.maximum(np.abs(mean), np.abs(due.ravel()))
    errors = np.maximum(spread / math.sqrt(rows), rounding)
    difference = mean - due.ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference == 0, 0.0, difference / errors)
    # scaled so that two answers differ by about one in each component where they differ by a standard error
    sighted(t, f"bias of {name}", within=RECOGNISED * tails.normal_quantile(level / (2 * t.size)))
    worst = int(np.argmax(np.abs(t)))
    where = name if t.size == 1 else f"{name}[{worst}]"
    decide(
        f"bias of {name}",
        min(1.0, t.size * tails.student(float(t[worst]), rows - 1)),
        level,
        message=f"{where} has mean {number(array[:, worst].mean())} over {rows} estimates where "
        f"{number(due.ravel()[worst])} is due: {number(float(t[worst]))} standard errors off",
        hint=f"`{name}` is the same in every draw, and not the truth."
        if spread[worst] <= rounding[worst]
        else f"`{name}` is biased: its mean over many draws is not the truth.",
        got=number(float(mean[worst])),
    )


def ratio_of_variances(one: Any, other: Any, *, at_least: float, names: tuple[str, str], level: float = LEVEL) -> None:
    """Check that the variance of ``one`` is at least ``at_least`` times that of ``other``.

    Fails when the upper confidence bound of the ratio, at ``1 - level``, lies below. An F test; the degrees of freedom
    of each mean square come from its own fourth moment, 2 n / (kurtosis - 1), and are n - 1 for normals. Power: where
    the true ratio is below ``at_least`` by a factor r, the sizes of ``samples_for(ratio=r)``, doubled, find it.

    Parameters
    ----------
    one, other
        Independent draws: arrays of any shape, of at least 30 numbers each.
    at_least
        A positive number that the true ratio of a right answer reaches.
    names
        Of both, in the handout's words.
    level
        Chance that a right answer fails.

    Raises
    ------
    CheckFailure
        When the ratio is smaller, or an argument is no array of finite numbers.
    ValueError
        When ``at_least`` is not positive, or a sample is too small for its fourth moment to mean something.
    """
    if not at_least > 0:
        raise ValueError(f"at_least must be positive, not {at_least!r}")
    first, second = sample_of(one, names[0]), sample_of(other, names[1])
    for array, name in ((first, names[0]), (second, names[1])):
        if array.size < 30:
            raise ValueError(f"ratio_of_variances needs at least 30 numbers of {name}, not {array.size}")
    top, bottom = float(first.var(ddof=1)), float(second.var(ddof=1))
    if top == bottom == 0:
        top = bottom = 1.0  # two constants have equal variances
    degrees = _degrees(first), _degrees(second)
    ratio = top / bottom if bottom else math.inf
    spread = tails.normal_quantile(level) * math.sqrt(2 / degrees[0] + 2 / degrees[1])
    what = f"variance of {names[0]} by variance of {names[1]}"
    sighted(math.log(ratio) if ratio > 0 else -math.inf, what, within=RECOGNISED * spread)
    decide(
        what,
        tails.f_below(ratio / at_least, *degrees),
        level,
        message=f"the {what} is {number(ratio)} where at least {number(at_least)} is due",
        hint=f"`{names[0]}` varies too little beside `{names[1]}`.",
        got=number(ratio),
        uniform=False,  # the ratio of a right answer may be larger than the smallest that is right
    )


def _degrees(sample: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Degrees of freedom of the mean square: chi square with as many has its relative variance."""
    centred = sample - sample.mean()
    variance = float(np.mean(centred**2))
    kurtosis = float(np.mean(centred**4)) / variance**2 if variance else 3.0
    n = sample.size
    # a kurtosis of 1, two values alike often, has a variance without noise: n times as many degrees are enough
    return min(2 * n / max(kurtosis - 1, 2 / n), float(n) ** 2) - 1
