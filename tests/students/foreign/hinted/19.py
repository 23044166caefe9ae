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

## Part 3 ##

def logistic(x):
    return np.exp(-np.logaddexp(0.0, -x))


def sigmoid_forward(x):
    p = logistic(x)
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
    e = y - h
    # N 6.5: the larger of two lines through 0, one of slope tau and one of slope tau - 1
    slopes = np.array([tau, tau - 1.0])
    lines = e[..., None] * slopes               # (N, p, 2)
    larger = lines.argmax(axis=-1)
    return batch_mean(lines.max(axis=-1)), slopes[larger] / h.shape[0]


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

# Exercise 5

class Layer:
    """one linear layer of the network, with the activation behind it if there is one"""

    def __init__(self, S, b):
        self.S, self.b = S, b

    def forward(self, x, activation=None):
        self.x = x
        self.z = x @ self.S + self.b
        return self.z if activation is None else activation(self.z)

    def backward(self, dout, derivative=None):
        dz = dout if derivative is None else dout * derivative(self.z)
        self.grad = self.x.T @ dz, np.sum(dz, axis=0)
        return dz @ self.S.T


class Network:
    def __init__(self, params):
        self.layers = [Layer(S, b) for S, b in params]

    def forward(self, x, activation):
        for layer in self.layers[:-1]:
            x = layer.forward(x, activation)
        return self.layers[-1].forward(x)

    def backward(self, dout, derivative):
        dout = self.layers[-1].backward(dout)
        for layer in reversed(self.layers[:-1]):
            dout = layer.backward(dout, derivative)
        return dout, [layer.grad for layer in self.layers]


def mlp_forward(x, params, activation):
    net = Network(params)
    return net.forward(x, activation), net


def mlp_backward(dlogits, cache, derivative):
    return cache.backward(dlogits, derivative)


def input_gradient(x, params, labels, activation, derivative):
    net = Network(params)
    _, dlogits = softmax_cross_entropy(net.forward(x, activation), labels)
    return net.backward(dlogits, derivative)[0]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    net = Network(params)
    loss, dlogits = softmax_cross_entropy(net.forward(x, activation), labels)
    net.backward(dlogits, derivative)
    grads = []
    for layer in net.layers:
        loss += weight_decay / 2 * np.sum(layer.S ** 2)
        grads.append([layer.grad[0] + weight_decay * layer.S, layer.grad[1]])
    return loss, grads
