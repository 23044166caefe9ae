"""Shortcuts in place of a student's own work: whose they are, in whatever source, and what an instructor reads of it."""

from __future__ import annotations

import ast
import textwrap
import warnings
from functools import cache
from pathlib import Path

import pytest

from grader.course import Assignment, Course
from grader.engine.shortcuts import shortcuts_in
from grader.engine.shortcuts.places import Places
from grader.engine.shortcuts.quotients import FAMILY
from grader.engine.shortcuts.sentences import _LONGEST
from grader.mistakes import Mistake, read_mistakes, read_variants

COURSE = Course(Path(__file__).parents[2])
BY_STEP = "(g(x + h) - g(x - h)) / (2 * h)"


def of(code: str, *functions: str, solution: str = "") -> tuple[str, ...]:
    """What is said of a script whose exercise is ``f``."""
    return shortcuts_in((textwrap.dedent(code),), solution, functions or ("f",))


class TestWhoseItIs:
    HELPER = f"def numeric(g, x, h=1e-5):\n    return {BY_STEP}\n"

    def test_a_helper_is_named_with_those_who_use_it(self):
        code = self.HELPER + textwrap.dedent("""
            def a(x): return numeric(b, x)
            def b(x): return x
            c = numeric
            other_name = numeric
            class D:
                y = other_name(b, 1)
        """)
        assert of(code, "a", "b", "c", "D") == (
            f"`a`, `c` and `D` seem to use a difference quotient in `numeric` (line 2: `return {BY_STEP}`)",
        )

    def test_who_uses_it_through_another_exercise_is_not_named(self):
        code = f"{self.HELPER}def layer(x): return numeric(g, x)\ndef network(x): return layer(x)\n"
        (sentence,) = of(code, "layer", "network")
        assert sentence.startswith("`layer` seems to use")

    def test_of_exercises_that_use_each_other_all_are_named(self):
        code = f"{self.HELPER}def a(x): return numeric(b, x)\ndef b(x): return a(x)\n"
        (sentence,) = of(code, "a", "b")
        assert sentence.startswith("`a` and `b` seem to use")

    def test_a_method_belongs_to_its_class(self):
        (sentence,) = of(f"class f:\n    def backward(self, x):\n        return {BY_STEP}\n")
        assert sentence == (
            f"`f` seems to use a difference quotient in `f.backward` (line 3: `return {BY_STEP}`)"
        )  # fmt: skip

    def test_an_oracle_of_a_helper_is_none_of_the_exercise(self):
        assert of(f"{self.HELPER}def f(x): return numeric(g, x)\n") != ()

    def test_what_the_solution_does_may_be_done(self):
        code = f"{self.HELPER}def f(x): return numeric(d, x)\ndef e(x): return numeric(d, x)\n"
        (sentence,) = of(code, "f", "e", solution="def f(x): return (d(x + h) - d(x)) / h\ndef e(x): return x\n")
        assert sentence.startswith("`e` seems to use a difference quotient in `numeric`")

    def test_the_last_definition_counts(self):
        assert of(f"def f(x): return {BY_STEP}\ndef f(x): return d(x)\n") == ()

    def test_both_kinds_are_told_in_the_order_of_the_source(self):
        code = f"def a(x): return g(x + 1j * h).imag / h\ndef f(x): return {BY_STEP} + {BY_STEP} + a(x)\n"
        assert [sentence.partition(" (")[0] for sentence in of(code)] == [
            "`f` seems to use a complex step in `a`", "`f` seems to use a difference quotient",
        ]  # fmt: skip


class TestTheLine:
    def test_is_counted_within_its_cell(self):
        cells = ("import numpy as np", f"%matplotlib inline\n\ndef f(x):\n    return {BY_STEP}", "f(1.0)")
        assert shortcuts_in(cells, "", ["f"]) == (
            f"`f` seems to use a difference quotient (cell 2, line 4: `return {BY_STEP}`)",
        )

    def test_of_several_is_one_and_short_and_ends_no_code_span(self):
        more = " + 0".join([""] * 40)
        (sentence,) = of(f"def f(x):\n    return (g(x + h, '``')\n        - g(x, '``')) / h{more}\n")
        assert sentence.startswith(
            "`f` seems to use a difference quotient (line 2: `return (g(x + h, '''') - g(x, '''')) / h"
        )
        assert sentence.endswith(" …`)")
        assert sentence.count("`") == 4

    @pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
    def test_is_the_same_whatever_ends_it(self, end):
        assert "(line 2: `return" in of(f"def f(x):{end}    return {BY_STEP}{end}")[0]


