"""Other right answers of the assignment: what good students write differently, and no check may fail.

Each cell replaces functions of the solution; its title says the exercise and in which way it differs.
"""

import numpy as np

# ruff: noqa: D101, D102, D103, F821, FBT002 - written the way that students write: without docstrings and
# annotations, and with `_at`, which the stub gives them


# %% deterministic: trajectories filled in place, and velocities that hold the step
def gradient_descent(grad, w0, lr, steps):
    trajectory = np.zeros((steps + 1, len(w0)))
    trajectory[0] = w0
    for t in range(steps):
        trajectory[t + 1] = trajectory[t] - _at(lr, t) * grad(trajectory[t])
    return trajectory


def heavy_ball(grad, w0, lr, momentum, steps):
    trajectory = np.empty((steps + 1, w0.size))
    trajectory[0] = w0
    velocity = np.zeros(w0.size)
    for t in range(steps):
        velocity = _at(momentum, t) * velocity - _at(lr, t) * grad(trajectory[t])
        trajectory[t + 1] = trajectory[t] + velocity
    return trajectory


def nesterov(grad, w0, lr, momentum, steps):
    trajectory = [np.array(w0)]
    velocity = 0.0
    for t in range(steps):
        ahead = trajectory[-1] + _at(momentum, t) * velocity
        velocity = _at(momentum, t) * velocity - _at(lr, t) * grad(ahead)
        trajectory.append(trajectory[-1] + velocity)
    return np.array(trajectory)


def nesterov_schedule(t):
    return 1 - 3 / (t + 2)


def newton(grad, hessian, w0, steps):
    trajectory = np.zeros((steps + 1, len(w0)))
    trajectory[0] = w0
    for t in range(steps):
        trajectory[t + 1] = trajectory[t] - np.linalg.inv(hessian(trajectory[t])) @ grad(trajectory[t])
    return trajectory


# %% deterministic: weights changed in place, with copies for the trajectory
def gradient_descent(grad, w0, lr, steps):
    w = w0.copy()
    rows = [w.copy()]
    for t in range(steps):
        w -= _at(lr, t) * grad(w)
        rows.append(w.copy())
    return np.vstack(rows)


def heavy_ball(grad, w0, lr, momentum, steps):
    # N 10.5: the point without its gradient step is kept
    w, u = w0.copy(), w0.copy()
    rows = [w.copy()]
    for t in range(steps):
        new = u - _at(lr, t) * grad(w)
        if t + 1 < steps:
            u = new + _at(momentum, t + 1) * (new - w)
        w = new
        rows.append(w.copy())
    return np.vstack(rows)


def nesterov(grad, w0, lr, momentum, steps):
    # at the first step there is no momentum, so its schedule is asked from the second one on
    w, before = w0.copy(), w0.copy()
    rows = [w.copy()]
    for t in range(steps):
        u = w + _at(momentum, t) * (w - before) if t > 0 else w
        before = w.copy()
        w = u - _at(lr, t) * grad(u)
        rows.append(w.copy())
    return np.vstack(rows)


def nesterov_schedule(t):
    return max(0.0, (t - 1.0) / (t + 2.0))


def newton(grad, hessian, w0, steps):
    w = w0.copy()
    rows = [w.copy()]
    for _ in range(steps):
        lower = np.linalg.cholesky(hessian(w))
        w -= np.linalg.solve(lower.T, np.linalg.solve(lower, grad(w)))
        rows.append(w.copy())
    return np.vstack(rows)


# %% stochastic: samples drawn one by one, and a class for the schedule
def sgd(grad_i, n, w0, lr, batch_size, steps, rng, replacement=True):
    trajectory = np.zeros((steps + 1, len(w0)))
    trajectory[0] = w0
    left = []
    for t in range(steps):
        if replacement:
            batch = [int(rng.random() * n) for _ in range(batch_size)]
        else:
            if not left:
                left = list(range(n))
                rng.shuffle(left)
            batch = [left.pop() for _ in range(min(batch_size, len(left)))]
        trajectory[t + 1] = trajectory[t] - _at(lr, t) * grad_i(trajectory[t], np.array(batch))
    return trajectory


