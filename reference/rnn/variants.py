"""Other right answers of the assignment: what good students write differently, and no check may fail.

Each cell replaces functions of the solution; its title says the exercise and in which way it differs.
"""

import numpy as np
import torch

# ruff: noqa: D101, D102, D103, FBT002 - written the way that students write: without docstrings and annotations


# %% kalman: the whole past at once, by the joint Gaussian
def kalman_filter(xs, a, var_state, var_obs, mu0, var0):
    T = len(xs)
    mean, cov = np.zeros(T), np.zeros((T, T))
    m, v = mu0, var0
    for t in range(T):
        m, v = a * m, a * a * v + var_state
        mean[t], cov[t, t] = m, v
        for s in range(t):
            cov[t, s] = cov[s, t] = a * cov[t - 1, s]
    means, variances = [], []
    for t in range(1, T + 1):
        inverse = np.linalg.inv(cov[:t, :t] + var_obs * np.eye(t))
        cross = cov[t - 1, :t]
        means.append(mean[t - 1] + cross @ inverse @ (xs[:t] - mean[:t]))
        variances.append(cov[t - 1, t - 1] - cross @ inverse @ cross)
    return np.array(means), np.array(variances)


# %% kalman: precisions that add up, with a protective constant
def kalman_filter(xs, a, var_state, var_obs, mu0, var0):
    means, variances = np.zeros(len(xs)), np.zeros(len(xs))
    mu, var = mu0, var0
    for t in range(len(xs)):
        prior = a**2 * var + var_state + 1e-12
        precision = 1 / prior + 1 / var_obs
        var = 1 / precision
        mu = var * (a * mu / prior + xs[t] / var_obs)
        means[t] = mu
        variances[t] = var
    return [means, variances]


# %% kalman: the gains first, and then the means as weighted averages
def kalman_filter(xs, a, var_state, var_obs, mu0, var0):
    gains, variances = [], []
    for _ in xs:
        before = a**2 * (variances[-1] if variances else var0) + var_state
        gains.append(before / (before + var_obs))
        variances.append(before * var_obs / (before + var_obs))
    means = [mu0]
    for k, x in zip(gains, xs, strict=True):
        means.append((1 - k) * a * means[-1] + k * x)
    return np.asarray(means[1:]), np.asarray(variances)


# %% rnn: loops over samples and times, with a dict for the cache
def rnn_step_forward(x, h, w_x, w_h, b):
    h_next = np.zeros_like(h)
    for n in range(len(x)):
        h_next[n] = np.tanh(w_x.T @ x[n] + w_h.T @ h[n] + b)
    return h_next, {"x": x, "h": h, "w_x": w_x, "w_h": w_h, "next": h_next}


def rnn_step_backward(dh_next, cache):
    x, h, w_x, w_h = (cache[name] for name in ("x", "h", "w_x", "w_h"))
    dx, dh, dw_x, dw_h = (np.zeros_like(array) for array in (x, h, w_x, w_h))
    db = np.zeros(len(w_h))
    for n in range(len(x)):
        da = dh_next[n] * (1 - cache["next"][n] ** 2)
        dx[n] = w_x @ da
        dh[n] = w_h @ da
        dw_x += np.outer(x[n], da)
        dw_h += np.outer(h[n], da)
        db += da
    return dx, dh, dw_x, dw_h, db


def rnn_forward(xs, h0, w_x, w_h, b):
    N, T, _ = xs.shape
    hs, caches = np.zeros((N, T, h0.shape[1])), {}
    h = h0
    for t in range(T):
        h, caches[t] = rnn_step_forward(xs[:, t, :], h, w_x, w_h, b)
        hs[:, t, :] = h
    return hs, caches


