"""The level and the power of the gradient check, measured on many right and wrong functions under many seeds.

Right answers must stay far below their thresholds and wrong ones far above. Ten is the margin asked for
on either side: the check's own factors (20 errors, and a slack) are wider than that.
"""

import math

import numpy as np
import pytest

from grader.checks import gradient
from grader.checks.record import recording
from grader.evidence import CheckFailure

SEEDS = range(14)


def linear(rng):
    def forward(x, S, b):
        return x @ S + b, (x, S)

    def backward(dh, cache):
        x, S = cache
        return dh @ S.T, x.T @ dh, dh.sum(axis=0)

    return forward, backward, {"x": rng.normal(size=(5, 4)), "S": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}


def far_linear(rng):
    """Outputs of 1e6, of which only a part in a million changes."""
    forward, backward, at = linear(rng)
    return (lambda x, S, b: (1e6 + forward(x, S, b)[0], (x, S))), backward, at


def tiny_linear(rng):
    forward, backward, at = linear(rng)
    return forward, backward, {name: 1e-4 * array for name, array in at.items()}


def huge_linear(rng):
    forward, backward, at = linear(rng)
    return forward, backward, {name: 1e3 * array for name, array in at.items()}


def zero_bias(rng):
    forward, backward, at = linear(rng)
    return forward, backward, {**at, "b": np.zeros(3)}


def pointwise(function, derivative, scale=1.0, size=(6, 4)):
    def problem(rng):
        return (lambda x: (function(x), x)), (lambda dh, x: dh * derivative(x)), {"x": scale * rng.normal(size=size)}

    return problem


def sigmoid_of(x):
    return 1 / (1 + np.exp(-x))


tanh = pointwise(np.tanh, lambda x: 1 - np.tanh(x) ** 2)
saturated_tanh = pointwise(np.tanh, lambda x: 1 / np.cosh(x) ** 2, scale=4)
sigmoid = pointwise(sigmoid_of, lambda x: sigmoid_of(x) * (1 - sigmoid_of(x)))
swish = pointwise(lambda x: x * sigmoid_of(x), lambda x: sigmoid_of(x) * (1 + x * (1 - sigmoid_of(x))))
relu = pointwise(lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float))
crowded_relu = pointwise(lambda x: np.maximum(x, 0), lambda x: x > 0, scale=0.1, size=(30, 30))
leaky_relu = pointwise(lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1))
absolute = pointwise(np.abs, np.sign)
steep_exponential = pointwise(lambda x: np.exp(7 + x), lambda x: np.exp(7 + x))
wavy = pointwise(lambda x: np.sin(9 * x), lambda x: 9 * np.cos(9 * x))
cubic = pointwise(lambda x: x**3 - x, lambda x: 3 * x**2 - 1)


def softmax_cross_entropy(scale, protected=0.0):
    def problem(rng):
        y = rng.integers(0, 4, size=6)

        def probabilities(z):
            e = np.exp(z - z.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)

        def forward(z):
            p = probabilities(z)
            return -np.mean(np.log(p[np.arange(6), y] + protected)), p

        def backward(dloss, p):
            return dloss * (p - np.eye(4)[y]) / 6

        return forward, backward, {"z": scale * rng.normal(size=(6, 4))}

    return problem


def deep_tanh(rng, depth=20):
    def forward(x, params):
        values = [x]
        for S, b in params:
            values.append(np.tanh(values[-1] @ S + b))
        return values[-1], (values, params)

    def backward(dout, cache):
        values, params = cache
        gradients = []
        for (S, _), before, after in zip(reversed(params), reversed(values[:-1]), reversed(values[1:]), strict=True):
            dz = dout * (1 - after**2)
            gradients.append((before.T @ dz, dz.sum(axis=0)))
            dout = dz @ S.T
        return dout, gradients[::-1]

    params = [(rng.normal(size=(5, 5)) / math.sqrt(5), 0.1 * rng.normal(size=5)) for _ in range(depth)]
    return forward, backward, {"x": rng.normal(size=(4, 5)), "params": params}


def deep_relu(rng):
    def forward(x, S, T):
        a = x @ S
        return np.maximum(a, 0) @ T, (x, S, T, a)

    def backward(dout, cache):
        x, S, T, a = cache
        da = dout @ T.T * (a > 0)
        return da @ S.T, x.T @ da, np.maximum(a, 0).T @ dout

    return (
        forward,
        backward,
        {"x": rng.normal(size=(8, 10)), "S": rng.normal(size=(10, 40)), "T": rng.normal(size=(40, 3))},
    )


