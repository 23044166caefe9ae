"""Other right answers of the assignment: what good students write differently, and no check may fail.

Each cell replaces functions of the solution; its title says the exercise and in which way it differs.
"""

import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F  # noqa: N812 - everybody does

# ruff: noqa: D101, D102, D103, PLR0402 - written the way that students write: without docstrings and annotations


# %% regression: a loop over the queries, the kernel by cases
def nadaraya_watson(x, xs, ys, kernel, bandwidth):
    out = np.zeros((len(x), ys.shape[1]))
    for a in range(len(x)):
        r = np.sqrt(((xs - x[a]) ** 2).sum(axis=1))
        if kernel == "box":
            inside = r < bandwidth
            out[a] = ys[inside].mean(axis=0) if inside.any() else ys.mean(axis=0)
            continue
        z = -r / bandwidth if kernel == "laplace" else -0.5 * (r / bandwidth) ** 2
        w = np.exp(z - z.max())
        w /= w.sum() + 1e-12
        for i in range(len(xs)):
            out[a] += w[i] * ys[i]
    return out


# %% regression: squared distances by the binomial formula, the nearest distance subtracted, einsum
def nadaraya_watson(x, xs, ys, kernel, bandwidth):
    squared = (x**2).sum(1)[:, None] + (xs**2).sum(1)[None, :] - 2 * x @ xs.T
    squared = np.maximum(squared, 0)
    if kernel == "gaussian":
        weights = np.exp((squared.min(1, keepdims=True) - squared) / (2 * bandwidth**2))
    elif kernel == "laplace":
        r = np.sqrt(squared)
        weights = np.exp((r.min(1, keepdims=True) - r) / bandwidth)
    else:
        weights = (squared <= bandwidth**2).astype(float)
        weights[weights.sum(1) == 0] = 1 / len(xs)
    return np.einsum("an,nm->am", weights, ys) / np.einsum("an->a", weights)[:, None]


# %% regression: a table of kernels, and numpy's average
def nadaraya_watson(x, xs, ys, kernel, bandwidth):
    kernels = {
        "gaussian": lambda r: np.exp(-(r**2 - (r**2).min()) / 2),
        "laplace": lambda r: np.exp(r.min() - r),
        "box": lambda r: r <= 1 if (r <= 1).any() else np.ones_like(r),
    }
    rows = []
    for query in x:
        weights = kernels[kernel](np.linalg.norm(query - xs, axis=1) / bandwidth)
        rows.append(np.average(ys, axis=0, weights=weights))
    return np.stack(rows)


# %% attention: einsum, hidden logits of -1e9, weights times the mask
def attention_forward(q, k, v, mask=None):
    logits = np.einsum("ntp,nsp->nts", q, k) / math.sqrt(q.shape[-1])
    if mask is None:
        mask = np.ones(logits.shape[1:], dtype=bool)
    logits = np.where(mask, logits, -1e9)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    weights = weights / weights.sum(-1, keepdims=True) * mask
    return np.einsum("nts,nsm->ntm", weights, v), {"q": q, "k": k, "v": v, "weights": weights}


def attention_backward(dout, cache):
    q, k, v, w = cache["q"], cache["k"], cache["v"], cache["weights"]
    dw = np.einsum("ntm,nsm->nts", dout, v)
    da = w * dw - w * np.einsum("nts,nts->nt", w, dw)[..., None]
    da /= math.sqrt(q.shape[-1])
    return np.einsum("nts,nsp->ntp", da, k), np.einsum("nts,ntp->nsp", da, q), np.einsum("nts,ntm->nsm", w, dout)


def causal_mask(T):
    return np.array([[s <= t for s in range(T)] for t in range(T)])


def additive_attention(q, k, v, W_q, W_k, u, mask=None):
    hidden = np.tanh(np.einsum("ntp,ph->nth", q, W_q)[:, :, None, :] + np.einsum("nsr,rh->nsh", k, W_k)[:, None, :, :])
    logits = np.einsum("ntsh,h->nts", hidden, u)
    mask = np.ones(logits.shape, dtype=bool) if mask is None else np.broadcast_to(mask, logits.shape)
    logits[~mask] = -1e9
    weights = np.exp(logits - logits.max(-1, keepdims=True)) * mask
    return np.einsum("nts,nsm->ntm", weights, v) / (weights.sum(-1, keepdims=True) + 1e-12)


