"""The places of a source where a shortcut is taken, whether or not it may be."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress

from grader.engine.shortcuts.mentions import Origins
from grader.engine.shortcuts.quotients import quotients
from grader.engine.shortcuts.written import Budget, Shortcut, TooMuchError, Written
from grader.mistakes import definitions

_NODES = 80_000
"""Nodes of syntax that are looked at, each as often as it is: twenty times what any solution takes, half a second."""

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign


class Places:
    """The shortcuts of a source, and who reaches them.

    Parameters
    ----------
    source
        What can be parsed.
    functions
        The functions of the exercises, of whose arguments differences may be taken.
    above
        Source that stands above it: what that imports is known.
    """

    def __init__(self, source: str, functions: Collection[str], *, above: str = "") -> None:
        self.shortcuts: dict[str, list[Shortcut]] = {}
        """By function, class, ``Class.method`` or other name of something, the first of each kind. Not all of them
        where a source takes more work than any that people write."""
        self._uses: dict[str, set[str]] = {}
        found: dict[str, dict[str, Shortcut]] = {}
        with suppress(TooMuchError):
            for name, node, shortcut in self._found(source, above, Budget(_NODES)):
                given = _arguments(node) if name.partition(".")[0] in functions else frozenset()
                # differences of an oracle that the exercise is given are a way to use it: a secant, a Hessian's product
                if given.isdisjoint(shortcut.called):
                    found.setdefault(name, {}).setdefault(shortcut.what, shortcut)
        self.shortcuts |= {name: list(kinds.values()) for name, kinds in found.items()}

    def _found(self, source: str, above: str, budget: Budget) -> Iterator[tuple[str, ast.AST, Shortcut]]:
        defined = definitions(source)
        origins = Origins(f"{above}\n{source}", defined)
        functions: list[tuple[str, ast.AST, Written]] = []
        for name, node, roots in _parts(defined):
            written = Written(roots, budget)
            self._uses.setdefault(name, set()).update(written.used)
            if name not in defined:  # a method, which its class brings along
                self._uses.setdefault(name.partition(".")[0], set()).add(name)
            yield from ((name, node, shortcut) for shortcut in origins.shortcuts(written))
            if isinstance(node, ast.FunctionDef):
                functions.append((name, node, written))
        for name, node, written in functions:  # last: they may take all that is left
            with suppress(RecursionError, TooMuchError):
                yield from ((name, node, shortcut) for shortcut in quotients(written, budget))

    def reached(self, name: str) -> frozenset[str]:
        """Return what a function uses, itself included, as far as names tell.

        Unlike :func:`grader.mistakes.reached_from` this leaves a function's own variables out: in a notebook a test
        cell often has one of the same name, ``out = by_torch(x)``.
        """
        reached = {name}
        todo = [name]
        while todo:
            new = self._uses.get(todo.pop(), set()) - reached
            reached |= new
            todo += new
        return frozenset(reached)


def _parts(defined: Mapping[str, Definition]) -> Iterator[tuple[str, ast.AST, Sequence[ast.AST]]]:
    for name, node in defined.items():
        match node:
            case ast.FunctionDef():
                yield name, node, [node]
            case ast.Assign(value=value):
                yield name, node, [value]
            case ast.ClassDef(body=body):
                methods = [item for item in body if isinstance(item, ast.FunctionDef)]
                yield from ((f"{name}.{item.name}", item, [item]) for item in methods)
                rest = [item for item in body if not isinstance(item, ast.FunctionDef)]
                yield name, node, [*node.decorator_list, *node.bases, *node.keywords, *rest]


def _arguments(node: ast.AST) -> frozenset[str]:
    if not isinstance(node, ast.FunctionDef):
        return frozenset()
    takes = node.args
    return frozenset(argument.arg for argument in (*takes.posonlyargs, *takes.args, *takes.kwonlyargs))
