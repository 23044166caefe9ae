# %% [markdown]
# # Attention
#
# An average whose weights depend on what is averaged: that is all that attention is. It began as a way to draw a curve
# through data, and is now what language models are made of. In this assignment you go the whole way: a kernel
# regression, dot-product attention with its gradient, masks, positions, layer normalisation, the losses on which
# GPT, BERT and CLIP are trained, and at the end two torch modules that agree with torch's own.
#
# Sequences are float64 arrays `(N, T, d)`: `N` sequences of `T` tokens with `d` features. **Masks are boolean, and
# True means: may attend.** A mask has a row for each query and a column for each key.
#
# The first five exercises are numpy; torch is for the last one. Sources: N are the notes of ESE 546.

# %%
"""Attention: kernel regression, dot-product attention by hand, token losses, and a transformer's encoder block."""

from contextlib import suppress
from typing import Any

import numpy as np
import torch

Array = np.ndarray
Cache = Any  # its form is your own affair

# %% [markdown]
# ## Exercise 1, `regression`: an average over the neighbours
#
# Given data $(x^i, y^i)$, predict at a new $x$ the mean of the targets, each weighted by how near it is:
#
# $$\hat y(x) = \frac{\sum_i k(x, x^i)\, y^i}{\sum_j k(x, x^j)}.$$
#
# With the distance $r = \lVert x - x^i \rVert$ and a bandwidth $\sigma$, which is a length for all three:
#
# | kernel | $k$ |
# | --- | --- |
# | `"gaussian"` | $e^{-r^2 / (2 \sigma^2)}$ |
# | `"box"` | $1$ if $r \le \sigma$ else $0$ |
# | `"laplace"` | $e^{-r / \sigma}$ |
#
# N writes 8.16 without the denominator and means the normalised kernel of its figure 8.3; its Laplace kernel has
# $\lambda = 1 / \sigma$.
#
# **Far from all data** every Gaussian underflows, and 0 by 0 is NaN. The quotient is well defined all the same: a
# common factor cancels, so divide all kernels by the largest of them before you take an exponential, i.e. subtract
# the largest exponent. The answer is then what the formula says, for the Gaussian nearly the target of the nearest
# point. The box has no such limit. Where its window is empty we take the mean of all targets, which is what a box wide
# enough returns.

# %%
### BEGIN SOLUTION


def _log_kernel(distance: Array, kernel: str, bandwidth: float) -> Array:
    """Logarithm of a kernel at these distances, of the same shape, up to a constant."""
    r = distance / bandwidth
    if kernel == "gaussian":
        return -(r**2) / 2
    if kernel == "box":
        return np.where(r <= 1, 0.0, -1000.0)  # its exponential is 0, but an empty box leaves equal weights
    if kernel == "laplace":
        return -r
    raise ValueError(f'kernel must be "gaussian", "box" or "laplace", not {kernel!r}')


### END SOLUTION


def nadaraya_watson(x: Array, xs: Array, ys: Array, kernel: str, bandwidth: float) -> Array:
    """Kernel regression: the mean of the targets, weighted by the nearness of their points (N 8.16).

    Must not underflow: right at queries a thousand bandwidths away from all data.

    Parameters
    ----------
    x : array (M, d)
        Where to predict.
    xs : array (n, d)
    ys : array (n, m)
        Data: points and their targets.
    kernel : str
        Of the Euclidean distance r: "gaussian", exp(-r^2 / (2 bandwidth^2)), "box", 1 where r <= bandwidth, or
        "laplace", exp(-r / bandwidth).
    bandwidth : float
        Above 0, a length.

    Returns
    -------
    array (M, m)
        A box without any point returns the mean of all targets.

    Raises
    ------
    ValueError
        When the shapes do not fit, the bandwidth is not positive, or there is no such kernel.
    """
    ### BEGIN SOLUTION
    if x.ndim != 2 or ys.ndim != 2 or xs.shape != (len(ys), x.shape[1]):
        raise ValueError(f"x {x.shape}, xs {xs.shape} and ys {ys.shape} must be (M, d), (n, d) and (n, m)")
    if not bandwidth > 0:
        raise ValueError(f"bandwidth must be above 0, not {bandwidth}")
    distance = np.linalg.norm(x[:, None] - xs, axis=-1)  # (M, 1, d) - (n, d) -> (M, n)
    exponent = _log_kernel(distance, kernel, bandwidth)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))  # the largest is 1, so no sum is 0
    return weights @ ys / weights.sum(axis=1, keepdims=True)  # (M, n) @ (n, m) -> (M, m)
    ### END SOLUTION


