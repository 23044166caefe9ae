"""GitHub Actions: annotations at the student's lines, and the Markdown summary of a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.reports.feedback import feedback_markdown
from grader.reports.plain import summary_line
from grader.reports.redact import redact
from grader.reports.text import one_line
from grader.reports.words import place
from grader.results import BatchInfo, CheckResult, Outcome, SubmissionResult, format_points

_SUMMARY_LIMIT = 1_000_000
"""Bytes: GitHub shows nothing of a summary above 1 MiB."""
_SILENT = {Outcome.PASSED, Outcome.NOT_RUN, Outcome.NOT_IMPLEMENTED}
"""Outcomes without an annotation: GitHub shows ten of a step, and what is unwritten its author knows."""

Graded = tuple[BatchInfo, SubmissionResult]


def annotation_lines(result: SubmissionResult, *, folder: str) -> list[str]:
    """Return a workflow command for each check that went wrong, at the student's line where one is known.

    Parameters
    ----------
    result
        What was found; the redactor is applied here.
    folder
        Where the submission lies below the repository; empty for its root.
    """
    return [_annotation(check, folder) for check in redact(result).checks if check.outcome not in _SILENT]


def command(name: str, message: str, **properties: str | int) -> str:
    """Return a workflow command, escaped: ``::error file=a.py,line=3::message``."""
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    return f"::{name}{' ' if listed else ''}{listed}::{_data(message)}"


def step_summary(graded: Sequence[Graded], warnings: Sequence[str] = ()) -> str:
    """Return the feedback of a student's assignments as Markdown; where that is too long, the points alone."""
    head = [_warning(warning) for warning in warnings]
    whole = "\n".join([*head, *(feedback_markdown(info, result) for info, result in graded)])
    if len(whole.encode()) <= _SUMMARY_LIMIT:
        return whole
    return "\n".join([*head, *_points(graded), "", "The feedback is too long to be shown here: see `feedback.md`.", ""])


def problem_summary(message: str) -> str:
    """Return the summary of a run without results."""
    return _warning(message)


def _annotation(check: CheckResult, folder: str) -> str:
    where: dict[str, str | int] = {}
    said = summary_line(check)
    if check.location is not None:
        where["file"] = one_line(f"{folder}/{check.location.file}".lstrip("/"))
        if check.location.cell is None:
            where["line"] = check.location.line
        else:  # a line of the file is a line of JSON
            said = f"{said} (at {one_line(place(check.location))})"
    name = "warning" if check.outcome is Outcome.GRADER_ERROR else "error"
    return command(name, said, **where, title=one_line(check.title))


def _points(graded: Sequence[Graded]) -> Iterator[str]:
    yield "| Assignment | Points |"
    yield "| --- | ---: |"
    for _, result in graded:
        yield f"| {result.assignment} | {format_points(result.earned)} of {format_points(result.points)} |"


def _warning(text: str) -> str:
    plain = one_line(text).replace("`", "'")
    return f"> **Note:** `{plain}`\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
