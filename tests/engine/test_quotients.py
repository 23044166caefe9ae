"""Which ways to write a derivative by values are seen, and what must never be taken for one."""

from __future__ import annotations

import textwrap

import pytest

from grader.engine.shortcuts import shortcuts_in

BY_STEP = "(g(x + h) - g(x - h)) / (2 * h)"


def of(code: str) -> tuple[str, ...]:
    """What is said of a script whose exercise is ``f``."""
    return shortcuts_in((textwrap.dedent(code),), "", ["f"])


DIFFERENCES = {
    "central": f"def f(x, h=1e-5): return {BY_STEP}",
    "forward": "def f(x): return (g(x + h) - g(x)) / h",
    "backward": "def f(x): return (g(x) - g(x - h)) / h",
    "half a step": "def f(x): return (g(x + h / 2) - g(x - h / 2)) / h",
    "in place": """
        def f(x, dout):
            for i in np.ndindex(x.shape):
                old = x[i]
                x[i] = old + eps
                plus = g(x)
                x[i] = old - eps
                minus = g(x)
                x[i] = old
                grad[i] = np.sum((plus - minus) * dout) / (2 * eps)
            return grad
    """,
    "in place, with +=": """
        def f(x):
            x[0] += h
            plus, _ = g(x)
            x[0] -= 2 * h
            minus, _ = g(x)
            x[0] += h
            return (plus - minus) / (2 * h)
    """,
    "in copies, by a number": """
        def f(x):
            for i in range(x.size):
                plus, minus = x.copy(), np.copy(x)
                plus.flat[i] += 1e-5
                minus.flat[i] -= 1e-5
                grad.flat[i] = (g(plus) - g(minus)) / 2e-5
            return grad
    """,
    "in a copied list": "def f(x):\n    y = list(x)\n    y[0] += h\n    return (g(y) - g(x)) / h",
    "of a number in place": "def f(x):\n    x += h\n    a = g(x)\n    x -= 2 * h\n    return (a - g(x)) / (2 * h)",
    "where the function holds the point": """
        def f():
            W[0] += h
            above = loss()
            W[0] -= 2 * h
            below = loss()
            return (above - below) / (2 * h)
    """,
    "by unit vectors": "def f(x): return [(g(x + h * e) - g(x - h * e)) / (2 * h) for e in np.eye(len(x))]",
    "along a direction": "def f(x, v):\n    t = 1e-6\n    return (g(x + t * v) - g(x - t * v)) / (2 * t)",
    "by an array with the step in it": """
        def f(x):
            step = np.zeros_like(x)
            for i in range(x.size):
                step.flat[i] = h
                grad.flat[i] = (g(x + step) - g(x - step)) / (2 * h)
                step.flat[i] = 0
            return grad
    """,
    "by a helper that moves": "def f(x): return (moved(x, i, h) - moved(x, i, -h)) / (2 * h)",
    "at named points": "def f(x):\n    a = x + h\n    b = x - h\n    return (g(a) - g(b)) / (2.0 * h)",
    "in two stages": "def f(x):\n    a = inner(x + h)\n    b = inner(x - h)\n    return (g(a) - g(b)) / (2 * h)",
    "times a reciprocal": "def f(x): return (g(x + h) - g(x - h)) * (0.5 / h)",
    "times a named reciprocal": "def f(x):\n    by = 1 / (2 * h)\n    return by * (g(x + h) - g(x - h))",
    "by /=": "def f(x):\n    d = g(x + h) - g(x - h)\n    d /= 2 * h\n    return d",
    "by np.divide": "def f(x): return np.divide(g(x + h) - g(x - h), 2 * h)",
    "by a named divisor": "def f(x):\n    d = 2 * h\n    return (g(x + h) - g(x - h)) / d",
    "by a converted divisor": "def f(x): return (g(x + h) - g(x - h)) / float(2 * h)",
    "of sums": "def f(x): return (np.sum(g(x + h) * dout) - np.sum(g(x - h) * dout)) / (2 * h)",
    "of five points": "def f(x): return (-g(x + 2*h) + 8*g(x + h) - 8*g(x - h) + g(x - 2*h)) / (12 * h)",
    "turned around": "def f(x): return (-g(x - h) + g(x + h)) / (2 * h)",
    "of a list": "def f(x):\n    v = [g(x + s * h) for s in (1, -1)]\n    return (v[0] - v[1]) / (2 * h)",
    "of what was appended": """
        def f(x):
            values = []
            for sign in (1, -1):
                values.append(g(x + sign * h))
            return (values[0] - values[1]) / (2 * h)
    """,
    "of a dictionary": "def f(x):\n    v = {}\n    v[0] = g(x + h)\n    v[1] = g(x - h)\n    return (v[0] - v[1]) / (2 * h)",
    "unpacked": "def f(x):\n    a, b = g(x + h), g(x - h)\n    return (a - b) / (2 * h)",
    "unpacked from a generator": "def f(x):\n    a, b = (g(x + s * h) for s in (1, -1))\n    return (a - b) / (2 * h)",
    "with the step in self": "class f:\n    def back(self, x): return (self.g(x + self.h) - self.g(x)) / self.h",
    "in a nested function": f"def f(x):\n    def inner(): return {BY_STEP}\n    return inner()",
    "by scipy": "def f(x): return scipy.optimize.approx_fprime(x, g)",
}  # fmt: skip

