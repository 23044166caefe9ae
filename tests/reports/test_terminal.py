from __future__ import annotations

import io
from fractions import Fraction

import pytest
from rich.console import Console

from grader.reports.terminal import check_report, class_table
from grader.results import BatchInfo, ExerciseResult, Outcome, SubmissionResult


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


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(info, results, width):
    shown = printed(class_table(info, results), width=width) + printed(check_report(info, results[0]), width=width)
    assert max(map(len, shown.splitlines())) <= width


WIDE = tuple(
    ExerciseResult(name=name, title=name, points=Fraction(25, 2), earned=0, passed=0, total=0)
    for name in ("calculus", "linear", "nonlinearities", "losses", "depth", "schedules", "regularization", "attention")
)
NAMES = ("Bartholomew Featherstonehaugh", "Ida", "Maria del Carmen Fernandez de la Vega y Sanz")


@pytest.fixture
def wide(info, ada) -> tuple[BatchInfo, list[SubmissionResult]]:
    """A class with eight exercises, 95.75 of 100 points and long names."""
    lost = (Fraction(17, 4), *[0] * 7)
    earned = tuple(e.model_copy(update={"earned": e.points - less}) for e, less in zip(WIDE, lost, strict=True))
    results = [ada.model_copy(update={"id": name, "student": name, "exercises": earned}) for name in NAMES]
    return info.model_copy(update={"exercises": WIDE}), results


@pytest.mark.parametrize("width", [40, 50, 60, 72, 80, 100, 130, 200])
class TestOnATerminalOf:
    def test_the_total_and_the_name_are_never_cut(self, wide, width):
        lines = printed(class_table(*wide), width=width).splitlines()
        assert max(map(len, lines)) <= width
        assert lines[2].split()[0] == "Student"
        assert lines[2].split()[-1] == "total"
        assert sum(line.rstrip().endswith("95.75/100") for line in lines) == 3
        left = "".join("".join(line.partition("passed")[0].split()) for line in lines[4:])
        for name in NAMES:
            assert "".join(name.split()) in left

    def test_exercises_that_do_not_fit_are_left_out_whole_and_counted(self, wide, width):
        shown = printed(class_table(*wide), width=width)
        columns = len(shown.splitlines()[2].split()) - 3
        assert shown.count("12.5") + shown.count("8.25") == 3 * columns
        left_out = f"… {8 - columns} exercise{'s' if columns < 7 else ''} not shown: the report has all"
        assert (left_out in " ".join(shown.split())) == (columns < 8)


def test_headings_of_exercises_are_whole_where_there_is_room(wide):
    assert "nonlinearities" in printed(class_table(*wide), width=130)
    assert "nonlin…" in printed(class_table(*wide), width=100)


def test_the_class_table_says_why_submissions_could_not_be_read(info, nobody):
    many = [nobody.model_copy(update={"student": f"S{number}"}) for number in range(12)]
    lines = printed(class_table(info, many)).splitlines()
    assert lines[-12:-10] == ["12 submissions: 12 unreadable", "  S0: the archive holds no backprop.py and no notebook"]
    assert lines[-2:] == [
        "  S9: the archive holds no backprop.py and no notebook",
        "  … 2 more could not be read: the report says why",
    ]


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
        "3 of 3 public checks passed, 10.5 of 10.5 points by them alone.",
        "Hidden checks count as well; they run when your work is graded.",
    ]


def test_the_student_sees_a_grader_error_before_the_own_failures(info, mallory):
    shown = printed(check_report(info, mallory))
    assert shown.index("grader error  Softmax") < shown.index("not run  Backward")
    assert "The grader itself broke here. That is not your fault and costs you no points." in shown


@pytest.mark.parametrize("exercises", [False, True])
def test_a_submission_without_results_has_a_reason_and_no_empty_table(info, nobody, exercises):
    nobody = nobody.model_copy(update={"exercises": info.exercises}) if exercises else nobody
    assert printed(check_report(info, nobody)) == (
        "Nothing in the submission could be graded.\n  the archive holds no backprop.py and no notebook\n\n"
    )


def test_missing_functions_are_listed_once_and_not_as_failures(info, mallory):
    shown = printed(check_report(info, mallory))
    assert "linear_forward is not implemented yet" not in shown
    assert "linear_forward" in shown
    assert Outcome.NOT_IMPLEMENTED.value not in shown


def test_what_could_not_be_defined_is_listed_once_and_is_not_still_to_write(info, grace):
    crashed = grace.checks[3].model_copy(update={"functions": ("quantile",)})
    shown = printed(check_report(info, grace.model_copy(update={"checks": (*grace.checks[:3], crashed)})))
    assert "\nCould not be defined\n  quantile, cross_entropy\n" in shown
    assert crashed.title not in shown
    assert "\nStill to write\n  tanh_forward, tanh_backward\n" in shown


def test_a_check_of_a_broken_function_that_did_not_crash_is_explained(info, grace):
    failed = grace.checks[2].model_copy(update={"functions": ("quantile",)})
    shown = printed(check_report(info, grace.model_copy(update={"checks": (failed,)})))
    assert f"failed  {failed.title}" in shown


def test_the_file_that_was_read_is_named(info, ada, grace):
    assert printed(check_report(info, ada)).startswith("Read: ada/backprop.py\n")
    assert printed(check_report(info, grace)).startswith("Read: grace/backprop.ipynb, as it was last saved\n")


def test_a_stub_that_no_list_names_is_explained_like_a_failure(info, mallory):
    exercises = tuple(exercise.model_copy(update={"missing": ()}) for exercise in mallory.exercises)
    shown = printed(check_report(info, mallory.model_copy(update={"exercises": exercises})))
    assert "not implemented  Shapes are those of the handout.\n  linear_forward is not implemented yet" in shown
    assert "Still to write" not in shown