# %% [markdown]
# As the bandwidth grows, the prediction looks at more and more data: from the nearest target to the mean of all. This
# cell draws it when your function works.


# %%
def _plot_bandwidths(n: int = 40) -> None:
    """Draw noisy data and the regression through it at three bandwidths."""
    import matplotlib.pyplot as plt  # a late import: grading does not need it

    rng = np.random.default_rng(0)
    xs, grid = np.sort(rng.uniform(0, 5, size=(n, 1)), axis=0), np.linspace(0, 5, 200)[:, None]
    ys = 2 * np.sin(xs) + xs + rng.normal(scale=0.5, size=xs.shape)
    for bandwidth in (0.05, 0.4, 5.0):
        plt.plot(grid, nadaraya_watson(grid, xs, ys, "gaussian", bandwidth), label=f"bandwidth {bandwidth}")
    plt.plot(xs, ys, ".", color="black")
    plt.xlabel("x")
    plt.legend()
    plt.show()


if __name__ == "__main__":
    with suppress(NotImplementedError, ImportError):  # nothing to draw yet, or nothing to draw with
        _plot_bandwidths()

# %% [markdown]
# ## Exercise 2, `attention`: the kernel is learned
#
# Rename points to *keys*, targets to *values*, the place of the prediction to a *query*, and let the kernel be
# $e^{k_s^\top q_t / \sqrt p}$. That is dot-product attention (N 8.17):
#
# $$a_{ts} = \frac{k_s^\top q_t}{\sqrt p}, \qquad
# w_{ts} = \frac{e^{a_{ts}}}{\sum_{s'} e^{a_{ts'}}}, \qquad
# o_t = \sum_s w_{ts} v_s.$$
#
# The sum in the softmax runs over the *keys*. The root makes the logits of random queries and keys as large as one
# of their entries: a sum of $p$ products has the variance $p$.
#
# **Masks.** Where `mask[t, s]` is False, query $t$ does not see key $s$: its weight is 0, and the others still sum to
# one. So a mask acts *before* the softmax, on the logits; to set weights to 0 afterwards would leave rows that sum to
# less. A query that sees no key at all has no weights to normalise: its output is 0, and it passes no gradient on.
#
# **The causal mask** lets a token see itself and what came before, $s \le t$. The margin of N 8.5 hides $s \ge t$,
# which would leave the first token without any key.
#
# **Backward.** Three products and a softmax lie on the way. With the upstream gradient $\bar o$:
#
# $$\bar v_s = \sum_t w_{ts} \bar o_t, \qquad \bar w_{ts} = \bar o_t^\top v_s, \qquad
# \bar a_{ts} = w_{ts} \Big(\bar w_{ts} - \sum_{s'} w_{ts'} \bar w_{ts'}\Big), \qquad
# \bar q_t = \sum_s \frac{\bar a_{ts} k_s}{\sqrt p}, \qquad \bar k_s = \sum_t \frac{\bar a_{ts} q_t}{\sqrt p}.$$
#
# A hidden key has $w_{ts} = 0$, and so every one of its terms vanishes: backward needs no mask.
#
# **Additive attention** (Bahdanau et al. 2015) is older, and takes the logits from a small network with a hidden
# layer, $a_{ts} = u^\top \tanh(W_q^\top q_t + W_k^\top k_s)$. The margin of N 8.5 shows the case of one hidden unit
# with $u = 1$, and uses it as a weight; a weight that is negative and sums to nothing in particular is no average,
# so it goes through the softmax here, as in the paper. Queries and keys need not have the same length.

