"""Where ready-made functions are mentioned: what names stand for by the imports and assignments of a source."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from grader.engine.shortcuts.ready_made import LONGEST, PACKAGES, TENSOR_METHODS, family_of
from grader.engine.shortcuts.written import Shortcut, Written

_IMPORT = re.compile(
    r"(?:^|[;:])[ \t]*((?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(?:\([^()]*\)|[^\n;#()]+))", re.MULTILINE
)
"""A statement that imports, wherever it stands: few, so that they are found by text and parsed one by one."""
_IMPORTS = 200
"""Such statements that are read."""
_DOTS = 8
"""Attributes of one expression that are followed: torch's own paths have at most five."""


class Origins:
    """What the names of a source stand for, as paths: ``F.fold`` for ``torch.nn.functional.fold``.

    Parameters
    ----------
    source
        The source.
    definitions
        What is defined at its top.
    """

    def __init__(self, source: str, definitions: Mapping[str, ast.AST]) -> None:
        self._paths: dict[str, str] = {}
        self._stars: list[str] = []
        for mark in list(_IMPORT.finditer(source))[:_IMPORTS]:
            with suppress(SyntaxError, ValueError):  # a sentence of a docstring
                self._import(ast.parse(mark[1]).body[0])
        self.has_torch = "torch" in {path.partition(".")[0] for path in (*self._paths.values(), *self._stars)}
        self.own = {name for name, node in definitions.items() if not isinstance(node, ast.Assign)}
        """The source's own functions and classes."""
        self.methods = {
            item.name
            for node in definitions.values()
            if isinstance(node, ast.ClassDef)
            for item in node.body
            if isinstance(item, ast.FunctionDef)
        }
        """The methods of its classes."""
        for name, node in definitions.items():
            # `F = torch.nn.functional`; the name of a function is a place of its own
            if isinstance(node, ast.Assign) and (path := self.path(node.value, {}, ())) and not family_of(path):
                self._paths[name] = path

    def _import(self, node: ast.stmt) -> None:
        match node:
            case ast.Import(names=names):
                for name in names:
                    first = name.name.partition(".")[0]
                    self._paths[name.asname or first] = name.name if name.asname else first
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for name in names:
                    if name.name == "*":
                        self._stars.append(module)
                    else:
                        self._paths[name.asname or name.name] = f"{module}.{name.name}"

    def path(self, node: ast.expr, local: Mapping[str, str], hidden: Collection[str]) -> str:
        """Return what an expression stands for; an empty text of what no import leads to.

        Parameters
        ----------
        node
            A name, an attribute, ``getattr``, or an import that is an expression.
        local
            Paths of names that a function gives itself.
        hidden
            Names that stand for something else there.
        """
        parts: list[str] = []
        while len(parts) < _DOTS:
            match node:
                case ast.Attribute(value=ast.expr() as inner, attr=attr):
                    parts.append(attr)
                case ast.Call(func=ast.Name(id="getattr"), args=[inner, ast.Constant(value=str(attr)), *_]):
                    parts.append(attr)
                case ast.Call(
                    func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(module)), *_],
                ):
                    return ".".join([module, *parts[::-1]])
                case ast.Name(id=name):
                    start = local.get(name, "") or ("" if name in hidden or name in self.own else self._start(name))
                    return ".".join([start, *parts[::-1]]) if 0 < len(start) <= LONGEST else ""
                case _:
                    return ""
            node = inner
        return ""

    def _start(self, name: str) -> str:
        if name in self._paths:
            return self._paths[name]
        paths = (f"{module}.{name}" for module in self._stars)
        return next((path for path in paths if family_of(path)), "")

    def shortcuts(self, written: Written) -> Iterator[Shortcut]:
        """Yield where a part of the source mentions a ready-made function."""
        local: dict[str, str] = {}
        for node in written.nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    if path := self.path(value, local, written.local):
                        local[name] = path
        for node in written.answering:
            if isinstance(node, ast.Name | ast.Attribute | ast.Call):
                path = self.path(node, local, written.local) or self._method(node, local, written.local)
                package, _, rest = path.partition(".")
                if package in PACKAGES and (family := family_of(path)):
                    yield Shortcut(what=f"`{rest.rpartition('.')[2]}` of {package}", family=family, node=node)

    def _method(self, node: ast.expr, local: Mapping[str, str], hidden: Collection[str]) -> str:
        """Return the path of a method of a tensor, as far as it is none of an object of the student's own."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.expr() as value, attr=attr)) if attr in TENSOR_METHODS:
                own = isinstance(value, ast.Name) and (value.id == "self" or value.id in self.own)
                if self.has_torch and attr not in self.methods and not own and not self.path(value, local, hidden):
                    return f"torch.Tensor.{attr}"
        return ""
