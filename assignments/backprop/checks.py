"""Public checks: worked examples that can be done by hand, properties, and your backward against your own forward.

They need no solution, and they are not everything: the hidden checks also compare with the definitions at random
inputs, at batches of one sample, at inputs of 1000 and through thirty layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import exercise, gradient, value


def gives(function: Callable[..., Any], *arguments: Any, sizes: dict[str, float] | None = None, **due: Any) -> None:
    """Check a worked example: the results by name and in order; None for a cache, which may be anything."""
    results = tuple(due.values())
    names = [name if result is not None else None for name, result in due.items()]
    right = results if len(results) > 1 else results[0]
    value.agrees(function, lambda *_: right, *arguments, returns=names, sizes=sizes)


def matrix(*rows: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a float64 matrix of its rows."""
    return np.array(rows, dtype=np.float64)


# --- calculus ---------------------------------------------------------------------------------------------------------


@exercise("calculus")
def check_squared_norm_example(student: Any) -> None:
    """The squared norm grows at (3, -4) by (6, -8)."""
    gives(student.squared_norm_gradient, np.array([3.0, -4.0]), dx=np.array([6.0, -8.0]))


@exercise("calculus")
def check_jacobian_example(student: Any) -> None:
    """The Jacobian of a map from three to two dimensions has three rows."""
    # f_1 = x_1 + 3 x_2 + 5 x_3 and f_2 = 2 x_1 + 4 x_2 + 6 x_3; the gradient of each is a column.
    A = matrix([1, 2], [3, 4], [5, 6])
    gives(student.linear_map_jacobian, A, jacobian=matrix([1, 2], [3, 4], [5, 6]))


@exercise("calculus")
def check_composed_example(student: Any) -> None:
    """The gradients of |A^T x|^2 are right in an example."""
    # y = A^T x = (1 + 6, -1 + 2) = (7, 1), so df/dy = (14, 2); df/dx = A df/dy, and row i of df/dA is x_i df/dy.
    A, x = matrix([1, -1], [3, 1]), np.array([1.0, 2.0])
    gives(student.composed_gradients, A, x, dx=np.array([12.0, 44.0]), dA=matrix([14, 2], [28, 4]))


# --- linear -----------------------------------------------------------------------------------------------------------

X, S, B = matrix([1, 2], [0, -1]), matrix([1, 0, 2], [-1, 3, 1]), np.array([10.0, 20.0, 30.0])


@exercise("linear")
def check_linear_forward_example(student: Any) -> None:
    """The linear layer computes x S + b in an example."""
    # x S = [[1 - 2, 6, 2 + 2], [1, -3, -1]], and b is added to both rows.
    gives(student.linear_forward, X, S, B, h=matrix([9, 26, 34], [11, 17, 29]), cache=None)


@exercise("linear")
def check_linear_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """linear_backward is the gradient of your linear_forward."""
    at = {"x": rng.normal(size=(5, 4)), "S": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}
    gradient.agrees(student.linear_forward, student.linear_backward, at=at, rng=rng)


# --- activations ------------------------------------------------------------------------------------------------------

# With x = log 3: e^x = 3, so the sigmoid is 1 / (1 + 1/3) = 3/4, and tanh (3 - 1/3) / (3 + 1/3) = 4/5.
LOG3 = float(np.log(3))
EXAMPLES: dict[str, tuple[tuple[float, ...], list[float]]] = {
    "sigmoid": ((), [3 / 4, 1 / 2, 1 / 4]),
    "tanh": ((), [4 / 5, 0, -4 / 5]),
    "relu": ((), [LOG3, 0, 0]),
    "leaky_relu": ((0.1,), [LOG3, 0, -0.1 * LOG3]),
    "swish": ((), [3 / 4 * LOG3, 0, -1 / 4 * LOG3]),
}
"""Constants of each activation, and its values at log 3, 0 and -log 3."""


@exercise("activations")
@pytest.mark.parametrize("name", EXAMPLES)
def check_activation_examples(student: Any, name: str) -> None:
    """The activation is right at log 3, at 0 and at -log 3."""
    constants, due = EXAMPLES[name]
    forward = getattr(student, f"{name}_forward")
    gives(forward, matrix([LOG3, 0, -LOG3]), *constants, h=matrix(due), cache=None)


