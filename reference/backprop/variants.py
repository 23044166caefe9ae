"""Other right answers of the assignment: what good students write differently, and no check may fail.

Each cell replaces functions of the solution; its title says the exercise and in which way it differs.
"""

import numpy as np

# ruff: noqa: D101, D102, D103 - written the way that students write: without docstrings and annotations


# %% calculus: loops over the entries
def squared_norm_gradient(x):
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        gradient[i] = 2 * x[i]
    return gradient


def linear_map_jacobian(A):
    d, n = A.shape
    jacobian = np.zeros((d, n))
    for i in range(d):
        for j in range(n):
            jacobian[i, j] = A[i, j]
    return jacobian


def composed_gradients(A, x):
    d, n = A.shape
    dx, dA = np.zeros(d), np.zeros((d, n))
    for j in range(n):
        y = sum(A[i, j] * x[i] for i in range(d))
        for i in range(d):
            dx[i] += 2 * y * A[i, j]
            dA[i, j] = 2 * y * x[i]
    return dx, dA


# %% calculus: the argument itself as the Jacobian, and closed formulas
def squared_norm_gradient(x):
    return x + x


def linear_map_jacobian(A):
    return A


def composed_gradients(A, x):
    return [2 * A @ A.T @ x, 2 * x[:, None] @ (x[None, :] @ A)]


# %% calculus: einsum, and unit vectors for the Jacobian
def linear_map_jacobian(A):
    return np.stack([A.T @ unit for unit in np.eye(len(A))])


def composed_gradients(A, x):
    y = np.einsum("ij,i->j", A, x)
    return 2 * np.einsum("ij,j->i", A, y), 2 * np.einsum("i,j->ij", x, y)


# %% linear: loops over samples, with a dict for the cache
def linear_forward(x, S, b):
    h = np.zeros((len(x), len(b)))
    for n in range(len(x)):
        h[n] = S.T @ x[n] + b
    return h, {"input": x, "weights": S, "bias": b}


def linear_backward(dh, cache):
    x, S = cache["input"], cache["weights"]
    dx, dS, db = np.zeros_like(x), np.zeros_like(S), np.zeros_like(cache["bias"])
    for n in range(len(x)):
        dx[n] = S @ dh[n]
        dS += np.outer(x[n], dh[n])
        db += dh[n]
    return dx, dS, db


# %% linear: einsum, a list of gradients, and the bias as a product with ones
def linear_forward(x, S, b):
    return np.einsum("nd,dp->np", x, S) + b[None, :], (b, S, x)


def linear_backward(dh, cache):
    _, S, x = cache
    return [np.einsum("np,dp->nd", dh, S), np.einsum("nd,np->dp", x, dh), np.ones(len(dh)) @ dh]


# %% linear: a closure for the cache
def linear_forward(x, S, b):
    def backward(dh):
        return dh.dot(S.T), (dh.T.dot(x)).T, np.sum(dh, 0)

    return np.add(np.dot(x, S), b), backward


def linear_backward(dh, cache):
    return cache(dh)


# %% linear: an object for the cache, and gradients that it holds
class Linear:
    def __init__(self, S, b):
        self.S, self.b = S, b

    def forward(self, x):
        self.x = x
        return x @ self.S + self.b

    def backward(self, dh):
        self.dS = self.x.T @ dh
        self.db = dh.sum(axis=0)
        return dh @ self.S.T


def linear_forward(x, S, b):
    layer = Linear(S, b)
    return layer.forward(x), layer


def linear_backward(dh, cache):
    dx = cache.backward(dh)
    return dx, cache.dS, cache.db


# %% activations: derivatives from the input, with clipped exponents
def sigmoid_forward(x):
    return 1 / (1 + np.exp(-np.clip(x, -500, 500))), x


def sigmoid_backward(dh, cache):
    s = 1 / (1 + np.exp(-np.clip(cache, -500, 500)))
    return dh * s * (1 - s)


def tanh_forward(x):
    return np.tanh(x), x


def tanh_backward(dh, cache):
    return dh / np.cosh(np.clip(cache, -300, 300)) ** 2


def relu_forward(x):
    return np.where(x > 0, x, 0.0), x > 0


def relu_backward(dh, cache):
    return np.where(cache, dh, 0.0)


def leaky_relu_forward(x, c):
    return np.maximum(x, c * x), {"x": x, "c": c}


def leaky_relu_backward(dh, cache):
    dx = np.ones_like(cache["x"])
    dx[cache["x"] <= 0] = cache["c"]
    return dh * dx


def swish_forward(x):
    return x / (1 + np.exp(-np.clip(x, -500, 500))), x