# %%
### BEGIN SOLUTION


def _require_sequences(q: Array, k: Array, v: Array, mask: Array | None) -> None:
    """Raise ValueError unless these are sequences that fit, and the mask is boolean with a row for each query."""
    if not q.ndim == k.ndim == v.ndim == 3 or not len(q) == len(k) == len(v) or k.shape[1] != v.shape[1]:
        raise ValueError(f"q {q.shape}, k {k.shape} and v {v.shape} must be (N, T, p), (N, S, p) and (N, S, m)")
    if mask is None:
        return
    N, T, S = len(q), q.shape[1], k.shape[1]
    if mask.shape not in {(T, S), (N, T, S)}:
        raise ValueError(f"mask {mask.shape} must be (queries, keys): {(T, S)} or {(N, T, S)}")
    if mask.dtype != bool:
        raise ValueError(f"mask must be boolean, True where a query may attend, not {mask.dtype}")


def _softmax(logits: Array, mask: Array | None) -> Array:
    """Softmax over the keys (last axis) among those that are allowed; all 0 where none is."""
    if mask is not None:
        logits = np.where(mask, logits, -np.inf)
    largest = logits.max(axis=-1, keepdims=True)  # among the allowed: a hidden one could be larger than all
    weights = np.exp(logits - np.where(np.isneginf(largest), 0, largest))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


### END SOLUTION


def attention_forward(q: Array, k: Array, v: Array, mask: Array | None = None) -> tuple[Array, Cache]:
    """Dot-product attention: softmax(q k^T / sqrt(p)) v, the softmax over the keys (N 8.17 and its margin).

    Must not overflow: right for logits of 10000.

    Parameters
    ----------
    q : array (N, T, p)
        Queries.
    k : array (N, S, p)
    v : array (N, S, m)
        Keys and their values.
    mask : boolean array (T, S) or (N, T, S), optional
        True where a query may attend to a key. None: everywhere.

    Returns
    -------
    out : array (N, T, m)
        0 for a query that may attend to no key.
    cache
        Whatever `attention_backward` needs, in any form.

    Raises
    ------
    ValueError
        When the shapes do not fit, or the mask is not boolean.
    """
    ### BEGIN SOLUTION
    _require_sequences(q, k, v, mask)
    if q.shape[2] != k.shape[2]:
        raise ValueError(f"q {q.shape} and k {k.shape} must have the same number of features (last axis)")
    weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)  # (N, T, S)
    return weights @ v, (q, k, v, weights)  # (N, T, S) @ (N, S, m) -> (N, T, m)
    ### END SOLUTION


