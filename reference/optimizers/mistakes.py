"""Mistakes that students make in this assignment, each with the hint that names it.

They come from the solutions of similar courses and from the programs of printed notes: momentum in the wrong place,
moments that are never debiased, trajectories that share one array, samples that are never seen. Each is a patch of
the solution; checks are proved with them, and a submission that behaves like one gets its hint.
"""

from __future__ import annotations

from grader import mistake

COPY = "Copy w0 and every row: an in-place operator such as -= also changes the rows that you stored before."
SCHEDULE = "Ask the schedule for the step t of the row from which the step starts: the first step is t = 0."


def in_place(function: str, step: str, change: str) -> list[object]:
    """Return the mistakes of a step that changes w0 in place: all rows are one array, or row 0 alone is w0's."""
    right = f"{step}\n        trajectory.append(w)"
    return [
        mistake(function, right=right, wrong=f"{change}\n        trajectory.append(w)", hint=COPY),
        mistake(
            function,
            right=right,
            wrong=f"{change}\n        trajectory.append(w.copy())",
            hint="Start from a copy of w0: changing w0 itself in place also changes row 0, which is stored there.",
        ),
    ]


def rows(function: str, steps: str = "range(steps)") -> list[object]:
    """Return the mistakes in which the trajectory lacks a row."""
    return [
        mistake(
            function,
            right="return np.stack(trajectory)",
            wrong="return np.stack(trajectory[1:])",
            hint="Put w0 itself into row 0 of the trajectory: it has steps + 1 rows.",
        ),
        mistake(
            function,
            right=f"in {steps}",
            wrong=f"in {steps[:-1]} - 1)",
            hint="Take all the steps: the trajectory has a row for w0 and one for each step.",
        ),
    ]


