"""Mistakes that students make in this assignment, each with the hint that names it.

They come from the solutions of similar courses and from the slips of printed formulas: variance for deviation, means
for sums, a divergence of the wrong sign, the product of the noise levels off by one. Each is a patch of the solution;
checks are proved with them, and a submission that behaves like one gets its hint.
"""

from __future__ import annotations

from grader import mistake

DEVIATION = "Take exp(logvar / 2): the deviation is the root of the variance exp(logvar)."

HALVE_FIRST = "Halve logvar before the exponential: exp(1000) is infinite, and exp(500) is not."
NO_CLIPPING = "Take logvar as it is: clipped, it gives other numbers at 1000 and -1000."
DIVIDE_FIRST = (
    "Divide the distance by the deviation before you square it: the quotient of two squares may be 0 by 0, or infinity "
    "by infinity."
)
SHARED_BY_LATENTS = "Draw noise for every latent: here all latents of a sample share theirs."

DIVERGENCE = [
    mistake(
        "gaussian_kl",
        right="variance + mu**2 - 1 - logvar",
        wrong="variance - mu**2 - 1 - logvar",
        hint="Add the square of mu: the divergence grows when the mean leaves 0.",
    ),
    mistake(
        "gaussian_kl",
        right="variance + mu**2 - 1 - logvar",
        wrong="variance + mu**2 - 1 + logvar",
        hint="Subtract logvar: the divergence is variance + mu^2 - 1 - logvar, halved.",
    ),
    mistake(
        "gaussian_kl",
        right="variance + mu**2 - 1 - logvar",
        wrong="variance + mu - 1 - logvar",
        hint="Square the mean: the divergence holds mu^2.",
    ),
    mistake(
        "gaussian_kl",
        right="variance + mu**2 - 1 - logvar",
        wrong="variance + mu**2 - logvar",
        hint="Subtract 1 for each latent: the divergence of the standard normal from itself is 0.",
    ),
    mistake(
        "gaussian_kl",
        right="kl = 0.5 * (variance",
        wrong="kl = (variance",
        hint="Halve the divergence: the factor 1/2 is lost.",
    ),
    mistake(
        "gaussian_kl",
        right="kl = 0.5 * (variance",
        wrong="kl = -0.5 * (variance",
        hint="A divergence is never negative: the sign is wrong.",
    ),
    mistake(
        "gaussian_kl",
        right=".sum(axis=1)  # (N, m) -> (N,)",
        wrong=".mean(axis=1)",
        hint="Sum the divergence over the latents: independent coordinates add up, and are not averaged.",
    ),
    mistake(
        "gaussian_kl",
        right=".sum(axis=1)  # (N, m) -> (N,)",
        wrong=".sum()",
        hint="Keep one divergence for each row: sum over the latents only.",
    ),
    mistake(
        "gaussian_kl",
        right=".sum(axis=1)  # (N, m) -> (N,)",
        wrong=".sum(axis=0)",
        hint="Sum over the latents (axis 1), not over the batch.",
    ),
    mistake(
        "gaussian_kl",
        right="variance = np.exp(logvar)",
        wrong="variance = np.exp(0.5 * logvar)",
        hint="The divergence holds the variance exp(logvar), and not the deviation.",
    ),
    mistake(
        "gaussian_kl",
        right="variance = np.exp(logvar)",
        wrong="variance = np.exp(2 * logvar)",
        hint="exp(logvar) is the variance already: do not square it.",
    ),
    mistake(
        "gaussian_kl",
        right="- 1 - logvar)",
        wrong="- 1 - np.log(variance))",
        hint="Use logvar itself: the logarithm of exp(logvar) is minus infinity where the variance underflows.",
    ),
    mistake(
        "gaussian_kl",
        right="variance = np.exp(logvar)",
        wrong="variance = np.exp(logvar := np.clip(logvar, -30, 20))",
        hint=NO_CLIPPING,
    ),
    mistake(
        "gaussian_kl",
        right="dlogvar = 0.5 * (variance - 1)",
        wrong="dlogvar = 0.5 * (1 - 1 / variance)",
        hint="Differentiate by logvar and not by the variance: the derivative of exp(logvar) is itself.",
    ),
    mistake(
        "gaussian_kl",
        right="dlogvar = 0.5 * (variance - 1)",
        wrong="dlogvar = variance - 1",
        hint="In the gradient by logvar the factor 1/2 is lost.",
    ),
    mistake(
        "gaussian_kl",
        right="dlogvar = 0.5 * (variance - 1)",
        wrong="dlogvar = 0.5 * variance",
        hint="Differentiate the term -logvar too: it gives -1/2.",
    ),
    mistake(
        "gaussian_kl",
        right="dmu = mu.copy()",
        wrong="dmu = 2 * mu",
        hint="The factor 1/2 of the divergence cancels the 2 of mu squared: the gradient by mu is mu.",
    ),
    mistake(
        "gaussian_kl",
        right="return kl, dmu, dlogvar",
        wrong="return kl, dmu / len(mu), dlogvar / len(mu)",
        hint="Do not divide the gradients by N: row n is the gradient of the divergence of row n alone.",
    ),
    mistake(
        "gaussian_kl_between",
        right="logvar1 - logvar2  #",
        wrong="logvar2 - logvar1  #",
        hint="Divide the first variance by the second: the ratio is upside down.",
    ),
    mistake(
        "gaussian_kl_between",
        right="- 1 - log_ratio)",
        wrong="- 1 + log_ratio)",
        hint="The logarithm of the second variance by the first is added: its sign is wrong.",
    ),
    mistake(
        "gaussian_kl_between",
        right="np.exp(-0.5 * logvar2)",
        wrong="np.exp(-0.5 * logvar1)",
        hint="Measure the distance of the means in deviations of the second Gaussian.",
    ),
    mistake(
        "gaussian_kl_between",
        right="np.exp(-0.5 * logvar2)",
        wrong="np.exp(-logvar2)",
        hint="Divide the squared distance by the variance, not by its square.",
    ),
    mistake(
        "gaussian_kl_between",
        right="(np.exp(log_ratio) + distance**2",
        wrong="(np.exp(0.5 * log_ratio) + distance**2",
        hint="The ratio is that of the variances, exp(logvar1 - logvar2), not of the deviations.",
    ),
    mistake(
        "gaussian_kl_between",
        right="- 1 - log_ratio)",
        wrong="- 1 - 0.5 * log_ratio)",
        hint="Inside the bracket with the factor 1/2 stands the logarithm of the variances, not of the deviations.",
    ),
    mistake(
        "gaussian_kl_between",
        right="distance**2 - 1 -",
        wrong="distance**2 -",
        hint="Subtract 1 for each coordinate: equal Gaussians have the divergence 0.",
    ),
    mistake(
        "gaussian_kl_between",
        right=".sum(axis=1)  # (N, m) -> (N,)",
        wrong=".mean(axis=1)",
        hint="Sum over the coordinates: independent ones add up, and are not averaged.",
    ),
    mistake(
        "gaussian_kl_between",
        right="np.exp(log_ratio) +",
        wrong="np.exp(logvar1) / np.exp(logvar2) +",
        hint="Take the exponential of logvar1 - logvar2: apart, both overflow, and infinity by infinity is NaN.",
    ),
    mistake(
        "gaussian_kl_between",
        right="distance = (mu1 - mu2) * np.exp(-0.5 * logvar2)",
        wrong="distance = np.sqrt((mu1 - mu2) ** 2 / np.exp(logvar2))",
        hint=DIVIDE_FIRST,
    ),
    mistake(
        "gaussian_kl_between",
        right="(np.exp(log_ratio) + distance**2",
        wrong="(np.exp(log_ratio) + np.where(mu1 == mu2, 0, (mu1 - mu2) ** 2 / np.exp(logvar2))",
        hint=DIVIDE_FIRST,
    ),
]

