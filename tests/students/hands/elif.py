"""Backpropagation by hand: gradients of layers, activations, losses and whole networks, in numpy.

Design
------
Everything is a ``Layer``.  A layer has ``forward`` (stores what it needs on ``self``) and ``backward``.
The functions required by the assignment are thin wrappers at the bottom of each section:
``xxx_forward`` creates a layer object and returns it as the cache, ``xxx_backward`` calls ``cache.backward``.

    Layer
     |- Linear
     |- Activation
     |    |- Sigmoid, Tanh, LeakyReLU, Swish
     |    |- ReLU  (a LeakyReLU with slope 0)
     |    `- CustomActivation   (activation given as a function)
     `- Sequential
    Loss
     |- RegressionLoss:  MeanSquaredError, Huber, Quantile
     `- CrossEntropy
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
Cache = Any
Elementwise = Callable[[Array], Array]
Params = list[tuple[Array, Array]]


# --------------------------------------------------------------------------------------
# Exercise 1
# --------------------------------------------------------------------------------------
def squared_norm_gradient(x: Array) -> Array:
    """Gradient of sum_i x_i^2."""
    if x.ndim != 1:
        raise ValueError(f"x should be a vector, got shape {x.shape}")
    return 2.0 * x


def linear_map_jacobian(A: Array) -> Array:
    """Jacobian of x -> A^T x in the (d, n) layout: A itself (a copy, so that nobody changes the weights)."""
    if A.ndim != 2:
        raise ValueError(f"A should be a matrix, got shape {A.shape}")
    return A.copy()


def composed_gradients(A: Array, x: Array) -> tuple[Array, Array]:
    """Gradients of |A^T x|^2 by x and by A."""
    if A.ndim != 2 or x.shape != (A.shape[0],):
        raise ValueError(f"shapes do not fit: {A.shape}, {x.shape}")
    dy: Array = squared_norm_gradient(A.T @ x)
    return linear_map_jacobian(A) @ dy, np.outer(x, dy)


# --------------------------------------------------------------------------------------
# Base class
# --------------------------------------------------------------------------------------
class Layer(ABC):
    """Something with a forward and a backward pass."""

    _output_shape: tuple[int, ...] | None = None

    def forward(self, x: Array) -> Array:
        h = self._forward(x)
        self._output_shape = np.shape(h)
        return h

    def backward(self, dh: Array) -> Array:
        if self._output_shape is None:
            raise RuntimeError(f"{type(self).__name__}: backward before forward")
        if np.shape(dh) != self._output_shape:
            raise ValueError(f"{type(self).__name__}: upstream gradient {np.shape(dh)}, output {self._output_shape}")
        return self._backward(dh)

    @abstractmethod
    def _forward(self, x: Array) -> Array: ...

    @abstractmethod
    def _backward(self, dh: Array) -> Array: ...

    def __call__(self, x: Array) -> Array:
        return self.forward(x)


# --------------------------------------------------------------------------------------
# Exercise 2
# --------------------------------------------------------------------------------------
class Linear(Layer):
    """h = x S + b."""

    def __init__(self, S: Array, b: Array) -> None:
        if S.ndim != 2 or b.shape != (S.shape[1],):
            raise ValueError(f"weights {S.shape} and bias {b.shape} do not fit")
        self.S = S
        self.b = b
        self.dS: Array | None = None
        self.db: Array | None = None

    def _forward(self, x: Array) -> Array:
        if x.ndim != 2 or x.shape[1] != self.S.shape[0]:
            raise ValueError(f"input {x.shape} does not fit to weights {self.S.shape}")
        self.x = x
        return x @ self.S + self.b

    def _backward(self, dh: Array) -> Array:
        self.dS = self.x.T @ dh
        self.db = dh.sum(axis=0)
        return dh @ self.S.T


def linear_forward(x: Array, S: Array, b: Array) -> tuple[Array, Cache]:
    layer = Linear(S, b)
    return layer(x), layer


def linear_backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array]:
    dx = cache.backward(dh)
    return dx, cache.dS, cache.db


# --------------------------------------------------------------------------------------
# Exercise 3
# --------------------------------------------------------------------------------------
def stable_sigmoid(x: Array) -> Array:
    """Only exp of non-positive numbers."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


class Activation(Layer):
    """Elementwise function.  Subclasses give the value and, from what they stored, the local derivative."""

    @abstractmethod
    def value(self, x: Array) -> Array: ...

    @abstractmethod
    def slope(self) -> Array: ...

    def _forward(self, x: Array) -> Array:
        return self.value(x)

    def _backward(self, dh: Array) -> Array:
        return dh * self.slope()


