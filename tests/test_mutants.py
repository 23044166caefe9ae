"""Mutants of a reference: places in the text, what is left alone, names, and the mutants of a real assignment."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from grader.mutants import make, mutants


def sources(source: str, *functions: str) -> list[str]:
    return [mutant.source for mutant in mutants(source, functions or ["f"])]


class TestPositions:
    def test_columns_count_characters_where_python_counts_bytes(self):
        source = "def f(x):\n    ε = 'äöü€𝄞'; return ε, x + 1\n"
        assert "def f(x):\n    ε = 'äöü€𝄞'; return ε, x - 1\n" in sources(source)

    def test_lines_end_where_python_ends_them(self):
        source = "def f(x):\r\n    s = '\x0b\x1c\u2028'\r\n\x0c\r\n    return s, x + 1\r\n"
        assert source.replace("+", "-") in sources(source)

    def test_an_expression_of_several_lines_keeps_its_comments(self):
        source = "def f(a, b):\n    return (\n        a  # not + but (\n        + (b)  # - b\n    )\n"
        made = sources(source)
        assert "def f(a, b):\n    return (\n        a  # not + but (\n        - (b)  # - b\n    )\n" in made
        assert "def f(a, b):\n    return (\n        a  # - b\n    )\n" in made
        assert "def f(a, b):\n    return (\n        (b)  # - b\n    )\n" in made

    def test_a_call_that_held_lines_together_leaves_its_parentheses(self):
        made = sources("def f(a, b):\n    h = exp(a *\n        b)\n    return h\n")
        assert "def f(a, b):\n    h = (a *\n        b)\n    return h\n" in made

    def test_the_line_is_the_one_that_changes(self):
        source = "def f(a, b):\n    h = (\n        a\n        + g(b, 5)\n    )\n    return h\n"
        found = {mutant.change: mutant.line for mutant in mutants(source, ["f"])}
        assert found["a + g(b, 5) -> g(b, 5)"] == 3
        assert found["a + g(b, 5) -> a - g(b, 5)"] == 4
        assert found["a + g(b, 5) -> a + g(5, b)"] == 4


class TestWhatIsLeftAlone:
    def test_what_decides_nothing_and_what_refuses_bad_arguments(self):
        quiet = '''
            """Docstring: 1 + 2."""
            import numpy as np
            if a.ndim != 2 or not 0 < b < 1:
                message = 1 + 2
                raise ValueError("1 + 2", a.ndim + 1)
            assert a + 1 > 2, 1 + 2
            global g
            require(a, b + 1)
            print(a + 1, a.shape[0])
            warnings.warn(f"{a + 1}", stacklevel=2)
            h: list[int, 2] = f"{a + 1:{b - 2}}"
            # ### BEGIN SOLUTION 1 + 2
            return None
        '''
        refuser = "def require(a, n):\n    m = n + 1\n    if a > m:\n        raise ValueError(a - 1)\n"
        head = "@decorated(1, 2)\ndef f(a: int | None = None, *, b: Array[1, 2] = None) -> tuple[int, 2]:"
        source = f"{refuser}\n{head}{quiet.replace('            ', '    ').rstrip()}\n"
        assert sources(source, "f", "require") == []

    def test_the_way_on_after_a_refusal_is_changed(self):
        source = (
            "def f(a):\n    if a < 0:\n        raise ValueError\n    elif a < 1:\n        return -a\n    return a\n"
        )
        assert {mutant.line for mutant in mutants(source, ["f"])} == {4, 5}

    def test_a_function_that_raises_and_computes_is_changed(self):
        source = "def f(a):\n    if a < 0:\n        raise ValueError\n    self.x = a + 1\n"
        assert source.replace("+", "-") in sources(source)

    def test_what_steers_a_while_loop(self):
        source = (
            "def f(n, x):\n    t = 0\n    while t < n and x > 0:\n        t += 1\n        h = n * t\n    return h\n"
        )
        assert {mutant.line for mutant in mutants(source, ["f"])} == {2, 5}

    def test_names_of_keyword_arguments(self):
        assert sources("def f(a):\n    return g(left=a, right=a)\n") == []

    def test_defaults_that_are_numbers_are_changed(self):
        assert "def f(a, beta=1.8): return None\n" in sources("def f(a, beta=0.9): return None\n")


METHODS = r"""
class Adam:
    rate = 1 + 2

    @property
    def step(self):
        return self.a + 1

    @step.setter
    def step(self, a):
        self.a = a - 1

    class Inner:
        def go(self, s="a\nb"): return s + 1


def helper(x):
    def inner(y):
        return y + 2
    return inner
