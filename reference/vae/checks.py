"""Hidden checks of the assignment: definitions, identities of Gaussians, laws of what is drawn, and one training.

Decoders and functions to average live in this process and write down which latents they were asked about. So an
estimate is compared with the definition on the numbers that the submission drew itself, however it drew them, and the
law of the numbers is tested apart, at a level of 1e-6. Lengths are all different, variances are far from 1, and beta is
not 1, so that no forgotten factor is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from grader import CheckFailure, exercise, expect, gradient, modules, parity, statistics, symmetry, value
from grader.checks.calling import results
from grader.checks.convergence.verdict import judge
from grader.checks.problems.logistic import images
from grader.checks.record import exhibited, measured, recording, sighted
from grader.checks.statistics.chances import sample_of
from grader.evidence import Curve, Evidence, Picture

Array = npt.NDArray[np.float64]
State = dict[str, Any]

STANDARD = statistics.Normal(variance=1.0)

SHAPES = pytest.mark.parametrize("shape", [(5, 3), (1, 4), (6, 1)], ids=["a batch", "one sample", "one column"])


@contextmanager
def apart() -> Iterator[None]:
    """Keep what is measured and not what is seen: numbers that depend on the draws say nothing about a mistake."""
    try:
        with recording() as kept:
            yield
    finally:
        for one in kept.measurements:
            measured(one.name, deviation=one.deviation, allowed=one.allowed)


def agrees_on_draws(got: Any, due: Array, name: str) -> None:
    """Compare with what is due for the numbers that were drawn; seen is the factor between them, and no draw."""
    with apart():
        expect(got, name).has_shape(due.shape)
    found = np.asarray(got, dtype=np.float64)
    sighted(float((found * due).sum() / (due * due).sum()), f"{name} by what is due")
    with apart():
        expect(got, name).close_to(due)


# --- divergence -------------------------------------------------------------------------------------------------------


def gaussians(rng: Any, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Draw means and log variances: variances from 0.2 to 0.7 or 1.5 to 5, never near 1."""
    signs = rng.choice([-1.0, 1.0], size=shape)
    signs.flat[0] = 1.0
    return rng.normal(size=shape), signs * rng.uniform(0.4, 1.6, size=shape)


@exercise("divergence")
@SHAPES
def check_kl_follows_the_definition(student: Any, reference: Any, rng: Any, shape: tuple[int, int]) -> None:
    """The divergence from the standard normal and its gradient are right."""
    functions = student.gaussian_kl, reference.gaussian_kl
    value.agrees(*functions, *gaussians(rng, shape), returns=("kl", "dmu", "dlogvar"))


@exercise("divergence")
def check_kl_gradient_is_the_slope(student: Any, rng: Any) -> None:
    """The gradient is the slope of the divergence that you return."""
    weights = rng.uniform(0.5, 2, size=4)  # of the rows: all different, so that rows that are mixed up show

    def gaussian_kl(mu: Array, logvar: Array) -> tuple[Any, ...]:
        returned = student.gaussian_kl(mu, logvar)
        kl, dmu, dlogvar = results(returned, ("kl", "dmu", "dlogvar"), of="gaussian_kl")
        for array, name, due in ((kl, "kl", (4,)), (dmu, "dmu", (4, 3)), (dlogvar, "dlogvar", (4, 3))):
            expect(array, name).has_shape(due)
        return float(weights @ kl), weights[:, None] * dmu, weights[:, None] * dlogvar

    mu, logvar = gaussians(rng, (4, 3))
    at = {"mu": mu, "logvar": logvar}
    gradient.of_loss(gaussian_kl, at=at, wrt=("mu", "logvar"), gradients=(1, 2), rng=rng)


@exercise("divergence")
def check_kl_of_a_point(student: Any, reference: Any, rng: Any) -> None:
    """The divergence is right where logvar is -1000, a variance that underflows."""
    mu, logvar = gaussians(rng, (4, 3))
    logvar[1, 0] = logvar[2, 2] = -1000.0
    value.agrees(student.gaussian_kl, reference.gaussian_kl, mu, logvar, returns=("kl", "dmu", "dlogvar"))


@exercise("divergence")
@SHAPES
def check_kl_between_follows_the_definition(student: Any, reference: Any, rng: Any, shape: tuple[int, int]) -> None:
    """The divergence between two Gaussians is right."""
    arguments = *gaussians(rng, shape), *gaussians(rng, shape)
    value.agrees(student.gaussian_kl_between, reference.gaussian_kl_between, *arguments, returns=("kl",))


@exercise("divergence")
@pytest.mark.parametrize(
    ("at", "distance"),
    [(1000.0, 1.0), (1000.0, np.exp(500.0)), (-1000.0, 0.0)],
    ids=["large", "large, means far apart", "small"],
)
def check_kl_between_at_extreme_variances(student: Any, reference: Any, rng: Any, at: float, distance: float) -> None:
    """The divergence is right where both logvar are near 1000, and near -1000 with equal means."""
    mu, logvar1 = gaussians(rng, (5, 3))
    other, logvar2 = gaussians(rng, (5, 3))
    arguments = mu, at + logvar1, mu + distance * other, at + logvar2
    value.agrees(student.gaussian_kl_between, reference.gaussian_kl_between, *arguments, returns=("kl",))


@exercise("divergence")
def check_kl_between_has_no_units(student: Any, rng: Any) -> None:
    """The divergence stays the same when both Gaussians are measured in other units."""
    scale, shift = rng.uniform(2, 3, size=3), rng.normal(size=3)  # one for each coordinate

    def change(mu1: Array, logvar1: Array, mu2: Array, logvar2: Array) -> tuple[Array, ...]:
        logs = 2 * np.log(scale)
        return scale * mu1 + shift, logvar1 + logs, scale * mu2 + shift, logvar2 + logs

    arguments = *gaussians(rng, (5, 3)), *gaussians(rng, (5, 3))
    words: dict[str, Any] = {"change": change, "named": "a common change of units", "returns": ("kl",)}
    symmetry.invariant(student.gaussian_kl_between, *arguments, **words)


# --- gradients --------------------------------------------------------------------------------------------------------

MANY, WIDE = 150, 61
"""9,150 numbers: 8,932 tell a uniform from a normal distribution (``samples_for(distance=0.057)``), 388 a factor 2."""


def are_standard_normal(table: Array, name: str = "(z - mu) / sigma") -> None:
    """Check that the entries are independent and standard normal; shared noise is named before the variance it has."""
    for what, one, other in (("rows", table[0], table[1]), ("columns", table[:, 0], table[:, 1])):
        shared = bool(one.any() and np.abs(one - other).max() <= 1e-6 * np.abs(one).max())  # but for rounding
        sighted(shared, f"equal {what} of {name}")
        if shared:
            fault = f"Draw noise for every entry: {what} share theirs."
            raise CheckFailure(f"{fault} This is seen in {name}.", hint=fault)
    statistics.has_variance(table, STANDARD, name=name)
    statistics.follows(table, STANDARD, name=name)
    statistics.independent(table, STANDARD, name=name)


