import numpy as np

# ---------- calculus ----------
def squared_norm_gradient(x):
    grad = x.copy()
    grad *= 2
    return grad

def linear_map_jacobian(A):
    return A.copy()

def composed_gradients(A, x):
    y = (A * x[:, None]).sum(axis=0)
    dx = (A * (2 * y)).sum(axis=1)
    dA = x[:, None] * (2 * y)[None, :]
    return dx, dA

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

## Part 3 ##

def logistic(x):
    return np.exp(-np.logaddexp(0.0, -x))


def sigmoid_forward(x):
    p = logistic(x)
    return p, lambda dh: dh * p * (1 - p)


def tanh_forward(x):
    t = np.tanh(x)
    return t, lambda dh: dh - dh * t * t


def relu_forward(x):
    positive = x > 0
    return np.where(positive, x, 0.0), lambda dh: np.where(positive, dh, 0.0)


def leaky_relu_forward(x, c):
    positive = x > 0

    def scale(a):
        return np.where(positive, a, c * a)

    return scale(x), scale  # linear on both sides: backward is the same map


def swish_forward(x):
    p = logistic(x)

    def back(dh):
        return dh * p * (1 + x * (1 - p))

    return x * p, back


def sigmoid_backward(dh, cache):
    return cache(dh)


tanh_backward = relu_backward = leaky_relu_backward = swish_backward = sigmoid_backward

# losses; samples are columns inside

def mse(h, y):
    R = (h - y).T
    per_sample = 0.5 * np.linalg.norm(R, axis=0) ** 2
    return per_sample.mean(), R.T / h.shape[0]


def huber(h, y, delta):
    R = (h - y).T
    A = np.absolute(R)
    core = np.less_equal(A, delta).astype(float)
    cost = core * R ** 2 / 2 + (1 - core) * delta * (A - delta / 2)
    slope = core * R + (1 - core) * delta * np.sign(R)
    return cost.sum(axis=0).mean(), slope.T / h.shape[0]


def quantile(h, y, tau):
    U = (y - h).T
    below = (U > 0).astype(float)            # prediction too low
    cost = (tau - (1 - below)) * U
    slope = (1 - below) - tau
    return cost.sum(axis=0).mean(), slope.T / h.shape[0]


def log_sum_exp(Z):
    top = Z.max(axis=0)
    return top + np.log(np.exp(Z - top).sum(axis=0))


def softmax_cross_entropy(logits, labels, temperature=1.0):
    Z = logits.T / temperature               # (m, N)
    pick = labels.reshape(1, -1)
    LP = Z - log_sum_exp(Z)
    G = np.exp(LP)
    np.put_along_axis(G, pick, np.take_along_axis(G, pick, axis=0) - 1, axis=0)
    return -np.take_along_axis(LP, pick, axis=0).mean(), G.T / (temperature * Z.shape[1])


def label_smoothing(logits, labels, epsilon):
    Z = logits.T
    m, N = Z.shape
    Q = np.ones((m, N)) * epsilon / (m - 1)
    np.put_along_axis(Q, labels.reshape(1, -1), 1 - epsilon, axis=0)
    LP = Z - log_sum_exp(Z)
    return -np.sum(Q * LP) / N, (np.exp(LP) - Q).T / N

# --- network ---

def mlp_forward(x, params, activation):
    *hidden, (S_last, b_last) = params
    steps = []
    h = x
    for S, b in hidden:
        z = np.einsum("ni,ij->nj", h, S) + b
        steps.append((h, S, z))
        h = activation(z)
    steps.append((h, S_last, None))  # no activation here -> no z needed
    return np.einsum("ni,ij->nj", h, S_last) + b_last, steps


def mlp_backward(dlogits, cache, derivative):
    grads = []
    g = dlogits
    for h, S, z in cache[::-1]:
        if z is not None:
            g = g * derivative(z)
        grads.insert(0, (np.einsum("ni,nj->ij", h, g), np.einsum("nj->j", g)))
        g = np.einsum("nj,ij->ni", g, S)
    return g, grads


def everything(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    return (loss, *mlp_backward(dlogits, cache, derivative))


def input_gradient(x, params, labels, activation, derivative):
    return everything(x, params, labels, activation, derivative)[1]


def squares(thing):
    """sum of the squares of all numbers in a list of lists of arrays"""
    if isinstance(thing, np.ndarray):
        return np.vdot(thing, thing)
    return sum(squares(part) for part in thing)


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    loss, _, grads = everything(x, params, labels, activation, derivative)
    decayed = []
    for (S, _), (dS, db) in zip(params, grads):
        decayed.append((dS + weight_decay * S, db))
    return loss + weight_decay / 2 * squares(params), decayed
