# %% [markdown]
# # Recurrence
#
# A sequence is read one element at a time, and what has been read is kept in a *state* of fixed size. In this
# assignment you write such readers from the oldest to the most used: the Kalman filter, whose state is provably
# enough; the recurrent network, which learns its state; GRU and LSTM, whose gates decide what is kept. Forward and
# backward are numpy; the last exercise is a module of torch.
#
# Two ideas carry everything.
#
# * **One step, many times.** The same function with the same weights is applied at every time. Write the step with its
#   backward, and the sequence is a loop around it.
# * **Gradients add up over time.** A weight acts at every step, so its gradient is the sum of what all steps say. A
#   state acts twice, on its own output and on the next state, so its gradient is the sum of both.
#
# Everything is float64 with samples in rows: elements `x` are `(N, d)`, states `h` are `(N, p)`, weights multiply from
# the right, `x @ w_x + h @ w_h + b`. Sequences `xs` are `(N, T, d)` and `hs` `(N, T, p)`: `hs[:, t]` is the state
# *after* `xs[:, t]`, and `h0` the state before the first element.
#
# What holds everywhere:
#
# * The cache that a `forward` returns is your own affair, and is read once, by its own `backward`. Another `forward`
#   may come before that: keep the cache in what you return, not in a global.
# * An upstream gradient may be changed in place, and no other argument. Gradients are not clipped.
# * A bias of 1000 opens a gate, one of -1000 closes it: `np.tanh` and `_sigmoid` below do not overflow.
# * Raising the errors under *Raises* is good style, and not graded.
#
# Sources: N are the notes of ESE 546.

# %%
"""Recurrence: the Kalman filter, recurrent networks and their gradients through time, GRU, LSTM, long times."""

from contextlib import suppress
from typing import Any

import numpy as np
import torch

Array = np.ndarray
Cache = Any  # its form is your own affair
Tensor = torch.Tensor


# %%
def _sigmoid(x: Array) -> Array:
    """Sigmoid in every entry, given to you: the exponent is never positive, so nothing overflows."""
    decay = np.exp(-np.abs(x))
    return np.where(x > 0, 1, decay) / (1 + decay)


# %% [markdown]
# ## Exercise 1, `kalman`: a state that is enough
#
# A scalar signal moves, $h_t = a\, h_{t-1} + \xi_t$ with $\xi_t \sim N(0, \sigma_\xi^2)$, and is seen through noise,
# $x_t = h_t + \nu_t$ with $\nu_t \sim N(0, \sigma_\nu^2)$. What is known of $h_t$ after $x_1, \dots, x_t$ is again a
# Gaussian, so mean and variance are all that has to be kept: a *sufficient statistic*. One step is a prediction and a
# correction.
#
# 1. Predict: mean $m = a \mu_{t-1}$, variance $P = a^2 \sigma_{t-1}^2 + \sigma_\xi^2$.
# 2. Correct: with the gain $k = P / (P + \sigma_\nu^2)$ the mean moves by $k (x_t - m)$ towards the observation, and
#    the variance shrinks to $(1 - k) P$.
#
# The gain weighs two opinions by how sure they are. The variances do not depend on the observations: how well the
# signal will be known is known beforehand.


# %%
def kalman_filter(
    xs: Array, a: float, var_state: float, var_obs: float, mu0: float, var0: float
) -> tuple[Array, Array]:
    """Mean and variance of the signal h_t given the observations x_1 .. x_t, for every t (N 8.3).

    h_0 ~ N(mu0, var0) is before the first observation: it moves once before x_1 is seen.

    Parameters
    ----------
    xs : array (T,)
        Observations x_1 .. x_T, T >= 1.
    a : float
        h_t = a h_(t-1) + noise; any number, also above 1.
    var_state : float
        Variance of the noise of the signal, >= 0; with var0 = 0 the signal is known.
    var_obs : float
        Variance of the noise of an observation, > 0.
    mu0, var0 : float
        Mean and variance (>= 0) of h_0.

    Returns
    -------
    means : array (T,)
        E[h_t | x_1 .. x_t].
    variances : array (T,)
        var(h_t | x_1 .. x_t).

    Raises
    ------
    ValueError
        When xs is not a vector of at least one number, or a variance is out of its range.
    """
    ### BEGIN SOLUTION
    if xs.ndim != 1 or xs.size == 0:
        raise ValueError(f"xs {xs.shape} must be (T,) with T of at least 1")
    if var_state < 0 or var0 < 0 or var_obs <= 0:
        raise ValueError(f"var_state {var_state} and var0 {var0} must be at least 0, var_obs {var_obs} above 0")
    mean, variance = mu0, var0
    means, variances = [], []
    for x in xs:
        predicted, spread = a * mean, a**2 * variance + var_state
        gain = spread / (spread + var_obs)
        mean = predicted + gain * (x - predicted)
        variance = (1 - gain) * spread
        means.append(mean)
        variances.append(variance)
    return np.array(means, dtype=float), np.array(variances, dtype=float)
    ### END SOLUTION


