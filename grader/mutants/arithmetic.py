"""Rules for formulas: operators, signs, terms, factors and numbers."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator

from grader.mutants.code import Code, Edit, Rules, called, number, same
from grader.mutants.places import is_place

_SUM = (ast.Add, ast.Sub)
_PRODUCT = (ast.Mult, ast.Div)
_SAME_RANK = (*_PRODUCT, ast.MatMult, ast.FloorDiv, ast.Mod)
_OTHER: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "//",
    ast.Pow: "*",
    ast.MatMult: "*",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}
_EVEN = {"abs", "fabs", "absolute", "square", "cos", "cosh", "norm"}  # the sign of their argument does not matter
_PROTECTION = 1e-3  # numbers below it are protections (eps of a root or a quotient): a unit more is no likely slip


def other_operator(code: Code, node: ast.BinOp) -> Iterator[Edit]:
    """``a + b -> a - b``, ``a * b -> a / b``, ``a @ b -> a * b`` and back."""
    other = _OTHER.get(type(node.op))
    unit = number(node.right) in ({0} if isinstance(node.op, _SUM) else {1, -1})
    if other and not unit:
        yield Edit(*code.operands(node).operator, other)


def other_update(code: Code, node: ast.AugAssign) -> Iterator[Edit]:
    """``a += b -> a -= b`` and the like."""
    other = _OTHER.get(type(node.op))
    if other:
        start, stop = code.gap(node.target, node.value).span(r"[^\w\s()]+=")
        yield Edit(start, stop, f"{other}=")


def order(code: Code, node: ast.BinOp) -> Iterator[Edit]:
    """``a - b -> b - a``, ``a / b -> b / a``, ``a @ b -> b @ a``; not where only the sign changes and is lost."""
    turned = isinstance(node.op, ast.Sub) and _loses_sign(code, node)
    if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult) and not turned and not same(node.left, node.right):
        parts = code.operands(node)
        rank = _SUM if isinstance(node.op, ast.Sub) else _SAME_RANK
        bare = (
            isinstance(node.left, ast.BinOp) and isinstance(node.left.op, rank) and parts.left == code.text(node.left)
        )
        left = f"({parts.left})" if bare else parts.left
        middle = code.source[parts.left_stop : parts.right_start]
        yield code.replaced(node, f"{parts.right}{middle}{left}")


def exponent(code: Code, node: ast.BinOp) -> Iterator[Edit]:
    """``b ** t -> b ** (t + 1)`` and ``b ** (t - 1)``, where the exponent is no number."""
    if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Name | ast.Attribute):
        for shift in ("+ 1", "- 1"):
            text = f"{code.text(node.right)} {shift}"
            enclosed = code.operands(node).right.startswith("(")
            yield code.replaced(node.right, text if enclosed else f"({text})")


def dropped_sign(code: Code, node: ast.UnaryOp) -> Iterator[Edit]:
    """``-a -> a``, ``~a -> a``; signs of numbers belong to the numbers."""
    signed = isinstance(node.op, ast.USub) and number(node) is None and not _loses_sign(code, node)
    if signed or isinstance(node.op, ast.Invert):
        start = code.start(node)
        yield Edit(start, code.start(node) + 1, "")


def added_sign(code: Code, node: ast.Assign | ast.AnnAssign | ast.Return) -> Iterator[Edit]:
    """``h = f(x) -> h = -f(x)``, of returned values too; not where another rule turns the sign as well."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if any(isinstance(target, ast.Tuple | ast.List) for target in targets):
        return  # several values: there is nothing to negate
    values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    for value in values:
        computed = isinstance(value, ast.BinOp) and isinstance(value.op, (*_PRODUCT, ast.Add, ast.MatMult, ast.Pow))
        # Classes make objects, and a call that is returned alone may return several values.
        alone = isinstance(node, ast.Return) and value is node.value
        plain = isinstance(value, ast.Call) and not called(value)[:1].isupper() and not alone
        if value is not None and (computed or plain) and not _turned_elsewhere(value):
            yield code.replaced(value, f"-{code.atom(value)}")


