"""By somebody who comes from Keras: everything is NHWC inside, layers are objects in the cache."""
import numpy as np
import torch
from torch.nn import BatchNorm2d, Conv2d, MaxPool2d, ReLU, Sequential


def channels_last(x):
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def channels_first(x):
    return np.moveaxis(x, -1, 1)


def convolve1d(signal, filt):
    flipped = filt[::-1]
    m = len(filt)
    padded = np.pad(signal, m - 1)
    return np.array([np.dot(padded[k:k + m], flipped) for k in range(len(signal) + m - 1)])


def toeplitz(w, n):
    return np.column_stack([np.r_[np.zeros(t), w, np.zeros(n - 1 - t)] for t in range(n)])


def separable(kernel):
    # eigenvectors of the symmetric block matrix [[0, K], [K', 0]]
    k1, k2 = kernel.shape
    big = np.zeros((k1 + k2, k1 + k2))
    big[:k1, k1:] = kernel
    big[k1:, :k1] = kernel.T
    lam, vec = np.linalg.eigh(big)
    # normalise the two halves apart: the best scale is u' K v
    u, v = vec[:k1, -1], vec[k1:, -1]
    nu, nv = np.linalg.norm(u), np.linalg.norm(v)
    if lam[-1] <= 0 or nu == 0 or nv == 0:
        return np.zeros(k1), np.zeros(k2)
    u, v = u / nu, v / nv
    return u * (u @ kernel @ v), v


def receptive_field(layers):
    field, jump = 1, 1
    for size, strides, dilation_rate in layers:
        effective = (size - 1) * dilation_rate + 1
        field = field + (effective - 1) * jump
        jump = jump * strides
    return field


def im2col(x, kernel, stride=1, padding=0, dilation=1):
    kh, kw = kernel
    x = channels_last(np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding))))
    N, H, W, C = x.shape
    Ho = (H - ((kh - 1) * dilation + 1)) // stride + 1
    Wo = (W - ((kw - 1) * dilation + 1)) // stride + 1
    patches = np.empty((N, Ho, Wo, C, kh, kw))
    for s in range(kh):
        for t in range(kw):
            patches[..., s, t] = x[:, s * dilation:s * dilation + (Ho - 1) * stride + 1:stride,
                                   t * dilation:t * dilation + (Wo - 1) * stride + 1:stride, :]
    return patches.reshape(N * Ho * Wo, -1)


class Conv2D:
    def __init__(self, kernel, bias, strides, padding, dilation_rate):
        self.k = kernel.transpose(2, 3, 1, 0)  # HWIO
        self.bias, self.q, self.p, self.d = bias, strides, padding, dilation_rate

    def call(self, x):
        p = self.p
        self.x = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        kh, kw, _, f = self.k.shape
        n, h, w, _ = self.x.shape
        self.ho = 1 + (h - 1 - (kh - 1) * self.d) // self.q
        self.wo = 1 + (w - 1 - (kw - 1) * self.d) // self.q
        out = np.tile(self.bias, (n, self.ho, self.wo, 1))
        for s in range(kh):
            for t in range(kw):
                out += self.slice(self.x, s, t) @ self.k[s, t]
        return out

    def slice(self, x, s, t):
        a, b = s * self.d, t * self.d
        return x[:, a:a + self.q * (self.ho - 1) + 1:self.q, b:b + self.q * (self.wo - 1) + 1:self.q]

    def grad(self, dy):
        dx, dk = np.zeros_like(self.x), np.zeros_like(self.k)
        for s in range(self.k.shape[0]):
            for t in range(self.k.shape[1]):
                dk[s, t] = np.tensordot(self.slice(self.x, s, t), dy, axes=([0, 1, 2], [0, 1, 2]))
                self.slice(dx, s, t)[...] += dy @ self.k[s, t].T
        crop = slice(self.p, -self.p or None)
        return dx[:, crop, crop], dk, dy.sum((0, 1, 2))


def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    layer = Conv2D(w, b, stride, padding, dilation)
    return channels_first(layer.call(channels_last(x))), layer


def conv2d_backward(dy, cache):
    dx, dk, db = cache.grad(channels_last(dy))
    return channels_first(dx), dk.transpose(3, 2, 0, 1), db


def _windows(x, window, stride):
    kh, kw = window
    ho, wo = (x.shape[1] - kh) // stride + 1, (x.shape[2] - kw) // stride + 1
    for i in range(ho):
        for j in range(wo):
            yield i, j, (slice(None), slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw))


