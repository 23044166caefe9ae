"""The workflow files: valid by GitHub's schema, and their steps run as a runner runs them."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grader.submissions import find, read
from tests.ci.repository import COURSE, SOLUTION, Runner, write_solution

ROOT = Path(__file__).resolve().parents[2]
GRADE = ROOT / "ci/grade.yml"
FEEDBACK = ROOT / "grader/templates_release/feedback.yml"
LINT = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


@pytest.mark.parametrize("workflow", [GRADE, FEEDBACK], ids=lambda path: path.name)
class TestValid:
    def test_the_schema_of_github_accepts_it(self, workflow):
        done = subprocess.run([*LINT, workflow], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout

    def test_its_steps_are_bash(self, workflow):
        for step in steps_of(workflow):
            if "run" in step:
                subprocess.run(["bash", "-n", "-c", step["run"]], check=True)

    def test_no_text_of_others_becomes_a_part_of_a_script(self, workflow):
        assert not [step["run"] for step in steps_of(workflow) if "${{" in step.get("run", "")]

    def test_it_may_read_and_nothing_more(self, workflow):
        assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}


def test_the_schema_would_refuse_a_wrong_one(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(FEEDBACK.read_text().replace("runs-on:", "run-on:"))
    assert subprocess.run([*LINT, wrong], capture_output=True, check=False, timeout=120).returncode == 1


def steps_of(workflow: Path) -> list[dict]:
    [job] = yaml.safe_load(workflow.read_text())["jobs"].values()
    return job["steps"]


def evaluated(value: str, known: dict[str, str]) -> str:
    """A text with its expressions replaced; one that nobody thought of fails the test."""
    return _EXPRESSION.sub(lambda found: known[found[1]], value)


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path) -> Path:
    """What a runner has: this Python, the grader in it; and sudo, pip and gh, which only note what they were asked."""
    folder = tmp_path / "programs"
    folder.mkdir()
    log = folder / "log"
    log.touch()
    program(folder / "sudo", f'echo "sudo $*" >>{log}')
    program(folder / "gh", f'echo "gh $*" >>{log}; cat >>{log}; echo >>{log}')
    program(
        folder / "python",
        f'if [ "$1 $2" = "-m pip" ]; then echo "pip ${{*:3}}" >>{log}; else exec {sys.executable} "$@"; fi',
    )
    program(folder / "grader", f'exec {sys.executable} -m grader "$@"')
    return folder


def play(steps: list[dict], root: Path, environment: dict[str, str], known: dict[str, str]) -> dict[str, int]:
    """Run the steps as a runner does, and return their exit statuses: after a failure only those that are always run."""
    statuses: dict[str, int] = {}
    for step in steps:
        condition = str(step.get("if", "success()"))
        failed = any(statuses.values())
        if (
            "run" not in step
            or (failed and "always()" not in condition)
            or ("inputs.comment" in condition and not known.get("comment"))
        ):
            continue
        own = {name: evaluated(value, known) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]], cwd=root,
            env=environment | own, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        statuses[step["name"]] = done.returncode
        with (root / "log.txt").open("a") as log:
            log.write(done.stdout + done.stderr)
    return statuses


class TestFeedback:
    def play(self, runner: Runner, programs: Path) -> dict[str, int]:
        environment = runner.environment(PATH=f"{programs}:{os.environ['PATH']}")
        return play(steps_of(FEEDBACK), runner.root, environment, {})

    def test_a_right_submission_makes_the_run_green(self, runner, programs):
        write_solution(runner.root)
        assert self.play(runner, programs) == {"Install the grader": 0, "Run the public checks": 0}
        assert "pip install --quiet --requirement requirements.txt" in (programs / "log").read_text()
        kept = next(step for step in steps_of(FEEDBACK) if step.get("name") == "Keep the feedback")
        assert (runner.root / kept["with"]["path"] / "feedback.md").is_file()

    def test_a_wrong_one_makes_it_red_and_the_reporter_finds_its_runners(self, runner, programs):
        write_solution(runner.root, text="def scale(x, factor):\n    return x\n")
        assert self.play(runner, programs)["Run the public checks"] == 1
        assert all(form["tests"] for form in runner.runners())


KNOWN = {
    "inputs.assignment || vars.ASSIGNMENT": "tiny",
    "vars.STUDENTS_OWNER || github.repository_owner": "school",
    "secrets.STUDENTS_TOKEN": "t0ken",
    "comment": "yes",
}


class TestGrade:
    """The batch in the instructor's repository, with three students: right, wrong, and one whose repository is gone."""

    @pytest.fixture
    def remotes(self, tmp_path, runner) -> Path:
        folder = tmp_path / "remotes"
        for login, text in (("anna", SOLUTION), ("bob", "def scale(x, factor):\n    return x\n")):
            own = folder / f"tiny-{login}.git"
            shutil.copytree(runner.root, own)
            write_solution(own, text=text)
            name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
            for words in (["init", "-q"], ["add", "-A"], [*name, "commit", "-q", "-m", "work"]):
                subprocess.run(["git", *words], cwd=own, check=True)
        return folder

    @pytest.fixture
    def instructor(self, tmp_path) -> Path:
        root = tmp_path / "instructor"
        shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "ci").mkdir()
        shutil.copy(ROOT / "ci/students.py", root / "ci")
        (root / "roster.csv").write_text(
            "\ufeffname,github_username\nAnna,anna\n,\nBob,bob\nBob again,BOB\nEve,../eve\nCarl,carl\n",
            encoding="utf-8",
        )
        return root

    def environment(self, tmp_path: Path, programs: Path, remotes: Path) -> dict[str, str]:
        settings = tmp_path / "gitconfig"
        settings.write_text(
            f'[url "file://{remotes}/"]\n\tinsteadOf = https://github.com/school/\n[safe]\n\tdirectory = *\n'
        )
        [wide] = [yaml.safe_load(GRADE.read_text())["env"]]
        own = {name: evaluated(value, KNOWN) for name, value in wide.items()}
        path = f"{programs}:{os.environ['PATH']}"
        return {**os.environ, **own, "PATH": path, "GIT_CONFIG_GLOBAL": str(settings), "COLUMNS": "100"}

    def test_from_the_roster_to_comments(self, tmp_path, programs, remotes, instructor, namespace):
        statuses = play(steps_of(GRADE), instructor, self.environment(tmp_path, programs, remotes), KNOWN)
        printed = (instructor / "log.txt").read_text()
        assert set(statuses.values()) == {0}, printed
        assert len(statuses) == 6
        with (instructor / "out/grades.csv").open() as stream:
            grades = {row["id"]: (row["outcome"], row["total"]) for row in csv.DictReader(stream)}
        assert grades == {"anna": ("passed", "6"), "bob": ("failed", "0.75"), "carl": ("unreadable", "0")}
        assert "::warning::line 5 of roster.csv names BOB again" in printed
        assert "::warning::line 6 of roster.csv holds no login: '../eve'" in printed
        assert "::warning::tiny-carl could not be checked out:" in printed
        assert "t0ken" not in printed
        asked = (programs / "log").read_text()
        assert re.search(r"gh api --method POST repos/school/tiny-bob/commits/[0-9a-f]{40}/comments", asked)
        bodies = [json.loads(line)["body"] for line in asked.splitlines() if line.startswith("{")]
        assert len(bodies) == 2
        assert "Feedback for `anna`: **6 of 6 points**" in bodies[0]
        for kept in (step for step in steps_of(GRADE) if "upload-artifact" in step.get("uses", "")):
            assert (instructor / kept["with"]["path"] / "gradebook.sqlite").is_file()

    def test_a_check_at_fault_makes_the_run_red_and_everything_is_kept(
        self, tmp_path, programs, remotes, instructor, namespace
    ):
        checks = instructor / "reference/tiny/checks.py"
        checks.write_text(
            checks.read_text() + '\n\n@exercise("mean")\ndef check_broken(student):\n    """Broken."""\n    1 / 0\n'
        )
        statuses = play(steps_of(GRADE), instructor, self.environment(tmp_path, programs, remotes), KNOWN)
        assert statuses["Grade"] == 3
        assert statuses["Write feedback as comments"] == 0
        assert (instructor / "out/junit.xml").stat().st_size > 0

    @pytest.mark.parametrize("text", ["", "name\nAnna\n", "github_username\n\n"])
    def test_a_roster_that_names_nobody_is_one_line(self, instructor, text):
        (instructor / "roster.csv").write_text(text)
        words = ["collect", "roster.csv", "--owner", "school", "--assignment", "tiny", "--to", "submissions"]
        done = subprocess.run(
            [sys.executable, "ci/students.py", *words], cwd=instructor, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stderr == "students: roster.csv names nobody: it needs a column github_username\n"

    def test_a_group_has_one_repository_whoever_is_in_it(self, tmp_path, programs, remotes, instructor):
        (remotes / "tiny-anna.git").rename(remotes / "tiny-team_a.git")
        (instructor / "roster.csv").write_text(
            "github_username,group\nanna,team_a\ncarl,Team_A\nbob,\ndora,team/../x\n"
        )
        words = ["collect", "roster.csv", "--owner", "school", "--assignment", "tiny", "--to", "submissions"]
        done = subprocess.run(
            [sys.executable, "ci/students.py", *words], cwd=instructor, capture_output=True, text=True, check=False,
            env=self.environment(tmp_path, programs, remotes),
        )  # fmt: skip
        assert done.stdout.splitlines() == [
            "::warning::line 5 of roster.csv holds no end of a repository's name as group: 'team/../x'",
            "2 repositories in submissions",
        ]
        assert sorted(path.name for path in (instructor / "submissions").iterdir()) == ["tiny-bob", "tiny-team_a"]
        [bob, team] = find(instructor / "submissions", module="tiny")
        assert (bob.student, team.student) == ("bob", "team_a")
        assert read(team).notes[0].startswith("commit ")