def rnn_backward(dhs, cache):
    N, T, p = dhs.shape
    d = cache[0]["x"].shape[1]
    dxs, dw_x, dw_h, db = np.zeros((N, T, d)), np.zeros((d, p)), np.zeros((p, p)), np.zeros(p)
    dh = np.zeros((N, p))
    for t in range(T - 1, -1, -1):
        dx, dh, dwx, dwh, dbt = rnn_step_backward(dhs[:, t, :] + dh, cache[t])
        dxs[:, t, :] = dx
        dw_x += dwx
        dw_h += dwh
        db += dbt
    return dxs, dh, dw_x, dw_h, db


# %% rnn: everything over time at once where it can be, einsum, upstream gradients changed in place
def rnn_forward(xs, h0, w_x, w_h, b):
    projected = np.einsum("ntd,dp->ntp", xs, w_x) + b
    hs = [h0]
    for t in range(xs.shape[1]):
        hs.append(np.tanh(projected[:, t] + hs[-1] @ w_h))
    states = np.stack(hs, axis=1)
    return states[:, 1:], (xs, states, w_x, w_h)


def rnn_backward(dhs, cache):
    xs, states, w_x, w_h = cache
    for t in reversed(range(dhs.shape[1])):
        dhs[:, t] *= 1 - states[:, t + 1] ** 2
        if t > 0:
            dhs[:, t - 1] += dhs[:, t] @ w_h.T
    return [
        np.einsum("ntp,dp->ntd", dhs, w_x),
        dhs[:, 0] @ w_h.T,
        np.einsum("ntd,ntp->dp", xs, dhs),
        np.einsum("ntq,ntp->qp", states[:, :-1], dhs),
        dhs.sum((0, 1)),
    ]


def truncated_bptt(xs, h0, w_x, w_h, b, dhs, window):
    hs, cache = rnn_forward(xs, h0, w_x, w_h, b)
    _, states, _, _ = cache
    sums = [np.zeros_like(w_x), np.zeros_like(w_h), np.zeros_like(b)]
    for first in range(0, xs.shape[1], window):
        last = min(first + window, xs.shape[1])
        part = xs[:, first:last], states[:, first : last + 1], w_x, w_h
        shares = rnn_backward(dhs[:, first:last].copy(), part)[2:]
        sums = [total + share for total, share in zip(sums, shares, strict=True)]
    return (hs, *sums)


# %% rnn: one matrix for state and input, and a step that is computed again in backward
def rnn_step_forward(x, h, w_x, w_h, b):
    joint = np.hstack([x, h, np.ones((len(x), 1))])
    stacked = np.vstack([w_x, w_h, b])
    return np.tanh(joint @ stacked), (joint, stacked, x.shape[1])


def rnn_step_backward(dh_next, cache):
    joint, stacked, d = cache
    da = dh_next / np.cosh(joint @ stacked) ** 2
    djoint, dstacked = da @ stacked.T, joint.T @ da
    return djoint[:, :d], djoint[:, d:-1], dstacked[:d], dstacked[d:-1], dstacked[-1]


def rnn_forward(xs, h0, w_x, w_h, b):
    hs, steps = np.zeros((*xs.shape[:2], len(w_h))), []
    for t in range(xs.shape[1]):
        hs[:, t], step = rnn_step_forward(xs[:, t], hs[:, t - 1] if t else h0, w_x, w_h, b)
        steps.append(step)
    return hs, steps


def rnn_backward(dhs, cache):
    total, dxs = None, []
    dh = 0
    for t, step in reversed(list(enumerate(cache))):
        dx, dh, *grads = rnn_step_backward(dhs[:, t] + dh, step)
        dxs.insert(0, dx)
        total = grads if total is None else [a + g for a, g in zip(total, grads, strict=True)]
    return (np.stack(dxs, 1), dh, *total)


# %% rnn: recursion over the windows, and closures for the caches
def rnn_step_forward(x, h, w_x, w_h, b):
    out = np.tanh(x.dot(w_x) + h.dot(w_h) + b)

    def back(dout):
        g = dout - dout * out * out
        return g.dot(w_x.T), g.dot(w_h.T), (g.T.dot(x)).T, (g.T.dot(h)).T, np.ones(len(g)) @ g

    return out, back


