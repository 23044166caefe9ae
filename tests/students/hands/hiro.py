"""Backpropagation by hand: gradients of layers, activations, losses and whole networks, in numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
Cache = Any  # its form is your own affair
Elementwise = Callable[[Array], Array]
Params = list[tuple[Array, Array]]


def squared_norm_gradient(x: Array) -> Array:
    return 2 * x


def linear_map_jacobian(A: Array) -> Array:
    return A


def composed_gradients(A: Array, x: Array) -> tuple[Array, Array]:
    y = A.T.dot(x)
    dx = 2 * A.dot(y)
    dA = 2 * np.outer(x, y)
    return dx, dA


def linear_forward(x: Array, S: Array, b: Array) -> tuple[Array, Cache]:
    out = x.dot(S) + b
    cache = (x, S, b)
    return out, cache


def linear_backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array]:
    x, w, b = cache
    dx = dh.dot(w.T)
    dw = x.T.dot(dh)
    db = np.sum(dh, axis=0)
    return dx, dw, db


def sigmoid_forward(x: Array) -> tuple[Array, Cache]:
    out = 1 / (1 + np.exp(-x))
    return out, out


def sigmoid_backward(dh: Array, cache: Cache) -> Array:
    return dh * cache * (1 - cache)


def tanh_forward(x: Array) -> tuple[Array, Cache]:
    out = np.tanh(x)
    return out, out


def tanh_backward(dh: Array, cache: Cache) -> Array:
    return dh * (1 - cache ** 2)


def relu_forward(x: Array) -> tuple[Array, Cache]:
    out = np.maximum(0, x)
    cache = x
    return out, cache


def relu_backward(dh: Array, cache: Cache) -> Array:
    dx, x = None, cache
    dx = dh * (x > 0)
    return dx


def leaky_relu_forward(x: Array, c: float) -> tuple[Array, Cache]:
    out = np.maximum(c * x, x)
    cache = (x, c)
    return out, cache


def leaky_relu_backward(dh: Array, cache: Cache) -> Array:
    x, c = cache
    dx = np.array(dh, copy=True)
    dx[x < 0] *= c
    return dx


def swish_forward(x: Array) -> tuple[Array, Cache]:
    sig = 1 / (1 + np.exp(-x))
    return x * sig, (x, sig)


def swish_backward(dh: Array, cache: Cache) -> Array:
    x, sig = cache
    return dh * (sig + x * sig * (1 - sig))


def mse(h: Array, y: Array) -> tuple[float, Array]:
    N = h.shape[0]
    diff = h - y
    loss = 0.5 * np.sum(diff ** 2) / N
    return loss, diff / N


def huber(h: Array, y: Array, delta: float) -> tuple[float, Array]:
    N = h.shape[0]
    diff = h - y
    small = np.abs(diff) <= delta
    loss = np.sum(np.where(small, 0.5 * diff ** 2, delta * (np.abs(diff) - 0.5 * delta))) / N
    dh = np.where(small, diff, delta * np.sign(diff)) / N
    return loss, dh


def quantile(h: Array, y: Array, tau: float) -> tuple[float, Array]:
    N = h.shape[0]
    loss = np.sum(np.where(h < y, tau * (y - h), (1 - tau) * (h - y))) / N
    dh = np.where(h < y, -tau, 1 - tau) / N
    return loss, dh


def softmax_cross_entropy(logits: Array, labels: Array, temperature: float = 1.0) -> tuple[float, Array]:
    y = labels
    x = logits / temperature
    probs = np.exp(x - np.max(x, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    N = x.shape[0]
    loss = -np.sum(np.log(probs[np.arange(N), y])) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def label_smoothing(logits: Array, labels: Array, epsilon: float) -> tuple[float, Array]:
    y = labels
    N, C = logits.shape
    probs = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    # soft targets
    t = np.ones((N, C)) * epsilon / (C - 1)
    t[np.arange(N), y] = 1 - epsilon
    loss = -np.sum(t * np.log(probs)) / N
    dx = (probs - t) / N
    return loss, dx


def mlp_forward(x: Array, params: Params, activation: Elementwise) -> tuple[Array, Cache]:
    caches = []
    out = x
    L = len(params)
    for i in range(L - 1):
        W, b = params[i]
        z, fc_cache = linear_forward(out, W, b)
        out = activation(z)
        caches.append((fc_cache, z))
    W, b = params[L - 1]
    scores, fc_cache = linear_forward(out, W, b)
    caches.append(fc_cache)
    return scores, caches


def mlp_backward(dlogits: Array, cache: Cache, derivative: Elementwise) -> tuple[Array, list[tuple[Array, Array]]]:
    L = len(cache)
    grads = []
    dout, dw, db = linear_backward(dlogits, cache[-1])
    grads.append((dw, db))
    for i in reversed(range(L - 1)):
        fc_cache, z = cache[i]
        dout, dw, db = linear_backward(dout * derivative(z), fc_cache)
        grads.append((dw, db))
    return dout, grads[::-1]


def input_gradient(x: Array, params: Params, labels: Array, activation: Elementwise, derivative: Elementwise) -> Array:
    scores, cache = mlp_forward(x, params, activation)
    loss, dscores = softmax_cross_entropy(scores, labels)
    dx, grads = mlp_backward(dscores, cache, derivative)
    return dx


def regularized_loss(
    params: Params, x: Array, labels: Array, weight_decay: float, activation: Elementwise, derivative: Elementwise
) -> tuple[float, list[tuple[Array, Array]]]:
    reg = weight_decay
    scores, cache = mlp_forward(x, params, activation)
    loss, dscores = softmax_cross_entropy(scores, labels)
    dx, grads = mlp_backward(dscores, cache, derivative)
    out = []
    for (W, b), (dW, db) in zip(params, grads):
        loss += 0.5 * reg * np.sum(W * W)
        out.append((dW + reg * W, db))
    return loss, out
