"""How wide the columns of the class table are, on any terminal.

Widths are in cells of the terminal. The total of a row is never cut, and names are folded over lines, not cut; what
gives way are the columns of exercises: first their headings, then the last of them altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_NAME, _FOLDED_NAME = 30, 15
"""Widest column of names, and where it stops to give way to exercises: a first or a last name mostly fits."""
_HEADING, _SHORT_HEADING = 7, 4
"""How short headings of exercises become before names are folded, and before exercises are left out: ``lin…``."""
_FRAME = 2
"""Cells at both edges; and one lies between two columns."""


@dataclass(frozen=True, kw_only=True)
class Widths:
    """What fits."""

    name: int
    exercises: tuple[int, ...]
    """Of the first ones; as many as are shown."""


def fit(room: int, *, name: int, fixed: Sequence[int], headings: Sequence[int], points: Sequence[int]) -> Widths:
    """Return the widths of the columns that give way.

    Parameters
    ----------
    room
        Of the terminal.
    name
        The longest name.
    fixed
        Columns that are as wide as they are: outcome and total.
    headings, points
        Of each exercise, its heading and the widest of its cells, which is never cut.
    """
    left = room - _FRAME - sum(fixed) - len(fixed)
    widest = min(name, _NAME)
    folded = min(name, _FOLDED_NAME)
    longest = max((_HEADING, *headings))
    tries = [(widest, limit) for limit in range(longest, _HEADING - 1, -1)]
    tries += [(folded, limit) for limit in range(_HEADING, _SHORT_HEADING - 1, -1)]
    for name_width, limit in tries:
        shown = _exercises(headings, points, limit)
        if name_width + _taken(shown) <= left:
            return Widths(name=min(widest, left - _taken(shown)), exercises=shown)
    shown = _exercises(headings, points, _SHORT_HEADING)
    while shown and folded + _taken(shown) > left:
        shown = shown[:-1]
    return Widths(name=max(1, min(widest, left - _taken(shown))), exercises=shown)


def _exercises(headings: Sequence[int], points: Sequence[int], limit: int) -> tuple[int, ...]:
    return tuple(max(min(heading, limit), cells) for heading, cells in zip(headings, points, strict=True))


def _taken(columns: Sequence[int]) -> int:
    return sum(columns) + len(columns)
