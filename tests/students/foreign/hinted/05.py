import numpy as np

# Notation of the lecture: vectors are COLUMNS. I transpose when data comes in and when it goes out.

def squared_norm_gradient(x):
    col = x.reshape(-1, 1)
    return (2 * col).ravel()


def linear_map_jacobian(A):
    return np.transpose(A.T).copy()


def composed_gradients(A, x):
    col = x.reshape(-1, 1)
    Y = np.matmul(A.T, col)                 # (n, 1)
    dX = np.matmul(A, 2 * Y)                # (d, 1)
    dA = np.matmul(col, (2 * Y).T)          # (d, 1) (1, n)
    return dX.ravel(), dA

######## 2 ########
class Saved:
    def __init__(self, inp, weight):
        self.inp = inp
        self.weight = weight

def linear_forward(x, S, b):
    out = np.tile(b, (len(x), 1)).astype(float)
    out += np.dot(x, S)
    return out, Saved(x, S)

def linear_backward(dh, cache):
    # first the gradients of the parameters, then what goes to the layer below
    gradients = []
    gradients.append(np.dot(cache.inp.T, dh))
    gradients.append(np.sum(dh, axis=0))
    gradients.append(np.dot(dh, cache.weight.T))
    return tuple(gradients)

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

######## 5 ########
def mlp_forward(x, params, activation):
    cache = []
    h = x
    for i, (S, b) in enumerate(params):
        z, lin = linear_forward(h, S, b)
        cache.append({"lin": lin, "z": z, "last": i == len(params)-1})
        if i < len(params)-1:
            h = activation(z)
    return z, cache

def mlp_backward(dlogits, cache, derivative):
    grads = []
    g = dlogits
    for layer in reversed(cache):
        if not layer["last"]:
            g = g*derivative(layer["z"])
        dS, db, g = linear_backward(g, layer["lin"])
        grads.append((dS, db))
    grads.reverse()
    return g, grads

def input_gradient(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    return dx

def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    new_grads = []
    for (S, b), (dS, db) in zip(params, grads):
        loss = loss + 0.5*weight_decay*np.sum(S*S)
        new_grads.append((dS + weight_decay*S, db))  # NOT the bias
    return loss, new_grads
