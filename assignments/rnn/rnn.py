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
    # Your code here.
    raise NotImplementedError("kalman_filter")


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
    # Your code here.
    raise NotImplementedError("rnn_step_forward")


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
    # Your code here.
    raise NotImplementedError("rnn_step_backward")


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
    # Your code here.
    raise NotImplementedError("rnn_forward")


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
    # Your code here.
    raise NotImplementedError("rnn_backward")


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
    # Your code here.
    raise NotImplementedError("truncated_bptt")


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
    # Your code here.
    raise NotImplementedError("gru_step_forward")


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
    # Your code here.
    raise NotImplementedError("gru_step_backward")


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
    # Your code here.
    raise NotImplementedError("lstm_step_forward")


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
    # Your code here.
    raise NotImplementedError("lstm_step_backward")


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
    # Your code here.
    raise NotImplementedError("lstm_forward")


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
    # Your code here.
    raise NotImplementedError("lstm_backward")


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
    # Your code here.
    raise NotImplementedError("bidirectional")


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
    # Your code here.
    raise NotImplementedError("perplexity")


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
    # Your code here.
    raise NotImplementedError("jacobian_norms")


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
        # Your code here.
        raise NotImplementedError("GRUCell.__init__")

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
        # Your code here.
        raise NotImplementedError("GRUCell.forward")