@exercise("gradients", weight=2)
def check_reparameterized_variance(student: Any, rng: Any) -> None:
    """The samples have the right mean and variance."""
    mu, logvar = rng.normal(size=(MANY, WIDE)), -1.3
    z = sample_of(student.reparameterize(mu, np.full((MANY, WIDE), logvar), rng), "z", (MANY, WIDE))
    law = statistics.Normal(variance=np.exp(logvar))
    instead = {
        "take exp(logvar / 2) for the deviation, not exp(logvar), which is the variance": np.exp(2 * logvar),
        "take exp(logvar / 2) for the deviation: logvar is a logarithm, not the variance": logvar**2,
    }
    statistics.has_variance(z - mu, law, name="z - mu", instead=instead)
    statistics.has_mean(z - mu, law, name="z - mu")


@exercise("gradients")
def check_reparameterized_law(student: Any, rng: Any) -> None:
    """Each entry is drawn from its own normal distribution, independent of the others."""
    mu, logvar = gaussians(rng, (MANY, WIDE))
    z = sample_of(student.reparameterize(mu, logvar, rng), "z", (MANY, WIDE))
    are_standard_normal((z - mu) * np.exp(-logvar / 2))


@exercise("gradients")
def check_reparameterize_takes_any_shape(student: Any, rng: Any) -> None:
    """Samples have the shape of mu, and are drawn from rng alone, entry by entry, for one axis and for three."""
    for shape in ((7,), (2, 4, 3), (1, 1)):
        expect(student.reparameterize(*gaussians(rng, shape), rng), "z").has_shape(shape).is_finite()
    mu, logvar = gaussians(rng, (MANY, 1, WIDE))
    z = sample_of(student.reparameterize(mu, logvar, rng), "z", mu.shape)
    are_standard_normal(((z - mu) * np.exp(-logvar / 2))[:, 0])
    statistics.draws_only_from(student.reparameterize, *gaussians(rng, (2, 4, 3)), rng=rng, name="z")


@exercise("gradients")
def check_reparameterize_at_extreme_variances(student: Any, rng: Any) -> None:
    """Samples are finite at logvar = 1000, with the deviation exp(500), and equal to mu at logvar = -1000."""
    mu = rng.normal(size=(30, 40))
    z = sample_of(student.reparameterize(mu, np.full(mu.shape, 1000.0), rng), "z", mu.shape)
    statistics.has_variance(z * np.exp(-500.0), STANDARD, name="z / exp(500)")
    expect(student.reparameterize(mu, np.full(mu.shape, -1000.0), rng), "z").close_to(mu)


ESTIMATES = pytest.mark.parametrize("samples", [5, 1], ids=["five samples", "one sample"])


def asked(function: Callable[[Array], Array]) -> tuple[Callable[[Array], Array], list[Array]]:
    """Return a function of latents that writes down what it is asked, and what it wrote."""
    kept: list[Array] = []

    def f(z: Any) -> Array:
        table = called_with(z, "z that the function is called with")
        if table.ndim != 2:
            raise wrong_call(f"z has shape {table.shape}", "Call the function that you are given with z (samples, m).")
        kept.append(table.copy())
        return function(table)

    return f, kept


MOST_NUMBERS = 2**22
"""Of one call of a given function; shapes that meet in a product of their lengths would fill any memory."""


def called_with(argument: Any, name: str) -> Array:
    """Return an argument of a call as an array; nothing is seen, for the number of calls is the student's affair."""
    with apart():
        return sample_of(argument, name)


def wrong_call(came: str, hint: str) -> CheckFailure:
    """Return the failure of a submission that calls a given function with something else than is due."""
    sighted(came, "a call of a function that is given")
    return CheckFailure(f"{hint} {came}.", hint=hint)


def drawn(kept: list[Array], shape: tuple[int, int], of: str) -> Array:
    """Return the latents of the one call that is due."""
    expect(len(kept), f"number of calls of {of}").equals(1)
    expect(kept[0], f"z that {of} is called with").has_shape(shape)
    with apart():
        expect(kept[0], f"z that {of} is called with").is_finite()
    return kept[0]


def slope(z: Array) -> Array:
    """Derivative of some smooth f, different in every direction, and nowhere 0."""
    return 1.5 + np.tanh(z * np.arange(1, z.shape[1] + 1))


def bowl(z: Array) -> Array:
    """Return some smooth f that is not 0 at its minimum and mixes the directions."""
    total: Array = 2 + np.tanh(z.sum(axis=1)) + (z**2 * np.arange(1, z.shape[1] + 1)).sum(axis=1)
    return total


@exercise("gradients", weight=2)
@ESTIMATES
def check_reparameterized_gradient_follows_the_definition(student: Any, rng: Any, samples: int) -> None:
    """The reparameterized gradient is right for the samples that you draw."""
    mu, logvar = gaussians(rng, (3,))
    derivative, kept = asked(slope)
    found = student.reparameterized_gradient(derivative, mu, logvar, rng, samples)
    dmu, dlogvar = results(found, ("dmu", "dlogvar"), of="reparameterized_gradient")
    z = drawn(kept, (samples, 3), "derivative")
    agrees_on_draws(dmu, slope(z).mean(axis=0), "dmu")
    agrees_on_draws(dlogvar, (slope(z) * (z - mu) / 2).mean(axis=0), "dlogvar")


@exercise("gradients")
def check_reparameterized_gradient_at_large_variances(student: Any, rng: Any) -> None:
    """The reparameterized gradient is right at logvar = 1000, where sigma is exp(500)."""
    mu, sigma = rng.normal(size=3), np.exp(500.0)
    derivative, kept = asked(slope)
    found = student.reparameterized_gradient(derivative, mu, np.full(3, 1000.0), rng, 5)
    dmu, dlogvar = results(found, ("dmu", "dlogvar"), of="reparameterized_gradient")
    z = drawn(kept, (5, 3), "derivative")
    agrees_on_draws(dmu, slope(z).mean(axis=0), "dmu")
    agrees_on_draws(
        called_with(dlogvar, "dlogvar") / sigma, (slope(z) * (z - mu) / sigma / 2).mean(axis=0), "dlogvar / sigma"
    )


