"""Rules for arrays: axes, kept axes, transposes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.mutants.code import Code, Edit, Rules, called, number
from grader.mutants.places import REDUCTIONS, axis_of

# Axis 1 and axis -1 are the same of a matrix, so neither is changed into the other.
_OTHER_AXES: dict[int, tuple[int, ...]] = {0: (1, -1), 1: (0,), -1: (0, -2), -2: (-1, 0)}
_TURNS = {"transpose", "swapaxes", "permute", "moveaxis", "movedim", "t"}
_TURNED = {"T", "mT"}
_PRODUCTS = {"dot", "matmul", "bmm", "mm"}
_CHOICES = {"argmax", "argmin"}
_LAST_TWO = re.compile(r"[A-Za-z]{2}(?=\s*(?:,|->|[\"']$))")  # of an operand or the result of einsum


def axis(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``axis=0 -> axis=1``, ``-1`` and ``None``; of several axes each left out in turn."""
    place = axis_of(code, node)
    if isinstance(place, ast.Tuple):
        texts = [code.text(one) for one in place.elts]
        yield from (code.replaced(place, text) for text in [*texts, "None"])
    value = number(place)
    if place is not None and isinstance(value, int):
        others = _OTHER_AXES.get(value, (value - 1,))
        # Only what reduces can do without an axis; for the rest None is no slip but an error.
        texts = [*map(repr, others), *(["None"] if called(node) in REDUCTIONS | _CHOICES else [])]
        yield from (code.replaced(place, text) for text in texts)


def kept_axis(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``keepdims`` turned over, or added where a reduction along an axis has none."""
    for keyword in node.keywords:
        if keyword.arg in {"keepdims", "keepdim"} and isinstance(keyword.value, ast.Constant):
            yield code.replaced(keyword.value, repr(not keyword.value.value))
            return
    place = axis_of(code, node)
    if called(node) in REDUCTIONS and place is not None:
        torch = any(keyword.arg == "dim" for keyword in node.keywords)
        yield code.appended(node, "keepdim=True" if torch else "keepdims=True")


def dropped_attribute(code: Code, node: ast.Attribute) -> Iterator[Edit]:
    """``x.T -> x``."""
    if node.attr in _TURNED:
        yield Edit(code.tail(node), code.stop(node), "")


def dropped_turn(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``x.transpose(0, 2, 1) -> x``, ``np.swapaxes(x, 1, 2) -> x``."""
    if called(node) in _TURNS:
        yield from code.undone(node)


def transposed_operand(code: Code, node: ast.BinOp) -> Iterator[Edit]:
    """``A @ B -> A.T @ B`` and ``A @ B.T``."""
    if isinstance(node.op, ast.MatMult):
        yield from _transposed(code, node.left)
        yield from _transposed(code, node.right)


def transposed_argument(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``np.dot(A, B) -> np.dot(A.T, B)`` and ``np.dot(A, B.T)``."""
    if called(node) in _PRODUCTS:
        for operand in node.args:
            yield from _transposed(code, operand)


def einsum(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``"ij,jk->ik" -> "ij,jk->ki"``: the last two axes of the result, or of an operand, exchanged."""
    if called(node) == "einsum" and node.args and isinstance(node.args[0], ast.Constant):
        start = code.start(node.args[0])
        for found in _LAST_TWO.finditer(code.text(node.args[0])):
            yield Edit(start + found.start(), start + found.end(), found[0][::-1])


def _transposed(code: Code, operand: ast.expr) -> Iterator[Edit]:
    turned = isinstance(operand, ast.Attribute) and operand.attr in _TURNED
    if not turned and called(operand) not in _TURNS:
        yield code.replaced(operand, f"{code.atom(operand)}.T")


RULES: Rules = [
    ("axis", ast.Call, axis),
    ("axis", ast.Call, kept_axis),
    ("transpose", ast.Attribute, dropped_attribute),
    ("transpose", ast.Call, dropped_turn),
    ("transpose", ast.BinOp, transposed_operand),
    ("transpose", ast.Call, transposed_argument),
    ("transpose", ast.Call, einsum),
]
