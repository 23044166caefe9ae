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
    value, slope = s_and_slope(x)
    return np.multiply(x, value), (x, value, slope)


def swish_backward(dh, cache):
    x, value, slope = cache
    return np.multiply(dh, value + np.multiply(x, slope))

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
    Z = Z - np.amax(Z)                       # now exp can not overflow
    lse = np.log(np.exp(Z).sum(axis=0))
    N = Z.shape[1]
    onehot = np.zeros_like(Z)
    onehot[labels, np.arange(N)] = 1
    loss = np.sum(lse - np.sum(onehot * Z, axis=0)) / N
    G = (np.exp(Z - lse) - onehot) / (N * temperature)
    return loss, G.T


def label_smoothing(logits, labels, epsilon):
    Z = logits.T
    m, N = Z.shape
    Q = np.ones((m, N)) * epsilon / (m - 1)
    np.put_along_axis(Q, labels.reshape(1, -1), 1 - epsilon, axis=0)
    LP = Z - log_sum_exp(Z)
    return -np.sum(Q * LP) / N, (np.exp(LP) - Q).T / N

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
