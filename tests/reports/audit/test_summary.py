from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.audited import Audit, AuditedCheck, AuditedMistake, FalseFailure, MutantCounts
from grader.reports import audit_summary as summary
from tests.reports.audit.conftest import SHAPES, a_check, a_mistake


@given(
    st.lists(st.builds(FalseFailure), max_size=2),
    st.lists(st.text(max_size=2), max_size=2),
    st.lists(st.builds(AuditedMistake, caught_by=..., refused=...), max_size=2),
)
def test_there_are_reasons_exactly_when_the_audit_does_not_pass(failures, complaints, mistakes):
    audit = Audit(
        assignment="a", title="A", grader_version="1", seeds=1,
        false_failures=tuple(failures), complaints=tuple(complaints), mistakes=tuple(mistakes),
    )  # fmt: skip
    assert bool(summary.reasons(audit)) != audit.passed


@given(st.builds(AuditedCheck, right=..., wrong=...))
def test_there_are_words_exactly_when_a_check_does_not_separate(check):
    assert bool(summary.nearness(check)) != check.separates


def test_each_side_of_the_threshold_has_its_words():
    assert summary.nearness(a_check("a", "b", right=0.11, wrong=9.9)) == (
        "right answers too near",
        "wrong answers too near",
    )
    assert summary.nearness(a_check("a", "b", right=1.1)) == ("right answers beyond the threshold",)


def test_what_was_not_tried_is_said(empty, sound):
    assert summary.reservations(empty) == ("no right answer was graded", "no mistake was tried")
    assert summary.reservations(sound) == ()
    assert {fact.word for fact in summary.facts(empty)} == {"unknown"}
    assert {fact.word for fact in summary.facts(sound)} == {"ok"}


@pytest.mark.parametrize(
    ("bound", "said"), [(0.0071063, "0.72%"), (0.3, "30%"), (1.0, "100%"), (1e-6, "0.0001%"), (0.2, "20%")]
)
def test_the_upper_bound_is_rounded_up(sound, bound, said):
    level = summary.facts(sound.model_copy(update={"level_bound": bound}))[0]
    assert f"With 95% confidence, at most {said} of right answers fail." in level.sentence


def test_all_but_one_are_not_all(sound):
    mutants = (MutantCounts(rule="axis", caught=9999, equivalent=1, survived=1),)
    assert summary.facts(sound.model_copy(update={"mutants": mutants}))[2].sentence == (
        "9999 of 10000 caught (99.9%), 1 survived, 1 set aside as equivalent."
    )


def test_mutants_that_are_all_equivalent_say_nothing_about_the_checks(sound):
    mutants = (MutantCounts(rule="axis", caught=0, equivalent=2, survived=0),)
    fact = summary.facts(sound.model_copy(update={"mutants": mutants}))[2]
    assert (fact.word, fact.sentence) == ("unknown", "All 2 mutants set aside as equivalent.")


def test_a_check_is_idle_only_where_wrong_answers_were_tried(weak):
    assert summary.idle(weak) == (SHAPES,)
    assert summary.idle(weak.model_copy(update={"mistakes": (), "mutants": ()})) == ()


def test_failures_of_one_check_on_one_answer_stand_together(failing):
    (found,) = summary.failing(failing)
    assert [failure.seed for failure in found.failures] == ["audit 0", "audit 1", "audit 2"]


def test_a_set_of_look_alikes_is_told_once(sound):
    names = ["f: a", "f: b", "f: c"]
    mistakes = [a_mistake(n[3:], "e", alike=tuple(o for o in names if o != n), hint=n[:1]) for n in names]
    (found,) = summary.look_alikes(sound.model_copy(update={"mistakes": tuple(mistakes)}))
    assert (found.mistake.name, found.others, found.hints) == ("f: a", ("f: b", "f: c"), ("f",))


def test_the_one_between_two_that_differ_tells_of_both(sound):
    alike = {"a": ("f: b",), "b": ("f: a", "f: c"), "c": ("f: b",)}
    mistakes = tuple(a_mistake(name, "e", alike=others) for name, others in alike.items())
    (found,) = summary.look_alikes(sound.model_copy(update={"mistakes": mistakes}))
    assert (found.mistake.name, found.others) == ("f: b", ("f: a", "f: c"))


def test_a_removed_line_that_begins_with_a_minus_is_no_name_of_a_file():
    diff = "--- a\n+++ b\n@@ -1 +1 @@\n--- x\n++x\n@@ -9 +9 @@\n y"
    assert list(summary.diff_lines(diff)) == [("-", "--- x"), ("+", "++x"), ("", " y")]


@pytest.mark.parametrize(
    ("deviation", "said"),
    [(None, "–"), (0.0, "0"), (0.314, "0.31"), (162.0, "160"), (9.61e-7, "9.6e-07"), (2e6, "2.0e+06"), (9999.0, "1.0e+04"), (float("inf"), "inf")],
)  # fmt: skip
def test_deviations_have_two_digits(deviation, said):
    assert summary.in_thresholds(deviation) == said
