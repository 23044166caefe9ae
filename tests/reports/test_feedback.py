from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from grader.evidence import Evidence
from grader.reports.feedback import feedback_markdown
from grader.reports.html import feedback_page, student_page
from grader.reports.terminal import check_report


def _terminal(info, result) -> str:
    stream = io.StringIO()
    Console(file=stream, width=500).print(check_report(info, result))
    return stream.getvalue()


FORMS = pytest.mark.parametrize("form", [feedback_page, feedback_markdown, _terminal])


@FORMS
def test_no_secret_of_a_hidden_check_reaches_the_student(info, grace, secrets, form):
    shown = form(info, grace)
    assert [secret for secret in secrets if secret in shown] == []
    assert info.seed not in shown


def test_the_search_for_secrets_would_find_them(info, grace, secrets):
    shown = student_page(info, grace)
    assert [secret for secret in secrets if secret not in shown] == []
    assert info.seed in shown


@FORMS
def test_secrets_have_no_influence_on_what_the_student_sees(info, grace, form):
    changed = list(grace.checks)
    other = {"message": "m", "output": "o", "seconds": 7.0, "evidence": (Evidence(name="e", got="g", want="w"),)}
    changed[1] = changed[1].model_copy(update=other)
    assert form(info, grace.model_copy(update={"checks": tuple(changed), "seconds": 9.0})) == form(info, grace)


@FORMS
def test_a_hint_that_repeats_the_message_is_not_shown(info, grace, form):
    hint = grace.checks[2].hint
    assert hint.replace("`", "") in re.sub(r"`|</?code>", "", form(info, grace))
    repeating = grace.checks[2].model_copy(
        update={"message": f"See: {hint} Then 3 of 4.", "hint": "Multiply `x` sigmoid."}
    )
    only = form(info, grace.model_copy(update={"checks": (repeating,)}))
    assert "Hint" not in re.sub(r"(?s)<style>.*</style>|a hint", "", only)


@FORMS
def test_of_what_could_not_be_read_no_checks_are_counted(info, nobody, form):
    shown = form(info, nobody.model_copy(update={"exercises": info.exercises}))
    assert "the archive holds no backprop.py" in shown
    assert "0 of 0" not in shown


@FORMS
def test_what_could_not_be_defined_is_not_still_to_write(info, grace, form):
    shown = re.sub(r"<[^>]*>|[`*:]", "", form(info, grace))
    assert re.search(r"Could not be defined\s+quantile, cross_entropy", shown)
    assert re.search(r"Still to write\s+tanh_forward, tanh_backward", shown)


@FORMS
def test_what_the_student_needs_is_there(info, grace, form):
    shown = form(info, grace)
    for expected in ("Sum the bias gradient over the batch", "Your function raised ValueError.", "raise ValueError"):
        assert expected in shown


@pytest.mark.parametrize("name", ["ada", "grace", "mallory", "nobody"])
def test_the_golden_markdown(info, request, name, golden):
    golden(f"feedback_{name}.md", feedback_markdown(info, request.getfixturevalue(name)))


def outside_code(markdown: str) -> str:
    """What remains of Markdown when fences and code spans are gone, by the rules of CommonMark."""
    without_fences = re.sub(r"^(`{3,})text\n.*?\n\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", without_fences)


def test_in_markdown_nothing_that_a_student_wrote_stands_outside_code(info, mallory):
    outside = outside_code(feedback_markdown(info, mallory))
    for piece in ("script", "everyone", "onerror", "passwd", "HYPERLINK", "evil"):
        assert piece not in outside
        assert piece in feedback_markdown(info, mallory)


@pytest.mark.parametrize("text", ["`", "``", "a`b", "```\nx", "````", " ", "x`", "\n```text\n"])
def test_backticks_of_a_student_cannot_end_the_code(info, mallory, text):
    changed = mallory.model_copy(update={"student": text + "evil", "message": text + "evil"})
    markdown = feedback_markdown(info, changed)
    assert "evil" in markdown
    assert "evil" not in outside_code(markdown)


def test_prose_of_the_author_is_escaped_and_its_code_kept(info, grace):
    title = "Use a*b*c & <T>, `x|y`."
    titled = grace.exercises[0].model_copy(update={"title": title})
    markdown = feedback_markdown(info, grace.model_copy(update={"exercises": (titled,)}))
    assert "| Use a\\*b\\*c \\& \\<T\\>, `x\\|y`. | 1 of 4 | 1 of 2 |" in markdown


def test_a_student_with_everything_right_reads_no_list_of_work(info, ada):
    assert "Not passed yet" not in feedback_markdown(info, ada)
    assert "Not passed yet" not in feedback_page(info, ada)
    assert "Every check passed." in feedback_page(info, ada)
