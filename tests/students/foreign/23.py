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

# Exercise 2

class Linear:
    def __init__(self, S, b):
        self.S, self.b = S, b

    def forward(self, x):
        self.x = x
        return x @ self.S + self.b

    def backward(self, dout):
        self.dS = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.S.T


def linear_forward(x, S, b):
    layer = Linear(S, b)
    return layer.forward(x), layer


def linear_backward(dh, cache):
    dx = cache.backward(dh)
    return dx, cache.dS, cache.db

# --- activations: backward is always dh * slope, so the cache IS the slope ---

def expit(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1 + e)


def chain(dh, slope):
    return np.einsum("...,...->...", dh, slope)


def sigmoid_forward(x):
    s = expit(x)
    return s, s * (1 - s)


def tanh_forward(x):
    t = np.tanh(x)
    return t, 1 - t ** 2


def relu_forward(x):
    on = np.heaviside(x, 0.0)
    return on * x, on


def leaky_relu_forward(x, c):
    slope = np.where(x > 0, 1.0, c)
    return slope * x, slope


def swish_forward(x):
    s = expit(x)
    return x * s, s + x * s * (1 - s)


def sigmoid_backward(dh, cache):
    return chain(dh, cache)


def tanh_backward(dh, cache):
    return chain(dh, cache)


def relu_backward(dh, cache):
    return chain(dh, cache)


def leaky_relu_backward(dh, cache):
    return chain(dh, cache)


def swish_backward(dh, cache):
    return chain(dh, cache)

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


class Softmax:
    def __call__(self, logits):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


def label_smoothing(logits, labels, epsilon):
    N, m = logits.shape
    p = Softmax()(logits)
    q = np.full((N, m), epsilon / (m - 1))
    for row, label in zip(q, labels):
        row[label] = 1 - epsilon
    return np.mean(-np.sum(q * np.log(p), axis=1)), (p - q) / N

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
