"""The power: which mistakes and mutants the checks catch, which they cannot tell apart, and which checks do nothing."""

from __future__ import annotations

import json
import time

import pytest

from grader.audited import Audit
from grader.engine import trials
from grader.engine.deadlines import limited
from grader.mutants import mutants
from tests.engine.audit.conftest import check_of, mistake_of

ONE = """
    import numpy as np


    {function}
"""


def one_check(body: str, name: str = "check_it", *, case: str = "") -> str:
    """The text of one check of one line."""
    return f'{case}@exercise("small")\ndef {name}(student, rng):\n    """It is right."""\n    {body}\n\n\n'


TRUE = one_check("assert True", "check_nothing")


class TestMistakes:
    def test_are_named_with_the_checks_that_catch_them(self, audited):
        found = audited(
            mistakes="""
                WRONG = [
                    mistake("mean", right="len(x)", wrong="x.size", hint="Divide by the number of rows."),
                    mistake("scale", right="x * factor", wrong="x + factor", hint="Multiply."),
                ]
            """
        )
        mean, scale = found.mistakes
        assert (mean.function, mean.exercise, mean.name) == ("mean", "small", "mean: x.size")
        assert (mean.caught_by, mean.alike) == (("hidden/check_mean",), ())
        assert (scale.caught_by, scale.alike) == (("hidden/check_scale",), ())
        assert found.passed

    def test_that_no_check_tells_apart_are_named(self, audited):
        found = audited(
            mistakes="""
                WRONG = [
                    mistake("scale", right="x * factor", wrong="factor - x", hint="Sign."),
                    mistake("scale", right="x * factor", wrong="-(x - factor)", hint="Minus."),
                    mistake("scale", right="x * factor", wrong="x + factor", hint="Multiply."),
                ]
            """
        )
        assert mistake_of(found, "Sign.").alike == ("scale: -(x - factor)",)
        assert mistake_of(found, "Minus.").alike == ("scale: factor - x",)
        assert mistake_of(found, "Multiply.").alike == ()
        assert found.passed  # a shortcoming of the hints, not of the grades

    def test_of_two_functions_are_alike_when_no_check_sees_a_difference(self, audited):
        # the helper is used by both, but what goes wrong in it does not show in `mean`
        solution = ONE.format(
            function="""
    def times(x, factor):
        return x * factor


    def scale(x, factor):
        return times(x, factor)


    def mean(x):
        return times(x.sum(axis=0), 1 / len(x))
    """
        )
        found = audited(
            solution=solution,
            mistakes="""
                WRONG = [
                    mistake("times", right="x * factor", wrong="x * factor if x.ndim == 1 else -x", hint="In the helper."),
                    mistake("scale", right="times(x, factor)", wrong="-x", hint="In the function."),
                ]
            """,
        )
        helper = mistake_of(found, "In the helper.")
        assert (helper.exercise, helper.caught_by) == ("small", ("hidden/check_scale",))
        assert helper.alike == ("scale: -x",)

    def test_that_survive_are_like_the_reference_and_not_like_each_other(self, audited):
        found = audited(
            mistakes="""
                WRONG = [
                    mistake("scale", right="x * factor", wrong="x * factor + 1e-14", hint="More."),
                    mistake("scale", right="x * factor", wrong="x * factor - 1e-14", hint="Less."),
                ]
            """
        )
        assert [(mistake.survives, mistake.alike) for mistake in found.mistakes] == [(True, ()), (True, ())]

    def test_that_never_end_are_caught(self, audited):
        wrong = 'WRONG = mistake("scale", whole="def scale(x, factor):\\n    while True: pass", hint="End.")'
        assert audited(mistakes=wrong, seconds=0.1).mistakes[0].caught_by == ("hidden/check_scale",)


class TestChecks:
    def test_that_catch_nothing_are_named(self, audited):
        found = audited(
            checks=TRUE,
            mutants=True,
            mistakes='WRONG = mistake("mean", right="len(x)", wrong="x.size", hint="Divide by the rows.")',
        )
        assert [check.check for check in found.checks if check.catches_nothing] == ["hidden/check_nothing"]
        assert check_of(found, "check_mean").mistakes == 1

    def test_that_catch_only_what_others_caught_first_do_not_catch_nothing(self, audited):
        twice = one_check("assert student.scale(1.0, 3.0) == 3", "check_one_way")
        twice += one_check("assert student.scale(1.0, 3.0) == 3", "check_again")
        found = audited(all_checks=twice + TRUE, mutants=True, functions=("scale",))
        first, again, nothing = found.checks
        assert first.mutants == found.caught > 0
        assert (again.mutants, again.late, again.catches_nothing) == (0, True, False)
        assert (nothing.mutants, nothing.late, nothing.catches_nothing) == (0, False, True)


