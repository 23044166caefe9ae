"""Plain loops over numbers: nothing of numpy but arrays."""
import math

import numpy as np
import torch


def sig(x):
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def kalman_filter(xs, a, var_state, var_obs, mu0, var0):
    means, variances = [], []
    mean, var = mu0, var0
    for t in range(len(xs)):
        m = a * mean
        P = a * a * var + var_state
        # weights of both opinions, over a common denominator
        mean = (m * var_obs + P * float(xs[t])) / (P + var_obs)
        var = P * var_obs / (P + var_obs)
        means.append(mean)
        variances.append(var)
    return np.array(means), np.array(variances)


def affine(x, w_x, h, w_h, b, columns):
    """One row: x w_x + h w_h + b for these columns, as a list."""
    out = []
    for j in columns:
        s = float(b[j])
        for i in range(len(x)):
            s += x[i] * w_x[i, j]
        for i in range(len(h)):
            s += h[i] * w_h[i, j]
        out.append(s)
    return out


def rnn_step_forward(x, h, w_x, w_h, b):
    N, p = h.shape
    h_next = np.zeros((N, p))
    for n in range(N):
        z = affine(x[n], w_x, h[n], w_h, b, range(p))
        for j in range(p):
            h_next[n, j] = math.tanh(z[j])
    return h_next, [x, h, w_x, w_h, h_next]


def rnn_step_backward(dh_next, cache):
    h_next, w_h, w_x, h, x = cache.pop(), cache.pop(), cache.pop(), cache.pop(), cache.pop()
    N, d = x.shape
    p = h.shape[1]
    dx, dh = np.zeros((N, d)), np.zeros((N, p))
    dw_x, dw_h, db = np.zeros((d, p)), np.zeros((p, p)), np.zeros(p)
    for n in range(N):
        for j in range(p):
            dz = dh_next[n, j] * (1 - h_next[n, j]) * (1 + h_next[n, j])
            db[j] += dz
            for i in range(d):
                dx[n, i] += dz * w_x[i, j]
                dw_x[i, j] += dz * x[n, i]
            for i in range(p):
                dh[n, i] += dz * w_h[i, j]
                dw_h[i, j] += dz * h[n, i]
    return dx, dh, dw_x, dw_h, db


def rnn_forward(xs, h0, w_x, w_h, b):
    N, T, d = xs.shape
    hs = np.zeros((N, T, h0.shape[1]))
    caches = []
    h = h0
    for t in range(T):
        h, cache = rnn_step_forward(xs[:, t], h, w_x, w_h, b)
        hs[:, t] = h
        caches.append(cache)
    return hs, caches


def rnn_backward(dhs, cache):
    N, T, p = dhs.shape
    d = cache[0][0].shape[1]
    dxs = np.zeros((N, T, d))
    dh = np.zeros((N, p))
    dw_x, dw_h, db = np.zeros((d, p)), np.zeros((p, p)), np.zeros(p)
    for t in range(T - 1, -1, -1):
        dx, dh, a, b, c = rnn_step_backward(dhs[:, t] + dh, cache.pop())
        dxs[:, t] = dx
        dw_x += a
        dw_h += b
        db += c
    return dxs, dh, dw_x, dw_h, db


def truncated_bptt(xs, h0, w_x, w_h, b, dhs, window):
    N, T, d = xs.shape
    p = h0.shape[1]
    hs = np.zeros((N, T, p))
    dw_x, dw_h, db = np.zeros((d, p)), np.zeros((p, p)), np.zeros(p)
    h = h0
    start = 0
    while start < T:
        stop = start + window
        if stop > T:
            stop = T
        part, cache = rnn_forward(xs[:, start:stop], h, w_x, w_h, b)
        hs[:, start:stop] = part
        h = part[:, -1]
        _, _, a, bb, c = rnn_backward(dhs[:, start:stop], cache)
        dw_x += a
        dw_h += bb
        db += c
        start = stop
    return hs, dw_x, dw_h, db


