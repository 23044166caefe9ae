"""What the tests of the wall, the engine and the command line share: a tiny course, the levels, sessions."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grader.cli import app
from grader.sandbox.isolation import Level, why_not_namespace
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.worker import wire

COURSE = Path(__file__).parent / "course"


@pytest.fixture(autouse=True)
def _control_c_is_not_ignored() -> Iterator[None]:
    """A shell that starts the tests in the background ignores Ctrl+C, and all that they start inherits it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def course() -> Path:
    """The tiny course, as it lies in the repository: not to be written to."""
    return COURSE


@pytest.fixture
def own_course(tmp_path: Path) -> Path:
    """A copy of the tiny course that a test may change."""
    return Path(shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture(scope="session", params=[Level.NAMESPACE, Level.NONE], ids=str)
def level(request: pytest.FixtureRequest) -> Level:
    """Every level of isolation that this machine offers."""
    return _offered(request.param)


@pytest.fixture(scope="session")
def namespace() -> Level:
    """The level of isolation that a class is graded in."""
    return _offered(Level.NAMESPACE)


def _offered(level: Level) -> Level:
    if level is Level.NAMESPACE and why_not_namespace():
        pytest.skip(why_not_namespace())
    return level


@pytest.fixture(scope="session")
def zygotes() -> Iterator[Callable[[Level], Zygote]]:
    """Give the warm zygote of a level, the same one all along."""
    warm: dict[Level, Zygote] = {}

    def zygote(level: Level) -> Zygote:
        if level not in warm:
            warm[level] = Zygote(level, ("numpy",))
        return warm[level]

    yield zygote
    for each in warm.values():
        each.stop()
        each.__exit__()


@pytest.fixture
def submit(zygotes: Callable[[Level], Zygote]) -> Iterator[Callable[..., Student]]:
    """Put code behind the wall and return the proxy of it; its session is ``student._session``."""
    sessions = []

    def put(
        *cells: str,
        level: Level = Level.NONE,
        zygote: Zygote | None = None,
        notebook: bool = False,
        tolerant: bool = True,
        files: dict[str, bytes] | None = None,
        seconds: float = 5,
        **limits: int,
    ) -> Student:
        code = Code(module="work", notebook=notebook, cells=cells, files=files or {}, tolerant=tolerant)
        bounds: dict[str, Any] = {"memory_mb": 512, "cpu_seconds": 60, "file_mb": 16, "output_kb": 4, "processes": 16}
        session = Session(
            zygote or zygotes(level),
            code,
            limits=wire.Limits(**{**bounds, **limits}),
            allowed=Time(load=seconds, check=seconds, total=10 * seconds),
        )
        session.begin(0)
        sessions.append(session)
        return Student(session, ("numpy",))

    yield put
    for session in sessions:
        session.end()


@pytest.fixture
def here(own_course: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call a command in this process, in the course's folder: faster than a program of its own."""
    monkeypatch.chdir(own_course)
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *words: CliRunner().invoke(app, list(map(str, words)), prog_name="grader")
