# Exercise sheet: backprop
from functools import reduce
import math
import numpy as np

# ------------------------- exercise 1 -------------------------

def squared_norm_gradient(x):
    g = np.zeros(len(x))
    for i in range(len(x)):
        g[i] = 2 * x[i]
    return g


def linear_map_jacobian(A):
    d, n = A.shape
    J = np.zeros((d, n))
    for j in range(n):          # f_j = sum_i A_ij x_i
        for i in range(d):
            J[i, j] = A[i, j]
    return J


def composed_gradients(A, x):
    d, n = A.shape
    y = np.zeros(n)
    for j in range(n):
        for i in range(d):
            y[j] += A[i, j] * x[i]
    dx = np.zeros(d)
    dA = np.zeros((d, n))
    for i in range(d):
        for j in range(n):
            dx[i] += 2 * y[j] * A[i, j]
            dA[i, j] = 2 * y[j] * x[i]
    return dx, dA

# ------------------------- exercise 2 -------------------------

def linear_forward(x, S, b):
    N, d = x.shape
    p = S.shape[1]
    h = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            h[n, j] = b[j]
            for i in range(d):
                h[n, j] += x[n, i] * S[i, j]
    return h, (x, S)


def linear_backward(dh, cache):
    x, S = cache
    N, d = x.shape
    p = S.shape[1]
    dx = np.zeros((N, d))
    dS = np.zeros((d, p))
    db = np.zeros(p)
    for n in range(N):
        for j in range(p):
            db[j] += dh[n, j]
            for i in range(d):
                dx[n, i] += dh[n, j] * S[i, j]
                dS[i, j] += dh[n, j] * x[n, i]
    return dx, dS, db

# ------------------------- exercise 3 -------------------------


logistic = np.vectorize(lambda t: 1.0 / (1.0 + math.exp(-t)), otypes=[float])


def sigmoid_forward(x):
    h = logistic(x)
    return h, h


def sigmoid_backward(dh, cache):
    h = cache
    dx = np.zeros(h.shape)
    for k in np.ndindex(h.shape):
        dx[k] = dh[k] * h[k] * (1 - h[k])
    return dx


def tanh_forward(x):
    h = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        h[k] = math.tanh(x[k])
    return h, h


def tanh_backward(dh, cache):
    dx = np.zeros(cache.shape)
    for k in np.ndindex(cache.shape):
        dx[k] = dh[k] * (1 - cache[k] * cache[k])
    return dx


def relu_forward(x):
    h = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        if x[k] > 0:
            h[k] = x[k]
    return h, x


def relu_backward(dh, cache):
    dx = np.zeros(cache.shape)
    for k in np.ndindex(cache.shape):
        if cache[k] > 0:
            dx[k] = dh[k]
    return dx


def leaky_relu_forward(x, c):
    h = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        h[k] = x[k] if x[k] > 0 else c * x[k]
    return h, (x, c)


def leaky_relu_backward(dh, cache):
    x, c = cache
    dx = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        dx[k] = dh[k] if x[k] > 0 else c * dh[k]
    return dx


def sig(v):
    # the version that does not overflow
    if v >= 0:
        return 1 / (1 + math.exp(-v))
    e = math.exp(v)
    return e / (1 + e)


def swish_forward(x):
    h = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        h[k] = x[k] * sig(x[k])
    return h, x


def swish_backward(dh, cache):
    x = cache
    dx = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        s = sig(x[k])
        dx[k] = dh[k] * (s + x[k] * s * (1 - s))
    return dx

# --- losses ---

def mse(h, y):
    e = h - y
    return np.einsum("nj,nj->", e, e) / (2 * len(e)), e / len(e)


def huber(h, y, delta):
    e = h - y
    inside = np.clip(e, -delta, delta)  # = gradient of the single loss
    cost = inside * (e - inside / 2)    # e^2/2 inside, delta(|e| - delta/2) outside
    return np.einsum("nj->", cost) / len(e), inside / len(e)


def quantile(h, y, tau):
    e = y - h
    cost = np.maximum(tau * e, (tau - 1) * e)
    dh = np.where(e > 0, -tau, 1 - tau)
    return np.einsum("nj->", cost) / len(e), dh / len(e)


def cross_entropy_with_targets(z, q):
    """mean of -q_nk log p_nk, and p - q (per sample)"""
    z = z - z.max(axis=1, keepdims=True)
    logp = z - np.log(np.einsum("nk->n", np.exp(z)))[:, None]
    return -np.einsum("nk,nk->", q, logp) / len(z), (np.exp(logp) - q) / len(z)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    q = (labels[:, None] == np.arange(logits.shape[1])).astype(float)
    loss, g = cross_entropy_with_targets(logits / temperature, q)
    return loss, g / temperature


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    right = labels[:, None] == np.arange(m)
    return cross_entropy_with_targets(logits, np.where(right, 1 - epsilon, epsilon / (m - 1)))

## Part 5 ##

def mlp_forward(x, params, activation):
    tape = []

    def step(h, layer):
        S, b = layer
        if tape:                    # everything but the first layer gets an activated input
            z_before = h
            h = activation(h)
        else:
            z_before = None
        tape.append((h, S, z_before))
        return h @ S + b

    return reduce(step, params, x), tape


def mlp_backward(dlogits, cache, derivative):
    found = []

    def step(g, entry):
        h, S, z_before = entry
        found.append((h.T @ g, g.sum(axis=0)))
        g = g @ S.T
        return g if z_before is None else g * derivative(z_before)

    dx = reduce(step, reversed(cache), dlogits)
    return dx, found[::-1]


def input_gradient(x, params, labels, activation, derivative):
    logits, tape = mlp_forward(x, params, activation)
    return mlp_backward(softmax_cross_entropy(logits, labels)[1], tape, derivative)[0]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, tape = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    _, grads = mlp_backward(dlogits, tape, derivative)
    penalty = 0.5 * weight_decay * sum(np.vdot(S, S) for S, b in params)
    return loss + penalty, [(dS + weight_decay * S, db) for (dS, db), (S, b) in zip(grads, params)]
