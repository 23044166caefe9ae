"""Student text of any characters in every field of the results: no report obeys it, and each stays what it is.

Two results of one form, one with hostile texts and one with harmless words in their places, must give pages with the
same tags: then nothing of the text has become markup.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # comes with rich
from pydantic import BaseModel
from rich.console import Console

from grader.evidence import Evidence
from grader.reports.feedback import feedback_markdown
from grader.reports.grades import write_grades_csv
from grader.reports.html import class_page, feedback_page, student_page
from grader.reports.rows import row_of
from grader.reports.terminal import check_report, class_table
from grader.reports.whole import write_results_json
from grader.results import (
    Batch,
    BatchInfo,
    CheckResult,
    ExerciseResult,
    Explanation,
    KnownMistake,
    Location,
    Outcome,
    Override,
    SubmissionResult,
)
from tests.fuzz.profile import FUZZ

HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>", "</pre></code></p></section>", "<img src=x onerror=alert(1)>", '" onmouseover="x', "'",
        "<!--", "-->", "<![CDATA[", "]]>", "&lt;", "&#60;script&#62;", "{{ 7 * 7 }}", "{% raw %}", "</style><style>",
        "javascript:alert(1)", "[a](javascript:alert(1))", "![a](http://evil.example/x)", "<http://evil.example>", "| a | b |",
        "```", "````text", "`", "``", "~~~", "\n```\n<b>x</b>\n", "# heading", "\n\n<div>\n", "@everyone", "\\", "\\`", "* a",
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '"', '";=1+1;"', "a,b", "a\r\nb", "a;b",
        "\x1b[31m", "\x1b]0;owned\x07", "\x9b2J", "\x07", "\x00", "\x7f", "\u202e", "\u2066", "\u2028", "\ud800", "\udc80",
        "[bold red]", "[/]", "[link=http://evil.example]x[/link]", ":smile:", "NaN", "null", "\ufeff", "\u200f",
    ]
)  # fmt: skip
TEXTS = st.lists(HOSTILE | st.text(max_size=4), min_size=1, max_size=4).map("".join) | st.just("")
LINES = st.lists(TEXTS, max_size=2).map(tuple)
POINTS = st.fractions(min_value=0, max_value=9, max_denominator=7)
FLOATS = st.none() | st.floats()

CAUSES = TEXTS.map(lambda text: text and f"because {text}")
HINTS = TEXTS.map(lambda text: text and f"rather {text}")
"""Of which no other text is a part: a cause or hint that the message states already is not said again."""

evidence = st.builds(
    Evidence, name=TEXTS, got=TEXTS, want=TEXTS, where=TEXTS, cause=CAUSES, deviation=FLOATS, allowed=FLOATS
)
mistakes = st.builds(KnownMistake, function=TEXTS, exercise=TEXTS, name=TEXTS, hint=TEXTS)
explanations = st.lists(mistakes, min_size=1, max_size=2).map(lambda found: Explanation(mistakes=tuple(found)))
locations = st.builds(
    Location, file=TEXTS, line=st.integers(1, 9), code=TEXTS, function=TEXTS, cell=st.none() | st.just(2)
)


@st.composite
def submissions(draw: st.DrawFn) -> SubmissionResult:
    """One submission with two exercises and up to three checks."""
    names = draw(st.lists(TEXTS, min_size=2, max_size=2, unique=True))
    exercises = [
        draw(
            st.builds(
                ExerciseResult,
                name=st.just(name),
                title=TEXTS,
                points=POINTS,
                earned=POINTS,
                passed=st.just(1),
                total=st.just(2),
                missing=LINES,
                broken=LINES,
                override=st.none() | st.builds(Override, instead_of=POINTS, reason=TEXTS),
            )
        )
        for name in names
    ]
    checks = st.builds(
        CheckResult, check=TEXTS, exercise=st.sampled_from(names), title=TEXTS, visibility=st.sampled_from(["public", "hidden"]),
        outcome=st.sampled_from(list(Outcome)), message=TEXTS, hint=HINTS, evidence=st.lists(evidence, max_size=2).map(tuple),
        explanations=st.lists(explanations, max_size=2).map(tuple), location=st.none() | locations, notes=LINES, output=TEXTS,
        functions=LINES,
    )  # fmt: skip
    return draw(
        st.builds(
            SubmissionResult,
            id=TEXTS,
            student=TEXTS,
            group=LINES,
            shortcuts=LINES,
            assignment=TEXTS,
            source=TEXTS,
            outcome=st.sampled_from(list(Outcome)),
            message=TEXTS,
            problems=LINES,
            exercises=st.just(tuple(exercises)),
            checks=st.lists(checks, max_size=3).map(tuple),
            digest=TEXTS,
            isolation=TEXTS,
        )
    )


def info_of(result: SubmissionResult) -> BatchInfo:
    """What a run would say of it, in the texts of the result."""
    bare = [exercise.model_copy(update={"earned": Fraction(0), "override": None}) for exercise in result.exercises]
    return BatchInfo(
        assignment=result.assignment, title=result.message or "x", grader_version=result.digest, seed=result.digest,
        isolation=result.isolation, exercises=tuple(bare),
    )  # fmt: skip


def harmless(thing: Any, words: dict[str, str]) -> Any:
    """The same with every text replaced by a word of its own, the same for the same; what is empty stays empty."""
    if isinstance(thing, Outcome) or thing in ("public", "hidden"):
        return thing
    if isinstance(thing, str):
        return words.setdefault(thing, f"word{len(words)}") if thing else ""
    if isinstance(thing, tuple):
        return tuple(harmless(one, words) for one in thing)
    if isinstance(thing, BaseModel):
        return thing.model_copy(update={name: harmless(value, words) for name, value in thing})
    if isinstance(thing, Evidence):
        return Evidence(**{name: harmless(value, words) for name, value in vars(thing).items()})
    return thing


class Skeleton(HTMLParser):
    """The tags of a page with the names of their attributes; refuses what is not well formed."""

    VOID = frozenset({"meta", "input", "br", "rect", "line", "polyline", "circle"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[tuple[str, ...]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        if tag == "code":  # where an author's prose has backticks
            return
        self.tags.append((tag, *(name for name, _ in attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        if tag != "code":
            assert self._open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    def unknown_decl(self, data):
        raise AssertionError(data)

    def handle_pi(self, data):
        raise AssertionError(data)


PAGES: dict[str, Callable[[BatchInfo, SubmissionResult], str]] = {
    "class": lambda info, result: class_page(info, [row_of(result)]),
    "student": student_page,
    "feedback": feedback_page,
}

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal or an editor obeys; line feeds and tabs apart."""


