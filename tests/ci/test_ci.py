"""`grader ci`: what a system finds afterwards, whatever state the repository was in and however the run ended."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest
from junitparser import JUnitXml

from tests.ci.repository import Runner, remove, student_repository, write_solution

SCHEMA = json.loads((Path(__file__).parent.parent / "reports/classroom50-result-v1.schema.json").read_text())
WRONG = "import numpy as np\n\n\ndef scale(x, factor):\n    return x / factor\n\n\ndef mean(x):\n    raise ValueError('no')\n"


def test_a_right_submission_passes_and_every_form_says_so(runner):
    write_solution(runner.root)
    done = runner.ci()
    assert (done.returncode, done.stderr) == (0, "")
    assert runner.form()["status"] == "pass"
    points = [sum(test["score"] for test in form["tests"]) for form in (runner.form(), *runner.runners())]
    # the public checks are those of the exercises worth 3 and 2 points
    assert (points[0], sum(points[1:])) == (5, 5)
    assert "**5 of 5 points**" in runner.summary
    assert JUnitXml.fromfile(str(runner.root / "grader-results/junit.xml")).tests == 2
    assert (runner.root / "grader-results/feedback.md").read_text() == runner.summary


def test_a_wrong_one_gets_annotations_at_its_lines(runner):
    write_solution(runner.root, text=WRONG)
    done = runner.ci()
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert [line.partition("::")[2].partition("::")[0] for line in lines] == [
        "error title=Scaling the example gives the example's result.",
        "error file=tiny/tiny.py,line=9,title=The mean of the example is 2.",
    ]
    assert lines[1].endswith("::`mean` raised ValueError.")
    assert runner.form()["status"] == "error"


def test_what_a_student_prints_is_no_command_to_the_runner(runner):
    write_solution(runner.root, text="def scale(x, factor):\n    print('\\n::set-env name=A::b')\n    return x\n")
    out = runner.ci().stdout
    pause = out.splitlines()[0].removeprefix("::stop-commands::")
    assert len(pause) == 32
    before, after = out.split(f"::{pause}::\n")
    assert "::set-env" in before
    assert "::set-env" not in after


def test_a_submission_that_crashes_the_worker_leaves_whole_forms(runner):
    write_solution(runner.root, text="import os\nos.kill(os.getpid(), 9)\n")
    assert runner.ci().returncode == 1
    assert runner.form()["max_score"] == 5
    assert JUnitXml.fromfile(str(runner.root / "grader-results/junit.xml")).tests == 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_cut_short_leaves_forms_that_say_so(runner, how):
    write_solution(runner.root, text="while True:\n    pass\n")
    toml = runner.root / "tiny/assignment.toml"  # else the loop is ended, and the run with it, on a busy machine
    toml.write_text(toml.read_text().replace("import_seconds = 1", "import_seconds = 60"))
    # a shell's job in the background ignores it, and so would the process; what is handled here is not ignored there
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        runner.words(), cwd=runner.root, env=runner.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 60
    while not (runner.files / "GITHUB_OUTPUT").stat().st_size and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert [test["message"] for form in (runner.form(), *runner.runners()) for test in form["tests"]] == [
        "The run was cut short before the checks had ended: look for a time limit or an endless loop."
    ] * 2
    assert "cut short" in runner.summary
    assert JUnitXml.fromfile(str(runner.root / "grader-results/junit.xml")).errors == 1


def test_the_summary_of_an_earlier_step_stays(runner):
    environment = runner.environment()
    Path(environment["GITHUB_STEP_SUMMARY"]).write_text("# Before\n")
    runner.ci()
    assert runner.summary.startswith("# Before\n")


class TestEdited:
    @pytest.mark.parametrize("name", ["tiny/assignment.toml", ".github/workflows/feedback.yml", "requirements.txt"])
    def test_what_was_edited_is_said(self, runner, name):
        write_solution(runner.root)
        path = runner.root / name
        path.write_text(path.read_text() + "\n")
        done = runner.ci()
        assert f"::warning::{name} was edited: the instructor's run does not use yours." in done.stdout
        assert f"{name} was edited" in runner.summary
        assert done.returncode == 0

    def test_line_ends_of_windows_are_no_edit(self, runner):
        path = runner.root / "tiny/checks.py"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert "was edited" not in runner.ci().stdout

    @pytest.mark.parametrize("name", ["tiny/checks.py", "tiny/assignment.toml"])
    def test_what_was_deleted_is_said_and_the_forms_are_valid(self, runner, name):
        write_solution(runner.root)
        remove(runner.root / name)
        done = runner.ci()
        assert done.returncode in {1, 2}
        assert runner.form()["status"] in {"error", "fail"}
        assert runner.form()["tests"]
        assert f"{name} was deleted" in runner.summary or "get the released files back" in runner.summary
        assert "Traceback" not in done.stderr

    def test_a_broken_configuration_is_one_line(self, runner):
        (runner.root / "tiny/assignment.toml").write_text("title = ")
        done = runner.ci()
        assert done.returncode == 2
        assert done.stderr.startswith("grader: tiny could not be run:")
        assert done.stderr.count("\n") == 1

    def test_the_list_itself_may_be_broken_or_gone(self, runner):
        (runner.root / ".grader/released.json").write_text("[1]")
        assert ".grader/released.json was edited" in runner.ci().stdout
        remove(runner.root / ".grader/released.json")
        assert ".grader/released.json was deleted" in runner.ci().stdout


class TestSeveralAssignments:
    @pytest.fixture
    def runner(self, tmp_path) -> Runner:
        return Runner(student_repository(tmp_path / "checkout", "first", "second"), tmp_path / "commands")

    def test_those_that_were_not_begun_are_left_out(self, runner):
        write_solution(runner.root, "second")
        done = runner.ci()
        assert (done.returncode, runner.form()["max_score"]) == (0, 5)
        assert "note: not begun yet, and left out: first" in done.stdout

    def test_all_count_when_none_was_begun(self, runner):
        assert runner.ci().returncode == 1
        assert runner.form()["max_score"] == 10
        assert {test["name"].partition(":")[0] for test in runner.form()["tests"]} == {"first", "second"}

    def test_one_may_be_named(self, runner):
        write_solution(runner.root, "first")
        assert runner.ci("--assignment", "second").returncode == 1
        assert runner.ci("--assignment", "third").returncode == 2
        assert "there is no assignment 'third'" in runner.summary

    def test_one_that_is_broken_costs_the_other_nothing(self, runner):
        write_solution(runner.root, "first")
        write_solution(runner.root, "second")
        (runner.root / "first/assignment.toml").write_text("")
        assert runner.ci().returncode == 1
        assert [test["status"] for test in runner.form()["tests"]] == ["pass", "pass"]
        assert "first could not be run" in runner.summary


def test_the_notebook_is_graded_when_it_was_edited_and_the_script_was_not(runner, tmp_path):
    source = {"cell_type": "code", "source": (runner.root / "tiny/tiny.py").read_text(), "metadata": {}, "outputs": []}
    stub = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [source]}
    (runner.root / ".grader/stubs/tiny/tiny.ipynb").write_text(json.dumps(stub))
    source["source"] = "def scale(x, factor):\n    return x * factor\n"
    (runner.root / "tiny/tiny.ipynb").write_text(json.dumps(stub))
    runner.ci()
    assert sum(test["score"] for test in runner.form()["tests"]) == 3


class TestClassroom50:
    def surroundings(self, tmp_path) -> dict[str, str]:
        bundle = student_repository(tmp_path / "bundle" / "assignments").parent
        return {
            "CLASSROOM50_BUNDLE_DIR": str(bundle), "CLASSROOM": "dl", "ASSIGNMENT": "tiny", "USERNAME": "anna",
            "ASSIGNMENT_TYPE": "individual", "OWNER": "school", "SUBMISSION_TAG": "submit/7",
            "COMMIT_URL": "https://example.org/commit/1", "RELEASE_URL": "https://example.org/release/7",
        }  # fmt: skip

    def test_the_bundles_checks_count_and_the_form_is_valid(self, runner, tmp_path):
        write_solution(runner.root, text=WRONG)
        (runner.root / "tiny/checks.py").write_text("raise SystemExit\n")  # nobody runs these
        done = runner.ci(**self.surroundings(tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        form = json.loads((runner.root / "result.json").read_text())
        jsonschema.validate(form, SCHEMA)
        assert (form["score"], form["max-score"], form["submission"]) == (0, 5, "submit/7")
        assert form["review"] == "https://example.org/commit/1"
        assert runner.pairs("GITHUB_OUTPUT")["status"] == "failure"
        assert runner.pairs("GITHUB_OUTPUT")["summary"] == "0 of 5 points"
        assert "0 of 5 points" in (runner.root / "release-body.md").read_text()

    def test_without_the_rest_of_the_environment_it_is_valid_too(self, runner, tmp_path):
        bundle = self.surroundings(tmp_path)["CLASSROOM50_BUNDLE_DIR"]
        write_solution(runner.root)
        assert runner.ci(CLASSROOM50_BUNDLE_DIR=bundle, CLASSROOM="").returncode == 0
        form = json.loads((runner.root / "result.json").read_text())
        jsonschema.validate(form, SCHEMA)
        assert (form["classroom"], form["submission"], form["score"]) == ("unknown", "submit/unknown", 5)

    def test_the_time_is_that_of_the_commit(self, runner, tmp_path):
        write_solution(runner.root)
        name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        when = {"GIT_COMMITTER_DATE": "2026-01-02T03:04:05+01:00", "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+01:00"}
        for words in (["init", "-q"], ["add", "."], [*name, "commit", "-q", "-m", "work"]):
            subprocess.run(["git", *words], cwd=runner.root, env=runner.environment(**when), check=True)
        runner.ci(**self.surroundings(tmp_path))
        assert json.loads((runner.root / "result.json").read_text())["datetime"] == "2026-01-02T02:04:05Z"

    def test_what_cannot_be_run_is_a_failure_of_the_system(self, runner, tmp_path):
        surroundings = self.surroundings(tmp_path)
        remove(tmp_path / "bundle/assignments/tiny/checks.py")
        write_solution(runner.root)
        assert runner.ci(**surroundings).returncode == 2
        jsonschema.validate(json.loads((runner.root / "result.json").read_text()), SCHEMA)


class TestElsewhere:
    def test_without_a_known_system_there_are_files_and_no_commands(self, runner, tmp_path):
        write_solution(runner.root)
        done = runner.ci(
            "--out", tmp_path / "results", GITHUB_ACTIONS="", GITHUB_OUTPUT="", GITHUB_STEP_SUMMARY="", GITHUB_ENV=""
        )
        assert done.returncode == 0
        assert "::" not in done.stdout
        assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [
            "classroom.json", "feedback.md", "junit.xml",
        ]  # fmt: skip

    def test_a_folder_without_an_assignment(self, runner, tmp_path):
        (tmp_path / "empty").mkdir()
        done = runner.ci(tmp_path / "empty", GITHUB_WORKSPACE=str(tmp_path / "empty"))
        assert done.returncode == 2
        assert "get the released files back" in done.stderr
        assert runner.form()["status"] == "error"

    def test_forms_that_cannot_be_written_are_one_line(self, runner, tmp_path):
        (tmp_path / "file").write_text("")
        done = runner.ci("--out", tmp_path / "file")
        assert done.returncode == 2
        assert done.stderr.startswith("grader: the forms could not be written:")

    def test_a_missing_folder_is_one_line(self, runner, tmp_path):
        assert runner.ci(tmp_path / "nowhere").stderr == f"grader: there is no folder {tmp_path / 'nowhere'}\n"
