"""Mistakes that students make in this assignment, each with the hint that names it.

They come from the solutions of similar courses and from the catalogue: gates in another order, gradients that are
overwritten or reach one step only, windows that leak, time turned round once or twice too often.
Each is a patch of the solution; checks are proved with them, and a submission that behaves like one gets its hint.
"""

from __future__ import annotations

from grader import mistake

KALMAN = [
    mistake(
        "kalman_filter",
        right="mean = predicted + gain * (x - predicted)",
        wrong="mean = mean + gain * (x - mean)",
        hint="Predict before you correct: the signal has moved, so the observation is compared with a times the mean.",
    ),
    mistake(
        "kalman_filter",
        right="mean = predicted + gain * (x - predicted)",
        wrong="mean = mean + gain * (x - predicted)",
        hint="Correct the prediction: add the gain's share to a times the last mean, not to the last mean.",
    ),
    mistake(
        "kalman_filter",
        right="a**2 * variance + var_state",
        wrong="a * variance + var_state",
        hint="Square a in the predicted variance: a factor of a signal is squared in its variance.",
    ),
    mistake(
        "kalman_filter",
        right="a**2 * variance + var_state",
        wrong="a**2 * variance",
        hint="Add the variance of the signal's noise to the predicted variance: it makes the signal less certain.",
    ),
    mistake(
        "kalman_filter",
        right="a**2 * variance + var_state",
        wrong="variance + var_state",
        hint="Multiply the variance by a squared before you add the signal's noise: the signal is multiplied by a.",
    ),
    mistake(
        "kalman_filter",
        right="gain = spread / (spread + var_obs)",
        wrong="gain = var_obs / (spread + var_obs)",
        hint="The gain is the share of the predicted variance: the noisier the observation, the less it counts.",
    ),
    mistake(
        "kalman_filter",
        right="gain = spread / (spread + var_obs)",
        wrong="gain = spread / (spread + var_obs**2)",
        hint="Take the variances as they are: var_obs is a variance already, and is not squared.",
    ),
    mistake(
        "kalman_filter",
        right="a**2 * variance + var_state",
        wrong="a**2 * variance + var_state**2",
        hint="Take the variances as they are: var_state is a variance already, and is not squared.",
    ),
    mistake(
        "kalman_filter",
        right="gain = spread / (spread + var_obs)",
        wrong="gain = variance / (variance + var_obs)",
        hint="The gain uses the predicted variance, after the signal has moved, not the variance of the last step.",
    ),
    mistake(
        "kalman_filter",
        right="variance = (1 - gain) * spread",
        wrong="variance = (1 - gain) * variance",
        hint="Shrink the predicted variance by 1 - gain, not the variance of the last step.",
    ),
    mistake(
        "kalman_filter",
        right="variance = (1 - gain) * spread",
        wrong="variance = spread",
        hint="Correct the variance too: an observation makes the signal more certain, by the factor 1 - gain.",
    ),
    mistake(
        "kalman_filter",
        right="variance = (1 - gain) * spread",
        wrong="variance = (1 - gain) ** 2 * spread",
        hint="The variance shrinks by 1 - gain once: squared, it lacks gain^2 var_obs, the share of the "
        "observation's noise.",
    ),
    mistake(
        "kalman_filter",
        right="variance = (1 - gain) * spread",
        wrong="variance = gain * spread",
        hint="The variance shrinks by 1 - gain: a gain near 1 means that the observation settles everything.",
    ),
    mistake(
        "kalman_filter",
        right="        means.append(mean)\n        variances.append(variance)",
        wrong="        means.append(predicted)\n        variances.append(spread)",
        hint="Return mean and variance after the observation of the same time, not the predictions before it.",
    ),
    mistake(
        "kalman_filter",
        right="        variances.append(variance)",
        wrong="        variances.append(np.sqrt(variance))",
        hint="Return variances, not standard deviations.",
    ),
    mistake(
        "kalman_filter",
        right="        predicted, spread = a * mean, a**2 * variance + var_state",
        wrong="        first = not means\n"
        "        predicted = mean if first else a * mean\n"
        "        spread = variance if first else a**2 * variance + var_state",
        hint="The start is the law of h_0, one step before the first observation: predict before the first one too.",
    ),
    mistake(
        "kalman_filter",
        right="mean = predicted + gain * (x - predicted)",
        wrong="mean = predicted + variance / (variance + var_obs) * (x - predicted)",
        hint="The gain of the mean uses the predicted variance, as the gain of the variance does.",
    ),
    mistake(
        "kalman_filter",
        right="return np.array(means, dtype=float), np.array(variances, dtype=float)",
        wrong="return np.array(variances, dtype=float), np.array(means, dtype=float)",
        hint="Return the means first, then the variances.",
    ),
    mistake(
        "kalman_filter",
        right="    mean, variance = mu0, var0\n",
        wrong="    mean, variance = 0.0, var0\n",
        hint="Begin with the mean mu0 that is given, not with 0.",
    ),
    mistake(
        "kalman_filter",
        right="    mean, variance = mu0, var0\n",
        wrong="    mean, variance = mu0, 0.0\n",
        hint="Begin with the variance var0 that is given, not with 0.",
    ),
    mistake(
        "kalman_filter",
        right="        mean = predicted + gain * (x - predicted)\n        variance = (1 - gain) * spread\n",
        wrong="        variance = 1 / (1 / np.float64(spread) + 1 / var_obs)\n"
        "        mean = variance * (predicted / np.float64(spread) + x / var_obs)\n",
        hint="Divide by no variance that may be 0: where the signal is known, P is 0, and 0 times 1 / P is NaN. "
        "The gain is right there.",
    ),
]

ORDER = "Return the gradients in the order of the arguments of {}."
GLOBAL = "Keep what backward needs in the cache that forward returns: the next call changes what is global."
TRANSPOSED = "The gradient by h multiplies w_h transposed."
CLIPPED = "Do not clip gradients: that belongs to training, and here it makes them wrong."

