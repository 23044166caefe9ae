"""Public checks: worked examples that can be followed by hand, and counts of the questions to the oracle.

They need no solution, and they are not everything: the hidden checks also compare every step with its definition on
random problems and on handwritten digits, and whole runs with the theorems about them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import convergence, exercise, expect, problems, statistics, value


def gives(function: Callable[..., Any], *arguments: Any, **due: Any) -> None:
    """Check a worked example: the result, by the name that the handout gives it."""
    ((name, result),) = due.items()
    value.agrees(function, lambda *_: result, *arguments, returns=(name,))


def vector(*numbers: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a float64 vector."""
    return np.array(numbers, dtype=np.float64)


def column(*numbers: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a trajectory of one parameter."""
    return np.array(numbers, dtype=np.float64)[:, None]


def bowl(w: Any) -> Any:
    """Return the gradient of |w|^2 / 2, which is w."""
    return w


def halving(t: int) -> float:
    """Return a schedule that halves: 1, 1/2, 1/4, ..."""
    return 0.5**t


def rising(t: int) -> float:
    """Return a schedule that rises: 0, 1/2, 1, ..."""
    return t / 2


# --- deterministic ----------------------------------------------------------------------------------------------------


@exercise("deterministic")
def check_gradient_descent_example(student: Any) -> None:
    """Gradient descent halves w in every step where the gradient is w and lr = 1/2."""
    due = np.array([[4.0, -8.0], [2.0, -4.0], [1.0, -2.0]])
    gives(student.gradient_descent, bowl, vector(4, -8), 0.5, 2, trajectory=due)


@exercise("deterministic")
def check_schedule_example(student: Any) -> None:
    """Gradient descent asks its schedule for t = 0 in the first step."""
    # lr is 1, 1/2, 1/4 at the gradients 1, 1, 1
    gives(student.gradient_descent, np.ones_like, vector(3), halving, 3, trajectory=column(3, 2, 1.5, 1.25))


@exercise("deterministic")
def check_heavy_ball_example(student: Any) -> None:
    """The heavy ball adds a quarter of the last step in an example."""
    # w1 = 4 - 2; w2 = 2 - 1 + (2 - 4)/4 = 1/2; w3 = 1/2 - 1/4 + (1/2 - 2)/4 = -1/8
    gives(student.heavy_ball, bowl, vector(4), 0.5, 0.25, 3, trajectory=column(4, 2, 0.5, -0.125))


@exercise("deterministic")
def check_nesterov_example(student: Any) -> None:
    """Nesterov's method takes the gradient at the look-ahead in an example."""
    # w1 = 4 - 2; u = 2 + (2 - 4)/4 = 3/2, w2 = 3/4; u = 3/4 + (3/4 - 2)/4 = 7/16, w3 = 7/32
    gives(student.nesterov, bowl, vector(4), 0.5, 0.25, 3, trajectory=column(4, 2, 3 / 4, 7 / 32))


@exercise("deterministic")
def check_momentum_schedule_example(student: Any) -> None:
    """A schedule of momentum is asked for t in the step from row t."""
    # constant gradient 1, lr 1: steps -1; then -1 - 1/2; then -1 - 1.5
    arguments = np.ones_like, vector(0), 1.0, rising, 3
    gives(student.heavy_ball, *arguments, trajectory=column(0, -1, -2.5, -5))
    gives(student.nesterov, *arguments, trajectory=column(0, -1, -2.5, -5))


@exercise("deterministic")
def check_nesterov_schedule_example(student: Any) -> None:
    """Nesterov's momentum is 0 at t = 1 and 1/2 at t = 4."""
    gives(student.nesterov_schedule, 1, momentum=0.0)
    gives(student.nesterov_schedule, 4, momentum=0.5)


@exercise("deterministic")
def check_newton_example(student: Any) -> None:
    """Newton's method is at the minimum of a quadratic after one step."""

    def grad(w: Any) -> Any:
        return np.array([2 * w[0] + w[1] - 1, w[0] + 3 * w[1] + 2])  # zero at (1, -1)

    def hessian(_w: Any) -> Any:
        return np.array([[2.0, 1.0], [1.0, 3.0]])

    due = np.array([[5.0, 7.0], [1.0, -1.0], [1.0, -1.0]])
    gives(student.newton, grad, hessian, vector(5, 7), 2, trajectory=due)


@exercise("deterministic")
@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "nesterov"])
def check_gradient_is_asked_once_a_step(student: Any, rng: Any, name: str) -> None:
    """The method returns w0 and a row for each step, and asks for one gradient a step."""
    oracle, steps = problems.quadratic(rng, (1.0, 2.0, 4.0)), 6
    constants = () if name == "gradient_descent" else (0.5,)
    w = getattr(student, name)(oracle.only("gradient", limit=100).gradient, oracle.start, 0.2, *constants, steps)
    convergence.trajectory(w, oracle, steps)
    convergence.calls(oracle, gradient=steps, why="one gradient a step")


# --- stochastic -------------------------------------------------------------------------------------------------------


