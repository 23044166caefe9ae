# backprop homework
from functools import reduce
import math
import numpy as np

######## 1 ########
def squared_norm_gradient(x):
    return 2*x

def linear_map_jacobian(A):
    # first I had A.T but the README says (d, n)!!
    return A

def composed_gradients(A, x):
    y = np.dot(A.T, x)
    #print(y.shape)
    dy = 2*y
    dx = np.dot(A, dy)
    dA = np.outer(x, dy)
    return dx, dA

# ------------------------- exercise 2 -------------------------

def linear_forward(x, S, b):
    h = np.empty((x.shape[0], S.shape[1]))
    for j in range(S.shape[1]):
        h[:, j] = x.dot(S[:, j]) + b[j]         # neuron j
    return h, (x, S, b)


def linear_backward(dh, cache):
    x, S, b = cache
    # h_j = S_1j x_1 + ... + S_dj x_d + b_j
    #   by x_i: S_ij      by S_ij: x_i      by b_j: 1
    dx, dS, db = np.zeros(x.shape), np.zeros(S.shape), np.zeros(b.shape)
    for j in range(len(b)):
        upstream = dh[:, j]
        for i in range(x.shape[1]):
            dx[:, i] += upstream * S[i, j]
            dS[i, j] = upstream.dot(x[:, i])
        db[j] = 1
    return dx, dS, db

# activations: one function for one number, `each` takes it through lists of lists of lists

def each(f, *a):
    if isinstance(a[0], list):
        return [each(f, *parts) for parts in zip(*a)]
    return f(*a)


def on_arrays(f, *arrays):
    return np.array(each(f, *[np.asarray(a).tolist() for a in arrays]), dtype=float)


def s(v):
    return 1 / (1 + math.exp(-v)) if v > -700 else 0.0


def sigmoid_forward(x):
    return on_arrays(s, x), x


def sigmoid_backward(dh, cache):
    return on_arrays(lambda g, v: g * s(v) * (1 - s(v)), dh, cache)


def tanh_forward(x):
    return on_arrays(math.tanh, x), x


def tanh_backward(dh, cache):
    return on_arrays(lambda g, v: g * (1 - math.tanh(v) ** 2), dh, cache)


def relu_forward(x):
    return on_arrays(lambda v: max(v, 0.0), x), x


def relu_backward(dh, cache):
    return on_arrays(lambda g, v: g if v > 0 else 0.0, dh, cache)


def leaky_relu_forward(x, c):
    return on_arrays(lambda v: v if v > 0 else c * v, x), (x, c)


def leaky_relu_backward(dh, cache):
    x, c = cache
    return on_arrays(lambda g, v: g if v > 0 else c * g, dh, x)


def swish_forward(x):
    return on_arrays(lambda v: v * s(v), x), x


def swish_backward(dh, cache):
    return on_arrays(lambda g, v: g * (s(v) + v * s(v) * (1 - s(v))), dh, cache)

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
