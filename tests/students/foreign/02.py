import numpy as np

# ------------------------- exercise 1 -------------------------

def squared_norm_gradient(x):
    g = np.zeros(len(x))
    for i in range(len(x)):
        g[i] = 2 * x[i]
    return g


def linear_map_jacobian(A):
    inputs = A.shape[0]
    outputs = A.shape[1]
    J = []
    for j in range(outputs):
        # gradient of f_j is one row
        row = []
        for i in range(inputs):
            row.append(A[i][j])
        J.append(row)
    return np.array(J)


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

# --- losses ---

def mse(h, y):
    e = h - y
    return np.einsum("nj,nj->", e, e) / (2 * len(e)), e / len(e)


def huber(h, y, delta):
    e = h - y
    inside = np.clip(e, -delta, delta)  # = gradient of the single loss
    cost = inside * (e - inside / 2)    # e^2/2 inside, delta(|e| - delta/2) outside
    return np.einsum("nj->", cost) / len(e), inside / len(e)


def quantile(h, y, tau):
    e = y - h
    cost = np.maximum(tau * e, (tau - 1) * e)
    dh = np.where(e > 0, -tau, 1 - tau)
    return np.einsum("nj->", cost) / len(e), dh / len(e)


def cross_entropy_with_targets(z, q):
    """mean of -q_nk log p_nk, and p - q (per sample)"""
    z = z - z.max(axis=1, keepdims=True)
    logp = z - np.log(np.einsum("nk->n", np.exp(z)))[:, None]
    return -np.einsum("nk,nk->", q, logp) / len(z), (np.exp(logp) - q) / len(z)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    q = (labels[:, None] == np.arange(logits.shape[1])).astype(float)
    loss, g = cross_entropy_with_targets(logits / temperature, q)
    return loss, g / temperature


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    right = labels[:, None] == np.arange(m)
    return cross_entropy_with_targets(logits, np.where(right, 1 - epsilon, epsilon / (m - 1)))

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