def one_sample(w: Any, i: Any) -> Any:
    """Return the gradient of a sum with one sample: whatever is drawn, it is sample 0."""
    if not np.all(np.asarray(i) == 0):
        raise IndexError("the only sample is 0")
    return w


@exercise("stochastic")
@pytest.mark.parametrize("replacement", [True, False], ids=["with replacement", "without"])
def check_sgd_example(student: Any, replacement: Any) -> None:
    """With a single sample SGD is gradient descent."""

    def sgd(w0: Any, lr: Any, steps: int) -> Any:
        return student.sgd(one_sample, 1, w0, lr, 1, steps, np.random.default_rng(5), replacement=replacement)

    gives(sgd, vector(4, -8), 0.5, 2, trajectory=np.array([[4.0, -8.0], [2.0, -4.0], [1.0, -2.0]]))


@exercise("stochastic")
def check_sgd_asks_for_batches(student: Any, rng: Any) -> None:
    """SGD asks once a step, with the whole batch."""
    oracle, steps = problems.least_squares(rng, 8, (1.0, 2.0)), 5
    view = oracle.only("gradient_of", limit=100)
    w = student.sgd(view.gradient_of, 8, oracle.start, 0.05, 4, steps, np.random.default_rng(5))
    convergence.trajectory(w, oracle, steps)
    convergence.calls(oracle, gradient_of=steps, samples=4 * steps, why="one call a step, with the whole batch")


@exercise("stochastic")
def check_sgd_sees_every_sample(student: Any, rng: Any) -> None:
    """Without replacement, SGD sees every sample once in n / batch_size steps."""
    oracle = problems.least_squares(rng, 8, (1.0, 2.0))
    view = oracle.only("gradient_of", limit=100)
    generator = np.random.default_rng(5)
    w = student.sgd(view.gradient_of, 8, oracle.start, 0.05, 2, 4, generator, replacement=False)
    convergence.trajectory(w, oracle, 4)
    times = np.bincount(np.concatenate(oracle.calls.samples), minlength=8)
    expect(times, "how often each sample is seen").equals(np.ones(8))


@exercise("stochastic")
@pytest.mark.parametrize(("name", "constants"), [("sgd", (1, 12)), ("svrg", (2, 6)), ("saga", (12,))],
                         ids=["sgd", "svrg", "saga"])  # fmt: skip
def check_samples_follow_the_generator(student: Any, rng: Any, name: str, constants: Any) -> None:
    """The samples come from rng alone: the same state gives the same trajectory again, another state another."""
    # Twelve steps. With the table or the snapshot at w itself the draw does not show: in one step of SAGA, two of SVRG.
    # The ten others draw alike from two states with a chance of 20^-10.
    oracle = problems.least_squares(rng, 20, (1.0, 2.0))

    def walk(generator: Any) -> Any:
        view = oracle.fresh(limit=200)
        w = getattr(student, name)(view.gradient_of, 20, oracle.start, 0.05, *constants, generator)
        return convergence.trajectory(w, view, 12).points

    walk.__name__ = name  # whose failure the message tells
    statistics.draws_only_from(walk, rng=rng, name=f"the trajectory of {name}")


@exercise("stochastic")
def check_inverse_decay_example(student: Any) -> None:
    """With beta = 6 and t0 = 2 the step size is 3 at t = 0, and 1 at t = 4."""

    def inverse_decay(beta: float, t0: float) -> Any:
        schedule = student.inverse_decay(beta, t0)
        return np.array([float(schedule(t)) for t in (0, 1, 4)])

    gives(inverse_decay, 6, 2, lr=vector(3, 2, 1))


@exercise("stochastic")
def check_polyak_ruppert_example(student: Any) -> None:
    """The means of the rows so far are right in an example."""
    gives(student.polyak_ruppert, np.array([[2.0, 0.0], [4.0, 1.0], [0.0, 5.0]]),
          means=np.array([[2.0, 0.0], [3.0, 0.5], [2.0, 2.0]]))  # fmt: skip


@exercise("stochastic")
def check_svrg_example(student: Any) -> None:
    """With a single sample SVRG is gradient descent, over all epochs."""

    def svrg(w0: Any, lr: Any, epochs: int, inner_steps: int) -> Any:
        return student.svrg(one_sample, 1, w0, lr, epochs, inner_steps, np.random.default_rng(5))

    gives(svrg, vector(16), 0.5, 2, 2, trajectory=column(16, 8, 4, 2, 1))


@exercise("stochastic")
def check_saga_example(student: Any) -> None:
    """With a single sample SAGA is gradient descent."""

    def saga(w0: Any, lr: Any, steps: int) -> Any:
        return student.saga(one_sample, 1, w0, lr, steps, np.random.default_rng(5))

    gives(saga, vector(16), 0.5, 3, trajectory=column(16, 8, 4, 2))


