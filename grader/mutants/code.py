"""A source beside its syntax tree: where a node stands in the text, and edits of that text.

Rules find places in the tree and change the text, so that all the rest, comments included,
stays as it is. Nothing here decides what to change.
"""

from __future__ import annotations

import ast
import bisect
import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMMENT = re.compile(r"#[^\r\n]*")
_ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Dict, ast.ListComp)
_DELIMITED = (ast.Call, ast.keyword, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Tuple, ast.List)
_SPELLINGS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


@dataclass(frozen=True, order=True)
class Edit:
    """One change of a text: characters ``start`` to ``stop`` (from 0, ``stop`` left out) become ``text``."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True)
class Gap:
    """What stands between two neighbouring nodes: parentheses, an operator, white space, comments."""

    start: int
    text: str
    """The gap with its comments blanked, so that nothing in a comment is taken for an operator."""

    def span(self, pattern: str) -> tuple[int, int]:
        """Return the offsets of the first match of a pattern, which must occur."""
        found = re.search(pattern, self.text)
        assert found is not None, (pattern, self.text)
        return self.start + found.start(), self.start + found.end()

    def before(self, offset: int) -> int:
        """Return where the code before an offset ends: white space, comments and backslashes are left out."""
        return self.start + len(self.text[: offset - self.start].rstrip(" \t\f\r\n\\"))

    def after(self, offset: int) -> int:
        """Return where the code after an offset begins."""
        rest = self.text[offset - self.start :]
        return offset + len(rest) - len(rest.lstrip(" \t\f\r\n\\"))


@dataclass(frozen=True)
class Operands:
    """A binary operation in the text: both operands with their parentheses, and the operator between them."""

    left: str
    left_stop: int
    operator: tuple[int, int]
    right_start: int
    right: str


class Code:
    """A source, its tree, and the way from nodes to characters.

    Raises
    ------
    SyntaxError
        When the source is no Python.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        # Lines as Python counts them: str.splitlines would also split at form feeds and other separators.
        self._lines = list(io.StringIO(source, newline=""))
        self._starts = [0, *itertools.accumulate(len(line) for line in self._lines)]
        self._parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.imported = frozenset(_imported_names(self.tree))

    def start(self, node: ast.AST) -> int:
        """Return the offset of a node's first character; parentheses around it do not belong to it."""
        return self._offset(_at(node, "lineno"), _at(node, "col_offset"))

    def stop(self, node: ast.AST) -> int:
        """Return the offset behind a node's last character."""
        return self._offset(_at(node, "end_lineno"), _at(node, "end_col_offset"))

    def text(self, node: ast.AST) -> str:
        """Return a node as it is written."""
        return self.source[self.start(node) : self.stop(node)]

    def line(self, offset: int) -> int:
        """Return the line of a character, counted from 1."""
        return bisect.bisect_right(self._starts, offset)

    def line_span(self, line: int) -> tuple[int, int]:
        """Return the offsets of a line, counted from 1; its end of line belongs to it."""
        return self._starts[line - 1], self._starts[line]

    def parent(self, node: ast.AST) -> ast.AST:
        """Return the node that holds this one; every node but the module has one."""
        return self._parents[node]

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """Return the innermost function around a node; there must be one."""
        while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node = self.parent(node)
        return node

    def replaced(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that puts a text in a node's place."""
        return Edit(self.start(node), self.stop(node), text)

    def fitted(self, place: ast.AST, node: ast.expr) -> Edit:
        """Return the edit that puts a node in another's place, in parentheses where the place needs them."""
        text = self.text(node)
        if "\n" in text:  # the place may lose the parentheses that held its lines together
            return self.replaced(place, f"({text})")
        return self.replaced(place, text if self._is_delimited(place) else self.atom(node))

    def atom(self, node: ast.expr) -> str:
        """Return an expression so that it can stand before ``.T`` or after a minus."""
        return self.text(node) if isinstance(node, _ATOMS) else f"({self.text(node)})"

    def is_function(self, call: ast.Call) -> bool:
        """Whether a call is of a function, ``np.sum(x)`` or ``sum(x)``, and not of a method, ``x.sum()``."""
        root: ast.expr = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Name) and (root is call.func or root.id in self.imported)

    def undone(self, call: ast.Call) -> Iterator[Edit]:
        """Yield the edit that leaves a call out: ``np.exp(x) -> x``, ``x.exp() -> x``."""
        if isinstance(call.func, ast.Attribute) and not self.is_function(call):
            yield Edit(self.tail(call.func), self.stop(call), "")
        elif call.args and not isinstance(call.args[0], ast.Starred | ast.GeneratorExp):
            yield self.fitted(call, call.args[0])

    def appended(self, call: ast.Call, argument: str) -> Edit:
        """Return the edit that gives a call one more argument, behind the others."""
        end = self.stop(call) - 1
        given = [self.stop(one) for one in [*call.args, *call.keywords]]
        if not given:
            return Edit(end, end, argument)
        place = self._gap(max(given), end).before(end)
        return Edit(place, place, f"{' ' if self.source[place - 1] == ',' else ', '}{argument}")

    def gap(self, left: ast.AST, right: ast.AST) -> Gap:
        """Return what stands between two nodes that follow each other."""
        return self._gap(self.stop(left), self.start(right))

    def tail(self, node: ast.Attribute | ast.Subscript) -> int:
        """Return where ``.name`` or ``[...]`` begins: behind the object and the parentheses around it."""
        gap = self._gap(self.stop(node.value), self.stop(node))
        return gap.before(gap.span(r"\." if isinstance(node, ast.Attribute) else r"\[")[0])

    def operands(self, node: ast.BinOp) -> Operands:
        """Return both sides of a binary operation, each with its parentheses."""
        gap = self.gap(node.left, node.right)
        operator = gap.span(re.escape(symbol(node.op)))
        left_stop, right_start = gap.before(operator[0]), gap.after(operator[1])
        return Operands(
            left=self.source[self.start(node) : left_stop],
            left_stop=left_stop,
            operator=operator,
            right_start=right_start,
            right=self.source[right_start : self.stop(node)],
        )

    def exchanged(self, first: ast.AST, second: ast.AST) -> Edit:
        """Return the edit that lets two neighbours change places; what stands between them stays."""
        between = self.source[self.stop(first) : self.start(second)]
        return Edit(self.start(first), self.stop(second), f"{self.text(second)}{between}{self.text(first)}")

    def _is_delimited(self, place: ast.AST) -> bool:
        """Whether any expression may stand in this place without parentheses."""
        parent = self.parent(place)
        if isinstance(parent, ast.Call):
            return place is not parent.func
        return isinstance(parent, _DELIMITED) or (isinstance(parent, ast.Subscript) and place is parent.slice)

    def _gap(self, start: int, stop: int) -> Gap:
        return Gap(start, _COMMENT.sub(lambda found: " " * len(found[0]), self.source[start:stop]))

    def _offset(self, line: int, column: int) -> int:
        """Offset of a position as the tree gives it: the column counts bytes of UTF-8."""
        text = self._lines[line - 1]
        return self._starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode()))


