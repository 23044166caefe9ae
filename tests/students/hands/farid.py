"""Backpropagation by hand: gradients of layers, activations, losses and whole networks, in numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
Cache = Any  # its form is your own affair
Elementwise = Callable[[Array], Array]
Params = list[tuple[Array, Array]]


def squared_norm_gradient(x: Array) -> Array:
    """Gradient of the squared Euclidean norm (D, problem 4)."""
    g = x.copy()
    g *= 2
    return g


def linear_map_jacobian(A: Array) -> Array:
    """Jacobian of the linear map f(x) = A^T x, the same at every x (D, problem 5)."""
    # torch.autograd.functional.jacobian would give the transpose of this
    return A.copy()


def composed_gradients(A: Array, x: Array) -> tuple[Array, Array]:
    """Gradients of f = |A^T x|^2 by the vector and by the matrix (D, problems 6 and 7)."""
    y = A.T @ x
    y *= 2  # this is df/dy from here on
    return A @ y, np.outer(x, y)


def linear_forward(x: Array, S: Array, b: Array) -> tuple[Array, Cache]:
    """Linear layer: h = x S + b, the bias added to every row (N 4.10)."""
    h = x @ S
    h += b
    return h, (x, S)


def linear_backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of a linear layer by its three inputs (N, section 4.2)."""
    x, S = cache
    return dh @ S.T, x.T @ dh, dh.sum(axis=0)


def sigmoid_forward(x: Array) -> tuple[Array, Cache]:
    """Sigmoid: h = 1 / (1 + exp(-x)) in every entry (N, section 4.1.1)."""
    h = np.clip(x, -500.0, 500.0)
    np.negative(h, out=h)
    np.exp(h, out=h)
    h += 1
    np.reciprocal(h, out=h)
    return h, h  # like ctx.save_for_backward(h)


def sigmoid_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the sigmoid by its input."""
    h = cache
    dh *= h
    dh *= 1 - h
    return dh


def tanh_forward(x: Array) -> tuple[Array, Cache]:
    """Hyperbolic tangent in every entry (N, section 4.1.1)."""
    h = np.tanh(x)
    return h, h


def tanh_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the hyperbolic tangent by its input."""
    g = cache * cache
    np.subtract(1.0, g, out=g)
    dh *= g
    return dh


def relu_forward(x: Array) -> tuple[Array, Cache]:
    """Rectified linear unit: h = max(0, x) in every entry (N, section 4.1.1)."""
    # no inplace=True here, x belongs to the caller
    mask = x > 0
    return x * mask, mask


def relu_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the rectified linear unit by its input; at x = 0 any value between 0 and dh is right."""
    dh *= cache
    return dh


def leaky_relu_forward(x: Array, c: float) -> tuple[Array, Cache]:
    """Leaky rectified linear unit: h = x where x > 0, else c x (N, section 4.1.1)."""
    neg = x <= 0
    h = x.copy()
    h[neg] *= c
    return h, (neg, c)


def leaky_relu_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of the leaky rectified linear unit by x; at x = 0 any value between dh and c dh is right."""
    neg, c = cache
    dh[neg] *= c
    return dh


def swish_forward(x: Array) -> tuple[Array, Cache]:
    """Swish: h = x sigmoid(x) in every entry (N, section 4.1.1)."""
    s, _ = sigmoid_forward(x)
    h = x * s
    # derivative = s + x s (1 - s) = s + h (1 - s), build it in the buffer of 1 - s, then x and s can be freed
    g = 1 - s
    g *= h
    g += s
    return h, g


def swish_backward(dh: Array, cache: Cache) -> Array:
    """Gradient of swish by its input; x occurs twice in x sigmoid(x), so there are two terms."""
    # the buffer is only needed once (retain_graph=False :) )
    g = cache
    g *= dh
    return g


def mse(h: Array, y: Array) -> tuple[float, Array]:
    """Half the squared error, summed over the outputs, mean over the batch (N 6.2)."""
    r = h - y
    N = r.shape[0]
    # reduction="batchmean" in torch words, and the 1/2
    loss = 0.5 * np.vdot(r, r) / N
    r /= N
    return float(loss), r


def huber(h: Array, y: Array, delta: float) -> tuple[float, Array]:
    """Huber loss, summed over the outputs, mean over the batch (N 6.3)."""
    r = h - y
    N = len(r)
    g = r.clip(-delta, delta)
    # g * (r - g / 2) is r^2/2 inside and delta (|r| - delta/2) outside
    r -= 0.5 * g
    r *= g
    loss = r.sum() / N
    g /= N
    return float(loss), g


