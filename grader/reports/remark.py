"""A student's feedback in a few sentences, for the one cell that a learning platform has for it.

Says no more than :mod:`grader.reports.feedback`, from the same redacted result.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator

from grader.reports.redact import redact
from grader.reports.text import counted, one_line, shortened
from grader.reports.words import WORDS, by_hand, unusable
from grader.results import Outcome, SubmissionResult, format_points

_LONGEST = 3_000
"""Characters: twenty hints. A cell of a spreadsheet holds 32,767."""


def remark(result: SubmissionResult) -> str:
    """Return points, what is still to write, and every hint once, on one line.

    Platforms show comments as HTML, so ``<``, ``>`` and ``&`` are written as HTML writes them.
    """
    text = " ".join(_sentences(redact(result)))
    return html.escape(shortened(one_line(" ".join(text.split())), characters=_LONGEST), quote=False)


def _sentences(result: SubmissionResult) -> Iterator[str]:
    yield f"{format_points(result.earned)} of {format_points(result.points)} points."
    if result.outcome is not Outcome.PASSED and not result.checks:
        yield WORDS[result.outcome].explanation
    if result.message:
        yield _ended(result.message)
    yield from (f"{exercise.title}: {by_hand(exercise)}" for exercise in result.exercises if exercise.override)
    yield from (f"{words}: {', '.join(names)}." for words, names in unusable(result.exercises))
    open_checks = [check for check in result.checks if check.outcome is not Outcome.PASSED]
    if open_checks:
        yield f"{counted(len(open_checks), 'check')} of {len(result.checks)} did not pass."
    hints = Counter(check.hint for check in open_checks if check.hint)
    yield from (f"{_ended(hint)}{f' ({count} checks)' if count > 1 else ''}" for hint, count in hints.items())


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