class Sigmoid(Activation):
    def value(self, x: Array) -> Array:
        self.h = stable_sigmoid(x)
        return self.h

    def slope(self) -> Array:
        return self.h * (1.0 - self.h)


class Tanh(Activation):
    def value(self, x: Array) -> Array:
        self.h = np.tanh(x)
        return self.h

    def slope(self) -> Array:
        return 1.0 - self.h**2


class LeakyReLU(Activation):
    def __init__(self, c: float) -> None:
        if not 0.0 <= c < 1.0:
            raise ValueError(f"slope {c} not in [0, 1)")
        self.c = c

    def value(self, x: Array) -> Array:
        self.positive = x > 0
        return np.where(self.positive, x, self.c * x)

    def slope(self) -> Array:
        return np.where(self.positive, 1.0, self.c)


class ReLU(LeakyReLU):
    def __init__(self) -> None:
        super().__init__(c=0.0)


class Swish(Activation):
    def value(self, x: Array) -> Array:
        self.x = x
        self.s = stable_sigmoid(x)
        return x * self.s

    def slope(self) -> Array:
        return self.s + self.x * self.s * (1.0 - self.s)


class CustomActivation(Activation):
    """Activation given by a function; the derivative is only known when backward starts."""

    def __init__(self, function: Elementwise) -> None:
        self.function = function
        self.derivative: Elementwise | None = None

    def value(self, x: Array) -> Array:
        self.z = x
        return self.function(x)

    def slope(self) -> Array:
        assert self.derivative is not None
        return self.derivative(self.z)


def _start(layer: Layer, x: Array) -> tuple[Array, Layer]:
    return layer(x), layer


def sigmoid_forward(x: Array) -> tuple[Array, Cache]:
    return _start(Sigmoid(), x)


def sigmoid_backward(dh: Array, cache: Cache) -> Array:
    return cache.backward(dh)


def tanh_forward(x: Array) -> tuple[Array, Cache]:
    return _start(Tanh(), x)


def tanh_backward(dh: Array, cache: Cache) -> Array:
    return cache.backward(dh)


def relu_forward(x: Array) -> tuple[Array, Cache]:
    return _start(ReLU(), x)


def relu_backward(dh: Array, cache: Cache) -> Array:
    return cache.backward(dh)


def leaky_relu_forward(x: Array, c: float) -> tuple[Array, Cache]:
    return _start(LeakyReLU(c), x)


def leaky_relu_backward(dh: Array, cache: Cache) -> Array:
    return cache.backward(dh)


def swish_forward(x: Array) -> tuple[Array, Cache]:
    return _start(Swish(), x)


def swish_backward(dh: Array, cache: Cache) -> Array:
    return cache.backward(dh)


# --------------------------------------------------------------------------------------
# Exercise 4
# --------------------------------------------------------------------------------------
class RegressionLoss(ABC):
    """Sum over outputs, mean over samples, of a cost of the residual r = h - y."""

    @abstractmethod
    def cost(self, r: Array) -> Array: ...

    @abstractmethod
    def slope(self, r: Array) -> Array: ...

    def __call__(self, h: Array, y: Array) -> tuple[float, Array]:
        if h.ndim != 2 or h.shape != y.shape:
            raise ValueError(f"h {h.shape} and y {y.shape} should be matrices of one shape")
        r = h - y
        N = r.shape[0]
        return float(self.cost(r).sum(axis=1).mean()), self.slope(r) / N


class MeanSquaredError(RegressionLoss):
    def cost(self, r: Array) -> Array:
        return 0.5 * r**2

    def slope(self, r: Array) -> Array:
        return r


@dataclass
class Huber(RegressionLoss):
    delta: float

    def __post_init__(self) -> None:
        if self.delta <= 0:
            raise ValueError("delta should be positive")

    def cost(self, r: Array) -> Array:
        a = np.abs(r)
        return np.where(a <= self.delta, 0.5 * r**2, self.delta * (a - 0.5 * self.delta))

    def slope(self, r: Array) -> Array:
        return np.clip(r, -self.delta, self.delta)


@dataclass
class Quantile(RegressionLoss):
    tau: float

    def __post_init__(self) -> None:
        if not 0 < self.tau < 1:
            raise ValueError("tau should be in (0, 1)")

    def cost(self, r: Array) -> Array:
        return np.where(r < 0, -self.tau * r, (1 - self.tau) * r)

    def slope(self, r: Array) -> Array:
        return np.where(r < 0, -self.tau, 1 - self.tau)


