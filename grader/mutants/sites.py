"""Which nodes of a function a rule may change.

Left out is what decides nothing about the mathematics (docstrings, annotations, decorators,
messages), what refuses bad arguments (another kind of check), and what steers a ``while``
loop: a mutant that never ends tells nothing about a check.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# Positions inside an f-string are wrong before Python 3.12, and what it makes is a message.
_UNTOUCHED = (ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.JoinedStr)
_ANNOTATIONS = {"annotation", "returns", "decorator_list", "type_comment", "type_params"}
_TALK = {"print", "warn", "debug", "info", "warning"}  # calls that compute nothing


def functions_named(tree: ast.Module, name: str) -> list[tuple[str, FunctionNode]]:
    """Return the functions that a name stands for, each with its dotted name.

    The name is of a top-level function, of a method (``Adam.step``) or of a class, which stands
    for its methods.

    Raises
    ------
    ValueError
        When the source defines nothing of that name.
    """
    found: list[ast.stmt] = []
    body: list[ast.stmt] = tree.body
    for part in name.split("."):
        found = [n for n in body if isinstance(n, FunctionNode | ast.ClassDef) and n.name == part]
        body = [item for n in found if isinstance(n, ast.ClassDef) for item in n.body]
    if not found:
        raise ValueError(f"{name}: the reference defines no such function")
    return [pair for node in found for pair in _functions_in(node, name)]


def sites(function: FunctionNode, validators: frozenset[str]) -> Iterator[ast.AST]:
    """Yield the nodes of a function that may be changed, each before those inside it.

    Parameters
    ----------
    function
        A function or method.
    validators
        Names of the functions that only refuse bad arguments, as :func:`validators` finds them.
    """
    if not _only_refuses(function):
        yield from _sites_in(function, validators, frozenset())


def validators(tree: ast.Module) -> frozenset[str]:
    """Return the names of the functions of a source that do nothing but refuse bad arguments."""
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, FunctionNode) and _only_refuses(n))


def _functions_in(node: ast.stmt, name: str) -> Iterator[tuple[str, FunctionNode]]:
    if isinstance(node, FunctionNode):
        yield name, node
    elif isinstance(node, ast.ClassDef):
        for item in node.body:
            if isinstance(item, FunctionNode | ast.ClassDef):
                yield from _functions_in(item, f"{name}.{item.name}")


def _sites_in(node: ast.AST, refusing: frozenset[str], steering: frozenset[str]) -> Iterator[ast.AST]:
    """Yield the sites below a node; ``steering`` are the names that decide when a ``while`` loop ends."""
    for child in _children(node):
        if _is_untouched(child, refusing) or steering & _names_stored(child):
            continue
        if isinstance(child, ast.While):
            yield from _sites_in(child, refusing, steering | _names_read(child.test))
            continue
        if not isinstance(child, ast.If) or not _raises(child):
            yield child
        yield from _sites_in(child, refusing, steering)


def _children(node: ast.AST) -> Iterable[ast.AST]:
    """Yield the children of a node that decide something: of ``if bad: raise`` only the other branch."""
    skipped = set(_ANNOTATIONS)
    if isinstance(node, ast.If) and _raises(node):
        skipped |= {"test", "body"}
    elif isinstance(node, ast.While):
        skipped |= {"test"}
    for name, value in ast.iter_fields(node):
        if name not in skipped:
            yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, ast.AST))


def _is_untouched(node: ast.AST, refusing: frozenset[str]) -> bool:
    if isinstance(node, ast.Expr):
        call = node.value
        if isinstance(call, ast.Constant):  # a docstring
            return True
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            return name in refusing | _TALK
    return isinstance(node, _UNTOUCHED)


def _raises(node: ast.If) -> bool:
    return isinstance(node.body[-1], ast.Raise)


def _names_read(node: ast.AST) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def _names_stored(node: ast.AST) -> frozenset[str]:
    """Names that a simple statement assigns."""
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return frozenset()
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _only_refuses(function: FunctionNode) -> bool:
    """Whether a function raises and does nothing else that a caller could see."""
    nodes = list(ast.walk(function))
    returns = any(isinstance(n, ast.Return) and n.value is not None for n in nodes)
    yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in nodes)
    stores = any(isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store) for n in nodes)
    return any(isinstance(n, ast.Raise) for n in nodes) and not (returns or yields or stores)
