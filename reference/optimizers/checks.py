"""Hidden checks of the assignment: single steps by value, and whole runs against the theorems about them.

The oracles live in this process and write down what they were asked. So a random method is compared with the
definition on the samples that it drew itself, whatever way it drew them, and the law of the samples is checked apart.
Constants are no numbers at which a forgotten factor would not show: eps is large, and momentum is neither 0 nor 1/2.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from grader import CheckFailure, convergence, exercise, expect, problems, statistics, value
from grader.checks.calling import name_of
from grader.checks.convergence import Trajectory
from grader.checks.record import recording, sighted

Array = npt.NDArray[np.float64]
Replay = Callable[[list[Any], Array], Array]

LEVEL = 1e-6
"""Chance that a right answer fails a check of the samples that it drew."""

SPECTRUM = (0.4, 1.0, 2.2, 3.5)
"""Curvatures of the small problems: all different, so that no direction hides another."""


def falling(t: int) -> float:
    """Return a step size that changes at once, so that a step that is counted wrong shows."""
    return 0.4 / (1 + 0.5 * t)


def rising(t: int) -> float:
    """Return a momentum that changes with the step and is nowhere 0."""
    return (t + 1) / (t + 4)


def small(rng: Any) -> Any:
    """Draw a problem in four dimensions."""
    return problems.quadratic(rng, SPECTRUM)


def run_of(function: Any, oracle: Any, steps: int, *constants: Any, lr: Any) -> Trajectory:
    """Run a first-order method from the oracle's start, and check the form of its trajectory."""
    view = oracle.only("gradient", limit=LIMIT * (steps + 1))
    return convergence.trajectory(function(view.gradient, oracle.start, lr, *constants, steps), oracle, steps)


LIMIT = 10
"""Calls that are answered, for each call that is due: one that asks so often is not slow but lost."""

LRS = pytest.mark.parametrize("lr", [0.23, falling], ids=["a fixed step size", "a schedule"])


def agrees(student: Any, reference: Any, oracle: Any, name: str, *constants: Any, lr: Any, steps: int = 7) -> None:
    """Check a first-order method by value, after the form of its trajectory."""
    run_of(getattr(student, name), oracle.fresh(), steps, *constants, lr=lr)
    grad = oracle.fresh().gradient  # answers the student's run, and the reference's nine
    arguments = grad, oracle.start, lr, *constants, steps
    value.agrees(getattr(student, name), getattr(reference, name), *arguments, returns=("trajectory",))


# --- deterministic ----------------------------------------------------------------------------------------------------


@exercise("deterministic")
@LRS
def check_gradient_descent_follows_the_definition(student: Any, reference: Any, rng: Any, lr: Any) -> None:
    """Every step of gradient descent is right."""
    agrees(student, reference, small(rng), "gradient_descent", lr=lr)


@exercise("deterministic")
@pytest.mark.parametrize("momentum", [0.7, rising], ids=["a fixed momentum", "a schedule"])
@pytest.mark.parametrize("name", ["heavy_ball", "nesterov"])
def check_momentum_follows_the_definition(student: Any, reference: Any, rng: Any, name: str, momentum: Any) -> None:
    """Every step of the method with momentum is right."""
    agrees(student, reference, small(rng), name, momentum, lr=0.23)


@exercise("deterministic")
@pytest.mark.parametrize("name", ["heavy_ball", "nesterov"])
def check_momentum_follows_a_schedule_of_step_sizes(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The method with momentum is right when the step size changes."""
    agrees(student, reference, small(rng), name, 0.7, lr=falling)


@exercise("deterministic")
def check_nesterov_schedule_follows_the_definition(student: Any, reference: Any) -> None:
    """Nesterov's momentum is right from t = 1 on."""
    for t in (1, 2, 3, 7, 50, 1000):
        value.agrees(student.nesterov_schedule, reference.nesterov_schedule, t, returns=("momentum",))


@exercise("deterministic")
@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "nesterov"])
def check_methods_agree_on_the_digits(student: Any, reference: Any, name: str) -> None:
    """The method is right on real data, logistic regression on handwritten digits."""
    oracle = problems.logistic(0.1)
    constants = () if name == "gradient_descent" else (0.7,)
    agrees(student, reference, oracle, name, *constants, lr=1 / oracle.L, steps=5)


@exercise("deterministic")
@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "nesterov"])
def check_one_gradient_a_step(student: Any, rng: Any, name: str) -> None:
    """The method asks for one gradient a step."""
    steps, oracle = 12, small(rng)
    constants = () if name == "gradient_descent" else (0.7,)
    run_of(getattr(student, name), oracle, steps, *constants, lr=0.2)
    convergence.calls(oracle, gradient=steps, why="one gradient a step")


@exercise("deterministic")
@pytest.mark.parametrize("kappa", [4.0, 100.0])
def check_gradient_descent_contracts(student: Any, rng: Any, kappa: float) -> None:
    """Gradient descent comes nearer by (kappa - 1) / (kappa + 1) in every step."""
    oracle = problems.quadratic(rng, np.geomspace(0.5, 0.5 * kappa, 5))
    run = run_of(student.gradient_descent, oracle, 40, lr=2 / (oracle.m + oracle.L))
    convergence.contracts(run.distance, at_most=(kappa - 1) / (kappa + 1))


