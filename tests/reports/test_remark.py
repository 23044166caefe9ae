"""The student's feedback in one cell: points and hints, and nothing that a hidden check knows."""

from __future__ import annotations

import pytest

from grader.reports.remark import remark


def test_of_a_right_answer_is_its_points(ada):
    assert remark(ada) == "10.5 of 10.5 points."


def test_says_what_to_do_in_the_order_of_the_checks(grace):
    assert remark(grace) == (
        "3.33 of 10.5 points. Linear layer: Points set by hand: 1 instead of 0. Your axis is right in the appeal's "
        "&lt;b&gt;words&lt;/b&gt;, *not* in `code`. Could not be defined: quantile, cross_entropy. Still to write: "
        "tanh_forward, tanh_backward. 4 checks of 6 did not pass. Sum the bias gradient over the batch (axis 0), not over the features. Multiply by `x` after the sigmoid. "
        "Your function raised ValueError."
    )


def test_a_hint_of_several_checks_is_said_once(grace):
    same = tuple(check.model_copy(update={"hint": "Divide by N"}) for check in grace.checks)
    assert remark(grace.model_copy(update={"checks": same})).endswith("did not pass. Divide by N. (4 checks)")


def test_what_could_not_be_graded_says_why(nobody):
    assert remark(nobody) == (
        "0 of 0 points. Nothing in the submission could be graded. the archive holds no backprop.py and no notebook."
    )


def test_no_secret_of_a_hidden_check_is_in_it(grace, secrets):
    assert [secret for secret in secrets if secret in remark(grace)] == []


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "a\nb\r\x1b[2J\u2028", "x" * 10_000])
def test_whatever_a_student_wrote_stays_text_on_one_line(nobody, text):
    written = remark(nobody.model_copy(update={"message": text}))
    assert len(written) < 4_000
    assert written.isprintable()
    assert "<" not in written
