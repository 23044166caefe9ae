"""The known mistakes of an assignment, and what each check sees of each: computed when it is first asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress

from grader.course import Assignment
from grader.engine import trials
from grader.engine.checks import Check, CheckSuite
from grader.engine.plain import PlainStudent
from grader.engine.reach import Reach
from grader.engine.views import View
from grader.mistakes import Mistake, PatchError, exercises_by_function, read_mistakes

Combination = tuple[int, ...]
"""Numbers of mistakes that are made together, ascending; without any it is the solution itself."""

_ANSWERS = 64
"""Modules that are kept: making one takes as long as a check, and all of a large class's would fill the memory."""


class Catalogue:
    """The mistakes of an assignment, each seen by its checks under one seed.

    Parameters
    ----------
    assignment
        With its solution.
    suite
        Its collected checks.
    seed
        The secret of the run: a mistake is seen with the inputs that submissions get.

    Raises
    ------
    CourseError
        When the mistakes cannot be read.
    """

    def __init__(self, assignment: Assignment, suite: CheckSuite, seed: str) -> None:
        self.mistakes: tuple[Mistake, ...] = read_mistakes(assignment)
        solution = assignment.solution
        self._source = solution.read_text(encoding="utf-8") if solution else ""
        self.exercise_of = exercises_by_function(assignment, self._source) if self.mistakes else {}
        self._suite = suite
        self._seed = seed
        self._answers: OrderedDict[Combination, PlainStudent | None] = OrderedDict()
        self._views: dict[tuple[str, Combination], View | None] = {}
        self._reach: Reach | None = None

    def relevant(self, check: Check) -> list[int]:
        """Return the mistakes that can make a difference to a check: those in functions that it reaches."""
        if not self.mistakes:
            return []
        reached = self._known_reach().of(check)
        return [n for n, mistake in enumerate(self.mistakes) if mistake.function in reached]

    def called(self, check: Check) -> frozenset[str]:
        """Return the functions that a check itself calls."""
        return self._known_reach().called(check)

    def own_failure(self, check: Check) -> BaseException | None:
        """Return what a check says of the solution, with the inputs that submissions get; None when it passes it."""
        return self._known_reach().trial(check).error if self._source else None

    def _known_reach(self) -> Reach:
        self._reach = self._reach or Reach(self._suite, self._source, self._seed)
        return self._reach

    def view(self, check: Check, mistakes: Combination) -> View | None:
        """Return what a check sees of some mistakes made together; None when they cannot be."""
        if not mistakes:
            return self._known_reach().trial(check).view
        key = (check.id, mistakes)
        if key not in self._views:
            student = self._answer(mistakes)
            self._views[key] = trials.run(self._suite, check, student, self._seed).view if student else None
        return self._views[key]

    def explains(self, mistakes: Combination, check: Check, view: View) -> bool:
        """Whether a check sees of these mistakes what it saw of an answer."""
        theirs = self.view(check, mistakes)
        return theirs is not None and theirs.looks_like(view)

    def _answer(self, mistakes: Combination) -> PlainStudent | None:
        if mistakes not in self._answers:
            made = None
            with suppress(Exception):  # of mistakes that exclude each other, or raise at import: the audit says so
                made = trials.answer(applied([self.mistakes[n] for n in mistakes], self._source))
            self._answers[mistakes] = made
            while len(self._answers) > _ANSWERS:
                self._answers.popitem(last=False)
        self._answers.move_to_end(mistakes)
        return self._answers[mistakes]


def applied(mistakes: Sequence[Mistake], source: str) -> str:
    """Return ``source`` with several mistakes made in it.

    Raises
    ------
    PatchError
        When they exclude each other in both orders.
    """
    try:
        return _in_order(mistakes, source)
    except PatchError:
        return _in_order(mistakes[::-1], source)


def _in_order(mistakes: Sequence[Mistake], source: str) -> str:
    for mistake in mistakes:
        source = mistake.apply(source)
    return source
