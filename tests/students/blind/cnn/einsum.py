"""Stride tricks, einsum, Fourier; results are views, transposed, Fortran-ordered."""
from functools import reduce

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from torch import nn


def convolve1d(x, w):
    if x.ndim != 1 or w.ndim != 1 or not x.size or not w.size:
        raise ValueError("vectors please")
    n = x.size + w.size - 1
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(w, n), n)


def toeplitz(w, n):
    m = len(w)
    padded = np.concatenate([np.zeros(n - 1), w[::-1], np.zeros(n - 1)])
    step = padded.strides[0]
    # row k reads w_k, w_(k-1), ...: in the reversed kernel that begins at n - 1 + m - 1 - k
    return as_strided(padded[n + m - 2:], (n + m - 1, n), (-step, step))


def separable(kernel):
    values, vectors = np.linalg.eigh(kernel.T @ kernel)
    row = vectors[:, -1]
    return kernel @ row, row


def receptive_field(layers):
    return np.int64(reduce(lambda r, l: (r - 1) * l[1] + (l[0] - 1) * l[2] + 1, layers[::-1], 1))


def _view(x, kh, kw, stride, dilation):
    """(N, C, Ho, Wo, kh, kw)."""
    v = sliding_window_view(x, ((kh - 1) * dilation + 1, (kw - 1) * dilation + 1), axis=(2, 3))
    return v[:, :, ::stride, ::stride, ::dilation, ::dilation]


