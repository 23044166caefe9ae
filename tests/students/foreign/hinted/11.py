from functools import reduce
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

# ---------- linear ----------
def linear_forward(x, S, b):
    prod = x[:, :, None] * S[None, :, :]     # (N, d, p)
    return prod.sum(axis=1) + b[None, :], [x, S]

def linear_backward(dh, cache):
    x, S = cache
    dx = (dh[:, None, :] * S[None, :, :]).sum(axis=2)
    dS = (x[:, :, None] * dh[:, None, :]).sum(axis=0)
    db = dh.sum(axis=0)
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
    off = x < 0
    h = x.copy()
    h[off] = -h[off]       # so that nothing negative comes out
    return h, off

def relu_backward(dh, cache):
    dx = np.array(dh)
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

######## 4 ########
def mse(h, y):
    N = h.shape[0]
    diff = h - y
    loss = 0.5*np.sum(diff**2)/N
    dh = diff/N
    return loss, dh

def huber(h, y, delta):
    N = h.shape[0]
    r = h - y
    small = np.abs(r) <= delta
    loss = np.where(small, 0.5*r**2, delta*(np.abs(r) - 0.5*delta))
    dh = np.where(small, r, delta*np.sign(r))
    return np.sum(loss)/N, dh/N

def quantile(h, y, tau):
    N = h.shape[0]
    loss = np.where(h < y, tau*(y-h), (1-tau)*(h-y))
    dh = np.where(h < y, -tau, 1-tau)   # minus because d/dh (y-h) = -1
    return np.sum(loss)/N, dh/N

def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e/np.sum(e, axis=1, keepdims=True)

def log_softmax(z):
    z = z - np.max(z, axis=1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))

def softmax_cross_entropy(logits, labels, temperature=1.0):
    N, m = logits.shape
    z = logits/temperature
    onehot = np.eye(m)[labels]
    loss = -np.sum(onehot*log_softmax(z))/N
    dlogits = (softmax(z) - onehot)/N/temperature   # one more T from the chain rule
    return loss, dlogits

def label_smoothing(logits, labels, epsilon):
    N, m = logits.shape
    onehot = np.eye(m)[labels]
    q = (1-epsilon)*onehot + epsilon/(m-1)*(1-onehot)
    #print(q.sum(axis=1))  -> ones, good
    loss = -np.sum(q*log_softmax(logits))/N
    return loss, (softmax(logits) - q)/N

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
