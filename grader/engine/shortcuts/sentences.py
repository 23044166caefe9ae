"""Which functions of a submission take derivatives by values where those of the solution do not.

The trusted process parses student text here, so everything is bounded: the length of the text before it is parsed, and
the nodes that are looked at afterwards. Whatever goes wrong, nothing is said.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise

from grader.engine.shortcuts.names import Budget, TooMuchError
from grader.engine.shortcuts.quotients import Kind, Quotient, quotients
from grader.mistakes import definitions, reached_from

_LONGEST = 2**17
"""Characters of source that are looked at: four times the longest solution."""
_NODES = 200_000
"""Nodes of syntax that are looked at, each as often as it is: fifteen times what any solution takes, a second."""
_SHOWN = 100
"""Characters of a student's line that are shown."""
_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What the parser raises: the last two for nesting that is too deep."""
_BLOCK = re.compile(r"^(?=[^\s#)\]}])", re.MULTILINE)
"""Where a statement begins at the margin, or seems to."""


def shortcuts_in(cells: Sequence[str], solution: str, functions: Sequence[str]) -> tuple[str, ...]:
    """Return one sentence for each place where functions take a derivative by values, and those of the solution do not.

    Parameters
    ----------
    cells
        The source as it was handed in: a script, or the code cells of a notebook.
    solution
        Source of the solution. A function of it that takes a derivative by values may be answered so.
    functions
        The functions of the exercises. What none of them uses, as far as names tell, is a test or a plot.

    Returns
    -------
    sentences
        In the order of the source. They hold a line of it: escape them.
    """
    if sum(map(len, cells)) > _LONGEST:
        return ()
    lines = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells]  # as the parser counts them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that are none: they are the student's affair
        try:
            return tuple(_sentences(lines, _answered_so(solution, tuple(functions)), functions))
        except Exception:  # noqa: BLE001 - what one student wrote may cost no result
            return ()


@lru_cache(maxsize=4)
def _answered_so(solution: str, functions: tuple[str, ...]) -> frozenset[str]:
    """Return the functions of the solution that take a derivative by values themselves."""
    places = _places(solution, functions)
    return frozenset(name for name in functions if not places.keys().isdisjoint(reached_from(solution, name)))


def _sentences(cells: Sequence[str], allowed: Collection[str], functions: Sequence[str]) -> Iterator[str]:
    source = _parsable(cells)
    places = _places(source, functions)
    users: dict[str, list[str]] = {}
    reached = {name: reached_from(source, name) for name in functions if places and name not in allowed}
    for name, used in reached.items():
        for place in used & places.keys():
            users.setdefault(place, []).append(name)
    found = [(quotient, place) for place in users for quotient in places[place].values()]
    for quotient, place in sorted(found, key=lambda one: one[0].node.lineno):
        yield _sentence(cells, quotient, place, _nearest(users[place], reached))


def _nearest(users: Sequence[str], reached: Mapping[str, Collection[str]]) -> Sequence[str]:
    """Leave out those who use another one of them: a network is not to blame for its layer."""
    return [name for name in users if not any(one in reached[name] for one in users if one != name)] or users


def _places(source: str, functions: Collection[str]) -> dict[str, dict[Kind, Quotient]]:
    """Return, by the name of a function or ``Class.method``, the first place of each kind in it."""
    budget = Budget(_NODES)
    found: dict[str, dict[Kind, Quotient]] = {}
    for name, function in _functions(source):
        oracles = _arguments(function) if name.partition(".")[0] in functions else frozenset()
        with suppress(RecursionError, TooMuchError):
            for quotient in quotients(function, budget):
                # differences of an oracle that the exercise is given are a way to use it: a secant, a Hessian's product
                if oracles.isdisjoint(quotient.called):
                    found.setdefault(name, {}).setdefault(quotient.kind, quotient)
    return found


def _functions(source: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for name, node in definitions(source).items():
        if isinstance(node, ast.FunctionDef):
            yield name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{name}.{item.name}", item) for item in node.body if isinstance(item, ast.FunctionDef))


def _arguments(function: ast.FunctionDef) -> frozenset[str]:
    takes = function.args
    return frozenset(argument.arg for argument in (*takes.posonlyargs, *takes.args, *takes.kwonlyargs))


def _parsable(cells: Sequence[str]) -> str:
    """Return what of some cells can be parsed, every line in its place: magics and broken blocks are blank."""
    whole = "\n".join(cells)
    try:
        definitions(whole)  # whose syntax tree is kept for what comes next
    except _ERRORS:
        return "\n".join(cell if _parses(cell) else _blocks(cell) for cell in cells)
    return whole


def _blocks(cell: str) -> str:
    starts = [0, *(mark.start() for mark in _BLOCK.finditer(cell)), len(cell)]
    blocks = [cell[start:end] for start, end in pairwise(starts)]
    return "".join(block if _parses(block) else "\n" * block.count("\n") for block in blocks)


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except _ERRORS:
        return False
    return True


def _sentence(cells: Sequence[str], quotient: Quotient, place: str, users: Sequence[str]) -> str:
    names = [f"`{name}`" for name in users]
    who = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    inside = "" if users == [place] else f" in `{place}`"
    verb = "seems" if len(users) == 1 else "seem"
    where, line = _line(cells, quotient.node)
    return f"{who} {verb} to use {quotient.kind}{inside} ({where}: `{line}`)"


def _line(cells: Sequence[str], node: ast.stmt | ast.expr) -> tuple[str, str]:
    """Return where a node stands, and its lines as one."""
    starts = [0]
    for cell in cells:
        starts.append(starts[-1] + cell.count("\n") + 1)
    number = bisect_right(starts, node.lineno - 1)
    lines = "\n".join(cells).split("\n")[node.lineno - 1 : node.end_lineno]
    text = " ".join(" ".join(lines).split()).replace("`", "'")  # which would end the code span
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + " …"
    line = node.lineno - starts[number - 1]
    return f"cell {number}, line {line}" if len(cells) > 1 else f"line {line}", shown
