"""Known mistakes name a failure, alone and together, in whatever style they were written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Assignment
from grader.errors import CourseError
from grader.results import CheckResult, Outcome, SubmissionResult
from tests.engine import adam

ONE_WRONG = "def decay(w): return [0.9 * x for x in w] and 0.9 * w\n"

STYLED = """import numpy as np
def adam(weights, grads):
    out = np.empty_like(weights)
    for k in range(len(grads)):
        first, second = grads[k] / 10, grads[k] * grads[k] / 100
        step = {first} / {root}
        out[k] = weights[k] {sign} step / 2
    return out
def decay(w): return w - w / 10
"""
RIGHT = {"first": "(first / 0.1)", "root": "((second / 0.01) ** 0.5 + 0.3)", "sign": "-"}


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return adam.write(tmp_path / "course")


@pytest.fixture
def graded(one: Callable[..., SubmissionResult], assignment: Assignment) -> Callable[..., dict[str, CheckResult]]:
    def run(code: str, **options: object) -> dict[str, CheckResult]:
        return {c.check.partition("/")[2]: c for c in one(code, assignment=assignment, **options).checks}

    return run


def hints(check: CheckResult) -> list[list[str]]:
    return [[mistake.hint for mistake in explanation.mistakes] for explanation in check.explanations]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"first": "first"}, ["Correct the bias of m."]),
        ({"root": "(second / 0.01 + 0.3) ** 0.5"}, ["Add eps outside of the root."]),
        ({"sign": "+"}, ["Go down, not up."]),
        ({"first": "first", "root": "(second ** 0.5 + 0.3)"}, ["Correct the bias of m.", "Correct the bias of v."]),
        (
            {"first": "first", "root": "(second + 0.3) ** 0.5", "sign": "-"},
            ["Correct the bias of m.", "Correct the bias of v.", "Add eps outside of the root."],
        ),
    ],
    ids=["one", "another", "a third", "two together", "three together"],
)
def test_mistakes_are_named_in_another_style_alone_and_together(graded, changes, expected):
    checks = graded(STYLED.format(**RIGHT | changes))
    assert hints(checks["check_adam"]) == [expected]
    assert checks["check_adam"].hint == " ".join(expected)
    assert checks["check_decay"].outcome is Outcome.PASSED
    assert checks["check_decay"].explanations == ()


def test_a_right_answer_and_one_that_is_wrong_in_an_unknown_way_get_no_hint_of_a_mistake(graded):
    assert all(check.explanations == () for check in graded(STYLED.format(**RIGHT)).values())
    unknown = graded(STYLED.format(**RIGHT | {"first": "(first / 0.1 + 7)"}))["check_adam"]
    assert (unknown.outcome, unknown.explanations) == (Outcome.FAILED, ())
    assert "`w`" in unknown.hint


def test_of_two_mistakes_that_cannot_be_told_apart_both_hints_are_given(graded):
    check = graded(STYLED.format(**RIGHT).replace("w - w / 10", "w + 0.9"))["check_decay"]
    assert hints(check) == [["Multiply by the factor."], ["Decay is a product."]]
    assert check.hint == "One of these: (1) Multiply by the factor. (2) Decay is a product."


def test_an_exception_is_recognised_by_its_text(graded):
    check = graded(STYLED.format(**RIGHT).replace("    out = ", "    grads @ grads[:2]\n    out = "))["check_adam"]
    assert check.outcome is Outcome.CRASHED
    assert hints(check) == [["Multiply entry by entry."]]
    other = graded("def adam(w, g): raise ValueError('no')\ndef decay(w): return 0.9 * w\n")["check_adam"]
    assert (other.outcome, other.explanations) == (Outcome.CRASHED, ())


def test_a_wrong_form_is_recognised_too(graded):
    code = "    return weights[None] - 0.5 * grads[:, None] / (abs(grads) + 0.3)[None]"
    code = STYLED.format(**RIGHT).replace("    return out", code)
    assert hints(graded(code)["check_adam"]) == [["Keep the shape."]]


def test_what_agrees_with_one_check_and_is_contradicted_by_the_others_is_no_explanation(graded):
    # for positive gradients up is down with a negative m: no known mistake, since the other check passes
    code = STYLED.format(**RIGHT).replace(
        "    return out", "    return weights + (weights - out) if min(grads) > 0 else out"
    )
    checks = graded(code)
    assert checks["check_adam"].outcome is Outcome.PASSED
    assert checks["check_adam_at_positive_gradients"].outcome is Outcome.FAILED
    assert checks["check_adam_at_positive_gradients"].explanations == ()


def test_a_plain_assertion_shows_too_little_to_be_explained(graded):
    check = graded("def adam(w, g): return w + 1\ndef decay(w): return 0.9 * w\n")["check_adam_of_an_example"]
    assert (check.outcome, check.explanations) == (Outcome.FAILED, ())


def test_what_is_said_of_one_submission_does_not_depend_on_the_others(grade, assignment, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    wrong = STYLED.format(**RIGHT | {"first": "first", "root": "(second + 0.3) ** 0.5"})
    for name, code in {"a": STYLED.format(**RIGHT | {"sign": "+"}), "b": wrong, "c": wrong}.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    together = grade(folder, assignment)
    (folder / "a.py").unlink()
    (folder / "b.py").unlink()
    alone = grade(folder, assignment)
    said = [[c.explanations for c in result.checks] for result in (together["b"], together["c"], alone["c"])]
    assert said[0] == said[1] == said[2]
    assert any(said[0])


def test_a_course_without_mistakes_is_graded_as_before(one, tmp_path):
    assignment = adam.write(tmp_path / "course", mistakes="")
    checks = one(STYLED.format(**RIGHT | {"sign": "+"}), assignment=assignment).checks
    assert [c.outcome for c in checks].count(Outcome.FAILED) == 2
    assert all(c.explanations == () for c in checks)


def test_mistakes_that_cannot_be_read_stop_the_run_with_one_line(one, tmp_path):
    assignment = adam.write(
        tmp_path / "course", mistakes="from grader import mistake\nmistake('adam', right='m', hint=' ')\n"
    )
    with pytest.raises(CourseError, match=r"mistakes\.py: ValueError: mistake\('adam'\): the hint is empty"):
        one(STYLED.format(**RIGHT), assignment=assignment)
