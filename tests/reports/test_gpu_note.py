"""That parity was not looked at on a GPU stands in every report, and changes no outcome."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from grader.evidence import NOT_ON_A_GPU
from grader.reports.feedback import feedback_markdown
from grader.reports.html import class_page, feedback_page, student_page
from grader.reports.rows import row_of
from grader.reports.terminal import check_report, class_table
from grader.reports.whole import write_results_json
from grader.reports.words import without_gpu

SENTENCE = "1 parity check not run on a GPU: this costs no points."


@pytest.fixture
def without(ada):
    """A submission that passed everything, a check of parity among it, on a machine without a GPU."""
    first, *others = ada.checks
    noted = first.model_copy(update={"notes": (f"{NOT_ON_A_GPU}.",)})
    return ada.model_copy(update={"checks": (noted, *others)})


def printed(renderable) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(renderable)
    return console.file.getvalue()


def test_in_what_the_commands_print(info, without, ada):
    assert SENTENCE in printed(class_table(info, [without, ada]))
    assert SENTENCE in printed(check_report(info, without))
    assert NOT_ON_A_GPU not in printed(class_table(info, [ada]))
    assert NOT_ON_A_GPU not in printed(check_report(info, ada))


def test_on_the_pages_of_the_class_and_of_the_student(info, without, ada):
    assert SENTENCE in class_page(info, [row_of(without), row_of(ada)])
    assert NOT_ON_A_GPU not in class_page(info, [row_of(ada)])
    assert NOT_ON_A_GPU in student_page(info, without)


def test_in_the_feedback_of_hidden_checks_too(info, without):
    first, *others = without.checks
    hidden = without.model_copy(update={"checks": (first.model_copy(update={"visibility": "hidden"}), *others)})
    assert NOT_ON_A_GPU in feedback_page(info, hidden)
    assert NOT_ON_A_GPU in feedback_markdown(info, hidden)


def test_in_the_whole_result(info, without):
    stream = io.StringIO()
    write_results_json(stream, info, [without])
    assert NOT_ON_A_GPU in stream.getvalue()


def test_counts_the_checks_of_the_submission_that_has_most():
    assert without_gpu([0, 2, 1]) == "2 parity checks not run on a GPU: this costs no points."
    assert without_gpu([]) == without_gpu([0]) == ""
