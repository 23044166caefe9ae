"""A small batch made by hand: every outcome, hostile text, and hidden checks with secrets in every field.

Golden files lie in ``golden/``. After a wanted change, rewrite them with
``DLGRADER_REWRITE_GOLDEN=1 pytest tests/reports`` and read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from grader.evidence import Evidence
from grader.results import (
    BatchInfo,
    CheckResult,
    ExerciseResult,
    Location,
    Outcome,
    Override,
    SubmissionResult,
)

GOLDEN = Path(__file__).parent / "golden"

HOSTILE_NAME = "<script>alert('x')</script> \u202eevil\x1b[2J\x00 \u05d0\u05d1 [bold]\"&amp;"
HOSTILE_OUTPUT = "</pre><img src=x onerror=alert(1)>\n\x1b]0;owned\x07\r\n```\n[red]@everyone[/red] \x9b31m"

SECRETS = (
    "check_bias_gradient_secret",
    "the upstream gradient was 0.7315",
    "array([[0.1187, -2.4406]])",
    "array([[0.5531, -1.9902]])",
    "[41, 17]",
    "a factor of 1.6180 is missing",
    "printed during hidden 8.8817",
    "db_hidden",
    "secret_helper.py",
    "return 0.2468",
    "secretdigest",
    "secret_quotient",
)
"""Each stands in a field of a hidden check (or in the digest, or in the shortcuts) and may reach no student."""


def _exercise(name: str, title: str, points: Fraction, **found) -> ExerciseResult:
    return ExerciseResult(name=name, title=title, points=points, **({"earned": 0, "passed": 0, "total": 0} | found))


LINEAR = ("linear", "Linear layer", Fraction(4))
ACTIVATIONS = ("activations", "Activations with `swish`", Fraction(3))
LOSSES = ("losses", "Losses | means", Fraction(7, 2))
BY_HAND = Override(instead_of=Fraction(0), reason="Your axis is right in the appeal's <b>words</b>, *not* in `code`.")


@pytest.fixture
def info() -> BatchInfo:
    return BatchInfo(
        assignment="backprop",
        title="Backpropagation & friends",
        grader_version="0.1.0",
        seed="5eed",
        isolation="namespace",
        exercises=tuple(_exercise(*exercise) for exercise in (LINEAR, ACTIVATIONS, LOSSES)),
    )


def _check(check: str, exercise: str, title: str, outcome: Outcome, **rest) -> CheckResult:
    visibility = "hidden" if check.startswith("hidden/") else "public"
    return CheckResult(
        check=check, exercise=exercise, title=title, visibility=visibility, outcome=outcome, seconds=0.25, **rest
    )


SHAPES = ("public/check_shapes", "linear", "Shapes are those of the handout.")
BACKWARD = ("hidden/check_bias_gradient_secret", "linear", "Backward is the gradient of your forward.")
SWISH = ("public/check_swish", "activations", "`swish` equals its definition.")
STABLE = ("hidden/check_extreme_inputs", "activations", "Extreme inputs stay finite.")
HUBER = ("public/check_huber", "losses", "Huber is quadratic near 0, linear far away.")
SOFTMAX = ("hidden/check_logits", "losses", "Softmax cross entropy survives logits of 1e4.")
ALL_CHECKS = (SHAPES, BACKWARD, SWISH, STABLE, HUBER, SOFTMAX)


@pytest.fixture
def ada() -> SubmissionResult:
    """Everything right."""
    return SubmissionResult(
        id="ada",
        student="Ada Lovelace",
        assignment="backprop",
        source="ada/backprop.py",
        outcome=Outcome.PASSED,
        exercises=tuple(
            _exercise(*exercise, earned=exercise[2], passed=2, total=2) for exercise in (LINEAR, ACTIVATIONS, LOSSES)
        ),
        checks=tuple(_check(*check, Outcome.PASSED) for check in ALL_CHECKS),
        isolation="namespace",
        seconds=1.5,
    )


@pytest.fixture
def grace() -> SubmissionResult:
    """Wrong in many ways; the hidden failure holds a secret in every field."""
    failed_in_public = _check(
        *SWISH,
        Outcome.FAILED,
        weight=2,
        message="swish([-1, 0, 2]) differs in 2 of 3 entries.",
        hint="Multiply by `x` after the sigmoid.",
        evidence=(
            Evidence(
                name="swish",
                got="[0.269, 0.5, 0.881]",
                want="[-0.269, 0.0, 1.762]",
                where="[2]",
                deviation=0.881,
                allowed=1e-6,
                cause="The factor x is missing.",
            ),
        ),
        location=Location(file="backprop.py", line=41, code="return 1 / (1 + np.exp(-x))", function="swish"),
        notes=("`swish` changed its argument `x` in place.",),
        output="inside swish\nx = [-1. 0. 2.]",
        functions=("swish",),
    )
    failed_in_secret = _check(
        *BACKWARD,
        Outcome.FAILED,
        weight=3,
        message="the upstream gradient was 0.7315",
        hint="Sum the bias gradient over the batch (axis 0), not over the features.",
        evidence=(
            Evidence(
                name="db_hidden",
                got="array([[0.1187, -2.4406]])",
                want="array([[0.5531, -1.9902]])",
                where="[41, 17]",
                deviation=0.45,
                allowed=1e-6,
                cause="a factor of 1.6180 is missing",
            ),
        ),
        location=Location(file="secret_helper.py", line=7, code="return 0.2468"),
        output="printed during hidden 8.8817",
        functions=("linear_forward", "linear_backward"),
    )
    crashed_in_secret = _check(
        *STABLE,
        Outcome.CRASHED,
        message="the upstream gradient was 0.7315",
        hint="Your function raised ValueError.",
        location=Location(
            file="backprop.ipynb", line=3, cell=4, code="raise ValueError(x)  # <b> `|`", function="sigmoid"
        ),
        output="printed during hidden 8.8817",
        functions=("sigmoid_forward",),
    )
    return SubmissionResult(
        id="grace",
        student="Grace Hopper",
        assignment="backprop",
        source="grace/backprop.ipynb",
        outcome=Outcome.CRASHED,
        problems=("cell 9: SyntaxError: invalid syntax; its other functions were kept",),
        shortcuts=(
            "`linear_backward` seems to use a difference quotient in `secret_quotient` (line 7: `(f(x + h) - f(x)) / h  # <b>`)",
            "`swish` seems to use a complex step (cell 4, line 2: `return f(x + 1j * h).imag / h`)",
        ),
        exercises=(
            _exercise(*LINEAR, earned=Fraction(1), passed=1, total=2, override=BY_HAND),
            _exercise(*ACTIVATIONS, earned=Fraction(0), passed=0, total=2, missing=("tanh_forward", "tanh_backward")),
            _exercise(*LOSSES, earned=Fraction(7, 3), passed=1, total=3, broken=("quantile", "cross_entropy")),
        ),
        checks=(
            _check(*SHAPES, Outcome.PASSED),
            failed_in_secret,
            failed_in_public,
            crashed_in_secret,
            _check(*HUBER, Outcome.TIMED_OUT, message="huber ran longer than 10 s", functions=("huber",)),
            _check(*SOFTMAX, Outcome.PASSED, weight=2),
        ),
        digest="secretdigest",
        isolation="namespace",
        seconds=3.25,
    )


@pytest.fixture
def mallory() -> SubmissionResult:
    """Hostile in every text, with the outcomes that the others lack."""
    return SubmissionResult(
        id='=r&d "x"/../y',
        student=HOSTILE_NAME,
        assignment="backprop",
        source="<b>\u202e.py",
        shortcuts=(f"`swish` seems to use a complex step (line 1: `{HOSTILE_OUTPUT}`)",),
        outcome=Outcome.FORBIDDEN,
        message="=HYPERLINK(1)",
        exercises=(
            _exercise(*LINEAR, earned=Fraction(0), passed=0, total=2, missing=("linear_forward",)),
            _exercise(*ACTIVATIONS, earned=Fraction(1), passed=0, total=2),
            _exercise(*LOSSES, earned=Fraction(0), passed=0, total=2),
        ),
        checks=(
            _check(*SHAPES, Outcome.NOT_IMPLEMENTED, message="linear_forward is not implemented yet"),
            _check(*BACKWARD, Outcome.NOT_RUN),
            _check(
                *SWISH,
                Outcome.FORBIDDEN,
                message="tried to open <i>/etc/passwd</i>\x1b[31m",
                output=HOSTILE_OUTPUT,
                location=Location(file="\x1b[5m.py", line=1, code="</pre><script>alert(2)</script>"),
            ),
            _check(*STABLE, Outcome.OUT_OF_MEMORY, hint="Your function needed more memory than the limit."),
            _check(*HUBER, Outcome.CRASHED, message=HOSTILE_OUTPUT),
            _check(*SOFTMAX, Outcome.GRADER_ERROR, message="KeyError: 'logits'\nin checks.py, line 99"),
        ),
        isolation="namespace",
    )


@pytest.fixture
def nobody() -> SubmissionResult:
    """Nothing could be graded."""
    return SubmissionResult(
        id="nobody",
        student="Nobody, Jr.",
        assignment="backprop",
        source="nobody.zip",
        outcome=Outcome.UNREADABLE,
        message="the archive holds no backprop.py and no notebook",
    )


@pytest.fixture
def results(ada, grace, mallory, nobody) -> list[SubmissionResult]:
    return [grace, mallory, ada, nobody]


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with its golden file, to the byte."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("DLGRADER_REWRITE_GOLDEN"):
            path.write_bytes(text.encode())
        assert text.encode() == path.read_bytes(), f"{name} changed; see conftest.py for how to rewrite it"

    return compare


@pytest.fixture
def secrets() -> tuple[str, ...]:
    return SECRETS
