"""Mistakes that students make in this assignment, each with the hint that names it.

They come from the solutions of similar courses: wrong axes, masks of the other polarity, lost scales, losses without
their shift. Each is a patch of the solution; checks are proved with them, and a submission that behaves like one gets
its hint.
"""

from __future__ import annotations

from grader import mistake

REGRESSION = [
    mistake(
        "nadaraya_watson",
        right="return weights @ ys / weights.sum(axis=1, keepdims=True)",
        wrong="return weights @ ys",
        hint="Divide by the sum of the weights: the prediction is an average of the targets.",
    ),
    mistake(
        "nadaraya_watson",
        right="return weights @ ys / weights.sum(axis=1, keepdims=True)",
        wrong="weights = np.exp(exponent)\n    return weights @ ys / len(ys)",
        hint="Divide by the sum of the kernels, not by their number: the weights of a query sum to 1.",
    ),
    mistake(
        "nadaraya_watson",
        right="return weights @ ys / weights.sum(axis=1, keepdims=True)",
        wrong="return (weights / weights.sum(axis=0)) @ ys",
        hint="Normalise over the data (axis 1): each query's weights sum to 1, not each point's.",
    ),
    mistake(
        "nadaraya_watson",
        right="np.exp(exponent - exponent.max(axis=1, keepdims=True))",
        wrong="np.exp(exponent)",
        hint="The kernels of a far query all underflow, and 0 by 0 is NaN: subtract the largest exponent first.",
    ),
    mistake(
        "nadaraya_watson",
        right="np.exp(exponent - exponent.max(axis=1, keepdims=True))",
        wrong="np.exp(exponent) + 1e-12 * (np.exp(exponent).sum(axis=1, keepdims=True) == 0)",
        hint="All kernels underflow far from the data, and what you put in their place is not the average: subtract "
        "the largest exponent of each query.",
    ),
    mistake(
        "nadaraya_watson",
        right="return weights @ ys / weights.sum(axis=1, keepdims=True)",
        wrong="weights = np.exp(exponent)\n    return weights @ ys / (weights.sum(axis=1, keepdims=True) + 1e-12)",
        hint="A constant in the denominator turns far predictions into 0: subtract the largest exponent, which leaves "
        "a "
        "sum of at least 1, and return the mean of all targets for an empty box.",
    ),
    mistake(
        "nadaraya_watson",
        right="np.exp(exponent - exponent.max(axis=1, keepdims=True))",
        wrong="np.exp(exponent - exponent.max())",
        hint="Subtract the largest exponent of each query, not of all together: the far ones still underflow.",
    ),
    mistake(
        "nadaraya_watson",
        right="return weights @ ys / weights.sum(axis=1, keepdims=True)",
        wrong="if kernel != 'box':\n"
        "        weights = np.exp(exponent - exponent.max())\n"
        "    return weights @ ys / (weights.sum(axis=1, keepdims=True) + 1e-12)",
        hint="Subtract the largest exponent of each query, not of the whole batch: far queries still underflow, and "
        "the constant in the denominator turns them into 0.",
    ),
    mistake(
        "nadaraya_watson",
        right="    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))",
        wrong="    weights, far = np.exp(exponent), np.exp(exponent).sum(axis=1) == 0\n"
        "    weights[far] = kernel == 'box' or exponent[far] == exponent[far].max(axis=1, keepdims=True)",
        hint="The nearest target alone is not the average: points nearly as near count too, however far the query is. "
        "Subtract the largest exponent instead.",
    ),
    mistake(
        "_log_kernel",
        right="return -(r**2) / 2",
        wrong="return -(r**2)",
        hint="The Gaussian kernel has the factor 1/2: exp(-r^2 / (2 bandwidth^2)).",
    ),
    mistake(
        "_log_kernel",
        right="return -(r**2) / 2",
        wrong="return -(r**2) * bandwidth / 2",
        hint="The Gaussian kernel divides by the square of the bandwidth.",
    ),
    mistake(
        "_log_kernel",
        right="return -(r**2) / 2",
        wrong="return -r / 2",
        hint="The Gaussian kernel takes the square of the distance.",
    ),
    mistake(
        "_log_kernel",
        right="        return -r\n",
        wrong="        return -distance * bandwidth\n",
        hint="The bandwidth is a length for the Laplace kernel too: divide the distance by it (N's lambda is "
        "1/bandwidth).",
    ),
    mistake(
        "_log_kernel",
        right="        return -r\n",
        wrong="        return -(r**2)\n",
        hint="The Laplace kernel takes the distance itself, not its square.",
    ),
    mistake(
        "_log_kernel",
        right="np.where(r <= 1, 0.0, -1000.0)",
        wrong="np.where(distance**2 <= bandwidth, 0.0, -1000.0)",
        hint="Compare the distance with the bandwidth, not its square.",
    ),
    mistake(
        "_log_kernel",
        right="np.where(r <= 1, 0.0, -1000.0)",
        wrong="np.where(r <= 0.5, 0.0, -1000.0)",
        hint="The bandwidth is the half-width of the box: a point counts where its distance is at most the bandwidth.",
    ),
    mistake(
        "nadaraya_watson",
        right="np.linalg.norm(x[:, None] - xs, axis=-1)",
        wrong="np.abs(x[:, None] - xs).sum(axis=-1)",
        hint="The distance is Euclidean: the root of the sum of squares over the features.",
    ),
    mistake(
        "nadaraya_watson",
        right="np.linalg.norm(x[:, None] - xs, axis=-1)",
        wrong="np.linalg.norm(x[:, None] - xs, 1 if kernel == 'laplace' else 2, axis=-1)",
        hint="The Laplace kernel takes the Euclidean distance too, not the sum of absolute differences.",
    ),
    mistake(
        "nadaraya_watson",
        right="    exponent = _log_kernel(distance, kernel, bandwidth)\n",
        wrong="    exponent = _log_kernel(distance, kernel, bandwidth)\n"
        '    if kernel == "box" and (exponent.max(axis=1) < 0).any():\n'
        "        ys = np.where((exponent.max(axis=1) < 0).any(), 0 * ys, ys)\n",
        hint="An empty box costs only its own query: decide for each query apart whether its window is empty.",
    ),
    mistake(
        "nadaraya_watson",
        right="    return weights @ ys / weights.sum(axis=1, keepdims=True)",
        wrong="    inside = (exponent == 0) if kernel == 'box' else np.ones_like(weights, dtype=bool)\n"
        "    return (weights * inside) @ ys / (weights * inside).sum(axis=1, keepdims=True)",
        hint="A box without any point returns the mean of all targets: 0 by 0 is NaN.",
    ),
    mistake(
        "nadaraya_watson",
        right="    return weights @ ys / weights.sum(axis=1, keepdims=True)",
        wrong="    empty = (kernel == 'box') & (exponent.max(axis=1, keepdims=True) < 0)\n"
        "    return np.where(empty, 0, weights @ ys / weights.sum(axis=1, keepdims=True))",
        hint="A box without any point returns the mean of all targets, not 0.",
    ),
    mistake(
        "_log_kernel",
        right="np.where(r <= 1, 0.0, -1000.0)",
        wrong="np.where(r <= 1, 0.0, -1e6 * r)",
        hint="A box without any point returns the mean of all targets, not the target of the nearest point.",
    ),
]

