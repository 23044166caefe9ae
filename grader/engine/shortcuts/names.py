"""What the names of one function stand for, as its syntax tree tells.

Scopes and the order of statements are left out: a name stands for everything that is assigned to it anywhere in the
function, nested functions included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

_VALUES = 8
"""Values of one name that are kept: more are reuse of the name in other parts of a function."""
_VIEWS = frozenset({"flat", "data"})
"""Attributes through which the same array is written to."""


class Names:
    """The names of a function.

    Parameters
    ----------
    nodes
        All nodes of the function.
    """

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self.values: dict[str, list[ast.expr]] = {}
        """By name, also ``self.h``: what is assigned to it, and its default as an argument."""
        self.entries: dict[str, list[ast.expr]] = {}
        """By the name of an array, list or dictionary: what its entries are set to."""
        self.summands: list[tuple[ast.expr, ast.expr]] = []
        """Each ``+=`` and ``-=``: target and value."""
        self.settings: list[tuple[ast.expr, ast.expr]] = []
        """Each entry or attribute that is set: target and value."""
        for node in nodes:
            match node:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        self._assign(target, value)
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value)
                ):
                    self._assign(target, value)
                case ast.AugAssign(target=target, op=ast.Add() | ast.Sub(), value=value):
                    self.summands.append((target, value))
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]):
                    # an entry of a list of one: it may be set many times, in a loop
                    _put(self.entries, name, ast.List([value], ast.Load()))
                case ast.arguments():
                    self._take_defaults(node)

    def of(self, node: ast.expr) -> list[ast.expr]:
        """Return what a name, or an entry of something that has one, may stand for; nothing when that is unknown."""
        name = root(node)
        return [*self.values.get(name, ()), *self.entries.get(name, ())] if name else []

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        match target:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for number, part in enumerate(parts):
                    self._assign(part, _entry(value, number, of=len(parts)))
            case ast.Subscript():
                _put(self.entries, root(target), value)
                self.settings.append((target, value))
            case ast.Name() | ast.Attribute():
                _put(self.values, root(target), value)
                if isinstance(target, ast.Attribute):
                    self.settings.append((target, value))

    def _take_defaults(self, arguments: ast.arguments) -> None:
        positional = [*arguments.posonlyargs, *arguments.args][::-1]
        pairs = [
            *zip(positional, arguments.defaults[::-1], strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default is not None:
                _put(self.values, argument.arg, default)


def _entry(value: ast.expr, number: int, *, of: int) -> ast.expr:
    """Return what one of several targets gets."""
    match value:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if len(parts) == of:
            return parts[number]
        case ast.ListComp() | ast.GeneratorExp():  # its entries are written in one way
            return value
    return ast.Subscript(value, ast.Constant(number), ast.Load())


def _put(into: dict[str, list[ast.expr]], name: str, value: ast.expr) -> None:
    values = into.setdefault(name, [])
    if name and len(values) < _VALUES:
        values.append(value)


def dotted(node: ast.AST) -> str:
    """Return a name, or names joined by dots; an empty text of anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *parts[::-1]]) if isinstance(node, ast.Name) else ""


def root(node: ast.AST) -> str:
    """Return the name of a node, or of the array that it is an entry or a view of."""
    while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in _VIEWS):
        node = node.value
    return dotted(node)


def last_name(call: ast.Call) -> str:
    """Return the name of the function or method that is called, without what stands before it."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
