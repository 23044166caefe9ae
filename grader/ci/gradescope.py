"""Gradescope's machine: one submission, hidden checks too, and results that are written again after every check.

The machine ends a run without a word when its time is up, so what was found until then must
be there, whole. The hidden part lies on the same machine: the wall, and file modes, keep it
from the student's code.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.course import Assignment
from grader.engine.bench import Bench
from grader.engine.catalogue import Catalogue
from grader.engine.checks import Check, CheckSuite, with_checks
from grader.engine.grade import grade, unreadable
from grader.engine.warm import zygote_of
from grader.errors import CourseError, GraderError
from grader.reports.gradescope import gradescope_form, problem_form
from grader.results import CheckResult, ExerciseResult, Outcome, SubmissionResult
from grader.sandbox.errors import SandboxError
from grader.sandbox.isolation import Level
from grader.submissions import Found, Submission, Unreadable, find_own, read

_NOT_FINISHED = "Grading was cut short: what is not shown as passed was not run. Look for an endless loop."


class Machine:
    """Where Gradescope puts things, and looks for results.

    Parameters
    ----------
    root
        ``/autograder``.
    """

    def __init__(self, root: Path) -> None:
        self._results = root / "results" / "results.json"
        self._metadata = root / "submission_metadata.json"
        self._started = time.monotonic()

    def put(self, form: Mapping[str, Any]) -> None:
        """Replace the results; at every moment there are whole ones."""
        self._results.parent.mkdir(parents=True, exist_ok=True)
        partial = self._results.with_name(".results.json.part")
        partial.write_text(json.dumps(form, indent=2) + "\n", encoding="utf-8")
        partial.replace(self._results)

    def show(self, result: SubmissionResult, *, finished: bool) -> None:
        """Put the results of a run, or what is known of them until now."""
        seconds = time.monotonic() - self._started
        self.put(gradescope_form(result, seconds=seconds, note="" if finished else _NOT_FINISHED))

    def who(self) -> tuple[str, tuple[str, ...]]:
        """Return the names of those who handed it in, and ``late`` if it was; nothing where nothing is told."""
        try:
            told = json.loads(self._metadata.read_text(encoding="utf-8"))
            names = ", ".join(str(user["name"]) for user in told.get("users", []))
            due, handed_in = (told.get("assignment", {}).get("due_date"), told.get("created_at"))
            late = bool(due and handed_in) and datetime.fromisoformat(handed_in) > datetime.fromisoformat(due)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return "", ()
        return names, ("late",) if late else ()


def run(assignment: Assignment, own: Path, machine: Machine, *, level: Level) -> SubmissionResult:
    """Grade the submission in ``own`` with all checks, and leave the results as they come.

    Raises
    ------
    GraderError
        When it could not be graded.
    """
    machine.put(problem_form(_NOT_FINISHED))
    try:
        with zygote_of(assignment, level) as zygote:
            zygote.start()

            def work(suite: CheckSuite) -> SubmissionResult:
                zygote.wait_until_warm()
                seed = _seed(assignment)
                bench = Bench(assignment, suite, zygote, seed, Catalogue(assignment, suite, seed))
                return _graded(bench, _found(assignment, own, machine), machine)

            result = with_checks(assignment, work)
    except SandboxError as error:
        raise GraderError(str(error)) from None
    machine.show(result, finished=True)
    return result


def assignment_of(course: Path, name: str) -> Assignment:
    """Return the assignment with its hidden part.

    Raises
    ------
    CourseError
        When there is none: points without hidden checks are not what was asked for.
    """
    hidden = course / "reference" / name
    if not (hidden / "checks.py").is_file():
        raise CourseError(f"{hidden}/checks.py is missing or cannot be read: make the archive again")
    return Assignment(course / "assignments" / name, hidden)


def _seed(assignment: Assignment) -> str:
    """Return a secret that is the same for the whole class, though each submission is graded alone."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in assignment.checks)).hexdigest()[:32]


def _found(assignment: Assignment, own: Path, machine: Machine) -> Found:
    names, notes = machine.who()
    found = find_own(own, module=assignment.module)
    return replace(found, student=names or found.student, notes=notes)


def _graded(bench: Bench, found: Found, machine: Machine) -> SubmissionResult:
    try:
        submission = read(found, released=bench.assignment.released())
    except Unreadable as error:
        return unreadable(bench.assignment, found, str(error), bench.zygote.level.value)
    ended: dict[str, CheckResult] = {}

    def on_check(result: CheckResult) -> None:
        ended[result.check] = result
        machine.show(_so_far(bench, submission, ended), finished=False)

    bench.on_check = on_check
    return grade(bench, submission)


def _so_far(bench: Bench, submission: Submission, ended: Mapping[str, CheckResult]) -> SubmissionResult:
    """Return the result as if every check that has not ended yet were not run."""
    checks = tuple(ended.get(check.id) or _not_run(check) for check in bench.suite.checks)
    return SubmissionResult(
        id=submission.id,
        student=submission.student,
        assignment=bench.assignment.name,
        outcome=Outcome.NOT_RUN,
        exercises=tuple(
            _score(exercise.name, exercise.title, exercise.points, checks) for exercise in bench.assignment.exercises
        ),
        checks=checks,
        isolation=bench.zygote.level.value,
    )


def _score(name: str, title: str, points: int, checks: tuple[CheckResult, ...]) -> ExerciseResult:
    own = [check for check in checks if check.exercise == name and check.outcome is not Outcome.GRADER_ERROR]
    passed = [check for check in own if check.outcome is Outcome.PASSED]
    weight = sum(check.weight for check in own)
    share = Fraction(sum(check.weight for check in passed), weight) if weight else Fraction(0)
    return ExerciseResult(
        name=name, title=title, points=Fraction(points), earned=points * share, passed=len(passed), total=len(own)
    )


def _not_run(check: Check) -> CheckResult:
    return CheckResult(
        check=check.id,
        exercise=check.exercise,
        title=check.title,
        visibility=check.visibility,
        weight=check.weight,
        outcome=Outcome.NOT_RUN,
    )
