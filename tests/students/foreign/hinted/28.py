import math
import numpy as np

# ------------------------- exercise 1 -------------------------

def squared_norm_gradient(x):
    g = np.zeros(len(x))
    for i in range(len(x)):
        g[i] = 2 * x[i]
    return g


def linear_map_jacobian(A):
    d, n = A.shape
    J = np.zeros((d, n))
    for j in range(n):          # f_j = sum_i A_ij x_i
        for i in range(d):
            J[i, j] = A[i, j]
    return J


def composed_gradients(A, x):
    d, n = A.shape
    y = np.zeros(n)
    for j in range(n):
        for i in range(d):
            y[j] += A[i, j] * x[i]
    dx = np.zeros(d)
    dA = np.zeros((d, n))
    for i in range(d):
        for j in range(n):
            dx[i] += 2 * y[j] * A[i, j]
            dA[i, j] = 2 * y[j] * x[i]
    return dx, dA

# --- linear: n sample, i input, j output ---

def linear_forward(x, S, b):
    return np.einsum("ni,ij->nj", x, S) + b, dict(x=x, S=S)


def linear_backward(dh, cache):
    dx = np.einsum("nj,ij->ni", dh, cache["S"])
    dS = np.einsum("ni,nj->ij", cache["x"], dh)
    db = np.einsum("nj->j", dh)
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

# ------------------------- exercise 5 -------------------------

def mlp_forward(x, params, activation):
    L = len(params)
    zs = []
    linear_caches = []
    h = x
    for l in range(L):
        z, c = linear_forward(h, params[l][0], params[l][1])
        zs.append(z)
        linear_caches.append(c)
        if l < L - 1:
            h = activation(z)
    return zs[-1], (zs, linear_caches)


def mlp_backward(dlogits, cache, derivative):
    zs, linear_caches = cache
    L = len(zs)
    grads = [None] * L
    dz = dlogits
    for l in range(L - 1, -1, -1):
        dh, dS, db = linear_backward(dz, linear_caches[l])
        grads[l] = (dS, db)
        if l > 0:
            slope = derivative(zs[l - 1])
            dz = np.zeros(dh.shape)
            for n in range(dh.shape[0]):
                for j in range(dh.shape[1]):
                    dz[n, j] = dh[n, j] * slope[n, j]
    return dh, grads


def input_gradient(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    return dx


def decay(S, dS, weight_decay):
    out = np.zeros(S.shape)
    for k in np.ndindex(S.shape):
        out[k] = dS[k] + weight_decay * S[k]
    return out


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    # weight decay: pulls every weight a bit to 0 in each step
    for l in range(len(params)):
        dS, db = grads[l]
        grads[l] = (decay(params[l][0], dS, weight_decay), db)
    return loss, grads
