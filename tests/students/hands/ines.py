# %% [markdown]
# # Backpropagation
#
# A deep network is a chain of simple functions, and its gradient is the chain rule read from the end.
# In this assignment you write that chain by hand: the rules of matrix calculus, one linear layer, five
# activations, five losses, and a network of any depth, each *forward* with its *backward* beside it.
#
# Two ideas carry everything.
#
# * A **forward** function computes its output and keeps what the backward function will need: the *cache*.
# * A **backward** function gets the *upstream gradient*, the derivative of the loss by its output, and turns it
#   into the derivatives by its inputs. It knows nothing of the layers around it.
#
# Everything is float64 numpy with samples in rows: `x` is `(N, d)`, weights `S` are `(d, p)`, and
# `h = x @ S + b`. A gradient always has the shape of the thing that it is the gradient by, and is called after it:
# `dS` is the derivative of the loss by `S`.
#
# Sources: N are the notes of ESE 546, D is the second discussion of CS 182.

# %%
"""Backpropagation by hand: gradients of layers, activations, losses and whole networks, in numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np

EPS = 1e-12  # protects logs and divisions

Array = np.ndarray
Cache = Any  # its form is your own affair
Elementwise = Callable[[Array], Array]
Params = list[tuple[Array, Array]]

# %% [markdown]
# ## Exercise 1, `calculus`: gradients of vectors and matrices
#
# The gradient of a scalar $f$ by a vector or a matrix has the shape of that vector or matrix. For a function
# $f: \mathbb{R}^d \to \mathbb{R}^n$ we stack the gradients of $f_1, \dots, f_n$ as *columns*, so that the Jacobian
# is $(d, n)$:
#
# $$J_{ij} = \frac{\partial f_j}{\partial x_i}.$$
#
# Half of the literature uses the transpose. Ours makes the chain rule read from left to right: if
# $z = g(y)$ and $y = f(x)$, then
#
# $$\frac{\partial z}{\partial x} = \frac{\partial y}{\partial x}\,\frac{\partial z}{\partial y},
# \qquad (d) = (d, n)\,(n).$$


# %%
def squared_norm_gradient(x: Array) -> Array:
    """Gradient of the squared Euclidean norm (D, problem 4).

    f(x) = sum_i x_i^2.

    Parameters
    ----------
    x : array (d,)

    Returns
    -------
    array (d,)
        df/dx.

    Raises
    ------
    ValueError
        When x is not a vector.
    """
    # d_i (x_j x_j) = 2 x_j delta_ij
    return 2.0 * x


def linear_map_jacobian(A: Array) -> Array:
    """Jacobian of the linear map f(x) = A^T x, the same at every x (D, problem 5).

    Entry [i, j] of the result is df_j / dx_i.

    Parameters
    ----------
    A : array (d, n)
        f maps vectors of length d to vectors of length n.

    Returns
    -------
    array (d, n)
        df/dx.

    Raises
    ------
    ValueError
        When A is not a matrix.
    """
    # f_j = A_ij x_i  =>  J_ij = A_ij
    return 1.0 * A


def composed_gradients(A: Array, x: Array) -> tuple[Array, Array]:
    """Gradients of f = |A^T x|^2 by the vector and by the matrix (D, problems 6 and 7).

    Parameters
    ----------
    A : array (d, n)
    x : array (d,)

    Returns
    -------
    dx : array (d,)
        df/dx.
    dA : array (d, n)
        df/dA.

    Raises
    ------
    ValueError
        When A is not (d, n) or x is not (d,) with the same d.
    """
    f = np.einsum("ij,i->j", A, x)
    dx = np.einsum("ij,j->i", A, 2.0 * f)
    dA = x[:, np.newaxis] * (2.0 * f)[np.newaxis, :]
    return dx, dA


# %% [markdown]
# ## Exercise 2, `linear`: one linear layer
#
# N 4.10 treats one neuron, $z = w^\top x$, and finds $\bar w = \bar z\, x$ and $\bar x = \bar z\, w$. With $p$ neurons
# and $N$ samples the same three rules become two matrix products and a sum. A look at the shapes leaves only one way
# to write each of them: `dS` is `(d, p)`, and it is made of `x`, `(N, d)`, and `dh`, `(N, p)`.
#
# The bias reaches every sample, so its gradient collects over all of them. There is no division by $N$ in a
# layer: the mean belongs to the loss, and arrives with the upstream gradient.


# %%
def linear_forward(x: Array, S: Array, b: Array) -> tuple[Array, Cache]:
    """Linear layer: h = x S + b, the bias added to every row (N 4.10).

    Parameters
    ----------
    x : array (N, d)
    S : array (d, p)
    b : array (p,)

    Returns
    -------
    h : array (N, p)
    cache
        Whatever `linear_backward` needs, in any form.

    Raises
    ------
    ValueError
        When the shapes do not fit.
    """
    h = np.einsum("ni,ij->nj", x, S) + b[np.newaxis, :]
    return h, {"x": x, "S": S}


def linear_backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of a linear layer by its three inputs (N, section 4.2).

    Parameters
    ----------
    dh : array (N, p)
        Upstream gradient.
    cache
        What `linear_forward` returned.

    Returns
    -------
    dx : array (N, d)
    dS : array (d, p)
    db : array (p,)

    Raises
    ------
    ValueError
        When dh has another shape than h.
    """
    x, S = cache["x"], cache["S"]
    dx = np.einsum("nj,ij->ni", dh, S)
    # each sample adds the dyadic product x (x) dh
    dS = (x[:, :, np.newaxis] * dh[:, np.newaxis, :]).sum(axis=0)
    db = dh.sum(axis=0)
    return dx, dS, db