def gru_step_forward(x, h, w_x, w_h, b):
    N, p = h.shape
    r, z, n, out = (np.zeros((N, p)) for _ in range(4))
    for s in range(N):
        zr = affine(x[s], w_x, h[s], w_h, b, range(p))
        zz = affine(x[s], w_x, h[s], w_h, b, range(p, 2 * p))
        for j in range(p):
            r[s, j], z[s, j] = sig(zr[j]), sig(zz[j])
        zn = affine(x[s], w_x, [r[s, j] * h[s, j] for j in range(p)], w_h, b, range(2 * p, 3 * p))
        for j in range(p):
            n[s, j] = math.tanh(zn[j])
            out[s, j] = h[s, j] + z[s, j] * (n[s, j] - h[s, j])
    return out, (x, h, w_x, w_h, r, z, n)


def gru_step_backward(dh_next, cache):
    x, h, w_x, w_h, r, z, n = cache
    N, d = x.shape
    p = h.shape[1]
    dx, dh = np.zeros((N, d)), np.zeros((N, p))
    dw_x, dw_h, db = np.zeros((d, 3 * p)), np.zeros((p, 3 * p)), np.zeros(3 * p)
    for s in range(N):
        a = [0.0] * (3 * p)
        for j in range(p):
            g = dh_next[s, j]
            dh[s, j] += g * (1 - z[s, j])
            a[p + j] = g * (n[s, j] - h[s, j]) * z[s, j] * (1 - z[s, j])
            a[2 * p + j] = g * z[s, j] * (1 - n[s, j] ** 2)
        for i in range(p):
            drh = 0.0
            for j in range(p):
                drh += a[2 * p + j] * w_h[i, 2 * p + j]
                dw_h[i, 2 * p + j] += r[s, i] * h[s, i] * a[2 * p + j]
            dh[s, i] += drh * r[s, i]
            a[i] = drh * h[s, i] * r[s, i] * (1 - r[s, i])
        for j in range(3 * p):
            db[j] += a[j]
            for i in range(d):
                dx[s, i] += a[j] * w_x[i, j]
                dw_x[i, j] += a[j] * x[s, i]
            if j < 2 * p:
                for i in range(p):
                    dh[s, i] += a[j] * w_h[i, j]
                    dw_h[i, j] += a[j] * h[s, i]
    return dx, dh, dw_x, dw_h, db


def lstm_step_forward(x, h, c, w_x, w_h, b):
    N, p = h.shape
    i, f, o, g, h_next, c_next = (np.zeros((N, p)) for _ in range(6))
    for s in range(N):
        z = affine(x[s], w_x, h[s], w_h, b, range(4 * p))
        for j in range(p):
            i[s, j], f[s, j], o[s, j], g[s, j] = sig(z[j]), sig(z[p + j]), sig(z[2 * p + j]), math.tanh(z[3 * p + j])
            c_next[s, j] = f[s, j] * c[s, j] + i[s, j] * g[s, j]
            h_next[s, j] = o[s, j] * math.tanh(c_next[s, j])
    return h_next, c_next, [x, h, c, w_x, w_h, i, f, o, g, c_next]


def lstm_step_backward(dh_next, dc_next, cache):
    x, h, c, w_x, w_h, i, f, o, g, c_next = cache
    N, d = x.shape
    p = h.shape[1]
    dx, dh, dc = np.zeros((N, d)), np.zeros((N, p)), np.zeros((N, p))
    dw_x, dw_h, db = np.zeros((d, 4 * p)), np.zeros((p, 4 * p)), np.zeros(4 * p)
    for s in range(N):
        a = [0.0] * (4 * p)
        for j in range(p):
            th = math.tanh(c_next[s, j])
            full = dc_next[s, j] + dh_next[s, j] * o[s, j] * (1 - th * th)
            dc[s, j] = full * f[s, j]
            a[j] = full * g[s, j] * i[s, j] * (1 - i[s, j])
            a[p + j] = full * c[s, j] * f[s, j] * (1 - f[s, j])
            a[2 * p + j] = dh_next[s, j] * th * o[s, j] * (1 - o[s, j])
            a[3 * p + j] = full * i[s, j] * (1 - g[s, j] * g[s, j])
        for j in range(4 * p):
            db[j] += a[j]
            for k in range(d):
                dx[s, k] += a[j] * w_x[k, j]
                dw_x[k, j] += a[j] * x[s, k]
            for k in range(p):
                dh[s, k] += a[j] * w_h[k, j]
                dw_h[k, j] += a[j] * h[s, k]
    return dx, dh, dc, dw_x, dw_h, db


