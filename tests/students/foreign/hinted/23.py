# backprop, second attempt
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

######## 3 ########
def stable_sigmoid(x):
    out = np.empty_like(x, dtype=float)
    pos = x >= 0
    out[pos] = 1/(1 + np.exp(-x[pos]))
    ex = np.exp(x[~pos])
    out[~pos] = ex/(1 + ex)
    return out

def sigmoid_forward(x):
    cache = {"h": stable_sigmoid(x)}
    return cache["h"], cache

def sigmoid_backward(dh, cache):
    h = cache["h"]
    return dh*h*(1-h)

def tanh_forward(x):
    #h = (np.exp(x)-np.exp(-x))/(np.exp(x)+np.exp(-x))   nan :(
    h = np.tanh(x)
    return h, {"h": h}

def tanh_backward(dh, cache):
    return dh*(1 - cache["h"]**2)

def relu_forward(x):
    return np.maximum(0, x), {"x": x}

def relu_backward(dh, cache):
    dx = dh*(cache["x"] > 0)
    return dx

def leaky_relu_forward(x, c):
    h = np.where(x > 0, x, c*x)
    return h, {"x": x, "c": c}

def leaky_relu_backward(dh, cache):
    x, c = cache["x"], cache["c"]
    return np.where(x > 0, dh, c*dh)

def swish_forward(x):
    s = stable_sigmoid(x)
    return x*s, {"x": x, "s": s}

def swish_backward(dh, cache):
    x = cache["x"]
    s = cache["s"]
    # (uv)' = u'v + uv'
    return dh*(s + x*s*(1-s))

## Part 4 ##

def batch_mean(cost):
    return cost.sum(axis=-1).mean()


def mse(h, y):
    r = h - y
    return batch_mean(r ** 2) / 2, r / r.shape[0]


def huber(h, y, delta):
    r = h - y
    a = abs(r)
    within = np.minimum(a, delta)
    # within * a - within^2/2 is r^2/2 inside and the tangent outside
    return batch_mean(within * a - 0.5 * within ** 2), np.copysign(within, r) / r.shape[0]


def quantile(h, y, tau):
    under = np.maximum(y - h, 0)
    over = np.maximum(h - y, 0)
    slope = (1 - tau) * (over > 0) - tau * (under > 0)
    return batch_mean(tau * under + (1 - tau) * over), slope / h.shape[0]


def normalise(z):
    z = z - z.max(axis=1)[:, None]
    return z - np.log(np.exp(z).sum(axis=1))[:, None]


def softmax_cross_entropy(logits, labels, temperature=1.0):
    n = len(labels)
    rows = np.arange(n)
    logp = normalise(logits / temperature)
    grad = np.exp(logp)
    grad[rows, labels] -= 1.0
    return -logp[rows, labels].mean(), grad / (n * temperature)


def label_smoothing(logits, labels, epsilon):
    n, m = logits.shape
    rows = np.arange(n)
    logp = normalise(logits)
    hit = logp[rows, labels]
    miss = logp.sum(axis=1) - hit
    other = epsilon / (m - 1)
    grad = np.exp(logp) - other
    grad[rows, labels] -= 1 - epsilon - other
    return -np.mean((1 - epsilon) * hit + other * miss), grad / n

# ---------- network ----------
def mlp_forward(x, params, activation):
    inputs, pre = [], []
    for S, b in params[:-1]:
        inputs.append(x)
        x, _ = linear_forward(x, S, b)
        pre.append(x)
        x = activation(x)
    S, b = params[-1]
    inputs.append(x)
    logits, _ = linear_forward(x, S, b)
    return logits, (inputs, pre, [S for S, b in params])

def mlp_backward(dlogits, cache, derivative):
    inputs, pre, weights = cache
    grads = []
    g, dS, db = linear_backward(dlogits, [inputs.pop(), weights.pop()])
    grads.append((dS, db))
    while pre:
        g = g * derivative(pre.pop())
        g, dS, db = linear_backward(g, [inputs.pop(), weights.pop()])
        grads.append((dS, db))
    return g, grads[::-1]

def input_gradient(x, params, labels, activation, derivative):
    # every image has its own gradient, so one image at a time
    dx = np.empty(x.shape)
    for n in range(len(x)):
        this = slice(n, n + 1)
        out, cache = mlp_forward(x[this], params, activation)
        _, g = softmax_cross_entropy(out, labels[this])
        dx[this], _ = mlp_backward(g, cache, derivative)
    return dx

def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    out, cache = mlp_forward(x, params, activation)
    loss, g = softmax_cross_entropy(out, labels)
    _, grads = mlp_backward(g, cache, derivative)
    for i in range(len(params)):
        S = params[i][0]
        loss += weight_decay * (S ** 2).sum() / 2
        grads[i] = (grads[i][0] + weight_decay * S, grads[i][1])
    return loss, grads
