"""Patterns of axes: the wrong one, one value everywhere, and sums left out or too much, in values and in shapes."""

import numpy as np
import pytest

from grader.checks import gradient, value
from grader.checks.patterns import UNKNOWN, likely_cause
from grader.checks.patterns.axes import shape_advice
from grader.checks.value import expect
from grader.evidence import CheckFailure

X = np.random.default_rng(0).normal(size=(5, 4))
SQUARE = np.random.default_rng(1).normal(size=(4, 4))


def cause_of(got, want, **options):
    return likely_cause(np.asarray(got), np.asarray(want), within=1e-6, **options)


def softmax(z, axis):
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)


def centred(z, axis):
    return z - z.mean(axis=axis, keepdims=True)


def unit(z, axis):
    return z / np.sqrt((z**2).sum(axis=axis, keepdims=True))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (softmax, "adds up to 1 along axis 0 where it must along axis 1"),
        (centred, "has mean 0 along axis 0 where it must along axis 1"),
        (unit, "has length 1 along axis 0 where it must along axis 1"),
    ],
)
@pytest.mark.parametrize("values", [X, SQUARE])
def test_a_normalisation_along_the_wrong_axis_leaves_its_trace(function, words, values):
    cause = cause_of(function(values, 0), function(values, 1))
    assert (cause.words, cause.hint) == (words, words)


def test_what_is_normalised_along_both_axes_or_none_has_no_wrong_axis():
    doubly = np.full((3, 3), 0.25) + np.eye(3) / 4
    assert cause_of(doubly, softmax(SQUARE[:3, :3], 1)) is UNKNOWN
    assert cause_of(softmax(X, None), softmax(X, 1)) is UNKNOWN
    assert cause_of(softmax(SQUARE, 0), SQUARE) is UNKNOWN


def test_a_table_of_zeros_and_ones_is_normalised_by_chance():
    got, want = np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    assert "axis 0 where" not in cause_of(got, want).words


@pytest.mark.parametrize(
    ("reduction", "words"),
    [(np.sum, "sum"), (np.mean, "mean"), (np.max, "largest entry"), (np.min, "smallest entry")],
)
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_reduction_of_an_argument_over_the_wrong_axis_is_named(reduction, words, keepdims):
    got = reduction(SQUARE, axis=1, keepdims=keepdims).reshape(-1 if not keepdims else (1, -1))
    want = reduction(SQUARE, axis=0, keepdims=keepdims)
    cause = cause_of(got, want, arguments=[X, SQUARE])
    assert cause.words == cause.hint == f"is the {words} over axis 1 where axis 0 is due"
    assert cause_of(got, want, arguments=[X]) is UNKNOWN


def test_sums_of_a_symmetric_matrix_and_of_small_counts_have_no_wrong_axis():
    symmetric = SQUARE + SQUARE.T
    assert cause_of(symmetric.sum(axis=0) + np.arange(4), symmetric.sum(axis=1), arguments=[symmetric]) is UNKNOWN
    counts = np.array([[1.0, 0.0], [1.0, 1.0]])
    assert "axis 1 where" not in cause_of(counts.sum(axis=1), counts.sum(axis=0), arguments=[counts]).words


class TestOneValueInAllPlaces:
    def test_the_sum_of_everything(self):
        want = X.sum(axis=0)
        cause = cause_of(np.full(4, X.sum()), want)
        assert cause.words == cause.hint == "holds the sum of what is due in every entry"

    def test_the_mean_of_everything(self):
        assert cause_of(np.full(X.shape, X.mean()), X).words == "holds the mean of what is due in every entry"

    def test_any_other_number(self):
        assert cause_of(np.full(X.shape, 7.7), X).words == "holds the same number in every entry"

    def test_a_number_that_is_the_sum_of_small_counts_by_chance(self):
        assert cause_of([2, 2, 2], [1, 0, 1]).words == "holds the same number in every entry"

    def test_one_row_for_all(self):
        assert cause_of(np.tile(X[0] + 1, (5, 1)), X).words == "is the same at every index of axis 0"
        assert cause_of(np.tile(X[:, :1] + 1, (1, 4)), X).words == "is the same at every index of axis 1"

    def test_the_last_step_in_place_of_all(self):
        cause = cause_of(np.tile(X[-1], (5, 1)), X)
        assert (
            cause.words
            == cause.hint
            == (
                "holds its last entries at every index of axis 0, as when one array is changed in place and kept at each step"
            )
        )

    def test_a_constant_where_one_is_due_says_as_little_as_one_number(self):
        assert cause_of(np.full(4, 3.0), np.full(4, 2.0)) is UNKNOWN
        assert cause_of(np.full(4, 4.0), np.full(4, 2.0)).words == "is twice what it should be"

    def test_one_wrong_entry_is_named_as_such(self):
        assert cause_of(np.ones(4), [1.0, 1.0, 1.0, 9.0]).words == "is wrong only at index 3 of axis 0"


DEEP = np.random.default_rng(2).normal(size=(2,) * 5)

ADVICE = [
    (DEEP[0], DEEP[0].mean(), ": average it over axes 0, 1, 2, 3"),
    (X[None], X.sum(axis=0), ": sum it over axes 0, 1"),
    (X, X.sum(axis=0), ": sum it over axis 0"),
    (X, X.sum(axis=1), ": sum it over axis 1"),
    (X, X.mean(axis=0), ": average it over axis 0"),
    (X, X.sum(), ": sum it over axes 0, 1"),
    (X[0], X[0].mean(), ": average it over axis 0"),
    (X, X.sum(axis=0, keepdims=True), ": sum it over axis 0"),
    (X.sum(), X.sum(axis=0), ": do not sum it over axis 0"),
    (X.mean(axis=0), X, ": do not average it over axis 0"),
    (X.sum(axis=0, keepdims=True), X, ": do not sum it over axis 0"),
    (X.sum(axis=1), X.sum(axis=0), ": was it summed over the wrong axis?"),
    (X.sum(axis=1, keepdims=True), X.sum(axis=0, keepdims=True), ": was it summed over the wrong axis?"),
]


