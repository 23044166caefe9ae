"""A class in numbers: counts, mean, distribution and pass rates, from its rows.

Computes and formats nothing; ``html`` and ``terminal`` show what stands here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.reports.rows import CheckKey, Made, Row, points_of
from grader.results import BatchInfo, Outcome

BINS = 10
"""Bins of the distribution: tenths of the points, the steps in which people speak of grades."""


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Submissions that earned at least ``low`` and less than ``high`` points; the last bin includes ``high``."""

    low: Fraction
    high: Fraction
    count: int


@dataclass(frozen=True, kw_only=True)
class PassRate:
    """How many of the submissions that a check was tried on passed it."""

    key: CheckKey
    passed: int
    total: int


@dataclass(frozen=True, kw_only=True)
class MistakeCount:
    """Which submissions made one mistake."""

    made: Made
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What is true of a class as a whole."""

    outcomes: tuple[tuple[Outcome, int], ...]
    """Those that occurred, in the order of the enumeration."""
    graded: int
    """Submissions that could be graded: mean and bins are over these alone."""
    mean: Fraction
    """Points, 0 where nothing was graded."""
    bins: tuple[Bin, ...]
    """Empty for an assignment without points."""
    rates: tuple[PassRate, ...]
    """In the order in which the checks first occur."""
    mistakes: tuple[MistakeCount, ...]
    """By exercise, in its order; within one the most frequent first."""
    shortcuts: tuple[Row, ...]
    """Submissions in which some were seen, in the order of the rows."""


def summarize(info: BatchInfo, rows: Sequence[Row]) -> Summary:
    """Return the numbers of the class that ``rows`` are."""
    earned = [row.earned for row in rows if row.outcome is not Outcome.UNREADABLE]
    return Summary(
        outcomes=count_outcomes(rows),
        graded=len(earned),
        mean=sum(earned, Fraction(0)) / max(len(earned), 1),
        bins=_bins(earned, points=points_of(info)),
        rates=_pass_rates(rows),
        mistakes=count_mistakes(info, rows),
        shortcuts=with_shortcuts(rows),
    )


def count_mistakes(info: BatchInfo, rows: Sequence[Row]) -> tuple[MistakeCount, ...]:
    """Return which mistakes the class made, by exercise, the most frequent first."""
    made: dict[Made, list[Row]] = {}
    for row in rows:
        for mistake in row.mistakes:
            made.setdefault(mistake, []).append(row)
    place = {exercise.name: number for number, exercise in enumerate(info.exercises)}
    counts = [MistakeCount(made=mistake, rows=tuple(who)) for mistake, who in made.items()]
    return tuple(sorted(counts, key=lambda count: (place.get(count.made.exercise, len(place)), -len(count.rows))))


def with_shortcuts(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the submissions in which shortcuts were seen: derivatives by values, ready-made functions."""
    return tuple(row for row in rows if row.shortcuts)


def count_outcomes(rows: Sequence[Row]) -> tuple[tuple[Outcome, int], ...]:
    """Return how often each outcome occurred among the submissions, leaving out those that did not."""
    counts = Counter(row.outcome for row in rows)
    return tuple((outcome, counts[outcome]) for outcome in Outcome if counts[outcome])


def _bins(earned: Sequence[Fraction], *, points: Fraction) -> tuple[Bin, ...]:
    if not points:
        return ()
    # Fractions, so that 7 of 10 points fall into the bin that begins at 7, as a reader expects.
    counts = Counter(min(int(BINS * value / points), BINS - 1) for value in earned)
    return tuple(
        Bin(low=points * index / BINS, high=points * (index + 1) / BINS, count=counts[index]) for index in range(BINS)
    )


def _pass_rates(rows: Sequence[Row]) -> tuple[PassRate, ...]:
    tried: Counter[CheckKey] = Counter()
    passed: Counter[CheckKey] = Counter()
    for row in rows:
        for key, outcome in zip(row.keys, row.outcomes, strict=True):
            tried[key] += 1
            passed[key] += outcome is Outcome.PASSED
    return tuple(PassRate(key=key, passed=passed[key], total=total) for key, total in tried.items())
