# finished on saturday
import numpy as np

# ---------- calculus ----------
def squared_norm_gradient(x):
    grad = x.copy()
    grad *= 2
    return grad

def linear_map_jacobian(A):
    return A.copy()

def composed_gradients(A, x):
    y = (A * x[:, None]).sum(axis=0)
    dx = (A * (2 * y)).sum(axis=1)
    dA = x[:, None] * (2 * y)[None, :]
    return dx, dA

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

# ---------- losses ----------
def mse(h, y):
    r = h - y
    N = r.shape[0]
    return (r ** 2).sum() / 2 / N, r / N

def huber(h, y, delta):
    r = h - y
    N = r.shape[0]
    a = abs(r)
    far = a > delta
    each = a ** 2 / 2
    each[far] = delta * a[far] - delta ** 2 / 2
    g = r.copy()
    g[far] = delta
    return each.sum() / N, g / N

def quantile(h, y, tau):
    N = len(h)
    low, high = h < y, h > y
    loss = tau * (y - h)[low].sum() + (1 - tau) * (h - y)[high].sum()
    g = np.zeros(h.shape)
    g[low] = -tau
    g[high] = 1 - tau
    return loss / N, g / N

def one_hot(labels, m):
    q = np.zeros((len(labels), m), dtype=bool)
    q[range(len(labels)), labels] = True
    return q

def softmax_cross_entropy(logits, labels, temperature=1.0):
    z = logits / temperature
    N, m = z.shape
    hot = one_hot(labels, m)
    lse = np.logaddexp.reduce(z, axis=1)
    loss = (lse - z[hot]).mean()
    g = np.exp(z - lse[:, None])
    g[hot] -= 1
    return loss, g / temperature / N

def label_smoothing(logits, labels, epsilon):
    N, m = logits.shape
    hot = one_hot(labels, m)
    q = hot * (1 - epsilon) + ~hot * (epsilon / (m - 1))
    lp = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    loss = -(q * lp).sum(axis=1).mean()
    return loss, (np.exp(lp) - q) / N

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
