from __future__ import annotations

import io

import pytest
from rich.console import Console

from grader.reports.terminal import check_report, class_table
from grader.results import Outcome


def printed(renderable, *, width: int = 80, colour: bool = False) -> str:
    stream = io.StringIO()
    Console(
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        _environ={},
    ).print(renderable)
    return stream.getvalue()


def test_the_golden_class(info, results, golden):
    golden("class.txt", printed(class_table(info, iter(results))))


@pytest.mark.parametrize("name", ["ada", "grace", "mallory", "nobody"])
def test_the_golden_check_report(info, request, name, golden):
    golden(f"check_{name}.txt", printed(check_report(info, request.getfixturevalue(name))))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(info, results, width):
    shown = printed(class_table(info, results), width=width) + printed(check_report(info, results[0]), width=width)
    assert max(map(len, shown.splitlines())) <= width


def test_grader_errors_come_first(info, results):
    first = printed(class_table(info, results)).splitlines()
    assert first[0] == "1 grader error: not the students' fault, and no points are lost"
    assert "KeyError: 'logits'" in first[3]


def test_outcomes_are_words_also_without_colour(info, results):
    shown = printed(class_table(info, results))
    for result in results:
        assert result.outcome.value in shown
    assert "4 submissions: 1 passed, 1 crashed, 1 forbidden, 1 unreadable" in shown.splitlines()


def test_an_empty_class_says_so(info):
    assert printed(class_table(info, [])).splitlines()[-1] == "no submissions"


def test_nothing_that_a_student_wrote_is_obeyed(info, results, mallory):
    plain = printed(class_table(info, results), width=200) + printed(check_report(info, mallory), width=200)
    assert not set(plain) & set(map(chr, [*range(10), *range(11, 32), *range(127, 160), 0x202E]))
    assert "\\x1b[2J\\x00" in plain
    assert "[bold]" in plain
    assert "[red]@everyone[/red]" in plain


def test_colours_come_from_us_alone(info, mallory):
    coloured = printed(check_report(info, mallory), width=200, colour=True)
    assert "\x1b[2J" not in coloured
    assert "\x1b]0;" not in coloured
    assert "\x1b[31mforbidden\x1b[0m" in coloured


def test_a_failure_says_message_cause_hint_place_and_output(info, grace):
    shown = printed(check_report(info, grace))
    for expected in (
        "failed  `swish` equals its definition.",
        "swish([-1, 0, 2]) differs in 2 of 3 entries.",
        "Likely cause: The factor x is missing.",
        "Hint: Multiply by `x` after the sigmoid.",
        "At: backprop.py, line 41, in swish",
        "return 1 / (1 + np.exp(-x))",
        "Still to write",
        "tanh_forward, tanh_backward",
        "x = [-1. 0. 2.]",
    ):
        assert expected in shown


def test_the_student_learns_that_hidden_checks_count_too(info, ada):
    public = tuple(check for check in ada.checks if check.visibility == "public")
    shown = printed(check_report(info, ada.model_copy(update={"checks": public})))
    assert shown.splitlines()[-2:] == [
        "3 of 3 public checks passed, 10.5 of 10.5 points.",
        "Hidden checks count as well; they run when your work is graded.",
    ]


def test_the_student_sees_a_grader_error_before_the_own_failures(info, mallory):
    shown = printed(check_report(info, mallory))
    assert shown.index("grader error  Softmax") < shown.index("not run  Backward")
    assert "The grader itself broke here. That is not your fault and costs you no points." in shown


def test_a_submission_without_results_has_a_reason_and_no_empty_table(info, nobody):
    assert printed(check_report(info, nobody)) == (
        "Nothing in the submission could be graded.\n  the archive holds no backprop.py and no notebook\n\n"
    )


def test_missing_functions_are_listed_once_and_not_as_failures(info, mallory):
    shown = printed(check_report(info, mallory))
    assert "linear_forward is not implemented yet" not in shown
    assert "linear_forward" in shown
    assert Outcome.NOT_IMPLEMENTED.value not in shown


def test_a_stub_that_no_list_names_is_explained_like_a_failure(info, mallory):
    exercises = tuple(exercise.model_copy(update={"missing": ()}) for exercise in mallory.exercises)
    shown = printed(check_report(info, mallory.model_copy(update={"exercises": exercises})))
    assert "not implemented  Shapes are those of the handout.\n  linear_forward is not implemented yet" in shown
    assert "Still to write" not in shown
