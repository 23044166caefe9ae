"""Where one function takes a derivative by values: by a difference quotient, or by a complex step.

What is sought is a quotient whose dividend is a difference of two calls that are the same but for a step, as in
`f(x + h) - f(x - h)`, directly or through names, and whose divisor is made of that step. A quotient of other
differences is none: a secant `(g1 - g0) / (x1 - x0)`, `tanh` by exponentials, a moving mean.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.engine.shortcuts.names import Names, last_name
from grader.engine.shortcuts.steps import Division
from grader.engine.shortcuts.written import Budget, Shortcut, Written

FAMILY = "derivatives by values"
"""Whoever may take one by a difference may take it by a complex step."""

_READY_MADE = frozenset({"approx_fprime", "approx_derivative", "get_numerical_jacobian"})
"""Functions of scipy and torch whose result is made of difference quotients."""
_DIVIDE = frozenset({"divide", "true_divide", "div"})


def quotients(written: Written, budget: Budget) -> Iterator[Shortcut]:
    """Yield the places of a function, nested functions included.

    Raises
    ------
    TooMuchError
        When the budget is spent.
    RecursionError
        When expressions are nested too deep.
    """
    if not any(map(_may_divide, written.nodes)):
        return
    names = Names(written.nodes)
    for node in written.measured:
        if not isinstance(node, ast.expr | ast.stmt):
            continue
        if isinstance(node, ast.Call) and last_name(node) in _READY_MADE:
            yield Shortcut(what="a difference quotient", family=FAMILY, node=node)
        for dividend, divisor in _divisions(node, names):
            parts = _followed(dividend, names, budget)
            sums = [part for part in parts if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub)]
            imaginary = any(map(_is_imaginary_part, parts))
            if not sums and not imaginary:
                continue
            division = Division(written, names, divisor, budget)
            if any(map(division.is_between_values, sums)):
                called = frozenset(division.called)
                yield Shortcut(what="a difference quotient", family=FAMILY, node=node, called=called)
            elif imaginary and division.has_imaginary_step():
                yield Shortcut(what="a complex step", family=FAMILY, node=node)


def _may_divide(node: ast.AST) -> bool:
    return isinstance(node, ast.Div) or (isinstance(node, ast.Call) and last_name(node) in _DIVIDE | _READY_MADE)


def _divisions(node: ast.AST, names: Names) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield dividend and divisor of a division, also of a product with a reciprocal."""
    match node:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield left, right
        case ast.AugAssign(target=left, op=ast.Div(), value=right):
            yield left, right
        case ast.Call(func=ast.Attribute(attr=name), args=[left, right]) if name in _DIVIDE:
            yield left, right
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            for dividend, factor in ((left, right), (right, left)):
                for one in (factor, *names.of(factor)):
                    match one:
                        case ast.BinOp(left=ast.Constant(), op=ast.Div(), right=divisor):
                            yield dividend, divisor


def _followed(node: ast.expr, names: Names, budget: Budget) -> list[ast.AST]:
    """Return an expression and all below it, and the same of what its names stand for, and of what theirs do."""
    parts = list(budget.walk(node))
    followed: set[str] = set()
    for _ in range(2):
        new = {part.id: part for part in parts if isinstance(part, ast.Name) and part.id not in followed}
        followed |= set(new)
        parts += [below for name in new.values() for value in names.of(name) for below in budget.walk(value)]
    return parts


def _is_imaginary_part(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "imag") or (
        isinstance(node, ast.Call) and last_name(node) == "imag"
    )
