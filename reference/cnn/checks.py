"""Hidden checks of the assignment: values against the definition, backward against forward, and symmetries.

Lengths are all different, kernels and windows are not square, strides leave a rest, upstream gradients are never ones,
and eps is large wherever its place shows. No two pixels of a pooled image are near each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from grader import exercise, expect, gradient, modules, parity, statistics, symmetry, value
from grader.checks.calling import keeping, name_of, results

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]
Shape = tuple[int, ...]


def through(forward: Function, backward: Function, *outputs: str) -> Function:
    """Forward and then backward, as one function of the upstream gradient and the arguments of forward."""
    kept = keeping(forward, 1)

    def gradients(upstream: Any, *inputs: Any, **options: Any) -> Any:
        returned = results(kept(*inputs, **options), ("y", "cache", *outputs), of=name_of(forward))
        return backward(upstream, returned[1])

    gradients.__name__ = name_of(backward)
    return gradients


due_through = cache(through)
"""The same for functions of the reference: one function for each pair, so that its answers are known again."""


# --- convolution ------------------------------------------------------------------------------------------------------

SIGNALS = [(7, 3), (3, 5), (1, 4), (6, 1)]
"""Lengths of signal and kernel: either may be the longer one, and either a single number."""


@exercise("convolution", weight=2)
def check_convolution_follows_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """The convolution is right, also where the kernel is longer than the signal."""
    for n, m in SIGNALS:
        x, w = rng.normal(size=n), rng.normal(size=m)
        value.agrees(student.convolve1d, reference.convolve1d, x, w, returns=("y",))


@exercise("convolution")
def check_toeplitz_follows_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """The matrix of a convolution is right."""
    for n, m in SIGNALS:
        value.agrees(student.toeplitz, reference.toeplitz, rng.normal(size=m), n, returns=("T",))


@exercise("convolution")
def check_toeplitz_is_the_matrix_of_the_convolution(student: Any, rng: Any) -> None:
    """The matrix times a signal is your convolution."""
    x, w = rng.normal(size=6), rng.normal(size=4)
    T, y = student.toeplitz(w, 6), student.convolve1d(x, w)
    expect(T, "T").has_shape((9, 6))
    expect(y, "y").has_shape((9,)).varies()
    expect(T @ x, "T x").close_to(y)


@exercise("convolution")
@pytest.mark.parametrize("shape", [(3, 5), (4, 2), (1, 6), (6, 1)], ids=str)
def check_separable_finds_the_nearest_outer_product(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """The outer product of column and row is the nearest to the kernel, whether that has rank 1 or not."""

    def outer(function: Function) -> Function:
        def product(kernel: Array) -> Any:
            column, row = results(function(kernel), ("column", "row"), of="separable")
            expect(column, "column").has_shape(shape[:1])
            expect(row, "row").has_shape(shape[1:])
            return np.outer(column, row)

        return product

    rank_one = np.outer(rng.normal(size=shape[0]), rng.normal(size=shape[1]))
    # Singular values far apart: where two are equal, so are two answers.
    kernel = rank_one / np.linalg.norm(rank_one) + 0.1 * rng.normal(size=shape)
    for one in (rank_one, kernel):
        returns = ("outer product of column and row",)
        value.agrees(outer(student.separable), outer(reference.separable), one, returns=returns)


@exercise("convolution")
def check_receptive_field_follows_the_definition(student: Any, reference: Any) -> None:
    """The receptive field is right, with strides and dilations."""
    stacks: list[list[tuple[int, int, int]]] = [
        [(7, 3, 2)],
        [(3, 1, 1), (5, 1, 1), (2, 1, 1)],
        [(3, 1, 2), (2, 1, 4), (5, 1, 3)],
        [(3, 2, 1), (2, 2, 1), (4, 3, 1), (3, 1, 1)],
        [(5, 2, 3), (1, 3, 2), (3, 1, 2), (2, 2, 5)],
        [],
    ]
    for layers in stacks:
        value.agrees(student.receptive_field, reference.receptive_field, layers, returns=("field",))


# --- conv2d -----------------------------------------------------------------------------------------------------------

ALL = list(product((1, 2, 3), (0, 1, 2, 3), (1, 2, 3)))
SETTINGS: dict[str, list[tuple[int, int, int]]] = {
    "plain": [(1, 0, 1)],
    "stride": [(2, 0, 1), (3, 0, 1)],
    "padding": [(1, 1, 1), (1, 2, 1), (1, 3, 1)],
    "dilation": [(1, 0, 2), (1, 0, 3)],
    "together": [one for one in ALL if sum(number > least for number, least in zip(one, (1, 0, 1), strict=True)) > 1],
}
"""Stride, padding and dilation, every one up to 3: each alone, and then together."""

BY_SETTING = pytest.mark.parametrize("setting", SETTINGS)

ODD_SHAPES: dict[str, tuple[Shape, Shape, tuple[int, int, int]]] = {
    "one pixel": ((1, 1, 4, 6), (1, 1, 1, 1), (1, 0, 1)),
    "the whole image": ((2, 3, 4, 5), (3, 3, 4, 5), (1, 0, 1)),
    "stride above the kernel": ((2, 1, 8, 7), (2, 1, 2, 1), (3, 0, 1)),
    "kernel above the image": ((1, 2, 2, 3), (3, 2, 4, 5), (1, 1, 1)),
}
"""Images, kernel, setting."""

BY_SHAPE = pytest.mark.parametrize("name", ODD_SHAPES)


def layer(rng: Any, x: Shape = (2, 3, 9, 8), w: Shape = (4, 3, 2, 3)) -> tuple[Array, Array, Array]:
    """Draw images, kernel and bias. With strides 2 and 3 the default leaves a rest in both directions or in one."""
    return rng.normal(size=x), rng.normal(size=w), rng.normal(size=w[0])


def output_shape(x: Array, w: Array, stride: int, padding: int, dilation: int) -> Shape:
    """Return the shape of the output of the layer, by the handout's formula."""
    spans = [(k - 1) * dilation + 1 for k in w.shape[2:]]
    return (
        x.shape[0],
        w.shape[0],
        *((n + 2 * padding - k) // stride + 1 for n, k in zip(x.shape[2:], spans, strict=True)),
    )


@exercise("conv2d")
@BY_SETTING
def check_im2col_follows_the_definition(student: Any, reference: Any, rng: Any, setting: str) -> None:
    """The matrix of windows is right."""
    x = rng.normal(size=(2, 3, 7, 8))
    for one in SETTINGS[setting]:
        value.agrees(student.im2col, reference.im2col, x, (2, 3), *one, returns=("columns",))


@exercise("conv2d")
@BY_SETTING
def check_conv2d_forward_follows_the_definition(student: Any, reference: Any, rng: Any, setting: str) -> None:
    """The convolutional layer is right."""
    arguments = layer(rng)
    for one in SETTINGS[setting]:
        value.agrees(student.conv2d_forward, reference.conv2d_forward, *arguments, *one, returns=("y", None))


@exercise("conv2d")
@BY_SHAPE
def check_conv2d_forward_in_odd_shapes(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The convolutional layer is right for small and large kernels and strides."""
    x, w, setting = ODD_SHAPES[name]
    arguments = *layer(rng, x, w), *setting
    value.agrees(student.conv2d_forward, reference.conv2d_forward, *arguments, returns=("y", None))


def gradients_agree(student: Any, reference: Any, rng: Any, arguments: Any, setting: Any) -> None:
    """Compare all gradients of the layer with the definition."""
    upstream = rng.normal(size=output_shape(*arguments[:2], *setting))
    value.agrees(
        through(student.conv2d_forward, student.conv2d_backward),
        due_through(reference.conv2d_forward, reference.conv2d_backward),
        upstream,
        *arguments,
        *setting,
        returns=("dx", "dw", "db"),
    )


@exercise("conv2d")
@BY_SETTING
def check_conv2d_backward_follows_the_definition(student: Any, reference: Any, rng: Any, setting: str) -> None:
    """The gradients of the convolutional layer are right."""
    arguments = layer(rng)
    for one in SETTINGS[setting]:
        gradients_agree(student, reference, rng, arguments, one)


@exercise("conv2d")
@BY_SHAPE
def check_conv2d_backward_in_odd_shapes(student: Any, reference: Any, rng: Any, name: str) -> None:
    """The gradients of the convolutional layer are right for small and large kernels and strides."""
    x, w, setting = ODD_SHAPES[name]
    gradients_agree(student, reference, rng, layer(rng, x, w), setting)


@exercise("conv2d", weight=2)
@pytest.mark.parametrize("setting", [(1, 0, 1), (2, 1, 1), (1, 2, 3)], ids=["plain", "stride", "dilation"])
def check_conv2d_backward_is_the_gradient_of_forward(student: Any, rng: Any, setting: tuple[int, int, int]) -> None:
    """conv2d_backward is the gradient of your conv2d_forward."""
    at = dict(zip(("x", "w", "b"), layer(rng, (5, 2, 6, 5), (4, 2, 2, 3)), strict=True))
    at |= zip(("stride", "padding", "dilation"), setting, strict=True)
    gradient.agrees(student.conv2d_forward, student.conv2d_backward, at=at, output="y", rng=rng)


def framed(rng: Any) -> Array:
    """Draw images with a frame of zeros so wide that nothing is lost when they move by two pixels."""
    return np.pad(rng.normal(size=(2, 3, 4, 5)), ((0, 0), (0, 0), (4, 5), (4, 5)))


MOVES = {"two columns": (3, 1), "two rows": (2, 1), "two columns, with stride 2": (3, 2)}
"""Axis, and stride: the output moves by two pixels, or by one."""


@exercise("conv2d")
@pytest.mark.parametrize("move", MOVES)
def check_conv2d_moves_with_the_image(student: Any, rng: Any, move: str) -> None:
    """Where the image moves, the output moves along (N 5.3)."""
    axis, stride = MOVES[move]
    x, (_, w, b) = framed(rng), layer(rng)
    symmetry.equivariant(
        student.conv2d_forward,
        x,
        w,
        b,
        stride,
        change=lambda x, *rest: (np.roll(x, 2, axis), *rest),
        response=lambda y: np.roll(y, 2 // stride, axis),
        named=f"a shift by {move}",
        returns=("y", None),
    )


# --- pooling ----------------------------------------------------------------------------------------------------------

WINDOWS: dict[str, tuple[Shape, tuple[int, int], int]] = {
    "side by side": ((2, 3, 6, 4), (2, 2), 2),
    "overlapping": ((2, 3, 7, 5), (3, 2), 1),
    "overlapping, with a rest": ((1, 2, 8, 9), (2, 3), 2),
    "stride above the window": ((2, 1, 9, 8), (1, 2), 3),
    "the whole image": ((3, 2, 4, 5), (4, 5), 1),
}
"""Images, window, stride."""

BY_WINDOW = pytest.mark.parametrize("name", WINDOWS)
KINDS = pytest.mark.parametrize("kind", ["max", "avg"])


def pool(module: Any, kind: str) -> tuple[Function, Function]:
    """Return forward and backward of one kind of pooling."""
    return getattr(module, f"{kind}_pool_forward"), getattr(module, f"{kind}_pool_backward")


def picture(rng: Any, shape: Shape) -> Array:
    """Draw images, most of them below 0, so that a padding with zeros shows, whose pixels differ by 0.05 or more."""
    count = int(np.prod(shape))
    pixels: Array = 0.05 * (rng.permutation(count).reshape(shape) - 0.9 * count)
    return pixels


@exercise("pooling")
@KINDS
@BY_WINDOW
def check_pool_forward_follows_the_definition(student: Any, reference: Any, rng: Any, name: str, kind: str) -> None:
    """Pooling is right."""
    shape, window, stride = WINDOWS[name]
    functions = pool(student, kind)[0], pool(reference, kind)[0]
    value.agrees(*functions, picture(rng, shape), window, stride, returns=("y", None))


@exercise("pooling")
@KINDS
@BY_WINDOW
def check_pool_backward_follows_the_definition(student: Any, reference: Any, rng: Any, name: str, kind: str) -> None:
    """The gradient of pooling is right."""
    shape, window, stride = WINDOWS[name]
    out = tuple((n - k) // stride + 1 for n, k in zip(shape[2:], window, strict=True))
    value.agrees(
        through(*pool(student, kind)),
        due_through(*pool(reference, kind)),
        rng.normal(size=(*shape[:2], *out)),
        picture(rng, shape),
        window,
        stride,
        returns=("dx",),
    )


@exercise("pooling", weight=2)
@KINDS
def check_pool_backward_is_the_gradient_of_forward(student: Any, rng: Any, kind: str) -> None:
    """The gradient of pooling is the slope of your forward."""
    at = {"x": picture(rng, (5, 2, 6, 4)), "window": (3, 2), "stride": 1}
    gradient.agrees(*pool(student, kind), at=at, wrt="x", output="y", rng=rng)


@exercise("pooling")
@KINDS
def check_pooling_of_all_pixels_is_invariant(student: Any, rng: Any, kind: str) -> None:
    """Pooling over the whole image does not notice that the image moves (N, section 5.5)."""
    x = picture(rng, (2, 3, 5, 6))
    symmetry.invariant(
        pool(student, kind)[0],
        x,
        (5, 6),
        1,
        change=lambda x, *rest: (np.roll(x, (1, 2), (2, 3)), *rest),
        named="a shift round the border",
        returns=("y", None),
    )


# --- batchnorm --------------------------------------------------------------------------------------------------------

EPS = 0.3
"""Large enough that its place shows."""

CONSTANTS = {"rho": 0.8, "eps": EPS}
"""Of batch norm: a rho that differs from 1 - rho."""

AVERAGES = "running_mean", "running_var"
BATCHES: dict[str, Shape] = {
    "a batch": (7, 4),
    "two samples": (2, 3),
    "one feature": (5, 1),
    "images": (3, 2, 4, 5),
    "one image": (1, 3, 2, 4),
}
BY_BATCH = pytest.mark.parametrize("batch", BATCHES)


def batch_norm(module: Any, shape: Shape) -> tuple[Function, Function]:
    """Return forward and backward of batch norm for features or for images."""
    name = "batch_norm2d" if len(shape) == 4 else "batch_norm"
    return getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")


def normalised(rng: Any, shape: Shape) -> tuple[Array, ...]:
    """Draw x, a, b and running averages: means and variances differ from feature to feature, and are not 0 and 1."""
    p = shape[1]
    spread = (slice(None), *[None] * (len(shape) - 2))
    x = rng.normal(size=p)[spread] + rng.uniform(0.5, 2, size=p)[spread] * rng.normal(size=shape)
    return x, rng.normal(size=p), rng.normal(size=p), rng.normal(size=p), rng.uniform(0.5, 3, size=p)


@exercise("batchnorm")
@BY_BATCH
def check_batch_norm_in_training(student: Any, reference: Any, rng: Any, batch: str) -> None:
    """Batch norm and its running averages are right in training."""
    shape = BATCHES[batch]
    functions = batch_norm(student, shape)[0], batch_norm(reference, shape)[0]
    returns = "y", None, *AVERAGES
    value.agrees(*functions, *normalised(rng, shape), returns=returns, train=True, **CONSTANTS)


@exercise("batchnorm")
@pytest.mark.parametrize("shape", [(7, 4), (1, 5), (3, 2, 4, 5), (1, 3, 1, 1)], ids=str)
def check_batch_norm_in_evaluation(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """Batch norm is right in evaluation, also for a single sample, and leaves the running averages as they are."""
    functions = batch_norm(student, shape)[0], batch_norm(reference, shape)[0]
    returns = "y", None, *AVERAGES
    value.agrees(*functions, *normalised(rng, shape), returns=returns, train=False, **CONSTANTS)


@exercise("batchnorm")
@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 4, 2)], ids=["features", "images"])
def check_batch_norm_has_the_right_defaults(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """Without rho and eps, batch norm takes 0.9 and 1e-5."""
    x, *rest = normalised(rng, shape)
    functions = batch_norm(student, shape)[0], batch_norm(reference, shape)[0]
    # A spread of a hundredth, beside which an eps of 1e-5 shows.
    value.agrees(*functions, x / 100, *rest, returns=("y", None, *AVERAGES), train=True)


def trained_and_evaluated(forward: Function) -> Function:
    """Train on all batches but the last, and evaluate on that: as one function."""

    def batch_norm_forward(batches: list[Array], a: Array, b: Array, *running: Array) -> Any:
        *training, test = batches
        for x in training:
            returned = forward(x, a, b, *running, train=True, **CONSTANTS)
            running = results(returned, ("y", "cache", *AVERAGES), of=name_of(forward))[2:]
        returned = forward(test, a, b, *running, train=False, **CONSTANTS)
        return results(returned, ("y", "cache", *AVERAGES), of=name_of(forward))[0]

    batch_norm_forward.__name__ = name_of(forward)
    return batch_norm_forward


due_trained_and_evaluated = cache(trained_and_evaluated)
"""The same for the reference, whose answers are known again."""


@exercise("batchnorm")
@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 4, 5)], ids=["features", "images"])
def check_batch_norm_after_training(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """After four batches of training, evaluation is right."""
    forward, due = keeping(batch_norm(student, shape)[0], 1), batch_norm(reference, shape)[0]
    _, *arguments = normalised(rng, shape)
    batches = [normalised(rng, shape)[0] for _ in range(5)]
    functions = trained_and_evaluated(forward), due_trained_and_evaluated(due)
    value.agrees(*functions, batches, *arguments, returns=("y",))


@exercise("batchnorm")
@BY_BATCH
def check_batch_norm_backward_follows_the_definition(student: Any, reference: Any, rng: Any, batch: str) -> None:
    """The gradients of batch norm are right."""
    shape = BATCHES[batch]
    value.agrees(
        through(*batch_norm(student, shape), *AVERAGES),
        due_through(*batch_norm(reference, shape), *AVERAGES),
        rng.normal(size=shape),
        *normalised(rng, shape),
        returns=("dx", "da", "db"),
        train=True,
        **CONSTANTS,
    )


@exercise("batchnorm", weight=2)
@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4, 2)], ids=["features", "images"])
def check_batch_norm_backward_is_the_gradient_of_forward(student: Any, rng: Any, shape: Shape) -> None:
    """The gradients of batch norm are the slopes of your forward, which flow through mean and variance too."""
    forward, backward = batch_norm(student, shape)
    kept = keeping(forward, 1)
    x, a, b, *running = normalised(rng, shape)

    def batch_norm_forward(x: Array, a: Array, b: Array) -> Any:
        returned = kept(x, a, b, *running, train=True, **CONSTANTS)
        return results(returned, ("y", "cache", *AVERAGES), of=name_of(forward))[:2]

    gradient.agrees(batch_norm_forward, backward, at={"x": x, "a": a, "b": b}, output="y", rng=rng)


SAMPLES = pytest.mark.parametrize("shape", [(6, 4), (1, 5), (3, 2)], ids=["a batch", "one sample", "two features"])


@exercise("batchnorm")
@SAMPLES
def check_layer_norm_follows_the_definition(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """Layer norm is right."""
    arguments = normalised(rng, shape)[:3]
    value.agrees(student.layer_norm_forward, reference.layer_norm_forward, *arguments, EPS, returns=("y", None))


@exercise("batchnorm")
def check_layer_norm_has_the_right_default(student: Any, reference: Any, rng: Any) -> None:
    """Without eps, layer norm takes 1e-5."""
    x, a, b = normalised(rng, (4, 6))[:3]
    # A spread of a hundredth, beside which an eps of 1e-5 shows.
    value.agrees(student.layer_norm_forward, reference.layer_norm_forward, x / 100, a, b, returns=("y", None))


@exercise("batchnorm")
@SAMPLES
def check_layer_norm_backward_follows_the_definition(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """The gradients of layer norm are right."""
    value.agrees(
        through(student.layer_norm_forward, student.layer_norm_backward),
        due_through(reference.layer_norm_forward, reference.layer_norm_backward),
        rng.normal(size=shape),
        *normalised(rng, shape)[:3],
        EPS,
        returns=("dx", "da", "db"),
    )


@exercise("batchnorm")
def check_layer_norm_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """layer_norm_backward is the gradient of your layer_norm_forward."""
    x, a, b = normalised(rng, (3, 5))[:3]
    at = {"x": x, "a": a, "b": b, "eps": EPS}
    functions = student.layer_norm_forward, student.layer_norm_backward
    gradient.agrees(*functions, at=at, wrt=("x", "a", "b"), output="y", rng=rng)


P = 0.3
"""Far from 1/2, so that keeping and dropping differ."""


@dataclass(frozen=True)
class Kept:
    """The law of an entry of the mask: 1 with probability 1 - p, else 0.

    The means that are tested here are over thousands of entries: their skewness, below 0.01, changes the level of 1e-6
    by less than a fifth.
    """

    p: float
    name = "Bernoulli"

    @property
    def mean(self) -> float:
        """Share of the entries that are kept."""
        return 1 - self.p

    @property
    def variance(self) -> float:
        """Mean times one minus mean."""
        return self.p * (1 - self.p)

    @property
    def kurtosis(self) -> float:
        """Fourth central moment by the squared variance."""
        return 1 / self.variance - 3

    def chance_of_variance(self, _ratio: float, _n: int) -> float:
        """Return 1: the mean says all about two values."""
        return 1.0

    def chance_of_fit(self, _sample: Array) -> float:
        """Return 1, for the same reason."""
        return 1.0


def dropped(student: Any, x: Array, rng: Any, p: float = P) -> tuple[Array, Any]:
    """Return what dropout gives in training, of the right shape and finite, and its cache."""
    y, cache = results(student.dropout_forward.keeping(1)(x, p, rng, train=True), ("y", "cache"), of="dropout_forward")
    expect(y, "y").has_shape(x.shape).is_finite()
    return np.asarray(y, dtype=np.float64), cache


@exercise("batchnorm")
def check_dropout_drops_the_right_share_independently(student: Any, rng: Any) -> None:
    """Each entry is dropped with probability p, independently of the others."""
    y, _ = dropped(student, rng.uniform(1, 2, size=(200, 150)), rng)
    kept = (y != 0).astype(np.float64)
    statistics.has_mean(kept, Kept(P), name="mask")
    statistics.independent(kept, Kept(P), name="mask")


@exercise("batchnorm")
def check_dropout_keeps_the_mean(student: Any, rng: Any) -> None:
    """The mean over masks of what dropout gives is its input, for images too."""
    x = rng.normal(size=(2, 3, 2))
    y, _ = dropped(student, np.tile(x, (4000, 1, 1, 1)), rng)
    statistics.is_unbiased(y.reshape(4000, -1), x.ravel(), name="mean of y")


@exercise("batchnorm", weight=2)
def check_dropout_backward_uses_the_mask_of_forward(student: Any, rng: Any) -> None:
    """dropout_backward multiplies by the mask of your dropout_forward."""
    x, dy = rng.uniform(1, 2, size=(20, 30)), rng.normal(size=(20, 30))
    y, cache = dropped(student, x, rng)
    expect(y, "y").varies()
    expect(student.dropout_backward(dy, cache), "dx").close_to(dy * (y / x))


@exercise("batchnorm")
def check_dropout_backward_in_evaluation(student: Any, reference: Any, rng: Any) -> None:
    """In evaluation the gradient passes dropout as it is."""
    functions = (
        through(student.dropout_forward, student.dropout_backward),
        due_through(reference.dropout_forward, reference.dropout_backward),
    )
    arguments = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), P, rng
    value.agrees(*functions, *arguments, returns=("dx",), train=False)


DRAWS = 20_000
"""A penalty that lacks its factor 1 / (1 - p) is off by more than 30 standard errors."""


@exercise("batchnorm")
def check_dropout_is_a_ridge_penalty(student: Any, rng: Any) -> None:
    """On a linear model, the mean squared error with dropout is that without it plus a ridge penalty (N 7.14)."""
    X, w, target = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=3)
    masked, _ = dropped(student, np.tile(X, (DRAWS, 1, 1)), rng)
    squares = ((target - masked @ w) ** 2).sum(axis=1)  # (DRAWS,)
    due = ((target - X @ w) ** 2).sum() + P / (1 - P) * (X**2).sum(axis=0) @ w**2
    statistics.is_unbiased(squares, due, name="mean of |y - dropout(X) w|^2")


# --- conv_block -------------------------------------------------------------------------------------------------------

BLOCKS: dict[str, tuple[Shape, dict[str, Any]]] = {
    "a rest at the border": ((3, 4, 7, 6), {"channels": 4, "filters": 5, "eps": EPS, "momentum": 0.3}),
    "a large kernel": (
        (2, 1, 9, 10),
        {"channels": 1, "filters": 3, "kernel": 5, "pool": 3, "eps": EPS, "momentum": 0.6},
    ),
    "one image, no pooling": (
        (1, 3, 4, 5),
        {"channels": 3, "filters": 2, "kernel": 1, "pool": 1, "eps": EPS, "momentum": 0.2},
    ),
}
"""Images, and arguments of the block."""

BY_BLOCK = pytest.mark.parametrize("block", BLOCKS)


def block_inputs(reference: Any, rng: Any, block: str, *, bias: bool) -> tuple[Array, Array, dict[str, Any]]:
    """Draw images and an upstream gradient, and return them with arguments and a random state of the block."""
    shape, build = BLOCKS[block]
    build = build | {"bias": bias}
    step = build.get("pool", 2)
    out = shape[0], build["filters"], shape[2] // step, shape[3] // step
    state = modules.random_state(reference.ConvBlock, rng, build=build)
    return rng.normal(size=shape), rng.normal(size=out), {"build": build, "state": state}


@exercise("conv_block")
@BY_BLOCK
def check_conv_block_in_evaluation(student: Any, reference: Any, rng: Any, block: str) -> None:
    """In evaluation, output, gradients and state of the block are right."""
    x, upstream, options = block_inputs(reference, rng, block, bias=True)
    modules.agrees(student.ConvBlock, reference.ConvBlock, x, upstream=upstream, train=False, **options)


@exercise("conv_block")
@BY_BLOCK
def check_conv_block_in_training(student: Any, reference: Any, rng: Any, block: str) -> None:
    """In training, output, gradients and state of the block are right."""
    # Without the bias, whose gradient is nothing but rounding in training.
    x, upstream, options = block_inputs(reference, rng, block, bias=False)
    modules.agrees(student.ConvBlock, reference.ConvBlock, x, upstream=upstream, train=True, **options)


@exercise("conv_block")
def check_conv_block_has_the_right_defaults(student: Any, reference: Any, rng: Any) -> None:
    """With channels and filters alone, the block has the handout's defaults."""
    build = {"channels": 2, "filters": 3}
    state = modules.random_state(reference.ConvBlock, rng, build=build)
    x = rng.normal(size=(2, 2, 5, 6)) / 100  # beside which an eps of 1e-5 shows
    state["conv.bias"] /= 100
    modules.agrees(student.ConvBlock, reference.ConvBlock, x, build=build, state=state, train=True)


@exercise("conv_block", weight=2)
@pytest.mark.parametrize("train", [True, False], ids=["training", "evaluation"])
def check_conv_block_is_the_same_everywhere(student: Any, reference: Any, rng: Any, train: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    """Your module gives the same on every device and in every precision."""
    # The bias in evaluation only: in training its gradient is nothing but rounding.
    x, upstream, options = block_inputs(reference, rng, "a rest at the border", bias=not train)
    parity.across(student.ConvBlock, x, upstream=upstream, train=train, **options)