RNN_STEP = [
    mistake(
        "rnn_step_forward",
        right="x @ w_x + h @ w_h + b",
        wrong="x @ w_x + h @ w_h",
        hint="Add the bias b to every row.",
    ),
    mistake(
        "rnn_step_forward",
        right="h @ w_h",
        wrong="h @ w_h.T",
        hint="The state multiplies w_h from the left, h @ w_h: N writes columns, and w_h times h, which is the "
        "transpose.",
    ),
    mistake(
        "rnn_step_forward",
        right="np.tanh(x @ w_x + h @ w_h + b)",
        wrong="np.tanh(x @ w_x + b) + h @ w_h",
        hint="Take tanh of the whole sum, the old state's share included.",
    ),
    mistake(
        "rnn_step_forward",
        right="np.tanh(x @ w_x + h @ w_h + b)",
        wrong="_sigmoid(x @ w_x + h @ w_h + b)",
        hint="The nonlinearity of the network is tanh, not the sigmoid.",
    ),
    mistake(
        "rnn_step_forward",
        right="np.tanh(x @ w_x + h @ w_h + b)",
        wrong="x @ w_x + h @ w_h + b",
        hint="Apply tanh to the sum: without it the network is linear.",
    ),
    mistake(
        "rnn_step_forward",
        right="    h_next = np.tanh(x @ w_x + h @ w_h + b)",
        wrong="    grown = np.exp(2 * (x @ w_x + h @ w_h + b))\n    h_next = (grown - 1) / (grown + 1)",
        hint="Use np.tanh: made of exponentials it overflows far out, and inf / inf is NaN.",
    ),
    mistake(
        "rnn_step_forward",
        right="np.tanh(x @ w_x + h @ w_h + b)",
        wrong="np.tanh(np.clip(x @ w_x + h @ w_h + b, -5, 5))",
        hint="Clip nothing before tanh: np.tanh does not overflow.",
    ),
    mistake(
        "rnn_step_forward",
        right="    return h_next, (x, h, w_x, w_h, h_next)",
        wrong='    kept = globals().setdefault("_kept", [])\n'
        "    kept[:] = x, h, w_x, w_h, h_next\n"
        "    return h_next, kept",
        hint=GLOBAL,
    ),
    mistake(
        "rnn_step_forward",
        right="(x, h, w_x, w_h, h_next)",
        wrong="(x, h_next, w_x, w_h, h_next)",
        hint="The gradient by w_h is made of the old state h, which w_h multiplies: rnn_step_forward must keep it for "
        "rnn_step_backward, beside h_next.",
    ),
    mistake(
        "rnn_step_backward",
        right="(1 - h_next**2)",
        wrong="(1 - np.tanh(h_next) ** 2)",
        hint="The derivative of tanh from its output is 1 - h_next^2: do not apply tanh once more.",
    ),
    mistake(
        "rnn_step_backward",
        right="(1 - h_next**2)",
        wrong="(1 - h**2)",
        hint="Take the derivative of tanh from the new state h_next, its output, not from the old one.",
    ),
    mistake(
        "rnn_step_backward",
        right="(1 - h_next**2)",
        wrong="(1 - h_next) * h_next",
        hint="The derivative of tanh is 1 - h_next^2; h (1 - h) belongs to the sigmoid.",
    ),
    mistake(
        "rnn_step_backward",
        right="dh_next * (1 - h_next**2)",
        wrong="dh_next",
        hint="Multiply by the derivative of tanh, 1 - h_next^2, before you go to the inputs.",
    ),
    mistake(
        "rnn_step_backward",
        right="dh_next * (1 - h_next**2)",
        wrong="1 - h_next**2",
        hint="Multiply the derivative of tanh by the upstream gradient dh_next.",
    ),
    mistake(
        "rnn_step_backward",
        right="da @ w_h.T",
        wrong="da @ w_h",
        hint=TRANSPOSED,
    ),
    mistake(
        "rnn_step_backward",
        right="da.sum(axis=0)",
        wrong="da.mean(axis=0)",
        hint="Sum the bias gradient over the batch: the mean belongs to the loss and comes with the upstream gradient.",
    ),
    mistake(
        "rnn_step_backward",
        right="da.sum(axis=0)",
        wrong="dh_next.sum(axis=0)",
        hint="The bias stands inside tanh: its gradient has the factor 1 - h_next^2 as well.",
    ),
    mistake(
        "rnn_step_backward",
        right="da.sum(axis=0)",
        wrong="da.sum(axis=0, keepdims=True)",
        hint="Return db with the shape of b, which has one axis: leave keepdims out.",
    ),
    mistake(
        "rnn_step_backward",
        right="x.T @ da, h.T @ da",
        wrong="x.T @ da / len(x), h.T @ da / len(x)",
        hint="Do not divide the weight gradients by N: the mean belongs to the loss and comes with the upstream "
        "gradient.",
    ),
    mistake(
        "rnn_step_backward",
        right="da @ w_x.T, da @ w_h.T, x.T @ da, h.T @ da, da.sum(axis=0)",
        wrong="da @ w_h.T, da @ w_x.T, x.T @ da, h.T @ da, da.sum(axis=0)",
        hint=ORDER.format("rnn_step_forward: dx before dh"),
    ),
    mistake(
        "rnn_step_backward",
        right="da @ w_x.T, da @ w_h.T, x.T @ da, h.T @ da, da.sum(axis=0)",
        wrong="da @ w_x.T, da @ w_h.T, h.T @ da, x.T @ da, da.sum(axis=0)",
        hint=ORDER.format("rnn_step_forward: dw_x before dw_h"),
    ),
    mistake(
        "rnn_step_backward",
        right="x.T @ da, h.T @ da, da.sum(axis=0)",
        wrong="*(np.clip(dw, -5, 5) for dw in (x.T @ da, h.T @ da, da.sum(axis=0)))",
        hint=CLIPPED,
    ),
]

