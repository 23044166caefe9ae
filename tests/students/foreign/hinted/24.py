import math
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

# columns again: Z = S^T X + b, with X (d, N)

def linear_forward(x, S, b):
    X = x.T
    Z = np.matmul(S.T, X) + b.reshape(-1, 1)
    return Z.T, (X, S)


def linear_backward(dh, cache):
    X, S = cache
    dZ = dh.T                               # (p, N)
    dX = np.matmul(S, dZ)                   # (d, N)
    dS = np.matmul(X, dZ.T)                 # (d, p)
    db = dZ.sum(axis=1)                     # (p,)
    return dX.T, dS, db

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
    N = len(labels)
    errors = []
    for row, label in zip(logits.tolist(), labels.tolist()):
        p = [math.exp(lp) for lp in log_softmax_row(row)]
        # error = what it should be minus what it is
        errors.append([((1 if k == label else 0) - pk) / N for k, pk in enumerate(p)])
    dx, _ = mlp_backward(np.array(errors), cache, derivative)
    return dx


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    _, grads = mlp_backward(dlogits, cache, derivative)
    squares = sum(v * v for S, b in params for row in S.tolist() for v in row)
    grads = [[dS + weight_decay * S, db] for (dS, db), (S, b) in zip(grads, params)]
    return loss + weight_decay / 2 * squares, grads