# %% [markdown]
# ## Exercise 3, `activations`: five nonlinearities
#
# An activation acts on every entry alone, so its Jacobian is diagonal and backward is one elementwise product
# (N 4.11): `dx = dh * derivative`. The derivative is taken at the *input* `x`. For some activations it is
# cheaper from the output, e.g. $\tanh' = 1 - \tanh^2$; then cache the output, and do not apply the function twice.
#
# | activation | $\sigma(x)$ | $\sigma'(x)$ |
# | --- | --- | --- |
# | sigmoid | $1 / (1 + e^{-x})$ | $\sigma (1 - \sigma)$ |
# | tanh | $(e^x - e^{-x}) / (e^x + e^{-x})$ | $1 - \sigma^2$ |
# | ReLU | $\max(0, x)$ | $1$ if $x > 0$ else $0$ |
# | leaky ReLU | $x$ if $x > 0$ else $c x$ | $1$ if $x > 0$ else $c$ |
# | swish | $x\, s(x)$, $s$ the sigmoid | $s(x) + x\, s(x) (1 - s(x))$ |
#
# **Large inputs.** $e^{1000}$ is infinite in float64, and infinity divided by infinity is NaN. Forward and backward
# must be right at $|x| = 1000$: write the formulas so that only exponentials of negative numbers occur.


# %%
def sigmoid_forward(x: Array) -> tuple[Array, Cache]:
    """Sigmoid: h = 1 / (1 + exp(-x)) in every entry (N, section 4.1.1).

    Must not overflow: right at |x| = 1000.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    h : array, shape of x
        In [0, 1].
    cache
        Whatever `sigmoid_backward` needs.
    """
    # Boltzmann factor with the sign that never blows up
    w = np.exp(-np.abs(x))
    h = np.where(x >= 0, 1.0, w) / (1.0 + w + EPS)
    return h, h