@pytest.mark.parametrize(("got", "want", "advice"), ADVICE)
def test_what_a_wrong_shape_needs_is_said_where_the_numbers_prove_it(got, want, advice):
    assert shape_advice(np.asarray(got), np.asarray(want)) == advice


ROW = X[:1]
BROADCAST = [
    (ROW + ROW.T, ROW),
    (ROW + ROW.T, ROW.T),
    (ROW.T - X[1], X[1]),
    (np.tile(ROW, (4, 1)), ROW),
]


@pytest.mark.parametrize(("got", "want"), BROADCAST)
def test_a_square_that_is_a_row_and_a_column_is_no_sum_that_was_left_out(got, want):
    assert shape_advice(got, want) == ": was a column added to a row?"


SILENT = [
    (ROW * ROW.T, ROW),
    (np.tile(X[:1, :3], (5, 1)), X[:1, :4]),
    (X, X.sum(axis=0) + 0.1),
    (X[:1].sum(axis=1), X[0]),
    (np.zeros((5, 3)), np.zeros(3)),
    (np.full((3, 3), 0.5), np.full(3, 1.5)),
    (SQUARE + SQUARE.T, (SQUARE + SQUARE.T).sum(axis=0)),
    (np.array([1.0, 2.0]), np.array(3.0)),
    (np.full((5, 3), np.nan), np.ones(3)),
    (np.zeros((0, 3)), X[0, :3]),
    (np.array([0.6, 0.4]), np.array([0.2, 0.3, 0.5])),
    (np.append(X[0], [0.0, 0.0]), X[0]),
    (X.reshape(10, 2), X.reshape(2, 10)),
    (np.full((1,) * 30, 0.7), X),
    (DEEP, DEEP.sum()),
    (X > 0, X[0] > 0),
    (np.array([None, None]), np.zeros(3)),
]


@pytest.mark.parametrize(("got", "want"), SILENT)
def test_where_the_numbers_prove_nothing_nothing_is_said(got, want):
    assert shape_advice(got, want) == ""


def test_a_proven_advice_takes_the_place_of_a_question():
    with pytest.raises(CheckFailure) as caught:
        expect(X, "db").close_to(X.sum(axis=0))
    assert caught.value.message == (
        "db has shape (5, 4), due is (4,): it has two axes where one is due: sum it over axis 0."
    )
    assert caught.value.hint == "`db` has two axes where one is due: sum it over axis 0."
    with pytest.raises(CheckFailure) as caught:
        expect(X.sum(axis=1), "db").close_to(X.sum(axis=0))
    assert caught.value.hint == "`db` has the wrong length along axis 0: was it summed over the wrong axis?"


def test_a_shape_without_values_keeps_the_question():
    with pytest.raises(CheckFailure, match="was a sum over an axis forgotten"):
        expect(X, "db").has_shape((4,))


def linear(x, S, b):
    return x @ S + b, (x, S)


def backward_with(db_of):
    return lambda dh, cache: (dh @ cache[1].T, cache[0].T @ dh, db_of(dh))


def gradient_failure_of(db_of, features=3):
    rng = np.random.default_rng(0)
    at = {"x": X, "S": rng.normal(size=(4, features)), "b": rng.normal(size=features)}
    with pytest.raises(CheckFailure) as caught:
        gradient.agrees(linear, backward_with(db_of), at=at, rng=rng)
    return caught.value


def test_a_gradient_with_the_axis_of_the_samples_is_told_to_lose_it():
    still = "the axis of the samples is still there, sum or average over axis 0."
    over_features = gradient_failure_of(lambda dh: dh.sum(axis=1))
    assert over_features.hint == f"`db` has the wrong length along axis 0: {still}"
    assert gradient_failure_of(lambda dh: dh).hint == f"`db` has two axes where one is due: {still}"


def test_of_a_value_the_first_argument_says_the_number_of_samples():
    def mean(x):
        return np.tanh(x).mean(axis=0)

    with pytest.raises(CheckFailure, match="the axis of the samples is still there"):
        value.agrees(lambda x: np.tanh(x).prod(axis=1), mean, X, returns=("mean",))
    with pytest.raises(CheckFailure, match="wrong length along axis 0[.]"):
        value.agrees(lambda _n, x: x.prod(axis=1), lambda _n, x: mean(x), 5, X, returns=("mean",))
    with pytest.raises(CheckFailure, match="drop the extra axis"):
        value.agrees(lambda x: mean(x)[None], mean, X[:1], returns=("mean",))


def test_another_length_is_not_called_that_of_the_samples():
    for failure in (gradient_failure_of(lambda dh: dh.sum(axis=0)[:2]), gradient_failure_of(lambda dh: dh[0, 0])):
        assert "samples" not in failure.hint
    # as many features as samples: the length says nothing
    assert "samples" not in gradient_failure_of(lambda dh: np.vstack([dh, dh]).sum(axis=1), features=5).hint


def test_the_numbers_of_an_argument_are_no_numbers_of_its_gradient():
    """The gradient by b has the shape of b, and nothing to do with its values."""
    b = np.array([1.5, 0.3, 0.7])
    with pytest.raises(CheckFailure) as caught:
        gradient.agrees(
            linear,
            backward_with(lambda _dh: np.array([b, b, b, b])),
            at={"x": X, "S": np.ones((4, 3)), "b": b},
            rng=np.random.default_rng(0),
        )
    assert "average" not in caught.value.hint
