import math
import numpy as np

# Everything that is a sum is an einsum here, so that I see the indices.


def squared_norm_gradient(x):
    # f = x_i x_i  ->  df/dx_k = 2 delta_ik x_i
    return 2 * np.einsum("i,ik->k", x, np.eye(x.size))


def linear_map_jacobian(A):
    # f_j = A_ij x_i  ->  J_ij = A_ij
    return np.einsum("ij->ij", A).copy()


def composed_gradients(A, x):
    dx = 2 * np.einsum("ij,kj,k->i", A, A, x)
    dA = 2 * np.einsum("i,k,kj->ij", x, x, A)
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

# losses: cost and slope of one output / one sample, then average

def average(rows):
    return sum(sum(row) for row in rows) / len(rows)


def regression(h, y, cost, slope):
    r = [[a - b for a, b in zip(hr, yr)] for hr, yr in zip(h.tolist(), y.tolist())]
    N = len(r)
    return average([[cost(v) for v in row] for row in r]), np.array([[slope(v) / N for v in row] for row in r])


def mse(h, y):
    return regression(h, y, lambda r: 0.5 * r * r, lambda r: r)


def huber(h, y, delta):
    def cost(r):
        return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)

    def slope(r):
        return max(-delta, min(delta, r))

    return regression(h, y, cost, slope)


def quantile(h, y, tau):
    return regression(
        h, y, lambda r: -tau * r if r < 0 else (1 - tau) * r, lambda r: -tau if r < 0 else 1 - tau
    )


def log_softmax_row(z):
    top = max(z)
    lse = top + math.log(math.fsum(math.exp(v - top) for v in z))
    return [v - lse for v in z]


def classification(z, targets):
    N = len(z)
    total, grad = 0.0, []
    for row, q in zip(z, targets):
        lp = log_softmax_row(row)
        total += -sum(a * b for a, b in zip(q, lp))
        grad.append([(math.exp(a) - b) / N for a, b in zip(lp, q)])
    return total / N, np.array(grad)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    m = logits.shape[1]
    targets = [[1.0 if k == label else 0.0 for k in range(m)] for label in labels.tolist()]
    loss, grad = classification((logits / temperature).tolist(), targets)
    return loss, grad / temperature


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    targets = [[1 - epsilon if k == label else epsilon / (m - 1) for k in range(m)] for label in labels.tolist()]
    return classification(logits.tolist(), targets)

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
    *hidden, (h, S, _) = cache
    grads = [(np.einsum("ni,nj->ij", h, dlogits), np.einsum("nj->j", dlogits))]
    dh = np.einsum("nj,ij->ni", dlogits, S)
    dx = dh
    for h, S, z in reversed(hidden):
        dz = dh * derivative(z)
        grads.append((np.einsum("ni,nj->ij", h, dz), np.einsum("nj->j", dz)))
        dx = np.einsum("nj,ij->ni", dz, S)
    grads.reverse()
    return dx, grads


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
