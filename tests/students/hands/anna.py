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

Array = np.ndarray
Cache = Any  # its form is your own affair
Elementwise = Callable[[Array], Array]
Params = list[tuple[Array, Array]]

# %% [markdown]
# ### My helper functions (Anna)


# %%
def _require(condition, message):
    if not condition:
        raise ValueError(message)


def _as_float(x):
    return np.asarray(x, dtype=np.float64)


def _stable_sigmoid(x):
    """1/(1 + e^-x) for x >= 0 and e^x/(1 + e^x) for x < 0: the two are equal (multiply by e^x/e^x), and in
    both only the exponential of a number <= 0 is taken."""
    h = np.zeros(x.shape)
    nonneg = x >= 0
    h[nonneg] = 1.0 / (1.0 + np.exp(-x[nonneg]))
    e = np.exp(x[~nonneg])
    h[~nonneg] = e / (1.0 + e)
    return h


def _check_regression(h, y):
    h, y = _as_float(h), _as_float(y)
    _require(h.ndim == 2 and h.shape == y.shape, "h and y must be matrices of one shape")
    return h, y


def _check_classification(logits, labels):
    logits = _as_float(logits)
    labels = np.asarray(labels)
    _require(logits.ndim == 2, "logits must be a matrix")
    _require(labels.shape == (logits.shape[0],), "one label for each sample")
    _require(np.issubdtype(labels.dtype, np.integer), "labels must be integers")
    _require(bool(np.all(labels >= 0)) and bool(np.all(labels < logits.shape[1])), "a label is no class")
    return logits, labels


def _log_softmax(z):
    """Row-wise log softmax.

    log p_k = z_k - log sum_j e^{z_j}.  With c = max_j z_j,
    log sum_j e^{z_j} = c + log sum_j e^{z_j - c},  and the last sum is in [1, m]: no overflow, no log 0.
    """
    result = np.zeros(z.shape)
    for n in range(z.shape[0]):
        shifted = z[n] - np.max(z[n])
        result[n] = shifted - np.log(np.sum(np.exp(shifted)))
    return result


