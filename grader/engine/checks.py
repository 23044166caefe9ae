"""One pytest session that collects the checks of an assignment once and runs them again and again.

pytest owns the flow of control, so the work is given to it: :func:`with_checks` starts a
session and calls its argument with a :class:`CheckSuite` once everything is collected.
Fixtures of session scope live as long as the suite, for the whole class.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import numpy as np
import pytest
from _pytest.runner import runtestprotocol

from grader.checks.declare import Declaration
from grader.course import Assignment
from grader.errors import CourseError
from grader.results import Visibility
from grader.sandbox.student import Student

_Result = TypeVar("_Result")

_NO_PLUGINS = (
    "cacheprovider", "debugging", "doctest", "faulthandler", "junitxml", "logging", "pastebin", "setuponly",
    "setupplan", "stepwise", "terminal", "threadexception", "unittest", "unraisableexception", "warnings",
)  # fmt: skip
"""Plugins that write files, print, or cost time for each check, and decide nothing."""
_PLACE = re.compile(r'(?P<file>[^\s"]+\.py)(?:", line |:)(?P<line>\d+)')
"""A line of a file, as pytest and as Python name it."""


@dataclass(frozen=True)
class Check:
    """One collected check."""

    item: pytest.Item
    id: str
    title: str
    exercise: str
    weight: int
    visibility: Visibility


@dataclass
class Met:
    """What a check met: nothing, or the exception that ended it, and in which phase."""

    error: BaseException | None = None
    phase: str = ""


@dataclass
class _Current:
    """What the fixtures hand to the running check."""

    student: Student | None = None
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    met: Met = field(default_factory=Met)


class CheckSuite:
    """The collected checks of an assignment, in the order of its files."""

    def __init__(self, checks: list[Check], current: _Current, *, seconds: float) -> None:
        self.checks = checks
        self.seconds = seconds
        """Time that the assignment gives a check of one submission."""
        self._current = current
        self._places = {check.id: number for number, check in enumerate(checks)}

    def run(self, check: Check, student: Student, rng: np.random.Generator) -> Met:
        """Run one check against one submission and return what it met."""
        self._current.student = student
        self._current.rng = rng
        self._current.met = Met()
        # the last check may have been another than the one before, or this one itself: what only it needed ends now
        setup: Any = check.item.session._setupstate  # noqa: SLF001 - as pytest's own runner does
        setup.teardown_exact(check.item.parent)
        # the item after the last is the first of the next round: nothing of session scope is torn down between
        following = self.checks[(self._places[check.id] + 1) % len(self.checks)]
        # at extreme inputs a right reference may overflow on its way: nobody wants that printed for each student
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runtestprotocol(check.item, log=False, nextitem=following.item)
        met, self._current.met = self._current.met, Met()  # it holds the frames of the check, and what is in them
        return met


class _Plugin:
    """Collects ``check_*``, provides the fixtures, and hands the session over."""

    def __init__(self, assignment: Assignment, work: Callable[[CheckSuite], Any]) -> None:
        self._assignment = assignment
        self._work = work
        self.current = _Current()
        self._collection_errors: list[str] = []
        self._never_run: list[str] = []
        self.failure: BaseException | None = None
        self.result: Any = None

    def pytest_pycollect_makeitem(self, collector: pytest.Collector, name: str, obj: object) -> None:
        """Note what an author takes for a check: nobody would run it."""
        if name.startswith("test_") and isinstance(obj, FunctionType):
            code = obj.__code__
            if code.co_filename == str(collector.path):  # and not imported
                self._never_run.append(f"{collector.path}, line {code.co_firstlineno}: {name}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._collection_errors.append(_where_and_what(report.longreprtext))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        try:
            checks = self._collected(session)
            gc.enable()
            self.result = self._work(
                CheckSuite(checks, self.current, seconds=self._assignment.configuration.limits.check_seconds)
            )
        except BaseException as error:  # noqa: BLE001 - pytest would swallow it; with_checks raises it again
            self.failure = error
        return True

    def _collected(self, session: pytest.Session) -> list[Check]:
        if self._collection_errors:
            raise CourseError(f"the checks cannot be read: {self._collection_errors[0]}")
        if self._never_run:
            raise CourseError(f"{self._never_run[0]} is never run; a check's name begins with check_")
        checks = [_check(item, self._assignment) for item in session.items]
        _refuse_what_does_not_fit(checks, self._assignment)
        return checks

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Call a check; one that returns something decides nothing, and pytest would let everybody pass it."""
        wanted = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001 - as pytest's own caller does
        returned = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted})
        if returned is not None:
            kind = type(returned).__name__
            if isinstance(returned, Coroutine):
                returned.close()
            raise TypeError(f"it returned something of type {kind}: a check decides by assert or by raising")
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Keep the exception itself; pytest's own report of it costs more than most checks."""
        if call.excinfo is not None and self.current.met.error is None:
            self.current.met = Met(call.excinfo.value, call.when)
        outcome = "failed" if call.excinfo is not None else "passed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)  # type: ignore[arg-type]


