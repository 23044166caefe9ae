"""Public checks: worked examples that can be done by hand, and tests of random weights that need no solution.

They are not everything: the hidden checks look at distributions, independence, the Haar measure, and at depth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import exercise, expect, statistics, value
from grader.checks.calling import results
from grader.checks.statistics.chances import sample_of

INITIALISERS = ["lecun_normal", "xavier_normal", "xavier_uniform", "he_normal", "torch_default"]
"""All of them; he_normal in its default mode, fan_in."""


def gives(function: Callable[..., Any], *arguments: Any, **due: Any) -> None:
    """Check a worked example: the results by name and in order."""
    wanted = tuple(due.values())
    value.agrees(function, lambda *_: wanted if len(wanted) > 1 else wanted[0], *arguments, returns=list(due))


def matrix(*rows: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a float64 matrix of its rows."""
    return np.array(rows, dtype=np.float64)


# --- gaussian ---------------------------------------------------------------------------------------------------------


@exercise("gaussian")
@pytest.mark.parametrize("name", INITIALISERS)
def check_weights_have_the_right_shape(student: Any, rng: Any, name: str) -> None:
    """The weights are a float64 array of shape (fan_in, fan_out)."""
    S = sample_of(getattr(student, name)(5, 3, rng), "S", (5, 3), double=True)
    expect(S, "S").varies()


@exercise("gaussian")
@pytest.mark.parametrize("name", INITIALISERS)
def check_weights_come_from_rng(student: Any, rng: Any, name: str) -> None:
    """Weights are drawn from rng, and from nothing else."""
    statistics.draws_only_from(getattr(student, name), 6, 4, rng=rng, name="S")


@exercise("gaussian")
def check_lecun_variance(student: Any, rng: Any) -> None:
    """lecun_normal has variance 1 / fan_in."""
    # 100 * 50 draws: the variance 0.01 is known to 2%, and a wrong one is at least 30% off.
    statistics.has_variance(student.lecun_normal(100, 50, rng), statistics.Normal(variance=1 / 100), name="S")


@exercise("gaussian")
@pytest.mark.parametrize("name", ["xavier_normal", "xavier_uniform", "he_normal", "torch_default"])
def check_variance_of_square_layers(student: Any, rng: Any, name: str) -> None:
    """The variance is right in a square layer, where it does not matter which fan is which."""
    n = 80
    variance = {"he_normal": 2 / n, "torch_default": 1 / (3 * n)}.get(name, 1 / n)
    a = np.sqrt(3 * variance)
    normal = name in {"xavier_normal", "he_normal"}
    law = statistics.Normal(variance=variance) if normal else statistics.Uniform(low=-a, high=a)
    S = sample_of(getattr(student, name)(n, n, rng), "S", (n, n))
    statistics.never_repeats(S.T, name="S")
    statistics.has_variance(S, law, name="S")


@exercise("gaussian")
def check_conv_fans_example(student: Any) -> None:
    """The fans of a 3 x 5 kernel from two channels to four are right."""
    # A window has 15 pixels: 2 * 15 inputs, 4 * 15 outputs.
    gives(student.conv_fans, np.zeros((4, 2, 3, 5)), fan_in=30, fan_out=60)


# --- orthogonal -------------------------------------------------------------------------------------------------------


@exercise("orthogonal")
@pytest.mark.parametrize("shape", [(6, 6), (7, 4), (3, 8)], ids=["square", "tall", "wide"])
def check_matrix_is_orthonormal(student: Any, rng: Any, shape: tuple[int, int]) -> None:
    """Columns are orthonormal, or rows where there are fewer of them."""
    Q = student.orthogonal(*shape, rng)
    expect(Q, "Q").has_shape(shape).is_finite()
    product, what = (Q.T @ Q, "Q^T Q") if shape[0] >= shape[1] else (Q @ Q.T, "Q Q^T")
    expect(product, what).close_to(np.eye(min(shape)))


@exercise("orthogonal")
def check_orthogonal_comes_from_rng(student: Any, rng: Any) -> None:
    """The matrix is drawn from rng, and from nothing else."""
    statistics.draws_only_from(student.orthogonal, 5, 4, rng=rng, name="Q")


# --- propagation ------------------------------------------------------------------------------------------------------


def relu(z: Any) -> Any:
    """The rectified linear unit."""
    return np.maximum(z, 0)


def step(z: Any) -> Any:
    """Its derivative."""
    return z > 0


# x S1 = (2, -2), of variance 4; ReLU leaves (2, 0), and times S2 that is (2, 6), of variance 4.
X, S1, S2 = matrix([1, 1]), matrix([3, -1], [-1, -1]), matrix([1, 3], [5, 7])


@exercise("propagation")
def check_forward_example(student: Any) -> None:
    """The variances of two layers are right in an example."""
    gives(student.forward_variances, [S1, S2], X, relu, variances=np.array([4.0, 4.0]))


@exercise("propagation")
def check_backward_example(student: Any) -> None:
    """The variances of the gradients of two layers are right in an example."""
    # dz_2 = (4, 2), of variance 1. Times S2^T: (4 + 6, 20 + 14), and the second unit is off: (10, 0), of variance 25.
    gives(student.backward_variances, [S1, S2], X, matrix([4, 2]), relu, step, variances=np.array([25.0, 1.0]))


@exercise("propagation")
def check_prediction_example(student: Any) -> None:
    """The theory predicts 12 and 72 for two layers of width 3 and weights of variance 4."""
    # The first layer has variance n sigma2 = 12, and each further one half of 12 times the one before.
    gives(student.predicted_variance, 4.0, 3, 2, variances=np.array([12.0, 72.0]))


# --- symmetry ---------------------------------------------------------------------------------------------------------


@exercise("symmetry")
def check_rescale_leaves_the_network_unchanged(student: Any, rng: Any) -> None:
    """A rescaled ReLU network computes the same."""
    x, first, second = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    T1, T2 = results(student.rescale(first, second, 2.5), ("S1", "S2"), of="rescale")
    expect(T1, "S1").has_shape((3, 5))
    expect(T2, "S2").has_shape((5, 2))
    expect(relu(x @ T1) @ T2, "output of the rescaled network").close_to(relu(x @ first) @ second)


@exercise("symmetry")
def check_permute_example(student: Any) -> None:
    """Three hidden units change places in an example."""
    # Unit 2 becomes unit 0, 0 becomes 1, 1 becomes 2: columns of S1 and rows of S2 move alike.
    first, second = matrix([1, 2, 3], [4, 5, 6]), matrix([10, 11], [20, 21], [30, 31])
    due = {"S1": matrix([3, 1, 2], [6, 4, 5]), "S2": matrix([30, 31], [10, 11], [20, 21])}
    gives(student.permute, first, second, np.array([2, 0, 1]), **due)


@exercise("symmetry")
def check_train_example(student: Any) -> None:
    """One step of gradient descent is right in an example."""
    # x S1 = log 3, whose tanh is 4/5; the output is 8/5, and y = 3/5 leaves 1. dS1 = 2 (1 - 16/25) = 18/25, with x = 1,
    # and dS2 = 4/5. A step of 1/2: S1 - 9/25, S2 - 2/5. All three samples are alike, and so their mean is that of one.
    start = np.log(3.0)
    due = {"S1": matrix([start - 9 / 25]), "S2": matrix([8 / 5])}
    gives(student.train, matrix([start]), matrix([2]), np.ones((3, 1)), np.full((3, 1), 3 / 5), 0.5, 1, **due)