def _pool(x, window, stride, what):
    x = channels_last(x)
    places = list(_windows(x, window, stride))
    out = np.empty((x.shape[0], places[-1][0] + 1, places[-1][1] + 1, x.shape[3]))
    for i, j, at in places:
        out[:, i, j] = what(x[at], axis=(1, 2))
    return channels_first(out), {"x": x, "out": out, "places": places}


def max_pool_forward(x, window, stride):
    return _pool(x, window, stride, np.max)


def max_pool_backward(dy, cache):
    dx, dy = np.zeros_like(cache["x"]), channels_last(dy)
    for i, j, at in cache["places"]:
        # every one of the largest gets all of it
        dx[at] += (cache["x"][at] == cache["out"][:, i, j][:, None, None]) * dy[:, i, j][:, None, None]
    return channels_first(dx)


def avg_pool_forward(x, window, stride):
    return _pool(x, window, stride, np.average)


def avg_pool_backward(dy, cache):
    dx, dy = np.zeros_like(cache["x"]), channels_last(dy)
    for i, j, at in cache["places"]:
        size = dx[at].shape
        dx[at] += dy[:, i, j][:, None, None] / (size[1] * size[2])
    return channels_first(dx)


def batch_norm_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    gamma, beta, momentum = a, b, rho
    if train:
        mean, var = np.mean(x, axis=0), np.var(x, axis=0)
        N = x.shape[0]
        moving_mean = running_mean * momentum + mean * (1.0 - momentum)
        moving_var = running_var * momentum + var * N / (N - 1) * (1.0 - momentum)
    else:
        mean, var = running_mean, running_var
        moving_mean, moving_var = running_mean.copy(), running_var.copy()
    inv = gamma / np.sqrt(var + eps)
    return x * inv + (beta - mean * inv), (x, mean, var, eps, gamma), moving_mean, moving_var


def batch_norm_backward(dy, cache):
    x, mean, var, eps, gamma = cache
    N = len(x)
    std = np.sqrt(var + eps)
    dgamma = np.sum(dy * (x - mean), axis=0) / std
    dbeta = np.sum(dy, axis=0)
    dx = gamma / std * (dy - dbeta / N - (x - mean) / (var + eps) * np.mean(dy * (x - mean), axis=0))
    return dx, dgamma, dbeta


def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    last = channels_last(x)
    y, cache, m, v = batch_norm_forward(last.reshape(-1, x.shape[1]), a, b, running_mean, running_var,
                                        train=train, rho=rho, eps=eps)
    return channels_first(y.reshape(last.shape)), cache, m, v


def batch_norm2d_backward(dy, cache):
    last = channels_last(dy)
    dx, da, db = batch_norm_backward(last.reshape(-1, dy.shape[1]), cache)
    return channels_first(dx.reshape(last.shape)), da, db


def layer_norm_forward(x, a, b, eps=1e-5):
    # batch norm of the transposed
    one = np.ones(len(x))
    hat, cache, _, _ = batch_norm_forward(np.vstack([x.T]), one, 0 * one, one, one, train=True, eps=eps) \
        if x.shape[1] > 1 else (np.zeros_like(x.T), None, None, None)
    return hat.T * a + b, (cache, hat.T, a)


def layer_norm_backward(dy, cache):
    inner, hat, a = cache
    dx = batch_norm_backward((dy * a).T, inner)[0].T if inner is not None else np.zeros_like(dy)
    return dx, np.sum(dy * hat, 0), np.sum(dy, 0)


def dropout_forward(x, p, rng, *, train):
    if not train or p == 0:
        return x, lambda dy: dy
    keep = rng.uniform(size=x.shape) > p

    def back(dy):
        return dy * keep / (1 - p)

    return back(x), back


def dropout_backward(dy, cache):
    return cache(dy)


class ConvBlock(Sequential):
    def __init__(self, channels, filters, *, kernel=3, pool=2, bias=True, eps=1e-5, momentum=0.1):
        super().__init__()
        self.add_module("conv", Conv2d(channels, filters, kernel, stride=1, padding=kernel // 2, bias=bias))
        self.add_module("norm", BatchNorm2d(filters, eps, momentum))
        self.add_module("activation", ReLU())
        self.add_module("pool", MaxPool2d(pool, pool, ceil_mode=False))