def tags(page: str) -> list[tuple[str, ...]]:
    return Skeleton(page).tags


@FUZZ
@given(result=submissions())
def test_html_has_the_tags_that_harmless_words_would_give_and_no_other(result):
    words: dict[str, str] = {}
    plain = harmless(result, words)
    for render in PAGES.values():
        page = render(info_of(result), result)
        assert tags(page) == tags(render(harmless(info_of(result), words), plain))
        assert not OBEYED.search(page)


@FUZZ
@given(result=submissions())
def test_a_terminal_gets_no_control_code(result):
    stream = io.StringIO()
    console = Console(file=stream, width=100)
    console.print(class_table(info_of(result), [result]))
    console.print(check_report(info_of(result), result))
    assert not OBEYED.search(stream.getvalue())


@FUZZ
@given(result=submissions())
def test_csv_has_its_cells_and_none_is_a_formula(result):
    stream = io.StringIO(newline="")
    write_grades_csv(stream, info_of(result), [result, result])
    text = stream.getvalue()
    assert text.count("\n") == 3
    assert not OBEYED.search(text)
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert [len(line) for line in lines] == 3 * [9 + len(result.exercises)]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")) for line in lines for cell in line)


@FUZZ
@given(result=submissions())
def test_json_is_json_and_says_the_same_again(result):
    stream = io.StringIO()
    write_results_json(stream, info_of(result), [result])
    text = stream.getvalue()
    assert not OBEYED.search(text)
    text.encode()
    json.loads(text, parse_constant=lambda word: 1 / 0)
    read = Batch.model_validate_json(text).submissions[0]
    assert read.model_dump_json() == result.model_dump_json()


@FUZZ
@given(result=submissions())
def test_markdown_opens_no_html_and_no_link(result):
    text = feedback_markdown(info_of(result), result)
    assert not OBEYED.search(text)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    kinds = {token.type for outer in tokens for token in (outer, *(outer.children or ()))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "s_open"}
    headings = sum(token.type == "heading_open" for token in tokens)
    plain = feedback_markdown(*(harmless(one, {}) for one in (info_of(result), result)))
    assert headings == plain.count("\n#") + plain.startswith("#")


def test_the_judgement_sees_what_is_live():
    """A page that escapes nothing would fail."""
    page = '<html><body><p title="{0}">{0}</p></body></html>'
    for text in ("<script>alert(1)</script>", '" onmouseover="x', "<!-- x -->", "<br>"):
        try:
            changed = tags(page.format(text)) != tags(page.format("word"))
        except AssertionError:
            changed = True
        assert changed, text
    assert tags(page.format("&lt;script&gt;")) == tags(page.format("word"))
    assert OBEYED.search("\x1b[31m")
