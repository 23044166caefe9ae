"""Every attack fails: no secret, no point, no harm, and the honest neighbours do not notice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from grader.sandbox.isolation import Level
from tests.attacks.arena import Arena, Fought
from tests.attacks.families import FAMILIES

ALL = [
    pytest.param(family, attack, id=f"{family}-{attack.name}")
    for family, attacks in FAMILIES.items()
    for attack in attacks
]


@pytest.fixture(scope="session")
def fights(arenas: Callable[[Level], Arena], namespace: Level) -> Callable[[str], Fought]:
    """Give what came of a family, graded as one class, once."""
    done: dict[str, Fought] = {}

    def fought(family: str) -> Fought:
        if family not in done:
            done[family] = arenas(namespace).fight(FAMILIES[family])
        return done[family]

    return fought


@pytest.mark.parametrize(("family", "attack"), ALL)
def test_an_attack_was_made_and_achieves_nothing(fights, family, attack):
    fought = fights(family)
    verdict = fought.verdicts[attack.name]
    assert (verdict.leaks, verdict.forged, verdict.harms) == ([], [], [])
    assert re.search(attack.shows, fought.results[attack.name].model_dump_json())


@pytest.mark.parametrize("family", FAMILIES)
def test_no_neighbour_notices_and_nothing_is_harmed(fights, family):
    fought = fights(family)
    assert fought.lost == []
    assert fought.harms == []


def test_they_are_many_and_each_has_its_own_name():
    names = [attack.name for attacks in FAMILIES.values() for attack in attacks]
    assert len(set(names)) == len(names) >= 60
