"""Problems with known constants: the constants hold, and every call is judged and written down."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks import problems
from grader.checks.problems.logistic import images
from grader.evidence import CheckFailure

MADE = {
    "quadratic": lambda: problems.quadratic(np.random.default_rng(1), [0.5, 2.0, 8.0]),
    "unrotated": lambda: problems.quadratic(
        np.random.default_rng(1), [0.5, 2.0, 8.0], rotated=False, minimiser=[1, 2, 3]
    ),
    "worst case": lambda: problems.worst_case(7, L=3.0),
    "worst case of one": lambda: problems.worst_case(1),
    "logistic": lambda: problems.logistic(0.1),
    "least squares": lambda: problems.least_squares(np.random.default_rng(1), 20, [0.5, 1.0, 2.0], 0.7),
}
EVERY = pytest.mark.parametrize("make", MADE.values(), ids=MADE)


def refusal_of(call, *args):
    with pytest.raises(CheckFailure) as caught:
        call(*args)
    return caught.value


@EVERY
def test_the_gradient_is_that_of_the_value_and_the_hessian_that_of_the_gradient(make):
    oracle = make()
    rng = np.random.default_rng(2)
    w, way, h = oracle.start + 0.3, rng.normal(size=oracle.p), 1e-5
    slope = (oracle.value(w + h * way) - oracle.value(w - h * way)) / (2 * h)
    assert slope == pytest.approx(oracle.gradient(w) @ way, rel=1e-7)
    turn = (oracle.gradient(w + h * way) - oracle.gradient(w - h * way)) / (2 * h)
    np.testing.assert_allclose(turn, oracle.hessian(w) @ way, rtol=1e-6, atol=1e-8)


@EVERY
def test_the_minimiser_is_one_and_the_minimum_its_value(make):
    oracle = make()
    error = np.linalg.norm(oracle.gradient(oracle.minimiser)) / oracle.m
    assert error <= 1e-12
    assert oracle.value(oracle.minimiser) == pytest.approx(oracle.minimum, rel=1e-14, abs=1e-14)
    assert oracle.gap(oracle.start[None])[0] == pytest.approx(oracle.value(oracle.start) - oracle.minimum, rel=1e-12)


@EVERY
def test_curvature_lies_between_m_and_L(make):
    oracle = make()
    rng = np.random.default_rng(3)
    for w in (oracle.minimiser, oracle.start, oracle.start + rng.normal(size=oracle.p)):
        curvatures = np.linalg.eigvalsh(oracle.hessian(w))
        assert curvatures[0] >= oracle.m * (1 - 1e-10)
        assert curvatures[-1] <= oracle.L * (1 + 1e-12)
    assert oracle.kappa == oracle.L / oracle.m >= 1


@pytest.mark.parametrize("weight_decay", [1e-3, 1.0])
def test_the_minimiser_of_logistic_regression_is_known_to_twelve_digits(weight_decay):
    oracle = problems.logistic(weight_decay, digits=(0, 7))
    assert oracle.objective.minimiser_error <= 1e-12
    assert (oracle.n, oracle.p) == (178 + 179, 64)


def test_the_digits_are_the_test_set_of_the_uci_repository():
    """The same that scikit-learn bundles; the numbers of each digit are those that the repository states."""
    grey, labels = images()
    assert grey.shape == (1797, 64)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert set(np.unique(grey * 16)) == set(range(17))
    assert not grey[:, 0].any()  # the corner is blank in every image


@pytest.mark.parametrize("name", ["quadratic", "least squares"])
def test_the_start_has_the_distance_one_in_every_eigendirection(name):
    oracle = MADE[name]()
    _, axes = np.linalg.eigh(oracle.hessian(oracle.start))
    np.testing.assert_allclose(np.abs(axes.T @ (oracle.start - oracle.minimiser)), 1, rtol=1e-10)


@pytest.mark.parametrize("name", ["quadratic", "unrotated"])
def test_the_spectrum_is_the_one_asked_for(name):
    oracle = MADE[name]()
    np.testing.assert_allclose(np.linalg.eigvalsh(oracle.hessian(oracle.start)), [0.5, 2, 8], rtol=1e-12)


def test_unrotated_axes_are_those_of_the_coordinates():
    oracle = MADE["unrotated"]()
    np.testing.assert_array_equal(oracle.hessian(oracle.start), np.diag([0.5, 2, 8]))
    np.testing.assert_array_equal(oracle.minimiser, [1, 2, 3])


def test_gradients_of_the_worst_case_reach_one_entry_further_each():
    oracle = problems.worst_case(6)
    w = np.zeros(6)
    for t in range(6):
        assert np.flatnonzero(np.abs(oracle.gradient(w)) > 1e-15)[-1] == t  # beyond is rounding
        w[t] = 1.0 + t
    # the minimum over the first t entries is the bound that the docstring states
    for t in range(1, 7):
        T = oracle.hessian(w)[:t, :t]
        best = np.zeros(6)
        best[:t] = np.linalg.solve(T, -oracle.gradient(np.zeros(6))[:t])
        assert oracle.gap(best[None])[0] == pytest.approx(1 / 8 * (1 / (t + 1) - 1 / 7), abs=1e-15)


@pytest.mark.parametrize("name", ["logistic", "least squares"])
def test_gradients_of_samples_average_to_the_gradient(name):
    oracle = MADE[name]()
    w = oracle.start + 0.2
    np.testing.assert_allclose(oracle.gradient_of(w, np.arange(oracle.n)), oracle.gradient(w), atol=1e-14)
    one, two = oracle.gradient_of(w, 3), oracle.gradient_of(w, np.int64(5))
    np.testing.assert_allclose(oracle.gradient_of(w, [3, 5, 5]), (one + 2 * two) / 3, atol=1e-14)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 19), min_size=1, max_size=12))
def test_a_batch_is_the_mean_of_its_samples_repetitions_included(samples):
    oracle = MADE["least squares"]()
    each = np.mean([oracle.gradient_of(oracle.start, i) for i in samples], axis=0)
    np.testing.assert_allclose(oracle.gradient_of(oracle.start, np.array(samples)), each, atol=1e-13)
    np.testing.assert_array_equal(oracle.calls.samples[-1], samples)


class TestCalls:
    oracle = property(lambda _: MADE["least squares"]())

    def test_are_written_down_in_order(self):
        oracle = self.oracle
        w = oracle.start.copy()
        oracle.gradient(w)
        w += 1  # what a student does to the array later changes no record
        oracle.gradient_of(w, [4, 4])
        oracle.gradient_of(w, 7)
        assert oracle.calls.kinds == ["gradient", "gradient_of", "gradient_of"]
        assert oracle.calls.count("gradient_of") == 2
        np.testing.assert_array_equal(oracle.calls.points_of("gradient"), [oracle.start])
        assert [list(found) for found in oracle.calls.samples] == [[4, 4], [7]]
        assert oracle.calls.points_of("hessian").size == 0

    def test_a_fresh_oracle_knows_nothing_of_them(self):
        oracle = self.oracle
        oracle.gradient(oracle.start)
        again = oracle.fresh()
        assert (again.calls.kinds, oracle.calls.kinds) == ([], ["gradient"])
        assert type(again) is problems.LeastSquares

    def test_a_view_refuses_other_kinds_and_writes_into_the_same_record(self):
        oracle = self.oracle
        view = oracle.only("gradient", limit=3)
        view.gradient(oracle.start)
        failure = refusal_of(view.hessian, oracle.start)
        assert failure.message == "it asked for the Hessian; this method may ask for the gradient only."
        assert failure.hint == "Your function uses the Hessian."
        assert oracle.calls.kinds == ["gradient"]

    def test_a_view_of_nothing_or_of_the_unknown_is_refused(self):
        for kinds in ((), ("slope",)):
            with pytest.raises(ValueError, match="only takes some of value, gradient, gradient_of, hessian"):
                self.oracle.only(*kinds)

    def test_a_function_that_is_no_sum_has_no_samples(self):
        oracle = MADE["quadratic"]()
        assert "asked for the gradient of samples" in refusal_of(oracle.gradient_of, oracle.start, 0).message

    def test_too_many_are_refused(self):
        view = self.oracle.only("gradient", limit=5)
        for _ in range(5):
            view.gradient(view.start)
        failure = refusal_of(view.gradient, view.start)
        assert failure.message == "it asked the oracle more than 5 times, far more often than the method needs."
        assert "5" not in failure.hint

    def test_a_million_end_at_the_limit_of_its_own(self):
        view = MADE["unrotated"]()
        with pytest.raises(CheckFailure, match="more than 20000 times"):
            for _ in range(1_000_000):
                view.value(view.start)
        assert len(view.calls.kinds) == 20_000

    def test_points_are_kept_up_to_a_limit(self, monkeypatch):
        monkeypatch.setattr("grader.checks.problems.oracle.NUMBERS_KEPT", 7)
        oracle = self.oracle
        for _ in range(4):
            oracle.gradient(oracle.start)
        assert oracle.calls.points_of("gradient").shape == (2, 3)
        assert oracle.calls.count("gradient") == 4

    @pytest.mark.parametrize(
        ("point", "said"),
        [
            (np.zeros(2), "at a point of shape (2,); points have the shape (3,)"),
            (np.zeros((3, 1)), "at a point of shape (3, 1)"),
            (np.array([0, np.nan, 1]), "at a point with NaN or infinity in call 1: was something divided by zero"),
            (np.array([0, np.inf, 1]), "at a point with NaN or infinity"),
            (None, "at a NoneType; due is an array of 3 numbers"),
            ("abc", "at a str"),
            (["a", "b", "c"], "at a list"),
            ([[1, 2], [3]], "at a list"),
            (np.zeros(3, complex), "at a ndarray"),
            (np.array(["x"] * 3), "at a ndarray"),
        ],
    )
    def test_at_what_is_no_point_are_refused(self, point, said):
        oracle = self.oracle
        failure = refusal_of(oracle.gradient, point)
        assert said in failure.message
        assert not any(character.isdigit() for character in failure.hint.replace("w0", ""))
        assert oracle.calls.kinds == []

    def test_a_point_that_is_not_finite_after_very_large_ones_has_diverged(self):
        oracle = self.oracle
        for size in (1.0, 1e9):
            oracle.gradient(np.full(3, size))
        failure = refusal_of(oracle.gradient, np.full(3, np.inf))
        assert failure.hint.endswith("at a point with NaN or infinity: the iterates have diverged.")

    @pytest.mark.parametrize("point", [[0, 1, 2], (0.5, 1, 2), np.float32([0, 1, 2]), np.array([1, 2, 3])])
    def test_at_any_three_numbers_are_answered(self, point):
        assert self.oracle.gradient(point).dtype == np.float64

    @pytest.mark.parametrize(
        ("samples", "said"),
        [
            (20, "at sample 20; samples are 0 to 19"),
            ([3, -1], "at sample -1"),
            (1.0, "at a float, which is no integer"),
            (True, "at a bool, which is no integer"),
            (np.ones(20, bool), "at a ndarray, which is no integer"),
            ("all", "at a str"),
            ([], "at no index at all"),
            (np.zeros((2, 2), int), "at an array of shape (2, 2)"),
            (None, "at a NoneType"),
        ],
    )
    def test_of_what_is_no_sample_are_refused(self, samples, said):
        oracle = self.oracle
        failure = refusal_of(oracle.gradient_of, oracle.start, samples)
        assert said in failure.message
        assert failure.hint.startswith("Your function asks for the gradient of samples")

    def test_leave_what_is_known_unchanged(self):
        oracle = self.oracle
        with pytest.raises(ValueError, match="read-only"):
            oracle.start[0] = 1
        hessian = oracle.hessian(oracle.start)
        hessian[:] = 0
        assert oracle.hessian(oracle.start).any()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda rng: problems.quadratic(rng, []), "a spectrum is a list of positive numbers"),
        (lambda rng: problems.quadratic(rng, [1, -1]), "a spectrum is a list of positive numbers"),
        (lambda rng: problems.quadratic(rng, [1, 2], minimiser=[0]), r"must have the shape \(2,\)"),
        (lambda _: problems.worst_case(0), "p of at least 1"),
        (lambda _: problems.worst_case(3, L=-1), "a positive L"),
        (lambda rng: problems.least_squares(rng, 2, [1, 2]), "n above 2"),
        (lambda rng: problems.least_squares(rng, 9, [1, 2], -1), "noise of at least 0"),
        (lambda _: problems.logistic(0), "weight_decay must be positive"),
        (lambda _: problems.logistic(digits=(3, 3)), "two different ones"),
        (lambda _: problems.logistic(digits=(3, 11)), "two different ones"),
    ],
)
def test_problems_that_cannot_be_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make(np.random.default_rng(0))
