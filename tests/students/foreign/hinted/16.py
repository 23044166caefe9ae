import math
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

# --- linear: n sample, i input, j output ---

def linear_forward(x, S, b):
    return np.einsum("ni,ij->nj", x, S) + b, dict(x=x, S=S)


def linear_backward(dh, cache):
    dx = np.einsum("nj,ij->ni", dh, cache["S"])
    dS = np.einsum("ni,nj->ij", cache["x"], dh)
    db = np.einsum("nj->j", dh)
    return dx, dS, db

## Part 3 ##

def logistic(x):
    return np.exp(-np.logaddexp(0.0, -x))


def sigmoid_forward(x):
    out = []
    for t in x.flat:
        # fraction times e^t, then there is only one sign to get wrong
        power = math.exp(t)
        out.append(power / (power + 1))
    p = np.array(out).reshape(x.shape)
    return p, lambda dh: dh * p * (1 - p)


def tanh_forward(x):
    t = np.tanh(x)
    return t, lambda dh: dh - dh * t * t


def relu_forward(x):
    positive = x > 0
    return np.where(positive, x, 0.0), lambda dh: np.where(positive, dh, 0.0)


def leaky_relu_forward(x, c):
    positive = x > 0

    def scale(a):
        return np.where(positive, a, c * a)

    return scale(x), scale  # linear on both sides: backward is the same map


def swish_forward(x):
    p = logistic(x)

    def back(dh):
        return dh * p * (1 + x * (1 - p))

    return x * p, back


def sigmoid_backward(dh, cache):
    return cache(dh)


tanh_backward = relu_backward = leaky_relu_backward = swish_backward = sigmoid_backward

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
