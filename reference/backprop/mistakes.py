"""Mistakes that students make in this assignment, each with the hint that names it.

They come from the solutions of similar courses: wrong axes, lost factors, derivatives at the wrong place, overflow.
Each is a patch of the solution; checks are proved with them, and a submission that behaves like one gets its hint.
"""

from __future__ import annotations

from grader import mistake

CALCULUS = [
    mistake(
        "squared_norm_gradient",
        right="return 2 * x",
        wrong="return x",
        hint="The derivative of x_i squared is 2 x_i: the factor 2 is lost.",
    ),
    mistake(
        "squared_norm_gradient",
        right="return 2 * x",
        wrong="return 2 * x.sum() * np.ones_like(x)",
        hint="Differentiate by each entry alone: entry i of the gradient holds x_i only, not the sum of all.",
    ),
    mistake(
        "squared_norm_gradient",
        right="return 2 * x",
        wrong="return x / np.sqrt(x @ x)",
        hint="Differentiate the squared norm: there is no root.",
    ),
    mistake(
        "linear_map_jacobian",
        right="return A.copy()",
        wrong="return A.T.copy()",
        hint="Put df_j / dx_i at entry [i, j]: gradients are columns, so the Jacobian of A^T x is A and not A^T.",
    ),
    mistake(
        "composed_gradients",
        right="np.outer(x, dy)",
        wrong="np.outer(dy, x)",
        hint="Take the outer product the other way round: entry [i, j] of dA is x_i times df/dy_j.",
    ),
    mistake(
        "composed_gradients",
        right="dy = squared_norm_gradient(A.T @ x)",
        wrong="dy = A.T @ x",
        hint="The gradient of the squared norm of y is 2 y: both gradients lack the factor 2.",
    ),
    mistake(
        "composed_gradients",
        right="return dx, dA",
        wrong="return dA, dx",
        hint="Return the gradient by x first, then the gradient by A.",
    ),
    mistake(
        "composed_gradients",
        right="np.outer(x, dy)",
        wrong="np.outer(x, A.T @ x)",
        hint="In the gradient by A the factor 2 of the squared norm is lost.",
    ),
    mistake(
        "composed_gradients",
        right="np.outer(x, dy)",
        wrong="2 * A * (x**2)[:, None]",
        hint="The square of a sum is not the sum of the squares: differentiate |A^T x|^2 with its mixed terms.",
    ),
]

LINEAR = [
    mistake(
        "linear_forward",
        right="h = x @ S + b",
        wrong="h = x @ S",
        hint="Add the bias b to every row of x S.",
    ),
    mistake(
        "linear_backward",
        right="db = dh.sum(axis=0)",
        wrong="db = dh.sum(axis=1)",
        hint="Sum the bias gradient over the batch (axis 0), not over the features.",
    ),
    mistake(
        "linear_backward",
        right="db = dh.sum(axis=0)",
        wrong="db = dh.sum(axis=0, keepdims=True)",
        hint="Return db with the shape of b, which has one axis: leave keepdims out.",
    ),
    mistake(
        "linear_backward",
        right="db = dh.sum(axis=0)",
        wrong="db = dh.mean(axis=0)",
        hint="Sum the bias gradient over the batch: the mean belongs to the loss and comes with dh.",
    ),
    mistake(
        "linear_backward",
        right="db = dh.sum(axis=0)",
        wrong="db = dh.sum()",
        hint="Keep one bias gradient for each output: sum over the batch only, not over everything.",
    ),
    mistake(
        "linear_backward",
        right="db = dh.sum(axis=0)",
        wrong="db = np.full(S.shape[1], float(len(x)))",
        hint="The bias gradient ignores the upstream gradient: sum dh over the batch.",
    ),
    mistake(
        "linear_backward",
        right="dS = x.T @ dh",
        wrong="dS = x.T @ dh / len(x)",
        hint="Do not divide the weight gradient by N: the mean belongs to the loss and comes with dh.",
    ),
    mistake(
        "linear_backward",
        right="dS = x.T @ dh",
        wrong="dS = dh.T @ x",
        hint="Return dS with the shape of S, (d, p): x^T times dh, not the other way round.",
    ),
    mistake(
        "linear_backward",
        right="dx = dh @ S.T",
        wrong="dx = (S @ dh.T).reshape(x.shape)",
        hint="The gradient by x is dh times S transposed; a reshape does not transpose.",
    ),
    mistake(
        "linear_backward",
        right="dx = dh @ S.T",
        wrong="dx = np.ones_like(dh) @ S.T",
        hint="The gradient by x ignores the upstream gradient: multiply dh by S transposed.",
    ),
    mistake(
        "linear_backward",
        right="return dx, dS, db",
        wrong="return dS, dx, db",
        hint="Return the gradients in the order of the arguments of linear_forward: dx, dS, db.",
    ),
    mistake(
        "linear_backward",
        right="return dx, dS, db",
        wrong="return dS, db, dx",
        hint="Return the gradients in the order of the arguments of linear_forward: dx, dS, db.",
    ),
    mistake(
        "linear_forward",
        right="return h, (x, S)",
        wrong="return h, (np.ones_like(x), S)",
        hint="linear_backward finds the wrong thing in the cache: linear_forward must keep x and S, in the order "
        "in which linear_backward takes them out.",
    ),
    mistake(
        "linear_forward",
        right="h = x @ S + b",
        wrong="h = x @ S + x.shape[1] * b",
        hint="Add the bias once, after the sum over the features and not inside it.",
    ),
    mistake(
        "linear_backward",
        right="dS = x.T @ dh",
        wrong="dS = np.outer(x[-1], dh[-1])",
        hint="Add up the weight gradients of all samples: in the loop dS is overwritten, so the last one alone counts.",
    ),
    mistake(
        "linear_backward",
        right="dx = dh @ S.T",
        wrong="dx = dh @ S.reshape(S.shape[::-1])",
        hint="Transpose S with S.T: reshape keeps the order of the entries and gives another matrix.",
    ),
]