DETERMINISTIC = [
    mistake(
        "gradient_descent",
        right="w - _at(lr, t) * grad(w)",
        wrong="w + _at(lr, t) * grad(w)",
        hint="Subtract the gradient: along it the loss grows.",
    ),
    *in_place(
        "gradient_descent",
        "w = w - _at(lr, t) * grad(w)  # a new array: the rows before it stay what they are",
        "w -= _at(lr, t) * grad(w)",
    ),
    *rows("gradient_descent"),
    mistake(
        "gradient_descent",
        right="* grad(w)",
        wrong="* grad(w0)",
        hint="Ask for the gradient at the current w in every step, not at w0.",
    ),
    mistake("gradient_descent", right="_at(lr, t)", wrong="_at(lr, t + 1)", hint=SCHEDULE),
    mistake(
        "gradient_descent",
        right="_at(lr, t)",
        wrong="_at(lr, 0)",
        hint="Ask the schedule anew in every step: lr may change with t.",
    ),
    mistake(
        "gradient_descent",
        right="        trajectory.append(w)",
        wrong="        trajectory.append(w - 0 * grad(w))",
        hint="Ask grad once a step, and keep what it returned: a gradient is the expensive part.",
    ),
    mistake(
        "gradient_descent",
        right="* grad(w)",
        wrong="* grad(w) / np.linalg.norm(grad(w))",
        hint="Step by lr times the gradient itself: do not divide it by its norm.",
    ),
    mistake(
        "heavy_ball",
        right="_at(lr, t) * grad(w)",
        wrong="_at(lr, t) * (1 - _at(momentum, t)) * grad(w)",
        hint="Take the gradient with the factor lr alone: here it has no factor 1 - momentum.",
    ),
    mistake(
        "heavy_ball",
        right="+ _at(momentum, t) * velocity",
        wrong="+ _at(momentum, t) ** 2 * velocity",
        hint="Apply the momentum once a step: yours multiplies the last step by it twice.",
    ),
    mistake(
        "heavy_ball",
        right="w = w - _at(lr, t) * grad(w) + _at(momentum, t) * velocity",
        wrong="w = w + _at(momentum, t) * (_at(momentum, t) * velocity - _at(lr, t) * grad(w))",
        hint="Add the velocity to w as it is: it already holds momentum times the last step.",
    ),
    mistake(
        "heavy_ball",
        right="+ _at(momentum, t) * velocity",
        wrong="- _at(momentum, t) * velocity",
        hint="Add momentum times the last step: it continues in the direction of w - w before.",
    ),
    mistake(
        "heavy_ball",
        right=" + _at(momentum, t) * velocity",
        wrong="",
        hint="Add momentum times the last step: without it this is gradient descent.",
    ),
    mistake(
        "heavy_ball",
        right="* grad(w)",
        wrong="* grad(w + _at(momentum, t) * velocity)",
        hint="Take the gradient at w: the look-ahead belongs to Nesterov's method.",
    ),
    mistake(
        "heavy_ball",
        right="velocity = w - previous  # (p,)",
        wrong="velocity = (w - previous) * _at(lr, t) / _at(lr, max(t - 1, 0))",
        hint="Keep the last step w - w before itself: a velocity that is multiplied by lr only afterwards is wrong "
        "when lr changes.",
    ),
    mistake(
        "heavy_ball",
        right="        previous = w\n",
        wrong="",
        hint="Remember the last w before each step: momentum acts on one step, not on the whole way from w0.",
    ),
    mistake(
        "heavy_ball",
        right="previous, w, trajectory = w0, w0, [w0]",
        wrong="previous, w, trajectory = w0 + _at(lr, 0), w0, [w0]",
        hint="Start at rest: the velocity is zero before the first step, not one.",
    ),
    mistake("heavy_ball", right="_at(momentum, t)", wrong="_at(momentum, t + 1)", hint=SCHEDULE),
    *rows("heavy_ball"),
    mistake(
        "nesterov",
        right="* grad(u)",
        wrong="* grad(previous)",
        hint="Take the gradient at the look-ahead u: at w this is the heavy ball.",
    ),
    mistake(
        "nesterov",
        right="* grad(u)",
        wrong="* grad(2 * previous - u)",
        hint="Look ahead in the direction of the last step: u = w + momentum (w - w before), with a plus.",
    ),
    mistake(
        "nesterov",
        right="u = w + _at(momentum, t) * (w - previous)\n        previous = w\n        w = u - _at(lr, t) * grad(u)",
        wrong="velocity = w - previous\n        previous = w\n"
        "        w = w + _at(momentum, t) * velocity - (1 - _at(momentum, t)) * _at(lr, t) * grad(w - velocity)",
        hint="Look ahead in the direction of the step, to w + momentum (w - w before), not against it, and take the "
        "gradient there with the factor lr alone.",
    ),
    mistake(
        "nesterov",
        right="u = w + _at(momentum, t)",
        wrong="u = w - _at(momentum, t)",
        hint="Add momentum times the last step to w: yours goes back.",
    ),
    mistake(
        "nesterov",
        right="w = u - _at(lr, t) * grad(u)",
        wrong="w = w - _at(lr, t) * grad(u)",
        hint="Step from the look-ahead u, not from w: the momentum is lost otherwise.",
    ),
    mistake(
        "nesterov",
        right="_at(lr, t) * grad(u)",
        wrong="(1 - _at(momentum, t)) * _at(lr, t) * grad(u)",
        hint="Take the gradient with the factor lr alone: here it has no factor 1 - momentum.",
    ),
    mistake(
        "nesterov",
        right="trajectory.append(w)",
        wrong="trajectory.append(w + _at(momentum, t + 1) * (w - previous))",
        hint="Store the w in the trajectory, not the look-aheads u.",
    ),
    mistake(
        "nesterov",
        right="previous = w\n",
        wrong="previous = u\n",
        hint="Keep the last w for the next look-ahead, not the last u.",
    ),
    mistake(
        "nesterov",
        right="previous, w, trajectory = w0, w0, [w0]",
        wrong="previous, w, trajectory = w0 + _at(lr, 0), w0, [w0]",
        hint="Start at rest: the velocity is zero before the first step, not one.",
    ),
    mistake("nesterov", right="_at(momentum, t)", wrong="_at(momentum, t + 1)", hint=SCHEDULE),
    *rows("nesterov"),
    mistake(
        "nesterov_schedule",
        right="return (t - 1) / (t + 2)",
        wrong="return t / (t + 3)",
        hint="Count t from 0: the momentum is (t - 1) / (t + 2), and 0 at t = 1.",
    ),
    mistake(
        "nesterov_schedule",
        right="return (t - 1) / (t + 2)",
        wrong="return (t + 1) / (t + 2)",
        hint="The numerator is t - 1.",
    ),
    mistake(
        "nesterov_schedule",
        right="return (t - 1) / (t + 2)",
        wrong="return 3 / (t + 2)",
        hint="Return the momentum (t - 1) / (t + 2), which grows to 1, and not what is missing to 1.",
    ),
    mistake(
        "newton",
        right="w - np.linalg.solve(hessian(w), grad(w))",
        wrong="w - grad(w) / np.diag(hessian(w))",
        hint="Solve with the whole Hessian: dividing by its diagonal forgets how the coordinates depend on each other.",
    ),
    mistake(
        "newton",
        right="w - np.linalg.solve(hessian(w), grad(w))",
        wrong="w - hessian(w) @ grad(w)",
        hint="Multiply the gradient by the inverse of the Hessian, not by the Hessian.",
    ),
    mistake(
        "newton",
        right="w - np.linalg.solve",
        wrong="w + np.linalg.solve",
        hint="Subtract the Newton step.",
    ),
    mistake(
        "newton",
        right="solve(hessian(w), ",
        wrong="solve(hessian(w0), ",
        hint="Ask for the Hessian at the current w in every step, not once at w0.",
    ),
    mistake(
        "newton",
        right="w - np.linalg.solve(hessian(w), grad(w))",
        wrong="w - 0.5 * np.linalg.solve(hessian(w), grad(w))",
        hint="Take the whole Newton step: it has no step size.",
    ),
    *rows("newton"),
]