@exercise("activations")
@pytest.mark.parametrize("name", EXAMPLES)
def check_activation_backward_agrees_with_forward(student: Any, rng: Any, name: str) -> None:
    """The gradient of the activation is the slope of your forward."""
    x = rng.uniform(0.5, 2, size=(3, 2)) * matrix([1, -1], [-1, 1], [1, -1])  # away from the kink at 0
    constants = dict(zip("c", EXAMPLES[name][0], strict=False))
    forward, backward = getattr(student, f"{name}_forward"), getattr(student, f"{name}_backward")
    gradient.agrees(forward, backward, at={"x": x, **constants}, rng=rng)


# --- losses -----------------------------------------------------------------------------------------------------------

RESIDUALS = matrix([1, -2, 2], [-1, 1, 4], [2, -1, -1], [-4, 1, 2])
Y = matrix([0, 4, 1], [1, 1, -3], [2, 0, 5], [3, -2, 1])
H = Y + RESIDUALS
LENGTHS = {"N": 4, "p": 3}
"""Four samples with three outputs each: 1/N, 1/p and the 1/2 of a square differ, so none stands for another."""


@exercise("losses")
def check_mse_example(student: Any) -> None:
    """mse is right in an example."""
    # The squares of the residuals sum to 54. Half of it is 27, and the mean over four samples 6.75.
    gives(student.mse, H, Y, sizes=LENGTHS, loss=6.75, dh=RESIDUALS / 4)


@exercise("losses")
def check_huber_example(student: Any) -> None:
    """huber is right in an example with delta = 3."""
    # Only the residuals 4 and -4 are beyond delta: each costs 3 (4 - 3/2) = 7.5 and not 8, and pulls with 3 and not 4.
    due = matrix([1, -2, 2], [-1, 1, 3], [2, -1, -1], [-3, 1, 2]) / 4
    gives(student.huber, H, Y, 3.0, sizes=LENGTHS, loss=26 / 4, dh=due)


@exercise("losses")
def check_quantile_example(student: Any) -> None:
    """quantile is right in an example with tau = 0.9."""
    # The predictions that are too low lack 2 + 1 + 1 + 1 + 4 = 9, the others exceed by 13: (0.9 * 9 + 0.1 * 13) / 4.
    low, high = -0.9 / 4, 0.1 / 4
    due = matrix([high, low, high], [low, high, high], [high, low, low], [low, high, high])
    gives(student.quantile, H, Y, 0.9, sizes=LENGTHS, loss=2.35, dh=due)


@exercise("losses")
def check_cross_entropy_example(student: Any) -> None:
    """softmax_cross_entropy is right in an example with three samples and temperature 5."""
    # The logits divided by 5 are (log 3, 0), (0, log 3) and (0, 0), so p = (3/4, 1/4), (1/4, 3/4) and (1/2, 1/2). The
    # labels cost -log 1/4, -log 3/4 and -log 1/2, together log 32/3; the gradient is (p - one-hot) / 5 / 3.
    logits, labels = matrix([5 * LOG3, 0], [0, 5 * LOG3], [1, 1]), np.array([1, 1, 0])
    due = {"loss": np.log(32 / 3) / 3, "dlogits": matrix([1 / 20, -1 / 20], [1 / 60, -1 / 60], [-1 / 30, 1 / 30])}
    gives(student.softmax_cross_entropy, logits, labels, 5.0, sizes={"N": 3, "temperature": 5}, **due)


@exercise("losses")
def check_label_smoothing_example(student: Any) -> None:
    """label_smoothing is right in an example with four samples, three classes and epsilon = 0.2."""
    # Equal logits: p = 1/3 for each class, so any target distribution costs log 3. The target is 0.8 at the label and
    # 0.1 elsewhere.
    logits, labels = matrix([5, 5, 5], [1, 1, 1], [2, 2, 2], [0, 0, 0]), np.array([1, 0, 2, 1])
    right, wrong = (1 / 3 - 0.8) / 4, (1 / 3 - 0.1) / 4
    due = matrix([wrong, right, wrong], [right, wrong, wrong], [wrong, wrong, right], [wrong, right, wrong])
    gives(student.label_smoothing, logits, labels, 0.2, loss=np.log(3), dlogits=due)


@exercise("losses")
def check_regression_gradient_agrees_with_loss(student: Any, rng: Any) -> None:
    """The gradient of mse is the slope of the loss that you return."""
    at = {"h": rng.normal(size=(4, 3)), "y": rng.normal(size=(4, 3))}
    gradient.of_loss(student.mse, at=at, wrt="h", rng=rng, sizes=LENGTHS)


@exercise("losses")
def check_cross_entropy_gradient_agrees_with_loss(student: Any, rng: Any) -> None:
    """The gradient of softmax_cross_entropy is the slope of the loss that you return."""
    at = {"logits": rng.normal(size=(3, 4)), "labels": np.array([1, 0, 3])}
    gradient.of_loss(student.softmax_cross_entropy, at=at, wrt="logits", rng=rng)


