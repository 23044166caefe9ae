# I read the FGSM paper for the last part
import numpy as np

######## 1 ########
def squared_norm_gradient(x):
    return 2*x

def linear_map_jacobian(A):
    # first I had A.T but the README says (d, n)!!
    return A

def composed_gradients(A, x):
    y = np.dot(A.T, x)
    #print(y.shape)
    dy = 2*y
    dx = np.dot(A, dy)
    dA = np.outer(x, dy)
    return dx, dA

# --- linear: n sample, i input, j output ---

def linear_forward(x, S, b):
    return np.einsum("ni,ij->nj", x, S) + b, dict(x=x, S=S)


def linear_backward(dh, cache):
    dx = np.einsum("nj,ij->ni", dh, cache["S"])
    dS = np.einsum("ni,nj->ij", cache["x"], dh)
    db = np.einsum("nj->j", dh)
    return dx, dS, db

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

# ---------- losses ----------
def mse(h, y):
    r = h - y
    N = r.shape[0]
    return (r ** 2).sum() / 2 / N, r / N

def huber(h, y, delta):
    r = h - y
    N = r.shape[0]
    up, down = r > delta, r < -delta
    mid = ~(up | down)
    loss = (r[mid] ** 2).sum() / 2
    loss += (delta * (r[up] - delta / 2)).sum()
    loss += (delta * (-r[down] - delta / 2)).sum()
    g = r.copy()
    g[up] = delta
    g[down] = -delta
    return loss / N, g / N

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
    scores, cache = mlp_forward(x, params, activation)
    G = mlp_backward(softmax_cross_entropy(scores, labels)[1], cache, derivative)[0]
    # fast gradient sign: one step in every pixel, up where the loss grows and down where it falls
    step = np.zeros(x.shape)
    step[G > 0] = 1
    step[G < 0] = -1
    return step


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    data_loss, dlogits = softmax_cross_entropy(logits, labels, 1.0)
    grads = mlp_backward(dlogits, cache, derivative)[1]
    reg_loss = weight_decay / 2 * sum(np.linalg.norm(S, "fro") ** 2 for S in cache["W"])
    return data_loss + reg_loss, [(g[0] + weight_decay * S, g[1]) for g, S in zip(grads, cache["W"])]
