"""The student's run: the public checks on the own work, once or on every save."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from grader.course import Assignment
from grader.engine.bench import Bench
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.grade import grade, unreadable
from grader.engine.warm import zygote_of
from grader.errors import GraderError
from grader.results import Outcome, SubmissionResult
from grader.sandbox import isolation
from grader.sandbox.errors import SandboxError
from grader.submissions import Found, Unreadable, find_own, read

PUBLIC_SEED = "public"
"""Public checks draw the same inputs every time: a student can reproduce what failed."""


def check(
    assignment: Assignment,
    own: Path,
    show: Callable[[SubmissionResult], None],
    *,
    level: isolation.Level,
    again: Iterable[object] = (),
) -> bool:
    """Run the public checks on a student's own work, and again whenever ``again`` yields.

    Parameters
    ----------
    assignment
        The assignment, without its hidden part.
    own
        The student's file or folder.
    show
        Gets every result.
    level
        The level of isolation.
    again
        Yields when the work was saved.

    Returns
    -------
    bool
        Whether the last run passed every check.

    Raises
    ------
    GraderError
        When the checks cannot be collected, or the work cannot be found.
    """
    public = Assignment(assignment.public, None)
    with zygote_of(public, level) as zygote:
        saves = iter(again)

        def work(suite: CheckSuite) -> bool:
            zygote.wait_until_warm()
            bench = Bench(public, suite, zygote, PUBLIC_SEED)
            while True:
                result = _grade_own(bench, own)
                show(result)
                if next(saves, None) is None:
                    return bool(result.checks) and all(c.outcome is Outcome.PASSED for c in result.checks)

        try:
            zygote.start()  # it warms up while the checks are collected
            return with_checks(public, work)
        except SandboxError as error:
            raise GraderError(str(error)) from None


def _grade_own(bench: Bench, own: Path) -> SubmissionResult:
    found: Found = find_own(own, module=bench.assignment.module)
    try:
        submission = read(found, released=bench.assignment.released())
    except Unreadable as error:
        return unreadable(bench.assignment, found, str(error), bench.zygote.level.value)
    return grade(bench, submission)