@exercise("deterministic")
def check_gradient_descent_diverges_above_its_limit(student: Any, rng: Any) -> None:
    """Gradient descent diverges with a step size above 2 / L."""
    oracle, steps = small(rng), 20
    run = run_of(student.gradient_descent, oracle, steps, lr=2.2 / oracle.L)
    # The start is at distance 1 in the steepest direction, and at sqrt(p) in all. There each step multiplies by
    # |1 - 2.2| = 1.2.
    convergence.diverges(run.distance, at_least=1.2**steps / np.sqrt(oracle.p))


KAPPAS = (10.0, 30.0, 100.0, 300.0, 1000.0)
"""Two decades, in half decades: the roots of two neighbours differ by 1.7 times."""

TOLERANCE = 1e-3
"""Far enough that momentum has come to its rate, and near enough that kappa = 1000 takes 3500 steps and no more."""


def distance_of(method: str, kappa: float, t: Array) -> Array:
    """Return the exact distance from the minimum, over the first one, on a quadratic with the curvatures 1 and kappa.

    The start is at distance 1 in both directions. With the best constants of each method both directions shrink alike
    in gradient descent; with momentum the roots of the recursion are double, ``(a + b t) q^t``, where a = 1 and b
    follow from w_0 and w_(-1) = w_0. Nesterov's step 1 / L ends the steep direction at once.
    """
    root = np.sqrt(kappa)
    if method == "gradient_descent":
        return np.asarray(((kappa - 1) / (kappa + 1)) ** t)
    if method == "heavy_ball":
        q = (root - 1) / (root + 1)
        return np.asarray(np.sqrt(((1 + (1 - q) * t) ** 2 + (1 + (1 + q) * t) ** 2) / 2) * q**t)
    q = 1 - 1 / root
    return np.asarray(np.where(t == 0, 1.0, (1 + (1 - q) * t) * q**t / np.sqrt(2)))


def constants_of(method: str, kappa: float) -> tuple[float, tuple[float, ...]]:
    """Return step size and momentum that are best for curvatures from 1 to kappa."""
    root = np.sqrt(kappa)
    q = (root - 1) / (root + 1)
    if method == "gradient_descent":
        return 2 / (1 + kappa), ()
    return (4 / (1 + root) ** 2, (q**2,)) if method == "heavy_ball" else (1 / kappa, (q,))


@exercise("deterministic", weight=2)
@pytest.mark.parametrize(
    ("method", "exponent"), [("gradient_descent", 1.0), ("heavy_ball", 0.5), ("nesterov", 0.5)],
    ids=["gradient descent: kappa", "heavy ball: its root", "Nesterov: its root"],
)  # fmt: skip
def check_iterations_grow_with_the_condition_number(student: Any, rng: Any, method: str, exponent: float) -> None:
    """The number of steps grows with the condition number as the theorem says."""
    counts, due = {}, []
    for kappa in KAPPAS:
        longest = np.arange(8 * kappa**exponent + 200)
        exact = int(np.argmax(distance_of(method, kappa, longest) <= TOLERANCE))
        due.append(exact / kappa**exponent)
        oracle = problems.quadratic(rng, (1.0, kappa))
        lr, constants = constants_of(method, kappa)
        # twice as many as are due, so that a method which is too slow is told from one which never gets there
        run = run_of(getattr(student, method), oracle, 2 * exact, *constants, lr=lr)
        # a run that ends farther away than it began needs no count
        convergence.contracts(run.distance, at_most=1.0, every=2 * exact)
        counts[kappa] = convergence.iterations(run.distance, TOLERANCE)
    # The exact counts lie within this factor of one power of kappa; a count may be off by the rounding of one step.
    spread = float(np.sqrt(max(due) / min(due)) * (1 + 1 / (min(due) * KAPPAS[0] ** exponent)))
    convergence.scales_with_kappa(counts, exponent=exponent, spread=spread)


@exercise("deterministic")
def check_nesterov_is_optimal_without_strong_convexity(student: Any) -> None:
    """Nesterov's method with its schedule reaches a gap of order 1 / t^2 on the worst case for first-order methods."""
    oracle, steps = problems.worst_case(60), 400
    lr = 1 / oracle.L
    run = run_of(student.nesterov, oracle, steps, student.nesterov_schedule, lr=lr)
    # Nesterov 1983; with the momentum (t - 1) / (t + 2): Su, Boyd and Candes 2016, theorem 6 with r = 3.
    squared = float(np.sum((oracle.start - oracle.minimiser) ** 2))
    convergence.decays_like(run.gap, 2, constant=2 * squared / lr, shift=1)
    convergence.above_lower_bound(run.gap, oracle)


@exercise("deterministic")
def check_newton_follows_the_definition(student: Any, reference: Any) -> None:
    """Every step of Newton's method is right, on logistic regression with the digits."""
    oracle, steps = problems.logistic(0.1), 5
    view = oracle.only("gradient", "hessian", limit=2 * LIMIT * steps)
    convergence.trajectory(student.newton(view.gradient, view.hessian, oracle.start, steps), oracle, steps)
    convergence.calls(oracle, gradient=steps, hessian=steps, why="one gradient and one Hessian a step")
    again = oracle.fresh()
    arguments = again.gradient, again.hessian, oracle.start, steps
    value.agrees(student.newton, reference.newton, *arguments, returns=("trajectory",))


