"""Lets an author run checks with plain pytest, in an editor: ``pytest reference/NAME/checks.py``.

Registered with pytest by the package. It touches files called ``checks.py`` inside an
assignment only; the student is the solution, in this process. Options: none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.random import Generator

    from grader.course import Assignment


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect ``checks.py`` of an assignment when it is asked for by name."""
    named = any(Path(argument).resolve() == file_path for argument in parent.config.args)
    if file_path.name != "checks.py" or not named or _assignment_of(file_path) is None:
        return None
    return _Checks.from_parent(parent, path=file_path)


class _Checks(pytest.Module):
    """A module whose tests are called ``check_*``, as the grader collects them."""

    def funcnamefilter(self, name: str) -> bool:
        return name.startswith("check_")


def _assignment_of(checks: Path) -> Assignment | None:
    from grader.course import Course
    from grader.errors import CourseError

    try:
        return Course(checks.parent.parent.parent).assignment(checks.parent.name)
    except CourseError:
        return None


@pytest.fixture(scope="session")
def _solution(request: pytest.FixtureRequest) -> ModuleType:
    from grader.engine.checks import load_module

    checks = next(item.path for item in request.session.items if item.path.name == "checks.py")
    assignment = _assignment_of(checks)
    if assignment is None or assignment.solution is None:
        pytest.skip(f"{checks.parent.name} has no solution here to run its checks against")
    return load_module(assignment.solution, f"_solution_{assignment.name}")


@pytest.fixture
def student(_solution: ModuleType) -> Any:
    """The solution, called as a submission is."""
    from grader.engine.plain import PlainStudent

    return PlainStudent(_solution)


@pytest.fixture
def reference(_solution: ModuleType) -> ModuleType:
    """The solution, called directly."""
    return _solution


@pytest.fixture
def rng() -> Generator:
    """A generator with a seed of the author's run."""
    import numpy as np

    return np.random.default_rng(0)
