"""grade(): one submission, all checks, one result. Every command that grades calls it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from fractions import Fraction

from grader.course import Assignment, Exercise
from grader.engine.bench import Bench, not_run, run_check
from grader.engine.diagnosis import Look
from grader.engine.explained import carried_forward, explained
from grader.engine.runs import COUNTED, CheckRun
from grader.engine.shortcuts import shortcuts_in
from grader.results import BatchInfo, CheckResult, ExerciseResult, Outcome, SubmissionResult
from grader.sandbox import imports
from grader.sandbox.isolation import Level
from grader.sandbox.seen import IN_PLACE
from grader.sandbox.session import Session
from grader.submissions import Found, Submission, about

_WORST_FIRST = (
    Outcome.GRADER_ERROR, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED, Outcome.FORBIDDEN,
    Outcome.FAILED, Outcome.NOT_RUN, Outcome.NOT_IMPLEMENTED, Outcome.PASSED,
)  # fmt: skip
"""The outcome of a submission is the first of these that one of its checks had."""

_EXPLAINED = {Outcome.FAILED, Outcome.CRASHED}
"""Outcomes that a known mistake may explain."""


def grade(bench: Bench, submission: Submission, session: Session | None = None) -> SubmissionResult:
    """Grade one submission.

    Parameters
    ----------
    bench
        What all submissions of the run share.
    submission
        What was handed in.
    session
        Its session, when that was prepared ahead.
    """
    return regrade(bench, submission, session, {})[0]


def regrade(
    bench: Bench, submission: Submission, session: Session | None, usable: Mapping[str, CheckRun]
) -> tuple[SubmissionResult, dict[str, CheckRun]]:
    """Grade one submission as :func:`grade` does, running only the checks of which no earlier run is usable.

    Returns
    -------
    result
        As if all checks had been run now.
    runs
        Of all checks, by their ids.
    """
    started = time.monotonic()
    session = bench.loaded(submission, session)
    try:
        runs = _run_all(bench, session, usable)
        if usable and any(run.result.outcome in COUNTED for run in runs.values()):
            # it may have consequences for the others too
            session.end()
            session = bench.session(submission)
            runs = _run_all(bench, session, {})
    finally:
        session.end()
    checks = _noted_once(_compared(bench, runs))
    found = {check.outcome for check in checks}
    functions = [function for exercise in bench.assignment.exercises for function in exercise.functions]
    result = SubmissionResult(
        id=submission.id,
        student=submission.student,
        group=submission.group,
        assignment=bench.assignment.name,
        source=submission.source,
        outcome=next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.PASSED),
        problems=(*submission.notes, *session.problems(), *imports.misnamed(session.code, session.loaded, functions)),
        shortcuts=_shortcuts(bench, submission, functions),
        exercises=_scores(bench, checks, session),
        checks=checks,
        isolation=bench.zygote.level.value,
        seconds=round(time.monotonic() - started, 4),
    )
    return result, runs


def _noted_once(checks: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Say of a function once, at the first check that saw it, that it changes an argument in place."""
    said: set[str] = set()
    told = []
    for check in checks:
        notes = tuple(note for note in check.notes if note not in said)
        told.append(check if len(notes) == len(check.notes) else check.model_copy(update={"notes": notes}))
        said.update(note for note in notes if note.endswith(IN_PLACE))
    return tuple(told)


def so_far(bench: Bench, submission: Submission, ended: Mapping[str, CheckResult]) -> SubmissionResult:
    """Return the result of a submission as if the checks that have not ended yet were not run.

    Parameters
    ----------
    bench, submission
        As of :func:`grade`.
    ended
        Results by the ids of their checks.
    """
    checks = tuple(ended.get(check.id) or not_run(check) for check in bench.suite.checks)
    return SubmissionResult(
        id=submission.id,
        student=submission.student,
        group=submission.group,
        assignment=bench.assignment.name,
        outcome=Outcome.NOT_RUN,
        exercises=_scores(bench, checks, None),
        checks=checks,
        isolation=bench.zygote.level.value,
    )