@exercise("deterministic")
def check_newton_needs_one_step_on_a_quadratic(student: Any, rng: Any) -> None:
    """Newton's method is at the minimum of a quadratic after one step."""
    oracle = problems.quadratic(rng, (0.01, 1.0, 20.0))
    run = convergence.trajectory(student.newton(oracle.gradient, oracle.hessian, oracle.start, 1), oracle, 1)
    expect(run.points[1], "the first step").close_to(oracle.minimiser)


@exercise("deterministic")
def check_newton_doubles_the_digits(student: Any) -> None:
    """Near the minimum, every step of Newton's method squares the distance."""
    oracle, steps = problems.logistic(0.1), 8
    run = convergence.trajectory(student.newton(oracle.gradient, oracle.hessian, oracle.start, steps), oracle, steps)
    # |e'| <= M / (2 m) |e|^2 where M bounds the change of the Hessian: the sigmoid's second derivative is at most
    # 1 / (6 sqrt 3), an image of 64 grey levels up to 1 has a norm up to 8, and x^T x / n the eigenvalue 4 (L - m).
    constant = 8 / (6 * np.sqrt(3)) * 4 * (oracle.L - oracle.m) / (2 * oracle.m)
    before, after = run.distance.values[:-1], run.distance.values[1:]
    excess = np.maximum(after - constant * before**2 - run.distance.floor, 0)
    expect(excess, "the distance beyond the square of the one before").is_zero()
    expect(run.distance.values[-1], "the last distance").at_most(run.distance.floor)


# --- stochastic -------------------------------------------------------------------------------------------------------

BATCHES = pytest.mark.parametrize(
    ("n", "batch", "how"),
    [(12, 3, {}), (12, 3, {"replacement": False}), (11, 4, {"replacement": False}), (7, 1, {"replacement": True})],
    ids=["with replacement", "without", "without, with a rest", "single samples"],
)


SIGNS = np.array([1.0, -1.0, 1.0])
"""How SVRG and SAGA add up: the gradient, less what it is corrected by, plus the mean of that."""


def generator(rng: Any) -> np.random.Generator:
    """Draw a generator for one run."""
    return np.random.default_rng(int(rng.integers(2**63)))


def samples_problem(rng: Any, n: int) -> Any:
    """Draw a sum over n samples that do not agree about the minimum."""
    return problems.least_squares(rng, n, (0.5, 1.0, 1.6))


def sgd_run(student: Any, oracle: Any, steps: int, batch: int, rng: Any, *, lr: Any, **how: Any) -> Trajectory:
    """Run SGD and check the form of its trajectory."""
    view = oracle.only("gradient_of", limit=LIMIT * (steps + 1))
    w = student.sgd(view.gradient_of, oracle.n, oracle.start, lr, batch, steps, rng, **how)
    return convergence.trajectory(w, oracle, steps)


def svrg_run(student: Any, oracle: Any, epochs: int, inner: int, rng: Any, *, lr: Any) -> Trajectory:
    """Run SVRG and check the form of its trajectory."""
    view = oracle.only("gradient_of", limit=LIMIT * epochs * (2 * inner + oracle.n))
    w = student.svrg(view.gradient_of, oracle.n, oracle.start, lr, epochs, inner, rng)
    return convergence.trajectory(w, oracle, epochs * inner)


def saga_run(student: Any, oracle: Any, steps: int, rng: Any, *, lr: Any) -> Trajectory:
    """Run SAGA and check the form of its trajectory."""
    view = oracle.only("gradient_of", limit=LIMIT * (steps + oracle.n))
    w = student.saga(view.gradient_of, oracle.n, oracle.start, lr, steps, rng)
    return convergence.trajectory(w, oracle, steps)


def rate_at(lr: Any, t: int) -> float:
    """Return the step size of step t."""
    return float(lr(t) if callable(lr) else lr)


def replay_of_sgd(oracle: Any, lr: Any, steps: int) -> Replay:
    """Return SGD as a function of the batches that were asked for."""

    def replay(samples: list[Any], w0: Array) -> Array:
        rows = [w0]
        for t in range(steps):
            rows.append(rows[-1] - rate_at(lr, t) * oracle.objective.gradient_of(rows[-1], samples[t]))
        return np.array(rows)

    return replay


def drawn_by_svrg(samples: list[Any], n: int, epochs: int, inner: int) -> list[Any]:
    """Return the samples of the inner steps: an epoch asks for all n, and then twice a step; IndexError when short."""
    asked, drawn = deque(samples), []
    for _ in range(epochs):
        seen = 0
        while seen < n:
            seen += len(asked.popleft()) if asked else _too_few()
        for _ in range(inner):
            pair = [asked.popleft() if asked else _too_few() for _ in range(2)]
            drawn.append(pair[0])
    return drawn


def _too_few() -> Any:
    raise IndexError("the oracle was asked for too few samples")


def parts_of_svrg(oracle: Any, i: Any, w: Array, snapshot: Array) -> Array:
    """Return what SVRG adds up, (3, p): the sample's gradient at w and at the snapshot, the full gradient there."""
    at_sample, all_samples = oracle.objective.gradient_of, oracle.objective.gradient
    return np.array([at_sample(w, i), at_sample(snapshot, i), all_samples(snapshot)])