RNN = [
    mistake(
        "rnn_forward",
        right="h, step = rnn_step_forward(xs[:, t], h, w_x, w_h, b)",
        wrong="h, step = rnn_step_forward(xs[:, t], h0, w_x, w_h, b)",
        hint="Carry the state from step to step: every step begins at h0 here.",
    ),
    mistake(
        "rnn_forward",
        right="    h, hs, steps = h0, [], []",
        wrong="    h, hs, steps = np.zeros_like(h0), [], []",
        hint="Begin with the state h0 that is given, not with zeros.",
    ),
    mistake(
        "rnn_forward",
        right="        hs.append(h)",
        wrong="        hs.append(step[1])",
        hint="Store the state after each element: hs[:, t] has read xs[:, t], and h0 is not among them.",
    ),
    mistake(
        "rnn_forward",
        right="np.stack(hs, axis=1)",
        wrong="np.stack(hs)",
        hint="Return hs as (N, T, p): the batch comes first, then time.",
    ),
    mistake(
        "rnn_forward",
        right="np.stack(hs, axis=1)",
        wrong="np.stack(hs).reshape(len(h0), -1, len(w_h))",
        hint="Move the axis of time with np.stack(..., axis=1) or a transpose: a reshape mixes samples and times.",
    ),
    mistake(
        "rnn_forward",
        right="np.stack(hs, axis=1)",
        wrong="np.stack([h] * len(hs), axis=1)",
        hint="Keep the state of every step: all entries of hs are the last state.",
    ),
    mistake(
        "rnn_forward",
        right="    for t in range(xs.shape[1]):",
        wrong="    for t in reversed(range(xs.shape[1])):",
        hint="Read the sequence from its first element on.",
    ),
    mistake(
        "rnn_forward",
        right="        steps.append(step)",
        wrong="        steps = [step] * (t + 1)",
        hint="Keep the cache of every step: rnn_backward finds that of the last step at all times.",
    ),
    mistake(
        "rnn_backward",
        right="rnn_step_backward(dhs[:, t] + dh, steps[t])",
        wrong="rnn_step_backward(dhs[:, t], steps[t])",
        hint="Add the gradient that comes back from the next step to the upstream gradient: nothing goes through time.",
    ),
    mistake(
        "rnn_backward",
        right="rnn_step_backward(dhs[:, t] + dh, steps[t])",
        wrong="rnn_step_backward(dh if t < T - 1 else dhs[:, t], steps[t])",
        hint="Add the upstream gradient of every state: here the one of the last step alone goes back through time.",
    ),
    mistake(
        "rnn_backward",
        right="rnn_step_backward(dhs[:, t] + dh, steps[t])",
        wrong="rnn_step_backward(dhs[:, t] + dh + (dhs[:, t + 1] if t < T - 1 else 0), steps[t])",
        hint="Add the upstream gradient of each state once, at its own time.",
    ),
    mistake(
        "rnn_backward",
        right="        dw_x = dw_x + dw_x_t\n        dw_h = dw_h + dw_h_t\n        db = db + db_t",
        wrong="        dw_x, dw_h, db = dw_x_t, dw_h_t, db_t",
        hint="Add up the weight gradients of all steps: in the loop they are overwritten, so the first step alone "
        "counts.",
    ),
    mistake(
        "rnn_backward",
        right="        db = db + db_t",
        wrong="        db = db_t",
        hint="Add up the bias gradient over the steps too: it is overwritten, so the first step alone counts.",
    ),
    mistake(
        "rnn_backward",
        right="        dw_h = dw_h + dw_h_t",
        wrong="        dw_h = dw_h + (dw_h_t if t else 0)",
        hint="The first step reads h0, which need not be 0: its share of the gradient by w_h is missing.",
    ),
    mistake(
        "rnn_backward",
        right="        dw_h = dw_h + dw_h_t",
        wrong="        dw_h = dw_h_t",
        hint="Add up the gradient by w_h over the steps too: it is overwritten, so the first step alone counts.",
    ),
    mistake(
        "rnn_backward",
        right="np.stack(dxs[::-1], axis=1), dh, dw_x, dw_h, db",
        wrong="np.stack(dxs[::-1], axis=1), dh, dw_x / T, dw_h / T, db / T",
        hint="Do not divide by the number of steps: the gradient by a shared weight is the sum over all of them.",
    ),
    mistake(
        "rnn_backward",
        right="np.stack(dxs[::-1], axis=1)",
        wrong="np.stack(dxs, axis=1)",
        hint="Turn the list of input gradients round: backward collects them from the last time to the first.",
    ),
    mistake(
        "rnn_backward",
        right="np.stack(dxs[::-1], axis=1), dh, dw_x",
        wrong="np.stack(dxs[::-1], axis=1), dh + dhs[:, 0], dw_x",
        hint="The gradient by h0 is what comes back from the first step: h0 itself is no output.",
    ),
    mistake(
        "rnn_backward",
        right="    for t in reversed(range(T)):",
        wrong="    for t in range(T):",
        hint="Walk from the last step to the first: a step needs what the next one says about its state.",
    ),
    mistake(
        "rnn_backward",
        right="    for t in reversed(range(T)):",
        wrong="    for t in [T - 1]:",
        hint="Go back through all steps, not through the last one only.",
    ),
    mistake(
        "rnn_backward",
        right="    steps, (N, p) = cache\n",
        wrong="    steps, (N, p) = cache\n    steps = [(*step[:3], step[3].T, step[4]) for step in steps]\n",
        hint=TRANSPOSED,
    ),
    mistake(
        "rnn_backward",
        right="    steps, (N, p) = cache\n",
        wrong="    steps, (N, p) = cache\n"
        "    steps = [(*step[:3], step[3].T if t else step[3], step[4]) for t, step in enumerate(steps)]\n",
        hint=TRANSPOSED,
    ),
    mistake(
        "rnn_backward",
        right="np.stack(dxs[::-1], axis=1), dh, dw_x, dw_h, db",
        wrong="np.stack(dxs[::-1], axis=1), dh, *(np.clip(dw, -5, 5) for dw in (dw_x, dw_h, db))",
        hint=CLIPPED,
    ),
    mistake(
        "truncated_bptt",
        whole="""
def truncated_bptt(xs, h0, w_x, w_h, b, dhs, window):
    hs, cache = rnn_forward(xs, h0, w_x, w_h, b)
    _, _, dw_x, dw_h, db = rnn_backward(dhs, cache)
    return hs, dw_x, dw_h, db
""",
        hint="Count the carried state as a constant (detach it): here gradients pass from a window into the one "
        "before.",
    ),
    mistake(
        "truncated_bptt",
        right="        h = states[:, -1]\n",
        wrong="",
        hint="Carry the last state of a window into the next one: every window begins at h0.",
    ),
    mistake(
        "truncated_bptt",
        right="        h = states[:, -1]\n",
        wrong="        h = np.zeros_like(h0)\n",
        hint="Carry the last state of a window into the next one: here the state is forgotten and begins at zero.",
    ),
    mistake(
        "truncated_bptt",
        right="        h = states[:, -1]\n",
        wrong="        h = states[:, 0]\n",
        hint="Carry the last state of a window into the next one, not its first.",
    ),
    mistake(
        "truncated_bptt",
        right="dw_x, dw_h, db = dw_x + dw_x_part, dw_h + dw_h_part, db + db_part",
        wrong="dw_x, dw_h, db = dw_x_part, dw_h_part, db_part",
        hint="Add up the gradients of all windows: they are overwritten, so the last window alone counts.",
    ),
    mistake(
        "truncated_bptt",
        right="range(0, xs.shape[1], window)",
        wrong="range(0, xs.shape[1] - window + 1, window)",
        hint="Run the last window too when it is shorter: T need not be a multiple of the window.",
    ),
    mistake(
        "truncated_bptt",
        right="    return np.concatenate(hs, axis=1), dw_x, dw_h, db",
        wrong="    count = len(hs)\n    return np.concatenate(hs, axis=1), dw_x / count, dw_h / count, db / count",
        hint="Add up the gradients of the windows: no mean over windows is taken.",
    ),
    mistake(
        "truncated_bptt",
        right="rnn_backward(dhs[:, part], cache)",
        wrong="rnn_backward(dhs[:, : states.shape[1]], cache)",
        hint="Give each window the upstream gradients of its own times: all windows get those of the first.",
    ),
    mistake(
        "truncated_bptt",
        right="    for start in range(0, xs.shape[1], window):\n        part = slice(start, start + window)\n",
        wrong="    rest = xs.shape[1] % window\n"
        "    for start in range(rest - window if rest else 0, xs.shape[1], window):\n"
        "        part = slice(max(start, 0), start + window)\n",
        hint="Cut windows from the first element on: the last one is shorter where T leaves a rest, not the first.",
    ),
    mistake(
        "truncated_bptt",
        right="rnn_backward(dhs[:, part], cache)",
        wrong="rnn_backward(dhs[:, part], ([(cache[0][0][0], h0, *cache[0][0][2:]), *cache[0][1:]], cache[1]))",
        hint="The gradient by w_h is made of the state that the first step of a window reads, which is the "
        "carried one, not h0.",
    ),
]

