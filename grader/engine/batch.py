"""Many submissions: graded one after another, committed one by one, continued after a kill."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from grader.course import Assignment
from grader.engine import digests
from grader.engine.bench import Bench
from grader.engine.catalogue import Catalogue
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.grade import info_of, lost, regrade, unreadable
from grader.engine.gradebook import Gradebook
from grader.engine.runs import Shelf, Stored
from grader.errors import GraderError, in_one_line
from grader.results import Outcome, SubmissionResult
from grader.sandbox import isolation
from grader.sandbox.errors import SandboxError
from grader.sandbox.session import Session
from grader.sandbox.zygote import Zygote
from grader.submissions import Found, Submission, Unreadable, read

GRADEBOOK = "gradebook.sqlite"

Task = tuple[int, Found]
"""A submission and its place in the run."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a run grades: everything that a process needs to take part in it."""

    assignment: Assignment
    seed: str
    level: isolation.Level
    known: dict[str, str]
    """Digests of results that are stored already, by submission."""
    book: Path | None = None
    """The gradebook with what single checks met, which may be used again too; None when nothing may."""


@dataclass(frozen=True, kw_only=True)
class Graded:
    """One submission of the run is done."""

    position: int
    id: str
    result: SubmissionResult | None
    """None when the stored result holds."""
    runs: tuple[Stored, ...] = ()
    """What its checks met."""


def plan_run(
    assignment: Assignment, book: Gradebook, *, seed: str | None, level: isolation.Level, fresh: bool = False
) -> Plan:
    """Decide how to grade, and note it in the gradebook.

    Parameters
    ----------
    assignment
        What is graded.
    book
        Where results go. It keeps the seed, so that a run that is continued draws the same inputs.
    seed
        The secret seed; the gradebook's, or a new one, when None.
    level
        The level of isolation.
    fresh
        Grade everything again.
    """
    stored = book.setting("assignment")
    if stored not in {None, assignment.name}:
        raise GraderError(f"this folder holds results of {stored}: choose another --out for {assignment.name}")
    seed = seed or book.setting("seed") or secrets.token_hex(16)
    book.keep("assignment", assignment.name)
    book.keep("seed", seed)
    info = info_of(assignment, seed=seed, level=level, version=digests.grader_version())
    book.keep("info", info.model_dump_json())
    if fresh:
        return Plan(assignment=assignment, seed=seed, level=level, known={})
    return Plan(assignment=assignment, seed=seed, level=level, known=book.digests(), book=book.path)


def run(plan: Plan, tasks: Iterable[Task], on_graded: Callable[[Graded], None], zygote: Zygote) -> None:
    """Grade submissions in this process, handing each on as soon as it is done; let the zygote go afterwards.

    Raises
    ------
    GraderError
        When the checks cannot be collected, or the sandbox cannot be started.
    """

    def work(suite: CheckSuite) -> None:
        zygote.wait_until_warm()
        bench = Bench(plan.assignment, suite, zygote, plan.seed, Catalogue(plan.assignment, suite, plan.seed))
        checks = [check.id for check in suite.checks]
        with closing(Gradebook(plan.book)) if plan.book else nullcontext() as book:
            stored = book.runs if book else _nothing_stored
            shelf = Shelf(plan.assignment, plan.seed, plan.level.value, checks, stored)
            # closing it ends the worker that was started ahead, also when grading is cut short
            with closing(_one_ahead(bench, _read_all(plan, tasks))) as submissions:
                for item, session in submissions:
                    on_graded(_graded(bench, shelf, item, session))
        zygote.release()

    try:
        with_checks(plan.assignment, work)
    except SandboxError as error:
        raise GraderError(str(error)) from None


def _nothing_stored(_submission: str) -> list[Stored]:
    return []


