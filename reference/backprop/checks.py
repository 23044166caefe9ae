"""Hidden checks of the assignment: every function against its definition, and against differences of its own forward.

Inputs are drawn away from kinks, lengths are all different, upstream gradients are never ones, and parameters such as
delta or the temperature are no numbers at which a forgotten factor would not show.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from grader import exercise, expect, gradient, value
from grader.checks.calling import keeping, name_of, results

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]
Params = list[tuple[Array, Array]]

ACTIVATIONS: dict[str, tuple[float, ...]] = {"sigmoid": (), "tanh": (), "relu": (), "leaky_relu": (0.15,), "swish": ()}
"""Each with its constants: a slope that is neither 0 nor 1."""

BENT = ["sigmoid", "tanh", "swish"]
"""Those whose formulas hold exponentials, which can overflow."""

REGRESSION: dict[str, tuple[float, ...]] = {"mse": (), "huber": (0.8,), "quantile": (0.3,)}
"""A delta that is not 1, and a tau that is not 1/2: factors of delta and swapped sides show."""

CLASSIFICATION: dict[str, tuple[float, ...]] = {"softmax_cross_entropy": (2.5,), "label_smoothing": (0.15,)}
"""A temperature that is not 1, and an epsilon large enough that epsilon / m shows; neither is N or 1 / N of a check."""


def through(forward: Function, backward: Function) -> Function:
    """Forward and then backward, as one function of the upstream gradient and the inputs."""
    kept = keeping(forward, 1)

    def gradients(upstream: Any, inputs: tuple[Any, ...], *more: Any) -> Any:
        _, cache = results(kept(*inputs), ("h", "cache"), of=name_of(forward))
        return backward(upstream, cache, *more)

    gradients.__name__ = name_of(backward)
    return gradients


due_through = lru_cache(maxsize=None)(through)
"""The same for functions of the reference: one function for each pair, so that its answers are known again."""


# --- calculus ---------------------------------------------------------------------------------------------------------

MATRICES = [(5, 3), (2, 6), (4, 4), (1, 7)]
"""Tall, wide, square (where a transposed result has the right shape), and a single row."""


@exercise("calculus")
def check_squared_norm_gradient_follows_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """The gradient of the squared norm is right."""
    for d in (6, 1):
        value.agrees(
            student.squared_norm_gradient, reference.squared_norm_gradient, rng.normal(size=d), returns=("dx",)
        )


@exercise("calculus")
def check_jacobian_follows_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """The Jacobian of a linear map is right, in the layout of the handout."""
    for shape in MATRICES:
        A = rng.normal(size=shape)
        value.agrees(student.linear_map_jacobian, reference.linear_map_jacobian, A, returns=("df/dx",))


@exercise("calculus")
def check_jacobian_predicts_changes(student: Any, rng: Any) -> None:
    """The Jacobian predicts how a linear map changes."""
    A, step = rng.normal(size=(4, 7)), rng.normal(size=4)
    jacobian = student.linear_map_jacobian(A)
    expect(jacobian, "df/dx").has_shape(A.shape)
    expect(np.asarray(jacobian).T @ step, "the change that df/dx predicts").close_to(A.T @ step)


@exercise("calculus")
def check_composed_gradients_follow_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """The gradients of |A^T x|^2 are right."""
    for d, n in MATRICES:
        A, x = rng.normal(size=(d, n)), rng.normal(size=d)
        value.agrees(student.composed_gradients, reference.composed_gradients, A, x, returns=("dx", "dA"))


@exercise("calculus")
def check_composed_gradients_are_slopes(student: Any, rng: Any) -> None:
    """The gradients of |A^T x|^2 are the slopes of that function."""

    def composed_gradients(A: Array, x: Array) -> tuple[float, Any]:
        return float(((A.T @ x) ** 2).sum()), student.composed_gradients(A, x)

    A, x = rng.normal(size=(5, 3)), rng.normal(size=5)
    gradient.of_loss(composed_gradients, at={"A": A, "x": x}, wrt=("x", "A"), rng=rng)


# --- linear -----------------------------------------------------------------------------------------------------------

LAYERS = pytest.mark.parametrize(
    "lengths", [(6, 4, 3), (1, 5, 2), (7, 1, 4)], ids=["a batch", "one sample", "one feature"]
)


def linear_inputs(rng: Any, lengths: tuple[int, int, int]) -> tuple[Array, Array, Array]:
    """Draw x, S, b for lengths N, d, p."""
    N, d, p = lengths
    return rng.normal(size=(N, d)), rng.normal(size=(d, p)), rng.normal(size=p)


@exercise("linear")
@LAYERS
def check_linear_forward_follows_the_definition(
    student: Any, reference: Any, rng: Any, lengths: tuple[int, int, int]
) -> None:
    """The linear layer computes x S + b."""
    inputs = linear_inputs(rng, lengths)
    value.agrees(student.linear_forward, reference.linear_forward, *inputs, returns=("h", None))


@exercise("linear")
@LAYERS
def check_linear_backward_follows_the_definition(
    student: Any, reference: Any, rng: Any, lengths: tuple[int, int, int]
) -> None:
    """The gradients of the linear layer are right."""
    value.agrees(
        through(student.linear_forward, student.linear_backward),
        due_through(reference.linear_forward, reference.linear_backward),
        rng.normal(size=(lengths[0], lengths[2])),
        linear_inputs(rng, lengths),
        returns=("dx", "dS", "db"),
    )


@exercise("linear", weight=2)
def check_linear_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """linear_backward is the gradient of your linear_forward."""
    x, S, b = linear_inputs(rng, (5, 4, 3))
    gradient.agrees(student.linear_forward, student.linear_backward, at={"x": x, "S": S, "b": b}, rng=rng)


# --- activations ------------------------------------------------------------------------------------------------------


def bent_inputs(rng: Any, shape: tuple[int, ...]) -> Array:
    """Draw numbers of both signs: far enough from the kink at 0, near enough that no activation is saturated."""
    signs = rng.choice([-1.0, 1.0], size=shape)
    signs.flat[:4] = -1.0, 1.0, 1.0, -1.0  # both, also among every second entry
    numbers: Array = signs * rng.uniform(0.4, 2.5, size=shape)
    return numbers


def extreme_inputs(rng: Any) -> Array:
    """Draw inputs at which a naive exponential overflows (beyond 709), with moderate ones, which give the scale."""
    return np.concatenate([rng.uniform(800, 1000, 3), -rng.uniform(800, 1000, 3), [-1000.0, 1000.0, -1.3, 0.9]])


def activation(module: Any, name: str) -> tuple[Function, Function]:
    """Return forward and backward of an activation."""
    return getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")


@exercise("activations")
@pytest.mark.parametrize("name", ACTIVATIONS)
def check_activation_follows_the_definition(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The activation has the right values."""
    forward, due = activation(student, name)[0], activation(reference, name)[0]
    value.agrees(forward, due, bent_inputs(rng, (5, 4)), *ACTIVATIONS[name], returns=("h", None))


