"""The form of Classroom 50: ``result.json``, whose scores are whole numbers.

Points that are not whole are multiplied by one common factor, which changes no ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grader.reports.redact import redact
from grader.reports.shares import Share, common_factor, shares
from grader.reports.text import one_line
from grader.results import SubmissionResult

SCHEMA = "classroom50/result/v1"


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What the system says of the submission; the form repeats it."""

    classroom: str
    assignment: str
    assignment_type: str
    """``individual`` or ``group``."""
    owner: str
    submission: str
    """The tag, which begins with ``submit/``."""
    commit: str
    release: str
    review: str
    datetime: str
    """Of the commit, in UTC with a ``Z``."""
    username: str = ""


def result_form(handed: Handed, results: Sequence[SubmissionResult]) -> dict[str, Any]:
    """Return ``result.json`` of a submission (of several assignments when its repository holds them)."""
    parts = [(result, share) for result in map(redact, results) for share in shares(result)]
    factor = common_factor(share for _, share in parts)
    several = len(results) > 1
    tests = [_test(share, factor, prefix=f"{result.assignment}: " if several else "") for result, share in parts]
    return _head(handed) | {
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def problem_form(handed: Handed, message: str) -> dict[str, Any]:
    """Return ``result.json`` of a run that has no results: one test of 0 points says why."""
    name = one_line(message) or "The checks could be run"
    return _head(handed) | {
        "score": 0,
        "max-score": 0,
        "tests": [{"test-name": name, "passed": False, "score": 0, "max-score": 0}],
    }


def _head(handed: Handed) -> dict[str, Any]:
    form: dict[str, Any] = {
        "schema": SCHEMA,
        "classroom": handed.classroom,
        "assignment": handed.assignment,
        "assignment_type": handed.assignment_type,
        "owner": handed.owner,
        "submission": handed.submission,
        "commit": handed.commit,
        "release": handed.release,
        "review": handed.review,
        "datetime": handed.datetime,
    }
    return form | ({"submitted_by": {"username": handed.username}} if handed.username else {})


def _test(share: Share, factor: int, *, prefix: str) -> dict[str, Any]:
    # more than there is to earn can only come from points set by hand, and the form knows no such thing
    earned = min(share.earned, share.points)
    return {
        "test-name": prefix + one_line(share.title),
        "passed": share.passed,
        "score": int(earned * factor),
        "max-score": int(share.points * factor),
    }
