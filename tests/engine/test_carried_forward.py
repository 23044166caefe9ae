"""An error of forward is not counted again in backward, and a worthless forward earns nothing for its gradient."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from grader.course import Assignment, Course
from grader.results import CheckResult, Outcome, SubmissionResult
from tests.reference.conftest import ROOT

HEAD = "import numpy as np\n"
LINEAR = (
    HEAD
    + """
def linear_forward(x, S, b):
    return {forward}, (x, S)
def linear_backward(dh, cache):
    x, S = cache
    return {backward}
"""
)
NOTE = (
    "`linear_backward` is the gradient of your own `linear_forward`, which is wrong: that error is not counted twice."
)
RIGHT_BACKWARD = "dh @ S.T, x.T @ dh, dh.sum(axis=0)"


@pytest.fixture(scope="module")
def backprop() -> Assignment:
    return Course(ROOT).assignment("backprop")


@pytest.fixture
def linear(one: Callable[..., SubmissionResult], backprop: Assignment) -> Callable[..., dict[str, CheckResult]]:
    """Grade the linear layer, and return its checks that compare backward with differences of forward."""

    def run(forward: str, backward: str) -> dict[str, CheckResult]:
        result = one(LINEAR.format(forward=forward, backward=backward), assignment=backprop)
        checks = {c.check: c for c in result.checks if c.exercise == "linear"}
        assert checks["hidden/check_linear_forward_follows_the_definition[a batch]"].outcome is Outcome.FAILED
        return {name: check for name, check in checks.items() if "gradient_of_forward" in name or "agrees" in name}

    return run


def test_the_gradient_of_a_wrong_forward_keeps_its_points_and_says_so(linear):
    checks = linear("2 * x @ S + b", "2 * dh @ S.T, 2 * x.T @ dh, dh.sum(axis=0)")
    assert len(checks) == 2
    for check in checks.values():
        assert check.outcome is Outcome.PASSED
        assert check.notes == (NOTE,)


def test_a_right_backward_of_a_wrong_forward_is_not_blamed(linear):
    checks = linear("-(x @ S) + b", RIGHT_BACKWARD)
    assert len(checks) == 2
    for check in checks.values():
        assert check.outcome is Outcome.FAILED
        assert check.hint == (
            "`linear_backward` is compared with the slope of your own `linear_forward`, which is wrong: mend"
            " `linear_forward` first. `linear_backward` may be right already."
        )


LOSS = (
    HEAD
    + """
def mse(h, y):
    return {value} * 0.5 * ((h - y) ** 2).sum() / len(h), {gradient} * (h - y) / len(h)
"""
)


@pytest.mark.parametrize(
    ("value", "gradient", "is_told"), [(-1, 1, True), (1, -1, False)], ids=["a wrong loss", "a wrong gradient"]
)
def test_a_right_gradient_of_a_wrong_loss_is_not_blamed(one, backprop, value, gradient, is_told):
    result = one(LOSS.format(value=value, gradient=gradient), assignment=backprop)
    (check,) = [c for c in result.checks if c.check == "public/check_regression_gradient_agrees_with_loss"]
    assert check.outcome is Outcome.FAILED
    told = "The loss that `mse` returns is wrong: mend it first, since its gradient is compared with it."
    assert (check.hint == told) is is_told


def test_nothing_is_said_where_forward_is_right(one, backprop):
    result = one(LINEAR.format(forward="x @ S + b", backward=RIGHT_BACKWARD), assignment=backprop)
    linear = [check for check in result.checks if check.exercise == "linear"]
    assert {check.outcome for check in linear} == {Outcome.PASSED}
    assert not any(check.notes for check in linear)


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("0 * (x @ S + b)", "0 * x, 0 * S, np.zeros(S.shape[1])"),
        ("np.ones((len(x), S.shape[1]))", "0 * x, 0 * S, np.zeros(S.shape[1])"),
        ("x @ S", "dh @ S.T, x.T @ dh, np.zeros(S.shape[1])"),
        ("x @ S + b + np.random.normal(size=(len(x), S.shape[1]))", RIGHT_BACKWARD),
        ("x @ S + b + 1e-3 * np.random.normal(size=(len(x), S.shape[1]))", RIGHT_BACKWARD),
        ("np.round(x @ S + b, 3)", RIGHT_BACKWARD),
        ("np.round(x @ S + b)", "0 * x, 0 * S, np.zeros(S.shape[1])"),
        ("(x @ S + b).astype(np.float32) + 1", RIGHT_BACKWARD),
    ],
    ids=["zeros", "a constant", "without b", "noise", "little noise", "rounded", "rounded, zero gradient", "float32"],
)
def test_a_worthless_forward_earns_nothing_for_its_gradient(linear, forward, backward):
    checks = linear(forward, backward)
    assert [check.outcome for check in checks.values()] == [Outcome.FAILED] * 2
    assert not any(check.notes for check in checks.values())


def test_zeros_everywhere_earn_no_point_at_all(one, backprop):
    names = [function for exercise in backprop.exercises for function in exercise.functions]
    code = HEAD + "".join(f"def {name}(*a, **k): return 0 * np.asarray(a[0], dtype=float), None\n" for name in names)
    result = one(code, assignment=backprop)
    assert [(e.name, e.earned) for e in result.exercises] == [(e.name, Fraction(0)) for e in result.exercises]
