"""einsum everywhere; dict caches; upstream gradients are changed in place where that is allowed; Fortran order."""
import numpy as np
import torch
from torch import nn

ein = np.einsum


def _sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))


def kalman_filter(xs, a, var_state, var_obs, mu0, var0):
    out = np.empty((len(xs), 2))
    for t, x in enumerate(xs):
        prior = a**2 * var0 + var_state
        k = prior / (prior + var_obs)
        mu0 = (1 - k) * a * mu0 + k * x
        var0 = k * var_obs
        out[t] = mu0, var0
    return out[:, 0], out[:, 1]  # views with strides


def rnn_step_forward(x, h, w_x, w_h, b):
    h_next = np.tanh(ein("nd,dp->np", x, w_x) + ein("nq,qp->np", h, w_h) + b[None])
    return np.asfortranarray(h_next), dict(x=x, h=h, w_x=w_x, w_h=w_h, y=h_next)


def rnn_step_backward(dh_next, cache):
    dh_next *= 1 - cache["y"] ** 2
    return (
        ein("np,dp->nd", dh_next, cache["w_x"]),
        ein("np,qp->nq", dh_next, cache["w_h"]),
        ein("nd,np->dp", cache["x"], dh_next),
        ein("nq,np->qp", cache["h"], dh_next),
        ein("np->p", dh_next),
    )


def rnn_forward(xs, h0, w_x, w_h, b):
    h = h0
    hs = []
    for x in ein("ntd->tnd", xs):
        h = np.tanh(ein("nd,dp->np", x, w_x) + ein("nq,qp->np", h, w_h) + b)
        hs.append(h)
    hs = np.stack(hs, axis=1)
    return hs, dict(xs=xs, hs=hs, h0=h0, w_x=w_x, w_h=w_h)


def rnn_backward(dhs, cache):
    hs, h0, xs, w_h = cache["hs"], cache["h0"], cache["xs"], cache["w_h"]
    T = hs.shape[1]
    for t in range(T)[::-1]:
        if t < T - 1:
            dhs[:, t] += ein("np,qp->nq", dhs[:, t + 1], w_h)
        dhs[:, t] *= 1 - hs[:, t] ** 2
    before = np.concatenate([h0[:, None], hs[:, :-1]], axis=1)
    return (
        ein("ntp,dp->ntd", dhs, cache["w_x"]),
        ein("np,qp->nq", dhs[:, 0], w_h),
        ein("ntd,ntp->dp", xs, dhs),
        ein("ntq,ntp->qp", before, dhs),
        ein("ntp->p", dhs),
    )


def truncated_bptt(xs, h0, w_x, w_h, b, dhs, window):
    T = xs.shape[1]
    hs, cache = rnn_forward(xs, h0, w_x, w_h, b)
    # one pass: no gradient goes over the seams, which are before t = window, 2 window, ...
    for t in range(T - 1, -1, -1):
        if t + 1 < T and (t + 1) % window != 0:
            dhs[:, t] += ein("np,qp->nq", dhs[:, t + 1], w_h)
        dhs[:, t] *= 1 - hs[:, t] ** 2
    before = np.concatenate([h0[:, None], hs[:, :-1]], axis=1)
    return hs, ein("ntd,ntp->dp", xs, dhs), ein("ntq,ntp->qp", before, dhs), ein("ntp->p", dhs)


def blocks(w, k):
    return w.reshape(*w.shape[:-1], k, -1)


def gru_step_forward(x, h, w_x, w_h, b):
    wx, wh, b3 = blocks(w_x, 3), blocks(w_h, 3), blocks(b, 3)
    a = ein("nd,dkp->nkp", x, wx) + b3
    gates = _sigmoid(a[:, :2] + ein("nq,qkp->nkp", h, wh[:, :2]))
    r, z = gates[:, 0], gates[:, 1]
    n = np.tanh(a[:, 2] + ein("nq,nq,qp->np", r, h, wh[:, 2]))
    return (1 - z) * h + z * n, dict(x=x, h=h, wx=wx, wh=wh, r=r, z=z, n=n)


def gru_step_backward(dh_next, cache):
    x, h, wx, wh, r, z, n = (cache[k] for k in ("x", "h", "wx", "wh", "r", "z", "n"))
    D = np.empty((len(x), 3, h.shape[1]), order="F")
    D[:, 2] = dh_next * z * (1 - n**2)
    D[:, 1] = dh_next * (n - h) * z * (1 - z)
    drh = ein("np,qp->nq", D[:, 2], wh[:, 2])
    D[:, 0] = drh * h * r * (1 - r)
    dh = dh_next * (1 - z) + drh * r + ein("nkp,qkp->nq", D[:, :2], wh[:, :2])
    dwh = np.empty(wh.shape)
    dwh[:, :2] = ein("nq,nkp->qkp", h, D[:, :2])
    dwh[:, 2] = ein("nq,nq,np->qp", r, h, D[:, 2])
    dwx = ein("nd,nkp->dkp", x, D)
    return ein("nkp,dkp->nd", D, wx), dh, dwx.reshape(len(dwx), -1), dwh.reshape(len(dwh), -1), D.sum(0).reshape(-1)


