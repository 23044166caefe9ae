"""``grades.csv``: a line a submission, for spreadsheets and learning platforms.

Holds points and outcomes, and what somebody who reads nothing else must know; what went wrong stands in the pages.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from fractions import Fraction
from typing import TextIO

from grader.reports.cells import harmless
from grader.reports.rows import points_of, row_of
from grader.reports.words import not_on_a_gpu
from grader.results import BatchInfo, SubmissionResult, format_points

_LONGEST = 1_000
"""Characters of what was seen; a spreadsheet's cell holds 32,767, and an archive can have more to tell than that."""


def write_grades_csv(stream: TextIO, info: BatchInfo, results: Iterable[SubmissionResult]) -> None:
    """Write one line a submission, in the order of ``results``, to ``stream``.

    The columns are ``id``, ``student``, ``outcome``, one for each exercise by its name,
    ``total``, ``out_of``, ``message``, ``by_hand``: which points an instructor set, and why;
    ``seen``: what was seen while the submission was read, late or a group say; and
    ``not_on_a_gpu``: the checks whose part on a GPU was left out, because there was none.
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
    more = ("total", "out_of", "message", "by_hand", "seen", "not_on_a_gpu")
    writer.writerow([*map(harmless, ("id", "student", "outcome", *names, *more))])
    out_of = format_points(points_of(info))
    for result in results:
        writer.writerow(_line(result, names=names, out_of=out_of))


def _line(result: SubmissionResult, *, names: Iterable[str], out_of: str) -> list[str]:
    row = row_of(result)
    by_exercise = [format_points(row.by_exercise.get(name, Fraction(0))) for name in names]
    known = [harmless(row.id), harmless(row.student), row.outcome.value]
    by_hand = " ".join(f"{name}: {words}" for name, words in row.by_hand)
    not_run = " ".join(check.check for check in result.checks if not_on_a_gpu(check))
    seen = "; ".join(result.problems)[:_LONGEST]
    said = [row.message, by_hand, seen, not_run]
    return [*known, *by_exercise, format_points(row.earned), out_of, *map(harmless, said)]