STOCHASTIC = [
    mistake(
        "sgd",
        right="batch = rng.integers(n, size=batch_size)",
        wrong="batch = np.random.randint(n, size=batch_size)",
        hint="Draw the samples from the generator rng that you are given, not from numpy's global one.",
    ),
    mistake(
        "sgd",
        right="w, trajectory = w0, [w0]",
        wrong="rng = np.random.default_rng(0)\n    w, trajectory = w0, [w0]",
        hint="Use rng as it is: do not seed a generator of your own, or every run sees the same samples.",
    ),
    mistake(
        "sgd",
        right="* grad_i(w, batch)",
        wrong="* len(batch) * grad_i(w, batch)",
        hint="Take the mean over the batch, which is what grad_i returns: do not multiply it by the batch size.",
    ),
    mistake(
        "sgd",
        right="* grad_i(w, batch)",
        wrong="* grad_i(w, batch) / len(batch)",
        hint="grad_i returns the mean already: do not divide by the batch size again.",
    ),
    mistake(
        "sgd",
        right="batch = rng.integers(n, size=batch_size)",
        wrong="batch = batch if t else rng.integers(n, size=batch_size)",
        hint="Draw a new batch in every step.",
    ),
    mistake(
        "sgd",
        right="batch = rng.integers(n, size=batch_size)",
        wrong="batch = rng.choice(n, size=batch_size, replace=False)",
        hint="With replacement, the samples of a batch are independent: one may occur twice in it.",
    ),
    mistake(
        "sgd",
        right="batch = rng.integers(n, size=batch_size)",
        wrong="batch = rng.integers(n - 1, size=batch_size)",
        hint="Draw from all samples, 0 to n - 1: the upper end of rng.integers is excluded already.",
    ),
    mistake(
        "sgd",
        right="batch = rng.integers(n, size=batch_size)",
        wrong="batch = rng.integers(1, n, size=batch_size)",
        hint="Draw from all samples, 0 to n - 1: sample 0 is never seen.",
    ),
    mistake(
        "sgd",
        right="if replacement:",
        wrong="if True:",
        hint="Without replacement, walk through a random order of all samples: every sample is seen once an epoch.",
    ),
    mistake(
        "sgd",
        right="if replacement:",
        wrong="if False:",
        hint="With replacement, draw every sample independently of those before it.",
    ),
    mistake(
        "sgd",
        right="batch, order = order[:batch_size], order[batch_size:]",
        wrong="batch = rng.choice(n, size=batch_size, replace=False)",
        hint="Without replacement is meant over the whole epoch: go through one order of all samples before a new one.",
    ),
    mistake(
        "sgd",
        right="if not len(order):\n                order = rng.permutation(n)",
        wrong="if len(order) <= n // 2:\n                order = rng.permutation(n)",
        hint="Walk through all samples before you shuffle again: half of the data is never seen in an epoch.",
    ),
    mistake(
        "sgd",
        right="batch, order = order[:batch_size], order[batch_size:]\n            if not len(order):",
        wrong="half = max(batch_size // 2, 1)\n            batch, order = order[:half], order[half:]\n"
        "            if len(order) <= n // 2:",
        hint="Advance by batch_size, the size of the batches: half of the data is never seen in an epoch.",
    ),
    mistake(
        "sgd",
        right="batch, order = order[:batch_size], order[batch_size:]\n            if not len(order):",
        wrong="batch, order = order[:batch_size], order[batch_size:]\n            if len(order) < batch_size:",
        hint="Take the rest of the order as a smaller last batch: its samples are not seen in this epoch otherwise.",
    ),
    mistake(
        "sgd",
        right="batch, order = order[:batch_size], order[batch_size:]",
        wrong="batch = np.arange(t * batch_size, (t + 1) * batch_size) % n",
        hint="Shuffle the samples anew in every epoch: yours are walked through in the order of the file.",
    ),
    mistake("sgd", right="_at(lr, t)", wrong="_at(lr, t + 1)", hint=SCHEDULE),
    *in_place("sgd", "w = w - _at(lr, t) * grad_i(w, batch)", "w -= _at(lr, t) * grad_i(w, batch)"),
    *rows("sgd"),
    mistake(
        "inverse_decay",
        right="return beta / (t + t0)",
        wrong="return beta / t0 + t",
        hint="Divide beta by the sum t + t0: the brackets are missing.",
    ),
    mistake(
        "inverse_decay",
        right="return beta / (t + t0)",
        wrong="return beta / (t + 1 + t0)",
        hint="Count t from 0: the first step size is beta / t0.",
    ),
    mistake(
        "inverse_decay",
        right="return beta / (t + t0)",
        wrong="return beta / np.sqrt(t + t0)",
        hint="The step size falls like 1 / t: there is no root.",
    ),
    mistake(
        "inverse_decay",
        right="return lr",
        wrong="return lr(0)",
        hint="Return a function of t, not its value.",
    ),
    mistake(
        "polyak_ruppert",
        right="terms = np.arange(1, len(trajectory) + 1)  # row t is a mean of t + 1 rows",
        wrong="terms = np.maximum(np.arange(len(trajectory)), 1)",
        hint="Divide the sum of the rows 0 to t by t + 1: there are that many.",
    ),
    mistake(
        "polyak_ruppert",
        right="return np.cumsum(trajectory, axis=0) / terms[:, None]",
        wrong="return np.cumsum(trajectory, axis=0) / len(trajectory)",
        hint="Divide row t by t + 1, the number of rows so far, not by the length of the whole trajectory.",
    ),
    mistake(
        "polyak_ruppert",
        right="return np.cumsum(trajectory, axis=0) / terms[:, None]",
        wrong="return trajectory.mean(axis=0)",
        hint="Return the running means, one row for each row of the trajectory, not the last mean alone.",
    ),
    mistake(
        "polyak_ruppert",
        right="np.cumsum(trajectory, axis=0)",
        wrong="np.cumsum(trajectory, axis=1)",
        hint="Average over the steps (axis 0), not over the coordinates.",
    ),
    mistake(
        "svrg",
        right="i = int(rng.integers(n))",
        wrong="i = np.random.randint(n)",
        hint="Draw the samples of svrg from the generator rng that you are given, not from numpy's global one.",
    ),
    mistake(
        "svrg",
        right="snapshot = w\n        full = grad_i(snapshot, np.arange(n))",
        wrong="snapshot = w\n        full = full if epoch else grad_i(snapshot, np.arange(n))",
        hint="Ask for the full gradient anew at every snapshot: yours is that of the first one for ever.",
    ),
    mistake(
        "svrg",
        right="snapshot = w\n        full = grad_i(snapshot, np.arange(n))",
        wrong="snapshot = w0\n        full = grad_i(snapshot, np.arange(n))",
        hint="Take a new snapshot at the start of every epoch: yours stays at w0.",
    ),
    mistake(
        "svrg",
        right=" - grad_i(snapshot, i) + full",
        wrong=" - grad_i(snapshot, i) - full",
        hint="Subtract the sample's gradient at the snapshot and add the full gradient: their means must cancel.",
    ),
    mistake(
        "svrg",
        right="grad_i(w, i) - grad_i(snapshot, i) + full",
        wrong="grad_i(w, i) + grad_i(snapshot, i) - full",
        hint="Subtract the sample's gradient at the snapshot, and add the full one: yours adds noise.",
    ),
    mistake(
        "svrg",
        right=" - grad_i(snapshot, i) + full",
        wrong=" - grad_i(snapshot, i)",
        hint="Add the full gradient at the snapshot: without it the mean of the estimate is wrong.",
    ),
    mistake(
        "svrg",
        right="grad_i(snapshot, i)",
        wrong="grad_i(snapshot, int(rng.integers(n)))",
        hint="Use the same sample at w and at the snapshot: only then does its noise cancel.",
    ),
    mistake(
        "svrg",
        right="grad_i(w, i) - grad_i(snapshot, i) + full",
        wrong="grad_i(w, i)",
        hint="Correct the sample's gradient by the snapshot: without it this is SGD.",
    ),
    mistake(
        "svrg",
        right="i = int(rng.integers(n))",
        wrong="i = step % n",
        hint="Draw the sample of each inner step at random: yours walks through them in order.",
    ),
    mistake(
        "svrg",
        right="epoch * inner_steps + step",
        wrong="step",
        hint="Count the steps of all epochs for the schedule: yours begins again with every snapshot.",
    ),
    mistake(
        "saga",
        right="i = int(rng.integers(n))",
        wrong="i = np.random.randint(n)",
        hint="Draw the samples of saga from the generator rng that you are given, not from numpy's global one.",
    ),
    mistake(
        "saga",
        right="        table[i] += change\n",
        wrong="",
        hint="Put the new gradient of the sample into the table: yours still holds the one at w0.",
    ),
    mistake(
        "saga",
        right="        mean = mean + change / n\n",
        wrong="",
        hint="Keep the mean of the table up to date: it changes with every entry.",
    ),
    mistake(
        "saga",
        right="(change + mean)",
        wrong="(change / n + mean)",
        hint="Take the change of the sample's gradient in full: with the factor 1 / n this is SAG, which is biased.",
    ),
    mistake(
        "saga",
        right="w = w - _at(lr, t) * (change + mean)\n        mean = mean + change / n",
        wrong="mean = mean + change / n\n        w = w - _at(lr, t) * (change + mean)",
        hint="Use the mean of the table as it was before the step, and only then put the new gradient in.",
    ),
    mistake(
        "saga",
        right="(change + mean)",
        wrong="(change - mean)",
        hint="Add the mean of the table: its sign is wrong.",
    ),
    mistake(
        "saga",
        right="table = np.stack([grad_i(w0, i) for i in range(n)])",
        wrong="table = np.zeros((n, len(w0)))",
        hint="Fill the table at w0 before the first step: ask for the gradient of every sample there.",
    ),
    mistake(
        "saga",
        right="(change + mean)",
        wrong="(change + table[i])",
        hint="Add the mean of the table, not only the correction by the sample's own entry: this is SGD.",
    ),
    mistake(
        "saga",
        right="i = int(rng.integers(n))",
        wrong="i = t % n",
        hint="Draw the sample of each step at random: yours walks through them in order.",
    ),
    *rows("saga"),
]

