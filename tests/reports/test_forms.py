"""The forms of Gradescope, the Classroom actions and Classroom 50."""

from __future__ import annotations

import base64
import json
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from grader.reports import classroom, classroom50
from grader.reports.gradescope import gradescope_form
from grader.results import format_points

SCHEMA = json.loads((Path(__file__).parent / "classroom50-result-v1.schema.json").read_text())
HANDED = classroom50.Handed(
    classroom="deep-learning", assignment="backprop", assignment_type="individual", owner="school",
    submission="submit/1", commit="https://example.org/c", release="https://example.org/r",
    review="https://example.org/c", datetime="2026-11-21T12:00:00Z", username="grace",
)  # fmt: skip
TOLERANCE = Fraction(1, 2**31)
"""Two roundings of 2**-33 for each of at most two totals."""


def written(form) -> str:
    return json.dumps(form, indent=2, ensure_ascii=False) + "\n"


def notice(forms) -> Fraction:
    """The Classroom reporter's grade: the sum of all scores."""
    return Fraction(sum(test["score"] for form in forms.values() for test in form["tests"]))


def table(forms) -> float:
    """The Classroom reporter's table: of each runner, the share of tests that passed times its points."""

    def of_one(form) -> float:
        passed = sum(test["status"] == "pass" for test in form["tests"])
        return passed / len(form["tests"]) * form["max_score"]

    return sum(map(of_one, forms.values()))


class TestClassroom:
    def test_the_golden_form(self, grace, golden):
        golden("classroom_grace.json", written(classroom.runner_forms([grace])))

    def test_both_totals_are_ours_for_every_submission(self, results):
        for result in results:
            forms = classroom.runner_forms([result])
            assert abs(notice(forms) - result.earned) <= TOLERANCE
            assert abs(Fraction(table(forms)) - result.earned) <= 1000 * TOLERANCE
            assert format_points(notice(forms)) == format_points(result.earned)
            assert abs(notice({"": classroom.whole_form([result])}) - result.earned) <= TOLERANCE

    def test_both_are_ours_also_where_points_were_set_by_hand(self, grace):
        by_hand = (e.model_copy(update={"earned": e.points / 3}) for e in grace.exercises)
        result = grace.model_copy(update={"exercises": tuple(by_hand)})
        forms = classroom.runner_forms([result])
        assert abs(notice(forms) - result.earned) <= TOLERANCE
        assert abs(Fraction(table(forms)) - result.earned) <= 1000 * TOLERANCE

    def test_the_tests_of_a_runner_weigh_the_same(self, grace):
        forms = classroom.runner_forms([grace])
        assert len(forms) > 1
        for form in forms.values():
            assert len({test["score"] for test in form["tests"] if test["status"] == "pass"}) <= 1

    def test_several_assignments_are_told_apart(self, ada, grace):
        other = grace.model_copy(update={"assignment": "optimizers"})
        names = {test["name"].partition(": ")[0] for test in classroom.whole_form([ada, other])["tests"]}
        assert names == {"backprop", "optimizers"}

    def test_every_list_of_tests_has_one(self, nobody):
        forms = [*classroom.runner_forms([nobody]).values(), classroom.whole_form([]), classroom.problem_form("cut")]
        for form in forms:
            assert form["tests"]
            assert all(isinstance(test["score"], int | float) and test["test_code"] == "" for test in form["tests"])

    def test_it_travels_as_base64_of_json(self, ada):
        form = classroom.whole_form([ada])
        assert json.loads(base64.b64decode(classroom.encoded(form))) == form
        assert form["status"] == "pass"

    def test_nothing_hidden_is_in_it(self, results, secrets):
        text = json.dumps([classroom.runner_forms(results), classroom.whole_form(results)])
        assert not [secret for secret in secrets if secret in text]


class TestClassroom50:
    def test_the_golden_form(self, grace, golden):
        golden("classroom50_grace.json", written(classroom50.result_form(HANDED, [grace])))

    def test_every_form_is_valid_and_keeps_the_ratio(self, results):
        for result in results:
            form = classroom50.result_form(HANDED, [result])
            jsonschema.validate(form, SCHEMA)
            assert form["score"] * result.points == form["max-score"] * result.earned
            assert sum(test["score"] for test in form["tests"]) == form["score"]
            for test in form["tests"]:
                assert test["score"] <= test["max-score"]

    def test_a_run_without_results_is_valid_too(self):
        form = classroom50.problem_form(HANDED, "The run was cut short.")
        jsonschema.validate(form, SCHEMA)
        assert [test["passed"] for test in form["tests"]] == [False]

    def test_more_than_all_points_are_all_points(self, ada):
        [first, *others] = ada.exercises
        generous = ada.model_copy(update={"exercises": (first.model_copy(update={"earned": Fraction(9)}), *others)})
        form = classroom50.result_form(HANDED, [generous])
        assert form["score"] == form["max-score"]

    def test_nothing_hidden_is_in_it(self, results, secrets):
        text = json.dumps(classroom50.result_form(HANDED, results))
        assert not [secret for secret in secrets if secret in text]


class TestGradescope:
    def test_the_golden_forms(self, grace, nobody, golden):
        golden("gradescope_grace.json", written(gradescope_form(grace, seconds=3.25)))
        golden("gradescope_nobody.json", written(gradescope_form(nobody)))

    def test_the_score_is_the_sum_and_ours(self, results):
        for result in results:
            form = gradescope_form(result)
            assert form["score"] == sum(test["score"] for test in form["tests"])
            assert abs(Fraction(form["score"]) - result.earned) <= TOLERANCE
            assert Fraction(form["extra_data"]["exact"]) == result.earned

    def test_visibility_is_by_public_and_hidden(self, grace):
        seen = {test["name"]: test["visibility"] for test in gradescope_form(grace)["tests"]}
        assert seen["Shapes are those of the handout."] == "visible"
        assert seen["Backward is the gradient of your forward."] == "after_published"

    @pytest.mark.parametrize("value", ["passed", "failed"])
    def test_statuses_are_those_that_it_knows(self, results, value):
        statuses = {test["status"] for result in results for test in gradescope_form(result)["tests"]}
        assert value in statuses <= {"passed", "failed"}

    def test_a_note_stands_above_the_rest(self, nobody):
        assert gradescope_form(nobody, note="Not finished.")["output"].startswith("Not finished.\n")

    def test_nothing_hidden_is_in_it(self, results, secrets):
        text = json.dumps([gradescope_form(result) for result in results])
        assert not [secret for secret in secrets if secret in text]
