"""An arena for each level, made once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.sandbox.isolation import Level
from tests.attacks.arena import Arena


@pytest.fixture(scope="session")
def arenas(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Level], Arena]:
    """Give the arena of a level, the same one all along."""
    made: dict[Level, Arena] = {}

    def arena(level: Level) -> Arena:
        if level not in made:
            made[level] = Arena(tmp_path_factory.mktemp("arena"), level)
        return made[level]

    return arena
