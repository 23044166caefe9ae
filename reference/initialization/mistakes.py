"""Mistakes that students make in this assignment, each with the hint that names it.

Each is a patch of the solution; checks are proved with them, and a submission that behaves like one gets its hint.
"""

from __future__ import annotations

from grader import mistake

GAUSSIAN = [
    mistake(
        "lecun_normal",
        right="np.sqrt(1 / fan_in)",
        wrong="1 / fan_in",
        hint="Take the root of the variance 1 / fan_in: `rng.normal` wants the standard deviation.",
    ),
    mistake(
        "lecun_normal",
        right="np.sqrt(1 / fan_in)",
        wrong="np.sqrt(1 / fan_out)",
        hint="Divide by fan_in, the inputs of a neuron and the rows of S, and not by fan_out.",
    ),
    mistake(
        "lecun_normal",
        right="np.sqrt(1 / fan_in)",
        wrong="np.sqrt(2 / fan_in)",
        hint="Leave the gain 2 out of LeCun's variance 1 / fan_in: it belongs to He's, for ReLU.",
    ),
    mistake(
        "lecun_normal",
        right="rng.normal(0.0, np.sqrt(1 / fan_in), size=(fan_in, fan_out))",
        wrong="rng.uniform(-np.sqrt(3 / fan_in), np.sqrt(3 / fan_in), size=(fan_in, fan_out))",
        hint="Draw lecun_normal from a normal distribution: a uniform one has the right variance, but another shape.",
    ),
    mistake(
        "lecun_normal",
        right="rng.normal(0.0, np.sqrt(1 / fan_in), size=(fan_in, fan_out))",
        wrong="np.random.normal(0.0, np.sqrt(1 / fan_in), size=(fan_in, fan_out))",
        hint="Draw from the generator rng that you are given, not from np.random's global state.",
    ),
    mistake(
        "lecun_normal",
        right="rng.normal(0.0, np.sqrt(1 / fan_in), size=(fan_in, fan_out))",
        wrong="np.random.default_rng(0).normal(0.0, np.sqrt(1 / fan_in), size=(fan_in, fan_out))",
        hint="Draw from rng, and seed no generator of your own: every layer would get the same weights.",
    ),
    mistake(
        "lecun_normal",
        right="np.sqrt(1 / fan_in)",
        wrong="np.sqrt(1 / max(fan_in, fan_out))",
        hint="Divide by fan_in, also where fan_out is larger: the maximum of both is another law.",
    ),
    mistake(
        "lecun_normal",
        right="return rng.normal(0.0, np.sqrt(1 / fan_in), size=(fan_in, fan_out))",
        wrong="S = rng.normal(size=(fan_in, fan_out))\n    return (S - S.mean()) / S.std() / np.sqrt(fan_in)",
        hint="Leave the numbers as you drew them: centred and divided by their own deviation they are not independent.",
    ),
    mistake(
        "xavier_normal",
        right="np.sqrt(2 / (fan_in + fan_out))",
        wrong="2 / (fan_in + fan_out)",
        hint="Take the root of the variance 2 / (fan_in + fan_out): `rng.normal` wants the standard deviation.",
    ),
    mistake(
        "xavier_normal",
        right="np.sqrt(2 / (fan_in + fan_out))",
        wrong="np.sqrt(1 / (fan_in + fan_out))",
        hint="The variance is 1 by the mean of the two fans, that is 2 / (fan_in + fan_out): the 2 is missing.",
    ),
    mistake(
        "xavier_normal",
        right="np.sqrt(2 / (fan_in + fan_out))",
        wrong="np.sqrt(6 / (fan_in + fan_out))",
        hint="sqrt(6 / (fan_in + fan_out)) is the bound of xavier_uniform: here the deviation is due, with a 2.",
    ),
    mistake(
        "xavier_normal",
        right="rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), size=(fan_in, fan_out))",
        wrong="rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), size=(fan_out, fan_in))",
        hint="Return the shape (fan_in, fan_out): samples are in rows and h = x @ S, the opposite of torch's layout.",
    ),
    mistake(
        "xavier_normal",
        right="rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), size=(fan_in, fan_out))",
        wrong="np.tile(rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), size=(fan_in, 1)), fan_out)",
        hint="Draw every entry anew: here all neurons start with the same weights, and would stay equal for ever.",
    ),
    mistake(
        "xavier_normal",
        right="rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), size=(fan_in, fan_out))",
        wrong="np.resize(rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), size=(-(-fan_out // 2), fan_in)), "
        "(fan_out, fan_in)).T",
        hint="Draw all neurons: here half of them come again, and two that start equal stay equal for ever.",
    ),
    mistake(
        "xavier_uniform",
        right="np.sqrt(6 / (fan_in + fan_out))",
        wrong="np.sqrt(2 / (fan_in + fan_out))",
        hint="The bound is sqrt(6 / (fan_in + fan_out)): a uniform distribution on [-a, a] has variance a^2 / 3.",
    ),
    mistake(
        "xavier_uniform",
        right="rng.uniform(-bound, bound, size=(fan_in, fan_out))",
        wrong="rng.normal(0.0, bound, size=(fan_in, fan_out))",
        hint="The bound of the uniform distribution is no standard deviation: draw from rng.uniform(-bound, bound).",
    ),
    mistake(
        "xavier_uniform",
        right="rng.uniform(-bound, bound, size=(fan_in, fan_out))",
        wrong="rng.uniform(0, bound, size=(fan_in, fan_out))",
        hint="Draw from -bound to bound: the weights must have mean 0.",
    ),
    mistake(
        "xavier_uniform",
        right="rng.uniform(-bound, bound, size=(fan_in, fan_out))",
        wrong="rng.uniform(-bound / 2, bound / 2, size=(fan_in, fan_out))",
        hint="Draw from -bound to bound, a range of length 2 bound and not bound.",
    ),
    mistake(
        "xavier_uniform",
        right="rng.uniform(-bound, bound, size=(fan_in, fan_out))",
        wrong="rng.normal(0.0, bound / np.sqrt(3), size=(fan_in, fan_out))",
        hint="Draw xavier_uniform from a uniform distribution: a normal one has the right variance, but another shape.",
    ),
    mistake(
        "xavier_uniform",
        right="np.sqrt(6 / (fan_in + fan_out))",
        wrong="np.sqrt(6 / fan_in + fan_out)",
        hint="Put the sum of the fans in parentheses: 6 / (fan_in + fan_out).",
    ),
    mistake(
        "xavier_uniform",
        right="rng.uniform(-bound, bound, size=(fan_in, fan_out))",
        wrong="np.random.default_rng(rng.integers(1000)).uniform(-bound, bound, size=(fan_in, fan_out))",
        hint="Draw from rng itself: a generator of your own with one of a few seeds gives the same weights again.",
    ),
    mistake(
        "he_normal",
        right="np.sqrt(2 / fan)",
        wrong="2 / fan",
        hint="Take the root of the variance 2 / fan: `rng.normal` wants the standard deviation.",
    ),
    mistake(
        "he_normal",
        right="np.sqrt(2 / fan)",
        wrong="np.sqrt(1 / fan)",
        hint="Put the gain 2 into He's variance 2 / fan: ReLU halves the mean square of its input.",
    ),
    mistake(
        "he_normal",
        right='fan = fan_in if mode == "fan_in" else fan_out',
        wrong='fan = fan_out if mode == "fan_in" else fan_in',
        hint="The two modes are swapped: fan_in divides by the rows of S, fan_out by its columns.",
    ),
    mistake(
        "he_normal",
        right='fan = fan_in if mode == "fan_in" else fan_out',
        wrong="fan = fan_in",
        hint="Use the mode: with fan_out the variance is 2 / fan_out.",
    ),
    mistake(
        "he_normal",
        right='fan = fan_in if mode == "fan_in" else fan_out',
        wrong="fan = (fan_in + fan_out) / 2",
        hint="Divide by the one fan that the mode names, not by the mean of both, which is Xavier's.",
    ),
    mistake(
        "he_normal",
        right="rng.normal(0.0, np.sqrt(2 / fan), size=(fan_in, fan_out))",
        wrong="np.abs(rng.normal(0.0, np.sqrt(2 / fan), size=(fan_in, fan_out)))",
        hint="Weights have both signs and mean 0: leave out the absolute value.",
    ),
    mistake(
        "he_normal",
        right='fan = fan_in if mode == "fan_in" else fan_out',
        wrong='fan = fan_in if mode == "fan_in" else max(fan_in, fan_out)',
        hint="In the mode fan_out divide by fan_out, and not by the larger or smaller of the two fans.",
    ),
    mistake(
        "he_normal",
        right='mode: str = "fan_in"',
        wrong='mode: str = "fan_out"',
        hint="The default mode is fan_in.",
    ),
    mistake(
        "torch_default",
        right="1 / np.sqrt(fan_in)",
        wrong="np.sqrt(3 / fan_in)",
        hint="The bound is 1 / sqrt(fan_in): torch's variance is a third of LeCun's, so leave out the 3.",
    ),
    mistake(
        "torch_default",
        right="1 / np.sqrt(fan_in)",
        wrong="1 / np.sqrt(fan_out)",
        hint="Divide by the root of fan_in, the inputs of a neuron, and not of fan_out.",
    ),
    mistake(
        "torch_default",
        right="1 / np.sqrt(fan_in)",
        wrong="1 / fan_in",
        hint="The bound is 1 by the root of fan_in: the root is missing.",
    ),
    mistake(
        "torch_default",
        right="rng.uniform(-bound, bound, size=(fan_in, fan_out))",
        wrong="rng.normal(0.0, bound, size=(fan_in, fan_out))",
        hint="torch draws from a uniform distribution on [-bound, bound]: the bound is no standard deviation.",
    ),
    mistake(
        "torch_default",
        right="rng.uniform(-bound, bound, size=(fan_in, fan_out))",
        wrong="__import__('copy').deepcopy(rng).uniform(-bound, bound, size=(fan_in, fan_out))",
        hint="Draw from rng itself: a copy of it leaves its state, so the next layer gets the same weights.",
    ),
    mistake(
        "conv_fans",
        right="return inputs * area, outputs * area",
        wrong="return inputs, outputs",
        hint="Multiply both fans by the number of pixels of the window: each output sees all of them.",
    ),
    mistake(
        "conv_fans",
        right="return inputs * area, outputs * area",
        wrong="return outputs * area, inputs * area",
        hint="The kernel is (C_out, C_in, ...): fan_in comes from its second axis, and fan_out from its first.",
    ),
    mistake(
        "conv_fans",
        right="return inputs * area, outputs * area",
        wrong="return inputs * area, outputs",
        hint="Multiply fan_out by the number of pixels too: an input pixel is seen by as many output pixels.",
    ),
    mistake(
        "conv_fans",
        right="area = int(np.prod(window))",
        wrong="area = window[0]",
        hint="The window has as many pixels as the product of all its lengths, not one of them.",
    ),
    mistake(
        "conv_fans",
        right="area = int(np.prod(window))",
        wrong="area = window[0] ** 2",
        hint="Windows need not be square, nor have two axes: multiply the lengths of all of them.",
    ),
    mistake(
        "conv_fans",
        right="area = int(np.prod(window))",
        wrong="area = kernel.shape[-2] * kernel.shape[-1]",
        hint="The window may have one axis, or three: multiply all lengths after the second axis.",
    ),
    mistake(
        "conv_fans",
        right="return inputs * area, outputs * area",
        wrong="return inputs * area, outputs * window[0] * (*window, 1)[1]",
        hint="The window may have one axis, or three: in fan_out too, multiply all lengths after the second axis.",
    ),
]