def attention_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of dot-product attention by queries, keys and values.

    Parameters
    ----------
    dout : array (N, T, m)
        Upstream gradient.
    cache
        What `attention_forward` returned, perhaps before other calls of it. Yours to use up.

    Returns
    -------
    dq : array (N, T, p)
        0 for a query that may attend to no key.
    dk : array (N, S, p)
    dv : array (N, S, m)

    Raises
    ------
    ValueError
        When dout has another shape than out.
    """
    ### BEGIN SOLUTION
    q, k, v, weights = cache
    if dout.shape != (*q.shape[:2], v.shape[2]):
        raise ValueError(f"dout {dout.shape} must have the shape of out, {(*q.shape[:2], v.shape[2])}")
    dv = weights.transpose(0, 2, 1) @ dout  # (N, S, T) @ (N, T, m) -> (N, S, m)
    dweights = dout @ v.transpose(0, 2, 1)  # (N, T, m) @ (N, m, S) -> (N, T, S)
    dlogits = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))
    dscores = dlogits / np.sqrt(q.shape[2])
    dq = dscores @ k  # (N, T, S) @ (N, S, p) -> (N, T, p)
    dk = dscores.transpose(0, 2, 1) @ q  # (N, S, T) @ (N, T, p) -> (N, S, p)
    return dq, dk, dv
    ### END SOLUTION


# %%
def causal_mask(T: int) -> Array:
    """Mask that hides the future: token t may attend to the tokens s <= t, itself included (N, margin of 8.5).

    Parameters
    ----------
    T : int
        At least 1.

    Returns
    -------
    boolean array (T, T)
        Entry [t, s] is True where query t may attend to key s.

    Raises
    ------
    ValueError
        When T is below 1.
    """
    ### BEGIN SOLUTION
    if T < 1:
        raise ValueError(f"T must be at least 1, not {T}")
    return np.tril(np.ones((T, T), dtype=bool))
    ### END SOLUTION


# %%
def additive_attention(
    q: Array, k: Array, v: Array, W_q: Array, W_k: Array, u: Array, mask: Array | None = None
) -> Array:
    """Additive attention: softmax(u . tanh(q W_q + k W_k)) v, the softmax over the keys (Bahdanau et al. 2015).

    Must not overflow: right for logits of 10000.

    Parameters
    ----------
    q : array (N, T, p)
    k : array (N, S, r)
    v : array (N, S, m)
    W_q : array (p, h)
    W_k : array (r, h)
    u : array (h,)
        Weights of the small network that compares a query with a key.
    mask : boolean array (T, S) or (N, T, S), optional
        True where a query may attend to a key. None: everywhere.

    Returns
    -------
    array (N, T, m)
        0 for a query that may attend to no key.

    Raises
    ------
    ValueError
        When the shapes do not fit, or the mask is not boolean.
    """
    ### BEGIN SOLUTION
    _require_sequences(q, k, v, mask)
    if (W_q.shape, W_k.shape) != ((q.shape[2], u.size), (k.shape[2], u.size)) or u.ndim != 1:
        raise ValueError(f"W_q {W_q.shape}, W_k {W_k.shape} and u {u.shape} must be (p, h), (r, h) and (h,)")
    hidden = np.tanh((q @ W_q)[:, :, None] + (k @ W_k)[:, None])  # (N, T, 1, h) + (N, 1, S, h) -> (N, T, S, h)
    return _softmax(hidden @ u, mask) @ v  # (N, T, S) @ (N, S, m) -> (N, T, m)
    ### END SOLUTION


# %% [markdown]
# ## Exercise 3, `positions`: what attention does not see
#
# Attention is a sum over the keys, and a sum has no order: permute keys and values together, and every output stays
# what it was. In self-attention the queries move along, and so do the outputs. For a sentence that is a loss. The
# remedy is to add to each token a code of its position, sines and cosines of many frequencies, in pairs (N 8.20):
#
# $$\varphi(t) = (\sin \omega_1 t, \cos \omega_1 t, \sin \omega_2 t, \cos \omega_2 t, \dots), \qquad
# \omega_i = 10000^{-2 (i - 1) / d}, \qquad i = 1, \dots, d / 2.$$
#
# N writes the frequencies as $10^{-8 (i - 1) / d}$, which is the same number. The first position is $t = 0$. Why
# pairs? The product of two codes is $\varphi(t)^\top \varphi(s) = \sum_i \cos \omega_i (t - s)$: it depends on the
# distance alone.


# %%
def positional_encoding(T: int, d: int) -> Array:
    """Sines and cosines of the position, a row for each position (N 8.20; Vaswani et al. 2017).

    Columns come in pairs: column 2j is sin(omega t), column 2j + 1 is cos(omega t), with omega = 10000^(-2j / d).

    Parameters
    ----------
    T : int
        At least 1; positions are 0, ..., T - 1.
    d : int
        Even, at least 2.

    Returns
    -------
    array (T, d)

    Raises
    ------
    ValueError
        When T is below 1, or d is odd or below 2.
    """
    ### BEGIN SOLUTION
    if T < 1 or d < 2 or d % 2:
        raise ValueError(f"T must be at least 1 and d even, not T = {T} and d = {d}")
    angles = np.outer(np.arange(T), 10000.0 ** (-np.arange(0, d, 2) / d))  # (T, d/2)
    pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1)  # (T, d/2, 2)
    return pairs.reshape(T, d)  # side by side: sin, cos, sin, cos, ...
    ### END SOLUTION


# %% [markdown]
# ## Exercise 4, `normalization`: every token on one scale
#
# Layer normalisation brings the features of *each token* to mean 0 and variance 1, and then scales and shifts every
# feature by learned numbers:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = g \odot \hat x + b,$$
#
# with mean $\mu$ and variance $\sigma^2$ (divided by $d$, not by $d - 1$) over the last axis. No token sees
# another, and there are no running statistics: training and evaluation are the same.
#
# In backward, gain and bias collect over all tokens. The gradient by $x$ has three paths: directly, through the mean,
# and through the variance. With $\bar{\hat x} = g \odot \bar y$ they add up to
#
# $$\bar x = \frac{1}{\sqrt{\sigma^2 + \epsilon}}
# \Big(\bar{\hat x} - \overline{\bar{\hat x}} - \hat x \; \overline{\bar{\hat x} \odot \hat x}\Big),$$
#
# the long bars being means over the features: what points along $1$ or along $\hat x$ cannot change the output.


# %%
def layer_norm_forward(x: Array, gain: Array, bias: Array, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Layer normalisation over the last axis, then gain and bias (Ba et al. 2016).

    y = gain * (x - mean) / sqrt(var + eps) + bias, with the mean and the biased variance of each token's features.

    Parameters
    ----------
    x : array (..., d)
        E.g. (N, d) or (N, T, d).
    gain : array (d,)
    bias : array (d,)
    eps : float
        At least 0, inside the root.

    Returns
    -------
    y : array, shape of x
    cache
        Whatever `layer_norm_backward` needs.

    Raises
    ------
    ValueError
        When the shapes do not fit, or eps is negative.
    """
    ### BEGIN SOLUTION
    if x.ndim < 1 or gain.shape != x.shape[-1:] or bias.shape != x.shape[-1:]:
        raise ValueError(f"x {x.shape}, gain {gain.shape} and bias {bias.shape} must be (..., d), (d,) and (d,)")
    if eps < 0:
        raise ValueError(f"eps must be at least 0, not {eps}")
    variance = x.var(axis=-1, keepdims=True)  # (..., 1), divided by d
    inverse = 1 / np.sqrt(variance + eps)
    normalized = (x - x.mean(axis=-1, keepdims=True)) * inverse
    return gain * normalized + bias, (normalized, inverse, gain)
    ### END SOLUTION