def calls_of_svrg(oracle: Any, epochs: int, inner: int) -> None:
    """Check how often SVRG asked: at the snapshot for all samples, in one call or in n, and then twice a step."""
    due = range(epochs * (1 + 2 * inner), epochs * (oracle.n + 2 * inner) + 1)
    why = "all samples at each snapshot, and two in each inner step"
    convergence.calls(oracle, gradient_of=due, samples=epochs * (oracle.n + 2 * inner), why=why)


def calls_of_saga(oracle: Any, steps: int) -> None:
    """Check how often SAGA asked: for every sample alone, and then once a step."""
    due = oracle.n + steps
    why = "every sample once for the table, and one a step"
    convergence.calls(oracle, gradient_of=due, samples=due, why=why)


def replay_of_svrg(oracle: Any, lr: Any, epochs: int, inner: int) -> Replay:
    """Return SVRG as a function of the samples that were asked for."""

    def replay(samples: list[Any], w0: Array) -> Array:
        rows = [w0]
        for t, i in enumerate(drawn_by_svrg(samples, oracle.n, epochs, inner)):
            snapshot = rows[t - t % inner]
            rows.append(rows[-1] - rate_at(lr, t) * (SIGNS @ parts_of_svrg(oracle, i, rows[-1], snapshot)))
        return np.array(rows)

    return replay


class Table:
    """SAGA's table of gradients, filled at w0."""

    def __init__(self, oracle: Any, w0: Array) -> None:
        self._gradient_of = oracle.objective.gradient_of
        self._kept = np.array([self._gradient_of(w0, np.array([i])) for i in range(oracle.n)])  # (n, p)

    def parts(self, i: Any, w: Array) -> Array:
        """Return what SAGA adds up, (3, p): gradient at w, entry and mean of the table; then store the first."""
        new = self._gradient_of(w, i)
        found = np.array([new, self._kept[i[0]], self._kept.mean(axis=0)])
        self._kept[i[0]] = new
        return found


def replay_of_saga(oracle: Any, lr: Any, steps: int) -> Replay:
    """Return SAGA as a function of the samples that were asked for."""

    def replay(samples: list[Any], w0: Array) -> Array:
        rows, table = [w0], Table(oracle, w0)
        for t in range(steps):
            rows.append(rows[-1] - rate_at(lr, t) * (SIGNS @ table.parts(samples[oracle.n + t], rows[-1])))
        return np.array(rows)

    return replay


PARTS = {
    "sgd": ("the mean gradient of the batch",),
    "svrg": ("the sample's gradient at w", "at the snapshot", "the full gradient there"),
    "saga": ("the sample's gradient at w", "its entry of the table", "the mean of the table"),
}
"""What a step of each method adds up, with the weights 1, -1, 1."""


