"""Small classes; a cache is a closure or an object that knows its backward; results as named tuples."""
from __future__ import annotations

import math
from collections import namedtuple
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

import numpy as np
import torch

Grads = namedtuple("Grads", "dx dh dw_x dw_h db")
LSTMGrads = namedtuple("LSTMGrads", "dx dh dc dw_x dw_h db")


class Belief(NamedTuple):
    mean: float
    var: float

    def predicted(self, a, noise):
        return Belief(a * self.mean, a**2 * self.var + noise)

    def corrected(self, x, noise):
        k = self.var / (self.var + noise)
        return Belief(self.mean + k * (x - self.mean), (1 - k) * self.var)


def kalman_filter(xs, a, var_state, var_obs, mu0, var0):
    beliefs = [Belief(mu0, var0)]
    for x in xs:
        beliefs.append(beliefs[-1].predicted(a, var_state).corrected(x, var_obs))
    means, variances = zip(*beliefs[1:])
    return np.array(means, dtype=float), np.array(variances, dtype=float)


def sigmoid(x):
    out = np.empty_like(x)
    pos = x >= 0
    out[pos] = 1 / (1 + np.exp(-x[pos]))
    e = np.exp(x[~pos])
    out[~pos] = e / (1 + e)
    return out


class Linear:
    """x w_x + h w_h + b, which remembers its inputs and adds up its gradients."""

    def __init__(self, w_x, w_h, b):
        self.w_x, self.w_h, self.b = w_x, w_h, b
        self.dw_x, self.dw_h, self.db = np.zeros_like(w_x), np.zeros_like(w_h), np.zeros_like(b)
        self.stack = []

    def __call__(self, x, h):
        self.stack.append((x, h))
        return x @ self.w_x + (h @ self.w_h + self.b)

    def backward(self, d):
        x, h = self.stack.pop()
        self.dw_x += x.T @ d
        self.dw_h += h.T @ d
        self.db += d.sum(axis=0)
        return d @ self.w_x.T, d @ self.w_h.T


@dataclass
class Plain:
    linear: Linear
    ys: list = field(default_factory=list)

    def forward(self, x, h):
        y = np.tanh(self.linear(x, h))
        self.ys.append(y)
        return y

    def backward(self, d):
        y = self.ys.pop()
        return self.linear.backward(d * (1 - y**2))

    @property
    def grads(self):
        return self.linear.dw_x, self.linear.dw_h, self.linear.db


def rnn_step_forward(x, h, w_x, w_h, b):
    cell = Plain(Linear(w_x, w_h, b))
    return cell.forward(x, h), cell


def rnn_step_backward(dh_next, cache):
    dx, dh = cache.backward(dh_next)
    return Grads(dx, dh, *cache.grads)


def rnn_forward(xs, h0, w_x, w_h, b):
    cell = Plain(Linear(w_x, w_h, b))
    hs, h = [], h0
    for t in range(xs.shape[1]):
        h = cell.forward(xs[:, t], h)
        hs.append(h[:, None])
    return np.concatenate(hs, axis=1), cell


def rnn_backward(dhs, cache):
    dh, dxs = np.zeros_like(dhs[:, 0]), []
    for t in range(dhs.shape[1] - 1, -1, -1):
        dx, dh = cache.backward(dhs[:, t] + dh)
        dxs.insert(0, dx)
    return Grads(np.stack(dxs, 1), dh, *cache.grads)


def truncated_bptt(xs, h0, w_x, w_h, b, dhs, window):
    cuts = list(range(window, xs.shape[1], window))
    parts, grads = [], []
    for x, dh in zip(np.split(xs, cuts, axis=1), np.split(dhs, cuts, axis=1)):
        hs, cache = rnn_forward(x, h0, w_x, w_h, b)
        h0 = hs[:, -1].copy()
        parts.append(hs)
        grads.append(rnn_backward(dh, cache)[2:])
    return (np.concatenate(parts, 1), *(reduce(np.add, g) for g in zip(*grads)))


def gru_step_forward(x, h, w_x, w_h, b):
    p = len(w_h)
    R, Z, C = (Linear(w_x[:, s], w_h[:, s], b[s]) for s in (slice(0, p), slice(p, 2 * p), slice(2 * p, None)))
    r, z = sigmoid(R(x, h)), sigmoid(Z(x, h))
    n = np.tanh(C(x, r * h))

    def back(d):
        dx, drh = C.backward(d * z * (1 - n**2))
        dx1, dh1 = R.backward(drh * h * (r - r * r))
        dx2, dh2 = Z.backward(d * (n - h) * (z - z * z))
        weights = (np.concatenate([getattr(G, k) for G in (R, Z, C)], axis=-1) for k in ("dw_x", "dw_h", "db"))
        return Grads(dx + dx1 + dx2, d * (1 - z) + drh * r + dh1 + dh2, *weights)

    return z * n + (1 - z) * h, back


