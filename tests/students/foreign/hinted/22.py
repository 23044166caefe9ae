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

# ---------- activations ----------
def sigmoid_forward(x):
    neg = x < 0
    e = np.exp(-abs(x))
    h = 1 / (1 + e)
    h[neg] = e[neg] / (1 + e[neg])
    return h, h

def sigmoid_backward(dh, cache):
    return (cache - cache ** 2) * dh

def tanh_forward(x):
    e = np.exp(-2 * abs(x))
    h = -np.expm1(-2 * abs(x)) / (1 + e)
    h[x < 0] *= -1
    return h, h

def tanh_backward(dh, cache):
    return (1 - cache) * (1 + cache) * dh

def relu_forward(x):
    h = x.copy()
    h[x < 0] = 0
    return h, x < 0

def relu_backward(dh, cache):
    dx = dh.copy()
    dx[cache] = 0
    return dx

def leaky_relu_forward(x, c):
    h = x.copy()
    h[x < 0] *= c
    return h, (x < 0, c)

def leaky_relu_backward(dh, cache):
    mask, c = cache
    dx = dh.copy()
    dx[mask] *= c
    return dx

def swish_forward(x):
    s, _ = sigmoid_forward(x)
    return x * s, (x, s)

def swish_backward(dh, cache):
    x, s = cache
    out = s * dh
    out += sigmoid_backward(dh, s) * x
    return out

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
    batch_size = len(dlogits)
    dx, grads = cache.backward(dlogits, derivative)
    averaged = []
    for dS, db in grads:
        # every sample has added its share, so take the mean
        averaged.append((dS / batch_size, db / batch_size))
    return dx, averaged


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
