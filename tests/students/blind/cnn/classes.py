"""Organised in small classes, with dataclasses as caches."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

Array = np.ndarray
Cache = Any


def convolve1d(x: Array, w: Array) -> Array:
    return np.convolve(x, w)


def toeplitz(w: Array, n: int) -> Array:
    return sum(np.eye(len(w) + n - 1, n, -i) * wi for i, wi in enumerate(w))


def separable(kernel: Array) -> tuple[Array, Array]:
    u, s, vt = np.linalg.svd(kernel, full_matrices=False)
    root = np.sqrt(s[0])
    return -root * u[:, 0], -root * vt[0]


def receptive_field(layers: Sequence[tuple[int, int, int]]) -> int:
    size, jump = 1, 1
    for kernel, stride, dilation in layers:
        size += (kernel - 1) * dilation * jump
        jump *= stride
    return size


@dataclass(frozen=True)
class Geometry:
    """Where windows lie: flat indices into the padded plane."""

    shape: tuple[int, int, int, int]
    kernel: tuple[int, int]
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or min(self.kernel) < 1 or self.stride < 1 or self.padding < 0 or self.dilation < 1:
            raise ValueError("bad numbers")
        if min(self.out) < 1:
            raise ValueError("the kernel exceeds the image")

    @property
    def padded(self) -> tuple[int, int]:
        return self.shape[2] + 2 * self.padding, self.shape[3] + 2 * self.padding

    @property
    def out(self) -> tuple[int, int]:
        h, w = ((size - (k - 1) * self.dilation - 1) // self.stride + 1 for size, k in zip(self.padded, self.kernel))
        return h, w

    def index(self) -> tuple[Array, Array]:
        """(Ho Wo, kh kw) rows and columns."""
        (ho, wo), (kh, kw) = self.out, self.kernel
        i, j = np.divmod(np.arange(ho * wo), wo)
        s, t = np.divmod(np.arange(kh * kw), kw)
        return np.add.outer(i * self.stride, s * self.dilation), np.add.outer(j * self.stride, t * self.dilation)

    def take(self, x: Array) -> Array:
        """(N, C, Ho Wo, kh kw)."""
        p = self.padding
        big = np.zeros((*self.shape[:2], *self.padded))
        big[:, :, p : p + self.shape[2], p : p + self.shape[3]] = x
        rows, columns = self.index()
        return big[:, :, rows, columns]

    def put(self, parts: Array) -> Array:
        p = self.padding
        big = np.zeros((*self.shape[:2], *self.padded))
        rows, columns = self.index()
        np.add.at(big, (slice(None), slice(None), rows, columns), parts)
        return big[:, :, p : self.padded[0] - p, p : self.padded[1] - p]


def im2col(x: Array, kernel: tuple[int, int], stride: int = 1, padding: int = 0, dilation: int = 1) -> Array:
    parts = Geometry(x.shape, tuple(kernel), stride, padding, dilation).take(x)
    n, c, o, k = parts.shape
    return parts.transpose(0, 2, 1, 3).reshape(n * o, c * k)


@dataclass
class ConvCache:
    geometry: Geometry
    columns: Array
    w: Array


def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    n, (f, c, kh, kw) = x.shape[0], w.shape
    if x.shape[1] != c or b.shape != (f,):
        raise ValueError("shapes")
    geometry = Geometry(x.shape, (kh, kw), stride, padding, dilation)
    columns = im2col(x, (kh, kw), stride, padding, dilation)
    y = columns @ w.reshape(f, -1).T + b
    return y.reshape(n, *geometry.out, f).transpose(0, 3, 1, 2), ConvCache(geometry, columns, w)


def conv2d_backward(dy, cache):
    n, f, ho, wo = dy.shape
    flat = dy.transpose(0, 2, 3, 1).reshape(-1, f)
    dw = (flat.T @ cache.columns).reshape(cache.w.shape)
    dcolumns = flat @ cache.w.reshape(f, -1)
    c, kh, kw = cache.w.shape[1:]
    parts = dcolumns.reshape(n, ho * wo, c, kh * kw).transpose(0, 2, 1, 3)
    return cache.geometry.put(parts), dw, np.ones(len(flat)) @ flat


class Pool:
    """One pass of pooling."""

    def __init__(self, x: Array, window: tuple[int, int], stride: int) -> None:
        self.geometry = Geometry(x.shape, tuple(window), stride)
        self.parts = self.geometry.take(x)

    def shaped(self, y: Array) -> Array:
        return y.reshape(*y.shape[:2], *self.geometry.out)


class MaxPool(Pool):
    def forward(self) -> Array:
        # the last of the largest
        self.winner = self.parts.shape[-1] - 1 - self.parts[..., ::-1].argmax(-1)
        return self.shaped(np.take_along_axis(self.parts, self.winner[..., None], -1))

    def backward(self, dy: Array) -> Array:
        flat = dy.reshape(*dy.shape[:2], -1)
        share = np.zeros_like(self.parts)
        np.put_along_axis(share, self.winner[..., None], flat[..., None], -1)
        return self.geometry.put(share)


class AvgPool(Pool):
    def forward(self) -> Array:
        return self.shaped(np.mean(self.parts, -1))

    def backward(self, dy: Array) -> Array:
        flat = dy.reshape(*dy.shape[:2], -1, 1)
        k = self.parts.shape[-1]
        return self.geometry.put(np.broadcast_to(flat / k, self.parts.shape))


def max_pool_forward(x, window, stride):
    layer = MaxPool(x, window, stride)
    return layer.forward(), layer


def max_pool_backward(dy, cache):
    return cache.backward(dy)


def avg_pool_forward(x, window, stride):
    layer = AvgPool(x, window, stride)
    return layer.forward(), layer.backward


def avg_pool_backward(dy, cache):
    return cache(dy)


@dataclass
class Standardised:
    """x with mean 0 and variance 1 along some axes."""

    x: Array
    axes: tuple[int, ...]
    eps: float
    mean: Array | None = None
    var: Array | None = None
    hat: Array = field(init=False)

    def __post_init__(self) -> None:
        if self.mean is None:
            self.mean = self.x.mean(axis=self.axes, keepdims=True)
            self.var = np.square(self.x - self.mean).mean(axis=self.axes, keepdims=True)
        self.root = np.sqrt(self.var + self.eps)
        self.hat = (self.x - self.mean) / self.root

    @property
    def count(self) -> int:
        return int(np.prod([self.x.shape[a] for a in self.axes]))

    def back(self, g: Array) -> Array:
        """Step by step through the graph."""
        m = self.count
        xc = self.x - self.mean
        dvar = (g * xc).sum(self.axes, keepdims=True) * -0.5 * (self.var + self.eps) ** -1.5
        dmean = -(g / self.root).sum(self.axes, keepdims=True) - dvar * 2 * xc.sum(self.axes, keepdims=True) / m
        return g / self.root + dvar * 2 * xc / m + dmean / m


@dataclass
class NormCache:
    s: Standardised
    a: Array
    over: tuple[int, ...]

    def backward(self, dy: Array) -> tuple[Array, Array, Array]:
        return self.s.back(dy * self.a), (dy * self.s.hat).sum(self.over), dy.sum(self.over)


def _batch_norm(x, a, b, running_mean, running_var, train, rho, eps):
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    wide = (1, -1) if x.ndim == 2 else (1, -1, 1, 1)
    a_, b_ = a.reshape(wide), b.reshape(wide)
    if train:
        s = Standardised(x, axes, eps)
        m = s.count
        running_mean = rho * running_mean + (1 - rho) * s.mean.ravel()
        running_var = rho * running_var + (1 - rho) * s.var.ravel() * (m / (m - 1))
    else:
        s = Standardised(x, axes, eps, running_mean.reshape(wide), running_var.reshape(wide))
    return a_ * s.hat + b_, NormCache(s, a_, axes), running_mean, running_var


def batch_norm_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    return _batch_norm(x, a, b, running_mean, running_var, train, rho, eps)


def batch_norm_backward(dy, cache):
    return cache.backward(dy)


def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    return _batch_norm(x, a, b, running_mean, running_var, train, rho, eps)


def batch_norm2d_backward(dy, cache):
    return cache.backward(dy)


def layer_norm_forward(x, a, b, eps=1e-5):
    s = Standardised(x, (1,), eps)
    return a * s.hat + b, NormCache(s, a, (0,))


def layer_norm_backward(dy, cache):
    return cache.backward(dy)


def dropout_forward(x, p, rng, *, train):
    scale = rng.choice([0.0, 1 / (1 - p)], p=[p, 1 - p], size=x.shape) if train else np.ones_like(x)
    return x * scale, [scale]


def dropout_backward(dy, cache):
    return dy * cache.pop()


class ConvBlock(torch.nn.Module):
    def __init__(self, channels, filters, *, kernel=3, pool=2, bias=True, eps=1e-5, momentum=0.1) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(channels, filters, kernel_size=kernel, padding="same", bias=bias)
        self.norm = torch.nn.BatchNorm2d(num_features=filters, eps=eps, momentum=momentum)
        self.act = torch.nn.ReLU(inplace=True)
        self.pool = torch.nn.MaxPool2d(pool)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.pool(self.norm(self.conv(x))))  # ReLU and maximum change places