EPS_OUTSIDE = "np.sqrt(s + eps)", "(np.sqrt(s) + eps)"

ADAPTIVE = [
    mistake(
        "adagrad",
        right="s = s + g**2",
        wrong="s = 0.9 * s + 0.1 * g**2",
        hint="Keep the sum of all squared gradients in Adagrad: the running average belongs to RMSProp.",
    ),
    mistake(
        "adagrad",
        right="s = s + g**2",
        wrong="s = g**2",
        hint="Add the squared gradient to s, so that all past gradients stay in it.",
    ),
    mistake(
        "adagrad",
        right="s = s + g**2",
        wrong="s = s + g",
        hint="Sum the squares of the gradient, not the gradient.",
    ),
    mistake(
        "adagrad",
        right="s = s + g**2",
        wrong="s = s + (g**2).sum()",
        hint="Keep a sum for every coordinate: yours is one number for all.",
    ),
    mistake(
        "adagrad",
        right=EPS_OUTSIDE[0],
        wrong=EPS_OUTSIDE[1],
        hint="Put eps inside the root in Adagrad: sqrt(s + eps).",
    ),
    mistake(
        "adagrad",
        right="np.sqrt(s + eps)",
        wrong="(s + eps)",
        hint="Divide by the root of s + eps.",
    ),
    mistake(
        "adagrad",
        right="s = s + g**2\n        w = w - _at(lr, t) * g / np.sqrt(s + eps)",
        wrong="w = w - _at(lr, t) * g / np.sqrt(s + eps)\n        s = s + g**2",
        hint="Add the squared gradient to s before the step, so that the step is divided by it as well.",
    ),
    mistake(
        "adagrad",
        right="s = s + g**2",
        wrong="s = adagrad.__dict__.setdefault(len(w0), np.zeros_like(w0))\n        s += g**2",
        hint="Start from s = 0 in every call: yours keeps what earlier calls left in it.",
    ),
    mistake("adagrad", right="_at(lr, t)", wrong="_at(lr, t + 1)", hint=SCHEDULE),
    *rows("adagrad"),
    mistake(
        "rmsprop",
        right="beta * s + (1 - beta) * g**2",
        wrong="s + g**2",
        hint="Average the squared gradients in RMSProp: the sum belongs to Adagrad.",
    ),
    mistake(
        "rmsprop",
        right="beta * s + (1 - beta) * g**2",
        wrong="beta * s + g**2",
        hint="Multiply the new squared gradient by 1 - beta: s is an average.",
    ),
    mistake(
        "rmsprop",
        right="beta * s + (1 - beta) * g**2",
        wrong="(1 - beta) * s + beta * g**2",
        hint="beta keeps the old average, and 1 - beta takes in the new square: yours has them swapped.",
    ),
    mistake(
        "rmsprop",
        right="beta * s + (1 - beta) * g**2",
        wrong="beta * s + (1 - beta) * g",
        hint="Average the squares of the gradient, not the gradient.",
    ),
    mistake(
        "rmsprop",
        right=EPS_OUTSIDE[0],
        wrong=EPS_OUTSIDE[1],
        hint="Put eps inside the root in RMSProp: sqrt(s + eps).",
    ),
    mistake(
        "rmsprop",
        right="np.sqrt(s + eps)",
        wrong="np.sqrt(s / (1 - beta ** (t + 1)) + eps)",
        hint="Use s as it is: debiasing belongs to Adam.",
    ),
    mistake(
        "rmsprop",
        right="np.sqrt(s + eps)",
        wrong="(s + eps)",
        hint="Divide by the root of s + eps.",
    ),
    mistake(
        "rmsprop",
        right="s = beta * s + (1 - beta) * g**2",
        wrong="s = rmsprop.__dict__.setdefault(len(w0), np.zeros_like(w0))\n        s += (1 - beta) * (g**2 - s)",
        hint="Start from s = 0 in every call: yours keeps what earlier calls left in it.",
    ),
    mistake("rmsprop", right="_at(lr, t)", wrong="_at(lr, t + 1)", hint=SCHEDULE),
    *rows("rmsprop"),
    mistake(
        "adam",
        right="_at(lr, t) * m_hat / (np.sqrt(v_hat) + eps)",
        wrong="_at(lr, t) * m / (np.sqrt(v) + eps)",
        hint="Use the debiased moments for the step: the raw ones are too small in the first steps.",
    ),
    mistake(
        "adam",
        right="_at(lr, t) * m_hat",
        wrong="_at(lr, t) * m",
        hint="Debias the first moment too: divide m by 1 - beta1 to the power t + 1.",
    ),
    mistake(
        "adam",
        right="(np.sqrt(v_hat) + eps)",
        wrong="(np.sqrt(v) + eps)",
        hint="Debias the second moment too: divide v by 1 - beta2 to the power t + 1.",
    ),
    mistake(
        "adam",
        right="m / (1 - beta1 ** (t + 1))  # weights (1 - beta1) beta1^k, k = 0 .. t, sum to 1 - beta1^(t + 1)\n"
        "        v_hat = v / (1 - beta2 ** (t + 1))",
        wrong="m / (1 - beta1 ** (t + 2))\n        v_hat = v / (1 - beta2 ** (t + 2))",
        hint="Debias the first step with the power 1: the power is the number of gradients so far.",
    ),
    mistake(
        "adam",
        right="m / (1 - beta1 ** (t + 1))  # weights (1 - beta1) beta1^k, k = 0 .. t, sum to 1 - beta1^(t + 1)\n"
        "        v_hat = v / (1 - beta2 ** (t + 1))",
        wrong="m / (1 - beta1**t)\n        v_hat = v / (1 - beta2**t)",
        hint="Debias with the power t + 1: at t = 0 yours divides by zero.",
    ),
    mistake(
        "adam",
        right="m / (1 - beta1 ** (t + 1))  # weights (1 - beta1) beta1^k, k = 0 .. t, sum to 1 - beta1^(t + 1)\n"
        "        v_hat = v / (1 - beta2 ** (t + 1))",
        wrong="m / (1 - beta1)\n        v_hat = v / (1 - beta2)",
        hint="The debiasing changes with the step: divide by 1 - beta to the power t + 1, not by 1 - beta.",
    ),
    mistake(
        "adam",
        right="m / (1 - beta1 ** (t + 1))  # weights (1 - beta1) beta1^k, k = 0 .. t, sum to 1 - beta1^(t + 1)\n"
        "        v_hat = v / (1 - beta2 ** (t + 1))",
        wrong="m = m / (1 - beta1 ** (t + 1))\n        v_hat = v = v / (1 - beta2 ** (t + 1))",
        hint="Keep the raw moments for the next step: the debiased ones are used once and not fed back.",
    ),
    mistake(
        "adam",
        right="(np.sqrt(v_hat) + eps)",
        wrong="np.sqrt(v_hat + eps)",
        hint="Put eps outside the root in Adam: sqrt(v_hat) + eps.",
    ),
    mistake(
        "adam",
        right="(1 - beta2) * g**2",
        wrong="(1 - beta2) * g",
        hint="Square the gradient in the second moment.",
    ),
    mistake(
        "adam",
        right="beta1 * m + (1 - beta1) * g",
        wrong="beta1 * m + g",
        hint="Multiply the new gradient by 1 - beta1: m is an average.",
    ),
    mistake(
        "adam",
        right="beta2 * v + (1 - beta2) * g**2",
        wrong="beta2 * v + g**2",
        hint="Multiply the new squared gradient by 1 - beta2: v is an average.",
    ),
    mistake(
        "adam",
        right="m = beta1 * m + (1 - beta1) * g",
        wrong="m = (1 - beta1) * m + beta1 * g",
        hint="beta1 keeps the old average, and 1 - beta1 takes in the new gradient: yours has them swapped.",
    ),
    mistake(
        "adam",
        right="w, trajectory = w0, [w0]",
        wrong="w, trajectory = w0, [w0]\n    beta1, beta2 = beta2, beta1",
        hint="beta1 belongs to the gradient and beta2 to its square: yours has them swapped.",
    ),
    mistake(
        "adam",
        right="m = beta1 * m + (1 - beta1) * g",
        wrong="m = adam.__dict__.setdefault(len(w0), np.zeros_like(w0))\n        m += (1 - beta1) * (g - m)",
        hint="Start from zero moments in every call: yours keeps what earlier calls left in them.",
    ),
    mistake("adam", right="_at(lr, t)", wrong="_at(lr, t + 1)", hint=SCHEDULE),
    *rows("adam"),
    mistake(
        "lars_step",
        right="lr * np.sqrt((w**2).sum()) * g / size",
        wrong="lr * g / size",
        hint="Multiply the step by the norm of the weights: the layer moves by a share lr of it.",
    ),
    mistake(
        "lars_step",
        right="* g / size",
        wrong="* g / (g**2).sum()",
        hint="Divide by the norm of the gradient, not by its square.",
    ),
    mistake(
        "lars_step",
        right="size = np.sqrt((g**2).sum())",
        wrong="size = np.linalg.norm(g, 2) if g.ndim == 2 else np.linalg.norm(g)",
        hint="Take the norm over all entries: the norm of order 2 of a matrix is its largest singular value.",
    ),
    mistake(
        "lars_step",
        right="    if size == 0:\n        return w.copy()\n",
        wrong="",
        hint="Leave the weights as they are where the gradient is zero: dividing by its norm gives NaN.",
    ),
    mistake(
        "lars_step",
        right="return w - lr",
        wrong="return w + lr",
        hint="Subtract the step: along the gradient the loss grows.",
    ),
    mistake(
        "lars_step",
        right="np.sqrt((w**2).sum()) * g / size",
        wrong="g * size / np.sqrt((w**2).sum())",
        hint="The ratio is the norm of the weights by the norm of the gradient: yours is upside down.",
    ),
]