class TestBrokenSource:
    @pytest.mark.parametrize("broken", ["def a(:\n    pass\n", "!ls\n", "x = (1\n", "    y = 2\n", "return 1 1\n"])
    def test_costs_the_broken_block_alone(self, broken):
        (sentence,) = of(f"{broken}@wraps(g)\ndef f(x):\n    return {BY_STEP}\nelse:\n{broken}")
        assert f"line {broken.count(chr(10)) + 3}:" in sentence

    def test_an_escape_that_is_none_warns_nobody(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert of(f"def f(x):\n    '\\d'\n    return {BY_STEP}\n") != ()


HEAD = "def f(x):\n    return "
HOSTILE = {
    "brackets": f"{HEAD}{'(' * 5000}1{')' * 5000}",
    "signs": f"{HEAD}{'-' * 60_000}1",
    "a sum": f"{HEAD}{'1 + ' * 30_000}1",
    "attributes": f"{HEAD}x{'.a' * 60_000}",
    "digits": f"{HEAD}{'9' * 120_000}",
    "conditions": f"{HEAD}{'a if b else ' * 10_000}1",
    "comparisons": f"{HEAD}a < ({'a < b, ' * 15_000})",
    "blocks": "def f(x):\n" + "".join(f"{' ' * n}if a:\n" for n in range(1, 150)),
    "broken lines": "def f(:\n" * 14_000,
    "names": "def f(x):\n" + "".join(f"    a{n} = a{n + 1} + h\n" for n in range(5000)) + "    return (a0 - a1) / h",
    "steps": "def f(x):\n" + "".join(f"    a{n} = h * a{n + 1}\n" for n in range(3000)) + "    (g(a0) - g(b)) / a0\n" * 500,
    "terms": f"{HEAD}({' + '.join(['g(x)'] * 400)} - {' - '.join(['g(y)'] * 400)}) / h",
    "indices": f"{HEAD}({'x[' * 190}0{']' * 190} - g(x)) / h",
    "half a pair": f"{HEAD}'\ud800'",
    "a null": f"{HEAD}\0",
}  # fmt: skip


class TestHostileSource:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_costs_no_result_and_is_not_spoken_of(self, name):
        assert of(HOSTILE[name]) == ()

    def test_of_one_function_does_not_hide_another(self):
        assert len(of(f"def f(x): return {BY_STEP}\n{HOSTILE['terms'].replace('def f', 'def g')}\n")) == 1

    def test_that_is_too_long_is_left_alone(self):
        code = f"{HEAD}{BY_STEP}\n"
        assert of(code + "#" * (_LONGEST - len(code))) != ()
        assert of(code + "#" * (_LONGEST - len(code) + 1)) == ()

    def test_no_fault_of_ours_costs_a_result(self, monkeypatch):
        monkeypatch.setattr("grader.engine.shortcuts.sentences.Places", lambda *_: {}["a fault"])
        assert of(f"{HEAD}{BY_STEP}") == ()


@cache
def solution_of(assignment: Assignment) -> str:
    assert assignment.solution is not None
    return assignment.solution.read_text(encoding="utf-8")


def functions_of(assignment: Assignment) -> tuple[str, ...]:
    return tuple(function for exercise in assignment.exercises for function in exercise.functions)


def patched(mistake: Mistake, solution: str) -> str:
    """The function, or the class around the method, with the mistake: the rest is the solution's."""
    name = mistake.function.partition(".")[0]
    (node,) = [n for n in ast.parse(solution).body if getattr(n, "name", "") == name]
    return "import numpy as np\nimport torch\n" + mistake.apply(ast.get_source_segment(solution, node) or "")


def takes_differences(source: str, functions: tuple[str, ...]) -> bool:
    places = Places(source, functions).shortcuts.values()
    return FAMILY in {shortcut.family for shortcuts in places for shortcut in shortcuts}


@pytest.mark.parametrize("name", COURSE.names)
def test_no_right_answer_and_no_mistake_of_the_course_is_suspected(name):
    """Of differences also without the excuse that a right answer takes them: none does."""
    assignment = COURSE.assignment(name)
    solution, functions = solution_of(assignment), functions_of(assignment)
    assert assignment.hidden is not None
    variants = tuple(variant.source for variant in read_variants(assignment.hidden / "variants.py", solution))
    wrong = [patched(mistake, solution) for mistake in read_mistakes(assignment)]
    assert len(variants) > 5
    assert len(wrong) > 20
    answers = [solution, *variants, *wrong]
    assert [said for answer in answers if (said := shortcuts_in((answer,), solution, functions, variants))] == []
    assert not any(takes_differences(answer.removeprefix(solution), functions) for answer in (*variants, *wrong))
    assert not takes_differences(solution, functions)


def test_a_ready_made_function_in_an_answer_of_the_course_would_be_seen():
    """What one exercise allows another does not."""
    assignment = COURSE.assignment("attention")
    solution, functions = solution_of(assignment), functions_of(assignment)
    assert assignment.hidden is not None
    variants = [variant.source for variant in read_variants(assignment.hidden / "variants.py", solution)]
    code = """
        def attention_forward(q, k, v, mask=None):
            out = torch.nn.functional.scaled_dot_product_attention(*map(torch.as_tensor, (q, k, v)))
            return out.numpy(), None
        class MultiHeadAttention(torch.nn.Module):
            def forward(self, x, mask=None):
                return self.output(torch.nn.functional.scaled_dot_product_attention(x, x, x))
    """
    (sentence,) = shortcuts_in((solution, textwrap.dedent(code)), solution, functions, variants)
    assert sentence == (
        "`attention_forward` seems to use `scaled_dot_product_attention` of torch (cell 2, line 3: "
        "`out = torch.nn.functional.scaled_dot_product_attention(*map(torch.as_tensor, (q, k, v)))`)"
    )


def test_a_shortcut_in_an_answer_of_the_course_would_be_seen():
    """The silence above is no deafness: the same answer with a numeric backward is told."""
    assignment = COURSE.assignment("backprop")
    code = """
        def linear_backward(dout, cache):
            x, S, b = cache
            return tuple(_numeric(lambda: np.sum(dout * linear_forward(x, S, b)[0]), part) for part in cache)
        def _numeric(loss, part, h=1e-5):
            grad = np.zeros_like(part)
            for i in np.ndindex(part.shape):
                old = part[i]
                part[i] = old + h
                above = loss()
                part[i] = old - h
                grad[i] = (above - loss()) / (2 * h)
                part[i] = old
            return grad
    """
    solution = solution_of(assignment)
    (sentence,) = shortcuts_in((solution, textwrap.dedent(code)), solution, functions_of(assignment))
    assert sentence.startswith("`linear_backward` seems to use a difference quotient")
    assert "in `_numeric` (cell 2, line 12: `grad[i] = (above - loss()) / (2 * h)`)" in sentence


class TestGrading:
    NUMERIC = "def scale(x, factor, h=0.5):\n    return (half(x + h, factor) - half(x - h, factor)) / (2 * h)\n"
    HALF = "def half(x, factor): return factor * x * x / 2\n"

    def test_tells_it_and_takes_no_points(self, one, right):
        result = one(right.replace("def scale", "def scale_by_product") + self.NUMERIC + self.HALF)
        line = len(right.splitlines()) + 2
        (sentence,) = result.shortcuts
        assert sentence == (
            f"`scale` seems to use a difference quotient (line {line}: "
            "`return (half(x + h, factor) - half(x - h, factor)) / (2 * h)`)"
        )
        assert (result.earned, result.outcome.value) == (result.points, "passed")

    def test_tells_a_complex_step_too(self, one, right):
        code = "def scale(x, factor, h=1e-20): return half(x + 1j * h, factor).imag / h\n"
        result = one(right + code + self.HALF)
        (sentence,) = result.shortcuts
        assert sentence.startswith("`scale` seems to use a complex step")
        assert (result.earned, result.outcome.value) == (result.points, "passed")

    def test_says_nothing_of_a_right_answer(self, one, right):
        assert one(right).shortcuts == ()

    def test_compares_with_the_solution(self, one, own, right):
        solution = own.solution
        solution.write_text(
            right.replace("return x * factor", "return (half(x + 0.5, factor) - half(x - 0.5, factor)) / 1.0")
            + self.HALF
        )
        assert one(right + self.NUMERIC + self.HALF, assignment=own).shortcuts != ()
        solution.write_text(right + self.NUMERIC + self.HALF)
        assert one(right + self.NUMERIC + self.HALF, assignment=own).shortcuts == ()

    def test_compares_with_the_variants(self, one, own, right):
        variants = own.solution.with_name("variants.py")
        code = right.replace("def scale", "def scale_by_product") + self.NUMERIC + self.HALF
        variants.write_text(f"# %% scale: by differences\n{self.NUMERIC}{self.HALF}")
        assert one(code, assignment=own).shortcuts == ()
        variants.write_text(f"# %% scale: as it is\n{self.HALF}")
        assert one(code, assignment=own).shortcuts != ()

    def test_variants_that_cannot_be_read_cost_no_result(self, one, own, right):
        own.solution.with_name("variants.py").write_text("# %% no title of a variant\n")
        result = one(right + self.NUMERIC + self.HALF, assignment=own)
        assert (result.outcome.value, result.shortcuts) == ("passed", ())

    def test_says_nothing_on_a_students_machine(self, one, own, right):
        public = Assignment(own.public, None)
        assert one(right + self.NUMERIC + self.HALF, assignment=public).shortcuts == ()