def _cross_entropy_with_targets(z, q):
    """1/N sum_n -sum_k q_nk log p_nk  and its gradient (p - q)/N by z.

    Derivation.  l = -sum_k q_k log p_k = -sum_k q_k z_k + (sum_k q_k) log sum_j e^{z_j}, sum_k q_k = 1.
    dl/dz_i = -q_i + e^{z_i}/sum_j e^{z_j} = p_i - q_i.
    """
    N = z.shape[0]
    logp = _log_softmax(z)
    loss = 0.0
    for n in range(N):
        loss -= np.sum(q[n] * logp[n])
    return float(loss / N), (np.exp(logp) - q) / N


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
    # f(x) = sum_k x_k^2.  Only the term k = i depends on x_i:
    #     df/dx_i = d(x_i^2)/dx_i = 2 x_i.
    x = _as_float(x)
    _require(x.ndim == 1, "x must be a vector")
    g = np.zeros(x.shape)
    for i in range(x.shape[0]):
        g[i] = 2.0 * x[i]
    return g


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
    # f_j(x) = (A^T x)_j = sum_k A_kj x_k
    # J_ij   = df_j/dx_i = sum_k A_kj [k = i] = A_ij.
    # So the Jacobian IS the matrix A (no transpose!, this is the point of the convention (d, n)).
    A = _as_float(A)
    _require(A.ndim == 2, "A must be a matrix")
    d, n = A.shape
    J = np.zeros((d, n))
    for i in range(d):
        for j in range(n):
            J[i, j] = A[i, j]
    return J


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
    # Let y = A^T x, i.e. y_j = sum_i A_ij x_i, and f = sum_j y_j^2.
    #
    # (1) by x: chain rule  df/dx = (dy/dx)(df/dy) = A * (2 y) = 2 A A^T x.
    #     dimensions: (d, n)(n) = (d).  OK
    #
    # (2) by A: df/dA_ij = sum_k (df/dy_k)(dy_k/dA_ij).
    #     y_k contains A_ij only if k = j, and then dy_j/dA_ij = x_i. So
    #         df/dA_ij = 2 y_j x_i,     dA = 2 x y^T   (outer product, (d, n)).
    A = _as_float(A)
    x = _as_float(x)
    _require(A.ndim == 2 and x.ndim == 1 and A.shape[0] == x.shape[0], "A must be (d, n) and x (d,)")
    d, n = A.shape
    y = A.T @ x
    df_dy = squared_norm_gradient(y)
    dx = linear_map_jacobian(A) @ df_dy
    dA = np.zeros((d, n))
    for i in range(d):
        for j in range(n):
            dA[i, j] = x[i] * df_dy[j]
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
    # h_nj = sum_i x_ni S_ij + b_j
    x = _as_float(x)
    S = _as_float(S)
    b = _as_float(b)
    _require(x.ndim == 2 and S.ndim == 2 and b.ndim == 1, "x and S must be matrices, b a vector")
    _require(x.shape[1] == S.shape[0], "x is (N, d), so S must be (d, p)")
    _require(S.shape[1] == b.shape[0], "b must have one entry per column of S")
    h = x @ S + b
    cache = {"x": x.copy(), "S": S.copy()}  # b is not needed, h is affine in b
    return h, cache


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
    # Given  dh_nj = dL/dh_nj.  From h_nj = sum_i x_ni S_ij + b_j follow
    #
    #   dL/dx_ni = sum_j dh_nj dh_nj/dx_ni = sum_j dh_nj S_ij           ->  dx = dh S^T
    #   dL/dS_ij = sum_n dh_nj x_ni                                     ->  dS = x^T dh
    #   dL/db_j  = sum_n dh_nj                                          ->  column sums
    #
    # In the second line I write the sum over the samples as a loop: each sample contributes the
    # rank-one matrix x_n dh_n^T (this is the  \bar w = \bar z x  of N 4.10, for each neuron).
    x, S = cache["x"], cache["S"]
    dh = _as_float(dh)
    N = x.shape[0]
    d, p = S.shape
    _require(dh.shape == (N, p), "dh must have the shape of h")
    dx = np.zeros((N, d))
    dS = np.zeros((d, p))
    db = np.zeros(p)
    for n in range(N):
        dx[n] = S @ dh[n]
        dS += np.outer(x[n], dh[n])
        db += dh[n]
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
    # cache the output s together with 1 - s = s(-x): for x = 40 the difference 1 - s(x) is zero in
    # floating point, whereas s(-40) = 4e-18 is known to all digits.
    x = _as_float(x)
    h = _stable_sigmoid(x)
    one_minus_h = _stable_sigmoid(-x)
    return h, {"h": h.copy(), "one_minus_h": one_minus_h}


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
    # s = (1 + e^-x)^-1
    # s' = (-1)(1 + e^-x)^-2 (-e^-x) = [1/(1 + e^-x)] [e^-x/(1 + e^-x)] = s (1 - s)
    dh = _as_float(dh)
    _require(dh.shape == cache["h"].shape, "dh must have the shape of h")
    return dh * cache["h"] * cache["one_minus_h"]


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
    # np.tanh does not overflow (checked: np.tanh(1000.) == 1.0)
    x = _as_float(x)
    h = np.tanh(x)
    return h, np.array(h)


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
    # t = u/v, u = e^x - e^-x, v = e^x + e^-x, u' = v, v' = u
    # t' = (u'v - uv')/v^2 = (v^2 - u^2)/v^2 = 1 - t^2
    # better: (1 - t)(1 + t), less cancellation
    t = cache
    dh = _as_float(dh)
    _require(dh.shape == t.shape, "dh must have the shape of h")
    return dh * ((1.0 - t) * (1.0 + t))


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
    x = _as_float(x)
    positive = x > 0
    h = np.where(positive, x, 0.0)
    return h, positive


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
    # subgradient at the kink: I take 0 (x > 0 strictly)
    positive = cache
    dh = _as_float(dh)
    _require(dh.shape == positive.shape, "dh must have the shape of h")
    return np.where(positive, dh, 0.0)


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
    _require(0 <= c < 1, "c must be in [0, 1)")
    x = _as_float(x)
    slope = np.where(x > 0, 1.0, c)
    return slope * x, slope


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
    # h = slope(x) * x with slope piecewise constant, hence dh/dx = slope away from 0.
    slope = cache
    dh = _as_float(dh)
    _require(dh.shape == slope.shape, "dh must have the shape of h")
    return dh * slope


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
    x = _as_float(x)
    s = _stable_sigmoid(x)
    return x * s, {"x": x.copy(), "s": s, "one_minus_s": _stable_sigmoid(-x)}


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
    # (x s)' = s + x s' = s + x s (1 - s)
    # limits: x -> +inf: s -> 1, x(1 - s) ~ x e^-x -> 0, so 1.  x -> -inf: s + x s -> 0.  No inf * 0 occurs,
    # because |x| is finite and s is exactly 0 or tiny.
    dh = _as_float(dh)
    x, s, t = cache["x"], cache["s"], cache["one_minus_s"]
    _require(dh.shape == x.shape, "dh must have the shape of h")
    return dh * (s + x * s * t)


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
    # L = 1/N sum_n sum_j 1/2 (h_nj - y_nj)^2
    # dL/dh_nj = 1/N * 1/2 * 2 (h_nj - y_nj) = (h_nj - y_nj)/N.
    h, y = _check_regression(h, y)
    N = h.shape[0]
    r = h - y
    loss = 0.0
    for n in range(N):
        loss += 0.5 * np.sum(r[n] ** 2)
    return float(loss / N), r / N


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
    # rho(r)  = r^2/2                 |r| <= delta
    #         = delta(|r| - delta/2)  else
    # rho'(r) = r                     |r| <= delta
    #         = delta sign(r)         else
    # At |r| = delta both values and both slopes agree (delta^2/2 resp. +-delta), so rho is C^1.
    # dr/dh = +1.
    h, y = _check_regression(h, y)
    _require(delta > 0, "delta must be positive")
    N, p = h.shape
    loss = 0.0
    dh = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            r = h[n, j] - y[n, j]
            if abs(r) <= delta:
                loss += 0.5 * r * r
                dh[n, j] = r / N
            else:
                loss += delta * (abs(r) - 0.5 * delta)
                dh[n, j] = delta * np.sign(r) / N
    return float(loss / N), dh


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
    # h < y:  tau (y - h)         derivative by h:  -tau
    # h > y:  (1 - tau)(h - y)    derivative by h:  1 - tau
    # h = y:  cost 0, subdifferential [-tau, 1 - tau].  It contains 0; I take 0.
    h, y = _check_regression(h, y)
    _require(0 < tau < 1, "tau must be in (0, 1)")
    N, p = h.shape
    loss = 0.0
    dh = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            if h[n, j] < y[n, j]:
                loss += tau * (y[n, j] - h[n, j])
                dh[n, j] = -tau / N
            elif h[n, j] > y[n, j]:
                loss += (1 - tau) * (h[n, j] - y[n, j])
                dh[n, j] = (1 - tau) / N
    return float(loss / N), dh


