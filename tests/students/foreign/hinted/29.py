# numbering of the layers as in the lecture
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

## Part 2 ##
# The cache is the backward function itself.

def linear_forward(x, S, b):
    def back(dh):
        return dh @ S.T, x.T @ dh, dh.sum(0)

    return x @ S + b, back


def linear_backward(dh, cache):
    return cache(dh)

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
    loss, dlogits = softmax_cross_entropy(logits, labels, 1.0)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    W = cache["W"]
    l = 1
    while l < len(W):               # layers 1 .. L
        S = W[l - 1]
        dS, db = grads[l - 1]
        loss = loss + weight_decay / 2 * np.trace(np.matmul(S.T, S))
        grads[l - 1] = (dS + weight_decay * S, db)
        l += 1
    return loss, grads
