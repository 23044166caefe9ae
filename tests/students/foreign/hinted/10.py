# pen and paper first, then loops
import math
import numpy as np

# Everything that is a sum is an einsum here, so that I see the indices.


def squared_norm_gradient(x):
    # f = x_i x_i  ->  df/dx_k = 2 delta_ik x_i
    return 2 * np.einsum("i,ik->k", x, np.eye(x.size))


def linear_map_jacobian(A):
    # f_j = A_ij x_i  ->  J_ij = A_ij
    return np.einsum("ij->ij", A).copy()


def composed_gradients(A, x):
    dx = 2 * np.einsum("ij,kj,k->i", A, A, x)
    dA = 2 * np.einsum("i,k,kj->ij", x, x, A)
    return dx, dA

######## 2 ########
def linear_forward(x, S, b):
    h = np.dot(x, S) + b
    cache = {}
    cache["x"] = x
    cache["S"] = S
    #cache["b"] = b   # not needed?
    return h, cache

def linear_backward(dh, cache):
    x = cache["x"]
    S = cache["S"]
    dx = np.dot(dh, S.T)
    dS = np.dot(x.T, dh)
    db = np.sum(dh, axis=0)
    #assert dx.shape == x.shape
    return dx, dS, db

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
    # tanh looks like the sigmoid, only from -1 to 1: stretch by 2 and shift down by 1
    h = np.empty(x.shape)
    for k, v in np.ndenumerate(x):
        h[k] = 2 * sig(v) - 1
    return h, x


def tanh_backward(dh, cache):
    # 1 - tanh^2 = 4 / (e^x + e^-x)^2, both sides times e^-|x|
    dx = np.empty(cache.shape)
    for k, v in np.ndenumerate(cache):
        q = math.exp(-2 * abs(v))
        dx[k] = dh[k] * 4 * q / (1 + q) ** 2
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

# Exercise 5

class Layer:
    """one linear layer of the network, with the activation behind it if there is one"""

    def __init__(self, S, b):
        self.S, self.b = S, b

    def forward(self, x, activation=None):
        self.x = x
        self.z = x @ self.S + self.b
        return self.z if activation is None else activation(self.z)

    def backward(self, dout, derivative=None):
        dz = dout if derivative is None else dout * derivative(self.z)
        self.grad = self.x.T @ dz, np.sum(dz, axis=0)
        return dz @ self.S.T


class Network:
    def __init__(self, params):
        self.layers = [Layer(S, b) for S, b in params]

    def forward(self, x, activation):
        for layer in self.layers[:-1]:
            x = layer.forward(x, activation)
        return self.layers[-1].forward(x)

    def backward(self, dout, derivative):
        dout = self.layers[-1].backward(dout)
        for layer in reversed(self.layers[:-1]):
            dout = layer.backward(dout, derivative)
        return dout, [layer.grad for layer in self.layers]


def mlp_forward(x, params, activation):
    net = Network(params)
    return net.forward(x, activation), net


def mlp_backward(dlogits, cache, derivative):
    return cache.backward(dlogits, derivative)


def input_gradient(x, params, labels, activation, derivative):
    net = Network(params)
    _, dlogits = softmax_cross_entropy(net.forward(x, activation), labels)
    return net.backward(dlogits, derivative)[0]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    net = Network(params)
    loss, dlogits = softmax_cross_entropy(net.forward(x, activation), labels)
    net.backward(dlogits, derivative)
    grads = []
    for layer in net.layers:
        loss += weight_decay / 2 * np.sum(layer.S ** 2)
        grads.append([layer.grad[0] + weight_decay * layer.S, layer.grad[1]])
    return loss, grads
