"""`grader release`: stubs made again, and what is handed out, by the command line."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from grader.cli import app

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "tests/reports/classroom50-result-v1.schema.json").read_text())


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """The course with two of its assignments."""
    root = tmp_path_factory.mktemp("course")
    for name in ("backprop", "initialization"):
        for part in ("assignments", "reference"):
            source, ignored = ROOT / part / name, shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, root / part / name, ignore=ignored)
    return root


@pytest.fixture
def release(course, tmp_path):
    def run(*words: str):
        out = tmp_path / "out"
        return CliRunner().invoke(app, ["release", "--course", str(course), "--out", str(out), *words]), out

    return run


def test_the_student_repository_holds_all_assignments_or_one(release):
    done, out = release("--only", "backprop")
    assert (done.exit_code, done.stdout) == (0, f"released backprop to {out}\n")
    assert sorted(path.name for path in out.iterdir()) == [
        ".github", ".gitignore", ".grader", "README.md", "backprop", "requirements.txt",
    ]  # fmt: skip
    again, _ = release()
    assert again.exit_code == 2
    assert again.stderr == f"grader: {out} is not an empty folder: choose another\n"


def test_without_a_folder_it_says_what_was_generated_or_that_nothing_had_to_be(course, monkeypatch):
    def run() -> list[str]:
        words = ["release", "--only", "backprop", "--course", str(course)]
        return CliRunner().invoke(app, words, prog_name="grader").stdout.splitlines()

    handed = "--out DIR writes what students receive: backprop"
    stub = course / "assignments/backprop/backprop.py"
    before = stub.read_bytes()
    try:
        stub.write_text("# stale\n")
        assert run() == [
            "generated assignments/backprop/backprop.py", f"stubs and notebooks are up to date now; {handed}",
        ]  # fmt: skip
        assert run() == [f"stubs and notebooks were up to date; {handed}"]
    finally:
        stub.write_bytes(before)


def test_two_assignments_are_listed_in_the_readme(release):
    _, out = release()
    readme = (out / "README.md").read_text()
    assert "[Backpropagation](backprop/README.md)" in readme
    assert "(initialization/README.md)" in readme


def test_gradescope_gets_an_archive_an_assignment(release):
    done, out = release("--to", "gradescope")
    assert done.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["backprop-gradescope.zip", "initialization-gradescope.zip"]
    assert zipfile.is_zipfile(io.BytesIO((out / "backprop-gradescope.zip").read_bytes()))


def test_the_bundle_grades_a_submission_as_its_system_runs_it(release, tmp_path):
    done, out = release("--to", "classroom50")
    assert done.exit_code == 0
    submission = tmp_path / "submission"
    submission.mkdir()
    shutil.copy(ROOT / "reference/backprop/backprop.py", submission)
    environment = {**os.environ, "CLASSROOM50_BUNDLE_DIR": str(out), "ASSIGNMENT": "backprop", "CLASSROOM": "dl"}
    graded = subprocess.run(
        [sys.executable, out / "autograder.py"], cwd=submission, env=environment, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert (graded.returncode, graded.stderr) == (0, "")
    form = json.loads((submission / "result.json").read_text())
    jsonschema.validate(form, SCHEMA)
    assert form["score"] == form["max-score"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "moon"], "there is no release to 'moon'; there are: students, classroom50, gradescope"),
        (["--only", "moon"], "there is no assignment moon: reference/moon/moon.py is missing"),
    ],
)
def test_what_cannot_be_released_is_one_line(release, words, message):
    done, out = release(*words)
    assert (done.exit_code, done.stderr) == (2, f"grader: {message}\n")
    assert not out.exists()


def test_a_hidden_check_in_a_students_file_stops_the_release(release, course):
    handout = course / "assignments/backprop/README.md"
    before = handout.read_text()
    hidden = (course / "reference/backprop/checks.py").read_text()
    try:
        handout.write_text(before + "\n" + hidden[hidden.index("def check_") :])
        done, out = release("--only", "backprop")
    finally:
        handout.write_text(before)
    assert done.exit_code == 2
    assert done.stderr.startswith("grader: assignments/backprop/README.md holds the body of check_")
    assert not out.exists()
