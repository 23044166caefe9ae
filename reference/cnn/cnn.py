# %% [markdown]
# # Convolutional networks
#
# An image that is moved by a pixel is the same image. A linear layer does not know that; a convolution does: it looks
# at every place with the same small kernel. In this assignment you write what a convolutional network is made of, each
# *forward* with its *backward* beside it: the convolution of one signal, the layer that libraries call convolution,
# pooling, normalisation and dropout, all in numpy. The last exercise puts such layers together as a torch module.
#
# Two ideas carry everything.
#
# * **Windows.** Convolution and pooling look at the same windows of an image. *Forward* takes the windows out and
#   computes one number from each.
# * **The way back adds.** Windows overlap, so a pixel takes part in several outputs, and its gradient is the *sum* of
#   what these send back. Taking windows out is a linear map, and putting them back by adding is its transpose.
#
# Everything but the last exercise is float64 numpy. Images are `(N, C, H, W)`: samples, channels, rows, columns. A
# gradient has the shape of the thing that it is the gradient by, and is called after it: `dw` is the derivative of
# the loss by `w`.
#
# Sources: N are the notes of ESE 546.

# %%
"""Convolutional networks by hand: convolution, pooling, normalisation and dropout in numpy, and a block in torch."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch

Array = np.ndarray
Cache = Any  # its form is your own affair

# %% [markdown]
# ## Exercise 1, `convolution`: one signal and one kernel
#
# The **convolution** of a signal $x$ with a kernel $w$ is (N 5.1)
#
# $$(x * w)_k = \sum_\tau x_\tau\, w_{k - \tau}.$$
#
# Both are zero outside of their arrays, so a signal of $n$ numbers and a kernel of $m$ give $n + m - 1$: all places
# where the two touch. Read the sum in two ways. *Gather*: for each output, flip the kernel and lay it over the signal.
# *Scatter*: each $x_\tau$ sends a copy of the kernel, times $x_\tau$, to the places from $\tau$ on. The second needs no
# flip, and shows at once that convolution is commutative.
#
# It is linear in $x$, so it is a matrix, and because it treats all places alike, that matrix has one number on each
# diagonal: a **Toeplitz** matrix, here $(n + m - 1, n)$, whose columns are the kernel, one step lower in each.
#
# A 2d kernel of $k_1 \times k_2$ costs $k_1 k_2$ products a pixel. One that is an outer product costs $k_1 + k_2$:
# first all columns, then all rows. The singular value decomposition finds the outer product that is nearest to any
# kernel (N, remark 5.4).
#
# **Receptive field.** A layer with a kernel of length $k$ and dilation $d$ reaches over $(k - 1)\, d + 1$ of *its*
# inputs, holes included. Neighbouring inputs of it lie as many pixels apart as the product of all strides before it:
# that is how much of the image each of its $(k - 1)\, d$ steps adds.


# %%
def convolve1d(x: Array, w: Array) -> Array:
    """Convolution of a signal with a kernel, in full length (N 5.1).

    y_k = sum_t x_t w_(k-t), where both are zero outside of their arrays; k = 0 .. n + m - 2.

    Parameters
    ----------
    x : array (n,)
    w : array (m,)
        May be longer than x.

    Returns
    -------
    y : array (n + m - 1,)

    Raises
    ------
    ValueError
        When x or w is no vector, or empty.
    """
    ### BEGIN SOLUTION
    if x.ndim != 1 or w.ndim != 1 or 0 in (x.size, w.size):
        raise ValueError(f"x {x.shape} and w {w.shape} must be vectors (n,) and (m,), not empty")
    n = len(x)
    y = np.zeros(n + len(w) - 1)
    for shift, weight in enumerate(w):
        y[shift : shift + n] += weight * x  # w_s takes x_t to place t + s
    return y
    ### END SOLUTION


def toeplitz(w: Array, n: int) -> Array:
    """Matrix of the convolution with w on signals of length n (N, section 5.1.2, item 1).

    T @ x is the convolution of x with w; T[k, t] = w_(k-t), and 0 where w has no such entry.

    Parameters
    ----------
    w : array (m,)
    n : int
        At least 1.

    Returns
    -------
    T : array (n + m - 1, n)

    Raises
    ------
    ValueError
        When w is no vector, or empty, or n is below 1.
    """
    ### BEGIN SOLUTION
    if w.ndim != 1 or not w.size or n < 1:
        raise ValueError(f"w {w.shape} must be a vector (m,), not empty, and n = {n} at least 1")
    m = len(w)
    T = np.zeros((n + m - 1, n))
    for t in range(n):
        T[t : t + m, t] = w
    return T
    ### END SOLUTION


def separable(kernel: Array) -> tuple[Array, Array]:
    """Column and row whose outer product is nearest to a kernel, in the sum of squares (N, remark 5.4).

    For a kernel of rank 1 the outer product is the kernel. Only the product counts: who has the scale, and the sign,
    is free.

    Parameters
    ----------
    kernel : array (k1, k2)

    Returns
    -------
    column : array (k1,)
    row : array (k2,)

    Raises
    ------
    ValueError
        When kernel is no matrix, or empty.
    """
    ### BEGIN SOLUTION
    if kernel.ndim != 2 or not kernel.size:
        raise ValueError(f"kernel {kernel.shape} must be a matrix (k1, k2), not empty")
    U, sigma, Vt = np.linalg.svd(kernel)
    return sigma[0] * U[:, 0], Vt[0]  # singular values come in falling order
    ### END SOLUTION


def receptive_field(layers: Sequence[tuple[int, int, int]]) -> int:
    """Pixels along one axis over which an output of a stack of layers reaches (N, section 5.1.2, item 3, remark 5.3).

    From the first pixel that it sees to the last: those that dilation leaves out in between count too.

    Parameters
    ----------
    layers : sequence of (kernel, stride, dilation)
        The layers in order, the one at the image first; convolution and pooling alike. May be empty.

    Returns
    -------
    int
        At least 1; padding counts as pixels.

    Raises
    ------
    ValueError
        When a number is below 1.
    """
    ### BEGIN SOLUTION
    field, apart = 1, 1  # pixels reached over; pixels between neighbouring outputs of the layers so far
    for kernel, stride, dilation in layers:
        if min(kernel, stride, dilation) < 1:
            raise ValueError(f"kernel, stride and dilation must be at least 1, not {(kernel, stride, dilation)}")
        field += (kernel - 1) * dilation * apart
        apart *= stride
    return field
    ### END SOLUTION


# %% [markdown]
# ## Exercise 2, `conv2d`: the layer
#
# What libraries call convolution does not flip the kernel: it is the **cross-correlation**. A network learns its
# kernels, so the flip makes no difference to what it can do (N, margin of section 5.1). With the kernel `w`, `(F, C,
# kh, kw)`, and a bias for each of the $F$ filters (N, section 5.3)
#
# $$y_{nfij} = b_f + \sum_{c, s, t} w_{fcst}\; \tilde x_{n,\, c,\, i q + s d,\, j q + t d}$$
#
# with the padded images $\tilde x$, the stride $q$ and the dilation $d$.
#
# * *Padding* puts that many rows and columns of zeros on every side.
# * *Dilation* leaves holes in the kernel, which then spans $(k - 1) \cdot \text{dilation} + 1$ pixels.
# * *Stride* moves the window on by that many pixels. Windows that would not fit whole do not count:
#
# $$H_{out} = \left\lfloor \frac{H + 2\, \text{padding} - (k_h - 1)\, d - 1}{q} \right\rfloor + 1.$$
#
# **im2col.** Write every window as a row of a matrix, and the filters as the columns of another: the whole layer is
# one matrix product, and a matrix product is what computers do best. It costs memory, since each pixel is stored once
# for each window in which it lies. For the gradients by `w` and `b` it is the linear layer again. The gradient by the
# windows is a matrix product too; it remains to add it up at the pixels. Padding is cut off at the end, and with no
# padding nothing is.

# %%
### BEGIN SOLUTION


def _require_images(x: Array) -> None:
    """Raise ValueError unless x holds images, one at least."""
    if x.ndim != 4:
        raise ValueError(f"x {x.shape} must have four axes, (N, C, H, W)")
    for axis, letter in enumerate("NCHW"):
        if not x.shape[axis]:
            raise ValueError(f"axis {axis} ({letter}) of x {x.shape} is empty")


def _require_upstream(dy: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless the upstream gradient has the shape of the output."""
    if dy.shape != shape:
        raise ValueError(f"dy {dy.shape} must have the shape of y, {shape}")


