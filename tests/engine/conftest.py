"""Grading in this process, as ``grader grade`` does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Assignment, Course
from grader.engine import batch, pool
from grader.engine.warm import zygote_of
from grader.results import SubmissionResult
from grader.sandbox.isolation import Level
from grader.submissions import find

RIGHT = (Path(__file__).parent.parent / "course/reference/tiny/tiny.py").read_text(encoding="utf-8")

Grade = Callable[..., dict[str, SubmissionResult]]


@pytest.fixture(scope="session")
def right() -> str:
    """A submission that passes every check."""
    return RIGHT


@pytest.fixture(scope="session")
def grade() -> Grade:
    """Grade a folder of submissions and return the results by student."""

    def run(
        submissions: Path,
        assignment: Assignment,
        *,
        level: Level = Level.NONE,
        seed: str = "the tests' seed",
        jobs: int = 1,
        known: dict[str, str] | None = None,
    ) -> dict[str, SubmissionResult]:
        plan = batch.Plan(assignment=assignment, seed=seed, level=level, known=known or {})
        tasks = batch.tasks_of(find(submissions, module=assignment.module))
        graded: list[batch.Graded] = []
        if jobs == 1:
            with zygote_of(assignment, level) as zygote:
                batch.run(plan, tasks, graded.append, zygote)
        else:
            pool.run(plan, tasks, graded.append, jobs=jobs)
        graded.sort(key=lambda one: one.position)
        return {one.id: one.result for one in graded if one.result is not None}

    return run


@pytest.fixture(scope="session")
def tiny(course: Path) -> Assignment:
    """The assignment of the tiny course."""
    return Course(course).assignment("tiny")


@pytest.fixture
def own(own_course: Path) -> Assignment:
    """The same, to be changed by the test."""
    return Course(own_course).assignment("tiny")


@pytest.fixture
def one(grade: Grade, tiny: Assignment, tmp_path: Path) -> Callable[..., SubmissionResult]:
    """Grade one script and return its result."""

    def run(code: str, *, assignment: Assignment | None = None, **options: object) -> SubmissionResult:
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        (folder / "anna.py").write_text(code, encoding="utf-8")
        (result,) = grade(folder, assignment or tiny, **options).values()
        return result

    return run
