"""A class of clones, one of them late: who it was stands in every result, and costs no points."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys

import pytest

from grader.sandbox.isolation import best

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the clones of this test")


@pytest.fixture
def clones(tmp_path, own_course):
    """Two right answers, committed an hour before and ten minutes after noon."""
    folder = tmp_path / "class"
    for student, time in (("anna", "2026-11-20T11:00:00Z"), ("bob", "2026-11-20T12:10:00Z")):
        own = folder / f"tiny-{student}"
        own.mkdir(parents=True)
        shutil.copy(own_course / "reference/tiny/tiny.py", own)
        dates = {"GIT_COMMITTER_DATE": time, "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "work"]):
            who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
            subprocess.run(["git", *who, *words], cwd=own, env=os.environ | dates, check=True)
    return folder


def test_of_two_clones_one_is_late(clones, own_course, tmp_path):
    toml = own_course / "assignments/tiny/assignment.toml"
    toml.write_text(f"due = 2026-11-20T13:00:00+01:00\n{toml.read_text()}")
    words = ["grade", clones, "--out", tmp_path / "out", "--isolation", best().value]
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, words)], cwd=own_course, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    anna, bob = json.loads((tmp_path / "out/results.json").read_text())["submissions"]
    [told] = anna["problems"]
    assert told.endswith(" of 2026-11-20 11:00 UTC by its own clock")
    assert bob["problems"][1:] == ["late by 10 min by its commit's own clock"]
    with (tmp_path / "out/grades.csv").open() as stream:
        grades = {row["id"]: row for row in csv.DictReader(stream)}
    assert (grades["anna"]["total"], grades["bob"]["total"]) == ("6", "6")
    assert grades["bob"]["seen"].endswith("; late by 10 min by its commit's own clock")
    assert "late by 10 min by its commit" in (tmp_path / "out/feedback/bob.md").read_text()
