# backprop, lists version
import math
import numpy as np

# I do it with lists first and turn it into an array at the end, numpy axes always confuse me.

def squared_norm_gradient(x):
    # |x| = sqrt(x1^2 + x2^2 + ...), inner derivative 2 x_i, outer 1 / (2 sqrt)  ->  x_i / |x|
    x = x.tolist()
    length = math.sqrt(sum(v * v for v in x))
    return np.array([v / length for v in x])


def linear_map_jacobian(A):
    return np.array([[a for a in row] for row in A.tolist()])


def composed_gradients(A, x):
    rows, x = A.tolist(), x.tolist()
    y = [sum(xi * a for xi, a in zip(x, col)) for col in zip(*rows)]
    dx = [sum(2 * yj * a for yj, a in zip(y, row)) for row in rows]
    dA = [[2 * yj * xi for yj in y] for xi in x]
    return np.array(dx), np.array(dA)

# helpers for lists of rows

def dot(u, v):
    return sum(a * b for a, b in zip(u, v))


def transpose(rows):
    return [list(col) for col in zip(*rows)]


def matmul(P, Q):
    cols = transpose(Q)
    return [[dot(row, col) for col in cols] for row in P]


def linear_forward(x, S, b):
    out = [[v + bj for v, bj in zip(row, b.tolist())] for row in matmul(x.tolist(), S.tolist())]
    return np.array(out), (x.tolist(), S.tolist())


def linear_backward(dh, cache):
    x, S = cache
    dh = dh.tolist()
    dx = matmul(dh, transpose(S))
    dS = matmul(transpose(x), dh)
    db = [sum(col) for col in transpose(dh)]
    return np.array(dx), np.array(dS), np.array(db)

# activations: one function for one number, `each` takes it through lists of lists of lists

def each(f, *a):
    if isinstance(a[0], list):
        return [each(f, *parts) for parts in zip(*a)]
    return f(*a)


def on_arrays(f, *arrays):
    return np.array(each(f, *[np.asarray(a).tolist() for a in arrays]), dtype=float)


def s(v):
    return 1 / (1 + math.exp(-v)) if v > -700 else 0.0


def sigmoid_forward(x):
    return on_arrays(s, x), x


def sigmoid_backward(dh, cache):
    return on_arrays(lambda g, v: g * s(v) * (1 - s(v)), dh, cache)


def tanh_forward(x):
    return on_arrays(math.tanh, x), x


def tanh_backward(dh, cache):
    return on_arrays(lambda g, v: g * (1 - math.tanh(v) ** 2), dh, cache)


def relu_forward(x):
    return on_arrays(lambda v: max(v, 0.0), x), x


def relu_backward(dh, cache):
    return on_arrays(lambda g, v: g if v > 0 else 0.0, dh, cache)


def leaky_relu_forward(x, c):
    return on_arrays(lambda v: v if v > 0 else c * v, x), (x, c)


def leaky_relu_backward(dh, cache):
    x, c = cache
    return on_arrays(lambda g, v: g if v > 0 else c * g, dh, x)


def swish_forward(x):
    return on_arrays(lambda v: v * s(v), x), x


def swish_backward(dh, cache):
    return on_arrays(lambda g, v: g * (s(v) + v * s(v) * (1 - s(v))), dh, cache)

# losses: cost and slope of one output / one sample, then average

def average(rows):
    return sum(sum(row) for row in rows) / len(rows)


def regression(h, y, cost, slope):
    r = [[a - b for a, b in zip(hr, yr)] for hr, yr in zip(h.tolist(), y.tolist())]
    N = len(r)
    return average([[cost(v) for v in row] for row in r]), np.array([[slope(v) / N for v in row] for row in r])


def mse(h, y):
    return regression(h, y, lambda r: 0.5 * r * r, lambda r: r)


def huber(h, y, delta):
    def cost(r):
        return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)

    def slope(r):
        return max(-delta, min(delta, r))

    return regression(h, y, cost, slope)


def quantile(h, y, tau):
    return regression(
        h, y, lambda r: -tau * r if r < 0 else (1 - tau) * r, lambda r: -tau if r < 0 else 1 - tau
    )


def log_softmax_row(z):
    top = max(z)
    lse = top + math.log(math.fsum(math.exp(v - top) for v in z))
    return [v - lse for v in z]


def classification(z, targets):
    N = len(z)
    total, grad = 0.0, []
    for row, q in zip(z, targets):
        lp = log_softmax_row(row)
        total += -sum(a * b for a, b in zip(q, lp))
        grad.append([(math.exp(a) - b) / N for a, b in zip(lp, q)])
    return total / N, np.array(grad)


def softmax_cross_entropy(logits, labels, temperature=1.0):
    m = logits.shape[1]
    targets = [[1.0 if k == label else 0.0 for k in range(m)] for label in labels.tolist()]
    loss, grad = classification((logits / temperature).tolist(), targets)
    return loss, grad / temperature


def label_smoothing(logits, labels, epsilon):
    m = logits.shape[1]
    targets = [[1 - epsilon if k == label else epsilon / (m - 1) for k in range(m)] for label in labels.tolist()]
    return classification(logits.tolist(), targets)

# network: recursion, the rest of the network is a smaller network

def mlp_forward(x, params, activation):
    (S, b), rest = params[0], params[1:]
    z, own = linear_forward(x, S, b)
    if not rest:
        return z, (own, None, None)
    logits, inner = mlp_forward(activation(z), rest, activation)
    return logits, (own, z, inner)


def mlp_backward(dlogits, cache, derivative):
    own, z, inner = cache
    if inner is None:
        dz, later = dlogits, []
    else:
        dh, later = mlp_backward(dlogits, inner, derivative)
        dz = dh * derivative(z)
    dx, dS, db = linear_backward(dz, own)
    return dx, [(dS, db)] + later


def input_gradient(x, params, labels, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    _, dlogits = softmax_cross_entropy(logits, labels)
    return mlp_backward(dlogits, cache, derivative)[0]


def regularized_loss(params, x, labels, weight_decay, activation, derivative):
    logits, cache = mlp_forward(x, params, activation)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    _, grads = mlp_backward(dlogits, cache, derivative)
    squares = sum(v * v for S, b in params for row in S.tolist() for v in row)
    grads = [[dS + weight_decay * S, db] for (dS, db), (S, b) in zip(grads, params)]
    return loss + weight_decay / 2 * squares, grads