GRADIENTS = [
    mistake("reparameterize", right="np.exp(0.5 * logvar)", wrong="np.exp(logvar)", hint=DEVIATION),
    mistake(
        "reparameterize",
        right="np.exp(0.5 * logvar)",
        wrong="np.exp(2 * logvar)",
        hint="Halve logvar for the deviation, and do not double it.",
    ),
    mistake(
        "reparameterize",
        right="np.exp(0.5 * logvar)",
        wrong="logvar",
        hint="Take the exponential: logvar is a logarithm, and not the deviation.",
    ),
    mistake(
        "reparameterize",
        right="np.exp(0.5 * logvar)",
        wrong="np.sqrt(np.exp(logvar))",
        hint=HALVE_FIRST,
    ),
    mistake(
        "reparameterize",
        right="rng.standard_normal(mu.shape)",
        wrong="rng.random(mu.shape)",
        hint="Draw the noise from the standard normal distribution, not from the uniform one.",
    ),
    mistake(
        "reparameterize",
        right="rng.standard_normal(mu.shape)",
        wrong="rng.standard_normal(mu.shape[-1:])",
        hint="Draw noise for every row: here all rows share theirs.",
    ),
    mistake(
        "reparameterize",
        right="rng.standard_normal(mu.shape)",
        wrong="rng.standard_normal(mu.shape[-2:])",
        hint="Draw noise of the whole shape of mu: with three axes, the first one shares it here.",
    ),
    mistake(
        "reparameterize",
        right="rng.standard_normal(mu.shape)",
        wrong="rng.standard_normal()",
        hint="Draw noise for every entry: here one number serves them all.",
    ),
    mistake(
        "reparameterize",
        right="rng.standard_normal(mu.shape)",
        wrong="np.random.standard_normal(mu.shape)",
        hint="Draw from the rng that you are given, not from numpy's global generator.",
    ),
    mistake(
        "reparameterize",
        right="mu + sigma * eps",
        wrong="mu + eps",
        hint="Multiply the noise by the deviation.",
    ),
    mistake(
        "reparameterize",
        right="mu + sigma * eps",
        wrong="sigma * eps",
        hint="Add the mean mu.",
    ),
    mistake(
        "reparameterize",
        right="mu + sigma * eps",
        wrong="mu",
        hint="Add noise: without it nothing is drawn.",
    ),
    mistake(
        "reparameterized_gradient",
        right="(df * 0.5 * (z - mu))",
        wrong="(df * (z - mu))",
        hint="The derivative of sigma by logvar is sigma / 2: the factor 1/2 is lost.",
    ),
    mistake(
        "reparameterized_gradient",
        right="(df * 0.5 * (z - mu))",
        wrong="(df * (z - mu) * np.exp(-0.5 * logvar))",
        hint="Differentiate by logvar: eps alone is the derivative of z by sigma.",
    ),
    mistake(
        "reparameterized_gradient",
        right="(df * 0.5 * (z - mu))",
        wrong="(df * 0.5 * (z - mu) * np.exp(-0.5 * logvar))",
        hint="Keep sigma in the derivative by logvar: it is sigma eps / 2, not eps / 2.",
    ),
    mistake(
        "reparameterized_gradient",
        right="(df * 0.5 * (z - mu))",
        wrong="(df * 0.5 * z)",
        hint="Subtract mu: the noise sigma eps is z - mu.",
    ),
    mistake(
        "reparameterized_gradient",
        right="dmu = df.mean(axis=0)",
        wrong="dmu = df.sum(axis=0)",
        hint="Take the mean over the samples, and not their sum.",
    ),
    mistake(
        "reparameterized_gradient",
        right="dmu = df.mean(axis=0)",
        wrong="dmu = np.full(len(mu), df.mean())",
        hint="Average over the samples (axis 0) only: each latent has a gradient of its own.",
    ),
    mistake(
        "reparameterized_gradient",
        right="z = _draws(mu, logvar, rng, samples)",
        wrong="z = mu + np.exp(0.5 * logvar) * rng.standard_normal((samples, 1))",
        hint=SHARED_BY_LATENTS,
    ),
    mistake(
        "reparameterized_gradient",
        right="z = _draws(mu, logvar, rng, samples)",
        wrong="z = mu + np.sqrt(np.exp(logvar)) * rng.standard_normal((samples, len(mu)))",
        hint=HALVE_FIRST,
    ),
    mistake(
        "reparameterized_gradient",
        right="df = derivative(z)",
        wrong="df = derivative(np.broadcast_to(mu, z.shape))",
        hint="Take the derivative of f at the samples z, and not at their mean.",
    ),
    mistake(
        "reparameterized_gradient",
        right="return dmu, dlogvar",
        wrong="return dlogvar, dmu",
        hint="Return the gradient by mu first, then that by logvar.",
    ),
    mistake(
        "score_function_gradient",
        right="values * eps / sigma",
        wrong="values * eps",
        hint="Divide by sigma: the score by mu is (z - mu) / sigma^2, which is eps / sigma.",
    ),
    mistake(
        "score_function_gradient",
        right="values * eps / sigma",
        wrong="values * eps * sigma",
        hint="Divide z - mu by the variance: the score by mu is (z - mu) / sigma^2.",
    ),
    mistake(
        "score_function_gradient",
        right="values * eps / sigma",
        wrong="-values * eps / sigma",
        hint="The sign of the score by mu is wrong: log q grows when mu moves towards z.",
    ),
    mistake(
        "score_function_gradient",
        right="0.5 * (eps**2 - 1)",
        wrong="0.5 * eps**2",
        hint="Differentiate the normalising factor of the density too: it gives the -1.",
    ),
    mistake(
        "score_function_gradient",
        right="0.5 * (eps**2 - 1)",
        wrong="(eps**2 - 1)",
        hint="Differentiate by logvar: by the logarithm of sigma the score is twice as large.",
    ),
    mistake(
        "score_function_gradient",
        right="0.5 * (eps**2 - 1)",
        wrong="(eps**2 - 1) / sigma",
        hint="Differentiate by logvar, and not by sigma.",
    ),
    mistake(
        "score_function_gradient",
        right="(values * eps / sigma).mean(axis=0)",
        wrong="(values * eps / sigma).sum(axis=0)",
        hint="Take the mean over the samples, and not their sum.",
    ),
    mistake(
        "score_function_gradient",
        right="(values * eps / sigma).mean(axis=0)",
        wrong="values.mean() * (eps / sigma).mean(axis=0)",
        hint="Multiply each value of f by the score of its own sample, then average the products.",
    ),
    mistake(
        "score_function_gradient",
        right="z = _draws(mu, logvar, rng, samples)",
        wrong="z = mu + np.exp(0.5 * logvar) * rng.standard_normal((samples, 1))",
        hint=SHARED_BY_LATENTS,
    ),
    mistake(
        "score_function_gradient",
        right="f(z)[:, None]",
        wrong="(v := f(z)[:, None]) - v.mean()",
        hint="Take the values of f as they are: no baseline is subtracted here.",
    ),
    mistake(
        "score_function_gradient",
        right="eps = (z - mu) / sigma",
        wrong="eps = (z - mu) / sigma**2",
        hint="Divide z - mu by the deviation for eps: the variance is one sigma too many.",
    ),
    mistake(
        "score_function_gradient",
        right="np.exp(0.5 * logvar)",
        wrong="np.exp(logvar)",
        hint=DEVIATION,
    ),
]