GRU = [
    mistake(
        "gru_step_forward",
        right="h_next = (1 - z) * h + z * n",
        wrong="h_next = z * h + (1 - z) * n",
        hint="The update gate is inverted: z = 1 takes the candidate and z = 0 keeps the state (torch's z is the "
        "other).",
    ),
    mistake(
        "gru_step_forward",
        right="(r * h) @ w_hn",
        wrong="r * (h @ w_hn)",
        hint="Reset the state before the matrix, (r h) w_hn: torch resets after it, which is exercise gru_cell.",
    ),
    mistake(
        "gru_step_forward",
        right="(r * h) @ w_hn",
        wrong="h @ w_hn",
        hint="Reset the state for the candidate: n sees r times h, not h.",
    ),
    mistake(
        "gru_step_forward",
        right="(r * h) @ w_hn",
        wrong="((1 - r) * h) @ w_hn",
        hint="The reset gate is inverted: r = 1 shows the candidate the whole old state.",
    ),
    mistake(
        "gru_step_forward",
        right="    r = _sigmoid(a_r + h @ w_hr)\n    z = _sigmoid(a_z + h @ w_hz)",
        wrong="    z = _sigmoid(a_r + h @ w_hr)\n    r = _sigmoid(a_z + h @ w_hz)",
        hint="The blocks of columns are in the order r, z, n: reset gate and update gate are exchanged.",
    ),
    mistake(
        "gru_step_forward",
        right="    w_hr, w_hz, w_hn = np.split(w_h, 3, axis=1)  # (p, p) each\n"
        "    a_r, a_z, a_n = np.split(x @ w_x + b, 3, axis=1)",
        wrong="    w_hn, w_hr, w_hz = np.split(w_h, 3, axis=1)  # (p, p) each\n"
        "    a_n, a_r, a_z = np.split(x @ w_x + b, 3, axis=1)",
        hint="The blocks of columns are in the order r, z, n: the candidate comes last, not first.",
    ),
    mistake(
        "gru_step_forward",
        right="    a_r, a_z, a_n = np.split(x @ w_x + b, 3, axis=1)  # (N, 3p) -> (N, p) each",
        wrong="    a_r, a_z, a_n = (x @ w_x + b).reshape(len(x), -1, 3).transpose(2, 0, 1)",
        hint="Cut the columns into three blocks of p, one after the other: here every third column goes to a gate.",
    ),
    mistake(
        "gru_step_forward",
        right="n = np.tanh(",
        wrong="n = _sigmoid(",
        hint="The candidate takes tanh; only the gates take the sigmoid.",
    ),
    mistake(
        "gru_step_forward",
        right="np.split(x @ w_x + b, 3, axis=1)",
        wrong="np.split(x @ w_x, 3, axis=1)",
        hint="Add the bias b: N leaves it out, this assignment does not.",
    ),
    mistake(
        "gru_step_forward",
        right="(1 - z) * h + z * n",
        wrong="(1 - z) * (r * h) + z * n",
        hint="What is kept is the old state h itself: the reset gate acts for the candidate only.",
    ),
    mistake(
        "gru_step_forward",
        right="    r = _sigmoid(a_r + h @ w_hr)\n    z = _sigmoid(a_z + h @ w_hz)\n",
        wrong="    e_r, e_z = np.exp(a_r + h @ w_hr), np.exp(a_z + h @ w_hz)\n"
        "    r, z = e_r / (1 + e_r), e_z / (1 + e_z)\n",
        hint="Use the _sigmoid that is given: exp(a) / (1 + exp(a)) overflows in an open gate, and inf / inf is NaN.",
    ),
    mistake(
        "gru_step_forward",
        right="    return h_next, (x, h, w_x, w_h, r, z, n)",
        wrong='    kept = globals().setdefault("_kept", [])\n'
        "    kept[:] = x, h, w_x, w_h, r, z, n\n"
        "    return h_next, kept",
        hint=GLOBAL,
    ),
    mistake(
        "gru_step_forward",
        right="return h_next, (x, h, w_x, w_h, r, z, n)",
        wrong="return h_next, (x, h, w_x, w_h, z, r, n)",
        hint="gru_step_backward takes the cache apart in another order than gru_step_forward put it together: r and z "
        "are exchanged.",
    ),
    mistake(
        "gru_step_backward",
        right="da_n = dh_next * z * (1 - n**2)",
        wrong="da_n = dh_next * (1 - z) * (1 - n**2)",
        hint="The candidate's gradient has the factor z, with which it enters h_next, not 1 - z.",
    ),
    mistake(
        "gru_step_backward",
        right="da_n = dh_next * z * (1 - n**2)",
        wrong="da_n = dh_next * z * (1 - np.tanh(n) ** 2)",
        hint="The derivative of tanh from its output is 1 - n^2: do not apply tanh once more.",
    ),
    mistake(
        "gru_step_backward",
        right="da_z = dh_next * (n - h) * z * (1 - z)",
        wrong="da_z = dh_next * n * z * (1 - z)",
        hint="The update gate acts in both terms of h_next: its gradient has the factor n - h, not n.",
    ),
    mistake(
        "gru_step_backward",
        right="da_z = dh_next * (n - h) * z * (1 - z)",
        wrong="da_z = dh_next * (h - n) * z * (1 - z)",
        hint="The gradient by the update gate has the factor n - h: its sign is turned.",
    ),
    mistake(
        "gru_step_backward",
        right="da_z = dh_next * (n - h) * z * (1 - z)",
        wrong="da_z = dh_next * (n - h) * (1 - z**2)",
        hint="The derivative of the sigmoid from its output is z (1 - z); 1 - z^2 belongs to tanh.",
    ),
    mistake(
        "gru_step_backward",
        right="da_z = dh_next * (n - h) * z * (1 - z)",
        wrong="da_z = dh_next * (n - h)",
        hint="Multiply by the derivative of the sigmoid, z (1 - z), before you go to the inputs of the update gate.",
    ),
    mistake(
        "gru_step_backward",
        right="da_r = d_reset * h * r * (1 - r)",
        wrong="da_r = d_reset * r * (1 - r)",
        hint="The reset gate multiplies h, so its gradient has the factor h.",
    ),
    mistake(
        "gru_step_backward",
        right="d_reset = da_n @ w_hn.T",
        wrong="d_reset = da_n @ w_hn",
        hint="The gradient by r h multiplies w_hn transposed.",
    ),
    mistake(
        "gru_step_backward",
        right="dh = dh_next * (1 - z) + d_reset * r + da_r @ w_hr.T + da_z @ w_hz.T",
        wrong="dh = d_reset * r + da_r @ w_hr.T + da_z @ w_hz.T",
        hint="The old state is kept with the factor 1 - z: that way of its gradient, the one that lasts, is missing.",
    ),
    mistake(
        "gru_step_backward",
        right="dh = dh_next * (1 - z) + d_reset * r + da_r @ w_hr.T + da_z @ w_hz.T",
        wrong="dh = dh_next * (1 - z) + d_reset * r",
        hint="Both gates read the old state: its gradient also comes back through their weights.",
    ),
    mistake(
        "gru_step_backward",
        right="dh = dh_next * (1 - z) + d_reset * r + da_r @ w_hr.T + da_z @ w_hz.T",
        wrong="dh = dh_next * (1 - z) + d_reset * r + da_z @ w_hz.T",
        hint="The reset gate reads the old state: its gradient also comes back through w_hr.",
    ),
    mistake(
        "gru_step_backward",
        right="dh = dh_next * (1 - z) + d_reset * r + da_r @ w_hr.T + da_z @ w_hz.T",
        wrong="dh = dh_next * (1 - z) + d_reset * r + da_r @ w_hr.T",
        hint="The update gate reads the old state: its gradient also comes back through w_hz.",
    ),
    mistake(
        "gru_step_backward",
        right="dh = dh_next * (1 - z) + d_reset * r + da_r @ w_hr.T + da_z @ w_hz.T",
        wrong="dh = dh_next * (1 - z) + da_r @ w_hr.T + da_z @ w_hz.T",
        hint="The candidate reads the old state: its gradient also comes back through r h.",
    ),
    mistake(
        "gru_step_backward",
        right="dh = dh_next * (1 - z) + d_reset * r +",
        wrong="dh = dh_next * (1 - z) + d_reset +",
        hint="What comes back by r h has the factor r for the state.",
    ),
    mistake(
        "gru_step_backward",
        right="(r * h).T @ da_n",
        wrong="h.T @ da_n",
        hint="The candidate's matrix w_hn multiplies r h, not h: so does its gradient.",
    ),
    mistake(
        "gru_step_backward",
        right="np.hstack([da_r, da_z, da_n])",
        wrong="np.hstack([da_z, da_r, da_n])",
        hint="Put the gradients of the blocks side by side in the order of the columns: r, z, n.",
    ),
    mistake(
        "gru_step_backward",
        right="np.hstack([h.T @ da_r, h.T @ da_z, (r * h).T @ da_n])",
        wrong="np.hstack([h.T @ da_z, h.T @ da_r, (r * h).T @ da_n])",
        hint="Put the blocks of dw_h side by side in the order of the columns: r, z, n.",
    ),
    mistake(
        "gru_step_backward",
        right="da = np.hstack([da_r, da_z, da_n])",
        wrong="dh_next = np.ones_like(dh_next)\n    da = np.hstack([da_r, da_z, da_n])",
        hint="The way back through 1 - z has the upstream gradient dh_next as a factor: multiply by it.",
    ),
    mistake(
        "gru_step_backward",
        right="da.sum(axis=0)",
        wrong="da.mean(axis=0)",
        hint="Sum the bias gradient over the batch: the mean belongs to the loss and comes with the upstream gradient.",
    ),
    mistake(
        "gru_step_backward",
        right="    da_n = dh_next * z * (1 - n**2)  # (N, p)\n",
        wrong="    n = ((1 - z) * h + z * n - (1 - z) * h) / z\n    da_n = dh_next * z * (1 - n**2)  # (N, p)\n",
        hint="Keep the candidate n in the cache: where the update gate is 0 nothing of it is in h_next, and 0 / 0 "
        "is NaN.",
    ),
    mistake(
        "gru_step_backward",
        right="return da @ w_x.T, dh, x.T @ da, dw_h, da.sum(axis=0)",
        wrong="return tuple(np.clip(g, -5, 5) for g in (da @ w_x.T, dh, x.T @ da, dw_h, da.sum(axis=0)))",
        hint=CLIPPED,
    ),
]

