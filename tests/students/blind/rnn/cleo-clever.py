"""All that does not depend on the state is one matrix product over all times; everything is kept time first."""
import numpy as np
import torch
import torch.nn.functional as F


def kalman_filter(xs, a, var_state, var_obs, mu0, var0):
    xs = np.asarray(xs)
    T = xs.size
    # variances first: they do not depend on the observations
    P, K, V = np.empty(T), np.empty(T), np.empty(T)
    v = var0
    for t in range(T):
        P[t] = a * a * v + var_state
        K[t] = 1 / (1 + var_obs / P[t]) if P[t] > 0 else 0.0
        v = V[t] = (1 - K[t]) ** 2 * P[t] + K[t] ** 2 * var_obs  # Joseph
    means = np.empty(T)
    m = mu0
    for t, (x, k) in enumerate(zip(xs, K)):
        m = a * m
        m += k * (x - m)
        means[t] = m
    return means, V


def sig(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def rnn_step_forward(x, h, w_x, w_h, b):
    xh1 = np.concatenate((x, h, np.ones((len(x), 1))), axis=1)
    W = np.concatenate((w_x, w_h, b[None]), axis=0)
    y = np.tanh(xh1 @ W)
    return y, (xh1, W, y, x.shape[1])


def _split(dW, d):
    return dW[:d], dW[d:-1], dW[-1]


def rnn_step_backward(dh_next, cache):
    xh1, W, y, d = cache
    dz = dh_next * (1 - y * y)
    din = dz @ W.T
    return din[:, :d], din[:, d:-1], *_split(xh1.T @ dz, d)


def rnn_forward(xs, h0, w_x, w_h, b):
    N, T, _ = xs.shape
    A = xs.swapaxes(0, 1) @ w_x + b  # (T, N, p)
    H = np.empty((T + 1, N, h0.shape[1]))
    H[0] = h0
    for t in range(T):
        np.tanh(A[t] + H[t] @ w_h, out=H[t + 1])
    return H[1:].swapaxes(0, 1), (xs, H, w_x, w_h)


def _bptt(dhs, H, w_h, cut=None):
    """Gradients by what is under the tanh, (T, N, p)."""
    T = len(H) - 1
    D = 1 - H[1:] ** 2
    back = 0.0
    for t in range(T - 1, -1, -1):
        D[t] *= dhs[:, t] + back
        back = D[t] @ w_h.T if cut is None or t % cut else 0.0
    return D


def _collect(D, xs, H):
    T, N, p = D.shape
    flat = D.reshape(T * N, p)
    return xs.swapaxes(0, 1).reshape(T * N, -1).T @ flat, H[:-1].reshape(T * N, -1).T @ flat, flat.sum(axis=0)


def rnn_backward(dhs, cache):
    xs, H, w_x, w_h = cache
    D = _bptt(dhs, H, w_h)
    return (D @ w_x.T).swapaxes(0, 1), D[0] @ w_h.T, *_collect(D, xs, H)


def truncated_bptt(xs, h0, w_x, w_h, b, dhs, window):
    hs, (_, H, _, _) = rnn_forward(xs, h0, w_x, w_h, b)
    return hs, *_collect(_bptt(dhs, H, w_h, window), xs, H)


def gru_step_forward(x, h, w_x, w_h, b):
    p = h.shape[1]
    A = x @ w_x + b
    rz = sig(A[:, : 2 * p] + h @ w_h[:, : 2 * p])
    r, z = np.split(rz, 2, axis=1)
    rh = r * h
    n = np.tanh(A[:, 2 * p :] + rh @ w_h[:, 2 * p :])
    return (1 - z) * h + z * n, (x, h, w_x, w_h, r, z, n, rh)


def gru_step_backward(dh_next, cache):
    x, h, w_x, w_h, r, z, n, rh = cache
    p = h.shape[1]
    dn = dh_next * z * (1 - n) * (1 + n)
    dz = dh_next * (n - h) * z * (1 - z)
    drh = dn @ w_h[:, 2 * p :].T
    dr = drh * h * r * (1 - r)
    drz = np.hstack([dr, dz])
    d = np.hstack([drz, dn])
    dh = dh_next - dh_next * z + drh * r + drz @ w_h[:, : 2 * p].T
    return d @ w_x.T, dh, x.T @ d, np.hstack([h.T @ drz, rh.T @ dn]), d.sum(0)


def lstm_step_forward(x, h, c, w_x, w_h, b):
    hs, c_last, cache = lstm_forward(x[:, None], h, c, w_x, w_h, b)
    return hs[:, 0], c_last, cache


def lstm_step_backward(dh_next, dc_next, cache):
    dxs, *rest = lstm_backward(dh_next[:, None], dc_next, cache)
    return dxs[:, 0], *rest


def lstm_forward(xs, h0, c0, w_x, w_h, b):
    N, T, _ = xs.shape
    p = h0.shape[1]
    A = xs.transpose(1, 0, 2) @ w_x + b
    H, C = np.empty((T + 1, N, p)), np.empty((T + 1, N, p))
    H[0], C[0] = h0, c0
    for t in range(T):
        A[t] += H[t] @ w_h
        A[t, :, : 3 * p] = sig(A[t, :, : 3 * p])
        A[t, :, 3 * p :] = np.tanh(A[t, :, 3 * p :])
        i, f, o, g = np.split(A[t], 4, axis=1)
        C[t + 1] = f * C[t] + i * g
        H[t + 1] = o * np.tanh(C[t + 1])
    return H[1:].transpose(1, 0, 2), C[-1], (xs, A, H, C, w_x, w_h)


def lstm_backward(dhs, dc_last, cache):
    xs, A, H, C, w_x, w_h = cache
    T, N, p = A.shape[0], A.shape[1], A.shape[2] // 4
    D = np.concatenate([A[..., : 3 * p] * (1 - A[..., : 3 * p]), 1 - A[..., 3 * p :] ** 2], axis=2)
    dh, dc = 0.0, dc_last
    for t in reversed(range(T)):
        i, f, o, g = np.split(A[t], 4, axis=1)
        dh = dh + dhs[:, t]
        th = np.tanh(C[t + 1])
        dc = dc + dh * o * (1 - th**2)
        D[t] *= np.hstack([dc * g, dc * C[t], dh * th, dc * i])
        dc = dc * f
        dh = D[t] @ w_h.T
    return (D @ w_x.T).transpose(1, 0, 2), dh, dc, *_collect(D, xs, H)


def bidirectional(xs, forward, backward, v_forward, v_backward):
    one = rnn_forward(xs, *forward)[0]
    other = np.flip(rnn_forward(np.flip(xs, 1), *backward)[0], 1)
    return np.concatenate([one, other], axis=2) @ np.vstack([v_forward, v_backward])


def perplexity(logits, targets):
    z = logits - logits.max(axis=2, keepdims=True)
    nats = np.log(np.exp(z).sum(axis=2)) - np.take_along_axis(z, targets[..., None].astype(int), axis=2)[..., 0]
    return float(np.exp(nats.mean()))


def jacobian_norms(w_h, hs):
    steps = w_h * (1 - hs**2)[:, :, None, :]  # (N, T, p, p)
    for t in range(1, hs.shape[1]):
        steps[:, t] = steps[:, t - 1] @ steps[:, t]
    return np.linalg.svd(steps, compute_uv=False)[..., 0]


class GRUCell(torch.nn.Module):
    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = torch.nn.Parameter(torch.zeros(3 * hidden_size, input_size))
        self.weight_hh = torch.nn.Parameter(torch.zeros(3 * hidden_size, hidden_size))
        self.bias_ih = torch.nn.Parameter(torch.zeros(3 * hidden_size)) if bias else None
        self.bias_hh = torch.nn.Parameter(torch.zeros(3 * hidden_size)) if bias else None
        for w in self.parameters():
            torch.nn.init.uniform_(w, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(self, x, h=None):
        if h is None:
            h = torch.zeros_like(x[:, :1]).expand(-1, self.hidden_size)
        i = F.linear(x, self.weight_ih, self.bias_ih).chunk(3, dim=1)
        s = F.linear(h, self.weight_hh, self.bias_hh).chunk(3, dim=1)
        r, z = (i[0] + s[0]).sigmoid(), (i[1] + s[1]).sigmoid()
        n = torch.addcmul(i[2], r, s[2]).tanh()
        return torch.lerp(n, h, z)