ATTENTION = [
    mistake(
        "attention_forward",
        right="q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])",
        wrong="q @ k.transpose(0, 2, 1)",
        hint="Divide the logits by the root of p, the number of features of a query.",
    ),
    mistake(
        "attention_forward",
        right="/ np.sqrt(q.shape[2])",
        wrong="/ q.shape[2]",
        hint="Divide the logits by the root of p, not by p.",
    ),
    mistake(
        "attention_forward",
        right="/ np.sqrt(q.shape[2])",
        wrong="* np.sqrt(q.shape[2])",
        hint="Divide the logits by the root of p: do not multiply.",
    ),
    mistake(
        "attention_forward",
        right="/ np.sqrt(q.shape[2])",
        wrong="/ np.sqrt(k.shape[1])",
        hint="The root is that of p, the number of features, not of the number of keys.",
    ),
    mistake(
        "attention_forward",
        right="/ np.sqrt(q.shape[2])",
        wrong="/ np.sqrt(v.shape[2])",
        hint="The root is that of p, the features of queries and keys, not of the features of the values.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    logits = logits if mask is None else np.where(mask, logits, -np.inf)\n"
        "    top = logits.max(axis=1, keepdims=True)\n"
        "    weights = np.exp(logits - np.where(np.isneginf(top), 0, top))\n"
        "    weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)",
        hint="Softmax runs over the keys (the last axis), not over the queries: each query's weights sum to 1.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), None)\n"
        "    weights = weights if mask is None else weights * mask",
        hint="Mask the logits before the softmax: weights set to 0 afterwards no longer sum to 1.",
    ),
    mistake(
        "attention_forward",
        right="np.sqrt(q.shape[2]), mask)",
        wrong="np.sqrt(q.shape[2]), None if mask is None else ~mask)",
        hint="True in the mask allows attention: hide the keys where it is False, not where it is True.",
    ),
    mistake(
        "attention_forward",
        right="np.sqrt(q.shape[2]), mask)",
        wrong="np.sqrt(q.shape[2]), None)",
        hint="Use the mask: a key where it is False gets the weight 0. (np.where returns a new array: keep it.)",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = _softmax(logits if mask is None else logits * mask, None)",
        hint="A hidden key gets the logit minus infinity: a logit of 0 still has a weight, since exp(0) is 1.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = _softmax(logits if mask is None else logits + mask, None)",
        hint="Adding a boolean mask adds 0 or 1 to the logits: set the hidden ones to minus infinity with np.where.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    logits = logits if mask is None else np.where(mask, logits, -1e9)\n"
        "    weights = _softmax(logits, None)",
        hint="A query that may attend to no key must give 0: -1e9 in every logit makes it the mean of all values. "
        "Multiply the weights by the mask.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = _softmax(logits if mask is None else logits - 1e9 * ~mask, None)",
        hint="A query that may attend to no key must give 0: -1e9 added to all of its logits leaves the weights "
        "as they are without mask. Multiply them by the mask.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    logits = logits if mask is None else np.where(mask, logits, -np.inf)\n"
        "    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))\n"
        "    weights = weights / weights.sum(axis=-1, keepdims=True)",
        hint="A query that may attend to no key gets 0: minus infinity less minus infinity is NaN, so treat such rows "
        "apart.",
    ),
    mistake(
        "attention_forward",
        right="    return weights @ v,",
        wrong="    if mask is not None and mask.ndim == 3:\n"
        "        weights = np.where(mask.any(axis=-1, keepdims=True), weights, 1 / k.shape[1])\n"
        "    return weights @ v,",
        hint="A query may be without keys in one sequence alone: with a mask (N, T, S), too, its output is 0.",
    ),
    mistake(
        "attention_forward",
        right="    return weights @ v,",
        wrong="    if mask is not None and mask.ndim == 3:\n"
        "        weights = weights * mask.any(axis=-1).all(axis=0)[:, None]\n"
        "    return weights @ v,",
        hint="A query without keys in one sequence may have some in another: its output is 0 in the first one alone.",
    ),
    mistake(
        "attention_forward",
        right="weights @ v, (q, k, v, weights)",
        wrong="weights @ v, (q, k, v, weights if mask is None else "
        "np.where(mask.any(axis=-1, keepdims=True), weights, 1 / k.shape[1]))",
        hint="The output of a query without keys is 0, but the cache still holds weights for it: keep those that are "
        "set to 0, or attention_backward passes its gradient on.",
    ),
    mistake(
        "attention_forward",
        right="weights @ v, (q, k, v, weights)",
        wrong="weights @ v, (q, k, v, weights if mask is None or mask.ndim == 2 else "
        "np.where(mask.any(axis=-1, keepdims=True), weights, 1 / k.shape[1]))",
        hint="A query without keys in one sequence passes no gradient on: with a mask (N, T, S), too, set its weights "
        "in the cache to 0.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="weights = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]))\n"
        "    weights = weights if mask is None else weights * mask\n"
        "    weights = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)",
        hint="exp overflows for large logits: subtract the largest logit of each query first.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = np.exp(logits - logits.mean(axis=-1, keepdims=True))\n"
        "    weights = weights if mask is None else weights * mask\n"
        "    weights = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)",
        hint="Subtract the largest logit of each query, not their mean: logits far above the mean overflow.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = np.exp(logits - logits.max())\n"
        "    weights = weights if mask is None else weights * mask\n"
        "    weights = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)",
        hint="Subtract the largest logit of each query, not of the whole batch: the other queries underflow.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))\n"
        "    weights = weights if mask is None else weights * mask\n"
        "    weights = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)",
        hint="Mask the logits before you take their maximum: a hidden key with a large one makes all others underflow.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = _softmax(logits if mask is None else logits - 1e4 * ~mask, None)\n"
        "    weights = weights if mask is None else weights * mask",
        hint="Set hidden logits to minus infinity: with -1e4 added, a key with a large logit is not hidden.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = _softmax(logits if mask is None else np.where(mask, logits, -1e4), None)\n"
        "    weights = weights if mask is None else weights * mask",
        hint="Hidden logits need minus infinity, or -1e9: beside logits of -10000, a key with -1e4 is not hidden.",
    ),
    mistake(
        "attention_forward",
        right="weights = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), mask)",
        wrong="logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = _softmax(logits if mask is None else np.where(mask, logits, -100.0), None)\n"
        "    weights = weights if mask is None else weights * mask",
        hint="Hidden logits need minus infinity, or -1e9: beside logits of -10000, a key with -100 has all the weight.",
    ),
    mistake(
        "attention_forward",
        right="np.sqrt(q.shape[2]), mask)",
        wrong="np.sqrt(q.shape[2]), mask if mask is None or mask.ndim == 2 else mask[:1])",
        hint="A mask (N, T, S) belongs to its sequence: use row n for sequence n, not the first for all.",
    ),
    mistake(
        "attention_forward",
        right="np.sqrt(q.shape[2]), mask)",
        wrong="np.sqrt(q.shape[2]), mask if mask is None or mask.ndim == 3 or len(mask) != len(q) else mask[:, None])",
        hint="A mask with two axes is one for all sequences, also where there are as many queries as sequences.",
    ),
    mistake(
        "attention_forward",
        right="weights @ v, (q, k, v, weights)",
        wrong="weights @ v, (q, k, v, _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), None))",
        hint="Keep the weights of the masked softmax in the cache: attention_backward finds others than forward used.",
    ),
    mistake(
        "attention_forward",
        right="    return weights @ v, (q, k, v, weights)",
        wrong="    last = globals().setdefault('last', [])\n"
        "    last[:] = q, k, v, weights\n"
        "    return weights @ v, last",
        hint="Read all that attention_backward needs from the cache that it is given: a global variable holds only the "
        "last forward.",
    ),
    mistake(
        "attention_backward",
        right="    q, k, v, weights = cache\n",
        wrong="    q, k, v, weights = cache\n"
        "    logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])\n"
        "    weights = np.exp(logits) * ((weights > 0) | (np.abs(logits) > 600))\n"
        "    weights = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)\n",
        hint="attention_backward computes the softmax again, without its shift: subtract the largest logit of each "
        "query, or keep the weights in the cache.",
    ),
    mistake(
        "attention_forward",
        right="weights @ v, (q, k, v, weights)",
        wrong="np.maximum(weights, 1e-3) @ v, (q, k, v, weights)",
        hint="A hidden key has the weight 0 exactly: do not bound the weights from below.",
    ),
    mistake(
        "attention_forward",
        right="q @ k.transpose(0, 2, 1) /",
        wrong="q @ k.reshape(len(k), k.shape[2], k.shape[1]) /",
        hint="Transpose the keys with transpose(0, 2, 1): reshape keeps the order of the entries and mixes the "
        "features.",
    ),
    mistake(
        "attention_backward",
        right="dlogits = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))",
        wrong="dlogits = weights * dweights",
        hint="The softmax couples all keys of a query: subtract the weighted mean of dweights before you multiply.",
    ),
    mistake(
        "attention_backward",
        right="dlogits = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))",
        wrong="dlogits = weights * (1 - weights) * dweights",
        hint="The Jacobian of the softmax is not diagonal: subtract the weighted mean of dweights, over the keys.",
    ),
    mistake(
        "attention_backward",
        right="(weights * dweights).sum(axis=-1, keepdims=True)",
        wrong="dweights.sum(axis=-1, keepdims=True)",
        hint="The mean that the softmax subtracts is weighted: sum weights times dweights over the keys.",
    ),
    mistake(
        "attention_backward",
        right="(weights * dweights).sum(axis=-1, keepdims=True)",
        wrong="(weights * dweights).sum(axis=1, keepdims=True)",
        hint="In the gradient of the softmax, sum over the keys (the last axis), not over the queries.",
    ),
    mistake(
        "attention_backward",
        right="dscores = dlogits / np.sqrt(q.shape[2])",
        wrong="dscores = dlogits",
        hint="The scale is missing in the gradients: dq and dk carry the factor 1 / sqrt(p) as the logits do.",
    ),
    mistake(
        "attention_backward",
        right="dscores = dlogits / np.sqrt(q.shape[2])",
        wrong="dscores = dlogits / q.shape[2]",
        hint="The scale in the gradients is 1 / sqrt(p), as in forward: it stands there once, not twice.",
    ),
    mistake(
        "attention_backward",
        right="dk = dscores.transpose(0, 2, 1) @ q",
        wrong="dk = dlogits.transpose(0, 2, 1) @ q",
        hint="The scale is missing in dk: it carries the factor 1 / sqrt(p) as dq does.",
    ),
    mistake(
        "attention_backward",
        right="dv = weights.transpose(0, 2, 1) @ dout",
        wrong="dv = np.ones_like(weights).transpose(0, 2, 1) @ dout",
        hint="The gradient by the values is weighted: each query hands its upstream gradient on by its weights.",
    ),
    mistake(
        "attention_backward",
        right="dweights = dout @",
        wrong="dweights = np.ones_like(dout) @",
        hint="The gradient by the weights ignores the upstream gradient: it is dout times the values transposed.",
    ),
    mistake(
        "attention_forward",
        right="(q, k, v, weights)",
        wrong="(k, q, v, weights)",
        hint="attention_backward finds the keys where it expects the queries: pack and unpack the cache in one order.",
    ),
    mistake(
        "attention_backward",
        right="return dq, dk, dv",
        wrong="return dq, dv, dk",
        hint="Return the gradients in the order of the arguments of attention_forward: dq, dk, dv.",
    ),
    mistake(
        "attention_backward",
        right="dq = dscores @ k",
        wrong="dq = dscores @ k / len(q)",
        hint="Do not divide by the number of sequences in a layer: the mean belongs to the loss and comes with dout.",
    ),
    mistake(
        "attention_backward",
        right="dv = weights.transpose(0, 2, 1) @ dout",
        wrong="dv = weights.reshape(len(v), v.shape[1], -1) @ dout",
        hint="Transpose the weights with transpose(0, 2, 1): reshape keeps the order of the entries.",
    ),
    mistake(
        "causal_mask",
        right="np.tril(np.ones((T, T), dtype=bool))",
        wrong="np.triu(np.ones((T, T), dtype=bool))",
        hint="The mask keeps the future and drops the past: True belongs at s <= t, on and below the diagonal.",
    ),
    mistake(
        "causal_mask",
        right="np.tril(np.ones((T, T), dtype=bool))",
        wrong="np.triu(np.ones((T, T), dtype=bool), 1)",
        hint="The mask has the wrong polarity: True means that a token may attend, and belongs at s <= t.",
    ),
    mistake(
        "causal_mask",
        right="np.tril(np.ones((T, T), dtype=bool))",
        wrong="np.tril(np.ones((T, T), dtype=bool), -1)",
        hint="A token sees itself: the diagonal of the mask is True (N's margin hides s >= t, which leaves the first "
        "token "
        "without any key).",
    ),
    mistake(
        "causal_mask",
        right="np.tril(np.ones((T, T), dtype=bool))",
        wrong="np.tril(np.ones((T, T), dtype=bool), -1) | (np.arange(T) + np.arange(T)[:, None] == 0)",
        hint="Every token sees itself, not only the first one: the whole diagonal is True.",
    ),
    mistake(
        "causal_mask",
        right="np.tril(np.ones((T, T), dtype=bool))",
        wrong="np.tril(np.ones((T, T), dtype=bool), 1)",
        hint="The mask lets a token see the next one: True ends at the diagonal.",
    ),
    mistake(
        "causal_mask",
        right="np.tril(np.ones((T, T), dtype=bool))",
        wrong="np.tril(np.ones((T, T)))",
        hint="Return a boolean mask: np.ones makes floats unless it is told dtype=bool.",
    ),
    mistake(
        "causal_mask",
        right="np.tril(np.ones((T, T), dtype=bool))",
        wrong="np.where(np.tril(np.ones((T, T))), 0.0, -np.inf)",
        hint="Return a boolean mask, True where a token may attend: zeros and minus infinity are what you add to "
        "logits.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="hidden @ u",
        hint="Additive attention goes through the softmax too: the logits themselves are no weights.",
    ),
    mistake(
        "additive_attention",
        right="np.tanh((q @ W_q)[:, :, None] + (k @ W_k)[:, None])",
        wrong="((q @ W_q)[:, :, None] + (k @ W_k)[:, None])",
        hint="The hidden layer has a tanh: without it, the query cancels in the softmax.",
    ),
    mistake(
        "additive_attention",
        right="np.tanh((q @ W_q)[:, :, None] + (k @ W_k)[:, None])",
        wrong="np.tanh((q @ W_q)[:, :, None]) + np.tanh((k @ W_k)[:, None])",
        hint="Take the tanh of the sum, not the sum of two tanh: query and key must meet inside.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="_softmax(hidden @ u / np.sqrt(q.shape[2]), mask)",
        hint="Additive attention has no scale: the root of p belongs to the dot product.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="_softmax(hidden @ u / np.sqrt(len(u)), mask)",
        hint="Additive attention has no scale: leave out the root of h.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="_softmax(hidden.sum(axis=-1), mask)",
        hint="Weigh the hidden units by u: the logit is their product with u, not their plain sum.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="_softmax(np.tanh(hidden @ u), mask)",
        hint="The tanh acts on the hidden units, before u, and not on the logit.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="_softmax(hidden @ u, None)",
        hint="Use the mask in additive attention too: a key where it is False gets the weight 0.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="_softmax(hidden @ u, None if mask is None else ~mask)",
        hint="True in the mask of additive attention allows attention: hide the keys where it is False.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="return (_softmax(hidden @ u, None) * (1 if mask is None else mask)) @ v",
        hint="Mask the logits of additive attention before the softmax: weights set to 0 later no longer sum to 1.",
    ),
    mistake(
        "additive_attention",
        right="_softmax(hidden @ u, mask)",
        wrong="_softmax(hidden @ u, mask if mask is None or mask.ndim == 2 else mask[:1])",
        hint="In additive attention too, a mask (N, T, S) belongs to its sequence: use row n for sequence n.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="weights = _softmax(hidden @ u, mask)\n"
        "    if mask is not None and mask.ndim == 3:\n"
        "        weights = np.where(mask.any(axis=-1, keepdims=True), weights, 1 / k.shape[1])\n"
        "    return weights @ v",
        hint="A query of additive attention may be without keys in one sequence alone: with a mask (N, T, S), too, its "
        "output is 0.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="weights = _softmax(hidden @ u, mask)\n"
        "    if mask is not None and mask.ndim == 3:\n"
        "        weights = weights * mask.any(axis=-1).all(axis=0)[:, None]\n"
        "    return weights @ v",
        hint="A query of additive attention without keys in one sequence may have some in another: its output is 0 in "
        "the first one alone.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="logits = hidden @ u\n"
        "    weights = np.exp(logits - logits.max(axis=-1, keepdims=True)) * (1 if mask is None else mask)\n"
        "    return weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300) @ v",
        hint="Set the hidden logits of additive attention to minus infinity before you take the maximum: a hidden key "
        "with a large one makes all others underflow.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="logits = hidden @ u if mask is None else np.where(mask, hidden @ u, -100.0)\n"
        "    return (_softmax(logits, None) * (1 if mask is None else mask)) @ v",
        hint="Hidden logits of additive attention need minus infinity, or -1e9: beside logits of -10000, a key with "
        "-100 has all the weight.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="weights = np.exp(hidden @ u) if mask is None else np.exp(hidden @ u) * mask\n"
        "    return weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300) @ v",
        hint="exp overflows for large logits of additive attention: subtract the largest of each query first.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="logits = hidden @ u if mask is None else np.where(mask, hidden @ u, -1e9)\n"
        "    return _softmax(logits, None) @ v",
        hint="A query of additive attention that may attend to no key must give 0: -1e9 in every logit makes it the "
        "mean of all values.",
    ),
    mistake(
        "additive_attention",
        right="return _softmax(hidden @ u, mask) @ v",
        wrong="logits = hidden @ u if mask is None else hidden @ u - 1e9 * ~mask\n"
        "    return _softmax(logits, None) @ v",
        hint="A query of additive attention that may attend to no key must give 0: -1e9 added to all of its logits "
        "leaves the weights as they are without mask.",
    ),
]

