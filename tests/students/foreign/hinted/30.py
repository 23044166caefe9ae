from functools import reduce
import math
import numpy as np

## Part 1 ##

def squared_norm_gradient(x: np.ndarray) -> np.ndarray:
    return x * 2.0


def linear_map_jacobian(A: np.ndarray) -> np.ndarray:
    # f is linear, so column j of the Jacobian is A[:, j]
    return np.column_stack([A[:, j] for j in range(A.shape[1])])


def composed_gradients(A: np.ndarray, x: np.ndarray):
    value = A.T @ x

    def pull_back(upstream):
        return A @ upstream, np.multiply.outer(x, upstream)

    return pull_back(squared_norm_gradient(value))

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

# ------------------------- exercise 3 -------------------------

def sig(v):
    # only exp of something negative
    if v >= 0:
        return 1 / (1 + math.exp(-v))
    e = math.exp(v)
    return e / (1 + e)


def sigmoid_forward(x):
    h = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        h[k] = sig(x[k])
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

# Exercise 4

class Loss:
    """subclasses give cost and slope of the residual, entry by entry"""

    def __call__(self, h, y):
        r = h - y
        return float(np.mean(np.sum(self.cost(r), axis=1))), self.slope(r) / r.shape[0]


class MSE(Loss):
    def cost(self, r):
        return r * r / 2

    def slope(self, r):
        return r


class Huber(Loss):
    def __init__(self, delta):
        self.delta = delta

    def cost(self, r):
        a = np.abs(r)
        return np.where(a <= self.delta, r ** 2 / 2, self.delta * (a - self.delta / 2))

    def slope(self, r):
        return np.where(np.abs(r) <= self.delta, r, self.delta * np.sign(r))


class Quantile(Loss):
    def __init__(self, tau):
        self.tau = tau

    def slope(self, r):
        return np.where(r < 0, -self.tau, 1 - self.tau)

    def cost(self, r):
        return self.slope(r) * r


class SoftmaxCrossEntropy:
    def __init__(self, logits):
        shifted = logits - np.max(logits, axis=1, keepdims=True)
        self.N, self.m = logits.shape
        self.logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    def loss_and_gradient(self, q):
        return float(-(q * self.logp).sum() / self.N), (np.exp(self.logp) - q) / self.N


def mse(h, y):
    return MSE()(h, y)


def huber(h, y, delta):
    return Huber(delta)(h, y)


def quantile(h, y, tau):
    return Quantile(tau)(h, y)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    q = np.zeros(logits.shape)
    q[np.arange(len(labels)), labels] = 1
    loss, g = SoftmaxCrossEntropy(logits / temperature).loss_and_gradient(q)
    return loss, g / temperature


def label_smoothing(logits, labels, epsilon):
    q = np.full(logits.shape, epsilon / (logits.shape[1] - 1))
    q[np.arange(len(labels)), labels] = 1 - epsilon
    return SoftmaxCrossEntropy(logits).loss_and_gradient(q)

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


def length(S):
    total = 0.0
    for v in S.ravel():
        total += v * v
    return math.sqrt(total)


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, tape = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    _, found = mlp_backward(dlogits, tape, derivative)
    grads = []
    for (S, _), (dS, db) in zip(params, found):
        loss += 0.5 * weight_decay * length(S)
        grads.append((dS + weight_decay * S, db))
    return loss, grads