def info_of(assignment: Assignment, *, seed: str, level: Level, version: str) -> BatchInfo:
    """Return what all results of a run have in common."""
    return BatchInfo(
        assignment=assignment.name,
        title=assignment.configuration.title,
        grader_version=version,
        seed=seed,
        isolation=level.value,
        exercises=_no_points(assignment),
    )


def unreadable(assignment: Assignment, found: Found, message: str, isolation: str) -> SubmissionResult:
    """Return the result of a submission that cannot be read: no points, one line."""
    return SubmissionResult(
        id=found.id,
        student=found.student,
        group=found.group,
        assignment=assignment.name,
        source=found.source,
        outcome=Outcome.UNREADABLE,
        message=message,
        problems=about(found),
        exercises=_no_points(assignment),
        isolation=isolation,
    )


def lost(assignment: Assignment, found: Found, isolation: str, *, why: str = "it died") -> SubmissionResult:
    """Return the result of a submission at which the grader itself failed."""
    message = f"the grader failed at this submission ({why}): grade it again, or report it"
    result = unreadable(assignment, found, message, isolation)
    return result.model_copy(update={"outcome": Outcome.GRADER_ERROR})


def _no_points(assignment: Assignment) -> tuple[ExerciseResult, ...]:
    """Return the exercises with their points, nothing earned."""
    return tuple(
        ExerciseResult(name=e.name, title=e.title, points=Fraction(e.points), earned=Fraction(0), passed=0, total=0)
        for e in assignment.exercises
    )


def _scores(bench: Bench, checks: tuple[CheckResult, ...], session: Session | None) -> tuple[ExerciseResult, ...]:
    """Return the points of the exercises that have a check here: on a student's machine those with public ones."""
    checked = {check.exercise for check in bench.suite.checks}
    return tuple(
        _score(exercise, checks, session) for exercise in bench.assignment.exercises if exercise.name in checked
    )


def _run_all(bench: Bench, session: Session, usable: Mapping[str, CheckRun]) -> dict[str, CheckRun]:
    runs = {}
    for check in bench.suite.checks:
        runs[check.id] = usable.get(check.id) or run_check(bench, session, check)
        bench.on_check(runs[check.id].result)
    return runs


def _shortcuts(bench: Bench, submission: Submission, functions: list[str]) -> tuple[str, ...]:
    """Return what an instructor should look at; nothing without the solution, as on a student's machine."""
    if not bench.right_answers:
        return ()
    solution, *variants = bench.right_answers
    return shortcuts_in(submission.cells, solution, functions, variants)


def _compared(bench: Bench, runs: Mapping[str, CheckRun]) -> tuple[CheckResult, ...]:
    """Return the results of all checks, with what they say of each other, and what is known about failures."""
    compared = {name: run.compared_with_own for name, run in runs.items()}
    checks = carried_forward([run.result for run in runs.values()], compared)
    if bench.catalogue is None:
        return checks
    looks = [
        Look(check=check, view=runs[check.id].view, wrong=runs[check.id].result.outcome in _EXPLAINED)
        for check in bench.suite.checks
    ]
    return explained(bench.catalogue, checks, looks)


def _score(exercise: Exercise, checks: tuple[CheckResult, ...], session: Session | None) -> ExerciseResult:
    # a check that is itself at fault costs nothing: it does not count at all
    counted = [c for c in checks if c.exercise == exercise.name and c.outcome is not Outcome.GRADER_ERROR]
    total = sum(c.weight for c in counted)
    passed = sum(c.weight for c in counted if c.outcome is Outcome.PASSED)
    points = Fraction(exercise.points)
    loaded = session.loaded if session else None
    broken = imports.broken(session.code, loaded, exercise.functions) if session else ()
    written = (set(loaded.defined) - set(loaded.stubs)).union(broken) if loaded else set(exercise.functions)
    return ExerciseResult(
        name=exercise.name,
        title=exercise.title,
        points=points,
        earned=points * passed / total if total else points,
        passed=sum(c.outcome is Outcome.PASSED for c in counted),
        total=len(counted),
        missing=tuple(function for function in exercise.functions if function not in written),
        broken=broken,
    )
