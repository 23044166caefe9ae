"""From the cells of a submission to statements that can be executed one by one.

One broken statement must not cost the other exercises, so a cell that does not compile is
cut into top-level blocks and the broken ones are reported; the lines of the others keep
their numbers. Notebook magics and shell lines are blanked where they stop a cell from
compiling. Runs in the worker: the trusted process never parses student code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w., ]+=\s*[%!].*|.*\?{1,2}\s*)$")
"""A line magic, a shell line, an assignment from either, a question to IPython."""
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python", "python3"})
"""Cell magics under which the rest of the cell is Python."""
_CONTINUES = ("else", "elif", "except", "finally", ")", "]", "}", "case")
"""How a line at the margin begins when it still belongs to the block above it."""


@dataclass(frozen=True)
class Broken:
    """A block that is no Python: where, and what the compiler said."""

    line: int
    code: str
    kind: str
    message: str
    names: list[str]


@dataclass
class Cell:
    """The statements of one cell, and what of it could not be compiled."""

    statements: list[ast.stmt] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def parse(source: str, *, notebook: bool, tolerant: bool) -> Cell:
    """Cut a cell into top-level statements.

    Parameters
    ----------
    source
        The text of the cell, or of the whole script.
    notebook
        Whether magics may occur.
    tolerant
        Go on after a block that does not compile; else nothing of the cell is left.
    """
    try:
        return Cell(_compile(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        first = error
    if notebook:
        source = _without_magics(source)
        try:
            return Cell(_compile(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            first = error
    if not tolerant:
        return Cell([], [_broken(first, source, 0)])
    return _by_blocks(source)


def _compile(source: str) -> list[ast.stmt]:
    tree = ast.parse(source)
    # some errors (return outside a function, two equal arguments) come with compilation only
    compile(tree, "<cell>", "exec", dont_inherit=True)
    return tree.body


def _by_blocks(source: str) -> Cell:
    cell = Cell()
    for start, text in _blocks(source.splitlines()):
        try:
            statements = _compile(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            cell.broken.append(_broken(error, text, start))
            continue
        for statement in statements:
            ast.increment_lineno(statement, start)
        cell.statements += statements
    return cell


def _blocks(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (lines before it, text) of every block that begins at the margin."""
    start = 0
    decorated = False
    for number, line in enumerate(lines):
        begins = bool(line) and not line[0].isspace() and not line.startswith(("#", *_CONTINUES))
        if begins and number > start and not decorated:
            yield start, "\n".join(lines[start:number])
            start = number
        if begins:
            decorated = line.startswith("@")
    if start < len(lines):
        yield start, "\n".join(lines[start:])


def _broken(error: BaseException, text: str, start: int) -> Broken:
    lines = text.splitlines() or [""]
    line = min(getattr(error, "lineno", None) or 1, len(lines))
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    names = re.findall(r"^(?:async +def|def|class) +(\w+)", text, re.MULTILINE)
    return Broken(start + line, lines[line - 1].strip(), type(error).__name__, message, names)


def _without_magics(source: str) -> str:
    """Blank what is IPython's and not Python's; every line keeps its number."""
    lines = source.splitlines()
    head = next((line for line in lines if line.strip()), "")
    magic = _CELL_MAGIC.match(head)
    if magic and magic[1] not in _PYTHON_CELL_MAGICS:
        return ""
    # `pass` keeps a block whole that holds nothing but a magic
    return "\n".join(_MAGIC.sub(r"\1pass", line) for line in lines)


def defined_names(statement: ast.stmt) -> list[str]:
    """Names that a statement binds at top level, so that its failure can be told to their users."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def is_stub(statement: ast.stmt) -> bool:
    """Whether a function is still to be written: its body does nothing.

    Counted as nothing: a docstring, ``pass``, ``...``, ``raise NotImplementedError``,
    ``assert False``, names set to None, and these names returned.
    """
    if not isinstance(statement, ast.FunctionDef):
        return False
    unset: set[str] = set()
    return all(_does_nothing(line, unset) for line in statement.body)


def _does_nothing(line: ast.stmt, unset: set[str]) -> bool:
    """Whether a statement does nothing; names that it sets to None are added to ``unset``."""
    if isinstance(line, ast.Pass):
        return True
    if isinstance(line, ast.Expr):
        return isinstance(line.value, ast.Constant)
    if isinstance(line, ast.Raise):
        return line.exc is not None and "NotImplementedError" in ast.dump(line.exc)
    if isinstance(line, ast.Assert):
        return isinstance(line.test, ast.Constant) and not line.test.value
    if isinstance(line, ast.Assign):
        unset.update(node.id for target in line.targets for node in ast.walk(target) if isinstance(node, ast.Name))
        return _is_none(line.value, unset)
    return isinstance(line, ast.Return) and (line.value is None or _is_none(line.value, unset))


def _is_none(value: ast.expr, unset: set[str]) -> bool:
    if isinstance(value, ast.Tuple):
        return all(_is_none(item, unset) for item in value.elts)
    if isinstance(value, ast.Name):
        return value.id in unset
    return isinstance(value, ast.Constant) and value.value is None