def rnn_step_backward(dh_next, cache):
    return cache(dh_next)


def rnn_forward(xs, h0, w_x, w_h, b):
    if xs.shape[1] == 1:
        h, back = rnn_step_forward(xs[:, 0], h0, w_x, w_h, b)
        return h[:, None], [back]
    hs, backs = rnn_forward(xs[:, :-1], h0, w_x, w_h, b)
    h, back = rnn_step_forward(xs[:, -1], hs[:, -1], w_x, w_h, b)
    return np.concatenate([hs, h[:, None]], axis=1), [*backs, back]


def rnn_backward(dhs, cache):
    dx, dh, *last = cache[-1](dhs[:, -1])
    if len(cache) == 1:
        return (dx[:, None], dh, *last)
    rest = dhs[:, :-1].copy()
    rest[:, -1] += dh
    dxs, dh0, *others = rnn_backward(rest, cache[:-1])
    return (np.concatenate([dxs, dx[:, None]], 1), dh0, *[a + g for a, g in zip(others, last, strict=True)])


def truncated_bptt(xs, h0, w_x, w_h, b, dhs, window):
    hs, cache = rnn_forward(xs[:, :window], h0, w_x, w_h, b)
    grads = rnn_backward(dhs[:, :window], cache)[2:]
    if xs.shape[1] <= window:
        return (hs, *grads)
    later, *more = truncated_bptt(xs[:, window:], hs[:, -1], w_x, w_h, b, dhs[:, window:], window)
    return (np.concatenate([hs, later], axis=1), *[a + g for a, g in zip(grads, more, strict=True)])


# %% gru: every gate with matrices of its own
def gru_step_forward(x, h, w_x, w_h, b):
    p = h.shape[1]
    wxr, wxz, wxn = w_x[:, :p], w_x[:, p : 2 * p], w_x[:, 2 * p :]
    whr, whz, whn = w_h[:, :p], w_h[:, p : 2 * p], w_h[:, 2 * p :]
    r = 1 / (1 + np.exp(-(x @ wxr + h @ whr + b[:p])))
    z = 1 / (1 + np.exp(-(x @ wxz + h @ whz + b[p : 2 * p])))
    rh = r * h
    n = np.tanh(x @ wxn + rh @ whn + b[2 * p :])
    return h + z * (n - h), {"all": (x, h, rh, r, z, n), "w_x": (wxr, wxz, wxn), "w_h": (whr, whz, whn)}


def gru_step_backward(dh_next, cache):
    x, h, rh, r, z, n = cache["all"]
    wxr, wxz, wxn = cache["w_x"]
    whr, whz, whn = cache["w_h"]
    dn = dh_next * z * (1 - n * n)
    dz = dh_next * (n - h) * (z - z * z)
    drh = dn @ whn.T
    dr = drh * h * (r - r * r)
    dx = dn @ wxn.T + dz @ wxz.T + dr @ wxr.T
    dh = dh_next - dh_next * z
    dh += drh * r
    dh += dz @ whz.T
    dh += dr @ whr.T
    dw_x = np.concatenate([x.T @ dr, x.T @ dz, x.T @ dn], axis=1)
    dw_h = np.concatenate([h.T @ dr, h.T @ dz, rh.T @ dn], axis=1)
    return dx, dh, dw_x, dw_h, np.concatenate([dr.sum(0), dz.sum(0), dn.sum(0)])


# %% gru: loops over samples, tanh for the sigmoid, and a backward that computes the gates again
def gates_of_one(x, h, w_x, w_h, b):
    p = len(h)
    a = w_x.T @ x + b
    r = (np.tanh((a[:p] + w_h[:, :p].T @ h) / 2) + 1) / 2
    z = (np.tanh((a[p : 2 * p] + w_h[:, p : 2 * p].T @ h) / 2) + 1) / 2
    n = np.tanh(a[2 * p :] + w_h[:, 2 * p :].T @ (r * h))
    return r, z, n


