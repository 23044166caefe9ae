"""Public checks: worked examples that can be done by hand, identities of Gaussians, and tests that need no solution.

They are not everything: the hidden checks compare with the definitions at random inputs, test what is drawn, and
train your model on the digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import exercise, expect, modules, statistics, value
from grader.checks.calling import results

LOG2, LOG3 = float(np.log(2)), float(np.log(3))


def gives(function: Callable[..., Any], *arguments: Any, **due: Any) -> None:
    """Check a worked example: the results by name and in order."""
    wanted = tuple(due.values())
    value.agrees(function, lambda *_: wanted if len(wanted) > 1 else wanted[0], *arguments, returns=list(due))


def matrix(*rows: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a float64 matrix of its rows."""
    return np.array(rows, dtype=np.float64)


# --- divergence -------------------------------------------------------------------------------------------------------


@exercise("divergence")
def check_kl_example(student: Any) -> None:
    """The divergence from the standard normal is right in an example."""
    # Variances 1, 4 and 1: (1 + 1 - 1 - 0) / 2 = 1/2, (4 + 4 - 1 - log 4) / 2 = 7/2 - log 2 and (1 + 9 - 1) / 2 = 9/2.
    # The gradient by mu is mu, that by logvar (variance - 1) / 2. Of three latents, a mean is not half a sum.
    due = {"kl": np.array([8.5 - LOG2]), "dmu": matrix([1, 2, -3]), "dlogvar": matrix([0, 1.5, 0])}
    gives(student.gaussian_kl, matrix([1, 2, -3]), matrix([0, 2 * LOG2, 0]), **due)


@exercise("divergence")
def check_kl_between_example(student: Any) -> None:
    """The divergence between two Gaussians is right in an example."""
    # Variances 4 and 1/4, means 1 and 2: (log 1/16 + (4 + 1) * 4 - 1) / 2 = 19/2 - 2 log 2.
    arguments = matrix([1]), matrix([2 * LOG2]), matrix([2]), matrix([-2 * LOG2])
    gives(student.gaussian_kl_between, *arguments, kl=np.array([9.5 - 2 * LOG2]))


@exercise("divergence")
def check_both_divergences_agree(student: Any, rng: Any) -> None:
    """Both functions give the same divergence from the standard normal."""
    mu, logvar, zero = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), np.zeros((4, 3))
    kl, _, _ = results(student.gaussian_kl(mu, logvar), ("kl", "dmu", "dlogvar"), of="gaussian_kl")
    expect(kl, "kl of gaussian_kl").has_shape((4,))
    expect(student.gaussian_kl_between(mu, logvar, zero, zero), "kl of gaussian_kl_between").close_to(kl)


# --- gradients --------------------------------------------------------------------------------------------------------


@exercise("gradients")
def check_reparameterize_example(student: Any, rng: Any) -> None:
    """Without variance the sample is the mean."""
    mu = matrix([1, -2, 3])
    expect(student.reparameterize(mu, np.full((1, 3), -1000.0), rng), "z").close_to(mu)


@exercise("gradients")
def check_reparameterize_variance(student: Any, rng: Any) -> None:
    """Samples have the variance exp(logvar)."""
    # 2,000 draws: the variance 1/4 is known to 3%.
    z = student.reparameterize(np.zeros((500, 4)), np.full((500, 4), -2 * LOG2), rng)
    expect(z, "z").has_shape((500, 4))
    statistics.has_variance(z, statistics.Normal(variance=1 / 4), name="z")


@exercise("gradients")
def check_reparameterize_comes_from_rng(student: Any, rng: Any) -> None:
    """Samples are drawn from rng, and from nothing else."""
    statistics.draws_only_from(student.reparameterize, np.zeros((3, 2)), np.ones((3, 2)), rng=rng, name="z")


@exercise("gradients")
@pytest.mark.parametrize("name", ["reparameterized_gradient", "score_function_gradient"])
def check_estimate_of_a_quadratic(student: Any, rng: Any, name: str) -> None:
    """Estimates of the gradient of E z^2 have the right mean."""
    # E z^2 = mu^2 + exp(logvar): with mu = 1 and logvar = -log 2, the gradient is (2, 1/2).
    functions = {"reparameterized_gradient": lambda z: 2 * z, "score_function_gradient": lambda z: (z**2).sum(axis=1)}
    estimates = []
    for _ in range(300):
        found = getattr(student, name)(functions[name], np.array([1.0]), np.array([-LOG2]), rng, 25)
        dmu, dlogvar = results(found, ("dmu", "dlogvar"), of=name)
        expect(dmu, "dmu").has_shape((1,))
        expect(dlogvar, "dlogvar").has_shape((1,))
        estimates.append([dmu[0], dlogvar[0]])
    statistics.is_unbiased(np.array(estimates), np.array([2.0, 0.5]), name="(dmu, dlogvar)")


