# works on my laptop
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
    h = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        h[k] = math.tanh(x[k])
    return h, h


def tanh_backward(dh, cache):
    dx = np.zeros(cache.shape)
    for k in np.ndindex(cache.shape):
        dx[k] = dh[k] * (1 - cache[k] * cache[k])
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

######## 5 ########
def mlp_forward(x, params, activation, cache=[]):
    h = x
    last = len(params) - 1
    for i in range(len(params)):
        S, b = params[i]
        z, lin = linear_forward(h, S, b)
        cache.append({"lin": lin, "z": z, "last": i == last})
        h = z if i == last else activation(z)
    #print(len(cache))
    return h, cache

def mlp_backward(dlogits, cache, derivative):
    grads = []
    g = dlogits
    for layer in reversed(cache):
        if not layer["last"]:
            g = g*derivative(layer["z"])
        g, dS, db = linear_backward(g, layer["lin"])
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
