"""Points set by hand: kept apart from what checks give, counted in every report, and shown as what they are."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from grader.cli import app
from grader.engine.gradebook import Gradebook
from grader.errors import GraderError
from grader.results import Batch, Override

WHY = "Appealed: the handout said <rows>."


@pytest.fixture
def override(grade, tmp_path):
    """Grade the class, then call ``grader override`` on it."""
    grade()

    def call(*words):
        return CliRunner().invoke(app, ["override", str(tmp_path / "out"), *words], prog_name="grader")

    return call


@pytest.fixture
def results(tmp_path):
    """What is in the gradebook, by submission."""

    def read():
        with Gradebook(tmp_path / "out" / "gradebook.sqlite") as book:
            return {result.id: result for result in book.results()}

    return read


def of(results, submission, exercise):
    return next(one for one in results()[submission].exercises if one.name == exercise)


def test_the_points_that_count_are_those_set_by_hand_with_what_the_checks_gave_beside_them(override, results):
    before = results()["berta"]
    given = of(results, "berta", "mean").earned
    assert given < 2
    assert override("berta", "mean", "3/2", "--reason", WHY).exit_code == 0
    mean = of(results, "berta", "mean")
    assert (mean.earned, mean.override) == (Fraction(3, 2), Override(instead_of=given, reason=WHY))
    assert results()["berta"].earned == before.earned - given + Fraction(3, 2)
    assert results()["berta"].checks == before.checks


def test_they_survive_another_grading_and_a_fresh_one(override, results, grade, folder, right):
    override("berta", "mean", "1.5", "--reason", WHY)
    (folder / "berta.py").write_text(right)
    for fresh in (False, True):
        mean = grade(fresh=fresh)["berta"].exercises[1]
        assert (mean.earned, mean.override) == (Fraction(3, 2), Override(instead_of=Fraction(2), reason=WHY))


def test_they_come_back_with_a_submission_that_was_gone(override, grade, folder):
    override("berta", "mean", "2", "--reason", WHY)
    text = (folder / "berta.py").read_text()
    (folder / "berta.py").unlink()
    assert "berta" not in grade()
    (folder / "berta.py").write_text(text)
    assert grade()["berta"].exercises[1].override.reason == WHY


def test_they_may_be_set_again_and_taken_back(override, results):
    given = of(results, "berta", "mean")
    override("berta", "mean", "1", "--reason", WHY)
    override("berta", "mean", "2", "--reason", "Better.")
    assert of(results, "berta", "mean").override == Override(instead_of=given.earned, reason="Better.")
    assert override("berta", "mean", "--remove").exit_code == 0
    assert of(results, "berta", "mean") == given


def test_what_cannot_be_graded_can_be_given_points(override, grade, folder, results):
    (folder / "berta.py").write_text("")
    grade()
    override("berta", "mean", "2", "--reason", "Shown on paper.")
    assert results()["berta"].earned == 2


def test_every_report_shows_them_at_once(override, tmp_path):
    override("berta", "mean", "2", "--reason", WHY)
    out = tmp_path / "out"
    line = next(line for line in csv.DictReader(io.StringIO((out / "grades.csv").read_text())) if line["id"] == "berta")
    assert (line["mean"], line["total"]) == ("2", "6")
    assert line["by_hand"].startswith("mean: Points set by hand: 2 instead of ")
    assert line["by_hand"].endswith(f". {WHY}")
    whole = Batch.model_validate(json.loads((out / "results.json").read_text()))
    assert whole.submissions[1].exercises[1].override.reason == WHY
    for page in ("report/index.html", "report/berta.html", "feedback/berta.html"):
        text = (out / page).read_text()
        assert "Points set by hand: 2 instead of " in text
        assert "Appealed: the handout said &lt;rows&gt;." in text
    assert "Appealed: the handout said \\<rows\\>." in (out / "feedback/berta.md").read_text()
    assert "set by hand" not in (out / "feedback/anna.html").read_text()
    shown = CliRunner().invoke(app, ["report", str(out), "--to", "table"], prog_name="grader", env={"COLUMNS": "200"})
    assert f"berta, mean: {line['by_hand'].removeprefix('mean: ')}" in shown.stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("dora", "mean", "1", "--reason", "x"), "there is no submission 'dora': its id is the first column of grades.csv"),
        (("anna", "median", "1", "--reason", "x"), "there is no exercise 'median'; there are: scale, mean, descend"),
        (("anna", "mean", "2.5", "--reason", "x"), "mean has 0 to 2 points, not 5/2"),
        (("anna", "mean", "two", "--reason", "x"), "'two' are no points: write 3, 2.5 or 7/3"),
        (("anna", "mean", "1/0", "--reason", "x"), "'1/0' are no points: write 3, 2.5 or 7/3"),
        (("anna", "mean", "1"), "say why with --reason: the student reads it"),
        (("anna", "mean", "1", "--remove"), "give either the points or --remove"),
        (("anna", "mean", "--reason", "x"), "give either the points or --remove"),
        (("anna", "mean", "--remove"), "the points of anna for mean were not set by hand"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(override, results, words, line):
    before = results()
    done = override(*words)
    assert (done.exit_code, done.stderr) == (2, f"grader: {line}\n")
    assert results() == before


def test_before_anything_was_graded_there_is_nothing_to_set(tmp_path):
    with Gradebook(tmp_path / "gradebook.sqlite") as book, pytest.raises(GraderError, match="holds no run yet"):
        book.override("anna", "mean", Fraction(1), "x")