LSTM_STEP = [
    mistake(
        "lstm_step_forward",
        right="    h_next = o * seen",
        wrong="    h_next = o * c_next",
        hint="Take tanh of the memory for the state, h_next = o tanh(c_next): N 8.13 lacks it.",
    ),
    mistake(
        "lstm_step_forward",
        right="a_i, a_f, a_o, a_g = np.split",
        wrong="a_i, a_f, a_g, a_o = np.split",
        hint="The blocks of columns are in the order i, f, o, g: torch has the candidate third, this assignment last.",
    ),
    mistake(
        "lstm_step_forward",
        right="a_i, a_f, a_o, a_g = np.split",
        wrong="a_f, a_i, a_o, a_g = np.split",
        hint="The blocks of columns are in the order i, f, o, g: input gate and forget gate are exchanged.",
    ),
    mistake(
        "lstm_step_forward",
        right="a_i, a_f, a_o, a_g = np.split",
        wrong="a_i, a_o, a_f, a_g = np.split",
        hint="The blocks of columns are in the order i, f, o, g: forget gate and output gate are exchanged.",
    ),
    mistake(
        "lstm_step_forward",
        right="c_next = f * c + i * g",
        wrong="c_next = f * h + i * g",
        hint="The forget gate acts on the memory c: c and h are exchanged.",
    ),
    mistake(
        "lstm_step_forward",
        right="x @ w_x + h @ w_h + b",
        wrong="x @ w_x + c @ w_h + b",
        hint="The gates read the state h, not the memory c.",
    ),
    mistake(
        "lstm_step_forward",
        right="return h_next, c_next,",
        wrong="return c_next, h_next,",
        hint="Return the state first and then the memory: h_next and c_next are exchanged.",
    ),
    mistake(
        "lstm_step_forward",
        right="np.tanh(a_g)",
        wrong="_sigmoid(a_g)",
        hint="The candidate takes tanh; only the three gates take the sigmoid.",
    ),
    mistake(
        "lstm_step_forward",
        right="c_next = f * c + i * g",
        wrong="c_next = f * c + (1 - f) * g",
        hint="What is written has the input gate as its factor: 1 - f would tie both gates together, as in a GRU.",
    ),
    mistake(
        "lstm_step_forward",
        right="c_next = f * c + i * g",
        wrong="c_next = (1 - f) * c + i * g",
        hint="The forget gate is inverted: f = 1 keeps the memory.",
    ),
    mistake(
        "lstm_step_forward",
        right="    seen = np.tanh(c_next)",
        wrong="    seen = np.tanh(c)",
        hint="The state shows the new memory: take tanh of c_next, not of c.",
    ),
    mistake(
        "lstm_step_forward",
        right="x @ w_x + h @ w_h + b",
        wrong="x @ w_x + h @ w_h",
        hint="Add the bias b: N leaves it out, this assignment does not.",
    ),
    mistake(
        "lstm_step_forward",
        right="    i, f, o, g = _sigmoid(a_i), _sigmoid(a_f), _sigmoid(a_o), np.tanh(a_g)\n",
        wrong="    i, f, o = (np.exp(a) / (1 + np.exp(a)) for a in (a_i, a_f, a_o))\n    g = np.tanh(a_g)\n",
        hint="Use the _sigmoid that is given: exp(a) / (1 + exp(a)) overflows in an open gate, and inf / inf is NaN.",
    ),
    mistake(
        "lstm_step_forward",
        right="    c_next = f * c + i * g\n",
        wrong="    c_next = np.clip(f * c + i * g, -4, 4)\n",
        hint="Do not clip the memory: it may be of any size, and tanh keeps the state small.",
    ),
    mistake(
        "lstm_step_forward",
        right="    return h_next, c_next, (x, h, c, w_x, w_h, i, f, o, g, seen)",
        wrong='    kept = globals().setdefault("_kept", [])\n'
        "    kept[:] = x, h, c, w_x, w_h, i, f, o, g, seen\n"
        "    return h_next, c_next, kept",
        hint=GLOBAL,
    ),
    mistake(
        "lstm_step_forward",
        right="(x, h, c, w_x, w_h, i, f, o, g, seen)",
        wrong="(x, h, c_next, w_x, w_h, i, f, o, g, seen)",
        hint="lstm_step_backward finds the wrong memory in the cache: the forget gate multiplies the old one, c.",
    ),
    mistake(
        "lstm_step_backward",
        right="dc = dc_next + dh_next * o * (1 - seen**2)",
        wrong="dc = dc_next",
        hint="The memory also acts through the state: add dh_next o (1 - tanh(c_next)^2) to its upstream gradient.",
    ),
    mistake(
        "lstm_step_backward",
        right="dc = dc_next + dh_next * o * (1 - seen**2)",
        wrong="dc = dh_next * o * (1 - seen**2)",
        hint="Add the upstream gradient dc_next of the memory: only what comes through the state is there.",
    ),
    mistake(
        "lstm_step_backward",
        right="dc_next + dh_next * o * (1 - seen**2)",
        wrong="dc_next + dh_next * o",
        hint="The state is o tanh(c_next): the derivative of tanh, 1 - tanh^2, is missing on the way to the memory.",
    ),
    mistake(
        "lstm_step_backward",
        right="dc_next + dh_next * o * (1 - seen**2)",
        wrong="dc_next + dh_next * o * (1 - np.tanh(seen) ** 2)",
        hint="The derivative of tanh from its output is 1 - tanh(c_next)^2: do not apply tanh once more.",
    ),
    mistake(
        "lstm_step_backward",
        right="da @ w_h.T, dc * f,",
        wrong="da @ w_h.T, dc_next * f,",
        hint="The gradient by the old memory is the forget gate times the memory's whole gradient, with what came "
        "through "
        "the state.",
    ),
    mistake(
        "lstm_step_backward",
        right="da @ w_h.T, dc * f,",
        wrong="da @ w_h.T, dc,",
        hint="The gradient by the old memory has the factor f: the forget gate lies on the way.",
    ),
    mistake(
        "lstm_step_backward",
        right="da_i = dc * g",
        wrong="da_i = dc_next * g",
        hint="The input gate gets the memory's whole gradient, with what came through the state.",
    ),
    mistake(
        "lstm_step_backward",
        right="da_f = dc * c * f * (1 - f)",
        wrong="da_f = dc * c",
        hint="Multiply by the derivative of the sigmoid, f (1 - f), before you go to the inputs of the forget gate.",
    ),
    mistake(
        "lstm_step_backward",
        right="da_f = dc * c * f * (1 - f)",
        wrong="da_f = dc * h * f * (1 - f)",
        hint="The forget gate multiplies the old memory c, not the state h.",
    ),
    mistake(
        "lstm_step_backward",
        right="da_o = dh_next * seen * o * (1 - o)",
        wrong="da_o = dc * seen * o * (1 - o)",
        hint="The output gate acts on the state alone: its gradient comes from dh_next.",
    ),
    mistake(
        "lstm_step_backward",
        right="da_o = dh_next * seen * o * (1 - o)",
        wrong="da_o = dh_next * o * (1 - o)",
        hint="The output gate multiplies tanh(c_next), so its gradient has that factor.",
    ),
    mistake(
        "lstm_step_backward",
        right="da_g = dc * i * (1 - g**2)",
        wrong="da_g = dc * i * g * (1 - g)",
        hint="The candidate is a tanh, with the derivative 1 - g^2; g (1 - g) belongs to the sigmoid.",
    ),
    mistake(
        "lstm_step_backward",
        right="np.hstack([da_i, da_f, da_o, da_g])",
        wrong="np.hstack([da_i, da_f, da_g, da_o])",
        hint="Put the gradients of the blocks side by side in the order of the columns: i, f, o, g.",
    ),
    mistake(
        "lstm_step_backward",
        right="return da @ w_x.T, da @ w_h.T, dc * f,",
        wrong="return da @ w_x.T, dc * f, da @ w_h.T,",
        hint=ORDER.format("lstm_step_forward: dh before dc"),
    ),
    mistake(
        "lstm_step_backward",
        right="da.sum(axis=0)",
        wrong="da.mean(axis=0)",
        hint="Sum the bias gradient over the batch: the mean belongs to the loss and comes with the upstream gradient.",
    ),
]

