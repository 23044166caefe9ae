from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup  # comes with nbconvert
from hypothesis import given
from hypothesis import strategies as st

from grader.audited import Audit, AuditedMistake
from grader.reports.audit_page import audit_page
from grader.reports.audit_summary import facts
from tests.reports.audit.conftest import HOSTILE, OBEYED, a_check, a_mistake


def parsed(audit: Audit) -> BeautifulSoup:
    return BeautifulSoup(audit_page(audit), "html.parser")


def words(audit: Audit) -> str:
    return " ".join(parsed(audit).main.get_text(" ").split())


class Matching(HTMLParser):
    """Refuses tags that do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["sound", "weak", "failing", "empty"])
def test_the_golden_page(request, name, golden):
    golden(f"audit_{name}.html", audit_page(request.getfixturevalue(name)))


def test_tags_match_ids_are_unique_and_links_lead_somewhere(audit):
    source = audit_page(audit)
    assert Matching(source)
    page = parsed(audit)
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    links = {link["href"] for link in page.find_all("a")}
    named = {f"#{tag['aria-labelledby']}" for tag in page.find_all(attrs={"aria-labelledby": True})}
    assert links | named <= {f"#{name}" for name in ids}
    assert {f"#{fact.topic}" for fact in facts(audit)} <= links


def test_headings_skip_no_level_on_the_way_down(audit):
    levels = [int(tag.name[1]) for tag in parsed(audit).find_all(re.compile("h[1-6]"))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_it_asks_for_nothing_from_elsewhere_and_has_no_script(audit):
    source = audit_page(audit)
    page = parsed(audit)
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; ")
    assert "script" not in policy
    assert page.find_all(["script", "img", "link", "iframe", "object", "base", "form"]) == []
    assert not re.search(r"@import|url\(|https?:", source)


def test_foreign_text_is_text_everywhere(failing):
    source = audit_page(failing)
    assert not set(source) & OBEYED
    shown = HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b").replace("\x00", "\\x00")
    page = parsed(failing)
    assert page.h1.get_text() == f"Audit of {shown}"
    for section in ("why", "level", "mutants", "checks", "mistakes"):
        assert shown in page.find(id=section).parent.get_text()


def test_what_fails_stands_before_what_is_weak_and_the_tables_come_last(failing):
    ids = [tag["id"] for tag in parsed(failing).find_all("h2")]
    assert ids == ["why", "short", "level", "mutants", "checks", "hints", "mistakes"]


def test_why_is_asked_only_of_an_audit_that_does_not_pass(weak):
    assert 'id="why"' not in audit_page(weak)


def test_an_audit_of_nothing_says_so(empty):
    shown = words(empty)
    assert "passed but no right answer was graded and no mistake was tried" in shown
    assert "There are no checks." in shown


def test_the_power_is_told_by_rule(weak):
    shown = words(weak)
    assert "axis 0 12 3 12 of 12 operator 1 28 0 28 of 29 copy 0 0 2 none to catch" in shown


def test_a_survivor_is_a_diff_with_function_line_and_rule(weak):
    article = parsed(weak).find(id="mutants").parent.article
    assert article.h4.get_text() == "f, line 42, operator"
    assert article.pre.get_text() == "\n     x = 1\n-    y = --x\n+    y = x\n     return y\n"
    assert article.pre.find("del").get_text() == "-    y = --x"
    assert article.pre.find("ins").get_text() == "+    y = x"


def test_a_weak_check_is_marked_in_words(weak):
    page = parsed(weak)
    marked = {row["id"]: [badge.get_text() for badge in row.find_all(class_="badge")] for row in page.select("tr[id]")}
    assert marked == {
        "check-1": [],
        "check-2": ["right answers too near"],
        "check-3": ["wrong answers too near"],
        "check-4": ["catches nothing"],
        "check-5": [],
    }
    assert "3 hidden/check_slope : largest right 0, smallest wrong 4.2: wrong answers too near" in words(weak)


def test_a_mark_stands_where_a_check_catches_a_mistake(failing):
    exercises = [check.exercise for check in failing.checks]
    ids = [check.check for check in sorted(failing.checks, key=lambda check: exercises.index(check.exercise))]
    seen = {}
    for table in parsed(failing).select("table.matrix"):
        columns = [cell.get_text() for cell in table.thead.find_all("th")[1:]]
        for row in table.tbody.find_all("tr"):
            cells = dict(zip(columns, row.find_all("td"), strict=True))
            elsewhere = [a.get_text() for a in cells.pop("Elsewhere").find_all("a")] if "Elsewhere" in cells else []
            marked = [number for number, cell in cells.items() if cell.find(attrs={"aria-label": "caught"})]
            seen[row.code.get_text()] = {ids[int(number) - 1] for number in [*marked, *elsewhere]}
    assert [*seen.values()] == [set(mistake.caught_by) for mistake in in_order(failing)]


def in_order(audit: Audit) -> list[AuditedMistake]:
    """Mistakes as the page has them: by exercise."""
    exercises = [*(check.exercise for check in audit.checks), *(mistake.exercise for mistake in audit.mistakes)]
    return sorted(audit.mistakes, key=lambda mistake: exercises.index(mistake.exercise))


def test_checks_of_other_exercises_are_counted_by_exercise(failing):
    summaries = [tag.get_text() for tag in parsed(failing).select(".elsewhere summary")]
    assert summaries == ["linear: 1", "linear: 1", "losses: 1"]


def test_a_mistake_without_a_mark_says_why(failing):
    rows = [row.th for row in parsed(failing).select("table.matrix tbody tr")]
    badges = {th.code.get_text()[:4]: th.find(class_="badge") for th in rows}
    assert {name: badge.get_text() for name, badge in badges.items() if badge} == {
        "f: <": "survives",
        "f: x": "refused",
    }


def test_each_table_of_mistakes_has_the_checks_of_its_exercise_alone(sound):
    exercises = [f"exercise {n}" for n in range(10)]
    checks = tuple(a_check(f"{e}_{n}", e) for e in exercises for n in range(10))
    mistakes = tuple(
        a_mistake(f"{e} {n}", e, caught_by=(f"hidden/check_{e}_{n}",)) for e in exercises for n in range(10)
    )
    page = parsed(sound.model_copy(update={"checks": checks, "mistakes": mistakes}))
    tables = page.select("table.matrix")
    assert [len(table.thead.find_all("th")) for table in tables] == [11] * 10
    assert [len(table.select("td [role=img]")) for table in tables] == [10] * 10
    legends = [[item.a.get_text() for item in legend.find_all("li")] for legend in page.select(".legend")]
    assert legends == [[th.get_text() for th in table.thead.find_all("th")[1:]] for table in tables]


@given(st.floats(min_value=0, allow_nan=False), st.floats(min_value=0, allow_nan=False))
def test_the_strip_holds_every_deviation_in_order(right, wrong):
    check = a_check("a", "e", right=right, wrong=wrong)
    audit = Audit(assignment="a", title="A", grader_version="1", seeds=1, checks=(check,))
    strip = parsed(audit).find(class_="strip")
    disc = float(strip.circle["cx"])
    diamond = float(re.match(r"M([\d.]+) ", strip.path["d"])[1])
    assert 0 <= min(disc, diamond) <= max(disc, diamond) <= 100
    assert (disc <= diamond) if right <= wrong else (disc >= diamond)
    assert (disc < 50) == (disc != 50 and right < 1)


def test_its_colours_are_those_whose_contrast_is_tested(empty):
    style = parsed(empty).style.get_text()
    own = style[style.index("What only the page of an audit has") :]
    assert not re.search(r"#[0-9a-f]{3}|rgb|hsl", own)
    assert set(re.findall(r"var\((--[a-z-]+)\)", own)) <= set(re.findall(r"(--[a-z-]+):", style))