@exercise("gradients", weight=2)
@ESTIMATES
def check_score_function_gradient_follows_the_definition(student: Any, rng: Any, samples: int) -> None:
    """The score function gradient is right for the samples that you draw."""
    mu, logvar = gaussians(rng, (3,))
    f, kept = asked(bowl)
    found = student.score_function_gradient(f, mu, logvar, rng, samples)
    dmu, dlogvar = results(found, ("dmu", "dlogvar"), of="score_function_gradient")
    z = drawn(kept, (samples, 3), "f")
    values, variance = bowl(z)[:, None], np.exp(logvar)
    agrees_on_draws(dmu, (values * (z - mu) / variance).mean(axis=0), "dmu")
    agrees_on_draws(dlogvar, (values * ((z - mu) ** 2 / variance - 1) / 2).mean(axis=0), "dlogvar")


@exercise("gradients")
@pytest.mark.parametrize("name", ["reparameterized_gradient", "score_function_gradient"])
def check_samples_of_the_estimate(student: Any, rng: Any, name: str) -> None:
    """The gradient is estimated from independent samples of the right distribution."""
    mu, logvar = gaussians(rng, (WIDE,))
    f, kept = asked(np.ones_like if name == "reparameterized_gradient" else lambda z: np.ones(len(z)))
    getattr(student, name)(f, mu, logvar, rng, MANY)
    z = drawn(kept, (MANY, WIDE), "derivative" if name == "reparameterized_gradient" else "f")
    are_standard_normal((z - mu) * np.exp(-logvar / 2))


REPEATS, EACH = 400, 25
"""Estimates, and samples of each. The mean of 25 cubes of a normal number is skewed by some 0.8, the mean of 400 such
by 0.04, so Student's t holds at 1e-6. A bias of half a standard deviation of an estimate, 10 standard errors, passes
with a chance below 1e-6 (``samples_for(shift=0.5)``: 376)."""


def square(z: Array) -> Array:
    """Return the quadratic of the handout."""
    total: Array = (z**2).sum(axis=1)
    return total


def double(z: Array) -> Array:
    """Its derivative."""
    return 2 * z


def estimates_of(student: Any, name: str, mu: float, logvar: float, rng: Any, samples: int, repeats: int) -> Array:
    """Return estimates of the gradient of E z^2 by mu and logvar, (repeats, 2)."""
    of = double if name == "reparameterized_gradient" else square
    rows = []
    for _ in range(repeats):
        found = getattr(student, name)(of, np.array([mu]), np.array([logvar]), rng, samples)
        parts = results(found, ("dmu", "dlogvar"), of=name)
        rows.append([sample_of(part, what, (1,))[0] for part, what in zip(parts, ("dmu", "dlogvar"), strict=True)])
    return np.array(rows)


@exercise("gradients")
@pytest.mark.parametrize("name", ["reparameterized_gradient", "score_function_gradient"])
def check_estimate_is_unbiased(student: Any, rng: Any, name: str) -> None:
    """The mean of many estimates is the gradient."""
    mu, logvar = 0.7, -0.8
    found = estimates_of(student, name, mu, logvar, rng, EACH, REPEATS)
    # E z^2 = mu^2 + exp(logvar)
    statistics.is_unbiased(found, np.array([2 * mu, np.exp(logvar)]), name=f"(dmu, dlogvar) of {name}")


@exercise("gradients")
def check_score_function_is_noisier(student: Any, rng: Any) -> None:
    """On the quadratic of the handout, the score function gradient varies as much more as theory says."""
    mu, variance = 0.7, np.exp(-0.8)
    names = "score_function_gradient", "reparameterized_gradient"
    found = [estimates_of(student, name, mu, -0.8, rng, EACH, REPEATS)[:, 0] for name in names]
    # The exact ratio for one sample, and so for the mean of any number of them: 4.9 here.
    ratio = (mu**4 / variance + 14 * mu**2 + 15 * variance) / (4 * variance)
    statistics.ratio_of_variances(*found, at_least=ratio, names=("dmu of the score function", "dmu reparameterized"))


# --- bound ------------------------------------------------------------------------------------------------------------


@exercise("bound")
@SHAPES
def check_log_likelihood_follows_the_definition(student: Any, reference: Any, rng: Any, shape: tuple[int, int]) -> None:
    """The log-likelihood of black and white pixels is right."""
    x, logits = rng.integers(0, 2, size=shape).astype(np.float64), 2 * rng.normal(size=shape)
    functions = student.bernoulli_log_likelihood, reference.bernoulli_log_likelihood
    value.agrees(*functions, x, logits, returns=("ll",))


@exercise("bound")
def check_log_likelihood_of_grey_pixels(student: Any, reference: Any, rng: Any) -> None:
    """The log-likelihood of grey pixels is right."""
    x, logits = rng.uniform(0.1, 0.9, size=(4, 6)), 2 * rng.normal(size=(4, 6))
    functions = student.bernoulli_log_likelihood, reference.bernoulli_log_likelihood
    value.agrees(*functions, x, logits, returns=("ll",))


@exercise("bound")
def check_log_likelihood_is_stable(student: Any, reference: Any, rng: Any) -> None:
    """The log-likelihood is right at logits of 1000 and -1000, for both colours."""
    x, logits = rng.integers(0, 2, size=(4, 5)).astype(np.float64), rng.normal(size=(4, 5))
    logits[:, 2], x[:, 2] = [1000.0, -1000.0, 900.0, -900.0], [0.0, 1.0, 1.0, 0.0]
    functions = student.bernoulli_log_likelihood, reference.bernoulli_log_likelihood
    value.agrees(*functions, x, logits, returns=("ll",))


@exercise("bound")
def check_log_likelihood_of_the_negative(student: Any, rng: Any) -> None:
    """An image is as likely as its negative under the opposite logits."""
    x, logits = rng.integers(0, 2, size=(4, 6)).astype(np.float64), 2 * rng.normal(size=(4, 6))
    words: dict[str, Any] = {"change": lambda x, logits: (1 - x, -logits), "named": "the exchange of black and white"}
    symmetry.invariant(student.bernoulli_log_likelihood, x, logits, returns=("ll",), **words)


