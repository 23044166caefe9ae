# %% [markdown]
# # Optimizers
#
# Training is a walk downhill in thousands of dimensions, and an optimizer is the rule for the next step. In this
# assignment you write the rules that deep learning lives on: gradient descent and its accelerated forms, Newton's
# method, stochastic gradients with and without variance reduction, adaptive methods, and the small tools around
# them.
#
# You never see the loss. You get *oracles*: functions that answer questions about it.
#
# * `grad(w)` is the gradient of the loss at `w`, a vector `(p,)`.
# * `grad_i(w, i)` is the gradient of the samples `i` alone: `i` is an integer, or an integer array, and then the
#   answer is the *mean* over these samples. The mean over all `n` samples is the gradient of the loss.
# * `hessian(w)` is the matrix of second derivatives, `(p, p)`.
#
# Each optimizer returns its whole *trajectory*, an array `(steps + 1, p)`: row 0 is the start `w0`, row $t$ is
# where the walk is after $t$ steps. From a trajectory one sees not only where a method ends but how fast it gets
# there, and that is how right and wrong are told apart.
#
# Notation: the loss is $\ell$, the step size (learning rate) $\eta$, momentum $\rho$. A loss has *smoothness* $L$
# when its gradient changes by at most $L$ times the distance, and *strong convexity* $m$ when it changes by at
# least $m$ times the distance. For a quadratic these are the largest and the smallest eigenvalue of the Hessian.
# Their ratio $\kappa = L / m$, the *condition number*, decides how hard a problem is.
#
# Sources: N are the notes of ESE 546, D is the second discussion of CS 182, S the slides of AI6103, H the notes of
# Nguyen.

# %%
"""Optimizers in numpy: from oracles of the gradient to whole trajectories."""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
Oracle = Callable[[Array], Array]
SampleOracle = Callable[[Array, Any], Array]
Schedule = Callable[[int], float]

# %% [markdown]
# ## Schedules
#
# A step size `lr` is a number, or a *schedule*: a function of the step $t$. Steps count from 0, and step $t$ goes
# from row $t$ of the trajectory to row $t + 1$. `momentum` is a number or a schedule in the same way. The function
# `_at` is given; it reads both.


# %%
def _at(value: float | Schedule, t: int) -> float:
    """Return the value of a number or of a schedule at step t (given: nothing to write here)."""
    return value(t) if callable(value) else value


# %% [markdown]
# ## Exercise 1, `deterministic`: the exact gradient
#
# **Gradient descent** goes against the gradient (N 9.12):
#
# $$w^{(t+1)} = w^{(t)} - \eta\, \nabla \ell(w^{(t)}).$$
#
# On a quadratic each eigendirection with eigenvalue $\lambda$ shrinks by $1 - \eta\lambda$ a step. The largest and
# the smallest eigenvalue pull $\eta$ into opposite directions; at $\eta = 2/(m+L)$ they are equally fast, and the
# distance to the minimum shrinks by $(\kappa-1)/(\kappa+1)$ a step. Above $\eta = 2/L$ the steepest direction
# grows: gradient descent diverges. The number of steps to a given accuracy grows like $\kappa$.
#
# **The heavy ball** remembers where it came from (N 10.4, Polyak):
#
# $$w^{(t+1)} = w^{(t)} - \eta\, \nabla \ell(w^{(t)}) + \rho\,(w^{(t)} - w^{(t-1)}), \qquad w^{(-1)} = w^{(0)}.$$
#
# **Nesterov's method** looks ahead first, and takes the gradient *there* (N 10.8):
#
# $$u^{(t)} = w^{(t)} + \rho\,(w^{(t)} - w^{(t-1)}), \qquad w^{(t+1)} = u^{(t)} - \eta\, \nabla \ell(u^{(t)}).$$
#
# Both need about $\sqrt\kappa$ steps where gradient descent needs $\kappa$. Where the loss is not strongly convex,
# Nesterov's method with the momentum $\rho_t = (t-1)/(t+2)$ reaches a gap of order $1/t^2$, and no method that adds
# up gradients can do better. (N 10.2.2 allows the step 2/(m+L) for it; with a momentum near 1 that diverges. The
# step that is safe is $1/L$.)
#
# **Newton's method** also asks for the curvature (N 11.21): it jumps to the minimum of the local quadratic model,
#
# $$w^{(t+1)} = w^{(t)} - \left(\nabla^2 \ell(w^{(t)})\right)^{-1} \nabla \ell(w^{(t)}).$$
#
# On a quadratic one step arrives, and near any regular minimum the number of right digits doubles with every step.


