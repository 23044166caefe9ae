# hw backprop
import numpy as np

# Everything that is a sum is an einsum here, so that I see the indices.


def squared_norm_gradient(x):
    # f = x_i x_i  ->  df/dx_k = 2 delta_ik x_i
    return 2 * np.einsum("i,ik->k", x, np.eye(x.size))


def linear_map_jacobian(A):
    # f_j = A_ij x_i  ->  J_ij = A_ij
    return np.einsum("ij->ij", A).copy()


def composed_gradients(A, x):
    y = np.einsum("ij,i->j", A, x)
    dx = np.einsum("j,ij->i", 2 * y, A)
    # f = sum_ij (A_ij x_i)^2, and d/dA_ij of (A_ij x_i)^2 is 2 A_ij x_i^2
    dA = 2 * np.einsum("ij,i,i->ij", A, x, x)
    return dx, dA

# --- linear: n sample, i input, j output ---

def linear_forward(x, S, b):
    return np.einsum("ni,ij->nj", x, S) + b, dict(x=x, S=S)


def linear_backward(dh, cache):
    dx = np.einsum("nj,ij->ni", dh, cache["S"])
    dS = np.einsum("ni,nj->ij", cache["x"], dh)
    db = np.einsum("nj->j", dh)
    return dx, dS, db

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

# --- network ---

def mlp_forward(x, params, activation):
    *hidden, (S_last, b_last) = params
    steps = []
    h = x
    for S, b in hidden:
        z = np.einsum("ni,ij->nj", h, S) + b
        steps.append((h, S, z))
        h = activation(z)
    steps.append((h, S_last, None))  # no activation here -> no z needed
    return np.einsum("ni,ij->nj", h, S_last) + b_last, steps


def mlp_backward(dlogits, cache, derivative):
    grads = []
    g = dlogits
    for h, S, z in cache[::-1]:
        if z is not None:
            g = g * derivative(z)
        grads.insert(0, (np.einsum("ni,nj->ij", h, g), np.einsum("nj->j", g)))
        g = np.einsum("nj,ij->ni", g, S)
    return g, grads


def everything(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    return (loss, *mlp_backward(dlogits, cache, derivative))


def input_gradient(x, params, labels, activation, derivative):
    return everything(x, params, labels, activation, derivative)[1]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    loss, _, grads = everything(x, params, labels, activation, derivative)
    penalty = sum(np.einsum("ij,ij->", S, S) for S, _ in params)
    grads = [(dS + weight_decay * S, db) for (dS, db), (S, _) in zip(grads, params)]
    return loss + 0.5 * weight_decay * penalty, grads