def quantile(h: Array, y: Array, tau: float) -> tuple[float, Array]:
    """Quantile or pinball loss, summed over the outputs, mean over the batch (N 6.5)."""
    r = h - y
    N = r.shape[0]
    g = np.where(r < 0, -tau, 1.0 - tau)
    r *= g
    loss = r.sum() / N
    g /= N
    return float(loss), g


def log_softmax_(z):
    # trailing underscore = in place, as in torch
    z -= z.max(axis=1, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=1, keepdims=True))
    return z


def softmax_cross_entropy(logits: Array, labels: Array, temperature: float = 1.0) -> tuple[float, Array]:
    """Cross entropy of softmax(logits / temperature), mean over the batch (N 6.11, 6.12)."""
    N = logits.shape[0]
    idx = np.arange(N)
    logp = log_softmax_(logits / temperature)
    loss = -logp[idx, labels].sum() / N   # F.nll_loss
    g = np.exp(logp, out=logp)
    g[idx, labels] -= 1
    g /= N * temperature
    return float(loss), g


def label_smoothing(logits: Array, labels: Array, epsilon: float) -> tuple[float, Array]:
    """Cross entropy at temperature 1 with smoothed labels, mean over the batch (N 6.13, 6.14)."""
    N, m = logits.shape
    idx = np.arange(N)
    logp = log_softmax_(logits.copy())
    # not F.cross_entropy(label_smoothing=...), that one puts eps/m on every class
    q = np.full((N, m), epsilon / (m - 1))
    q[idx, labels] = 1 - epsilon
    loss = -np.vdot(q, logp) / N
    g = np.exp(logp, out=logp)
    g -= q
    g /= N
    return float(loss), g


def mlp_forward(x: Array, params: Params, activation: Elementwise) -> tuple[Array, Cache]:
    """Logits of a fully connected network (N 4.3)."""
    saved = []
    h = x
    last = len(params) - 1
    for i, (S, b) in enumerate(params):
        z = h @ S
        z += b
        saved.append((h, S, z if i < last else None))
        h = activation(z) if i < last else z
    return h, saved


def mlp_backward(dlogits: Array, cache: Cache, derivative: Elementwise) -> tuple[Array, list[tuple[Array, Array]]]:
    """Gradients of a fully connected network by its input and all its parameters (N, section 4.2)."""
    grads = [None] * len(cache)
    g = dlogits
    for i in range(len(cache) - 1, -1, -1):
        h, S, z = cache[i]
        if z is not None:  # hidden layer
            g *= derivative(z)
        grads[i] = (h.T @ g, g.sum(0))
        g = g @ S.T
    return g, grads


def input_gradient(x: Array, params: Params, labels: Array, activation: Elementwise, derivative: Elementwise) -> Array:
    """Gradient of the mean cross entropy by the input of the network (N, remark 4.2)."""
    logits, saved = mlp_forward(x, params, activation)
    _, g = softmax_cross_entropy(logits, labels)
    dx, _ = mlp_backward(g, saved, derivative)
    return dx


def regularized_loss(
    params: Params, x: Array, labels: Array, weight_decay: float, activation: Elementwise, derivative: Elementwise
) -> tuple[float, list[tuple[Array, Array]]]:
    """Mean cross entropy with weight decay, and its gradients by all parameters (N 7.9, section 7.2.1)."""
    logits, saved = mlp_forward(x, params, activation)
    loss, g = softmax_cross_entropy(logits, labels)
    _, grads = mlp_backward(g, saved, derivative)
    for (S, _), (dS, _) in zip(params, grads):
        loss += 0.5 * weight_decay * np.vdot(S, S)
        dS += weight_decay * S   # what SGD(weight_decay=...) does, but only on the weights
    return float(loss), grads


if __name__ == "__main__":
    # poor man's gradcheck
    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 4))
    params = [(rng.standard_normal((4, 5)), rng.standard_normal(5)), (rng.standard_normal((5, 3)), np.zeros(3))]
    labels = rng.integers(0, 3, 6)
    args = (x, labels, 0.1, np.tanh, lambda z: 1 - np.tanh(z) ** 2)
    loss, grads = regularized_loss(params, *args)
    S = params[0][0]
    S[1, 2] += 1e-6
    up, _ = regularized_loss(params, *args)
    S[1, 2] -= 2e-6
    down, _ = regularized_loss(params, *args)
    print(grads[0][0][1, 2], (up - down) / 2e-6)
