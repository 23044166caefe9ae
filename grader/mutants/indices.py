"""Rules for places: indices, slices, ranges, and loops that run once less."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.mutants.code import Code, Edit, Rules, called, number, same
from grader.mutants.places import shifted

_ENDLESS = {"count", "cycle", "repeat", "iter"}


def index(code: Code, node: ast.Subscript) -> Iterator[Edit]:
    """``x[i] -> x[i + 1]`` and ``x[i - 1]``, where i is a number or the variable of a loop."""
    loops = _loop_variables(code, node)
    for one in _places(node):
        if number(one) is not None or (isinstance(one, ast.Name) and one.id in loops):
            yield from (code.replaced(one, text) for text in shifted(code, one))


def exchanged_indices(code: Code, node: ast.Subscript) -> Iterator[Edit]:
    """``x[i, j] -> x[j, i]``, ``x[:, None] -> x[None, :]``."""
    for first, second in itertools.pairwise(_places(node)):
        if not same(first, second):
            yield code.exchanged(first, second)


def bounds(code: Code, node: ast.Slice) -> Iterator[Edit]:
    """``x[a:b]``: either bound one further and one before; a bound that is left out, at 1 or -1."""
    for bound in (node.lower, node.upper):
        if bound is not None:
            yield from (code.replaced(bound, text) for text in shifted(code, bound))
    start, stop = code.start(node), code.stop(node)
    if node.lower is None and node.upper is not None:
        yield Edit(start, start, "1")
    if node.upper is None and node.lower is not None and node.step is None:
        yield Edit(stop, stop, "-1")


def step(code: Code, node: ast.Slice) -> Iterator[Edit]:
    """``x[::2] -> x[::1]`` and ``x[::3]``; ``x[::-1]`` left out."""
    value = number(node.step)
    if node.step is None or value is None:
        return
    if value == -1 and node.lower is None and node.upper is None:
        holder = code.parent(node)
        if isinstance(holder, ast.Subscript):
            yield Edit(code.tail(holder), code.stop(holder), "")
        else:  # one of several axes
            yield code.replaced(node, ":")
    elif value > 0:
        yield from (code.replaced(node.step, text) for text in shifted(code, node.step) if text != "0")


def order_of_a_loop(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``reversed(x) -> x``, ``np.flip(x) -> x``."""
    if called(node) in {"reversed", "flip", "flipud", "fliplr"}:
        yield from code.undone(node)


def range_bounds(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``range(a, b)``: either bound one further and one before; ``range(n) -> range(1, n)``."""
    if called(node) != "range" or node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
        return
    for one in node.args[:2]:
        yield from (code.replaced(one, text) for text in shifted(code, one))
    if len(node.args) == 1:
        start = code.start(node.args[0])
        yield Edit(start, start, "1, ")


def counted_from_one(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``enumerate(x) -> enumerate(x, 1)`` and ``enumerate(x, 1) -> enumerate(x, 0)``."""
    if called(node) == "enumerate" and node.args:
        starts = [*node.args[1:2], *(keyword.value for keyword in node.keywords)]
        if not starts:
            yield code.appended(node, "1")
        yield from (code.replaced(one, text) for one in starts for text in shifted(code, one))


def shorter_loop(code: Code, node: ast.For | ast.comprehension) -> Iterator[Edit]:
    """``for a in x -> for a in list(x)[:-1]`` and ``list(x)[1:]``: the last or the first round left out."""
    counted = _unreversed(node.iter)
    if called(counted) != "range" and called(counted) not in _ENDLESS:
        text = code.text(node.iter)
        text = f"({text})" if isinstance(node.iter, ast.Tuple) else text
        yield from (code.replaced(node.iter, f"list({text}){part}") for part in ("[:-1]", "[1:]"))


def _places(node: ast.Subscript) -> list[ast.expr]:
    """Return the indices of a subscript, one for each axis."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _unreversed(node: ast.expr) -> ast.expr:
    """Return what a loop goes through, forward or from the end; the bounds of a range shorten it either way."""
    return node.args[0] if isinstance(node, ast.Call) and called(node) == "reversed" and node.args else node


def _loop_variables(code: Code, node: ast.AST) -> set[str]:
    """Names that a loop of the same function counts with."""
    loops = [n for n in ast.walk(code.function(node)) if isinstance(n, ast.For | ast.comprehension)]
    names = set()
    for loop in loops:
        source, target = _unreversed(loop.iter), loop.target
        if called(source) == "enumerate" and isinstance(target, ast.Tuple):
            target = target.elts[0]
        if called(source) in {"range", "enumerate"} and isinstance(target, ast.Name):
            names.add(target.id)
    return names


RULES: Rules = [
    ("index", ast.Subscript, index),
    ("index", ast.Subscript, exchanged_indices),
    ("slice", ast.Slice, bounds),
    ("slice", ast.Slice, step),
    ("loop", ast.Call, order_of_a_loop),
    ("loop", ast.Call, range_bounds),
    ("loop", ast.Call, counted_from_one),
    ("loop", (ast.For, ast.comprehension), shorter_loop),
]
