"""Names the likely reason of a wrong variance: another number that one gets by a known slip."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A known slip, and the variance that it gives."""

    words: str
    """What is wrong: ends a sentence that begins with the value's name."""
    advice: str
    """What to do, in fixed words."""
    variance: float


def likely_slip(got: float, want: float, *, apart: float, instead: Mapping[str, float]) -> Slip | None:
    """Return the slip whose variance is the nearest to ``got``, if it is indistinguishable from it.

    Parameters
    ----------
    got, want
        Empirical variance, and the one that is due.
    apart
        Difference of log variances beyond which two are told apart.
    instead
        The author's own: advice, and the variance to which it is the answer. They go before the general ones.
    """
    if not got > 0:
        return Slip(words="is constant", advice="draw every entry", variance=0.0)
    own = [Slip(words=f"looks as if this were needed: {text}", advice=text, variance=v) for text, v in instead.items()]
    for slips in (own, list(_general(want))):
        near = [slip for slip in slips if abs(math.log(got / slip.variance)) <= apart < abs(math.log(want / got))]
        if near:
            return min(near, key=lambda slip: abs(math.log(got / slip.variance)))
    return None


def _general(want: float) -> Iterator[Slip]:
    yield Slip(
        words="has the square of the variance that is due: the variance was taken for the standard deviation",
        advice="take the root of the variance: numpy's `scale` is a standard deviation",
        variance=want**2,
    )
    yield Slip(
        words="has the root of the variance that is due: a root is taken twice, or the deviation for the variance",
        advice="take the root of the variance once",
        variance=math.sqrt(want),
    )
    yield Slip(
        words="has half of the variance that is due: a gain of 2 is missing",
        advice="multiply the variance by the gain 2",
        variance=want / 2,
    )
    yield Slip(
        words="has twice the variance that is due: a gain of 2 too many",
        advice="leave the gain 2 out of the variance",
        variance=want * 2,
    )
    yield Slip(
        words="has a third of the variance that is due: the bound of a uniform distribution was set to the deviation",
        advice="a uniform distribution on [-a, a] has variance a^2 / 3, so a is the deviation times root 3",
        variance=want / 3,
    )
    yield Slip(
        words="has three times the variance that is due: the bound of a uniform distribution was taken for a deviation",
        advice="a uniform distribution on [-a, a] has variance a^2 / 3: do not pass a as a standard deviation",
        variance=want * 3,
    )
    yield Slip(
        words="has a quarter of the variance that is due: the range has half of its length",
        advice="draw from -a to a, a range of length 2 a",
        variance=want / 4,
    )
    yield Slip(words="has variance 1: it is not scaled", advice="scale what you draw", variance=1.0)
