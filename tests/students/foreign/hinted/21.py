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

## Part 2 ##
# The cache is the backward function itself.

def linear_forward(x, S, b):
    def back(dh):
        return dh @ S.T, x.T @ dh, dh.sum(0)

    return x @ S + b, back


def linear_backward(dh, cache):
    return cache(dh)

# s(x) = 1/(1+e^-x); with t = tanh(x/2) for the middle would also work, but the tails get lost

def s_and_slope(x):
    t = np.exp(-np.absolute(x))
    return np.where(x >= 0, 1 / (1 + t), t / (1 + t)), t / np.square(1 + t)


def sigmoid_forward(x):
    return s_and_slope(x)


def sigmoid_backward(dh, cache):
    return np.multiply(dh, cache)


def tanh_forward(x):
    return np.tanh(x), x


def tanh_backward(dh, cache):
    return np.multiply(dh, 1 - np.square(np.tanh(cache)))


def relu_forward(x):
    return (np.absolute(x) + x) / 2, np.sign(x)


def relu_backward(dh, cache):
    return np.multiply(dh, (cache + 1) / 2)      # sign: -1, 0, 1 -> 0, 1/2, 1


def leaky_relu_forward(x, c):
    slope = np.full_like(x, c)
    slope[x > 0] = 1
    return np.multiply(slope, x), slope


def leaky_relu_backward(dh, cache):
    return np.multiply(dh, cache)


def swish_forward(x):
    value, slope = s_and_slope(x)
    return np.multiply(x, value), (x, value, slope)


def swish_backward(dh, cache):
    x, value, slope = cache
    return np.multiply(dh, value + np.multiply(x, slope))

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
    scores = logits / temperature
    scores -= np.amax(scores)           # now the largest is 0 and nothing can overflow
    N = len(labels)
    loss, grad = 0.0, []
    for z, label in zip(scores, labels):
        weights = np.exp(z)
        total = np.sum(weights)
        loss += np.log(total) - z[label]
        row = weights / total
        row[label] -= 1
        grad.append(row / (N * temperature))
    return loss / N, np.array(grad)


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    targets = [[1 - epsilon if k == label else epsilon / (m - 1) for k in range(m)] for label in labels.tolist()]
    return classification(logits.tolist(), targets)

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
