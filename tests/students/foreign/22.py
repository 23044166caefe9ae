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

# helpers for lists of rows

def dot(u, v):
    return sum(a * b for a, b in zip(u, v))


def transpose(rows):
    return [list(col) for col in zip(*rows)]


def matmul(P, Q):
    cols = transpose(Q)
    return [[dot(row, col) for col in cols] for row in P]


def linear_forward(x, S, b):
    out = [[v + bj for v, bj in zip(row, b.tolist())] for row in matmul(x.tolist(), S.tolist())]
    return np.array(out), (x.tolist(), S.tolist())


def linear_backward(dh, cache):
    x, S = cache
    dh = dh.tolist()
    dx = matmul(dh, transpose(S))
    dS = matmul(transpose(x), dh)
    db = [sum(col) for col in transpose(dh)]
    return np.array(dx), np.array(dS), np.array(db)

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

# ------------------------- exercise 4 -------------------------

def mse(h, y):
    N, p = h.shape
    loss = 0.0
    dh = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            r = h[n, j] - y[n, j]
            loss += r * r / 2
            dh[n, j] = r / N
    return loss / N, dh


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
        q = [epsilon / (m - 1)] * m
        q[labels[n]] += 1 - epsilon
        lp = log_probs(logits[n])
        for k in range(m):
            loss += -q[k] * lp[k]
            dlogits[n, k] = (math.exp(lp[k]) - q[k]) / N
    return loss / N, dlogits

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
