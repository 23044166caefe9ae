from __future__ import annotations

import pytest

from tests.ci.repository import Runner, student_repository


@pytest.fixture
def runner(tmp_path) -> Runner:
    """A runner with a student's checkout."""
    return Runner(student_repository(tmp_path / "checkout"), tmp_path / "commands")
