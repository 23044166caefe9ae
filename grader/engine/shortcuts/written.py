"""A definition as it is written: its syntax tree, walked once and under a budget, and what of it is no answer."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.engine.shortcuts.names import last_name

_ONLY_LOOK = frozenset({"allclose", "isclose", "equal", "array_equal", "isinstance", "issubclass", "print"})
"""Functions that only look at what they are given, beside all that are called ``assert...``."""


class TooMuchError(Exception):
    """A source takes more work than any that people write."""


class Budget:
    """Work that may be done for one submission.

    Parameters
    ----------
    nodes
        Nodes of syntax trees that may be looked at, each counted whenever it is.
    """

    def __init__(self, nodes: int) -> None:
        self._left = nodes

    def spend(self) -> None:
        """Count one node.

        Raises
        ------
        TooMuchError
            When none is left.
        """
        self._left -= 1
        if self._left < 0:
            raise TooMuchError

    def count(self, node: ast.AST) -> None:
        """Count a node and all below it."""
        for _ in self.walk(node):
            pass

    def walk(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield a node and all below it, counted."""
        for found in ast.walk(node):
            self.spend()
            yield found


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """One place where something stands for work of the student's own."""

    what: str
    """As a reader is told: `a complex step`."""
    family: str
    """What it is one of: whoever may use one of a family may use all of it."""
    node: ast.expr | ast.stmt
    called: frozenset[str] = frozenset()
    """Of a difference: the functions that it is of, and others in the same expression, as far as plain names tell."""

    @property
    def line(self) -> int:
        """Where it begins, from 1."""
        return self.node.lineno

    @property
    def last_line(self) -> int | None:
        """Where it ends."""
        return self.node.end_lineno


class Written:
    """A function, or other parts of a source that belong together.

    Parameters
    ----------
    roots
        The parts.
    budget
        What reading it is counted on.

    Raises
    ------
    TooMuchError
        When the budget is spent.
    """

    def __init__(self, roots: Sequence[ast.AST], budget: Budget) -> None:
        self.nodes: list[ast.AST] = []
        """All nodes, nested functions included, breadth first."""
        self.answering: list[ast.AST] = []
        """Those that may have a part in an answer: tests, prints and annotations have none."""
        self.measured: list[ast.AST] = []
        """Those of them whose values may: what is compared gives a yes or no."""
        self.local: set[str] = set()
        """Arguments and variables of its own, those of nested functions left out."""
        todo = deque((root, True, True, True) for root in roots)
        while todo:
            node, outer, answers, measures = todo.popleft()
            budget.spend()
            self.nodes.append(node)
            if answers:
                self.answering.append(node)
                if measures:
                    self.measured.append(node)
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if outer:
                    self.local.add(name)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                    outer = outer and node in roots
                case ast.NamedExpr():
                    answers = measures = True
                case ast.Compare():
                    measures = False
                case ast.Assert():
                    answers = False
                case ast.Call() if _only_looks(node):
                    answers = False
            aside = _aside(node)
            todo.extend(
                (child, outer, answers and child is not aside, measures) for child in ast.iter_child_nodes(node)
            )

    @property
    def used(self) -> set[str]:
        """The names that come from outside."""
        return {node.id for node in self.nodes if isinstance(node, ast.Name)} - self.local


def _only_looks(call: ast.Call) -> bool:
    name = last_name(call)
    return name in _ONLY_LOOK or name.startswith("assert")


def _aside(node: ast.AST) -> ast.AST | None:
    """Return the part of a node that is a condition or an annotation."""
    match node:
        case (
            ast.If(test=part)
            | ast.While(test=part)
            | ast.arg(annotation=part)
            | ast.AnnAssign(annotation=part)
            | ast.FunctionDef(returns=part)
        ):
            return part
    return None