def gru_step_forward(x, h, w_x, w_h, b):
    rows = []
    for n in range(len(x)):
        _, z, new = gates_of_one(x[n], h[n], w_x, w_h, b)
        rows.append(z * new + (1 - z) * h[n])
    return np.array(rows), [x, h, w_x, w_h, b]


def gru_step_backward(dh_next, cache):
    x, h, w_x, w_h, b = cache
    p = h.shape[1]
    dx, dh, dw_x, dw_h, db = (np.zeros_like(array) for array in cache)
    for k in range(len(x)):
        r, z, n = gates_of_one(x[k], h[k], w_x, w_h, b)
        da = np.zeros(3 * p)
        da[2 * p :] = dh_next[k] * z * (1 - n**2)
        da[p : 2 * p] = dh_next[k] * (n - h[k]) * z * (1 - z)
        back = w_h[:, 2 * p :] @ da[2 * p :]
        da[:p] = back * h[k] * r * (1 - r)
        dx[k] = w_x @ da
        dh[k] = dh_next[k] * (1 - z) + back * r + w_h[:, : 2 * p] @ da[: 2 * p]
        dw_x += np.outer(x[k], da)
        dw_h[:, : 2 * p] += np.outer(h[k], da[: 2 * p])
        dw_h[:, 2 * p :] += np.outer(r * h[k], da[2 * p :])
        db += da
    return dx, dh, dw_x, dw_h, db


# %% gru: both gates in one product, and einsum
def gru_step_forward(x, h, w_x, w_h, b):
    p = h.shape[1]
    both = 1 / (1 + np.exp(-(x @ w_x[:, : 2 * p] + h @ w_h[:, : 2 * p] + b[: 2 * p])))
    r, z = both[:, :p], both[:, p:]
    n = np.tanh(
        np.einsum("nd,dp->np", x, w_x[:, 2 * p :]) + np.einsum("np,pq->nq", r * h, w_h[:, 2 * p :]) + b[2 * p :]
    )
    return (1 - z) * h + z * n, lambda: (x, h, w_x, w_h, both, n)


def gru_step_backward(dh_next, cache):
    x, h, w_x, w_h, both, n = cache()
    p = h.shape[1]
    r, z = both[:, :p], both[:, p:]
    da_n = dh_next * z * (1 - n**2)
    inner = da_n.dot(w_h[:, 2 * p :].T)
    da_both = np.hstack([inner * h, dh_next * (n - h)]) * both * (1 - both)
    da = np.hstack([da_both, da_n])
    dh = da_both @ w_h[:, : 2 * p].T + inner * r + (1 - z) * dh_next
    dw_h = np.hstack([np.einsum("np,nq->pq", h, da_both), np.einsum("np,nq->pq", r * h, da_n)])
    return dx_of(da, w_x), dh, np.einsum("nd,nq->dq", x, da), dw_h, np.einsum("nq->q", da)


def dx_of(da, w_x):
    return np.einsum("nq,dq->nd", da, w_x)


# %% lstm: loops over samples, and one matrix for input and state
def lstm_step_forward(x, h, c, w_x, w_h, b):
    p = h.shape[1]
    joint = np.concatenate([x, h], axis=1)
    W = np.concatenate([w_x, w_h], axis=0)
    a = joint @ W + b
    gates = 1 / (1 + np.exp(-a[:, : 3 * p]))
    g = np.tanh(a[:, 3 * p :])
    h_next, c_next = np.zeros_like(h), np.zeros_like(c)
    for n in range(len(x)):
        i, f, o = gates[n, :p], gates[n, p : 2 * p], gates[n, 2 * p :]
        c_next[n] = i * g[n] + f * c[n]
        h_next[n] = o * np.tanh(c_next[n])
    return h_next, c_next, {"joint": joint, "W": W, "gates": gates, "g": g, "c": c, "c_next": c_next, "d": x.shape[1]}