def _windows(x: Array, window: tuple[int, int], stride: int, dilation: int = 1) -> Array:
    """Return all windows of the images as a view: (N, C, H, W) to (N, C, H_out, W_out, *window)."""
    if min(*window, stride, dilation) < 1:
        raise ValueError(f"window {window}, stride {stride} and dilation {dilation} must be at least 1")
    spans = [(length - 1) * dilation + 1 for length in window]
    for axis, span in zip((2, 3), spans, strict=True):
        if span > x.shape[axis]:
            raise ValueError(
                f"a window spans {span} pixels along axis {axis} ({'NCHW'[axis]}), where the images {x.shape}, "
                f"padding included, have {x.shape[axis]}"
            )
    places = np.lib.stride_tricks.sliding_window_view(x, spans, axis=(2, 3))  # every place, without holes
    return places[:, :, ::stride, ::stride, ::dilation, ::dilation]


def _add_windows(windows: Array, shape: tuple[int, ...], stride: int, dilation: int = 1) -> Array:
    """Add each entry of each window to the pixel that it comes from: the transpose of `_windows`.

    One slice for each of the few places in a window takes all windows at once.
    """
    x = np.zeros(shape)
    rows, columns = windows.shape[2:4]
    for s, t in np.ndindex(windows.shape[4:]):
        top, left = s * dilation, t * dilation
        x[:, :, top : top + stride * rows : stride, left : left + stride * columns : stride] += windows[..., s, t]
    return x