def layer_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of layer normalisation by its three inputs.

    Parameters
    ----------
    dy : array, shape of y
        Upstream gradient.
    cache
        What `layer_norm_forward` returned, perhaps before other calls of it. Yours to use up.

    Returns
    -------
    dx : array, shape of x
    dgain : array (d,)
    dbias : array (d,)

    Raises
    ------
    ValueError
        When dy has another shape than y.
    """
    ### BEGIN SOLUTION
    normalized, inverse, gain = cache
    if dy.shape != normalized.shape:
        raise ValueError(f"dy {dy.shape} must have the shape of y, {normalized.shape}")
    tokens = tuple(range(dy.ndim - 1))  # every axis but the features
    dgain, dbias = (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)  # (..., d) -> (d,)
    dnormalized = dy * gain
    along = (dnormalized * normalized).mean(axis=-1, keepdims=True)  # the path through the variance
    dx = inverse * (dnormalized - dnormalized.mean(axis=-1, keepdims=True) - normalized * along)
    return dx, dgain, dbias
    ### END SOLUTION


# %% [markdown]
# ## Exercise 5, `losses`: what language models are trained on
#
# A model turns a sequence of tokens into logits, one row for each position, and a token costs $-\log p$ of it.
# Which token a row is scored on makes the difference.
#
# * **GPT** (N 8.23) predicts the *next* token: the logits at position $t$ have read the tokens up to $t$, and are
#   scored on token $t + 1$. The last logits and the first token drop out.
# * **BERT** (N 8.21) predicts the tokens that were *hidden*: the logits at $t$ are scored on token $t$ itself, and
#   only hidden positions count, for at the others the model has seen the answer. (N sums over all positions; the
#   model of Devlin et al. is trained on the hidden ones.)
# * **CLIP** (N 8.24) has no tokens: of $n$ images and $n$ captions it asks which caption belongs to each image, and
#   which image to each caption. The logit of a pair is $-\frac{\lambda}{2} \lVert a_i - c_j \rVert^2$, the right
#   one stands on the diagonal, and the loss is the mean of both directions. For embeddings of length 1 this is
#   $\lambda\, a_i^\top c_j$ up to a constant, the form of the paper.
#
# All losses are means over what is counted. And as always: $\log p = z - \log \sum_j e^{z_j}$ with the largest
# logit subtracted first.

# %%
### BEGIN SOLUTION


def _log_softmax(logits: Array, axis: int = -1) -> Array:
    """Logarithm of the softmax, without overflow: no exponent is above 0."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _require_tokens(logits: Array, tokens: Array) -> None:
    """Raise ValueError unless there is a row of logits for each token, and each token is one of the vocabulary."""
    if logits.ndim != 3 or logits.shape[:2] != tokens.shape:
        raise ValueError(f"logits {logits.shape} and tokens {tokens.shape} must be (N, T, V) and (N, T)")
    if tokens.size and not (tokens.min() >= 0 and tokens.max() < logits.shape[2]):
        raise ValueError(f"tokens must be integers from 0 to {logits.shape[2] - 1}")