BOUND = [
    mistake(
        "bernoulli_log_likelihood",
        right=".sum(axis=1)  # (N, d) -> (N,)",
        wrong=".mean(axis=1)",
        hint="Sum over the pixels: an image of independent pixels has the product of their likelihoods.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right=".sum(axis=1)  # (N, d) -> (N,)",
        wrong=".sum()",
        hint="Keep one log-likelihood for each row: sum over the pixels only.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="(x * logits - np.logaddexp(0, logits))",
        wrong="-(x * logits - np.logaddexp(0, logits))",
        hint="Return the log-likelihood, which is negative, and not the loss.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="(x * logits - np.logaddexp(0, logits))",
        wrong="(x * logits - np.log(1 + np.exp(logits)))",
        hint="exp overflows for large logits: use np.logaddexp(0, logits).",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="(x * logits - np.logaddexp(0, logits))",
        wrong="(x * np.log((p := 1 / (1 + np.exp(-logits))) + 1e-12) + (1 - x) * np.log(1 - p + 1e-12))",
        hint="Compute from the logits: a probability that was rounded to 0 or 1 has lost its logarithm.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="(x * logits - np.logaddexp(0, logits))",
        wrong="-x * np.logaddexp(0, -logits)",
        hint="Count the black pixels too: the term (1 - x) log(1 - p) is missing.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="(x * logits - np.logaddexp(0, logits))",
        wrong="((1 - x) * logits - np.logaddexp(0, logits))",
        hint="A large logit makes a pixel white: black and white are exchanged.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="(x * logits - np.logaddexp(0, logits))",
        wrong="(x * (p := np.clip(logits, 1e-12, 1)) - np.logaddexp(0, p))",
        hint="Logits are any numbers, and no probabilities: do not clip them.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="(x * logits",
        wrong="(np.round(x) * logits",
        hint="Count grey pixels as they are: do not round x.",
    ),
    mistake(
        "bernoulli_log_likelihood",
        right="x * logits - np.logaddexp(0, logits)",
        wrong="(p := 1 / (1 + np.exp(-logits))) * x - np.logaddexp(0, p)",
        hint="Apply the sigmoid once: the formula with logits holds it already.",
    ),
    mistake(
        "elbo",
        right="- beta * kl",
        wrong="+ beta * kl",
        hint="Subtract the divergence: it lowers the bound.",
    ),
    mistake(
        "elbo",
        right="- beta * kl",
        wrong="- kl",
        hint="Multiply the divergence by beta.",
    ),
    mistake(
        "elbo",
        right="- beta * kl",
        wrong="- (beta or 1.0) * kl",
        hint="Take beta = 0 as it is: it leaves the divergence out, and does not stand for 1.",
    ),
    mistake(
        "elbo",
        right="- beta * kl",
        wrong="- kl / beta",
        hint="Multiply the divergence by beta, and do not divide by it: the notes write 1/beta, the handout beta.",
    ),
    mistake(
        "elbo",
        right="- beta * kl",
        wrong="- beta * kl.mean()",
        hint="Subtract from each row its own divergence, and not the mean of all.",
    ),
    mistake(
        "elbo",
        right="- beta * kl",
        wrong="- beta * kl / mu.shape[1]",
        hint="Sum the divergence over the latents: here it is their mean.",
    ),
    mistake(
        "elbo",
        right="np.mean(log_likelihoods, axis=0)",
        wrong="np.sum(log_likelihoods, axis=0)",
        hint="Average the log-likelihood over the samples, and do not add it up.",
    ),
    mistake(
        "elbo",
        right="np.mean(log_likelihoods, axis=0)",
        wrong="np.log(np.mean(np.exp(log_likelihoods), axis=0))",
        hint="Average the logarithms: the logarithm of the average is another bound.",
    ),
    mistake(
        "elbo",
        right="np.mean(log_likelihoods, axis=0)",
        wrong="np.mean(log_likelihoods)",
        hint="Average over the samples (axis 0) only: every row has a bound of its own.",
    ),
    mistake(
        "elbo",
        right="bound: Array = np.mean(",
        wrong="bound: Array = -np.mean(",
        hint="Add the log-likelihood: the bound is no loss.",
    ),
    mistake(
        "elbo",
        right="[decoder(x, reparameterize(mu, logvar, rng)) for _ in range(samples)]",
        wrong="[decoder(x, z) for z in [reparameterize(mu, logvar, rng)] * samples]",
        hint="Draw anew for every sample: here one draw is counted several times.",
    ),
    mistake(
        "elbo",
        right="[decoder(x, reparameterize(mu, logvar, rng)) for _ in range(samples)]",
        wrong="decoder(np.tile(x, (samples, 1)), "
        "reparameterize(*(np.repeat(a, samples, axis=0) for a in (mu, logvar)), rng)).reshape(samples, -1)",
        hint="Decode each row of z beside its own row of x: np.tile and np.repeat order their rows differently.",
    ),
    mistake(
        "elbo",
        right="decoder(x, reparameterize(mu, logvar, rng))",
        wrong="decoder(x, z := reparameterize(mu, logvar, rng)) "
        "- beta * (0.5 * (z**2 - (z - mu) ** 2 * np.exp(-logvar) - logvar).sum(axis=1) - kl)",
        hint="Take the divergence exactly, and do not estimate it from the samples.",
    ),
    mistake(
        "elbo",
        right="for _ in range(samples)",
        wrong="for _ in range(1)",
        hint="Draw as many samples as you are asked for.",
    ),
    mistake(
        "elbo",
        right="reparameterize(mu, logvar, rng)",
        wrong="mu",
        hint="Decode samples of q(z | x), and not its mean.",
    ),
    mistake(
        "elbo",
        right="reparameterize(mu, logvar, rng)",
        wrong="rng.standard_normal(mu.shape)",
        hint="Draw z from q(z | x), and not from the prior.",
    ),
    mistake(
        "elbo",
        right="reparameterize(mu, logvar, rng)",
        wrong="reparameterize(mu, 2 * logvar, rng)",
        hint=DEVIATION,
    ),
    mistake(
        "elbo",
        right="reparameterize(mu, logvar, rng)",
        wrong="(mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape[1]))",
        hint="Draw noise for every row: here all rows share theirs.",
    ),
    mistake(
        "elbo",
        right="reparameterize(mu, logvar, rng)",
        wrong="reparameterize(mu, logvar, np.random.default_rng(0))",
        hint="Draw from the rng that you are given, and make no generator of your own.",
    ),
    mistake(
        "elbo",
        right="mu, logvar = encoder(x)",
        wrong="logvar, mu = encoder(x)",
        hint="The encoder returns mu first, then logvar.",
    ),
]

MODEL = [
    mistake(
        "VAE.__init__",
        right="self.encode_mu = torch.nn.Linear(hidden, latents)",
        wrong="self.__dict__['encode_mu'] = torch.nn.Linear(hidden, latents)",
        hint="Assign every layer to an attribute of the module, so that its parameters are registered.",
    ),
    mistake(
        "VAE.__init__",
        right="self.latents = latents",
        wrong="self.latents = latents\n        self.register_buffer('prior', torch.zeros(2, latents))",
        hint="Keep other tensors than those of the layers out of the state dict, with persistent=False.",
    ),
    mistake(
        "VAE.__init__",
        right="self.decode_logits = torch.nn.Linear(hidden, pixels)",
        wrong="self.decode_logits = torch.nn.Linear(hidden, pixels, bias=False)",
        hint="Give every layer a bias.",
    ),
    mistake(
        "VAE.__init__",
        right="self.decode_logits = torch.nn.Linear(hidden, pixels)",
        wrong="self.decode_logits = torch.nn.Linear(hidden, pixels)\n"
        "        [torch.nn.init.zeros_(p) for p in self.parameters()]",
        hint="Leave the layers as torch initialises them: from zeros the hidden units never learn.",
    ),
    mistake(
        "VAE.encode",
        right="torch.nn.functional.silu(self.encode_hidden(x))",
        wrong="self.encode_hidden(x)",
        hint="Apply swish to the hidden layer of the encoder.",
    ),
    mistake(
        "VAE.encode",
        right="torch.nn.functional.silu(",
        wrong="torch.relu(",
        hint="The activation of the handout is swish, and not ReLU.",
    ),
    mistake(
        "VAE.encode",
        right="return self.encode_mu(h), self.encode_logvar(h)",
        wrong="return self.encode_logvar(h), self.encode_mu(h)",
        hint="Return mu first, then logvar.",
    ),
    mistake(
        "VAE.encode",
        right="self.encode_logvar(h)",
        wrong="torch.nn.functional.softplus(self.encode_logvar(h))",
        hint="Leave logvar as the layer gives it: a logarithm may have any sign.",
    ),
    mistake(
        "VAE.encode",
        right="self.encode_logvar(h)",
        wrong="self.encode_mu(h)",
        hint="Compute logvar with its own layer, encode_logvar.",
    ),
    mistake(
        "VAE.decode",
        right="torch.nn.functional.silu(self.decode_hidden(z))",
        wrong="self.decode_hidden(z)",
        hint="Apply swish to the hidden layer of the decoder.",
    ),
    mistake(
        "VAE.decode",
        right="logits: Tensor = self.decode_logits(h)",
        wrong="logits: Tensor = torch.sigmoid(self.decode_logits(h))",
        hint="Return logits, and not probabilities: the sigmoid belongs into sample.",
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar)",
        wrong="torch.exp(logvar)",
        hint=DEVIATION,
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar)",
        wrong="torch.exp(2 * logvar)",
        hint="Halve logvar for the deviation: doubled, it is the square of the variance.",
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar)",
        wrong="logvar",
        hint="Take the exponential: logvar is a logarithm, and not the deviation.",
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar)",
        wrong="torch.sqrt(torch.exp(logvar))",
        hint="Halve logvar before the exponential: exp(1000) is infinite, and where exp(-1000) is 0 the root has an "
        "infinite slope.",
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar)",
        wrong="torch.exp(0.5 * logvar.clamp(-20, 20))",
        hint=NO_CLIPPING,
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar)",
        wrong="torch.exp(0.5 * logvar.clamp(-60, 20))",
        hint=NO_CLIPPING,
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar) * eps",
        wrong="eps",
        hint="Multiply the noise by the deviation.",
    ),
    mistake(
        "VAE.forward",
        right="z = mu + torch.exp(0.5 * logvar) * eps",
        wrong="z = mu",
        hint="Draw z from q(z | x): without noise this is a plain autoencoder.",
    ),
    mistake(
        "VAE.forward",
        right="z = mu + torch.exp(0.5 * logvar) * eps",
        wrong="z = (mu + torch.exp(0.5 * logvar) * eps).detach()",
        hint="Write z = mu + sigma eps, without detach or no_grad: the gradient must pass through the sample, and "
        "torch.normal passes none on.",
    ),
    mistake(
        "VAE.forward",
        right="torch.exp(0.5 * logvar) * eps",
        wrong="torch.exp(0.5 * logvar).detach() * eps",
        hint="Do not detach the deviation: the gradient must reach logvar too.",
    ),
    mistake(
        "VAE.forward",
        right="torch.randn(mu.shape, generator=generator",
        wrong="torch.randn(mu.shape",
        hint="Draw the noise from the generator that you are given.",
    ),
    mistake(
        "VAE.forward",
        right="        eps = torch.randn(",
        wrong="        generator = generator or torch.Generator(device=mu.device).manual_seed(0)\n"
        "        eps = torch.randn(",
        hint="Hand generator = None on to torch: a generator of your own with a seed gives the same noise always.",
    ),
    mistake(
        "VAE.forward",
        right="z = mu + torch.exp(0.5 * logvar) * eps",
        wrong="eps = self.__dict__.setdefault(f'noise {tuple(mu.shape)}', eps)\n"
        "        z = mu + torch.exp(0.5 * logvar) * eps",
        hint="Draw new noise in every call, and keep none in the module.",
    ),
    mistake(
        "VAE.forward",
        right="torch.randn(mu.shape, generator",
        wrong="torch.rand(mu.shape, generator",
        hint="Draw the noise from the normal distribution, with randn: rand is uniform.",
    ),
    mistake(
        "VAE.forward",
        right="torch.randn(mu.shape, generator",
        wrong="torch.randn(mu.shape[1:], generator",
        hint="Draw noise for every row: here all images of a batch share theirs.",
    ),
    mistake(
        "VAE.forward",
        right=", device=mu.device)",
        wrong=', device="cpu")',
        hint="Make the noise on the device of mu: elsewhere than on the CPU it cannot be added.",
    ),
    mistake(
        "VAE.forward",
        right=", dtype=mu.dtype, device",
        wrong=", dtype=torch.float32, device",
        hint="Make the noise in the dtype of mu.",
    ),
    mistake(
        "VAE.forward",
        right="return self.decode(z), mu, logvar",
        wrong="return self.decode(z), mu, torch.exp(logvar)",
        hint="Return logvar as the encoder gives it, and not the variance.",
    ),
    mistake(
        "VAE.elbo",
        right="ll - kl",
        wrong="ll + kl",
        hint="Subtract the divergence: added, it drives the encoder away from the prior.",
    ),
    mistake(
        "VAE.elbo",
        right="ll - kl",
        wrong="kl - ll",
        hint="Return the bound, and not the loss, which is its negative.",
    ),
    mistake(
        "VAE.elbo",
        right="ll - kl",
        wrong="(ll - kl).mean()",
        hint="Return the bound of every row, and not their mean.",
    ),
    mistake(
        "VAE.elbo",
        right="ll - kl",
        wrong="ll",
        hint="Subtract the divergence: without it this is no bound.",
    ),
    mistake(
        "VAE.elbo",
        right="torch.nn.functional.softplus(logits)).sum(dim=1)",
        wrong="torch.nn.functional.softplus(logits)).mean(dim=1)",
        hint="Sum over the pixels: a mean makes the divergence weigh as much as all pixels together.",
    ),
    mistake(
        "VAE.elbo",
        right="(x * logits - torch.nn.functional.softplus(logits))",
        wrong="-torch.nn.functional.binary_cross_entropy(torch.sigmoid(logits), x, reduction='none')",
        hint="Compute from the logits: a probability that was rounded to 0 or 1 has lost its logarithm.",
    ),
    mistake(
        "VAE.elbo",
        right="- 1 - logvar).sum(dim=1)",
        wrong="- 1 - logvar).mean(dim=1)",
        hint="Sum the divergence over the latents: a mean counts it too little.",
    ),
    mistake(
        "VAE.elbo",
        right="- 1 - logvar)",
        wrong="- 1 + logvar)",
        hint="Subtract logvar in the divergence: its sign is wrong.",
    ),
    mistake(
        "VAE.elbo",
        right="logvar.exp() + mu**2",
        wrong="logvar.exp() - mu**2",
        hint="Add the square of mu in the divergence.",
    ),
    mistake(
        "VAE.elbo",
        right="logvar.exp() + mu**2",
        wrong="(2 * logvar).exp() + mu**2",
        hint="exp(logvar) is the variance already: do not square it in the divergence.",
    ),
    mistake(
        "VAE.elbo",
        right="logvar.exp() + mu**2",
        wrong="(0.5 * logvar).exp() + mu**2",
        hint="The divergence holds the variance exp(logvar), and not the deviation.",
    ),
    mistake(
        "VAE.elbo",
        right="kl = 0.5 * (",
        wrong="kl = (",
        hint="Halve the divergence: the factor 1/2 is lost.",
    ),
    mistake(
        "VAE.elbo",
        right="self(x, generator)",
        wrong="self(x)",
        hint="Pass the generator on to forward.",
    ),
    mistake(
        "VAE.elbo",
        right="(x * logits",
        wrong="(torch.sigmoid(logits) * logits",
        hint="Take the likelihood of the image x, and not of the model's own output.",
    ),
    mistake(
        "VAE.fit",
        right="(-bound).backward()",
        wrong="bound.backward()",
        hint="Minimise the negative bound: this training lowers it.",
    ),
    mistake(
        "VAE.fit",
        right="            optimizer.zero_grad()\n",
        wrong="",
        hint="Set the gradients to zero before each backward: they add up over the steps.",
    ),
    mistake(
        "VAE.fit",
        right="            optimizer.step()\n",
        wrong="",
        hint="Take a step with the optimizer after backward, and set the gradients to zero before it, not in between: "
        "nothing is trained.",
    ),
    mistake(
        "VAE.fit",
        right="torch.optim.Adam(",
        wrong="torch.optim.SGD(",
        hint="Train with Adam.",
    ),
    mistake(
        "VAE.fit",
        right="self.parameters(), lr=lr",
        wrong="self.parameters()",
        hint="Pass the step size lr on to Adam.",
    ),
    mistake(
        "VAE.fit",
        right="torch.optim.Adam(self.parameters(), lr=lr)",
        wrong="torch.optim.Adam([p for n, p in self.named_parameters() if 'decode' in n], lr=lr)",
        hint="Train the encoder too: the optimizer needs all parameters.",
    ),
    mistake(
        "VAE.fit",
        right="torch.optim.Adam(self.parameters(), lr=lr)",
        wrong="torch.optim.Adam([p for n, p in self.named_parameters() if 'encode' in n], lr=lr)",
        hint="Train the decoder too: the optimizer needs all parameters.",
    ),
    mistake(
        "VAE.fit",
        right="torch.optim.Adam(self.parameters(), lr=lr)",
        wrong="torch.optim.Adam(self.parameters(), lr=lr, weight_decay=0.01)",
        hint="Leave Adam's other arguments as they are: no weight decay.",
    ),
    mistake(
        "VAE.fit",
        right="torch.optim.Adam(",
        wrong="torch.optim.AdamW(",
        hint="Train with Adam: AdamW shrinks the weights in every step.",
    ),
    mistake(
        "VAE.fit",
        right="        history = []\n        for _ in range(steps):\n"
        "            rows = torch.randint(len(x), (batch_size,), generator=generator, device=x.device)",
        wrong="        history = []\n"
        "        rows = torch.randint(len(x), (batch_size,), generator=generator, device=x.device)\n"
        "        for _ in range(steps):",
        hint="Draw the rows inside the loop: here one batch serves all steps.",
    ),
    mistake(
        "VAE.fit",
        right="        history = []\n        for _ in range(steps):\n"
        "            rows = torch.randint(len(x), (batch_size,), generator=generator, device=x.device)",
        wrong="        history = []\n"
        "        order = torch.randperm(len(x), generator=generator, device=x.device).split(batch_size)\n"
        "        for step in range(steps):\n"
        "            rows = order[step % len(order)]",
        hint="Shuffle anew in every epoch: here one shuffle serves them all, and the same rows always meet.",
    ),
    mistake(
        "VAE.fit",
        right="torch.randint(len(x), (batch_size,)",
        wrong="torch.randint(min(len(x), batch_size), (batch_size,)",
        hint="Draw the rows of a batch from all of x, and not from the first batch_size rows.",
    ),
    mistake(
        "VAE.fit",
        right="(batch_size,), generator=generator",
        wrong="(batch_size,)",
        hint="Draw the rows of the batches from the generator that you are given.",
    ),
    mistake(
        "VAE.fit",
        right="self.elbo(x[rows], generator)",
        wrong="self.elbo(x[rows])",
        hint="Pass the generator on to elbo.",
    ),
    mistake(
        "VAE.fit",
        right="range(steps)",
        wrong="range(max(steps // len(x), 1))",
        hint="Count updates: steps is the number of batches, and not of rows.",
    ),
    mistake(
        "VAE.fit",
        right="history.append(bound.detach())",
        wrong="history.append(bound)",
        hint="Detach the bounds of the history, or the graphs of all steps stay in memory.",
    ),
    mistake(
        "VAE.fit",
        right="history.append(bound.detach())",
        wrong="history.append(-bound.detach())",
        hint="Keep the bound in the history, and not the loss.",
    ),
    mistake(
        "VAE.fit",
        right="history.append(bound.detach())",
        wrong="history.append(self.elbo(x[rows], generator).mean().detach())",
        hint="Keep the bound of the batch before the update, which is the one that was differentiated.",
    ),
    mistake(
        "VAE.sample",
        right="torch.sigmoid(self.decode(z))",
        wrong="self.decode(z)",
        hint="Return probabilities: apply the sigmoid to the logits.",
    ),
    mistake(
        "VAE.sample",
        right="torch.randn(count",
        wrong="torch.rand(count",
        hint="Draw z from the normal prior, with randn: rand is uniform.",
    ),
    mistake(
        "VAE.sample",
        right="z = torch.randn(count, self.latents, generator=generator",
        wrong="z = torch.randn(count, self.latents",
        hint="Draw z from the generator that you are given.",
    ),
    mistake(
        "VAE.sample",
        right="torch.sigmoid(self.decode(z))",
        wrong="torch.bernoulli(torch.sigmoid(self.decode(z)), generator=generator)",
        hint="Return the probabilities of the pixels, and not pixels drawn from them.",
    ),
    mistake(
        "VAE.sample",
        right="self.decode(z)",
        wrong="self.decode(z[:1].expand(count, -1))",
        hint="Draw z for every image: here all images share theirs.",
    ),
    mistake(
        "VAE.sample",
        right="torch.sigmoid(self.decode(z))",
        wrong="torch.sigmoid(self.decode(z)).squeeze()",
        hint="Keep both axes where count is 1: squeeze takes one away.",
    ),
]