ACTIVATIONS = [
    mistake(
        "sigmoid_forward",
        right="h = _sigmoid(x)",
        wrong="h = np.exp(x) / (1 + np.exp(x))",
        hint="exp(x) overflows for large x: use exp(-|x|) and treat both signs of x apart.",
    ),
    mistake(
        "sigmoid_forward",
        right="h = _sigmoid(x)",
        wrong="h = _sigmoid(-x)",
        hint="The sigmoid grows with x: the exponent is -x.",
    ),
    mistake(
        "sigmoid_backward",
        right="    dx: Array = dh * h * (1 - h)",
        wrong="    h = _sigmoid(h)\n    dx: Array = dh * h * (1 - h)",
        hint="Take the derivative of the sigmoid at the input x; h (1 - h) holds the sigmoid already.",
    ),
    mistake(
        "sigmoid_backward",
        right="dh * h * (1 - h)",
        wrong="h * (1 - h)",
        hint="Multiply the derivative by the upstream gradient dh.",
    ),
    mistake(
        "sigmoid_backward",
        right="dh * h * (1 - h)",
        wrong="dh * h",
        hint="The derivative of the sigmoid has two factors: h (1 - h).",
    ),
    mistake(
        "sigmoid_backward",
        right="dh * h * (1 - h)",
        wrong="dh * np.exp(x := np.log(h / (1 - h))) / (1 + np.exp(x)) ** 2",
        hint="The derivative overflows for large x: compute it as h (1 - h) from the output h.",
    ),
    mistake(
        "tanh_forward",
        right="h = np.tanh(x)",
        wrong="h = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))",
        hint="exp(x) overflows for large x, and infinity by infinity is NaN: use numpy's tanh.",
    ),
    mistake(
        "tanh_forward",
        right="h = np.tanh(x)",
        wrong="h = 2 * _sigmoid(x) - 1",
        hint="tanh(x) is 2 sigmoid(2 x) - 1: the argument of the sigmoid is doubled.",
    ),
    mistake(
        "tanh_backward",
        right="1 - h**2",
        wrong="1 - np.tanh(h) ** 2",
        hint="Take the derivative of tanh at the input x: it is 1 - h^2 with the output h, without another tanh.",
    ),
    mistake(
        "tanh_backward",
        right="1 - h**2",
        wrong="1 - h",
        hint="The derivative of tanh is 1 - h^2: the square is missing.",
    ),
    mistake(
        "tanh_backward",
        right="dh * (1 - h**2)",
        wrong="1 - h**2",
        hint="Multiply the derivative by the upstream gradient dh.",
    ),
    mistake(
        "relu_forward",
        right="np.maximum(x, 0)",
        wrong="np.abs(x)",
        hint="ReLU is 0 for negative x, not -x.",
    ),
    mistake(
        "relu_backward",
        right="dh * (x > 0)",
        wrong="dh * (x < 0)",
        hint="The mask is inverted: the gradient passes where x is positive.",
    ),
    mistake(
        "relu_backward",
        right="dh * (x > 0)",
        wrong="dh * (dh > 0)",
        hint="Mask by the sign of the input x, not by the sign of the upstream gradient.",
    ),
    mistake(
        "relu_backward",
        right="dh * (x > 0)",
        wrong="(x > 0).astype(float)",
        hint="Multiply the mask by the upstream gradient dh.",
    ),
    mistake(
        "relu_backward",
        right="dh * (x > 0)",
        wrong="dh * np.maximum(x, 0)",
        hint="The derivative of ReLU is 1 where x is positive, not x.",
    ),
    mistake(
        "leaky_relu_forward",
        right="np.where(x > 0, 1, c)",
        wrong="np.where(x > 0, 1, -c)",
        hint="The negative side is c x, which is negative for positive c.",
    ),
    mistake(
        "leaky_relu_forward",
        right="np.where(x > 0, 1, c)",
        wrong="np.where(x > 0, c, 1)",
        hint="The sides are swapped: the slope is 1 where x is positive and c elsewhere.",
    ),
    mistake(
        "leaky_relu_backward",
        right="dh * slope",
        wrong="dh * (slope == 1)",
        hint="On the negative side the gradient is c dh, not 0.",
    ),
    mistake(
        "leaky_relu_backward",
        right="dh * slope",
        wrong="slope",
        hint="Multiply the slope by the upstream gradient dh.",
    ),
    mistake(
        "swish_backward",
        right="dh * (s + x * s * (1 - s))",
        wrong="dh * s",
        hint="Use the product rule: the derivative of x s(x) is s(x) + x s'(x); the second term is missing.",
    ),
    mistake(
        "swish_backward",
        right="dh * (s + x * s * (1 - s))",
        wrong="dh * x * s * (1 - s)",
        hint="Use the product rule: the derivative of x s(x) is s(x) + x s'(x); the first term is missing.",
    ),
    mistake(
        "swish_backward",
        right="dh * (s + x * s * (1 - s))",
        wrong="dh * (s + s * (1 - s))",
        hint="Use the product rule: the second term, x s'(x), lacks its factor x.",
    ),
    mistake(
        "swish_backward",
        right="dh * (s + x * s * (1 - s))",
        wrong="s + x * s * (1 - s)",
        hint="Multiply the derivative by the upstream gradient dh.",
    ),
    mistake(
        "swish_forward",
        right="return x * s, (x, s)",
        wrong="return s, (x, s)",
        hint="Swish is x times the sigmoid: the factor x is missing.",
    ),
    mistake(
        "swish_forward",
        right="s = _sigmoid(x)",
        wrong="s = np.exp(x) / (1 + np.exp(x))",
        hint="exp(x) overflows for large x: use a sigmoid that treats both signs of x apart.",
    ),
    mistake(
        "sigmoid_forward",
        right="h = _sigmoid(x)",
        wrong="import math\n    h = np.vectorize(lambda value: 1 / (1 + math.exp(-value)))(x)",
        hint="math.exp raises OverflowError at large arguments: use exp(-|x|), which is never above 1.",
    ),
    mistake(
        "sigmoid_backward",
        right="dh * h * (1 - h)",
        wrong="dh * np.exp(x := np.log((1 - h) / h)) / (1 + np.exp(x)) ** 2",
        hint="The derivative overflows for x far below 0: compute it as h (1 - h) from the output h.",
    ),
    mistake(
        "leaky_relu_backward",
        right="dh * slope",
        wrong="np.where(slope == 1, dh, slope)",
        hint="Multiply the slope by the upstream gradient on the negative side too.",
    ),
    mistake(
        "leaky_relu_forward",
        right="slope = np.where(x > 0, 1, c)",
        wrong="rows, columns = x.shape\n    slope = np.where(x > 0, 1, c)",
        hint="Activations work on arrays of any shape, not on matrices alone.",
    ),
    mistake(
        "swish_backward",
        right="s + x * s * (1 - s)",
        wrong="x * s + s * (1 - s)",
        hint="Check the product rule: the derivative of x s(x) is s + x s (1 - s), or f + s (1 - f) with the output f.",
    ),
]

