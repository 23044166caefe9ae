"""``expect``: what is let through, what is refused, and in which words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grader.checks.value import expect
from grader.evidence import CheckFailure

SAME_NUMBERS = [
    (2.5, np.array(2.5)),
    (np.array(2.5), 2.5),
    (np.float64(2.5), 2.5),
    (3, 3.0),
    (np.array([1, 0, 1]), np.array([1.0, 0.0, 1.0])),
    (np.ones(3), np.ones(3, dtype=np.float32)),
    ([1.0, np.ones(2)], (1.0, np.ones(2))),
    ({"S": np.ones(2), "b": 0.0}, {"b": 0.0, "S": np.ones(2)}),
    (np.array([np.inf, -np.inf, np.nan, 1.0]), np.array([np.inf, -np.inf, np.nan, 1.0])),
    (np.zeros((0, 3)), np.zeros((0, 3))),
    (np.ones(2, dtype=np.longdouble), np.ones(2)),
    ([None, "mean"], [None, "mean"]),
]


@pytest.mark.parametrize(("got", "want"), SAME_NUMBERS)
def test_the_same_numbers_in_another_coat_are_close_and_equal(got, want):
    expect(got).close_to(want).equals(want)


def failure_of(got, want, name="db", **options):
    with pytest.raises(CheckFailure) as caught:
        expect(got, name).close_to(want, **options)
    return caught.value


FORMS = [
    (None, np.zeros(3), "db is None; a numpy array of shape (3,) is due.", "`db` is None: return it."),
    (None, 1.0, "db is None; a number is due.", "`db` is None: return it."),
    (
        [1.0, 2.0],
        np.zeros(2),
        "db is a list; return a numpy array of shape (2,).",
        "`db` is a list; return a numpy array.",
    ),
    (
        (1.0,),
        np.zeros(1),
        "db is a tuple; return a numpy array of shape (1,).",
        "`db` is a tuple; return a numpy array.",
    ),
    ((1.0, 2.0), 1.0, "db is a tuple of 2; a number is due.", "`db` is not a single number."),
    ("1", 1.0, "db is of type str; a number is due.", "`db` is not a single number."),
    (
        {"a": 1},
        np.zeros(3),
        "db is a dict of 1; a numpy array of shape (3,) is due.",
        "`db` is not a numpy array.",
    ),
    (True, 1.0, "db is boolean; numbers are due.", "`db` is boolean where numbers are due."),
    (
        np.array([1, 0]),
        np.array([True, False]),
        "db has dtype int64; booleans are due.",
        "`db` has another dtype where booleans are due.",
    ),
    (1j, 1.0, "db is complex; numbers are due.", "`db` is complex where numbers are due."),
    (
        10**400,
        1.0,
        "db has dtype object (rows of unequal length, or None among the entries?); numbers are due.",
        "`db` has dtype object where numbers are due.",
    ),
    (
        np.array(["a"]),
        np.zeros(1),
        "db has dtype <U1; numbers are due.",
        "`db` has another dtype where numbers are due.",
    ),
    (
        np.zeros((1, 3)),
        np.zeros(3),
        "db has shape (1, 3), due is (3,): it has two axes where one is due: drop the extra axis.",
        "`db` has two axes where one is due: drop the extra axis.",
    ),
    (
        np.zeros(5),
        np.zeros((5, 1)),
        "db has shape (5,), due is (5, 1): it has one axis where two are due: keep the axis of length 1.",
        "`db` has one axis where two are due: keep the axis of length 1.",
    ),
    (
        np.zeros((1, 1)),
        0.0,
        "db has shape (1, 1), a single number is due: it has two axes where none is due: drop the extra axis.",
        "`db` has two axes where none is due: drop the extra axis.",
    ),
    (
        0.0,
        np.zeros(3),
        "db has shape (), due is (3,): it has no axis where one is due: was it summed over too many axes?",
        "`db` has no axis where one is due: was it summed over too many axes?",
    ),
    (
        np.zeros((5, 3)),
        np.zeros(3),
        "db has shape (5, 3), due is (3,): it has two axes where one is due: was a sum over an axis forgotten?",
        "`db` has two axes where one is due: was a sum over an axis forgotten?",
    ),
    (
        np.zeros((3, 4)),
        np.zeros((4, 3)),
        "db has shape (3, 4), due is (4, 3): it has its axes swapped: transpose it.",
        "`db` has its axes swapped: transpose it.",
    ),
    (
        np.zeros(5),
        np.zeros(3),
        "db has shape (5,), due is (3,): it has the wrong length along axis 0.",
        "`db` has the wrong length along axis 0.",
    ),
    (
        np.zeros(3, dtype=np.float32),
        np.zeros(3),
        (
            "db came as float32 although the inputs are float64: precision was lost. float32 usually comes from dtype= "
            "in np.zeros or astype, or from a torch tensor."
        ),
        "`db` came as float32; compute in float64.",
    ),
    (np.zeros(3), (0.0, 0.0), "db is an array of shape (3,); a tuple of 2 is due.", "`db` is not a tuple."),
    ([1.0], (0.0, 0.0), "db has length 1; a tuple of 2 is due.", "`db` has the wrong length."),
    (0.0, {"S": 0.0}, "db is of type float; a dict of 1 is due.", "`db` is not a dict."),
    ({"b": 0.0}, {"S": 0.0}, "db lacks the keys ['S']; due are ['S'].", "`db` has the wrong keys."),
    ({"S": 0.0, 1: 2}, {"S": 0.0}, "db has keys that are not due; due are ['S'].", "`db` has the wrong keys."),
    ("sum", "mean", "db is of type str; 'mean' is due.", "`db` is not what is due."),
    (0.0, None, "db is of type float; None is due.", "`db` is not what is due."),
]


@pytest.mark.parametrize(("got", "want", "message", "hint"), FORMS)
def test_a_wrong_form_is_named(got, want, message, hint):
    failure = failure_of(got, want)
    assert failure.message == message
    assert failure.hint == hint
    assert failure.evidence[0].name == "db"


def test_the_path_into_a_structure_is_in_the_name():
    got = [{"S": np.ones(2)}, {"S": None}]
    want = [{"S": np.ones(2)}, {"S": np.ones(2)}]
    assert failure_of(got, want, "params").message == "params[1].S is None; a numpy array of shape (2,) is due."


def test_all_wrong_leaves_are_reported_in_one_failure():
    failure = failure_of((None, -1.0, 3.0), (1.0, 1.0, 3.0), "result")
    assert failure.message == (
        "result[0] is None; a number is due.\n"
        "result[1] is -1 where 1 is due (off by 2; allowed 1e-06). result[1] has the wrong sign."
    )
    assert failure.hint == "`result[0]` is None: return it. `result[1]` has the wrong sign."
    assert [evidence.name for evidence in failure.evidence] == ["result[0]", "result[1]"]


def test_a_mismatch_counts_the_entries_and_shows_the_worst():
    want = np.array([[1.0, 2.0, 7.0], [4.0, 5.0, 6.0]])
    got = want.copy()
    got[1, 0], got[0, 1], got[1, 1] = 4.5, 2.1, 5.2
    failure = failure_of(got, want, "h")
    assert failure.message == (
        "h differs in 3 of 6 entries; the worst is h[1, 0] = 4.5 where 4 is due (off by 0.5; allowed 7e-06)."
    )
    assert failure.hint == "`h` has wrong values."
    evidence = failure.evidence[0]
    assert (evidence.where, evidence.deviation, evidence.allowed) == ("[1, 0]", 0.5, pytest.approx(7e-6))
    assert evidence.got == "[[1. , 2.1, 7. ],\n [4.5, 5.2, 6. ]]"
    assert evidence.want == "[[1., 2., 7.],\n [4., 5., 6.]]"


def test_a_single_wrong_number_needs_no_index():
    failure = failure_of(1.5, 2.5, "loss")
    assert failure.message == "loss is 1.5 where 2.5 is due (off by 1; allowed 2.5e-06)."
    assert failure.hint == "`loss` has the wrong value."


def test_the_likely_cause_ends_message_and_hint():
    failure = failure_of(-np.arange(1.0, 4.0), np.arange(1.0, 4.0), "dx")
    assert failure.message.endswith(". dx has the wrong sign.")
    assert failure.hint == "`dx` has the wrong sign."
    assert failure.evidence[0].cause == "has the wrong sign"


def test_two_swapped_results_are_recognised():
    dh, dc = np.array([1.0, 2.0, 5.0]), np.array([3.0, 1.0, 1.0])
    failure = failure_of({"dh": dc, "dc": dh}, {"dh": dh, "dc": dc}, "grads")
    assert failure.hint == "`grads.dh` holds what is due for `grads.dc`. `grads.dc` holds what is due for `grads.dh`."


def test_large_arrays_are_shortened_in_the_evidence():
    failure = failure_of(np.zeros((100, 100)), np.ones((100, 100)))
    assert len(failure.evidence[0].got) < 700
    assert "..." in failure.evidence[0].got


def test_what_is_not_finite_is_counted_and_placed():
    failure = failure_of(np.array([[1.0, np.nan], [np.inf, np.nan]]), np.ones((2, 2)), "dx")
    assert failure.message == "dx is not finite: it holds 2 NaN and 1 infinity among 4 entries, the first at dx[0, 1]."
    assert failure.hint == "`dx` is not finite."


def test_a_single_number_that_is_not_finite_is_named():
    failure = failure_of(float("nan"), 1.0, "loss")
    assert (failure.message, failure.hint) == ("loss is nan; it must be finite.", "`loss` is not finite.")


def test_the_wrong_infinity_is_not_finite_where_another_is_due():
    assert failure_of(np.inf, -np.inf, "loss").hint == "`loss` is not finite."


def test_a_finite_number_where_infinity_is_due_fails():
    assert "is 1 where inf is due" in failure_of(1.0, np.inf, "loss").message


def test_hints_hold_no_digit_of_the_values():
    secret = np.array([[0.123456, 7.891], [3.21, 4.44], [5.01, 6.7]])
    for got in (secret * 3.17, secret + 0.5, secret[::-1], secret.T, secret[:2], 1.0, np.full((3, 2), np.nan)):
        hint = failure_of(got, secret, "x").hint
        assert not any(digits in hint for digits in ("123", "891", "3.17", "0.5", "3", "2"))


def test_the_slack_is_a_millionth_of_the_scale():
    want = np.array([1000.0, 0.0])
    expect(want + np.array([0.0, 0.9e-3])).close_to(want)
    assert "allowed 0.001" in failure_of(want + np.array([0.0, 1.1e-3]), want).message


def test_a_result_of_zeros_is_measured_against_one():
    expect(np.full(3, 1e-12)).close_to(np.zeros(3))
    assert "allowed 1e-06" in failure_of(np.full(3, 1e-4), np.zeros(3)).message


def test_tiny_results_keep_their_own_scale():
    assert "is zero everywhere" in failure_of(np.zeros(3), np.full(3, 1e-12)).message


def test_precise_comparisons_allow_rounding_only():
    expect(np.array([1.0]) + 1e-15).close_to(np.array([1.0]), precise=True)
    assert "off by 1e-07" in failure_of(np.array([1.0 + 1e-7]), np.array([1.0]), precise=True).message


def test_a_precise_comparison_still_recognises_a_pattern_up_to_the_slack():
    want = np.array([1.0, 2.0, 5.0])
    assert failure_of(2 * want + 1e-9, want, "dx", precise=True).hint == "`dx` is twice what it should be."


def test_roundoff_widens_the_tolerance_a_hundredfold():
    expect(1.0 + 0.9e-2).close_to(1.0, roundoff=1e-4)
    failure_of(1.0 + 1.1e-2, 1.0, roundoff=1e-4)


@pytest.mark.parametrize("roundoff", [-1.0, np.nan, np.inf])
def test_an_impossible_roundoff_is_refused(roundoff):
    with pytest.raises(ValueError, match="roundoff must be a finite number of at least 0"):
        expect(1.0).close_to(1.0, roundoff=roundoff)


def test_equality_is_exact():
    expect((2, 3)).equals((2, 3))
    with pytest.raises(
        CheckFailure, match=r"result is 1 where 1.0000000000000002 is due \(off by 2.2e-16; allowed 0\)"
    ):
        expect(1.0).equals(1.0 + np.finfo(float).eps)


def test_masks_are_compared_exactly():
    mask = np.tri(3, dtype=bool)
    expect(mask).equals(mask)
    with pytest.raises(CheckFailure) as caught:
        expect(~mask, "mask").equals(mask)
    assert caught.value.message == (
        "mask differs in 9 of 9 entries; the first is mask[0, 0] = False where True is due. "
        "mask is the opposite of what is due (True where False is due)."
    )
    assert caught.value.hint == "`mask` is the opposite of what is due (True where False is due)."


@pytest.mark.parametrize("got", [np.zeros((2, 3)), np.ones((2, 3), dtype=bool), np.zeros((2, 3), dtype=np.float32)])
def test_a_shape_is_right_whatever_the_values(got):
    expect(got).has_shape((2, 3))


def test_a_wrong_shape_is_named():
    with pytest.raises(CheckFailure, match="drop the extra axis"):
        expect(np.zeros((1, 3)), "db").has_shape((3,))
    with pytest.raises(CheckFailure, match="is a list; return a numpy array"):
        expect([1.0], "db").has_shape((1,))


def test_bounds_hold_for_every_entry():
    p = np.array([0.0, 0.25, 1.0])
    expect(p).at_least(0).at_most(1).is_finite()


def test_a_broken_bound_shows_the_worst_entry():
    with pytest.raises(CheckFailure) as caught:
        expect(np.array([0.5, 1.5, 1.25]), "p").at_most(1)
    assert caught.value.message == "p[1] is 1.5; right is a value that is at most 1."
    assert caught.value.hint == "`p` is larger than it can be."
    with pytest.raises(CheckFailure) as caught:
        expect(np.array([3, 2], dtype=np.uint8), "p").at_least(2.5)
    assert caught.value.message == "p[1] is 2; right is a value that is at least 2.5."
    assert caught.value.hint == "`p` is smaller than it can be."


def test_zero_is_exact_unless_a_distance_is_given():
    expect(np.zeros(3)).is_zero()
    expect(-1e-9).is_zero(within=1e-8)
    with pytest.raises(CheckFailure) as caught:
        expect(np.array([0.0, -1e-9]), "out").is_zero()
    assert caught.value.message == "out[1] is -1e-09; right is a value that is zero."
    assert caught.value.hint == "`out` must be zero."


def test_zero_up_to_an_infinite_uncertainty_is_a_failure():
    with pytest.raises(CheckFailure) as caught:
        expect(0.0, "slope").is_zero(within=np.inf)
    assert caught.value.message == "slope cannot be told from any other number: its uncertainty is infinite."
    assert caught.value.hint == "`slope` is undetermined."


@pytest.mark.parametrize("within", [-1.0, np.nan])
def test_an_impossible_distance_is_refused(within):
    with pytest.raises(ValueError, match="within must be at least 0"):
        expect(0.0).is_zero(within=within)


def test_hints_hold_no_key_that_the_student_chose():
    for got in ({"my key": np.nan}, {"my key": 2.0}, {"my key": None}):
        with pytest.raises(CheckFailure, match="grads") as caught:
            expect(got, "grads").at_most(1.0)
        assert "my key" in caught.value.message
        assert "my key" not in caught.value.hint
        assert "`grads`" in caught.value.hint


@pytest.mark.parametrize("ask", ["at_most", "at_least"])
def test_nan_is_within_no_bounds(ask):
    with pytest.raises(CheckFailure, match="must be finite"):
        getattr(expect(np.nan, "loss"), ask)(1.0)


@pytest.mark.parametrize("got", [None, "text", [1.0, None], np.array([None])])
def test_what_is_no_number_is_never_finite(got):
    with pytest.raises(CheckFailure):
        expect(got).is_finite()


def test_a_list_of_numbers_is_looked_into_for_bounds():
    expect([1.0, 2.0]).at_most(2.0)


values = arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e6, 1e6))


@given(values)
def test_everything_is_close_to_itself(array):
    expect(array).close_to(array, precise=True).equals(array).has_shape(array.shape).is_finite()


@given(values, st.floats(1e-4, 1e3))
def test_a_mistake_of_a_ten_thousandth_of_the_scale_is_found(array, size):
    scale = np.abs(array).max() or 1.0
    got = array.copy()
    got.flat[-1] += 2 * size * scale
    with pytest.raises(CheckFailure):
        expect(got).close_to(array)


class TestVaries:
    @pytest.mark.parametrize("got", [np.array([1.0, 2.0]), [np.zeros(2), np.ones(2)], (1.0, 2)])
    def test_what_varies(self, got):
        expect(got, "y").varies()

    @pytest.mark.parametrize("got", [np.zeros((2, 3)), np.ones(1), [2.0, 2.0], np.zeros(0)])
    def test_what_does_not(self, got):
        with pytest.raises(CheckFailure, match="`y` has the same value everywhere"):
            expect(got, "y").varies()

    def test_what_is_not_finite(self):
        with pytest.raises(CheckFailure, match="NaN"):
            expect(np.array([np.nan, 1.0]), "y").varies()