def sigmoid_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the sigmoid by its input.

    Parameters
    ----------
    dh : array, shape of h
        Upstream gradient.
    cache
        What `sigmoid_forward` returned.

    Returns
    -------
    dx : array, shape of x

    Raises
    ------
    ValueError
        When dh has another shape than h.
    """
    return dh * cache * (1.0 - cache)


# %%
def tanh_forward(x: Array) -> tuple[Array, Cache]:
    """Hyperbolic tangent in every entry (N, section 4.1.1).

    Must not overflow: right at |x| = 1000.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    h : array, shape of x
        In [-1, 1].
    cache
        Whatever `tanh_backward` needs.
    """
    h = np.tanh(x)
    return h, h


def tanh_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the hyperbolic tangent by its input.

    Parameters
    ----------
    dh : array, shape of h
        Upstream gradient.
    cache
        What `tanh_forward` returned.

    Returns
    -------
    dx : array, shape of x

    Raises
    ------
    ValueError
        When dh has another shape than h.
    """
    return dh * (1.0 - cache**2)


# %%
def relu_forward(x: Array) -> tuple[Array, Cache]:
    """Rectified linear unit: h = max(0, x) in every entry (N, section 4.1.1).

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    h : array, shape of x
    cache
        Whatever `relu_backward` needs.
    """
    theta = np.heaviside(x, 0.5)
    return x * theta, theta


def relu_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the rectified linear unit by its input; at x = 0 any value between 0 and dh is right.

    Parameters
    ----------
    dh : array, shape of h
        Upstream gradient.
    cache
        What `relu_forward` returned.

    Returns
    -------
    dx : array, shape of x

    Raises
    ------
    ValueError
        When dh has another shape than h.
    """
    return dh * cache


# %%
def leaky_relu_forward(x: Array, c: float) -> tuple[Array, Cache]:
    """Leaky rectified linear unit: h = x where x > 0, else c x (N, section 4.1.1).

    Parameters
    ----------
    x : array of any shape
    c : float
        Slope on the negative side, in [0, 1); a constant, not differentiated by.

    Returns
    -------
    h : array, shape of x
    cache
        Whatever `leaky_relu_backward` needs.
    """
    theta = np.heaviside(x, 0.5)
    slope = theta + c * (1.0 - theta)
    return x * slope, slope


def leaky_relu_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the leaky rectified linear unit by x; at x = 0 any value between dh and c dh is right.

    Parameters
    ----------
    dh : array, shape of h
        Upstream gradient.
    cache
        What `leaky_relu_forward` returned.

    Returns
    -------
    dx : array, shape of x

    Raises
    ------
    ValueError
        When dh has another shape than h.
    """
    return dh * cache


# %%
def swish_forward(x: Array) -> tuple[Array, Cache]:
    """Swish: h = x sigmoid(x) in every entry (N, section 4.1.1).

    Must not overflow: right at |x| = 1000.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    h : array, shape of x
    cache
        Whatever `swish_backward` needs.
    """
    # Fermi function: 1/(1+e^-x) = (1 + tanh(x/2))/2, no exponential to protect
    s = 0.5 * (1.0 + np.tanh(0.5 * x))
    return x * s, (x, s)