"""


class TestFunctions:
    def test_a_class_stands_for_its_methods(self):
        found = {(mutant.function, mutant.line) for mutant in mutants(METHODS, ["Adam"])}
        assert found == {("Adam.step", 7), ("Adam.step", 11), ("Adam.Inner.go", 14)}

    def test_only_the_named_functions_change(self):
        assert {mutant.line for mutant in mutants(METHODS, ["helper"])} == {19}

    def test_names_come_in_any_order_and_may_repeat(self):
        want = mutants(METHODS, ["Adam", "helper"])
        assert mutants(METHODS, iter(["helper", "Adam.step", "Adam", "helper", "Adam.Inner"])) == want
        assert [mutant.line for mutant in want] == sorted(mutant.line for mutant in want)

    @pytest.mark.parametrize("name", ["nothing", "Adam.nothing", "helper.inner", "Adam.rate"])
    def test_a_name_that_the_reference_does_not_define_is_refused(self, name):
        with pytest.raises(ValueError, match=f"^{name}: the reference defines no such function$"):
            mutants(METHODS, [name])


class TestMutant:
    def test_is_called_by_place_and_change(self):
        first = mutants("def f(a):\n    return a.sum(axis=0)\n", ["f"])[0]
        assert first.name == "f:2 return a.sum(axis=0) -> return a.mean(axis=0)"

    def test_a_long_change_is_cut_to_what_is_around_it(self):
        line = f"return [{', '.join(['alpha'] * 9)}, beta + 1, {', '.join(['omega'] * 9)}][0]"
        names = [mutant.name for mutant in mutants(f"def f():\n    {line}\n", ["f"])]
        assert "f:2 beta + 1 -> beta - 1" in names
        assert all(len(name) < 80 and "\n" not in name for name in names)

    def test_names_that_read_alike_are_counted(self):
        made = mutants(f"def f(x):\n    return g({'x[0], ' * 9}x[0])\n", ["f"])
        names = [mutant.name for mutant in made if mutant.rule == "index"]
        assert names[:4] == ["f:2 x[0] -> x[-1]", "f:2 x[0] -> x[1]", "f:2 x[0] -> x[-1] (2)", "f:2 x[0] -> x[1] (2)"]

    def test_its_diff_is_one_line(self):
        source = "def f(a, b):\n    c = 1\n    h = a + b\n    return h\n"
        mutant = next(m for m in mutants(source, ["f"]) if m.rule == "operator")
        assert mutant.diff(source).splitlines()[2:] == [
            "@@ -2,3 +2,3 @@", "     c = 1", "-    h = a + b", "+    h = a - b", "     return h",
        ]  # fmt: skip


class TestBackprop:
    PATH = Path(__file__).parents[1] / "reference/backprop/backprop.py"
    SOURCE = PATH.read_text(encoding="utf-8")
    NAMES = tuple(node.name for node in ast.parse(SOURCE).body if isinstance(node, ast.FunctionDef))
    MADE = tuple(mutants(SOURCE, NAMES))

    def test_there_are_several_hundred_by_every_rule_that_has_a_place(self):
        assert len(self.MADE) >= 400
        assert set(Counter(mutant.rule for mutant in self.MADE)) == {name for name, _, _ in make.RULES} - {
            "condition",  # its only conditions refuse bad arguments
            "exponent",  # all are numbers
        }

    def test_every_function_that_computes_has_some(self):
        without = {"_require_upstream", "_require_same_shape", "_require_labels"}
        assert {mutant.function for mutant in self.MADE} == set(self.NAMES) - without

    def test_each_compiles_and_differs_from_the_rest(self):
        forms = {ast.dump(ast.parse(self.SOURCE))}
        for mutant in self.MADE:
            compile(mutant.source, mutant.name, "exec", dont_inherit=True)
            forms.add(ast.dump(ast.parse(mutant.source)))
        assert len(forms) == len(self.MADE) + 1

    def test_names_are_unique_and_on_one_line(self):
        assert len({mutant.name for mutant in self.MADE}) == len(self.MADE)
        assert all(len(mutant.name) <= 110 and mutant.name.isprintable() for mutant in self.MADE)

    def test_each_changes_one_line_that_is_no_comment(self):
        before = self.SOURCE.splitlines()
        for mutant in self.MADE:
            after = mutant.source.splitlines()
            changed = [n for n, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new]
            assert changed == [mutant.line], mutant.name
            assert not before[mutant.line - 1].lstrip().startswith(("#", "raise", "def")) or "= 1.0" in mutant.diff(
                self.SOURCE
            )

    def test_no_order_depends_on_hashing(self):
        code = "import sys; from grader.mutants import mutants; "
        code += "print([m.name for m in mutants(open(sys.argv[1]).read(), set(sys.argv[2:]))])"
        runs = {
            subprocess.run(
                [sys.executable, "-c", code, str(self.PATH), *self.NAMES],
                env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
            ).stdout
            for seed in ("1", "2")
        }  # fmt: skip
        assert runs == {f"{[mutant.name for mutant in self.MADE]}\n"}