# %%
def gradient_descent(grad: Oracle, w0: Array, lr: float | Schedule, steps: int) -> Array:
    """Gradient descent (N 9.12): w <- w - lr grad(w).

    Asks `grad` exactly once a step, at the current row.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    w0 : array (p,)
        The start. It must not be changed.
    lr : number or schedule
        Step size, above 0; a schedule is called as lr(t), t = 0 for the first step.
    steps : int
        At least 0.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("gradient_descent")


def heavy_ball(grad: Oracle, w0: Array, lr: float | Schedule, momentum: float | Schedule, steps: int) -> Array:
    """Polyak's heavy ball (N 10.4): w <- w - lr grad(w) + momentum (w - w before), at rest before the first step.

    Asks `grad` exactly once a step, at the current row.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0.
    momentum : number or schedule
        In [0, 1).
    steps : int
        At least 0.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("heavy_ball")


def nesterov(grad: Oracle, w0: Array, lr: float | Schedule, momentum: float | Schedule, steps: int) -> Array:
    """Nesterov's accelerated gradient (N 10.8): u = w + momentum (w - w before), w <- u - lr grad(u).

    Asks `grad` exactly once a step, at the look-ahead u. The trajectory holds the w, not the u.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0.
    momentum : number or schedule
        In [0, 1); `nesterov_schedule` is one. At t = 0 it has no effect, because w before is w0 too.
    steps : int
        At least 0.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("nesterov")


def nesterov_schedule(t: int) -> float:
    """Nesterov's momentum for losses that need not be strongly convex (N 10.2.1): (t - 1) / (t + 2).

    Parameters
    ----------
    t : int
        The step, at least 0. At t = 0 momentum has no effect, and every value is right.

    Returns
    -------
    float
        In [0, 1) for t from 1 on.
    """
    # Your code here.
    raise NotImplementedError("nesterov_schedule")


def newton(grad: Oracle, hessian: Oracle, w0: Array, steps: int) -> Array:
    """Newton's method (N 11.21): w <- w - inverse of hessian(w) times grad(w).

    Asks `grad` and `hessian` exactly once a step, at the current row.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    hessian : function
        The oracle of second derivatives: (p,) to (p, p), regular.
    w0 : array (p,)
    steps : int
        At least 0.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("newton")


# %% [markdown]
# ## Exercise 2, `stochastic`: a few samples instead of all
#
# **SGD** replaces the gradient by that of a random batch $B$ (N 11.3, 11.4). The price is noise: with a fixed step
# the walk does not arrive, it ends in a cloud around the minimum whose size is proportional to $\eta$ divided by
# the batch size. Drawn *with replacement*, all samples of all batches are independent. *Without*, one shuffles the
# samples, walks through them in batches, and shuffles anew when all were seen: every sample once an epoch.
#
# Three ways out of the cloud:
#
# * let the step shrink like $\eta_t = \beta / (t + t_0)$: the gap then falls like $1/t$ (N, theorem 11.4);
# * keep the step and *average* the walk, $\bar w^{(t)} = (w^{(0)} + \dots + w^{(t)}) / (t + 1)$. There are $t + 1$
#   terms; N 11.15 divides by $t$, which would not even leave a constant as it is;
# * take the noise out of the gradient. Subtract from the sample's gradient something that is known and correlated
#   with it, and add its mean again. The estimate stays unbiased, and its variance goes to 0 on the way to the
#   minimum, so that convergence is linear with a fixed step:
#
# $$\text{SVRG:}\quad \nabla \ell^i(w) - \nabla \ell^i(\tilde w) + \nabla \ell(\tilde w), \qquad
# \text{SAGA:}\quad \nabla \ell^i(w) - g^i + \tfrac1n \textstyle\sum_j g^j.$$
#
# SVRG (N 11.18) takes a *snapshot* $\tilde w$ at the start of each epoch. SAGA (N 11.17 with $\lambda = 1$) keeps a
# table with the latest gradient of each sample, filled at $w^{(0)}$. A step uses the table as it was before the
# step, and then the new gradient takes its place in it.
#
# All randomness comes from the generator `rng`. How you draw from it is your affair: the checks see which samples
# you asked the oracle for, and follow these.


