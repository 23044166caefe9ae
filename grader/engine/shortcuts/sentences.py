"""What an instructor is told: which functions take a shortcut that no known right answer takes there.

The trusted process parses student text here, so everything is bounded: the length of the text before it is parsed, the
nodes that are looked at afterwards, and what is said. Whatever goes wrong, nothing is said.
"""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache

from grader.engine.shortcuts.parsable import parsable
from grader.engine.shortcuts.places import Places
from grader.engine.shortcuts.ready_made import INITIALIZATION
from grader.engine.shortcuts.written import Shortcut
from grader.mistakes import definitions

_LONGEST = 2**17
"""Characters of source that are looked at: four times the longest solution."""
_SHOWN = 100
"""Characters of a student's line, or of a student's name, that are shown."""
_SAID = 5
"""Sentences about one submission: who has read so many opens the source."""


def shortcuts_in(
    cells: Sequence[str], solution: str, functions: Sequence[str], variants: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return one sentence for each place where functions take a shortcut that no known right answer takes there.

    Parameters
    ----------
    cells
        The source as it was handed in: a script, or the code cells of a notebook.
    solution
        Source of the solution. What one of its functions uses, the same function of a submission may use.
    functions
        The functions of the exercises. What none of them uses, as far as names tell, is a test or a plot.
    variants
        Other right answers, each the solution with more behind it: what they use may be used too.

    Returns
    -------
    sentences
        In the order of the source: the first five, and how many more there are. They hold a line of it: escape them.
    """
    if sum(map(len, cells)) > _LONGEST:
        return ()
    lines = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells]  # as the parser counts them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that are none: they are the student's affair
        try:
            return tuple(_sentences(lines, _allowed(solution, tuple(variants), tuple(functions)), functions))
        except Exception:  # noqa: BLE001 - what one student wrote may cost no result
            return ()


@lru_cache(maxsize=4)
def _allowed(solution: str, variants: tuple[str, ...], functions: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the families that right answers use, by function."""
    defined = definitions(solution)
    allowed: dict[str, set[str]] = {
        name: {INITIALIZATION} if isinstance(defined.get(name), ast.ClassDef) else set() for name in functions
    }
    for source in (solution, *variants):
        own = source.removeprefix(solution)
        if source is not solution and not Places(own, functions, above=solution).shortcuts:
            continue  # it has none but the solution's
        places = Places(source, functions)
        for name in functions:
            for place in places.reached(name) & places.shortcuts.keys():
                allowed[name].update(shortcut.family for shortcut in places.shortcuts[place])
    return allowed


def _sentences(cells: Sequence[str], allowed: Mapping[str, set[str]], functions: Sequence[str]) -> Iterator[str]:
    places = Places(parsable(cells), functions)
    reached = {name: places.reached(name) for name in functions} if places.shortcuts else {}
    told = [
        (shortcut, place, users)
        for place, shortcuts in places.shortcuts.items()
        for shortcut in shortcuts
        if (users := [n for n in reached if place in reached[n] and shortcut.family not in allowed[n]])
    ]
    told.sort(key=lambda one: one[0].line)
    for shortcut, place, users in told[:_SAID]:
        yield _sentence(cells, shortcut, place, _nearest(users, reached))
    if len(told) > _SAID:
        yield f"and {len(told) - _SAID} more"


def _nearest(users: Sequence[str], reached: Mapping[str, Collection[str]]) -> Sequence[str]:
    """Leave out those who use another one of them: a network is not to blame for its layer."""
    return [name for name in users if not any(one in reached[name] for one in users if one != name)] or users


def _sentence(cells: Sequence[str], shortcut: Shortcut, place: str, users: Sequence[str]) -> str:
    names = [f"`{name}`" for name in users]
    who = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    inside = "" if users == [place] else f" in `{_short(place)}`"
    verb = "seems" if len(users) == 1 else "seem"
    where, line = _line(cells, shortcut)
    return f"{who} {verb} to use {shortcut.what}{inside} ({where}: `{line}`)"


def _line(cells: Sequence[str], shortcut: Shortcut) -> tuple[str, str]:
    """Return where a shortcut stands, and its lines as one."""
    starts = [0]
    for cell in cells:
        starts.append(starts[-1] + cell.count("\n") + 1)
    number = bisect_right(starts, shortcut.line - 1)
    lines = "\n".join(cells).split("\n")[shortcut.line - 1 : shortcut.last_line]
    text = " ".join(" ".join(lines).split()).replace("`", "'")  # which would end the code span
    line = shortcut.line - starts[number - 1]
    return f"cell {number}, line {line}" if len(cells) > 1 else f"line {line}", _short(text)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"