Rule = Callable[[Code, Any], Iterator[Edit]]
"""From a node of the kind that the rule is registered for to the edits that mutate it."""

Rules = list[tuple[str, type[ast.AST] | tuple[type[ast.AST], ...], Rule]]
"""A family of rules: the name that a report gives the change, the kind of node, the rule."""


def symbol(operator: ast.operator) -> str:
    """Return how a binary operator is written."""
    return _SPELLINGS[type(operator)]


def number(node: ast.AST | None) -> int | float | None:
    """Return the value of a number as it is written, with its sign; None when the node is something else."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return None if isinstance(value, bool) else -value
        case ast.Constant(value=int() | float() as value):
            return None if isinstance(value, bool) else value
    return None


def called(node: ast.AST) -> str:
    """Return the last name of what is called, ``sum`` of ``np.sum(x)`` and of ``x.sum()``; empty when there is none."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            return name
    return ""


def same(first: ast.AST, second: ast.AST) -> bool:
    """Whether two nodes are the same code."""
    return ast.dump(first) == ast.dump(second)


def _at(node: ast.AST, field: str) -> int:
    value = getattr(node, field)
    assert isinstance(value, int)
    return value


def _imported_names(tree: ast.Module) -> Iterator[str]:
    """Names that imports bind, modules (``np``, ``F``) among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