def max_pool(rng):
    def forward(x):
        windows = np.stack([x[:, 0:-1], x[:, 1:]])
        return windows.max(axis=0), (windows.argmax(axis=0), x.shape)

    def backward(dout, cache):
        chosen, shape = cache
        dx = np.zeros(shape)
        dx[:, :-1] += dout * (chosen == 0)
        dx[:, 1:] += dout * (chosen == 1)
        return dx

    return forward, backward, {"x": rng.normal(size=(5, 9))}


def layer_norm(rng):
    def forward(x, gamma, beta):
        centred = x - x.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-2)
        return gamma * centred / deviation + beta, (centred / deviation, deviation, gamma)

    def backward(dout, cache):
        xhat, deviation, gamma = cache
        d = dout * gamma
        mean, along = d.mean(axis=1, keepdims=True), (d * xhat).mean(axis=1, keepdims=True)
        return (d - mean - xhat * along) / deviation, (dout * xhat).sum(axis=0), dout.sum(axis=0)

    return forward, backward, {"x": rng.normal(size=(4, 6)), "gamma": rng.normal(size=6), "beta": rng.normal(size=6)}


def logarithm_of_variance(rng):
    """Arguments that must stay positive, and are small."""
    return (lambda v: (np.log(v), v)), (lambda dout, v: dout / v), {"v": rng.uniform(2e-3, 5e-3, size=7)}


RIGHT = {
    "linear": linear,
    "large offset": far_linear,
    "tiny numbers": tiny_linear,
    "huge numbers": huge_linear,
    "bias of zero": zero_bias,
    "tanh": tanh,
    "saturated tanh": saturated_tanh,
    "sigmoid": sigmoid,
    "swish": swish,
    "relu": relu,
    "relu with kinks everywhere": crowded_relu,
    "leaky relu": leaky_relu,
    "absolute value": absolute,
    "exponential at 1e3": steep_exponential,
    "waves": wavy,
    "cubic": cubic,
    "cross entropy": softmax_cross_entropy(1.0),
    "cross entropy of small logits": softmax_cross_entropy(1e-2),
    "cross entropy of large logits": softmax_cross_entropy(10.0),
    "protected cross entropy": softmax_cross_entropy(1.0, protected=1e-12),
    "twenty layers of tanh": deep_tanh,
    "relu network": deep_relu,
    "max pooling": max_pool,
    "layer norm": layer_norm,
    "small variances": logarithm_of_variance,
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_gradients_pass_far_below_their_threshold(name):
    ratios = []
    for seed in SEEDS:
        rng = np.random.default_rng((seed, len(name)))
        forward, backward, at = RIGHT[name](rng)
        with recording() as record:
            gradient.agrees(forward, backward, at=at, rng=rng)
        ratios.append(max(measurement.ratio for measurement in record.measurements))
    print(f"{name}: largest deviation by threshold {max(ratios):.2g}")
    assert max(ratios) < 0.1


def test_the_level_is_measured_on_more_than_three_hundred_pairs():
    assert len(RIGHT) * len(SEEDS) >= 300


def scaled(factor):
    return lambda gradient: factor * gradient


def one_entry_wrong(gradient):
    changed = gradient.copy()
    changed.flat[0] += np.abs(gradient).max() or 1.0
    return changed


CORRUPTIONS = {
    "sign": scaled(-1),
    "twice": scaled(2),
    "a tenth of a percent too large": scaled(1.001),
    "zero": scaled(0),
    "one entry": one_entry_wrong,
    "reversed": lambda gradient: gradient[::-1] + 0.0,
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("name", ["linear", "relu", "cross entropy", "max pooling", "layer norm", "waves"])
def test_wrong_gradients_fail_far_above_their_threshold(name, corruption):
    for seed in range(5):
        rng = np.random.default_rng((seed, len(name)))
        forward, backward, at = RIGHT[name](rng)

        def wrong(dout, cache, backward=backward):
            right = backward(dout, cache)
            many = isinstance(right, tuple)
            first, *rest = right if many else (right,)
            return (CORRUPTIONS[corruption](first), *rest)

        with recording() as record, pytest.raises(CheckFailure, match="is not the gradient of forward"):
            gradient.agrees(forward, wrong, at=at, rng=rng)
        assert max(measurement.ratio for measurement in record.measurements) > 10
