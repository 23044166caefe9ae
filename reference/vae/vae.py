# %% [markdown]
# # Variational autoencoders and diffusion
#
# A generative model explains an image $x$ by *latent* numbers $z$ that nobody has seen: draw $z$ from a simple prior
# $p(z)$, then draw $x$ from $p(x \mid z)$, which a network computes. Training wants the *evidence*
# $p(x) = \int p(x \mid z)\, p(z)\, dz$ to be large, and the integral cannot be computed. In this assignment you
# build the way around it: a second network that guesses $z$ from $x$, a bound that both networks are trained on
# together, gradients through random numbers, and at the end the chain of noise that diffusion models run
# backwards.
#
# Numbers are float64 numpy arrays with samples in rows: `x` is `(N, d)`, latents are `(N, m)`. Exercise 4 is torch.
# A Gaussian is described by its mean `mu` and by `logvar`, the *logarithm of its variance* $\sigma^2$: any real
# number is a legal `logvar`, so a network can put it out without care. The standard deviation is
# $\sigma = e^{\text{logvar}/2}$, and the half is easily lost.
#
# **Random numbers come from the generator that you are given**, `rng` in numpy and `generator` in torch, and from
# nowhere else.
#
# Sources: N are the notes of ESE 546, chapter 15.

# %%
"""Variational autoencoders: divergences, gradients through noise, the evidence bound, a trained model, diffusion."""

from collections.abc import Callable

import numpy as np
import torch

Array = np.ndarray
Generator = np.random.Generator
Tensor = torch.Tensor

# %% [markdown]
# ## Exercise 1, `divergence`: how far one Gaussian is from another
#
# The divergence $\mathrm{KL}(q \parallel p) = E_q[\log q(z) - \log p(z)]$ is zero for equal distributions and positive
# otherwise. For Gaussians the expectation can be taken by hand. In one dimension, with
# $E_q (z - \mu_2)^2 = \sigma_1^2 + (\mu_1 - \mu_2)^2$,
#
# $$\mathrm{KL} = \tfrac12 \left( \log\frac{\sigma_2^2}{\sigma_1^2}
# + \frac{\sigma_1^2 + (\mu_1 - \mu_2)^2}{\sigma_2^2} - 1 \right),$$
#
# and independent coordinates add up: the logarithm of a product is a sum. So one row of latents has one number, the
# *sum* over its $m$ latents; a mean would weigh the divergence against the image by a factor $1/m$ that nothing in the
# bound asks for.
#
# **Large logarithms.** `logvar` of 1000 and of -1000 is legal. $e^{1000}$ is infinite in float64, and infinity by
# infinity is NaN: take the exponential of the *difference* of two logarithms, and divide a distance by the deviation
# before you square it. Where the divergence itself is beyond $10^{308}$, infinity is right, and we do not look.

# %%
### BEGIN SOLUTION


def _require_rows(**arrays: Array) -> None:
    """Raise ValueError unless all are matrices of one shape."""
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) > 1 or len(next(iter(shapes.values()))) != 2:
        raise ValueError(f"{shapes} must all be matrices of the same shape")


### END SOLUTION


def gaussian_kl(mu: Array, logvar: Array) -> tuple[Array, Array, Array]:
    """Divergence of N(mu, exp(logvar)) from the standard normal, for each row, with its gradient (N 15.17).

    kl_n = 1/2 sum_j (exp(logvar_nj) + mu_nj^2 - 1 - logvar_nj).

    Parameters
    ----------
    mu, logvar : array (N, m)
        Means, and logarithms of the variances; any real numbers.

    Returns
    -------
    kl : array (N,)
        At least 0.
    dmu, dlogvar : array (N, m)
        Row n holds the gradient of kl_n.

    Raises
    ------
    ValueError
        When mu and logvar are not matrices of the same shape.
    """
    ### BEGIN SOLUTION
    _require_rows(mu=mu, logvar=logvar)
    variance = np.exp(logvar)
    kl = 0.5 * (variance + mu**2 - 1 - logvar).sum(axis=1)  # (N, m) -> (N,)
    dmu = mu.copy()
    dlogvar = 0.5 * (variance - 1)
    return kl, dmu, dlogvar
    ### END SOLUTION


