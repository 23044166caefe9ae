"""What is said of a submission besides what is in it: late, by a group, one of several. Costs no points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from grader.submissions.model import Found
from grader.submissions.names import Label, is_code, shown

LATE = "late"
_BETWEEN = ", "

Handed = tuple[Label, str]
"""What the name of a file says, and the name."""


def late(handed_in: datetime, due: datetime | None) -> str:
    """Return ``late by 2 h 10 min``; empty when it was in time or there is no time to keep. Both have an offset."""
    if due is None or handed_in <= due:
        return ""
    minutes = int((handed_in - due).total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    told = [f"{number} {unit}" for number, unit in parts if number]
    return f"{LATE} by {' '.join(told[:2]) or 'less than a minute'}"


def of_lateness(files: Iterable[Label]) -> tuple[str, ...]:
    """Say that one of a student's files came late, as its name tells."""
    return (LATE,) if any(label.late for label in files) else ()


def of_versions(files: Iterable[Handed], latest: Mapping[str, Handed]) -> tuple[str, ...]:
    """Say which files of code were handed in again, and so are not graded.

    Parameters
    ----------
    files
        All that a student handed in: what each name says, and the name.
    latest
        Of each file the one that counts, by the file's own name.
    """
    return tuple(
        f"{shown(name)} was not graded: {shown(latest[label.file][1])} was handed in later"
        for label, name in files
        if is_code(label.file) and latest[label.file][1] != name
    )


def joined(names: Sequence[str]) -> str:
    """Return the name of those who handed something in together."""
    return _BETWEEN.join(names)


def of_group(names: Sequence[str]) -> tuple[str, ...]:
    """Say that several handed it in; nothing of one."""
    return (f"handed in by a group of {len(names)}",) if len(names) > 1 else ()


def of_doubles(found: Sequence[Found]) -> list[tuple[str, ...]]:
    """Say of each submission whether a student of it has handed in others."""
    count = Counter(name.casefold() for one in found for name in set(one.group or (one.student,)))
    return [
        tuple(
            f"one of {count[name.casefold()]} submissions {f'of {name}' if one.group else 'under this name'}"
            for name in one.group or (one.student,)
            if count[name.casefold()] > 1
        )
        for one in found
    ]
