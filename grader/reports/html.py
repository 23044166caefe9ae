"""HTML pages: of a class and of a submission for the instructor, and the feedback of a student.

What they have in common with other pages is in :mod:`grader.reports.pages`. Nothing is written to disk.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from grader.reports.pages import POLICY, environment
from grader.reports.redact import redact
from grader.reports.rows import Row, faults_of, points_of
from grader.reports.summary import summarize
from grader.reports.words import advice, without_gpu
from grader.results import BatchInfo, CheckResult, ExerciseResult, Outcome, SubmissionResult

CLASS_PAGE_NAME = "index.html"
"""File name of the class page; student pages lie beside it and link to it."""


@dataclass(frozen=True)
class _Entry:
    number: int
    """Of the check within the page, from 1: its anchor."""
    check: CheckResult


@dataclass(frozen=True)
class _Section:
    number: int
    exercise: ExerciseResult
    entries: tuple[_Entry, ...]


def page_name(submission: str) -> str:
    """Return the file name of the page of the submission with this id."""
    return f"{submission}.html"


def class_page(info: BatchInfo, rows: Sequence[Row]) -> str:
    """Return the instructor's page about the whole class, from :func:`grader.reports.rows.row_of` of each result.

    Rows keep their order; the reader sorts and filters them, and a link such as
    ``index.html#sort=-points`` opens the page sorted.
    """
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _render(
        "class.html.jinja",
        policy=f"{POLICY}; script-src 'sha256-{digest}'",
        info=info,
        rows=rows,
        faults=[(row, name, message) for row in rows for name, message in row.faults],
        summary=summarize(info, rows),
        gpu=without_gpu(row.without_gpu for row in rows),
        out_of=points_of(info),
        rank={outcome: rank for rank, outcome in enumerate(Outcome)},
        script=Markup(script),  # noqa: S704 - our own file, pinned by its hash in the policy
    )


def student_page(info: BatchInfo, result: SubmissionResult) -> str:
    """Return the instructor's page about one submission, with all evidence of hidden checks."""
    return _render(
        "student.html.jinja",
        policy=POLICY,
        info=info,
        result=result,
        faults=faults_of(result),
        sections=_sections(result),
        class_page_name=CLASS_PAGE_NAME,
    )


def feedback_page(info: BatchInfo, result: SubmissionResult) -> str:
    """Return the student's page about the own submission; it shows no more than :func:`redact` leaves."""
    shown = redact(result)
    sections = _sections(shown)
    return _render(
        "feedback.html.jinja",
        policy=POLICY,
        info=info,
        result=shown,
        sections=sections,
        advice=advice(shown),
        open_entries=[
            entry for section in sections for entry in section.entries if entry.check.outcome is not Outcome.PASSED
        ],
    )


def _sections(result: SubmissionResult) -> list[_Section]:
    entries = [_Entry(number, check) for number, check in enumerate(result.checks, start=1)]
    return [
        _Section(number, exercise, tuple(entry for entry in entries if entry.check.exercise == exercise.name))
        for number, exercise in enumerate(result.exercises, start=1)
    ]


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(values)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    made = environment()
    made.filters.update(number=_number, page_name=page_name, url=_url)
    return made


@lru_cache(maxsize=1)
def _script() -> str:
    return resources.files("grader.reports").joinpath("templates", "class.js").read_text(encoding="utf-8")


def _number(value: Fraction) -> str:
    # Shortest text that a browser reads back as the same number, so equal points sort as equal.
    return repr(float(value))


def _url(name: str) -> str:
    # Also the colon, lest an id become the scheme of a link.
    return quote(name, safe="", errors="surrogatepass")
