"""``grades.csv``: a line a submission, for spreadsheets and learning platforms.

Holds points and outcomes only; what went wrong stands in the pages.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from fractions import Fraction
from typing import TextIO

from grader.reports.rows import Row, points_of, row_of
from grader.reports.text import one_line
from grader.results import BatchInfo, SubmissionResult, format_points

# A cell that begins so is a formula to some spreadsheet (OWASP, "CSV Injection"): the ASCII signs, the
# white space that importers skip, and the full-width signs that they fold to ASCII.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_grades_csv(stream: TextIO, info: BatchInfo, results: Iterable[SubmissionResult]) -> None:
    """Write one line a submission, in the order of ``results``, to ``stream``.

    The columns are ``id``, ``student``, ``outcome``, one for each exercise by its name,
    ``total``, ``out_of``, ``message`` and ``by_hand``: which points an instructor set, and why.
    Points have at most two decimals. A submission that could not be graded has 0 points, unless
    they were set by hand; its outcome and message say why. Quoting is that of RFC
    4180, except that lines end in a line feed. Text that a spreadsheet would take for a
    formula gets a leading apostrophe.

    Parameters
    ----------
    stream
        Opened with ``newline=""``, so that line ends stay as written.
    """
    writer = csv.writer(stream, lineterminator="\n")
    names = [exercise.name for exercise in info.exercises]
    writer.writerow([*map(_cell, ("id", "student", "outcome", *names, "total", "out_of", "message", "by_hand"))])
    out_of = format_points(points_of(info))
    for result in results:
        writer.writerow(_line(row_of(result), names=names, out_of=out_of))


def _line(row: Row, *, names: Iterable[str], out_of: str) -> list[str]:
    by_exercise = [format_points(row.by_exercise.get(name, Fraction(0))) for name in names]
    known = [_cell(row.id), _cell(row.student), row.outcome.value]
    by_hand = " ".join(f"{name}: {words}" for name, words in row.by_hand)
    return [*known, *by_exercise, format_points(row.earned), out_of, _cell(row.message), _cell(by_hand)]


def _cell(text: str) -> str:
    guard = "'" if text.startswith(_FORMULA_STARTS) else ""
    return guard + one_line(text)
