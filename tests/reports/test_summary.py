from __future__ import annotations

import sys
from fractions import Fraction
from itertools import pairwise

from grader.reports.rows import faults_of, row_of
from grader.reports.summary import summarize
from grader.results import Outcome


def test_rows_hold_no_arrays_and_share_what_they_have_in_common(ada, grace):
    first, second = row_of(ada), row_of(grace)
    assert first.keys is second.keys
    assert sys.getsizeof(first.message) < 200
    assert "2.4406" not in repr(second)


def test_a_grader_error_of_the_whole_submission_is_a_fault_too(nobody):
    broken = nobody.model_copy(update={"outcome": Outcome.GRADER_ERROR, "message": "disk full"})
    assert faults_of(broken) == (("the whole submission", "disk full"),)
    assert faults_of(nobody) == ()


def test_the_mean_leaves_out_what_could_not_be_graded(info, results):
    summary = summarize(info, [row_of(result) for result in results])
    assert summary.graded == 3
    assert summary.mean == (Fraction(21, 2) + 1 + Fraction(7, 3) + 1) / 3
    assert summary.outcomes[0] == (Outcome.PASSED, 1)
    assert sum(count for _, count in summary.outcomes) == 4


def test_bins_cover_all_points_and_full_marks_fall_into_the_last(info, ada, grace):
    bins = summarize(info, [row_of(ada), row_of(grace)]).bins
    assert (bins[0].low, bins[-1].high) == (0, Fraction(21, 2))
    assert all(left.high == right.low for left, right in pairwise(bins))
    assert [index for index, each in enumerate(bins) if each.count] == [3, 9]  # 10/3 of 21/2 points is 31.7%


def test_a_value_on_an_edge_falls_into_the_bin_that_begins_there(info, ada):
    edge = row_of(
        ada.model_copy(update={"exercises": (ada.exercises[0].model_copy(update={"earned": Fraction(21, 5)}),)})
    )
    counts = [each.count for each in summarize(info, [edge]).bins]
    assert counts == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def test_pass_rates_count_a_check_where_it_was_tried(info, results):
    rates = summarize(info, [row_of(result) for result in results]).rates
    assert [(rate.key.exercise, rate.passed, rate.total) for rate in rates] == [
        ("linear", 2, 3),
        ("linear", 1, 3),
        ("activations", 1, 3),
        ("activations", 1, 3),
        ("losses", 1, 3),
        ("losses", 2, 3),
    ]


def test_an_empty_class_has_a_summary(info):
    summary = summarize(info, [])
    assert (summary.graded, summary.mean, summary.rates, summary.outcomes) == (0, 0, (), ())
    assert summarize(info.model_copy(update={"exercises": ()}), []).bins == ()