class Linear:
    """The linear Gaussian model: z ~ N(0, I), x = W z + b + noise of variance s2, with orthogonal columns in W.

    Then the posterior has independent coordinates and is a q(z | x) like any other, and log p(x) is known.
    """

    def __init__(self, rng: Any, d: int = 5, m: int = 3) -> None:
        self.W = np.linalg.qr(rng.normal(size=(d, m)))[0] * rng.uniform(0.8, 1.6, size=m)  # (d, m)
        self.b, self.s2 = rng.normal(size=d), 0.6
        self.x: list[Array] = []
        self.z: list[Array] = []

    def draw(self, rng: Any, N: int) -> Array:
        """Draw N images."""
        noise = np.sqrt(self.s2) * rng.normal(size=(N, len(self.b)))
        x: Array = rng.normal(size=(N, self.W.shape[1])) @ self.W.T + self.b + noise
        return x

    def encode(self, x: Array) -> tuple[Array, Array]:
        """Return mean and log variance of the true posterior."""
        precision = 1 + (self.W**2).sum(axis=0) / self.s2  # (m,)
        mu = (x - self.b) @ self.W / self.s2 / precision
        return mu, np.broadcast_to(-np.log(precision), mu.shape).copy()

    def encode_badly(self, x: Array) -> tuple[Array, Array]:
        """Return another q(z | x)."""
        mu, logvar = self.encode(x)
        return 0.6 * mu + 0.3, logvar + np.linspace(-0.7, 0.9, logvar.shape[1])

    def decode(self, x: Any, z: Any) -> Array:
        """Return log p(x | z) of each row, for any number of rows, and write the rows down."""
        ll = self.log_likelihood(x, z)
        self.x.append(np.broadcast_to(x, (*ll.shape, len(self.b))).reshape(-1, len(self.b)))
        self.z.append(np.broadcast_to(z, (*ll.shape, self.W.shape[1])).reshape(-1, self.W.shape[1]))
        return ll

    def log_likelihood(self, x: Any, z: Any) -> Array:
        """Return log p(x | z) of each row."""
        pixels, latents = (called_with(a, f"{n} that decoder is called with") for a, n in ((x, "x"), (z, "z")))
        if (pixels.shape[-1:], latents.shape[-1:]) != (self.b.shape, self.W.shape[1:]):
            came = f"x has shape {pixels.shape} and z has shape {latents.shape}"
            raise wrong_call(came, "Call decoder with x (N, d) and z (N, m).")
        rows = np.prod(np.broadcast_shapes(pixels.shape[:-1], latents.shape[:-1]))
        if rows * len(self.b) > MOST_NUMBERS:
            came = f"x has shape {pixels.shape} and z has shape {latents.shape}"
            raise wrong_call(came, "Call decoder with a z for each x: here every x meets every z.")
        residual = pixels - self.b - latents @ self.W.T
        ll: Array = -0.5 * ((residual**2).sum(axis=-1) / self.s2 + len(self.b) * np.log(2 * np.pi * self.s2))
        return ll

    def log_evidence(self, x: Array) -> Array:
        """Return log p(x) of each row."""
        covariance = self.W @ self.W.T + self.s2 * np.eye(len(self.b))  # (d, d)
        centred = x - self.b
        distance = (centred * np.linalg.solve(covariance, centred.T).T).sum(axis=1)
        logdet = np.linalg.slogdet(2 * np.pi * covariance)[1]
        return np.asarray(-0.5 * (distance + logdet))

    def drawn(self, x: Array, samples: int) -> Array:
        """Return the latents that each row was decoded with, (samples, N, m), in the order of the calls."""
        asked_x = np.concatenate(self.x) if self.x else np.zeros((0, x.shape[1]))
        expect(len(asked_x), "number of rows that decoder was called with").equals(samples * len(x))
        z = np.concatenate(self.z)
        of_row = [z[(asked_x == row).all(axis=1)] for row in x]
        counts = [len(found) for found in of_row]
        expect(counts, "number of z that each row of x was decoded with").equals([samples] * len(x))
        expect(z, "z that decoder is called with").has_shape((samples * len(x), self.W.shape[1]))
        return np.stack(of_row, axis=1)


@exercise("bound", weight=2)
@pytest.mark.parametrize(
    ("N", "samples", "beta"),
    [(6, 1, 1.0), (4, 3, 0.3), (3, 2, 0.0), (1, 5, 1.7)],
    ids=["plain", "beta below 1", "beta 0", "one row"],
)
def check_elbo_follows_the_definition(student: Any, rng: Any, N: int, samples: int, beta: float) -> None:
    """The bound is right for the samples that you draw."""
    model = Linear(rng)
    x = model.draw(rng, N)
    weights = () if (samples, beta) == (1, 1.0) else (samples, beta)  # one sample and beta 1 are the defaults
    bound = student.elbo(x, model.encode_badly, model.decode, rng, *weights)
    z = model.drawn(x, samples)
    mu, logvar = model.encode_badly(x)
    kl = 0.5 * (np.exp(logvar) + mu**2 - 1 - logvar).sum(axis=1)
    due = model.log_likelihood(x, z).mean(axis=0) - beta * kl
    expect(bound, "elbo").has_shape((N,))
    # what is seen: by how much the divergence counts, which no draw changes
    with np.errstate(all="ignore"):
        counted = (model.log_likelihood(x, z).mean(axis=0) - np.asarray(bound, dtype=np.float64)) / kl
    sighted(counted, "the weight of the divergence")
    with apart():
        expect(bound, "elbo").close_to(due)


@exercise("bound")
def check_rows_are_decoded_with_their_own_latents(student: Any, rng: Any) -> None:
    """Where q(z | x) has no variance, each row of x is decoded beside its own mean."""
    model, samples = Linear(rng), 3
    x = model.draw(rng, 4)
    mu, _ = model.encode_badly(x)

    def certain(x: Array) -> tuple[Array, Array]:
        mu, logvar = model.encode_badly(x)
        return mu, np.full(logvar.shape, -1000.0)

    student.elbo(x, certain, model.decode, rng, samples)
    z = model.drawn(x, samples)  # (samples, N, m)
    beside = np.isclose(z[:, :, None], mu).all(axis=-1)  # whose mean it is: (samples, N, N)
    away = bool(beside.any(axis=-1).all() and not np.allclose(z, mu))
    sighted(away, "z of another row")
    if away:
        fault = "Decode each row of z beside its own row of x: here z belongs to another row."
        raise CheckFailure(fault, hint=fault)
    expect(z, "z that decoder is called with").close_to(np.tile(mu, (samples, 1, 1)))


@exercise("bound")
def check_samples_of_the_elbo(student: Any, rng: Any) -> None:
    """Every row and every sample has its own draw of z, from q(z | x)."""
    model, samples = Linear(rng), 20
    x = model.draw(rng, MANY)
    student.elbo(x, model.encode_badly, model.decode, rng, samples)
    mu, logvar = model.encode_badly(x)
    eps = (model.drawn(x, samples) - mu) * np.exp(-logvar / 2)  # (samples, N, m)
    are_standard_normal(eps.transpose(1, 0, 2).reshape(MANY, -1))  # a row for each image


@exercise("bound")
@pytest.mark.parametrize("encoder", ["encode", "encode_badly"], ids=["true posterior", "another q"])
def check_elbo_lies_below_the_evidence_by_the_gap(student: Any, rng: Any, encoder: str) -> None:
    """In the linear Gaussian model, the bound lies below log p(x) by the divergence of q from the posterior."""
    model = Linear(rng)
    x = np.tile(model.draw(rng, 1), (REPEATS, 1))  # one image, many independent estimates
    q = getattr(model, encoder)
    found = sample_of(student.elbo(x, q, model.log_likelihood, rng, EACH), "elbo", (REPEATS,))
    (mu, logvar), (true_mu, true_logvar) = q(x[:1]), model.encode(x[:1])
    log_ratio = logvar - true_logvar
    gap = 0.5 * (np.exp(log_ratio) + (mu - true_mu) ** 2 * np.exp(-true_logvar) - 1 - log_ratio).sum()
    statistics.is_unbiased(found, float(model.log_evidence(x[:1])[0] - gap), name="elbo")