@exercise("activations")
@pytest.mark.parametrize("name", ACTIVATIONS)
def check_activation_backward_follows_the_definition(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The gradient of the activation is right."""
    value.agrees(
        through(*activation(student, name)),
        due_through(*activation(reference, name)),
        rng.normal(size=(4, 6)),
        (bent_inputs(rng, (4, 6)), *ACTIVATIONS[name]),
        returns=("dx",),
    )


@exercise("activations")
@pytest.mark.parametrize("name", ACTIVATIONS)
def check_activation_takes_any_shape(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The activation and its gradient are right for one axis and for three."""
    constants = ACTIVATIONS[name]
    for shape in ((7,), (2, 3, 4)):
        value.agrees(
            through(*activation(student, name)),
            due_through(*activation(reference, name)),
            rng.normal(size=shape),
            (bent_inputs(rng, shape), *constants),
            returns=("dx",),
        )


@exercise("activations")
@pytest.mark.parametrize("name", ACTIVATIONS)
def check_activation_backward_is_the_gradient_of_forward(student: Any, rng: Any, name: str) -> None:
    """The gradient of the activation is the slope of your forward."""
    constants = dict(zip("c", ACTIVATIONS[name], strict=False))
    gradient.agrees(*activation(student, name), at={"x": bent_inputs(rng, (3, 5)), **constants}, rng=rng)


@exercise("activations")
@pytest.mark.parametrize("name", BENT)
def check_activation_is_stable(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The activation is right at inputs of 1000 and -1000."""
    forward, due = activation(student, name)[0], activation(reference, name)[0]
    value.agrees(forward, due, extreme_inputs(rng), returns=("h", None))


@exercise("activations")
@pytest.mark.parametrize("name", BENT)
def check_activation_backward_is_stable(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The gradient of the activation is right at inputs of 1000 and -1000."""
    x = extreme_inputs(rng)
    value.agrees(
        through(*activation(student, name)),
        due_through(*activation(reference, name)),
        rng.normal(size=x.shape),
        (x,),
        returns=("dx",),
    )


# --- losses -----------------------------------------------------------------------------------------------------------

LOSSES = REGRESSION | CLASSIFICATION
CONSTANT = {
    "softmax_cross_entropy": "temperature",
    "label_smoothing": "epsilon",
    "huber": "delta",
    "quantile": "tau",
    "mse": "",
}
"""What the handout calls them: a factor is named by it."""
SHAPES = pytest.mark.parametrize("shape", [(6, 4), (1, 5)], ids=["a batch", "one sample"])


def loss_inputs(rng: Any, name: str, shape: tuple[int, int]) -> dict[str, Any]:
    """Draw the arguments of a loss; residuals on both sides of 0 and of delta, and near neither."""
    if name in CLASSIFICATION:
        labels = rng.integers(0, shape[1], shape[0])
        return {"logits": rng.normal(size=shape), "labels": labels, CONSTANT[name]: LOSSES[name][0]}
    residual = bent_inputs(rng, shape)
    residual.flat[::2] = np.sign(residual.flat[::2]) * rng.uniform(0.1, 0.6, residual.flat[::2].size)
    residual.flat[1::2] += np.sign(residual.flat[1::2]) * REGRESSION["huber"][0]
    y = rng.normal(size=shape)
    return {"h": y + residual, "y": y} | dict(zip([CONSTANT[name]], LOSSES[name], strict=False))


@exercise("losses")
@SHAPES
@pytest.mark.parametrize("name", LOSSES)
def check_loss_follows_the_definition(
    student: Any, reference: Any, rng: Any, name: str, shape: tuple[int, int]
) -> None:
    """Loss and gradient are right."""
    arguments = loss_inputs(rng, name, shape).values()
    value.agrees(getattr(student, name), getattr(reference, name), *arguments, returns=("loss", "gradient"))


@exercise("losses")
@pytest.mark.parametrize("name", LOSSES)
def check_loss_gradient_is_the_slope_of_the_loss(student: Any, rng: Any, name: str) -> None:
    """The gradient is the slope of the loss that you return."""
    arguments = loss_inputs(rng, name, (5, 3))
    gradient.of_loss(getattr(student, name), at=arguments, wrt=next(iter(arguments)), rng=rng, returns=["gradient"])


@exercise("losses")
@pytest.mark.parametrize("name", CLASSIFICATION)
def check_loss_is_right_at_large_logits(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The loss is right for logits near 10000 and near -10000."""
    # Close together, so that no probability is so small that a protective constant in the logarithm shows.
    logits = rng.normal(size=(4, 6)) + np.array([[1e4], [-1e4], [9e3], [-1.1e4]])
    labels = rng.integers(0, 6, 4)
    constant = CLASSIFICATION[name]
    value.agrees(
        getattr(student, name), getattr(reference, name), logits, labels, *constant, returns=("loss", "gradient")
    )


def spread_logits(rng: Any) -> tuple[Array, npt.NDArray[np.int64]]:
    """Draw logits so far apart that all probabilities but one underflow, and labels, some on the largest logit."""
    logits = rng.permuted(np.tile(np.linspace(-1e4, 1e4, 5), (4, 1)), axis=1)  # (4, 5), gaps of 5000
    labels = logits.argmax(axis=1)
    labels[:2] = logits[:2].argmin(axis=1)
    return logits, labels


@exercise("losses")
@pytest.mark.parametrize("name", CLASSIFICATION)
def check_gradient_is_right_at_spread_logits(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The gradient is right where all probabilities but one underflow."""
    logits, labels = spread_logits(rng)
    value.agrees(
        getattr(student, name),
        getattr(reference, name),
        logits,
        labels,
        *CLASSIFICATION[name],
        returns=(None, "gradient"),
    )


@exercise("losses")
@pytest.mark.parametrize("name", CLASSIFICATION)
def check_loss_is_finite_at_spread_logits(student: Any, rng: Any, name: str) -> None:
    """The loss is finite where all probabilities but one underflow."""
    # Not its value: log(p + 1e-12) is a fair protection, and bounds the cost of a class by 28. With any constant up to
    # 1e-7 it is at least 16, and the classes that underflow have a weight of 0.2 or more: the mean exceeds 1.
    loss_of = keeping(getattr(student, name), 1)
    loss, _ = results(loss_of(*spread_logits(rng), *CLASSIFICATION[name]), ("loss", "gradient"), of=name)
    expect(loss, "loss").has_shape(()).is_finite().at_least(1.0)


@exercise("losses")
def check_label_smoothing_is_least_at_its_minimiser(student: Any, rng: Any) -> None:
    """Smoothed labels are fitted best by the finite logits of N 6.15."""
    N, m, epsilon = 3, 5, 0.15
    labels = rng.integers(0, m, N)
    logits = np.tile(rng.normal(size=(N, 1)), m)  # alpha of N 6.15, any number
    logits[np.arange(N), labels] += np.log((m - 1) * (1 - epsilon) / epsilon)
    loss, slope = results(student.label_smoothing(logits, labels, epsilon), ("loss", "gradient"), of="label_smoothing")
    # Where the prediction is the target, the cross entropy is the entropy of the target.
    entropy = -(1 - epsilon) * np.log(1 - epsilon) - epsilon * np.log(epsilon / (m - 1))
    expect(loss, "loss").close_to(entropy)
    expect(slope, "gradient").close_to(np.zeros((N, m)))


# --- network ----------------------------------------------------------------------------------------------------------


def softplus(z: Array) -> Array:
    """log(1 + exp z): smooth, and not odd, so that a lost bias or sign shows."""
    return np.logaddexp(0, z)


def softplus_derivative(z: Array) -> Array:
    """Derivative of softplus, the sigmoid."""
    return 1 / (1 + np.exp(-z))


def tanh_derivative(z: Array) -> Array:
    """Derivative of tanh at its input."""
    return 1 - np.tanh(z) ** 2


def relu(z: Array) -> Array:
    """max(0, z)."""
    return np.maximum(z, 0)


def step(z: Array) -> Array:
    """Derivative of relu."""
    return (z > 0).astype(np.float64)


def network(rng: Any, sizes: list[int]) -> Params:
    """Draw layers that keep the size of the signal, with biases that matter."""
    return [(rng.normal(size=(d, p)) / np.sqrt(d), 0.5 * rng.normal(size=p)) for d, p in pairwise(sizes)]


NETWORKS = pytest.mark.parametrize(
    ("N", "sizes"),
    [(5, [3, 6, 4, 2]), (1, [4, 3, 5]), (6, [4, 3])],
    ids=["three layers", "one sample", "no hidden layer"],
)


@exercise("network")
@NETWORKS
def check_mlp_forward_follows_the_definition(student: Any, reference: Any, rng: Any, N: int, sizes: list[int]) -> None:
    """The network computes the right logits."""
    arguments = rng.normal(size=(N, sizes[0])), network(rng, sizes), softplus
    value.agrees(student.mlp_forward, reference.mlp_forward, *arguments, returns=("logits", None))


@exercise("network")
@NETWORKS
def check_mlp_backward_follows_the_definition(student: Any, reference: Any, rng: Any, N: int, sizes: list[int]) -> None:
    """The gradients of the network are right."""
    value.agrees(
        through(student.mlp_forward, student.mlp_backward),
        due_through(reference.mlp_forward, reference.mlp_backward),
        rng.normal(size=(N, sizes[-1])),
        (rng.normal(size=(N, sizes[0])), network(rng, sizes), softplus),
        softplus_derivative,
        returns=("dx", "grads"),
    )


@exercise("network")
def check_mlp_backward_reaches_through_thirty_layers(student: Any, reference: Any, rng: Any) -> None:
    """The gradients are right through thirty layers."""
    sizes = [3 + layer % 4 for layer in range(31)]
    value.agrees(
        through(student.mlp_forward, student.mlp_backward),
        due_through(reference.mlp_forward, reference.mlp_backward),
        rng.normal(size=(4, sizes[-1])),
        (rng.normal(size=(4, sizes[0])), network(rng, sizes), np.tanh),
        tanh_derivative,
        returns=("dx", "grads"),
    )


@exercise("network", weight=2)
def check_mlp_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """mlp_backward is the gradient of your mlp_forward."""
    forward = student.mlp_forward.keeping(1)

    def mlp_forward(x: Any, params: Any) -> Any:
        return forward(x, params, np.tanh)

    def mlp_backward(dlogits: Any, cache: Any) -> Any:
        return student.mlp_backward(dlogits, cache, tanh_derivative)

    gradient.agrees(
        mlp_forward,
        mlp_backward,
        at={"x": rng.normal(size=(4, 3)), "params": network(rng, [3, 5, 4, 2])},
        returns=["dx", "grads"],
        rng=rng,
    )


def counted(function: Callable[[Array], Array]) -> tuple[Callable[[Array], Array], list[None]]:
    """Return the function and a list that grows by one at each of its calls."""
    calls: list[None] = []

    def call(z: Array) -> Array:
        calls.append(None)
        return function(z)

    return call, calls


@exercise("network")
def check_mlp_forward_computes_nothing_twice(student: Any, rng: Any) -> None:
    """mlp_forward calls the activation once for each hidden layer."""
    activation, calls = counted(np.tanh)
    x, params = rng.normal(size=(3, 4)), network(rng, [4, 5, 3, 6, 2])
    logits, _ = results(student.mlp_forward.keeping(1)(x, params, activation), ("logits", "cache"), of="mlp_forward")
    expect(logits, "logits").has_shape((3, 2)).varies()
    expect(len(calls), "number of calls of activation").equals(3)


@exercise("network")
def check_mlp_backward_computes_nothing_again(student: Any, rng: Any) -> None:
    """mlp_backward calls the derivative once for each hidden layer, and the activation no more."""
    activation, forward_calls = counted(np.tanh)
    derivative, calls = counted(tanh_derivative)
    x, params = rng.normal(size=(3, 4)), network(rng, [4, 5, 3, 6, 2])
    logits, cache = results(
        student.mlp_forward.keeping(1)(x, params, activation), ("logits", "cache"), of="mlp_forward"
    )
    expect(logits, "logits").has_shape((3, 2)).varies()
    before = len(forward_calls)
    student.mlp_backward(rng.normal(size=(3, 2)), cache, derivative)
    expect(len(calls), "number of calls of derivative").equals(3)
    expect(len(forward_calls) - before, "number of calls of activation").equals(0)


@exercise("network")
def check_scale_symmetry(student: Any, reference: Any, rng: Any) -> None:
    """Gradients follow the scale symmetry of ReLU networks, and do not point along it."""
    alpha = 2.5  # any positive number but 1
    x, dlogits = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    (S1, b1), (S2, b2), last = network(rng, [4, 6, 5, 3])
    due = due_through(reference.mlp_forward, reference.mlp_backward)
    _, [(dS1, db1), (dS2, db2), dlast] = due(dlogits, (x, [(S1, b1), (S2, b2), last], relu), step)
    # The same function of x (N, section 4.3): what grows by alpha has gradients smaller by alpha.
    scaled = [(alpha * S1, alpha * b1), (S2 / alpha, b2), last]
    returned = through(student.mlp_forward, student.mlp_backward)(dlogits, (x, scaled, relu), step)
    _, grads = results(returned, ("dx", "grads"), of="mlp_backward")
    expect(grads, "grads").close_to([(dS1 / alpha, db1 / alpha), (alpha * dS2, db2), dlast])
    along = (grads[0][0] * scaled[0][0]).sum() + (grads[0][1] * scaled[0][1]).sum() - (grads[1][0] * scaled[1][0]).sum()
    expect(along, "derivative along the scale symmetry").close_to(0.0)


@exercise("network")
@NETWORKS
def check_input_gradient_follows_the_definition(
    student: Any, reference: Any, rng: Any, N: int, sizes: list[int]
) -> None:
    """The gradient by the input is right."""
    labels = rng.integers(0, sizes[-1], N)
    arguments = rng.normal(size=(N, sizes[0])), network(rng, sizes), labels, softplus, softplus_derivative
    value.agrees(student.input_gradient, reference.input_gradient, *arguments, returns=("dx",))


WEIGHT_DECAY = 0.3
"""Not 1, and large enough that the penalty is a good part of the loss."""


def penalty_terms(params: Params, _x: Array, _labels: Array, decay: float, *_: Function) -> dict[str, Any]:
    """Name the term of weight decay in the loss."""
    return {"weight decay": {"loss": 0.5 * decay * sum((S**2).sum() for S, _ in params)}}


@exercise("network")
@NETWORKS
def check_regularized_loss_follows_the_definition(
    student: Any, reference: Any, rng: Any, N: int, sizes: list[int]
) -> None:
    """The loss with weight decay and its gradients are right."""
    labels = rng.integers(0, sizes[-1], N)
    arguments = network(rng, sizes), rng.normal(size=(N, sizes[0])), labels, WEIGHT_DECAY
    value.agrees(
        student.regularized_loss,
        reference.regularized_loss,
        *arguments,
        softplus,
        softplus_derivative,
        returns=("loss", "grads"),
        terms=penalty_terms,
    )


@exercise("network")
def check_regularized_gradients_are_the_slopes_of_the_loss(student: Any, rng: Any) -> None:
    """The gradients with weight decay are the slopes of the loss that you return."""
    arguments = {"params": network(rng, [4, 5, 3]), "x": rng.normal(size=(6, 4)), "labels": rng.integers(0, 3, 6)}
    rest = {"weight_decay": WEIGHT_DECAY, "activation": np.tanh, "derivative": tanh_derivative}
    gradient.of_loss(student.regularized_loss, at=arguments | rest, wrt="params", rng=rng, returns=["grads"])