# --- bound ------------------------------------------------------------------------------------------------------------


@exercise("bound")
def check_log_likelihood_example(student: Any) -> None:
    """The log-likelihood of two images is right in an example."""
    # A logit of log 3 is a probability of 3/4, a logit of 0 one of 1/2.
    x, logits = matrix([1, 0, 0], [0, 0, 1]), matrix([LOG3, 0, 0], [LOG3, 0, LOG3])
    gives(student.bernoulli_log_likelihood, x, logits, ll=np.array([LOG3 - 4 * LOG2, LOG3 - 5 * LOG2]))


@exercise("bound")
def check_elbo_example(student: Any, rng: Any) -> None:
    """The bound is right in an example whose decoder ignores the latents."""
    # log p(x | z) = -x for every z. The divergence of N(1, 1) and N(0, 4) is 1/2 + (4 - 1 - log 4) / 2 = 2 - log 2.

    def encoder(x: Any) -> tuple[Any, Any]:
        return np.tile([1.0, 0.0], (len(x), 1)), np.tile([0.0, 2 * LOG2], (len(x), 1))

    def decoder(x: Any, z: Any) -> Any:
        return -x[..., 0] + 0 * z[..., 0]

    bound = student.elbo(matrix([3], [5]), encoder, decoder, rng, 4, 0.5)
    expect(bound, "elbo").close_to(np.array([-3.0, -5.0]) - 0.5 * (2 - LOG2))


@exercise("bound")
def check_elbo_touches_the_evidence(student: Any, rng: Any) -> None:
    """With the true posterior, the mean of the bound is log p(x)."""
    # z ~ N(0, 1) and x = 2 z + noise of variance 1: then p(x) = N(0, 5) and p(z | x) = N(2 x / 5, 1 / 5).

    def encoder(x: Any) -> tuple[Any, Any]:
        return 0.4 * x, np.full(x.shape, -np.log(5.0))

    def decoder(x: Any, z: Any) -> Any:
        return -0.5 * ((x - 2 * z) ** 2 + np.log(2 * np.pi))[..., 0]

    bound = student.elbo(np.full((300, 1), 1.5), encoder, decoder, rng, 25)
    expect(bound, "elbo").has_shape((300,))
    statistics.is_unbiased(bound, -0.5 * (1.5**2 / 5 + np.log(2 * np.pi * 5)), name="elbo")


# --- model ------------------------------------------------------------------------------------------------------------

BUILD = {"pixels": 5, "hidden": 4, "latents": 2}
LAYERS = {
    "encode_hidden": (4, 5),
    "encode_mu": (2, 4),
    "encode_logvar": (2, 4),
    "decode_hidden": (4, 2),
    "decode_logits": (5, 4),
}
"""Weights are (out, in), as torch stores them."""


def zeros() -> dict[str, Any]:
    """Make a state of zeros: then mu, logvar and logits are the biases."""
    weights = {f"{name}.weight": np.zeros(shape) for name, shape in LAYERS.items()}
    return weights | {f"{name}.bias": np.zeros(shape[0]) for name, shape in LAYERS.items()}


def example() -> dict[str, Any]:
    """Make a state in which every image has mu = (1, 2), variances 1 and 4, and logits of log 3."""
    biases = {
        "encode_mu.bias": np.array([1.0, 2.0]),
        "encode_logvar.bias": np.array([0.0, 2 * LOG2]),
        "decode_logits.bias": np.full(5, LOG3),
    }
    return zeros() | biases


IMAGES = matrix([1, 1, 1, 1, 1], [0, 0, 0, 0, 1])


@exercise("model")
def check_forward_example(student: Any) -> None:
    """The model returns logits, mu and logvar."""
    found = modules.run(student.VAE, IMAGES, build=BUILD, state=example())["output"]
    logits, mu, logvar = results(found, ("logits", "mu", "logvar"), of="VAE")
    expect(logits, "logits").close_to(np.full((2, 5), LOG3))
    expect(mu, "mu").close_to(matrix([1, 2], [1, 2]))
    expect(logvar, "logvar").close_to(matrix([0, 2 * LOG2], [0, 2 * LOG2]))


