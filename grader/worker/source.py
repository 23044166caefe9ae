"""From the cells of a submission to statements that can be executed one by one.

One broken statement must not cost the other exercises, so a cell that does not compile is
cut into top-level blocks and the broken ones are reported; the lines of the others keep
their numbers. Notebook magics and shell lines are blanked where they stop a cell from
compiling. Runs in the worker: the trusted process executes no student code, and only looks into its text, within
limits (``engine/shortcuts``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w., ]+=\s*[%!].*|[\w.]+\?{1,2}\s*)$")
"""A line magic, a shell line, an assignment from either, a question to IPython."""
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python", "python3"})
"""Cell magics under which the rest of the cell is Python."""
_CONTINUES = re.compile(r"(?:else|elif|except|finally|case)\b|[)\]}#]")
"""How a line at the margin begins when it still belongs to the block above it."""
_LONGEST_BLOCK = 40
"""Lines at the margin that one block may hold, in a docstring or in a call over many lines: with more,
looking for the end of a broken one would take time that grows with their square."""
_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What the compiler raises: the last two for nesting that is too deep."""


@dataclass(frozen=True)
class Broken:
    """A block that is no Python: where, and what the compiler said."""

    line: int
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
    compiler = _compile_without_magics if notebook else _compile
    try:
        return Cell(compiler(source))
    except _ERRORS as error:
        return _by_blocks(source, compiler) if tolerant else Cell([], [_broken(error, source, 0)])


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as the compiler counts them: a form feed does not end one."""
    return text.split("\n")


def _compile(source: str) -> list[ast.stmt]:
    tree = ast.parse(source)
    # some errors (return outside a function, two equal arguments) come with compilation only
    compile(tree, "<cell>", "exec", dont_inherit=True)
    return tree.body


def _compile_without_magics(source: str) -> list[ast.stmt]:
    try:
        return _compile(source)
    except _ERRORS:
        return _compile(_without_magics(source))


def _by_blocks(source: str, compiler: Callable[[str], list[ast.stmt]]) -> Cell:
    """Compile a cell block by block; a block may go on over lines at the margin, in a docstring, say."""
    lines = lines_of(source)
    starts = [*_starts(lines), len(lines)]
    cell = Cell()
    at = 0
    while at < len(starts) - 1:
        statements, end = _longer_and_longer(lines, starts, at, compiler)
        if statements is None:
            text = "\n".join(lines[starts[at] : starts[at + 1]])
            cell.broken.append(_broken(_error_of(text, compiler), text, starts[at]))
        for statement in statements or ():
            ast.increment_lineno(statement, starts[at])
        cell.statements += statements or []
        at = end
    return cell


def _longer_and_longer(
    lines: list[str], starts: list[int], at: int, compiler: Callable[[str], list[ast.stmt]]
) -> tuple[list[ast.stmt] | None, int]:
    """Compile the block that begins at ``starts[at]``, over as few further starts as it needs."""
    for end in range(at + 1, min(at + _LONGEST_BLOCK, len(starts) - 1) + 1):
        try:
            return compiler("\n".join(lines[starts[at] : starts[end]])), end
        except _ERRORS:
            continue
    return None, at + 1


def _error_of(text: str, compiler: Callable[[str], list[ast.stmt]]) -> BaseException:
    try:
        compiler(text)
    except _ERRORS as error:
        return error
    return SyntaxError("invalid syntax")


def _starts(lines: list[str]) -> list[int]:
    """Return where blocks begin: at the first line, and at lines at the margin that begin something."""
    found = [0]
    decorated = False
    for number, line in enumerate(lines):
        if not line or line[0].isspace() or _CONTINUES.match(line):
            continue
        if number and not decorated:
            found.append(number)
        decorated = line.startswith("@")
    return found


def _broken(error: BaseException, text: str, start: int) -> Broken:
    line = min(getattr(error, "lineno", None) or 1, len(lines_of(text)))
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    names = re.findall(r"^(?:async +def|def|class) +(\w+)", text, re.MULTILINE)
    return Broken(start + line, type(error).__name__, message, names)


def _without_magics(source: str) -> str:
    """Blank what is IPython's and not Python's; every line keeps its number."""
    if foreign_magic(source):
        return ""
    lines = lines_of(source)
    # `pass` keeps a block whole that holds nothing but a magic
    return "\n".join(_MAGIC.sub(r"\1pass", line) for line in lines)


def foreign_magic(source: str) -> str:
    """Return the cell magic that gives a cell to something else than Python, e.g. ``writefile``; empty if none does."""
    magic = _CELL_MAGIC.match(next((line for line in lines_of(source) if line.strip()), ""))
    return magic[1] if magic and magic[1] not in _PYTHON_CELL_MAGICS else ""


def defined_names(statement: ast.stmt) -> list[str]:
    """Names that a statement binds at top level, so that its failure can be told to their users."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def future_flags(statement: ast.stmt) -> int:
    """Return the compiler's flags that a ``from __future__ import`` switches on, 0 of any other statement."""
    import __future__

    if not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
        return 0
    features = [getattr(__future__, alias.name, None) for alias in statement.names]
    return sum(feature.compiler_flag for feature in features if feature is not None)


def is_stub(statement: ast.stmt) -> bool:
    """Whether a function is still to be written: its body does nothing; or a class, all of whose methods are.

    Counted as nothing: a docstring, ``pass``, ``...``, ``raise NotImplementedError``,
    ``assert False``, names set to None, and these names returned. What is decorated is
    no stub: its decorator may do the work.
    """
    if isinstance(statement, ast.ClassDef) and not statement.decorator_list:
        methods = [line for line in statement.body if not isinstance(line, ast.Expr)]
        return bool(methods) and all(isinstance(line, ast.FunctionDef) and is_stub(line) for line in methods)
    if not isinstance(statement, ast.FunctionDef) or statement.decorator_list:
        return False
    unset: set[str] = set()
    return all(_does_nothing(line, unset) for line in statement.body)


def _does_nothing(line: ast.stmt, unset: set[str]) -> bool:
    """Whether a statement does nothing; names that it sets to None are added to ``unset``."""
    match line:
        case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=None):
            return True
        case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
            return name == "NotImplementedError"
        case ast.Assert(test=ast.Constant(value=value)):
            return not value
        case ast.Assign(targets=targets, value=value):
            return _is_none(value, unset) and all(_is_name(target, unset) for target in targets)
        case ast.Return(value=ast.expr() as value):
            return _is_none(value, unset)
    return False


def _is_name(target: ast.expr, unset: set[str]) -> bool:
    """Whether a target is a name or several; they are added to ``unset``. An entry or attribute is somebody's own."""
    if isinstance(target, ast.Tuple):
        return all(_is_name(item, unset) for item in target.elts)
    if isinstance(target, ast.Name):
        unset.add(target.id)
    return isinstance(target, ast.Name)


def _is_none(value: ast.expr, unset: set[str]) -> bool:
    if isinstance(value, ast.Tuple):
        return all(_is_none(item, unset) for item in value.elts)
    if isinstance(value, ast.Name):
        return value.id in unset or value.id == "NotImplemented"
    return isinstance(value, ast.Constant) and value.value in {None, ...}
