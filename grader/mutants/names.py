"""What a change is called in a table: ``dh.sum(axis=0) -> dh.sum(axis=1)``."""

from __future__ import annotations

import ast
import re

from grader.mutants.code import Code, Edit

_WIDTH = 32  # characters on either side of the arrow: a name then fits a line of 120
_AROUND = 12  # characters of code shown around a change inside something longer
_HALF_WORD = re.compile(r"^[\w.]+")
_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def change(code: Code, edit: Edit) -> str:
    """Return an edit for people, on one line, within the largest code around it that is short enough."""
    start, stop = _around(code, edit)
    before = code.source[start:stop]
    after = code.source[start : edit.start] + edit.text + code.source[edit.stop : stop]
    return f"{_short(before)} -> {_short(after)}"


def _around(code: Code, edit: Edit) -> tuple[int, int]:
    node: ast.AST | None = code.tree
    while node is not None:
        if isinstance(node, ast.expr | ast.keyword | ast.stmt) and not isinstance(node, _COMPOUND):
            start, stop = code.start(node), code.stop(node)
            if stop - start <= _WIDTH:
                return start, stop
        node = next((child for child in ast.iter_child_nodes(node) if _covers(code, child, edit)), None)
    start, stop = code.line_span(code.line(edit.start))
    left = code.source[max(start, edit.start - _AROUND) : edit.start]
    right = code.source[edit.stop : min(stop, edit.stop + _AROUND)]
    # Words that were cut through are left out.
    return edit.start - len(_HALF_WORD.sub("", left)), edit.stop + len(_HALF_WORD.sub("", right[::-1]))


def _covers(code: Code, node: ast.AST, edit: Edit) -> bool:
    if hasattr(node, "lineno"):
        return code.start(node) <= edit.start and edit.stop <= code.stop(node)
    # Arguments and comprehensions have no position of their own.
    return any(_covers(code, child, edit) for child in ast.iter_child_nodes(node))


def _short(text: str) -> str:
    text = " ".join(text.split()) or "nothing"
    half = _WIDTH // 2 - 1
    return text if len(text) <= _WIDTH else f"{text[:half]}...{text[-half:]}"
