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

######## 2 ########
def linear_forward(x, S, b):
    h = np.dot(x, S) + b
    cache = {}
    cache["x"] = x
    cache["S"] = S
    #cache["b"] = b   # not needed?
    return h, cache

def linear_backward(dh, cache):
    x = cache["x"]
    S = cache["S"]
    dx = np.dot(dh, S.T)
    dS = np.dot(x.T, dh)
    db = np.sum(dh, axis=0)
    #assert dx.shape == x.shape
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

######## 4 ########
def mse(h, y):
    diff = h - y
    loss = (diff**2).mean()/2     # mean = sum/N
    dh = diff/diff.size
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
