"""What is left of a file or notebook in which something is broken."""

from __future__ import annotations

import ast

import pytest

from grader.worker import source


def parsed(text: str, *, notebook: bool = False, tolerant: bool = True) -> source.Cell:
    return source.parse(text, notebook=notebook, tolerant=tolerant)


def names(cell: source.Cell) -> list[str]:
    return [name for statement in cell.statements for name in source.defined_names(statement)]


BROKEN_IN_THE_MIDDLE = '''\
import numpy as np

def before(x):
    """A docstring
that goes on at the margin

    def inside(): the text of it
"""
    return x

def broken(x:
    return x

@staticmethod
def after(x):
    return x
'''


class TestBrokenFiles:
    def test_a_broken_function_costs_itself_alone(self):
        cell = parsed(BROKEN_IN_THE_MIDDLE)
        assert names(cell) == ["np", "before", "after"]
        assert [(broken.line, broken.names) for broken in cell.broken] == [(11, ["broken"])]
        assert cell.broken[0].kind == "SyntaxError"

    def test_the_others_keep_their_lines(self):
        after = parsed(BROKEN_IN_THE_MIDDLE).statements[-1]
        assert isinstance(after, ast.FunctionDef)
        assert (after.lineno, after.decorator_list[0].lineno) == (15, 14)

    def test_nothing_is_left_where_no_failure_is_tolerated(self):
        cell = parsed(BROKEN_IN_THE_MIDDLE, tolerant=False)
        assert (cell.statements, len(cell.broken)) == ([], 1)

    def test_a_word_that_begins_like_a_keyword_begins_a_block(self):
        cell = parsed("elsewhere = 1\nx = )\nexceptional = 2\nfinally_done = 3\n")
        assert names(cell) == ["elsewhere", "exceptional", "finally_done"]

    def test_else_and_except_belong_to_the_block_above(self):
        cell = parsed("x = )\nif True:\n    a = 1\nelse:\n    a = 2\ntry:\n    b = 1\nexcept ValueError:\n    b = 2\n")
        assert [type(statement) for statement in cell.statements] == [ast.If, ast.Try]

    @pytest.mark.parametrize(
        "text", ["return 1\n", "def f(a, a): pass\n", "(" * 300, "x = 1\0\n", "<<<<<<< HEAD\n"], ids=repr
    )
    def test_whatever_the_compiler_refuses_is_reported(self, text):
        cell = parsed(text + "\ny = 1")
        assert cell.broken
        assert names(cell) in (["y"], [])

    def test_a_form_feed_does_not_count_as_a_line(self):
        cell = parsed("a = 1\n\x0c\nx = )\n")
        assert cell.broken[0].line == 3


class TestNotebooks:
    @pytest.mark.parametrize(
        "line",
        ["%matplotlib inline", "!pip install numpy", "files = !ls", "x = %time 1", "?np.dot", "np.dot??", "%%time"],
    )
    def test_what_is_ipythons_is_blanked(self, line):
        cell = parsed(f"{line}\ny = 1\n", notebook=True)
        assert names(cell) == ["y"]
        assert not cell.broken

    def test_a_cell_of_another_language_is_empty(self):
        assert parsed("%%bash\nrm -rf /\n", notebook=True) == source.Cell()

    def test_a_magic_inside_a_block_leaves_the_block_whole(self):
        cell = parsed("if True:\n    %matplotlib inline\ny = 1\n", notebook=True)
        assert names(cell) == ["y"]
        assert not cell.broken

    def test_a_remainder_at_the_beginning_of_a_line_is_no_magic(self):
        cell = parsed("%matplotlib inline\nz = (7\n     % 4)\ny = 1\n", notebook=True)
        assert names(cell) == ["z", "y"]
        assert not cell.broken

    def test_in_a_script_a_magic_is_an_error(self):
        assert parsed("%matplotlib inline\n").broken


def is_stub(text: str) -> bool:
    return source.is_stub(ast.parse(text).body[0])


class TestStubs:
    @pytest.mark.parametrize(
        "body",
        [
            "pass", "...", '"""Docstring."""', "raise NotImplementedError", 'raise NotImplementedError("todo")',
            "assert False", 'assert 0, "todo"', "return", "return None", "return NotImplemented",
            "dx = None\n    return dx", "dx, dw = None, None\n    cache = (dx, dw)\n    return dx, cache",
        ],
    )  # fmt: skip
    def test_a_body_that_does_nothing_is_one(self, body):
        assert is_stub(f"def f(x):\n    {body}\n")

    @pytest.mark.parametrize(
        "body",
        [
            "return x", "x[0] = None", "x.grad = None", "raise ValueError('NotImplementedError')", "assert x",
            "global y\n    y = None", "return 0", "print('todo')", "yield", "if x:\n        pass",
            "y = x\n    return y", "y = None\n    y = x\n    return y",
        ],
    )  # fmt: skip
    def test_a_body_that_does_something_is_none(self, body):
        assert not is_stub(f"def f(x):\n    {body}\n")

    def test_a_decorated_function_is_none_because_the_decorator_may_do_the_work(self):
        assert not is_stub("@implemented\ndef f(x):\n    pass\n")

    @pytest.mark.parametrize(
        ("body", "is_one"),
        [
            ("pass", False),
            ("def f(self):\n        raise NotImplementedError", True),
            ('"""What it is for."""\n    def f(self):\n        pass\n    def g(self):\n        ...', True),
            ("def f(self):\n        pass\n    def g(self):\n        return 1", False),
            ("size = 3\n    def f(self):\n        pass", False),
        ],
    )
    def test_a_class_is_one_when_all_of_its_methods_are(self, body, is_one):
        assert is_stub(f"class F:\n    {body}\n") is is_one


def test_future_imports_are_told_to_the_compiler():
    import __future__

    statement = ast.parse("from __future__ import annotations, no_such_thing").body[0]
    assert source.future_flags(statement) == __future__.annotations.compiler_flag
    assert source.future_flags(ast.parse("x = 1").body[0]) == 0