def _in_rows(x: Array) -> Array:
    """Return the pixels of images as rows of channels: (N, C, H, W) to (N * H * W, C)."""
    return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


def _as_images(rows: Array, shape: tuple[int, ...]) -> Array:
    """Return rows of channels as images of this shape, (N, C, H, W), whatever their number of channels."""
    N, _, H, W = shape
    return rows.reshape(N, H, W, -1).transpose(0, 3, 1, 2)


### END SOLUTION


def im2col(x: Array, kernel: tuple[int, int], stride: int = 1, padding: int = 0, dilation: int = 1) -> Array:
    """Windows of images as rows of a matrix (N, section 5.2, item 2).

    Row number (n H_out + i) W_out + j holds the window of output pixel (i, j) of image n; in a row the channel
    changes slowest, then the row of the window, then its column: as in ``w[f].ravel()``.

    Parameters
    ----------
    x : array (N, C, H, W)
    kernel : (kh, kw)
    stride, padding, dilation : int
        The same in both directions; at least 1, 0 and 1. The stride may exceed the kernel.

    Returns
    -------
    array (N H_out W_out, C kh kw)

    Raises
    ------
    ValueError
        When x is not (N, C, H, W), an axis is empty, a number is too small, or the kernel exceeds the padded image.
    """
    ### BEGIN SOLUTION
    _require_images(x)
    if padding < 0:
        raise ValueError(f"padding must be at least 0, not {padding}")
    sides = (padding, padding)
    windows = _windows(np.pad(x, ((0, 0), (0, 0), sides, sides)), kernel, stride, dilation)
    N, C, H_out, W_out, kh, kw = windows.shape
    # (N, C, H_out, W_out, kh, kw) -> (N, H_out, W_out, C, kh, kw) -> a matrix
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(N * H_out * W_out, C * kh * kw)
    ### END SOLUTION


