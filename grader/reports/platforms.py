"""Grades into the export of a learning platform: one column is filled, or two, and no other byte changes.

Canvas names an assignment's column ``Name (number)`` in every language; Moodle's worksheet has
one column of grades and one of comments, whose names depend on the language of whoever exported it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.reports.cells import Table, TableError, harmless, read_table
from grader.reports.people import Keys, Person, Roster, keys_of, match, with_roster
from grader.reports.remark import remark
from grader.reports.text import one_line
from grader.results import BatchInfo, SubmissionResult, format_points

Platform = Literal["canvas", "moodle"]

_CANVAS_COLUMN = re.compile(r"(?P<name>.+) \((?P<number>\d+)\)", re.DOTALL)
_MOODLE_GRADE = "grade"
_MOODLE_PERSON = re.compile(r"\D+ (\d+)")
"""``Participant 123``, in any language."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A gradebook with grades in it, and what could not be matched."""

    data: bytes
    column: str
    grades: int
    """How many were filled in."""
    unmatched: tuple[str, ...]
    """A line for each submission without a place, and for each student of the file without a submission."""


def fill(
    platform: Platform,
    data: bytes,
    info: BatchInfo,
    results: Sequence[SubmissionResult],
    *,
    users: Mapping[str, str],
    roster: Roster | None = None,
    column: str = "",
    comments: str = "",
) -> Filled:
    """Fill the points of a class into a platform's export.

    Parameters
    ----------
    platform
        Whose export it is.
    data
        The file.
    info, results
        The run.
    users
        The platform's number of a student, by id of the submission, where its file names told it.
    roster
        Who is known by what else, and which people a group consists of; from :func:`~.people.roster_of`.
    column
        Name of the column to fill; found by the assignment's title or name unless given.
    comments
        Name of the column that gets each student's short feedback; none unless given.

    Raises
    ------
    TableError
        When the file has no such column, or several.
    """
    table = read_table(data)
    columns = range(len(table.rows[0]))
    titles = [table.value(0, number) for number in columns]
    place = _canvas_column(titles, info, column) if platform == "canvas" else _named(titles, column or _MOODLE_GRADE)
    rows = [number for number in range(1, len(table.rows)) if _is_student(platform, table, number, titles)]
    remarks = _named(titles, comments, option="--feedback-column") if comments else None
    before = _personal(platform, titles, place)
    there = [_keys_of_row(platform, [table.value(row, cell) for cell in before]) for row in rows]
    roster = roster or Roster()
    here = [(r, one) for r in results for one in _people(r, users.get(r.id, ""), roster)]
    found = match(with_roster([person.keys for _, person in here], roster), there)
    for number, other in found.pairs.items():
        result = here[number][0]
        table.put(rows[other], place, format_points(result.earned))
        if remarks is not None:
            table.put(rows[other], remarks, harmless(remark(result)))
    who = [f"{person.name} ({result.id})" for result, person in here]
    names = [" / ".join(filter(None, (table.value(row, cell) for cell in before))) for row in rows]
    lines = [
        *(f"{who[n]} fits several students, or shares one" for n in found.ambiguous),
        *(f"{who[n]} is nobody in the file" for n in found.unknown),
        *(f"{names[n]} has no submission" for n in found.left),
    ]
    return Filled(
        data=table.encoded(), column=titles[place], grades=len(found.pairs), unmatched=tuple(map(one_line, lines))
    )


def _people(result: SubmissionResult, user: str, roster: Roster) -> Sequence[Person]:
    """Return who handed something in: a group, by their names or by the roster, or one."""
    if result.group:
        return [Person(name, keys_of([name])) for name in result.group]
    own = keys_of([result.student, result.id, user])
    return roster.members(own) or [Person(result.student, own)]


def _canvas_column(titles: Sequence[str], info: BatchInfo, column: str) -> int:
    if column:
        return _named(titles, column)
    found = [
        (number, match["name"]) for number, title in enumerate(titles) if (match := _CANVAS_COLUMN.fullmatch(title))
    ]
    wanted = {info.title.casefold(), info.assignment.casefold()}
    exact = [number for number, name in found if name.strip().casefold() in wanted]
    if len(exact) == 1:
        return exact[0]
    listed = ", ".join(titles[number] for number, _ in found) or "none"
    raise TableError(f"say which column to fill with --column; its assignments are: {listed}")


def _named(titles: Sequence[str], column: str, *, option: str = "--column") -> int:
    found = [number for number, title in enumerate(titles) if title.strip().casefold() == column.strip().casefold()]
    if len(found) == 1:
        return found[0]
    many = "several columns are" if found else "no column is"
    raise TableError(f"{many} called {column!r}; say which to fill with {option}: {', '.join(titles)}")


def _personal(platform: Platform, titles: Sequence[str], place: int) -> list[int]:
    """Return the columns that say who somebody is: those before the first with grades in it."""
    if platform == "moodle":
        return list(range(min(place, 3)))  # identifier, name, perhaps the address; the state of the work follows
    first = next((number for number, title in enumerate(titles) if _CANVAS_COLUMN.fullmatch(title)), place)
    section = 4
    return list(range(min(first, place, section)))  # student, number, two logins; a section has many students


def _is_student(platform: Platform, table: Table, row: int, titles: Sequence[str]) -> bool:
    """Tell a student's line from an empty one, and from Canvas's second header (points possible)."""
    if not any(table.value(row, cell) for cell in range(len(titles))):
        return False
    return platform == "moodle" or bool(table.value(row, 1))


def _keys_of_row(platform: Platform, texts: Sequence[str]) -> Keys:
    number = _MOODLE_PERSON.fullmatch(texts[0]) if platform == "moodle" and texts else None
    return keys_of([*texts, number[1]] if number else texts)