def _fixtures(assignment: Assignment, current: _Current) -> ModuleType:
    """Return the fixtures as a plugin of their own; a module, because pytest gives methods a new instance each time."""

    @pytest.fixture
    def student() -> Student:
        """The submission."""
        assert current.student is not None
        return current.student

    @pytest.fixture
    def rng() -> np.random.Generator:
        """A generator whose seed is secret, recorded, and the same for the whole class."""
        return current.rng

    @pytest.fixture(scope="session")
    def reference() -> ModuleType:
        """The reference solution, for hidden checks."""
        if assignment.solution is None:
            raise CourseError(f"a check of {assignment.name} wants the reference, and there is none here")
        return load_module(assignment.solution, f"_reference_{assignment.name}")

    plugin = ModuleType("grader_fixtures")
    for fixture in (student, rng, reference):
        setattr(plugin, fixture.__name__, fixture)
    return plugin


def with_checks(assignment: Assignment, work: Callable[[CheckSuite], _Result]) -> _Result:
    """Collect the checks of an assignment and return ``work(suite)``.

    Raises
    ------
    CourseError
        When the checks cannot be collected, or do not fit ``assignment.toml``.
    KeyboardInterrupt
        When Ctrl+C was pressed, also while they are collected: pytest makes a status of it.
    """
    plugin = _Plugin(assignment, work)
    arguments = [*map(str, assignment.checks), "--import-mode=importlib", "--capture=no", "-c", os.devnull]
    arguments += ["-o", "python_files=checks.py", "-o", "python_functions=check_*", "--rootdir", str(assignment.public)]
    arguments += [word for name in _NO_PLUGINS for word in ("-p", f"no:{name}")]
    gc.disable()  # checks import torch, and a tenth of that time is looking for garbage where there is none
    with _undisturbed(), _modules_forgotten(assignment):
        try:
            status = pytest.main(arguments, plugins=[plugin, _fixtures(assignment, plugin.current)])
        finally:
            gc.enable()
    if plugin.failure is not None:
        raise plugin.failure
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status != pytest.ExitCode.OK:
        detail = plugin._collection_errors[0] if plugin._collection_errors else "none was found"  # noqa: SLF001
        raise CourseError(f"the checks of {assignment.name} cannot be read: {detail}")
    return plugin.result  # type: ignore[no-any-return]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep pytest to what is said here: what is installed or set on this machine is not the author's wish."""
    kept = {name: os.environ.get(name) for name in ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    # checks whose assertions were rewritten are stored beside them: it halves the start
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_bytecode
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def _modules_forgotten(assignment: Assignment) -> Iterator[None]:
    """Forget the modules of an assignment: under their names pytest would take them for those of the next one."""
    folders = [folder for folder in (assignment.public, assignment.hidden) if folder]
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if isinstance(file, str) and any(map(Path(file).is_relative_to, folders)):
                del sys.modules[name]


def load_module(path: Path, name: str) -> ModuleType:
    """Import a trusted file of the course under a name of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _where_and_what(report: str) -> str:
    """Return file, line and exception of an import that failed, from pytest's report of it."""
    lines = report.strip().splitlines() or [""]
    places = [match for line in lines if (match := _PLACE.search(line))]
    where = f"{places[-1]['file']}, line {places[-1]['line']}: " if places else ""
    return where + lines[-1].removeprefix("E").strip()


def _check(item: pytest.Item, assignment: Assignment) -> Check:
    function = getattr(item, "function", None)
    declaration = getattr(function, "declaration", None)
    if not isinstance(declaration, Declaration):
        raise CourseError(f"{item.path}: {item.name} lacks @exercise(...) and has no place in the points")
    title = (function.__doc__ or "").strip().partition("\n")[0]
    if not title:
        raise CourseError(f"{item.path}: {item.name} has no docstring, which is the title that students read")
    case = item.name.partition("[")[2].rstrip("]")
    visibility: Visibility = "public" if item.path.parent.samefile(assignment.public) else "hidden"
    full = f"{title.rstrip('.')} ({case})." if case else title
    return Check(item, f"{visibility}/{item.name}", full, declaration.exercise, declaration.weight, visibility)


def _refuse_what_does_not_fit(checks: list[Check], assignment: Assignment) -> None:
    names = {exercise.name for exercise in assignment.exercises}
    seen: set[str] = set()
    for check in checks:
        if check.exercise not in names:
            raise CourseError(f"{check.id} belongs to {check.exercise!r}, which assignment.toml does not know")
        if check.id in seen:
            raise CourseError(f"two checks are called {check.id}")
        seen.add(check.id)
    if assignment.hidden is not None:
        empty = sorted(names - {check.exercise for check in checks})
        if empty:
            raise CourseError(f"no check decides about the exercise {empty[0]!r}")
