"""einsum everywhere; Box-Muller; polar factor."""
import numpy as np
from math import prod


def _box_muller(shape, rng):
    size = prod(shape)
    half = (size + 1) // 2
    r = np.sqrt(-2 * np.log1p(-rng.random(half)))
    t = 2 * np.pi * rng.random(half)
    return np.concatenate([r * np.cos(t), r * np.sin(t)])[:size].reshape(shape)


def lecun_normal(fan_in, fan_out, rng):
    return _box_muller((fan_in, fan_out), rng) / np.sqrt(fan_in)


def xavier_normal(fan_in, fan_out, rng):
    return _box_muller((fan_in, fan_out), rng) * (0.5 * (fan_in + fan_out)) ** -0.5


def xavier_uniform(fan_in, fan_out, rng):
    return (rng.random((fan_in, fan_out)) - 0.5) * np.sqrt(24 / (fan_in + fan_out))


def he_normal(fan_in, fan_out, rng, mode="fan_in"):
    fan = {"fan_in": fan_in, "fan_out": fan_out}[mode]
    # one draw per input: a vector of fan_out independent entries
    return rng.multivariate_normal(np.zeros(fan_out), 2 / fan * np.eye(fan_out), size=fan_in)


def torch_default(fan_in, fan_out, rng):
    a = 1 / np.sqrt(fan_in)
    return rng.uniform(-a, a, (fan_out, fan_in)).T  # Fortran order


def conv_fans(kernel):
    window = np.prod(kernel.shape[2:])
    return kernel.shape[1] * window, kernel.shape[0] * window  # numpy integers


def orthogonal(rows, cols, rng):
    U, _, Vt = np.linalg.svd(rng.normal(size=(rows, cols)), full_matrices=False)
    return np.einsum("ik,kj->ij", U, Vt)  # the polar factor rotates with the matrix


def _var(z):
    return np.einsum("ij,ij->", z, z) / z.size - (np.einsum("ij->", z) / z.size) ** 2


def forward_variances(weights, x, activation):
    zs = [np.einsum("ni,ij->nj", x, weights[0])]
    for S in weights[1:]:
        zs.append(np.einsum("ni,ij->nj", activation(zs[-1]), S))
    return np.array([_var(z) for z in zs])


def backward_variances(weights, x, dz, activation, derivative):
    zs = [np.einsum("ni,ij->nj", x, weights[0])]
    for S in weights[1:]:
        zs.append(np.einsum("ni,ij->nj", activation(zs[-1]), S))
    grads = [dz]
    for S, z in zip(weights[:0:-1], zs[-2::-1]):
        grads.append(np.einsum("nj,ij,ni->ni", grads[-1], S, derivative(z)))
    return np.array([_var(g) for g in grads])[::-1]  # a view with negative stride


def predicted_variance(sigma2, n, depth):
    return 2 * (n * sigma2 / 2) ** np.arange(1, depth + 1)


def rescale(S1, S2, alpha):
    return np.einsum("ij,->ij", S1, alpha), np.einsum("ij,->ij", S2, 1 / alpha)


def permute(S1, S2, pi):
    P = np.eye(len(pi))[pi]
    return np.einsum("dk,jk->dj", S1, P), np.einsum("jk,km->jm", P, S2)


def train(S1, S2, x, y, lr, steps):
    N = x.shape[0]
    for _ in range(steps):
        z = np.einsum("nd,dp->np", x, S1)
        h = np.tanh(z)
        e = np.einsum("np,pm->nm", h, S2) - y
        d2 = np.einsum("np,nm->pm", h, e) / N
        d1 = np.einsum("nd,nm,pm,np->dp", x, e, S2, 1 / np.cosh(z) ** 2) / N
        S1, S2 = S1 - lr * d1, S2 - lr * d2
    return S1, S2