@exercise("stochastic")
def check_variance_reduction_asks_as_often_as_is_due(student: Any, rng: Any) -> None:
    """SVRG asks for all samples at each snapshot and twice a step, SAGA for all samples first and once a step."""
    oracle = problems.least_squares(rng, 5, (1.0, 2.0))
    first = oracle.fresh(limit=200)
    w = student.svrg(first.gradient_of, 5, oracle.start, 0.05, 2, 3, np.random.default_rng(5))
    convergence.trajectory(w, first, 6)
    calls = range(2 * (1 + 2 * 3), 2 * (5 + 2 * 3) + 1)  # the snapshot in one call, or in one for each sample
    why = "all samples at each snapshot, and two in each inner step"
    convergence.calls(first, gradient_of=calls, samples=2 * (5 + 2 * 3), why=why)
    second = oracle.fresh(limit=200)
    w = student.saga(second.gradient_of, 5, oracle.start, 0.05, 4, np.random.default_rng(5))
    convergence.trajectory(w, second, 4)
    convergence.calls(second, gradient_of=5 + 4, samples=5 + 4, why="every sample once for the table, and one a step")


# --- adaptive ---------------------------------------------------------------------------------------------------------


@exercise("adaptive")
def check_adagrad_example(student: Any) -> None:
    """Adagrad divides by the root of the sum of squares and eps, in an example."""
    # gradients 3 and 3: s = 9 and 18; the roots of s + 7 are 4 and 5
    gives(student.adagrad, lambda w: np.full_like(w, 3.0), vector(0), 20, 7, 2, trajectory=column(0, -15, -27))


@exercise("adaptive")
def check_rmsprop_example(student: Any) -> None:
    """RMSProp divides by the root of the running average and eps, in an example."""
    # gradients 4 and 4, beta 3/4: s = 4 and 3 + 4 = 7; the roots of s + 5 are 3 and root 12
    due = column(0, -4, -4 - np.sqrt(12))
    gives(student.rmsprop, lambda w: np.full_like(w, 4.0), vector(0), 3, 0.75, 5, 2, trajectory=due)


@exercise("adaptive")
def check_adam_example(student: Any) -> None:
    """With a constant gradient every step of Adam is the same."""
    # the debiased moments of a gradient that is always 4 are 4 and 16: steps of lr * 4 / (4 + eps), with eps = 1
    gives(student.adam, lambda w: np.full_like(w, 4.0), vector(0), 5, 0.9, 0.8, 1, 3, trajectory=column(0, -4, -8, -12))


@exercise("adaptive")
@pytest.mark.parametrize(
    ("name", "constants"), [("adagrad", (0.5,)), ("rmsprop", (0.9, 0.5)), ("adam", (0.9, 0.99, 0.5))],
    ids=["adagrad", "rmsprop", "adam"],
)  # fmt: skip
def check_adaptive_asks_once_a_step(student: Any, rng: Any, name: str, constants: Any) -> None:
    """The method returns w0 and a row for each step, and asks for one gradient a step."""
    oracle, steps = problems.quadratic(rng, (1.0, 2.0, 4.0)), 6
    w = getattr(student, name)(oracle.only("gradient", limit=100).gradient, oracle.start, 0.2, *constants, steps)
    convergence.trajectory(w, oracle, steps)
    convergence.calls(oracle, gradient=steps, why="one gradient a step")


@exercise("adaptive")
def check_lars_step_example(student: Any) -> None:
    """LARS moves a layer of norm 5 by a tenth of it."""
    # |w| = 5 and g / |g| = (0, 1)
    gives(student.lars_step, vector(3, 4), vector(0, 7), 0.1, w=vector(3, 3.5))


# --- tools ------------------------------------------------------------------------------------------------------------


@exercise("tools")
def check_decayed_example(student: Any) -> None:
    """Weight decay adds to the gradient of the weight and not of the bias."""

    def decayed(weight_decay: float, w: Any) -> Any:
        return student.decayed(np.ones_like, weight_decay, np.array([False, True]))(w)

    gives(decayed, 0.5, vector(4, 4), gradient=vector(3, 1))


@exercise("tools")
def check_warmup_example(student: Any) -> None:
    """A warm-up of four steps takes a quarter of the step size at t = 0, and all of it from t = 3 on."""

    def warmup(schedule: Any, steps: int) -> Any:
        lr = student.warmup(schedule, steps)
        return np.array([float(lr(t)) for t in range(6)])

    gives(warmup, 8, 4, lr=vector(2, 4, 6, 8, 8, 8))
    gives(warmup, halving, 2, lr=vector(1 / 2, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32))


@exercise("tools")
def check_clip_by_norm_example(student: Any) -> None:
    """A gradient of norm 5 is scaled to norm 1, and one of norm 1/2 stays as it is."""
    gives(student.clip_by_norm, vector(3, -4), 1.0, g=vector(0.6, -0.8))
    gives(student.clip_by_norm, vector(0.3, -0.4), 1.0, g=vector(0.3, -0.4))


@exercise("tools")
def check_clip_by_value_example(student: Any) -> None:
    """Every entry is limited to [-1, 1] on its own."""
    gives(student.clip_by_value, vector(3, -0.5, -4), 1.0, g=vector(1, -0.5, -1))