STEP_FROM_ONE = "Steps count from 1 and Python from 0: beta_t is betas[t - 1]."
ONE_TOO_MANY = "Multiply the factors 1 - beta of the steps 1 to t: the product is off by one step."

DIFFUSION = [
    mistake("forward_step", right="betas[t - 1]", wrong="betas[t % len(betas)]", hint=STEP_FROM_ONE),
    mistake(
        "forward_step",
        right="np.sqrt(1 - beta) * z + np.sqrt(beta) * eps",
        wrong="(1 - beta) * z + beta * eps",
        hint="Take the roots: beta is the variance of the noise, and not its deviation.",
    ),
    mistake(
        "forward_step",
        right="np.sqrt(beta) * eps",
        wrong="beta * eps",
        hint="Take the root of beta for the noise: beta is its variance.",
    ),
    mistake(
        "forward_step",
        right="np.sqrt(1 - beta) * z + np.sqrt(beta) * eps",
        wrong="np.sqrt(beta) * z + np.sqrt(1 - beta) * eps",
        hint="Exchange the factors: beta belongs to the noise, 1 - beta to z.",
    ),
    mistake(
        "forward_step",
        right="np.sqrt(1 - beta) * z + np.sqrt(beta) * eps",
        wrong="z + np.sqrt(beta) * eps",
        hint="Shrink z by the root of 1 - beta, so that the variance does not grow.",
    ),
    mistake(
        "forward_marginal",
        right="[np.asarray(t) - 1]",
        wrong="[np.asarray(t) % len(betas)]",
        hint=ONE_TOO_MANY,
    ),
    mistake(
        "forward_marginal",
        right="np.cumprod(1 - betas)[np.asarray(t) - 1]",
        wrong="np.concatenate([[1.0], np.cumprod(1 - betas)])[np.asarray(t) - 1]",
        hint="Include the factor of step t itself: the product ends one step early.",
    ),
    mistake(
        "forward_marginal",
        right="np.cumprod(1 - betas)",
        wrong="1 - np.cumprod(betas)",
        hint="Multiply the factors 1 - beta, and not the betas.",
    ),
    mistake(
        "forward_marginal",
        right="np.cumprod(1 - betas)",
        wrong="(1 - betas)",
        hint="Multiply the factors of all steps up to t: here only the last one counts.",
    ),
    mistake(
        "forward_marginal",
        right="np.sqrt(kept) * x + np.sqrt(1 - kept) * eps",
        wrong="kept * x + (1 - kept) * eps",
        hint="Take the roots of the product and of what is missing from 1.",
    ),
    mistake(
        "forward_marginal",
        right="np.sqrt(kept) * x + np.sqrt(1 - kept) * eps",
        wrong="np.sqrt(kept) * x + (1 - kept) * eps",
        hint="Take the root of 1 minus the product for the noise: it is a variance.",
    ),
    mistake(
        "forward_marginal",
        right="np.sqrt(1 - kept) * eps",
        wrong="(1 - np.sqrt(kept)) * eps",
        hint="Take 1 minus the product first, then the root.",
    ),
    mistake(
        "forward_marginal",
        right="    kept = kept.reshape(-1, 1)  # (1, 1) or (N, 1)\n",
        wrong="",
        hint="Give every row its own step: reshape the factors to (N, 1), or they are taken for columns.",
    ),
    mistake("posterior", right="beta = betas[t - 1]", wrong="beta = betas[t % len(betas)]", hint=STEP_FROM_ONE),
    mistake(
        "posterior",
        right="before = np.prod(1 - betas[: t - 1])",
        wrong="before = np.prod(1 - betas[:t])",
        hint="Take the product up to step t - 1 for what x has left before step t.",
    ),
    mistake(
        "posterior",
        right="before = np.prod(1 - betas[: t - 1])",
        wrong="before = np.cumprod(1 - betas)[t - 2]",
        hint="At t = 1 the product before is empty, 1: the index -1 is the last entry.",
    ),
    mistake(
        "posterior",
        right="np.sqrt(before) * beta / added * x",
        wrong="before * beta / added * x",
        hint="Take the root of the product before x: equation 15.24 of the notes lacks it.",
    ),
    mistake(
        "posterior",
        right="np.sqrt(1 - beta) * (1 - before) / added * z_t",
        wrong="np.sqrt(added) * added / added * z_t",
        hint="The factor of z_t is sqrt(1 - beta_t) (1 - product up to t - 1): 15.24 prints others.",
    ),
    mistake(
        "posterior",
        right="np.sqrt(before) * beta / added * x + np.sqrt(1 - beta) * (1 - before) / added * z_t",
        wrong="np.sqrt(before) * beta / added * z_t + np.sqrt(1 - beta) * (1 - before) / added * x",
        hint="Exchange x and z_t: the factor with the product belongs to x.",
    ),
    mistake(
        "posterior",
        right="np.sqrt(1 - beta) * (1 - before)",
        wrong="(1 - beta) * (1 - before)",
        hint="Take the root of 1 - beta_t in the factor of z_t.",
    ),
    mistake(
        "posterior",
        right="variance = (1 - before) / added * beta",
        wrong="variance = beta",
        hint="Knowing x makes the step back narrower than beta_t: multiply by (1 - product before) / (1 - product).",
    ),
    mistake(
        "posterior",
        right="variance = (1 - before) / added * beta",
        wrong="variance = np.sqrt((1 - before) / added * beta)",
        hint="Return the variance, and not the deviation.",
    ),
    mistake(
        "posterior",
        right="variance = (1 - before) / added * beta",
        wrong="variance = added / max(1 - before, 1e-12) * beta",
        hint="The quotient of the variance is upside down.",
    ),
    mistake(
        "posterior",
        right="return mean, float(variance)",
        wrong="return mean, float(np.log(variance + 1e-20))",
        hint="Return the variance, and not its logarithm.",
    ),
    mistake(
        "simple_loss",
        right="((eps - predicted) ** 2).mean()",
        wrong="((eps - predicted) ** 2).sum()",
        hint="Take the mean over all entries, and not the sum.",
    ),
    mistake(
        "simple_loss",
        right="((eps - predicted) ** 2).mean()",
        wrong="((eps - predicted) ** 2).sum(axis=1).mean()",
        hint="Take the mean over the columns too, and not their sum.",
    ),
    mistake(
        "simple_loss",
        right="((eps - predicted) ** 2).mean()",
        wrong="0.5 * ((eps - predicted) ** 2).mean()",
        hint="There is no factor 1/2 in this loss.",
    ),
    mistake(
        "simple_loss",
        right="((eps - predicted) ** 2).mean()",
        wrong="np.abs(eps - predicted).mean()",
        hint="Square the error: the absolute value is another loss.",
    ),
    mistake(
        "simple_loss",
        right="((eps - predicted) ** 2).mean()",
        wrong="((x - predicted) ** 2).mean()",
        hint="Compare with the noise eps: the model predicts it, and not the image.",
    ),
    mistake(
        "simple_loss",
        right="predicted = model(z_t, t)",
        wrong="predicted = model(x, t)",
        hint="Show the model the noisy image z_t, and not x.",
    ),
    mistake(
        "simple_loss",
        right="predicted = model(z_t, t)",
        wrong="predicted = model(z_t, t[:, None])",
        hint="Hand t on to the model as it is, (N,) and integers.",
    ),
    mistake(
        "simple_loss",
        right="predicted = model(z_t, t)",
        wrong="predicted = model(z_t, t - 1)",
        hint="Tell the model the step t as it is: it counts from 1.",
    ),
    mistake(
        "simple_loss",
        right="((eps - predicted) ** 2).mean()",
        wrong="((beta := betas[t - 1]) / (1 - beta) * ((eps - predicted) ** 2).mean(axis=1)).mean()",
        hint="Leave out the weights of the steps: the simple loss of Ho et al. counts all alike.",
    ),
]

MISTAKES = [*DIVERGENCE, *GRADIENTS, *BOUND, *MODEL, *DIFFUSION]
