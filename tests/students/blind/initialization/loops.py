"""Plain loops; entry by entry, sample by sample."""
import math

import numpy as np


def _fill(rows, cols, draw):
    S = np.empty((rows, cols))
    for i in range(rows):
        for j in range(cols):
            S[i, j] = draw()
    return S


def lecun_normal(fan_in, fan_out, rng):
    return _fill(fan_in, fan_out, lambda: rng.normal(0.0, 1.0 / math.sqrt(fan_in)))


def xavier_normal(fan_in, fan_out, rng):
    return _fill(fan_in, fan_out, lambda: rng.standard_normal() * math.sqrt(2 / (fan_in + fan_out)))


def xavier_uniform(fan_in, fan_out, rng):
    a = math.sqrt(6 / (fan_in + fan_out))
    return _fill(fan_in, fan_out, lambda: a * (1 - 2 * rng.random()))


def he_normal(fan_in, fan_out, rng, mode="fan_in"):
    if mode == "fan_in":
        fan = fan_in
    elif mode == "fan_out":
        fan = fan_out
    else:
        raise ValueError(mode)
    return _fill(fan_in, fan_out, lambda: rng.normal(scale=math.sqrt(2.0) / math.sqrt(fan)))


def torch_default(fan_in, fan_out, rng):
    a = fan_in**-0.5
    return _fill(fan_in, fan_out, lambda: rng.uniform(-a, a))


def conv_fans(kernel):
    k = 1
    for length in kernel.shape[2:]:
        k *= length
    return kernel.shape[1] * k, kernel.shape[0] * k


def orthogonal(rows, cols, rng):
    # modified Gram-Schmidt, twice, on the longer side
    n, k = max(rows, cols), min(rows, cols)
    Q = []
    for _ in range(k):
        v = rng.standard_normal(n)
        for _again in range(2):
            for q in Q:
                v = v - q * np.dot(q, v)
        Q.append(v / math.sqrt(np.dot(v, v)))
    if rows >= cols:
        return np.column_stack(Q)
    return np.vstack(Q)


def _variance(Z):
    count, mean, m2 = 0, 0.0, 0.0  # Welford
    for row in Z:
        for value in row:
            count += 1
            delta = value - mean
            mean += delta / count
            m2 += delta * (value - mean)
    return m2 / count


def forward_variances(weights, x, activation):
    if len(weights) == 0:
        raise ValueError("no layers")
    out = np.zeros(len(weights))
    h = x
    for l in range(len(weights)):
        z = np.zeros((x.shape[0], weights[l].shape[1]))
        for i in range(x.shape[0]):
            z[i] = h[i] @ weights[l]
        out[l] = _variance(z)
        h = np.array([activation(z[i]) for i in range(x.shape[0])])
    return out


def backward_variances(weights, x, dz, activation, derivative):
    L = len(weights)
    zs, h = [], x
    for S in weights:
        z = np.dot(h, S)
        zs.append(z)
        h = activation(z)
    out = np.zeros(L)
    out[L - 1] = _variance(dz)
    g = dz
    for l in range(L - 2, -1, -1):
        new = np.zeros(zs[l].shape)
        for i in range(g.shape[0]):
            new[i] = np.dot(weights[l + 1], g[i]) * derivative(zs[l][i])
        g = new
        out[l] = _variance(g)
    return out


def predicted_variance(sigma2, n, depth):
    v = [n * sigma2]
    for _ in range(depth - 1):
        v.append(v[-1] * n * sigma2 / 2)
    return np.array(v)


def rescale(S1, S2, alpha):
    T1, T2 = S1.copy(), S2.copy()
    for j in range(S1.shape[1]):
        for i in range(S1.shape[0]):
            T1[i, j] = S1[i, j] * alpha
        for k in range(S2.shape[1]):
            T2[j, k] = S2[j, k] / alpha
    return T1, T2


def permute(S1, S2, pi):
    T1, T2 = np.zeros_like(S1), np.zeros_like(S2)
    for j in range(len(pi)):
        T1[:, j] = S1[:, pi[j]]
        T2[j, :] = S2[pi[j], :]
    return T1, T2


def train(S1, S2, x, y, lr, steps):
    S1 = S1.copy()
    S2 = S2.copy()
    N = len(x)
    for _ in range(steps):
        d1, d2 = np.zeros(S1.shape), np.zeros(S2.shape)
        for n in range(N):
            h = np.array([math.tanh(float(x[n] @ S1[:, j])) for j in range(S1.shape[1])])
            error = h @ S2 - y[n]
            for j in range(len(h)):
                back = sum(S2[j, k] * error[k] for k in range(len(error)))
                d1[:, j] += x[n] * back * (1 - h[j] ** 2)
                d2[j] += h[j] * error
        S1 -= lr * d1 / N
        S2 -= lr * d2 / N
    return S1, S2
