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
from grader.evidence import CheckFailure

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]
Shape = tuple[int, ...]


def through(forward: Function, backward: Function, *outputs: str, between: slice | None = None) -> Function:
    """Forward and then backward, as one function of the upstream gradient and the arguments of forward.

    Between the two, forward may see another batch, as in a network of two layers: -x[between].
    """
    kept = keeping(forward, 1)

    def gradients(upstream: Any, x: Array, *inputs: Any, **options: Any) -> Any:
        returned = results(kept(x, *inputs, **options), ("y", "cache", *outputs), of=name_of(forward))
        if between:
            kept(-x[between], *inputs, **options)
        return backward(upstream, returned[1])

    gradients.__name__ = name_of(backward)
    return gradients


due_through = cache(through)
"""The same for functions of the reference: one function for each pair, so that its answers are known again."""


def backward_agrees(
    layer: str,
    student: Any,
    reference: Any,
    *arguments: Any,
    returns: tuple[str, ...],
    outputs: tuple[str, ...] = (),
    interrupted: bool = False,
    **options: Any,
) -> None:
    """Compare the gradients of a layer, by the upstream gradient and the arguments of forward, with the definition.

    Interrupted, also where forward sees other batches before backward comes: of the same size and of another.
    """
    forward, backward = getattr(student, f"{layer}_forward"), getattr(student, f"{layer}_backward")
    due = getattr(reference, f"{layer}_forward"), getattr(reference, f"{layer}_backward")

    def agree(between: slice | None = None) -> None:
        whole = through(forward, backward, *outputs, between=between)
        value.agrees(whole, due_through(*due, *outputs), *arguments, returns=returns, **options)

    try:
        agree()
    except CheckFailure as failure:
        try:
            value.agrees(forward, due[0], *arguments[1:], returns=("y", None, *[None] * len(outputs)), **options)
        except CheckFailure:
            hint = f"`{layer}_forward` is wrong: mend it first. `{layer}_backward` may be right already."
            raise CheckFailure(str(failure), hint=hint, evidence=failure.evidence) from None
        raise
    for between in (slice(None), slice(1, None)) if interrupted else ():
        try:
            agree(between)
        except CheckFailure as failure:
            hint = (
                f"`{layer}_backward` uses what the last forward left: take all of it from the cache that it is given."
            )
            raise CheckFailure(str(failure), hint=hint, evidence=failure.evidence) from None


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


def outer_product(function: Function) -> Function:
    """Return the outer product of column and row, as one function of the kernel."""

    def product(kernel: Array) -> Any:
        return np.outer(*results(function(kernel), ("column", "row"), of=name_of(function)))

    product.__name__ = name_of(function)
    return product


due_outer_product = cache(outer_product)
"""The same for the reference, whose answers are known again."""


