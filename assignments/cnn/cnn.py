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
    # Your code here.
    raise NotImplementedError("convolve1d")


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
    # Your code here.
    raise NotImplementedError("toeplitz")


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
    # Your code here.
    raise NotImplementedError("separable")


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
    # Your code here.
    raise NotImplementedError("receptive_field")


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
    # Your code here.
    raise NotImplementedError("im2col")


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
    # Your code here.
    raise NotImplementedError("conv2d_forward")


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
    # Your code here.
    raise NotImplementedError("conv2d_backward")


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
    # Your code here.
    raise NotImplementedError("max_pool_forward")


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
    # Your code here.
    raise NotImplementedError("max_pool_backward")


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
    # Your code here.
    raise NotImplementedError("avg_pool_forward")


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
    # Your code here.
    raise NotImplementedError("avg_pool_backward")


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
    # Your code here.
    raise NotImplementedError("batch_norm_forward")


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
    # Your code here.
    raise NotImplementedError("batch_norm_backward")


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
    # Your code here.
    raise NotImplementedError("batch_norm2d_forward")


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
    # Your code here.
    raise NotImplementedError("batch_norm2d_backward")


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
    # Your code here.
    raise NotImplementedError("layer_norm_forward")


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
    # Your code here.
    raise NotImplementedError("layer_norm_backward")


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
    # Your code here.
    raise NotImplementedError("dropout_forward")


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
    # Your code here.
    raise NotImplementedError("dropout_backward")


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
        # Your code here.
        raise NotImplementedError("ConvBlock.__init__")

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
        # Your code here.
        raise NotImplementedError("ConvBlock.forward")