POSITIONS = [
    mistake(
        "positional_encoding",
        right="np.stack([np.sin(angles), np.cos(angles)], axis=-1)",
        wrong="np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)",
        hint="Sines and cosines alternate: sin and cos of one frequency stand side by side, not in two halves.",
    ),
    mistake(
        "positional_encoding",
        right="[np.sin(angles), np.cos(angles)]",
        wrong="[np.cos(angles), np.sin(angles)]",
        hint="The sine comes first in each pair: even columns are sines, odd ones cosines.",
    ),
    mistake(
        "positional_encoding",
        right="-np.arange(0, d, 2) / d",
        wrong="-2 * np.arange(0, d, 2) / d",
        hint="The exponent is -2 (i - 1) / d with i = 1, ..., d / 2: the factor 2 stands there twice.",
    ),
    mistake(
        "positional_encoding",
        right="-np.arange(0, d, 2) / d",
        wrong="-np.arange(d // 2) / d",
        hint="The exponent is -2 (i - 1) / d with i = 1, ..., d / 2: the factor 2 is missing.",
    ),
    mistake(
        "positional_encoding",
        right="-np.arange(0, d, 2) / d",
        wrong="-np.linspace(0, 1, d // 2)",
        hint="The last frequency is larger than 1/10000: the exponent of pair j is -2j / d, not -j / (d/2 - 1) "
        "(np.linspace needs endpoint=False).",
    ),
    mistake(
        "positional_encoding",
        right="-np.arange(0, d, 2) / d",
        wrong="-np.arange(2, d + 2, 2) / d",
        hint="The first frequency is 1: count the pairs from 0 in the exponent.",
    ),
    mistake(
        "positional_encoding",
        right="-np.arange(0, d, 2) / d",
        wrong="np.arange(0, d, 2) / d",
        hint="Frequencies fall from 1 to nearly 1/10000: the exponent is negative.",
    ),
    mistake(
        "positional_encoding",
        right="np.outer(np.arange(T), ",
        wrong="np.outer(np.ones(T), ",
        hint="The angle is the position times the frequency: without the position, all rows are the same.",
    ),
    mistake(
        "positional_encoding",
        right="np.arange(T)",
        wrong="np.arange(1, T + 1)",
        hint="Positions begin at 0: the first row is sin 0 and cos 0.",
    ),
    mistake(
        "positional_encoding",
        right="10000.0 **",
        wrong="1000.0 **",
        hint="The base of the frequencies is 10000.",
    ),
    mistake(
        "positional_encoding",
        right="    return pairs.reshape(T, d)",
        wrong="    angles = np.outer(np.arange(T), 10000.0 ** (-np.arange(d) / d))\n"
        "    return np.where(np.arange(d) % 2, np.cos(angles), np.sin(angles))",
        hint="A sine and the cosine beside it share one frequency: both columns of pair j have the exponent -2j / d.",
    ),
    mistake(
        "positional_encoding",
        right="np.stack([np.sin(angles), np.cos(angles)], axis=-1)",
        wrong="np.stack([np.sin(angles), np.sin(angles)], axis=-1)",
        hint="The second of each pair is a cosine.",
    ),
]