COMPLEX = {
    "by attribute": "def f(x):\n    h = 1e-20\n    return g(x + 1j * h).imag / h",
    "by np.imag, in place": """
        def f(x):
            z = x.astype(complex)
            for i in range(x.size):
                z[i] += 1j * h
                grad[i] = np.imag(g(z)) / h
                z[i] -= 1j * h
            return grad
    """,
    "by complex()": "def f(x): return g(x + complex(0, h)).imag / h",
    "by a number": "def f(x): return np.imag(g(x + 1e-30j)) / 1e-30",
    "of a name": "def f(x):\n    z = g(x + 1j * h * e)\n    return z.imag / h",
    "of three factors": "def f(x): return [np.sum(g(x + 1j * np.eye(3)[i] * h)).imag / h for i in range(3)]",
    "times a reciprocal": "def f(x): return np.imag(g(x + 1j * h)) * (1 / h)",
    "of a named imaginary step": "def f(x):\n    s = 1j * h\n    return g(x + s).imag / h",
    "by setting the part": "def f(x):\n    z = x.astype(complex)\n    z.imag[0] = h\n    return g(z).imag / h",
}

NO_SHORTCUTS = {
    "tanh": "def f(x): return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))",
    "sinh": "def f(x): return (np.exp(x) - np.exp(-x)) / 2",
    "a ratio of logarithms": "def f(p, q, eps=1e-5): return (np.log(p + eps) - np.log(q + eps)) / eps",
    "a moving mean": "def f(x, w):\n    n = len(x) - w\n    c = np.cumsum(x)\n    return (c[w:] - c[:-w]) / w",
    "a mean of windows": "def f(x, w): return (np.sum(x[i:i + w]) - np.sum(x[i - w:i])) / w",
    "standardized": "def f(x, eps=1e-5):\n    mean, var = x.mean(0), x.var(0)\n    return (x - mean) / np.sqrt(var + eps)",
    "a secant": "def f(x0, x1): return (g(x1) - g(x0)) / (x1 - x0)",
    "a secant method": """
        def f(x):
            gx = g(x)
            for _ in range(9):
                y = x - rate * gx
                gy = g(y)
                rate = (y - x) @ (y - x) / ((gy - gx) @ (y - x))
                x, gx = y, gy
            return x
    """,
    "a Hessian's product, from the oracle that is given": "def f(grad, w, v, h): return (grad(w + h * v) - grad(w)) / h",
    "a secant in place, from the oracle that is given": """
        def f(grad, w, s):
            before = grad(w)
            w += s
            return (grad(w) - before) / s
    """,
    "a relative change": "def f(w, lr):\n    old = g(w)\n    return (old - g(w - lr * old)) / old",
    "seconds a step": "def f(n):\n    since = time.time()\n    done = 0\n    done += n\n    return (time.time() - since) / n",
    "two samples": "def f(rng, n): return (rng.normal(size=n) - rng.normal(size=n)) / n",
    "parts of one result": "def f(s):\n    x, m = np.broadcast_arrays(a, s)\n    t[0] = m[0] + s\n    return (x - m) / s",
    "a test in the function": f"def f(x):\n    assert abs({BY_STEP} - d(x)) < 1e-6\n    return d(x)",
    "a test of the function": f"def numeric(g, x, h=1e-5): return {BY_STEP}\ndef f(x): return d(x)\nassert numeric(f, 1.0)",
    "rotations by complex numbers": "def f(n):\n    z = np.exp(1j * np.arange(n) * w)\n    return z.imag / n",
    "a circle": "def f(x):\n    z = np.exp(1j * np.pi * x)\n    return z.imag / np.pi",
    "a convolution by Fourier transforms": "def f(x, k): return np.fft.ifft(np.fft.fft(x) * np.fft.fft(k)).real / len(x)",
    "samples of a curve": "def f(y, h): return np.gradient(y, h)",
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_quotient(name):
    (sentence,) = of(DIFFERENCES[name])
    assert sentence.startswith("`f` seems to use a difference quotient")


@pytest.mark.parametrize("name", COMPLEX)
def test_a_complex_step(name):
    (sentence,) = of(COMPLEX[name])
    assert sentence.startswith("`f` seems to use a complex step")


@pytest.mark.parametrize("name", NO_SHORTCUTS)
def test_nothing_where_there_is_none(name):
    assert of(NO_SHORTCUTS[name]) == ()
