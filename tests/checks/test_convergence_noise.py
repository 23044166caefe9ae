"""The noise floor: right runs stay within the threshold, wrong ones do not, and the bound behind it holds exactly."""

import itertools

import numpy as np
import pytest
from scipy import stats

from grader.checks import convergence, problems
from grader.checks.convergence import martingale, noise
from grader.checks.record import recording
from grader.evidence import CheckFailure

LR, STEPS = 0.2, 3000


@pytest.fixture(scope="module")
def problem():
    return problems.least_squares(np.random.default_rng(1), 40, [0.5, 0.7, 1.0])


def sgd(problem, seed, *, lr=LR, batch=1, steps=STEPS, draw=None, scale=1.0):
    rng, oracle = np.random.default_rng(seed), problem.fresh()
    draw = draw or (lambda: rng.integers(problem.n, size=batch))
    rows = [oracle.start]
    for t in range(steps):
        rate = lr(t) if callable(lr) else lr
        rows.append(rows[-1] - scale * rate * oracle.gradient_of(rows[-1], draw()))
    return convergence.trajectory(np.array(rows), oracle, steps, name="w")


def failure_of(check, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        check(*args, **options)
    assert not any(character.isdigit() for character in caught.value.hint)
    return caught.value


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("seed", range(3))
def test_a_right_run_ends_at_its_floor(problem, batch, seed):
    run = sgd(problem, seed + 100, batch=batch)
    with recording() as record:
        convergence.floor(run, problem, lr=LR, batch=batch)
    (seen,) = record.sightings
    assert seen.name == "noise floor"
    assert abs(seen.values - 1) < 0.5 * seen.within  # twice the threshold is less than 11 standard deviations


WRONG = {
    "half of the step": ({"scale": 0.4}, "below"),
    "the sum over the batch": ({"scale": 2.2}, "above"),
    "the full gradient": ({"draw": lambda: np.arange(40)}, "below"),
}


@pytest.mark.parametrize("far", [3.0, 30.0, 1e3, 1e5, 1e8])
def test_a_run_that_stays_far_out_is_not_excused_by_the_noise_there(problem, far):
    oracle = problem.fresh()
    oracle.gradient(oracle.start)
    points = problem.minimiser + far * np.sign(problem.start - problem.minimiser) * np.ones((STEPS + 1, 1))
    points[0] = problem.start
    run = convergence.trajectory(points, oracle, STEPS)
    assert "lies above" in failure_of(convergence.floor, run, problem, lr=LR).hint


def test_a_run_that_leaves_at_the_end_is_improbable(problem):
    run = sgd(problem, 5)
    run.points[-1] += 1e8
    assert "lies above" in failure_of(convergence.floor, run, problem, lr=LR).hint


@pytest.mark.parametrize(("change", "side"), WRONG.values(), ids=WRONG)
def test_a_wrong_run_does_not(problem, change, side):
    failure = failure_of(convergence.floor, sgd(problem, 5, **change), problem, lr=LR)
    assert f"lies {side} what the learning rate and the batch size lead to" in failure.hint
    assert "but for a chance of 1e-06" in failure.message
    curve = failure.evidence[0].curves[0]
    assert (curve.name, curve.theorem_name) == ("squared distance to the minimiser", "expectation")


SCHEDULE = {"lr": lambda t: 64 / (t + 600)}
"""With 5,000 steps in 6 dimensions the sum is known up to a third; small constants would take longer."""


@pytest.fixture(scope="module")
def wide():
    return problems.least_squares(np.random.default_rng(1), 40, np.ones(6))


def test_a_schedule_decays_like_its_expectation(wide):
    run = sgd(wide, 3, steps=5000, **SCHEDULE)
    convergence.expected_squares(run, wide, first=200, **SCHEDULE)
    expected = wide.expected_squares(SCHEDULE["lr"], 1, 20_000)
    assert expected[20_000] / expected[10_000] == pytest.approx(0.5, abs=0.02)  # like 1/t


def test_a_fixed_step_in_place_of_a_schedule_does_not(wide):
    run = sgd(wide, 3, steps=5000, lr=64 / 5600)
    failure = failure_of(convergence.expected_squares, run, wide, first=200, **SCHEDULE)
    assert "squared distance" in failure.message


def test_a_step_off_by_half_in_the_schedule_does_not(wide):
    run = sgd(wide, 3, steps=5000, scale=0.5, **SCHEDULE)
    failure_of(convergence.expected_squares, run, wide, first=200, **SCHEDULE)


def silent():
    return problems.least_squares(np.random.default_rng(1), 10, [1.0, 1.0, 1.0], noise=0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda run, problem: convergence.floor(run, problem, lr=LR), "has not settled"),
        (lambda run, problem: convergence.expected_squares(run, problem, lr=LR, first=10), "known only up to"),
        (lambda run, problem: convergence.expected_squares(run, problem, lr=LR, first=0), "first must be one of"),
        (lambda run, problem: convergence.expected_squares(run, problem, lr=LR, first=9, level=0), "level must be in"),
        (lambda run, problem: convergence.floor(run, problem, lr=1.9), "no stationary second moment"),
        (lambda run, _: convergence.expected_squares(run, silent(), lr=LR, first=1), "without noise"),
    ],
)
def test_what_cannot_be_decided_is_refused(problem, call, said):
    with pytest.raises(ValueError, match=said):
        call(sgd(problem, 1, steps=20), problem)