def lstm_step_forward(x, h, c, w_x, w_h, b):
    wx, wh, b4 = blocks(w_x, 4), blocks(w_h, 4), blocks(b, 4)
    a = ein("nd,dkp->knp", x, wx) + ein("nq,qkp->knp", h, wh) + b4[:, None]
    i, f, o = _sigmoid(a[:3])
    g = np.tanh(a[3])
    c_next = f * c + i * g
    tc = np.tanh(c_next)
    return o * tc, c_next, dict(x=x, h=h, c=c, wx=wx, wh=wh, i=i, f=f, o=o, g=g, tc=tc)


def lstm_step_backward(dh_next, dc_next, cache):
    x, h, c, wx, wh, i, f, o, g, tc = cache.values()
    dc_next += dh_next * o * (1 - tc**2)
    D = np.stack(
        [dc_next * g * i * (1 - i), dc_next * c * f * (1 - f), dh_next * tc * o * (1 - o), dc_next * i * (1 - g**2)]
    )
    dwx, dwh = ein("nd,knp->dkp", x, D), ein("nq,knp->qkp", h, D)
    return (
        ein("knp,dkp->nd", D, wx),
        ein("knp,qkp->nq", D, wh),
        dc_next * f,
        dwx.reshape(len(dwx), -1),
        dwh.reshape(len(dwh), -1),
        ein("knp->kp", D).ravel(),
    )


def lstm_forward(xs, h0, c0, w_x, w_h, b):
    caches, hs, h, c = {}, [], h0, c0
    for t in range(xs.shape[1]):
        h, c, caches[t] = lstm_step_forward(xs[:, t, :], h, c, w_x, w_h, b)
        hs += [h]
    return np.array(hs).transpose(1, 0, 2), c, caches


def lstm_backward(dhs, dc_last, cache):
    T = dhs.shape[1]
    steps = {}
    dc = dc_last
    for t in range(T - 1, -1, -1):
        if t + 1 < T:
            dhs[:, t] += steps[t + 1][1]
            dc = steps[t + 1][2]
        steps[t] = lstm_step_backward(dhs[:, t], dc, cache[t])
    every = [steps[t] for t in range(T)]
    return (
        np.stack([s[0] for s in every], axis=1),
        every[0][1],
        every[0][2],
        sum(s[3] for s in every),
        sum(s[4] for s in every),
        sum(s[5] for s in every),
    )


def bidirectional(xs, forward, backward, v_forward, v_backward):
    left, _ = rnn_forward(xs, *forward)
    right, _ = rnn_forward(xs[:, ::-1], *backward)
    return ein("ntp,pm->ntm", left, v_forward) + ein("ntq,qm->ntm", right[:, ::-1], v_backward)


def perplexity(logits, targets):
    C = logits.shape[-1]
    hot = np.eye(C)[targets]
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    return np.exp(-ein("ntc,ntc->", hot, log_p) / targets.size)


def jacobian_norms(w_h, hs):
    J = np.eye(len(w_h))[None]
    norms = []
    for t in range(hs.shape[1]):
        J = ein("nij,jk,nk->nik", np.broadcast_to(J, (len(hs), *w_h.shape)), w_h, 1 - hs[:, t] ** 2)
        scale = np.abs(J).max(axis=(1, 2), keepdims=True)
        scale = np.where(scale > 0, scale, 1.0)
        K = J / scale
        largest = np.linalg.eigvalsh(ein("nij,nkj->nik", K, K))[:, -1]
        norms.append(np.sqrt(np.maximum(largest, 0)) * scale[:, 0, 0])
    return np.array(norms).T


class GRUCell(nn.Module):
    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        bound = hidden_size**-0.5
        shapes = {"weight_ih": (3 * hidden_size, input_size), "weight_hh": (3 * hidden_size, hidden_size)}
        shapes |= {"bias_ih": (3 * hidden_size,), "bias_hh": (3 * hidden_size,)}
        for name, shape in shapes.items():
            if name.startswith("bias") and not bias:
                self.register_parameter(name, None)
            else:
                self.register_parameter(name, nn.Parameter((2 * torch.rand(shape) - 1) * bound))

    def forward(self, x, h=None):
        p = self.weight_hh.shape[1]
        if h is None:
            h = x.new_zeros((x.shape[0], p))
        a = torch.einsum("nd,kd->nk", x, self.weight_ih)
        c = torch.einsum("np,kp->nk", h, self.weight_hh)
        if self.bias_ih is not None:
            a, c = a + self.bias_ih, c + self.bias_hh
        a, c = a.unflatten(1, (3, p)), c.unflatten(1, (3, p))
        r, z = torch.sigmoid(a[:, :2] + c[:, :2]).unbind(1)
        n = torch.tanh(a[:, 2] + r * c[:, 2])
        return n + z * (h - n)
