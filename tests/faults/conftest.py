"""Grading into a folder, as ``grader grade`` does it: the gradebook is what survives from one run to the next."""

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

Results = dict[str, SubmissionResult]


@pytest.fixture
def own(own_course: Path) -> Assignment:
    """The tiny assignment, to be changed by the test."""
    return Course(own_course).assignment("tiny")


@pytest.fixture
def right(own_course: Path) -> str:
    """A submission that passes every check."""
    return (own_course / "reference/tiny/tiny.py").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, right: str) -> Path:
    """A class of two: one is right, one is wrong about the mean."""
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "anna.py").write_text(right, encoding="utf-8")
    (folder / "berta.py").write_text(right.replace("axis=0", "axis=1"), encoding="utf-8")
    return folder


@pytest.fixture
def grade(tmp_path: Path, own: Assignment, folder: Path) -> Callable[..., Results]:
    """Grade the class into ``out``, what holds being used again; return what is in the gradebook then."""

    def run(
        *,
        out: Path = tmp_path / "out",
        fresh: bool = False,
        jobs: int = 1,
        on_graded: Callable[[batch.Graded], None] | None = None,
    ) -> Results:
        found = find(folder, module="tiny")
        with batch.open_gradebook(out) as book:
            plan = batch.plan_run(own, book, seed="faults", level=Level.NONE, fresh=fresh)

            def store(graded: batch.Graded) -> None:
                batch.store(book, graded)
                if on_graded:
                    on_graded(graded)

            tasks = batch.settle(plan, batch.tasks_of(found), store)
            if jobs == 1 and tasks:
                with zygote_of(own, Level.NONE) as zygote:
                    batch.run(plan, tasks, store, zygote)
            elif tasks:
                pool.run(plan, tasks, store, jobs=jobs)
            book.keep_only({one.id for one in found})
            return {result.id: result for result in book.results()}

    return run
