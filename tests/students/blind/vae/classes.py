"""Small classes and helpers."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True)
class Gaussian:
    mu: np.ndarray
    logvar: np.ndarray

    def __post_init__(self):
        if self.mu.shape != self.logvar.shape:
            raise ValueError("mu and logvar must have the same shape")

    @classmethod
    def standard(cls, shape):
        return cls(np.zeros(shape), np.zeros(shape))

    @property
    def sigma(self):
        return np.exp(0.5 * self.logvar)

    def draw(self, rng, size=None):
        return rng.normal(self.mu, self.sigma, size=size)

    def score(self, z):
        standard = (z - self.mu) / self.sigma
        return standard / self.sigma, 0.5 * (standard + 1) * (standard - 1)

    def kl(self, other):
        if self.mu.ndim != 2 or self.mu.shape != other.mu.shape:
            raise ValueError("matrices of the same shape are needed")
        log_ratio = self.logvar - other.logvar
        distance = (self.mu - other.mu) / other.sigma
        return 0.5 * np.sum(np.exp(log_ratio) - log_ratio + distance**2 - 1, axis=1)


class Schedule:
    def __init__(self, betas):
        if betas.ndim != 1 or not np.all((betas > 0) & (betas < 1)):
            raise ValueError("betas")
        self.betas = np.concatenate(([np.nan], betas))  # counts from 1
        self.kept = np.cumprod(np.concatenate(([1.0], 1 - betas)))

    def check(self, t):
        if np.any(np.less(t, 1)) or np.any(np.greater_equal(t, len(self.betas))):
            raise ValueError("t")
        return t


def gaussian_kl(mu, logvar):
    q = Gaussian(mu, logvar)
    return q.kl(Gaussian.standard(mu.shape)), mu.copy(), 0.5 * (q.sigma**2 - 1)


def gaussian_kl_between(mu1, logvar1, mu2, logvar2):
    return Gaussian(mu1, logvar1).kl(Gaussian(mu2, logvar2))


def reparameterize(mu, logvar, rng):
    return np.asarray(Gaussian(mu, logvar).draw(rng))


def reparameterized_gradient(derivative, mu, logvar, rng, samples):
    if samples < 1:
        raise ValueError("samples")
    q = Gaussian(mu, logvar)
    eps = Gaussian.standard((samples, mu.size)).draw(rng)
    slope = derivative(mu + q.sigma * eps)
    return slope.mean(0), 0.5 * q.sigma * np.mean(slope * eps, axis=0)


def score_function_gradient(f, mu, logvar, rng, samples):
    if samples < 1:
        raise ValueError("samples")
    q = Gaussian(mu, logvar)
    z = q.draw(rng, size=(samples, mu.size))
    value = f(z)[:, None]
    by_mu, by_logvar = q.score(z)
    return np.mean(value * by_mu, axis=0), np.mean(value * by_logvar, axis=0)


def bernoulli_log_likelihood(x, logits):
    if x.shape != logits.shape or ((x < 0) | (x > 1)).any():
        raise ValueError("x")
    return -np.sum(x * np.logaddexp(0, -logits) + (1 - x) * np.logaddexp(0, logits), axis=1)


def elbo(x, encoder, decoder, rng, samples=1, beta=1.0):
    if samples < 1 or beta < 0:
        raise ValueError("samples or beta")
    q = Gaussian(*encoder(x))
    # all samples as more rows, whole batches one behind the other
    z = q.draw(rng, size=(samples, *q.mu.shape)).reshape(-1, q.mu.shape[1])
    fit = decoder(np.tile(x, (samples, 1)), z).reshape(samples, len(x))
    return fit.mean(axis=0) - beta * q.kl(Gaussian.standard(q.mu.shape))


class Swish(nn.Module):
    def forward(self, a):
        return a * a.sigmoid()


@dataclass
class TorchGaussian:
    mu: torch.Tensor
    logvar: torch.Tensor

    def draw(self, generator):
        noise = torch.randn(self.mu.shape, generator=generator, dtype=self.mu.dtype, device=self.mu.device)
        return self.mu + self.logvar.mul(0.5).exp() * noise

    def kl(self):
        return 0.5 * (self.mu.pow(2) + self.logvar.exp() - self.logvar - 1).sum(dim=-1)


class VAE(nn.Module):
    def __init__(self, pixels, hidden, latents):
        if pixels < 1 or hidden < 1 or latents < 1:
            raise ValueError("lengths")
        super().__init__()
        self.swish = Swish()
        self.latents = latents
        self.encode_hidden = nn.Linear(pixels, hidden)
        self.encode_mu = nn.Linear(hidden, latents)
        self.encode_logvar = nn.Linear(hidden, latents)
        self.decode_hidden = nn.Linear(latents, hidden)
        self.decode_logits = nn.Linear(hidden, pixels)

    def encode(self, x):
        h = self.swish(self.encode_hidden(x))
        return self.encode_mu(h), self.encode_logvar(h)

    def decode(self, z):
        return self.decode_logits(self.swish(self.decode_hidden(z)))

    def _pass(self, x, generator):
        q = TorchGaussian(*self.encode(x))
        return self.decode(q.draw(generator)), q

    def forward(self, x, generator=None):
        logits, q = self._pass(x, generator)
        return logits, q.mu, q.logvar

    def elbo(self, x, generator=None):
        logits, q = self._pass(x, generator)
        pixels = torch.distributions.Independent(torch.distributions.Bernoulli(logits=logits, validate_args=False), 1,
                                                 validate_args=False)
        return pixels.log_prob(x) - q.kl()

    def _batches(self, x, batch_size, generator):
        while True:
            order = torch.randperm(x.size(0), generator=generator, device=x.device)
            for start in range(0, x.size(0), batch_size):
                yield x[order[start : start + batch_size]]

    def fit(self, x, steps, batch_size, lr, generator=None):
        self.train()
        optimizer = torch.optim.Adam(self.parameters(), lr=lr)
        history = []
        for _, batch in zip(range(steps), self._batches(x, batch_size, generator)):
            loss = self.elbo(batch, generator).mean().neg()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            history.append(-loss.detach())
        self.eval()
        return torch.stack(history)

    def sample(self, count, generator=None):
        bias = self.decode_logits.bias
        prior = TorchGaussian(*torch.zeros(2, count, self.latents, dtype=bias.dtype, device=bias.device))
        return torch.sigmoid(self.decode(prior.draw(generator)))


def forward_step(z, t, betas, eps):
    s = Schedule(betas)
    b = s.betas[s.check(t)]
    return np.sqrt(1 - b) * z + np.sqrt(b) * eps


def forward_marginal(x, t, betas, eps):
    s = Schedule(betas)
    kept = s.kept[s.check(t)]
    if np.ndim(kept):
        kept = kept[:, np.newaxis]
    return np.sqrt(kept) * x + np.sqrt(1 - kept) * eps


def posterior(z_t, x, t, betas):
    s = Schedule(betas)
    before, now, b = s.kept[s.check(t) - 1], s.kept[t], s.betas[t]
    scale = 1 / (1 - now)
    return scale * (b * np.sqrt(before) * x + (1 - before) * np.sqrt(1 - b) * z_t), float(scale * b * (1 - before))


def simple_loss(model, x, t, eps, betas):
    z_t = forward_marginal(x, t, betas, eps)
    return float(np.square(model(z_t, t) - eps).mean())
