"""What of some cells can be parsed: magics and broken blocks are left out, as a notebook goes on after them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise

from grader.mistakes import definitions

_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What the parser raises: the last two for nesting that is too deep."""
_BLOCK = re.compile(r"^(?=[^\s#)\]}])", re.MULTILINE)
"""Where a statement begins at the margin, or seems to."""


def parsable(cells: Sequence[str]) -> str:
    """Return what of some cells can be parsed, every line in its place: the rest is blank."""
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