# %%
def sgd(
    grad_i: SampleOracle,
    n: int,
    w0: Array,
    lr: float | Schedule,
    batch_size: int,
    steps: int,
    rng: np.random.Generator,
    *,
    replacement: bool = True,
) -> Array:
    """Stochastic gradient descent (N 11.3, 11.4): w <- w - lr times the mean gradient of a random batch.

    Asks `grad_i` exactly once a step, with the whole batch.

    Parameters
    ----------
    grad_i : function
        The oracle: (p,) and an integer array of samples to the mean of their gradients, (p,).
    n : int
        Number of samples; they are called 0 to n - 1.
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0.
    batch_size : int
        Samples of a batch, from 1 to n.
    steps : int
        At least 0.
    rng : numpy.random.Generator
        The only source of randomness.
    replacement : bool
        With it, the samples of all batches are independent and uniform. Without, a new random order of all samples is
        walked through in batches; when it is used up, the next one begins. The last batch of an order holds the rest
        of it, and is smaller when batch_size does not divide n.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector, steps is negative, or batch_size is not in 1 .. n.
    """
    # Your code here.
    raise NotImplementedError("sgd")


def inverse_decay(beta: float, t0: float) -> Schedule:
    """Return the schedule lr(t) = beta / (t + t0) (N, theorem 11.4).

    Parameters
    ----------
    beta : number
        Above 0; the theorem wants more than 1 / m.
    t0 : number
        Above 0; it keeps the first steps small.

    Returns
    -------
    function
        Of the step t = 0, 1, ...

    Raises
    ------
    ValueError
        When beta or t0 is not above 0.
    """
    # Your code here.
    raise NotImplementedError("inverse_decay")


def polyak_ruppert(trajectory: Array) -> Array:
    """Running means of a trajectory (N 11.15, with the right divisor): row t is the mean of rows 0 to t.

    Parameters
    ----------
    trajectory : array (steps + 1, p)

    Returns
    -------
    array (steps + 1, p)
        Row 0 is row 0 of the trajectory.

    Raises
    ------
    ValueError
        When the trajectory is not a matrix.
    """
    # Your code here.
    raise NotImplementedError("polyak_ruppert")


def svrg(
    grad_i: SampleOracle,
    n: int,
    w0: Array,
    lr: float | Schedule,
    epochs: int,
    inner_steps: int,
    rng: np.random.Generator,
) -> Array:
    """Stochastic variance reduced gradient (N 11.18).

    An epoch begins with a snapshot at the current row and its full gradient: `grad_i` is asked there for every
    sample once, in one call or in n. Each inner step draws one sample i, uniformly from all, and asks `grad_i` exactly
    twice: for i at w, and for i at the snapshot.

    Parameters
    ----------
    grad_i : function
        The oracle: (p,) and one sample, or an array of samples, to the mean of their gradients, (p,).
    n : int
        Number of samples.
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0; a schedule counts the inner steps of all epochs, from 0.
    epochs, inner_steps : int
        At least 0.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    array (epochs * inner_steps + 1, p)
        The trajectory of all inner steps, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector, or epochs or inner_steps is negative.
    """
    # Your code here.
    raise NotImplementedError("svrg")