@exercise("convolution")
@pytest.mark.parametrize("shape", [(3, 5), (4, 2), (1, 6), (6, 1)], ids=str)
def check_separable_finds_the_nearest_outer_product(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """The outer product of column and row is the nearest to the kernel, whether that has rank 1 or not."""
    rank_one = np.outer(rng.normal(size=shape[0]), rng.normal(size=shape[1]))
    left, right = (np.linalg.qr(rng.normal(size=(length, length)))[0] for length in shape)
    rank = min(shape)
    # Each singular value 0.8 times the one before: where two are equal, so are two answers.
    full = (left[:, :rank] * 0.8 ** np.arange(rank)) @ right[:rank]
    for kernel in (rank_one, full, np.pad(rank_one, ((1, 0), (1, 0)))):  # the last begins with zeros
        column, row = results(student.separable(kernel), ("column", "row"), of="separable")
        expect(column, "column").has_shape(kernel.shape[:1])
        expect(row, "row").has_shape(kernel.shape[1:])
        functions = outer_product(student.separable), due_outer_product(reference.separable)
        value.agrees(*functions, kernel, returns=("outer product of column and row",))


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


def gradients_agree(
    student: Any, reference: Any, rng: Any, arguments: Any, setting: Any, *, interrupted: bool = False
) -> None:
    """Compare all gradients of the layer with the definition."""
    inputs = rng.normal(size=output_shape(*arguments[:2], *setting)), *arguments, *setting
    returns = "dx", "dw", "db"
    backward_agrees("conv2d", student, reference, *inputs, returns=returns, interrupted=interrupted)


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


@exercise("conv2d")
def check_conv2d_backward_uses_the_cache_that_it_is_given(student: Any, reference: Any, rng: Any) -> None:
    """conv2d_backward uses the cache that it is given, also where forward has run again since."""
    gradients_agree(student, reference, rng, layer(rng), (2, 1, 1), interrupted=True)


@exercise("conv2d", weight=2)
@pytest.mark.parametrize("setting", [(1, 0, 1), (2, 1, 1), (1, 2, 3)], ids=["plain", "stride", "dilation"])
def check_conv2d_backward_is_the_gradient_of_forward(student: Any, rng: Any, setting: tuple[int, int, int]) -> None:
    """conv2d_backward is the gradient of your conv2d_forward."""
    at: dict[str, Any] = dict(zip(("x", "w", "b"), layer(rng, (5, 2, 6, 5), (4, 2, 2, 3)), strict=True))
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
    # Far below 0, where no search for a maximum may begin.
    value.agrees(*functions, picture(rng, shape) - 1000, window, stride, returns=("y", None))


def pool_gradient_agrees(
    student: Any, reference: Any, rng: Any, name: str, kind: str, *, interrupted: bool = False
) -> None:
    """Compare the gradient of one kind of pooling with the definition."""
    shape, window, stride = WINDOWS[name]
    out = tuple((n - k) // stride + 1 for n, k in zip(shape[2:], window, strict=True))
    arguments = rng.normal(size=(*shape[:2], *out)), picture(rng, shape), window, stride
    backward_agrees(f"{kind}_pool", student, reference, *arguments, returns=("dx",), interrupted=interrupted)


@exercise("pooling")
@KINDS
@BY_WINDOW
def check_pool_backward_follows_the_definition(student: Any, reference: Any, rng: Any, name: str, kind: str) -> None:
    """The gradient of pooling is right."""
    pool_gradient_agrees(student, reference, rng, name, kind)


@exercise("pooling")
@KINDS
def check_pool_backward_uses_the_cache_that_it_is_given(student: Any, reference: Any, rng: Any, kind: str) -> None:
    """The gradient of pooling uses the cache that it is given, also where forward has run again since."""
    pool_gradient_agrees(student, reference, rng, "overlapping", kind, interrupted=True)


@exercise("pooling")
def check_max_pool_at_ties(student: Any, rng: Any) -> None:
    """At ties the gradient goes to pixels that are the largest of their window, and to no others."""
    x, dy = rng.integers(0, 3, size=(2, 3, 6, 4)).astype(np.float64), rng.uniform(1, 2, size=(2, 3, 3, 2))
    y, cache = results(student.max_pool_forward.keeping(1)(x, (2, 2), 2), ("y", "cache"), of="max_pool_forward")
    windows = x.reshape(2, 3, 3, 2, 2, 2)  # (N, C, H_out, kh, W_out, kw)
    best = windows.max(axis=(3, 5), keepdims=True)
    expect(y, "y").close_to(best[:, :, :, 0, :, 0])
    largest = windows == best
    alone = np.broadcast_to(largest.sum(axis=(3, 5), keepdims=True) == 1, windows.shape).reshape(x.shape)
    whole = (largest * dy[:, :, :, None, :, None]).reshape(x.shape)
    dx = student.max_pool_backward(dy, cache)
    expect(dx, "dx").has_shape(x.shape).is_finite()
    expect(dx, "dx").close_to(np.where(alone, whole, np.clip(dx, 0, whole)))  # at ties every convention is right


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

CONSTANTS: dict[str, Any] = {"rho": 0.8, "eps": EPS}
"""Of batch norm: a rho that differs from 1 - rho."""

EXTREME = {"two samples": {"rho": 0.0}, "one image": {"rho": 1.0}}
"""Batches in training where nothing stays of the running averages, or all of them."""

AVERAGES = "running_mean", "running_var"
BATCHES: dict[str, Shape] = {
    "a batch": (7, 4),
    "two samples": (2, 3),
    "one feature": (5, 1),
    "images": (3, 2, 4, 5),
    "one image": (1, 3, 2, 4),
}
BY_BATCH = pytest.mark.parametrize("batch", BATCHES)


def batch_norm_name(shape: Shape) -> str:
    """Return the name of batch norm for features or for images."""
    return "batch_norm2d" if len(shape) == 4 else "batch_norm"


def batch_norm(module: Any, shape: Shape) -> tuple[Function, Function]:
    """Return forward and backward of batch norm for features or for images."""
    name = batch_norm_name(shape)
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
    constants = CONSTANTS | EXTREME.get(batch, {})
    value.agrees(*functions, *normalised(rng, shape), returns=("y", None, *AVERAGES), train=True, **constants)


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


def norm_gradients_agree(
    student: Any, reference: Any, rng: Any, layer: str, shape: Shape, *, interrupted: bool = False
) -> None:
    """Compare the gradients of a norm with the definition."""
    inputs: tuple[Any, ...] = normalised(rng, shape)
    options: dict[str, Any] = {"returns": ("dx", "da", "db"), "interrupted": interrupted}
    if layer == "layer_norm":
        inputs = *inputs[:3], EPS
    else:
        options |= {"outputs": AVERAGES, "train": True, **CONSTANTS}
    backward_agrees(layer, student, reference, rng.normal(size=shape), *inputs, **options)


@exercise("batchnorm")
@BY_BATCH
def check_batch_norm_backward_follows_the_definition(student: Any, reference: Any, rng: Any, batch: str) -> None:
    """The gradients of batch norm are right."""
    shape = BATCHES[batch]
    norm_gradients_agree(student, reference, rng, batch_norm_name(shape), shape)


@exercise("batchnorm")
@pytest.mark.parametrize("layer", ["batch_norm", "batch_norm2d", "layer_norm"])
def check_norm_backward_uses_the_cache_that_it_is_given(student: Any, reference: Any, rng: Any, layer: str) -> None:
    """The gradients of a norm use the cache that they are given, also where forward has run again since."""
    shape = BATCHES["images" if layer == "batch_norm2d" else "a batch"]
    norm_gradients_agree(student, reference, rng, layer, shape, interrupted=True)


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

    batch_norm_forward.__name__ = name_of(forward)
    gradient.agrees(batch_norm_forward, backward, at={"x": x, "a": a, "b": b}, output="y", rng=rng)


SAMPLES = pytest.mark.parametrize("shape", [(6, 4), (1, 5), (3, 2)], ids=["a batch", "one sample", "two features"])


@exercise("batchnorm")
@SAMPLES
def check_layer_norm_follows_the_definition(student: Any, reference: Any, rng: Any, shape: Shape) -> None:
    """Layer norm is right."""
    x, a, b = normalised(rng, shape)[:3]
    # Far from 0, where digits are lost that float32 does not have.
    value.agrees(student.layer_norm_forward, reference.layer_norm_forward, x + 100, a, b, EPS, returns=("y", None))


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
    norm_gradients_agree(student, reference, rng, "layer_norm", shape)


@exercise("batchnorm")
def check_layer_norm_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """layer_norm_backward is the gradient of your layer_norm_forward."""
    x, a, b = normalised(rng, (3, 5))[:3]
    at = {"x": x, "a": a, "b": b, "eps": EPS}
    functions = student.layer_norm_forward, student.layer_norm_backward
    gradient.agrees(*functions, at=at, wrt=("x", "a", "b"), output="y", rng=rng)


P = 0.3
"""Far from 1/2, so that keeping and dropping differ."""

THIRD = statistics.LEVEL / 3
"""Level of each of two decisions; the rest is more than what skewness adds to them."""


@dataclass(frozen=True)
class Kept:
    """The law of an entry of the mask: 1 with probability 1 - p, else 0.

    The means that are tested here are over 60,000 entries: their skewness, below 0.01, changes the level of either side
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


MASKS: dict[str, tuple[Shape, float]] = {
    "features": ((300, 200), P),
    "images": ((16, 20, 10, 20), 0.15),
    "few kept": ((300, 200), 0.85),
}
"""Shape, and p: not all of them tenths."""


@exercise("batchnorm")
@pytest.mark.parametrize("mask", MASKS)
def check_dropout_drops_the_right_share_independently(student: Any, rng: Any, mask: str) -> None:
    """Each entry is dropped with probability p, independently of the others."""
    shape, p = MASKS[mask]
    y, _ = dropped(student, rng.uniform(1, 2, size=shape), rng, p)
    kept = (y != 0).astype(np.float64).reshape(-1, 200)  # of images, a row for each channel
    statistics.has_mean(kept, Kept(p), name="mask", level=THIRD)
    statistics.independent(kept, Kept(p), name="mask", level=THIRD)


@exercise("batchnorm")
def check_dropout_drops_a_random_number(student: Any, rng: Any) -> None:
    """How many entries are dropped is random too, since they are dropped independently."""
    counts = [float((dropped(student, np.ones((3, 4)), rng)[0] == 0).sum()) for _ in range(60)]
    # 60 right ones are equal with a chance below 0.24 to the power of 59.
    expect(np.array(counts), "number of entries dropped in a call").varies()


@exercise("batchnorm")
def check_dropout_keeps_the_mean(student: Any, rng: Any) -> None:
    """The mean over masks of what dropout gives is its input, for images too."""
    x = rng.normal(size=(2, 3, 2))
    y, _ = dropped(student, np.tile(x, (4000, 1, 1, 1)), rng)
    expect(y - y[0], "difference between two samples after dropout").varies()
    statistics.is_unbiased(y.reshape(4000, -1), x.ravel(), name="mean of y")


@exercise("batchnorm", weight=2)
def check_dropout_backward_uses_the_mask_of_forward(student: Any, rng: Any) -> None:
    """dropout_backward multiplies by the mask of its own forward, also where forward has run again since."""
    x, dy = rng.uniform(1, 2, size=(20, 30)), rng.normal(size=(20, 30))
    y, cache = dropped(student, x, rng)
    expect(y, "y").varies()
    dropped(student, x, rng, 0.5)
    due = dy * (y / x)
    expect(student.dropout_backward(dy, cache), "dx").close_to(due)


@exercise("batchnorm")
def check_dropout_backward_where_the_input_is_zero(student: Any, rng: Any) -> None:
    """Where the input is 0, dropout_backward keeps and drops as elsewhere."""
    _, cache = dropped(student, np.zeros((20, 30)), rng)
    dx = student.dropout_backward(np.ones((20, 30)), cache)
    expect(dx, "dx").has_shape((20, 30)).varies()
    expect(dx, "dx").close_to(np.where(np.asarray(dx) == 0, 0, 1 / (1 - P)))


@exercise("batchnorm")
def check_dropout_backward_in_evaluation(student: Any, reference: Any, rng: Any) -> None:
    """In evaluation the gradient passes dropout as it is."""
    arguments = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), P, rng
    backward_agrees("dropout", student, reference, *arguments, returns=("dx",), train=False)


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
