"""Mistakes and variants as sources: patches that fit exactly once, and cells with a title."""

from __future__ import annotations

import pytest

from grader.errors import CourseError
from grader.mistakes import PatchError, mistake, reached_from, read_mistakes, read_variants
from tests.engine import adam

SOURCE = '''\
import numpy as np


def forward(x, w):
    """Return x w."""
    return x @ w


@np.vectorize
def backward(dh, x):
    dw = x.T @ dh
    return dw


class Layer:
    def step(self):
        return 1

    def other(self):
        return 1
'''


def test_a_patch_changes_its_function_alone():
    wrong = mistake("backward", right="x.T @ dh", wrong="x @ dh", hint="Transpose x.").apply(SOURCE)
    assert wrong == SOURCE.replace("x.T @ dh", "x @ dh")


def test_a_method_is_named_with_its_class():
    wrong = mistake("Layer.other", right="return 1", wrong="return 2", hint="It is one.").apply(SOURCE)
    assert wrong == SOURCE.replace("def other(self):\n        return 1", "def other(self):\n        return 2")


def test_lines_are_counted_as_python_counts_them():
    paged = SOURCE.replace("import numpy as np\n", "import numpy as np\n# a new page: \f and the rest of its line\n")
    wrong = mistake("backward", right="x.T @ dh", wrong="x @ dh", hint="Transpose x.").apply(paged)
    assert wrong == paged.replace("x.T @ dh", "x @ dh")


def test_a_whole_function_takes_the_place_of_the_old_one_and_its_decorators():
    wrong = mistake("backward", whole="\ndef backward(dh, x):\n    return 0\n", hint="No.").apply(SOURCE)
    assert "np.vectorize" not in wrong
    assert "    return 0\n\n\nclass Layer" in wrong


def test_patches_compose():
    first = mistake("forward", right="x @ w", wrong="w @ x", hint="Order.")
    second = mistake("backward", right="x.T", wrong="x", hint="Transpose.")
    assert first.apply(second.apply(SOURCE)) == second.apply(first.apply(SOURCE))


@pytest.mark.parametrize(
    ("function", "right", "message"),
    [
        ("forward", "x", r"forward: the right text occurs \d+ times, not once: 'x'"),
        ("forward", "no such text", "forward: the right text occurs 0 times, not once: 'no such text'"),
        ("sideways", "x", "sideways: the reference defines it 0 times, not once"),
        ("Layer.no", "x", "Layer.no: the reference defines it 0 times, not once"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(function, right, message):
    with pytest.raises(PatchError, match=message):
        mistake(function, right=right, wrong="y", hint="No.").apply(SOURCE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hint": "No."}, r"mistake\('f'\): give either right= and wrong=, or whole="),
        ({"right": "a", "whole": "b", "hint": "No."}, "give either right= and wrong=, or whole="),
        ({"right": "a", "wrong": "b", "hint": " "}, r"mistake\('f'\): the hint is empty"),
    ],
)
def test_a_mistake_that_says_too_little_or_too_much_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mistake("f", **options)


def test_names_are_short_and_tell_the_patches_apart():
    assert mistake("f", right="a", wrong="b +\n    c", hint="No.").name == "f: b + c"
    assert len(mistake("f", right="a", wrong="b" * 100, hint="No.").name) == 63


class TestVariants:
    def test_are_cells_with_exercise_and_title_below_what_all_share(self, tmp_path):
        path = tmp_path / "variants.py"
        path.write_text(
            "import math\n# %% linear: with einsum\ndef f(): pass\n# %% linear : in a loop\ndef g(): pass\n"
        )
        first, second = read_variants(path, "solution = 1")
        assert (first.exercise, first.title) == ("linear", "with einsum")
        assert first.source == "solution = 1\n\nimport math\n\n\ndef f(): pass\n"
        assert (second.exercise, second.title) == ("linear", "in a loop")
        assert "def f" not in second.source

    def test_without_a_title_are_refused(self, tmp_path):
        path = tmp_path / "variants.py"
        path.write_text("# %% with einsum\ndef f(): pass\n")
        with pytest.raises(ValueError, match=r"variants\.py: a cell is titled 'with einsum', and not 'exercise: how"):
            read_variants(path, "")

    def test_of_an_empty_file_are_none(self, tmp_path):
        (tmp_path / "variants.py").write_text("")
        assert read_variants(tmp_path / "variants.py", "") == ()


def test_a_function_reaches_what_it_uses_through_other_names_too():
    source = "def _f(x):\n    return x\nf = _f\ng = h = f\nLIMIT = 3\ndef top(x):\n    return g(x) + LIMIT\ndef alone(x):\n    return x\n"
    assert reached_from(source, "top") == {"top", "_f"}
    assert reached_from(source, "alone") == {"alone"}
    assert reached_from(source, "absent") == frozenset()


def test_a_class_reaches_its_methods():
    assert reached_from(SOURCE, "Layer") == {"Layer", "Layer.step", "Layer.other"}


def test_mistakes_are_read_in_order_from_lists_and_alone_and_each_once(tmp_path):
    assignment = adam.write(tmp_path)
    found = read_mistakes(assignment)
    assert [mistake.hint for mistake in found][:2] == ["Correct the bias of m.", "Correct the bias of v."]
    assert len(found) == 9


def test_mistakes_that_end_the_interpreter_are_refused_in_one_line(tmp_path):
    assignment = adam.write(tmp_path, mistakes="raise SystemExit('two\\nlines')\n")
    with pytest.raises(CourseError, match=r"mistakes\.py: SystemExit: two lines$"):
        read_mistakes(assignment)