def saga(grad_i: SampleOracle, n: int, w0: Array, lr: float | Schedule, steps: int, rng: np.random.Generator) -> Array:
    """SAGA, a table of gradients that takes the noise out (N 11.17 with lambda = 1).

    First the table is filled: `grad_i` is asked once for each sample, at w0. Then each step draws one sample i,
    uniformly from all, asks for it exactly once, at w, and puts the answer into the table after the step.

    Parameters
    ----------
    grad_i : function
        The oracle: (p,) and one sample to its gradient, (p,).
    n : int
        Number of samples.
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0.
    steps : int
        At least 0.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("saga")


# %% [markdown]
# ## Exercise 3, `adaptive`: a step size for every coordinate
#
# A long valley is steep across and flat along. One step size for both is too large for the one and too small for
# the other, so adaptive methods divide each coordinate by the size of its own past gradients (D 3.5). With $g$ the
# gradient and all operations entry by entry:
#
# $$\text{Adagrad: } s \leftarrow s + g^2, \qquad \text{RMSProp: } s \leftarrow \beta s + (1 - \beta) g^2, \qquad
# w \leftarrow w - \frac{\eta\, g}{\sqrt{s + \epsilon}},$$
#
# both from $s = 0$. One keeps a *sum*, the other a running *average*. (D writes a factor $\beta$ into Adagrad's
# sum. There is none: Duchi, Hazan and Singer, 2011.)
#
# **Adam** averages the gradient as well, and removes the bias of averages that began at 0 (Kingma and Ba, 2015). In
# step $t = 0, 1, \dots$
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
# \hat m = \frac{m}{1 - \beta_1^{t+1}}, \quad \hat v = \frac{v}{1 - \beta_2^{t+1}}, \quad
# w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \epsilon}.$$
#
# The moments are kept *raw*: the hats are used for this step and thrown away. (N 11.25 feeds them back, and the
# program in H computes them and does not use them.) Here $\epsilon$ stands *outside* the root; in the two methods
# above, inside. A first step of Adam has the size $\eta$ in every coordinate, whatever the scale of the loss.
#
# **LARS** does for layers what these do for coordinates (S; You, Gitman and Ginsburg, 2017): each layer moves by
# the same share $\eta$ of its own norm, $w \leftarrow w - \eta\, \lVert w \rVert\, g / \lVert g \rVert$.


# %%
def adagrad(grad: Oracle, w0: Array, lr: float | Schedule, eps: float, steps: int) -> Array:
    """Adagrad (D 3.5, without its factor beta): s <- s + g^2, w <- w - lr g / sqrt(s + eps), from s = 0.

    Asks `grad` exactly once a step, at the current row.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0.
    eps : float
        Above 0, inside the root.
    steps : int
        At least 0.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("adagrad")


