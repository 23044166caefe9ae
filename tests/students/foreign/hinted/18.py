# losses by hand
from functools import reduce
import math
import numpy as np

######## 1 ########
def squared_norm_gradient(x):
    return 2*x

def linear_map_jacobian(A):
    # first I had A.T but the README says (d, n)!!
    return A

def composed_gradients(A, x):
    y = np.dot(A.T, x)
    #print(y.shape)
    dy = 2*y
    dx = np.dot(A, dy)
    dA = np.outer(x, dy)
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

# ------------------------- exercise 4 -------------------------

def mse(h, y):
    N = len(h)
    total = 0.0
    gradient = []
    for predicted, wanted in zip(h, y):
        error = wanted - predicted
        total += error.dot(error) / 2
        gradient.append(error / N)
    return total / N, np.array(gradient)


def huber(h, y, delta):
    N, p = h.shape
    loss = 0.0
    dh = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            r = h[n, j] - y[n, j]
            if abs(r) <= delta:
                loss += r * r / 2
                dh[n, j] = r / N
            elif r > 0:
                loss += delta * (r - delta / 2)
                dh[n, j] = delta / N
            else:
                loss += delta * (-r - delta / 2)
                dh[n, j] = -delta / N
    return loss / N, dh


def quantile(h, y, tau):
    N, p = h.shape
    loss = 0.0
    dh = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            if h[n, j] < y[n, j]:
                loss += tau * (y[n, j] - h[n, j])
                dh[n, j] = -tau / N
            elif h[n, j] > y[n, j]:
                loss += (1 - tau) * (h[n, j] - y[n, j])
                dh[n, j] = (1 - tau) / N
    return loss / N, dh


def log_probs(z):
    # z: the logits of ONE sample
    big = max(z)
    total = 0.0
    for v in z:
        total += math.exp(v - big)
    return [v - big - math.log(total) for v in z]


def softmax_cross_entropy(logits, labels, temperature=1.0):
    N, m = logits.shape
    loss = 0.0
    dlogits = np.zeros((N, m))
    for n in range(N):
        lp = log_probs(logits[n] / temperature)
        loss -= lp[labels[n]]
        for k in range(m):
            dlogits[n, k] = math.exp(lp[k])
            if k == labels[n]:
                dlogits[n, k] -= 1
            dlogits[n, k] /= N * temperature
    return loss / N, dlogits


def label_smoothing(logits, labels, epsilon):
    N, m = logits.shape
    loss = 0.0
    dlogits = np.zeros((N, m))
    for n in range(N):
        lp = log_probs(logits[n])
        for k in range(m):
            if k == labels[n]:
                q = 1 - epsilon
            else:
                q = epsilon / (m - 1)
            loss -= q * lp[k]
            dlogits[n, k] = (math.exp(lp[k]) - q) / N
    return loss / N, dlogits

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
