import math
import numpy as np

# I do it with lists first and turn it into an array at the end, numpy axes always confuse me.

def squared_norm_gradient(x):
    return np.array([2 * v for v in x.tolist()])


def linear_map_jacobian(A):
    return np.array([[a for a in row] for row in A.tolist()])


def composed_gradients(A, x):
    rows, x = A.tolist(), x.tolist()
    y = [sum(xi * a for xi, a in zip(x, col)) for col in zip(*rows)]
    dx = [sum(2 * yj * a for yj, a in zip(y, row)) for row in rows]
    dA = [[2 * yj * xi for yj in y] for xi in x]
    return np.array(dx), np.array(dA)

# helpers for lists of rows

def dot(u, v):
    return sum(a * b for a, b in zip(u, v))


def transpose(rows):
    return [list(col) for col in zip(*rows)]


def matmul(P, Q):
    cols = transpose(Q)
    return [[dot(row, col) for col in cols] for row in P]


def linear_forward(x, S, b):
    out = [[v + bj for v, bj in zip(row, b.tolist())] for row in matmul(x.tolist(), S.tolist())]
    return np.array(out), (x.tolist(), S.tolist())


def linear_backward(dh, cache):
    x, S = cache
    dh = dh.tolist()
    dx = matmul(dh, transpose(S))
    dS = matmul(transpose(x), dh)
    db = [sum(col) for col in transpose(dh)]
    return np.array(dx), np.array(dS), np.array(db)

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

# network: recursion, the rest of the network is a smaller network

def mlp_forward(x, params, activation):
    (S, b), rest = params[0], params[1:]
    z, own = linear_forward(x, S, b)
    if not rest:
        return z, (own, None, None)
    logits, inner = mlp_forward(activation(z), rest, activation)
    return logits, (own, z, inner)


def mlp_backward(dlogits, cache, derivative):
    own, z, inner = cache
    if inner is None:
        dz, later = dlogits, []
    else:
        dh, later = mlp_backward(dlogits, inner, derivative)
        dz = dh * derivative(z)
    dx, dS, db = linear_backward(dz, own)
    return dx, [(dS, db)] + later


def input_gradient(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    _, dlogits = softmax_cross_entropy(logits, labels)
    return mlp_backward(dlogits, cache, derivative)[0]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    n = len(x)
    rate = weight_decay / n      # lambda / 2n * sum w^2
    out, cache = mlp_forward(x, params, activation)
    loss, dout = softmax_cross_entropy(out, labels)
    grads = []
    for (S, b), (dS, db) in zip(params, mlp_backward(dout, cache, derivative)[1]):
        for row in S.tolist():
            loss += rate / 2 * dot(row, row)
        grads.append([dS + rate * S, db])
    return loss, grads
