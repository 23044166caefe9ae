"""Plain loops."""
import math

import numpy as np
import torch


def nadaraya_watson(x, xs, ys, kernel, bandwidth):
    M, n, m = len(x), len(xs), ys.shape[1]
    result = np.zeros((M, m))
    for a in range(M):
        exponents = []
        for i in range(n):
            r = math.sqrt(sum((float(x[a, c]) - float(xs[i, c])) ** 2 for c in range(x.shape[1])))
            if kernel == "gaussian":
                exponents.append(-0.5 * (r / bandwidth) ** 2)
            elif kernel == "laplace":
                exponents.append(-r / bandwidth)
            else:
                exponents.append(0.0 if r <= bandwidth else -math.inf)
        top = max(exponents)
        if top == -math.inf:
            weights = [1.0] * n
        else:
            weights = [math.exp(e - top) for e in exponents]
        total = math.fsum(weights)
        for j in range(m):
            result[a, j] = math.fsum(weights[i] * float(ys[i, j]) for i in range(n)) / total
    return result


def _weights(logits, allowed):
    """Softmax of a list over the allowed entries."""
    seen = [l for l, ok in zip(logits, allowed) if ok]
    if not seen:
        return [0.0] * len(logits)
    top = max(seen)
    e = [math.exp(l - top) if ok else 0.0 for l, ok in zip(logits, allowed)]
    total = sum(e)
    return [one / total for one in e]


def _allowed(mask, n, t, S):
    if mask is None:
        return [True] * S
    return [bool(b) for b in (mask[t] if mask.ndim == 2 else mask[n, t])]


def attention_forward(q, k, v, mask=None):
    N, T, p = q.shape
    S, m = v.shape[1:]
    out = np.zeros((N, T, m))
    w = np.zeros((N, T, S))
    for n in range(N):
        for t in range(T):
            logits = [sum(float(q[n, t, c]) * float(k[n, s, c]) for c in range(p)) / math.sqrt(p) for s in range(S)]
            w[n, t] = _weights(logits, _allowed(mask, n, t, S))
            for s in range(S):
                if w[n, t, s] != 0.0:
                    for j in range(m):
                        out[n, t, j] += w[n, t, s] * v[n, s, j]
    return out, [q, k, v, w]


def attention_backward(dout, cache):
    q, k, v, w = cache
    N, T, p = q.shape
    S, m = v.shape[1:]
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for n in range(N):
        for t in range(T):
            dw = [sum(dout[n, t, j] * v[n, s, j] for j in range(m)) for s in range(S)]
            mean = sum(w[n, t, s] * dw[s] for s in range(S))
            for s in range(S):
                da = w[n, t, s] * (dw[s] - mean) / p**0.5
                for c in range(p):
                    dq[n, t, c] += da * k[n, s, c]
                    dk[n, s, c] += da * q[n, t, c]
                for j in range(m):
                    dv[n, s, j] += w[n, t, s] * dout[n, t, j]
    return dq, dk, dv


def causal_mask(T):
    mask = np.zeros((T, T), dtype=bool)
    for t in range(T):
        for s in range(t + 1):
            mask[t, s] = True
    return mask


def additive_attention(q, k, v, W_q, W_k, u, mask=None):
    N, T, _ = q.shape
    S, m = v.shape[1:]
    out = np.zeros((N, T, m))
    for n in range(N):
        for t in range(T):
            logits = [sum(u[i] * math.tanh(q[n, t] @ W_q[:, i] + k[n, s] @ W_k[:, i]) for i in range(len(u))) for s in range(S)]
            w = _weights(logits, _allowed(mask, n, t, S))
            for s in range(S):
                out[n, t] += w[s] * v[n, s]
    return out