def lstm_step_backward(dh_next, dc_next, cache):
    joint, W, d, g = cache["joint"], cache["W"], cache["d"], cache["g"]
    p = g.shape[1]
    i, f, o = cache["gates"][:, :p], cache["gates"][:, p : 2 * p], cache["gates"][:, 2 * p :]
    t = np.tanh(cache["c_next"])
    dc_next += dh_next * o * (1 - t * t)  # changed in place, as half of the students do
    da = np.zeros((len(g), 4 * p))
    da[:, :p] = dc_next * g * i * (1 - i)
    da[:, p : 2 * p] = dc_next * cache["c"] * f * (1 - f)
    da[:, 2 * p : 3 * p] = dh_next * t * o * (1 - o)
    da[:, 3 * p :] = dc_next * i * (1 - g * g)
    djoint, dW = da @ W.T, joint.T @ da
    return djoint[:, :d], djoint[:, d:], dc_next * f, dW[:d], dW[d:], np.sum(da, axis=0)


# %% lstm: caches of lists, gradients added into arrays of zeros
def lstm_forward(xs, h0, c0, w_x, w_h, b):
    N, T, _ = xs.shape
    hs = np.empty((N, T, h0.shape[1]))
    caches = []
    prev_h, prev_c = h0, c0
    for t in range(T):
        prev_h, prev_c, cache = lstm_step_forward(xs[:, t, :], prev_h, prev_c, w_x, w_h, b)
        hs[:, t, :] = prev_h
        caches.append(cache)
    return hs, prev_c, (caches, xs.shape, w_x.shape, w_h.shape)


def lstm_backward(dhs, dc_last, cache):
    caches, shape, of_x, of_h = cache
    dxs, dw_x, dw_h, db = np.zeros(shape), np.zeros(of_x), np.zeros(of_h), np.zeros(of_h[1])
    dh, dc = np.zeros_like(dc_last), dc_last
    for t in range(shape[1])[::-1]:
        dh += dhs[:, t]
        dxs[:, t], dh, dc, dwx, dwh, dbt = lstm_step_backward(dh, dc, caches[t])
        dw_x += dwx
        dw_h += dwh
        db += dbt
    return dxs, dh, dc, dw_x, dw_h, db


# %% lstm: a class that holds everything, over time at once in the weights
class Layer:
    def __init__(self, w_x, w_h, b):
        self.w_x, self.w_h, self.b = w_x, w_h, b

    def step(self, x, h, c):
        i, f, o, g = np.moveaxis((x @ self.w_x + h @ self.w_h + self.b).reshape(len(x), 4, -1), 1, 0)
        i, f, o, g = *(1 / (1 + np.exp(-gate)) for gate in (i, f, o)), np.tanh(g)
        new = f * c + i * g
        return o * np.tanh(new), new, (i, f, o, g, c, new)

    def inner(self, dh, dc, kept):
        i, f, o, g, c, new = kept
        dc = dc + dh * o / np.cosh(new) ** 2
        da = np.stack(
            [dc * g * i * (1 - i), dc * c * f * (1 - f), dh * np.tanh(new) * o * (1 - o), dc * i * (1 - g**2)], 1
        )
        return da.reshape(len(dh), -1), dc * f

    def grads(self, x, h, da):
        return x.T @ da, h.T @ da, da.sum(axis=0)


def lstm_step_forward(x, h, c, w_x, w_h, b):
    layer = Layer(w_x, w_h, b)
    h_next, c_next, kept = layer.step(x, h, c)
    layer.cache = x, h, kept
    return h_next, c_next, layer