@dataclass
class CrossEntropy:
    """Cross entropy of softmax(logits / temperature) with (smoothed) labels."""

    temperature: float = 1.0
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError("temperature should be positive")
        if not 0 <= self.epsilon < 1:
            raise ValueError("epsilon should be in [0, 1)")

    def targets(self, labels: Array, m: int) -> Array:
        N = labels.shape[0]
        off = self.epsilon / (m - 1) if m > 1 else 0.0
        q = np.full((N, m), off)
        q[np.arange(N), labels] = 1.0 - self.epsilon
        return q

    @staticmethod
    def log_softmax(z: Array) -> Array:
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    def __call__(self, logits: Array, labels: Array) -> tuple[float, Array]:
        if logits.ndim != 2 or labels.shape != (logits.shape[0],):
            raise ValueError(f"logits {logits.shape} and labels {labels.shape} do not fit")
        N, m = logits.shape
        if labels.min() < 0 or labels.max() >= m:
            raise ValueError("a label is no class")
        q = self.targets(labels, m)
        logp = self.log_softmax(logits / self.temperature)
        loss = -(q * logp).sum(axis=1).mean()
        return float(loss), (np.exp(logp) - q) / (N * self.temperature)


def mse(h: Array, y: Array) -> tuple[float, Array]:
    return MeanSquaredError()(h, y)


def huber(h: Array, y: Array, delta: float) -> tuple[float, Array]:
    return Huber(delta)(h, y)


def quantile(h: Array, y: Array, tau: float) -> tuple[float, Array]:
    return Quantile(tau)(h, y)


def softmax_cross_entropy(logits: Array, labels: Array, temperature: float = 1.0) -> tuple[float, Array]:
    return CrossEntropy(temperature=temperature)(logits, labels)


def label_smoothing(logits: Array, labels: Array, epsilon: float) -> tuple[float, Array]:
    if logits.ndim == 2 and logits.shape[1] < 2:
        raise ValueError("label smoothing with one class only")
    return CrossEntropy(epsilon=epsilon)(logits, labels)


# --------------------------------------------------------------------------------------
# Exercise 5
# --------------------------------------------------------------------------------------
@dataclass
class Sequential(Layer):
    """Layers one after the other."""

    layers: list[Layer] = field(default_factory=list)

    @classmethod
    def mlp(cls, params: Sequence[tuple[Array, Array]], activation: Elementwise) -> Sequential:
        if len(params) == 0:
            raise ValueError("a network needs at least one layer")
        layers: list[Layer] = []
        for S, b in params:
            layers += [Linear(S, b), CustomActivation(activation)]
        layers.pop()  # nothing after the last linear layer
        return cls(layers)

    def set_derivative(self, derivative: Elementwise) -> None:
        for layer in self.layers:
            if isinstance(layer, CustomActivation):
                layer.derivative = derivative

    def _forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer(x)
        return x

    def _backward(self, dh: Array) -> Array:
        for layer in reversed(self.layers):
            dh = layer.backward(dh)
        return dh

    @property
    def grads(self) -> list[tuple[Array, Array]]:
        return [(layer.dS, layer.db) for layer in self.layers if isinstance(layer, Linear)]


def mlp_forward(x: Array, params: Params, activation: Elementwise) -> tuple[Array, Cache]:
    net = Sequential.mlp(params, activation)
    return net(x), net


def mlp_backward(dlogits: Array, cache: Cache, derivative: Elementwise) -> tuple[Array, list[tuple[Array, Array]]]:
    cache.set_derivative(derivative)
    dx = cache.backward(dlogits)
    return dx, cache.grads


def _loss_and_gradients(
    x: Array, params: Params, labels: Array, activation: Elementwise, derivative: Elementwise
) -> tuple[float, Array, list[tuple[Array, Array]]]:
    logits, net = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, net, derivative)
    return loss, dx, grads


def input_gradient(x: Array, params: Params, labels: Array, activation: Elementwise, derivative: Elementwise) -> Array:
    _, dx, _ = _loss_and_gradients(x, params, labels, activation, derivative)
    return dx


def regularized_loss(
    params: Params, x: Array, labels: Array, weight_decay: float, activation: Elementwise, derivative: Elementwise
) -> tuple[float, list[tuple[Array, Array]]]:
    if weight_decay < 0:
        raise ValueError("weight decay should not be negative")
    loss, _, grads = _loss_and_gradients(x, params, labels, activation, derivative)
    penalty = sum(float((S**2).sum()) for S, _ in params)
    decayed = [(dS + weight_decay * S, db) for (S, _), (dS, db) in zip(params, grads, strict=True)]
    return loss + 0.5 * weight_decay * penalty, decayed