@exercise("bound")
def check_elbo_comes_from_rng(student: Any, rng: Any) -> None:
    """The samples of the bound are drawn from rng, and from nothing else."""
    model = Linear(rng)

    def elbo(x: Array, generator: Any) -> Any:
        return student.elbo(x, model.encode, model.log_likelihood, generator)

    statistics.draws_only_from(elbo, model.draw(rng, 4), rng=rng, name="elbo")


# --- model ------------------------------------------------------------------------------------------------------------

BUILD = {"pixels": 7, "hidden": 9, "latents": 3}
"""All different, and more pixels and hidden units than latents, so that a decoder can show its latents."""


def binary(rng: Any, N: int) -> Array:
    """Draw black and white images."""
    x: Array = rng.integers(0, 2, size=(N, BUILD["pixels"])).astype(np.float64)
    return x


def state_of(reference: Any, rng: Any) -> State:
    """Draw a state: half the usual size, so that variances stay moderate."""
    state = modules.random_state(reference.VAE, rng, build=BUILD)
    return {name: array / 2 for name, array in sorted(state.items())}


def with_logvar(state: State, logvar: float) -> State:
    """Return a state whose logvar is one number: -1000 leaves no noise at all, -60 a share of 1e-13."""
    weight, bias = state["encode_logvar.weight"], state["encode_logvar.bias"]
    return state | {"encode_logvar.weight": 0 * weight, "encode_logvar.bias": np.full(len(bias), logvar)}


def showing_latents(state: State) -> State:
    """Return a state whose decoder puts out the latents: swish(z) - swish(-z) = z, exactly.

    Two hidden units carry each latent, and logit j is latent j; the other logits are 0.
    """
    hidden, shown = np.zeros((BUILD["hidden"], BUILD["latents"])), np.zeros((BUILD["pixels"], BUILD["hidden"]))
    for j in range(BUILD["latents"]):
        hidden[2 * j, j], hidden[2 * j + 1, j] = 1.0, -1.0
        shown[j, 2 * j], shown[j, 2 * j + 1] = 1.0, -1.0
    decoder = {"decode_hidden.weight": hidden, "decode_logits.weight": shown}
    zero = {name: 0 * state[name] for name in ("decode_hidden.bias", "decode_logits.bias")}
    return state | decoder | zero


def blind(state: State) -> State:
    """Return a state whose decoder ignores the latents, so that no result and no gradient depends on the draws."""
    return state | {name: 0 * state[name] for name in ("decode_hidden.weight", "decode_logits.weight")}


def run_of(student: Any, *inputs: Any, **how: Any) -> Any:
    """Run the model, with a seed for its generator."""
    return modules.run(student.VAE, *inputs, build=BUILD, **how)


def seed_of(rng: Any) -> dict[str, int]:
    """Draw a seed for a torch generator."""
    return {"generator": int(rng.integers(2**31))}


def outputs_of(ran: Any, N: int) -> tuple[Array, Array, Array]:
    """Return logits, mu and logvar, and refuse other forms."""
    logits, mu, logvar = results(ran["output"], ("logits", "mu", "logvar"), of="VAE")
    d, m = BUILD["pixels"], BUILD["latents"]
    return sample_of(logits, "logits", (N, d)), sample_of(mu, "mu", (N, m)), sample_of(logvar, "logvar", (N, m))


@exercise("model")
def check_units_start_different(student: Any, rng: Any) -> None:
    """The units of a layer start different from each other, or they would stay the same for ever."""
    state = run_of(student, binary(rng, 2), method="encode")["state"]
    for name in ("encode_hidden", "encode_mu", "encode_logvar", "decode_hidden", "decode_logits"):
        weights = np.asarray(state.get(f"{name}.weight"), dtype=np.float64)
        alike = bool((weights == weights[:1]).all())  # (out, in)
        sighted(alike, f"equal units of {name}")
        if alike:
            fault = f"All units of `{name}` start with the same weights: leave the layers as torch initialises them."
            raise CheckFailure(fault, hint=fault)


HALVES = pytest.mark.parametrize(("method", "length"), [("encode", "pixels"), ("decode", "latents")])


@exercise("model")
@HALVES
def check_networks_follow_the_definition(student: Any, reference: Any, rng: Any, method: str, length: str) -> None:
    """Encoder and decoder compute what the handout says, and gradients reach all their parameters."""
    outputs = {"encode": [(5, BUILD["latents"])] * 2, "decode": [(5, BUILD["pixels"])]}[method]
    upstream = [rng.normal(size=shape) for shape in outputs]
    x, state = rng.normal(size=(5, BUILD[length])), state_of(reference, rng)
    how: dict[str, Any] = {"state": state, "upstream": upstream, "method": method, "build": BUILD}
    modules.agrees(student.VAE, reference.VAE, x, **how)


@exercise("model")
@pytest.mark.parametrize("N", [5, 1], ids=["a batch", "one image"])
def check_forward_without_noise(student: Any, reference: Any, rng: Any, N: int) -> None:
    """Where logvar is -1000, the model decodes the mean."""
    d, m = BUILD["pixels"], BUILD["latents"]
    upstream = [rng.normal(size=shape) for shape in ((N, d), (N, m), (N, m))]
    state = with_logvar(state_of(reference, rng), -1000.0)
    modules.agrees(student.VAE, reference.VAE, binary(rng, N), build=BUILD, state=state, upstream=upstream)


@exercise("model")
@pytest.mark.parametrize("variance", ["moderate", "exp(1000)"])
def check_noise_of_the_model(student: Any, reference: Any, rng: Any, variance: str) -> None:
    """The latents that are decoded have the right distribution, each its own draw."""
    N, m = 3000, BUILD["latents"]
    x, state = binary(rng, N), showing_latents(state_of(reference, rng))
    state = state if variance == "moderate" else with_logvar(state, 1000.0)
    logits, mu, logvar = outputs_of(run_of(student, x, state=state, generators=seed_of(rng)), N)
    are_standard_normal((logits[:, :m] - mu) * np.exp(-logvar / 2))


