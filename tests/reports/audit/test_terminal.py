from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from grader.audited import Audit
from grader.reports.audit import audit_report
from grader.reports.audit_summary import facts
from tests.reports.audit.conftest import HOSTILE, OBEYED


def printed(audit: Audit, *, width: int = 80, colour: bool = False) -> str:
    stream = io.StringIO()
    system = "standard" if colour else None
    Console(file=stream, width=width, force_terminal=colour, color_system=system, _environ={}).print(
        audit_report(audit)
    )
    return stream.getvalue()


@pytest.mark.parametrize("name", ["sound", "weak", "failing", "empty"])
def test_the_golden_terminal(request, name, golden):
    golden(f"audit_{name}.txt", printed(request.getfixturevalue(name)))


@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(audit, width):
    assert max(map(len, printed(audit, width=width).splitlines())) <= width


def test_the_first_line_says_whether_it_passes(sound, weak, failing, empty):
    first = {audit.title: printed(audit, width=200).splitlines()[0] for audit in (sound, failing, empty)}
    assert first["Backpropagation"] == "Backpropagation: audit passed"
    assert first["New"] == "New: audit passed, but no right answer was graded and no mistake was tried"
    assert first[HOSTILE].endswith(
        "audit not passed: 2 complaints, 1 failing right answer, 1 surviving mistake, 1 refused mistake"
    )
    assert printed(weak).splitlines()[0] == "Backpropagation: audit passed"


def test_what_needs_no_attention_is_not_mentioned(sound):
    assert len(printed(sound, width=200).splitlines()) == 1 + len(facts(sound))


def test_the_reasons_stand_before_what_is_only_weak(failing):
    shown = printed(failing)
    shown = shown[shown.index("The audit is worthless") :]
    titles = ["Right answers that fail", "Mistakes that survive", "refused\n", "Mutants that", "too near", "that catch nothing", "tells apart"]  # fmt: skip
    places = [shown.index(title) for title in titles]
    assert places == sorted(places)


def test_a_false_failure_says_check_variant_seeds_and_message(failing):
    shown = printed(failing, width=200).splitlines()
    start = shown.index("Right answers that fail")
    assert shown[start + 1].strip() == "hidden/check_backward"
    assert shown[start + 2].strip().startswith("linear: <script>")
    assert shown[start + 2].strip().endswith("; seed audit 0 and 2 more")
    assert shown[start + 4].strip() == "now 0"


@pytest.mark.parametrize(("number", "more"), [(5, None), (6, "  … 1 more"), (105, "  … 100 more")])
def test_a_list_ends_after_five(sound, number, more):
    shown = printed(sound.model_copy(update={"complaints": ("it is not repeatable",) * number})).splitlines()
    assert shown.count("  it is not repeatable") == 5
    assert [line.rstrip() for line in shown if "more" in line] == ([more] if more else [])


def test_nothing_of_foreign_text_is_obeyed(failing):
    plain = printed(failing, width=200)
    assert not set(plain) & OBEYED
    assert "\\u202eevil\\x1b[2J\\x00 [bold]" in plain
    coloured = printed(failing, width=200, colour=True)
    assert "\x1b[2J" not in coloured
    assert set(re.findall(r"\x1b\[([\d;]*)m", coloured)) == {"0", "1", "1;31", "31", "33"}