ORTHOGONAL = [
    mistake(
        "orthogonal",
        right="Q = Q * np.sign(np.diag(R))",
        wrong="Q = Q.copy()",
        hint="Multiply each column of Q by the sign of the diagonal entry of R: without it Q is not Haar distributed.",
    ),
    mistake(
        "orthogonal",
        right="np.linalg.qr(rng.normal(size=(longer, shorter)))",
        wrong="np.linalg.qr(rng.random(size=(longer, shorter)))",
        hint="Start from standard normal numbers: uniform ones prefer some directions.",
    ),
    mistake(
        "orthogonal",
        right="np.linalg.qr(rng.normal(size=(longer, shorter)))",
        wrong="np.linalg.qr(rng.uniform(-1, 1, size=(longer, shorter)))",
        hint="Start from standard normal numbers: numbers from a cube prefer its corners, also when their mean is 0.",
    ),
    mistake(
        "orthogonal",
        right="return Q if rows >= cols else Q.T",
        wrong="return Q",
        hint="Where rows < cols, return the transpose: the shape is (rows, cols), with orthonormal rows.",
    ),
    mistake(
        "orthogonal",
        right="return Q if rows >= cols else Q.T",
        wrong="return np.sqrt(longer / shorter) * (Q if rows >= cols else Q.T)",
        hint="Leave Q unscaled: its columns, or its rows, have length 1.",
    ),
    mistake(
        "orthogonal",
        right="Q, R = np.linalg.qr(rng.normal(size=(longer, shorter)))",
        wrong="A = rng.normal(size=(longer, shorter))\n    Q, R = A / np.linalg.norm(A, axis=0), np.eye(shorter)",
        hint="Columns of length 1 are not enough: they must be orthogonal to each other, too.",
    ),
    mistake(
        "orthogonal",
        right="Q = Q * np.sign(np.diag(R))",
        wrong="Q = Q * np.diag(R)",
        hint="Multiply the columns of Q by the signs of the diagonal of R, not by the diagonal itself.",
    ),
    mistake(
        "orthogonal",
        right="rng.normal(size=(longer, shorter))",
        wrong="np.random.normal(size=(longer, shorter))",
        hint="Draw from the generator rng that you are given, not from np.random's global state.",
    ),
    mistake(
        "orthogonal",
        right="Q, R = np.linalg.qr(rng.normal(size=(longer, shorter)))",
        wrong="Q, R = np.eye(longer)[rng.permutation(longer)][:, :shorter], np.eye(shorter)",
        hint="A random permutation is orthogonal, but prefers the axes: rotate by the Q of a normal matrix.",
    ),
    mistake(
        "orthogonal",
        right="Q = Q * np.sign(np.diag(R))",
        wrong="Q = Q * np.sign(np.diag(Q))",
        hint="Take the signs of the diagonal of R, not of Q, whose own diagonal then comes out positive always.",
    ),
    mistake(
        "orthogonal",
        right="Q = Q * np.sign(np.diag(R))",
        wrong="Q = Q * np.sign(np.diag(R)) if rows >= cols else Q",
        hint="Mind the signs also where rows < cols, before you transpose.",
    ),
    mistake(
        "orthogonal",
        right="Q = Q * np.sign(np.diag(R))",
        wrong="Q = Q * rng.choice([-1.0, 1.0])",
        hint="Give each column a sign of its own: one sign for all of Q leaves them as they hang together.",
    ),
]

