"""Short and clever: broadcasting, views, logs, uniform numbers by Box and Muller, Bayes by precisions."""
import numpy as np
import torch
from torch.nn import functional as F


def _normal(rng, shape):
    """Standard normal numbers from uniform ones (Box and Muller), Fortran ordered."""
    radius = np.sqrt(-2 * np.log1p(-rng.random(shape)))
    return np.asfortranarray(radius * np.cos(2 * np.pi * rng.random(shape)))


def gaussian_kl(mu, logvar):
    zero = np.zeros_like(mu)
    kl = gaussian_kl_between(mu, logvar, zero, zero)
    return kl, mu.view(), np.asfortranarray(np.exp(logvar) / 2 - 0.5)


def gaussian_kl_between(mu1, logvar1, mu2, logvar2):
    if mu1.ndim != 2 or len({mu1.shape, logvar1.shape, mu2.shape, logvar2.shape}) > 1:
        raise ValueError("shapes")
    with np.errstate(all="ignore"):
        # log(0) is -inf and its exponential 0 again
        square = np.exp(2 * np.log(np.abs(mu1 - mu2)) - logvar2)
        r = logvar1 - logvar2
        return np.maximum(0.5 * np.sum(np.exp(r) - r - 1 + square, axis=-1), 0)


def reparameterize(mu, logvar, rng):
    if mu.shape != logvar.shape:
        raise ValueError("shapes")
    z = _normal(rng, mu.shape)
    z *= np.exp(logvar / 2)
    z += mu
    return z


def _draw(mu, logvar, rng, samples):
    if samples < 1:
        raise ValueError("samples")
    return reparameterize(np.broadcast_to(mu, (samples, *mu.shape)), np.broadcast_to(logvar, (samples, *mu.shape)), rng)


def reparameterized_gradient(derivative, mu, logvar, rng, samples):
    z = _draw(mu, logvar, rng, samples)
    g = derivative(z)
    pair = np.stack([g, g * (z - mu) / 2]).mean(axis=1)
    return pair[0], pair[1]


def score_function_gradient(f, mu, logvar, rng, samples):
    z = _draw(mu, logvar, rng, samples)
    v = f(z)
    e = (z - mu) * np.exp(-logvar / 2)
    return (v @ e) * np.exp(-logvar / 2) / samples, v @ (e * e - 1) / (2 * samples)


def bernoulli_log_likelihood(x, logits):
    if x.shape != logits.shape or x.min() < 0 or x.max() > 1:
        raise ValueError("bad")
    return -(np.maximum(logits, 0) - x * logits + np.log1p(np.exp(-np.abs(logits)))).sum(axis=1)


def elbo(x, encoder, decoder, rng, samples=1, beta=1.0):
    if samples < 1 or beta < 0:
        raise ValueError("bad")
    mu, logvar = encoder(x)
    # all samples as more rows: row n is repeated `samples` times
    z = reparameterize(np.repeat(mu, samples, axis=0), np.repeat(logvar, samples, axis=0), rng)
    first = decoder(np.repeat(x, samples, axis=0), z).reshape(len(x), samples).mean(axis=1)
    return first - beta * gaussian_kl(mu, logvar)[0]


class VAE(torch.nn.Module):
    def __init__(self, pixels, hidden, latents):
        super().__init__()
        sizes = {"encode_hidden": (pixels, hidden), "encode_mu": (hidden, latents), "encode_logvar": (hidden, latents),
                 "decode_hidden": (latents, hidden), "decode_logits": (hidden, pixels)}
        for name, size in sizes.items():
            if min(size) < 1:
                raise ValueError(name)
            self.add_module(name, torch.nn.Linear(*size))

    def _heads(self, h):
        """Both heads in one matrix product."""
        w = torch.cat([self.encode_mu.weight, self.encode_logvar.weight])
        b = torch.cat([self.encode_mu.bias, self.encode_logvar.bias])
        return F.linear(h, w, b).chunk(2, dim=1)

    def encode(self, x):
        return self._heads(F.silu(self.encode_hidden(x)))

    def decode(self, z):
        return self.decode_logits(F.silu(self.decode_hidden(z)))

    def forward(self, x, generator=None):
        mu, logvar = self.encode(x)
        u = torch.rand(2, *mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
        eps = torch.sqrt(-2 * torch.log1p(-u[0])) * torch.sin(2 * torch.pi * u[1])
        return self.decode(mu + eps * (logvar / 2).exp()), mu, logvar

    def elbo(self, x, generator=None):
        logits, mu, logvar = self.forward(x, generator)
        ll = -F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        return ll.sum(1) + ((1 + logvar - mu.square() - logvar.exp()) / 2).sum(1)

    def fit(self, x, steps, batch_size, lr, generator=None):
        optimizer = torch.optim.Adam(self.parameters(), lr)
        history, queue = [], []
        while len(history) < steps:
            if not queue:
                queue = list(torch.randperm(len(x), generator=generator, device=x.device).split(batch_size))
            mean = self.elbo(x[queue.pop()], generator).mean()  # the short one comes first
            optimizer.zero_grad()
            (-mean).backward()
            optimizer.step()
            history.append(mean.detach())
        return torch.stack(history)

    def sample(self, count, generator=None):
        p = next(self.decode_hidden.parameters())
        return self.decode(p.new_empty(count, p.shape[1]).normal_(generator=generator)).sigmoid()


def _log_kept(betas):
    return np.append(0.0, np.cumsum(np.log1p(-betas)))


def forward_step(z, t, betas, eps):
    b = betas[t - 1 : t]
    return np.sqrt(1 - b) * z + np.sqrt(b) * eps


def forward_marginal(x, t, betas, eps):
    log = _log_kept(betas)[t]
    log = np.reshape(log, (-1, 1))
    return np.exp(log / 2) * x + np.sqrt(-np.expm1(log)) * eps


def posterior(z_t, x, t, betas):
    if t == 1:
        return x, 0.0  # x itself, without variance
    b, kept = betas[t - 1], np.prod(1 - betas[: t - 1])
    precision = 1 / (1 - kept) + (1 - b) / b
    mean = (np.sqrt(kept) * x / (1 - kept) + np.sqrt(1 - b) / b * z_t) / precision
    return mean, 1 / precision


def simple_loss(model, x, t, eps, betas):
    return np.asarray(np.linalg.norm(model(forward_marginal(x, t, betas, eps), t) - eps) ** 2 / eps.size)