def conv2d_forward(
    x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0, dilation: int = 1
) -> tuple[Array, Cache]:
    """Convolutional layer, by cross-correlation (N, section 5.3).

    y[n, f, i, j] = b[f] + sum_(c, s, t) w[f, c, s, t] padded[n, c, i stride + s dilation, j stride + t dilation].

    Parameters
    ----------
    x : array (N, C, H, W)
    w : array (F, C, kh, kw)
    b : array (F,)
    stride, padding, dilation : int
        The same in both directions; at least 1, 0 and 1. The stride may exceed the kernel.

    Returns
    -------
    y : array (N, F, H_out, W_out)
        H_out = floor((H + 2 padding - (kh - 1) dilation - 1) / stride) + 1, and W_out alike.
    cache
        Whatever `conv2d_backward` needs, in any form.

    Raises
    ------
    ValueError
        When the shapes do not fit, an axis is empty, a number is too small, or the kernel exceeds the padded image.
    """
    ### BEGIN SOLUTION
    _require_images(x)
    if w.ndim != 4 or b.shape != w.shape[:1]:
        raise ValueError(f"w {w.shape} and b {b.shape} must be (F, C, kh, kw) and (F,)")
    F, C, kh, kw = w.shape
    if x.shape[1] != C:
        raise ValueError(f"axis 1 of x {x.shape} holds the channels, and w {w.shape} takes {C} of them: (N, C, H, W)")
    columns = im2col(x, (kh, kw), stride, padding, dilation)  # (N H_out W_out, C kh kw)
    rows = columns @ w.reshape(F, -1).T + b  # (N H_out W_out, F)
    spans = (kh - 1) * dilation + 1, (kw - 1) * dilation + 1
    H_out, W_out = (
        (length + 2 * padding - span) // stride + 1 for length, span in zip(x.shape[2:], spans, strict=True)
    )
    y = _as_images(rows, (len(x), F, H_out, W_out))
    return y, (columns, w, x.shape, y.shape, stride, padding, dilation)
    ### END SOLUTION


def conv2d_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of a convolutional layer by its three arrays.

    Parameters
    ----------
    dy : array (N, F, H_out, W_out)
        Upstream gradient.
    cache
        What `conv2d_forward` returned.

    Returns
    -------
    dx : array (N, C, H, W)
        Without the padding.
    dw : array (F, C, kh, kw)
    db : array (F,)

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    columns, w, (N, C, H, W), y_shape, stride, padding, dilation = cache
    _require_upstream(dy, y_shape)
    F, _, kh, kw = w.shape
    rows = _in_rows(dy)  # (N H_out W_out, F): from here on it is a linear layer
    db = rows.sum(axis=0)
    dw = (rows.T @ columns).reshape(w.shape)  # (F, C kh kw) -> (F, C, kh, kw)
    dcolumns = rows @ w.reshape(F, -1)  # (N H_out W_out, C kh kw)
    # -> (N, H_out, W_out, C, kh, kw) -> (N, C, H_out, W_out, kh, kw)
    dwindows = dcolumns.reshape(N, *dy.shape[2:], C, kh, kw).transpose(0, 3, 1, 2, 4, 5)
    dpadded = _add_windows(dwindows, (N, C, H + 2 * padding, W + 2 * padding), stride, dilation)
    dx = dpadded[:, :, padding : padding + H, padding : padding + W]  # right at padding 0 too, where [0:-0] is empty
    return dx, dw, db
    ### END SOLUTION


# %% [markdown]
# Look at it (N, section 5.1.2, item 2): a disc, and its edges by the two Sobel kernels, an outer product each.


# %%
def _plot_edges() -> None:
    """Draw a disc, and how much it changes from left to right and from top to bottom."""
    import matplotlib.pyplot as plt  # a late import: grading does not need it

    rows, columns = np.mgrid[-1:1:64j, -1:1:64j]
    disc = (rows**2 + columns**2 < 0.5).astype(float)
    sobel = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])
    kernels = np.stack([sobel, sobel.T])[:, None]  # (2, 1, 3, 3): two filters of one channel
    edges, _ = conv2d_forward(disc[None, None], kernels, np.zeros(2), padding=1)
    _, axes = plt.subplots(1, 3)
    for axis, picture in zip(axes, (disc, *edges[0]), strict=True):
        axis.imshow(picture, cmap="gray")
        axis.axis("off")
    plt.show()


if __name__ == "__main__":
    with suppress(NotImplementedError, ImportError):  # nothing to draw yet, or nothing to draw with
        _plot_edges()

# %% [markdown]
# ## Exercise 3, `pooling`: one number from each window
#
# Features that move with the object are *equivariant*. A classifier should not care where the object is: its output
# should be *invariant*. Pooling is how one becomes the other (N, section 5.5). Every window of each channel becomes one
# number, its **maximum** (N 5.6) or its **average** (N 5.5).
#
# * The window is $k_h \times k_w$ and moves by `stride` in both directions; without padding, and windows that would
#   not fit whole do not count. N 5.6 centres the window at the output pixel; here, as in libraries, output $(0, 0)$
#   sees the window whose corner is pixel $(0, 0)$.
# * With `stride` below the window the windows overlap. Then one pixel may be the largest of several windows, and gets
#   the gradients of all of them.
# * The average shares its gradient out evenly; the maximum passes it on to the pixel that won. Where several are
#   equally large, any convention is right.


