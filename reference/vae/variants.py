"""Other right answers of the assignment: what good students write differently, and no check may fail.

Each cell replaces functions of the solution; its title says the exercise and in which way it differs. They consume the
generators in other ways, so their numbers are others.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# ruff: noqa: D101, D102, D103, N812 - written the way that students write: without docstrings and annotations


# %% divergence: loops over samples and latents
def gaussian_kl(mu, logvar):
    N, m = mu.shape
    kl, dmu, dlogvar = np.zeros(N), np.zeros((N, m)), np.zeros((N, m))
    for n in range(N):
        for j in range(m):
            kl[n] += -0.5 * (1 + logvar[n, j] - mu[n, j] ** 2 - np.exp(logvar[n, j]))
            dmu[n, j] = mu[n, j]
            dlogvar[n, j] = 0.5 * np.exp(logvar[n, j]) - 0.5
    return kl, dmu, dlogvar


def gaussian_kl_between(mu1, logvar1, mu2, logvar2):
    kl = np.zeros(len(mu1))
    for n in range(len(mu1)):
        for j in range(mu1.shape[1]):
            s = np.exp((logvar1[n, j] - logvar2[n, j]) / 2)
            d = (mu1[n, j] - mu2[n, j]) / np.exp(logvar2[n, j] / 2)
            kl[n] += -np.log(s) + (s**2 + d**2) / 2 - 0.5
    return kl


# %% divergence: deviations, einsum, and one function through the other
def gaussian_kl_between(mu1, logvar1, mu2, logvar2):
    sigma = np.exp(0.5 * logvar2)
    return gaussian_kl((mu1 - mu2) / sigma, logvar1 - logvar2)[0]


def gaussian_kl(mu, logvar):
    sigma = np.exp(0.5 * logvar)
    kl = 0.5 * (np.einsum("nm,nm->n", sigma, sigma) + np.einsum("nm,nm->n", mu, mu) - np.sum(1 + logvar, axis=-1))
    return [kl, mu, np.expm1(logvar) / 2]


# %% gradients: entry by entry
def reparameterize(mu, logvar, rng):
    z = np.empty_like(mu)
    for index in np.ndindex(mu.shape):
        z[index] = rng.normal(mu[index], np.exp(logvar[index] / 2))
    return z


def reparameterized_gradient(derivative, mu, logvar, rng, samples):
    z = np.stack([reparameterize(mu, logvar, rng) for _ in range(samples)])
    df = derivative(z)
    dmu, dlogvar = np.zeros(len(mu)), np.zeros(len(mu))
    for s in range(samples):
        eps = (z[s] - mu) / np.exp(logvar / 2)
        dmu += df[s] / samples
        dlogvar += df[s] * eps * np.exp(logvar / 2) / 2 / samples
    return dmu, dlogvar


def score_function_gradient(f, mu, logvar, rng, samples):
    z = np.stack([reparameterize(mu, logvar, rng) for _ in range(samples)])
    values = f(z)
    dmu, dlogvar = np.zeros(len(mu)), np.zeros(len(mu))
    for s in range(samples):
        dmu += values[s] * (z[s] - mu) / np.exp(logvar) / samples
        dlogvar += values[s] * ((z[s] - mu) ** 2 / np.exp(logvar) - 1) / 2 / samples
    return dmu, dlogvar


# %% gradients: noise kept, products with matrices, lists
def reparameterize(mu, logvar, rng):
    return rng.normal(size=logvar.shape) * np.exp(logvar * 0.5) + mu


def reparameterized_gradient(derivative, mu, logvar, rng, samples):
    eps = rng.standard_normal((samples, mu.size))
    sigma = np.exp(logvar / 2)
    df = derivative(eps * sigma + mu)
    return [np.mean(df, 0), np.einsum("sm,sm,m->m", df, eps, sigma) / (2 * samples)]


def score_function_gradient(f, mu, logvar, rng, samples):
    precision = np.exp(-logvar)
    z = rng.normal(mu, np.sqrt(np.exp(logvar)), size=(samples, len(mu)))
    weights = f(z) / samples
    return [weights @ (z - mu) * precision, 0.5 * weights @ ((z - mu) ** 2 * precision - 1)]


# %% gradients: normal numbers by the method of Box and Muller
def reparameterize(mu, logvar, rng):
    radius = np.sqrt(-2 * np.log1p(-rng.random(mu.shape)))
    return mu + np.exp(logvar / 2) * radius * np.cos(2 * np.pi * rng.random(mu.shape))


# %% bound: loops, and each sample on its own
def bernoulli_log_likelihood(x, logits):
    ll = np.zeros(len(x))
    for n in range(len(x)):
        for j in range(x.shape[1]):
            a = logits[n, j]
            ll[n] += x[n, j] * a - max(a, 0) - np.log1p(np.exp(-abs(a)))
    return ll


def elbo(x, encoder, decoder, rng, samples=1, beta=1.0):
    mu, logvar = encoder(x)
    total = np.zeros(len(x))
    for n in range(len(x)):
        for _ in range(samples):
            z = mu[n] + np.exp(logvar[n] / 2) * rng.normal(size=mu.shape[1])
            total[n] += decoder(x[n : n + 1], z[None])[0] / samples
        total[n] += beta * 0.5 * np.sum(1 + logvar[n] - mu[n] ** 2 - np.exp(logvar[n]))
    return total


# %% bound: all samples in one call
def bernoulli_log_likelihood(x, logits):
    return -(np.maximum(logits, 0) - logits * x + np.log(1 + np.exp(-np.abs(logits)))).sum(1)


def elbo(x, encoder, decoder, rng, samples=1, beta=1.0):
    mu, logvar = encoder(x)
    N, m = mu.shape
    z = mu[:, None] + np.exp(0.5 * logvar)[:, None] * rng.standard_normal((N, samples, m))
    ll = decoder(np.repeat(x, samples, axis=0), z.reshape(N * samples, m)).reshape(N, samples).mean(axis=1)
    return ll - beta * gaussian_kl(mu, logvar)[0]


# %% bound: both logarithms of the probability, and samples as a leading axis
def bernoulli_log_likelihood(x, logits):
    log_p, log_q = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    return np.einsum("nd,nd->n", x, log_p) + np.einsum("nd,nd->n", 1 - x, log_q)


def elbo(x, encoder, decoder, rng, samples=1, beta=1.0):
    mu, logvar = encoder(x)
    z = rng.normal(mu, np.exp(logvar / 2), size=(samples, *mu.shape))
    zeros = np.zeros_like(mu)
    return decoder(x, z).mean(axis=0) - beta * gaussian_kl_between(mu, logvar, zeros, zeros)


# %% model: epochs, torch's own loss, a training loop with a data loader's habits
class VAE(nn.Module):
    def __init__(self, pixels, hidden, latents):
        super().__init__()
        self.encode_hidden = nn.Linear(pixels, hidden)
        self.encode_mu, self.encode_logvar = nn.Linear(hidden, latents), nn.Linear(hidden, latents)
        self.decode_hidden, self.decode_logits = nn.Linear(latents, hidden), nn.Linear(hidden, pixels)

    def encode(self, x):
        h = self.encode_hidden(x)
        h = h * torch.sigmoid(h)
        return self.encode_mu(h), self.encode_logvar(h)

    def decode(self, z):
        return self.decode_logits(F.silu(self.decode_hidden(z)))

    def reparameterize(self, mu, logvar, generator):
        std = logvar.mul(0.5).exp()
        return torch.empty_like(std).normal_(generator=generator).mul(std).add(mu)

    def forward(self, x, generator=None):
        mu, logvar = self.encode(x)
        return self.decode(self.reparameterize(mu, logvar, generator)), mu, logvar

    def elbo(self, x, generator=None):
        logits, mu, logvar = self.forward(x, generator)
        ll = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        return ll + 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)

    def fit(self, x, steps, batch_size, lr, generator=None):
        self.train()
        opt = torch.optim.Adam(self.parameters(), lr=lr)
        history = []
        while len(history) < steps:
            for rows in torch.randperm(len(x), generator=generator).split(batch_size):
                opt.zero_grad()
                loss = -self.elbo(x[rows], generator).mean()
                loss.backward()
                opt.step()
                history.append(-loss.item())
                if len(history) == steps:
                    break
        return torch.tensor(history)

    def sample(self, count, generator=None):
        z = torch.randn(count, self.encode_mu.out_features, generator=generator, dtype=self.encode_mu.weight.dtype)
        with torch.no_grad():
            return self.decode(z).sigmoid()


# %% model: Adam by hand, loops over a dict of layers, the divergence of torch.distributions
class VAE(nn.Module):
    def __init__(self, pixels, hidden, latents):
        super().__init__()
        sizes = {
            "encode_hidden": (pixels, hidden),
            "encode_mu": (hidden, latents),
            "encode_logvar": (hidden, latents),
            "decode_hidden": (latents, hidden),
            "decode_logits": (hidden, pixels),
        }
        for name, (fan_in, fan_out) in sizes.items():
            setattr(self, name, nn.Linear(fan_in, fan_out))
        self.m = latents
        self.act = nn.SiLU()

    def encode(self, x):
        h = self.act(self.encode_hidden(x))
        return [self.encode_mu(h), self.encode_logvar(h)]

    def decode(self, z):
        return self.decode_logits(self.act(self.decode_hidden(z)))

    def forward(self, x, generator=None):
        mu, logvar = self.encode(x)
        noise = torch.normal(torch.zeros_like(mu), torch.ones_like(mu), generator=generator)
        return self.decode(mu + torch.exp(logvar / 2) * noise), mu, logvar

    def elbo(self, x, generator=None):
        logits, mu, logvar = self(x, generator)
        ll = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)
        variance = torch.exp(logvar)
        return ll - ((variance + mu * mu - logvar).sum(-1) - self.m) / 2

    def fit(self, x, steps, batch_size, lr, generator=None):
        parameters = list(self.parameters())
        moments = [[torch.zeros_like(p), torch.zeros_like(p)] for p in parameters]
        history = torch.zeros(steps, dtype=x.dtype)
        for t in range(1, steps + 1):
            rows = (torch.rand(batch_size, generator=generator) * len(x)).long()
            bound = self.elbo(x[rows], generator).mean()
            history[t - 1] = bound.detach()
            for p, pair, g in zip(parameters, moments, torch.autograd.grad(bound, parameters), strict=True):
                pair[0] = 0.9 * pair[0] + 0.1 * g
                pair[1] = 0.999 * pair[1] + 0.001 * g**2
                step = pair[0] / (1 - 0.9**t) / ((pair[1] / (1 - 0.999**t)).sqrt() + 1e-8)
                with torch.no_grad():
                    p.add_(lr * step)
        return history

    @torch.no_grad()
    def sample(self, count, generator=None):
        weight = self.decode_hidden.weight
        z = torch.normal(torch.zeros(count, self.m, dtype=weight.dtype), 1.0, generator=generator).to(weight.device)
        return 1 / (1 + torch.exp(-self.decode(z)))


# %% diffusion: loops over rows and steps
def forward_step(z, t, betas, eps):
    alpha = 1 - betas[t - 1]
    out = np.zeros_like(z)
    for n in range(len(z)):
        out[n] = alpha**0.5 * z[n] + (1 - alpha) ** 0.5 * eps[n]
    return out


def forward_marginal(x, t, betas, eps):
    out = np.zeros_like(x)
    for n in range(len(x)):
        kept = 1.0
        for s in range(int(t[n]) if np.ndim(t) else t):
            kept *= 1 - betas[s]
        out[n] = np.sqrt(kept) * x[n] + np.sqrt(1 - kept) * eps[n]
    return out


def posterior(z_t, x, t, betas):
    if t == 1:
        return x, 0.0
    kept, beta = np.prod(1 - betas[: t - 1]), betas[t - 1]
    precision = 1 / (1 - kept) + (1 - beta) / beta
    mean = (np.sqrt(kept) * x / (1 - kept) + np.sqrt(1 - beta) * z_t / beta) / precision
    return mean, 1 / precision


def simple_loss(model, x, t, eps, betas):
    residual = eps - model(forward_marginal(x, t, betas, eps), t)
    return sum((row**2).sum() for row in residual) / residual.size


# %% diffusion: logarithms, a leading step 0, and an array for the variance
def forward_marginal(x, t, betas, eps):
    log_kept = np.cumsum(np.log1p(-betas))
    kept = np.exp(log_kept[np.broadcast_to(t, len(x)) - 1])[:, None]
    return x * kept**0.5 + eps * (1 - kept) ** 0.5


def posterior(z_t, x, t, betas):
    alphas = np.concatenate([[1.0], 1 - betas])
    bars = np.cumprod(alphas)
    scale = 1 - bars[t]
    first = np.sqrt(bars[t - 1]) * (1 - alphas[t]) / scale
    second = np.sqrt(alphas[t]) * (1 - bars[t - 1]) / scale
    return [first * x + second * z_t, np.array((1 - alphas[t]) * (1 - bars[t - 1]) / scale)]


def simple_loss(model, x, t, eps, betas):
    return np.mean(np.square(model(forward_marginal(x, t, betas, eps), t) - eps))