def rmsprop(grad: Oracle, w0: Array, lr: float | Schedule, beta: float, eps: float, steps: int) -> Array:
    """RMSProp (D 3.5): s <- beta s + (1 - beta) g^2, w <- w - lr g / sqrt(s + eps), from s = 0.

    Asks `grad` exactly once a step, at the current row.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0.
    beta : float
        In [0, 1).
    eps : float
        Above 0, inside the root.
    steps : int
        At least 0.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("rmsprop")


def adam(grad: Oracle, w0: Array, lr: float | Schedule, beta1: float, beta2: float, eps: float, steps: int) -> Array:
    """Adam (Kingma and Ba, 2015, algorithm 1): raw moments, debiased copies for the step, eps outside the root.

    Asks `grad` exactly once a step, at the current row.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    w0 : array (p,)
    lr : number or schedule
        Step size, above 0.
    beta1, beta2 : float
        Decay of the first and of the second moment, in [0, 1).
    eps : float
        Above 0, outside the root.
    steps : int
        At least 0.

    Returns
    -------
    array (steps + 1, p)
        The trajectory, w0 first.

    Raises
    ------
    ValueError
        When w0 is not a vector or steps is negative.
    """
    # Your code here.
    raise NotImplementedError("adam")


def lars_step(w: Array, g: Array, lr: float) -> Array:
    """One step of LARS for one layer (S): w - lr |w| g / |g|, with the norms over all entries.

    Parameters
    ----------
    w : array of any shape
        The weights of the layer.
    g : array, shape of w
        Its gradient. Where it is 0 in every entry, the weights stay as they are.
    lr : float
        The share of its norm by which the layer moves, above 0.

    Returns
    -------
    array, shape of w
        The new weights; w itself is not changed.

    Raises
    ------
    ValueError
        When w and g have different shapes.
    """
    # Your code here.
    raise NotImplementedError("lars_step")


# %% [markdown]
# ## Exercise 4, `tools`: what goes around an optimizer
#
# **Weight decay** adds $\frac{\alpha}{2} \lVert w \rVert^2$ to the loss (N 7.9), and so $\alpha w$ to the gradient;
# biases are left alone (N, section 7.2.1). Since optimizers take oracles, it is an oracle around an oracle.
#
# **Warm-up** (S) lets the step size grow linearly over the first steps, because large steps are unsafe while the
# gradient still changes quickly. In step $t$ the schedule is multiplied by $(t+1)/\text{steps}$, until that is 1.
# So the first step is small and not 0: a step of size 0 would be a wasted gradient.
#
# **Clipping** (N, section 8.2.2) bounds the gradient before the step. By norm: a gradient longer than $c$ is scaled
# to length $c$, and a shorter one *stays as it is*. (N's formula scales every gradient to length $c$, which would
# make all steps equally long, near the minimum as well.) By value: every entry is limited to $[-c, c]$.


# %%
def decayed(grad: Oracle, weight_decay: float, is_bias: Array) -> Oracle:
    """Add weight decay to a gradient oracle (N 7.9 and section 7.2.1): grad(w) + weight_decay w, biases left alone.

    Parameters
    ----------
    grad : function
        The gradient oracle: (p,) to (p,).
    weight_decay : float
        At least 0.
    is_bias : boolean array (p,)
        True at the entries of w that are biases and do not decay.

    Returns
    -------
    function
        The new oracle: (p,) to (p,). It asks `grad` exactly once a call, at the w it is given.
    """
    # Your code here.
    raise NotImplementedError("decayed")


def warmup(schedule: float | Schedule, steps: int) -> Schedule:
    """Warm a schedule up linearly (S): min(1, (t + 1) / steps) times the schedule at t.

    Parameters
    ----------
    schedule : number or schedule
        The step size without warm-up.
    steps : int
        Length of the warm-up, at least 1; from t = steps - 1 on, nothing is changed.

    Returns
    -------
    function
        Of the step t = 0, 1, ...

    Raises
    ------
    ValueError
        When steps is below 1.
    """
    # Your code here.
    raise NotImplementedError("warmup")


def clip_by_norm(g: Array, c: float) -> Array:
    """Scale a gradient to norm c when it is longer, and leave it as it is otherwise (N, section 8.2.2, see above).

    Parameters
    ----------
    g : array of any shape
        The gradient; its norm is that of all entries together.
    c : float
        The largest norm, above 0.

    Returns
    -------
    array, shape of g

    Raises
    ------
    ValueError
        When c is not above 0.
    """
    # Your code here.
    raise NotImplementedError("clip_by_norm")


def clip_by_value(g: Array, c: float) -> Array:
    """Limit every entry of a gradient to [-c, c] (N, section 8.2.2).

    Parameters
    ----------
    g : array of any shape
    c : float
        Above 0.

    Returns
    -------
    array, shape of g

    Raises
    ------
    ValueError
        When c is not above 0.
    """
    # Your code here.
    raise NotImplementedError("clip_by_value")


# %% [markdown]
# ## See it
#
# The picture of every check of convergence: the distance to the minimum, on a logarithmic axis, by the step. On a
# quadratic, linear convergence is a straight line. Write `gradient_descent`, `heavy_ball` and `nesterov`, then call
# `_show_convergence()` in a cell of your own, with other condition numbers as well.


# %%
def _show_convergence(kappa: float = 100.0, steps: int = 200) -> None:
    """Plot three methods on one quadratic of the given condition number, with the rates of the theorems dashed."""
    import matplotlib.pyplot as plt

    curvatures = np.geomspace(1.0, kappa, 10)  # (p,), so m = 1 and L = kappa
    root = np.sqrt(kappa)

    def grad(w: Array) -> Array:
        return curvatures * w

    w0 = np.ones(10)
    momentum = (root - 1) / (root + 1)
    methods = {
        "gradient descent": (gradient_descent(grad, w0, 2 / (1 + kappa), steps), (kappa - 1) / (kappa + 1)),
        "heavy ball": (heavy_ball(grad, w0, 4 / (1 + root) ** 2, momentum**2, steps), momentum),
        "Nesterov": (nesterov(grad, w0, 1 / kappa, momentum, steps), np.sqrt(1 - 1 / root)),
    }
    for name, (trajectory, rate) in methods.items():
        distance = np.sqrt((trajectory**2).sum(axis=1))  # (steps + 1,)
        line = plt.semilogy(distance, label=name)[0]
        plt.semilogy(distance[0] * rate ** np.arange(steps + 1), "--", color=line.get_color(), linewidth=0.8)
    plt.xlabel("step")
    plt.ylabel("distance to the minimum")
    plt.legend()
    plt.show()
