"""Plain loops everywhere, scalar by scalar."""
import math

import numpy as np
import torch
from torch import nn


def convolve1d(x, w):
    n, m = len(x), len(w)
    y = [0.0] * (n + m - 1)
    for t in range(n):
        for s in range(m):
            y[t + s] += x[t] * w[s]
    return np.array(y)


def toeplitz(w, n):
    m = len(w)
    T = np.zeros((n + m - 1, n))
    for k in range(n + m - 1):
        for t in range(n):
            if 0 <= k - t < m:
                T[k, t] = w[k - t]
    return T


def separable(kernel):
    U, s, Vt = np.linalg.svd(kernel)
    return U[:, 0] * s[0], Vt[0]


def receptive_field(layers):
    lo, hi = 0, 0
    for k, s, d in reversed(list(layers)):
        lo, hi = lo * s, hi * s + (k - 1) * d
    return hi - lo + 1


def _pad(x, p):
    N, C, H, W = x.shape
    out = np.zeros((N, C, H + 2 * p, W + 2 * p))
    for i in range(H):
        for j in range(W):
            out[:, :, i + p, j + p] = x[:, :, i, j]
    return out


def _size(h, k, s, p, d):
    return (h + 2 * p - (k - 1) * d - 1) // s + 1


def im2col(x, kernel, stride=1, padding=0, dilation=1):
    N, C, H, W = x.shape
    kh, kw = kernel
    xp = _pad(x, padding)
    rows = []
    for n in range(N):
        for i in range(_size(H, kh, stride, padding, dilation)):
            for j in range(_size(W, kw, stride, padding, dilation)):
                row = []
                for c in range(C):
                    for s in range(kh):
                        for t in range(kw):
                            row.append(xp[n, c, i * stride + s * dilation, j * stride + t * dilation])
                rows.append(row)
    return np.array(rows)


def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    N, C, H, W = x.shape
    F, _, kh, kw = w.shape
    Ho, Wo = _size(H, kh, stride, padding, dilation), _size(W, kw, stride, padding, dilation)
    xp = _pad(x, padding)
    y = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    acc = b[f]
                    for c in range(C):
                        for s in range(kh):
                            for t in range(kw):
                                acc = acc + w[f, c, s, t] * xp[n, c, i * stride + s * dilation, j * stride + t * dilation]
                    y[n, f, i, j] = acc
    return y, (x.shape, xp, w, stride, padding, dilation)


def conv2d_backward(dy, cache):
    (N, C, H, W), xp, w, stride, padding, dilation = cache
    F, _, kh, kw = w.shape
    _, _, Ho, Wo = dy.shape
    dxp, dw, db = np.zeros(xp.shape), np.zeros(w.shape), np.zeros(F)
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    g = dy[n, f, i, j]
                    db[f] += g
                    for c in range(C):
                        for s in range(kh):
                            for t in range(kw):
                                a, e = i * stride + s * dilation, j * stride + t * dilation
                                dw[f, c, s, t] += g * xp[n, c, a, e]
                                dxp[n, c, a, e] += g * w[f, c, s, t]
    return dxp[:, :, padding:padding + H, padding:padding + W], dw, db