# %%
def max_pool_forward(x: Array, window: tuple[int, int], stride: int) -> tuple[Array, Cache]:
    """Largest number of each window, channel by channel (N 5.6).

    y[n, c, i, j] = max over s < kh, t < kw of x[n, c, i stride + s, j stride + t].

    Parameters
    ----------
    x : array (N, C, H, W)
    window : (kh, kw)
        Rows and columns of the window.
    stride : int
        The same in both directions, at least 1; may be smaller or larger than the window.

    Returns
    -------
    y : array (N, C, H_out, W_out)
        H_out = floor((H - kh) / stride) + 1, and W_out alike.
    cache
        Whatever `max_pool_backward` needs, in any form.

    Raises
    ------
    ValueError
        When x is not (N, C, H, W), an axis is empty, a number is too small, or the window exceeds the image.
    """
    ### BEGIN SOLUTION
    _require_images(x)
    windows = _windows(x, window, stride)
    places = windows.reshape(*windows.shape[:4], -1)  # (N, C, H_out, W_out, kh kw)
    winner = places.argmax(axis=-1)[..., None]  # the first of equals
    won = (np.arange(places.shape[-1]) == winner).reshape(windows.shape)
    return places.max(axis=-1), (won, x.shape, stride)
    ### END SOLUTION


def max_pool_backward(dy: Array, cache: Cache) -> Array:
    """Gradient of the maximum over windows by the images; where several pixels are largest, any convention is right.

    Parameters
    ----------
    dy : array (N, C, H_out, W_out)
        Upstream gradient.
    cache
        What `max_pool_forward` returned.

    Returns
    -------
    dx : array (N, C, H, W)

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    won, shape, stride = cache
    _require_upstream(dy, won.shape[:4])
    return _add_windows(won * dy[..., None, None], shape, stride)
    ### END SOLUTION


def avg_pool_forward(x: Array, window: tuple[int, int], stride: int) -> tuple[Array, Cache]:
    """Mean of each window, channel by channel (N 5.5).

    Parameters
    ----------
    x : array (N, C, H, W)
    window : (kh, kw)
        Rows and columns of the window.
    stride : int
        The same in both directions, at least 1; may be smaller or larger than the window.

    Returns
    -------
    y : array (N, C, H_out, W_out)
        H_out = floor((H - kh) / stride) + 1, and W_out alike.
    cache
        Whatever `avg_pool_backward` needs, in any form.

    Raises
    ------
    ValueError
        When x is not (N, C, H, W), an axis is empty, a number is too small, or the window exceeds the image.
    """
    ### BEGIN SOLUTION
    _require_images(x)
    windows = _windows(x, window, stride)
    return windows.mean(axis=(4, 5)), (windows.shape, x.shape, stride)
    ### END SOLUTION


def avg_pool_backward(dy: Array, cache: Cache) -> Array:
    """Gradient of the mean over windows by the images.

    Parameters
    ----------
    dy : array (N, C, H_out, W_out)
        Upstream gradient.
    cache
        What `avg_pool_forward` returned.

    Returns
    -------
    dx : array (N, C, H, W)

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    windows_shape, shape, stride = cache
    *out, kh, kw = windows_shape
    _require_upstream(dy, tuple(out))
    shares = np.broadcast_to(dy[..., None, None] / (kh * kw), windows_shape)  # the same to every pixel of a window
    return _add_windows(shares, shape, stride)
    ### END SOLUTION