# %% attention: loops over sequences and queries, the Jacobian of the softmax as a matrix
def attention_forward(q, k, v, mask=None):
    N, T, p = q.shape
    S = k.shape[1]
    if mask is None:
        mask = np.full((N, T, S), True)
    if mask.ndim == 2:
        mask = np.stack([mask] * N)
    out = np.zeros((N, T, v.shape[2]))
    weights = np.zeros((N, T, S))
    for n in range(N):
        for t in range(T):
            seen = np.flatnonzero(mask[n, t])
            if len(seen) == 0:
                continue
            scores = np.array([q[n, t] @ k[n, s] for s in seen]) / p**0.5
            e = np.exp(scores - max(scores))
            weights[n, t, seen] = e / e.sum()
            for s in seen:
                out[n, t] += weights[n, t, s] * v[n, s]
    return out, (q, k, v, weights)


def attention_backward(dout, cache):
    q, k, v, weights = cache
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for n in range(len(q)):
        for t in range(q.shape[1]):
            w = weights[n, t]
            jacobian = np.diag(w) - np.outer(w, w)
            da = jacobian @ (v[n] @ dout[n, t]) / np.sqrt(q.shape[2])
            dq[n, t] = da @ k[n]
            dk[n] += np.outer(da, q[n, t])
            dv[n] += np.outer(w, dout[n, t])
    return dq, dk, dv


def causal_mask(T):
    mask = np.zeros((T, T), dtype=bool)
    for t in range(T):
        mask[t, : t + 1] = True
    return mask


def additive_attention(q, k, v, W_q, W_k, u, mask=None):
    out = np.zeros((q.shape[0], q.shape[1], v.shape[2]))
    for n, t in np.ndindex(*q.shape[:2]):
        row = None if mask is None else (mask if mask.ndim == 2 else mask[n])[t]
        seen = [s for s in range(k.shape[1]) if row is None or row[s]]
        if not seen:
            continue
        scores = np.array([u @ np.tanh(W_q.T @ q[n, t] + W_k.T @ k[n, s]) for s in seen])
        e = np.exp(scores - scores.max())
        out[n, t] = e @ v[n, seen] / e.sum()
    return out


# %% attention: the scale on the queries, a float mask added, everything computed again in backward
def softmax_rows(a):
    with np.errstate(invalid="ignore"):
        e = np.exp(a - a.max(axis=2, keepdims=True))
        return np.nan_to_num(e / e.sum(axis=2, keepdims=True))


def attention_forward(q, k, v, mask=None):
    bias = np.zeros((q.shape[1], k.shape[1])) if mask is None else np.where(mask, 0.0, -np.inf)
    with np.errstate(invalid="ignore"):
        w = softmax_rows((q * q.shape[-1] ** -0.5) @ np.swapaxes(k, 1, 2) + bias)
    return np.matmul(w, v), [q, k, v, bias]


def attention_backward(dout, cache):
    q, k, v, bias = cache
    c = q.shape[-1] ** -0.5
    with np.errstate(invalid="ignore"):
        w = softmax_rows((q * c) @ np.swapaxes(k, 1, 2) + bias)
    dv = np.swapaxes(w, 1, 2) @ dout
    # the row sums of w * dw are those of dout * out
    da = w * (dout @ np.swapaxes(v, 1, 2) - np.sum(dout * (w @ v), axis=2, keepdims=True))
    return (da @ k) * c, np.swapaxes(da, 1, 2) @ (q * c), dv


def causal_mask(T):
    return ~np.triu(np.ones((T, T)), k=1).astype(bool)


# %% positions: a loop over positions and pairs
def positional_encoding(T, d):
    pe = np.zeros((T, d))
    for t in range(T):
        for i in range(0, d, 2):
            pe[t, i] = math.sin(t / 10000 ** (i / d))
            pe[t, i + 1] = math.cos(t / 10000 ** (i / d))
    return pe


# %% positions: strided columns, and frequencies by the exponential
def positional_encoding(T, d):
    position = np.arange(T)[:, None]
    frequency = np.exp(np.arange(0, d, 2) * (-np.log(10000.0) / d))
    pe = np.empty((T, d))
    pe[:, 0::2] = np.sin(position * frequency)
    pe[:, 1::2] = np.cos(position * frequency)
    return pe


