"""`grader report OUT --to FORM`: from the gradebook to the forms of other systems, by the command line."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from grader.cli import app
from grader.engine.gradebook import Gradebook
from grader.results import BatchInfo, ExerciseResult, Outcome, SubmissionResult

EXERCISE = ExerciseResult(name="scale", title="Scaling", points=Fraction(3), earned=Fraction(3), passed=1, total=1)


def result(identifier: str, source: str) -> SubmissionResult:
    return SubmissionResult(
        id=identifier, student=identifier, assignment="tiny", source=source, outcome=Outcome.PASSED, exercises=(EXERCISE,)
    )  # fmt: skip


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    info = BatchInfo(
        assignment="tiny", title="A tiny one", grader_version="1", seed="s", isolation="none", exercises=(EXERCISE,)
    )
    with Gradebook(folder / "gradebook.sqlite") as book:
        book.keep("info", info.model_dump_json())
        book.put(result("anna", "smithanna_101_555_tiny.py"), 0)
        book.put(result("bob", "bob.py"), 1)
    return folder


@pytest.fixture
def report(out):
    return lambda *words: CliRunner().invoke(app, ["report", str(out), *map(str, words)], prog_name="grader")


def test_junit_goes_to_the_standard_output(report):
    done = report("--to", "junit")
    assert done.exit_code == 0
    assert done.stdout.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="A tiny one" tests="2"')


@pytest.mark.parametrize("form", ["classroom", "gradescope"])
def test_forms_of_one_submission_become_a_file_each(report, out, form):
    assert report("--to", form).exit_code == 0
    assert sorted(path.name for path in (out / form).iterdir()) == ["anna.json", "bob.json"]
    assert json.loads((out / form / "anna.json").read_text())


def test_an_export_is_filled_and_who_did_not_match_is_listed(report, out, tmp_path):
    export = tmp_path / "export.csv"
    export.write_text("Student,ID,tiny (7)\n,,3\nA. S.,101,\nBobby,102,\nCarl,103,\n")
    roster = tmp_path / "roster.csv"
    roster.write_text("\ufeffidentifier,github_username,name\n,bob,Bobby\n,,\n", encoding="utf-8")
    done = report("--to", "canvas", "--gradebook", export, "--roster", roster)
    assert (done.exit_code, done.stderr) == (0, "")
    # anna by the number in the name of her file, bob by the roster
    assert (out / "canvas.csv").read_text() == export.read_text().replace("101,", "101,3").replace("102,", "102,3")
    assert "2 grades in the column tiny (7)" in done.stdout
    assert "not matched: Carl / 103 has no submission" in done.stdout


def test_a_group_gets_its_points_and_comments_by_names_and_by_the_roster(report, out, tmp_path):
    with Gradebook(out / "gradebook.sqlite") as book:
        pair = result("carl-dora", "submission_1/tiny.py").model_copy(
            update={"student": "Carl, Dora", "group": ("Carl", "Dora")}
        )
        book.put(pair, 2)
    export, roster = tmp_path / "export.csv", tmp_path / "roster.csv"
    people = ("Bob B", "Bert B", "Carl", "Dora")
    export.write_text(
        "Identifier,Full name,Grade,Comments\n" + "".join(f"P 1{n},{who},,\n" for n, who in enumerate(people))
    )
    roster.write_text("name,github_username,group\nBob B,b1,bob\nBert B,b2,bob\n")
    done = report("--to", "moodle", "--gradebook", export, "--roster", roster, "--feedback-column", "Comments")
    assert (done.exit_code, done.stderr) == (0, "")
    filled = (out / "moodle.csv").read_text().splitlines()[1:]
    assert filled == [f"P 1{n},{who},3,3 of 3 points." for n, who in enumerate(people)]
    assert done.stdout.splitlines()[-1:] == ["not matched: anna (anna) is nobody in the file"]


def test_canvas_takes_no_comments(report, tmp_path):
    done = report("--to", "canvas", "--gradebook", tmp_path / "export.csv", "--feedback-column", "Notes")
    assert done.exit_code == 2
    assert "Canvas takes no comments from its gradebook: --feedback-column is for moodle" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "there is no report 'nothing'; there are: all, table, csv, json, schema, junit"),
        (["canvas"], "say which export of the platform is to be filled: --to canvas --gradebook EXPORT.csv"),
        (["moodle", "--gradebook", "none.csv"], "none.csv cannot be read: No such file or directory"),
        (["moodle", "--gradebook", __file__], "is never closed"),
        (
            ["moodle", "--gradebook", __file__, "--roster", "/bin/true"],
            "/bin/true is not UTF-8: export the roster again",
        ),
    ],
)
def test_what_cannot_be_written_is_one_line(report, words, message):
    done = report("--to", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


class TestNotebooks:
    def test_everybody_who_handed_in_one_gets_it_back(self, report, out, tmp_path, own_course):
        cell = {"cell_type": "code", "source": "def scale(x, factor):\n    return x", "metadata": {}, "outputs": []}
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
        folder = tmp_path / "submissions"
        folder.mkdir()
        (folder / "anna.ipynb").write_text(json.dumps(notebook))
        (folder / "bob.py").write_text("def scale(x, factor):\n    return x\n")
        done = report("--to", "notebook", "--submissions", folder, "--course", own_course)
        assert (done.exit_code, done.stderr) == (0, "")
        assert sorted(path.name for path in (out / "notebook").iterdir()) == ["anna.html", "anna.ipynb"]
        assert "1 notebook with feedback" in done.stdout
        assert "Scaling: 3 of 3 points" in (out / "notebook/anna.ipynb").read_text()

    def test_one_that_cannot_be_read_costs_no_other(self, report, out, tmp_path, own_course):
        folder = tmp_path / "submissions"
        folder.mkdir()
        (folder / "anna.ipynb").write_text("{")
        done = report("--to", "notebook", "--submissions", folder, "--course", own_course)
        assert done.exit_code == 0
        assert "anna: no notebook: it cannot be read" in done.stdout

    def test_one_that_cannot_be_shown_is_given_back_without_a_page(self, report, out, tmp_path, own_course):
        cell = {"cell_type": "markdown", "source": "![sketch](attachment:sketch.png)", "metadata": {}}
        folder = tmp_path / "submissions"
        folder.mkdir()
        for name, cells in (("anna", [cell]), ("bob", [])):
            notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
            (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
        done = report("--to", "notebook", "--submissions", folder, "--course", own_course)
        assert (done.exit_code, done.stderr) == (0, "")
        assert "anna: no page: it cannot be shown as a page" in done.stdout
        written = sorted(path.name for path in (out / "notebook").iterdir())
        assert written == ["anna.ipynb", "bob.html", "bob.ipynb"]

    def test_the_submissions_must_be_named(self, report):
        done = report("--to", "notebook")
        assert (done.exit_code, done.stderr) == (
            2, "grader: say where the submissions lie: --to notebook --submissions FOLDER\n",
        )  # fmt: skip
