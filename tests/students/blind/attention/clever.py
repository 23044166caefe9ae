"""Log space, Jacobians, projections, complex rotations, stride tricks, views."""
import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from torch import nn


def nadaraya_watson(x, xs, ys, kernel, bandwidth):
    r = np.linalg.norm((x[:, None] - xs) / bandwidth, axis=-1)
    logk = {
        "gaussian": lambda: -(r**2) / 2,
        "laplace": lambda: -r,
        "box": lambda: np.where(r <= 1, 0.0, -1e4),  # none inside: all alike, hence the mean of all
    }[kernel]()
    return np.exp(logk - np.logaddexp.reduce(logk, axis=1, keepdims=True)) @ ys


def _logsoftmax(z):
    return z - np.logaddexp.reduce(z, axis=-1, keepdims=True)


def attention_forward(q, k, v, mask=None):
    N, T, p = q.shape
    S = k.shape[1]
    seen = np.broadcast_to(True if mask is None else mask, (N, T, S))
    with np.errstate(all="ignore"):
        a = np.where(seen, q @ k.swapaxes(1, 2) / np.sqrt(p), -np.inf)
        w = np.nan_to_num(np.exp(_logsoftmax(a)), nan=0.0)
    out = (v.swapaxes(1, 2) @ w.swapaxes(1, 2)).swapaxes(1, 2)  # a view, not contiguous
    return out, lambda dout: _pull(dout, q, k, v, w)


def _pull(dout, q, k, v, w):
    jacobian = w[..., None] * np.eye(w.shape[-1]) - w[..., :, None] * w[..., None, :]  # (N, T, S, S)
    da = (jacobian @ (dout @ v.swapaxes(1, 2))[..., None])[..., 0] / np.sqrt(q.shape[-1])
    return da @ k, (q.swapaxes(1, 2) @ da).swapaxes(1, 2), w.swapaxes(1, 2) @ dout


def attention_backward(dout, cache):
    return cache(dout)


def causal_mask(T):
    # a row of T ones and T - 1 zeros, and every row starts one further left: a view
    row = np.concatenate([np.ones(T, bool), np.zeros(T - 1, bool)])
    return sliding_window_view(row, T)[::-1]


def additive_attention(q, k, v, W_q, W_k, u, mask=None):
    a = np.tanh((q @ W_q)[:, :, None] + (k @ W_k)[:, None]) @ u
    if mask is None:
        return np.exp(_logsoftmax(a)) @ v
    big = np.where(mask, a, np.finfo(float).min)
    w = np.exp(big - big.max(-1, keepdims=True)) * mask
    total = w.sum(-1, keepdims=True)
    return (w @ v) / np.where(total == 0, 1, total)


def positional_encoding(T, d):
    step = np.exp(1j * np.geomspace(1, 1e-4, d // 2 + 1)[:-1])  # one position further is a rotation
    turns = np.cumprod(np.concatenate([np.ones((1, d // 2), complex), np.tile(step, (T - 1, 1))]), axis=0)
    return (1j * turns.conj()).view(np.float64)  # i (cos - i sin) = sin + i cos


def layer_norm_forward(x, gain, bias, eps=1e-5):
    d = x.shape[-1]
    centre = np.eye(d) - 1 / d
    c = x @ centre
    r = np.sqrt(np.linalg.norm(c, axis=-1, keepdims=True) ** 2 / d + eps)
    return c / r * gain + bias, (c, r, gain, centre)


def layer_norm_backward(dy, cache):
    c, r, gain, centre = cache
    d = len(gain)
    g = dy * gain
    dc = g / r - c * np.sum(g * c, -1, keepdims=True) / (d * r**3)
    both = np.stack([dy * c / r, dy]).reshape(2, -1, d).sum(1)
    return dc @ centre, both[0], both[1]


def gpt_loss(logits, tokens):
    rows = logits[:, :-1].reshape(-1, logits.shape[-1])
    wanted = as_strided(tokens[:, 1:], (tokens.shape[0], tokens.shape[1] - 1), tokens.strides).ravel()
    return float(np.mean(np.logaddexp.reduce(rows, axis=1) - np.take_along_axis(rows, wanted[:, None], 1)[:, 0]))


def masked_loss(logits, tokens, hidden):
    rows, wanted = logits[hidden], tokens[hidden]
    return float(np.mean(np.logaddexp.reduce(rows, axis=1) - rows[np.arange(len(rows)), wanted]))


def clip_loss(images, captions, scale):
    inner = scale * images @ captions.T
    a = inner - scale / 2 * (captions**2).sum(1)  # the norm of an image is a constant of its row
    b = inner.T - scale / 2 * (images**2).sum(1)
    return -(np.trace(_logsoftmax(a)) + np.trace(_logsoftmax(b))) / (2 * len(images))


class MultiHeadAttention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x, mask=None):
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        if mask is not None and mask.dim() == 3:
            mask = mask.unsqueeze(1)
        out = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.output(out.transpose(1, 2).flatten(2))


class EncoderBlock(nn.Module):
    def __init__(self, d, heads, hidden, eps=1e-5):
        super().__init__()
        self.add_module("attention", MultiHeadAttention(d, heads))
        self.linear2 = nn.Linear(hidden, d)  # another order of the submodules
        self.linear1 = nn.Linear(d, hidden)
        self.norm2 = nn.LayerNorm(d, eps)
        self.norm1 = nn.LayerNorm(d, eps)

    def forward(self, x, mask=None):
        h = self.norm1(self.attention(x, mask).add_(x))
        return self.norm2(torch.addmm(self.linear2.bias, self.linear1(h).clamp(min=0).flatten(0, 1), self.linear2.weight.T).view_as(h).add_(h))
