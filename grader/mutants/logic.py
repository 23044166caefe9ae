"""Rules for decisions: comparisons and conditions."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.mutants.code import Code, Edit, Rules

_WRITTEN: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    # How it is found in the text; its neighbour, and its opposite.
    ast.Lt: (r"<", ("<=", ">=")),
    ast.LtE: (r"<=", ("<", ">")),
    ast.Gt: (r">", (">=", "<=")),
    ast.GtE: (r">=", (">", "<")),
    ast.Eq: (r"==", ("!=",)),
    ast.NotEq: (r"!=", ("==",)),
    ast.Is: (r"\bis\b", ("is not",)),
    ast.IsNot: (r"\bis\s+not\b", ("is",)),
    ast.In: (r"\bin\b", ("not in",)),
    ast.NotIn: (r"\bnot\s+in\b", ("in",)),
}


def comparison(code: Code, node: ast.Compare) -> Iterator[Edit]:
    """``a < b -> a <= b`` and ``a >= b``: the neighbour and the opposite of each comparison."""
    for (left, right), operator in zip(itertools.pairwise([node.left, *node.comparators]), node.ops, strict=True):
        pattern, others = _WRITTEN[type(operator)]
        start, stop = code.gap(left, right).span(pattern)
        yield from (Edit(start, stop, other) for other in others)


def and_or(code: Code, node: ast.BoolOp) -> Iterator[Edit]:
    """``a and b -> a or b`` and back."""
    word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in itertools.pairwise(node.values):
        start, stop = code.gap(left, right).span(rf"\b{word}\b")
        yield Edit(start, stop, other)


def lost_condition(code: Code, node: ast.BoolOp) -> Iterator[Edit]:
    """``a and b -> a`` and ``b``: each condition left out in turn."""
    word = "and" if isinstance(node.op, ast.And) else "or"
    gaps = [code.gap(left, right) for left, right in itertools.pairwise(node.values)]
    words = [gap.span(rf"\b{word}\b") for gap in gaps]
    yield Edit(code.start(node), gaps[0].after(words[0][1]), "")
    ends = [gap.before(start) for gap, (start, _) in zip(gaps, words, strict=True)]
    yield from (Edit(start, stop, "") for start, stop in itertools.pairwise([*ends, code.stop(node)]))


def negation(code: Code, node: ast.If | ast.IfExp) -> Iterator[Edit]:
    """``if c -> if not c``; of one comparison the opposite says the same, and of ``not c`` the rule below."""
    lone = isinstance(node.test, ast.Compare) and len(node.test.ops) == 1
    if not lone and not isinstance(node.test, ast.UnaryOp):
        yield code.replaced(node.test, f"not {code.atom(node.test)}")


def dropped_not(code: Code, node: ast.UnaryOp) -> Iterator[Edit]:
    """``not c -> c``."""
    if isinstance(node.op, ast.Not):
        yield Edit(code.start(node), code.start(node) + len("not "), "")


RULES: Rules = [
    ("comparison", ast.Compare, comparison),
    ("condition", ast.BoolOp, and_or),
    ("condition", ast.BoolOp, lost_condition),
    ("condition", (ast.If, ast.IfExp), negation),
    ("condition", ast.UnaryOp, dropped_not),
]