TOOLS = [
    mistake(
        "decayed",
        right="np.where(is_bias, 0, w)",
        wrong="w",
        hint="Leave the biases alone: weight decay acts only where is_bias is False.",
    ),
    mistake(
        "decayed",
        right="np.where(is_bias, 0, w)",
        wrong="np.where(is_bias, w, 0)",
        hint="Decay the weights and not the biases: the mask is upside down.",
    ),
    mistake(
        "decayed",
        right="grad(w) + weight_decay * np",
        wrong="grad(w) + 2 * weight_decay * np",
        hint="The gradient of weight_decay / 2 times the squares is weight_decay times w, without a factor 2.",
    ),
    mistake(
        "decayed",
        right="grad(w) + weight_decay * np",
        wrong="grad(w) - weight_decay * np",
        hint="Add weight_decay times w to the gradient: the step then makes the weights smaller.",
    ),
    mistake(
        "decayed",
        right="weight_decay * np.where(is_bias, 0, w)",
        wrong="weight_decay * np.where(is_bias, 0, np.sign(w))",
        hint="The penalty is quadratic: its gradient is proportional to w, not to the sign of w.",
    ),
    mistake(
        "decayed",
        right="def decayed_grad(w: Array) -> Array:\n        return grad(w)",
        wrong="kept = []\n\n    def decayed_grad(w):\n        kept[:] = kept or [grad(w)]\n        return kept[0]",
        hint="Ask grad in every call, at the w of that call: yours keeps the first answer for ever.",
    ),
    mistake(
        "decayed",
        right="return grad(w) + weight_decay * np.where(is_bias, 0, w)",
        wrong="return np.where(is_bias, grad(w), grad(w) + weight_decay * w)",
        hint="Ask grad once a call, and keep what it returned: a gradient is the expensive part.",
    ),
    mistake(
        "warmup",
        right="return min(1.0, (t + 1) / steps)",
        wrong="return min(1.0, t / steps)",
        hint="Multiply by (t + 1) / steps in step t = 0, 1, ...: a first step of size 0 would be wasted.",
    ),
    mistake(
        "warmup",
        right="return min(1.0, (t + 1) / steps)",
        wrong="return (t + 1) / steps",
        hint="Stop at the full step size: after the warm-up the schedule is unchanged.",
    ),
    mistake(
        "warmup",
        right="_at(schedule, t)",
        wrong="_at(schedule, max(t + 1 - steps, 0))",
        hint="Ask the schedule at t itself: the warm-up multiplies it and does not delay it.",
    ),
    mistake(
        "warmup",
        right="_at(schedule, t)",
        wrong="_at(schedule, 0)",
        hint="Ask the schedule at t in every step.",
    ),
    mistake(
        "warmup",
        right="return lr",
        wrong="return lr(0)",
        hint="Return a function of t, not its value.",
    ),
    mistake(
        "clip_by_norm",
        right="return g * (c / size) if size > c else g.copy()",
        wrong="return g * (c / size)",
        hint="Leave a gradient alone whose norm is at most c: clipping only shortens.",
    ),
    mistake(
        "clip_by_norm",
        right="size = np.sqrt((g**2).sum())",
        wrong="size = np.abs(g).max()",
        hint="Use the Euclidean norm of all entries, not the largest entry.",
    ),
    mistake(
        "clip_by_norm",
        right="size = np.sqrt((g**2).sum())",
        wrong="size = (g**2).sum()",
        hint="Take the root of the sum of squares.",
    ),
    mistake(
        "clip_by_norm",
        right="return g * (c / size) if size > c else g.copy()",
        wrong="return g / size if size > c else g.copy()",
        hint="Scale a long gradient to norm c, not to norm 1.",
    ),
    mistake(
        "clip_by_norm",
        right="size = np.sqrt((g**2).sum())",
        wrong="size = np.linalg.norm(g, 2) if g.ndim == 2 else np.linalg.norm(g)",
        hint="Take the norm over all entries: the norm of order 2 of a matrix is its largest singular value.",
    ),
    mistake(
        "clip_by_norm",
        right="return g * (c / size) if size > c else g.copy()",
        wrong="return np.clip(g, -c, c)",
        hint="Scale the whole gradient by one factor, so that its direction stays: limiting entries is clip_by_value.",
    ),
    mistake(
        "clip_by_value",
        right="np.clip(g, -c, c)",
        wrong="np.minimum(g, c)",
        hint="Limit the entries on both sides, to -c below and to c above.",
    ),
    mistake(
        "clip_by_value",
        right="np.clip(g, -c, c)",
        wrong="np.clip(g, 0, c)",
        hint="Keep the negative entries: they are limited to -c, not to 0.",
    ),
    mistake(
        "clip_by_value",
        right="np.clip(g, -c, c)",
        wrong="g * min(1, c / np.abs(g).max())",
        hint="Limit every entry on its own: scaling the whole gradient also changes those that are small enough.",
    ),
]

MISTAKES = [*DETERMINISTIC, *STOCHASTIC, *ADAPTIVE, *TOOLS]
