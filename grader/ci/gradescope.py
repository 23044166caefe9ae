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
from pathlib import Path
from typing import Any

from grader.course import Assignment
from grader.engine.bench import Bench
from grader.engine.catalogue import Catalogue
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.grade import grade, so_far, unreadable
from grader.engine.warm import zygote_of
from grader.errors import CourseError, GraderError
from grader.reports import folder
from grader.reports.gradescope import gradescope_form, problem_form
from grader.results import CheckResult, SubmissionResult
from grader.sandbox.errors import SandboxError
from grader.sandbox.isolation import Level
from grader.submissions import Found, Unreadable, find_own, notes, read

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
        folder.replace(self._results, json.dumps(form, indent=2) + "\n")

    def show(self, result: SubmissionResult, *, finished: bool) -> None:
        """Put the results of a run, or what is known of them until now."""
        seconds = time.monotonic() - self._started
        self.put(gradescope_form(result, seconds=seconds, note="" if finished else _NOT_FINISHED))

    def who(self) -> tuple[str, tuple[str, ...]]:
        """Return the names of those who handed it in, and ``late`` if it was; nothing where nothing is told."""
        try:
            told = json.loads(self._metadata.read_text(encoding="utf-8"))
            names = notes.joined([str(user["name"]) for user in told.get("users", [])])
            due, handed_in = (told.get("assignment", {}).get("due_date"), told.get("created_at"))
            late = bool(due and handed_in) and datetime.fromisoformat(handed_in) > datetime.fromisoformat(due)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return "", ()
        return names, (notes.LATE,) if late else ()


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
    names, said = machine.who()
    found = find_own(own, module=assignment.module)
    return replace(found, student=names or found.student, notes=said)


def _graded(bench: Bench, found: Found, machine: Machine) -> SubmissionResult:
    try:
        submission = read(found, released=bench.assignment.released())
    except Unreadable as error:
        return unreadable(bench.assignment, found, str(error), bench.zygote.level.value)
    ended: dict[str, CheckResult] = {}

    def on_check(result: CheckResult) -> None:
        ended[result.check] = result
        machine.show(so_far(bench, submission, ended), finished=False)

    bench.on_check = on_check
    return grade(bench, submission)
