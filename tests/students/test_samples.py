"""The main job: the sample class is graded by the command, and every submission comes out as its list says."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.reports import classroom
from grader.reports.gradescope import gradescope_form
from grader.reports.shares import common_factor, shares
from grader.results import Batch, Outcome, SubmissionResult
from grader.sandbox.isolation import best
from tests.students.build import build
from tests.students.samples import ASSIGNMENT, EXERCISES, ROOT, Sample, samples

CLASS = samples()
CHROMIUM = shutil.which("chromium")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0",
)  # fmt: skip


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course, with limits that make a class with endless loops quick to grade."""
    root = tmp_path_factory.mktemp("course")
    for name in ("assignments", "reference"):
        shutil.copytree(ROOT / name / "backprop", root / name / "backprop")
    settings = root / "assignments/backprop/assignment.toml"
    text = settings.read_text(encoding="utf-8")
    # no right answer of the class needs a tenth of a second for a check
    for name, seconds in (("import_seconds", 4), ("check_seconds", 3)):
        text, found = re.subn(rf"^{name} = .*$", f"{name} = {seconds}", text, flags=re.MULTILINE)
        assert found == 1
    settings.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def out(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``grader grade`` leaves behind for the sample class."""
    folder = tmp_path_factory.mktemp("graded")
    build(folder / "class")
    words = [sys.executable, "-m", "grader", "grade", str(folder / "class"), "--out", str(folder / "out")]
    words += ["--course", str(course), "--jobs", "2", "--seed", "samples", "--isolation", best().value]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "out/printed.txt").write_text(done.stdout)
    return folder / "out"


@pytest.fixture(scope="session")
def graded(out: Path) -> dict[str, SubmissionResult]:
    """The results, by student."""
    batch = Batch.model_validate_json((out / "results.json").read_text(encoding="utf-8"))
    return {result.student: result for result in batch.submissions}


def everything(value: Any) -> str:
    """All text of a result."""
    if isinstance(value, dict):
        return "\n".join(map(everything, value.values()))
    return "\n".join(map(everything, value)) if isinstance(value, list) else str(value)


def test_the_class_is_large_enough_and_every_student_appears_once() -> None:
    assert len(CLASS) >= 32
    assert len({sample.student for sample in CLASS}) == len(CLASS)
    assert len([path for path in (ROOT / "tests/students/hands").iterdir() if path.suffix in {".py", ".ipynb"}]) >= 8


@pytest.mark.parametrize("sample", CLASS, ids=lambda sample: sample.student)
def test_a_sample_comes_out_as_expected(sample: Sample, graded: dict[str, SubmissionResult]) -> None:
    result = graded[sample.student]
    problems = [f"{c.check}: {c.outcome}: {c.message}" for c in result.checks if c.outcome is not Outcome.PASSED]
    assert result.outcome in sample.outcomes, problems
    by_name = {exercise.name: exercise for exercise in result.exercises}
    assert set(by_name) == set(EXERCISES)
    for name in sample.full:
        assert by_name[name].earned == by_name[name].points, (name, problems)
    for name in sample.less:
        assert by_name[name].earned < by_name[name].points, name
    assert sample.says in everything(json.loads(result.model_dump_json()))


def test_nobody_is_lost_or_invented(graded: dict[str, SubmissionResult]) -> None:
    assert sorted(graded) == sorted(sample.student for sample in CLASS)


def test_every_result_was_made_behind_the_wall(graded: dict[str, SubmissionResult]) -> None:
    assert {result.isolation for result in graded.values()} == {best().value}


def test_a_stub_raises_no_alarm(graded: dict[str, SubmissionResult]) -> None:
    assert {check.outcome for check in graded["untouched"].checks} == {Outcome.NOT_IMPLEMENTED}
    assert graded["untouched"].earned == 0


def test_after_two_time_outs_a_function_is_not_called_again(graded: dict[str, SubmissionResult]) -> None:
    outcomes = [check.outcome for check in graded["endless-loop"].checks]
    assert outcomes.count(Outcome.TIMED_OUT) == 2
    assert Outcome.NOT_RUN in outcomes


def test_a_loop_at_import_is_one_time_out(graded: dict[str, SubmissionResult]) -> None:
    # each of the checks would have cost the time for importing
    assert graded["loop-at-import"].seconds < 10


def test_the_spreadsheet_holds_every_student_with_the_same_points(
    out: Path, graded: dict[str, SubmissionResult]
) -> None:
    with (out / "grades.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream)}
    assert set(rows) == set(graded)
    assert float(rows["right0"]["total"]) == float(ASSIGNMENT.points)


def test_feedback_holds_nothing_of_hidden_checks(out: Path, graded: dict[str, SubmissionResult]) -> None:
    searched = 0
    for result in graded.values():
        pages = [html.unescape((out / "feedback" / f"{result.id}{suffix}").read_text()) for suffix in (".html", ".md")]
        shown = everything([json.loads(c.model_dump_json()) for c in result.checks if c.visibility == "public"])
        for check in result.checks:
            if check.visibility == "public":
                continue
            secrets = {check.check, check.output} | {text for item in check.evidence for text in (item.got, item.want)}
            for secret in (text for text in secrets if re.search(r"\d\.\d|/check_", text) and text not in shown):
                searched += 1
                assert not any(secret in page for page in pages), (result.student, check.check)
            numbers = set(re.findall(r"-?\d\.\d{6,}", check.message)) - set(re.findall(r"-?\d\.\d{6,}", shown))
            assert not any(number in page for page in pages for number in numbers), (result.student, check.check)
    assert searched > 500


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_class_page_opens_without_an_error_and_shows_everybody(
    out: Path, graded: dict[str, SubmissionResult], tmp_path: Path
) -> None:
    assert CHROMIUM is not None
    words = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path}", "--dump-dom", f"file://{out / 'report/index.html'}"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    assert "CONSOLE" not in done.stderr
    shown = re.sub(r"<[^>]+>", "\n", html.unescape(done.stdout)).splitlines()
    assert not set(graded) - {line.strip() for line in shown}


def test_what_is_printed_names_everybody_and_the_report(out: Path, graded: dict[str, SubmissionResult]) -> None:
    printed = "".join((out / "printed.txt").read_text().split())
    assert "report/index.html" in printed
    assert f"{len(graded)}submissions" in printed


def test_the_totals_of_every_form_are_ours(graded):
    """Both totals of the Classroom reporter, Gradescope's score, and the ratio that Classroom 50 keeps."""
    for result in graded.values():
        forms = classroom.runner_forms([result]).values()
        notice = sum(test["score"] for form in forms for test in form["tests"])
        passed = ([test["status"] == "pass" for test in form["tests"]] for form in forms)
        table = sum(sum(one) / len(one) * form["max_score"] for one, form in zip(passed, forms, strict=True))
        for total in (notice, table, gradescope_form(result)["score"]):
            assert total == pytest.approx(float(result.earned), abs=1e-9)
        parts = shares(result)
        factor = common_factor(parts)
        assert sum(int(part.earned * factor) for part in parts) == result.earned * factor