def _token_costs(logits: Array, tokens: Array) -> Array:
    """Cost -log p of each token, (N, T), of logits (N, T, V)."""
    return -np.take_along_axis(_log_softmax(logits), tokens[..., None], axis=-1)[..., 0]  # (N, T, 1) -> (N, T)


### END SOLUTION


def gpt_loss(logits: Array, tokens: Array) -> float:
    """Next-token loss: the mean of -log p of token t + 1 under the logits at t (N 8.23).

    Must not overflow: right for logits of 10000, and finite where a probability underflows.

    Parameters
    ----------
    logits : array (N, T, V)
        Row t has read the tokens 0, ..., t.
    tokens : integer array (N, T)
        From 0 to V - 1; T is at least 2.

    Returns
    -------
    float
        The mean over N (T - 1) predictions.

    Raises
    ------
    ValueError
        When the shapes do not fit, a token is none of the V, or there is nothing to predict.
    """
    ### BEGIN SOLUTION
    _require_tokens(logits, tokens)
    if tokens.shape[1] < 2:
        raise ValueError(f"tokens {tokens.shape} must have at least two positions: the first one is not predicted")
    return float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())  # (N, T-1, V) and (N, T-1)
    ### END SOLUTION


def masked_loss(logits: Array, tokens: Array, hidden: Array) -> float:
    """Loss of hidden tokens: the mean of -log p over all hidden positions of the batch (N 8.21).

    Must not overflow: right for logits of 10000, and finite where a probability underflows.

    Parameters
    ----------
    logits : array (N, T, V)
    tokens : integer array (N, T)
        From 0 to V - 1: the tokens that were there before some were hidden.
    hidden : boolean array (N, T)
        True where a token was hidden from the model; at least one.

    Returns
    -------
    float
        Each hidden token counts the same, in whatever sequence it is.

    Raises
    ------
    ValueError
        When the shapes do not fit, a token is none of the V, `hidden` is not boolean, or nothing is hidden.
    """
    ### BEGIN SOLUTION
    _require_tokens(logits, tokens)
    if hidden.shape != tokens.shape or hidden.dtype != bool:
        raise ValueError(f"hidden must be boolean {tokens.shape}, not {hidden.dtype} {hidden.shape}")
    if not hidden.any():
        raise ValueError("at least one token must be hidden")
    return float(_token_costs(logits, tokens)[hidden].mean())
    ### END SOLUTION


