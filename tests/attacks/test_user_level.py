"""The attacks that the level ``user`` promises to stop, where this machine can have it."""

from __future__ import annotations

import json
import re

import pytest

from tests.attacks.families import FAMILIES
from tests.sandbox import readable


@pytest.mark.xdist_group("attacks-user")
@pytest.mark.parametrize("family", ["reading", "harming", "talking"])
def test_no_attack_of_a_family_achieves_anything(family):
    done = readable.run("ci/wall.py", "--level", "user", "--only", family)
    assert re.match(r"\{", done.stdout), done.stderr
    figures = json.loads(done.stdout)
    assert figures["found"] == {}
    assert figures["attacks"] == sum(attack.user for attack in FAMILIES[family])
    assert (figures["level"], done.returncode) == ("user", 0)