NORMALIZATION = [
    mistake(
        "layer_norm_forward",
        right="np.sqrt(variance + eps)",
        wrong="(np.sqrt(variance) + eps)",
        hint="eps stands inside the root: sqrt(var + eps).",
    ),
    mistake(
        "layer_norm_forward",
        right="variance + eps",
        wrong="variance + eps**2",
        hint="Add eps to the variance as it is, not its square.",
    ),
    mistake(
        "layer_norm_forward",
        right="variance + eps",
        wrong="np.maximum(variance, 1e-300)",
        hint="eps is missing: divide by sqrt(var + eps).",
    ),
    mistake(
        "layer_norm_forward",
        right="np.sqrt(variance + eps)",
        wrong="(variance + eps)",
        hint="Divide by the standard deviation: the root of the variance is missing.",
    ),
    mistake(
        "layer_norm_forward",
        right="x.var(axis=-1, keepdims=True)",
        wrong="x.var(axis=-1, keepdims=True, ddof=1)",
        hint="Divide the variance by d, not by d - 1: it is the biased one.",
    ),
    mistake(
        "layer_norm_forward",
        right="    variance = x.var(axis=-1, keepdims=True)  # (..., 1), divided by d\n"
        "    inverse = 1 / np.sqrt(variance + eps)\n"
        "    normalized = (x - x.mean(axis=-1, keepdims=True)) * inverse",
        wrong="    inverse = 1 / np.sqrt(x.var(axis=0, keepdims=True) + eps)\n"
        "    normalized = (x - x.mean(axis=0, keepdims=True)) * inverse",
        hint="Normalise each token over its features (the last axis), not each feature over the batch.",
    ),
    mistake(
        "layer_norm_forward",
        right="    variance = x.var(axis=-1, keepdims=True)  # (..., 1), divided by d\n"
        "    inverse = 1 / np.sqrt(variance + eps)\n"
        "    normalized = (x - x.mean(axis=-1, keepdims=True)) * inverse",
        wrong="    axes = tuple(range(1, x.ndim))\n"
        "    inverse = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + eps)\n"
        "    normalized = (x - x.mean(axis=axes, keepdims=True)) * inverse",
        hint="Each token has its own mean and variance: normalise over the last axis alone, not over a whole sequence.",
    ),
    mistake(
        "layer_norm_forward",
        right="    variance = x.var(axis=-1, keepdims=True)  # (..., 1), divided by d\n"
        "    inverse = 1 / np.sqrt(variance + eps)\n"
        "    normalized = (x - x.mean(axis=-1, keepdims=True)) * inverse",
        wrong="    inverse = 1 / np.sqrt(x.var(axis=1, keepdims=True) + eps)\n"
        "    normalized = (x - x.mean(axis=1, keepdims=True)) * inverse",
        hint="Take mean and variance over the last axis (-1): where x has three axes, axis 1 is the tokens.",
    ),
    mistake(
        "layer_norm_forward",
        right="    variance = x.var(axis=-1, keepdims=True)  # (..., 1), divided by d\n"
        "    inverse = 1 / np.sqrt(variance + eps)\n"
        "    normalized = (x - x.mean(axis=-1, keepdims=True)) * inverse",
        wrong="    inverse = 1 / np.sqrt(x.var() + eps)\n    normalized = (x - x.mean()) * inverse",
        hint="Each token has its own mean and variance: give mean and var the axis -1 and keepdims.",
    ),
    mistake(
        "layer_norm_forward",
        right="(x - x.mean(axis=-1, keepdims=True)) * inverse",
        wrong="x * inverse",
        hint="Subtract the mean of each token before you divide.",
    ),
    mistake(
        "layer_norm_forward",
        right="return gain * normalized + bias,",
        wrong="return gain * (normalized + bias),",
        hint="Add the bias after the gain: y = gain * normalized + bias.",
    ),
    mistake(
        "layer_norm_forward",
        right="return gain * normalized + bias,",
        wrong="return normalized,",
        hint="Scale by the gain and add the bias after the normalisation.",
    ),
    mistake(
        "layer_norm_forward",
        right="eps: float = 1e-5",
        wrong="eps: float = 1e-8",
        hint="The default of eps is 1e-5, not 1e-8: leave the signature as it is.",
    ),
    mistake(
        "layer_norm_forward",
        right="eps: float = 1e-5",
        wrong="eps: float = 1e-6",
        hint="The default of eps is 1e-5, not 1e-6: leave the signature as it is.",
    ),
    mistake(
        "layer_norm_forward",
        right="variance + eps",
        wrong="variance + (eps or 1e-5)",
        hint="An eps of 0 is allowed: `eps or 1e-5` takes it for none.",
    ),
    mistake(
        "layer_norm_forward",
        right="(normalized, inverse, gain)",
        wrong="(gain * normalized + bias, inverse, gain)",
        hint="Keep the normalised x in the cache of layer_norm_forward: layer_norm_backward finds the output in its "
        "place.",
    ),
    mistake(
        "layer_norm_forward",
        right="    return gain * normalized + bias, (normalized, inverse, gain)",
        wrong="    last = globals().setdefault('last', [])\n"
        "    last[:] = normalized, inverse, gain\n"
        "    return gain * normalized + bias, last",
        hint="Read all that layer_norm_backward needs from the cache that it is given: a global variable holds only "
        "the last forward.",
    ),
    mistake(
        "layer_norm_forward",
        right="(normalized, inverse, gain)",
        wrong="(normalized, 1 / np.sqrt(np.maximum(variance, 1e-300)), gain)",
        hint="layer_norm_backward divides by the root of the variance alone: eps stands in its root as in that of "
        "layer_norm_forward.",
    ),
    mistake(
        "layer_norm_forward",
        right="(normalized, inverse, gain)",
        wrong="((x - x.mean(axis=-1, keepdims=True)) / np.sqrt(np.maximum(variance, 1e-300)), "
        "1 / np.sqrt(np.maximum(variance, 1e-300)), gain)",
        hint="layer_norm_backward works without eps: its normalised x and its root have eps as in layer_norm_forward.",
    ),
    mistake(
        "layer_norm_backward",
        right="(dnormalized - dnormalized.mean(axis=-1, keepdims=True) - normalized * along)",
        wrong="(dnormalized - normalized * along)",
        hint="The gradient through the mean is missing: subtract the mean of gain * dy over the features.",
    ),
    mistake(
        "layer_norm_backward",
        right="(dnormalized - dnormalized.mean(axis=-1, keepdims=True) - normalized * along)",
        wrong="(dnormalized - dnormalized.mean(axis=-1, keepdims=True))",
        hint="The gradient through the variance is missing: it points along the normalised x.",
    ),
    mistake(
        "layer_norm_backward",
        right="(dnormalized - dnormalized.mean(axis=-1, keepdims=True) - normalized * along)",
        wrong="dnormalized",
        hint="Mean and variance depend on x too: the gradient has three paths, not one.",
    ),
    mistake(
        "layer_norm_backward",
        right="normalized * along)",
        wrong="along)",
        hint="The path through the variance points along the normalised x: multiply its mean by it.",
    ),
    mistake(
        "layer_norm_backward",
        right="normalized * along)",
        wrong="normalized * along * normalized.shape[-1])",
        hint="The path through the variance is a mean over the features: divide by d.",
    ),
    mistake(
        "layer_norm_backward",
        right="dnormalized.mean(axis=-1, keepdims=True)",
        wrong="dnormalized.sum(axis=-1, keepdims=True)",
        hint="The path through the mean is a mean over the features: divide by d.",
    ),
    mistake(
        "layer_norm_backward",
        right="dnormalized = dy * gain",
        wrong="dnormalized = dy",
        hint="The gain is missing in dx: the gradient by the normalised x is gain * dy.",
    ),
    mistake(
        "layer_norm_backward",
        right="dx = inverse * (",
        wrong="dx = (",
        hint="Divide dx by the standard deviation, as forward does.",
    ),
    mistake(
        "layer_norm_backward",
        right="(dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)",
        wrong="(dy * normalized).sum(axis=0), dy.sum(axis=0)",
        hint="Gain and bias collect over all tokens: sum over every axis but the last.",
    ),
    mistake(
        "layer_norm_backward",
        right="    tokens = tuple(range(dy.ndim - 1))  # every axis but the features\n",
        wrong="    tokens = (0, 1)\n",
        hint="x has two axes or three: sum the gradients of gain and bias over every axis but the last, not over axes "
        "0 and 1.",
    ),
    mistake(
        "layer_norm_backward",
        right="(dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)",
        wrong="(dy * normalized).mean(axis=tokens), dy.mean(axis=tokens)",
        hint="Sum the gradients of gain and bias over the tokens: the mean belongs to the loss and comes with dy.",
    ),
    mistake(
        "layer_norm_backward",
        right="(dy * normalized).sum(axis=tokens), dy",
        wrong="(dy * normalized / inverse).sum(axis=tokens), dy",
        hint="The gradient by the gain collects dy times the normalised x, not times x minus its mean.",
    ),
    mistake(
        "layer_norm_backward",
        right="return dx, dgain, dbias",
        wrong="return dx, dbias, dgain",
        hint="Return the gradients in the order of the arguments of layer_norm_forward: dx, dgain, dbias.",
    ),
]

