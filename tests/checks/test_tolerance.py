"""Tolerances: the rounding that is measured, the slack that is stated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.tolerance import PATTERNS, allowed_deviation, last_digit_changes, refuse_jump, scale_of


@pytest.mark.parametrize(
    ("want", "scale"), [([1.0, -3.0], 3.0), ([0.0, 0.0], 1.0), ([np.inf, 2.0], 2.0), ([], 1.0), ([1e-300], 1e-300)]
)
def test_the_scale_is_the_largest_finite_entry_or_one(want, scale):
    assert scale_of(np.array(want)) == scale


def test_the_slack_is_the_floor_of_the_tolerance_and_precise_checks_have_none():
    want = np.array([2.0])
    assert allowed_deviation(want, roundoff=0.0, precise=False) == pytest.approx(2e-6)
    assert allowed_deviation(want, roundoff=0.0, precise=True) == pytest.approx(16 * np.finfo(float).eps)


def test_a_hundred_roundings_count_when_they_exceed_the_slack():
    assert allowed_deviation(np.array([2.0]), roundoff=1e-7, precise=False) == pytest.approx(1e-5)


def test_float32_results_are_measured_in_their_own_digits():
    want = np.ones(1, dtype=np.float32)
    assert allowed_deviation(want, roundoff=0.0, precise=True) == pytest.approx(8 * np.finfo(np.float32).eps)


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_a_last_digit_change_goes_towards_zero_by_one_ulp_at_most(number):
    for change in last_digit_changes():
        moved = change(np.array([number]))[0]
        assert abs(moved) <= abs(number)
        assert moved in {number, np.nextafter(number, 0.0)}


def test_changes_differ_from_each_other_and_are_the_same_in_every_run():
    x = np.arange(1.0, 33.0)
    moved = [change(x) for change in last_digit_changes()]
    assert len({array.tobytes() for array in moved}) == PATTERNS
    assert all(np.array_equal(one, change(x)) for one, change in zip(moved, last_digit_changes(), strict=True))


def test_only_finite_floats_are_changed():
    value = {"x": np.array([np.inf, np.nan, 0.0]), "n": 3, "mask": np.array([True]), "name": "relu", "f": len}
    for change in last_digit_changes():
        moved = change(value)
        assert np.array_equal(moved.pop("x"), value["x"], equal_nan=True)
        assert moved == {name: leaf for name, leaf in value.items() if name != "x"}


def test_python_floats_and_float32_arrays_keep_their_type():
    moved = [change((1.5, np.ones(3, dtype=np.float32))) for change in last_digit_changes()]
    assert all(type(number) is float and array.dtype == np.float32 for number, array in moved)
    assert any(number != 1.5 for number, _ in moved)


def test_a_jump_is_refused_and_an_ordinary_rounding_is_not():
    refuse_jump("h", np.ones(3), 1e-15, inputs=[np.ones(3)])
    with pytest.raises(
        ValueError, match=r"h: the reference changes by 0.5 .*; choose inputs away from jumps and poles"
    ):
        refuse_jump("h", np.ones(3), 0.5, inputs=[np.ones(3)])


def test_float32_inputs_may_change_a_result_by_more():
    refuse_jump("h", np.ones(3), 1e-5, inputs=[np.ones(3, dtype=np.float32)])
    with pytest.raises(ValueError, match="choose inputs"):
        refuse_jump("h", np.ones(3), 1e-5, inputs=[np.ones(3)])