PROPAGATION = [
    mistake(
        "forward_variances",
        right="z.var()",
        wrong="z.std()",
        hint="Return variances, not standard deviations.",
    ),
    mistake(
        "forward_variances",
        right="z.var()",
        wrong="(z**2).mean()",
        hint="Subtract the mean: the variance is the mean square around the mean, not around 0.",
    ),
    mistake(
        "forward_variances",
        right="z.var()",
        wrong="z.var(ddof=1)",
        hint="Divide by the number of entries, not by one less.",
    ),
    mistake(
        "forward_variances",
        right="z.var()",
        wrong="activation(z).var()",
        hint="Measure the pre-activations z, before the activation and not after it.",
    ),
    mistake(
        "forward_variances",
        right="z.var()",
        wrong="z.var(axis=0).mean()",
        hint="Take the variance of all entries together: not for each unit, and then the mean.",
    ),
    mistake(
        "forward_variances",
        right="z.var()",
        wrong="z.var(axis=1).mean()",
        hint="Take the variance of all entries together: not for each sample, and then the mean.",
    ),
    mistake(
        "forward_variances",
        right="z.var()",
        wrong="max(z.var(), 1e-12)",
        hint="Add nothing to a variance, and bound it by nothing: after fifty layers 1e-12 is not small.",
    ),
    mistake(
        "_forward",
        right="h = activation(zs[-1]) if zs else x",
        wrong="h = activation(zs[-1]) if zs else activation(x)",
        hint="Do not apply the activation to the input: the first layer sees x itself.",
    ),
    mistake(
        "_forward",
        right="h = activation(zs[-1]) if zs else x",
        wrong="h = zs[-1] if zs else x",
        hint="Apply the activation between the layers.",
    ),
    mistake(
        "backward_variances",
        right="dz = dz @ S.T * derivative(z)",
        wrong="dz = dz @ S.T",
        hint="Multiply by the derivative of the activation, at the pre-activation of the layer below.",
    ),
    mistake(
        "backward_variances",
        right="dz = dz @ S.T * derivative(z)",
        wrong="dz = dz @ S.T * derivative(activation(z))",
        hint="Take the derivative at the pre-activation z, the input of the activation, not at its output.",
    ),
    mistake(
        "backward_variances",
        right="return np.array(variances[::-1])",
        wrong="return np.array(variances)",
        hint="Return the variances in the order of the layers, first layer first: backward meets them from the end.",
    ),
    mistake(
        "backward_variances",
        right="variances.append(dz.var())",
        wrong="variances.append((dz @ np.ones((dz.shape[1], 1))).var())",
        hint="Take the variance of all entries of the gradient, not of their sums over the units.",
    ),
    mistake(
        "backward_variances",
        right="dz = dz @ S.T * derivative(z)  # (N, d_l) @ (d_l, d_(l-1)) -> (N, d_(l-1))\n"
        "        variances.append(dz.var())",
        wrong="dh = dz @ S.T\n        dz = dh * derivative(z)\n        variances.append(dh.var())",
        hint="Measure the gradient by the pre-activation: after the product with the derivative, not before it.",
    ),
    mistake(
        "backward_variances",
        right="variances.append(dz.var())",
        wrong="variances.append((dz**2).mean())",
        hint="Subtract the mean of the gradients: their variance is around the mean, not around 0.",
    ),
    mistake(
        "backward_variances",
        right="dz = dz @ S.T * derivative(z)",
        wrong="dh = dz @ S.T\n        dz = derivative(z)\n        dz *= dh",
        hint="Do not multiply in place into what derivative returned: it may hold booleans, as `z > 0` does.",
    ),
    mistake(
        "predicted_variance",
        right="n * sigma2 * (n * sigma2 / 2) ** np.arange(depth)",
        wrong="n * sigma2 * (n * sigma2) ** np.arange(depth)",
        hint="ReLU halves the mean square: each layer after the first has the factor n sigma2 / 2.",
    ),
    mistake(
        "predicted_variance",
        right="n * sigma2 * (n * sigma2 / 2) ** np.arange(depth)",
        wrong="(n * sigma2 / 2) ** np.arange(1, depth + 1)",
        hint="The inputs do not pass a ReLU: the first layer has variance n sigma2, without the factor 1/2.",
    ),
    mistake(
        "predicted_variance",
        right="n * sigma2 * (n * sigma2 / 2) ** np.arange(depth)",
        wrong="n * sigma2 * (n * sigma2 / 2) ** np.arange(1, depth + 1)",
        hint="The first layer has variance n sigma2, to the power 0 of the other factors: the exponents are off by 1.",
    ),
    mistake(
        "predicted_variance",
        right="n * sigma2 * (n * sigma2 / 2) ** np.arange(depth)",
        wrong="n * sigma2**2 * (n * sigma2**2 / 2) ** np.arange(depth)",
        hint="sigma2 is the variance already: do not square it.",
    ),
    mistake(
        "predicted_variance",
        right="n * sigma2 * (n * sigma2 / 2) ** np.arange(depth)",
        wrong="(n * sigma2 / 2) ** np.arange(depth)",
        hint="The first layer has variance n sigma2, because the inputs have variance 1: it does not start at 1.",
    ),
    mistake(
        "predicted_variance",
        right="n * sigma2 * (n * sigma2 / 2) ** np.arange(depth)",
        wrong="n * sigma2 * (n * sigma2 // 2) ** np.arange(depth)",
        hint="Divide with /, not with //: n sigma2 / 2 is no integer.",
    ),
    mistake(
        "predicted_variance",
        right="n * sigma2 * (n * sigma2 / 2) ** np.arange(depth)",
        wrong="n * sigma2 * (1 + (n * sigma2 / 2 - 1) * np.arange(depth))",
        hint="Each layer multiplies the variance by n sigma2 / 2: it follows a power of that, and no straight line.",
    ),
]

