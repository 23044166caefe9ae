"""From the reference solution to the stub that students edit, as a script and as a notebook.

The reference is a percent script in which solution marks stand around what students write
themselves. It is text here: parsed, and never imported or run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MARK = re.compile(r"(?P<indent>\s*)### (?P<kind>BEGIN|END) SOLUTION\s*")
_CODE_CELL = re.compile(r"# %%(?! *\[)")
"""The head of a code cell; prose cells have their kind in brackets."""
_DEFINES = ("def ", "async def ", "class ", "@")

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class ReleaseError(ValueError):
    """What students receive cannot be made; one line that says where and why."""


@dataclass(frozen=True)
class Region:
    """Lines between two solution marks, counted from 1, the marks included."""

    begin: int
    end: int
    indent: str
    body: tuple[str, ...]
    """The lines between the marks."""

    def __contains__(self, node: ast.stmt) -> bool:
        return self.begin < node.lineno < self.end


def make_stub(source: str) -> str:
    """Return the reference without its solution.

    In a function, what stands between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` becomes
    ``raise NotImplementedError("name")``; elsewhere it vanishes with the blank lines around it.

    Parameters
    ----------
    source
        A percent script.

    Raises
    ------
    ReleaseError
        When the marks do not pair, a public function has none, or the stub is no Python.
    """
    tree = _parsed(source)
    lines = source.split("\n")  # as the parser counts them
    regions = regions_of(source)
    _require_marks(tree, regions)
    kept: list[tuple[int, str]] = []  # with the line of the reference, for messages
    position = 0
    for region in regions:
        kept += _numbered(lines, position, region.begin - 1)
        position = region.end
        owner = _owner(tree.body, region)
        if owner:
            placeholder = ("# Your code here.", f'raise NotImplementedError("{owner}")')
            kept += [(region.begin, region.indent + line) for line in placeholder]
        else:
            position = _close_gap(kept, lines, position)
    kept += _numbered(lines, position, len(lines))
    return _compiled(kept)


def make_notebook(stub: str) -> str:
    """Return the notebook of a stub: the same cells, the same bytes whenever it is made."""
    import jupytext  # type: ignore[import-untyped]
    import nbformat

    notebook = jupytext.reads(stub, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat_minor = 5  # the first that has ids of cells
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
    nbformat.validate(notebook)
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return f"{text}\n"


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise ReleaseError(f"line {error.lineno}: the reference is no Python: {error.msg}") from error


def regions_of(source: str) -> list[Region]:
    """Return the marked regions of a reference, in order.

    Raises
    ------
    ReleaseError
        When the marks do not pair, or a region is empty or leaves its block.
    """
    lines = source.split("\n")  # as the parser counts them
    regions: list[Region] = []
    begun: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        mark = _MARK.fullmatch(line)
        if mark is None:
            continue
        if mark["kind"] == "BEGIN":
            if begun:
                raise ReleaseError(f"line {number}: a solution begins within the one that begins in line {begun[0]}")
            begun = number, mark["indent"]
        elif begun is None:
            raise ReleaseError(f"line {number}: a solution ends that never began")
        else:
            regions.append(_region(*begun, number, lines))
            begun = None
    if begun:
        raise ReleaseError(f"line {begun[0]}: a solution begins that never ends")
    return regions


def _region(begin: int, indent: str, end: int, lines: Sequence[str]) -> Region:
    body = tuple(lines[begin : end - 1])
    if not any(is_code(line) for line in body):
        raise ReleaseError(f"line {begin}: there is no code in this solution")
    for number, line in enumerate(body, begin + 1):
        if line.strip() and not line.startswith(indent):
            raise ReleaseError(f"line {number}: the solution leaves the block in which it begins")
    return Region(begin, end, indent, body)


def is_code(line: str) -> bool:
    """Whether a line is neither blank nor a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _require_marks(tree: ast.Module, regions: Sequence[Region]) -> None:
    """Refuse a public function that would reach students with its solution in it."""
    for node in tree.body:
        if not isinstance(node, _Definition) or node.name.startswith("_") or any(node in one for one in regions):
            continue
        has_code = isinstance(node, _Function) or any(isinstance(part, _Function) for part in node.body)
        if has_code and not any(_surrounds(node, one) for one in regions):
            raise ReleaseError(f"line {node.lineno}: {node.name} is public and has no solution marks")


def _surrounds(node: ast.stmt, region: Region) -> bool:
    assert node.end_lineno is not None
    return node.lineno < region.begin <= node.end_lineno


def _owner(body: Sequence[ast.stmt], region: Region) -> str:
    """Return the (dotted) name of the function around a region; empty when there is none."""
    for node in body:
        if isinstance(node, _Function) and _surrounds(node, region):
            return node.name
        if isinstance(node, ast.ClassDef) and _surrounds(node, region):
            method = _owner(node.body, region)
            return f"{node.name}.{method}" if method else ""
    return ""


def _numbered(lines: Sequence[str], start: int, stop: int) -> Iterator[tuple[int, str]]:
    return ((number + 1, lines[number]) for number in range(start, stop))


def _close_gap(kept: list[tuple[int, str]], lines: Sequence[str], position: int) -> int:
    """Leave as many blank lines as the larger side of what vanished had; return where to go on."""
    before = 0
    while kept and not kept[-1][1].strip():
        kept.pop()
        before += 1
    start = position
    while position < len(lines) and not lines[position].strip():
        position += 1
    following = lines[position] if position < len(lines) else "# %%"
    in_empty_cell = bool(kept) and bool(_CODE_CELL.match(kept[-1][1]))
    if in_empty_cell and following.startswith("# %%"):
        kept.pop()  # nothing is left of the cell; the blank lines above its head stay
    elif in_empty_cell and following.startswith(_DEFINES):
        _two_blank_lines_above(kept)
    elif kept and not in_empty_cell and position < len(lines):
        kept += [(position, "")] * max(before, position - start)
    return position


def _two_blank_lines_above(kept: list[tuple[int, str]]) -> None:
    """Put two blank lines above the last line: PEP 8 counts a comment right above a definition as part of it."""
    head = kept.pop()
    while kept and not kept[-1][1].strip():
        kept.pop()
    kept += [(head[0], "")] * (2 if kept else 0) + [head]


def _compiled(numbered: Sequence[tuple[int, str]]) -> str:
    stub = "\n".join(line for _, line in numbered).rstrip("\n") + "\n"
    try:
        compile(stub, "stub", "exec", dont_inherit=True)
    except SyntaxError as error:
        number, _ = numbered[min(error.lineno or 1, len(numbered)) - 1]
        raise ReleaseError(f"line {number}: without the solution this is no Python: {error.msg}") from error
    return stub
