"""The noise of least squares: exact recursions against averages over every path, and over drawn ones."""

import itertools

import numpy as np
import pytest

from grader.checks import problems

OFTEN = 6.0
"""Standard errors: a normal mean is farther off with a chance of 2e-9."""


@pytest.fixture
def problem():
    return problems.least_squares(np.random.default_rng(4), 5, [0.4, 1.0], 0.8)


def stepped(problem, w, lr, samples):
    return w - lr * problem.objective.gradient_of(w, np.array(samples))


@pytest.mark.parametrize("batch", [1, 2])
def test_the_expectation_is_that_over_all_paths(problem, batch):
    rates, points = [0.3, 0.2], problem.start[None]
    for rate in rates:  # every batch after every batch: 5^(2 * batch) paths, all equally likely
        batches = list(itertools.product(range(5), repeat=batch))
        points = np.array([stepped(problem, w, rate, chosen) for w in points for chosen in batches])
    exact = problem.expected_squares(lambda t: rates[t], batch, 2)
    assert exact[-1] == pytest.approx(np.mean(problem.distance(points) ** 2), rel=1e-12)
    assert exact[0] == pytest.approx(2)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_quadratic_function_is_pulled_back_through_all_batches(problem, batch):
    rng = np.random.default_rng(1)
    root, linear, w = rng.normal(size=(2, 2)), rng.normal(size=2), rng.normal(size=2)
    Q = root @ root.T

    def quadratic(e):
        return e @ Q @ e + linear @ e

    after = [stepped(problem, w, 0.3, chosen) for chosen in itertools.product(range(5), repeat=batch)]
    before, slope, constant = problem.pulled_back(Q, linear, 0.3, batch)
    e = w - problem.minimiser
    mean = np.mean([quadratic(point - problem.minimiser) for point in after])
    assert e @ before @ e + slope @ e + constant == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize(("lr", "batch"), [(0.2, 1), (0.5, 4), (1e-2, 1)])
def test_the_floor_is_where_the_expectation_ends(problem, lr, batch):
    steps = int(40 / (lr * problem.m))  # exp(-40) of the start is left, up to a factor for the noise
    assert problem.floor(lr, batch) == pytest.approx(problem.expected_squares(lr, batch, steps)[-1], rel=1e-9)


def test_the_floor_is_about_half_lr_times_the_noise_for_small_steps(problem):
    """In each eigendirection the noise divided by its curvature, to first order in the learning rate."""
    values, axes = np.linalg.eigh(problem.hessian(problem.start))
    noise = np.diag(axes.T @ problem.noise_covariance @ axes)
    assert problem.floor(1e-6) == pytest.approx(1e-6 / 2 * np.sum(noise / values), rel=1e-5)
    assert problem.floor(1e-6, 10) == pytest.approx(problem.floor(1e-6) / 10, rel=1e-5)


def test_a_learning_rate_without_a_floor_is_refused(problem):
    assert problem.expected_squares(1.5, 1, 400)[-1] > 1e6
    with pytest.raises(ValueError, match="no stationary second moment"):
        problem.floor(1.5)


def test_drawn_runs_have_the_expected_squares():
    problem = problems.least_squares(np.random.default_rng(4), 30, [0.3, 1.0, 1.0])
    rng = np.random.default_rng(5)
    runs, steps = 4000, 30
    e = np.tile(problem.start - problem.minimiser, (runs, 1))
    for _ in range(steps):
        i = rng.integers(problem.n, size=runs)
        x = problem.X[i]
        e = e - 0.2 * x * (np.sum(x * e, axis=1) - problem.residuals[i])[:, None]
    squares = np.sum(e**2, axis=1)
    error = squares.std() / np.sqrt(runs)
    assert abs(squares.mean() - problem.expected_squares(0.2, 1, steps)[-1]) < OFTEN * error


def test_constants_of_the_noise_are_those_of_the_samples(problem):
    each = np.array([problem.objective.gradient_of(problem.minimiser, np.array([i])) for i in range(5)])
    np.testing.assert_allclose(problem.noise_covariance, each.T @ each / 5, atol=1e-14)
    assert problem.sigma_0**2 == pytest.approx(np.mean(np.sum(each**2, axis=1)))
    assert problem.L_max <= 2 * 1.4 * (1 + 1e-12)
    assert problem.L_max == pytest.approx(max(np.linalg.norm(np.outer(x, x), 2) for x in problem.X))


def test_the_noise_grows_with_the_distance_by_no_more_than_stated(problem):
    rng = np.random.default_rng(3)
    for scale in (0.1, 1, 10):
        e = scale * rng.normal(size=2)
        each = np.array([problem.objective.gradient_of(problem.minimiser + e, np.array([i])) for i in range(5)])
        spread = np.mean(np.sum((each - each.mean(axis=0)) ** 2, axis=1))
        assert spread <= 2 * problem.sigma_0**2 + 2 * problem.sigma**2 * (e @ e)


def test_without_noise_all_samples_agree_about_the_minimiser():
    problem = problems.least_squares(np.random.default_rng(0), 8, [1.0, 2.0], noise=0)
    assert problem.sigma_0 == 0
    assert np.abs(problem.gradient_of(problem.minimiser, 5)).max() < 1e-14
    assert problem.floor(0.1) == 0