class InverseDecay:
    def __init__(self, beta, t0):
        self.beta, self.t0 = beta, t0

    def __call__(self, t):
        return self.beta / (t + self.t0)


def inverse_decay(beta, t0):
    return InverseDecay(beta, t0)


def polyak_ruppert(trajectory):
    means = np.zeros_like(trajectory)
    for t in range(len(trajectory)):
        means[t] = trajectory[: t + 1].mean(axis=0)
    return means


def svrg(grad_i, n, w0, lr, epochs, inner_steps, rng):
    w = w0.copy()
    rows = [w.copy()]
    t = 0
    for _ in range(epochs):
        snapshot = w.copy()
        full = sum(grad_i(snapshot, i) for i in range(n)) / n
        for _ in range(inner_steps):
            i = rng.choice(n)
            noise = grad_i(snapshot, i) - full
            w -= _at(lr, t) * (grad_i(w, i) - noise)
            rows.append(w.copy())
            t += 1
    return np.array(rows)


def saga(grad_i, n, w0, lr, steps, rng):
    table = np.zeros((n, len(w0)))
    for i in reversed(range(n)):
        table[i] = grad_i(w0, i)
    w = w0
    rows = [w]
    for t in range(steps):
        i = rng.choice(n)
        new = grad_i(w, i)
        w = w - _at(lr, t) * (new - table[i] + np.mean(table, axis=0))
        table[i] = new
        rows.append(w)
    return np.array(rows)


# %% stochastic: all samples drawn at once, batches of one as arrays
def sgd(grad_i, n, w0, lr, batch_size, steps, rng, replacement=True):
    if replacement:
        batches = list(rng.integers(0, n, (steps, batch_size)))
    else:
        batches = []
        while len(batches) < steps:
            order = rng.permutation(n)
            batches += [order[k : k + batch_size] for k in range(0, n, batch_size)]
    w = w0
    rows = [w]
    for t, batch in enumerate(batches[:steps]):
        w = w - _at(lr, t) * grad_i(w, batch)
        rows.append(w)
    return np.array(rows)


def inverse_decay(beta, t0):
    return lambda t: beta / (t0 + t)


def polyak_ruppert(trajectory):
    mean = trajectory[0]
    means = [mean]
    for t in range(1, len(trajectory)):
        mean = mean + (trajectory[t] - mean) / (t + 1)
        means.append(mean)
    return np.stack(means)


def svrg(grad_i, n, w0, lr, epochs, inner_steps, rng):
    draws = rng.integers(n, size=(epochs, inner_steps))
    trajectory = np.empty((epochs * inner_steps + 1, w0.size))
    trajectory[0] = w0
    for e in range(epochs):
        start = e * inner_steps
        snapshot = trajectory[start]
        mu = grad_i(snapshot, rng.permutation(n))
        for k, i in enumerate(draws[e]):
            w = trajectory[start + k]
            estimate = grad_i(w, np.array([i])) + mu - grad_i(snapshot, np.array([i]))
            trajectory[start + k + 1] = w - _at(lr, start + k) * estimate
    return trajectory


def saga(grad_i, n, w0, lr, steps, rng):
    table = {i: grad_i(w0, i) for i in range(n)}
    total = sum(table.values())
    trajectory = np.empty((steps + 1, w0.size))
    trajectory[0] = w0
    for t, i in enumerate(rng.integers(n, size=steps)):
        old, table[i] = table[i], grad_i(trajectory[t], int(i))
        trajectory[t + 1] = trajectory[t] - _at(lr, t) * (table[i] - old + total / n)
        total = total + table[i] - old
    return trajectory


# %% adaptive: states in place, and norms from the library
def adagrad(grad, w0, lr, eps, steps):
    trajectory = np.zeros((steps + 1, len(w0)))
    trajectory[0] = w0
    total = eps * np.ones(len(w0))
    for t in range(steps):
        g = grad(trajectory[t])
        total += g * g
        trajectory[t + 1] = trajectory[t] - _at(lr, t) / np.sqrt(total) * g
    return trajectory