def dropped_term(code: Code, node: ast.BinOp) -> Iterator[Edit]:
    """``a + b - c``: each of the three left out in turn."""
    if isinstance(node.op, _SUM):
        parts, start, stop = code.operands(node), code.start(node), code.stop(node)
        if number(node.right) != 0:
            yield Edit(parts.left_stop, stop, "")
        if number(node.left) != 0 and not _is(node.left, _SUM):
            yield Edit(start, parts.right_start, "-" if isinstance(node.op, ast.Sub) else "")


def dropped_factor(code: Code, node: ast.BinOp) -> Iterator[Edit]:
    """``a * b / c``: each of the three left out in turn."""
    if isinstance(node.op, _PRODUCT):
        parts, start, stop = code.operands(node), code.start(node), code.stop(node)
        if number(node.right) != 1:
            yield Edit(parts.left_stop, stop, "")
        if number(node.left) != 1 and not _is(node.left, _PRODUCT):
            yield Edit(start, parts.right_start, "1 / " if isinstance(node.op, ast.Div) else "")


def constant(code: Code, node: ast.Constant | ast.UnaryOp) -> Iterator[Edit]:
    """A number: one more, twice as much, the other sign, an integer also one less; a protection to 0 and 1e-3."""
    value = number(node)
    held = isinstance(node, ast.Constant) and number(code.parent(node)) is not None  # the 1 of -1
    if value is None or held or is_place(code, node):
        return
    if 0 < value < _PROTECTION:
        others: list[int | float] = [0.0, _PROTECTION]
    else:
        others = [value + 1, 2 * value, -value, *([value - 1] if isinstance(value, int) else [])]
    # The other rules give these: no term, no factor, and a sign that is lost.
    parent = code.parent(node)
    done = (
        {0} if _is(parent, _SUM) else {1} if _is(parent, _PRODUCT) else {-value} if _loses_sign(code, node) else set()
    )
    for other in others:
        if other not in {value, *done} and math.isfinite(other):
            text = repr(other)
            bound = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and node is parent.left
            yield code.replaced(node, f"({text})" if other < 0 and bound else text)


def flag(code: Code, node: ast.Constant) -> Iterator[Edit]:
    """``True -> False`` and back; ``strict`` of zip only refuses, and ``keepdims`` belongs to the axes."""
    parent = code.parent(node)
    if isinstance(node.value, bool) and not (
        isinstance(parent, ast.keyword) and parent.arg in {"strict", "keepdims", "keepdim"}
    ):
        yield code.replaced(node, repr(not node.value))


def _is(node: ast.AST, operators: tuple[type[ast.operator], ...]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def _turned_elsewhere(value: ast.expr) -> bool:
    """Whether a product begins with a sign or holds a number, or a difference can change its order."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, _PRODUCT):
        return _turned_elsewhere(value.left) or number(value.right) is not None
    return isinstance(value, ast.UnaryOp) or number(value) is not None or _is(value, (ast.Sub,))


def _loses_sign(code: Code, node: ast.AST) -> bool:
    """Whether what is done with a value does not depend on its sign."""
    parent = code.parent(node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and node is parent.left:
        power = number(parent.right)
        return power is not None and power % 2 == 0
    if isinstance(parent, ast.Attribute):  # (h - y).abs()
        return parent.attr in _EVEN and isinstance(code.parent(parent), ast.Call)
    return called(parent) in _EVEN and isinstance(parent, ast.Call) and node in parent.args[:1]


RULES: Rules = [
    ("operator", ast.BinOp, other_operator),
    ("operator", ast.AugAssign, other_update),
    ("order", ast.BinOp, order),
    ("exponent", ast.BinOp, exponent),
    ("sign", ast.UnaryOp, dropped_sign),
    ("sign", (ast.Assign, ast.AnnAssign, ast.Return), added_sign),
    ("term", ast.BinOp, dropped_term),
    ("factor", ast.BinOp, dropped_factor),
    ("constant", (ast.Constant, ast.UnaryOp), constant),
    ("constant", ast.Constant, flag),
]
