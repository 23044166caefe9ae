"""Small classes, dataclass caches, strict validation with ValueError."""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn


def require(condition, message):
    if not condition:
        raise ValueError(message)


class Kernel:
    def __init__(self, bandwidth):
        require(bandwidth > 0, "bandwidth must be positive")
        self.bandwidth = bandwidth

    def weights(self, r):
        e = self.exponent(r)
        return np.exp(e - np.max(e, axis=1)[:, np.newaxis])


class Gaussian(Kernel):
    def exponent(self, r):
        return -np.square(r) / (2 * self.bandwidth * self.bandwidth)


class Laplace(Kernel):
    def exponent(self, r):
        return np.negative(r) / self.bandwidth


class Box(Kernel):
    def weights(self, r):
        inside = (r <= self.bandwidth) * 1.0
        return inside if inside.any(axis=1).all() else np.where(inside.any(axis=1, keepdims=True), inside, 1 / r.shape[1])


KERNELS = {"gaussian": Gaussian, "laplace": Laplace, "box": Box}


def nadaraya_watson(x, xs, ys, kernel, bandwidth):
    require(x.ndim == xs.ndim == ys.ndim == 2 and x.shape[1] == xs.shape[1] and len(xs) == len(ys), "shapes")
    require(kernel in KERNELS, f"no kernel {kernel}")
    r = np.stack([np.hypot.reduce(x - point, axis=1) if x.shape[1] > 1 else np.abs(x - point)[:, 0] for point in xs], axis=1)
    return np.apply_along_axis(lambda w: np.average(ys, axis=0, weights=w), 1, KERNELS[kernel](bandwidth).weights(r))


class MaskedSoftmax:
    """Softmax over the last axis; remembers its result."""

    def __init__(self, mask, shape):
        require(mask is None or mask.dtype == bool, "mask must be boolean")
        require(mask is None or mask.shape in (shape, shape[1:]), "shape of the mask")
        self.seen = np.ones(shape, bool) if mask is None else np.array(np.broadcast_to(mask, shape))

    def forward(self, a):
        top = np.max(a, axis=-1, keepdims=True, where=self.seen, initial=-np.finfo(float).max)
        e = np.exp(a - top, where=self.seen, out=np.zeros(a.shape))
        s = np.sum(e, axis=-1, keepdims=True)
        self.w = np.divide(e, s, where=s > 0, out=np.zeros_like(e))
        return self.w

    def backward(self, dw):
        return self.w * (dw - np.sum(self.w * dw, axis=-1, keepdims=True))


@dataclass
class Saved:
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    softmax: MaskedSoftmax
    extra: dict = field(default_factory=dict)

    def __iter__(self):
        raise TypeError("not a tuple")


def attention_forward(q, k, v, mask=None):
    require(q.ndim == k.ndim == v.ndim == 3, "three axes")
    require(q.shape[2] == k.shape[2] and k.shape[1] == v.shape[1] and len(q) == len(k) == len(v), "shapes")
    softmax = MaskedSoftmax(mask, (q.shape[0], q.shape[1], k.shape[1]))
    root = math.sqrt(q.shape[2])
    w = softmax.forward((q / root) @ k.transpose(0, 2, 1))
    return w @ v, Saved(q, k, v, softmax, {"root": root})


def attention_backward(dout, cache):
    require(dout.shape == cache.q.shape[:2] + cache.v.shape[2:], "shape of dout")
    da = cache.softmax.backward(np.matmul(dout, np.moveaxis(cache.v, 1, 2))) / cache.extra["root"]
    dq = np.matmul(da, cache.k)
    dk = np.matmul(np.moveaxis(da, 1, 2), cache.q)
    dv = np.matmul(np.moveaxis(cache.softmax.w, 1, 2), dout)
    return [dq, dk, dv]


def causal_mask(T):
    require(T >= 1, "T")
    position = np.arange(T)
    return np.less_equal.outer(position, position).T


def additive_attention(q, k, v, W_q, W_k, u, mask=None):
    require(q.shape[2] == W_q.shape[0] and k.shape[2] == W_k.shape[0] and W_q.shape[1] == W_k.shape[1] == len(u), "shapes")
    softmax = MaskedSoftmax(mask, (q.shape[0], q.shape[1], k.shape[1]))
    a = np.empty(softmax.seen.shape)
    keys = k @ W_k
    for t in range(q.shape[1]):
        a[:, t] = np.tanh(keys + (q[:, t] @ W_q)[:, None]) @ u
    return softmax.forward(a) @ v