# %%
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
    # With u = z/T:   loss_n = -u_y + log sum_k e^{u_k}
    #   d loss_n/d u_k = -[k = y] + e^{u_k}/sum_j e^{u_j} = p_k - q_k
    #   d u_k/d z_k    = 1/T
    # =>  dL/dz_nk = (p_nk - q_nk)/(N T).
    logits, labels = _check_classification(logits, labels)
    _require(temperature > 0, "the temperature must be positive")
    N, m = logits.shape
    q = np.zeros((N, m))
    for n in range(N):
        q[n, labels[n]] = 1.0
    loss, du = _cross_entropy_with_targets(logits / temperature, q)
    return loss, du / temperature


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
    # Same as above with another q.  Check that q is a distribution:
    #   (1 - eps) + (m - 1) eps/(m - 1) = 1.   q.e.d.
    # (That sum_k q_k = 1 is used in the gradient: d/dz_k (-sum_j q_j z_j + (sum_j q_j) logsumexp).)
    logits, labels = _check_classification(logits, labels)
    N, m = logits.shape
    _require(m >= 2, "label smoothing needs at least two classes")
    _require(0 <= epsilon < 1, "epsilon must be in [0, 1)")
    q = np.full((N, m), epsilon / (m - 1))
    for n in range(N):
        q[n, labels[n]] = 1.0 - epsilon
    return _cross_entropy_with_targets(logits, q)


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
    # Cache, for l = 1..L: the cache of linear layer l (h_{l-1} and S_l), and the pre-activations
    # z_1..z_{L-1}.  z_L = logits has no activation, so it need not be kept.
    _require(len(params) >= 1, "at least one layer")
    L = len(params)
    linear_caches = []
    preactivations = []
    h = _as_float(x)
    for l in range(1, L + 1):
        S, b = params[l - 1]
        z, c = linear_forward(h, S, b)
        linear_caches.append(c)
        if l < L:
            preactivations.append(z.copy())
            h = activation(z)
    return z, {"linear": linear_caches, "z": preactivations}


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
    # Write  D_l = dL/dz_l  (N, d_l).   Start:  D_L = dlogits.
    # Recursion, for l = L, L-1, ..., 1:
    #     dS_l     = h_{l-1}^T D_l
    #     db_l     = sum_n D_l[n]
    #     dh_{l-1} = D_l S_l^T
    #     D_{l-1}  = dh_{l-1} * sigma'(z_{l-1})      (only if l > 1)
    # and dx = dh_0.
    linear_caches, preactivations = cache["linear"], cache["z"]
    L = len(linear_caches)
    grads = [None] * L
    D = _as_float(dlogits)
    for l in range(L, 0, -1):
        dh, dS, db = linear_backward(D, linear_caches[l - 1])
        grads[l - 1] = (dS, db)
        if l > 1:
            D = dh * derivative(preactivations[l - 2])
    return dh, grads


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
    logits, cache = mlp_forward(x, params, activation)
    _, dlogits = softmax_cross_entropy(logits, labels)
    dx, _ = mlp_backward(dlogits, cache, derivative)
    return dx


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
    # R = alpha/2 sum_l sum_ij (S_l)_ij^2   =>   dR/d(S_l)_ij = alpha (S_l)_ij,   dR/db = 0.
    _require(weight_decay >= 0, "weight decay must not be negative")
    logits, cache = mlp_forward(x, params, activation)
    data_loss, dlogits = softmax_cross_entropy(logits, labels)
    _, data_grads = mlp_backward(dlogits, cache, derivative)
    penalty = 0.0
    grads = []
    for (S, _b), (dS, db) in zip(params, data_grads):
        penalty += np.sum(np.asarray(S) ** 2)
        grads.append((dS + weight_decay * np.asarray(S), db))
    return float(data_loss + 0.5 * weight_decay * penalty), grads
