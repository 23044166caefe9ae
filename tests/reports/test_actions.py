"""Annotations and the step summary of GitHub Actions."""

from __future__ import annotations

from grader.reports import actions
from grader.results import Outcome


def test_the_golden_annotations(results, golden):
    lines = [line for result in results for line in actions.annotation_lines(result, folder="hw")]
    golden("annotations.txt", "\n".join(lines) + "\n")


def test_a_command_is_escaped():
    line = actions.command("error", "100%\r\n::x", file="a:b,c", line=3, title="")
    assert line == "::error file=a%3Ab%2Cc,line=3::100%25%0D%0A::x"


def test_nothing_hidden_is_annotated(results, secrets):
    text = "\n".join(line for result in results for line in actions.annotation_lines(result, folder=""))
    assert not [secret for secret in secrets if secret in text]


def test_a_line_of_a_notebook_is_no_line_of_its_file(grace):
    [line] = [one for one in actions.annotation_lines(grace, folder="") if "ipynb" in one]
    assert "line=" not in line
    assert "(at backprop.ipynb, cell 4, line 3, in sigmoid)" in line


def test_what_passed_or_is_unwritten_has_no_annotation(mallory):
    quiet = {Outcome.PASSED, Outcome.NOT_RUN, Outcome.NOT_IMPLEMENTED}
    loud = [check for check in mallory.checks if check.outcome not in quiet]
    assert len(actions.annotation_lines(mallory, folder="")) == len(loud) == 4


def test_the_summary_is_the_feedback_below_the_warnings(info, grace):
    text = actions.step_summary([(info, grace)], ["checks.py `was` edited"])
    assert text.startswith("> **Note:** `checks.py 'was' edited`\n\n# Backpropagation")
    assert "**Hint:** Sum the bias gradient over the batch" in text


def test_a_summary_that_github_would_not_show_is_the_points_alone(info, grace):
    long = grace.model_copy(update={"problems": tuple("x" * 1000 for _ in range(1100))})
    text = actions.step_summary([(info, long)], ["note"])
    assert "| backprop | 3.33 of 10.5 |" in text
    assert len(text) < 1000
