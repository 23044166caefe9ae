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

# activations: one function for one number, `each` takes it through lists of lists of lists

def each(f, *a):
    if isinstance(a[0], list):
        return [each(f, *parts) for parts in zip(*a)]
    return f(*a)


def on_arrays(f, *arrays):
    return np.array(each(f, *[np.asarray(a).tolist() for a in arrays]), dtype=float)


def s(v):
    return 1 / (1 + math.exp(-v)) if v > -700 else 0.0


def sigmoid_forward(x):
    return on_arrays(s, x), x


def sigmoid_backward(dh, cache):
    return on_arrays(lambda g, v: g * s(v) * (1 - s(v)), dh, cache)


def tanh_forward(x):
    return on_arrays(math.tanh, x), x


def tanh_backward(dh, cache):
    return on_arrays(lambda g, v: g * (1 - math.tanh(v) ** 2), dh, cache)


def relu_forward(x):
    return on_arrays(lambda v: max(v, 0.0), x), x


def relu_backward(dh, cache):
    return on_arrays(lambda g, v: g if v > 0 else 0.0, dh, cache)


def leaky(v, c):
    if v > 0:
        return v
    return c * v


def leaky_relu_forward(x, c):
    return on_arrays(lambda v: leaky(v, c), x), {"input": x, "c": c}


def leaky_relu_backward(dh, cache):
    c = cache["c"]

    def local(g, v):
        if v > 0:
            return g        # passes through
        return c            # slope of the leak

    return on_arrays(local, dh, cache["input"])


def swish_forward(x):
    return on_arrays(lambda v: v * s(v), x), x


def swish_backward(dh, cache):
    return on_arrays(lambda g, v: g * (s(v) + v * s(v) * (1 - s(v))), dh, cache)

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
