"""Numeric differences in place of derivatives: told to the instructor everywhere, and to no student anywhere."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser

import pytest
from rich.console import Console

from grader.reports import classroom, classroom50
from grader.reports.actions import annotation_lines, step_summary
from grader.reports.feedback import exercise_markdown, feedback_markdown
from grader.reports.gradescope import gradescope_form
from grader.reports.html import class_page, feedback_page, student_page
from grader.reports.junit import junit_xml
from grader.reports.notebook import feedback_notebook
from grader.reports.redact import redact
from grader.reports.remark import remark
from grader.reports.rows import row_of
from grader.reports.summary import summarize
from grader.reports.terminal import check_report, class_table
from grader.reports.whole import json_schema, write_results_json
from grader.results import SubmissionResult

HANDED = classroom50.Handed(
    classroom="deep-learning", assignment="backprop", assignment_type="individual", owner="school",
    submission="submit/1", commit="https://example.org/c", release="https://example.org/r",
    review="https://example.org/c", datetime="2026-11-21T12:00:00Z", username="grace",
)  # fmt: skip
NOTEBOOK = json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}).encode()
WORDS = ("secret_quotient", "difference quotient", "complex step", "umeric differences", "1j * h")

STUDENTS = {
    "page": feedback_page,
    "Markdown": feedback_markdown,
    "Markdown of exercises": lambda _, result: "".join(exercise_markdown(result, e.name) for e in result.exercises),
    "notebook": lambda _, result: feedback_notebook(result, NOTEBOOK),
    "grader check": lambda info, result: printed(check_report(info, result)),
    "one cell of a platform": lambda _, result: remark(result),
    "annotations": lambda _, result: "".join(annotation_lines(result, folder="")),
    "job summary": lambda info, result: step_summary([(info, result)]),
    "Classroom": lambda _, result: json.dumps([classroom.whole_form([result]), classroom.runner_forms([result])]),
    "Classroom 50": lambda _, result: json.dumps(classroom50.result_form(HANDED, [result])),
    "Gradescope": lambda _, result: json.dumps(gradescope_form(result)),
    "JUnit": lambda info, result: junit_xml(info.title, [redact(result)]),
}


def printed(renderable) -> str:
    stream = io.StringIO()
    Console(file=stream, width=300).print(renderable)
    return stream.getvalue()


def written(info, results) -> str:
    stream = io.StringIO()
    write_results_json(stream, info, results)
    return stream.getvalue()


class Texts(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said, self.tags = "", []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.said += data


@pytest.mark.parametrize("form", STUDENTS)
def test_no_student_reads_of_it(info, results, form):
    told = [STUDENTS[form](info, result) for result in results]
    assert [word for word in WORDS if any(word in text for text in told)] == []


@pytest.mark.parametrize("form", STUDENTS)
def test_it_changes_nothing_that_a_student_reads(info, grace, form):
    assert STUDENTS[form](info, grace) == STUDENTS[form](info, grace.model_copy(update={"shortcuts": ()}))


def test_the_page_of_the_submission_says_where(info, grace):
    said = Texts(student_page(info, grace)).said
    for sentence in grace.shortcuts:
        assert sentence.replace("`", "") in said


def test_the_page_of_the_class_says_how_many_who_and_where(info, results, grace):
    page = class_page(info, [row_of(result) for result in results])
    said = Texts(page).said
    assert "Seen in the source of 2 of 4 submissions." in said
    section = page.partition('<section aria-labelledby="shortcuts">')[2].partition("</section>")[0]
    assert '<a href="grace.html"><bdi>Grace Hopper</bdi></a>' in section
    assert "Ada" not in section
    for sentence in grace.shortcuts:
        assert sentence.replace("`", "") in said


def test_the_table_has_one_line_of_it(info, grace, ada):
    lines = printed(class_table(info, [grace, ada])).splitlines()
    assert "Shortcuts seem to stand for own work in 1 submission: Grace Hopper" in lines


def test_pages_and_table_say_nothing_where_none_is_seen(info, ada):
    assert "umeric differences" not in class_page(info, [row_of(ada)]) + student_page(info, ada)
    assert "umeric differences" not in printed(class_table(info, [ada]))
    assert summarize(info, [row_of(ada)]).shortcuts == ()


def test_the_results_hold_it(info, results, grace):
    stored = {one["id"]: one["shortcuts"] for one in json.loads(written(info, results))["submissions"]}
    assert (stored["grace"], stored["ada"]) == (list(grace.shortcuts), [])
    assert "shortcuts" in json_schema()["$defs"]["SubmissionResult"]["properties"]


def test_results_of_an_earlier_version_are_read(ada):
    earlier = json.loads(ada.model_dump_json())
    del earlier["shortcuts"]
    assert SubmissionResult.model_validate(earlier) == ada


def test_a_line_of_code_is_no_markup(info, mallory):
    pages = [student_page, lambda info, result: class_page(info, [row_of(result)])]
    harmless = mallory.model_copy(update={"shortcuts": ("`swish` seems to use a complex step (line 1: `x`)",)})
    for page in pages:
        hostile = Texts(page(info, mallory))
        # a backtick of the code is never left inside, so what is code and what is not may differ here alone
        assert [tag for tag in hostile.tags if tag != "code"] == [
            tag for tag in Texts(page(info, harmless)).tags if tag != "code"
        ]
        assert "<img src=x onerror=alert(1)>" in hostile.said
        assert "\x1b" not in hostile.said