def positional_encoding(T, d):
    require(T >= 1, "T")
    require(d >= 2 and d % 2 == 0, "d")
    angle = np.arange(T)[:, None] / np.power(10000.0, np.arange(d // 2) * 2 / d)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(T, d)


class NormCache(NamedTuple):
    centred: np.ndarray
    deviation: np.ndarray
    gain: np.ndarray


def layer_norm_forward(x, gain, bias, eps=1e-5):
    require(eps >= 0, "eps")
    require(x.shape[-1:] == gain.shape == bias.shape, "shapes")
    deviation = np.sqrt(np.var(x, axis=-1, keepdims=True) + eps)
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return gain * centred / deviation + bias, NormCache(centred, deviation, gain)


def layer_norm_backward(dy, cache):
    """By way of variance and mean, as in batch normalisation."""
    require(dy.shape == cache.centred.shape, "shape of dy")
    d = dy.shape[-1]
    axes = tuple(range(dy.ndim - 1))
    g = dy * cache.gain
    dvar = np.sum(g * cache.centred, axis=-1, keepdims=True) * -0.5 * cache.deviation**-3
    dmean = np.sum(-g / cache.deviation, axis=-1, keepdims=True) + dvar * np.mean(-2 * cache.centred, axis=-1, keepdims=True)
    dx = g / cache.deviation + dvar * 2 * cache.centred / d + dmean / d
    return dx, np.sum(dy * cache.centred / cache.deviation, axis=axes), np.sum(dy, axis=axes)


class CrossEntropy:
    TINY = np.finfo(np.float64).tiny

    def __call__(self, logits, targets):
        require(((targets >= 0) & (targets < logits.shape[-1])).all(), "no such token")
        shifted = logits - logits.max(axis=-1, keepdims=True)
        p = np.exp(shifted)
        p /= p.sum(axis=-1, keepdims=True)
        return -np.log(np.clip(np.take_along_axis(p, targets[..., None], -1)[..., 0], self.TINY, 1.0))


cross_entropy = CrossEntropy()


def gpt_loss(logits, tokens):
    require(logits.shape[:2] == tokens.shape and tokens.shape[1] > 1, "shapes")
    return cross_entropy(logits[:, :-1, :], tokens[:, 1:]).mean().item()


def masked_loss(logits, tokens, hidden):
    require(logits.shape[:2] == tokens.shape == hidden.shape, "shapes")
    require(hidden.dtype == bool and hidden.any(), "hidden")
    return np.average(cross_entropy(logits, tokens), weights=hidden)


def clip_loss(images, captions, scale):
    require(images.shape == captions.shape and scale > 0, "shapes")
    distances = np.array([np.sum((captions - image) ** 2, axis=1) for image in images])
    pairs = np.arange(len(images))
    return (cross_entropy(-scale / 2 * distances, pairs).mean() + cross_entropy(-scale / 2 * distances.T, pairs).mean()) / 2


class Attend(nn.Module):
    """Without parameters: nothing of it stands in the state dict."""

    def __init__(self, p):
        super().__init__()
        self.register_buffer("scale", torch.tensor(float(p)) ** -0.5 if False else None, persistent=False)
        self.p = p
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        a = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.p)
        if mask is not None:
            a = a + torch.zeros_like(a).masked_fill(mask.logical_not(), -1e9)
        return torch.matmul(self.softmax(a), v)


class MultiHeadAttention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        require(heads >= 1 and d % heads == 0, "heads must divide d")
        self.query = nn.Linear(in_features=d, out_features=d)
        self.key = nn.Linear(in_features=d, out_features=d)
        self.value = nn.Linear(in_features=d, out_features=d)
        self.output = nn.Linear(in_features=d, out_features=d)
        self.d, self.heads = d, heads
        self.attend = Attend(d // heads)

    def forward(self, x, mask=None):
        require(x.dim() == 3 and x.shape[-1] == self.d, "x")
        N, T, _ = x.shape
        if mask is not None:
            require(mask.dtype == torch.bool, "mask must be boolean")
            require(tuple(mask.shape) in ((T, T), (N, T, T)), "shape of the mask")
            mask = mask.expand(N, T, T).repeat_interleave(self.heads, dim=0)
        q, k, v = (self.split(layer(x)) for layer in (self.query, self.key, self.value))
        return self.output(self.join(self.attend(q, k, v, mask), N))

    def split(self, y):
        N, T, d = y.shape
        return y.reshape(N, T, self.heads, d // self.heads).permute(0, 2, 1, 3).reshape(N * self.heads, T, -1)

    def join(self, y, N):
        return y.reshape(N, self.heads, y.shape[1], -1).permute(0, 2, 1, 3).reshape(N, y.shape[1], -1)


class EncoderBlock(nn.Module):
    def __init__(self, d, heads, hidden, eps=1e-5):
        super().__init__()
        self.attention = MultiHeadAttention(d, heads)
        self.norm1 = nn.LayerNorm([d], eps=eps)
        self.norm2 = nn.LayerNorm([d], eps=eps)
        self.linear1 = nn.Linear(d, hidden)
        self.linear2 = nn.Linear(hidden, d)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.0)

    def network(self, h):
        return self.linear2(self.drop(self.relu(self.linear1(h))))

    def forward(self, x, mask=None):
        h = self.norm1(x + self.attention(x, mask))
        return self.norm2(h + self.network(h))