class TestTheBound:
    """On five samples and batches of two, where all 25 batches can be tried."""

    problem = property(lambda _: problems.least_squares(np.random.default_rng(4), 5, [0.4, 1.0], 0.8))

    def of_one_step(self, problem, e, lr, batch):
        """The increment of ``|e'|^2`` for every batch, and what is said about it."""
        points = [
            e - lr * problem.objective.gradient_of(problem.minimiser + e, np.array(chosen))
            for chosen in itertools.product(range(5), repeat=batch)
        ]
        values = np.sum(np.array(points) ** 2, axis=1)
        (found,) = martingale.increments([np.array([e, e])], problem, np.array([lr]), batch, np.array([0.0, 1.0]))
        return values - values.mean(), found

    @pytest.mark.parametrize("batch", [1, 2, 3])
    @pytest.mark.parametrize("scale", [0, 0.3, 3])
    def test_variance_and_bound_are_those_of_all_batches(self, batch, scale):
        e = scale * np.array([1.0, -0.6])
        increments, found = self.of_one_step(self.problem, e, 0.3, batch)
        assert found.variances[0] == pytest.approx(np.mean(increments**2), rel=1e-10)
        assert np.abs(increments).max() <= found.bounds[0]

    @pytest.mark.parametrize("theta", [0.1, 1, 10, 100])
    @pytest.mark.parametrize("sign", [-1, 1])
    def test_the_exponential_moment_is_below_that_of_bennett(self, theta, sign):
        increments, found = self.of_one_step(self.problem, np.array([0.3, 0.1]), 0.3, 2)
        b = theta * found.bounds[0]
        log_bound = found.variances[0] * (np.expm1(b) - b) / found.bounds[0] ** 2
        assert np.log(np.mean(np.exp(sign * theta * increments))) <= log_bound

    def test_a_sum_minus_its_expectation_is_the_sum_of_the_increments(self):
        """Over all paths of two steps, the variances add up to that of the sum."""
        problem, rates, weights = self.problem, np.array([0.3, 0.2]), np.array([0.0, 1.0, 2.0])
        start = problem.start - problem.minimiser
        sums, variances = [], []
        for path in itertools.product(range(5), repeat=2):
            errors = [start]
            for rate, i in zip(rates, path, strict=True):
                slope = problem.objective.gradient_of(problem.minimiser + errors[-1], np.array([i]))
                errors.append(errors[-1] - rate * slope)
            sums.append(weights @ np.sum(np.array(errors) ** 2, axis=1))
            (found,) = martingale.increments([np.array(errors)], problem, rates, 1, weights)
            variances.append(found.variances.sum())
        assert np.mean(variances) == pytest.approx(np.var(sums), rel=1e-10)
        assert np.mean(sums) == pytest.approx(weights @ problem.expected_squares(lambda t: rates[t], 1, 2))

    def test_the_level_holds(self, problem):
        """At a level of 0.2, where failures can be counted; beyond the allowed number lies a chance below 1e-6."""
        runs, level, failed = 25, 0.2, 0
        for seed in range(runs):
            run = sgd(problem, seed, steps=800)
            try:
                convergence.floor(run, problem, lr=LR, level=level)
            except CheckFailure:
                failed += 1
        assert failed <= stats.binom.isf(1e-6, runs, level)

    def test_the_threshold_is_near_that_of_a_normal_law(self, problem):
        run = sgd(problem, 3)
        weights = (np.arange(STEPS + 1) > STEPS // 2) / (STEPS / 2 * problem.floor(LR))
        (found,) = martingale.increments([run.points - problem.minimiser], problem, np.full(STEPS, LR), 1, weights)
        deviations = martingale.allowed(found, found, 1e-6) / np.sqrt(found.variances.sum())
        assert np.sqrt(2 * np.log(2e6)) < deviations < 7

    def test_no_noise_leaves_no_room(self):
        problem = problems.least_squares(np.random.default_rng(1), 10, [1.0, 1.0], noise=0)
        (still,) = martingale.increments([np.zeros((4, 2))], problem, np.full(3, 0.1), 1, np.ones(4))
        assert martingale.threshold(still, 1e12, 1e-6) < 1e-10


def test_learning_rates_are_those_of_the_schedule():
    np.testing.assert_array_equal(noise.rates_of(lambda t: 1 / (t + 1), 3), [1, 1 / 2, 1 / 3])
    np.testing.assert_array_equal(noise.rates_of(0.5, 2), [0.5, 0.5])


def test_the_threshold_is_that_of_a_normal_law_for_small_increments_and_none_for_a_run_that_diverged():
    """Where increments are tiny, exp(x) - 1 - x is lost to rounding; where they are huge, it is infinite."""
    steps, level = 2000, 1e-6
    small = martingale.Increments(variances=np.full(steps, 1e-24), bounds=np.full(steps, 1e-12))
    theta = np.sqrt(2 * np.log(2 / level) / small.variances.sum())
    normal = np.sqrt(2 * np.log(2 / level) * small.variances.sum())
    # x = theta b is 0.12, so that Bennett's term exceeds x^2/2 by x/3 of it
    assert normal < martingale.threshold(small, theta, level) < 1.03 * normal
    vanishing = martingale.Increments(variances=np.full(steps, 1e-24), bounds=np.full(steps, 1e-200))
    assert martingale.threshold(vanishing, theta, level) == pytest.approx(normal, rel=1e-12)
    diverged = martingale.Increments(variances=np.full(steps, 1e200), bounds=np.full(steps, 1e200))
    assert martingale.threshold(diverged, theta, level) == np.inf


@pytest.mark.parametrize(("lr", "batch"), [(0.4, 8), (0.4, 4), (0.4, 2)])
def test_a_threshold_is_a_number_also_where_the_step_is_large(lr, batch):
    problem = problems.least_squares(np.random.default_rng(1), 40, np.linspace(1.0, 1.5, 6))
    expected = problem.expected_squares(lr, batch, 2000)
    weights = (np.arange(2001) > 1000) / (1000 * expected)
    rates = noise.rates_of(lr, 2000)
    (own,) = martingale.increments((noise._own_run(problem, rates, batch),), problem, rates, batch, weights)
    assert np.isfinite(martingale.allowed(own, own, 1e-6))
