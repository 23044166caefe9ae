"""The little of a submission that a page about the whole class needs.

A batch keeps one :class:`Row` a submission and lets go of the result, with its arrays and
its printed output. How rows are counted is :mod:`grader.reports.summary`'s affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from grader.reports.words import by_hand, not_on_a_gpu
from grader.results import BatchInfo, CheckResult, Outcome, SubmissionResult, Visibility


@dataclass(frozen=True, slots=True)
class CheckKey:
    """What one check is, whoever it is run for."""

    check: str
    title: str
    exercise: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Made:
    """A mistake that a submission made, or several that its checks could not tell apart."""

    exercise: str
    function: str
    hint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One submission, as a line of a table. Made by :func:`row_of`."""

    id: str
    student: str
    outcome: Outcome
    message: str
    earned: Fraction
    by_exercise: dict[str, Fraction]
    """Points earned, by the name of the exercise; empty when nothing could be graded."""
    keys: tuple[CheckKey, ...]
    """Of the checks that were tried: one tuple for all rows, because a class has a hundred times as many."""
    outcomes: tuple[Outcome, ...]
    faults: tuple[tuple[str, str], ...]
    """Name and message of each check that broke by the grader's own fault."""
    mistakes: tuple[Made, ...] = ()
    """Each once, however many checks it failed."""
    by_hand: tuple[tuple[str, str], ...] = ()
    """Names of the exercises whose points an instructor set, each with what there is to say about it."""
    shortcuts: tuple[str, ...] = ()
    """Sentences for the instructor alone."""
    without_gpu: int = 0
    """Checks that would have looked at a GPU too, on a machine that had one."""


def row_of(result: SubmissionResult) -> Row:
    """Return the line that stands for ``result`` in tables about the class."""
    return Row(
        id=result.id,
        student=result.student,
        outcome=result.outcome,
        message=result.message,
        earned=result.earned,
        by_exercise={exercise.name: exercise.earned for exercise in result.exercises},
        keys=_shared_keys(tuple(_key_of(check) for check in result.checks)),
        outcomes=tuple(check.outcome for check in result.checks),
        faults=faults_of(result),
        mistakes=_mistakes_of(result),
        by_hand=tuple((exercise.name, by_hand(exercise)) for exercise in result.exercises if exercise.override),
        shortcuts=result.shortcuts,
        without_gpu=sum(not_on_a_gpu(check) for check in result.checks),
    )


def faults_of(result: SubmissionResult) -> tuple[tuple[str, str], ...]:
    """Name and message of every grader error in ``result``, also of one that struck the submission as a whole."""
    faults = [(check.check, check.message) for check in result.checks if check.outcome is Outcome.GRADER_ERROR]
    if result.outcome is Outcome.GRADER_ERROR and not faults:
        faults = [("the whole submission", result.message)]
    return tuple(faults)


def _mistakes_of(result: SubmissionResult) -> tuple[Made, ...]:
    made: dict[Made, None] = {}
    for check in result.checks:
        alternatives = [one.mistakes for one in check.explanations]
        if len(alternatives) == 1:
            made |= dict.fromkeys(_shared_made(m.exercise, m.function, m.hint) for m in alternatives[0])
        elif alternatives:
            functions = dict.fromkeys(mistake.function for one in alternatives for mistake in one)
            made[_shared_made(check.exercise, ", ".join(functions), check.hint)] = None
    return tuple(made)


def points_of(info: BatchInfo) -> Fraction:
    """Points that the whole assignment is worth."""
    return sum((exercise.points for exercise in info.exercises), Fraction(0))


def _key_of(check: CheckResult) -> CheckKey:
    return _shared_key(check.check, check.title, check.exercise, check.visibility)


# An assignment has tens of checks and a class hundreds of submissions: all rows share one key a check.
@lru_cache(maxsize=16)
def _shared_keys(keys: tuple[CheckKey, ...]) -> tuple[CheckKey, ...]:
    return keys


@lru_cache(maxsize=1024)
def _shared_made(exercise: str, function: str, hint: str) -> Made:
    return Made(exercise, function, hint)


@lru_cache(maxsize=1024)
def _shared_key(check: str, title: str, exercise: str, visibility: Visibility) -> CheckKey:
    return CheckKey(check, title, exercise, visibility)
