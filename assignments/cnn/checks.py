"""Public checks: worked examples that can be done by hand, properties, and your backward against your own forward.

They need no solution, and they are not everything: the hidden checks also compare with the definitions at random
inputs, at every stride, padding and dilation up to 3, at windows that overlap, and on whole training runs.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from grader import exercise, expect, gradient, modules, statistics, symmetry, value
from grader.checks.calling import results


def gives(function: Callable[..., Any], *arguments: Any, due: dict[str, Any], **options: Any) -> None:
    """Check a worked example: the results by name and in order; None for a cache, which may be anything."""
    wanted = tuple(due.values())
    names = [name if result is not None else None for name, result in due.items()]
    right = wanted if len(wanted) > 1 else wanted[0]
    value.agrees(function, lambda *_, **__: right, *arguments, returns=names, **options)


def vector(*numbers: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a float64 vector of its numbers."""
    return np.array(numbers, dtype=np.float64)


def image(*rows: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make one image of one channel, (1, 1, H, W), of its rows."""
    return np.array([[rows]], dtype=np.float64)


# --- convolution ------------------------------------------------------------------------------------------------------


@exercise("convolution")
def check_convolution_example(student: Any) -> None:
    """The convolution of (1, 2, 3) with (10, 1) is right."""
    # Each entry of the signal sends a copy of the kernel: 10 1 . .  +  . 20 2 .  +  . . 30 3.
    gives(student.convolve1d, vector(1, 2, 3), vector(10, 1), due={"y": vector(10, 21, 32, 3)})


@exercise("convolution")
def check_convolution_is_commutative(student: Any, rng: Any) -> None:
    """Signal and kernel may change places."""
    x, w = rng.normal(size=6), rng.normal(size=3)
    symmetry.invariant(
        student.convolve1d, x, w, change=lambda x, w: (w, x), named="exchanging signal and kernel", returns=("y",)
    )


@exercise("convolution")
def check_toeplitz_example(student: Any) -> None:
    """The matrix of the convolution with (10, 1) on three entries is right."""
    due = np.array([[10, 0, 0], [1, 10, 0], [0, 1, 10], [0, 0, 1]], dtype=np.float64)
    gives(student.toeplitz, vector(10, 1), 3, due={"T": due})


@exercise("convolution")
def check_separable_example(student: Any) -> None:
    """The Sobel kernel is the outer product of your column and row (N, remark 5.4)."""
    column, row = np.array([1.0, 2.0, 1.0]), np.array([1.0, 0.0, -1.0])
    found = results(student.separable(np.outer(column, row)), ("column", "row"), of="separable")
    for part, name in zip(found, ("column", "row"), strict=True):
        expect(part, name).has_shape((3,))
    expect(np.outer(*found), "outer product of column and row").close_to(np.outer(column, row))


@exercise("convolution")
def check_receptive_field_example(student: Any) -> None:
    """Two layers of kernel 3 reach over five pixels, and a stride of 2 in the first makes it seven."""
    # Three neighbouring outputs of the first layer reach over 3 + 1 + 1 pixels; two pixels apart, 3 + 2 + 2.
    gives(student.receptive_field, [(3, 1, 1), (3, 1, 1)], due={"field": 5})
    gives(student.receptive_field, [(3, 2, 1), (3, 1, 1)], due={"field": 7})


# --- conv2d -----------------------------------------------------------------------------------------------------------


@exercise("conv2d")
def check_im2col_example(student: Any) -> None:
    """The windows of an image of 2 x 3 are right, row by row."""
    x = image([1, 2, 3], [4, 5, 6])
    due = np.array([[1, 2, 4, 5], [2, 3, 5, 6]], dtype=np.float64)
    gives(student.im2col, x, (2, 2), due={"columns": due})


@exercise("conv2d")
def check_conv2d_example(student: Any) -> None:
    """The layer is right in an example: the kernel is not flipped."""
    # Each output is the pixel at the left plus 10 times the one below its right neighbour, plus the bias 100.
    x, w = image([1, 2, 3], [4, 5, 6]), image([1, 0], [0, 10])
    gives(student.conv2d_forward, x, w, vector(100), due={"y": image([151, 162]), "cache": None})


@exercise("conv2d")
def check_channels_and_filters_example(student: Any) -> None:
    """The layer is right in an example of two images, two channels and two filters."""
    # The first filter adds the channels and 100, the second takes the second channel from twice the first, plus 1000.
    x = np.array([[[[1, 2]], [[10, 20]]], [[[3, 4]], [[30, 40]]]], dtype=np.float64)
    w = vector(1, 1, 2, -1).reshape(2, 2, 1, 1)
    y = np.array([[[[111, 122]], [[992, 984]]], [[[133, 144]], [[976, 968]]]], dtype=np.float64)
    gives(student.conv2d_forward, x, w, vector(100, 1000), due={"y": y, "cache": None})


@exercise("conv2d")
def check_padding_and_stride_example(student: Any) -> None:
    """Padding 1 is right in an example, with stride 1 and with stride 2."""
    # With stride 1, a kernel of one pixel shows the whole padded image, of 4 x 5 pixels: all four borders are there.
    x = image([1, 2, 3], [4, 5, 6])
    padded = image([0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 0, 0, 0, 0])
    gives(student.conv2d_forward, x, image([1]), vector(0), 1, 1, due={"y": padded, "cache": None})
    # With stride 2 it picks rows 0 and 2 of it, and columns 0, 2 and 4.
    due = {"y": image([0, 0, 0], [0, 5, 0]), "cache": None}
    gives(student.conv2d_forward, x, image([1]), vector(0), 2, 1, due=due)


@exercise("conv2d")
def check_dilation_example(student: Any) -> None:
    """Dilation 2 is right in an example: a kernel of 2 x 2 reaches the corners of 3 x 3."""
    x, w = image([1, 2, 3], [4, 5, 6], [7, 8, 9]), image([1, 10], [100, 1000])
    gives(student.conv2d_forward, x, w, vector(0), 1, 0, 2, due={"y": image([9731]), "cache": None})


@exercise("conv2d")
def check_conv2d_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """conv2d_backward is the gradient of your conv2d_forward, with stride 2 and padding 1."""
    at = {"x": rng.normal(size=(5, 3, 5, 4)), "w": rng.normal(size=(4, 3, 2, 3)), "b": rng.normal(size=4)}
    gradient.agrees(
        student.conv2d_forward, student.conv2d_backward, at=at | {"stride": 2, "padding": 1}, output="y", rng=rng
    )


# --- pooling ----------------------------------------------------------------------------------------------------------

PICTURE = image([1, -2, -3, -4], [5, 6, -7, -8], [-9, 0, 2, 4])
"""Of 3 x 4 pixels, without ties. One window of 2 x 2 holds negative numbers only."""


@exercise("pooling")
def check_max_pool_example(student: Any) -> None:
    """The maximum of windows of 2 x 2, one pixel apart, is right."""
    due = {"y": image([6, 6, -3], [6, 6, 4]), "cache": None}
    gives(student.max_pool_forward, PICTURE, (2, 2), 1, due=due)


@exercise("pooling")
def check_avg_pool_example(student: Any) -> None:
    """The mean of windows of 3 x 2 at stride 2 is right."""
    # 1 - 2 + 5 + 6 - 9 + 0 = 1 and -3 - 4 - 7 - 8 + 2 + 4 = -16, by six pixels.
    due = {"y": image([1 / 6, -16 / 6]), "cache": None}
    gives(student.avg_pool_forward, PICTURE, (3, 2), 2, due=due)


@exercise("pooling")
def check_max_pool_backward_example(student: Any) -> None:
    """A pixel that is the largest of several windows gets the gradients of all of them."""
    # 6 wins the four windows at the left; of the two at the right, -3 wins one and 4 the other.
    dy = image([1, 10, 100], [1000, 10000, 100000])
    _, cache = results(student.max_pool_forward.keeping(1)(PICTURE, (2, 2), 1), ("y", "cache"), of="max_pool_forward")
    due = image([0, 0, 100, 0], [0, 11011, 0, 0], [0, 0, 0, 100000])
    expect(student.max_pool_backward(dy, cache), "dx").close_to(due)


@exercise("pooling")
@pytest.mark.parametrize("kind", ["max", "avg"])
def check_pool_backward_agrees_with_forward(student: Any, rng: Any, kind: str) -> None:
    """The gradient of pooling is the slope of your forward, for windows of 3 x 2 at stride 2."""
    x = rng.permutation(5 * 2 * 7 * 6).reshape(5, 2, 7, 6) / 50  # no two pixels are near each other
    forward, backward = getattr(student, f"{kind}_pool_forward"), getattr(student, f"{kind}_pool_backward")
    gradient.agrees(forward, backward, at={"x": x, "window": (3, 2), "stride": 2}, wrt="x", output="y", rng=rng)


# --- batchnorm --------------------------------------------------------------------------------------------------------

RUNNING = {"running_mean": vector(1), "running_var": vector(2)}
"""Running averages of one feature."""

TRAINING, EVALUATION = {"train": True, "rho": 0.75, "eps": 5.0}, {"train": False, "rho": 0.75, "eps": 2.0}
LARGE_EPS = {"train": True, "eps": 0.5}


@exercise("batchnorm")
def check_batch_norm_example(student: Any) -> None:
    """Batch norm in training is right in an example."""
    # Mean 4, variance (4 + 4) / 2 = 4, with eps = 5 a root of 3; x_hat is -2/3 and 2/3. The unbiased variance is 8.
    # With rho = 0.75: 0.75 * 1 + 0.25 * 4 and 0.75 * 2 + 0.25 * 8.
    x = np.array([[2.0], [6.0]])
    due = {"y": np.array([[8.0], [12.0]]), "cache": None, "running_mean": vector(1.75), "running_var": vector(3.5)}
    arguments = x, vector(3), vector(10), *RUNNING.values()
    gives(student.batch_norm_forward, *arguments, due=due, **TRAINING)


@exercise("batchnorm")
def check_batch_norm_evaluation_example(student: Any) -> None:
    """Batch norm in evaluation uses the running averages, and leaves them alone."""
    # (x - 1) / sqrt(2 + 2) times 3 plus 10, for a single sample.
    due = {"y": np.array([[16.0]]), "cache": None, **RUNNING}
    arguments = np.array([[5.0]]), vector(3), vector(10), *RUNNING.values()
    gives(student.batch_norm_forward, *arguments, due=due, **EVALUATION)


@exercise("batchnorm")
def check_batch_norm2d_normalises_channels(student: Any, rng: Any) -> None:
    """In training, every channel of the batch has mean b, and its variance var becomes a^2 var / (var + eps)."""
    x, a, b = rng.normal(2, 1, size=(4, 3, 5, 6)), vector(1, 2, 3), vector(4, 5, 6)
    forward = student.batch_norm2d_forward.keeping(1)
    returned = forward(x, a, b, np.zeros(3), np.ones(3), **LARGE_EPS)
    y, *_ = results(returned, ("y", "cache", "running_mean", "running_var"), of="batch_norm2d_forward")
    expect(y, "y").has_shape(x.shape)
    expect(y.mean(axis=(0, 2, 3)), "mean of y").close_to(b)
    var = x.var(axis=(0, 2, 3))
    expect(y.var(axis=(0, 2, 3)), "variance of y").close_to(a**2 * var / (var + LARGE_EPS["eps"]))


@exercise("batchnorm")
def check_batch_norm_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """batch_norm_backward is the gradient of your batch_norm_forward in training."""
    forward = student.batch_norm_forward.keeping(1)

    def batch_norm_forward(x: Any, a: Any, b: Any) -> Any:
        returned = forward(x, a, b, np.zeros(3), np.ones(3), **LARGE_EPS)
        return results(returned, ("y", "cache", "running_mean", "running_var"), of="batch_norm_forward")[:2]

    at = {"x": rng.normal(size=(5, 3)), "a": rng.normal(size=3), "b": rng.normal(size=3)}
    gradient.agrees(batch_norm_forward, student.batch_norm_backward, at=at, output="y", rng=rng)


@exercise("batchnorm")
def check_layer_norm_example(student: Any) -> None:
    """Layer norm is right in an example, for a single sample."""
    # Mean 4, variance 4, eps 5: x_hat is -2/3 and 2/3.
    x, a, b = np.array([[2.0, 6.0]]), vector(3, 6), vector(10, 20)
    gives(student.layer_norm_forward, x, a, b, 5.0, due={"y": np.array([[8.0, 24.0]]), "cache": None})


@exercise("batchnorm")
def check_layer_norm_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """layer_norm_backward is the gradient of your layer_norm_forward."""
    at = {"x": rng.normal(size=(3, 5)), "a": rng.normal(size=5), "b": rng.normal(size=5), "eps": 0.1}
    forward, backward = student.layer_norm_forward, student.layer_norm_backward
    gradient.agrees(forward, backward, at=at, wrt=("x", "a", "b"), output="y", rng=rng)


@exercise("batchnorm")
def check_dropout_drops_or_rescales(student: Any, rng: Any) -> None:
    """In training, dropout with p = 0.2 gives 0 or x / 0.8 everywhere."""
    x = rng.uniform(1, 2, size=(40, 50))
    y, _ = results(student.dropout_forward.keeping(1)(x, 0.2, rng, train=True), ("y", "cache"), of="dropout_forward")
    expect(y, "y").has_shape(x.shape).varies()
    expect(y, "y").close_to(np.where(y == 0, 0, x / 0.8))


@exercise("batchnorm")
def check_dropout_without_dropping(student: Any, rng: Any) -> None:
    """In training with p = 0, dropout keeps everything: p is the probability of dropping."""
    x = rng.normal(size=(3, 5))
    gives(student.dropout_forward, x, 0.0, rng, due={"y": x, "cache": None}, train=True)


@exercise("batchnorm")
def check_dropout_comes_from_rng(student: Any, rng: Any) -> None:
    """The mask of dropout is drawn from rng, and from nothing else."""
    forward = student.dropout_forward.keeping(1)

    def dropout_forward(x: Any, p: float, generator: Any) -> Any:
        return results(forward(x, p, generator, train=True), ("y", "cache"), of="dropout_forward")[0]

    statistics.draws_only_from(dropout_forward, rng.uniform(1, 2, size=(20, 10)), 0.5, rng=rng, name="y")


@exercise("batchnorm")
def check_dropout_does_nothing_in_evaluation(student: Any, rng: Any) -> None:
    """In evaluation, dropout gives back its input, and draws nothing from rng."""
    x, untouched = rng.normal(size=(3, 4)), deepcopy(rng)
    gives(student.dropout_forward, x, 0.3, rng, due={"y": x, "cache": None}, train=False)
    student.dropout_forward.keeping(1)(x, 0.3, rng, train=False)
    expect(rng.random(), "the number that rng draws next").equals(untouched.random())


# --- conv_block -------------------------------------------------------------------------------------------------------

# A kernel of one pixel: three times the pixel plus 1. Running mean 1 and variance 3, with eps = 1 a root of 2.
STATE = {
    "conv.weight": image([3]),
    "conv.bias": vector(1),
    "norm.weight": vector(-2),
    "norm.bias": vector(4),
    "norm.running_mean": vector(1),
    "norm.running_var": vector(3),
    "norm.num_batches_tracked": np.array(0),
}


@exercise("conv_block")
def check_conv_block_example(student: Any) -> None:
    """The block is right in evaluation, in an example of one channel."""
    # Convolution 3 x + 1, batch norm 4 - (3 x + 1 - 1) = 4 - 3 x, ReLU, and the largest of each 2 x 2: where x
    # is smallest. The fifth column is left out.
    x = image([1, 0, 3, 2, -9], [2, 5, 7, 2, -9])
    build = {"channels": 1, "filters": 1, "kernel": 1, "eps": 1.0}
    ran = modules.run(student.ConvBlock, x, build=build, state=STATE, train=False)
    expect(ran["output"], "output").close_to(image([4, 0]))


@exercise("conv_block")
def check_conv_block_state_example(student: Any, rng: Any) -> None:
    """In evaluation the state stays as it is; without bias there is no conv.bias in it."""
    build: dict[str, Any] = {"channels": 1, "filters": 1, "kernel": 1}
    x = rng.normal(size=(2, 1, 4, 4))
    ran = modules.run(student.ConvBlock, x, build=build, state=STATE, train=False)
    expect(ran["state"], "state").close_to(STATE)
    without = {name: array for name, array in STATE.items() if name != "conv.bias"}
    modules.run(student.ConvBlock, x, build=build | {"bias": False}, state=without, train=False)


@exercise("conv_block")
def check_conv_block_keeps_running_averages(student: Any, rng: Any) -> None:
    """In training the running averages move a tenth of the way, and normalisation does not use them."""
    x = rng.normal(size=(3, 1, 4, 4))
    build = {"channels": 1, "filters": 1, "kernel": 1, "eps": 1e-9}
    ran = modules.run(student.ConvBlock, x, build=build, state=STATE, train=True)
    h = 3 * x + 1
    expect(ran["state"]["norm.running_mean"], "norm.running_mean").close_to(vector(0.9 + 0.1 * h.mean()))
    expect(ran["state"]["norm.running_var"], "norm.running_var").close_to(vector(0.9 * 3 + 0.1 * h.var(ddof=1)))
    y = np.maximum(4 - 2 * (h - h.mean()) / h.std(), 0)
    due = y.reshape(3, 1, 2, 2, 2, 2).max(axis=(3, 5))  # (N, C, H, 2, W, 2): windows of 2 x 2
    expect(ran["output"], "output").close_to(due)
