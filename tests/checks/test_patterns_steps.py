"""Trajectories: the first wrong step is said, and how it differs from the right one; not the worst entry."""

import numpy as np
import pytest

from grader.checks import value
from grader.checks.patterns.steps import first_wrong, is_trajectory, why_not_finite
from grader.checks.value import expect
from grader.evidence import CheckFailure

CURVATURES = np.array([1.0, 2.0, 4.0])
START = np.array([4.0, -8.0, 3.0])


def descent(grad, w0, lr, steps):
    rows = [w0]
    for _ in range(steps):
        rows.append(rows[-1] - lr * grad(rows[-1]))
    return np.array(rows)


def nesterov(grad, w0, lr, momentum, steps, *, look_ahead=True):
    rows = [w0, w0 - lr * grad(w0)]
    for _ in range(steps - 1):
        ahead = rows[-1] + momentum * (rows[-1] - rows[-2])
        rows.append(ahead - lr * grad(ahead if look_ahead else rows[-1]))
    return np.array(rows)


def adam(grad, w0, lr, steps, *, corrected=True):
    m, v, rows = 0, 0, [w0]
    for t in range(1, steps + 1):
        g = grad(rows[-1])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        first, second = (m / (1 - 0.9**t), v / (1 - 0.999**t)) if corrected else (m, v)
        rows.append(rows[-1] - lr * first / (np.sqrt(second) + 1e-8))
    return np.array(rows)


def bowl(w):
    return CURVATURES * w


def failure_of(got, want, name="trajectory"):
    with pytest.raises(CheckFailure) as caught:
        expect(got, name).close_to(want)
    return caught.value


def test_ascent_for_descent():
    due = descent(lambda w: w, np.array([4.0, -8.0]), 0.5, 3)
    failure = failure_of(descent(lambda w: -w, np.array([4.0, -8.0]), 0.5, 3), due)
    assert failure.message == (
        "trajectory is right up to step 0; step 1 is [6, -12] where [2, -4] is due (off by 8; allowed 8e-06). "
        "trajectory is wrong in step 1, which goes the opposite way."
    )
    assert failure.hint == "`trajectory` is wrong already in the first step, which goes the opposite way."
    assert failure.evidence[0].where == "[1, 1]"


def test_of_one_parameter_a_step_has_a_direction_and_a_length_and_no_factor():
    due = np.array([[0.0], [-4.0], [-8.0], [-12.0]])
    assert failure_of(-due, due).hint == "`trajectory` is wrong already in the first step, which goes the opposite way."
    first = "`trajectory` is wrong already in the first step, which"
    assert failure_of(2 * due, due).hint == f"{first} goes too far."
    assert failure_of(0.8 * due, due).hint == f"{first} does not go far enough."
    assert failure_of(0.8 * due, due).message.endswith("step 1, which does not go far enough: 0.8 times what is due.")


def test_adam_without_bias_correction():
    failure = failure_of(adam(bowl, START, 0.1, 4, corrected=False), adam(bowl, START, 0.1, 4))
    assert failure.message.startswith("trajectory is right up to step 0; step 1 is [3.68")
    assert failure.hint == "`trajectory` is wrong already in the first step, which goes too far."


def test_a_factor_with_a_name_of_the_first_wrong_step():
    def reference(w0, lr):
        return descent(bowl, w0, lr, 3)

    with pytest.raises(CheckFailure) as caught:
        value.agrees(lambda w0, lr: descent(bowl, w0, lr**2, 3), reference, START, 0.1, returns=("trajectory",))
    assert caught.value.hint == "`trajectory` is wrong already in the first step, which is lr times what it should be."


def test_a_step_in_another_direction_has_no_factor():
    due = descent(bowl, START, 0.1, 3)
    assert failure_of(descent(np.sin, START, 0.1, 3), due).hint == "`trajectory` is wrong already in the first step."


def test_nesterov_with_the_gradient_at_w_goes_wrong_in_a_later_step():
    due = nesterov(bowl, START, 0.1, 0.5, 4)
    failure = failure_of(nesterov(bowl, START, 0.1, 0.5, 4, look_ahead=False), due)
    assert failure.message.startswith("trajectory is right up to step 1; step 2 is [")
    assert failure.hint == "`trajectory` is right at first, and then a step is wrong."


def test_a_step_that_is_left_out():
    due = descent(bowl, START, 0.1, 4)
    got = descent(bowl, START, 0.1, 4)
    got[2] = got[1]
    assert failure_of(got, due).hint == "`trajectory` is right at first, and then a step is wrong, which does not move."


def test_a_wrong_first_row():
    due = descent(bowl, START, 0.1, 3)
    failure = failure_of(due + np.arange(1, 4), due)
    assert failure.message.startswith(
        "trajectory is wrong from its first row on: step 0 is [5, -6, 6] where [4, -8, 3]"
    )
    assert failure.hint == "`trajectory` is wrong in its first row already."


def test_a_long_point_is_shown_by_its_worst_coordinate():
    due = descent(lambda w: w, np.arange(1.0, 9.0), 0.5, 2)
    failure = failure_of(descent(lambda w: w * (w != 8), np.arange(1.0, 9.0), 0.5, 2), due)
    assert failure.message.startswith(
        "trajectory is right up to step 0; in step 1 trajectory[1, 7] = 8 where 4 is due (off by 4; "
    )


def test_what_is_true_of_all_rows_comes_first():
    due = descent(bowl, START, 0.1, 4)
    assert failure_of(np.tile(due[-1], (5, 1)), due).hint.endswith("changed in place and kept at each step.")
    assert failure_of(due[::-1], due).hint == "`trajectory` is reversed along axis 0."
    assert failure_of(0 * due, due).hint == "`trajectory` is zero everywhere."


def test_other_values_are_compared_entry_by_entry():
    due = descent(bowl, START, 0.1, 3)
    assert failure_of(-due, due, "means").hint == "`means` has the wrong sign."
    assert not is_trajectory("trajectory", due[0])
    assert not is_trajectory("trajectories", due)
    assert is_trajectory("the second trajectory", due)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda w: w[:-1], "has one row too few: w0 is the first row, and then a row for each step."),
        (lambda w: np.vstack([w, w[-1:]]), "has one row too many: w0 is the first row, and then a row for each step."),
        (lambda w: w[-1], "is a single point: return all points, w0 first."),
        (lambda w: w.T, "is transposed: a row is a point."),
        (lambda w: w[:2], "has the wrong length along axis 0."),
    ],
)
def test_a_wrong_shape_is_told_in_rows_and_points(change, hint):
    due = descent(bowl, START, 0.1, 4)
    assert failure_of(change(due), due).hint == f"`trajectory` {hint}"
    assert "row" not in failure_of(change(due), due, "means").hint


def test_the_first_wrong_row_is_found_also_by_nan():
    due = np.zeros((3, 2))
    assert first_wrong(due, due, 0.0) is None
    assert first_wrong(np.array([[0, 0], [0, np.nan], [1, 0]]), due, 0.5) == 1


def test_iterates_have_diverged_only_where_they_have_grown():
    zero = "was something divided by zero, or a root taken of less than zero?"
    large = [np.array([1.0, 2.0]), np.array([1e9, 0.0])]
    assert why_not_finite(large) == "the iterates have diverged"
    assert why_not_finite([]) == why_not_finite(large[1:]) == why_not_finite([large[0], 3 * large[0]]) == zero
