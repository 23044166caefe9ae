"""Which numbers say a place (an axis, an index, a bound) and not an amount, and places one further or one before."""

from __future__ import annotations

import ast

from grader.mutants.code import Code, called, number

_AXES = {"axis", "dim"}
_COUNTED = {"range", "enumerate"}
REDUCTIONS = frozenset(
    {"sum", "mean", "max", "min", "amax", "amin", "prod", "any", "all", "var", "std", "logsumexp", "norm"}
)
_AXIS_FIRST = (REDUCTIONS - {"norm"}) | {  # the first argument of the method, the second of the function
    *("argmax", "argmin", "argsort", "sort", "median", "cumsum", "cumprod", "softmax", "log_softmax"),
    *("concatenate", "concat", "cat", "stack", "flip", "squeeze", "unsqueeze", "expand_dims", "size"),
}


def axis_of(code: Code, call: ast.Call) -> ast.expr | None:
    """Return the axis that a call is given, by name or by position; None when it is given none.

    By position only what is written as a number is sure to be an axis.
    """
    for keyword in call.keywords:
        if keyword.arg in _AXES:
            return keyword.value
    place = 1 if code.is_function(call) else 0
    builtin = isinstance(call.func, ast.Name) and call.func.id not in code.imported  # max(a, 0)
    if builtin or called(call) not in _AXIS_FIRST or len(call.args) <= place:
        return None
    return call.args[place] if number(call.args[place]) is not None else None


def is_place(code: Code, node: ast.expr) -> bool:
    """Whether a number is an index, a bound or an axis: the rules for those change it."""
    parent = code.parent(node)
    if isinstance(parent, ast.Tuple):
        node, parent = parent, code.parent(parent)
    if isinstance(parent, ast.keyword):
        return parent.arg in _AXES
    if isinstance(parent, ast.Subscript):
        return node is parent.slice
    if isinstance(parent, ast.Call):
        return called(parent) in _COUNTED or node is axis_of(code, parent)
    return isinstance(parent, ast.Slice)


def shifted(code: Code, node: ast.expr) -> list[str]:
    """Return a place one further and one before, as texts; none where a number in it can be changed instead."""
    value = number(node)
    if value is not None:
        return [repr(value + 1), repr(value - 1)]
    simple = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    computed = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv)
    ends = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and number(node.right) is not None
    text = code.text(node)
    return [f"{text} + 1", f"{text} - 1"] if simple or (computed and not ends) else []