def gaussian_kl_between(mu1: Array, logvar1: Array, mu2: Array, logvar2: Array) -> Array:
    """Divergence KL(N(mu1, exp(logvar1)) || N(mu2, exp(logvar2))), for each row (N 15.16).

    Must be right where both logvar are near 1000, with any means, or near -1000 with equal means.

    Parameters
    ----------
    mu1, logvar1, mu2, logvar2 : array (N, m)
        Means, and logarithms of the variances.

    Returns
    -------
    kl : array (N,)
        Summed over the m coordinates, at least 0.

    Raises
    ------
    ValueError
        When the four are not matrices of the same shape.
    """
    ### BEGIN SOLUTION
    _require_rows(mu1=mu1, logvar1=logvar1, mu2=mu2, logvar2=logvar2)
    log_ratio = logvar1 - logvar2  # of the variances: its exponential is moderate where both are extreme
    distance = (mu1 - mu2) * np.exp(-0.5 * logvar2)  # in deviations of the second: squared only now
    kl: Array = 0.5 * (np.exp(log_ratio) + distance**2 - 1 - log_ratio).sum(axis=1)  # (N, m) -> (N,)
    return kl
    ### END SOLUTION


# %% [markdown]
# ## Exercise 2, `gradients`: the derivative of an average over random numbers
#
# The encoder decides from which distribution $z$ is drawn, so its gradient is the derivative of
# $F(\mu, \log\sigma^2) = E_{z \sim N(\mu, \sigma^2)}\, f(z)$ by the parameters *of the distribution*. There are two
# ways (N, section 15.4).
#
# *Move the noise out.* With $z = \mu + \sigma \epsilon$ and $\epsilon \sim N(0, 1)$ the distribution of
# $\epsilon$ has no parameters, and the derivative may pass through $f$:
#
# $$\frac{\partial F}{\partial \mu} = E\, f'(z), \qquad
# \frac{\partial F}{\partial \log\sigma^2} = E\, f'(z)\, \frac{\partial z}{\partial \log\sigma^2}
# = E\, f'(z)\, \tfrac12 \sigma \epsilon.$$
#
# *Differentiate the density.* $\partial q = q\, \partial \log q$, so $\partial F = E\, f(z)\, \partial \log q(z)$: no
# derivative of $f$ is needed, and $f$ may be a black box. The price is noise:
#
# $$\frac{\partial \log q}{\partial \mu} = \frac{z - \mu}{\sigma^2}, \qquad
# \frac{\partial \log q}{\partial \log\sigma^2} = \tfrac12 \left( \frac{(z - \mu)^2}{\sigma^2} - 1 \right).$$
#
# Both are *unbiased*: their mean is the true gradient, however few samples are taken. Try
# $f(z) = z^2$ in one dimension, where the truth is $2\mu$. The first estimate, $2z$, has the variance $4\sigma^2$.
# The second has $\mu^4/\sigma^2 + 14\mu^2 + 15\sigma^2$: at least 3.75 times as much, and without limit when
# $\sigma$ is small.


