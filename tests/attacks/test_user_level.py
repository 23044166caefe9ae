"""The attacks that the level ``user`` promises to stop, where this machine can have it."""

from __future__ import annotations

import json
import re

import pytest

from grader.sandbox.isolation import Level
from grader.worker import landlock
from tests.attacks.families import FAMILIES, stopped
from tests.sandbox import readable


@pytest.mark.parametrize("family", ["reading", "harming", "talking"])
def test_no_attack_of_a_family_achieves_anything(family):
    done = readable.run("ci/wall.py", "--level", "user", "--only", family)
    assert re.match(r"\{", done.stdout), done.stderr
    figures = json.loads(done.stdout)
    assert figures["found"] == {}
    assert figures["attacks"] == len(stopped(FAMILIES[family], Level.USER))
    assert (figures["level"], done.returncode) == ("user", 0)


def test_a_kernel_whose_landlock_is_older_is_asked_for_less(monkeypatch):
    every = [attack for attacks in FAMILIES.values() for attack in attacks]
    for version, level, number in (
        (6, Level.USER, len(every)),
        (5, Level.USER, sum(attack.user for attack in every)),
        (0, Level.USER, sum(attack.user for attack in every)),
        (0, Level.NAMESPACE, len(every)),
    ):
        monkeypatch.setattr(landlock, "version", lambda version=version: version)
        assert len(stopped(every, level)) == number
    assert 0 < sum(attack.user for attack in every) < len(every)