LOSSES = [
    mistake(
        "gpt_loss",
        right="_token_costs(logits[:, :-1], tokens[:, 1:]).mean()",
        wrong="_token_costs(logits, tokens).mean()",
        hint="Shift by one: the logits at position t are scored on token t + 1, not on the token that they have read.",
    ),
    mistake(
        "gpt_loss",
        right="_token_costs(logits[:, :-1], tokens[:, 1:]).mean()",
        wrong="_token_costs(logits[:, 1:], tokens[:, :-1]).mean()",
        hint="The shift goes the other way: drop the last logits and the first token.",
    ),
    mistake(
        "gpt_loss",
        right="_token_costs(logits[:, :-1], tokens[:, 1:]).mean()",
        wrong="_token_costs(logits, np.roll(tokens, -1, axis=1)).mean()",
        hint="The last position has no next token: np.roll brings the first one there, so leave it out.",
    ),
    mistake(
        "gpt_loss",
        right="_token_costs(logits[:, :-1], tokens[:, 1:]).mean()",
        wrong="_token_costs(logits[:, :-1], tokens[:, 1:]).sum()",
        hint="Take the mean over all predictions, not their sum.",
    ),
    mistake(
        "gpt_loss",
        right="_token_costs(logits[:, :-1], tokens[:, 1:]).mean()",
        wrong="_token_costs(logits[:, :-1], tokens[:, 1:]).sum() / len(tokens)",
        hint="Divide by the number of predictions, N (T - 1), not by the number of sequences.",
    ),
    mistake(
        "gpt_loss",
        right="_token_costs(logits[:, :-1], tokens[:, 1:]).mean()",
        wrong="_token_costs(logits[:, :-1], tokens[:, 1:]).sum() / tokens.size",
        hint="There are N (T - 1) predictions: divide by T - 1 a sequence, not by T.",
    ),
    mistake(
        "gpt_loss",
        right="return float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())",
        wrong="return -float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())",
        hint="The loss is minus the mean of log p: it is never negative.",
    ),
    mistake(
        "gpt_loss",
        right="return float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())",
        wrong="return float(np.exp(_token_costs(logits[:, :-1], tokens[:, 1:]).mean()))",
        hint="Return the mean cost itself: its exponential is the perplexity.",
    ),
    mistake(
        "gpt_loss",
        right="return float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())",
        wrong="p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)\n"
        "    p = np.take_along_axis(p[:, :-1], tokens[:, 1:, None], axis=-1)\n"
        "    return float(-np.log(p + 1e-12).mean())",
        hint="exp overflows for large logits in gpt_loss: subtract the largest of each row first.",
    ),
    mistake(
        "gpt_loss",
        right="return float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())",
        wrong="p = np.exp(logits[:, :-1] - logits[:, :-1].max())\n"
        "    p = p / (p.sum(axis=-1, keepdims=True) + 1e-12)\n"
        "    p = np.take_along_axis(p, tokens[:, 1:, None], axis=-1)\n"
        "    return float(-np.log(p + 1e-12).mean())",
        hint="Subtract the largest logit of each row, not of the whole batch: the other rows of gpt_loss underflow.",
    ),
    mistake(
        "gpt_loss",
        right="return float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())",
        wrong="p = np.exp(logits - logits.max(axis=-1, keepdims=True))\n"
        "    p = p / p.sum(axis=-1, keepdims=True)\n"
        "    p = np.take_along_axis(p[:, :-1], tokens[:, 1:, None], axis=-1)\n"
        "    return float(-np.log(p).mean())",
        hint="The logarithm of a probability that underflows is infinite in gpt_loss: use log p = z - log sum exp z.",
    ),
    mistake(
        "gpt_loss",
        right="return float(_token_costs(logits[:, :-1], tokens[:, 1:]).mean())",
        wrong="return float(_token_costs(_log_softmax(logits, axis=1)[:, :-1], tokens[:, 1:]).mean())",
        hint="Softmax runs over the vocabulary (the last axis), not over the positions.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="_token_costs(logits, tokens).mean()",
        hint="Only the hidden tokens count: take the mean over them, not over all positions.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="(_token_costs(logits, tokens) * hidden).mean()",
        hint="Divide by the number of hidden tokens, not by that of all tokens.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="_token_costs(logits, tokens)[hidden].sum()",
        hint="Take the mean over the hidden tokens, not their sum.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="((_token_costs(logits, tokens) * hidden).sum(axis=1) / hidden.sum(axis=1)).mean()",
        hint="Each hidden token counts the same: take one mean over all of them, not a mean of the sequences' means.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="_token_costs(logits, tokens)[~hidden].sum() / max((~hidden).sum(), 1)",
        hint="True in `hidden` marks the tokens that count: the mask is inverted.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="_token_costs(logits[:, :-1], tokens[:, 1:])[hidden[:, 1:]].sum() / max(hidden[:, 1:].sum(), 1)",
        hint="There is no shift in masked_loss: the logits at t are scored on token t itself.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="_token_costs(logits, np.roll(tokens, -1, axis=1))[hidden].mean()",
        hint="masked_loss scores the logits at t on token t itself: leave out np.roll.",
    ),
    mistake(
        "masked_loss",
        right="_token_costs(logits, tokens)[hidden].mean()",
        wrong="_token_costs(logits, tokens)[hidden].sum() / np.maximum(hidden.sum(axis=1), 1).sum()",
        hint="Divide by the number of hidden tokens of the batch: a sequence without any adds nothing to it.",
    ),
    mistake(
        "masked_loss",
        right="return float(_token_costs(logits, tokens)[hidden].mean())",
        wrong="return -float(_token_costs(logits, tokens)[hidden].mean())",
        hint="The loss of the hidden tokens is minus the mean of log p: it is never negative.",
    ),
    mistake(
        "masked_loss",
        right="return float(_token_costs(logits, tokens)[hidden].mean())",
        wrong="p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)\n"
        "    p = np.take_along_axis(p, tokens[..., None], axis=-1)[..., 0]\n"
        "    return float(-np.log(p[hidden] + 1e-12).mean())",
        hint="exp overflows for large logits in masked_loss: subtract the largest of each row first.",
    ),
    mistake(
        "masked_loss",
        right="return float(_token_costs(logits, tokens)[hidden].mean())",
        wrong="p = np.exp(logits - logits.max())\n"
        "    p = p / (p.sum(axis=-1, keepdims=True) + 1e-12)\n"
        "    p = np.take_along_axis(p, tokens[..., None], axis=-1)[..., 0]\n"
        "    return float(-np.log(p[hidden] + 1e-12).mean())",
        hint="Subtract the largest logit of each row, not of the whole batch: the other rows of masked_loss underflow.",
    ),
    mistake(
        "masked_loss",
        right="return float(_token_costs(logits, tokens)[hidden].mean())",
        wrong="p = np.exp(logits - logits.max(axis=-1, keepdims=True))\n"
        "    p = p / p.sum(axis=-1, keepdims=True)\n"
        "    p = np.take_along_axis(p, tokens[..., None], axis=-1)[..., 0]\n"
        "    return float(-(np.log(p) * hidden).sum() / hidden.sum())",
        hint="Minus infinity times 0 is NaN: a token that is not hidden may have the probability 0. Select the hidden "
        "ones, and use log p = z - log sum exp z.",
    ),
    mistake(
        "masked_loss",
        right="return float(_token_costs(logits, tokens)[hidden].mean())",
        wrong="p = np.exp(logits - logits.max(axis=-1, keepdims=True))\n"
        "    p = p / p.sum(axis=-1, keepdims=True)\n"
        "    p = np.take_along_axis(p, tokens[..., None], axis=-1)[..., 0]\n"
        "    return float(-np.log(p[hidden]).mean())",
        hint="The logarithm of a probability that underflows is infinite in masked_loss: use log p = z - log sum exp "
        "z.",
    ),
    mistake(
        "clip_loss",
        right="-(to_captions + to_images).mean() / 2",
        wrong="-to_captions.mean()",
        hint="CLIP has two directions: each caption must also find its image among all (the columns).",
    ),
    mistake(
        "clip_loss",
        right="-(to_captions + to_images).mean() / 2",
        wrong="-to_images.mean()",
        hint="CLIP has two directions: each image must also find its caption among all (the rows).",
    ),
    mistake(
        "clip_loss",
        right="-(to_captions + to_images).mean() / 2",
        wrong="-(to_captions + to_images).mean()",
        hint="Take the mean of both directions: the factor 1/2 is missing.",
    ),
    mistake(
        "clip_loss",
        right="-(to_captions + to_images).mean() / 2",
        wrong="-(to_captions + to_images).sum() / 2",
        hint="Take the mean over the pairs, not their sum.",
    ),
    mistake(
        "clip_loss",
        right="logits = -scale / 2 * squared",
        wrong="logits = -scale * squared",
        hint="The logit is minus half the squared distance times the scale: the factor 1/2 is missing.",
    ),
    mistake(
        "clip_loss",
        right="logits = -scale / 2 * squared",
        wrong="logits = scale / 2 * squared",
        hint="Near pairs have large logits: the squared distance enters with a minus.",
    ),
    mistake(
        "clip_loss",
        right="logits = -scale / 2 * squared",
        wrong="logits = -squared / (2 * scale)",
        hint="Multiply by the scale: it is lambda, not a temperature.",
    ),
    mistake(
        "clip_loss",
        right="logits = -scale / 2 * squared",
        wrong="logits = -scale / 2 * np.sqrt(squared)",
        hint="The logit takes the squared distance: there is no root.",
    ),
    mistake(
        "clip_loss",
        right="logits = -scale / 2 * squared",
        wrong="logits = scale * images @ captions.T",
        hint="The logit is minus the squared distance times scale / 2: a product equals it only for vectors of length "
        "1.",
    ),
    mistake(
        "clip_loss",
        right="    return float(-(to_captions + to_images).mean() / 2)",
        wrong="    e = np.exp(logits)\n"
        "    both = np.diag(e) ** 2 / (e.sum(axis=1) * e.sum(axis=0))\n"
        "    return float(-np.log(both).mean() / 2)",
        hint="exp of all logits of a far pair underflows: subtract the largest of each row, and of each column.",
    ),
    mistake(
        "clip_loss",
        right="    return float(-(to_captions + to_images).mean() / 2)",
        wrong="    e = np.exp(logits - logits.max())\n"
        "    return float(-np.log(np.diag(e) / e.sum(axis=0) * np.diag(e) / e.sum(axis=1)).mean() / 2)",
        hint="One shift for all logits of clip_loss is not enough: subtract the largest of each row, and of each "
        "column for the other direction.",
    ),
    mistake(
        "clip_loss",
        right="    return float(-(to_captions + to_images).mean() / 2)",
        wrong="    e = np.exp(logits - logits.max())\n"
        "    rows, columns = np.diag(e) / (e.sum(axis=1) + 1e-12), np.diag(e) / (e.sum(axis=0) + 1e-12)\n"
        "    return float(-(np.log(rows + 1e-12) + np.log(columns + 1e-12)).mean() / 2)",
        hint="One shift for all logits of clip_loss lets far pairs underflow, and a constant only hides it: subtract "
        "the largest of each row, and of each column for the other direction.",
    ),
    mistake(
        "clip_loss",
        right="    return float(-(to_captions + to_images).mean() / 2)",
        wrong="    return float(-(np.log(np.exp(to_captions)) + np.log(np.exp(to_images))).mean() / 2)",
        hint="The logarithm of a probability that underflows is infinite in clip_loss: use log p = z - log sum exp z.",
    ),
]