LSTM = [
    mistake(
        "lstm_forward",
        right="lstm_step_forward(xs[:, t], h, c, w_x, w_h, b)",
        wrong="lstm_step_forward(xs[:, t], h, c0, w_x, w_h, b)",
        hint="Carry the memory from step to step: every step begins at c0 here.",
    ),
    mistake(
        "lstm_forward",
        right="lstm_step_forward(xs[:, t], h, c, w_x, w_h, b)",
        wrong="lstm_step_forward(xs[:, t], h0, c, w_x, w_h, b)",
        hint="Carry the state from step to step: every step begins at h0 here.",
    ),
    mistake(
        "lstm_forward",
        right="    h, c, hs, steps = h0, c0, [], []",
        wrong="    h, c, hs, steps = h0, np.zeros_like(c0), [], []",
        hint="Begin with the memory c0 that is given, not with zeros.",
    ),
    mistake(
        "lstm_forward",
        right="    h, c, hs, steps = h0, c0, [], []",
        wrong="    h, c, hs, steps = c0, h0, [], []",
        hint="The start has the state first and then the memory: h0 and c0 are exchanged.",
    ),
    mistake(
        "lstm_forward",
        right="        hs.append(h)",
        wrong="        hs.append(c)",
        hint="Return the states h over time, not the memories c.",
    ),
    mistake(
        "lstm_forward",
        right="return np.stack(hs, axis=1), c,",
        wrong="return np.stack(hs, axis=1), steps[-1][2],",
        hint="Return the memory after the last element: this is the one before it.",
    ),
    mistake(
        "lstm_forward",
        right="return np.stack(hs, axis=1), c,",
        wrong="return np.stack(hs, axis=1), h,",
        hint="Return the last memory c beside the states: the last state is there already, as hs[:, -1].",
    ),
    mistake(
        "lstm_forward",
        right="np.stack(hs, axis=1)",
        wrong="np.stack(hs)",
        hint="Return hs as (N, T, p): the batch comes first, then time.",
    ),
    mistake(
        "lstm_backward",
        right="lstm_step_backward(dhs[:, t] + dh, dc, steps[t])",
        wrong="lstm_step_backward(dhs[:, t], dc, steps[t])",
        hint="Add the state's gradient that comes back from the next step to the upstream gradient: only the memory's "
        "goes through time.",
    ),
    mistake(
        "lstm_backward",
        right="lstm_step_backward(dhs[:, t] + dh, dc, steps[t])",
        wrong="lstm_step_backward(dhs[:, t] + dh, np.zeros_like(dc) if t < T - 1 else dc, steps[t])",
        hint="Hand the memory's gradient from step to step: it is lost after the last one.",
    ),
    mistake(
        "lstm_backward",
        right="lstm_step_backward(dhs[:, t] + dh, dc, steps[t])",
        wrong="lstm_step_backward(dh if t < T - 1 else dhs[:, t], dc, steps[t])",
        hint="Add the upstream gradient of every state: here the one of the last step alone goes back through time.",
    ),
    mistake(
        "lstm_backward",
        right="lstm_step_backward(dhs[:, t] + dh, dc, steps[t])",
        wrong="lstm_step_backward(dhs[:, t] + dh, dc + (dc_last if t < T - 1 else 0), steps[t])",
        hint="Add the upstream gradient dc_last once, at the last step: the memories before it are no outputs.",
    ),
    mistake(
        "lstm_backward",
        right="np.zeros((N, p)), dc_last, [], 0, 0, 0",
        wrong="np.zeros((N, p)), np.zeros((N, p)), [], 0, 0, 0",
        hint="Begin with the upstream gradient dc_last of the last memory, not with zeros.",
    ),
    mistake(
        "lstm_backward",
        right="        dw_x = dw_x + dw_x_t\n        dw_h = dw_h + dw_h_t\n        db = db + db_t",
        wrong="        dw_x, dw_h, db = dw_x_t, dw_h_t, db_t",
        hint="Add up the weight gradients of all steps: in the loop they are overwritten, so the first step alone "
        "counts.",
    ),
    mistake(
        "lstm_backward",
        right="    for t in reversed(range(T)):",
        wrong="    for t in range(T):",
        hint="Walk from the last step to the first: a step needs what the next one says about state and memory.",
    ),
    mistake(
        "lstm_backward",
        right="np.stack(dxs[::-1], axis=1), dh, dc, dw_x, dw_h, db",
        wrong="np.stack(dxs[::-1], axis=1), dh, dc, dw_x / T, dw_h / T, db / T",
        hint="Do not divide by the number of steps: the gradient by a shared weight is the sum over all of them.",
    ),
    mistake(
        "lstm_backward",
        right="np.stack(dxs[::-1], axis=1)",
        wrong="np.stack(dxs, axis=1)",
        hint="Turn the list of input gradients round: backward collects them from the last time to the first.",
    ),
    mistake(
        "lstm_backward",
        right="axis=1), dh, dc, dw_x, dw_h, db",
        wrong="axis=1), dc, dh, dw_x, dw_h, db",
        hint=ORDER.format("lstm_forward: dh0 before dc0"),
    ),
    mistake(
        "lstm_backward",
        right="axis=1), dh, dc, dw_x, dw_h, db",
        wrong="axis=1), dh, dc, *(np.clip(dw, -5, 5) for dw in (dw_x, dw_h, db))",
        hint=CLIPPED,
    ),
]

