"""The audit as a whole: what is wrong from the start, then tasks, in this process or in several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from grader.audited import Audit
from grader.course import Assignment
from grader.engine.answers import REFERENCE, right_answers
from grader.engine.audit.outcome import put_together
from grader.engine.audit.sharing import shared
from grader.engine.audit.sound import examine
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
from grader.mistakes import Mistake, reached_from, read_mistakes
from grader.mutants import mutants


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
    answers = right_answers(assignment)
    source = answers[REFERENCE]
    mistakes = read_mistakes(assignment)
    sound = examine(assignment, source)
    found: list[Found] = []
    late: frozenset[str] = frozenset()
    if not sound.complaints:
        tasks = list(_tasks(assignment, answers, mistakes, seeds=seeds, with_mutants=with_mutants))
        found = [*chain.from_iterable(shared(assignment, work, tasks, jobs, on_progress))]
        late = _late(assignment, found, {check.id for check in sound.checks})
    variants = [title for title in answers if title != REFERENCE]
    return put_together(assignment, source, sound, mistakes, variants, found, seeds=seeds, late=late)


def _tasks(
    assignment: Assignment,
    answers: Mapping[str, str],
    mistakes: Sequence[Mistake],
    *,
    seeds: int,
    with_mutants: bool,
) -> Iterator[Task]:
    for number, mistake in enumerate(mistakes):
        yield WrongAnswer(number=number, mistake=mistake)
    for title, text in answers.items():
        for start in range(0, seeds, 10):
            names = tuple(f"audit {number}" for number in range(start, min(start + 10, seeds)))
            yield RightAnswer(title=title, source=text, seeds=names)
    if with_mutants:
        source = answers[REFERENCE]
        functions = [name for exercise in assignment.exercises for name in exercise.functions]
        yield from mutants(source, sorted(frozenset().union(*(reached_from(source, name) for name in functions))))


def _late(assignment: Assignment, found: Sequence[Found], checks: set[str]) -> frozenset[str]:
    """Return the checks that catch mutants all of which another one caught first: the others were not asked then."""
    hunted = [one for one in found if isinstance(one, MutantFound) and one.caught_by not in {"", IMPORT}]
    busy = {check for one in found if isinstance(one, WrongFound) for check in one.caught_by}
    busy |= {one.caught_by for one in hunted}
    idle = checks - busy
    return catching(assignment, idle, [one.mutant for one in hunted]) if idle and hunted else frozenset()
