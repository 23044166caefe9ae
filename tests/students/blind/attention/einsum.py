"""einsum; protective constants; -1e9; in-place changes of the upstream gradient; Fortran order."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def nadaraya_watson(x, xs, ys, kernel, bandwidth):
    x2 = np.einsum("md,md->m", x, x)
    s2 = np.einsum("nd,nd->n", xs, xs)
    r2 = np.maximum(x2[:, None] + s2[None] - 2 * np.einsum("md,nd->mn", x, xs), 0.0)
    if kernel == "box":
        w = (r2 <= bandwidth**2).astype(float)
        w[w.sum(1) == 0] = 1.0
    else:
        e = -r2 / 2 / bandwidth**2 if kernel == "gaussian" else -np.sqrt(r2) / bandwidth
        w = np.exp(e - e.max(axis=1, keepdims=True))
    return np.einsum("mn,nj->mj", w, ys) / (np.einsum("mn->m", w)[:, None] + 1e-12)


def _softmax(a, mask):
    if mask is not None:
        a = np.where(mask, a, -1e9)
    e = np.exp(a - a.max(-1, keepdims=True))
    w = e / (e.sum(-1, keepdims=True) + 1e-16)
    if mask is not None:
        w = w * mask
    return w


def attention_forward(q, k, v, mask=None):
    scale = q.shape[-1] ** -0.5
    w = _softmax(np.einsum("ntp,nsp->nts", q, k) * scale, mask)
    out = np.asfortranarray(np.einsum("nts,nsm->ntm", w, v))
    return out, dict(q=q * scale, k=k * scale, v=v, w=w)


def attention_backward(dout, cache):
    w = cache["w"]
    dw = np.einsum("ntm,nsm->nts", dout, cache["v"])
    dv = np.einsum("nts,ntm->nsm", w, dout)
    dout *= 0.0  # not needed any more, and allowed
    da = w * dw
    da -= w * da.sum(-1, keepdims=True)
    return np.asfortranarray(np.einsum("nts,nsp->ntp", da, cache["k"])), np.einsum("nts,ntp->nsp", da, cache["q"]), dv


def causal_mask(T):
    return np.logical_not(np.triu(np.ones((T, T)), 1))


def additive_attention(q, k, v, W_q, W_k, u, mask=None):
    hidden = np.tanh(np.einsum("ntp,ph->nth", q, W_q)[:, :, None, :] + np.einsum("nsr,rh->nsh", k, W_k)[:, None, :, :])
    return np.einsum("nts,nsm->ntm", _softmax(np.einsum("ntsh,h->nts", hidden, u), mask), v)


def positional_encoding(T, d):
    w = np.exp(-np.log(10000.0) * np.arange(0, d, 2) / d)
    angle = np.einsum("t,j->tj", np.arange(T), w)
    pe = np.zeros((T, d), order="F")
    pe[:, 0::2] = np.sin(angle)
    pe[:, 1::2] = np.cos(angle)
    return pe


def layer_norm_forward(x, gain, bias, eps=1e-5):
    d = x.shape[-1]
    mean = np.einsum("...d->...", x)[..., None] / d
    var = np.einsum("...d,...d->...", x, x)[..., None] / d - mean**2
    inv = (np.maximum(var, 0.0) + eps) ** -0.5
    xhat = (x - mean) * inv
    return np.einsum("...d,d->...d", xhat, gain) + bias, {"xhat": xhat, "inv": inv, "gain": gain}


def layer_norm_backward(dy, cache):
    xhat, inv, gain = cache["xhat"], cache["inv"], cache["gain"]
    d = gain.size
    dgain = np.einsum("td,td->d", dy.reshape(-1, d), xhat.reshape(-1, d))
    dbias = np.einsum("td->d", dy.reshape(-1, d))
    dy *= gain
    dx = inv / d * (d * dy - np.einsum("...d->...", dy)[..., None] - xhat * np.einsum("...d,...d->...", dy, xhat)[..., None])
    return dx, dgain, dbias


def _p(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gpt_loss(logits, tokens):
    onehot = np.eye(logits.shape[-1])[tokens[:, 1:]]
    p = np.einsum("ntv,ntv->nt", _p(logits[:, :-1]), onehot)
    return -np.log(p + 1e-12).mean()


def masked_loss(logits, tokens, hidden):
    onehot = np.eye(logits.shape[-1])[tokens]
    p = np.einsum("ntv,ntv->nt", _p(logits), onehot)
    return -np.einsum("nt,nt->", np.log(p + 1e-12), hidden.astype(float)) / hidden.sum()


def clip_loss(images, captions, scale):
    diff = images[:, None, :] - captions[None, :, :]
    z = -0.5 * scale * np.einsum("ijd,ijd->ij", diff, diff)
    a, b = np.einsum("ii->i", _p(z)), np.einsum("ii->i", _p(z.T))
    return -0.5 * (np.log(a + 1e-12) + np.log(b + 1e-12)).mean()


class MultiHeadAttention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        if d % heads:
            raise ValueError("heads")
        self.h, self.p = heads, d // heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(d, d))

    def forward(self, x, mask=None):
        N, T, d = x.shape
        q = self.query(x).view(N, T, self.h, self.p)
        k = self.key(x).view(N, T, self.h, self.p)
        v = self.value(x).view(N, T, self.h, self.p)
        a = torch.einsum("nthp,nshp->nhts", q, k) * self.p**-0.5
        if mask is not None:
            m = mask[None, None] if mask.ndim == 2 else mask[:, None]
            a = a.masked_fill(~m, torch.finfo(a.dtype).min)
        return self.output(torch.einsum("nhts,nshp->nthp", a.softmax(-1), v).reshape(N, T, d))


class EncoderBlock(nn.Module):
    def __init__(self, d, heads, hidden, eps=1e-5):
        super().__init__()
        self.attention = MultiHeadAttention(d, heads)
        self.norm1, self.norm2 = nn.LayerNorm(d, eps=eps), nn.LayerNorm(d, eps=eps)
        self.linear1, self.linear2 = nn.Linear(d, hidden), nn.Linear(hidden, d)

    def forward(self, x, mask=None):
        h = self.norm1(x + self.attention(x, mask))
        h = h + self.linear2(F.relu(self.linear1(h)))
        return self.norm2(h)