def settle(plan: Plan, tasks: list[Task], on_graded: Callable[[Graded], None]) -> list[Task]:
    """Hand on the submissions whose stored results hold, and return the others: nothing is started for nothing."""
    if not plan.known:
        return tasks
    left = []
    for item in _read_all(plan, tasks):
        if item.submission is None and item.decided is None:
            on_graded(Graded(position=item.task[0], id=item.task[1].id, result=None))
        else:
            left.append(item.task)
    return left


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A submission that was read: to be graded, or decided already, or neither when its stored result holds."""

    task: Task
    digest: str
    submission: Submission | None = None
    decided: SubmissionResult | None = None


def _read_all(plan: Plan, tasks: Iterable[Task]) -> Iterator[_Read]:
    released = plan.assignment.released()
    common = digests.of_run(plan.assignment, plan.seed, plan.level.value)
    for task in tasks:
        item = _read(plan, task, released, common)
        holds = plan.known.get(task[1].id) == item.digest
        yield _Read(task=task, digest=item.digest) if holds else item


def _read(plan: Plan, task: Task, released: Mapping[str, bytes], common: str) -> _Read:
    found = task[1]
    try:
        submission = read(found, released=released)
    except Unreadable as error:
        result = unreadable(plan.assignment, found, str(error), plan.level.value)
        digest = _with_notes(f"unreadable {error}", result.group, result.problems)
        return _Read(task=task, digest=digests.of_result(common, digest), decided=result)
    except Exception as error:  # noqa: BLE001 - what one student handed in may cost no other result
        result = lost(plan.assignment, found, plan.level.value, why=in_one_line(error))
        return _Read(task=task, digest="", decided=result)
    digest = _with_notes(submission.digest, submission.group, submission.notes)
    return _Read(task=task, digest=digests.of_result(common, digest), submission=submission)


def _with_notes(digest: str, group: tuple[str, ...], notes: tuple[str, ...]) -> str:
    """Let a result go stale when what is said of its submission changes: what its checks met is kept all the same."""
    return "\0".join((digest, *group, *notes))


def _one_ahead(bench: Bench, items: Iterator[_Read]) -> Generator[tuple[_Read, Session | None], None, None]:
    """Yield submissions, the next one's worker being forked and loading while this one is graded."""

    def prepared(item: _Read | None) -> tuple[_Read, Session | None] | None:
        if item is None or item.submission is None:
            return (item, None) if item else None
        session = bench.session(item.submission)
        with suppress(SandboxError):  # it tries again when its turn comes, and says then what is wrong
            session.prepare()
        return item, session

    ahead = prepared(next(items, None))
    try:
        while ahead is not None:
            now, ahead = ahead, prepared(next(items, None))
            yield now
    finally:
        if ahead is not None and ahead[1] is not None:
            ahead[1].end()


def _graded(bench: Bench, shelf: Shelf, item: _Read, session: Session | None) -> Graded:
    position, found = item.task
    result = item.decided
    runs: tuple[Stored, ...] = ()
    if item.submission is not None:
        try:
            result, met = regrade(bench, item.submission, session, shelf.usable(item.submission))
            runs = shelf.packed(item.submission, met)
        except Exception as error:  # noqa: BLE001 - what one student handed in may cost no other result
            result = lost(bench.assignment, found, bench.zygote.level.value, why=in_one_line(error))
        finally:
            if session is not None:
                session.end()
    if result is not None:
        # what the grader failed at is graded again by the next run: the fault may have been a passing one
        digest = "" if result.outcome is Outcome.GRADER_ERROR else item.digest
        result = result.model_copy(update={"digest": digest})
    return Graded(position=position, id=found.id, result=result, runs=runs)


def store(book: Gradebook, graded: Graded) -> None:
    """Commit what is done."""
    if graded.result is not None:
        book.put(graded.result, graded.position, graded.runs)
    else:
        book.place(graded.id, graded.position)


def tasks_of(found: list[Found]) -> list[Task]:
    """Number the submissions in the order of the reports."""
    return list(itertools.zip_longest(range(len(found)), found))


def open_gradebook(out: Path) -> Gradebook:
    """Open, or make, the gradebook of an output folder.

    Raises
    ------
    GraderError
        When the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GraderError(f"{out} cannot be written: {error.strerror}") from None
    return Gradebook(out / GRADEBOOK)
