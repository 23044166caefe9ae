# %% [markdown]
# # Initialization
#
# A deep network multiplies many random matrices. Whether a signal survives fifty of them, and whether its gradient
# finds the way back, is decided before the first step of training, by the variance of the weights. In this
# assignment you write the usual initialisations, check by experiment what the theory predicts, and see which
# symmetries an initialisation has to break.
#
# Everything is float64 numpy with samples in rows: weights `S` are `(fan_in, fan_out)` and `h = x @ S`, without
# biases. `fan_in` is the number of inputs of a neuron, `fan_out` the number of neurons that it feeds.
#
# **Random numbers come from `rng`**, a `numpy.random.Generator` that you are given, and from nowhere else: no
# `np.random.seed`, no `np.random.randn`, no generator of your own. Who calls your function with a generator in the same
# state gets the same weights, and who calls it twice with the same generator gets new ones.
#
# Sources: N are the notes of ESE 546, H are Nguyen's notes.

# %%
"""Initialisation of deep networks: variances, orthogonal matrices, propagation through depth, symmetries."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

Array = np.ndarray
Generator = np.random.Generator
Elementwise = Callable[[Array], Array]

# %% [markdown]
# ## Exercise 1, `gaussian`: how large the weights are
#
# One neuron with $d$ inputs computes $z = \sum_{i=1}^d w_i x_i$. Let the weights be independent with mean 0 and
# variance $\sigma^2$, and independent of inputs of mean square $\gamma^2$. Then $z$ has mean 0, all mixed
# terms of $z^2$ have mean 0, and
#
# $$\mathrm{Var}[z] = \sum_i E[w_i^2]\, E[x_i^2] = d\, \sigma^2 \gamma^2.$$
#
# A layer multiplies the variance by $d \sigma^2$, so $L$ layers multiply it by $(d \sigma^2)^L$: nothing but
# $d \sigma^2 = 1$ survives depth. On the way back the same sum runs over the `fan_out` neurons that an input feeds
# (N, section 4.3.1), and it asks for $\sigma^2 = 1 / \text{fan\_out}$. ReLU sets half of a symmetric signal to zero and
# so halves its mean square; the gain 2 makes up for it (H 1.16 to 1.18; 1.22 to 1.24).
#
# | name | distribution | variance |
# | --- | --- | --- |
# | LeCun | normal | 1 / fan_in (N 4.14) |
# | Xavier (Glorot) | normal, or uniform on $[-a, a]$ | 2 / (fan_in + fan_out), the compromise of both directions |
# | He | normal | 2 / fan_in to keep the signal, 2 / fan_out to keep the gradient |
# | torch's default | uniform on $[-1/\sqrt{\text{fan\_in}}, 1/\sqrt{\text{fan\_in}}]$ | a third of LeCun's |
#
# Two numbers are easily mixed up: a normal distribution is described here by its *variance*, while
# `rng.normal(scale=...)` takes the *standard deviation*; and a uniform distribution on $[-a, a]$ has variance $a^2/3$.


# %%
def lecun_normal(fan_in: int, fan_out: int, rng: Generator) -> Array:
    """Normal weights that keep the variance of a linear layer: mean 0, variance 1 / fan_in (N 4.14).

    Parameters
    ----------
    fan_in, fan_out : int
        At least 1.
    rng : numpy Generator
        The only source of random numbers.

    Returns
    -------
    array (fan_in, fan_out)

    Raises
    ------
    ValueError
        When a fan is below 1.
    """
    # Your code here.
    raise NotImplementedError("lecun_normal")


def xavier_normal(fan_in: int, fan_out: int, rng: Generator) -> Array:
    """Normal weights of mean 0 and variance 2 / (fan_in + fan_out) (N, after 4.14; Glorot and Bengio 2010).

    Parameters
    ----------
    fan_in, fan_out : int
        At least 1.
    rng : numpy Generator
        The only source of random numbers.

    Returns
    -------
    array (fan_in, fan_out)

    Raises
    ------
    ValueError
        When a fan is below 1.
    """
    # Your code here.
    raise NotImplementedError("xavier_normal")


def xavier_uniform(fan_in: int, fan_out: int, rng: Generator) -> Array:
    """Uniform weights on [-a, a] with the variance of `xavier_normal`: a = sqrt(6 / (fan_in + fan_out)).

    Parameters
    ----------
    fan_in, fan_out : int
        At least 1.
    rng : numpy Generator
        The only source of random numbers.

    Returns
    -------
    array (fan_in, fan_out)

    Raises
    ------
    ValueError
        When a fan is below 1.
    """
    # Your code here.
    raise NotImplementedError("xavier_uniform")


def he_normal(fan_in: int, fan_out: int, rng: Generator, mode: str = "fan_in") -> Array:
    """Normal weights for ReLU layers: mean 0, variance 2 / fan (H 1.18 and 1.24; He et al. 2015).

    Parameters
    ----------
    fan_in, fan_out : int
        At least 1.
    rng : numpy Generator
        The only source of random numbers.
    mode : "fan_in" or "fan_out"
        Which of the two the fan is: "fan_in" keeps the variance of the signal, "fan_out" that of the gradient.

    Returns
    -------
    array (fan_in, fan_out)

    Raises
    ------
    ValueError
        When a fan is below 1, or the mode is another.
    """
    # Your code here.
    raise NotImplementedError("he_normal")


def torch_default(fan_in: int, fan_out: int, rng: Generator) -> Array:
    """Uniform weights on [-a, a] with a = 1 / sqrt(fan_in), as `torch.nn.Linear` draws them (N, margin of 4.3.1).

    Their variance is 1 / (3 fan_in): not a little, but three times smaller than `lecun_normal`'s.

    Parameters
    ----------
    fan_in, fan_out : int
        At least 1.
    rng : numpy Generator
        The only source of random numbers.

    Returns
    -------
    array (fan_in, fan_out)

    Raises
    ------
    ValueError
        When a fan is below 1.
    """
    # Your code here.
    raise NotImplementedError("torch_default")


def conv_fans(kernel: Array) -> tuple[int, int]:
    """Fan-in and fan-out of a convolution (N, section 5.6).

    An output pixel sees every pixel of the window in every input channel; an input pixel is seen, at stride 1, by as
    many output pixels in every output channel.

    Parameters
    ----------
    kernel : array (C_out, C_in, k_1, ..., k_n)
        One or more spatial axes, of any lengths.

    Returns
    -------
    fan_in, fan_out : int
        C_in and C_out, each times the number of pixels of the window.

    Raises
    ------
    ValueError
        When the kernel has no spatial axis.
    """
    # Your code here.
    raise NotImplementedError("conv_fans")


# %% [markdown]
# ## Exercise 2, `orthogonal`: no direction is stretched
#
# A normal matrix keeps lengths on average only: some directions grow, others shrink, and depth drives them apart. An
# orthogonal matrix keeps every length exactly, which is what recurrent networks want (N, section 8.2.2). For a
# matrix that is not square: where `rows >= cols` the columns are orthonormal, $Q^\top Q = I$, otherwise the
# rows, $Q Q^\top = I$.
#
# No direction should be preferred either: the matrix must be *Haar* distributed, i.e. have the same distribution after
# any rotation. Take a matrix of independent standard normal numbers, which has this property, and its factors $A = QR$.
# They are unique once the diagonal of $R$ is positive; libraries do not care for the sign and return, e.g., a
# negative entry in the first place of Q. Multiply column $j$ of $Q$ by the sign of $R_{jj}$: the result is a
# function of $A$ alone that rotates with it, hence Haar (Mezzadri 2007).


# %%
def orthogonal(rows: int, cols: int, rng: Generator) -> Array:
    """Matrix with orthonormal columns (or rows, where there are fewer of them), Haar distributed (N, section 8.2.2).

    Parameters
    ----------
    rows, cols : int
        At least 1.
    rng : numpy Generator
        The only source of random numbers.

    Returns
    -------
    Q : array (rows, cols)
        Q^T Q = I where rows >= cols, else Q Q^T = I.

    Raises
    ------
    ValueError
        When a length is below 1.
    """
    # Your code here.
    raise NotImplementedError("orthogonal")


# %% [markdown]
# ## Exercise 3, `propagation`: fifty layers
#
# A network without biases computes, with $h_0 = x$ and $\phi$ the activation,
#
# $$z_l = h_{l-1} S_l, \qquad h_l = \phi(z_l), \qquad l = 1, \dots, L.$$
#
# We look at the variance of all entries of $z_l$, over samples and units, and on the way back at that of
# $\bar z_l = \partial \ell / \partial z_l$:
#
# $$\bar z_{l-1} = (\bar z_l\, S_l^\top) \odot \phi'(z_{l-1}).$$
#
# What to expect with ReLU, width $n$ and weights of variance $\sigma^2$ (H 1.16): inputs of variance 1 give
# $\mathrm{Var}[z_1] = n \sigma^2$. From then on each layer sees a symmetric signal of which ReLU has cut off half, and
#
# $$\mathrm{Var}[z_{l+1}] = \tfrac{1}{2}\, n \sigma^2\, \mathrm{Var}[z_l].$$
#
# So the logarithm of the variance is a straight line over depth, with slope $\log(n \sigma^2 / 2)$: 0 for He,
# $-\log 2$ a layer for LeCun.


# %%
def forward_variances(weights: Sequence[Array], x: Array, activation: Elementwise) -> Array:
    """Variance of the pre-activations of every layer (H 1.15 and 1.16).

    Parameters
    ----------
    weights : list of L arrays
        S_l of shape (d_(l-1), d_l); L >= 1.
    x : array (N, d_0)
        Inputs.
    activation : function
        From an array to an array of the same shape.

    Returns
    -------
    array (L,)
        Variance of all N * d_l entries of z_l, around their mean and divided by their number, for l = 1 .. L.

    Raises
    ------
    ValueError
        When there is no layer, or the shapes do not fit.
    """
    # Your code here.
    raise NotImplementedError("forward_variances")


def backward_variances(
    weights: Sequence[Array], x: Array, dz: Array, activation: Elementwise, derivative: Elementwise
) -> Array:
    """Variance of the gradients by the pre-activations of every layer (H 1.21 and 1.23).

    Parameters
    ----------
    weights, x, activation
        As in `forward_variances`.
    dz : array (N, d_L)
        Upstream gradient: the derivative of the loss by z_L.
    derivative : function
        Derivative of the activation at its input, an array of the same shape.

    Returns
    -------
    array (L,)
        Variance of all entries of dloss/dz_l, for l = 1 .. L, first layer first; the last is that of dz.

    Raises
    ------
    ValueError
        When there is no layer, or the shapes do not fit.
    """
    # Your code here.
    raise NotImplementedError("backward_variances")


def predicted_variance(sigma2: float, n: int, depth: int) -> Array:
    """Variance of the pre-activations that theory predicts for ReLU layers of one width (H 1.16).

    The inputs have mean 0 and variance 1 and do not pass a ReLU: the first layer has variance n sigma2, and
    each further one (n sigma2 / 2) times that of the layer before.

    Parameters
    ----------
    sigma2 : float
        Variance of the weights, > 0.
    n : int
        Width of the inputs and of every layer.
    depth : int
        Number L of layers.

    Returns
    -------
    array (L,)
        For layers 1 .. L.

    Raises
    ------
    ValueError
        When an argument is not positive.
    """
    # Your code here.
    raise NotImplementedError("predicted_variance")


# %% [markdown]
# Look at it: three initialisations, measured (points) and predicted (lines). Points leave the lines by a random walk
# whose steps have a variance of about $5/n$ a layer, so wide networks keep to the theory longer.


# %%
def _plot_variances(width: int = 200, depth: int = 50) -> None:
    """Draw the variance by depth of ReLU networks with three initialisations, against the theory."""
    import matplotlib.pyplot as plt  # a late import: grading does not need it

    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, width))
    layers = np.arange(1, depth + 1)
    for name, draw, variance in (
        ("He", he_normal, 2 / width),
        ("LeCun", lecun_normal, 1 / width),
        ("torch", torch_default, 1 / (3 * width)),
    ):
        weights = [draw(width, width, rng) for _ in range(depth)]
        measured = forward_variances(weights, x, lambda z: np.maximum(z, 0))
        (points,) = plt.semilogy(layers, measured, ".", label=name)
        plt.semilogy(layers, predicted_variance(variance, width, depth), "-", color=points.get_color())
    plt.xlabel("layer")
    plt.ylabel("variance of the pre-activations")
    plt.legend()
    plt.show()


if __name__ == "__main__":
    with suppress(NotImplementedError, ImportError):  # nothing to draw yet, or nothing to draw with
        _plot_variances()

# %% [markdown]
# ## Exercise 4, `symmetry`: what initialisation has to break
#
# Consider $f(x) = \phi(x S_1)\, S_2$ with $p$ hidden units. Different weights give the same function (N, section 4.3):
#
# * **scale**, for ReLU: $\phi(\alpha z) = \alpha \phi(z)$ for $\alpha > 0$, so $(\alpha S_1, S_2 / \alpha)$ is the same
#   function. (N says any $\alpha$; for a negative one ReLU does not do it.)
# * **permutation**, for every activation: hidden units may change places. Unit $\pi_j$ of the old network becomes unit
#   $j$ of the new one, and takes its incoming and its outgoing weights along.
#
# Gradient descent knows these symmetries. Two hidden units with equal weights get equal gradients, and stay equal for
# ever: a layer that starts with one constant is a layer of one unit. And from all zeros nothing moves at all, as long
# as $\phi(0) = 0$.


# %%
def rescale(S1: Array, S2: Array, alpha: float) -> tuple[Array, Array]:
    """Other weights of the same ReLU network: the first layer alpha times as large (N, section 4.3, item 1).

    Parameters
    ----------
    S1 : array (d, p)
    S2 : array (p, m)
    alpha : float
        > 0.

    Returns
    -------
    S1 : array (d, p)
    S2 : array (p, m)

    Raises
    ------
    ValueError
        When alpha is not positive, or the shapes do not fit.
    """
    # Your code here.
    raise NotImplementedError("rescale")


def permute(S1: Array, S2: Array, pi: Array) -> tuple[Array, Array]:
    """Other weights of the same network: hidden unit pi[j] becomes unit j (N, section 4.3, item 2).

    Parameters
    ----------
    S1 : array (d, p)
    S2 : array (p, m)
    pi : integer array (p,)
        Every number from 0 to p - 1 once.

    Returns
    -------
    S1 : array (d, p)
        Its column j is column pi[j] of the argument.
    S2 : array (p, m)

    Raises
    ------
    ValueError
        When pi is no permutation, or the shapes do not fit.
    """
    # Your code here.
    raise NotImplementedError("permute")


def train(S1: Array, S2: Array, x: Array, y: Array, lr: float, steps: int) -> tuple[Array, Array]:
    """Gradient descent on the squared error of a network with tanh, from the given weights (N, section 4.3).

    The prediction is tanh(x S1) S2, and the loss the mean over the samples of half the squared distance to y, summed
    over the outputs. Both layers move at once: each gradient is taken at the weights before the step.

    Parameters
    ----------
    S1 : array (d, p)
    S2 : array (p, m)
        Weights to start from; they stay as they are.
    x : array (N, d)
    y : array (N, m)
    lr : float
        Step size.
    steps : int
        At least 0.

    Returns
    -------
    S1 : array (d, p)
    S2 : array (p, m)
        After all steps.

    Raises
    ------
    ValueError
        When steps is negative, or the shapes do not fit.
    """
    # Your code here.
    raise NotImplementedError("train")