def positional_encoding(T, d):
    out = np.empty((T, d))
    for t in range(T):
        for i in range(d):
            w = 1.0 / math.pow(10000, 2 * (i // 2) / d)
            out[t, i] = math.cos(w * t) if i % 2 else math.sin(w * t)
    return out


def layer_norm_forward(x, gain, bias, eps=1e-5):
    y = np.zeros_like(x)
    saved = {}
    for index in np.ndindex(*x.shape[:-1]):
        row = [float(a) for a in x[index]]
        d = len(row)
        mean = math.fsum(row) / d
        var = math.fsum((a - mean) ** 2 for a in row) / d
        root = math.sqrt(var + eps)
        saved[index] = ([(a - mean) / root for a in row], root)
        for i in range(d):
            y[index][i] = gain[i] * saved[index][0][i] + bias[i]
    return y, (saved, gain)


def layer_norm_backward(dy, cache):
    saved, gain = cache
    d = dy.shape[-1]
    dx, dgain, dbias = np.zeros(dy.shape), np.zeros(d), np.zeros(d)
    for index, (xhat, root) in saved.items():
        g = [gain[i] * dy[index][i] for i in range(d)]
        a = sum(g) / d
        b = sum(g[i] * xhat[i] for i in range(d)) / d
        for i in range(d):
            dx[index + (i,)] = (g[i] - a - xhat[i] * b) / root
            dgain[i] += dy[index][i] * xhat[i]
            dbias[i] += dy[index][i]
    return dx, dgain, dbias


def _cost(row, right):
    row = [float(a) for a in row]
    top = max(row)
    return math.log(sum(math.exp(a - top) for a in row)) + top - row[right]


def gpt_loss(logits, tokens):
    N, T, _ = logits.shape
    total = 0.0
    for n in range(N):
        for t in range(T - 1):
            total += _cost(logits[n, t], tokens[n, t + 1])
    return total / (N * (T - 1))


def masked_loss(logits, tokens, hidden):
    costs = []
    for n in range(len(logits)):
        for t in range(len(logits[n])):
            if hidden[n][t]:
                costs.append(_cost(logits[n, t], tokens[n, t]))
    return sum(costs) / len(costs)


def clip_loss(images, captions, scale):
    n = len(images)
    logit = [[-scale / 2 * sum(float(d) ** 2 for d in images[i] - captions[j]) for j in range(n)] for i in range(n)]
    total = 0.0
    for i in range(n):
        total += _cost(logit[i], i) / 2
        total += _cost([logit[j][i] for j in range(n)], i) / 2
    return total / n


class MultiHeadAttention(torch.nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.query = torch.nn.Linear(d, d)
        self.key = torch.nn.Linear(d, d)
        self.value = torch.nn.Linear(d, d)
        self.output = torch.nn.Linear(d, d)

    def forward(self, x, mask=None):
        d = x.shape[2]
        p = d // self.heads
        sequences = []
        for n in range(x.shape[0]):
            q, k, v = self.query(x[n]), self.key(x[n]), self.value(x[n])
            parts = []
            for j in range(self.heads):
                cols = slice(j * p, (j + 1) * p)
                logits = q[:, cols] @ k[:, cols].T / math.sqrt(p)
                if mask is not None:
                    seen = mask if mask.dim() == 2 else mask[n]
                    logits = torch.where(seen, logits, float("-inf"))
                e = torch.exp(logits - logits.max(dim=1, keepdim=True).values)
                w = e / e.sum(dim=1, keepdim=True)
                parts.append(w @ v[:, cols])
            sequences.append(torch.cat(parts, dim=1))
        return self.output(torch.stack(sequences))


class EncoderBlock(torch.nn.Module):
    def __init__(self, d, heads, hidden, eps=1e-5):
        super().__init__()
        self.attention = MultiHeadAttention(d, heads)
        self.norm1 = torch.nn.LayerNorm(d, eps)
        self.norm2 = torch.nn.LayerNorm(d, eps)
        self.linear1 = torch.nn.Linear(d, hidden)
        self.linear2 = torch.nn.Linear(hidden, d)

    def forward(self, x, mask=None):
        out = []
        h = self.norm1(x + self.attention(x, mask))
        for n in range(h.shape[0]):
            out.append(self.norm2(h[n] + self.linear2(torch.relu(self.linear1(h[n])))))
        return torch.stack(out, 0)
