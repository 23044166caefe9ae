"""The judgement can fail: without a wall it sees the leaks, and what is no forgery by its name is still counted."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.sandbox.isolation import Level
from tests.attacks import arena, reading, talking
from tests.attacks.attack import RIGHT, Attack, scale
from tests.attacks.obeyed import obeyed

_TOUCH = Attack(name="touch", source=scale("open('$OUTSIDE/touched', 'w').close()"))
_RIGHT = Attack(name="right", source=RIGHT, solves=())
_TAME = {
    "read-the-course-by-its-path", "read-other-submissions", "read-results-and-gradebook", "import-the-grader",
    "import-the-reference", "connect-to-the-machine", "connect-by-name",
}  # fmt: skip
"""Attacks that do no harm where nothing stops them."""


@pytest.fixture(scope="module")
def fought(arenas) -> arena.Fought:
    tame = [attack for attack in (*reading.ATTACKS, *talking.ATTACKS) if attack.name in _TAME]
    return arenas(Level.NONE).fight([*tame, _TOUCH, _RIGHT])


def test_a_leak_is_seen(fought):
    assert fought.verdicts["read-the-course-by-its-path"].leaks[:2] == [
        "the worker saw: checks", "the worker saw: reference",
    ]  # fmt: skip
    assert "the worker saw: other" in fought.verdicts["read-other-submissions"].leaks


@pytest.mark.parametrize("name", ["import-the-grader", "import-the-reference", "right"])
def test_a_point_that_was_not_earned_is_seen(fought, name):
    assert "points for scale" in fought.verdicts[name].forged


def test_a_file_that_was_touched_and_a_visitor_are_seen(fought):
    assert any(harm.endswith("touched was changed") for harm in fought.harms)
    assert any(harm.startswith("somebody talked") for harm in fought.harms)


def test_what_is_left_running_is_seen(monkeypatch):
    monkeypatch.setattr(arena, "_GONE_SECONDS", 0.1)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "hostile-mark"]) as process:
        try:
            while not arena._is_marked(Path(f"/proc/{process.pid}"), "hostile-mark"):
                time.sleep(0.01)  # its command line is there a moment after it was started
            assert arena._running("hostile-mark") == [str(process.pid)]
        finally:
            process.kill()
    assert arena._running("hostile-mark") == []


def test_a_result_that_is_missing_or_another_is_seen(arenas, monkeypatch):
    a = arenas(Level.NONE)
    alone = dict(a._alone)
    alone["aa-honest.py"] = alone["aa-honest.py"].model_copy(update={"message": "another"})
    monkeypatch.setattr(a, "_alone", alone)
    monkeypatch.setattr(a, "_hand_in", lambda attack: None)
    assert a.fight([_RIGHT]).lost == ["right has no result", "aa-honest.py has another result than alone"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("report/a.html", "<p><img src=hostile>"),
        ("report/a.html", "<p onclick='x()'>"),
        ("report/a.html", "<script>hostile()</script>"),
        ("feedback/a.md", "Hello <img src=hostile>"),
        ("feedback/a.md", "`a` and <b onclick=hostile>"),
        ("grades.csv", "name\n=hostile\n"),
    ],
)
def test_text_that_is_obeyed_is_seen(tmp_path, file, text):
    (tmp_path / "grades.csv").write_text("name,points\n")
    assert obeyed(tmp_path, "fine\n", "hostile") == []
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert len(obeyed(tmp_path, "fine\n", "hostile")) == 1


def test_codes_on_the_terminal_are_seen(tmp_path):
    (tmp_path / "grades.csv").write_text("name,points\n")
    assert obeyed(tmp_path, "red \x1b[31m\n", "hostile") == ["the terminal obeys a student's text"]
