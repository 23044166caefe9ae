"""What there is to say about a check or a submission as plain text, for forms that show nothing richer."""

from __future__ import annotations

from collections.abc import Iterator

from grader.reports.text import one_line, shortened, visible
from grader.reports.words import WORDS, added_hint, causes, place, whole_file
from grader.results import CheckResult, SubmissionResult


def check_text(check: CheckResult) -> str:
    """Return message, hint, causes, place, notes and printed output of a check, a line each or more."""
    return "\n".join(_lines(check))


def summary_line(check: CheckResult) -> str:
    """Return on one line what a check has to say first: its hint, else its message, else what the outcome means."""
    said = check.hint or check.message or WORDS[check.outcome].explanation
    return shortened(one_line(" ".join(said.split())))


def submission_text(result: SubmissionResult) -> str:
    """Return what is to say about a submission as a whole; empty when all is well."""
    sentence, lines = whole_file(result)
    return "\n".join([sentence, *map(one_line, lines)]) if lines else ""


def _lines(check: CheckResult) -> Iterator[str]:
    yield visible(check.message).rstrip() or WORDS[check.outcome].explanation
    if hint := added_hint(check):
        yield f"Hint: {one_line(hint)}"
    for cause in causes(check):
        yield f"Likely cause: {one_line(cause)}"
    for item in check.evidence:
        for word, value in (("Got", item.got), ("Expected", item.want)):
            if value:
                yield f"{word} {one_line(item.name)}: {shortened(visible(value))}"
    if check.location is not None:
        yield f"At {one_line(place(check.location))}"
    for note in check.notes:
        yield f"Note: {one_line(note)}"
    if check.output:
        yield f"Your code printed:\n{shortened(visible(check.output))}"