# %% [markdown]
# ## Exercise 4, `batchnorm`: normalisation and dropout
#
# **Batch norm** (N 7.17 to 7.19) gives every feature mean 0 and variance 1 over the batch, and then a scale $a$ and a
# shift $b$ that are learned:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = a\, \hat x + b.$$
#
# In *training* $\mu$ and $\sigma^2$ are those of the batch, with the variance divided by $N$. In *evaluation* a
# single image must do, so one uses running averages that training has kept:
#
# $$\text{running} \leftarrow \rho\, \text{running} + (1 - \rho)\, \text{batch},$$
#
# with the *unbiased* variance, divided by $N - 1$, because it stands for data that are not in the batch (so does torch,
# whose `momentum` is $1 - \rho$). There is no hidden state: they are passed in, and come back updated.
#
# **Backward.** N says after 7.19 that $\mu$ and $\sigma^2$ carry no gradient. They do: they are functions of $x$, and
# the gradient flows through both (Ioffe and Szegedy 2015 list the terms). With $g = a \cdot dy$ and means over the
# batch all of it is
#
# $$dx = \frac{1}{\sqrt{\sigma^2 + \epsilon}} \left( g - \overline{g} - \hat x\; \overline{g\, \hat x} \right).$$
#
# The two terms that are subtracted are what normalisation cannot see: adding the same number to a whole batch, and
# (up to $\epsilon$) stretching it, changes nothing.
#
# **Images.** A filter is the same at every pixel, so a feature is a channel: the means go over axes 0, 2 and 3, and
# there are $N H W$ numbers in each. **Layer norm** is the same formula over the features of each sample: no batch, no
# running averages, and training is like evaluation.
#
# **Dropout** sets every entry to 0 with probability $p$, independently, and divides the others by $1 - p$: so the
# mean stays, and evaluation needs no factor (*inverted* dropout, N, section 7.3.3). Forward draws the mask, and
# backward uses *that* mask. On a linear model it acts like a ridge penalty (N 7.14): the mean over masks is
#
# $$\mathbb{E}\, |y - \text{dropout}(X)\, w|^2 = |y - X w|^2 + \frac{p}{1 - p} \sum_j (X^\top X)_{jj}\, w_j^2.$$


# %%
def batch_norm_forward(
    x: Array,
    a: Array,
    b: Array,
    running_mean: Array,
    running_var: Array,
    *,
    train: bool,
    rho: float = 0.9,
    eps: float = 1e-5,
) -> tuple[Array, Cache, Array, Array]:
    """Batch norm of features (N 7.17 to 7.19).

    y = a (x - mean) / sqrt(var + eps) + b. In training, mean and var are those of the batch (var divided by N), and
    running <- rho running + (1 - rho) batch, where the running variance takes the unbiased one (divided by N - 1).
    In evaluation, mean and var are the running ones, which stay as they are.

    Parameters
    ----------
    x : array (N, p)
        In training at least two samples.
    a, b : array (p,)
        Scale and shift.
    running_mean, running_var : array (p,)
        Before this batch; leave the arrays themselves as they are.
    train : bool
    rho : float
        What stays of the running averages, in [0, 1]; torch's momentum is 1 - rho.
    eps : float
        Above 0, in the units of the variance.

    Returns
    -------
    y : array (N, p)
    cache
        Whatever `batch_norm_backward` needs, in any form.
    running_mean, running_var : array (p,)
        After this batch.

    Raises
    ------
    ValueError
        When the shapes do not fit, or a batch of one sample is to be trained on.
    """
    ### BEGIN SOLUTION
    if x.ndim != 2 or any(array.shape != x.shape[1:] for array in (a, b, running_mean, running_var)):
        raise ValueError(f"x {x.shape} must be (N, p), and a, b and the running averages ({x.shape[-1]},)")
    N = len(x)
    if train:
        if N < 2:
            raise ValueError(f"axis 0 (N) of x {x.shape}: a batch of {N} has no variance to train on")
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean = rho * running_mean + (1 - rho) * mean
        running_var = rho * running_var + (1 - rho) * var * N / (N - 1)
    else:
        mean, var = running_mean, running_var
    shrink = 1 / np.sqrt(var + eps)
    x_hat = (x - mean) * shrink
    return a * x_hat + b, (x_hat, a * shrink), running_mean, running_var
    ### END SOLUTION


def batch_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of batch norm in training: through the mean and the variance of the batch too.

    Parameters
    ----------
    dy : array (N, p)
        Upstream gradient.
    cache
        What `batch_norm_forward` returned in training.

    Returns
    -------
    dx : array (N, p)
    da : array (p,)
    db : array (p,)

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    x_hat, slope = cache
    _require_upstream(dy, x_hat.shape)
    N = len(dy)
    da = (dy * x_hat).sum(axis=0)
    db = dy.sum(axis=0)
    dx = slope * (dy - db / N - x_hat * da / N)
    return dx, da, db
    ### END SOLUTION


