"""Organised: distributions, layers with caches, a little optimiser."""
from __future__ import annotations

import math
import statistics
from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Fans:
    fan_in: int
    fan_out: int

    def __post_init__(self):
        if not (isinstance(self.fan_in, (int, np.integer)) and isinstance(self.fan_out, (int, np.integer))):
            raise TypeError("fans must be integers")
        if self.fan_in < 1 or self.fan_out < 1:
            raise ValueError("fans must be at least 1")


class Initialiser:
    def __init__(self, variance, rng):
        if not isinstance(rng, np.random.Generator):
            raise TypeError("a Generator, please")
        self.variance, self.rng = variance, rng

    def __call__(self, fans):
        raise NotImplementedError


class Gaussian(Initialiser):
    """Inverse distribution function of uniform integers."""

    def __call__(self, fans):
        d = statistics.NormalDist(0, math.sqrt(self.variance))
        u = (self.rng.integers(0, 2**52, size=fans.fan_in * fans.fan_out) + 0.5) / 2.0**52
        return np.array([d.inv_cdf(float(v)) for v in u]).reshape(fans.fan_in, fans.fan_out)


class Flat(Initialiser):
    def __call__(self, fans):
        a = math.sqrt(3 * self.variance)
        return np.hstack([self.rng.uniform(low=-a, high=a, size=(fans.fan_in, 1)) for _ in range(fans.fan_out)])


def lecun_normal(fan_in, fan_out, rng):
    fans = Fans(fan_in, fan_out)
    return Gaussian(1 / fan_in, rng)(fans)


def xavier_normal(fan_in, fan_out, rng):
    fans = Fans(fan_in, fan_out)
    return Gaussian(1 / np.mean([fan_in, fan_out]), rng)(fans)


def xavier_uniform(fan_in, fan_out, rng):
    fans = Fans(fan_in, fan_out)
    return Flat(2 / (fan_in + fan_out), rng)(fans)


def he_normal(fan_in, fan_out, rng, mode="fan_in"):
    fans = Fans(fan_in, fan_out)
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"unknown mode {mode!r}")
    return Gaussian(2 / getattr(fans, mode), rng)(fans)


def torch_default(fan_in, fan_out, rng):
    fans = Fans(fan_in, fan_out)
    return Flat(1 / (3 * fan_in), rng)(fans)


ConvFans = namedtuple("ConvFans", ["fan_in", "fan_out"])


def conv_fans(kernel):
    if kernel.ndim < 3:
        raise ValueError("no spatial axis")
    c_out, c_in, *window = kernel.shape
    return ConvFans(c_in * math.prod(window), c_out * math.prod(window))


class Reflector:
    def __init__(self, v):
        self.sign = 1.0 if v[0] >= 0 else -1.0
        u = v.copy()
        u[0] += self.sign * np.linalg.norm(v)
        self.u = u / np.linalg.norm(u)

    def apply(self, A):
        return A - 2 * np.outer(self.u, self.u @ A)


def orthogonal(rows, cols, rng):
    """Stewart 1980: a product of reflections of random vectors, smallest first."""
    if min(rows, cols) < 1:
        raise ValueError("lengths must be positive")
    if rows < cols:
        return orthogonal(cols, rows, rng).T
    Q = np.eye(rows)
    for k in range(1, rows + 1):
        r = Reflector(rng.standard_normal(k))
        part = Q[rows - k :, rows - k :]
        # H e_1 = -sign v / |v|; take the sign back so that the first column is v / |v|
        Q[rows - k :, rows - k :] = -r.sign * r.apply(part)
    return Q[:, :cols]


class Trace(NamedTuple):
    z: np.ndarray
    h: np.ndarray


@dataclass
class Net:
    weights: list
    activation: object
    derivative: object = None
    traces: list = field(default_factory=list)

    def forward(self, x):
        if not len(self.weights):
            raise ValueError("no layer")
        self.traces = []
        h = x
        for S in self.weights:
            if h.shape[1] != S.shape[0]:
                raise ValueError("shapes do not fit")
            z = h @ S
            h = self.activation(z)
            self.traces.append(Trace(z, h))
        return self

    def backward(self, dz):
        if dz.shape != self.traces[-1].z.shape:
            raise ValueError("shapes do not fit")
        yield dz
        for S, trace in zip(self.weights[:0:-1], self.traces[-2::-1]):
            dz = np.where(self.derivative(trace.z), self.derivative(trace.z), 0.0) * (dz @ S.T)
            yield dz


def forward_variances(weights, x, activation):
    return np.array([np.std(t.z) ** 2 for t in Net(weights, activation).forward(x).traces])


def backward_variances(weights, x, dz, activation, derivative):
    net = Net(weights, activation, derivative).forward(x)
    return np.array([np.std(g) ** 2 for g in net.backward(dz)][::-1])


def predicted_variance(sigma2, n, depth):
    if sigma2 <= 0 or n <= 0 or depth <= 0:
        raise ValueError("positive arguments only")
    steps = np.full(depth, n * sigma2 / 2)
    steps[0] = n * sigma2
    return np.cumprod(steps)


Weights = namedtuple("Weights", "S1 S2")


def _fit(S1, S2):
    if S1.shape[1] != S2.shape[0]:
        raise ValueError("shapes do not fit")


def rescale(S1, S2, alpha):
    _fit(S1, S2)
    if not alpha > 0:
        raise ValueError("alpha must be positive")
    return Weights(alpha * S1, S2 / alpha)


def permute(S1, S2, pi):
    _fit(S1, S2)
    if sorted(int(i) for i in pi) != list(range(S1.shape[1])):
        raise ValueError("no permutation")
    return Weights(S1.T[pi].T, np.take(S2, pi, axis=0))


class Descent:
    def __init__(self, lr):
        self.lr = lr

    def step(self, weights, gradient):
        return Weights(*(w - self.lr * g for w, g in zip(weights, gradient)))


def _gradient(w, x, y):
    h = np.tanh(x @ w.S1)
    per_sample = [np.outer(hn, en) for hn, en in zip(h, h @ w.S2 - y)]
    back = ((h @ w.S2 - y) @ w.S2.T) * (1 - h) * (1 + h)
    return np.mean([np.outer(xn, bn) for xn, bn in zip(x, back)], axis=0), np.mean(per_sample, axis=0)


def train(S1, S2, x, y, lr, steps):
    _fit(S1, S2)
    if steps < 0:
        raise ValueError("steps must not be negative")
    w, opt = Weights(S1, S2), Descent(lr)
    for _ in range(steps):
        w = opt.step(w, _gradient(w, x, y))
    return w
