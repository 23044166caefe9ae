"""What each check is worth in points, for forms that know tests with scores and no exercises.

An exercise's points are shared among its checks by weight, so that the shares of a submission
sum to its points, exactly. Where they would not (a check at fault does not count, points were
set by hand, nothing could be graded), one share stands for the whole exercise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from grader.reports.words import by_hand
from grader.results import CheckResult, ExerciseResult, Outcome, SubmissionResult


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a submission's points."""

    title: str
    exercise: str
    """Name of the exercise."""
    points: Fraction
    earned: Fraction
    """0 <= earned, and at most ``points`` unless an instructor gave more by hand."""
    check: CheckResult | None
    """None when it stands for a whole exercise."""
    note: str = ""
    """Why the points are others than the checks give: an instructor's words."""

    @property
    def passed(self) -> bool:
        """Whether there is nothing left to earn, or the check says so itself."""
        return self.check.outcome is Outcome.PASSED if self.check else self.earned >= self.points


def shares(result: SubmissionResult) -> tuple[Share, ...]:
    """Return the shares of a submission, exercise by exercise; their sums are its points and what it earned."""
    return tuple(share for exercise in result.exercises for share in _of_exercise(exercise, result.checks))


def common_factor(parts: Iterable[Share]) -> int:
    """Return the smallest whole number that makes every share whole without changing a ratio."""
    return math.lcm(*(number.denominator for share in parts for number in (share.points, share.earned)))


def dyadic(numbers: Sequence[Fraction]) -> list[float]:
    """Return floats whose sum, in any order, is exact, and is the true sum to half of ``2**-32``.

    A third is no float, and three floats next to it need not sum to 1. So the running sums are rounded to multiples
    of ``2**-32``, and the differences returned: below ``2**20`` points these and their sums have at most 53 bits.
    """
    grid = 2**32
    rounded = [0]
    total = Fraction(0)
    for number in numbers:
        total += number
        rounded.append(round(total * grid))
    return [(after - before) / grid for before, after in pairwise(rounded)]


def _of_exercise(exercise: ExerciseResult, checks: Iterable[CheckResult]) -> list[Share]:
    own = [check for check in checks if check.exercise == exercise.name]
    total = sum(check.weight for check in own if _counts(check))
    parts = [_of_check(check, exercise.points * check.weight / total if _counts(check) else None) for check in own]
    if sum(part.points for part in parts) == exercise.points and sum(part.earned for part in parts) == exercise.earned:
        return parts
    whole = Share(
        title=exercise.title,
        exercise=exercise.name,
        points=exercise.points,
        earned=exercise.earned,
        check=None,
        note=by_hand(exercise),
    )
    return [*(_of_check(check, None) for check in own), whole]


def _counts(check: CheckResult) -> bool:
    return check.outcome is not Outcome.GRADER_ERROR


def _of_check(check: CheckResult, points: Fraction | None) -> Share:
    worth = points or Fraction(0)
    earned = worth if check.outcome is Outcome.PASSED else Fraction(0)
    return Share(title=check.title, exercise=check.exercise, points=worth, earned=earned, check=check)