class TestMutants:
    def power(self, audited, function: str, *bodies: str, name: str, **options: object) -> Audit:
        checks = "".join(one_check(body, f"check_{number}") for number, body in enumerate(bodies)) + TRUE
        solution = ONE.format(function=function.replace("\n", "\n    "))
        return audited(solution=solution, all_checks=checks, functions=(name,), mutants=True, **options)

    def test_that_are_caught_are_counted_by_rule(self, audited):
        function = "def scale(x, factor):\n    return x * factor\n"
        found = self.power(audited, function, "assert student.scale(2.0, 3.0) == 6", name="scale")
        made = mutants(function, ["scale"])
        assert {counts.rule: counts.caught for counts in found.mutants} == {
            rule: sum(mutant.rule == rule for mutant in made) for rule in {mutant.rule for mutant in made}
        }
        assert (found.survived, found.equivalent, found.power, found.survivors) == (0, 0, 1.0, ())

    def test_that_survive_are_listed_as_diffs(self, audited):
        function = "def scale(x, factor):\n    return x * factor\n"
        found = self.power(audited, function, "assert student.scale(np.ones(3), 1.0)[0] == 1", name="scale")
        # with ones alone it is not seen whether one multiplies or divides, or whether x or factor counts at all
        survivors = {survivor.name.partition(" ")[2]: survivor for survivor in found.survivors}
        assert "return x * factor -> return x / factor" in survivors
        divided = survivors["return x * factor -> return x / factor"]
        assert (divided.function, divided.rule, divided.line) == ("scale", "operator", 6)
        changed = [line for line in divided.diff.splitlines()[2:] if line[:1] in {"+", "-"}]
        assert changed == ["-    return x * factor", "+    return x / factor"]
        assert found.survived == len(found.survivors)
        assert 0 < found.power < 1
        assert found.passed

    def test_that_are_equivalent_are_set_aside(self, audited):
        function = (
            "def top(x):\n    best, place = x[0], 0\n    for i in range(1, len(x)):\n"
            "        if x[i] > best:\n            best, place = x[i], i\n    return place\n"
        )
        ties = "assert student.top(np.array([2.0, 1.0, 2.0])) == 0"
        orders = "orders = [rng.permutation(np.arange(4.0)) for _ in range(30)]"
        others = f"{orders}; assert [student.top(x) for x in orders] == [int(x.argmax()) for x in orders]"
        found = self.power(audited, function, ties, others, name="top")
        assert (found.equivalent, found.survivors) == (1, ())  # the loop that begins at 0
        weak = self.power(audited, function, others, name="top")
        # that the first of several largest counts is seen by the check of ties, and without it by the replay
        assert [survivor.name for survivor in weak.survivors] == ["top:8 x[i] > best -> x[i] >= best"]
        assert weak.equivalent == 1

    def test_of_a_function_that_no_check_calls_survive(self, audited):
        functions = "def scale(x, factor):\n    return x * factor\n\n\ndef unused(x):\n    return x * 2.0\n"
        found = self.power(audited, functions, "assert student.scale(2.0, 3.0) == 6", name="unused")
        assert (found.caught, found.equivalent) == (0, 0)
        assert found.survived == len(mutants(functions, ["unused"])) > 0

    def test_that_never_end_are_caught(self, audited):
        function = (
            "def root(y):\n    low, high = 0, y + 1\n    while low + 1 < high:\n        middle = (low + high) // 2\n"
            "        if middle * middle <= y:\n            low = middle\n        else:\n            high = middle\n"
            "    return low\n"
        )
        checks = [f"assert student.root({y}) == {root}" for y, root in [(30, 5), (36, 6), (2, 1), (1, 1), (0, 0)]]
        began = time.monotonic()
        found = self.power(audited, function, *checks, name="root", seconds=0.1)
        # of `middle = low // 2` it is sure that it never ends: low stays 0
        endless = [mutant for mutant in mutants(function, ["root"]) if "-> middle = (low) // 2" in mutant.change]
        assert len(endless) == 1
        assert time.monotonic() - began > 0.1
        assert endless[0].change not in json.dumps([survivor.name for survivor in found.survivors])
        assert found.caught > found.survived + found.equivalent

    def test_that_never_end_when_the_calls_are_varied_survive(self, audited, monkeypatch):
        monkeypatch.setattr(trials, "LONGEST_SECONDS", 0.1)
        function = "def half(x):\n    return x / 2.0\n\n\n"
        function += "def small(x):\n    while x.max() > 1:\n        x = half(x)\n    return x\n"
        found = self.power(audited, function, "assert student.small(np.full(3, 0.5))[0] == 0.5", name="small")
        assert "half:6 return x / 2.0 -> return x * 2.0" in {survivor.name for survivor in found.survivors}
        assert found.equivalent == 0

    def test_that_cannot_be_imported_are_caught(self, audited):
        function = "def scale(x, factor):\n    return x * factor\n\n\nassert scale(2.0, 3.0) == 6\n"
        found = self.power(audited, function, "assert True or student.scale(2.0, 3.0)", name="scale")
        assert (found.caught, found.survived) == (len(mutants(function, ["scale"])), 0)
        assert all(check.catches_nothing for check in found.checks)

    def test_whose_text_python_warns_of_say_nothing(self, audited, recwarn):
        function = "def scale(x, factor):\n    return x if factor == 1 else x * factor\n"
        self.power(audited, function, "assert student.scale(2.0, 3.0) == 6", name="scale")
        assert len(recwarn) == 0


