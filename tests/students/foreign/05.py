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
    ones = np.ones((1, dh.shape[0]))        # (1, N)
    return np.matmul(S, dh.T).T, np.matmul(X, dh), np.matmul(ones, dh)

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
