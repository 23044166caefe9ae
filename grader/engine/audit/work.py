"""What one process of an audit does: it collects the checks once and works through its share of the tasks."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from grader.audited import FalseFailure
from grader.checks.record import Measurement
from grader.course import Assignment
from grader.engine import trials
from grader.engine.audit.replay import Recorder, Script, is_equivalent
from grader.engine.audit.sound import SEED, shortly
from grader.engine.checks import Check, CheckSuite, with_checks
from grader.engine.plain import module_of
from grader.engine.reach import Reach
from grader.engine.trials import Trial
from grader.engine.views import PASSED, View
from grader.mistakes import Mistake, PatchError, changed, definitions, reached_from
from grader.mutants import Mutant

IMPORT = "import"
"""In the place of a check where an answer does not even import."""


@dataclass(frozen=True, kw_only=True)
class RightAnswer:
    """Grade a right answer under some seeds."""

    title: str
    source: str
    seeds: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """Find the checks that catch a mistake."""

    number: int
    mistake: Mistake


Task = RightAnswer | WrongAnswer | Mutant


@dataclass(frozen=True, kw_only=True)
class RightFound:
    """How a right answer fared."""

    gradings: int
    failed: int
    failures: tuple[FalseFailure, ...]
    ratios: dict[str, float]
    """By check: the largest deviation, in units of its threshold."""


@dataclass(frozen=True, kw_only=True)
class WrongFound:
    """How a mistake fared."""

    number: int
    refused: str = ""
    views: dict[str, View] = field(default_factory=dict)
    """What was seen of it by the checks that saw something else than of the reference."""
    ratios: dict[str, float] = field(default_factory=dict)
    """By check that a threshold decided: the deviation in units of it."""

    @property
    def caught_by(self) -> tuple[str, ...]:
        """The checks that failed it."""
        return tuple(check for check, view in self.views.items() if view.ending != PASSED)


@dataclass(frozen=True, kw_only=True)
class MutantFound:
    """How a mutant fared: caught by a check, or by none and equivalent, or a survivor."""

    mutant: Mutant
    caught_by: str = ""
    """The first check that failed it, or :data:`IMPORT`."""
    equivalent: bool = False


Found = RightFound | WrongFound | MutantFound


def work(
    assignment: Assignment, suite: CheckSuite, tasks: Sequence[Task], on_progress: Callable[[int, int], None]
) -> list[Found]:
    """Do some tasks of the audit of an assignment, in this process."""
    return _Auditor(assignment, suite).work(tasks, on_progress)


def catching(assignment: Assignment, checks: Collection[str], mutants: Sequence[Mutant]) -> frozenset[str]:
    """Return those of some checks that catch at least one of some mutants.

    Raises
    ------
    CourseError
        When the checks cannot be collected.
    """
    return with_checks(assignment, lambda suite: _Auditor(assignment, suite).catching(checks, mutants))


class _Auditor:
    def __init__(self, assignment: Assignment, suite: CheckSuite) -> None:
        assert assignment.solution is not None
        self._source = assignment.solution.read_text(encoding="utf-8")
        self._suite = suite
        self._reference = module_of(self._source, "reference")
        self._reach = Reach(suite, self._source, SEED)
        self._scripts: dict[str, Script] = {}

    def work(self, tasks: Sequence[Task], on_progress: Callable[[int, int], None]) -> list[Found]:
        found = []
        for done, task in enumerate(tasks, 1):
            found.append(self._do(task))
            on_progress(done, len(tasks))
        return found

    def catching(self, checks: Collection[str], mutants: Sequence[Mutant]) -> frozenset[str]:
        waiting = {check.id for check in self._suite.checks if check.id in checks}
        found: set[str] = set()
        for mutant in mutants:
            for check in self._touched_by({mutant.function}):
                if check.id in waiting - found and not self._tried(check, mutant.source).passed:
                    found.add(check.id)
        return frozenset(found)

    def _tried(self, check: Check, source: str) -> Trial:
        return trials.run(self._suite, check, trials.answer(source), SEED)

    def _do(self, task: Task) -> Found:
        match task:
            case RightAnswer():
                return self._grade(task)
            case WrongAnswer():
                return self._look(task)
            case _:
                return self._hunt(task)

    def _touched_by(self, functions: Collection[str]) -> list[Check]:
        return self._reach.touching(self._suite.checks, functions)

    def _grade(self, task: RightAnswer) -> RightFound:
        try:
            student = trials.answer(task.source)
            checks = self._touched_by(changed(self._source, task.source)) or self._suite.checks
        except Exception as error:  # noqa: BLE001 - it cannot even be imported: no check passes it
            return _not_imported(task, error)
        failures: list[FalseFailure] = []
        ratios: dict[str, float] = defaultdict(float)
        failed = 0
        for seed in task.seeds:
            before = len(failures)
            for check in checks:
                trial = trials.run(self._suite, check, student, seed)
                if trial.measurements:
                    ratios[check.id] = max(ratios[check.id], _largest(trial.measurements))
                if not trial.passed:
                    message = f"{type(trial.error).__name__}: {trial.error}"
                    failures.append(FalseFailure(variant=task.title, check=check.id, seed=seed, message=message))
            failed += len(failures) > before
        return RightFound(gradings=len(task.seeds), failed=failed, failures=tuple(failures), ratios=dict(ratios))

    def _look(self, task: WrongAnswer) -> WrongFound:
        refused = _refusal(task.mistake, self._source)
        if refused:
            return WrongFound(number=task.number, refused=refused)
        student = trials.answer(task.mistake.apply(self._source))
        views, ratios = {}, {}
        for check in self._touched_by({task.mistake.function}):
            trial = trials.run(self._suite, check, student, SEED)
            if not trial.view.looks_like(self._reach.trial(check).view):
                views[check.id] = trial.view
            ratio = _largest(trial.measurements)
            if not trial.passed and ratio > 1:
                ratios[check.id] = ratio
        return WrongFound(number=task.number, views=views, ratios=ratios)

    def _hunt(self, mutant: Mutant) -> MutantFound:
        try:
            student = trials.answer(mutant.source)
        except Exception:  # noqa: BLE001 - it cannot even be imported: every check catches it
            return MutantFound(mutant=mutant, caught_by=IMPORT)
        checks = self._touched_by({mutant.function})
        checks.sort(key=lambda check: len(self._script(check).calls))  # the cheap ones first
        for check in checks:
            if not trials.run(self._suite, check, student, SEED).passed:
                return MutantFound(mutant=mutant, caught_by=check.id)
        scripts = [self._script(check) for check in checks]
        return MutantFound(mutant=mutant, equivalent=trials.within_time(lambda: self._equivalent(mutant, scripts)))

    def _equivalent(self, mutant: Mutant, scripts: Sequence[Script]) -> bool:
        called = {call.function for script in scripts for call in script.calls}
        using = [name for name in called if mutant.function in reached_from(self._source, name)]
        return is_equivalent(module_of(mutant.source, "mutant"), self._reference, scripts, using)

    def _script(self, check: Check) -> Script:
        if check.id not in self._scripts:
            recorder = Recorder(self._reference)
            trials.run(self._suite, check, recorder, SEED)
            self._scripts[check.id] = recorder.script
        return self._scripts[check.id]


def _not_imported(task: RightAnswer, error: Exception) -> RightFound:
    message = f"it does not import: {shortly(error)}"
    failures = (FalseFailure(variant=task.title, check=IMPORT, seed=seed, message=message) for seed in task.seeds)
    return RightFound(gradings=len(task.seeds), failed=len(task.seeds), failures=tuple(failures), ratios={})


def _largest(measurements: Sequence[Measurement]) -> float:
    return max((measurement.ratio for measurement in measurements), default=0.0)


def _refusal(mistake: Mistake, source: str) -> str:
    """Say in one line why a mistake is none; empty when it is one."""
    try:
        patched = mistake.apply(source)
        if ast.dump(ast.parse(patched)) == ast.dump(ast.parse(source)):
            return "it is the reference itself"
        trials.answer(patched)
    except PatchError as error:
        return str(error)
    except SyntaxError as error:
        return f"what it makes is no Python: {error.msg}"
    except Exception as error:  # noqa: BLE001 - whatever it raises
        return f"what it makes does not import: {shortly(error)}"
    lost = sorted(definitions(source).keys() - definitions(patched).keys())
    return f"what it makes defines no {lost[0]}" if lost else ""
