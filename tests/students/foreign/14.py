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

# ------------------------- exercise 2 -------------------------

def linear_forward(x, S, b):
    N, d = x.shape
    p = S.shape[1]
    h = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            h[n, j] = b[j]
            for i in range(d):
                h[n, j] += x[n, i] * S[i, j]
    return h, (x, S)


def linear_backward(dh, cache):
    x, S = cache
    N, d = x.shape
    p = S.shape[1]
    dx = np.zeros((N, d))
    dS = np.zeros((d, p))
    db = np.zeros(p)
    for n in range(N):
        for j in range(p):
            db[j] += dh[n, j]
            for i in range(d):
                dx[n, i] += dh[n, j] * S[i, j]
                dS[i, j] += dh[n, j] * x[n, i]
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
    rows, columns = x.shape
    h = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            h[i, j] = x[i, j]
            if x[i, j] < 0:
                h[i, j] *= c
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

# ------------------------- exercise 5 -------------------------

def mlp_forward(x, params, activation):
    L = len(params)
    zs = []
    linear_caches = []
    h = x
    for l in range(L):
        z, c = linear_forward(h, params[l][0], params[l][1])
        zs.append(z)
        linear_caches.append(c)
        if l < L - 1:
            h = activation(z)
    return zs[-1], (zs, linear_caches)


def mlp_backward(dlogits, cache, derivative):
    zs, linear_caches = cache
    L = len(zs)
    grads = [None] * L
    dz = dlogits
    for l in range(L - 1, -1, -1):
        dh, dS, db = linear_backward(dz, linear_caches[l])
        grads[l] = (dS, db)
        if l > 0:
            slope = derivative(zs[l - 1])
            dz = np.zeros(dh.shape)
            for n in range(dh.shape[0]):
                for j in range(dh.shape[1]):
                    dz[n, j] = dh[n, j] * slope[n, j]
    return dh, grads


def input_gradient(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    return dx


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    out = []
    for l in range(len(params)):
        S = params[l][0]
        dS, db = grads[l]
        for i in range(S.shape[0]):
            for j in range(S.shape[1]):
                loss += weight_decay / 2 * S[i, j] ** 2
                dS[i, j] += weight_decay * S[i, j]
        out.append((dS, db))
    return loss, out
