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

# Exercise 2

class Linear:
    def __init__(self, S, b):
        self.S, self.b = S, b

    def forward(self, x):
        self.x = x
        return x @ self.S + self.b

    def backward(self, dout):
        N, d = self.x.shape
        p = dout.shape[1]
        self.dS = self.x.T @ dout       # (d, N) (N, p)
        self.db = dout.sum(axis=0)
        return dout @ self.S.reshape(p, d)


def linear_forward(x, S, b):
    layer = Linear(S, b)
    return layer.forward(x), layer


def linear_backward(dh, cache):
    dx = cache.backward(dh)
    return dx, cache.dS, cache.db

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


class LeakyReLU:
    def __init__(self, c=0.0):
        self.c = c

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0) + self.c * np.minimum(x, 0)

    def backward(self, dout):
        return np.where(self.x > 0, dout, self.c * dout)


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
    return _run(LeakyReLU(), x)


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

# Exercise 4

class Loss:
    """subclasses give cost and slope of the residual, entry by entry"""

    def __call__(self, h, y):
        r = h - y
        return float(np.mean(np.sum(self.cost(r), axis=1))), self.slope(r) / r.shape[0]


class MSE(Loss):
    def cost(self, r):
        return r * r / 2

    def slope(self, r):
        return r


class Huber(Loss):
    def __init__(self, delta):
        self.delta = delta

    def cost(self, r):
        a = np.abs(r)
        return np.where(a <= self.delta, r ** 2 / 2, self.delta * (a - self.delta / 2))

    def slope(self, r):
        return np.where(np.abs(r) <= self.delta, r, self.delta * np.sign(r))


class Quantile(Loss):
    def __init__(self, tau):
        self.tau = tau

    def slope(self, r):
        return np.where(r < 0, -self.tau, 1 - self.tau)

    def cost(self, r):
        return self.slope(r) * r


class SoftmaxCrossEntropy:
    def __init__(self, logits):
        shifted = logits - np.max(logits, axis=1, keepdims=True)
        self.N, self.m = logits.shape
        self.logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    def loss_and_gradient(self, q):
        return float(-(q * self.logp).sum() / self.N), (np.exp(self.logp) - q) / self.N


def mse(h, y):
    return MSE()(h, y)


def huber(h, y, delta):
    return Huber(delta)(h, y)


def quantile(h, y, tau):
    return Quantile(tau)(h, y)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    q = np.zeros(logits.shape)
    q[np.arange(len(labels)), labels] = 1
    loss, g = SoftmaxCrossEntropy(logits / temperature).loss_and_gradient(q)
    return loss, g / temperature


def label_smoothing(logits, labels, epsilon):
    q = np.full(logits.shape, epsilon / (logits.shape[1] - 1))
    q[np.arange(len(labels)), labels] = 1 - epsilon
    return SoftmaxCrossEntropy(logits).loss_and_gradient(q)

######## 5 ########
def mlp_forward(x, params, activation):
    cache = []
    h = x
    for i, (S, b) in enumerate(params):
        z, lin = linear_forward(h, S, b)
        cache.append({"lin": lin, "z": z, "last": i == len(params)-1})
        if i < len(params)-1:
            h = activation(z)
    return z, cache

def mlp_backward(dlogits, cache, derivative):
    grads = []
    g = dlogits
    for layer in reversed(cache):
        if not layer["last"]:
            g = g*derivative(layer["z"])
        g, dS, db = linear_backward(g, layer["lin"])
        grads.append((dS, db))
    grads.reverse()
    return g, grads

def input_gradient(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    return dx

def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    dx, grads = mlp_backward(dlogits, cache, derivative)
    new_grads = []
    for (S, b), (dS, db) in zip(params, grads):
        loss = loss + 0.5*weight_decay*np.sum(S*S)
        new_grads.append((dS + weight_decay*S, db))  # NOT the bias
    return loss, new_grads