def batch_norm2d_forward(
    x: Array,
    a: Array,
    b: Array,
    running_mean: Array,
    running_var: Array,
    *,
    train: bool,
    rho: float = 0.9,
    eps: float = 1e-5,
) -> tuple[Array, Cache, Array, Array]:
    """Batch norm of images: one mean and one variance a channel, over axes 0, 2 and 3 (N, section 7.4).

    As `batch_norm_forward`, where N H W numbers stand for the N of a feature.

    Parameters
    ----------
    x : array (N, C, H, W)
        In training at least two pixels a channel.
    a, b : array (C,)
        Scale and shift.
    running_mean, running_var : array (C,)
        Before this batch; leave the arrays themselves as they are.
    train : bool
    rho : float
        What stays of the running averages, in [0, 1].
    eps : float
        Above 0, in the units of the variance.

    Returns
    -------
    y : array (N, C, H, W)
    cache
        Whatever `batch_norm2d_backward` needs, in any form.
    running_mean, running_var : array (C,)
        After this batch.

    Raises
    ------
    ValueError
        When the shapes do not fit, an axis is empty, or a single pixel is to be trained on.
    """
    ### BEGIN SOLUTION
    _require_images(x)
    y, cache, running_mean, running_var = batch_norm_forward(
        _in_rows(x), a, b, running_mean, running_var, train=train, rho=rho, eps=eps
    )
    return _as_images(y, x.shape), (cache, x.shape), running_mean, running_var
    ### END SOLUTION


def batch_norm2d_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of batch norm of images in training.

    Parameters
    ----------
    dy : array (N, C, H, W)
        Upstream gradient.
    cache
        What `batch_norm2d_forward` returned in training.

    Returns
    -------
    dx : array (N, C, H, W)
    da : array (C,)
    db : array (C,)

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    rows, shape = cache
    _require_upstream(dy, shape)
    dx, da, db = batch_norm_backward(_in_rows(dy), rows)
    return _as_images(dx, shape), da, db
    ### END SOLUTION


