# backprop, bogdan. caches are closures: backward = apply the cache.
import numpy as np

E = np.einsum
call = lambda d, c: c(d)


# 1
def squared_norm_gradient(x):
    return 2 * x


def linear_map_jacobian(A):
    return +A


def composed_gradients(A, x):
    y = E('ij,i->j', A, x)
    return 2 * E('ij,j->i', A, y), 2 * E('i,j->ij', x, y)


# 2
def linear_forward(x, S, b):
    return E('nd,dp->np', x, S) + b, lambda g: (E('np,dp->nd', g, S), E('nd,np->dp', x, g), E('np->p', g))


def linear_backward(dh, cache):
    return cache(dh)


# 3
sg = lambda x: .5 + .5 * np.tanh(x / 2)  # = 1/(1+e^-x), never overflows


def sigmoid_forward(x):
    h = sg(x)
    return h, lambda g: g * h * (1 - h)


def tanh_forward(x):
    h = np.tanh(x)
    return h, lambda g: g * (1 - h * h)


def relu_forward(x):
    return x * (x > 0), lambda g: g * (x > 0)


def leaky_relu_forward(x, c):
    return np.maximum(x, c * x), lambda g: g * np.where(x > 0, 1, c)  # max ok, c < 1


def swish_forward(x):
    s = sg(x)
    return x * s, lambda g: g * s * (1 + x * (1 - s))


def sigmoid_backward(dh, cache):
    return call(dh, cache)


def tanh_backward(dh, cache):
    return call(dh, cache)


def relu_backward(dh, cache):
    return call(dh, cache)


def leaky_relu_backward(dh, cache):
    return call(dh, cache)


def swish_backward(dh, cache):
    return call(dh, cache)


# 4
def mse(h, y):
    r = h - y
    return E('ij,ij', r, r) / 2 / len(r), r / len(r)


def huber(h, y, delta):
    r = h - y
    k = r.clip(-delta, delta)  # k = rho'(r); rho = k r - k^2/2 on both branches
    return E('ij,ij', k, r - k / 2) / len(r), k / len(r)


def quantile(h, y, tau):
    r = h - y
    k = (r > 0) - tau
    return E('ij,ij', k, r) / len(r), k / len(r)


def _ce(z, q):
    z = z - z.max(1, keepdims=True)
    l = z - np.log(E('nk->n', np.exp(z)))[:, None]
    return -E('nk,nk', q, l) / len(z), (np.exp(l) - q) / len(z)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    L, g = _ce(logits / temperature, np.eye(logits.shape[1])[labels])
    return L, g / temperature


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    o = np.eye(m)[labels]
    return _ce(logits, (1 - epsilon) * o + epsilon / (m - 1) * (1 - o))


# 5
def mlp_forward(x, params, activation):
    *hid, last = params
    tape = []
    for S, b in hid:
        z, back = linear_forward(x, S, b)
        tape += [(back, z)]
        x = activation(z)
    out, top = linear_forward(x, *last)

    def cache(g, df):
        g, *p = top(g)
        G = [tuple(p)]
        for back, z in tape[::-1]:
            g *= df(z)
            g, *p = back(g)
            G += [tuple(p)]
        return g, G[::-1]

    return out, cache


def mlp_backward(dlogits, cache, derivative):
    return cache(dlogits, derivative)


def _run(x, params, labels, f, df):
    z, c = mlp_forward(x, params, f)
    L, g = softmax_cross_entropy(z, labels)
    return L, *c(g, df)


def input_gradient(x, params, labels, activation, derivative):
    return _run(x, params, labels, activation, derivative)[1]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    L, _, G = _run(x, params, labels, activation, derivative)
    return (L + weight_decay / 2 * sum(E('ij,ij', S, S) for S, _ in params),
            [(dS + weight_decay * S, db) for (S, _), (dS, db) in zip(params, G)])

# d=1e-5;x=np.random.randn(3,4);print((swish_forward(x+d)[0]-swish_forward(x-d)[0])/2/d-swish_backward(np.ones((3,4)),swish_forward(x)[1]))
