"""Curves: where their points lie in the picture, what the axes say, and who may see them."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence import Curve, Evidence
from grader.reports import plots
from grader.reports.html import feedback_page, student_page
from grader.reports.plots import plot
from grader.reports.redact import redact
from grader.results import SubmissionResult

HALVING = Curve(name="gap", t=(0, 1, 2, 3), value=(1.0, 0.1, 0.01, 0.001), theorem=(1.0, 0.1, 0.01, 0.001))


def points_of(line):
    return [tuple(map(float, pair.split(","))) for stroke in line.strokes for pair in stroke.split()]


def labels(ticks):
    return [tick.label for tick in ticks]


def test_linear_convergence_is_a_straight_line_between_the_corners():
    points = points_of(plot(HALVING).measured)
    assert points[0] == (plots.LEFT, plots.TOP)
    assert points[-1] == (plots.RIGHT, plots.BOTTOM)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    assert slopes == pytest.approx([slopes[0]] * 3, rel=1e-3)


def test_a_power_is_a_straight_line_on_two_logarithmic_axes():
    t = (1.0, 10.0, 100.0)
    drawn = plot(Curve(name="gap", t=t, value=tuple(number**-2 for number in t), log_t=True))
    assert points_of(drawn.measured) == [
        (plots.LEFT, plots.TOP),
        ((plots.LEFT + plots.RIGHT) / 2, (plots.TOP + plots.BOTTOM) / 2),
        (plots.RIGHT, plots.BOTTOM),
    ]
    assert labels(drawn.t_ticks) == ["1", "10", "100"]


def test_theorem_and_trace_share_their_axes():
    drawn = plot(Curve(name="gap", t=(0, 1), value=(1.0, 0.1), theorem=(100.0, 1e-3), theorem_name="bound"))
    assert drawn.theorem.name == "bound"
    assert points_of(drawn.theorem) == [(plots.LEFT, plots.TOP), (plots.RIGHT, plots.BOTTOM)]
    assert plots.TOP < points_of(drawn.measured)[0][1] < points_of(drawn.measured)[1][1] < plots.BOTTOM


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ((1.0, 1e-3), ["0.001", "0.01", "0.1", "1"]),
        ((1.0, 1e-16), ["1e-16", "1e-13", "1e-10", "1e-07", "0.0001", "0.1"]),
        ((2.0, 5.0), ["2", "2.5", "3", "3.5", "4", "4.5", "5"]),
        ((3.0, 3.0), ["2", "4", "6", "8"]),
    ],
)
def test_ticks_are_round_numbers_and_few(values, ticks):
    assert labels(plot(Curve(name="gap", t=(0, 1), value=values)).value_ticks) == ticks


def test_six_hundred_decades_have_few_ticks_too():
    assert 4 <= len(plot(Curve(name="gap", t=(0, 1), value=(1e-300, 1e300))).value_ticks) <= plots.MOST_TICKS


def test_steps_have_round_ticks():
    assert labels(plot(Curve(name="gap", t=(0, 437), value=(1.0, 0.1))).t_ticks) == ["0", "100", "200", "300", "400"]


def test_gaps_cut_the_line_and_a_single_point_is_a_dot():
    values = (1.0, 0.5, None, 0.2, float("nan"), -1.0, 0.1, 0.05)
    drawn = plot(Curve(name="gap", t=tuple(range(8)), value=values)).measured
    assert [len(stroke.split()) for stroke in drawn.strokes] == [2, 2]
    assert len(drawn.dots) == 1


@pytest.mark.parametrize("value", [(), (None, None), (0.0, -1.0), (float("inf"), float("nan"))])
def test_nothing_is_drawn_where_there_is_nothing(value):
    assert plot(Curve(name="gap", t=tuple(range(len(value))), value=value)) is None


def test_a_linear_axis_takes_any_sign():
    drawn = plot(Curve(name="loss", t=(0, 1, 2), value=(-1.0, 0.0, 1.0), log_value=False))
    assert labels(drawn.value_ticks)[0] == "-1"
    assert len(points_of(drawn.measured)) == 3


def test_words_say_where_it_begins_and_ends():
    assert plot(HALVING).words == "gap: 1 at step 0, 0.001 at step 3"


@pytest.fixture
def with_curves(grace) -> SubmissionResult:
    """The submission of the golden files, with a hostile curve in each failed check."""
    hostile = Curve(name="<b>gap</b>", t=(0, 1, 2), value=(1.0, 0.5, 0.1), theorem=(1.0, 0.4, 0.2), theorem_name="<i>")
    checks = tuple(
        check.model_copy(update={"evidence": (Evidence(name="gap", curves=(hostile,)),)}) if check.evidence else check
        for check in grace.checks
    )
    return grace.model_copy(update={"checks": checks})


def pictures(page):
    begin = [place for place in range(len(page)) if page.startswith('<svg class="plot"', place)]
    return [ET.fromstring(page[place : page.index("</svg>", place) + 6]) for place in begin]


def test_the_page_draws_each_curve_with_its_names_escaped(info, with_curves):
    page = student_page(info, with_curves)
    drawn = pictures(page)
    assert len(drawn) == sum(len(check.evidence) for check in with_curves.checks) == 2
    assert [line.get("class") for line in drawn[0].iter("polyline")] == ["theorem", "measured"]
    assert "<b>gap" not in page
    assert "&lt;b&gt;gap" in page


def test_curves_of_hidden_checks_reach_no_student(info, with_curves):
    visible = [check for check in redact(with_curves).checks if check.evidence]
    assert [check.visibility for check in visible] == ["public"]
    assert len(pictures(feedback_page(info, with_curves))) == 1


def test_curves_survive_the_gradebook(with_curves):
    assert SubmissionResult.model_validate_json(with_curves.model_dump_json()) == with_curves


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_every_range_has_some_round_numbers_in_it(low, length):
    found = plots._steps(low, low + length)
    assert 1 <= len(found) <= plots.MOST_TICKS
    rounding = 1e-9 * max(abs(low), abs(low + length))
    assert all(low - rounding <= number <= low + length + rounding for number in found)


@pytest.mark.parametrize("length", [7.5, 75, 0.71, 79.9, 8, 70])
def test_ranges_between_seven_and_eight_steps_have_ticks(length):
    assert 3 <= len(plots._steps(0, length)) <= plots.MOST_TICKS