READOUT = [
    mistake(
        "bidirectional",
        right="behind[:, ::-1] @ v_backward",
        wrong="behind @ v_backward",
        hint="Turn the states of the backward network round before they are read off: both must speak of the same "
        "time.",
    ),
    mistake(
        "bidirectional",
        right="behind[:, ::-1] @ v_backward",
        wrong="np.concatenate([backward[0][:, None], behind[:, :-1]], axis=1)[:, ::-1] @ v_backward",
        hint="Read the backward state off after it has read x_t: here x_t itself is missing in it.",
    ),
    mistake(
        "bidirectional",
        right="rnn_forward(xs[:, ::-1], *backward)",
        wrong="rnn_forward(xs, *backward)",
        hint="Turn the sequence round before the backward network reads it, and its states round again afterwards.",
    ),
    mistake(
        "bidirectional",
        right="rnn_forward(xs[:, ::-1], *backward)",
        wrong="rnn_forward(xs[:, ::-1][:, ::-1][:, ::-1][:, ::-1], *backward)[0][:, ::-1], None",
        hint="Time is turned round twice, so that the backward network reads from the first element on.",
    ),
    mistake(
        "bidirectional",
        right="rnn_forward(xs[:, ::-1], *backward)",
        wrong="rnn_forward(np.flip(xs), *backward)",
        hint="Turn the axis of time round alone, axis 1: np.flip without an axis turns batch and entries too.",
    ),
    mistake(
        "bidirectional",
        right="rnn_forward(xs[:, ::-1], *backward)",
        wrong="rnn_forward(xs[::-1, ::-1], *backward)",
        hint="Turn the axis of time round, and not the batch.",
    ),
    mistake(
        "bidirectional",
        right="rnn_forward(xs[:, ::-1], *backward)",
        wrong="rnn_forward(xs[:, :, ::-1], *backward)",
        hint="Turn the axis of time round, axis 1: here the entries of each element are turned.",
    ),
    mistake(
        "bidirectional",
        right="    ahead, _ = rnn_forward(xs, *forward)",
        wrong="    ahead, _ = rnn_forward(xs[:, ::-1], *forward)",
        hint="The forward network reads the sequence as it is: only the backward network's is turned round.",
    ),
    mistake(
        "bidirectional",
        right="ahead @ v_forward + behind[:, ::-1] @ v_backward",
        wrong="(ahead @ v_forward + behind[:, ::-1] @ v_backward) / 2",
        hint="Add the shares of both directions: no mean is taken.",
    ),
    mistake(
        "bidirectional",
        right="ahead @ v_forward + behind[:, ::-1] @ v_backward",
        wrong="ahead @ v_forward",
        hint="Add what the backward states say: the output is read off both directions.",
    ),
    mistake(
        "bidirectional",
        right="    ahead, _ = rnn_forward(xs, *forward)",
        wrong="    backward = (np.zeros_like(backward[0]), *backward[1:])\n    ahead, _ = rnn_forward(xs, *forward)",
        hint="The backward network begins at its own h0, before the last element, not at zero.",
    ),
    mistake(
        "bidirectional",
        right="ahead @ v_forward + behind[:, ::-1] @ v_backward",
        wrong="np.tanh(ahead @ v_forward + behind[:, ::-1] @ v_backward)",
        hint="The output is linear in both states: no tanh after the sum.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(2 ** (-chosen.mean()))",
        hint="Base and logarithm must be of one kind: with natural logarithms the perplexity is e to the mean.",
    ),
    mistake(
        "perplexity",
        right="log_p = z - np.log(np.exp(z).sum(axis=2, keepdims=True))",
        wrong="log_p = z - np.log2(np.exp(z).sum(axis=2, keepdims=True))",
        hint="Take natural logarithms: log2 belongs neither to the softmax nor to an exponential of base e.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-chosen.mean() / np.log(2)))",
        hint="Base and logarithm must be of one kind: e to a cross entropy in bits is too large.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(-chosen.mean())",
        hint="Take the exponential of the mean: this is the cross entropy, not the perplexity.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-chosen).mean())",
        hint="Take the mean of -log p first, and the exponential of it last.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(1 / np.exp(chosen).mean())",
        hint="Take the mean of the logarithms of p, not of the probabilities.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-chosen.sum()))",
        hint="Divide by the number of tokens: the perplexity is that of one token.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-chosen.sum() / len(targets)))",
        hint="Divide by the number of all tokens, N T, and not by the number of sequences alone.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-chosen.sum() / targets.shape[1]))",
        hint="Divide by the number of all tokens, N T, and not by the number of times alone.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(chosen.mean()))",
        hint="Take the mean of -log p: without the minus sign this is one divided by the perplexity.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-chosen.mean(axis=1)).mean())",
        hint="Take one mean over all tokens of all sequences, and the exponential of that: no mean of perplexities.",
    ),
    mistake(
        "perplexity",
        right="z = logits - logits.max(axis=2, keepdims=True)",
        wrong="z = logits",
        hint="exp overflows at large logits: subtract the largest logit of each token first, which changes no p.",
    ),
    mistake(
        "perplexity",
        right="logits.max(axis=2, keepdims=True)",
        wrong="logits.max()",
        hint="Subtract the largest logit of each token: with one for all, the exponentials of other tokens "
        "underflow to 0.",
    ),
    mistake(
        "perplexity",
        right="logits.max(axis=2, keepdims=True)",
        wrong="logits.min(axis=2, keepdims=True)",
        hint="Subtract the largest logit of each token, not the smallest: exp of what is left must not overflow.",
    ),
    mistake(
        "perplexity",
        right="    chosen = np.take_along_axis(log_p, targets[:, :, None], axis=2)",
        wrong="    chosen = (np.eye(C)[targets] * np.log(np.exp(log_p))).sum(axis=2)",
        hint="Pick the target's log p, and compute no log of a p that underflows: 0 times the logarithm of 0 is NaN.",
    ),
    mistake(
        "perplexity",
        right="log_p = z - np.log(np.exp(z).sum(axis=2, keepdims=True))",
        wrong="log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))",
        hint="Softmax sums over the tokens of the vocabulary, the last axis, and not over time.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-log_p.mean()))",
        hint="Only the token that came counts: pick log p of the target at each time.",
    ),
    mistake(
        "perplexity",
        right="float(np.exp(-chosen.mean()))",
        wrong="float(np.exp(-(np.exp(log_p) * log_p).sum(axis=2).mean()))",
        hint="Weigh log p by what came, and not by p itself: this is the entropy of the model.",
    ),
]

LONG_RANGE = [
    mistake(
        "jacobian_norms",
        right="slope = 1 - hs[:, t] ** 2",
        wrong="slope = 1 - np.tanh(hs[:, t]) ** 2",
        hint="The derivative of tanh from the state is 1 - h^2: hs are outputs of tanh already.",
    ),
    mistake(
        "jacobian_norms",
        right="slope = 1 - hs[:, t] ** 2",
        wrong="slope = 1 - hs[:, t]",
        hint="The derivative of tanh from the state is 1 - h^2: the square is missing.",
    ),
    mistake(
        "jacobian_norms",
        right="slope = 1 - hs[:, t] ** 2",
        wrong="slope = np.ones_like(hs[:, t])",
        hint="Multiply by the derivative of tanh, 1 - h^2: the states are not all 0.",
    ),
    mistake(
        "jacobian_norms",
        right="slope[:, None, :]",
        wrong="slope[:, :, None]",
        hint="The derivative of tanh scales what comes out of w_h, its columns: the slope of entry j belongs to "
        "column j.",
    ),
    mistake(
        "jacobian_norms",
        right="(w_h * slope[:, None, :])",
        wrong="(w_h.T * slope[:, None, :])",
        hint="Take w_h as it is, with entry [i, j] from h_(t-1),i to h_t,j: here it is transposed.",
    ),
    mistake(
        "jacobian_norms",
        right="slope = 1 - hs[:, t] ** 2",
        wrong="slope = 1 - (hs[:, t - 1] if t else 0 * hs[:, 0]) ** 2",
        hint="The derivative of tanh belongs to the state after the step: it is taken at h_t, not at h_(t-1).",
    ),
    mistake(
        "jacobian_norms",
        right="product = product @ (w_h * slope[:, None, :])",
        wrong="product = (w_h * slope[:, None, :]) @ product",
        hint="Multiply the Jacobians in the order of time, J_1 J_2 ... J_t: entry [i, j] is dh_t,j / dh_0,i.",
    ),
    mistake(
        "jacobian_norms",
        right="np.linalg.norm(product, ord=2, axis=(1, 2))",
        wrong="np.linalg.norm(product, axis=(1, 2))",
        hint="Take the spectral norm, the largest singular value: this is the Frobenius norm.",
    ),
    mistake(
        "jacobian_norms",
        right="np.linalg.norm(product, ord=2, axis=(1, 2))",
        wrong="np.abs(np.linalg.eigvals(product)).max(axis=1)",
        hint="Take the largest singular value of the product: eigenvalues of a matrix that is not normal say less.",
    ),
    mistake(
        "jacobian_norms",
        right="np.linalg.norm(product, ord=2, axis=(1, 2))",
        wrong="np.linalg.norm(product, ord=2, axis=(1, 2)) ** 2",
        hint="Take the norm itself, not its square: singular values are roots of the eigenvalues of J^T J.",
    ),
    mistake(
        "jacobian_norms",
        right="np.linalg.norm(product, ord=2, axis=(1, 2))",
        wrong="np.linalg.norm(product, ord=-2, axis=(1, 2))",
        hint="Take the largest singular value, not the smallest.",
    ),
    mistake(
        "jacobian_norms",
        right="product = product @ (w_h * slope[:, None, :])",
        wrong="product = w_h * slope[:, None, :]",
        hint="Multiply the Jacobians of all steps so far: here each norm is that of a single step.",
    ),
    mistake(
        "jacobian_norms",
        right="        norms.append(np.linalg.norm(product, ord=2, axis=(1, 2)))  # (N,)",
        wrong="        one = np.linalg.norm(w_h * slope[:, None, :], ord=2, axis=(1, 2))\n"
        "        norms.append(one * (norms[-1] if norms else 1))",
        hint="Take the norm of the product: the product of the norms is only a bound for it.",
    ),
    mistake(
        "jacobian_norms",
        right="        norms.append(np.linalg.norm(product, ord=2, axis=(1, 2)))  # (N,)",
        wrong="        rho = np.abs(np.linalg.eigvals(w_h)).max()\n"
        "        norms.append(np.full(len(hs), rho ** (t + 1)))",
        hint="Measure the norm of the product: the power of the spectral radius is what it is compared with.",
    ),
]

