"""The audit as a whole: what is wrong from the start, then tasks, in this process or in several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from grader.audited import Audit
from grader.course import Assignment
from grader.engine.audit.outcome import put_together
from grader.engine.audit.sound import Sound, examine, shortly
from grader.engine.audit.work import (
    IMPORT,
    Found,
    MutantFound,
    RightAnswer,
    Task,
    WrongAnswer,
    WrongFound,
    catching,
    work,
)
from grader.errors import CourseError, GraderError
from grader.mistakes import Mistake, Variant, reached_from, read_mistakes, read_variants
from grader.mutants import mutants

SHARES = 12
"""Tasks are dealt out in this many shares a process, of several: collecting the checks again costs 0.2 s, and the last
share is waited for."""


def audit(
    assignment: Assignment,
    *,
    seeds: int,
    with_mutants: bool,
    jobs: int,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Audit:
    """Measure level and power of the checks of an assignment.

    Parameters
    ----------
    assignment
        With its hidden part.
    seeds
        Seeds under which every variant is graded, at least 1.
    with_mutants
        Also try mutants of the reference, which takes longest.
    jobs
        Processes; with one, all of it happens in this one.
    on_progress
        Is told how many parts of the work are done, and of how many.

    Raises
    ------
    GraderError
        When there is no solution, or the checks, mistakes or variants cannot be read.
    """
    if assignment.solution is None or assignment.hidden is None:
        raise CourseError(f"{assignment.name} has no solution here: an audit needs reference/{assignment.name}")
    source = _read(assignment.solution)
    mistakes = read_mistakes(assignment)
    variants = _variants(assignment, source)
    sound = examine(assignment, source)
    found: list[Found] = []
    late: frozenset[str] = frozenset()
    if not sound.complaints:
        tasks = list(_tasks(assignment, source, mistakes, variants, seeds=seeds, with_mutants=with_mutants))
        with _told():
            found = _worked(assignment, tasks, jobs, on_progress)
            late = _late(assignment, sound, found)
    titles = [variant.title for variant in variants]
    return put_together(assignment, source, sound, mistakes, titles, found, seeds=seeds, late=late)


def _variants(assignment: Assignment, source: str) -> tuple[Variant, ...]:
    assert assignment.hidden is not None
    path = assignment.hidden / "variants.py"
    try:
        return read_variants(path, source) if path.is_file() else ()
    except (UnicodeDecodeError, OSError) as error:
        raise CourseError(f"{path}: {error}") from None
    except ValueError as error:  # it names the file
        raise CourseError(f"{path.parent}: {error}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise CourseError(f"{path}: {error}") from None


def _tasks(
    assignment: Assignment,
    source: str,
    mistakes: Sequence[Mistake],
    variants: Sequence[Variant],
    *,
    seeds: int,
    with_mutants: bool,
) -> Iterator[Task]:
    for number, mistake in enumerate(mistakes):
        yield WrongAnswer(number=number, mistake=mistake)
    rights = [("the reference", source), *((f"{v.exercise}: {v.title}", v.source) for v in variants)]
    for title, text in rights:
        for start in range(0, seeds, 10):
            names = tuple(f"audit {number}" for number in range(start, min(start + 10, seeds)))
            yield RightAnswer(title=title, source=text, seeds=names)
    if with_mutants:
        functions = [name for exercise in assignment.exercises for name in exercise.functions]
        yield from mutants(source, sorted(frozenset().union(*(reached_from(source, name) for name in functions))))


def _worked(
    assignment: Assignment, tasks: Sequence[Task], jobs: int, on_progress: Callable[[int, int], None]
) -> list[Found]:
    assert assignment.hidden is not None
    do = partial(work, assignment.public, assignment.hidden)
    if jobs == 1:  # no second process: a debugger gets in, and a small course is done before another would start
        return do(tasks, on_progress)
    shares = [tasks[start :: SHARES * jobs] for start in range(min(SHARES * jobs, len(tasks)))]
    found: list[Found] = []
    # spawned, because pytest and numpy have state that a fork would share
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(do, share) for share in shares]
        try:
            for done, future in enumerate(as_completed(waiting), 1):
                found += future.result()
                on_progress(done, len(shares))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _late(assignment: Assignment, sound: Sound, found: Sequence[Found]) -> frozenset[str]:
    """Return the checks that catch mutants all of which another one caught first: the others were not asked then."""
    hunted = [one for one in found if isinstance(one, MutantFound) and one.caught_by not in {"", IMPORT}]
    busy = {check for one in found if isinstance(one, WrongFound) for check in one.caught_by}
    busy |= {one.caught_by for one in hunted}
    idle = {check.id for check in sound.checks} - busy
    return catching(assignment, idle, [one.mutant for one in hunted]) if idle and hunted else frozenset()


@contextmanager
def _told() -> Iterator[None]:
    """Turn what breaks the work off, a process that died say, into one line."""
    try:
        yield
    except GraderError:
        raise
    except Exception as error:
        raise GraderError(f"the audit broke off: {shortly(error)}") from error