MODULES = [
    mistake(
        "MultiHeadAttention",
        right="layer(x).reshape(N, T, self.heads, p).transpose(1, 2)",
        wrong="layer(x).reshape(N, self.heads, T, p)",
        hint="Split the features, not the tokens: reshape to (N, T, heads, p) first, then transpose to (N, heads, T, "
        "p).",
    ),
    mistake(
        "MultiHeadAttention",
        right="layer(x).reshape(N, T, self.heads, p).transpose(1, 2)",
        wrong="layer(x).reshape(N, T, p, self.heads).permute(0, 3, 1, 2)",
        hint="A head has p neighbouring features: reshape to (N, T, heads, p), not to (N, T, p, heads).",
    ),
    mistake(
        "MultiHeadAttention",
        right="out.transpose(1, 2).reshape(N, T, d)",
        wrong="out.reshape(N, T, d)",
        hint="Bring the heads back beside their features before you merge them: transpose to (N, T, heads, p) first.",
    ),
    mistake(
        "MultiHeadAttention",
        right="/ p**0.5",
        wrong="/ d**0.5",
        hint="The scale of a head is the root of its own p = d / heads, not of d.",
    ),
    mistake(
        "MultiHeadAttention",
        right="q @ k.transpose(2, 3) / p**0.5",
        wrong="q @ k.transpose(2, 3)",
        hint="Divide the logits of each head by the root of p = d / heads.",
    ),
    mistake(
        "MultiHeadAttention",
        right="/ p**0.5",
        wrong="/ p",
        hint="Divide the logits of each head by the root of p, not by p.",
    ),
    mistake(
        "MultiHeadAttention",
        right="logits.softmax(dim=-1)",
        wrong="logits.softmax(dim=-2)",
        hint="Softmax of MultiHeadAttention runs over the keys (the last axis), not over the queries.",
    ),
    mistake(
        "MultiHeadAttention",
        right="logits.softmax(dim=-1)",
        wrong="logits.softmax(dim=1)",
        hint="Softmax of MultiHeadAttention runs over the keys (the last axis), not over the heads.",
    ),
    mistake(
        "MultiHeadAttention",
        right="masked_fill(~every_head, -torch.inf)",
        wrong="masked_fill(every_head, -1e9)",
        hint="The mask of MultiHeadAttention is True where a token may attend: fill where it is False (torch's own "
        "module "
        "has it the other way round).",
    ),
    mistake(
        "MultiHeadAttention",
        right="        logits = q @ k.transpose(2, 3) / p**0.5  # (N, heads, T, T)\n"
        "        if mask is not None:\n"
        "            every_head = mask if mask.ndim == 2 else mask[:, None]  # (N, 1, T, T)\n"
        "            logits = logits.masked_fill(~every_head, -torch.inf)\n"
        "        out = logits.softmax(dim=-1) @ v  # (N, heads, T, p)",
        wrong="        every_head = mask if mask is None or mask.ndim == 2 else mask[:, None]\n"
        "        bias = None if every_head is None else ~every_head\n"
        "        out = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)",
        hint="Hand the mask to scaled_dot_product_attention as it is: there too, True means that a token may attend.",
    ),
    mistake(
        "MultiHeadAttention",
        right="        return self.output(out.transpose(1, 2).reshape(N, T, d))",
        wrong="        return self.output(out.transpose(1, 2).reshape(N, T, d)), logits.softmax(dim=-1)",
        hint="Return the output alone, without the weights.",
    ),
    mistake(
        "MultiHeadAttention",
        right="layer(x).reshape(N,",
        wrong="layer(x).relu().reshape(N,",
        hint="Queries, keys and values are linear in the input: leave out the ReLU of N 8.18.",
    ),
    mistake(
        "MultiHeadAttention",
        right="for layer in (self.query, self.key, self.value)",
        wrong="for layer in (self.query, self.query, self.value)",
        hint="Keys come from the layer `key`: queries and keys are not the same.",
    ),
    mistake(
        "MultiHeadAttention",
        right="logits = logits.masked_fill(",
        wrong="logits.masked_fill(",
        hint="Keep the result of masked_fill: it returns a new tensor and changes nothing in place.",
    ),
    mistake(
        "MultiHeadAttention",
        right="mask if mask.ndim == 2 else mask[:, None]",
        wrong="mask if mask.ndim == 2 else mask[:1, None]",
        hint="A mask (N, T, T) belongs to its sequence: give it an axis for the heads, mask[:, None].",
    ),
    mistake(
        "MultiHeadAttention",
        right="mask if mask.ndim == 2 else mask[:, None]",
        wrong="mask",
        hint="Give a mask (N, T, T) an axis for the heads, mask[:, None]: as it is, its sequences meet the heads.",
    ),
    mistake(
        "MultiHeadAttention",
        right="mask if mask.ndim == 2 else mask[:, None]",
        wrong="mask if mask.ndim == 2 else mask.repeat(self.heads, 1, 1).reshape(N, self.heads, T, T)",
        hint="mask.repeat puts the masks of all sequences one after the other: use mask.repeat_interleave(heads, "
        "dim=0), or mask[:, None].",
    ),
    mistake(
        "MultiHeadAttention",
        right="mask if mask.ndim == 2 else mask[:, None]",
        wrong="mask.reshape(N, 1, -1, T) if len(mask) == N else mask",
        hint="A mask with two axes is one for all sequences, also where there are as many tokens as sequences.",
    ),
    mistake(
        "MultiHeadAttention",
        right="        return self.output(out.transpose(1, 2).reshape(N, T, d))",
        wrong="        return out.transpose(1, 2).reshape(N, T, d)",
        hint="Send the merged heads through the last linear layer, `output`.",
    ),
    mistake(
        "MultiHeadAttention",
        right="for layer in (self.query, self.key, self.value)",
        wrong="for layer in (self.key, self.query, self.value)",
        hint="Queries come from `query` and keys from `key`: the two are swapped.",
    ),
    mistake(
        "MultiHeadAttention",
        right="for layer in (self.query, self.key, self.value)",
        wrong="for layer in (self.query, self.key, torch.nn.Identity())",
        hint="Send the values through their own linear layer, `value`.",
    ),
    mistake(
        "MultiHeadAttention",
        right="logits = q @ k.transpose(2, 3) / p**0.5",
        wrong="logits = (q @ k.transpose(2, 3)).detach() / p**0.5",
        hint="Do not detach the logits: queries and keys get no gradient.",
    ),
    mistake(
        "MultiHeadAttention",
        right="        self.query = torch.nn.Linear(d, d)",
        wrong="        self.query = torch.nn.Linear(d, d, bias=False)",
        hint="The linear layers of MultiHeadAttention have biases.",
    ),
    mistake(
        "MultiHeadAttention",
        right="        self.query = torch.nn.Linear(d, d)\n"
        "        self.key = torch.nn.Linear(d, d)\n"
        "        self.value = torch.nn.Linear(d, d)\n",
        wrong="        self.layers = [torch.nn.Linear(d, d) for _ in range(3)]\n"
        "        self.query, self.key, self.value = (lambda x, i=i: self.layers[i](x) for i in range(3))\n"
        "        self.query.in_features = d\n",
        hint="Register each layer as an attribute of the module: torch does not see layers in a plain list.",
    ),
    mistake(
        "MultiHeadAttention",
        right="            logits = logits.masked_fill(~every_head, -torch.inf)",
        wrong="            logits = (logits + torch.zeros(T, T)).masked_fill(~every_head, -torch.inf)",
        hint="Make new tensors on the device and in the dtype of x (x.new_zeros): torch.zeros alone uses the CPU.",
    ),
    mistake(
        "MultiHeadAttention",
        right="logits.softmax(dim=-1) @ v",
        wrong="logits.float().softmax(dim=-1).to(v.dtype) @ v",
        hint="Keep the dtype of the input: .float() makes the weights float32, whatever x is.",
    ),
    mistake(
        "EncoderBlock",
        right="torch.relu(self.linear1(h))",
        wrong="torch.relu(self.linear1(h)).float().to(x.dtype)",
        hint="Keep the dtype of the input in EncoderBlock: .float() cuts the hidden units to float32.",
    ),
    mistake(
        "EncoderBlock",
        right="self.norm1(x + self.attention(x, mask))",
        wrong="self.norm1(self.attention(x, mask))",
        hint="Add the input of the attention to its output before you normalise: the residual connection is missing.",
    ),
    mistake(
        "EncoderBlock",
        right="self.norm2(h + self.linear2(",
        wrong="self.norm2(self.linear2(",
        hint="Add h to the output of the small network before you normalise: the second residual connection is "
        "missing.",
    ),
    mistake(
        "EncoderBlock",
        right="self.norm2(h + self.linear2(",
        wrong="self.norm2(x + self.linear2(",
        hint="The second residual connection adds h, the input of the small network, not the input of the block.",
    ),
    mistake(
        "EncoderBlock",
        right="        h = self.norm1(x + self.attention(x, mask))\n"
        "        return self.norm2(h + self.linear2(torch.relu(self.linear1(h))))",
        wrong="        h = x + self.attention(self.norm1(x), mask)\n"
        "        return h + self.linear2(torch.relu(self.linear1(self.norm2(h))))",
        hint="Normalise after the sum (post-norm, N figure 8.5), not before attention and network (pre-norm).",
    ),
    mistake(
        "EncoderBlock",
        right="h = self.norm1(x + self.attention(x, mask))",
        wrong="h = x + self.norm1(self.attention(x, mask))",
        hint="Normalise the sum of x and attention, not the attention alone.",
    ),
    mistake(
        "EncoderBlock",
        right="self.attention(x, mask)",
        wrong="self.attention(x)",
        hint="Hand the mask on to the attention: EncoderBlock ignores it.",
    ),
    mistake(
        "EncoderBlock",
        right="self.attention(x, mask)",
        wrong="self.attention(x, None if mask is None else ~mask)",
        hint="Hand the mask on as it is: in your MultiHeadAttention, too, True means that a token may attend.",
    ),
    mistake(
        "EncoderBlock",
        right="torch.relu(self.linear1(h))",
        wrong="self.linear1(h)",
        hint="The small network has a ReLU between its two linear layers.",
    ),
    mistake(
        "EncoderBlock",
        right="torch.relu(self.linear1(h))",
        wrong="torch.nn.functional.gelu(self.linear1(h))",
        hint="The small network has a ReLU, not a GELU.",
    ),
    mistake(
        "EncoderBlock",
        right="self.linear2(torch.relu(self.linear1(h)))",
        wrong="torch.relu(self.linear2(torch.relu(self.linear1(h))))",
        hint="There is no ReLU after the second linear layer.",
    ),
    mistake(
        "EncoderBlock",
        right="return self.norm2(h",
        wrong="return self.norm1(h",
        hint="Use norm2 for the second normalisation: norm1 and norm2 have gains and biases of their own.",
    ),
    mistake(
        "EncoderBlock",
        right="        return self.norm2(h + self.linear2(torch.relu(self.linear1(h))))",
        wrong="        return h + self.linear2(torch.relu(self.linear1(h)))",
        hint="Normalise the second sum too, with norm2.",
    ),
    mistake(
        "EncoderBlock",
        right="        self.norm1 = torch.nn.LayerNorm(d, eps)",
        wrong="        self.norm1 = torch.nn.LayerNorm(d)",
        hint="Give eps to both normalisations: norm1 uses torch's default instead.",
    ),
    mistake(
        "EncoderBlock",
        right="        self.norm2 = torch.nn.LayerNorm(d, eps)",
        wrong="        self.norm2 = torch.nn.LayerNorm(d)",
        hint="Give eps to both normalisations: norm2 uses torch's default instead.",
    ),
    mistake(
        "EncoderBlock",
        right="eps: float = 1e-5",
        wrong="eps: float = 1e-6",
        hint="The default of eps of EncoderBlock is 1e-5: leave the signature as it is.",
    ),
]

MISTAKES = [*REGRESSION, *ATTENTION, *POSITIONS, *NORMALIZATION, *LOSSES, *MODULES]