def lstm_step_backward(dh_next, dc_next, cache):
    x, h, kept = cache.cache
    da, dc = cache.inner(dh_next, dc_next, kept)
    return (da @ cache.w_x.T, da @ cache.w_h.T, dc, *cache.grads(x, h, da))


def lstm_forward(xs, h0, c0, w_x, w_h, b):
    layer, hs, kept = Layer(w_x, w_h, b), [h0], []
    c = c0
    for x in xs.swapaxes(0, 1):
        h, c, one = layer.step(x, hs[-1], c)
        hs.append(h)
        kept.append(one)
    layer.cache = xs, np.stack(hs[:-1], 1), kept
    return np.stack(hs[1:], 1), c, layer


def lstm_backward(dhs, dc_last, cache):
    xs, before, kept = cache.cache
    das = np.zeros((*xs.shape[:2], len(cache.b)))
    dh, dc = 0, dc_last
    for t in reversed(range(xs.shape[1])):
        das[:, t], dc = cache.inner(dhs[:, t] + dh, dc, kept[t])
        dh = das[:, t] @ cache.w_h.T
    flat = das.reshape(-1, das.shape[2])
    grads = cache.grads(xs.reshape(len(flat), -1), before.reshape(len(flat), -1), flat)
    return (das @ cache.w_x.T, dh, dc, *grads)


# %% readout: loops over time, joined states, and a protected logarithm
def bidirectional(xs, forward, backward, v_forward, v_backward):
    T = xs.shape[1]
    ahead, behind = [None] * T, [None] * T
    h, w_x, w_h, b = forward
    for t in range(T):
        h = np.tanh(xs[:, t] @ w_x + h @ w_h + b)
        ahead[t] = h
    h, w_x, w_h, b = backward
    for t in range(T - 1, -1, -1):
        h = np.tanh(xs[:, t] @ w_x + h @ w_h + b)
        behind[t] = h
    joined = np.stack([np.concatenate(pair, axis=1) for pair in zip(ahead, behind, strict=True)], axis=1)
    return joined @ np.concatenate([v_forward, v_backward])


def perplexity(logits, targets):
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    N, T = targets.shape
    chosen = p[np.arange(N)[:, None], np.arange(T)[None, :], targets]
    return np.exp(np.mean(-np.log(chosen + 1e-12)))


# %% readout: einsum, flip, and the geometric mean in bits
def bidirectional(xs, forward, backward, v_forward, v_backward):
    hf, _ = rnn_forward(xs, *forward)
    hb, _ = rnn_forward(np.flip(xs, axis=1), *backward)
    return np.einsum("ntp,pm->ntm", hf, v_forward) + np.einsum("ntq,qm->ntm", np.flip(hb, 1), v_backward)


def perplexity(logits, targets):
    flat, chosen = logits.reshape(-1, logits.shape[-1]), targets.ravel()
    bits = [(np.logaddexp.reduce(row) - row[k]) / np.log(2) for row, k in zip(flat, chosen, strict=True)]
    return 2 ** np.mean(bits)


# %% readout: one-hot targets, and each sequence alone
def bidirectional(xs, forward, backward, v_forward, v_backward):
    T = xs.shape[1]
    ys = np.zeros((len(xs), T, v_forward.shape[1]))
    for n in range(len(xs)):
        for weights, v, order in ((forward, v_forward, range(T)), (backward, v_backward, range(T - 1, -1, -1))):
            h0, w_x, w_h, b = weights
            h = h0[n]
            for t in order:
                h = np.tanh(w_x.T @ xs[n, t] + w_h.T @ h + b)
                ys[n, t] += v.T @ h
    return ys


def perplexity(logits, targets):
    C = logits.shape[2]
    z = logits - np.max(logits, axis=2)[..., None]
    losses = np.log(np.sum(np.exp(z), axis=2)) - np.sum(np.eye(C)[targets] * z, axis=2)
    return np.prod(np.exp(losses)) ** (1 / losses.size)


