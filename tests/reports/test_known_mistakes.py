"""Known mistakes: counted for the class, named for the instructor, told to the student by their hints alone."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from grader.reports.feedback import feedback_markdown
from grader.reports.html import class_page, feedback_page, student_page
from grader.reports.redact import redact
from grader.reports.rows import row_of
from grader.reports.summary import count_mistakes
from grader.reports.terminal import class_table
from grader.results import Explanation, KnownMistake, Outcome, SubmissionResult

BIAS = KnownMistake(function="linear_backward", exercise="linear", name="db = secret", hint="Sum over the `batch`.")
SIGN = KnownMistake(function="swish", exercise="activations", name="swish: -secret", hint="Mind the sign.")


def with_explanations(
    result: SubmissionResult, *explanations: tuple[KnownMistake, ...], also: int = 0
) -> SubmissionResult:
    """Let the first check, and ``also`` further ones, fail with these explanations."""
    found = tuple(Explanation(mistakes=mistakes) for mistakes in explanations)
    hint = " ".join(m.hint for one in explanations for m in one)
    wrong = {"outcome": Outcome.FAILED, "explanations": found, "hint": hint}
    checks = [c.model_copy(update=wrong) if n <= also else c for n, c in enumerate(result.checks)]
    return result.model_copy(update={"checks": tuple(checks)})


@pytest.fixture
def wrong(ada: SubmissionResult) -> list[SubmissionResult]:
    def named(name: str, *explanations: tuple[KnownMistake, ...], also: int = 0) -> SubmissionResult:
        return with_explanations(ada.model_copy(update={"id": name, "student": name}), *explanations, also=also)

    return [
        named("one", (BIAS,), also=2),
        named("two", (BIAS, SIGN)),
        named("three", (SIGN,)),
        named("four", (SIGN,), (BIAS,)),
    ]


def test_each_mistake_of_a_submission_counts_once_however_many_checks_it_fails(info, wrong):
    counts = count_mistakes(info, [row_of(result) for result in wrong])
    found = [(c.made.exercise, c.made.function, c.made.hint, [row.id for row in c.rows]) for c in counts]
    assert found == [
        ("linear", "linear_backward", "Sum over the `batch`.", ["one", "two"]),
        ("linear", "swish, linear_backward", "Mind the sign. Sum over the `batch`.", ["four"]),
        ("activations", "swish", "Mind the sign.", ["two", "three"]),
    ]


def test_the_class_page_says_what_to_explain_on_monday(info, wrong):
    page = class_page(info, [row_of(result) for result in wrong])
    assert "What the class got wrong" in page
    assert "Sum over the <code>batch</code>." in page
    assert '<span class="figure">2 of 4</span>' in page
    assert 'href="two.html"' in page
    assert "What the class got wrong" not in class_page(info, [])


def test_the_terminal_names_the_most_frequent_ones(info, wrong):
    console = Console(file=io.StringIO(), width=100)
    console.print(class_table(info, wrong))
    printed = console.file.getvalue()
    assert "Most frequent mistakes" in printed
    assert "2 submissions, linear_backward: Sum over the `batch`." in printed


def test_the_instructor_reads_the_name_and_the_student_the_hint(info, wrong):
    page = student_page(info, wrong[3])
    assert "Behaves exactly like: <code>swish: -secret</code>, or like <code>db = secret</code>" in page
    for shown in (feedback_page(info, wrong[3]), feedback_markdown(info, wrong[3])):
        assert "secret" not in shown
        assert "Mind the sign." in shown


def test_names_are_taken_from_public_checks_too_and_hints_stay(wrong):
    (first, *_) = redact(wrong[1]).checks
    assert first.visibility == "public"
    assert first.explanations == ()
    assert first.hint == "Sum over the `batch`. Mind the sign."


def test_a_note_on_a_passed_check_reaches_the_student(info, ada):
    noted = ada.checks[1].model_copy(update={"notes": ("`f` is the gradient of your own `g`.",)})
    result = ada.model_copy(update={"checks": (ada.checks[0], noted, *ada.checks[2:])})
    assert "**Note:** `f` is the gradient of your own `g`." in feedback_markdown(info, result)
    assert "is the gradient of your own" in feedback_page(info, result)


def test_a_hint_that_many_checks_give_is_said_once_at_the_top(info, wrong):
    assert 'Sum over the <code>batch</code>. <span class="meta">(3 checks)</span>' in feedback_page(info, wrong[0])
    assert "1. Sum over the `batch`. (3 checks)" in feedback_markdown(info, wrong[0])
    assert "each once" not in feedback_markdown(info, wrong[2])
