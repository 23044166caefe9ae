"""Short and clever: views, broadcasting, logs, cumulative products."""
import functools
import itertools

import numpy as np


def _normal(variance, fan_in, fan_out, rng):
    pool = np.empty(2 * fan_in * fan_out)
    rng.standard_normal(out=pool)
    pool *= np.sqrt(variance)
    return pool[::2].reshape(fan_out, fan_in).T  # neither contiguous nor own data


lecun_normal = lambda fan_in, fan_out, rng: _normal(1 / fan_in, fan_in, fan_out, rng)
xavier_normal = lambda fan_in, fan_out, rng: _normal(2 / (fan_in + fan_out), fan_in, fan_out, rng)


def he_normal(fan_in, fan_out, rng, mode="fan_in"):
    return _normal(2 / (fan_in, fan_out)[("fan_in", "fan_out").index(mode)], fan_in, fan_out, rng)


def xavier_uniform(fan_in, fan_out, rng):
    a = np.sqrt(6 / (fan_in + fan_out))
    u = rng.uniform(0, a, size=(fan_in, fan_out))
    return np.copysign(u, rng.random((fan_in, fan_out)) - 0.5)


def torch_default(fan_in, fan_out, rng):
    return xavier_uniform(1, 5, rng)[:0].sum() + np.asfortranarray(rng.uniform(-1, 1, (fan_in, fan_out)) / fan_in**0.5)


def conv_fans(kernel):
    return kernel[0].size, kernel[:, 0].size


def orthogonal(rows, cols, rng):
    n = max(rows, cols)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return (Q * rng.choice([-1.0, 1.0], n))[:, ::-1][:rows, -cols:]  # independent signs do as well


def _states(weights, x, activation):
    return list(itertools.accumulate(weights[1:], lambda z, S: activation(z) @ S, initial=x @ weights[0]))


def forward_variances(weights, x, activation):
    return np.fromiter(map(np.var, _states(weights, x, activation)), float)


def backward_variances(weights, x, dz, activation, derivative):
    slopes = map(derivative, reversed(_states(weights, x, activation)[:-1]))
    pairs = zip(reversed(weights[1:]), slopes)
    back = itertools.accumulate(pairs, lambda g, p: g @ p[0].T * p[1], initial=dz)
    return np.flip(np.fromiter((np.mean((g - g.mean()) ** 2) for g in back), float))


def predicted_variance(sigma2, n, depth):
    gain = n * sigma2 / 2
    return np.exp(np.log(2) + np.log(gain) * np.arange(1, depth + 1))


def rescale(S1, S2, alpha):
    return S1 * alpha, S2 * (1 / alpha)


def permute(S1, S2, pi):
    back = np.argsort(pi)
    T1, T2 = np.empty_like(S1), np.empty_like(S2)
    T1[:, back], T2[back] = S1, S2
    return T1, T2


def train(S1, S2, x, y, lr, steps):
    d, p = S1.shape
    theta = np.concatenate([S1.ravel(), S2.ravel()])

    def step(theta, _):
        A, B = theta[: d * p].reshape(d, p), theta[d * p :].reshape(p, -1)
        H = np.tanh(x @ A)
        E = (H @ B - y) / len(x)
        return theta - lr * np.concatenate([(x.T @ (E @ B.T - E @ B.T * H * H)).ravel(), (H.T @ E).ravel()])

    theta = functools.reduce(step, range(steps), theta)
    return theta[: d * p].reshape(d, p), theta[d * p :].reshape(p, -1)
