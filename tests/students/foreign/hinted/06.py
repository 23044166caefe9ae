# stack machine :)
from functools import reduce
import numpy as np

# Exercise 1

class SquaredNorm:
    def value(self, x):
        return (x ** 2).sum()

    def gradient(self, x):
        return x + x


class LinearMap:
    def __init__(self, A):
        self.A = A

    def __call__(self, x):
        return self.A.T @ x

    def jacobian(self):
        return np.array(self.A)


def squared_norm_gradient(x):
    return SquaredNorm().gradient(x)


def linear_map_jacobian(A):
    return LinearMap(A).jacobian()


def composed_gradients(A, x):
    f, g = LinearMap(A), SquaredNorm()
    dy = g.gradient(f(x))
    return f.jacobian() @ dy, x[:, np.newaxis] @ dy[np.newaxis, :]

## Part 2 ##
# The cache is a stack: push in forward, pop in backward.

def linear_forward(x, S, b):
    stack = []
    for needed_later in (x, S):
        stack.append(needed_later)
    return b + np.tensordot(x, S, axes=1), stack


def linear_backward(dh, cache):
    x = cache.pop()
    S = cache.pop()
    dx = np.tensordot(dh, S, axes=(1, 1))
    dS = np.tensordot(x, dh, axes=(0, 0))
    db = np.tensordot(np.ones(len(dh)), dh, axes=1)
    return dx, dS, db

######## 3 ########
def stable_sigmoid(x):
    out = np.empty_like(x, dtype=float)
    pos = x >= 0
    out[pos] = 1/(1 + np.exp(-x[pos]))
    ex = np.exp(x[~pos])
    out[~pos] = ex/(1 + ex)
    return out

def sigmoid_forward(x):
    cache = {"h": stable_sigmoid(x)}
    return cache["h"], cache

def sigmoid_backward(dh, cache):
    h = cache["h"]
    return dh*h*(1-h)

def tanh_forward(x):
    #h = (np.exp(x)-np.exp(-x))/(np.exp(x)+np.exp(-x))   nan :(
    h = np.tanh(x)
    return h, {"h": h}

def tanh_backward(dh, cache):
    return dh*(1 - cache["h"]**2)

def relu_forward(x):
    return np.maximum(0, x), {"x": x}

def relu_backward(dh, cache):
    dx = dh*(cache["x"] > 0)
    return dx

def leaky_relu_forward(x, c):
    h = np.where(x > 0, x, c*x)
    return h, {"x": x, "c": c}

def leaky_relu_backward(dh, cache):
    x, c = cache["x"], cache["c"]
    return np.where(x > 0, dh, c*dh)

def swish_forward(x):
    s = stable_sigmoid(x)
    return x*s, {"x": x, "s": s}

def swish_backward(dh, cache):
    x = cache["x"]
    s = cache["s"]
    # (uv)' = u'v + uv'
    return dh*(s + x*s*(1-s))

# ---------- losses ----------
def mse(h, y):
    r = h - y
    N = r.shape[0]
    return (r ** 2).sum() / 2 / N, r / N

def huber(h, y, delta):
    r = h - y
    N = r.shape[0]
    up, down = r > delta, r < -delta
    mid = ~(up | down)
    loss = (r[mid] ** 2).sum() / 2
    loss += (delta * (r[up] - delta / 2)).sum()
    loss += (delta * (-r[down] - delta / 2)).sum()
    g = r.copy()
    g[up] = delta
    g[down] = -delta
    return loss / N, g / N

def quantile(h, y, tau):
    N = len(h)
    low, high = h < y, h > y
    loss = tau * (y - h)[low].sum() + (1 - tau) * (h - y)[high].sum()
    g = np.zeros(h.shape)
    g[low] = -tau
    g[high] = 1 - tau
    return loss / N, g / N

def one_hot(labels, m):
    q = np.zeros((len(labels), m), dtype=bool)
    q[range(len(labels)), labels] = True
    return q

def softmax_cross_entropy(logits, labels, temperature=1.0):
    z = logits / temperature
    N, m = z.shape
    hot = one_hot(labels, m)
    lse = np.logaddexp.reduce(z, axis=1)
    loss = (lse - z[hot]).mean()
    g = np.exp(z - lse[:, None])
    g[hot] -= 1
    return loss, g / temperature / N

def label_smoothing(logits, labels, epsilon):
    N, m = logits.shape
    hot = one_hot(labels, m)
    q = hot * (1 - epsilon) + ~hot * (epsilon / (m - 1))
    lp = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    loss = -(q * lp).sum(axis=1).mean()
    return loss, (np.exp(lp) - q) / N

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
