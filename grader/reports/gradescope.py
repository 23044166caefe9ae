"""The form that Gradescope reads: ``results.json`` of one submission.

Scores are floats there, so the exact total stands beside their sum. A public check is visible
at once, a hidden one when the instructor publishes the grades: until then Gradescope also
hides the total.
"""

from __future__ import annotations

from typing import Any

from grader.reports.plain import check_text, submission_text
from grader.reports.redact import redact
from grader.reports.shares import Share, dyadic, shares
from grader.reports.text import one_line, visible
from grader.results import SubmissionResult


def gradescope_form(result: SubmissionResult, *, seconds: float = 0.0, note: str = "") -> dict[str, Any]:
    """Return the form of one submission, with no more than its student may see.

    Parameters
    ----------
    result
        What was found; the redactor is applied here.
    seconds
        How long grading took; 0 leaves it out.
    note
        A line above everything else, e.g. that grading is not finished.
    """
    shown = redact(result)
    parts = shares(shown)
    scores = dyadic([part.earned for part in parts])
    worths = dyadic([part.points for part in parts])
    form: dict[str, Any] = {
        "score": sum(scores),
        "output": "\n".join(filter(None, [note, submission_text(shown)])),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"assignment": shown.assignment, "isolation": shown.isolation, "exact": str(shown.earned)},
        "tests": [
            _test(number, part, score, worth)
            for number, (part, score, worth) in enumerate(zip(parts, scores, worths, strict=True), 1)
        ],
    }
    return form | ({"execution_time": round(seconds, 3)} if seconds else {})


def problem_form(message: str) -> dict[str, Any]:
    """Return the form of a run that has no results, and why."""
    return {"score": 0, "output": visible(message), "output_format": "text", "visibility": "visible", "tests": []}


def _test(number: int, part: Share, score: float, worth: float) -> dict[str, Any]:
    hidden = part.check is not None and part.check.visibility == "hidden"
    return {
        "number": str(number),
        "name": one_line(part.title),
        "score": score,
        "max_score": worth,
        "status": "passed" if part.passed else "failed",
        "output": visible(part.note) if part.check is None else "" if part.passed else check_text(part.check),
        "tags": [part.exercise],
        "visibility": "after_published" if hidden else "visible",
    }