# %% long_range: each sequence alone, products of diagonal matrices, singular values
def jacobian_norms(w_h, hs):
    N, T, p = hs.shape
    norms = np.zeros((N, T))
    for n in range(N):
        J = np.eye(p)
        for t in range(T):
            J = J @ w_h @ np.diag(1 - hs[n, t] ** 2)
            norms[n, t] = np.linalg.svd(J)[1][0]
    return norms


# %% long_range: the transposed layout, and the largest eigenvalue of the Gram matrix
def jacobian_norms(w_h, hs):
    rows = []
    for states in hs:
        J, row = np.identity(len(w_h)), []
        for h in states:
            J = np.diag(1 - h * h) @ w_h.T @ J
            row.append(np.sqrt(np.abs(np.linalg.eigvalsh(J.T @ J)).max()))
        rows.append(row)
    return np.array(rows)


# %% long_range: einsum over the batch
def jacobian_norms(w_h, hs):
    steps = np.einsum("ij,ntj->tnij", w_h, 1 - hs**2)
    products = [steps[0]]
    for J in steps[1:]:
        products.append(np.einsum("nij,njk->nik", products[-1], J))
    return np.linalg.svd(np.array(products), compute_uv=False).max(axis=-1).T


# %% gru_cell: every gate by itself, with matrix products
class GRUCell(torch.nn.Module):
    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        self.p, self.has_bias = hidden_size, bias
        k = 1 / np.sqrt(hidden_size)
        self.weight_ih = torch.nn.Parameter((torch.rand(3 * hidden_size, input_size) * 2 - 1) * k)
        self.weight_hh = torch.nn.Parameter((torch.rand(3 * hidden_size, hidden_size) * 2 - 1) * k)
        if bias:
            self.bias_ih = torch.nn.Parameter((torch.rand(3 * hidden_size) * 2 - 1) * k)
            self.bias_hh = torch.nn.Parameter((torch.rand(3 * hidden_size) * 2 - 1) * k)
        else:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)

    def block(self, k, x, weight, bias):
        rows = slice(k * self.p, (k + 1) * self.p)
        out = x @ weight[rows].t()
        return out + bias[rows] if self.has_bias else out

    def forward(self, x, h=None):
        if h is None:
            h = torch.zeros(x.shape[0], self.p, dtype=x.dtype, device=x.device)
        r, z = (
            torch.sigmoid(
                self.block(k, x, self.weight_ih, self.bias_ih) + self.block(k, h, self.weight_hh, self.bias_hh)
            )
            for k in (0, 1)
        )
        hidden = self.block(2, h, self.weight_hh, self.bias_hh)
        n = torch.tanh(self.block(2, x, self.weight_ih, self.bias_ih) + r * hidden)
        return n + z * (h - n)


# %% gru_cell: einsum, addmm and lerp, with a dict of sizes
class GRUCell(torch.nn.Module):
    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        shapes = {"weight_ih": (3 * hidden_size, input_size), "weight_hh": (3 * hidden_size, hidden_size)}
        if bias:
            shapes |= {"bias_ih": (3 * hidden_size,), "bias_hh": (3 * hidden_size,)}
        for name, shape in shapes.items():
            self.register_parameter(name, torch.nn.Parameter(torch.randn(shape) * 0.1))
        self.bias = bias

    def forward(self, x, h=None):
        h = torch.zeros_like(x[:, :1]).expand(-1, self.weight_hh.size(1)) if h is None else h
        inputs = torch.einsum("nd,gd->ng", x, self.weight_ih)
        states = torch.einsum("np,gp->ng", h, self.weight_hh)
        if self.bias:
            inputs, states = inputs + self.bias_ih, states + self.bias_hh
        a, b, c = inputs.split(h.size(1), dim=1)
        d, e, f = states.split(h.size(1), dim=1)
        reset, keep = (a + d).sigmoid(), (b + e).sigmoid()
        return torch.lerp((c + reset * f).tanh(), h, keep)