def clip_loss(images: Array, captions: Array, scale: float) -> float:
    """Contrastive loss of image and caption embeddings, the mean of both directions (N 8.24).

    Must not overflow: right for distances of 100 at a scale of 1, and finite where a probability underflows.

    Parameters
    ----------
    images : array (n, d)
    captions : array (n, d)
        Row i of one belongs to row i of the other.
    scale : float
        lambda, above 0. The logit of image i and caption j is -lambda / 2 times their squared distance.

    Returns
    -------
    float
        The mean over the pairs of half the cost of finding the caption and half that of finding the image.

    Raises
    ------
    ValueError
        When the shapes do not fit, or the scale is not positive.
    """
    ### BEGIN SOLUTION
    if images.ndim != 2 or images.shape != captions.shape:
        raise ValueError(f"images {images.shape} and captions {captions.shape} must both be (n, d)")
    if not scale > 0:
        raise ValueError(f"scale must be above 0, not {scale}")
    squared = ((images[:, None] - captions) ** 2).sum(axis=-1)  # (n, 1, d) - (n, d) -> (n, n), images in rows
    logits = -scale / 2 * squared
    to_captions = np.diag(_log_softmax(logits, axis=1))  # each image among all captions
    to_images = np.diag(_log_softmax(logits, axis=0))  # each caption among all images
    return float(-(to_captions + to_images).mean() / 2)
    ### END SOLUTION


# %% [markdown]
# ## Exercise 6, `modules`: the block of a transformer
#
# From here on it is torch, and torch finds the gradients. **Multi-head attention** does in parallel what one
# attention does, on slices of the features: queries, keys and values are linear functions of the input, each is cut
# into `heads` slices of $p = d / \mathrm{heads}$ *neighbouring* features, every slice attends on its own (with
# $\sqrt p$ of the slice), and the outputs, side by side in the same order, go through a last linear layer.
#
# **The encoder block** (N, figure 8.5) is multi-head attention and then a small network for each token, both with a
# residual connection around them and layer normalisation *after* the sum ("post-norm"):
#
# $$h = \mathrm{norm}_1(x + \mathrm{attention}(x)), \qquad y = \mathrm{norm}_2(h + W_2\,\mathrm{relu}(W_1 h)).$$
#
# The names of the layers are fixed, because grading loads weights into your module: `torch.nn.Linear(d, d)`
# assigned to `self.query` has the parameters `query.weight` and `query.bias`. Make no tensor on a fixed device or
# of a fixed dtype: new ones take both from the input, so that the module also runs on a GPU and in bfloat16.


