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

# ---------- linear ----------
def linear_forward(x, S, b):
    h = np.zeros((x.shape[0], b.shape[0]))
    for i in range(S.shape[0]):
        xi = x[:, i]
        h += xi[:, None] * S[i][None, :] + b     # feature i
    return h, [x, S]

def linear_backward(dh, cache):
    x, S = cache
    dx = np.zeros(x.shape)
    dS = np.zeros(S.shape)
    for i in range(S.shape[0]):
        dS[i] = (x[:, i][:, None] * dh).sum(axis=0)
        dx[:, i] = (dh * S[i]).sum(axis=1)
    db = dh.sum(axis=0)
    return dx, dS, db

# Exercise 3

class Sigmoid:
    def forward(self, x):
        self.out = 1.0 / (1.0 + np.exp(-np.clip(x, -500, 500)))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1.0 - self.out)


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.out ** 2)


class LeakyReLU:
    def __init__(self, c=0.0):
        self.c = c

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0) + self.c * np.minimum(x, 0)

    def backward(self, dout):
        return np.where(self.x > 0, dout, self.c * dout)


class Swish:
    def forward(self, x):
        self.x = x
        self.gate = Sigmoid()
        return x * self.gate.forward(x)

    def backward(self, dout):
        # product rule: the gate once as a factor, once differentiated
        return dout * self.gate.out + self.gate.backward(dout * self.x)


def _run(layer, x):
    return layer.forward(x), layer


def sigmoid_forward(x):
    return _run(Sigmoid(), x)


def sigmoid_backward(dh, cache):
    return cache.backward(dh)


def tanh_forward(x):
    return _run(Tanh(), x)


def tanh_backward(dh, cache):
    return cache.backward(dh)


def relu_forward(x):
    return _run(LeakyReLU(), x)


def relu_backward(dh, cache):
    return cache.backward(dh)


def leaky_relu_forward(x, c):
    return _run(LeakyReLU(c), x)


def leaky_relu_backward(dh, cache):
    return cache.backward(dh)


def swish_forward(x):
    return _run(Swish(), x)


def swish_backward(dh, cache):
    return cache.backward(dh)

# losses: cost and slope of one output / one sample, then average

def average(rows):
    return sum(sum(row) for row in rows) / len(rows)


def regression(h, y, cost, slope):
    r = [[a - b for a, b in zip(hr, yr)] for hr, yr in zip(h.tolist(), y.tolist())]
    N = len(r)
    return average([[cost(v) for v in row] for row in r]), np.array([[slope(v) / N for v in row] for row in r])


def mse(h, y):
    return regression(h, y, lambda r: 0.5 * r * r, lambda r: r)


def huber(h, y, delta):
    def cost(r):
        return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)

    def slope(r):
        return max(-delta, min(delta, r))

    return regression(h, y, cost, slope)


def quantile(h, y, tau):
    return regression(
        h, y, lambda r: -tau * r if r < 0 else (1 - tau) * r, lambda r: -tau if r < 0 else 1 - tau
    )


def log_softmax_row(z):
    top = max(z)
    lse = top + math.log(math.fsum(math.exp(v - top) for v in z))
    return [v - lse for v in z]


def classification(z, targets):
    N = len(z)
    total, grad = 0.0, []
    for row, q in zip(z, targets):
        lp = log_softmax_row(row)
        total += -sum(a * b for a, b in zip(q, lp))
        grad.append([(math.exp(a) - b) / N for a, b in zip(lp, q)])
    return total / N, np.array(grad)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    m = logits.shape[1]
    targets = [[1.0 if k == label else 0.0 for k in range(m)] for label in labels.tolist()]
    loss, grad = classification((logits / temperature).tolist(), targets)
    return loss, grad / temperature


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    targets = [[1 - epsilon if k == label else epsilon / (m - 1) for k in range(m)] for label in labels.tolist()]
    return classification(logits.tolist(), targets)

# network; H[l] (d_l, N), Z[l] (d_l, N)

def mlp_forward(x, params, activation):
    H, Z = {0: x.T}, {}
    L = len(params)
    for l in range(1, L + 1):
        S, b = params[l - 1]
        Z[l] = np.matmul(S.T, H[l - 1]) + b.reshape(-1, 1)
        if l != L:
            H[l] = activation(Z[l].T).T
    return Z[L].T, {"H": H, "Z": Z, "W": [S for S, b in params]}


def mlp_backward(dlogits, cache, derivative):
    H, Z, W = cache["H"], cache["Z"], cache["W"]
    L = len(W)
    grads = {}
    delta = dlogits.T
    for l in range(L, 0, -1):
        grads[l] = (np.matmul(H[l - 1], delta.T), delta.sum(axis=1))
        delta = np.matmul(W[l - 1], delta)
        if l > 1:
            delta = np.multiply(delta, derivative(Z[l - 1].T).T)
    return delta.T, [grads[l] for l in sorted(grads)]


def input_gradient(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    dlogits = softmax_cross_entropy(logits, labels, 1.0)[1]
    return mlp_backward(dlogits, cache, derivative)[0]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    data_loss, dlogits = softmax_cross_entropy(logits, labels, 1.0)
    grads = mlp_backward(dlogits, cache, derivative)[1]
    reg_loss = weight_decay / 2 * sum(np.linalg.norm(S, "fro") ** 2 for S in cache["W"])
    return data_loss + reg_loss, [(g[0] + weight_decay * S, g[1]) for g, S in zip(grads, cache["W"])]