LOSSES = [
    mistake(
        "mse",
        right="0.5 * (r**2).sum() / N",
        wrong="(r**2).sum() / N",
        hint="The squared error carries the factor 1/2.",
    ),
    mistake(
        "mse",
        right="0.5 * (r**2).sum() / N, r / N",
        wrong="(r**2).sum() / N, 2 * r / N",
        hint="Loss and gradient lack the factor 1/2 of the definition.",
    ),
    mistake(
        "mse",
        right="0.5 * (r**2).sum() / N, r / N",
        wrong="0.5 * (r**2).mean(), r / r.size",
        hint="Take the mean over the batch only: sum over the outputs, and divide by N.",
    ),
    mistake(
        "mse",
        right="r / N",
        wrong="r",
        hint="The loss is a mean over the batch, so the gradient carries the factor 1/N too.",
    ),
    mistake(
        "mse",
        right="0.5 * (r**2).sum() / N, r / N",
        wrong="0.5 * (r**2).sum(), r",
        hint="Divide loss and gradient by N: the loss is the mean over the batch.",
    ),
    mistake(
        "mse",
        right="r / N",
        wrong="-r / N",
        hint="The gradient by h is h - y and not y - h: the sign is wrong.",
    ),
    mistake(
        "huber",
        right="delta * (np.abs(r) - 0.5 * delta)",
        wrong="delta * np.abs(r) - 0.5 * delta",
        hint="Beyond delta the cost is delta (|r| - delta / 2): delta multiplies both terms.",
    ),
    mistake(
        "huber",
        right="delta * (np.abs(r) - 0.5 * delta)",
        wrong="(np.abs(r) - 0.5 * delta)",
        hint="Beyond delta the cost is delta (|r| - delta / 2): the factor delta is missing.",
    ),
    mistake(
        "huber",
        right="np.clip(r, -delta, delta) / N",
        wrong="np.where(np.abs(r) <= delta, r, np.sign(r)) / N",
        hint="Beyond delta the gradient is delta times the sign of r, not the sign alone.",
    ),
    mistake(
        "huber",
        right="np.clip(r, -delta, delta) / N",
        wrong="np.minimum(r, delta) / N",
        hint="Clip the gradient on both sides: large negative residuals pull with -delta.",
    ),
    mistake(
        "huber",
        right="np.clip(r, -delta, delta) / N",
        wrong="np.clip(r, -delta, delta)",
        hint="The loss is a mean over the batch, so the gradient carries the factor 1/N too.",
    ),
    mistake(
        "quantile",
        right="np.where(h < y, -tau, 1 - tau)",
        wrong="np.where(h < y, tau - 1, tau)",
        hint="The sides are swapped: a prediction below its target costs tau for each unit, one above it 1 - tau.",
    ),
    mistake(
        "quantile",
        right="slope / N",
        wrong="-slope / N",
        hint="Differentiate by h, not by the residual y - h: the gradient has the wrong sign.",
    ),
    mistake(
        "quantile",
        right="slope / N",
        wrong="slope",
        hint="The loss is a mean over the batch, so the gradient carries the factor 1/N too.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="return loss, gradient / temperature",
        wrong="return loss, gradient",
        hint="The temperature is missing in the gradient: the chain rule through logits / T gives a factor 1/T.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="_cross_entropy(logits / temperature, one_hot)",
        wrong="_cross_entropy(logits * temperature, one_hot)",
        hint="Divide the logits by the temperature: a large temperature makes the probabilities more even.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="loss, gradient = _cross_entropy(logits / temperature, one_hot)",
        wrong="loss, gradient = _cross_entropy(logits, one_hot)",
        hint="The temperature is missing in the softmax: divide the logits by T.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="return loss, gradient / temperature",
        wrong="return loss * len(labels), gradient * len(labels) / temperature",
        hint="Divide loss and gradient by N: the loss is the mean over the batch.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="return loss, gradient / temperature",
        wrong="return loss, gradient * len(labels) / temperature",
        hint="The loss is a mean over the batch, so the gradient carries the factor 1/N too.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="return loss, gradient / temperature",
        wrong="return loss, gradient / temperature / len(labels)",
        hint="The gradient is divided by N twice: once is the mean over the batch.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="return loss, gradient / temperature",
        wrong="return loss, (gradient + one_hot / len(labels)) / temperature",
        hint="Subtract 1 from the probability of the label: the gradient by the logits is p - one-hot(y).",
    ),
    mistake(
        "softmax_cross_entropy",
        right="loss, gradient = _cross_entropy(logits / temperature, one_hot)",
        wrong="p = np.exp(logits / temperature)\n"
        "    p /= p.sum(axis=1, keepdims=True)\n"
        "    loss = -np.log(p[np.arange(len(labels)), labels]).mean()\n"
        "    gradient = (p - one_hot) / len(labels)",
        hint="exp overflows for large logits: subtract the largest logit of each sample first.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="loss, gradient = _cross_entropy(logits / temperature, one_hot)",
        wrong="p = np.exp(logits / temperature - logits.max() / temperature)\n"
        "    p /= p.sum(axis=1, keepdims=True)\n"
        "    loss = -np.log(p[np.arange(len(labels)), labels] + 1e-12).mean()\n"
        "    gradient = (p - one_hot) / len(labels)",
        hint="Subtract the largest logit of each sample, not of the whole batch: the other samples underflow.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="loss, gradient = _cross_entropy(logits / temperature, one_hot)",
        wrong="z = (logits - logits.max(axis=1, keepdims=True)) / temperature\n"
        "    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\n"
        "    loss = -np.log(p[np.arange(len(labels)), labels]).mean()\n"
        "    gradient = (p - one_hot) / len(labels)",
        hint="The logarithm of a probability that underflows is infinite: use log p = z - log sum exp z.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="loss, gradient = _cross_entropy(logits / temperature, one_hot)",
        wrong="p = np.exp((logits - logits.max()) / temperature)\n"
        "    p /= p.sum(axis=0)\n"
        "    loss = -np.log(p[np.arange(len(labels)), labels] + 1e-12).mean()\n"
        "    gradient = (p - one_hot) / len(labels)",
        hint="Softmax runs over the classes (axis 1), not over the batch: each row of probabilities sums to 1.",
    ),
    mistake(
        "label_smoothing",
        right="np.full((N, m), epsilon / (m - 1))",
        wrong="np.full((N, m), epsilon / m)",
        hint="Share epsilon among the m - 1 wrong classes: each gets epsilon / (m - 1), not epsilon / m.",
    ),
    mistake(
        "label_smoothing",
        right="q[np.arange(N), labels] = 1 - epsilon",
        wrong="q[np.arange(N), labels] = 1 - epsilon + epsilon / m\n    q[q < q.max()] = epsilon / m",
        hint="epsilon goes to the wrong classes only, epsilon / (m - 1) to each; the label keeps 1 - epsilon.",
    ),
    mistake(
        "label_smoothing",
        right="q[np.arange(N), labels] = 1 - epsilon",
        wrong="q[np.arange(N), labels] = 1",
        hint="The label gets 1 - epsilon, so that the target distribution sums to 1.",
    ),
    mistake(
        "label_smoothing",
        right="return _cross_entropy(logits, q)",
        wrong="loss, gradient = _cross_entropy(logits, q)\n    return loss, gradient + (q - np.eye(m)[labels]) / N",
        hint="The gradient must use the smoothed labels: it is p - q, not p - one-hot(y).",
    ),
    mistake(
        "label_smoothing",
        right="return _cross_entropy(logits, q)",
        wrong="loss, gradient = _cross_entropy(logits, q)\n    return loss * N, gradient * N",
        hint="Divide loss and gradient by N: the loss is the mean over the batch.",
    ),
    mistake(
        "label_smoothing",
        right="return _cross_entropy(logits, q)",
        wrong="p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)\n"
        "    return -(q * np.log(p)).sum() / N, (p - q) / N",
        hint="exp overflows for large logits: subtract the largest logit of each sample first.",
    ),
    mistake(
        "huber",
        right="np.clip(r, -delta, delta) / N",
        wrong="np.where(np.abs(r) <= delta, r, delta) / N",
        hint="Beyond delta the gradient has the sign of the residual: it is delta on one side and -delta on the other.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="return loss, gradient / temperature",
        wrong="p = gradient * len(labels) + one_hot\n"
        "    p[:, labels] -= 1\n"
        "    return loss, p / len(labels) / temperature",
        hint="Subtract 1 at the label of each sample only: index with np.arange(N), labels and not with :, labels.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="loss, gradient = _cross_entropy(logits / temperature, one_hot)",
        wrong="z = (logits - logits.max()) / temperature\n"
        "    p = np.exp(z)\n"
        "    total = p.sum(axis=1, keepdims=True)\n"
        "    loss = (np.log(total[:, 0]) - z[np.arange(len(labels)), labels]).mean()\n"
        "    gradient = (p / total - one_hot) / len(labels)",
        hint="Subtract the largest logit of each sample, not of the whole batch: the other samples underflow.",
    ),
    mistake(
        "softmax_cross_entropy",
        right="return loss, gradient / temperature",
        wrong="return loss, _cross_entropy(logits, one_hot)[1] / temperature",
        hint="Divide the logits by the temperature in the gradient's softmax too: both use the same probabilities.",
    ),
    mistake(
        "label_smoothing",
        right="q[np.arange(N), labels] = 1 - epsilon",
        wrong="q[np.arange(N), labels] += 1 - epsilon",
        hint="The target of the label is 1 - epsilon and no more: set it, do not add it to what stands there.",
    ),
]