# %%
class MultiHeadAttention(torch.nn.Module):
    """Multi-head self-attention (N, section 8.5.2; Vaswani et al. 2017).

    The submodules `query`, `key`, `value` and `output` are `torch.nn.Linear(d, d)`, with biases. Head j works on the
    features j p, ..., (j + 1) p - 1 of queries, keys and values, with p = d / heads.

    Parameters
    ----------
    d : int
        Features of a token.
    heads : int
        At least 1, a divisor of d.

    Raises
    ------
    ValueError
        When heads does not divide d.
    """

    def __init__(self, d: int, heads: int) -> None:
        ### BEGIN SOLUTION
        super().__init__()
        if heads < 1 or d % heads:
            raise ValueError(f"heads = {heads} must divide d = {d}: every head gets d / heads features")
        self.heads = heads
        self.query = torch.nn.Linear(d, d)
        self.key = torch.nn.Linear(d, d)
        self.value = torch.nn.Linear(d, d)
        self.output = torch.nn.Linear(d, d)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Let every token attend to the others.

        Parameters
        ----------
        x : tensor (N, T, d)
        mask : boolean tensor (T, T) or (N, T, T), optional
            True where a query (row) may attend to a key (column); at least one in each row. None: everywhere.

        Returns
        -------
        tensor (N, T, d)

        Raises
        ------
        ValueError
            When the shapes do not fit, or the mask is not boolean.
        """
        ### BEGIN SOLUTION
        if x.ndim != 3 or x.shape[2] != self.query.in_features:
            raise ValueError(f"x {tuple(x.shape)} must be (N, T, d) with d = {self.query.in_features}")
        N, T, d = x.shape
        if mask is not None and tuple(mask.shape) not in {(T, T), (N, T, T)}:
            raise ValueError(f"mask {tuple(mask.shape)} must be (queries, keys): {(T, T)} or {(N, T, T)}")
        if mask is not None and mask.dtype != torch.bool:
            raise ValueError(f"mask must be boolean, True where a query may attend, not {mask.dtype}")
        p = d // self.heads
        # (N, T, d) -> (N, T, heads, p) -> (N, heads, T, p): the heads become an axis of the batch
        q, k, v = (
            layer(x).reshape(N, T, self.heads, p).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        logits = q @ k.transpose(2, 3) / p**0.5  # (N, heads, T, T)
        if mask is not None:
            every_head = mask if mask.ndim == 2 else mask[:, None]  # (N, 1, T, T)
            logits = logits.masked_fill(~every_head, -torch.inf)
        out = logits.softmax(dim=-1) @ v  # (N, heads, T, p)
        return self.output(out.transpose(1, 2).reshape(N, T, d))  # heads side by side again
        ### END SOLUTION


class EncoderBlock(torch.nn.Module):
    """Encoder block of a transformer, normalised after each sum (N, figure 8.5; Vaswani et al. 2017).

    The submodules are `attention`, a MultiHeadAttention(d, heads), `norm1` and `norm2`, torch.nn.LayerNorm over d
    features with the given eps, `linear1`, torch.nn.Linear(d, hidden), and `linear2`, torch.nn.Linear(hidden, d).

    Parameters
    ----------
    d : int
        Features of a token.
    heads : int
        At least 1, a divisor of d.
    hidden : int
        Hidden units of the network for each token.
    eps : float
        For both normalisations.

    Raises
    ------
    ValueError
        When heads does not divide d.
    """

    def __init__(self, d: int, heads: int, hidden: int, eps: float = 1e-5) -> None:
        ### BEGIN SOLUTION
        super().__init__()
        self.attention = MultiHeadAttention(d, heads)
        self.norm1 = torch.nn.LayerNorm(d, eps)
        self.linear1 = torch.nn.Linear(d, hidden)
        self.linear2 = torch.nn.Linear(hidden, d)
        self.norm2 = torch.nn.LayerNorm(d, eps)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Attend, add, normalise; then the small network, add, normalise.

        Parameters
        ----------
        x : tensor (N, T, d)
        mask : boolean tensor (T, T) or (N, T, T), optional
            As for MultiHeadAttention.

        Returns
        -------
        tensor (N, T, d)

        Raises
        ------
        ValueError
            As MultiHeadAttention does.
        """
        ### BEGIN SOLUTION
        h = self.norm1(x + self.attention(x, mask))
        return self.norm2(h + self.linear2(torch.relu(self.linear1(h))))
        ### END SOLUTION
