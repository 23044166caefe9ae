import numpy as np

# Everything that is a sum is an einsum here, so that I see the indices.


def e(i, n):
    unit = np.zeros(n)
    unit[i] = 1
    return unit


def squared_norm_gradient(x):
    # f(x) = x . x, and a step along e_i changes this by x . e_i
    slopes = []
    for i in range(x.size):
        slopes.append(np.dot(x, e(i, x.size)))
    return np.array(slopes)


def linear_map_jacobian(A):
    # the derivative of A^T x along e_i is A^T e_i: that is row i
    d = A.shape[0]
    return np.array([np.einsum("ij,i->j", A, e(i, d)) for i in range(d)])


def composed_gradients(A, x):
    y = np.einsum("ij,i->j", A, x)
    J = linear_map_jacobian(A)
    return np.einsum("ij,j->i", J, 2 * y), np.einsum("i,j->ij", x, 2 * y)

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