# %% positions: the frequencies as the notes write them, a cosine as a shifted sine
def positional_encoding(T, d):
    i = np.repeat(np.arange(1, d // 2 + 1), 2)
    phase = np.tile([0.0, np.pi / 2], d // 2)
    return np.sin(np.arange(T)[:, None] * 10 ** (-8 * (i - 1) / d) + phase)


# %% normalization: loops over tokens
def layer_norm_forward(x, gain, bias, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1])
    y = np.zeros_like(rows)
    for n, row in enumerate(rows):
        y[n] = gain * (row - row.mean()) / np.sqrt(row.var() + eps) + bias
    return y.reshape(x.shape), (x, gain, eps)


def layer_norm_backward(dy, cache):
    x, gain, eps = cache
    d = x.shape[-1]
    dx, dgain, dbias = np.zeros((x.size // d, d)), np.zeros(d), np.zeros(d)
    for n, (row, up) in enumerate(zip(x.reshape(-1, d), dy.reshape(-1, d), strict=True)):
        centred, sigma = row - row.mean(), np.sqrt(row.var() + eps)
        hat = centred / sigma
        dgain += up * hat
        dbias += up
        jacobian = (np.eye(d) - 1 / d - np.outer(hat, hat) / d) / sigma
        dx[n] = jacobian @ (up * gain)
    return dx.reshape(x.shape), dgain, dbias


# %% normalization: the graph step by step, mean and variance as nodes of their own
def layer_norm_forward(x, gain, bias, eps=1e-5):
    d = x.shape[-1]
    mu = np.sum(x, axis=-1, keepdims=True) / d
    centred = x - mu
    var = np.sum(centred * centred, axis=-1, keepdims=True) / d
    std = (var + eps) ** 0.5
    return centred / std * gain + bias, {"c": centred, "std": std, "gain": gain}


def layer_norm_backward(dy, cache):
    c, std, gain = cache["c"], cache["std"], cache["gain"]
    d = c.shape[-1]
    axes = tuple(range(c.ndim - 1))
    dgain = np.sum(dy * c / std, axis=axes)
    dbias = np.sum(dy, axis=axes)
    dhat = dy * gain
    dc = dhat / std
    dstd = -np.sum(dhat * c, axis=-1, keepdims=True) / std**2
    dvar = dstd / (2 * std)
    dc += dvar * 2 * c / d
    dmu = -np.sum(dc, axis=-1, keepdims=True)
    return dc + dmu / d, dgain, dbias


# %% normalization: transposed, with the compact formula
def layer_norm_forward(x, gain, bias, eps=1e-5):
    flat = x.reshape(-1, x.shape[-1]).T
    inv = 1 / np.sqrt(flat.var(0) + eps)
    hat = (flat - flat.mean(0)) * inv
    y = (hat.T * gain + bias).reshape(x.shape)
    return y, lambda dy: (dy.reshape(-1, x.shape[-1]), hat.T, inv, gain, x.shape)


def layer_norm_backward(dy, cache):
    dy, hat, inv, gain, shape = cache(dy)
    d = shape[-1]
    g = dy * gain
    dx = (d * g - g.sum(1, keepdims=True) - hat * (g * hat).sum(1, keepdims=True)) * inv[:, None] / d
    return dx.reshape(shape), np.einsum("nd,nd->d", dy, hat), np.ones(len(dy)) @ dy


# %% losses: loops over sequences and positions
def log_p(row, token):
    row = row - row.max()
    return row[token] - np.log(np.exp(row).sum())


def gpt_loss(logits, tokens):
    N, T, _ = logits.shape
    total = 0.0
    for n in range(N):
        for t in range(1, T):
            total -= log_p(logits[n, t - 1], tokens[n, t])
    return total / (N * (T - 1))


def masked_loss(logits, tokens, hidden):
    costs = [-log_p(logits[n, t], tokens[n, t]) for n, t in zip(*np.nonzero(hidden), strict=True)]
    return np.mean(costs)


def clip_loss(images, captions, scale):
    n = len(images)
    logits = np.array([[-scale / 2 * ((a - c) ** 2).sum() for c in captions] for a in images])
    return -sum(log_p(logits[i], i) + log_p(logits[:, i], i) for i in range(n)) / (2 * n)


# %% losses: probabilities with a protective constant, fancy indices
def probabilities(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gpt_loss(logits, tokens):
    N, T, V = logits.shape
    p = probabilities(logits[:, : T - 1].reshape(-1, V))
    return -np.mean(np.log(p[np.arange(N * (T - 1)), tokens[:, 1:].ravel()] + 1e-12))


def masked_loss(logits, tokens, hidden):
    p = probabilities(logits)
    one_hot = np.eye(logits.shape[-1])[tokens]
    return -(np.log((p * one_hot).sum(-1) + 1e-12) * hidden).sum() / hidden.sum()


def clip_loss(images, captions, scale):
    squared = (images**2).sum(1)[:, None] + (captions**2).sum(1) - 2 * images @ captions.T
    logits = -0.5 * scale * squared
    diagonal = np.arange(len(images))
    rows = probabilities(logits)[diagonal, diagonal]
    columns = probabilities(logits.T)[diagonal, diagonal]
    return (-np.log(rows + 1e-12).mean() - np.log(columns + 1e-12).mean()) / 2


# %% losses: numpy's own logaddexp, and a sum divided by a count
def gpt_loss(logits, tokens):
    normalizer = np.logaddexp.reduce(logits, axis=-1)
    chosen = np.take_along_axis(logits[:, :-1], tokens[:, 1:, None], axis=2)[..., 0]
    costs = normalizer[:, :-1] - chosen
    return costs.sum() / costs.size


def masked_loss(logits, tokens, hidden):
    rows, own = logits[hidden], tokens[hidden]
    return (np.logaddexp.reduce(rows, axis=1) - rows[range(len(own)), own]).mean()


def clip_loss(images, captions, scale):
    logits = -scale / 2 * np.linalg.norm(images[:, None] - captions[None], axis=2) ** 2
    both = np.logaddexp.reduce(logits, axis=0) + np.logaddexp.reduce(logits, axis=1) - 2 * np.diag(logits)
    return both.mean() / 2


# %% modules: torch's scaled_dot_product_attention, and a network in functional form
class MultiHeadAttention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        assert d % heads == 0
        self.h = heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(d, d))

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.h, -1).transpose(1, 2)

    def forward(self, x, mask=None):
        if mask is not None and mask.dim() == 3:
            mask = mask.unsqueeze(1)
        out = F.scaled_dot_product_attention(
            self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x)), attn_mask=mask
        )
        return self.output(out.transpose(1, 2).flatten(2))


class EncoderBlock(nn.Module):
    def __init__(self, d, heads, hidden, eps=1e-5):
        super().__init__()
        self.attention = MultiHeadAttention(d, heads)
        self.norm1, self.norm2 = nn.LayerNorm(d, eps=eps), nn.LayerNorm(d, eps=eps)
        self.linear1, self.linear2 = nn.Linear(d, hidden), nn.Linear(hidden, d)

    def forward(self, x, mask=None):
        x = x + self.attention(x, mask=mask)
        x = self.norm1(x)
        return self.norm2(F.relu(self.linear1(x)) @ self.linear2.weight.T + self.linear2.bias + x)


# %% modules: einsum over an axis of heads, a mask as a large negative number
class MultiHeadAttention(nn.Module):
    def __init__(self, d, heads):
        super(MultiHeadAttention, self).__init__()  # noqa: UP008
        self.d, self.heads, self.p = d, heads, d // heads
        self.output = nn.Linear(d, d)
        self.value = nn.Linear(d, d)
        self.key = nn.Linear(d, d)
        self.query = nn.Linear(d, d)

    def forward(self, x, mask=None):
        N, T, _ = x.shape
        q = self.query(x).reshape(N, T, self.heads, self.p)
        k = self.key(x).reshape(N, T, self.heads, self.p)
        v = self.value(x).reshape(N, T, self.heads, self.p)
        scores = torch.einsum("nthp,nshp->nhts", q, k) / math.sqrt(self.p)
        if mask is not None:
            if mask.dim() == 2:
                mask = mask.expand(N, T, T)
            scores = scores.masked_fill(mask[:, None] == 0, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        out = torch.einsum("nhts,nshp->nthp", weights, v).reshape(N, T, self.d)
        return self.output(out)


# %% modules: a loop over the heads, softmax by hand, and a layer normalisation of its own
class LayerNorm(nn.Module):
    def __init__(self, d, eps):
        super().__init__()
        self.weight, self.bias, self.eps = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), eps

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return self.weight * centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + self.eps) + self.bias