# %%
def layer_norm_forward(x: Array, a: Array, b: Array, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Layer norm: every sample gets mean 0 and variance 1 over its features, then scale and shift (Ba et al. 2016).

    y = a (x - mean) / sqrt(var + eps) + b, mean and var of each sample over its p features (var divided by p).

    Parameters
    ----------
    x : array (N, p)
    a, b : array (p,)
        Scale and shift.
    eps : float
        Above 0, in the units of the variance.

    Returns
    -------
    y : array (N, p)
    cache
        Whatever `layer_norm_backward` needs, in any form.

    Raises
    ------
    ValueError
        When the shapes do not fit.
    """
    ### BEGIN SOLUTION
    if x.ndim != 2 or not a.shape == b.shape == x.shape[1:]:
        raise ValueError(f"x {x.shape}, a {a.shape} and b {b.shape} must be (N, p), (p,) and (p,)")
    shrink = 1 / np.sqrt(x.var(axis=1, keepdims=True) + eps)  # (N, 1)
    x_hat = (x - x.mean(axis=1, keepdims=True)) * shrink
    return a * x_hat + b, (x_hat, shrink, a)
    ### END SOLUTION


def layer_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of layer norm.

    Parameters
    ----------
    dy : array (N, p)
        Upstream gradient.
    cache
        What `layer_norm_forward` returned.

    Returns
    -------
    dx : array (N, p)
    da : array (p,)
    db : array (p,)

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    x_hat, shrink, a = cache
    _require_upstream(dy, x_hat.shape)
    g = dy * a  # here a differs inside of a mean, and does not come out of it
    mean, along = g.mean(axis=1, keepdims=True), (g * x_hat).mean(axis=1, keepdims=True)  # (N, 1) both
    dx = shrink * (g - mean - x_hat * along)
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)
    ### END SOLUTION


# %%
def dropout_forward(x: Array, p: float, rng: np.random.Generator, *, train: bool) -> tuple[Array, Cache]:
    """Inverted dropout: in training, each entry is 0 with probability p, and x / (1 - p) otherwise (N, section 7.3.3).

    Entries are dropped independently of each other. In evaluation, y = x, and nothing is drawn.

    Parameters
    ----------
    x : array of any shape
    p : float
        Probability of dropping an entry, in [0, 1).
    rng : numpy.random.Generator
        The only source of randomness.
    train : bool

    Returns
    -------
    y : array, shape of x
    cache
        Whatever `dropout_backward` needs, in any form: the mask above all.

    Raises
    ------
    ValueError
        When p is not in [0, 1).
    """
    ### BEGIN SOLUTION
    if not 0 <= p < 1:
        raise ValueError(f"p must lie in [0, 1), not {p}")
    mask = (rng.random(x.shape) >= p) / (1 - p) if train else np.ones(x.shape)
    return x * mask, mask
    ### END SOLUTION


def dropout_backward(dy: Array, cache: Cache) -> Array:
    """Gradient of dropout by its input, with the mask of the forward pass.

    Parameters
    ----------
    dy : array, shape of y
        Upstream gradient.
    cache
        What `dropout_forward` returned, in training or in evaluation.

    Returns
    -------
    dx : array, shape of x

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    mask: Array = cache
    _require_upstream(dy, mask.shape)
    dx: Array = dy * mask
    return dx
    ### END SOLUTION


# %% [markdown]
# ## Exercise 5, `conv_block`: the layers as one torch module
#
# Now torch computes, and its automatic differentiation goes backward. What remains is to put layers together so that
# the module works wherever its user puts it:
#
# * *Parameters and buffers are registered.* Assign modules, `torch.nn.Parameter`s and buffers (`register_buffer`) to
#   `self`: then `state_dict()`, `.to(device)` and `.double()` find them. A plain tensor on `self` stays behind.
# * *No device and no dtype of its own.* Whatever `forward` makes comes from its input, like `x.new_zeros(...)`.
# * *Training and evaluation differ* by `self.training` alone, which `train()` and `eval()` set in all submodules.
#
# The order is convolution, batch norm, ReLU, max pooling. A bias before batch norm is lost in training, since the mean
# takes it away; hence the flag.


# %%
class ConvBlock(torch.nn.Module):
    """Convolution, batch norm, ReLU and max pooling, in this order.

    The convolution has stride 1 and pads kernel // 2 zeros on every side, so that it keeps the size of the image.
    Pooling takes windows of pool x pool without overlap; a rest at the border is left out.

    Parameters
    ----------
    channels : int
        Channels of the images.
    filters : int
        Channels of the output.
    kernel : int
        Rows and columns of the kernel, an odd number.
    pool : int
        Rows and columns of the pooling window, and its stride.
    bias : bool
        Whether the convolution has a bias.
    eps : float
        Of batch norm, added to the variance.
    momentum : float
        Of batch norm, as in torch: the share of the new batch in the running averages, 1 - rho.

    The state dict has these names, and no others:

    | name | shape | |
    | --- | --- | --- |
    | conv.weight | (filters, channels, kernel, kernel) | parameter |
    | conv.bias | (filters,) | parameter; only where bias is true |
    | norm.weight, norm.bias | (filters,) | parameters, scale and shift |
    | norm.running_mean, norm.running_var | (filters,) | buffers |
    | norm.num_batches_tracked | () | buffer, an integer, as `torch.nn.BatchNorm2d` has it |

    Raises
    ------
    ValueError
        When the kernel is even.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        *,
        kernel: int = 3,
        pool: int = 2,
        bias: bool = True,
        eps: float = 1e-5,
        momentum: float = 0.1,
    ) -> None:
        ### BEGIN SOLUTION
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {kernel}: padding could not keep the size of the image")
        super().__init__()
        self.conv = torch.nn.Conv2d(channels, filters, kernel, padding=kernel // 2, bias=bias)
        self.norm = torch.nn.BatchNorm2d(filters, eps=eps, momentum=momentum)
        self.pool = torch.nn.MaxPool2d(pool)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the block.

        Parameters
        ----------
        x : tensor (N, channels, H, W)
            Of the device and dtype of the parameters.

        Returns
        -------
        tensor (N, filters, H // pool, W // pool)
        """
        ### BEGIN SOLUTION
        out: torch.Tensor = self.pool(torch.relu(self.norm(self.conv(x))))
        return out
        ### END SOLUTION