def swish_backward(dh, cache):
    s = 1 / (1 + np.exp(-np.clip(cache, -500, 500)))
    h = cache * s
    return dh * (h + s * (1 - h))


# %% activations: the upstream gradient changed in place, and the gradient passed on at 0
def relu_forward(x):
    h = x * (x >= 0)
    return h, h


def relu_backward(dh, cache):
    dh[cache < 0] = 0
    dh[cache == 0] *= 0
    return dh


def leaky_relu_forward(x, c):
    return np.where(x >= 0, x, c * x), lambda dh: np.where(x >= 0, dh, c * dh)


def leaky_relu_backward(dh, cache):
    return cache(dh)


def tanh_backward(dh, cache):
    dh *= (1 - cache) * (1 + cache)
    return dh


def sigmoid_backward(dh, cache):
    dh *= cache
    dh -= cache * dh
    return dh


# %% activations: the naive sigmoid, whose overflow ends at the right value, and tanh by it
def sigmoid_forward(x):
    with np.errstate(over="ignore"):
        h = 1 / (1 + np.exp(-x))
    return h, h


def tanh_forward(x):
    s, _ = sigmoid_forward(2 * x)
    return 2 * s - 1, s


def tanh_backward(dh, cache):
    return dh * 4 * cache * (1 - cache)


def swish_forward(x):
    s, _ = sigmoid_forward(x)
    return x * s, (x * s, s)


def swish_backward(dh, cache):
    h, s = cache
    return dh * s + dh * h * (1 - s)


# %% activations: both signs apart by masks
def sigmoid_forward(x):
    h = np.empty_like(x)
    positive = x >= 0
    h[positive] = 1 / (1 + np.exp(-x[positive]))
    exponential = np.exp(x[~positive])
    h[~positive] = exponential / (1 + exponential)
    return h, [h]


def sigmoid_backward(dh, cache):
    return dh * (cache[0] - cache[0] ** 2)


# %% losses: loops over samples and outputs
def mse(h, y):
    loss, dh = 0.0, np.zeros_like(h)
    for n in range(h.shape[0]):
        for j in range(h.shape[1]):
            loss += 0.5 * (h[n, j] - y[n, j]) ** 2
            dh[n, j] = h[n, j] - y[n, j]
    return loss / len(h), dh / len(h)


def huber(h, y, delta):
    loss, dh = 0.0, np.zeros_like(h)
    for index, r in np.ndenumerate(h - y):
        small = abs(r) < delta
        loss += 0.5 * r**2 if small else delta * (abs(r) - 0.5 * delta)
        dh[index] = r if small else delta * np.sign(r)
    return loss / len(h), dh / len(h)


def quantile(h, y, tau):
    loss, dh = 0.0, np.zeros_like(h)
    for index, r in np.ndenumerate(y - h):
        loss += max(tau * r, (tau - 1) * r)
        dh[index] = -tau if r > 0 else 1 - tau
    return loss / len(h), dh / len(h)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    loss, gradient = 0.0, np.zeros_like(logits)
    for n, label in enumerate(labels):
        z = logits[n] / temperature
        z = z - max(z)
        log_sum = np.log(sum(np.exp(value) for value in z))
        loss -= z[label] - log_sum
        gradient[n] = np.exp(z - log_sum)
        gradient[n, label] -= 1
    return loss / len(labels), gradient / temperature / len(labels)


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    loss, gradient = 0.0, np.zeros_like(logits)
    for n, label in enumerate(labels):
        z = logits[n] - logits[n].max()
        log_p = z - np.log(np.exp(z).sum())
        loss -= (1 - epsilon) * log_p[label]
        loss -= epsilon / (m - 1) * (log_p.sum() - log_p[label])
        target = [1 - epsilon if k == label else epsilon / (m - 1) for k in range(m)]
        gradient[n] = np.exp(log_p) - target
    return loss / len(labels), gradient / len(labels)


# %% losses: probabilities protected inside the logarithm
def softmax_cross_entropy(logits, labels, temperature=1.0):
    exponentials = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    rows = range(len(labels))
    loss = -np.mean(np.log(p[rows, labels] + 1e-12))
    gradient = p.copy()
    gradient[rows, labels] -= 1
    gradient /= len(labels) * temperature
    return float(loss), gradient


def label_smoothing(logits, labels, epsilon):
    N, m = logits.shape
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    one_hot = np.zeros((N, m))
    one_hot[np.arange(N), labels] = 1
    q = one_hot * (1 - epsilon) + (1 - one_hot) * epsilon / (m - 1)
    return -np.mean(np.sum(q * np.log(p + 1e-12), axis=1)), (p - q) / N


