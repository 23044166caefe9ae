import math
import numpy as np

# I do it with lists first and turn it into an array at the end, numpy axes always confuse me.

def squared_norm_gradient(x):
    return np.array([2 * v for v in x.tolist()])


def linear_map_jacobian(A):
    return np.array([[a for a in row] for row in A.tolist()])


def composed_gradients(A, x):
    rows, x = A.tolist(), x.tolist()
    y = [sum(xi * a for xi, a in zip(x, col)) for col in zip(*rows)]
    dx = [sum(2 * yj * a for yj, a in zip(y, row)) for row in rows]
    dA = [[2 * yj * xi for yj in y] for xi in x]
    return np.array(dx), np.array(dA)

# ------------------------- exercise 2 -------------------------

def linear_forward(x, S, b):
    N, d = x.shape
    p = len(b)
    h = np.zeros((N, p))
    for n in range(N):
        for j in range(p):
            h[n, j] = sum(x[n, i] * S[i, j] for i in range(d)) + b[j]
    return h, {"x": x, "S": S}


def linear_backward(dh, cache):
    x, S = cache["x"], cache["S"]
    d, p = S.shape
    S_transposed = np.reshape(S, (p, d))
    dx = np.zeros(x.shape)
    dS = np.zeros((d, p))
    for n in range(len(x)):
        for j in range(p):
            dx[n] += dh[n, j] * S_transposed[j]
            dS[:, j] += dh[n, j] * x[n]
    return dx, dS, sum(dh[n] for n in range(len(x)))

# --- activations: backward is always dh * slope, so the cache IS the slope ---

def expit(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1 + e)


def chain(dh, slope):
    return np.einsum("...,...->...", dh, slope)


def sigmoid_forward(x):
    s = expit(x)
    return s, s * (1 - s)


def tanh_forward(x):
    t = np.tanh(x)
    return t, 1 - t ** 2


def relu_forward(x):
    on = np.heaviside(x, 0.0)
    return on * x, on


def leaky_relu_forward(x, c):
    slope = np.where(x > 0, 1.0, c)
    return slope * x, slope


def swish_forward(x):
    s = expit(x)
    return x * s, s + x * s * (1 - s)


def sigmoid_backward(dh, cache):
    return chain(dh, cache)


def tanh_backward(dh, cache):
    return chain(dh, cache)


def relu_backward(dh, cache):
    return chain(dh, cache)


def leaky_relu_backward(dh, cache):
    return chain(dh, cache)


def swish_backward(dh, cache):
    return chain(dh, cache)

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
        lp = log_probs(logits[n])
        for k in range(m):
            if k == labels[n]:
                q = 1 - epsilon
            else:
                q = epsilon / (m - 1)
            loss -= q * lp[k]
            dlogits[n, k] = (math.exp(lp[k]) - q) / N
    return loss / N, dlogits

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