@exercise("model")
def check_gradient_passes_through_the_sample(student: Any, reference: Any, rng: Any) -> None:
    """The gradient passes through the sample into mean and variance."""
    N, d, m = 6, BUILD["pixels"], BUILD["latents"]
    upstream = [rng.normal(size=(N, d)), np.zeros((N, m)), np.zeros((N, m))]
    state = showing_latents(state_of(reference, rng))
    ran = run_of(student, binary(rng, N), state=state, upstream=upstream, generators=seed_of(rng))
    logits, mu, _ = outputs_of(ran, N)
    z, dz = logits[:, :m], upstream[0][:, :m]  # the decoder puts out z, so its gradient is that of the logits
    for name, due in (("encode_mu.bias", dz.sum(axis=0)), ("encode_logvar.bias", (dz * (z - mu) / 2).sum(axis=0))):
        found = ran["gradients"].get(name)
        agrees_on_draws(np.zeros(m) if found is None else found, due, f"gradient by {name}")


@exercise("model", weight=2)
@pytest.mark.parametrize("change", ["without noise", "blind decoder", "large logits"])
def check_bound_of_the_model(student: Any, reference: Any, rng: Any, change: str) -> None:
    """The ELBO of each image and its gradients are right where they do not depend on the draws."""
    state = state_of(reference, rng)
    state = with_logvar(state, -60.0) if change == "without noise" else blind(state)
    if change == "large logits":
        state |= {"decode_logits.bias": np.array([1000.0, -1000.0, 90.0, -90.0, 1.0, -2.0, 0.5])}
    # gradients of the parameters alone: pixels are data
    how: dict[str, Any] = {
        "method": "elbo",
        "upstream": rng.uniform(0.5, 2, size=5),
        "looks_at": ("output", "gradients"),
    }
    modules.agrees(student.VAE, reference.VAE, binary(rng, 5), build=BUILD, state=state, **how)


def softplus_mean(mu: Array, logvar: Array) -> Array:
    """Return the mean of log(1 + exp z) for z ~ N(mu, exp(logvar)): quadrature with 60 nodes, exact to 1e-9 here."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    z = mu[..., None] + np.exp(logvar / 2)[..., None] * nodes
    mean: Array = np.logaddexp(0, z) @ weights / np.sqrt(2 * np.pi)
    return mean


@exercise("model")
def check_bound_of_the_model_is_unbiased(student: Any, reference: Any, rng: Any) -> None:
    """The mean of many ELBOs is the ELBO."""
    N, d, m = 3000, BUILD["pixels"], BUILD["latents"]
    state = showing_latents(state_of(reference, rng))
    x = binary(rng, 1)
    ran = run_of(student, np.tile(x, (N, 1)), state=state, method="elbo", generators=seed_of(rng))
    found = sample_of(ran["output"], "elbo", (N,))
    mu, logvar = modules.run(reference.VAE, x, build=BUILD, state=state, method="encode")["output"]
    # logits beyond the latents are 0, where a pixel of either colour has the likelihood 1/2
    ll = (x[:, :m] * mu - softplus_mean(mu, logvar)).sum() - (d - m) * np.log(2)
    kl = 0.5 * (np.exp(logvar) + mu**2 - 1 - logvar).sum()
    statistics.is_unbiased(found, float(ll - kl), name="elbo")


STEPS_OF_FIT = {"steps": 3, "batch_size": 2, "lr": 0.01}

SOURCES: dict[str, dict[str, Any]] = {
    "forward": {"method": "forward"},
    "elbo": {"method": "elbo"},
    "sample": {"method": "sample"},
    "batches of fit": {"method": "fit", "options": STEPS_OF_FIT},
    "noise of fit": {"method": "fit", "options": STEPS_OF_FIT},
}
"""What draws random numbers. The batches of fit alone matter where there is no noise, its noise alone where all images
are the same."""


@exercise("model")
@pytest.mark.parametrize("source", SOURCES)
def check_model_draws_from_its_generator(student: Any, reference: Any, rng: Any, source: str) -> None:
    """Random numbers come from the generator, and from nothing else."""
    state, x = state_of(reference, rng), binary(rng, 6)
    if source == "batches of fit":
        state = with_logvar(state, -1000.0)
    if source == "noise of fit":
        x = np.tile(x[:1], (6, 1))
    seeds = {kind: seed_of(rng) for kind in ("one", "other")}

    def first_output(kind: str) -> Array:
        given = 6 if source == "sample" else x
        output = run_of(student, given, state=state, generators=seeds[kind], **SOURCES[source])["output"]
        return sample_of(output[0] if isinstance(output, list) and output else output, f"result ({source})")

    once, again, other = (first_output(kind) for kind in ("one", "one", "other"))
    repeats, follows = np.array_equal(once, again), not np.array_equal(once, other)
    sighted([repeats, follows], f"use of the generator ({source})")
    if not repeats:
        fault = f"Draw from the generator that is passed: {source} changes while its state is the same."
        raise CheckFailure(fault, hint=fault)
    if not follows:
        fault = f"Draw from the generator that is passed, and set no seed: {source} is the same whatever its state."
        raise CheckFailure(fault, hint=fault)


@exercise("model")
def check_new_images_come_from_the_prior(student: Any, reference: Any, rng: Any) -> None:
    """New images are decoded from latents of the standard normal distribution."""
    count, m = 3000, BUILD["latents"]
    state = showing_latents(state_of(reference, rng))
    ran = run_of(student, count, state=state, method="sample", generators=seed_of(rng))
    pixels = sample_of(ran["output"], "sample", (count, BUILD["pixels"]))
    with np.errstate(all="ignore"):
        z = np.log(pixels[:, :m]) - np.log1p(-pixels[:, :m])  # the logits, which are the latents
    are_standard_normal(z, "logits of new images")
    one = run_of(student, 1, state=state, method="sample", generators=seed_of(rng))
    expect(one["output"], "sample of one image").has_shape((1, BUILD["pixels"]))


@exercise("model", weight=2)
def check_steps_of_fit(student: Any, reference: Any, rng: Any) -> None:
    """Every step of fit is a step of Adam that raises the mean ELBO, and the history tells it."""
    # All images are the same and noise is negligible: then neither batches nor draws matter.
    x = np.tile(binary(rng, 1), (6, 1))
    state = with_logvar(state_of(reference, rng), -60.0)
    how: dict[str, Any] = {
        "method": "fit",
        "options": {"steps": 4, "batch_size": 3, "lr": 0.05},
        "looks_at": ("output", "state"),
    }
    modules.agrees(student.VAE, reference.VAE, x, build=BUILD, state=state, **how)


ROWS, PAIRS = 6, 100
"""Drawn with replacement, a row of six is missed by 100 batches of two with a chance of (5/6)^200 = 1.5e-16."""


@exercise("model")
def check_fit_sees_every_image(student: Any, reference: Any, rng: Any) -> None:
    """In the long run fit trains on every image, in batches that change."""
    # With a step size of 0 the model stays as it is, and the history says which two images each batch held.
    x = np.eye(ROWS, BUILD["pixels"])
    state = blind(state_of(reference, rng))
    bounds = modules.run(reference.VAE, x, build=BUILD, state=state, method="elbo")["output"]  # (ROWS,)
    options = {"steps": PAIRS, "batch_size": 2, "lr": 0.0}
    ran = run_of(student, x, state=state, method="fit", options=options, generators=seed_of(rng))
    history = sample_of(ran["output"], "history", (PAIRS,))
    pairs = np.array(list(combinations_with_replacement(range(ROWS), 2)))  # (21, 2)
    means = bounds[pairs].mean(axis=1)
    nearest = np.abs(history[:, None] - means).argmin(axis=1)  # (PAIRS,)
    batches = nearest[np.isclose(history, means[nearest])]
    # One shuffle holds three batches. How many more there are is chance, but fewer than four come once in 1e30 times.
    expect(min(len(np.unique(batches)), 4), f"number of different batches among {PAIRS}, counted up to 4").equals(4)
    expect(len(np.unique(pairs[batches])), f"number of images seen in {PAIRS} batches of two").equals(ROWS)


@exercise("model")
@pytest.mark.parametrize("generator", ["that is given", "of torch"])
def check_noise_is_drawn_anew(student: Any, reference: Any, rng: Any, generator: str) -> None:
    """Every step of fit draws its own noise, from the generator, or from torch's own where there is none."""
    # all images are the same and the step size is 0, so that the history changes by the noise alone
    x = np.tile(binary(rng, 1), (6, 1))
    given = seed_of(rng) if generator == "that is given" else {}
    options = {"steps": 8, "batch_size": 3, "lr": 0.0}
    ran = run_of(student, x, state=state_of(reference, rng), method="fit", options=options, generators=given)
    different = len(np.unique(sample_of(ran["output"], "history", (8,))))
    sighted(different < 4, "the same noise in many steps")
    if different < 4:
        fault = f"Draw new noise in every call, from the generator {generator}: here each step has the same."
        raise CheckFailure(fault, hint=fault)


