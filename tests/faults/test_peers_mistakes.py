"""What other graders got wrong, and this one must not: a test for each, or where that test stands.

From a survey of graders that courses use: what happens there is in the words of each entry.
"""

from __future__ import annotations

import ast
import csv
import json
from pathlib import Path

import pytest

from grader.engine.gradebook import Gradebook
from grader.errors import CourseError
from grader.reports import folder as report
from grader.results import Outcome

ROOT = Path(__file__).resolve().parent.parent

ELSEWHERE = {
    "a time-out that student code can catch": (
        "engine/test_bad_inputs.py", "test_an_endless_loop_times_out_twice_and_is_not_run_again",
    ),
    "a dead process read as passed": (
        "engine/test_bad_inputs.py", "test_an_end_of_the_process_costs_the_checks_of_that_function",
    ),
    "a failing message that prints the answer": (
        "reports/test_redact.py", "test_of_a_hidden_failure_only_words_of_the_handout_remain",
    ),
    "one time-out that loses the batch": ("engine/test_bad_inputs.py", "test_everybody_has_a_result"),
    "results written only at the end": ("test_cli.py", "test_by_a_signal"),
}  # fmt: skip
"""Tested where the rest of that behaviour is."""


@pytest.mark.parametrize("mistake", ELSEWHERE)
def test_is_tested(mistake):
    file, test = ELSEWHERE[mistake]
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


ANSWERS = {
    "prints-results": (
        'def scale(x, factor):\n    fake = \'{"outcome": "passed", "score": 100}\'\n'
        "    print(fake); print(fake, file=sys.stderr); sys.__stdout__.write(fake)\n"
        "    for number in (1, 2): os.write(number, fake.encode())\n"
        "    open('results.json', 'w').write(fake)\n    return None\n"
    ),
    "stderr": (
        "import logging, warnings\nwarnings.warn('at import')\n"
        "def scale(x, factor):\n    warnings.warn('old'); logging.error('noted'); print('note', file=sys.stderr)\n"
        "    return x * factor\n"
    ),
    "own-helpers": (
        "def scale(x, factor): return grad(x, factor)\ndef grad(a, b): return expect(a, b)\n"
        "def expect(a, b): return a * b\ndef reference(x): return x.sum(0)\ndef student(x): return len(x)\n"
        "def mean(x): return reference(x) / student(x)\nrng = exercise = check_scale_of_an_example = None\n"
    ),
    "nothing": "pass\n",
}
"""One for each mistake below; what they lack they do not need."""


@pytest.fixture
def folder(tmp_path, right):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "anna.py").write_text(right)
    for name, code in ANSWERS.items():
        (folder / f"{name}.py").write_text(f"import os, sys\n{code}")
    return folder


@pytest.fixture
def results(grade):
    return grade()


@pytest.fixture
def out(results, tmp_path):
    """The reports."""
    assert results
    with Gradebook(tmp_path / "out" / "gradebook.sqlite") as book:
        report.write_folder(tmp_path / "out", book.info(), book.results)
    return tmp_path / "out"


def test_extra_output_breaks_no_result_file_and_earns_nothing(results, out):
    assert results["prints-results"].exercises[0].earned == 0
    whole = json.loads((out / "results.json").read_text())
    assert [one["id"] for one in whole["submissions"]] == sorted(["anna", *ANSWERS])
    shown = next(one for one in whole["submissions"] if one["id"] == "prints-results")
    assert '"score": 100' in shown["checks"][0]["output"]


def test_a_score_of_0_stays_0_in_every_report(results, out):
    assert (results["nothing"].earned, results["nothing"].points) == (0, 6)
    with (out / "grades.csv").open(newline="") as stream:
        line = next(line for line in csv.DictReader(stream) if line["id"] == "nothing")
    assert (line["scale"], line["total"], line["out_of"]) == ("0", "0", "6")
    for page in ("report/nothing.html", "feedback/nothing.html"):
        assert "<strong>0</strong> of 6 points" in (out / page).read_text()
    assert "**0 of 6 points**" in (out / "feedback/nothing.md").read_text()


def test_output_on_stderr_costs_nothing(results):
    assert results["stderr"].exercises[0].earned == 3
    assert "note" in results["stderr"].checks[0].output


def test_right_work_keeps_its_own_helper_functions_whatever_they_are_called(results):
    assert [exercise.earned for exercise in results["own-helpers"].exercises] == [3, 2, 0]


def test_a_numpy_bool_is_as_true_as_pythons_own(grade, own, folder, right):
    path = own.hidden / "checks.py"
    path.write_text(
        f'{path.read_text()}\n\nimport numpy as np\n\n\n@exercise("mean")\ndef check_truth(student):\n    """Truth."""\n'
        "    got = student.is_even(2)\n    assert got\n    expect(got).equals(True)\n"
        "    assert np.array([True]).all()\n    expect(np.array([True]).all()).equals(True)\n"
        "    expect(True).equals(np.array([True]).all())\n"
    )
    (folder / "anna.py").write_text(f"{right}\nimport numpy as np\ndef is_even(n): return np.bool_(n % 2 == 0)\n")
    check = grade()["anna"].checks[-1]
    assert (check.check, check.outcome, check.message) == ("hidden/check_truth", Outcome.PASSED, "")


@pytest.mark.parametrize("words", ["import no_such_package", ""])
def test_missing_tests_end_the_run_and_touch_nothing_that_is_stored(grade, own, results, tmp_path, words):
    (own.hidden / "checks.py").write_text(words)
    for fresh in (False, True):
        with pytest.raises(CourseError):
            grade(fresh=fresh)
    with Gradebook(tmp_path / "out" / "gradebook.sqlite") as book:
        assert {result.id: result for result in book.results()} == results