def test_what_swallows_the_end_of_its_time_is_ended_again():
    with pytest.raises(TimeoutError, match=r"no end within 0\.05 s"), limited(0.05):
        try:
            while True:
                pass
        except TimeoutError:
            while True:
                pass


def test_what_waits_and_computes_nothing_is_ended_by_the_clock():
    with pytest.raises(TimeoutError, match=r"no end within 0\.02 s"), limited(0.02):
        time.sleep(60)


class TestPrivateResults:
    """What a check leaves where it was computed is each answer's own affair."""

    LAYER = """
        import numpy as np


        def _unit():
            return 0.5


        def forward(x, S):
            return x @ S, (x * _unit(), S)


        def backward(dout, cache):
            kept, S = cache
            return dout @ S.T, (kept / _unit()).T @ dout
    """
    CHECKS = '''
@exercise("small")
def check_backward(student, reference, rng):
    """Backward is right."""
    x, S, dout = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    out, cache = student.forward.keeping(1)(x, S)
    expect(out, "out").close_to(x @ S)
    expect(student.backward(dout, cache), "gradients").close_to((dout @ S.T, x.T @ dout))


@exercise("small")
def check_gradient(student, rng):
    """Backward is the gradient of forward."""
    gradient.agrees(student.forward, student.backward, at=dict(x=rng.normal(size=(4, 3)), S=np.eye(3)), rng=rng)
'''

    def test_a_cache_that_is_changed_consistently_is_equivalent(self, audited):
        functions = ("forward", "backward")
        found = audited(solution=self.LAYER, all_checks=self.CHECKS, functions=functions, mutants=True)
        assert found.complaints == ()
        assert found.survivors == ()
        # another unit in the cache, by which backward divides again
        assert [(counts.rule, counts.equivalent) for counts in found.mutants if counts.equivalent] == [("constant", 3)]

    def test_callbacks_of_the_check_and_functions_of_the_answer_work_as_arguments(self, audited):
        solution = """
            import numpy as np


            def relu(x):
                return np.maximum(x, 0.0)


            def layer(activation, x):
                doubled = 0
                for i in range(1, len(x)):
                    doubled = max(doubled, i)
                return activation(x) * 2.0 + 0 * doubled
        """
        body = 'expect(student.layer({}, rng.normal(size=5)), "y").is_finite()'
        checks = one_check(body.format("np.tanh"), "check_tanh") + one_check(body.format("student.relu"), "check_relu")
        checks += one_check(body.format("lambda x: x ** 2"), "check_square")
        found = audited(solution=solution, all_checks=checks, functions=("layer",), mutants=True)
        assert found.complaints == ()
        assert found.caught == 0  # all is finite, whatever is computed
        survivors = {survivor.name.partition(" ")[2] for survivor in found.survivors}
        assert "activation(x) * 2.0 -> activation(x) / 2.0" in survivors
        # what happens to `doubled` makes no difference
        assert not any("range" in survivor or "doubled = " in survivor for survivor in survivors)
        assert found.equivalent > 3
