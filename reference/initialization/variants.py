"""Other right answers of the assignment: what good students write differently, and no check may fail.

Each cell replaces functions of the solution; its title says the exercise and in which way it differs. They consume the
generator in other ways, so their numbers are others.
"""

import numpy as np

# ruff: noqa: D103 - written the way that students write: without docstrings and annotations


# %% gaussian: standard numbers that are scaled afterwards
def lecun_normal(fan_in, fan_out, rng):
    return rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)


def xavier_normal(fan_in, fan_out, rng):
    return np.sqrt(2.0 / (fan_in + fan_out)) * rng.standard_normal((fan_in, fan_out))


def xavier_uniform(fan_in, fan_out, rng):
    a = (6 / (fan_in + fan_out)) ** 0.5
    return (2 * rng.random((fan_in, fan_out)) - 1) * a


def he_normal(fan_in, fan_out, rng, mode="fan_in"):
    fans = {"fan_in": fan_in, "fan_out": fan_out}
    return rng.standard_normal((fan_in, fan_out)) * (2 / fans[mode]) ** 0.5


def torch_default(fan_in, fan_out, rng):
    return rng.uniform(-1, 1, (fan_in, fan_out)) / np.sqrt(fan_in)


def conv_fans(kernel):
    area = kernel[0, 0].size
    return [kernel.shape[1] * area, kernel.shape[0] * area]


# %% gaussian: neuron by neuron, the fans from the sizes of slices
def lecun_normal(fan_in, fan_out, rng):
    columns = [rng.normal(scale=fan_in**-0.5, size=fan_in) for _ in range(fan_out)]
    return np.stack(columns, axis=1)


def he_normal(fan_in, fan_out, rng, mode="fan_in"):
    S = np.zeros((fan_in, fan_out))
    fan = fan_out if mode == "fan_out" else fan_in
    for i in range(fan_in):
        for j in range(fan_out):
            S[i, j] = rng.normal(0, np.sqrt(2 / fan))
    return S


def xavier_normal(fan_in, fan_out, rng):
    return rng.normal(size=(fan_out, fan_in)).T * np.sqrt(1 / ((fan_in + fan_out) / 2))


def conv_fans(kernel):
    return kernel[0].size, kernel[:, 0].size


# %% gaussian: normal numbers by the method of Box and Muller, uniform ones turned round
def lecun_normal(fan_in, fan_out, rng):
    radius = np.sqrt(-2 * np.log1p(-rng.random((fan_in, fan_out))))
    return radius * np.cos(2 * np.pi * rng.random((fan_in, fan_out))) / np.sqrt(fan_in)


def xavier_uniform(fan_in, fan_out, rng):
    bound = np.sqrt(3) * np.sqrt(2 / (fan_in + fan_out))
    return bound - rng.uniform(0, 2 * bound, size=(fan_in, fan_out))


# %% orthogonal: the polar factor, by singular values
def orthogonal(rows, cols, rng):
    U, _, Vt = np.linalg.svd(rng.normal(size=(rows, cols)), full_matrices=False)
    return U @ Vt


# %% orthogonal: by Gram and Schmidt, twice
def orthogonal(rows, cols, rng):
    if rows < cols:
        return orthogonal(cols, rows, rng).T
    columns = []
    for _ in range(cols):
        q = rng.standard_normal(rows)
        for _again in range(2):
            for other in columns:
                q = q - (other @ q) * other
        columns.append(q / np.linalg.norm(q))
    return np.stack(columns, axis=1)


# %% orthogonal: random signs in the place of those of R
def orthogonal(rows, cols, rng):
    Q = np.linalg.qr(rng.normal(size=(max(rows, cols), min(rows, cols))))[0]
    Q = Q * rng.choice([-1.0, 1.0], size=Q.shape[1])
    return Q if rows >= cols else Q.T.copy()


# %% orthogonal: random signs of the rows, which do as well where libraries take Householder's reflections
def orthogonal(rows, cols, rng):
    Q = np.linalg.qr(rng.normal(size=(max(rows, cols), min(rows, cols))))[0]
    Q = np.where(rng.random((len(Q), 1)) < 0.5, -1, 1) * Q
    return Q if rows >= cols else Q.T