def swish_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of swish by its input; x occurs twice in x sigmoid(x), so there are two terms.

    Must not overflow: right at |x| = 1000.

    Parameters
    ----------
    dh : array, shape of h
        Upstream gradient.
    cache
        What `swish_forward` returned.

    Returns
    -------
    dx : array, shape of x

    Raises
    ------
    ValueError
        When dh has another shape than h.
    """
    x, s = cache
    return dh * (s + x * s * (1.0 - s))


# %% [markdown]
# ## Exercise 4, `losses`: five losses with their gradients
#
# A loss is where the backward pass begins, so value and gradient come from one function. Every loss here is the
# *mean over the batch* of a loss of each sample, so every gradient carries the factor $1/N$, once.
#
# **Regression.** `h` and `y` are `(N, p)`; the loss of a sample is the *sum* over its $p$ outputs. With the residual
# $r = h - y$ the losses of an output are
#
# $$\text{mse: } \tfrac12 r^2, \qquad
# \text{Huber: } \begin{cases} \tfrac12 r^2 & |r| \le \delta \\ \delta (|r| - \tfrac12 \delta) & \text{else,}
# \end{cases} \qquad
# \text{quantile: } \begin{cases} \tau\, |r| & h < y \\ (1 - \tau)\, |r| & h > y. \end{cases}$$
#
# **Classification.** `logits` are `(N, m)` and `labels` `(N,)` integers from 0 to m - 1. Softmax at the temperature
# $T$ turns logits $z$ into probabilities $p_k = e^{z_k / T} / \sum_j e^{z_j / T}$, and the loss of a sample is the
# cross entropy $-\sum_k q_k \log p_k$ with a target distribution $q$: all of it on the label, or, with label
# smoothing, $1 - \epsilon$ on the label and $\epsilon / (m - 1)$ on each other class. The gradient by $z_k$, at
# temperature 1, is $p_k - q_k$: what is predicted less what is wanted.
#
# **Large logits.** Softmax does not change when all logits of a sample move by the same number. Subtract the largest
# first, and no exponential overflows; and take $\log p_k = z_k - \log \sum_j e^{z_j}$ without computing $p_k$,
# which may underflow to 0. Your losses must be right at logits of $10^4$.


# %%
def mse(h: Array, y: Array) -> tuple[float, Array]:
    """Half the squared error, summed over the outputs, mean over the batch (N 6.2).

    loss = 1/N sum_n sum_j 1/2 (h_nj - y_nj)^2.

    Parameters
    ----------
    h : array (N, p)
        Predictions.
    y : array (N, p)
        Targets.

    Returns
    -------
    loss : float
    dh : array (N, p)
        Gradient of the loss by h.

    Raises
    ------
    ValueError
        When h and y are not matrices of one shape.
    """
    n = h.shape[0]
    r = h - y
    return float(0.5 * (r**2).sum() / (n + EPS)), r / (n + EPS)


def huber(h: Array, y: Array, delta: float) -> tuple[float, Array]:
    """Huber loss, summed over the outputs, mean over the batch (N 6.3).

    With r = h - y an output costs r^2 / 2 where |r| <= delta, and delta (|r| - delta / 2) beyond: an outlier
    pulls with the force delta and no more.

    Parameters
    ----------
    h : array (N, p)
        Predictions.
    y : array (N, p)
        Targets.
    delta : float
        Where the parabola goes over into its tangent, > 0, in the units of h.

    Returns
    -------
    loss : float
    dh : array (N, p)
        Gradient of the loss by h.

    Raises
    ------
    ValueError
        When h and y are not matrices of one shape, or delta is not positive.
    """
    n = h.shape[0]
    r = h - y
    a = np.abs(r)
    inside = a <= delta
    cost = np.where(inside, 0.5 * r**2, delta * (a - 0.5 * delta))
    force = np.where(inside, r, delta * r / (a + EPS))
    return float(cost.sum() / (n + EPS)), force / (n + EPS)


def quantile(h: Array, y: Array, tau: float) -> tuple[float, Array]:
    """Quantile or pinball loss, summed over the outputs, mean over the batch (N 6.5).

    A prediction below its target costs tau (y - h), one above it (1 - tau) (h - y). At h = y any convention for
    the gradient is right.

    Parameters
    ----------
    h : array (N, p)
        Predictions.
    y : array (N, p)
        Targets.
    tau : float
        The quantile to be predicted, in (0, 1).

    Returns
    -------
    loss : float
    dh : array (N, p)
        Gradient of the loss by h (not by the residual y - h of N 6.5).

    Raises
    ------
    ValueError
        When h and y are not matrices of one shape, or tau is not in (0, 1).
    """
    n = h.shape[0]
    r = h - y
    slope = (1.0 - tau) - np.heaviside(-r, 0.5)  # 1 - tau above, -tau below
    return float((slope * r).sum() / (n + EPS)), slope / (n + EPS)


# %%
def boltzmann(E, T):
    """Occupation probabilities of the levels -E at temperature T (k_B = 1), one system in each row."""
    beta = 1.0 / (T + EPS)
    w = np.exp(beta * (E - E.max(axis=1)[:, np.newaxis]))
    return w / (w.sum(axis=1)[:, np.newaxis] + EPS)


def softmax_cross_entropy(logits: Array, labels: Array, temperature: float = 1.0) -> tuple[float, Array]:
    """Cross entropy of softmax(logits / temperature), mean over the batch (N 6.11, 6.12).

    A sample with logits z and label y costs -z_y / T + log sum_k exp(z_k / T).
    Must not overflow: right at logits of 1e4.

    Parameters
    ----------
    logits : array (N, m)
    labels : integer array (N,)
        Right class of each sample, 0 .. m - 1.
    temperature : float
        T > 0.

    Returns
    -------
    loss : float
    dlogits : array (N, m)
        Gradient of the loss by the logits themselves, before they are divided by T.

    Raises
    ------
    ValueError
        When the shapes do not fit, a label is no class, or the temperature is not positive.
    """
    n, m = logits.shape
    q = (labels[:, np.newaxis] == np.arange(m)[np.newaxis, :]).astype(float)
    p = boltzmann(logits, temperature)
    loss = -(q * np.log(p + EPS)).sum() / (n + EPS)
    # chain rule: z = logits / T, so one more 1/T
    dlogits = (p - q) / (n * temperature + EPS)
    return float(loss), dlogits


def label_smoothing(logits: Array, labels: Array, epsilon: float) -> tuple[float, Array]:
    """Cross entropy at temperature 1 with smoothed labels, mean over the batch (N 6.13, 6.14).

    The target distribution puts 1 - epsilon on the label and epsilon / (m - 1) on each of the other classes.
    Must not overflow: right at logits of 1e4.

    Parameters
    ----------
    logits : array (N, m)
        With m >= 2.
    labels : integer array (N,)
        Right class of each sample, 0 .. m - 1.
    epsilon : float
        Probability taken from the label, in [0, 1).

    Returns
    -------
    loss : float
    dlogits : array (N, m)
        Gradient of the loss by the logits.

    Raises
    ------
    ValueError
        When the shapes do not fit, a label is no class, there is one class only, or epsilon is not in [0, 1).
    """
    n, m = logits.shape
    hot = labels[:, np.newaxis] == np.arange(m)[np.newaxis, :]
    q = np.where(hot, 1.0 - epsilon, epsilon / (m - 1.0 + EPS))
    p = boltzmann(logits, 1.0)
    loss = -(q * np.log(p + EPS)).sum() / (n + EPS)
    return float(loss), (p - q) / (n + EPS)


# %% [markdown]
# ## Exercise 5, `network`: backpropagation through any depth
#
# A network of $L$ layers is a list of `(S, b)`, and every layer but the last is followed by the activation:
#
# $$h_0 = x, \qquad z_l = h_{l-1} S_l + b_l, \qquad h_l = \sigma(z_l), \qquad \text{logits} = z_L.$$
#
# Backward walks the list from the end. It computes nothing again that forward knew: that is what the cache is for,
# and why the gradient costs about as much as two forward passes, however deep the network. The activation and its
# derivative are given as functions of the pre-activation $z$; each is called **exactly once for each hidden layer**,
# with the whole `(N, d)` array: $\sigma$ in forward, $\sigma'$ in backward.
#
# The gradient by the input comes for free (N, remark 4.2). It tells in which direction an image must be changed
# to fool the network.
#
# Weight decay adds $\frac{\alpha}{2} \sum_l \lVert S_l \rVert^2$ to the loss (N 7.9), and leaves the biases alone
# (N, section 7.2.1). The loss and its gradient must both say so.


# %%
def mlp_forward(x: Array, params: Params, activation: Elementwise) -> tuple[Array, Cache]:
    """Logits of a fully connected network (N 4.3).

    Parameters
    ----------
    x : array (N, d_0)
    params : list of (S, b)
        Layer l has S (d_(l-1), d_l) and b (d_l,); at least one layer.
    activation : function from z to values of the same shape
        Elementwise; called once for each hidden layer, and not after the last layer.

    Returns
    -------
    logits : array (N, d_L)
    cache
        Whatever `mlp_backward` needs.

    Raises
    ------
    ValueError
        When there is no layer, or the shapes do not fit.
    """
    h = x
    trajectory = []  # (h_{l-1}, S_l, z_l)
    for l, (S, b) in enumerate(params, start=1):
        z = h @ S + b[np.newaxis, :]
        trajectory.append((h, S, z))
        if l < len(params):
            h = activation(z)
    return z, trajectory


def mlp_backward(dlogits: Array, cache: Cache, derivative: Elementwise) -> tuple[Array, list[tuple[Array, Array]]]:
    """Gradients of a fully connected network by its input and all its parameters (N, section 4.2).

    Parameters
    ----------
    dlogits : array (N, d_L)
        Upstream gradient.
    cache
        What `mlp_forward` returned.
    derivative : function from z to values of the same shape
        Elementwise derivative of the activation at the pre-activation z; called once for each hidden layer.

    Returns
    -------
    dx : array (N, d_0)
    grads : list of (dS, db)
        In the order of params: first layer first.

    Raises
    ------
    ValueError
        When dlogits has another shape than the logits.
    """
    # adjoint equation, backwards in "time" l
    lam = dlogits
    grads = []
    for l in range(len(cache), 0, -1):
        h, S, z = cache[l - 1]
        if l < len(cache):
            lam = lam * derivative(z)
        dS = (h[:, :, np.newaxis] * lam[:, np.newaxis, :]).sum(axis=0)
        db = lam.sum(axis=0)
        grads.insert(0, (dS, db))
        lam = lam @ S.T
    return lam, grads


# %%
def input_gradient(x: Array, params: Params, labels: Array, activation: Elementwise, derivative: Elementwise) -> Array:
    """Gradient of the mean cross entropy by the input of the network (N, remark 4.2).

    Parameters
    ----------
    x : array (N, d_0)
    params : list of (S, b)
        As in `mlp_forward`.
    labels : integer array (N,)
        Right classes, 0 .. d_L - 1.
    activation, derivative
        As in `mlp_forward` and `mlp_backward`.

    Returns
    -------
    dx : array (N, d_0)
        Of the mean over the batch, temperature 1, without weight decay.

    Raises
    ------
    ValueError
        When the shapes do not fit or a label is no class.
    """
    logits, trajectory = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    return mlp_backward(dlogits, trajectory, derivative)[0]


def regularized_loss(
    params: Params, x: Array, labels: Array, weight_decay: float, activation: Elementwise, derivative: Elementwise
) -> tuple[float, list[tuple[Array, Array]]]:
    """Mean cross entropy with weight decay, and its gradients by all parameters (N 7.9, section 7.2.1).

    loss = mean cross entropy + weight_decay / 2 * (sum of the squares of all entries of all S).
    The biases are not decayed.

    Parameters
    ----------
    params : list of (S, b)
        As in `mlp_forward`.
    x : array (N, d_0)
    labels : integer array (N,)
        Right classes, 0 .. d_L - 1.
    weight_decay : float
        >= 0.
    activation, derivative
        As in `mlp_forward` and `mlp_backward`.

    Returns
    -------
    loss : float
    grads : list of (dS, db)
        In the order of params.

    Raises
    ------
    ValueError
        When the shapes do not fit, a label is no class, or the weight decay is negative.
    """
    logits, trajectory = mlp_forward(x, params, activation)
    data_term, dlogits = softmax_cross_entropy(logits, labels)
    _, grads = mlp_backward(dlogits, trajectory, derivative)
    # harmonic potential for the weights, spring constant weight_decay
    potential = 0.5 * weight_decay * sum((S**2).sum() for S, _ in params)
    grads = [(dS + weight_decay * S, db) for (S, _), (dS, db) in zip(params, grads)]
    return float(data_term + potential), grads