# %% [markdown]
# ## Exercise 2, `rnn`: a state that is learned
#
# A recurrent network replaces the filter's formula by a layer, $h_t = \tanh(x_t w_x + h_{t-1} w_h + b)$ (N 8.5).
# Unrolled over time it is a deep network whose layers share their weights and each get an input of their own. Its
# backward, called *backpropagation through time*, walks from the last step to the first. At time $t$ two gradients
# arrive at $h_t$: the upstream gradient of the output $h_t$, and what the step to $h_{t+1}$ says about it. Their sum
# is the upstream gradient of step $t$. The gradients of the weights are added up over the steps (N 8.8).
#
# **Moving windows.** A sequence may be too long to be kept for backward. Then it is cut into windows (N, section
# 8.2.2): each begins at the state at which the one before ended, so forward forgets nothing, but this state counts as a
# constant, so no gradient passes from a window into the one before. Frameworks call it `detach`. The states are exact,
# the gradients are cut short, *truncated* backpropagation through time; with one window for the whole sequence both
# are exact.

# %%
### BEGIN SOLUTION


def _require_step(x: Array, h: Array, w_x: Array, w_h: Array, b: Array, gates: int) -> None:
    """Raise ValueError unless the shapes of a step fit; with gates the weights stand side by side."""
    p = len(w_h)
    wanted = (p, gates * p), (x.shape[-1], gates * p), (gates * p,)
    if x.ndim != 2 or h.shape != (len(x), p) or (w_h.shape, w_x.shape, b.shape) != wanted:
        times = f"{gates} " if gates > 1 else ""
        raise ValueError(
            f"x {x.shape}, h {h.shape}, w_x {w_x.shape}, w_h {w_h.shape} and b {b.shape} "
            f"must be (N, d), (N, p), (d, {times}p), (p, {times}p) and ({times}p,)"
        )


def _require_sequence(xs: Array, w_x: Array) -> None:
    """Raise ValueError unless xs is a batch of sequences of at least one element, of the length that w_x takes."""
    if xs.ndim != 3 or xs.shape[1] == 0 or xs.shape[2] != len(w_x):
        raise ValueError(f"xs {xs.shape} must be (N, T, d) with T of at least 1 and d = {len(w_x)}, the rows of w_x")