# --- network ----------------------------------------------------------------------------------------------------------


def square(z: Any) -> Any:
    """An activation that can be followed by hand."""
    return z**2


def square_derivative(z: Any) -> Any:
    """Its derivative."""
    return 2 * z


def tanh_derivative(z: Any) -> Any:
    """The derivative of tanh at its input z."""
    return 1 - np.tanh(z) ** 2


def relu(z: Any) -> Any:
    """The rectified linear unit."""
    return np.maximum(z, 0)


def two_layers(rng: Any) -> list[tuple[Any, Any]]:
    """Draw a network from three inputs over four hidden units to two outputs."""
    return [(rng.normal(size=(3, 4)), rng.normal(size=4)), (rng.normal(size=(4, 2)), rng.normal(size=2))]


@exercise("network")
def check_mlp_forward_example(student: Any) -> None:
    """The network computes the right logits in an example."""
    # x = 2: z = (2 + 1, -2) = (3, -2), squared (9, 4), and the logit is 9 - 2 * 4 + 5 = 6, without activation.
    params = [(matrix([1, -1]), np.array([1.0, 0.0])), (matrix([1], [-2]), np.array([5.0]))]
    gives(student.mlp_forward, matrix([2]), params, square, logits=matrix([6]), cache=None)


@exercise("network")
def check_mlp_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """mlp_backward is the gradient of your mlp_forward."""
    forward = student.mlp_forward.keeping(1)  # the cache stays where it was computed

    def mlp_forward(x: Any, params: Any) -> Any:
        return forward(x, params, np.tanh)

    def mlp_backward(dlogits: Any, cache: Any) -> Any:
        return student.mlp_backward(dlogits, cache, tanh_derivative)

    gradient.agrees(
        mlp_forward,
        mlp_backward,
        at={"x": rng.normal(size=(5, 3)), "params": two_layers(rng)},
        returns=["dx", "grads"],
        rng=rng,
    )


@exercise("network")
def check_input_gradient_example(student: Any) -> None:
    """The gradient by the input is right in an example."""
    # x = 1 in three samples: z = 3, squared 9; the logits are 2 * 9 and 9 + 9, so p = (1/2, 1/2), and with label 0
    # p - one-hot = (-1/2, 1/2). Back: dh = 2 (-1/2) + 1/2 = -1/2, dz = dh * 2 z = -3, 3 dz = -9, and dx a third of it.
    # With label 1 the signs turn.
    params = [(matrix([3]), np.array([0.0])), (matrix([2, 1]), np.array([0.0, 9.0]))]
    arguments = matrix([1], [1], [1]), params, np.array([0, 1, 0]), square, square_derivative
    gives(student.input_gradient, *arguments, dx=matrix([-3], [3], [-3]))


@exercise("network")
def check_regularized_loss_example(student: Any) -> None:
    """Weight decay is right in an example, and leaves the bias alone."""
    # x = 0 and equal biases: both classes have probability 1/2, and the loss is log 2. S = (3, 4) has the squared norm
    # 25, so a weight decay of 0.2 adds 0.1 * 25, and 0.2 S to a gradient that is 0 because x is. By the biases: the
    # mean over three samples of (-1/2, 1/2), twice, and (1/2, -1/2).
    params = [(matrix([3, 4]), np.array([7.0, 7.0]))]
    due = [(matrix([0.6, 0.8]), np.array([-1 / 6, 1 / 6]))]
    arguments = params, matrix([0], [0], [0]), np.array([0, 0, 1]), 0.2, np.tanh, tanh_derivative
    gives(student.regularized_loss, *arguments, loss=np.log(2) + 2.5, grads=due)


@exercise("network")
def check_scale_symmetry_example(student: Any) -> None:
    """A ReLU network stays the same when one layer grows and the next shrinks (N, section 4.3)."""
    # x = (1, 2): z = (1 + 2 - 1, -1 + 0) = (2, -1), so h = (2, 0) and the logit is 2 * 3 + 1 = 7. Four times the first
    # layer gives h = (8, 0), and a quarter of the next weights the same logit: 8 * 3/4 + 1.
    x, S1, b1 = matrix([1, 2]), matrix([1, -1], [1, 0]), np.array([-1.0, 0.0])
    S2, b2 = matrix([3], [5]), np.array([1.0])
    for alpha in (1, 4):
        params = [(alpha * S1, alpha * b1), (S2 / alpha, b2)]
        gives(student.mlp_forward, x, params, relu, logits=matrix([7]), cache=None)
