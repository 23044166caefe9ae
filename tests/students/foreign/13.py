# name: see form
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

## Part 2 ##
# The cache is the backward function itself.

def linear_forward(x, S, b):
    def back(dh):
        return dh @ S.T, x.T @ dh, dh.sum(0)

    return x @ S + b, back


def linear_backward(dh, cache):
    return cache(dh)

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
    x = cache["x"]
    dx = np.array(dh)
    #dx[x > 0] *= 1
    dx[x <= 0] = cache["c"]
    return dx

def swish_forward(x):
    s = stable_sigmoid(x)
    return x*s, {"x": x, "s": s}

def swish_backward(dh, cache):
    x = cache["x"]
    s = cache["s"]
    # (uv)' = u'v + uv'
    return dh*(s + x*s*(1-s))

######## 4 ########
def mse(h, y):
    N = h.shape[0]
    diff = h - y
    loss = 0.5*np.sum(diff**2)/N
    dh = diff/N
    return loss, dh

def huber(h, y, delta):
    N = h.shape[0]
    r = h - y
    small = np.abs(r) <= delta
    loss = np.where(small, 0.5*r**2, delta*(np.abs(r) - 0.5*delta))
    dh = np.where(small, r, delta*np.sign(r))
    return np.sum(loss)/N, dh/N

def quantile(h, y, tau):
    N = h.shape[0]
    loss = np.where(h < y, tau*(y-h), (1-tau)*(h-y))
    dh = np.where(h < y, -tau, 1-tau)   # minus because d/dh (y-h) = -1
    return np.sum(loss)/N, dh/N

def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e/np.sum(e, axis=1, keepdims=True)

def log_softmax(z):
    z = z - np.max(z, axis=1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))

def softmax_cross_entropy(logits, labels, temperature=1.0):
    N, m = logits.shape
    z = logits/temperature
    onehot = np.eye(m)[labels]
    loss = -np.sum(onehot*log_softmax(z))/N
    dlogits = (softmax(z) - onehot)/N/temperature   # one more T from the chain rule
    return loss, dlogits

def label_smoothing(logits, labels, epsilon):
    N, m = logits.shape
    onehot = np.eye(m)[labels]
    q = (1-epsilon)*onehot + epsilon/(m-1)*(1-onehot)
    #print(q.sum(axis=1))  -> ones, good
    loss = -np.sum(q*log_softmax(logits))/N
    return loss, (softmax(logits) - q)/N

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