# %% orthogonal: a square matrix, cut
def orthogonal(rows, cols, rng):
    n = max(rows, cols)
    Q, R = np.linalg.qr(rng.normal(size=(n, n)))
    Q = Q @ np.diag(np.where(np.diag(R) < 0, -1.0, 1.0))
    return Q[:, :cols] if rows >= cols else Q[:, :rows].T


# %% propagation: one loop, with lists and second moments
def forward_variances(weights, x, activation):
    found = []
    h = x
    for S in weights:
        z = np.einsum("ni,ij->nj", h, S)
        found.append(np.mean((z - z.mean()) ** 2))
        h = activation(z)
    return np.asarray(found)


def backward_variances(weights, x, dz, activation, derivative):
    zs, h = [], x
    for S in weights:
        zs.append(h @ S)
        h = activation(zs[-1])
    found = np.zeros(len(weights))
    for layer in range(len(weights) - 1, -1, -1):
        found[layer] = np.var(dz)
        if layer > 0:
            dh = dz @ weights[layer].T
            dz = derivative(zs[layer - 1]) * dh
    return found


def predicted_variance(sigma2, n, depth):
    variances = [n * sigma2]
    for _ in range(depth - 1):
        variances.append(variances[-1] * n * sigma2 / 2)
    return np.array(variances)


# %% propagation: recursion, and powers by logarithms
def forward_variances(weights, x, activation):
    z = x @ weights[0]
    if len(weights) == 1:
        return np.array([np.std(z) ** 2])
    return np.concatenate([[np.std(z) ** 2], forward_variances(weights[1:], activation(z), activation)])


def backward_variances(weights, x, dz, activation, derivative):
    def walk(h, rest):
        z = h @ rest[0]
        if len(rest) == 1:
            return dz, [dz.var()]
        above, found = walk(activation(z), rest[1:])
        here = above @ rest[1].T * derivative(z)
        return here, [here.var(), *found]

    return np.array(walk(x, list(weights))[1])


def predicted_variance(sigma2, n, depth):
    first = np.log(n) + np.log(sigma2)
    return np.exp(first + np.arange(depth) * (first - np.log(2)))


# %% symmetry: matrices of the symmetries, and a step by explicit sums
def rescale(S1, S2, alpha):
    D = np.eye(S1.shape[1]) * alpha
    return S1 @ D, np.linalg.inv(D) @ S2


def permute(S1, S2, pi):
    T = np.eye(len(pi))[:, pi]
    return S1 @ T, T.T @ S2


def train(S1, S2, x, y, lr, steps):
    S1, S2 = S1.copy(), S2.copy()
    for _ in range(steps):
        dS1, dS2 = np.zeros_like(S1), np.zeros_like(S2)
        for xi, yi in zip(x, y, strict=True):
            h = np.tanh(xi @ S1)
            r = h @ S2 - yi
            dS2 += np.outer(h, r) / len(x)
            dS1 += np.outer(xi, (S2 @ r) / np.cosh(xi @ S1) ** 2) / len(x)
        S1 -= lr * dS1
        S2 -= lr * dS2
    return S1, S2


# %% symmetry: lists of columns, and weights changed in place
def rescale(S1, S2, alpha):
    return [S1 * alpha, S2 * (1 / alpha)]


def permute(S1, S2, pi):
    columns = [S1[:, j] for j in pi]
    rows = [S2[j] for j in pi]
    return np.column_stack(columns), np.vstack(rows)


def train(S1, S2, x, y, lr, steps):
    for _ in range(steps):
        h = np.tanh(np.dot(x, S1))
        error = np.dot(h, S2) - y
        dh = np.dot(error, S2.T)
        S2 -= lr * np.dot(h.T, error) / x.shape[0]
        S1 -= lr * np.dot(x.T, dh * (1 - h * h)) / x.shape[0]
    return S1, S2