@exercise("model")
def check_bound_example(student: Any) -> None:
    """The ELBO of two images is right in an example."""
    # Each pixel is white with probability 3/4; the divergence of the first example is 4 - log 2.
    found = modules.run(student.VAE, IMAGES, build=BUILD, state=example(), method="elbo")["output"]
    white, black = LOG3 - 2 * LOG2, -2 * LOG2
    expect(found, "elbo").close_to(np.array([5 * white, white + 4 * black]) - (4 - LOG2))


@exercise("model")
def check_sample_example(student: Any) -> None:
    """New images are probabilities."""
    found = modules.run(student.VAE, 3, build=BUILD, state=example(), method="sample")["output"]
    expect(found, "sample").close_to(np.full((3, 5), 3 / 4))


@exercise("model")
def check_fit_raises_the_bound(student: Any) -> None:
    """Training raises the ELBO, and the history tells it."""
    # From a model that knows nothing, where every pixel costs log 2, to one that draws the only image there is.
    options = {"steps": 60, "batch_size": 2, "lr": 0.1}
    x = np.tile(matrix([1, 0, 1, 1, 0]), (4, 1))
    ran = modules.run(student.VAE, x, build=BUILD, state=zeros(), method="fit", options=options)
    history = ran["output"]
    expect(history, "history").has_shape((60,)).is_finite()
    expect(history[0], "history[0]").close_to(-5 * LOG2)
    expect(history[-1], "history[59]").at_least(-1.0)


# --- diffusion --------------------------------------------------------------------------------------------------------

BETAS = np.array([3 / 4, 5 / 9])
"""1 - beta is 1/4 and 4/9, so the products are 1/4 and 1/9."""


@exercise("diffusion")
def check_forward_step_example(student: Any) -> None:
    """One step of noise is right in an example."""
    # sqrt(4/9) * 3 + sqrt(5/9) * sqrt(5) = 2 + 5/3.
    gives(student.forward_step, matrix([3]), 2, BETAS, matrix([np.sqrt(5)]), z_t=matrix([11 / 3]))


@exercise("diffusion")
def check_forward_marginal_example(student: Any) -> None:
    """All steps at once are right in an example."""
    # Row 0 at t = 2: sqrt(1/9) * 3 + sqrt(8/9) * sqrt(2) = 1 + 4/3. Row 1 at t = 1: sqrt(1/4) * 4 + sqrt(3/4) * sqrt(3).
    x, eps = matrix([3], [4]), matrix([np.sqrt(2)], [np.sqrt(3)])
    gives(student.forward_marginal, x, np.array([2, 1]), BETAS, eps, z_t=matrix([7 / 3], [7 / 2]))


@exercise("diffusion")
def check_two_steps_are_one(student: Any) -> None:
    """Two steps have the mean and the variance of both at once."""
    one, zero = matrix([1]), matrix([0])
    first, second = (student.forward_step(zero, t, BETAS, one) for t in (1, 2))
    expect(first, "z_1 of forward_step").has_shape((1, 1))
    expect(second, "z_2 of forward_step").has_shape((1, 1))
    noise = float(student.forward_step(first, 2, BETAS, zero)[0, 0]) ** 2 + float(second[0, 0]) ** 2
    expect(student.forward_marginal(zero, 2, BETAS, one) ** 2, "variance at step 2").close_to(matrix([noise]))
    mean = student.forward_step(student.forward_step(one, 1, BETAS, zero), 2, BETAS, zero)
    expect(student.forward_marginal(one, 2, BETAS, zero), "mean at step 2").close_to(mean)


@exercise("diffusion")
def check_posterior_example(student: Any) -> None:
    """Mean and variance of the step back are right in an example."""
    # sqrt(1/4) * 5/9 / (8/9) = 5/16 of x, sqrt(4/9) * 3/4 / (8/9) = 9/16 of z_t, and 3/4 / (8/9) * 5/9 = 15/32.
    due = {"mean": matrix([5 / 16 * 2 + 9 / 16 * 4]), "variance": 15 / 32}
    gives(student.posterior, matrix([4]), matrix([2]), 2, BETAS, **due)


@exercise("diffusion")
def check_simple_loss_example(student: Any) -> None:
    """The loss is right for a model that says 0."""
    # The squares of the noise are 1, 4, ..., 144: their sum is 650, and the mean is over all twelve entries.
    x, eps = np.ones((3, 4)), matrix([1, -2, 3, -4], [5, -6, 7, -8], [9, -10, 11, -12])
    gives(student.simple_loss, lambda z, _t: 0 * z, x, np.array([1, 2, 1]), eps, BETAS, loss=650 / 12)
