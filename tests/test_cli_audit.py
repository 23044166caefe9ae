"""``grader audit`` as an author calls it: exit status, what is written, one line for everything that is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grader.audited import Audit
from grader.cli import app
from grader.worker.watch import descendants
from tests.processes import still_running

Command = Callable[..., Any]

VARIANT = "# %% mean: numpy's\ndef mean(x): return np.mean(x, axis=0)\n"
GOOD = 'mistake("mean", right="axis=0", wrong="axis=1", hint="Average over the rows.")'


@pytest.fixture
def hidden(own_course: Path) -> Path:
    """The hidden folder of an assignment whose audit passes."""
    folder = own_course / "reference/tiny"
    (folder / "mistakes.py").write_text(f"from grader import mistake\n\nWRONG = [\n{GOOD},\n]\n")
    (folder / "variants.py").write_text(f"import numpy as np\n\n{VARIANT}")
    return folder


@pytest.fixture
def command(own_course: Path, hidden: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Call the command in the course's folder, in this process, without mutants."""
    monkeypatch.chdir(own_course)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Any:
        given = ["audit", "--seeds", "1", "--jobs", "1", "--no-mutants", "--out", "found", *map(str, words)]
        return CliRunner().invoke(app, given, prog_name="grader")

    return run


def more(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


class TestPassed:
    def test_ends_with_0_and_writes_a_page_and_the_model(self, command):
        done = command("tiny", "--seeds", "3")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "A tiny assignment: audit passed" in done.stdout
        assert done.stdout.splitlines()[-1] == "Report: found/tiny.html"
        found = Audit.model_validate_json(Path("found/tiny.json").read_text())
        assert (found.passed, found.seeds, found.gradings, len(found.mistakes)) == (True, 3, 6, 1)
        assert json.loads(Path("found/tiny.json").read_text()) == found.model_dump(mode="json")
        assert "A tiny assignment" in Path("found/tiny.html").read_text()

    def test_ends_with_0_also_with_surviving_mutants(self, command, hidden):
        # with zeros alone nothing shows, except to the replay
        checks = (
            (hidden / "checks.py")
            .read_text()
            .replace("rng.normal(size=3)\n    expect(student.desc", "np.zeros(3)\n    expect(student.desc")
        )
        (hidden / "checks.py").write_text(checks.replace("from grader", "import numpy as np\nfrom grader", 1))
        done = command("--mutants")
        assert (done.exit_code, done.stderr) == (0, "")
        found = Audit.model_validate_json(Path("found/tiny.json").read_text())
        assert found.survivors
        assert "Mutants that survive" in done.stdout
        assert found.survivors[0].name in done.stdout

    def test_ends_with_0_without_mistakes_and_variants(self, command, hidden):
        (hidden / "mistakes.py").unlink()
        (hidden / "variants.py").unlink()
        done = command()
        assert (done.exit_code, done.stderr) == (0, "")
        assert "audit passed, but no mistake was tried" in done.stdout

    def test_says_the_same_with_one_process_and_with_two(self, command):
        words = ("--mutants", "--seeds", "11")
        assert [command(*words, "--jobs", jobs, "--out", f"found{jobs}").exit_code for jobs in (1, 2)] == [0, 0]
        assert Path("found1/tiny.json").read_bytes() == Path("found2/tiny.json").read_bytes()


class TestNotPassed:
    @pytest.mark.parametrize(
        ("patch", "line"),
        [
            ('right="axis", wrong="y"', "mean: the right text occurs 2 times, not once: 'axis'"),
            ('right="x.mean(axis=0)", wrong="(x.mean(axis=0))"', "it is the reference itself"),
            ('right="x.mean(axis=0)", wrong="x."', "what it makes is no Python: invalid syntax"),
            (
                'right="(x)", wrong="(x=nothing)"',
                "what it makes does not import: NameError: name 'nothing' is not defined",
            ),
        ],
    )
    def test_when_a_mistake_is_refused(self, command, hidden, patch, line):
        more(hidden / "mistakes.py", f'MORE = mistake("mean", {patch}, hint="No.")\n')
        done = command()
        assert (done.exit_code, done.stderr) == (1, "")
        assert "audit not passed: 1 refused mistake" in done.stdout
        assert f"    {line}" in done.stdout.splitlines()

    def test_when_a_mistake_survives(self, command, hidden):
        more(
            hidden / "mistakes.py", 'MORE = mistake("mean", right="(axis=0)", wrong="(axis=0) + 1e-14", hint="Near.")\n'
        )
        done = command()
        assert (done.exit_code, done.stderr) == (1, "")
        assert "audit not passed: 1 surviving mistake" in done.stdout
        assert "  mean: (axis=0) + 1e-14" in done.stdout.splitlines()

    def test_when_a_variant_fails(self, command, hidden):
        more(hidden / "variants.py", "# %% mean: over the columns\ndef mean(x): return x.mean(axis=1)\n")
        done = command()
        assert (done.exit_code, done.stderr) == (1, "")
        assert "audit not passed: 1 failing right answer" in done.stdout
        assert "    mean: over the columns; seed audit 0" in done.stdout.splitlines()

    def test_when_a_variant_does_not_import(self, command, hidden):
        more(hidden / "variants.py", "# %% mean: broken\ndef mean(x: return x\n")
        done = command()
        assert (done.exit_code, done.stderr) == (1, "")
        assert "it does not import: SyntaxError: " in done.stdout

    @pytest.mark.parametrize(
        ("body", "line"),
        [
            (
                "assert student.scale(np.random.rand(), 2.0) >= 0",
                "hidden/check_more gives other numbers when it is run again: draw everything from its `rng`",
            ),
            (
                "assert student.scale(np.random.default_rng().random(), 2.0) >= 0",
                "hidden/check_more gives other numbers when it is run again: draw everything from its `rng`",
            ),
            (
                "expect(student.scale(1.0, 2.0), 'y').close_to(3.0)",
                "the reference does not pass hidden/check_more: CheckFailure: y",
            ),
        ],
    )
    def test_when_there_is_a_complaint(self, command, hidden, body, line):
        text = (
            f'\n\nimport numpy as np\n\n\n@exercise("scale")\ndef check_more(student):\n    """More."""\n    {body}\n'
        )
        more(hidden / "checks.py", text)
        done = command()
        assert (done.exit_code, done.stderr) == (1, "")
        assert "audit not passed: 1 complaint" in done.stdout
        assert sum(said.startswith(f"  {line}") for said in done.stdout.splitlines()) == 1

    def test_when_the_reference_does_not_import(self, command, hidden):
        more(hidden / "tiny.py", "\n\nnothing\n")
        done = command()
        assert (done.exit_code, done.stderr) == (1, "")
        line = "  the reference does not import: NameError: name 'nothing' is not defined"
        assert line in done.stdout.splitlines()


class TestCouldNotRun:
    @pytest.fixture
    def refused(self, command: Command) -> Callable[..., str]:
        """The one line that a call ends with."""

        def line(*words: object) -> str:
            done = command(*words)
            assert (done.exit_code, done.stdout) == (2, "")
            (said,) = done.stderr.splitlines()
            return said

        return line

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("1 +", "SyntaxError: invalid syntax (mistakes.py, line 6)"),
            ("nothing", "NameError: name 'nothing' is not defined"),
            ('mistake("mean", right="x", wrong="y", hint="")', "ValueError: mistake('mean'): the hint is empty"),
        ],
    )
    def test_mistakes_that_cannot_be_executed(self, refused, hidden, text, line):
        more(hidden / "mistakes.py", f"{text}\n")
        assert refused() == f"grader: {hidden.resolve()}/mistakes.py: {line}"

    def test_a_variant_without_a_title(self, refused, hidden):
        more(hidden / "variants.py", "# %%\ndef mean(x): return x.mean(axis=0)\n")
        said = "variants.py: a cell is titled '', and not 'exercise: how it differs'"
        assert refused() == f"grader: {hidden.resolve()}: {said}"

    def test_no_solution(self, refused, hidden):
        (hidden / "tiny.py").unlink()
        assert refused() == "grader: tiny has no solution here: an audit needs reference/tiny"

    def test_checks_that_cannot_be_read(self, refused, hidden):
        more(hidden / "checks.py", "\nnothing\n")
        assert refused().startswith("grader: the checks cannot be read: ")

    def test_no_such_assignment(self, refused):
        assert refused("no") == "grader: there is no assignment 'no'; there are: tiny"

    def test_a_folder_that_cannot_be_written_is_told_before_the_work(self, refused, monkeypatch):
        monkeypatch.setattr("grader.engine.audit.audit", None)
        Path("file").write_text("")
        assert refused("--out", "file") == "grader: file cannot be written: File exists"
        assert refused("--out", "file/below") == "grader: file/below cannot be written: Not a directory"