def lstm_forward(xs, h0, c0, w_x, w_h, b):
    N, T, d = xs.shape
    hs = np.zeros((N, T, h0.shape[1]))
    caches = []
    h, c = h0, c0
    for t in range(T):
        h, c, cache = lstm_step_forward(xs[:, t], h, c, w_x, w_h, b)
        hs[:, t] = h
        caches.append(cache)
    return hs, c, caches


def lstm_backward(dhs, dc_last, cache):
    N, T, p = dhs.shape
    d = cache[0][0].shape[1]
    dxs, dh, dc = np.zeros((N, T, d)), np.zeros((N, p)), dc_last
    dw_x, dw_h, db = np.zeros((d, 4 * p)), np.zeros((p, 4 * p)), np.zeros(4 * p)
    for t in reversed(range(T)):
        dxs[:, t], dh, dc, a, b, e = lstm_step_backward(dhs[:, t] + dh, dc, cache[t])
        dw_x += a
        dw_h += b
        db += e
    return dxs, dh, dc, dw_x, dw_h, db


def bidirectional(xs, forward, backward, v_forward, v_backward):
    N, T, d = xs.shape
    m = v_forward.shape[1]
    ys = np.zeros((N, T, m))
    h, w_x, w_h, b = forward
    for t in range(T):
        h, _ = rnn_step_forward(xs[:, t], h, w_x, w_h, b)
        ys[:, t] += h @ v_forward
    h, w_x, w_h, b = backward
    for t in range(T - 1, -1, -1):
        h, _ = rnn_step_forward(xs[:, t], h, w_x, w_h, b)
        ys[:, t] += h @ v_backward
    return ys


def perplexity(logits, targets):
    total = 0.0
    N, T, C = logits.shape
    for n in range(N):
        for t in range(T):
            row = [float(v) for v in logits[n, t]]
            top = max(row)
            s = 0.0
            for v in row:
                s += math.exp(v - top)
            total += math.log(s) - (row[int(targets[n, t])] - top)
    return math.exp(total / (N * T))


def jacobian_norms(w_h, hs):
    N, T, p = hs.shape
    norms = np.zeros((N, T))
    for n in range(N):
        J = [[1.0 if i == j else 0.0 for j in range(p)] for i in range(p)]
        for t in range(T):
            step = [[float(w_h[i, j]) * (1 - float(hs[n, t, j]) ** 2) for j in range(p)] for i in range(p)]
            J = [[sum(J[i][k] * step[k][j] for k in range(p)) for j in range(p)] for i in range(p)]
            norms[n, t] = np.linalg.norm(np.array(J), 2)
    return norms


class GRUCell(torch.nn.Module):
    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        p = hidden_size
        k = 1 / math.sqrt(p)
        self.p = p
        self.weight_ih = torch.nn.Parameter(torch.empty(3 * p, input_size).uniform_(-k, k))
        self.weight_hh = torch.nn.Parameter(torch.empty(3 * p, p).uniform_(-k, k))
        if bias:
            self.bias_ih = torch.nn.Parameter(torch.empty(3 * p).uniform_(-k, k))
            self.bias_hh = torch.nn.Parameter(torch.empty(3 * p).uniform_(-k, k))
        else:
            self.bias_ih = None
            self.bias_hh = None

    def forward(self, x, h=None):
        p = self.p
        if h is None:
            h = torch.zeros(x.shape[0], p, dtype=x.dtype, device=x.device)

        def part(k, v, w, b):
            out = v @ w[k * p:(k + 1) * p].T
            if b is not None:
                out = out + b[k * p:(k + 1) * p]
            return out

        r = torch.sigmoid(part(0, x, self.weight_ih, self.bias_ih) + part(0, h, self.weight_hh, self.bias_hh))
        z = torch.sigmoid(part(1, x, self.weight_ih, self.bias_ih) + part(1, h, self.weight_hh, self.bias_hh))
        n = torch.tanh(part(2, x, self.weight_ih, self.bias_ih) + r * part(2, h, self.weight_hh, self.bias_hh))
        return (1 - z) * n + z * h