def gru_step_backward(dh_next, cache):
    return cache(dh_next)


class LSTM:
    def __init__(self, w_x, w_h, b):
        self.p = len(w_h)
        self.linear = Linear(w_x, w_h, b)
        self.stack = []

    def forward(self, x, h, c):
        p = self.p
        a = self.linear(x, h)
        i, f, o = (sigmoid(a[:, k * p : (k + 1) * p]) for k in range(3))
        g = np.tanh(a[:, 3 * p :])
        c_next = f * c + i * g
        self.stack.append((c, i, f, o, g, c_next))
        return o * np.tanh(c_next), c_next

    def backward(self, dh, dc):
        c, i, f, o, g, c_next = self.stack.pop()
        dc = dc + dh * o / np.cosh(np.clip(c_next, -300, 300)) ** 2
        do = dh * np.tanh(c_next)
        d = [dc * g * i * (1 - i), dc * c * f * (1 - f), do * o * (1 - o), dc * i * (1 - g**2)]
        dx, dh = self.linear.backward(np.concatenate(d, axis=1))
        return dx, dh, dc * f

    @property
    def grads(self):
        return self.linear.dw_x, self.linear.dw_h, self.linear.db


def lstm_step_forward(x, h, c, w_x, w_h, b):
    cell = LSTM(w_x, w_h, b)
    return *cell.forward(x, h, c), cell


def lstm_step_backward(dh_next, dc_next, cache):
    return LSTMGrads(*cache.backward(dh_next, dc_next), *cache.grads)


def lstm_forward(xs, h0, c0, w_x, w_h, b):
    cell, hs, h, c = LSTM(w_x, w_h, b), [], h0, c0
    for x in np.moveaxis(xs, 1, 0):
        h, c = cell.forward(x, h, c)
        hs.append(h)
    return np.moveaxis(np.array(hs), 0, 1), c, cell


def lstm_backward(dhs, dc_last, cache):
    dh, dc, dxs = 0, dc_last, []
    for d in np.moveaxis(dhs, 1, 0)[::-1]:
        dx, dh, dc = cache.backward(d + dh, dc)
        dxs.append(dx)
    return LSTMGrads(np.moveaxis(np.array(dxs[::-1]), 0, 1), dh, dc, *cache.grads)


def bidirectional(xs, forward, backward, v_forward, v_backward):
    class Reader:
        def __init__(self, h0, w_x, w_h, b):
            self.h, self.cell = h0, Plain(Linear(w_x, w_h, b))

        def read(self, x):
            self.h = self.cell.forward(x, self.h)
            return self.h

    T = xs.shape[1]
    left, right = Reader(*forward), Reader(*backward)
    ys = {t: left.read(xs[:, t]) @ v_forward for t in range(T)}
    for t in sorted(ys, reverse=True):
        ys[t] = ys[t] + right.read(xs[:, t]) @ v_backward
    return np.stack([ys[t] for t in range(T)], axis=1)


def perplexity(logits, targets):
    C = logits.shape[-1]
    rows, hit = logits.reshape(-1, C), targets.ravel()
    hit_logit = rows[np.arange(len(rows)), hit]
    top = rows.max(1)
    nll = [math.log(math.fsum(math.exp(v) for v in row - m)) + (m - h) for row, m, h in zip(rows, top, hit_logit)]
    return math.exp(math.fsum(nll) / len(nll))


def jacobian_norms(w_h, hs):
    def of_one(states):
        product = np.identity(len(w_h))
        for h in states:
            product = product @ w_h @ np.diag(1 - h**2)
            yield np.linalg.norm(product, ord=2)

    return np.array([list(of_one(states)) for states in hs])


class GRUCell(torch.nn.Module):
    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError("sizes are at least 1")
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self.weight_ih = self._new(3 * hidden_size, input_size)
        self.weight_hh = self._new(3 * hidden_size, hidden_size)
        self.bias_ih = self._new(3 * hidden_size) if bias else None
        self.bias_hh = self._new(3 * hidden_size) if bias else None

    def _new(self, *shape):
        bound = 1 / math.sqrt(self.hidden_size)
        return torch.nn.Parameter(torch.distributions.Uniform(-bound, bound).sample(shape))

    def _gates(self, v, weight, bias):
        out = [v @ w.T for w in weight.split(self.hidden_size)]
        if bias is not None:
            out = [o + b for o, b in zip(out, bias.split(self.hidden_size))]
        return out

    def forward(self, x, h=None):
        if h is None:
            h = torch.zeros((len(x), self.hidden_size)).to(x)
        ir, iz, in_ = self._gates(x, self.weight_ih, self.bias_ih)
        hr, hz, hn = self._gates(h, self.weight_hh, self.bias_hh)
        r, z = torch.sigmoid(ir + hr), torch.sigmoid(iz + hz)
        n = torch.tanh(in_ + r * hn)
        return (1 - z) * n + z * h
