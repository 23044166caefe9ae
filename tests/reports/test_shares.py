"""Shares sum to the points exactly, also where a check is at fault or points were set by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports.shares import common_factor, dyadic, shares
from grader.results import Outcome


def totals(result) -> tuple[Fraction, Fraction]:
    parts = shares(result)
    return sum((part.points for part in parts), Fraction(0)), sum((part.earned for part in parts), Fraction(0))


def test_the_shares_of_every_submission_are_its_points_and_what_it_earned(results):
    for result in results:
        assert totals(result) == (result.points, result.earned)


def test_a_check_is_worth_its_weight(grace):
    linear = [part for part in shares(grace) if part.exercise == "linear"]
    # 4 points, weights 1 and 3, the heavy one failed: what it earned by the checks is what it earned
    assert [(part.points, part.earned, part.check is None) for part in linear] == [(1, 1, False), (3, 0, False)]


def test_points_that_are_not_the_checks_stand_for_the_whole_exercise(grace):
    given_by_hand = tuple(
        e.model_copy(update={"earned": Fraction(5, 2)}) if e.name == "linear" else e for e in grace.exercises
    )
    parts = [p for p in shares(grace.model_copy(update={"exercises": given_by_hand})) if p.exercise == "linear"]
    assert [(part.points, part.earned) for part in parts] == [(0, 0), (0, 0), (4, Fraction(5, 2))]
    assert parts[-1].title == "Linear layer"


def test_a_check_at_fault_is_worth_nothing(mallory):
    at_fault = [p for p in shares(mallory) if p.check and p.check.outcome is Outcome.GRADER_ERROR]
    assert [part.points for part in at_fault] == [0]


def test_the_common_factor_makes_every_share_whole(grace):
    parts = shares(grace)
    factor = common_factor(parts)
    assert all((part.points * factor).denominator == 1 for part in parts)
    assert not all((part.points * (factor - 1)).denominator == 1 for part in parts)


FRACTIONS = st.lists(st.fractions(0, 100, max_denominator=60), max_size=40)


@given(FRACTIONS, st.randoms())
def test_floats_sum_exactly_in_any_order(numbers, random):
    floats = dyadic(numbers)
    exact = sum(map(Fraction, floats), Fraction(0))
    random.shuffle(floats)
    assert Fraction(sum(floats)) == exact
    assert abs(exact - sum(numbers, Fraction(0))) <= Fraction(1, 2**33)


@pytest.mark.parametrize("parts", [3, 7, 49])
def test_parts_of_a_whole_number_sum_to_it(parts):
    assert sum(dyadic([Fraction(2, parts)] * parts)) == 2.0
    assert sum([2 / parts] * parts) != 2.0 or parts == 3  # which plain floats do not do
