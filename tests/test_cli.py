"""The commands as people call them: exit status, one line for every error, and runs that are stopped go on."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.sandbox.isolation import Level, best
from grader.worker.watch import descendants
from tests.processes import still_running

Run = Callable[..., subprocess.CompletedProcess[str]]


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "grader", *map(str, words)]


@pytest.fixture
def run(own_course: Path) -> Run:
    """Run a command to its end, in the course's folder."""

    def run(*words: object, cwd: Path = own_course) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
        return subprocess.run(
            command(*words), cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    return run


@pytest.fixture
def submissions(tmp_path: Path, own_course: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "anna.py").write_text((own_course / "reference/tiny/tiny.py").read_text())
    (folder / "berta.py").write_text("def scale(x, factor):\n    return x\n")
    (folder / "broken.zip").write_bytes(b"PK")
    return folder


@pytest.fixture
def grade(run: Run, submissions: Path, tmp_path: Path) -> Run:
    """`grader grade` of three submissions, in the best isolation that there is."""
    return lambda *words: run("grade", submissions, "--out", tmp_path / "out", "--isolation", best().value, *words)


class TestGrade:
    def test_ends_with_0_whatever_was_handed_in_and_writes_every_report(self, grade, tmp_path):
        done = grade()
        assert (done.returncode, done.stderr) == (0, "")
        assert "3 submissions: 1 passed, 1 failed, 1 unreadable" in done.stdout
        written = {path.name for path in (tmp_path / "out").iterdir()}
        assert {"gradebook.sqlite", "results.json", "grades.csv", "report", "feedback"} <= written
        feedback = {path.name for path in (tmp_path / "out" / "feedback").iterdir()}
        assert {"anna.html", "anna.md", "berta.html", "broken.html"} <= feedback

    def test_run_again_grades_nothing_again_unless_it_is_told_to(self, grade, tmp_path):
        def results() -> str:
            return (tmp_path / "out" / "results.json").read_text()

        grade()
        before = results()
        assert grade().returncode == 0
        assert results() == before  # also the seconds, which are those of the first run
        assert grade("--fresh").returncode == 0
        assert results() != before
        assert json.loads(results())["info"]["seed"] == json.loads(before)["info"]["seed"]

    def test_says_with_its_status_that_a_check_was_at_fault(self, grade, own_course):
        path = own_course / "reference/tiny/checks.py"
        path.write_text(path.read_text() + "\n@exercise('mean')\ndef check_x(student):\n    '''X.'''\n    {}['a']\n")
        assert grade("--jobs", "2").returncode == 3

    def test_forgets_who_is_gone(self, grade, submissions, tmp_path):
        grade()
        (submissions / "berta.py").unlink()
        grade()
        assert "berta" not in (tmp_path / "out" / "grades.csv").read_text()
        assert not (tmp_path / "out" / "feedback" / "berta.html").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["grade", "nowhere", "--out", "out"], "there is no nowhere"),
        (["grade", "reference/tiny/empty", "--out", "out"], "there is no reference/tiny/empty"),
        (["grade", ".", "--out", "out", "--assignment", "no"], "there is no assignment 'no'; there are: tiny"),
        (["grade", ".", "--out", "out", "--course", "nowhere"], "nowhere is no course: it has no assignments/NAME/"),
        (["report", "nowhere"], "nowhere holds no gradebook: give the folder that `grader grade --out` wrote"),
        (["check", "nowhere"], "there is no nowhere"),
        (["check", "reference"], "no assignment.toml in "),
    ],
)
def test_what_cannot_be_run_ends_with_2_and_one_line(here, words, line):
    done = here(*words)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"grader: {line}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [["grade"], ["grade", ".", "--out", "o", "--jobs", "0"], ["no-such-command"], ["--no"]]
)
def test_a_wrong_call_ends_with_2_and_says_how_to_call(here, words):
    done = here(*words)
    assert done.exit_code == 2
    assert "Usage: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, course: Path) -> Path:
    """The output folder of one run."""
    folder, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("out")
    (folder / "anna.py").write_text((course / "reference/tiny/tiny.py").read_text())
    words = command("grade", folder, "--out", out, "--course", course, "--isolation", best().value)
    subprocess.run(words, capture_output=True, check=True, timeout=120)
    return out


class TestReport:
    def test_writes_again_what_was_lost(self, graded, here):
        (graded / "grades.csv").unlink()
        assert here("report", graded).exit_code == 0
        assert (graded / "grades.csv").is_file()

    @pytest.mark.parametrize(
        ("form", "words"),
        [("csv", "anna,"), ("json", '"submissions":'), ("schema", '"title": "Batch"'), ("table", "anna")],
    )
    def test_prints_one_form_on_its_own(self, graded, here, form, words):
        done = here("report", graded, "--to", form)
        assert (done.exit_code, done.stderr) == (0, "")
        assert words in done.stdout

    def test_refuses_other_forms(self, graded, here):
        done = here("report", graded, "--to", "pdf")
        assert (done.exit_code, done.stderr) == (
            2, "grader: there is no report 'pdf'; there are: all, table, csv, json, schema, junit, classroom, gradescope, canvas, moodle, notebook\n",
        )  # fmt: skip

    def test_into_a_pipe_that_is_closed_is_no_error(self, graded):
        words = " ".join(command("report", graded, "--to", "json"))
        done = subprocess.run(["/bin/sh", "-c", f"{words} | true"], capture_output=True, text=True, check=False)
        assert done.stderr == ""


