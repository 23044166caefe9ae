import numpy as np

# Exercise 1

class SquaredNorm:
    def value(self, x):
        return (x ** 2).sum()

    def gradient(self, x):
        return x + x


class LinearMap:
    def __init__(self, A):
        self.A = A

    def __call__(self, x):
        return self.A.T @ x

    def jacobian(self):
        return np.array(self.A)


def squared_norm_gradient(x):
    return SquaredNorm().gradient(x)


def linear_map_jacobian(A):
    return LinearMap(A).jacobian()


def composed_gradients(A, x):
    f, g = LinearMap(A), SquaredNorm()
    dy = g.gradient(f(x))
    return f.jacobian() @ dy, x[:, np.newaxis] @ dy[np.newaxis, :]

# --- linear: n sample, i input, j output ---

def linear_forward(x, S, b):
    return np.einsum("ni,ij->nj", x, S) + b, dict(x=x, S=S)


def linear_backward(dh, cache):
    dx = np.einsum("nj,ij->ni", dh, cache["S"])
    dS = np.einsum("ni,nj->ij", cache["x"], dh)
    db = np.einsum("nj->j", dh)
    return dx, dS, db

# Exercise 3

class Sigmoid:
    def forward(self, x):
        self.out = 1.0 / (1.0 + np.exp(-np.clip(x, -500, 500)))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1.0 - self.out)


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.out ** 2)


class ReLU:
    def forward(self, x):
        self.on = x > 0
        return self.on * x

    def backward(self, dout):
        return self.on * dout


class LeakyReLU:
    """two half lines, one of slope 1 and one of slope c"""

    def __init__(self, c):
        self.c = c

    def halves(self, x):
        return np.maximum(x, 0), np.minimum(x, 0)

    def forward(self, x):
        self.x = x
        right, left = self.halves(x)
        return self.c * right + left

    def backward(self, dout):
        leaks = self.x <= 0
        return dout * (1 - leaks) + self.c * dout * leaks


class Swish:
    def forward(self, x):
        self.x = x
        self.gate = Sigmoid()
        return x * self.gate.forward(x)

    def backward(self, dout):
        # product rule: the gate once as a factor, once differentiated
        return dout * self.gate.out + self.gate.backward(dout * self.x)


def _run(layer, x):
    return layer.forward(x), layer


def sigmoid_forward(x):
    return _run(Sigmoid(), x)


def sigmoid_backward(dh, cache):
    return cache.backward(dh)


def tanh_forward(x):
    return _run(Tanh(), x)


def tanh_backward(dh, cache):
    return cache.backward(dh)


def relu_forward(x):
    return _run(ReLU(), x)


def relu_backward(dh, cache):
    return cache.backward(dh)


def leaky_relu_forward(x, c):
    return _run(LeakyReLU(c), x)


def leaky_relu_backward(dh, cache):
    return cache.backward(dh)


def swish_forward(x):
    return _run(Swish(), x)


def swish_backward(dh, cache):
    return cache.backward(dh)

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