def rmsprop(grad, w0, lr, beta, eps, steps):
    w = w0.copy()
    rows = [w.copy()]
    s = np.zeros(len(w))
    for t in range(steps):
        g = grad(w)
        s += (1 - beta) * (g * g - s)
        w -= _at(lr, t) * g * (s + eps) ** -0.5
        rows.append(w.copy())
    return np.array(rows)


def adam(grad, w0, lr, beta1, beta2, eps, steps):
    w = w0.copy()
    rows = [w.copy()]
    m, v, power1, power2 = 0, 0, 1, 1
    for t in range(steps):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * np.square(g)
        power1 *= beta1
        power2 *= beta2
        w -= _at(lr, t) * (m / (1 - power1)) / (np.sqrt(v / (1 - power2)) + eps)
        rows.append(w.copy())
    return np.array(rows)


def lars_step(w, g, lr):
    norm = np.linalg.norm(g)
    return w - lr * np.linalg.norm(w) * (g / norm if norm > 0 else g)


# %% adaptive: loops over the coordinates, and the step of Adam with the debiasing in its size
def adagrad(grad, w0, lr, eps, steps):
    gradients, rows = [], [w0]
    for t in range(steps):
        gradients.append(grad(rows[-1]))
        s = np.sum(np.square(gradients), axis=0)
        rows.append(rows[-1] - _at(lr, t) * gradients[-1] / np.sqrt(eps + s))
    return np.array(rows)


def rmsprop(grad, w0, lr, beta, eps, steps):
    trajectory = np.zeros((steps + 1, len(w0)))
    trajectory[0] = w0
    s = [0.0] * len(w0)
    for t in range(steps):
        g = grad(trajectory[t])
        for k in range(len(w0)):
            s[k] = beta * s[k] + (1 - beta) * g[k] ** 2
            trajectory[t + 1, k] = trajectory[t, k] - _at(lr, t) * g[k] / (s[k] + eps) ** 0.5
    return trajectory


def adam(grad, w0, lr, beta1, beta2, eps, steps):
    rows = [w0]
    m = v = np.zeros(len(w0))
    for t in range(1, steps + 1):
        g = grad(rows[-1])
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        root = np.sqrt(1 - beta2**t)
        rows.append(rows[-1] - _at(lr, t - 1) * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root))
    return np.array(rows)


def lars_step(w, g, lr):
    if not g.any():
        return w
    return w - lr * np.linalg.norm(w.ravel()) / np.linalg.norm(g.ravel()) * g


# %% tools: masks by multiplication, ratios and comparisons
def decayed(grad, weight_decay, is_bias):
    return lambda w: grad(w) + weight_decay * w * ~is_bias


def warmup(schedule, steps):
    def lr(t):
        full = schedule(t) if callable(schedule) else schedule
        return full if t >= steps else full * (t + 1) / steps

    return lr


def clip_by_norm(g, c):
    return g / max(1.0, np.linalg.norm(g) / c)


def clip_by_value(g, c):
    return np.minimum(np.maximum(g, -c), c)


# %% tools: changes in place and a protective constant
def decayed(grad, weight_decay, is_bias):
    def with_decay(w):
        total = np.array(grad(w))
        total[~is_bias] += weight_decay * w[~is_bias]
        return total

    return with_decay


class Warmup:
    def __init__(self, schedule, steps):
        self.schedule, self.steps = schedule, steps

    def __call__(self, t):
        factor = (t + 1) / self.steps if t + 1 < self.steps else 1
        return factor * _at(self.schedule, t)


def warmup(schedule, steps):
    return Warmup(schedule, steps)


def clip_by_norm(g, c):
    norm = np.sqrt(np.sum(np.square(g)))
    if norm <= c:
        return g
    return c * g / (norm + 1e-12)


def clip_by_value(g, c):
    g[g > c] = c
    g[g < -c] = -c
    return g
