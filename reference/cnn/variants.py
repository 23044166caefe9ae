"""Other right answers of the assignment: what good students write differently, and no check may fail.

Each cell replaces functions of the solution; its title says the exercise and in which way it differs.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

# ruff: noqa: D101, D102, D103 - written the way that students write: without docstrings and annotations


# %% convolution: loops over both indices, and the field from the last layer to the first
def convolve1d(x, w):
    y = np.zeros(len(x) + len(w) - 1)
    for k in range(len(y)):
        for t in range(len(x)):
            if 0 <= k - t < len(w):
                y[k] += x[t] * w[k - t]
    return y


def toeplitz(w, n):
    T = np.zeros((n + len(w) - 1, n))
    for k in range(T.shape[0]):
        for t in range(n):
            if 0 <= k - t < len(w):
                T[k, t] = w[k - t]
    return T


def separable(kernel):
    eigenvalues, vectors = np.linalg.eigh(kernel @ kernel.T)
    column = vectors[:, np.argmax(eigenvalues)]
    return [column, kernel.T @ column]


def receptive_field(layers):
    field = 1
    for kernel, stride, dilation in reversed(layers):
        field = (field - 1) * stride + (kernel - 1) * dilation + 1
    return field


# %% convolution: numpy's own, columns from unit vectors, and the factors by power iteration
def convolve1d(x, w):
    return np.convolve(x, w)


def toeplitz(w, n):
    return np.stack([np.convolve(unit, w) for unit in np.eye(n)], axis=1)


def separable(kernel):
    row = kernel[np.argmax(np.abs(kernel).sum(axis=1))]
    for _ in range(300):
        column = kernel @ row
        column /= np.linalg.norm(column) + 1e-300
        row = kernel.T @ column
    return column, row


def receptive_field(layers):
    seen = {0}
    for kernel, stride, dilation in reversed(layers):
        seen = {place * stride + step * dilation for place in seen for step in range(kernel)}
    return max(seen) + 1


# %% convolution: Fourier transforms, a grid of indices, and the scale shared out
def convolve1d(x, w):
    length = len(x) + len(w) - 1
    return np.fft.irfft(np.fft.rfft(x, length) * np.fft.rfft(w, length), length)


def toeplitz(w, n):
    lag = np.arange(n + len(w) - 1)[:, None] - np.arange(n)
    return np.where((lag >= 0) & (lag < len(w)), w[np.clip(lag, 0, len(w) - 1)], 0.0)


def separable(kernel):
    U, S, Vt = np.linalg.svd(kernel, full_matrices=False)
    return -np.sqrt(S[0]) * U[:, 0], -np.sqrt(S[0]) * Vt[0]


# %% conv2d: loops over images, filters and pixels, with a dict for the cache
def im2col(x, kernel, stride=1, padding=0, dilation=1):
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    kh, kw = kernel
    rows = []
    for image in x:
        for i in range(0, x.shape[2] - (kh - 1) * dilation, stride):
            for j in range(0, x.shape[3] - (kw - 1) * dilation, stride):
                window = image[
                    :, i : i + (kh - 1) * dilation + 1 : dilation, j : j + (kw - 1) * dilation + 1 : dilation
                ]
                rows.append(window.ravel())
    return np.array(rows)


def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    N, C, H, W = x.shape
    F, _, kh, kw = w.shape
    span_h, span_w = (kh - 1) * dilation + 1, (kw - 1) * dilation + 1
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding : padding + H, padding : padding + W] = x
    y = np.zeros((N, F, (H + 2 * padding - span_h) // stride + 1, (W + 2 * padding - span_w) // stride + 1))
    for n in range(N):
        for f in range(F):
            for i in range(y.shape[2]):
                for j in range(y.shape[3]):
                    top, left = i * stride, j * stride
                    window = padded[n, :, top : top + span_h : dilation, left : left + span_w : dilation]
                    y[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return y, {"padded": padded, "w": w, "stride": stride, "padding": padding, "dilation": dilation}


def conv2d_backward(dy, cache):
    padded, w, stride, padding, dilation = (cache[name] for name in ("padded", "w", "stride", "padding", "dilation"))
    F, _, kh, kw = w.shape
    span_h, span_w = (kh - 1) * dilation + 1, (kw - 1) * dilation + 1
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(F)
    for n in range(dy.shape[0]):
        for f in range(F):
            db[f] += dy[n, f].sum()
            for i in range(dy.shape[2]):
                for j in range(dy.shape[3]):
                    rows = slice(i * stride, i * stride + span_h, dilation)
                    columns = slice(j * stride, j * stride + span_w, dilation)
                    dw[f] += dy[n, f, i, j] * padded[n, :, rows, columns]
                    dpadded[n, :, rows, columns] += dy[n, f, i, j] * w[f]
    if padding > 0:
        return dpadded[:, :, padding:-padding, padding:-padding], dw, db
    return dpadded, dw, db


# %% conv2d: einsum over sliding windows
def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    spans = tuple((k - 1) * dilation + 1 for k in w.shape[2:])
    windows = np.lib.stride_tricks.sliding_window_view(padded, spans, axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride, ::dilation, ::dilation]
    y = np.einsum("ncijst,fcst->nfij", windows, w) + b[None, :, None, None]
    return y, (windows, padded.shape, w, stride, padding, dilation)


def conv2d_backward(dy, cache):
    windows, shape, w, stride, padding, dilation = cache
    dw = np.einsum("nfij,ncijst->fcst", dy, windows)
    db = np.einsum("nfij->f", dy)
    dpadded = np.zeros(shape)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            share = np.einsum("nf,fcst->ncst", dy[:, :, i, j], w)
            top, left = i * stride, j * stride
            bottom = top + dilation * (w.shape[2] - 1) + 1
            right = left + dilation * (w.shape[3] - 1) + 1
            dpadded[:, :, top:bottom:dilation, left:right:dilation] += share
    H, W = shape[2] - 2 * padding, shape[3] - 2 * padding
    return dpadded[:, :, padding : H + padding, padding : W + padding], dw, db


# %% conv2d: im2col by arrays of indices, put back by np.add.at
def _indices(shape, kernel, stride, padding, dilation):
    _, C, H, W = shape
    kh, kw = kernel
    H_out = (H + 2 * padding - dilation * (kh - 1) - 1) // stride + 1
    W_out = (W + 2 * padding - dilation * (kw - 1) - 1) // stride + 1
    i0 = np.tile(np.repeat(np.arange(kh) * dilation, kw), C)
    j0 = np.tile(np.arange(kw) * dilation, kh * C)
    i1, j1 = stride * np.repeat(np.arange(H_out), W_out), stride * np.tile(np.arange(W_out), H_out)
    k = np.repeat(np.arange(C), kh * kw)
    return k[None], i1[:, None] + i0[None], j1[:, None] + j0[None], H_out, W_out


def im2col(x, kernel, stride=1, padding=0, dilation=1):
    k, i, j, H_out, W_out = _indices(x.shape, kernel, stride, padding, dilation)
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    return padded[:, k, i, j].reshape(len(x) * H_out * W_out, -1)


def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    _, _, _, H_out, W_out = _indices(x.shape, w.shape[2:], stride, padding, dilation)
    columns = im2col(x, w.shape[2:], stride, padding, dilation)
    y = w.reshape(len(w), -1) @ columns.T + b.reshape(-1, 1)
    return y.reshape(len(w), len(x), H_out, W_out).transpose(1, 0, 2, 3), (x, w, stride, padding, dilation, columns)


def conv2d_backward(dy, cache):
    x, w, stride, padding, dilation, columns = cache
    k, i, j, H_out, W_out = _indices(x.shape, w.shape[2:], stride, padding, dilation)
    flat = dy.transpose(1, 0, 2, 3).reshape(len(w), -1)
    dcolumns = (w.reshape(len(w), -1).T @ flat).T.reshape(len(x), H_out * W_out, -1)
    N, C, H, W = x.shape
    dpadded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    np.add.at(dpadded, (slice(None), k, i, j), dcolumns)
    dx = dpadded if padding == 0 else dpadded[:, :, padding:-padding, padding:-padding]
    return [dx, (flat @ columns).reshape(w.shape), flat.sum(axis=1)]


# %% conv2d: Fourier transforms, forward and backward
def _dilated(w, dilation):
    F, C, kh, kw = w.shape
    wide = np.zeros((F, C, (kh - 1) * dilation + 1, (kw - 1) * dilation + 1))
    wide[:, :, ::dilation, ::dilation] = w
    return wide


def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    wide = _dilated(w, dilation)
    size = padded.shape[2:]
    product = np.einsum("ncij,fcij->nfij", np.fft.rfft2(padded), np.fft.rfft2(wide, size).conj())
    full = np.fft.irfft2(product, size)
    every = full[:, :, : size[0] - wide.shape[2] + 1, : size[1] - wide.shape[3] + 1]
    return every[:, :, ::stride, ::stride] + b[:, None, None], (padded, w, every.shape, stride, padding, dilation)


def conv2d_backward(dy, cache):
    padded, w, shape, stride, padding, dilation = cache
    every = np.zeros(shape)
    every[:, :, ::stride, ::stride] = dy
    size = padded.shape[2:]
    frequencies = np.fft.rfft2(every, size)
    wide = _dilated(w, dilation)
    dpadded = np.fft.irfft2(np.einsum("nfij,fcij->ncij", frequencies, np.fft.rfft2(wide, size)), size)
    dwide = np.fft.irfft2(np.einsum("ncij,nfij->fcij", np.fft.rfft2(padded), frequencies.conj()), size)
    dw = dwide[:, :, : wide.shape[2] : dilation, : wide.shape[3] : dilation]
    dx = dpadded[:, :, padding : size[0] - padding, padding : size[1] - padding]
    return dx, dw, dy.sum(axis=(0, 2, 3))


# %% conv2d: a sum over the places of the kernel, and a closure for the cache
def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    kh, kw = w.shape[2:]
    H_out = 1 + (padded.shape[2] - 1 - (kh - 1) * dilation) // stride
    W_out = 1 + (padded.shape[3] - 1 - (kw - 1) * dilation) // stride

    def seen(images, s, t):
        rows = s * dilation + stride * np.arange(H_out)
        columns = t * dilation + stride * np.arange(W_out)
        return images[:, :, rows[:, None], columns], (slice(None), slice(None), rows[:, None], columns)

    y = np.zeros((len(x), len(w), H_out, W_out)) + b.reshape(1, -1, 1, 1)
    for s in range(kh):
        for t in range(kw):
            y += np.tensordot(seen(padded, s, t)[0], w[:, :, s, t], axes=(1, 1)).transpose(0, 3, 1, 2)

    def backward(dy):
        dpadded, dw = np.zeros_like(padded), np.empty_like(w)
        for s in range(kh):
            for t in range(kw):
                window, place = seen(padded, s, t)
                dw[:, :, s, t] = np.tensordot(dy, window, axes=((0, 2, 3), (0, 2, 3)))
                dpadded[place] += np.tensordot(dy, w[:, :, s, t], axes=(1, 0)).transpose(0, 3, 1, 2)
        crop = slice(padding, -padding or None)
        return dpadded[:, :, crop, crop], dw, dy.sum((0, 2, 3))

    return y, backward


def conv2d_backward(dy, cache):
    return cache(dy)


# %% pooling: loops over images, channels and windows, the gradient to all that are largest
def max_pool_forward(x, window, stride):
    kh, kw = window
    N, C, H, W = x.shape
    y = np.zeros((N, C, (H - kh) // stride + 1, (W - kw) // stride + 1))
    for n in range(N):
        for c in range(C):
            for i in range(y.shape[2]):
                for j in range(y.shape[3]):
                    y[n, c, i, j] = x[n, c, i * stride : i * stride + kh, j * stride : j * stride + kw].max()
    return y, (x, window, stride)


def max_pool_backward(dy, cache):
    x, (kh, kw), stride = cache
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        seen = x[n, c, i * stride : i * stride + kh, j * stride : j * stride + kw]
        dx[n, c, i * stride : i * stride + kh, j * stride : j * stride + kw] += (seen == seen.max()) * dy[n, c, i, j]
    return dx


def avg_pool_forward(x, window, stride):
    kh, kw = window
    N, C, H, W = x.shape
    y = np.zeros((N, C, (H - kh) // stride + 1, (W - kw) // stride + 1))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = np.mean(x[n, c, i * stride : i * stride + kh, j * stride : j * stride + kw])
    return y, (x.shape, window, stride)


def avg_pool_backward(dy, cache):
    shape, (kh, kw), stride = cache
    dx = np.zeros(shape)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c, i * stride : i * stride + kh, j * stride : j * stride + kw] += dy[n, c, i, j] / kh / kw
    return dx


# %% pooling: the winner by its indices and np.add.at, the average by a table of sums
def max_pool_forward(x, window, stride):
    kh, kw = window
    N, C, H, W = x.shape
    H_out, W_out = 1 + (H - kh) // stride, 1 + (W - kw) // stride
    best = np.full((N, C, H_out, W_out), -np.inf)
    rows, columns = np.zeros(best.shape, dtype=int), np.zeros(best.shape, dtype=int)
    i, j = np.ogrid[:H_out, :W_out]
    for s in range(kh):
        for t in range(kw):
            seen = x[:, :, i * stride + s, j * stride + t]
            better = seen > best
            best = np.where(better, seen, best)
            rows = np.where(better, i * stride + s, rows)
            columns = np.where(better, j * stride + t, columns)
    return best, {"rows": rows, "columns": columns, "shape": x.shape}


def max_pool_backward(dy, cache):
    N, C = dy.shape[:2]
    dx = np.zeros(cache["shape"])
    place = np.arange(N)[:, None, None, None], np.arange(C)[None, :, None, None], cache["rows"], cache["columns"]
    np.add.at(dx, place, dy)
    return dx


def avg_pool_forward(x, window, stride):
    kh, kw = window
    table = np.pad(x, ((0, 0), (0, 0), (1, 0), (1, 0))).cumsum(axis=2).cumsum(axis=3)
    sums = table[:, :, kh:, kw:] - table[:, :, :-kh, kw:] - table[:, :, kh:, :-kw] + table[:, :, :-kh, :-kw]
    return sums[:, :, ::stride, ::stride] / (kh * kw), lambda dy: _spread(dy, x.shape, window, stride)


def _spread(dy, shape, window, stride):
    dx = np.zeros(shape)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            top, left = i * stride, j * stride
            dx[:, :, top : top + window[0], left : left + window[1]] += dy[:, :, i : i + 1, j : j + 1]
    return dx / (window[0] * window[1])


def avg_pool_backward(dy, cache):
    return cache(dy)


# %% pooling: ties shared out, and the average as a product with a matrix
def max_pool_backward(dy, cache):
    won, shape, stride = cache
    dx = np.zeros(shape)
    kh, kw = won.shape[4:]
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            mask = won[:, :, i, j] / won[:, :, i, j].sum(axis=(2, 3), keepdims=True)
            dx[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += (
                mask * dy[:, :, i, j][..., None, None]
            )
    return dx


def _averaging(length, k, stride):
    A = np.zeros(((length - k) // stride + 1, length))
    for i in range(len(A)):
        A[i, i * stride : i * stride + k] = 1 / k
    return A


def avg_pool_forward(x, window, stride):
    A, B = _averaging(x.shape[2], window[0], stride), _averaging(x.shape[3], window[1], stride)
    return A @ x @ B.T, (A, B)


def avg_pool_backward(dy, cache):
    A, B = cache
    return A.T @ dy @ B


# %% batchnorm: step by step through the graph, images with kept axes, layer norm by transposing
def batch_norm_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    if not train:
        return (x - running_mean) / np.sqrt(running_var + eps) * a + b, None, running_mean, running_var
    N = x.shape[0]
    mu = np.sum(x, axis=0) / N
    centred = x - mu
    var = np.sum(centred**2, axis=0) / N
    root = np.sqrt(var + eps)
    inverse = 1.0 / root
    normal = centred * inverse
    running_mean = rho * running_mean + (1 - rho) * mu
    running_var = rho * running_var + (1 - rho) * np.sum(centred**2, axis=0) / (N - 1)
    return a * normal + b, (normal, a, centred, inverse, root, var, eps), running_mean, running_var


def batch_norm_backward(dy, cache):
    normal, a, centred, inverse, root, var, eps = cache
    N = dy.shape[0]
    db = dy.sum(axis=0)
    da = np.sum(normal * dy, axis=0)
    dnormal = dy * a
    dinverse = np.sum(dnormal * centred, axis=0)
    dcentred = dnormal * inverse
    droot = -dinverse / root**2
    dvar = 0.5 * droot / np.sqrt(var + eps)
    dcentred += 2 * centred * np.ones_like(dy) / N * dvar
    dmu = -dcentred.sum(axis=0)
    return dcentred + dmu / N, da, db


def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    wide = (1, -1, 1, 1)
    if not train:
        normal = (x - running_mean.reshape(wide)) / np.sqrt(running_var.reshape(wide) + eps)
        return a.reshape(wide) * normal + b.reshape(wide), None, running_mean, running_var
    mu, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    normal = (x - mu) / np.sqrt(var + eps)
    running_mean = running_mean + (1 - rho) * (mu.ravel() - running_mean)
    running_var = running_var + (1 - rho) * (x.var(axis=(0, 2, 3), ddof=1) - running_var)
    return a.reshape(wide) * normal + b.reshape(wide), (normal, var, a, eps), running_mean, running_var


def batch_norm2d_backward(dy, cache):
    normal, var, a, eps = cache
    dnormal = dy * a[None, :, None, None]
    axes = (0, 2, 3)
    dx = dnormal - dnormal.mean(axis=axes, keepdims=True)
    dx = dx - normal * (dnormal * normal).mean(axis=axes, keepdims=True)
    return dx / np.sqrt(var + eps), np.einsum("nchw,nchw->c", dy, normal), np.einsum("nchw->c", dy)


def layer_norm_forward(x, a, b, eps=1e-5):
    columns = x.T
    normal = (columns - columns.mean(axis=0)) / np.sqrt(columns.var(axis=0) + eps)
    return (normal.T * a) + b, {"normal": normal, "inverse": 1 / np.sqrt(columns.var(axis=0) + eps), "a": a}


def layer_norm_backward(dy, cache):
    normal, inverse = cache["normal"], cache["inverse"]
    dnormal = (dy * cache["a"]).T
    p = len(normal)
    dx = inverse / p * (p * dnormal - dnormal.sum(axis=0) - normal * (dnormal * normal).sum(axis=0))
    return dx.T, (dy * normal.T).sum(axis=0), dy.sum(axis=0)


def dropout_forward(x, p, rng, *, train):
    if not train:
        return x, None
    keep = rng.uniform(size=x.shape) < 1 - p
    return np.where(keep, x / (1 - p), 0.0), (keep, p)


def dropout_backward(dy, cache):
    if cache is None:
        return dy
    keep, p = cache
    dy[~keep] = 0
    return dy / (1 - p)


# %% batchnorm: protective constants, the running arrays changed in place, binomial masks
def batch_norm_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    if train:
        mu, var = np.mean(x, 0), np.var(x, 0)
        running_mean *= rho
        running_mean += (1 - rho) * mu
        running_var *= rho
        running_var += (1 - rho) * np.var(x, 0, ddof=1)
    else:
        mu, var = running_mean, running_var
    sigma = np.sqrt(np.maximum(var, 0) + eps) + 1e-12
    x_hat = (x - mu) / sigma
    return x_hat * a + b, (x - mu, sigma, a, b, x_hat), running_mean, running_var


def batch_norm_backward(dy, cache):
    centred, sigma, a, _, x_hat = cache
    N = len(dy)
    dx_hat = dy * a
    dvar = np.sum(dx_hat * centred * -0.5 * sigma**-3, axis=0)
    dmu = np.sum(-dx_hat / sigma, axis=0) + dvar * np.mean(-2 * centred, axis=0)
    dx = dx_hat / sigma + dvar * 2 * centred / N + dmu / N
    return [dx, np.sum(dy * x_hat, axis=0), np.sum(dy, axis=0)]


def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    C = x.shape[1]
    y = np.zeros_like(x)
    caches, means, variances = [], np.zeros(C), np.zeros(C)
    for c in range(C):
        here = slice(c, c + 1)
        flat = x[:, c].reshape(-1, 1)
        found, cache, mean, variance = batch_norm_forward(
            flat, a[here], b[here], running_mean[here], running_var[here], train=train, rho=rho, eps=eps
        )
        y[:, c] = found.reshape(x[:, c].shape)
        caches.append(cache)
        means[c], variances[c] = mean[0], variance[0]
    return y, caches, means, variances


def batch_norm2d_backward(dy, cache):
    dx, da, db = np.empty_like(dy), [], []
    for c, one in enumerate(cache):
        flat, a, b = batch_norm_backward(dy[:, c].reshape(-1, 1), one)
        dx[:, c] = flat.reshape(dy[:, c].shape)
        da.append(a[0])
        db.append(b[0])
    return dx, np.array(da), np.array(db)


def layer_norm_forward(x, a, b, eps=1e-5):
    y = np.zeros_like(x)
    cache = []
    for n, sample in enumerate(x):
        centred = sample - sample.mean()
        sigma = (np.mean(centred**2) + eps) ** 0.5
        y[n] = a * centred / sigma + b
        cache.append((centred / sigma, sigma, a))
    return y, cache


def layer_norm_backward(dy, cache):
    dx, da, db = np.zeros_like(dy), np.zeros(dy.shape[1]), np.zeros(dy.shape[1])
    for n, (x_hat, sigma, a) in enumerate(cache):
        p = len(x_hat)
        J = (np.eye(p) - 1 / p - np.outer(x_hat, x_hat) / p) / sigma
        dx[n] = J @ (dy[n] * a)
        da += dy[n] * x_hat
        db += dy[n]
    return dx, da, db


def dropout_forward(x, p, rng, *, train):
    scale = rng.binomial(1, 1 - p, size=x.shape) / (1 - p) if train else 1.0
    return x * scale, scale


def dropout_backward(dy, cache):
    return cache * dy


# %% batchnorm: dropout entry by entry
def dropout_forward(x, p, rng, *, train):
    if not train:
        return np.copy(x), np.ones_like(x)
    mask = np.zeros(x.size)
    for k in range(x.size):
        if rng.random() > p:
            mask[k] = 1 / (1 - p)
    mask = mask.reshape(x.shape)
    return mask * x, mask


# %% conv_block: functions of torch, pooling before ReLU, which commute
class ConvBlock(nn.Module):
    def __init__(self, channels, filters, *, kernel=3, pool=2, bias=True, eps=1e-5, momentum=0.1):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, (kernel, kernel), padding="same", bias=bias)
        self.norm = nn.BatchNorm2d(filters, eps, momentum)
        self.k = pool

    def forward(self, x):
        x = self.conv(x)
        x = self.norm(x)
        x = functional.max_pool2d(x, kernel_size=self.k, stride=self.k)
        return functional.relu(x, inplace=True)


# %% conv_block: batch norm by hand, with registered buffers
class _Norm(nn.Module):
    def __init__(self, filters, eps, momentum):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(filters))
        self.bias = nn.Parameter(torch.zeros(filters))
        self.register_buffer("running_mean", torch.zeros(filters))
        self.register_buffer("running_var", torch.ones(filters))
        self.register_buffer("num_batches_tracked", torch.tensor(0))
        self.eps, self.momentum = eps, momentum

    def forward(self, h):
        if self.training:
            mean, var = h.mean(dim=(0, 2, 3)), h.var(dim=(0, 2, 3), correction=0)
            with torch.no_grad():
                count = h.numel() / h.shape[1]
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * count / (count - 1), self.momentum)
                self.num_batches_tracked += 1
        else:
            mean, var = self.running_mean, self.running_var
        wide = (1, -1, 1, 1)
        h = (h - mean.view(wide)) * torch.rsqrt(var.view(wide) + self.eps)
        return h * self.weight.view(wide) + self.bias.view(wide)


class ConvBlock(nn.Module):
    def __init__(self, channels, filters, *, kernel=3, pool=2, bias=True, eps=1e-5, momentum=0.1):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, kernel, padding=kernel // 2, bias=bias)
        self.norm = _Norm(filters, eps, momentum)
        self.pool = pool

    def forward(self, x):
        h = self.norm(self.conv(x)).clamp(min=0)
        N, F, H, W = h.shape
        k = self.pool
        h = h[:, :, : H - H % k, : W - W % k].reshape(N, F, H // k, k, W // k, k)
        return h.amax(dim=(3, 5))


# %% conv_block: the convolution by unfolding, in a module of its own
class _Conv(nn.Module):
    def __init__(self, channels, filters, kernel, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(filters, channels, kernel, kernel) / (channels * kernel**2) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(filters)) if bias else None

    def forward(self, x):
        kernel = self.weight.shape[-1]
        columns = functional.unfold(x, kernel, padding=kernel // 2)
        h = self.weight.flatten(1) @ columns
        if self.bias is not None:
            h = h + self.bias[:, None]
        return h.unflatten(2, x.shape[2:])


class ConvBlock(nn.Module):
    def __init__(self, channels, filters, *, kernel=3, pool=2, bias=True, eps=1e-5, momentum=0.1):
        nn.Module.__init__(self)
        self.conv = _Conv(channels, filters, kernel, bias)
        self.norm = nn.BatchNorm2d(num_features=filters, eps=eps, momentum=momentum)
        self.layers = [self.conv, self.norm, nn.ReLU(), nn.MaxPool2d(pool)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
