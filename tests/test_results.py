"""The result model: exact points, a closed set of outcomes, and text that can always be written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from grader.evidence import Evidence
from grader.results import CheckResult, ExerciseResult, Location, Outcome, SubmissionResult, format_points

CHECK = {"check": "hidden/check_x", "exercise": "x", "title": "X.", "visibility": "hidden", "outcome": "passed"}


def exercise(points: object, earned: object = 0) -> ExerciseResult:
    return ExerciseResult(name="x", title="X", points=points, earned=earned, passed=0, total=1)


class TestPoints:
    @pytest.mark.parametrize(("given", "points"), [(3, 3), ("7/2", Fraction(7, 2)), (Fraction(1, 3), Fraction(1, 3))])
    def test_are_exact(self, given, points):
        assert exercise(given).points == points

    @pytest.mark.parametrize("given", [0.1, True, None, "a lot"])
    def test_that_are_not_exact_are_refused(self, given):
        with pytest.raises(ValidationError):
            exercise(given)

    def test_survive_json(self):
        result = exercise("7/2", "7/3")
        assert ExerciseResult.model_validate_json(result.model_dump_json()) == result
        assert '"earned":"7/3"' in result.model_dump_json()

    def test_of_a_submission_are_the_sum(self):
        result = SubmissionResult(
            id="a", student="A", assignment="t", outcome="failed", exercises=(exercise(1, "1/3"), exercise(2, "2/3"))
        )
        assert (result.points, result.earned) == (3, 1)

    @pytest.mark.parametrize(
        ("points", "text"), [(0, "0"), (3, "3"), ("7/2", "3.5"), ("7/3", "2.33"), (100, "100"), ("1/1000", "0")]
    )
    def test_are_written_as_people_write_them(self, points, text):
        assert format_points(Fraction(points)) == text


class TestText:
    def test_that_utf8_cannot_hold_is_written_out_wherever_it_stands(self):
        bad, good = "a\udc80b", "a\\udc80b"
        check = CheckResult(
            **CHECK, message=bad, notes=(bad,), functions=(bad,), output=bad,
            evidence=(Evidence(name=bad, got=bad),), location=Location(file=bad, line=1, code=bad),
        )  # fmt: skip
        result = SubmissionResult(
            id="a", student=bad, assignment="t", outcome="failed", problems=(bad,), checks=(check,), source=bad
        )
        assert (result.student, result.problems, result.source) == (good, (good,), good)
        assert (check.message, check.notes, check.functions, check.output) == (good, (good,), (good,), good)
        assert (check.evidence[0].got, check.location.file) == (good, good)
        assert SubmissionResult.model_validate_json(result.model_dump_json()) == result

    def test_of_other_languages_is_kept(self):
        assert CheckResult(**CHECK, message="Größe 大小 🙂").message == "Größe 大小 🙂"


class TestTheModel:
    def test_is_closed(self):
        with pytest.raises(ValidationError):
            CheckResult(**CHECK, score=3)
        with pytest.raises(ValidationError):
            CheckResult(**{**CHECK, "outcome": "almost"})

    def test_does_not_change(self):
        with pytest.raises(ValidationError):
            CheckResult(**CHECK).outcome = Outcome.FAILED

    def test_names_every_outcome_of_the_design(self):
        assert [outcome.value for outcome in Outcome] == [
            "passed", "failed", "not implemented", "crashed", "timed out", "out of memory", "forbidden", "not run",
            "grader error", "unreadable",
        ]  # fmt: skip