class TestCheck:
    def test_ends_with_1_until_all_public_checks_pass(self, run, own_course):
        student = own_course / "assignments/tiny"
        done = run("check", cwd=student)
        assert done.returncode == 1
        assert "0 of 2 public checks passed, 0 of 5 points" in done.stdout
        (student / "tiny.py").write_text((own_course / "reference/tiny/tiny.py").read_text())
        done = run("check", student)
        assert done.returncode == 0
        assert "hidden" not in done.stdout.replace("Hidden checks", "").replace("hidden checks", "")

    def test_watching_grades_on_save_and_ends_with_control_c(self, own_course):
        student = own_course / "assignments/tiny"
        process = subprocess.Popen(
            command("check", "--watch"), cwd=student, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        impatience = threading.Timer(60, process.kill)
        impatience.start()
        with process:
            assert wait_for(process, "Watching")
            (student / "tiny.py").write_text((own_course / "reference/tiny/tiny.py").read_text())
            assert wait_for(process, "Watching")
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        impatience.cancel()
        assert (process.returncode, said) == (130, "grader: stopped\n")


def wait_for(process: subprocess.Popen[str], words: str) -> bool:
    return any(words in line for line in iter(process.stdout.readline, ""))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
class TestStopped:
    """A run that is stopped in the middle leaves no process, loses nothing, and goes on when it is called again."""

    @pytest.fixture
    def many(self, tmp_path, own_course) -> Path:
        folder = tmp_path / "many"
        folder.mkdir()
        right = (own_course / "reference/tiny/tiny.py").read_text()
        for number in range(4):
            (folder / f"s{number}.py").write_text(right)
        # the third would run for ever, were it left alone: that is where the run is stopped
        (folder / "s2.py").write_text("def scale(x, factor):\n    while True: pass\n")
        toml = own_course / "assignments/tiny/assignment.toml"
        toml.write_text(toml.read_text().replace("check_seconds = 0.5", "check_seconds = 30"))
        return folder

    @pytest.mark.parametrize(
        ("how", "jobs", "level"),
        [
            (signal.SIGINT, 1, best()),
            (signal.SIGINT, 2, Level.NONE),
            (signal.SIGKILL, 1, Level.NONE),
            (signal.SIGKILL, 2, best()),
        ],
    )
    def test_by_a_signal(self, run, own_course, many, tmp_path, how, jobs, level):
        out, mark = tmp_path / "out", f"{tmp_path}"
        words = ["grade", many, "--out", out, "--jobs", jobs, "--isolation", level.value]
        environment = {**os.environ, "TMPDIR": mark}
        process = subprocess.Popen(
            command(*words), cwd=own_course, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        family: set[int] = set()
        with process:
            while len(stored(out)) < 2:
                assert process.poll() is None, process.stderr.read()
                family |= {*descendants(process.pid)}
                time.sleep(0.02)
            family |= {*descendants(process.pid)}
            # Control+C goes to every process of the terminal
            os.killpg(process.pid, how) if how is signal.SIGINT else process.kill()
            process.wait(timeout=60)
            said = process.stderr.read() if how is signal.SIGINT else ""
        if how is signal.SIGINT:
            assert process.returncode == 130
            again = "type the same command again to go on"
            assert re.fullmatch(rf"grader: stopped; [23] of 4 submissions stored: {again}\n", said), said
        assert still_running(family) == []
        assert [path.name for path in tmp_path.glob("dlgrader-*")] == []
        before = stored(out)
        assert {"s0", "s1"} <= set(before) <= {"s0", "s1", "s3"}
        (many / "s2.py").write_text((many / "s0.py").read_text())
        assert run(*words).returncode == 0
        after = stored(out)
        assert len(after) == 4
        assert {name: after[name] for name in before} == before


def stored(out: Path) -> dict[str, str]:
    """The results in the gradebook, by submission."""
    if not (out / "gradebook.sqlite").exists():
        return {}
    database = sqlite3.connect(out / "gradebook.sqlite", timeout=30)
    try:
        return dict(database.execute("select id, json from result"))
    except sqlite3.OperationalError:
        return {}
    finally:
        database.close()


def test_the_doctor_says_what_this_machine_offers(run):
    done = run("doctor")
    assert done.returncode == (0 if best() is not Level.NONE else 1)
    assert "isolation level: " in done.stdout
