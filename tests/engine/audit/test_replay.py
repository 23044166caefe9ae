"""Whether another answer is equivalent: the calls of a check are made again on it, also with other arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.checks import modules
from grader.engine.audit.replay import MOST_CALLS, Recorder, Script, is_equivalent
from grader.engine.plain import module_of

REFERENCE = """
import numpy as np


def scale(x, factor):
    return x * factor


def forward(x, S):
    return x @ S, {"x": x, "S": S}


def backward(dout, cache):
    return dout @ cache["S"].T, cache["x"].T @ dout


def descend(gradient, w):
    return w - gradient(w)


def slope(w):
    return 2 * w


def drop(x, rng):
    return x * (rng.random(x.shape) < 0.5)


def double(x):
    x *= 2
    return x


def begin(w):
    return [5.0 * w, 1]


def read(state):
    return state[0] / 5.0


class Momentum:
    def __init__(self, rate):
        self.rate = rate
        self.v = 0.0

    def step(self, g):
        self.v = self.rate * self.v + g
        return self.v


def run(optimizer, g):
    optimizer.step(g)
    return optimizer.step(g)
"""

X = np.array([[2.0, 2.1], [3.0, 4.0], [5.0, 7.0]])
S = np.array([[1.0, -1.0], [0.5, 2.0]])

Use = Callable[[Any], object]


def script(use: Use) -> Script:
    """What a check records that does this with the reference."""
    recorder = Recorder(module_of(REFERENCE, "reference"))
    use(recorder)
    return recorder.script


def equivalent(use: Use, changed: str, *patches: tuple[str, str]) -> bool:
    """Whether the reference, so patched, is found equivalent to itself."""
    source = REFERENCE
    for old, new in patches:
        assert source.count(old) == 1
        source = source.replace(old, new)
    return is_equivalent(module_of(source, "mutant"), module_of(REFERENCE, "reference"), [script(use)], [changed])


def scaling(answer: Any) -> None:
    answer.scale(X, 3.0)


@pytest.mark.parametrize("wrong", ["factor * x", "x * (factor + 1e-12)", "x / (1 / factor)"])
def test_the_same_up_to_rounding_is_equivalent(wrong):
    assert equivalent(scaling, "scale", ("x * factor", wrong))


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("everywhere", "x / factor"),
        ("only at zero", "np.where(x == 0, 1.0, x * factor)"),
        ("only at ties", "x * factor + (x[0, 0] == x[0, 1] != 0)"),
        (
            "only where no entries tie and they are not whole",
            "x * factor + ((np.rint(2 * x) != 2 * x) & (abs(x) > 0.5)).all()",
        ),
        ("only far out", "x * factor * (x < 100)"),
        ("only near zero", "x * factor + ((x != 0) & (abs(x) < 0.01))"),
        ("only below zero", "abs(x) * factor"),
        ("only for another factor", "x * 3.0"),
        ("in its shape", "(x * factor)[None]"),
        ("by raising", "x * factor if (x > 0).all() else [][0]"),
        ("by being no number", "x * factor + 0 / x if (x == 0).any() else x * factor"),
    ],
)
def test_what_differs_is_found(what, wrong):
    assert not equivalent(scaling, "scale", ("x * factor", wrong)), what


def test_where_the_reference_raises_or_gives_no_number_nothing_is_asked():
    # at zero the reference divides by it, and for large numbers it refuses
    reference = (
        "import numpy as np\n\n\ndef f(x):\n    if (x > 99).any():\n        raise ValueError\n    return 1 / x\n"
    )
    mutant = reference.replace("1 / x", "np.where((x == 0) | (x > 99), 5, 1 / x)").replace(
        "x > 99).any", "x > 1e9).any"
    )
    recorder = Recorder(module_of(reference, "reference"))
    recorder.f(X)
    assert is_equivalent(module_of(mutant, "mutant"), module_of(reference, "reference"), [recorder.script], ["f"])


class TestWithoutEvidence:
    """Nothing is equivalent of which nothing was seen."""

    def test_a_function_that_is_never_called(self):
        assert not equivalent(scaling, "slope", ("2 * w", "w * 2"))
        assert not is_equivalent(module_of(REFERENCE, "mutant"), module_of(REFERENCE, "reference"), [], ["scale"])

    def test_a_function_whose_calls_all_raise(self):
        def refused(_w: Any) -> Any:
            raise RuntimeError("asked too often")

        def use(answer: Any) -> None:
            with pytest.raises(RuntimeError):
                answer.descend(refused, X)

        assert not equivalent(use, "descend", ("w - gradient(w)", "w - 1 * gradient(w)"))

    def test_a_method_of_an_object_whose_calls_are_not_recorded(self):
        def use(answer: Any) -> None:
            answer.Momentum(0.9).step(X)
            answer.scale(X, 2.0)

        assert not equivalent(use, "Momentum", ("self.rate * self.v + g", "self.v * self.rate + g"))

    def test_results_without_entries(self):
        def use(answer: Any) -> None:
            answer.scale(np.zeros((0, 2)), 3.0)

        assert not equivalent(use, "scale", ("x * factor", "x / factor"))


class TestResultsHandedOn:
    CHANGED = (
        ('{"x": x, "S": S}', '{"x": 5 * x, "S": S}'),
        ('cache["x"].T @ dout', '(cache["x"] / 5).T @ dout'),
    )

    def test_are_the_answers_own(self):
        def use(answer: Any) -> None:
            _, cache = answer.forward.keeping(1)(X, S)
            answer.backward(X[:, :2], cache)

        assert equivalent(use, "forward", *self.CHANGED)
        assert not equivalent(use, "forward", self.CHANGED[0])
        assert not equivalent(use, "backward", self.CHANGED[1])

    def test_count_as_results_where_the_check_does_not_leave_them(self):
        def use(answer: Any) -> None:
            _, cache = answer.forward(X, S)
            answer.backward(X[:, :2], cache)

        assert not equivalent(use, "forward", *self.CHANGED)

    def test_may_be_kept_whole(self):
        def use(answer: Any) -> None:
            answer.read(answer.begin.keeping()(X))

        wider = (("5.0 * w", "7.0 * w"), ("state[0] / 5.0", "state[0] / 7.0"))
        assert equivalent(use, "begin", *wider)
        assert not equivalent(use, "begin", wider[0])
        assert not equivalent(use, "read", wider[1])

    def test_may_be_objects(self):
        def use(answer: Any) -> None:
            answer.run(answer.Momentum(0.9), X)

        same = (
            "self.v = self.rate * self.v + g\n        return self.v",
            "self.v += self.rate * self.v + g - self.v\n        return self.v",
        )
        other = ("self.rate * self.v + g", "self.rate * self.v - g")
        assert equivalent(use, "Momentum", same)
        assert not equivalent(use, "Momentum", other)

    def test_are_made_again_however_late_they_are_used(self):
        def use(answer: Any) -> None:
            for _ in range(2 * MOST_CALLS):
                _, cache = answer.forward.keeping(1)(X, S)
            answer.backward(X[:, :2], cache)

        assert not equivalent(use, "backward", ('cache["x"].T @ dout', 'cache["x"].T @ -dout'))
        numbers = script(use).made_again()
        assert numbers == [*range(MOST_CALLS), 2 * MOST_CALLS - 1, 2 * MOST_CALLS]


class TestArguments:
    def test_functions_of_the_check_are_called(self):
        def use(answer: Any) -> None:
            answer.descend(lambda w: 3 * w, X)

        assert equivalent(use, "descend", ("w - gradient(w)", "-gradient(w) + w"))
        assert not equivalent(use, "descend", ("w - gradient(w)", "w + gradient(w)"))

    def test_functions_of_the_answer_are_its_own(self):
        def use(answer: Any) -> None:
            answer.descend(answer.slope, X)

        assert not equivalent(use, "slope", ("2 * w", "3 * w"))
        assert equivalent(use, "slope", ("2 * w", "w + w"))

    def test_generators_are_as_they_were_given(self):
        rng = np.random.default_rng(1)

        def use(answer: Any) -> None:
            answer.drop(X, rng)
            answer.drop(X, rng)

        assert equivalent(use, "drop", ("rng.random(x.shape) < 0.5", "0.5 > rng.random(x.shape)"))
        assert not equivalent(use, "drop", ("rng.random(x.shape) < 0.5", "rng.random(x.shape) >= 0.5"))

    def test_may_be_changed_in_place(self):
        def use(answer: Any) -> None:
            x = X.copy()
            answer.double(x)
            np.testing.assert_array_equal(x, X)

        assert equivalent(use, "double", ("x *= 2", "x += x"))
        assert not equivalent(use, "double", ("x *= 2", "x *= 3"))

    def test_may_be_nested_and_given_by_name(self):
        def use(answer: Any) -> None:
            answer.backward(X[:, :2], cache={"x": X, "S": S})

        assert not equivalent(use, "backward", ('cache["x"].T @ dout', 'cache["x"].T @ abs(dout)'))


class TestTorchModules:
    SOURCE = """
import torch


class Layer(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.scale * x
"""

    @pytest.mark.parametrize(("patch", "same"), [("x * self.scale", True), ("self.scale.detach() * x", False)])
    def test_are_run_again_through_the_tool(self, patch, same):
        recorder = Recorder(module_of(self.SOURCE, "reference"))
        modules.run(recorder.Layer, X, build={"width": 2}, state={"scale": S[0]}, upstream=X)
        mutant = module_of(self.SOURCE.replace("self.scale * x", patch), "mutant")
        reference = module_of(self.SOURCE, "reference")
        assert is_equivalent(mutant, reference, [recorder.script], ["Layer"]) is same

    def test_are_not_compared_by_what_is_about_devices_and_rounding(self):
        recorder = Recorder(module_of(self.SOURCE, "reference"))
        recorder.Layer.through("modules.declared")({"width": 2})
        assert recorder.script.calls == []