def _pad(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def im2col(x, kernel, stride=1, padding=0, dilation=1):
    v = _view(_pad(x, padding), *kernel, stride, dilation)
    n, c, i, j, s, t = v.shape
    return np.asfortranarray(v.transpose(0, 2, 3, 1, 4, 5).reshape(n * i * j, c * s * t))


def conv2d_forward(x, w, b, stride=1, padding=0, dilation=1):
    v = _view(_pad(x, padding), *w.shape[2:], stride, dilation)
    y = np.einsum("ncijst,fcst->fnij", v, w, optimize=True) + b[:, None, None, None]
    cache = dict(v=v, w=w, shape=x.shape, stride=stride, padding=padding, dilation=dilation)
    return y.swapaxes(0, 1), cache


def conv2d_backward(dy, cache):
    v, w, p = cache.pop("v"), cache["w"], cache["padding"]
    N, C, H, W = cache["shape"]
    q, d = cache["stride"], cache["dilation"]
    dw = np.einsum("nfij,ncijst->fcst", dy, v)
    db = np.einsum("nfij->f", dy)
    dxp = np.zeros((H + 2 * p, W + 2 * p, N, C))
    Ho, Wo = dy.shape[2:]
    for s, t in np.ndindex(*w.shape[2:]):
        dxp[s * d:s * d + q * Ho:q, t * d:t * d + q * Wo:q] += np.einsum("nfij,fc->ijnc", dy, w[:, :, s, t])
    return dxp[p:p + H, p:p + W].transpose(2, 3, 0, 1), dw, db


def max_pool_forward(x, window, stride):
    v = _view(x, *window, stride, 1)
    y = v.max(axis=(-2, -1))
    mask = v == y[..., None, None]
    mask = mask / mask.sum(axis=(-2, -1), keepdims=True)  # ties share
    return y, (mask, x.shape, stride)


def _spread(parts, shape, stride):
    dx = np.zeros(shape)
    Ho, Wo, kh, kw = parts.shape[2:]
    for s in range(kh):
        for t in range(kw):
            dx[:, :, s:s + stride * Ho:stride, t:t + stride * Wo:stride] += parts[..., s, t]
    return dx


def max_pool_backward(dy, cache):
    mask, shape, stride = cache
    return _spread(mask * dy[..., None, None], shape, stride)


def avg_pool_forward(x, window, stride):
    kh, kw = window
    # summed area table
    S = np.zeros((*x.shape[:2], x.shape[2] + 1, x.shape[3] + 1))
    S[:, :, 1:, 1:] = x.cumsum(2).cumsum(3)
    box = S[:, :, kh:, kw:] - S[:, :, :-kh, kw:] - S[:, :, kh:, :-kw] + S[:, :, :-kh, :-kw]
    return box[:, :, ::stride, ::stride] / (kh * kw), (x.shape, window, stride)


def avg_pool_backward(dy, cache):
    shape, (kh, kw), stride = cache
    Ho, Wo = dy.shape[2:]
    rows = np.zeros((shape[2], Ho))
    cols = np.zeros((shape[3], Wo))
    for i in range(Ho):
        rows[i * stride:i * stride + kh, i] = 1 / kh
    for j in range(Wo):
        cols[j * stride:j * stride + kw, j] = 1 / kw
    return np.einsum("hi,ncij,wj->nchw", rows, dy, cols, optimize=True)


def batch_norm_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    if not train:
        y = (x - running_mean) * (a / np.sqrt(running_var + eps)) + b
        return y, None, running_mean, running_var
    n = len(x)
    centre = np.eye(n) - 1 / n
    xc = centre @ x
    ss = np.einsum("np,np->p", xc, xc)
    inv = (ss / n + eps) ** -0.5
    y = np.einsum("np,p,p->np", xc, inv, a) + b

    def back(dy):
        xhat = xc * inv
        da = np.einsum("np,np->p", dy, xhat)
        g = dy * a
        g -= xhat * np.einsum("np,np->p", g, xhat) / n
        return centre @ g * inv, da, np.einsum("np->p", dy)

    return y, back, running_mean + (1 - rho) * (x.mean(0) - running_mean), running_var + (1 - rho) * (ss / (n - 1) - running_var)


def batch_norm_backward(dy, cache):
    return cache(dy)


def batch_norm2d_forward(x, a, b, running_mean, running_var, *, train, rho=0.9, eps=1e-5):
    n, c, h, w = x.shape
    flat = x.transpose(1, 0, 2, 3).reshape(c, -1).T
    if train:
        mean, var, m = flat.mean(0), flat.var(0), flat.shape[0]
        new = rho * running_mean + (1 - rho) * mean, rho * running_var + (1 - rho) * flat.var(0, ddof=1)
    else:
        mean, var, new = running_mean, running_var, (running_mean, running_var)
    inv = 1 / np.sqrt(var + eps)
    xhat = (flat - mean) * inv
    y = (a * xhat + b).T.reshape(c, n, h, w).transpose(1, 0, 2, 3)
    return y, (xhat, inv, a), *new


def batch_norm2d_backward(dy, cache):
    xhat, inv, a = cache
    n, c, h, w = dy.shape
    d = dy.transpose(1, 0, 2, 3).reshape(c, -1).T
    da, db = (d * xhat).sum(0), d.sum(0)
    dx = a * inv * (d - db / len(d) - xhat * da / len(d))
    return dx.T.reshape(c, n, h, w).swapaxes(0, 1), da, db


def layer_norm_forward(x, a, b, eps=1e-5):
    xc = x - np.einsum("np->n", x)[:, None] / x.shape[1]
    inv = (np.einsum("np,np->n", xc, xc) / x.shape[1] + eps) ** -0.5
    xhat = np.einsum("np,n->np", xc, inv)
    return np.einsum("np,p->np", xhat, a) + b, (xhat, inv, a)


def layer_norm_backward(dy, cache):
    xhat, inv, a = cache
    p = dy.shape[1]
    # the Jacobian of each sample, written out
    J = inv[:, None, None] * (np.eye(p) - 1 / p - np.einsum("ni,nj->nij", xhat, xhat) / p)
    return np.einsum("nij,nj,j->ni", J, dy, a), np.einsum("np,np->p", dy, xhat), np.einsum("np->p", dy)


def dropout_forward(x, p, rng, *, train):
    keep = rng.binomial(1, 1 - p, size=x.shape) if train else None
    return (np.where(keep, x / (1 - p), 0.0), (keep, p)) if train else (x.view(), (1, 0))


def dropout_backward(dy, cache):
    keep, p = cache
    return np.multiply(dy, keep) / (1 - p)


class _Conv(nn.Module):
    def __init__(self, channels, filters, k, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(filters, channels, k, k) / k)
        if bias:
            self.bias = nn.Parameter(torch.zeros(filters))
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        k = self.weight.shape[-1]
        windows = F.pad(x, [k // 2] * 4).unfold(2, k, 1).unfold(3, k, 1)
        y = torch.einsum("nchwst,fcst->nfhw", windows, self.weight)
        return y if self.bias is None else y + self.bias[:, None, None]


class _Norm(nn.Module):
    def __init__(self, p, eps, momentum):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = nn.Parameter(torch.ones(p)), nn.Parameter(torch.zeros(p))
        self.register_buffer("running_mean", torch.zeros(p))
        self.register_buffer("running_var", torch.ones(p))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=(0, 2, 3))
            var = ((x - mean[:, None, None]) ** 2).mean(dim=(0, 2, 3))
            m = x.numel() / x.shape[1]
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * m / (m - 1), self.momentum)
                self.num_batches_tracked += 1
        else:
            mean, var = self.running_mean, self.running_var
        scale = self.weight * torch.rsqrt(var + self.eps)
        return (x - mean[:, None, None]) * scale[:, None, None] + self.bias[:, None, None]


class ConvBlock(nn.Module):
    def __init__(self, channels, filters, *, kernel=3, pool=2, bias=True, eps=1e-5, momentum=0.1):
        super().__init__()
        self.conv, self.norm, self.k = _Conv(channels, filters, kernel, bias), _Norm(filters, eps, momentum), pool

    def forward(self, x):
        h = self.norm(self.conv(x)).clamp(min=0)
        n, f, i, j = h.shape
        k = self.k
        h = h[:, :, :i - i % k, :j - j % k]
        return h.reshape(n, f, i // k, k, j // k, k).amax(dim=(3, 5))