@pytest.mark.parametrize("words", [["--seeds", "0"], ["--jobs", "0"], ["--no"]])
def test_a_wrong_call_ends_with_2_and_says_how_to_call(command, words):
    done = command(*words)
    assert done.exit_code == 2
    assert "Usage: " in done.stderr


class TestLevels:
    def test_are_printed_and_kept(self, command, hidden):
        more(
            hidden / "checks.py",
            """

from grader import statistics


@exercise("mean")
def check_random(student, rng):
    \"\"\"The numbers of a check have mean zero.\"\"\"
    statistics.has_mean(student.mean(rng.normal(size=(50, 30))), statistics.Normal(variance=1 / 50), name="mean")
""",
        )
        done = command("--levels", "3", "tiny")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "A tiny assignment: levels hold" in done.stdout
        assert "6 gradings of right answers by 1 stochastic check under 3 seeds: 6 decisions, 0 failures" in done.stdout
        assert done.stdout.splitlines()[-1] == "Kept in: found/tiny.levels.jsonl"
        assert len(Path("found/tiny.levels.jsonl").read_text().splitlines()) == 7

    def test_that_do_not_hold_end_with_1(self, command, hidden):
        more(
            hidden / "checks.py",
            """

from grader import statistics


@exercise("mean")
def check_random(student, rng):
    \"\"\"The numbers of a check have mean one, which they do not.\"\"\"
    statistics.has_mean(student.mean(rng.normal(size=(50, 30))), statistics.Normal(variance=1, mean=5), name="mean")
""",
        )
        done = command("--levels", "2", "tiny")
        assert done.exit_code == 1
        assert "levels do not hold" in done.stdout
        assert "hidden/check_random, the reference, level 0: CheckFailure" in done.stdout


ENDLESS = """
    import pathlib, time
    pathlib.Path("begun").touch()
    while True: time.sleep(0.1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_leaves_no_process_at_its_share(own_course, hidden, how):
    checks = hidden / "checks.py"
    title = '"""Scaling is right for any numbers."""\n'
    assert title in checks.read_text()
    checks.write_text(checks.read_text().replace(title, title + ENDLESS))
    words = [sys.executable, "-m", "grader", "audit", "tiny", "--seeds", "2", "--jobs", "2", "--out", "found"]
    process = subprocess.Popen(words, cwd=own_course, stderr=subprocess.PIPE, text=True, start_new_session=True)
    with process:
        while not (own_course / "begun").exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        family = descendants(process.pid)
        os.killpg(process.pid, how) if how is signal.SIGINT else process.kill()  # Ctrl+C goes to all of them
        process.wait(timeout=60)
        # what is killed cannot say that it was; and the others, which hold its standard error, are waited for below
        assert how is signal.SIGKILL or process.stderr.read() == "grader: stopped\n"
    assert still_running(family) == []