def parts_of(student: Any, method: str, oracle: Any, rng: Any) -> tuple[Array, Array]:
    """Run a method and return its steps divided by the step size, (steps, p), and what they add up, (steps, k, p)."""
    lr, steps, inner = 0.05, 15, 5
    if method == "sgd":
        run = sgd_run(student, oracle, steps, 3, rng, lr=lr)
        convergence.calls(oracle, gradient_of=steps, why="one call a step, with the whole batch")
        asked = zip(run.points, oracle.calls.samples, strict=False)
        parts = [oracle.objective.gradient_of(w, i)[None] for w, i in asked]
    elif method == "svrg":
        run = svrg_run(student, oracle, steps // inner, inner, rng, lr=lr)
        calls_of_svrg(oracle, steps // inner, inner)
        drawn_samples = drawn_by_svrg(oracle.calls.samples, oracle.n, steps // inner, inner)
        snapshots = run.points[:-1:inner].repeat(inner, axis=0)
        parts = [parts_of_svrg(oracle, i, *at) for i, *at in zip(drawn_samples, run.points, snapshots, strict=False)]
    else:
        run = saga_run(student, oracle, steps, rng, lr=lr)
        calls_of_saga(oracle, steps)
        table = Table(oracle, run.points[0])
        parts = [table.parts(i, w) for i, w in zip(oracle.calls.samples[oracle.n :], run.points, strict=False)]
    return -np.diff(run.points, axis=0) / lr, np.array(parts)


@exercise("stochastic")
@pytest.mark.parametrize("method", PARTS)
def check_steps_add_up_with_the_right_weights(student: Any, rng: Any, method: str) -> None:
    """Whatever samples are drawn, a step adds up its gradients with the right weights."""
    with recording():  # apart, and not looked at: trajectories differ with the draws, the weights of a mistake do not
        directions, parts = parts_of(student, method, samples_problem(rng, 7), generator(rng))
    columns = parts.transpose(0, 2, 1).reshape(-1, parts.shape[1])  # (steps, k, p) -> (steps p, k)
    weights, *_ = np.linalg.lstsq(columns, directions.ravel(), rcond=None)
    expect(weights, f"the weights of {', '.join(PARTS[method])}").close_to(SIGNS[: len(PARTS[method])])


@exercise("stochastic", weight=2)
@BATCHES
@LRS
def check_sgd_follows_the_definition(student: Any, rng: Any, n: int, batch: int, how: Any, lr: Any) -> None:
    """Every step of SGD follows the samples that it asked for."""
    oracle, steps = samples_problem(rng, n), 9
    run = sgd_run(student, oracle, steps, batch, generator(rng), lr=lr, **how)
    convergence.calls(oracle, gradient_of=steps, why="one call a step, with the whole batch")
    convergence.replayed(run.points, oracle, replay_of_sgd(oracle, lr, steps))


@exercise("stochastic")
def check_sgd_agrees_on_the_digits(student: Any, rng: Any) -> None:
    """SGD is right on real data, logistic regression on handwritten digits."""
    oracle, steps = problems.logistic(0.1), 6
    run = sgd_run(student, oracle, steps, 10, generator(rng), lr=1 / oracle.L)
    convergence.replayed(run.points, oracle, replay_of_sgd(oracle, 1 / oracle.L, steps))


@exercise("stochastic")
@pytest.mark.parametrize("method", ["sgd", "svrg", "saga"])
def check_samples_come_from_the_generator(student: Any, rng: Any, method: str) -> None:
    """The samples are drawn from the generator that is given, and from nothing else."""
    # 60 draws of 20 samples: two states give the same ones with a chance of 20^-60
    problem = samples_problem(rng, 20)
    name = f"the samples of {method}"
    statistics.draws_only_from(lambda given: drawn(student, problem, method, given, 60), rng=rng, name=name)


def drawn(student: Any, problem: Any, method: str, rng: Any, steps: int) -> Array:
    """Return the samples that the steps of a method draw, one each, as floats."""
    oracle = problem.fresh()
    lr = 0.01  # the walk does not matter, as long as it stays finite
    if method == "sgd":
        sgd_run(student, oracle, steps, 1, rng, lr=lr)
        convergence.calls(oracle, gradient_of=steps, samples=steps, why="one call a step, with the whole batch")
        return np.concatenate(oracle.calls.samples).astype(np.float64)
    if method == "svrg":
        svrg_run(student, oracle, 1, steps, rng, lr=lr)
        calls_of_svrg(oracle, 1, steps)
        return np.concatenate(drawn_by_svrg(oracle.calls.samples, oracle.n, 1, steps)).astype(np.float64)
    saga_run(student, oracle, steps, rng, lr=lr)
    calls_of_saga(oracle, steps)
    return np.concatenate(oracle.calls.samples[oracle.n :]).astype(np.float64)


@exercise("stochastic")
@pytest.mark.parametrize("method", ["sgd", "svrg", "saga"])
def check_samples_are_uniform_and_independent(student: Any, rng: Any, method: str) -> None:
    """Every sample is drawn as often as any other, and in no order."""
    # 400 draws of each sample, from which on the test of the counts has its level
    n = 3
    samples = drawn(student, problems.least_squares(rng, n, (0.5, 1.0)), method, generator(rng), 400 * n)
    statistics.follows(samples, statistics.DiscreteUniform(values=n), name="the samples", level=LEVEL)
    # n independent draws are all different with chance n! / n^n = 0.22; all of 400 blocks with 1e-261.
    blocks = samples[: len(samples) // n * n].reshape(-1, n)
    repeated = sum(len(set(block)) < n for block in blocks)
    expect(repeated, "blocks of n draws in which a sample occurs twice").at_least(1)


@exercise("stochastic")
def check_batches_with_replacement_repeat_samples(student: Any, rng: Any) -> None:
    """With replacement, a batch may hold a sample twice."""
    oracle, steps = samples_problem(rng, 8), 30
    sgd_run(student, oracle, steps, 6, generator(rng), lr=0.01)
    repeated = sum(len(set(batch)) < len(batch) for batch in oracle.calls.samples)
    # a batch of 6 of 8 has no repetition with chance 8! / (2! 8^6) = 0.077; none of 30 with 4e-34
    expect(repeated, "batches in which a sample occurs twice").at_least(1)


@exercise("stochastic")
@pytest.mark.parametrize(("n", "batch"), [(24, 6), (22, 6)], ids=["whole batches", "with a rest"])
def check_every_sample_is_seen_once_an_epoch(student: Any, rng: Any, n: int, batch: int) -> None:
    """Without replacement, every sample is seen exactly once an epoch, in a new random order."""
    oracle, epochs = samples_problem(rng, n), 3
    each = -(-n // batch)
    sgd_run(student, oracle, epochs * each, batch, generator(rng), lr=0.01, replacement=False)
    sizes = np.array([len(found) for found in oracle.calls.samples])
    convergence.calls(oracle, gradient_of=epochs * each, why="one call a step, with the whole batch")
    orders = [np.concatenate(oracle.calls.samples[k * each : (k + 1) * each]) for k in range(epochs)]
    times = [np.bincount(order, minlength=n) for order in orders]
    # sorted, because it does not matter which samples are missing
    expect(np.sort(times, axis=1), "how often samples are seen in each epoch").equals(np.ones((epochs, n)))
    due = np.tile([batch] * (n // batch) + [n % batch] * (n % batch > 0), epochs)
    expect(sizes, "the sizes of the batches").equals(due)
    # two random orders of n are the same with chance 1 / n!, below 1e-20
    fixed = [np.arange(n), np.arange(n)[::-1], *orders]
    same = sum(np.array_equal(order, other) for k, order in enumerate(orders) for other in fixed[: k + 2])
    expect(same, "epochs in an order that is not drawn anew").is_zero()


@exercise("stochastic")
def check_inverse_decay_follows_the_definition(student: Any, reference: Any) -> None:
    """The step size falls like beta / (t + t0)."""
    for beta, t0 in ((2.0, 5.0), (0.7, 1.5)):
        value.agrees(tabled(student.inverse_decay), tabled(reference.inverse_decay), beta, t0, returns=("lr",))


@exercise("stochastic")
@pytest.mark.parametrize("shape", [(9, 3), (1, 4), (40, 1)], ids=["a trajectory", "no step", "one parameter"])
def check_polyak_ruppert_follows_the_definition(student: Any, reference: Any, rng: Any, shape: tuple[int, int]) -> None:
    """The running means are right."""
    walk = 1 + rng.normal(size=shape)
    value.agrees(student.polyak_ruppert, reference.polyak_ruppert, walk, returns=("means",))


def noisy_problem() -> Any:
    """Return the problem of the two checks of noise: a fixed one, for which it is known that its runs are long enough.

    In all of them, the mean squared distance is known up to 0.48 of itself, at the level above.
    """
    return problems.least_squares(np.random.default_rng(1), 40, np.linspace(1.0, 1.5, 6))


@exercise("stochastic")
@pytest.mark.parametrize(
    ("lr", "batch"), [(0.2, 4), (0.1, 4), (0.2, 2)], ids=["a step and a batch", "half the step", "half the batch"]
)
def check_sgd_ends_at_its_floor(student: Any, rng: Any, lr: float, batch: int) -> None:
    """SGD with a fixed step size ends at the distance that its noise gives, whatever the step and the batch."""
    oracle, steps = noisy_problem(), 2000
    run = sgd_run(student, oracle, steps, batch, generator(rng), lr=lr)
    convergence.floor(run, oracle, lr=lr, batch=batch, level=LEVEL)
    # The mean of points is nearer than the points in the mean square, whatever the points: no chance is in it.
    late = run.points[steps // 2 :]
    means = student.polyak_ruppert(late)
    expect(means, "means").has_shape(late.shape)
    squares = ((late - oracle.minimiser) ** 2).sum(axis=1)
    averaged = float(((np.asarray(means)[-1] - oracle.minimiser) ** 2).sum())
    expect(averaged, "the squared distance of the average").at_most(float(squares.mean()))


@exercise("stochastic")
def check_sgd_decays_with_its_schedule(student: Any, rng: Any) -> None:
    """With the step size beta / (t + t0), the squared distance falls like 1 / t."""
    # beta far above 1 / m, so that the walk forgets its past within t / 80 steps and its squares average well
    oracle, batch, steps = noisy_problem(), 4, 2000
    beta, t0 = 80.0, 400.0
    schedule = student.inverse_decay(beta, t0)
    run = sgd_run(student, oracle, steps, batch, generator(rng), lr=schedule)
    convergence.expected_squares(run, oracle, lr=lambda t: beta / (t + t0), batch=batch, first=200, level=LEVEL)


@exercise("stochastic", weight=2)
@pytest.mark.parametrize("lr", [0.08, falling], ids=["a fixed step size", "a schedule"])
def check_svrg_follows_the_definition(student: Any, rng: Any, lr: Any) -> None:
    """Every step of SVRG follows the samples that it asked for."""
    oracle, epochs, inner = samples_problem(rng, 7), 3, 5
    run = svrg_run(student, oracle, epochs, inner, generator(rng), lr=lr)
    calls_of_svrg(oracle, epochs, inner)
    convergence.replayed(run.points, oracle, replay_of_svrg(oracle, lr, epochs, inner))


@exercise("stochastic", weight=2)
@pytest.mark.parametrize("lr", [0.08, falling], ids=["a fixed step size", "a schedule"])
def check_saga_follows_the_definition(student: Any, rng: Any, lr: Any) -> None:
    """Every step of SAGA follows the samples that it asked for."""
    n, steps = 5, 16
    oracle = samples_problem(rng, n)
    run = saga_run(student, oracle, steps, generator(rng), lr=lr)
    calls_of_saga(oracle, steps)
    convergence.replayed(run.points, oracle, replay_of_saga(oracle, lr, steps))


REACHED = 1e-10
"""Squared distance that variance reduction gets below, where the floor of SGD lies near 1e-1."""


def saga_moments(oracle: Any, lr: float) -> tuple[Array, Array]:
    """Return SAGA's second moment after a step as a linear map of that before, and the first moment.

    On least squares the errors are linear: with e = w - w* and the products a_i = x_i^T (w - w*) at the time of the
    table's entries, a step with sample i is e' = e - lr (x_i (x_i^T e - a_i) + mean of x_j a_j), a_i' = x_i^T e.
    """
    X, p = oracle.X, oracle.p
    n = len(X)
    moves = []
    for i, x in enumerate(X):
        move = np.eye(p + n)
        move[:p, :p] -= lr * np.outer(x, x)
        move[:p, p:] -= lr * X.T / n
        move[:p, p + i] += lr * x
        move[p + i] = np.concatenate([x, np.zeros(n)])
        moves.append(move)
    error = oracle.start - oracle.minimiser
    state = np.concatenate([error, X @ error])
    return np.mean([np.kron(move, move) for move in moves], axis=0), np.outer(state, state).ravel()


def svrg_moments(oracle: Any, lr: float, inner: int) -> tuple[Array, Array]:
    """Return SVRG's second moment after an epoch as a linear map of that before, and the first moment.

    With s the error of the snapshot, an inner step is e' = e - lr (x_i x_i^T (e - s) + H s); first, s = e.
    """
    X, p = oracle.X, oracle.p
    H = X.T @ X / len(X)
    moves = []
    for x in X:
        move = np.eye(2 * p)
        move[:p, :p] -= lr * np.outer(x, x)
        move[:p, p:] += lr * (np.outer(x, x) - H)
        moves.append(move)
    step = np.mean([np.kron(move, move) for move in moves], axis=0)
    begin = np.kron(np.eye(2), np.eye(p))
    begin[p:] = begin[:p]  # (e, s) -> (e, e)
    error = np.concatenate([oracle.start - oracle.minimiser] * 2)
    return np.linalg.matrix_power(step, inner) @ np.kron(begin, begin), np.outer(error, error).ravel()


def periods_until(moments: tuple[Array, Array], p: int, size: int) -> int:
    """Return after how many periods the squared distance exceeds REACHED with a chance of at most LEVEL.

    Markov's inequality: P(d^2 > a) <= E d^2 / a.
    """
    step, moment = moments
    periods = 0
    while np.trace(moment.reshape(size, size)[:p, :p]) > REACHED * LEVEL:
        moment = step @ moment
        periods += 1
    return periods


@exercise("stochastic")
def check_saga_converges_linearly(student: Any, rng: Any) -> None:
    """SAGA converges to the minimum with a fixed step size, where SGD stalls."""
    n, spectrum = 6, (1.0, 1.5)
    oracle = problems.least_squares(rng, n, spectrum)
    lr = 1 / (3 * float((oracle.X**2).sum(axis=1).max()))  # Defazio, Bach and Lacoste-Julien 2014
    steps = periods_until(saga_moments(oracle, lr), oracle.p, oracle.p + n)
    run = saga_run(student, oracle, steps, generator(rng), lr=lr)
    expect(run.distance.values[-1] ** 2, "the last squared distance").at_most(REACHED)


@exercise("stochastic")
def check_svrg_converges_linearly(student: Any, rng: Any) -> None:
    """SVRG converges to the minimum with a fixed step size, where SGD stalls."""
    n, inner = 6, 15
    oracle = problems.least_squares(rng, n, (1.0, 1.5))
    lr = 1 / (4 * float((oracle.X**2).sum(axis=1).max()))  # below 1 / (2 L), as Johnson and Zhang 2013 ask
    epochs = periods_until(svrg_moments(oracle, lr, inner), oracle.p, 2 * oracle.p)
    run = svrg_run(student, oracle, epochs, inner, generator(rng), lr=lr)
    expect(run.distance.values[-1] ** 2, "the last squared distance").at_most(REACHED)


# --- adaptive ---------------------------------------------------------------------------------------------------------

ADAPTIVE: dict[str, tuple[float, ...]] = {"adagrad": (0.3,), "rmsprop": (0.8, 0.3), "adam": (0.7, 0.9, 0.3)}
"""Each with its constants; eps is large, because inside and outside the root it differs by 1e-6 at the usual 1e-8."""


@exercise("adaptive", weight=2)
@LRS
@pytest.mark.parametrize("name", ADAPTIVE)
def check_adaptive_follows_the_definition(student: Any, reference: Any, rng: Any, name: str, lr: Any) -> None:
    """Every step of the adaptive method is right."""
    agrees(student, reference, small(rng), name, *ADAPTIVE[name], lr=lr, steps=10)


@exercise("adaptive")
@pytest.mark.parametrize("name", ADAPTIVE)
def check_adaptive_agrees_on_the_digits(student: Any, reference: Any, name: str) -> None:
    """The adaptive method is right on real data, logistic regression on handwritten digits."""
    agrees(student, reference, problems.logistic(0.1), name, *ADAPTIVE[name], lr=0.1, steps=5)


@exercise("adaptive")
@pytest.mark.parametrize("name", ADAPTIVE)
def check_adaptive_asks_one_gradient_a_step(student: Any, rng: Any, name: str) -> None:
    """The adaptive method asks for one gradient a step."""
    steps, oracle = 12, small(rng)
    run_of(getattr(student, name), oracle, steps, *ADAPTIVE[name], lr=0.1)
    convergence.calls(oracle, gradient=steps, why="one gradient a step")


@exercise("adaptive")
@pytest.mark.parametrize("name", ADAPTIVE)
def check_a_call_leaves_nothing_behind(student: Any, rng: Any, name: str) -> None:
    """A second call gives the same trajectory as the first one."""
    oracle = small(rng)
    runs = [run_of(getattr(student, name), oracle.fresh(), 6, *ADAPTIVE[name], lr=0.1) for _ in range(2)]
    expect(runs[1].points, "the trajectory of the second call").close_to(runs[0].points)


@exercise("adaptive")
def check_adam_does_not_see_the_scale_of_the_loss(student: Any, rng: Any) -> None:
    """Scaling the loss and eps together leaves Adam's trajectory as it is."""
    oracle, scale, steps = small(rng), 50.0, 8
    beta1, beta2, eps = ADAPTIVE["adam"]
    run = run_of(student.adam, oracle.fresh(), steps, beta1, beta2, eps, lr=0.1)

    def scaled(w: Any) -> Any:
        return scale * oracle.gradient(w)

    w = student.adam(scaled, oracle.start, 0.1, beta1, beta2, scale * eps, steps)
    points = convergence.trajectory(w, oracle, steps, name="trajectory of the scaled loss").points
    expect(points, "trajectory of the scaled loss").close_to(run.points)


@exercise("adaptive")
def check_adam_begins_with_a_step_of_its_size(student: Any, rng: Any) -> None:
    """The first step of Adam has the size lr in every coordinate, up to eps."""
    oracle, lr, eps = small(rng), 0.02, 1e-12
    run = run_of(student.adam, oracle, 1, 0.9, 0.999, eps, lr=lr)
    slope = oracle.objective.gradient(oracle.start)
    expect(run.points[1] - run.points[0], "the first step").close_to(-lr * np.sign(slope))


@exercise("adaptive")
@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 3, 2, 2)], ids=["a bias", "a matrix", "a kernel"])
def check_lars_step_follows_the_definition(student: Any, reference: Any, rng: Any, shape: tuple[int, ...]) -> None:
    """A step of LARS is right for layers of any shape."""
    w, g = rng.normal(size=shape), 0.3 * rng.normal(size=shape)
    value.agrees(student.lars_step, reference.lars_step, w, g, 0.2, returns=("w",))


@exercise("adaptive")
def check_lars_step_stays_where_the_gradient_is_zero(student: Any, rng: Any) -> None:
    """LARS leaves a layer as it is whose gradient is zero."""
    w = rng.normal(size=(3, 2))
    expect(student.lars_step(w, np.zeros((3, 2)), 0.2), "w").close_to(w)


# --- tools ------------------------------------------------------------------------------------------------------------


def tabled(make: Any) -> Any:
    """Make a schedule and tabulate it."""

    def schedule(*arguments: Any) -> Array:
        made = make(*arguments)
        if not callable(made):
            name = name_of(make)
            message = f"{name} returned a {type(made).__name__}; due is a function of the step t."
            sighted(message, name)
            raise CheckFailure(message, hint=f"`{name}` must return a function of t, not its value.")
        return np.array([float(made(t)) for t in (0, 1, 2, 3, 4, 5, 9, 30)])

    schedule.__name__ = name_of(make)
    return schedule


@exercise("tools")
def check_decayed_follows_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """Weight decay adds to the gradient of the weights, and leaves the biases alone."""
    oracle = small(rng)

    def through(decayed: Any) -> Any:
        def decayed_gradient(weight_decay: float, is_bias: Any, w: Array) -> Any:
            return decayed(oracle.gradient, weight_decay, is_bias)(w)

        return decayed_gradient

    for is_bias in ([False, True, False, True], [False] * 4, [True] * 4):
        arguments = 0.6, np.array(is_bias), rng.normal(size=4)
        value.agrees(through(student.decayed), through(reference.decayed), *arguments, returns=("gradient",))


@exercise("tools")
def check_decayed_asks_once_a_call(student: Any, rng: Any) -> None:
    """A decayed oracle asks the one inside it once in every call, at the w of that call."""
    oracle, points = small(rng), rng.normal(size=(3, 4))
    decayed = student.decayed(oracle.gradient, 0.6, np.array([False, True, True, False]))
    for w in points:
        decayed(w)
    convergence.calls(oracle, gradient=3, why="one gradient a call")
    convergence.places(oracle, "gradient", points, what="the w of the call")


@exercise("tools")
@pytest.mark.parametrize("steps", [4, 1], ids=["four steps", "one step"])
@pytest.mark.parametrize("schedule", [0.8, falling], ids=["of a number", "of a schedule"])
def check_warmup_follows_the_definition(student: Any, reference: Any, schedule: Any, steps: int) -> None:
    """Warm-up grows linearly, and then changes nothing."""
    value.agrees(tabled(student.warmup), tabled(reference.warmup), schedule, steps, returns=("lr",))


@exercise("tools")
@pytest.mark.parametrize("name", ["clip_by_norm", "clip_by_value"])
@pytest.mark.parametrize("shape", [(6,), (3, 4)], ids=["a vector", "a matrix"])
def check_clipping_follows_the_definition(
    student: Any, reference: Any, rng: Any, name: str, shape: tuple[int, ...]
) -> None:
    """Clipping is right for short gradients and for long ones."""
    g = rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    g.flat[:2] = 1.4, -1.3  # both signs beyond c
    g.flat[2:4] = 0.2, -0.3  # and within it
    norm = float(np.linalg.norm(g))
    for c in (1.1, 0.7 * norm, 1.6 * norm):
        value.agrees(getattr(student, name), getattr(reference, name), g, c, returns=("g",))


@exercise("tools")
def check_clip_by_norm_keeps_zero(student: Any) -> None:
    """A gradient of zero stays zero."""
    expect(student.clip_by_norm(np.zeros(3), 0.5), "g").equals(np.zeros(3))
