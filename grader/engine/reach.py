"""Which functions of the reference a check reaches: a wrong answer elsewhere is nothing to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from grader.engine import trials
from grader.engine.checks import Check, CheckSuite
from grader.engine.trials import Trial
from grader.mistakes import reached_from


class Reach:
    """Knows for every check the functions that it calls, and those that they call.

    Parameters
    ----------
    suite
        The collected checks.
    source
        The solution.
    seed
        Any seed: which functions a check calls does not depend on its inputs.
    """

    def __init__(self, suite: CheckSuite, source: str, seed: str) -> None:
        self._suite = suite
        self._source = source
        self._seed = seed
        self._solution = trials.answer(source)
        self._called: dict[str, tuple[frozenset[str], Trial]] = {}
        self._reached: dict[str, frozenset[str]] = {}

    def called(self, check: Check) -> frozenset[str]:
        """Return the names of the functions that a check calls itself."""
        return self._ran(check)[0]

    def trial(self, check: Check) -> Trial:
        """Return how a check ends on the solution."""
        return self._ran(check)[1]

    def _ran(self, check: Check) -> tuple[frozenset[str], Trial]:
        if check.id not in self._called:
            self._solution.called.clear()
            trial = trials.run(self._suite, check, self._solution, self._seed)
            self._called[check.id] = frozenset(self._solution.called), trial
        return self._called[check.id]

    def touching(self, checks: Iterable[Check], functions: Collection[str]) -> list[Check]:
        """Return those of some checks that can see a difference in one of some functions."""
        return [check for check in checks if not self.of(check).isdisjoint(functions)]

    def of(self, check: Check) -> frozenset[str]:
        """Return the names of all functions, methods as ``Class.method``, whose mistakes a check can see."""
        if check.id not in self._reached:
            reached = [reached_from(self._source, name) for name in self.called(check)]
            self._reached[check.id] = frozenset().union(*reached)
        return self._reached[check.id]
