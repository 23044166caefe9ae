"""What is special of ``vae``: facts about its mathematics that the audit does not see, and the bad input of the handout.

Everything that holds for any assignment is in ``test_assignments.py``.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from grader import CheckFailure
from grader.checks.record import recording
from grader.course import Course
from grader.engine import seeds, trials
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.plain import module_of
from grader.evidence import Evidence
from grader.mistakes import read_mistakes
from tests.reference.conftest import ROOT

ASSIGNMENT = Course(ROOT).assignment("vae")
SOURCE = ASSIGNMENT.solution.read_text(encoding="utf-8")
TRAINING = "hidden/check_model_learns_the_digits"


@pytest.fixture(scope="module")
def vae() -> ModuleType:
    return module_of(SOURCE, "vae_reference")


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


# --- mathematics ------------------------------------------------------------------------------------------------------


def test_the_divergence_is_the_mean_of_the_log_ratio(vae) -> None:
    """By quadrature: exact for the polynomial that the log ratio of two Gaussians is."""
    mu1, logvar1, mu2, logvar2 = 0.3, -0.8, 1.1, 0.4
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    z = mu1 + np.exp(logvar1 / 2) * nodes
    log_q = -0.5 * ((z - mu1) ** 2 / np.exp(logvar1) + logvar1)
    log_p = -0.5 * ((z - mu2) ** 2 / np.exp(logvar2) + logvar2)
    due = weights @ (log_q - log_p) / np.sqrt(2 * np.pi)
    found = vae.gaussian_kl_between(*(np.array([[number]]) for number in (mu1, logvar1, mu2, logvar2)))
    assert found == pytest.approx(due, rel=1e-12)


@pytest.mark.parametrize("at", [1e3, -1e3])
def test_extreme_variances_are_legal(vae, at: float) -> None:
    mu, logvar = np.array([[0.5, -2.0]]), np.full((1, 2), at)
    assert vae.gaussian_kl_between(mu, logvar, mu, logvar) == 0
    assert np.isfinite(vae.reparameterize(mu, logvar, np.random.default_rng(0))).all()
    with np.errstate(over="ignore"):  # exp(1000) is beyond float64, and so is the divergence itself
        kl, dmu, _ = vae.gaussian_kl(mu, logvar)
    assert kl == (np.inf if at > 0 else pytest.approx(1e3 - 1 + 4.25 / 2))
    assert np.array_equal(dmu, mu)


def test_the_variances_of_the_two_estimates_are_those_of_the_handout(vae) -> None:
    """By quadrature, with one sample: f(z) = z^2, gradient by mu."""
    mu, sigma = 0.7, 0.6
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)  # exact up to degree 15
    weights = weights / weights.sum()
    z = mu + sigma * nodes
    for estimate, variance in (
        (2 * z, 4 * sigma**2),
        (z**2 * (z - mu) / sigma**2, mu**4 / sigma**2 + 14 * mu**2 + 15 * sigma**2),
    ):
        assert weights @ estimate == pytest.approx(2 * mu)
        assert weights @ (estimate - 2 * mu) ** 2 == pytest.approx(variance)


def test_a_batch_of_one_and_one_latent_work(vae) -> None:
    one = np.ones((1, 1))
    rng = np.random.default_rng(0)
    bound = vae.elbo(one, lambda x: (x, x), lambda x, _z: x[:, 0], rng, 2)
    assert bound.shape == (1,)
    assert vae.simple_loss(lambda z, _t: z, one, np.array([1]), one, np.array([0.5])) >= 0


def test_the_way_back_without_noise_is_the_way_forward(vae) -> None:
    """What the roots of N 15.24 do not give."""
    x, betas = np.array([[2.0, -1.0]]), np.array([0.2, 0.5, 0.4])
    path = [vae.forward_marginal(x, t, betas, 0 * x) for t in (1, 2, 3)]
    for t in (2, 3):
        mean, _ = vae.posterior(path[t - 1], x, t, betas)
        assert np.allclose(mean, path[t - 2], rtol=1e-12)
    mean, variance = vae.posterior(path[0], x, 1, betas)
    assert np.allclose(mean, x, rtol=1e-12)
    assert variance == 0


# --- bad input --------------------------------------------------------------------------------------------------------

X, T, BETAS = np.full((3, 2), 0.5), np.array([1, 2, 1]), np.array([0.3, 0.4])

REFUSED = {
    "transposed": (lambda v: v.gaussian_kl(X, X.T), "(2, 3)"),
    "one axis": (lambda v: v.gaussian_kl(X[0], X[0]), "(2,)"),
    "other shapes": (lambda v: v.gaussian_kl_between(X, X, X, X[:2]), "logvar2"),
    "shapes of a draw": (lambda v: v.reparameterize(X, X[:2], None), "(2, 2)"),
    "a matrix for mu": (lambda v: v.score_function_gradient(None, X, X, None, 3), "(m,)"),
    "no samples": (lambda v: v.reparameterized_gradient(None, X[0], X[0], None, 0), "samples must be at least 1, not 0"),
    "a pixel above 1": (lambda v: v.bernoulli_log_likelihood(X + 0.7, X), "must lie in [0, 1], not 1.2"),
    "a pixel below 0": (lambda v: v.bernoulli_log_likelihood(-X, X), "must lie in [0, 1], not -0.5"),
    "no samples of the bound": (lambda v: v.elbo(X, None, None, None, 0), "samples must be at least 1"),
    "a negative beta": (lambda v: v.elbo(X, None, None, None, 1, -1.0), "beta at least 0, not 1 and -1.0"),
    "no latents": (lambda v: v.VAE(4, 3, 0), "latents 0 must be at least 1"),
    "step 0": (lambda v: v.forward_step(X, 0, BETAS, X), "t must lie in 1 .. 2, not 0"),
    "a step beyond T": (lambda v: v.posterior(X, X, 3, BETAS), "t must lie in 1 .. 2, not 3"),
    "a step beyond T in one row": (lambda v: v.forward_marginal(X, T + 1, BETAS, X), "t must lie in 1 .. 2"),
    "too few steps": (lambda v: v.forward_marginal(X, T[:2], BETAS, X), "one step for each row"),
    "a beta of 1": (lambda v: v.forward_step(X, 1, np.array([0.5, 1.0]), X), "betas must be a vector of numbers in (0, 1)"),
    "a beta of 0": (lambda v: v.simple_loss(None, X, T, X, np.array([0.0, 0.5])), "in (0, 1)"),
}  # fmt: skip
"""A call, and words of its message."""


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_with_its_value(vae, case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are looked for below
        call(vae)
    assert words in str(caught.value)


# --- training ---------------------------------------------------------------------------------------------------------


def test_the_yardstick_is_the_one_of_the_handout() -> None:
    from grader.checks.problems.logistic import images

    x = images()[0] >= 0.5
    held_out = np.arange(len(x)) % 4 == 3
    white = (x[~held_out].sum(axis=0) + 1) / (1348 + 2)
    held = x[held_out]
    assert (len(x) - len(held), len(held)) == (1348, 449)
    assert np.where(held, np.log(white), np.log1p(-white)).sum(axis=1).mean() == pytest.approx(-25.25, abs=0.005)


def test_the_report_shows_the_training_and_new_digits_of_a_model_that_fails(torch) -> None:
    """The bound over the steps stands beside the yardstick, and the hint holds no number of the run."""
    (mistake,) = [m for m in read_mistakes(ASSIGNMENT) if "nothing is trained" in m.hint]

    def work(suite: CheckSuite) -> tuple[BaseException | None, list[Evidence]]:
        (check,) = [one for one in suite.checks if one.id == TRAINING]
        with recording() as record:
            met = suite.run(check, trials.answer(mistake.apply(SOURCE)), seeds.inputs_of("curve", check.id))
        return met.error, record.exhibits

    error, (exhibit,) = with_checks(ASSIGNMENT, work)
    assert isinstance(error, CheckFailure)
    assert "not 5 nats above" in error.hint
    (curve,) = exhibit.curves
    assert len(curve.t) == len(curve.value) == 30
    assert curve.theorem == pytest.approx([-25.25] * 30, abs=0.005)
    assert max(curve.value) < -40  # from 64 log 2 = 44.4 nats it does not move
    (picture,) = exhibit.pictures
    assert [len(image) for image in picture.images] == [64] * 12
    assert set("".join(picture.images)) <= set("56789a")  # probabilities near 1/2 are grey


def test_what_a_submission_says_about_itself_is_not_believed(torch) -> None:
    """A module whose elbo lies fails the training: the reference evaluates what was trained."""
    source = SOURCE.replace("bound: Tensor = ll - kl", "bound: Tensor = 0 * (ll - kl)")
    assert source != SOURCE

    def work(suite: CheckSuite) -> BaseException | None:
        (check,) = [one for one in suite.checks if one.id == TRAINING]
        return trials.run(suite, check, trials.answer(source), "lies").error

    assert isinstance(with_checks(ASSIGNMENT, work), CheckFailure)