SYMMETRY = [
    mistake(
        "rescale",
        right="return alpha * S1, S2 / alpha",
        wrong="return alpha * S1, alpha * S2",
        hint="Divide the second layer by alpha: what the first one gains, the second must lose.",
    ),
    mistake(
        "rescale",
        right="return alpha * S1, S2 / alpha",
        wrong="return S1 / alpha, alpha * S2",
        hint="Multiply the first layer by alpha and divide the second: it is the other way round.",
    ),
    mistake(
        "rescale",
        right="return alpha * S1, S2 / alpha",
        wrong="return alpha * S1, S2",
        hint="Divide the second layer by alpha, or the network computes alpha times as much.",
    ),
    mistake(
        "rescale",
        right="return alpha * S1, S2 / alpha",
        wrong="return np.sqrt(alpha) * S1, S2 / np.sqrt(alpha)",
        hint="The first layer is due alpha times as large, not root of alpha times.",
    ),
    mistake(
        "permute",
        right="return S1[:, pi], S2[pi, :]",
        wrong="return S1[:, pi], S2",
        hint="Permute the rows of S2 as well: a hidden unit takes its outgoing weights along.",
    ),
    mistake(
        "permute",
        right="return S1[:, pi], S2[pi, :]",
        wrong="return S1[:, pi], S2[np.argsort(pi), :]",
        hint="Permute the rows of S2 by pi itself, not by its inverse: units and their outgoing weights move alike.",
    ),
    mistake(
        "permute",
        right="return S1[:, pi], S2[pi, :]",
        wrong="return S1[:, np.argsort(pi)], S2[np.argsort(pi), :]",
        hint="Column j of the new S1 is column pi[j] of the old one: this is the inverse permutation.",
    ),
    mistake(
        "permute",
        right="return S1[:, pi], S2[pi, :]",
        wrong="return S1[:, pi], S2[pi, :] if len(S2) != S2.shape[1] else S2[:, pi]",
        hint="Permute the rows of S2, also where it is square: its columns are the outputs.",
    ),
    mistake(
        "train",
        right="dy = (h @ S2 - y) / len(x)",
        wrong="dy = h @ S2 - y",
        hint="The loss is the mean over the samples: divide its gradient by N.",
    ),
    mistake(
        "train",
        right="dy = (h @ S2 - y) / len(x)",
        wrong="dy = 2 * (h @ S2 - y) / len(x)",
        hint="The loss is half the squared distance: its gradient has no factor 2.",
    ),
    mistake(
        "train",
        right="S1, S2 = S1 - lr * dS1, S2 - lr * dS2",
        wrong="S1, S2 = S1 + lr * dS1, S2 + lr * dS2",
        hint="Step against the gradient: subtract it.",
    ),
    mistake(
        "train",
        right="dy @ S2.T * (1 - h**2)",
        wrong="dy @ S2.T",
        hint="Multiply the gradient of the first layer by the derivative of tanh, 1 - tanh^2.",
    ),
    mistake(
        "train",
        right="        dS1 = x.T @ (dy @ S2.T * (1 - h**2))  # (d, N) @ (N, p) -> (d, p)\n"
        "        dS2 = h.T @ dy  # (p, N) @ (N, m) -> (p, m)\n",
        wrong="        dS2 = h.T @ dy\n        S2 = S2 - lr * dS2\n        dS1 = x.T @ (dy @ S2.T * (1 - h**2))\n"
        "        dS2 = 0 * dS2\n",
        hint="Move both layers at once: take the gradient of the first one at the second layer before its step.",
    ),
    mistake(
        "train",
        right="range(steps)",
        wrong="range(min(steps, 1))",
        hint="Take all the steps: the loop ends after the first.",
    ),
    mistake(
        "train",
        right="for _ in range(steps):",
        wrong="rng = np.random.default_rng(0)\n    if not S1.any():\n        S1 = 0.01 * rng.normal(size=S1.shape)\n"
        "    if not S2.any():\n        S2 = 0.01 * rng.normal(size=S2.shape)\n    for _ in range(steps):",
        hint="Start from the weights that you are given, also where they are zero: no noise of your own.",
    ),
    mistake(
        "train",
        right="dy = (h @ S2 - y) / len(x)",
        wrong="dy = (h @ S2 - y) / y.size",
        hint="The mean is over the samples only: the outputs are summed, so divide by N and not by N m.",
    ),
    mistake(
        "train",
        right="range(steps)",
        wrong="range(max(steps, 1))",
        hint="With steps = 0 nothing may move: here one step is taken.",
    ),
    mistake(
        "train",
        right="for _ in range(steps):",
        wrong="for _ in range(steps if S1.any() and S2.any() else 0):",
        hint="Train also where one of the layers starts from zeros: the other one gives it a gradient, and it moves.",
    ),
]

MISTAKES = [*GAUSSIAN, *ORTHOGONAL, *PROPAGATION, *SYMMETRY]