@exercise("model")
def check_history_is_detached(student: Any, reference: Any, rng: Any) -> None:
    """The history holds no graph: there is nothing to go back through."""
    how: dict[str, Any] = {"method": "fit", "options": STEPS_OF_FIT, "generators": seed_of(rng)}
    run_of(student, binary(rng, 4), state=state_of(reference, rng), upstream=np.ones(STEPS_OF_FIT["steps"]), **how)


TRAINED = {"pixels": 64, "hidden": 128, "latents": 8}
BUDGET = {"steps": 600, "batch_size": 100, "lr": 8e-3}
"""The handout fixes both."""

MARGIN = 5.0
"""Nats an image by which the ELBO on held-out digits must exceed the exact likelihood of independent pixels."""

DRAWS = 20
"""Of z for every held-out image: the mean ELBO of 449 images is then known to 0.02 nats."""


@lru_cache(maxsize=1)
def digits() -> tuple[Array, Array]:
    """Return the black and white digits, 1348 to train on and every fourth, 449, held out; (., 64)."""
    x = (images()[0] >= 0.5).astype(np.float64)
    held_out = np.arange(len(x)) % 4 == 3
    return x[~held_out], x[held_out]


def independent_pixels(train: Array, held_out: Array) -> float:
    """Return the mean log-likelihood of held-out images if each pixel is white as often as in training.

    One black and one white image more are counted, so that a pixel that is always black costs no infinity.
    """
    white = (train.sum(axis=0) + 1) / (len(train) + 2)
    return float((held_out * np.log(white) + (1 - held_out) * np.log1p(-white)).sum(axis=1).mean())


@exercise("model", weight=3)
def check_model_learns_the_digits(student: Any, reference: Any, rng: Any) -> None:
    """Trained on the digits, the model beats independent pixels by 5 nats an image, on images that it has not seen."""
    train, held_out = digits()
    due = modules.random_state(reference.VAE, rng, build=TRAINED)
    modules.run(student.VAE, train[:1], build=TRAINED, state=due, method="encode")  # the names of the state dict
    how: dict[str, Any] = {
        "build": TRAINED,
        "method": "fit",
        "options": BUDGET,
        "dtype": "float32",
        "generators": seed_of(rng),
    }
    ran = modules.run(student.VAE, train, **how)
    # The trained state, in the reference's model: what counts is never what the submission says about itself.
    judged: dict[str, Any] = {"build": TRAINED, "state": ran["state"], "generators": seed_of(rng)}
    many = np.tile(held_out, (DRAWS, 1))
    bound = float(modules.run(reference.VAE, many, method="elbo", **judged)["output"].mean())
    baseline = independent_pixels(train, held_out)
    made = modules.run(reference.VAE, 12, method="sample", **judged)["output"]
    name = "ELBO on held-out digits"
    curves, pictures = training_curve(ran["output"], baseline), new_digits(made)
    exhibited(Evidence(name=name, curves=curves, pictures=pictures))
    judge(
        name,
        excess=baseline + MARGIN - bound,
        rounding=1e-3,  # the margin is a convention, and float32 has no more digits
        message=f"the ELBO of the trained model is {bound:.2f} nats an image on held-out digits, "
        f"{bound - baseline:.2f} more than independent pixels have; at least {MARGIN:g} more are due",
        hint="After training, the ELBO on held-out digits is not 5 nats above the likelihood of independent pixels.",
        got=f"{bound:.2f}",
        want=f"{baseline + MARGIN:.2f}",
    )


def training_curve(history: Any, baseline: float) -> tuple[Curve, ...]:
    """Return the ELBO over the steps of training, as means of twenty steps; nothing where there is no history."""
    array = np.asarray(history, dtype=np.float64)
    if array.shape != (BUDGET["steps"],) or not np.isfinite(array).all():
        return ()
    means = array.reshape(-1, 20).mean(axis=1)
    return (
        Curve(
            name="ELBO of the batches",
            t=tuple((10.0 + 20.0 * np.arange(len(means))).tolist()),
            value=tuple(means.tolist()),
            theorem=(baseline,) * len(means),
            theorem_name="independent pixels",
            log_value=False,
        ),
    )


def new_digits(probabilities: Array) -> tuple[Picture, ...]:
    """Return new images of the trained model as sixteen grey levels; nothing where training ended in NaN."""
    if not np.isfinite(probabilities).all():
        return ()
    levels = np.rint(15 * probabilities).astype(int)  # (12, 64)
    images = tuple("".join(f"{level:x}" for level in image) for image in levels)
    return (Picture(name="new digits", height=8, width=8, images=images),)


@exercise("model")
def check_model_on_every_device(student: Any, reference: Any, rng: Any) -> None:
    """Your module gives the same on every device and in every precision."""
    d, m = BUILD["pixels"], BUILD["latents"]
    upstream = [rng.normal(size=shape) for shape in ((4, d), (4, m), (4, m))]
    state = with_logvar(state_of(reference, rng), -1000.0)
    parity.across(student.VAE, binary(rng, 4), build=BUILD, state=state, upstream=upstream)


