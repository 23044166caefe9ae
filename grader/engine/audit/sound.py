"""What has to hold before anything is worth measuring: the reference passes, and every check is repeatable."""

from __future__ import annotations

from dataclasses import dataclass

from grader.course import Assignment
from grader.engine import trials
from grader.engine.audit.apart import Traces
from grader.engine.checks import CheckSuite, with_checks
from grader.errors import in_one_line

SEED = "audit"
"""Of everything but right answers, which get seeds of their own."""


@dataclass(frozen=True, kw_only=True)
class CheckName:
    """A check as its reader knows it."""

    id: str
    title: str
    exercise: str


@dataclass(frozen=True, kw_only=True)
class Sound:
    """The checks of an assignment, and what is wrong with them from the start."""

    checks: tuple[CheckName, ...]
    complaints: tuple[str, ...]


def examine(assignment: Assignment, source: str) -> Sound:
    """Run every check on the reference, twice, and complain in one line about each that cannot be trusted.

    The checks are collected anew for the second run, because what they draw while they are
    imported is the same all through one session.

    Raises
    ------
    CourseError
        When the checks cannot be collected.
    """
    try:
        trials.answer(source)
    except Exception as error:  # noqa: BLE001 - whatever it raises
        return Sound(checks=(), complaints=(f"the reference does not import: {shortly(error)}",))
    checks, first = with_checks(assignment, lambda suite: (_names(suite), _traces(suite, source, 1)))
    second = with_checks(assignment, lambda suite: _traces(suite, source, 2))
    complaints = (_complaint(check.id, first[check.id], second.get(check.id)) for check in checks)
    return Sound(checks=checks, complaints=tuple(filter(None, complaints)))


def shortly(error: BaseException | None) -> str:
    """Name an exception in one line that fits a report: what is longer is an array printed."""
    return in_one_line(error)[:300]


def _names(suite: CheckSuite) -> tuple[CheckName, ...]:
    return tuple(CheckName(id=check.id, title=check.title, exercise=check.exercise) for check in suite.checks)


def _traces(suite: CheckSuite, source: str, disorder: int) -> dict[str, Traces]:
    student = trials.answer(source)
    return {check.id: Traces(suite, check, student, SEED, disorder=disorder) for check in suite.checks}


def _complaint(check: str, first: Traces, second: Traces | None) -> str:
    if not first.trial.passed:
        return f"the reference does not pass {check}: {shortly(first.trial.error)}"
    if second is None or not second.trial.passed or not first.agree_with(second):
        return f"{check} gives other numbers when it is run again: draw everything from its `rng`"
    return ""
