"""The form of the public GitHub Classroom actions: *runners*, each a list of tests with scores.

Their reporter shows two totals: a table that counts ``passed / len(tests) * max_score`` for each
runner, and a notice with the sum of the scores. They agree only where all tests of a runner weigh
the same, so there is one runner for each number of points that a check can be worth.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from grader.reports.plain import summary_line
from grader.reports.redact import redact
from grader.reports.shares import Share, dyadic, shares
from grader.reports.text import one_line, shortened
from grader.results import Outcome, SubmissionResult

_STATUS: dict[Outcome, str] = {
    Outcome.PASSED: "pass",
    Outcome.FAILED: "fail",
    Outcome.NOT_IMPLEMENTED: "fail",
    Outcome.NOT_RUN: "fail",
    Outcome.CRASHED: "error",
    Outcome.TIMED_OUT: "error",
    Outcome.OUT_OF_MEMORY: "error",
    Outcome.FORBIDDEN: "error",
    Outcome.GRADER_ERROR: "error",
    Outcome.UNREADABLE: "error",
}

Form = dict[str, Any]


def whole_form(results: Iterable[SubmissionResult]) -> Form:
    """Return all checks as one runner: the sum of its scores is the total, exactly as :func:`~.shares.dyadic` says."""
    return _form([(result, share) for result in map(redact, results) for share in shares(result)])


def runner_forms(results: Iterable[SubmissionResult]) -> dict[str, Form]:
    """Return one form for each number of points that a check is worth, by the name of its runner.

    Names are ``points1``, ``points2``, ... in the order in which the numbers occur.
    """
    groups: dict[Fraction, list[tuple[SubmissionResult, Share]]] = {}
    for result in map(redact, results):
        for share in (part for one in shares(result) for part in _whole_or_nothing(one)):
            groups.setdefault(share.points, []).append((result, share))
    return {f"points{number}": _form(group) for number, group in enumerate(groups.values(), 1)}


def problem_form(message: str) -> Form:
    """Return the form of a run that has no results: it could not begin, or was cut short.

    The reporter throws every runner away when one has no tests, so there is one, of 0 points.
    """
    test = _test("The checks could be run", "error", 0, message, file="", line=0, seconds=0)
    return {"version": 1, "status": "error", "max_score": 0, "tests": [test]}


def encoded(form: Form) -> str:
    """Return a form as the actions hand it on: base64 of its JSON."""
    return base64.b64encode(json.dumps(form).encode()).decode()


def _whole_or_nothing(share: Share) -> list[Share]:
    """Split points that were earned in part: the table of the reporter knows passed and not passed alone."""
    if share.earned in {0, share.points}:
        return [share]
    rest = replace(share, points=max(share.points - share.earned, Fraction(0)), earned=Fraction(0))
    return [replace(share, points=share.earned), *([rest] if rest.points else [])]


def _form(parts: list[tuple[SubmissionResult, Share]]) -> Form:
    if not parts:
        return problem_form("There was nothing to check.")
    several = len({result.assignment for result, _ in parts}) > 1
    scores = dyadic([share.earned for _, share in parts])
    tests = [
        _test_of(share, score, prefix=f"{result.assignment}: " if several else "")
        for (result, share), score in zip(parts, scores, strict=True)
    ]
    statuses = {test["status"] for test in tests}
    status = next(word for word in ("error", "fail", "pass") if word in statuses)
    [worth] = dyadic([sum((share.points for _, share in parts), Fraction(0))])
    return {"version": 1, "status": status, "max_score": worth, "tests": tests}


def _test_of(share: Share, score: float, *, prefix: str) -> dict[str, Any]:
    check = share.check
    name = prefix + one_line(share.title)
    if check is None:
        return _test(name, "pass" if share.passed else "fail", score, "", file="", line=0, seconds=0)
    place = check.location
    return _test(
        name,
        _STATUS[check.outcome],
        score,
        "" if share.passed else summary_line(check),
        file=one_line(place.file) if place else "",
        line=place.line if place else 0,
        seconds=check.seconds,
    )


def _test(
    name: str, status: str, score: float, message: str, *, file: str, line: int, seconds: float
) -> dict[str, Any]:
    return {
        "name": name,
        "status": status,
        "score": score,
        "message": shortened(one_line(message)),
        "test_code": "",  # it is printed, and a check's code is nobody's business here
        "filename": file,
        "line_no": line,
        "duration": seconds,
    }