NETWORK = [
    mistake(
        "mlp_forward",
        right="logits, last = linear_forward(h, *params[-1])",
        wrong="logits, last = linear_forward(h, *params[-1])\n    logits = activation(logits)",
        hint="The last layer has no activation: its pre-activations are the logits.",
    ),
    mistake(
        "mlp_forward",
        right="        h = activation(z)",
        wrong="        h = activation(z)\n        activation(z)",
        hint="Call the activation once for each hidden layer, and keep what it returned.",
    ),
    mistake(
        "mlp_forward",
        right="hidden.append((layer, z))\n        h = activation(z)",
        wrong="h = activation(z)\n        hidden.append((layer, h))",
        hint="Keep the pre-activation z in the cache of mlp_forward: mlp_backward takes the derivative at z, not at h.",
    ),
    mistake(
        "mlp_forward",
        right="        h = activation(z)",
        wrong="        h = np.tanh(z)",
        hint="Use the activation that mlp_forward is given, not one of your own choice.",
    ),
    mistake(
        "mlp_backward",
        right="linear_backward(dlogits, last)",
        wrong="linear_backward(dlogits / len(dlogits), last)",
        hint="Do not divide by N in mlp_backward: the mean belongs to the loss and comes with dlogits.",
    ),
    mistake(
        "mlp_backward",
        right="dz = dh * derivative(z)",
        wrong="dz = dh",
        hint="Multiply by the derivative of the activation at each hidden layer.",
    ),
    mistake(
        "mlp_backward",
        right="dz = dh * derivative(z)",
        wrong="dz = dh * derivative(z) * (derivative(z) != 0)",
        hint="Call the derivative once for each hidden layer, and keep what it returned.",
    ),
    mistake(
        "mlp_backward",
        right="return dh, grads[::-1]",
        wrong="return dh, grads",
        hint="Return the gradients in the order of params, first layer first: backward meets them from the end.",
    ),
    mistake(
        "mlp_backward",
        right="reversed(hidden)",
        wrong="reversed(hidden[-2:])",
        hint="Walk through all layers of the network: its depth is the length of params, not a fixed number.",
    ),
    mistake(
        "input_gradient",
        right="dx, _ = mlp_backward(dlogits, cache, derivative)",
        wrong="dx, _ = mlp_backward(dlogits * len(x), cache, derivative)",
        hint="The loss is the mean over the batch, so dx carries the factor 1/N.",
    ),
    mistake(
        "input_gradient",
        right="return dx",
        wrong="return -dx",
        hint="Return the gradient itself, in which the loss grows: the sign is wrong.",
    ),
    mistake(
        "input_gradient",
        right="return dx",
        wrong="return np.sign(dx)",
        hint="Return the gradient itself, not its signs.",
    ),
    mistake(
        "regularized_loss",
        right="0.5 * weight_decay * sum(",
        wrong="weight_decay * sum(",
        hint="The penalty is weight_decay / 2 times the squares, and its gradient weight_decay times S: the factor 1/2 "
        "is missing in the loss.",
    ),
    mistake(
        "regularized_loss",
        right="dS + weight_decay * S",
        wrong="dS + 2 * weight_decay * S",
        hint="The gradient of weight_decay / 2 times the squares is weight_decay times S, without a factor 2.",
    ),
    mistake(
        "regularized_loss",
        right="sum((S**2).sum() for S, _ in params)\n"
        "    decayed = [(dS + weight_decay * S, db) for (dS, db), (S, _) in",
        wrong="sum((S**2).sum() + (b**2).sum() for S, b in params)\n"
        "    decayed = [(dS + weight_decay * S, db + weight_decay * b) for (dS, db), (S, b) in",
        hint="Leave the biases out of the weight decay, in the loss and in the gradient.",
    ),
    mistake(
        "regularized_loss",
        right="(S**2).sum() for S, _ in params",
        wrong="(S**2).sum() + (b**2).sum() for S, b in params",
        hint="Leave the biases out of the penalty: the loss decays them, the gradient does not.",
    ),
    mistake(
        "regularized_loss",
        right="decayed = [(dS + weight_decay * S, db) for (dS, db), (S, _) in",
        wrong="decayed = [(dS + weight_decay * S, db + weight_decay * b) for (dS, db), (S, b) in",
        hint="Leave the biases out of the weight decay: their gradient has no such term.",
    ),
    mistake(
        "regularized_loss",
        right="return loss + penalty, decayed",
        wrong="return loss + penalty, grads",
        hint="The penalty is missing in the gradient: add weight_decay times S to each dS.",
    ),
    mistake(
        "regularized_loss",
        right="return loss + penalty, decayed",
        wrong="return loss, decayed",
        hint="The penalty is missing in the loss: add weight_decay / 2 times the sum of all squared weights.",
    ),
    mistake(
        "regularized_loss",
        right="for S, _ in params)",
        wrong="for S, _ in params[:1])",
        hint="The penalty runs over the weights of all layers, the last one included.",
    ),
    mistake(
        "regularized_loss",
        right="for S, _ in params)\n    decayed = [(dS + weight_decay * S, db)",
        wrong="for S, _ in params[:-1])\n    decayed = [(dS + weight_decay * S * (S is not params[-1][0]), db)",
        hint="The penalty runs over the weights of all layers, the last one included.",
    ),
    mistake(
        "regularized_loss",
        right="sum((S**2).sum() for S, _ in params)",
        wrong="sum(np.sqrt((S**2).sum()) for S, _ in params)",
        hint="The penalty holds the squared norm of the weights: there is no root.",
    ),
    mistake(
        "regularized_loss",
        right="weight_decay * sum((S**2).sum() for S, _ in params)\n    decayed = [(dS + weight_decay * S,",
        wrong="weight_decay / len(x) * sum((S**2).sum() for S, _ in params)\n"
        "    decayed = [(dS + weight_decay / len(x) * S,",
        hint="The penalty is added to the mean loss as it is: do not divide it by N.",
    ),
    mistake(
        "mlp_backward",
        right="dh, dS, db = linear_backward(dz, layer)  # dh is",
        wrong="_, dS, db = linear_backward(dz, layer)  # dh is",
        hint="Carry the gradient on: each layer gets the dx of the layer after it as its upstream gradient.",
    ),
    mistake(
        "regularized_loss",
        right="sum((S**2).sum() for S, _ in params)",
        wrong="sum(np.linalg.norm(S, 2) ** 2 for S, _ in params)",
        hint="Sum the squares of all entries of S: the norm of order 2 of a matrix is its largest singular value.",
    ),
]

MISTAKES = [*CALCULUS, *LINEAR, *ACTIVATIONS, *LOSSES, *NETWORK]
