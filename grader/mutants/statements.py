"""Rules for statements: left out, or assigned where they should be added and back."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.mutants.code import Code, Edit, Rules


def dropped_statement(code: Code, node: ast.Expr | ast.Assign | ast.AugAssign) -> Iterator[Edit]:
    """A call, an update, or an assignment to what had a value before, becomes ``pass``."""
    if isinstance(node, ast.Expr):
        needed = isinstance(node.value, ast.Call)
    else:
        needed = isinstance(node, ast.AugAssign) or all(_had_a_value(code, target) for target in node.targets)
    if needed:
        yield code.replaced(node, "pass")


def assigned(code: Code, node: ast.AugAssign) -> Iterator[Edit]:
    """``a += b -> a = b``."""
    gap = code.gap(node.target, node.value)
    yield Edit(*gap.span(r"[^\w\s()]+="), "=")


def added(code: Code, node: ast.Assign) -> Iterator[Edit]:
    """``a = b -> a += b``, where ``a`` had a value before."""
    target = node.targets[0]
    if len(node.targets) == 1 and not isinstance(target, ast.Tuple | ast.List) and _had_a_value(code, target):
        yield Edit(*code.gap(target, node.value).span("="), "+=")


def _had_a_value(code: Code, target: ast.expr) -> bool:
    """Whether a target is an attribute, an entry, an argument, or a name that is assigned earlier."""
    if isinstance(target, ast.Tuple | ast.List):
        return all(_had_a_value(code, one) for one in target.elts)
    if not isinstance(target, ast.Name):
        return True
    function = code.function(target)
    start = code.start(target)
    names = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and code.start(node) < start:
            names.add(node.id)
    return target.id in names


RULES: Rules = [
    ("statement", (ast.Expr, ast.Assign, ast.AugAssign), dropped_statement),
    ("assignment", ast.AugAssign, assigned),
    ("assignment", ast.Assign, added),
]
