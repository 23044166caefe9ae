# (the lecture writes columns)
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
    value, _ = s_and_slope(x)
    return np.multiply(x, value), (np.multiply(x, value), value)


def swish_backward(dh, cache):
    F, s = cache
    # F' = F + s (1 - s)
    dF = np.add(F, np.multiply(s, np.subtract(1, s)))
    return np.multiply(dh, dF)

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
    data_loss, dlogits = softmax_cross_entropy(logits, labels, 1.0)
    grads = mlp_backward(dlogits, cache, derivative)[1]
    reg_loss = weight_decay / 2 * sum(np.linalg.norm(S, "fro") ** 2 for S in cache["W"])
    return data_loss + reg_loss, [(g[0] + weight_decay * S, g[1]) for g, S in zip(grads, cache["W"])]