class MultiHeadAttention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(d, d) for _ in range(4))
        self.heads = heads

    def forward(self, x, mask=None):
        outs = []
        for q, k, v in zip(
            self.query(x).chunk(self.heads, dim=-1),
            self.key(x).chunk(self.heads, dim=-1),
            self.value(x).chunk(self.heads, dim=-1),
            strict=True,
        ):
            scores = torch.bmm(q, k.transpose(1, 2)) / torch.sqrt(torch.tensor(float(q.shape[-1])))
            if mask is not None:
                scores = torch.where(mask, scores, torch.full_like(scores, float("-inf")))
            e = torch.exp(scores - scores.amax(-1, keepdim=True).detach())
            outs.append(torch.bmm(e / e.sum(-1, keepdim=True), v))
        return self.output(torch.cat(outs, dim=-1))


class EncoderBlock(nn.Module):
    def __init__(self, d, heads, hidden, eps=1e-5):
        super().__init__()
        self.attention = MultiHeadAttention(d, heads)
        self.norm1 = LayerNorm(d, eps)
        self.norm2 = LayerNorm(d, eps)
        self.linear1 = nn.Linear(d, hidden)
        self.linear2 = nn.Linear(hidden, d)
        self.dropout = nn.Dropout(0.0)  # as in many tutorials: nothing is dropped

    def forward(self, x, mask=None):
        a = self.norm1(self.dropout(self.attention(x, mask)) + x)
        return self.norm2(a + self.dropout(self.linear2(self.linear1(a).clamp(min=0))))