# %% losses: clipped probabilities, and formulas in one line
def mse(h, y):
    return np.mean(np.sum((h - y) ** 2, axis=1)) / 2, (h - y) / len(y)


def huber(h, y, delta):
    r = h - y
    beyond = np.abs(r) > delta
    loss = 0.5 * r**2 * ~beyond + delta * (np.abs(r) - delta / 2) * beyond
    return np.mean(loss.sum(axis=1)), (r * ~beyond + delta * np.sign(r) * beyond) / len(r)


def quantile(h, y, tau):
    r = y - h
    return np.sum(np.maximum(tau * r, (tau - 1) * r)) / len(r), ((r < 0) - tau) / len(r)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    exponentials = np.exp((logits - logits.max(axis=1)[:, None]) / temperature)
    p = np.clip(exponentials / exponentials.sum(axis=1)[:, None], 1e-12, 1)
    one_hot = (labels[:, None] == np.arange(logits.shape[1])).astype(float)
    return -(one_hot * np.log(p)).sum() / len(labels), (p - one_hot) / (len(labels) * temperature)


# %% losses: label smoothing as a mixture of cross entropies
def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    loss, gradient = 0.0, np.zeros_like(logits)
    for k in range(m):
        share = epsilon / (m - 1)
        loss_k, gradient_k = softmax_cross_entropy(logits, np.full_like(labels, k))
        loss, gradient = loss + share * loss_k, gradient + share * gradient_k
    loss_y, gradient_y = softmax_cross_entropy(logits, labels)
    rest = 1 - epsilon - epsilon / (m - 1)
    return loss + rest * loss_y, gradient + rest * gradient_y


# %% network: everything in one function each, with lists for the cache
def mlp_forward(x, params, activation):
    inputs, pre_activations = [x], []
    for layer, (S, b) in enumerate(params):
        z = inputs[-1] @ S + b
        pre_activations.append(z)
        if layer < len(params) - 1:
            inputs.append(activation(z))
    return z, [inputs, pre_activations, params]


def mlp_backward(dlogits, cache, derivative):
    inputs, pre_activations, params = cache
    grads = [None] * len(params)
    dz = dlogits
    for layer in range(len(params) - 1, -1, -1):
        grads[layer] = [inputs[layer].T @ dz, dz.sum(axis=0)]
        dh = dz @ params[layer][0].T
        if layer > 0:
            dz = dh * derivative(pre_activations[layer - 1])
    return dh, grads


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels, 1.0)
    _, grads = mlp_backward(dlogits, cache, derivative)
    for (S, _), pair in zip(params, grads, strict=True):
        loss += weight_decay / 2 * np.linalg.norm(S) ** 2
        pair[0] += weight_decay * S
    return loss, tuple(tuple(pair) for pair in grads)


# %% network: recursion, with closures for the cache
def mlp_forward(x, params, activation):
    (S, b), *rest = params
    z = x @ S + b
    if not rest:
        return z, lambda dz, _derivative: (dz @ S.T, [(x.T @ dz, dz.sum(axis=0))])
    logits, above = mlp_forward(activation(z), rest, activation)

    def backward(dlogits, derivative):
        dh, grads = above(dlogits, derivative)
        dz = dh * derivative(z)
        return dz @ S.T, [(x.T @ dz, dz.sum(axis=0)), *grads]

    return logits, backward


def mlp_backward(dlogits, cache, derivative):
    return cache(dlogits, derivative)


# %% network: the input gradient from the error of the first layer, weights flattened for the penalty
def input_gradient(x, params, labels, activation, derivative):
    z, hs = x @ params[0][0] + params[0][1], []
    zs = [z]
    for S, b in params[1:]:
        hs.append(activation(zs[-1]))
        zs.append(hs[-1] @ S + b)
    exponentials = np.exp(zs[-1] - zs[-1].max(axis=1, keepdims=True))
    delta = exponentials / exponentials.sum(axis=1, keepdims=True)
    delta[np.arange(len(labels)), labels] -= 1
    for (S, _), z in zip(params[:0:-1], zs[-2::-1], strict=True):
        delta = delta @ S.T * derivative(z)
    return delta @ params[0][0].T / len(labels)


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx_and_grads = mlp_backward(dlogits, cache, derivative)
    weights = np.concatenate([S.ravel() for S, _ in params])
    grads = []
    for (S, _), (dS, db) in zip(params, dx_and_grads[1], strict=True):
        grads.append([dS + weight_decay * S, db])
    return loss + 0.5 * weight_decay * weights @ weights, grads