GRU_CELL = [
    mistake(
        "GRUCell.forward",
        right="return (1 - z) * n + z * h",
        wrong="return (1 - z) * h + z * n",
        hint="The update gate is inverted: in torch's cell z = 1 keeps the old state, unlike in exercise gru.",
    ),
    mistake(
        "GRUCell.forward",
        right="n = torch.tanh(x_n + r * h_n)",
        wrong="n = torch.tanh(\n"
        "            x_n + torch.nn.functional.linear(\n"
        "                r * h,\n"
        "                self.weight_hh[-self.hidden_size :],\n"
        "                None if self.bias_hh is None else self.bias_hh[-self.hidden_size :],\n"
        "            )\n"
        "        )",
        hint="Reset after the matrix, r (h W + b): before it, as in exercise gru, is another cell.",
    ),
    mistake(
        "GRUCell.forward",
        right="n = torch.tanh(x_n + r * h_n)",
        wrong="bias = 0 if self.bias_hh is None else self.bias_hh[-self.hidden_size :]\n"
        "        n = torch.tanh(x_n + bias + r * (h_n - bias))",
        hint="The reset gate acts on W_hn h + b_hn together: here the bias b_hn stands outside of it.",
    ),
    mistake(
        "GRUCell.forward",
        right="n = torch.tanh(x_n + r * h_n)",
        wrong="n = torch.tanh(x_n + h_n)",
        hint="Use the reset gate: the candidate sees r times what comes from the old state.",
    ),
    mistake(
        "GRUCell.forward",
        right="n = torch.tanh(x_n + r * h_n)",
        wrong="n = torch.tanh(r * (x_n + h_n))",
        hint="The reset gate acts on what comes from the old state alone, not on the input's share.",
    ),
    mistake(
        "GRUCell.forward",
        right="n = torch.tanh(x_n + r * h_n)",
        wrong="n = torch.sigmoid(x_n + r * h_n)",
        hint="The candidate takes tanh; only the gates take the sigmoid.",
    ),
    mistake(
        "GRUCell.forward",
        right="        r = torch.sigmoid(x_r + h_r)\n        z = torch.sigmoid(x_z + h_z)",
        wrong="        z = torch.sigmoid(x_r + h_r)\n        r = torch.sigmoid(x_z + h_z)",
        hint="The blocks of rows are in the order r, z, n: reset gate and update gate are exchanged.",
    ),
    mistake(
        "GRUCell.forward",
        right="x_r, x_z, x_n = torch.nn.functional.linear(x, self.weight_ih, self.bias_ih)",
        wrong="x_r, x_z, x_n = torch.nn.functional.linear(x, self.weight_ih)",
        hint="Add the bias bias_ih: it is registered, and not used.",
    ),
    mistake(
        "GRUCell.forward",
        right="n = torch.tanh(x_n + r * h_n)",
        wrong="b_in, b_hn = (0 if b is None else b[-self.hidden_size :] for b in (self.bias_ih, self.bias_hh))\n"
        "        n = torch.tanh(x_n - b_in + r * (h_n - b_hn))",
        hint="Add the last blocks of both biases, b_in and b_hn, in the candidate too.",
    ),
    mistake(
        "GRUCell.forward",
        right="h_r, h_z, h_n = torch.nn.functional.linear(h, self.weight_hh, self.bias_hh)",
        wrong="h_r, h_z, h_n = torch.nn.functional.linear(h, self.weight_hh)",
        hint="Add the bias bias_hh: it is registered, and not used.",
    ),
    mistake(
        "GRUCell.forward",
        right="h = x.new_zeros(len(x), self.hidden_size)",
        wrong="h = x.new_ones(len(x), self.hidden_size)",
        hint="Begin at zero where no state is given.",
    ),
    mistake(
        "GRUCell.forward",
        right="            h = x.new_zeros(len(x), self.hidden_size)\n",
        wrong='            past = self.__dict__.setdefault("past", [x.new_zeros(len(x), self.hidden_size)])\n'
        "            past.append(GRUCell.forward(self, x, past[-1].detach()))\n"
        "            return past[-1]\n",
        hint="Keep no state in the cell: without h every call begins at zero, also the second one.",
    ),
    mistake(
        "GRUCell.forward",
        right="h = x.new_zeros(len(x), self.hidden_size)",
        wrong="h = torch.zeros(len(x), self.hidden_size, dtype=x.dtype)",
        hint="Make the state of zeros on the device of x, with x.new_zeros or device=x.device: else it is on the CPU.",
    ),
    mistake(
        "GRUCell.forward",
        right="        r = torch.sigmoid(x_r + h_r)",
        wrong="        r = torch.sigmoid((x_r + h_r).float()).to(x.dtype)",
        hint="Convert nothing to another precision: the reset gate goes through float32 here.",
    ),
    mistake(
        "GRUCell.forward",
        right="        return (1 - z) * n + z * h",
        wrong="        return (1 - z) * n + z * h.detach()",
        hint="Do not detach the old state: its gradient through the update gate's way is lost.",
    ),
    mistake(
        "GRUCell.forward",
        right="        r = torch.sigmoid(x_r + h_r)",
        wrong="        r = torch.sigmoid(x_r + h_r).detach()",
        hint="Do not detach the reset gate: its weights get no gradient.",
    ),
    mistake(
        "GRUCell.forward",
        right="        return (1 - z) * n + z * h",
        wrong="        return ((1 - z) * n + z * h).data",
        hint="Return the tensor that was computed, with its graph: .data cuts all gradients off.",
    ),
    mistake(
        "GRUCell.__init__",
        right="        self.weight_ih = torch.nn.Parameter(torch.empty(rows, input_size))",
        wrong="        self.weight_ih = torch.empty(rows, input_size)",
        hint="Make the weights torch.nn.Parameter: a plain tensor is in no state dict, and no optimizer finds it.",
    ),
    mistake(
        "GRUCell.__init__",
        right="        self.bias_ih = torch.nn.Parameter(torch.empty(rows)) if bias else None\n"
        "        self.bias_hh = torch.nn.Parameter(torch.empty(rows)) if bias else None",
        wrong="        self.bias_ih = torch.nn.Parameter(torch.empty(rows))\n"
        "        self.bias_hh = torch.nn.Parameter(torch.empty(rows))",
        hint="Heed the argument bias: with False there are no biases, in the state dict neither.",
    ),
    mistake(
        "GRUCell.__init__",
        right="        self.weight_hh = torch.nn.Parameter(torch.empty(rows, hidden_size))",
        wrong="        self.weight_hh = torch.nn.Parameter(torch.empty(hidden_size, rows))",
        hint="Store the weights as torch does, transposed: weight_hh is (3p, p), blocks of rows.",
    ),
    mistake(
        "GRUCell.__init__",
        right="        self.bias_hh = torch.nn.Parameter(torch.empty(rows)) if bias else None",
        wrong="        self.bias_hh = None",
        hint="Register two biases, bias_ih and bias_hh, as torch does: the reset gate acts on the second.",
    ),
]
