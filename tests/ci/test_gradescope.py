"""Gradescope's machine, played: its folders, its metadata, a run that is cut short, and the archive's own program."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest

from grader import handout
from grader.ci import gradescope
from grader.ci.gradescope import Machine
from grader.sandbox.isolation import Level
from grader.sandbox.users import why_not_user
from tests.ci.repository import COURSE, SOLUTION

METADATA = {
    "id": 1, "created_at": "2026-11-02T12:00:00.000000-08:00",
    "users": [{"name": "Anna A"}, {"name": "Bob B"}],
    "assignment": {"due_date": "2026-11-01T12:00:00.000000-08:00"},
}  # fmt: skip


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "autograder"
    (folder / "submission").mkdir(parents=True)
    (folder / "submission_metadata.json").write_text(json.dumps(METADATA))
    return folder


def grade(root: Path, text: str, *more: object, course: Path = COURSE) -> subprocess.CompletedProcess[str]:
    (root / "submission/tiny.py").write_text(text)
    words = ["ci", root / "submission", "--gradescope", root, "--course", course, "--isolation", "none", *more]
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, words)], capture_output=True, text=True, check=False, timeout=120
    )


def results(root: Path) -> dict:
    return json.loads((root / "results/results.json").read_text())


def test_a_right_submission_gets_all_points_of_public_and_hidden_checks(root):
    done = grade(root, SOLUTION, "--assignment", "tiny")
    assert (done.returncode, done.stdout, done.stderr) == (0, "graded: passed\n", "")
    form = results(root)
    assert form["score"] == 6
    assert {test["visibility"] for test in form["tests"]} == {"visible", "after_published"}
    assert all(test["status"] == "passed" for test in form["tests"])
    assert form["execution_time"] > 0
    assert form["output"].endswith("\nlate")


def test_a_file_that_is_missing_is_a_result_and_no_failure_of_the_machine(root):
    (root / "submission/other.txt").write_text("")
    words = ["ci", root / "submission", "--gradescope", root, "--course", COURSE, "-a", "tiny", "--isolation", "none"]
    done = subprocess.run([sys.executable, "-m", "grader", *map(str, words)], check=False, timeout=120)
    assert done.returncode == 0
    assert results(root)["score"] == 0
    assert "no tiny.py or tiny.ipynb" in results(root)["output"]


def test_results_are_written_again_after_every_check(root, monkeypatch):
    (root / "submission/tiny.py").write_text(SOLUTION)
    written = []
    put = Machine.put

    def kept(self, form):
        put(self, form)
        written.append(results(root))

    monkeypatch.setattr(Machine, "put", kept)
    gradescope.run(gradescope.assignment_of(COURSE, "tiny"), root / "submission", Machine(root), level=Level.NONE)
    first, *partial, last = written
    assert first["tests"] == []
    assert len(partial) == len(last["tests"])
    scores = [form["score"] for form in written]
    assert scores == sorted(scores)
    assert [sum(test["status"] == "passed" for test in form["tests"]) for form in partial] == list(
        range(1, len(partial) + 1)
    )
    assert all(form["output"].startswith("Grading was cut short") for form in [first, *partial])
    assert "cut short" not in last["output"]
    assert Fraction(partial[-1]["score"]) == Fraction(last["score"])


def test_a_run_that_is_killed_leaves_what_was_found_until_then(root):
    text = SOLUTION.replace("def mean(", "def mean(x):\n    while True:\n        pass\n\n\ndef _mean(")
    (root / "submission/tiny.py").write_text(text)
    words = ["ci", root / "submission", "--gradescope", root, "--course", COURSE, "-a", "tiny", "--isolation", "none"]
    process = subprocess.Popen([sys.executable, "-m", "grader", *map(str, words)])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (root / "results/results.json").is_file() and results(root)["score"] > 0:
            break
        time.sleep(0.02)
    process.kill()
    process.wait(timeout=60)
    form = results(root)
    assert 0 < form["score"] < 6
    assert form["output"].startswith("Grading was cut short")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "checks.py is missing or cannot be read: make the archive again"),
        (["--assignment", "other"], "checks.py is missing or cannot be read: make the archive again"),
    ],
)
def test_what_cannot_be_graded_is_said_there_too(root, words, message):
    done = grade(root, SOLUTION, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert message in results(root)["output"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"users": 3}', '{"users": [{}]}', '{"assignment": null}'])
def test_metadata_that_says_nothing_costs_nothing(root, text):
    (root / "submission_metadata.json").write_text(text)
    assert Machine(root).who() == ("", ())


def test_a_group_is_named_and_lateness_noted(root):
    assert Machine(root).who() == ("Anna A, Bob B", ("late",))


def test_the_archives_program_grades_and_hides_the_hidden_part(root, tmp_path):
    [data] = handout.gradescope_archive(Path(__file__).resolve().parents[2], "backprop").values()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(root / "source")
    shutil.copy(root / "source/course/reference/backprop/backprop.py", root / "submission/backprop.py")
    environment = {**os.environ, "AUTOGRADER": str(root), "PYTHON": sys.executable, "ISOLATION": "none"}
    done = subprocess.run(
        ["bash", root / "source/run_autograder"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "graded: passed\n")
    assert results(root)["score"] == 20
    assert (root / "source/course").stat().st_mode & 0o077 == 0
    assert (root / "source/course/reference/backprop/checks.py").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(bool(why_not_user()), reason=why_not_user() or "there is the level user")
class TestUnderAnotherUser:
    """The level that holds on Gradescope, where namespaces are forbidden and the grader is root."""

    @pytest.fixture
    def open_folder(self):
        """A folder that every user may pass through, unlike pytest's own."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            yield Path(folder)

    def prepared(self, folder: Path, *, mode: int) -> Path:
        (folder / "submission").mkdir(mode=0o700)
        (folder / "results").mkdir(mode=0o700)
        shutil.copytree(COURSE, folder / "course", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "course").chmod(mode)
        return folder

    def test_the_hidden_part_cannot_be_read_by_the_students_code(self, open_folder):
        root = self.prepared(open_folder, mode=0o700)
        hidden = root / "course/reference/tiny/checks.py"
        text = f"try:\n    found = open({str(hidden)!r}).read()\nexcept PermissionError:\n    found = ''\n{SOLUTION}"
        text = text.replace("def scale(x, factor):", "def scale(x, factor):\n    assert not found, found\n")
        done = grade(root, text, "--assignment", "tiny", "--isolation", "user", course=root / "course")
        assert (done.returncode, done.stdout, done.stderr) == (0, "graded: passed\n", "")
        assert results(root)["extra_data"]["isolation"] == "user"

    def test_an_archive_that_every_user_can_read_is_refused(self, open_folder):
        root = self.prepared(open_folder, mode=0o755)
        done = grade(root, SOLUTION, "--assignment", "tiny", "--isolation", "user", course=root / "course")
        assert done.returncode == 2
        assert "can be read by every user of this machine" in done.stderr