def _require_upstream(name: str, dh: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless an upstream gradient has the shape of what it is the gradient by."""
    if dh.shape != shape:
        raise ValueError(f"{name} {dh.shape} must be {shape}, the shape of what it is the gradient by")


### END SOLUTION


def rnn_step_forward(x: Array, h: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Cache]:
    """One step of a recurrent network: h_next = tanh(x w_x + h w_h + b) (N 8.5).

    Parameters
    ----------
    x : array (N, d)
    h : array (N, p)
        State before the step.
    w_x : array (d, p)
    w_h : array (p, p)
    b : array (p,)

    Returns
    -------
    h_next : array (N, p)
    cache
        Whatever `rnn_step_backward` needs, in any form.

    Raises
    ------
    ValueError
        When the shapes do not fit.
    """
    ### BEGIN SOLUTION
    _require_step(x, h, w_x, w_h, b, gates=1)
    h_next = np.tanh(x @ w_x + h @ w_h + b)  # (N, d) @ (d, p) + (N, p) @ (p, p) -> (N, p)
    return h_next, (x, h, w_x, w_h, h_next)
    ### END SOLUTION


def rnn_step_backward(dh_next: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Gradients of one step by its five inputs.

    Parameters
    ----------
    dh_next : array (N, p)
        Upstream gradient.
    cache
        What `rnn_step_forward` returned.

    Returns
    -------
    dx : array (N, d)
    dh : array (N, p)
    dw_x : array (d, p)
    dw_h : array (p, p)
    db : array (p,)

    Raises
    ------
    ValueError
        When dh_next has another shape than h_next.
    """
    ### BEGIN SOLUTION
    x, h, w_x, w_h, h_next = cache
    _require_upstream("dh_next", dh_next, h_next.shape)
    da = dh_next * (1 - h_next**2)  # (N, p), by what tanh is applied to
    return da @ w_x.T, da @ w_h.T, x.T @ da, h.T @ da, da.sum(axis=0)
    ### END SOLUTION


# %%
def rnn_forward(xs: Array, h0: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Cache]:
    """States of a recurrent network over whole sequences (N 8.5).

    Parameters
    ----------
    xs : array (N, T, d)
        T >= 1.
    h0 : array (N, p)
        State before the first element.
    w_x : array (d, p)
    w_h : array (p, p)
    b : array (p,)

    Returns
    -------
    hs : array (N, T, p)
        hs[:, t] is the state after xs[:, t].
    cache
        Whatever `rnn_backward` needs.

    Raises
    ------
    ValueError
        When the shapes do not fit or T is 0.
    """
    ### BEGIN SOLUTION
    _require_sequence(xs, w_x)
    h, hs, steps = h0, [], []
    for t in range(xs.shape[1]):
        h, step = rnn_step_forward(xs[:, t], h, w_x, w_h, b)  # (N, p)
        hs.append(h)
        steps.append(step)
    return np.stack(hs, axis=1), (steps, h.shape)  # T times (N, p) -> (N, T, p)
    ### END SOLUTION


def rnn_backward(dhs: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Gradients through time (N 8.8): of sum(dhs * hs) by all inputs of `rnn_forward`.

    Parameters
    ----------
    dhs : array (N, T, p)
        Upstream gradient of every state.
    cache
        What `rnn_forward` returned.

    Returns
    -------
    dxs : array (N, T, d)
    dh0 : array (N, p)
    dw_x : array (d, p)
    dw_h : array (p, p)
    db : array (p,)

    Raises
    ------
    ValueError
        When dhs has another shape than hs.
    """
    ### BEGIN SOLUTION
    steps, (N, p) = cache
    T = len(steps)
    _require_upstream("dhs", dhs, (N, T, p))
    dh, dxs, dw_x, dw_h, db = np.zeros((N, p)), [], 0, 0, 0
    for t in reversed(range(T)):
        # h_t is an output and the state of the next step: both gradients arrive
        dx, dh, dw_x_t, dw_h_t, db_t = rnn_step_backward(dhs[:, t] + dh, steps[t])
        dxs.append(dx)
        dw_x = dw_x + dw_x_t
        dw_h = dw_h + dw_h_t
        db = db + db_t
    return np.stack(dxs[::-1], axis=1), dh, dw_x, dw_h, db
    ### END SOLUTION


# %%
def truncated_bptt(
    xs: Array, h0: Array, w_x: Array, w_h: Array, b: Array, dhs: Array, window: int
) -> tuple[Array, Array, Array, Array]:
    """States and weight gradients by moving windows with a carried state (N, section 8.2.2).

    The sequences are cut into windows of `window` elements, the last one shorter where T leaves a rest. A window begins
    at the last state of the one before, which counts as a constant there: no gradient passes from a window into the one
    before. The gradients of all windows are added up.

    Parameters
    ----------
    xs : array (N, T, d)
        T >= 1.
    h0 : array (N, p)
    w_x : array (d, p)
    w_h : array (p, p)
    b : array (p,)
    dhs : array (N, T, p)
        Upstream gradient of every state.
    window : int
        >= 1; from T on there is a single window.

    Returns
    -------
    hs : array (N, T, p)
        The same as of `rnn_forward`, whatever the window.
    dw_x : array (d, p)
    dw_h : array (p, p)
    db : array (p,)

    Raises
    ------
    ValueError
        When the shapes do not fit, T is 0, or the window is below 1.
    """
    ### BEGIN SOLUTION
    _require_sequence(xs, w_x)
    _require_upstream("dhs", dhs, (*xs.shape[:2], len(w_h)))
    if window < 1:
        raise ValueError(f"window must be at least 1, not {window}")
    h, hs, dw_x, dw_h, db = h0, [], 0, 0, 0
    for start in range(0, xs.shape[1], window):
        part = slice(start, start + window)
        states, cache = rnn_forward(xs[:, part], h, w_x, w_h, b)
        _, _, dw_x_part, dw_h_part, db_part = rnn_backward(dhs[:, part], cache)  # the carried state is a constant
        h = states[:, -1]
        hs.append(states)
        dw_x, dw_h, db = dw_x + dw_x_part, dw_h + dw_h_part, db + db_part
    return np.concatenate(hs, axis=1), dw_x, dw_h, db
    ### END SOLUTION


# %% [markdown]
# ## Exercise 3, `gru`: a state that can be kept
#
# Each step of a recurrent network writes its whole state anew. A gated unit writes only where it wants to. The gates
# are numbers between 0 and 1, one for each entry of the state, computed from the input and the old state:
#
# $$r = \sigma(x w_{xr} + h w_{hr} + b_r), \qquad z = \sigma(x w_{xz} + h w_{hz} + b_z),$$
# $$n = \tanh(x w_{xn} + (r \odot h)\, w_{hn} + b_n), \qquad h' = (1 - z) \odot h + z \odot n.$$
#
# The *reset* gate $r$ says how much of the old state the candidate $n$ sees, the *update* gate $z$ how much of the
# candidate is taken. With $z = 0$ the state stays, to the last digit, and so does its gradient: the way out of
# vanishing.
#
# The three blocks of weights stand side by side, in the order $r, z, n$: `w_x` is `(d, 3p)`, `w_h` `(p, 3p)` and
# `b` `(3p,)`.
#
# **Which GRU.** N 8.10 lets the gates of step $t+1$ read $x_t$; they read $x_{t+1}$, as the candidate does and as
# everybody else's do. N has no biases; here there is one for each block. Torch's GRU is another one: see exercise 7.


# %%
def gru_step_forward(x: Array, h: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Cache]:
    """One step of a gated recurrent unit (N 8.11, with gates that read x).

    The columns of w_x, w_h and b are three blocks of p: reset gate r, update gate z, candidate n.
    h_next = (1 - z) h + z n, and the reset gate acts on h before the matrix: n = tanh(x w_xn + (r h) w_hn + b_n).

    Parameters
    ----------
    x : array (N, d)
    h : array (N, p)
    w_x : array (d, 3p)
    w_h : array (p, 3p)
    b : array (3p,)

    Returns
    -------
    h_next : array (N, p)
    cache
        Whatever `gru_step_backward` needs.

    Raises
    ------
    ValueError
        When the shapes do not fit.
    """
    ### BEGIN SOLUTION
    _require_step(x, h, w_x, w_h, b, gates=3)
    w_hr, w_hz, w_hn = np.split(w_h, 3, axis=1)  # (p, p) each
    a_r, a_z, a_n = np.split(x @ w_x + b, 3, axis=1)  # (N, 3p) -> (N, p) each
    r = _sigmoid(a_r + h @ w_hr)
    z = _sigmoid(a_z + h @ w_hz)
    n = np.tanh(a_n + (r * h) @ w_hn)
    h_next = (1 - z) * h + z * n
    return h_next, (x, h, w_x, w_h, r, z, n)
    ### END SOLUTION


def gru_step_backward(dh_next: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Gradients of one step of the gated recurrent unit.

    The old state acts in four places: it is kept, reset for the candidate, and read by both gates.

    Parameters
    ----------
    dh_next : array (N, p)
        Upstream gradient.
    cache
        What `gru_step_forward` returned.

    Returns
    -------
    dx : array (N, d)
    dh : array (N, p)
    dw_x : array (d, 3p)
    dw_h : array (p, 3p)
    db : array (3p,)

    Raises
    ------
    ValueError
        When dh_next has another shape than h_next.
    """
    ### BEGIN SOLUTION
    x, h, w_x, w_h, r, z, n = cache
    _require_upstream("dh_next", dh_next, h.shape)
    w_hr, w_hz, w_hn = np.split(w_h, 3, axis=1)
    da_n = dh_next * z * (1 - n**2)  # (N, p)
    d_reset = da_n @ w_hn.T  # (N, p), by the product r h
    da_r = d_reset * h * r * (1 - r)
    da_z = dh_next * (n - h) * z * (1 - z)
    da = np.hstack([da_r, da_z, da_n])  # (N, 3p), in the order of the columns
    dh = dh_next * (1 - z) + d_reset * r + da_r @ w_hr.T + da_z @ w_hz.T
    dw_h = np.hstack([h.T @ da_r, h.T @ da_z, (r * h).T @ da_n])  # (p, 3p)
    return da @ w_x.T, dh, x.T @ da, dw_h, da.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# ## Exercise 4, `lstm`: a memory beside the state
#
# The LSTM keeps two things: a memory $c$ that is only scaled and added to, and the state $h$ that the world sees. With
# the blocks $i, f, o, g$ (input, forget, output gate, candidate), all of the form $x w_x + h w_h + b$, sigmoids around
# the first three and tanh around the last:
#
# $$c' = f \odot c + i \odot g, \qquad h' = o \odot \tanh(c').$$
#
# Along the memory the Jacobian of a step is $f$ alone: no matrix, and no derivative of a tanh. A forget gate near 1
# lets gradients through unharmed.
#
# Backward starts from *two* upstream gradients, by $h'$ and by $c'$. The memory's full gradient is $dc'$ plus what
# comes through $h'$, and it must be complete before it goes to $f$, $c$, $i$ and $g$.
#
# **Where N slips.** N 8.13 shows `h = o * c`. Hochreiter and Schmidhuber, and all libraries, put a tanh around the
# memory, which would otherwise grow without bound into the next matrix. The tanh is what is graded.


# %%
def lstm_step_forward(x: Array, h: Array, c: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Array, Cache]:
    """One step of long short-term memory (N 8.12, 8.14; for the state h_next = o tanh(c_next)).

    The columns of w_x, w_h and b are four blocks of p: input gate i, forget gate f, output gate o, candidate g.
    c_next = f c + i g.

    Parameters
    ----------
    x : array (N, d)
    h : array (N, p)
        State.
    c : array (N, p)
        Memory.
    w_x : array (d, 4p)
    w_h : array (p, 4p)
    b : array (4p,)

    Returns
    -------
    h_next : array (N, p)
    c_next : array (N, p)
    cache
        Whatever `lstm_step_backward` needs.

    Raises
    ------
    ValueError
        When the shapes do not fit.
    """
    ### BEGIN SOLUTION
    _require_step(x, h, w_x, w_h, b, gates=4)
    if c.shape != h.shape:
        raise ValueError(f"c {c.shape} must have the shape of h, {h.shape}")
    a_i, a_f, a_o, a_g = np.split(x @ w_x + h @ w_h + b, 4, axis=1)  # (N, 4p) -> (N, p) each
    i, f, o, g = _sigmoid(a_i), _sigmoid(a_f), _sigmoid(a_o), np.tanh(a_g)
    c_next = f * c + i * g
    seen = np.tanh(c_next)
    h_next = o * seen
    return h_next, c_next, (x, h, c, w_x, w_h, i, f, o, g, seen)
    ### END SOLUTION


def lstm_step_backward(dh_next: Array, dc_next: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Gradients of one step of long short-term memory.

    Parameters
    ----------
    dh_next, dc_next : array (N, p)
        Upstream gradients by the state and by the memory after the step.
    cache
        What `lstm_step_forward` returned.

    Returns
    -------
    dx : array (N, d)
    dh : array (N, p)
    dc : array (N, p)
    dw_x : array (d, 4p)
    dw_h : array (p, 4p)
    db : array (4p,)

    Raises
    ------
    ValueError
        When dh_next or dc_next have another shape than h_next.
    """
    ### BEGIN SOLUTION
    x, h, c, w_x, w_h, i, f, o, g, seen = cache
    _require_upstream("dh_next", dh_next, h.shape)
    _require_upstream("dc_next", dc_next, c.shape)
    dc = dc_next + dh_next * o * (1 - seen**2)  # (N, p), all that is said about the new memory
    da_i = dc * g * i * (1 - i)
    da_f = dc * c * f * (1 - f)
    da_o = dh_next * seen * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.hstack([da_i, da_f, da_o, da_g])  # (N, 4p), in the order of the columns
    return da @ w_x.T, da @ w_h.T, dc * f, x.T @ da, h.T @ da, da.sum(axis=0)
    ### END SOLUTION


# %%
def lstm_forward(xs: Array, h0: Array, c0: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Array, Cache]:
    """States of long short-term memory over whole sequences, and the last memory.

    State and memory at the end are all that the next window needs: hs[:, -1] and c_last are its h0 and c0.

    Parameters
    ----------
    xs : array (N, T, d)
        T >= 1.
    h0, c0 : array (N, p)
        State and memory before the first element.
    w_x : array (d, 4p)
    w_h : array (p, 4p)
    b : array (4p,)

    Returns
    -------
    hs : array (N, T, p)
        hs[:, t] is the state after xs[:, t].
    c_last : array (N, p)
        The memory after the last element.
    cache
        Whatever `lstm_backward` needs.

    Raises
    ------
    ValueError
        When the shapes do not fit or T is 0.
    """
    ### BEGIN SOLUTION
    _require_sequence(xs, w_x)
    h, c, hs, steps = h0, c0, [], []
    for t in range(xs.shape[1]):
        h, c, step = lstm_step_forward(xs[:, t], h, c, w_x, w_h, b)  # (N, p) each
        hs.append(h)
        steps.append(step)
    return np.stack(hs, axis=1), c, (steps, h.shape)  # T times (N, p) -> (N, T, p)
    ### END SOLUTION


def lstm_backward(dhs: Array, dc_last: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Gradients through time: of sum(dhs * hs) + sum(dc_last * c_last) by all inputs of `lstm_forward`.

    Parameters
    ----------
    dhs : array (N, T, p)
        Upstream gradient of every state.
    dc_last : array (N, p)
        Upstream gradient of the last memory.
    cache
        What `lstm_forward` returned.

    Returns
    -------
    dxs : array (N, T, d)
    dh0 : array (N, p)
    dc0 : array (N, p)
    dw_x : array (d, 4p)
    dw_h : array (p, 4p)
    db : array (4p,)

    Raises
    ------
    ValueError
        When dhs or dc_last have another shape than hs and c_last.
    """
    ### BEGIN SOLUTION
    steps, (N, p) = cache
    T = len(steps)
    _require_upstream("dhs", dhs, (N, T, p))
    dh, dc, dxs, dw_x, dw_h, db = np.zeros((N, p)), dc_last, [], 0, 0, 0
    for t in reversed(range(T)):
        dx, dh, dc, dw_x_t, dw_h_t, db_t = lstm_step_backward(dhs[:, t] + dh, dc, steps[t])
        dxs.append(dx)
        dw_x = dw_x + dw_x_t
        dw_h = dw_h + dw_h_t
        db = db + db_t
    return np.stack(dxs[::-1], axis=1), dh, dc, dw_x, dw_h, db
    ### END SOLUTION


# %% [markdown]
# ## Exercise 5, `readout`: what states are good for
#
# **Both directions.** A word in a gap is guessed from what comes before *and* after it. Two recurrent networks with
# weights of their own read the sequence, one from the left and one from the right; at each time the output is read off
# both states (N 8.15):
#
# $$\hat y_t = h_t^{\text{forward}} v^{\text{forward}} + h_t^{\text{backward}} v^{\text{backward}},$$
#
# where $h_t^{\text{backward}}$ has read $x_T, \dots, x_t$. Turn the sequence round, read it, and turn the *states*
# round again, so that both speak of the same time.
#
# **Perplexity.** A language model gives each next token a distribution. The mean of $-\log p(\text{target})$ over all
# tokens is its cross entropy in nats, and $e$ to that power its perplexity: the number of equally likely tokens among
# which one would be as surprised. Uniform over $C$ tokens it is $C$. N computes an example with $2^{3.55}$: that
# belongs to a cross entropy in *bits*. Base and logarithm must be of one kind; ours are natural. (And the cross
# entropy of the uniform guess is $+\log C$; the sign in N's margin is a slip.)


# %%
def bidirectional(
    xs: Array,
    forward: tuple[Array, Array, Array, Array],
    backward: tuple[Array, Array, Array, Array],
    v_forward: Array,
    v_backward: Array,
) -> Array:
    """Outputs of two recurrent networks that read the sequences in opposite directions (N 8.15).

    Parameters
    ----------
    xs : array (N, T, d)
        T >= 1.
    forward, backward : (h0, w_x, w_h, b)
        Of the network that reads from the first element on, and of the one that reads from the last element back; its
        h0 is the state before x_T. With p and q entries in the state: h0 (N, p), w_x (d, p), w_h (p, p), b (p,).
    v_forward : array (p, m)
    v_backward : array (q, m)

    Returns
    -------
    ys : array (N, T, m)

    Raises
    ------
    ValueError
        When the shapes do not fit or T is 0.
    """
    ### BEGIN SOLUTION
    if v_forward.shape[:-1] != forward[3].shape or v_backward.shape != (*backward[3].shape, v_forward.shape[-1]):
        raise ValueError(f"v_forward {v_forward.shape} and v_backward {v_backward.shape} must be (p, m) and (q, m)")
    ahead, _ = rnn_forward(xs, *forward)  # (N, T, p)
    behind, _ = rnn_forward(xs[:, ::-1], *backward)  # (N, T, q), the last element first
    return ahead @ v_forward + behind[:, ::-1] @ v_backward
    ### END SOLUTION


def perplexity(logits: Array, targets: Array) -> float:
    """Perplexity of a language model: exp of the mean of -log p(target), with natural logarithms (N, section 8.2).

    p is the softmax of the logits over the C tokens. Must not overflow: right at logits of 1e4, and where they lie so
    far apart that all probabilities but the target's underflow. The target's own never does in what is graded, so a
    constant of 1e-12 that protects the logarithm is right.

    Parameters
    ----------
    logits : array (N, T, C)
    targets : integer array (N, T)
        The tokens that came, 0 .. C - 1.

    Returns
    -------
    float
        At least 1; C for equal logits.

    Raises
    ------
    ValueError
        When the shapes do not fit, there is no token, or a target is no token.
    """
    ### BEGIN SOLUTION
    if logits.ndim != 3 or targets.shape != logits.shape[:2] or targets.size == 0:
        raise ValueError(f"logits {logits.shape} and targets {targets.shape} must be (N, T, C) and (N, T), not empty")
    C = logits.shape[2]
    if np.any((targets < 0) | (targets >= C)):
        raise ValueError(f"targets must lie in 0 .. {C - 1}, and {targets.min()} .. {targets.max()} came")
    z = logits - logits.max(axis=2, keepdims=True)  # (N, T, C) - (N, T, 1): the largest is 0
    log_p = z - np.log(np.exp(z).sum(axis=2, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[:, :, None], axis=2)  # (N, T, 1)
    return float(np.exp(-chosen.mean()))
    ### END SOLUTION


# %% [markdown]
# ## Exercise 6, `long_range`: why long sequences are hard
#
# How much does the first state still say about the last one? The Jacobian of a step, with entry $[i, j]$ equal to
# $\partial h_{t,j} / \partial h_{t-1,i}$, is $J_t = w_h\, \mathrm{diag}(1 - h_t^2)$, because $\tanh' = 1 - \tanh^2$.
# The chain rule multiplies:
#
# $$\frac{\partial h_t}{\partial h_0} = J_1 J_2 \cdots J_t.$$
#
# We measure it by its spectral norm, the largest factor by which it stretches a vector. What is known about it:
#
# * In the linear regime, all $h = 0$, the product is $w_h^t$. For a *normal* matrix (symmetric, orthogonal, ...: its
#   eigenvectors are perpendicular) the norm is exactly $\rho^t$, with the spectral radius $\rho = \max |\lambda|$.
# * For an orthogonal matrix that is 1 for ever. This is why recurrent weights are initialised so.
# * For any matrix $\rho^t \le \lVert w_h^t \rVert \le \sigma_{\max}^t$. States that are not 0 bring factors $1 - h^2$
#   between 0 and 1, which lower the upper bound and take the lower one away.
#
# **Where N slips.** After N 8.9 the largest singular value is said to decide whether $A^k x$ explodes. It is a bound:
# with $A = \begin{pmatrix} 0 & 2 \\ 0 & 0 \end{pmatrix}$ it is 2, and $A^2 = 0$. The spectral radius, here 0, decides.


# %%
def jacobian_norms(w_h: Array, hs: Array) -> Array:
    """Spectral norms of dh_t/dh_0 for t = 1 .. T, of a recurrent network with tanh (N, section 8.2.2).

    Parameters
    ----------
    w_h : array (p, p)
        As in `rnn_step_forward`: h @ w_h.
    hs : array (N, T, p)
        The states h_1 .. h_T, as `rnn_forward` returns them, T >= 1; h_0 does not matter.

    Returns
    -------
    array (N, T)
        Entry [n, t - 1] is the largest singular value of dh_t/dh_0 in sequence n.

    Raises
    ------
    ValueError
        When the shapes do not fit or T is 0.
    """
    ### BEGIN SOLUTION
    p = len(w_h)
    if w_h.shape != (p, p) or hs.ndim != 3 or hs.shape[1] == 0 or hs.shape[2] != p:
        raise ValueError(f"w_h {w_h.shape} and hs {hs.shape} must be (p, p) and (N, T, p) with T of at least 1")
    product, norms = np.eye(p), []
    for t in range(hs.shape[1]):
        slope = 1 - hs[:, t] ** 2  # (N, p)
        product = product @ (w_h * slope[:, None, :])  # (N, p, p): column j is scaled by the slope of entry j
        norms.append(np.linalg.norm(product, ord=2, axis=(1, 2)))  # (N,)
    return np.stack(norms, axis=1)
    ### END SOLUTION


# %% [markdown]
# Look at it: the norm over time (points) against $\rho^t$ (dashed), for symmetric matrices of spectral radius 0.9, 1
# and 1.1 in the linear regime, and for an orthogonal matrix in a running network, whose states are not 0.


# %%
def _plot_norms(p: int = 20, steps: int = 60) -> None:
    """Draw the norm of dh_t/dh_0 over t, against the rate that the spectral radius predicts."""
    import matplotlib.pyplot as plt

    rng = np.random.default_rng(0)
    times = np.arange(1, steps + 1)
    Q, _ = np.linalg.qr(rng.normal(size=(p, p)))  # (p, p), orthogonal
    for rho in (0.9, 1.0, 1.1):
        w_h = (Q * rng.permutation(np.linspace(-rho, rho, p))) @ Q.T  # symmetric, with these eigenvalues
        (points,) = plt.semilogy(times, jacobian_norms(w_h, np.zeros((1, steps, p)))[0], ".", label=f"radius {rho}")
        plt.semilogy(times, rho**times, "--", color=points.get_color(), linewidth=0.8)
    xs, w_x = 0.3 * rng.normal(size=(1, steps, 5)), rng.normal(size=(5, p)) / np.sqrt(5)
    hs, _ = rnn_forward(xs, np.zeros((1, p)), w_x, Q, np.zeros(p))
    plt.semilogy(times, jacobian_norms(Q, hs)[0], ".", label="orthogonal, with states")
    plt.xlabel("t")
    plt.ylabel("norm of dh_t/dh_0")
    plt.legend()
    plt.show()


if __name__ == "__main__":
    with suppress(NotImplementedError, ImportError):  # nothing to draw yet, or nothing to draw with
        _plot_norms()

# %% [markdown]
# ## Exercise 7, `gru_cell`: torch's GRU
#
# The last step is the one that is used in practice: a `torch.nn.Module` whose parameters an optimizer finds, and whose
# gradients torch computes. Torch's GRU differs from N's in two places:
#
# $$n = \tanh(x W_{in}^\top + b_{in} + r \odot (h W_{hn}^\top + b_{hn})), \qquad h' = (1 - z) \odot n + z \odot h.$$
#
# The reset gate acts *after* the matrix, so that all products with $h$ are one, and the update gate *keeps* the old
# state where it is 1: torch's $z$ is N's $1 - z$. Weights are stored transposed, as in `torch.nn.Linear`: blocks of
# rows in the order $r, z, n$.


# %%
class GRUCell(torch.nn.Module):
    """One step of torch's gated recurrent unit, written with tensors; the same as `torch.nn.GRUCell`.

    Parameters
    ----------
    input_size : int
        d >= 1.
    hidden_size : int
        p >= 1.
    bias : bool
        False: no biases; `bias_ih` and `bias_hh` are None then, and not in the state dict.

    Attributes
    ----------
    weight_ih : Parameter (3p, d)
        Blocks of p rows for r, z, n, as all of them.
    weight_hh : Parameter (3p, p)
    bias_ih, bias_hh : Parameter (3p,)
        All uniform on [-1/sqrt(p), 1/sqrt(p)] at first, as torch's; how they are drawn is not graded.

    Raises
    ------
    ValueError
        When a size is below 1.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:  # noqa: FBT001, FBT002 - torch's own signature
        super().__init__()
        ### BEGIN SOLUTION
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"input_size {input_size} and hidden_size {hidden_size} must be at least 1")
        self.hidden_size = hidden_size
        rows = 3 * hidden_size
        self.weight_ih = torch.nn.Parameter(torch.empty(rows, input_size))
        self.weight_hh = torch.nn.Parameter(torch.empty(rows, hidden_size))
        self.bias_ih = torch.nn.Parameter(torch.empty(rows)) if bias else None
        self.bias_hh = torch.nn.Parameter(torch.empty(rows)) if bias else None
        bound = hidden_size**-0.5
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound)
        ### END SOLUTION

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """One step; the state is zero in every call that gives none.

        Parameters
        ----------
        x : tensor (N, d)
        h : tensor (N, p) or None

        Returns
        -------
        h_next : tensor (N, p)
            On the device and in the dtype of x.

        Raises
        ------
        ValueError
            When the shapes do not fit.
        """
        ### BEGIN SOLUTION
        if h is None:
            h = x.new_zeros(len(x), self.hidden_size)
        if x.ndim != 2 or x.shape[1] != self.weight_ih.shape[1] or h.shape != (len(x), self.hidden_size):
            raise ValueError(
                f"x {tuple(x.shape)} and h {tuple(h.shape)} must be (N, {self.weight_ih.shape[1]}) "
                f"and (N, {self.hidden_size})"
            )
        x_r, x_z, x_n = torch.nn.functional.linear(x, self.weight_ih, self.bias_ih).chunk(3, dim=1)  # (N, p) each
        h_r, h_z, h_n = torch.nn.functional.linear(h, self.weight_hh, self.bias_hh).chunk(3, dim=1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * h_n)
        return (1 - z) * n + z * h
        ### END SOLUTION