def max_pool_forward(x, window, stride):
    N, C, H, W = x.shape
    kh, kw = window
    y = np.zeros((N, C, (H - kh) // stride + 1, (W - kw) // stride + 1))
    best = {}
    for n, c, i, j in np.ndindex(*y.shape):
        m, at = -math.inf, None
        for s in range(kh):
            for t in range(kw):
                v = x[n, c, i * stride + s, j * stride + t]
                if v > m:
                    m, at = v, (n, c, i * stride + s, j * stride + t)
        y[n, c, i, j] = m
        best[n, c, i, j] = at
    return y, (x.shape, best)


def max_pool_backward(dy, cache):
    shape, best = cache
    dx = np.zeros(shape)
    for out, at in best.items():
        dx[at] += dy[out]
    return dx


def avg_pool_forward(x, window, stride):
    N, C, H, W = x.shape
    kh, kw = window
    y = np.zeros((N, C, (H - kh) // stride + 1, (W - kw) // stride + 1))
    for n, c, i, j in np.ndindex(*y.shape):
        total = 0.0
        for s in range(kh):
            for t in range(kw):
                total += x[n, c, i * stride + s, j * stride + t]
        y[n, c, i, j] = total / (kh * kw)
    return y, (x.shape, window, stride)


def avg_pool_backward(dy, cache):
    shape, (kh, kw), stride = cache
    dx = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dy.shape):
        for s in range(kh):
            for t in range(kw):
                dx[n, c, i * stride + s, j * stride + t] += dy[n, c, i, j] / kh / kw
    return dx


def batch_norm_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    N, p = x.shape
    y, xhat, istd = np.zeros((N, p)), np.zeros((N, p)), np.zeros(p)
    new_mean, new_var = np.zeros(p), np.zeros(p)
    for j in range(p):
        if train:
            mean = math.fsum(x[:, j]) / N
            squares = math.fsum((v - mean) ** 2 for v in x[:, j])
            var = squares / N
            new_mean[j] = rho * running_mean[j] + (1 - rho) * mean
            new_var[j] = rho * running_var[j] + (1 - rho) * squares / (N - 1)
        else:
            mean, var = running_mean[j], running_var[j]
            new_mean[j], new_var[j] = mean, var
        istd[j] = 1 / math.sqrt(var + eps)
        for i in range(N):
            xhat[i, j] = (x[i, j] - mean) * istd[j]
            y[i, j] = a[j] * xhat[i, j] + b[j]
    return y, (xhat, istd, a), new_mean, new_var


def batch_norm_backward(dy, cache):
    xhat, istd, a = cache
    N, p = dy.shape
    dx, da, db = np.zeros((N, p)), np.zeros(p), np.zeros(p)
    for j in range(p):
        for i in range(N):
            da[j] += dy[i, j] * xhat[i, j]
            db[j] += dy[i, j]
        for i in range(N):
            dx[i, j] = a[j] * istd[j] / N * (N * dy[i, j] - db[j] - xhat[i, j] * da[j])
    return dx, da, db


def _rows(x):
    N, C, H, W = x.shape
    out = np.zeros((N * H * W, C))
    r = 0
    for n in range(N):
        for i in range(H):
            for j in range(W):
                out[r] = x[n, :, i, j]
                r += 1
    return out


def _images(rows, shape):
    N, C, H, W = shape
    out = np.zeros(shape)
    r = 0
    for n in range(N):
        for i in range(H):
            for j in range(W):
                out[n, :, i, j] = rows[r]
                r += 1
    return out


def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    y, cache, m, v = batch_norm_forward(_rows(x), a, b, running_mean, running_var, train=train, rho=rho, eps=eps)
    return _images(y, x.shape), cache, m, v


def batch_norm2d_backward(dy, cache):
    dx, da, db = batch_norm_backward(_rows(dy), cache)
    return _images(dx, dy.shape), da, db


def layer_norm_forward(x, a, b, eps=1e-5):
    N, p = x.shape
    y, cache = np.zeros((N, p)), []
    for i in range(N):
        mean = sum(x[i]) / p
        var = sum((v - mean) ** 2 for v in x[i]) / p
        istd = 1 / math.sqrt(var + eps)
        hat = [(v - mean) * istd for v in x[i]]
        for j in range(p):
            y[i, j] = a[j] * hat[j] + b[j]
        cache.append((hat, istd, a))
    return y, cache


def layer_norm_backward(dy, cache):
    N, p = dy.shape
    dx, da, db = np.zeros((N, p)), np.zeros(p), np.zeros(p)
    for i in range(N):
        hat, istd, a = cache[i]
        g = [a[j] * dy[i, j] for j in range(p)]
        gm = sum(g) / p
        ghm = sum(g[j] * hat[j] for j in range(p)) / p
        for j in range(p):
            dx[i, j] = istd * (g[j] - gm - hat[j] * ghm)
            da[j] += dy[i, j] * hat[j]
            db[j] += dy[i, j]
    return dx, da, db


def dropout_forward(x, p, rng, *, train):
    if not train:
        return x, None
    mask = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        if rng.random() >= p:
            mask[index] = 1 / (1 - p)
    return x * mask, mask


def dropout_backward(dy, cache):
    if cache is None:
        return dy
    dy *= cache
    return dy


class ConvBlock(nn.Module):
    def __init__(self, channels, filters, *, kernel=3, pool=2, bias=True, eps=1e-5, momentum=0.1):
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError("even kernel")
        self.conv = nn.Conv2d(channels, filters, kernel, padding=kernel // 2, bias=bias)
        self.norm = nn.BatchNorm2d(filters, eps=eps, momentum=momentum)
        self.pool = pool

    def forward(self, x):
        h = torch.relu(self.norm(self.conv(x)))
        N, F, H, W = h.shape
        rows = []
        for i in range(H // self.pool):
            row = []
            for j in range(W // self.pool):
                block = h[:, :, i * self.pool:(i + 1) * self.pool, j * self.pool:(j + 1) * self.pool]
                row.append(block.amax(dim=(2, 3)))
            rows.append(torch.stack(row, dim=-1))
        return torch.stack(rows, dim=2)