# %%
def reparameterize(mu: Array, logvar: Array, rng: Generator) -> Array:
    """Draw z from N(mu, exp(logvar)), every entry on its own: z = mu + sigma eps (N, section 15.4.1).

    Must be finite at logvar = 1000, where sigma is exp(500), and equal to mu at logvar = -1000.

    Parameters
    ----------
    mu, logvar : array of any shape, the same for both
    rng : numpy Generator
        The only source of random numbers.

    Returns
    -------
    z : array, shape of mu

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    ### BEGIN SOLUTION
    if mu.shape != logvar.shape:
        raise ValueError(f"mu {mu.shape} and logvar {logvar.shape} must have the same shape")
    eps = rng.standard_normal(mu.shape)
    sigma = np.exp(0.5 * logvar)  # not the root of exp(logvar), which overflows first
    z: Array = mu + sigma * eps
    return z
    ### END SOLUTION


### BEGIN SOLUTION
def _draws(mu: Array, logvar: Array, rng: Generator, samples: int) -> Array:
    """Draw (samples, m) latents of one distribution; ValueError when the arguments do not fit."""
    if mu.ndim != 1 or mu.shape != logvar.shape:
        raise ValueError(f"mu {mu.shape} and logvar {logvar.shape} must both be (m,)")
    if samples < 1:
        raise ValueError(f"samples must be at least 1, not {samples}")
    shape = (samples, len(mu))
    return reparameterize(np.broadcast_to(mu, shape), np.broadcast_to(logvar, shape), rng)


### END SOLUTION


def reparameterized_gradient(
    derivative: Callable[[Array], Array], mu: Array, logvar: Array, rng: Generator, samples: int
) -> tuple[Array, Array]:
    """Estimate the gradient of E f(z), z ~ N(mu, exp(logvar)), through the samples (N, section 15.4.1).

    Must be right at logvar = 1000 too.

    Parameters
    ----------
    derivative : function
        From z (samples, m) to the derivatives of f by z in each row, (samples, m). Call it once.
    mu, logvar : array (m,)
    rng : numpy Generator
        The only source of random numbers.
    samples : int
        How many z are drawn, at least 1. The estimate is the mean over them.

    Returns
    -------
    dmu, dlogvar : array (m,)

    Raises
    ------
    ValueError
        When the shapes do not fit, or samples is below 1.
    """
    ### BEGIN SOLUTION
    z = _draws(mu, logvar, rng, samples)
    df = derivative(z)  # (samples, m)
    dmu = df.mean(axis=0)
    dlogvar = (df * 0.5 * (z - mu)).mean(axis=0)  # dz/dlogvar = sigma eps / 2 = (z - mu) / 2
    return dmu, dlogvar
    ### END SOLUTION


def score_function_gradient(
    f: Callable[[Array], Array], mu: Array, logvar: Array, rng: Generator, samples: int
) -> tuple[Array, Array]:
    """Estimate the gradient of E f(z), z ~ N(mu, exp(logvar)), from values of f alone (N 15.10).

    Here, and only here, logvar is moderate.

    Parameters
    ----------
    f : function
        From z (samples, m) to its value in each row, (samples,). Call it once.
    mu, logvar : array (m,)
    rng : numpy Generator
        The only source of random numbers.
    samples : int
        How many z are drawn, at least 1. The estimate is the mean over them; no baseline is subtracted.

    Returns
    -------
    dmu, dlogvar : array (m,)

    Raises
    ------
    ValueError
        When the shapes do not fit, or samples is below 1.
    """
    ### BEGIN SOLUTION
    z = _draws(mu, logvar, rng, samples)
    values = f(z)[:, None]  # (samples,) -> (samples, 1)
    sigma = np.exp(0.5 * logvar)
    eps = (z - mu) / sigma  # (samples, m)
    dmu = (values * eps / sigma).mean(axis=0)  # dlog q/dmu = (z - mu) / sigma^2
    dlogvar = (values * 0.5 * (eps**2 - 1)).mean(axis=0)
    return dmu, dlogvar
    ### END SOLUTION


# %% [markdown]
# ## Exercise 3, `bound`: the evidence lower bound
#
# For any distribution $q(z \mid x)$,
#
# $$\log p(x) = \underbrace{E_q \log p(x \mid z) - \mathrm{KL}(q(z \mid x) \parallel p(z))}_{\text{ELBO}}
# + \mathrm{KL}(q(z \mid x) \parallel p(z \mid x)).$$
#
# The last term is not negative, so the ELBO is a lower bound, and the gap is how far $q$ is from the true posterior
# (N 15.6). The first term asks that $z$ explains the image, the second that $q$ does not stray from the prior. With the
# prior $N(0, I)$ the second is Exercise 1; the first is an average over samples of Exercise 2.
#
# A weight $\beta$ before the divergence makes the second term stronger or weaker. N (section 15.4) writes
# $\beta^{-1}$ there; we follow the paper of the beta-VAE (Higgins et al. 2017) and multiply *by* $\beta$.
#
# **Black and white pixels.** The network puts out a *logit* $a$ for each pixel, and the pixel is white with probability
# $p = 1/(1 + e^{-a})$. Its log-likelihood $x \log p + (1 - x) \log(1 - p)$ becomes $x a - \log(1 + e^a)$, and
# `np.logaddexp(0, a)` computes the last term at any $a$. Given $z$ the pixels are independent, so an image has the
# *sum*.


# %%
def bernoulli_log_likelihood(x: Array, logits: Array) -> Array:
    """Log-likelihood of images of independent pixels, for each row (N, section 15.3.1).

    ll_n = sum_j x_nj log p_nj + (1 - x_nj) log(1 - p_nj), p = sigmoid(logits).
    Must not overflow: right at logits of 1000 and -1000.

    Parameters
    ----------
    x : array (N, d)
        Pixels, 0 or 1; numbers in between count as the mean of such pixels.
    logits : array (N, d)

    Returns
    -------
    ll : array (N,)
        At most 0.

    Raises
    ------
    ValueError
        When the shapes differ, or a pixel is outside [0, 1].
    """
    ### BEGIN SOLUTION
    _require_rows(x=x, logits=logits)
    outside = x[(x < 0) | (x > 1)]
    if outside.size:
        raise ValueError(f"pixels x must lie in [0, 1], not {outside[0]}")
    ll: Array = (x * logits - np.logaddexp(0, logits)).sum(axis=1)  # (N, d) -> (N,)
    return ll
    ### END SOLUTION


def elbo(
    x: Array,
    encoder: Callable[[Array], tuple[Array, Array]],
    decoder: Callable[[Array, Array], Array],
    rng: Generator,
    samples: int = 1,
    beta: float = 1.0,
) -> Array:
    """Estimate the evidence lower bound of each row, with the prior N(0, I) (N 15.6).

    elbo_n = mean over samples of log p(x_n | z_n) - beta KL(q(z | x_n) || N(0, I)), z_n ~ q(z | x_n).

    Parameters
    ----------
    x : array (N, d)
    encoder : function
        From x (N, d) to mu, logvar, both (N, m): q(z | x) = N(mu, exp(logvar)).
    decoder : function
        From x (N, d) and z (N, m) to log p(x | z) of each row, (N,). Row n of z must belong to row n of x. It takes
        any number of rows, and from z (samples, N, m) beside x (N, d) it makes (samples, N).
    rng : numpy Generator
        The only source of random numbers.
    samples : int
        How many z are drawn for each row, at least 1.
    beta : float
        Weight of the divergence, at least 0; 0 leaves it out.

    Returns
    -------
    array (N,)
        The divergence is exact; only the first term is estimated.

    Raises
    ------
    ValueError
        When samples is below 1, beta is negative, or the shapes do not fit.
    """
    ### BEGIN SOLUTION
    if samples < 1 or beta < 0:
        raise ValueError(f"samples must be at least 1 and beta at least 0, not {samples} and {beta}")
    mu, logvar = encoder(x)
    kl, _, _ = gaussian_kl(mu, logvar)
    log_likelihoods = [decoder(x, reparameterize(mu, logvar, rng)) for _ in range(samples)]
    bound: Array = np.mean(log_likelihoods, axis=0) - beta * kl  # (samples, N) -> (N,)
    return bound
    ### END SOLUTION


# %% [markdown]
# ## Exercise 4, `model`: a variational autoencoder in torch
#
# Now the networks. Encoder and decoder have one hidden layer each, with the activation swish, $a / (1 + e^{-a})$
# (`torch.nn.functional.silu`), and every layer is a `torch.nn.Linear`:
#
# $$h = \text{swish}(x W_1^\top + b_1), \quad \mu = h W_2^\top + b_2, \quad \log\sigma^2 = h W_3^\top + b_3, \quad
# z = \mu + \sigma\epsilon, \quad \text{logits} = \text{swish}(z W_4^\top + b_4)\, W_5^\top + b_5.$$
#
# `fit` maximises the mean ELBO of random batches. There is no label and no right answer to compare with: the only judge
# of a generative model is how probable it finds images that it has not seen. The yardstick is the best model *without*
# latents, in which every pixel is independent and white as often as in the training images; its likelihood is exact.
# Your model's lower bound must beat it by 5 nats an image.
#
# A module is called with tensors of any floating dtype and on any device: make new tensors, the noise too, of the
# dtype and on the device of those that you have.


# %%
class VAE(torch.nn.Module):
    """A variational autoencoder of binary images with one hidden layer on either side.

    The layers are `torch.nn.Linear`, as torch initialises them, under these names:

    encode_hidden (pixels to hidden), encode_mu and encode_logvar (hidden to latents),
    decode_hidden (latents to hidden), decode_logits (hidden to pixels).

    The state dict holds these and nothing else: other tensors, if any, are registered with `persistent=False`.

    Parameters
    ----------
    pixels, hidden, latents : int
        Lengths d, p, m; at least 1 each.

    Raises
    ------
    ValueError
        When a length is below 1.
    """

    def __init__(self, pixels: int, hidden: int, latents: int) -> None:
        ### BEGIN SOLUTION
        super().__init__()
        if min(pixels, hidden, latents) < 1:
            raise ValueError(f"pixels {pixels}, hidden {hidden} and latents {latents} must be at least 1")
        self.latents = latents
        self.encode_hidden = torch.nn.Linear(pixels, hidden)
        self.encode_mu = torch.nn.Linear(hidden, latents)
        self.encode_logvar = torch.nn.Linear(hidden, latents)
        self.decode_hidden = torch.nn.Linear(latents, hidden)
        self.decode_logits = torch.nn.Linear(hidden, pixels)
        ### END SOLUTION

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar of q(z | x).

        Parameters
        ----------
        x : tensor (N, d)

        Returns
        -------
        mu, logvar : tensor (N, m)
        """
        ### BEGIN SOLUTION
        h = torch.nn.functional.silu(self.encode_hidden(x))  # (N, d) -> (N, p)
        return self.encode_mu(h), self.encode_logvar(h)
        ### END SOLUTION

    def decode(self, z: Tensor) -> Tensor:
        """Return the logits of the pixels.

        Parameters
        ----------
        z : tensor (N, m)

        Returns
        -------
        logits : tensor (N, d)
        """
        ### BEGIN SOLUTION
        h = torch.nn.functional.silu(self.decode_hidden(z))  # (N, m) -> (N, p)
        logits: Tensor = self.decode_logits(h)
        return logits
        ### END SOLUTION

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw one z for each row so that gradients pass through it, decode.

        Must be finite and right at logvar = -1000, where z is mu, and in float64 at 1000, where sigma is exp(500).

        Parameters
        ----------
        x : tensor (N, d)
        generator : torch.Generator or None
            The only source of random numbers; None is torch's own.

        Returns
        -------
        logits : tensor (N, d)
        mu, logvar : tensor (N, m)
        """
        ### BEGIN SOLUTION
        mu, logvar = self.encode(x)
        eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
        z = mu + torch.exp(0.5 * logvar) * eps
        return self.decode(z), mu, logvar
        ### END SOLUTION

    def elbo(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Estimate the ELBO of each row from one z (N 15.8): sums over pixels and over latents.

        Must be right at logits of 1000 and -1000.

        Parameters
        ----------
        x : tensor (N, d)
            Pixels, in [0, 1].
        generator : torch.Generator or None
            The only source of random numbers.

        Returns
        -------
        tensor (N,)
        """
        ### BEGIN SOLUTION
        logits, mu, logvar = self(x, generator)
        ll = (x * logits - torch.nn.functional.softplus(logits)).sum(dim=1)  # (N, d) -> (N,)
        kl = 0.5 * (logvar.exp() + mu**2 - 1 - logvar).sum(dim=1)  # (N, m) -> (N,)
        bound: Tensor = ll - kl
        return bound
        ### END SOLUTION

    def fit(
        self, x: Tensor, steps: int, batch_size: int, lr: float, generator: torch.Generator | None = None
    ) -> Tensor:
        """Train all parameters with Adam, torch's defaults but for lr, to maximise the mean ELBO of random batches.

        Parameters
        ----------
        x : tensor (N, d)
            Training images.
        steps : int
            Updates of the parameters, at least 1.
        batch_size : int
            Rows in a batch, 1 .. N. Drawn anew for every step, with replacement or without, or shuffled anew in every
            epoch, whose last, smaller batch may be kept or dropped.
        lr : float
            Step size of Adam.
        generator : torch.Generator or None
            The only source of random numbers, for batches and for noise.

        Returns
        -------
        history : tensor (steps,)
            The mean ELBO of each step's batch, before the update; detached, or the graphs of all steps stay in memory.
        """
        ### BEGIN SOLUTION
        optimizer = torch.optim.Adam(self.parameters(), lr=lr)
        history = []
        for _ in range(steps):
            rows = torch.randint(len(x), (batch_size,), generator=generator, device=x.device)
            bound = self.elbo(x[rows], generator).mean()
            optimizer.zero_grad()
            (-bound).backward()  # the optimizer minimises
            optimizer.step()
            history.append(bound.detach())
        return torch.stack(history)
        ### END SOLUTION

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw new images: z from the prior N(0, I), then the probability that each pixel is white.

        Parameters
        ----------
        count : int
            Images, at least 1.
        generator : torch.Generator or None
            The only source of random numbers.

        Returns
        -------
        tensor (count, d)
            Probabilities, in [0, 1], of the dtype of the parameters.
        """
        ### BEGIN SOLUTION
        like = self.decode_hidden.weight
        z = torch.randn(count, self.latents, generator=generator, dtype=like.dtype, device=like.device)
        return torch.sigmoid(self.decode(z))
        ### END SOLUTION


# %% [markdown]
# Look at it: the bound over the steps of training, against the exact likelihood of independent pixels, and images
# that nobody has drawn. In a cell of your own, call `_show_training()` (it needs matplotlib and some seconds), and take
# that cell out before you hand in.


# %%
def _show_training(steps: int = 600) -> None:
    """Train on the binarised digits, then draw the ELBO over the steps and a row of new images."""
    import matplotlib.pyplot as plt

    from grader.checks.problems.logistic import images

    x = images()[0] >= 0.5  # (1797, 64), grey levels from 0 to 1 made black and white
    x = x[np.arange(len(x)) % 4 != 3].astype(np.float32)  # every fourth image is held out
    white = (x.sum(axis=0) + 1) / (len(x) + 2)
    independent = (x * np.log(white) + (1 - x) * np.log1p(-white)).sum(axis=1).mean()
    torch.manual_seed(0)  # the layers draw their first weights from torch's own generator
    model = VAE(64, 128, 8)
    history = model.fit(torch.from_numpy(x), steps, 100, 8e-3, torch.Generator().manual_seed(0))
    plt.plot(history.numpy(), linewidth=0.8, label="ELBO of the batch")
    plt.axhline(independent, color="black", linestyle="--", label="independent pixels")
    plt.xlabel("step")
    plt.ylabel("nats an image")
    plt.legend()
    plt.figure()
    plt.imshow(np.hstack(list(model.sample(12).detach().numpy().reshape(12, 8, 8))), cmap="gray")
    plt.axis("off")
    plt.show()


# %% [markdown]
# ## Exercise 5, `diffusion`: an encoder without parameters
#
# A diffusion model has $T$ layers of latents, all as large as the image, and its encoder only adds noise (N 15.21):
#
# $$z_t = \sqrt{1 - \beta_t}\, z_{t-1} + \sqrt{\beta_t}\, \epsilon_t, \qquad z_0 = x, \qquad t = 1, \dots, T.$$
#
# A sum of Gaussians is a Gaussian, so $t$ steps are one (N 15.22). The factor of $x$ is multiplied by
# $\sqrt{1-\beta_s}$ in each step, and the variances add up to what is missing from 1:
#
# $$z_t = \sqrt{\bar\beta_t}\, x + \sqrt{1 - \bar\beta_t}\, \epsilon, \qquad \bar\beta_t = \prod_{s=1}^t (1 - \beta_s),
# \qquad \bar\beta_0 = 1.$$
#
# Papers call $1 - \beta_t$ by $\alpha_t$ and the product $\bar\alpha_t$. The step $t$ counts from 1, and Python from 0:
# `betas[t - 1]` is $\beta_t$.
#
# Run backwards: given $z_t$ *and* $x$, Bayes' rule gives $z_{t-1}$, with the prior $N(\sqrt{\bar\beta_{t-1}}\, x,
# 1 - \bar\beta_{t-1})$ and the likelihood of one step. Precisions add, and
#
# $$\hat\mu = \frac{\sqrt{\bar\beta_{t-1}}\, \beta_t}{1 - \bar\beta_t}\, x
# + \frac{\sqrt{1 - \beta_t}\, (1 - \bar\beta_{t-1})}{1 - \bar\beta_t}\, z_t, \qquad
# \sigma_t^2 = \frac{1 - \bar\beta_{t-1}}{1 - \bar\beta_t}\, \beta_t$$
#
# (Ho et al. 2020, eq. 7). N 15.24 prints other roots: there the coefficients do not give back a noiseless $x$. This
# one does: with $z_t = \sqrt{\bar\beta_t}\, x$ the mean is $\sqrt{\bar\beta_{t-1}}\, x$.
#
# The model learns to guess the noise. N 15.27 weighs the steps by factors that follow from the bound, and calls the
# result simple; Ho et al. leave the factors out, and so do we.

# %%
### BEGIN SOLUTION


def _require_schedule(betas: Array, t: int | Array) -> None:
    """Raise ValueError unless betas lie in (0, 1) and t in 1 .. T."""
    if betas.ndim != 1 or not np.all((betas > 0) & (betas < 1)):
        raise ValueError(f"betas must be a vector of numbers in (0, 1), not {betas}")
    if np.any((np.asarray(t) < 1) | (np.asarray(t) > len(betas))):
        raise ValueError(f"t must lie in 1 .. {len(betas)}, not {t}")


### END SOLUTION


def forward_step(z: Array, t: int, betas: Array, eps: Array) -> Array:
    """Add the noise of step t to z_(t-1) (N 15.21): z_t = sqrt(1 - beta_t) z_(t-1) + sqrt(beta_t) eps.

    Parameters
    ----------
    z : array (N, d)
        z_(t-1); for t = 1 the images.
    t : int
        Step, 1 .. T.
    betas : array (T,)
        beta_1 .. beta_T, in (0, 1).
    eps : array (N, d)
        Standard normal noise, drawn by the caller.

    Returns
    -------
    array (N, d)
        z_t.

    Raises
    ------
    ValueError
        When the shapes do not fit, t is out of range, or a beta is outside (0, 1).
    """
    ### BEGIN SOLUTION
    _require_rows(z=z, eps=eps)
    _require_schedule(betas, t)
    beta = betas[t - 1]
    z_t: Array = np.sqrt(1 - beta) * z + np.sqrt(beta) * eps
    return z_t
    ### END SOLUTION


def forward_marginal(x: Array, t: int | Array, betas: Array, eps: Array) -> Array:
    """Go from the images to step t at once (N 15.22).

    z_t = sqrt(bar beta_t) x + sqrt(1 - bar beta_t) eps, bar beta_t = (1 - beta_1) ... (1 - beta_t).

    Parameters
    ----------
    x : array (N, d)
    t : int or integer array (N,)
        Step, 1 .. T; an array has one for each row.
    betas : array (T,)
        beta_1 .. beta_T, in (0, 1).
    eps : array (N, d)
        Standard normal noise, drawn by the caller.

    Returns
    -------
    array (N, d)
        z_t.

    Raises
    ------
    ValueError
        When the shapes do not fit, t is out of range, or a beta is outside (0, 1).
    """
    ### BEGIN SOLUTION
    _require_rows(x=x, eps=eps)
    _require_schedule(betas, t)
    if np.ndim(t) and np.shape(t) != (len(x),):
        raise ValueError(f"t {np.shape(t)} must be a number or ({len(x)},), one step for each row of x")
    kept = np.cumprod(1 - betas)[np.asarray(t) - 1]  # () or (N,)
    kept = kept.reshape(-1, 1)  # (1, 1) or (N, 1)
    z_t: Array = np.sqrt(kept) * x + np.sqrt(1 - kept) * eps
    return z_t
    ### END SOLUTION


def posterior(z_t: Array, x: Array, t: int, betas: Array) -> tuple[Array, float]:
    """Mean and variance of z_(t-1) given z_t and x (Ho et al. 2020, eq. 7; N 15.24 has a slip).

    At t = 1 the mean is x and the variance 0.

    Parameters
    ----------
    z_t, x : array (N, d)
    t : int
        Step, 1 .. T.
    betas : array (T,)
        beta_1 .. beta_T, in (0, 1).

    Returns
    -------
    mean : array (N, d)
    variance : float
        The same for all entries.

    Raises
    ------
    ValueError
        When the shapes do not fit, t is out of range, or a beta is outside (0, 1).
    """
    ### BEGIN SOLUTION
    _require_rows(z_t=z_t, x=x)
    _require_schedule(betas, t)
    beta = betas[t - 1]
    before = np.prod(1 - betas[: t - 1])  # bar beta_(t-1); an empty product is 1
    added = 1 - before * (1 - beta)  # 1 - bar beta_t
    mean = np.sqrt(before) * beta / added * x + np.sqrt(1 - beta) * (1 - before) / added * z_t
    variance = (1 - before) / added * beta
    return mean, float(variance)
    ### END SOLUTION


def simple_loss(model: Callable[[Array, Array], Array], x: Array, t: Array, eps: Array, betas: Array) -> float:
    """Mean squared error of the predicted noise (Ho et al. 2020, eq. 14).

    loss = mean over all N d entries of (eps - model(z_t, t))^2, z_t = forward_marginal(x, t, betas, eps).

    Parameters
    ----------
    model : function
        From z_t (N, d) and the integers t (N,) to the noise that it predicts, (N, d). Call it once.
    x : array (N, d)
    t : integer array (N,)
        Step of each row, 1 .. T.
    eps : array (N, d)
        Standard normal noise, drawn by the caller.
    betas : array (T,)
        beta_1 .. beta_T, in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When the shapes do not fit, t is out of range, or a beta is outside (0, 1).
    """
    ### BEGIN SOLUTION
    z_t = forward_marginal(x, t, betas, eps)
    predicted = model(z_t, t)
    return float(((eps - predicted) ** 2).mean())
    ### END SOLUTION