# --- diffusion --------------------------------------------------------------------------------------------------------


def schedule(rng: Any, T: int) -> Array:
    """Draw noise levels: all different and large, so that a step too many shows, and neither rising nor falling."""
    betas: Array = rng.permutation(np.linspace(0.15, 0.55, T)) + rng.uniform(-0.02, 0.02, size=T)
    return betas


TIMES = pytest.mark.parametrize(
    ("t", "T"), [(1, 6), (4, 6), (6, 6), (1, 1)], ids=["t = 1", "t = 4", "t = T", "t = T = 1"]
)


@exercise("diffusion")
@TIMES
def check_forward_step_follows_the_definition(student: Any, reference: Any, rng: Any, t: int, T: int) -> None:
    """One step of noise is right."""
    arguments = rng.normal(size=(5, 3)), t, schedule(rng, T), rng.normal(size=(5, 3))
    value.agrees(student.forward_step, reference.forward_step, *arguments, returns=("z_t",))


@exercise("diffusion")
@TIMES
def check_forward_marginal_follows_the_definition(student: Any, reference: Any, rng: Any, t: int, T: int) -> None:
    """All steps at once are right."""
    arguments = rng.normal(size=(5, 3)), t, schedule(rng, T), rng.normal(size=(5, 3))
    value.agrees(student.forward_marginal, reference.forward_marginal, *arguments, returns=("z_t",))


@exercise("diffusion")
@pytest.mark.parametrize("N", [5, 1], ids=["a batch", "one row"])
def check_forward_marginal_of_many_steps(student: Any, reference: Any, rng: Any, N: int) -> None:
    """All steps at once are right when every row has a step of its own."""
    t = np.array([3, 1, 6, 4, 6])[:N]
    # as many columns as rows: a step for each column fails, and does so in the values
    arguments = rng.normal(size=(N, N)), t, schedule(rng, 6), rng.normal(size=(N, N))
    value.agrees(student.forward_marginal, reference.forward_marginal, *arguments, returns=("z_t",))


@exercise("diffusion", weight=2)
@pytest.mark.parametrize("t", [1, 2, 5])
def check_single_steps_have_the_law_of_the_marginal(student: Any, rng: Any, t: int) -> None:
    """Single steps, one after another, have the law of all steps at once."""
    # Both are Gaussian and linear in x and the noise, so the factor of x and the sum of squares of the noise's decide.
    betas, zero, one = schedule(rng, 5), np.zeros((1, 1)), np.ones((1, 1))

    def through(x: Array, noise: int) -> float:
        z = x
        for s in range(1, t + 1):
            z = student.forward_step(z, s, betas, one if s == noise else zero)
            expect(z, "z_t of forward_step").has_shape((1, 1))
        return float(z[0, 0])

    def at_once(x: Array, eps: Array) -> float:
        z = student.forward_marginal(x, t, betas, eps)
        expect(z, "z_t of forward_marginal").has_shape((1, 1))
        return float(z[0, 0])

    variance = sum(through(zero, noise) ** 2 for noise in range(1, t + 1))
    expect(at_once(one, zero), "factor of x in forward_marginal").close_to(through(one, 0))
    expect(at_once(zero, one) ** 2, "variance of the noise in forward_marginal").close_to(variance)
    expect(at_once(one, zero) ** 2 + variance, "squared factor of x plus variance").close_to(1.0)


@exercise("diffusion")
@TIMES
def check_posterior_follows_the_definition(student: Any, reference: Any, rng: Any, t: int, T: int) -> None:
    """Mean and variance of the step back are right."""
    arguments = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), t, schedule(rng, T)
    value.agrees(student.posterior, reference.posterior, *arguments, returns=("mean", "variance"))


@exercise("diffusion", weight=2)
@pytest.mark.parametrize("t", [2, 5])
def check_posterior_is_bayes_rule(student: Any, rng: Any, t: int) -> None:
    """The step back is what Bayes' rule makes of the steps forward."""
    z_t, x, betas = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), schedule(rng, 5)
    kept, beta = np.prod(1 - betas[: t - 1]), betas[t - 1]
    # z_(t-1) ~ N(sqrt(kept) x, 1 - kept), and z_t ~ N(sqrt(1 - beta) z_(t-1), beta): precisions add.
    precision = 1 / (1 - kept) + (1 - beta) / beta
    due = (np.sqrt(kept) * x / (1 - kept) + np.sqrt(1 - beta) * z_t / beta) / precision
    mean, variance = results(student.posterior(z_t, x, t, betas), ("mean", "variance"), of="posterior")
    expect(mean, "mean").close_to(due)
    expect(variance, "variance").close_to(1 / precision)


def guess(z: Array, t: Array) -> Array:
    """Return a model's guess of the noise that depends on every entry and on the step."""
    steps = np.asarray(t)
    if np.ndim(z) != 2 or steps.shape != (len(z),) or steps.dtype.kind not in "iu":
        came = f"z has shape {np.shape(z)} and t has shape {steps.shape} and dtype {steps.dtype}"
        raise wrong_call(came, "Call model with z (N, d) and t (N,), the integers that you were given.")
    noise: Array = np.tanh(z) + 0.3 * steps[:, None] / np.sqrt(z.shape[1])
    return noise


@exercise("diffusion")
@pytest.mark.parametrize(("N", "d"), [(5, 3), (1, 4)], ids=["a batch", "one row"])
def check_simple_loss_follows_the_definition(student: Any, reference: Any, rng: Any, N: int, d: int) -> None:
    """The loss is the mean squared error of the noise."""
    t = np.array([4, 1, 6, 2, 5])[:N]
    arguments = guess, rng.normal(size=(N, d)), t, rng.normal(size=(N, d)), schedule(rng, 6)
    value.agrees(student.simple_loss, reference.simple_loss, *arguments, returns=("loss",))


@exercise("diffusion")
def check_model_sees_the_noisy_image(student: Any, reference: Any, rng: Any) -> None:
    """The model is asked once, about the noisy images and their steps."""
    x, eps, betas, t = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), schedule(rng, 6), np.array([4, 1, 6, 2, 5])
    seen: list[tuple[Any, Any]] = []

    def model(z: Array, steps: Array) -> Array:
        seen.append((z, steps))
        return np.zeros((5, 3))

    student.simple_loss(model, x, t, eps, betas)
    expect(len(seen), "number of calls of model").equals(1)
    expect(seen[0][0], "z_t that model is called with").close_to(reference.forward_marginal(x, t, betas, eps))
    expect(np.ravel(seen[0][1]), "t that model is called with").equals(t)
