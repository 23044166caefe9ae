"""Hidden checks of the assignment: every function against its definition, and the properties that make it attention.

Sizes are all different, so that no axis passes for another one; masks hide something in every row; upstream gradients
are never ones, and eps is large, because at the usual one its place does not show.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from grader import exercise, expect, gradient, modules, parity, symmetry, value
from grader.checks.calling import keeping, name_of, results
from grader.checks.problems import tokens as by_definition

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]


def through(forward: Function, backward: Function) -> Function:
    """Forward, forward again of other inputs if there are any, and then backward of the first, as one function."""
    kept = keeping(forward, 1)

    def gradients(upstream: Any, inputs: tuple[Any, ...], *others: tuple[Any, ...]) -> Any:
        _, cache = results(kept(*inputs), ("out", "cache"), of=name_of(forward))
        for other in others:
            kept(*other)
        return backward(upstream, cache)

    gradients.__name__ = name_of(backward)
    return gradients


due_through = lru_cache(maxsize=None)(through)
"""The same for functions of the reference: one function for each pair, so that its answers are known again."""


# --- regression -------------------------------------------------------------------------------------------------------

KERNELS = pytest.mark.parametrize("kernel", ["gaussian", "box", "laplace"])
SMOOTH = pytest.mark.parametrize("kernel", ["gaussian", "laplace"])


def regression_inputs(rng: Any, lengths: tuple[int, int, int, int]) -> tuple[Array, Array, Array, float]:
    """Draw x, xs, ys for lengths M, n, d, m, and a bandwidth such that no point lies near the edge of a box."""
    M, n, d, m = lengths
    x, xs, ys = rng.normal(size=(M, d)), rng.normal(size=(n, d)), rng.normal(size=(n, m))
    distances = np.sort(np.linalg.norm(x[:, None] - xs, axis=-1), axis=None)  # (M n,)
    if distances.size == 1:
        return x, xs, ys, 1.7 * float(distances[0])
    first, last = distances.size // 5, distances.size // 2 + 1  # a box with some of the points, and not all
    gap = first + int(np.diff(distances[first : last + 1]).argmax())
    return x, xs, ys, float(distances[gap : gap + 2].mean())


@exercise("regression")
@KERNELS
@pytest.mark.parametrize("lengths", [(4, 7, 3, 2), (1, 5, 1, 3), (3, 1, 2, 1)], ids=["data", "one query", "one point"])
def check_regression_follows_the_definition(
    student: Any, reference: Any, rng: Any, kernel: str, lengths: tuple[int, int, int, int]
) -> None:
    """The regression is the average that the kernel weighs."""
    x, xs, ys, bandwidth = regression_inputs(rng, lengths)
    value.agrees(student.nadaraya_watson, reference.nadaraya_watson, x, xs, ys, kernel, bandwidth)


@exercise("regression")
@SMOOTH
def check_regression_is_right_far_from_all_data(student: Any, reference: Any, rng: Any, kernel: str) -> None:
    """A query thousands of bandwidths away from all data gets the right prediction."""
    way = rng.normal(size=(3, 2))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    x = np.array([[1000], [2000], [4000]]) * way  # exp(-1000) is 0 in float64, also beside the next one's kernels
    xs, ys = rng.normal(size=(6, 2)), rng.normal(size=(6, 3))
    value.agrees(student.nadaraya_watson, reference.nadaraya_watson, x, xs, ys, kernel, 0.9)


@exercise("regression")
def check_empty_box_returns_the_mean(student: Any, reference: Any, rng: Any) -> None:
    """A box without any point returns the mean of all targets, and costs the other queries nothing."""
    x, xs, ys, bandwidth = regression_inputs(rng, (4, 6, 2, 3))
    x[1] += 1000.0
    value.agrees(student.nadaraya_watson, reference.nadaraya_watson, x, xs, ys, "box", bandwidth)


# --- attention --------------------------------------------------------------------------------------------------------

LENGTHS = {  # N, T, S, p, m
    "no mask": (3, 4, 5, 7, 6),
    "one mask": (3, 4, 5, 7, 6),
    "a mask each": (3, 4, 5, 7, 6),
    "equal lengths": (4, 4, 4, 4, 4),
    "one query": (1, 1, 4, 3, 1),
    "one key": (3, 1, 1, 2, 5),
}
FORMS = pytest.mark.parametrize("form", LENGTHS)
MASKS = pytest.mark.parametrize("form", ["one mask", "a mask each"])


def attention_inputs(rng: Any, form: str) -> tuple[Any, ...]:
    """Draw q, k, v and the mask."""
    N, T, S, p, m = LENGTHS[form]
    q, k, v = rng.normal(size=(N, T, p)), rng.normal(size=(N, S, p)), rng.normal(size=(N, S, m))
    return q, k, v, mask_of(rng, form, (N, T, S))


def mask_of(rng: Any, form: str, lengths: tuple[int, int, int]) -> Any:
    """Draw a mask of the form: each row sees two or three keys, or by turns a single one and none."""
    if form in {"no mask", "one query", "one token"}:
        return None
    N, T, S = lengths
    rows = [np.arange(S) < (3 - row % 2 if S > 1 else 1 - row % 2) for row in range(N * T)]
    mask = rng.permuted(np.array(rows), axis=1).reshape(N, T, S)
    return mask[0] if form in {"one mask", "equal lengths"} else mask


def blind(mask: Any) -> Any:
    """Hide all keys from the second query: everywhere, or, where each sequence has its mask, in the first alone."""
    mask[(0, 1) if mask.ndim == 3 else 1] = False
    return mask


@exercise("attention")
@FORMS
def check_attention_follows_the_definition(student: Any, reference: Any, rng: Any, form: str) -> None:
    """Attention has the right values."""
    inputs = attention_inputs(rng, form)
    value.agrees(student.attention_forward, reference.attention_forward, *inputs, returns=("out", None))


@exercise("attention")
@FORMS
def check_attention_backward_follows_the_definition(student: Any, reference: Any, rng: Any, form: str) -> None:
    """The gradients of attention are right."""
    inputs = attention_inputs(rng, form)
    value.agrees(
        through(student.attention_forward, student.attention_backward),
        due_through(reference.attention_forward, reference.attention_backward),
        rng.normal(size=(*inputs[0].shape[:2], inputs[2].shape[2])),
        inputs,
        returns=("dq", "dk", "dv"),
    )


@exercise("attention")
def check_attention_backward_reads_its_cache(student: Any, reference: Any, rng: Any) -> None:
    """attention_backward goes by the cache that it is given, also after another forward."""
    inputs, others = attention_inputs(rng, "one mask"), attention_inputs(rng, "one mask")
    value.agrees(
        through(student.attention_forward, student.attention_backward),
        due_through(reference.attention_forward, reference.attention_backward),
        *(rng.normal(size=(*inputs[0].shape[:2], inputs[2].shape[2])), inputs, others),
        returns=("dq", "dk", "dv"),
    )


@exercise("attention", weight=2)
@MASKS
def check_attention_backward_is_the_gradient_of_forward(student: Any, rng: Any, form: str) -> None:
    """attention_backward is the gradient of your attention_forward, also under a mask."""
    q, k, v, mask = attention_inputs(rng, form)
    at = {"q": q, "k": k, "v": v, "mask": mask}
    sizes = {"N": len(q), "p": q.shape[2], "sqrt(p)": np.sqrt(q.shape[2])}
    functions = student.attention_forward, student.attention_backward
    gradient.agrees(*functions, at=at, wrt=("q", "k", "v"), rng=rng, sizes=sizes)


@exercise("attention")
@MASKS
def check_a_query_without_keys_gets_zero(student: Any, reference: Any, rng: Any, form: str) -> None:
    """A query that may attend to no key gets 0, and the others what is theirs."""
    q, k, v, mask = attention_inputs(rng, form)
    value.agrees(student.attention_forward, reference.attention_forward, q, k, v, blind(mask), returns=("out", None))


@exercise("attention")
@MASKS
def check_a_query_without_keys_passes_no_gradient(student: Any, reference: Any, rng: Any, form: str) -> None:
    """A query that may attend to no key passes no gradient on."""
    q, k, v, mask = attention_inputs(rng, form)
    value.agrees(
        through(student.attention_forward, student.attention_backward),
        due_through(reference.attention_forward, reference.attention_backward),
        rng.normal(size=(*q.shape[:2], v.shape[2])),
        (q, k, v, blind(mask)),
        returns=("dq", "dk", "dv"),
    )


def large_logits(rng: Any, form: str) -> tuple[Any, ...]:
    """Draw q, k, v and the mask: a query's logits differ by a few units in one sequence, by thousands in the other.

    In the first sequence those of the first query are all near -10000.
    """
    p = 4
    q, k, v = rng.normal(size=(2, 3, p)), rng.normal(size=(2, 5, p)), rng.normal(size=(2, 5, 3))
    q[:, :, 0], k[:, :, 0] = np.array([-200, 200, 190]), 100.0  # 20000 by the root of p
    k[1, :, 0] = rng.permutation(np.linspace(-100, 100, 5))
    return q, k, v, mask_of(rng, form, (2, 3, 5))


LARGE = pytest.mark.parametrize("form", ["no mask", "one mask"])


@exercise("attention")
@LARGE
def check_attention_is_stable(student: Any, reference: Any, rng: Any, form: str) -> None:
    """Attention is right for logits near 10000 and near -10000."""
    inputs = large_logits(rng, form)
    value.agrees(student.attention_forward, reference.attention_forward, *inputs, returns=("out", None))


@exercise("attention")
@LARGE
def check_attention_backward_is_stable(student: Any, reference: Any, rng: Any, form: str) -> None:
    """The gradients of attention are right for logits near 10000 and near -10000."""
    inputs = large_logits(rng, form)
    value.agrees(
        through(student.attention_forward, student.attention_backward),
        due_through(reference.attention_forward, reference.attention_backward),
        rng.normal(size=(2, 3, 3)),
        inputs,
        returns=("dq", "dk", "dv"),
    )


@exercise("attention")
def check_a_hidden_key_does_not_matter(student: Any, reference: Any, rng: Any) -> None:
    """A hidden key changes nothing, however large its logit is."""
    q, k, v, mask = attention_inputs(rng, "one mask")
    mask[:, 2], mask[:, 0] = False, True
    k[:, 2] = 1e4 * rng.normal(size=k[:, 2].shape)
    v[:, 2] = 1e4
    value.agrees(student.attention_forward, reference.attention_forward, q, k, v, mask, returns=("out", None))


@exercise("attention")
@pytest.mark.parametrize("T", [1, 5])
def check_causal_mask_follows_the_definition(student: Any, reference: Any, T: int) -> None:
    """The causal mask allows the token itself and those before it."""
    value.agrees(student.causal_mask, reference.causal_mask, T, returns=("mask",))


@exercise("attention")
def check_the_future_does_not_matter(student: Any, rng: Any) -> None:
    """Under your causal mask, no output depends on a later token."""

    def attend(x: Array) -> Any:
        out, _ = results(kept(x, x, x, student.causal_mask(x.shape[1])), ("out", "cache"), of="attention_forward")
        return out

    kept = keeping(student.attention_forward, 1)
    symmetry.causal(attend, rng.normal(size=(2, 5, 3)), rng=rng)


def additive_inputs(rng: Any, form: str) -> tuple[Any, ...]:
    """Draw q, k, v, W_q, W_k, u and the mask; queries and keys of different lengths, and a query without keys."""
    N, T, S, p, m = LENGTHS[form]
    p, r, h = (1, 1, 1) if form == "one query" else (3, 2, 7)
    q, k, v = rng.normal(size=(N, T, p)), rng.normal(size=(N, S, r)), rng.normal(size=(N, S, m))
    weights = rng.normal(size=(p, h)), rng.normal(size=(r, h)), 1.5 * rng.normal(size=h)
    mask = mask_of(rng, form, (N, T, S))
    return q, k, v, *weights, mask if mask is None or T == 1 else blind(mask)


@exercise("attention")
@FORMS
def check_additive_attention_follows_the_definition(student: Any, reference: Any, rng: Any, form: str) -> None:
    """Additive attention has the right values."""
    value.agrees(student.additive_attention, reference.additive_attention, *additive_inputs(rng, form))


@exercise("attention")
@LARGE
def check_additive_attention_is_stable(student: Any, reference: Any, rng: Any, form: str) -> None:
    """Additive attention is right for logits near 10000 and near -10000."""
    q, k, v, W_q, W_k, u, mask = additive_inputs(rng, form)
    u[0], W_q[:, 0], W_k[:, 0] = 1e4, 0.0, 0.0
    if mask is None:  # the first unit is 1 or -1 for a whole row
        W_q[0], W_q[0, 0], q[:, :, 0] = 0.0, 1.0, [50.0, -50.0, 50.0, -50.0]
    else:  # it is -1, and 1 for a hidden key of the first sequence
        W_k[0], W_k[0, 0], k[:, :, 0] = 0.0, 1.0, -50.0
        k[0, 2, 0], mask[:3, 2], mask[3] = 50.0, False, True
    value.agrees(student.additive_attention, reference.additive_attention, q, k, v, W_q, W_k, u, mask)


# --- positions --------------------------------------------------------------------------------------------------------


@exercise("positions")
@pytest.mark.parametrize(("T", "d"), [(7, 10), (1, 4), (50, 2), (300, 16)])
def check_encoding_follows_the_definition(student: Any, reference: Any, T: int, d: int) -> None:
    """The encoding has the right frequencies in the right columns."""
    value.agrees(student.positional_encoding, reference.positional_encoding, T, d, returns=("encoding",))


def attended(x: Array) -> Array:
    """Self-attention without mask and without scale, by definition."""
    weights = np.exp(x @ x.T)
    return np.asarray(weights @ x / weights.sum(axis=1, keepdims=True))


@exercise("positions")
def check_positions_make_order_matter(student: Any, rng: Any) -> None:
    """With your encoding added, attention tells a sentence from the same words in another order."""
    x, order = rng.normal(size=(6, 4)), np.array([4, 2, 5, 0, 3, 1])
    encoding = student.positional_encoding(6, 4)
    expect(encoding, "encoding").has_shape((6, 4)).is_finite()
    one, other = attended(x + encoding)[order], attended(x[order] + encoding)
    # without positions the two are the same; with them they differ by about 1
    expect(np.abs(one - other).max(), "change under another order of the words").at_least(1e-2)


# --- normalization ----------------------------------------------------------------------------------------------------

SHAPES = pytest.mark.parametrize("shape", [(5, 4), (3, 5, 6), (1, 1, 3)], ids=["rows", "sequences", "one token"])
LARGE_EPS = 0.1
"""At the usual 1e-5 its place inside or outside the root does not show."""


def norm_inputs(rng: Any, shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Draw x, gain and bias; no token has mean 0, and the spread differs from token to token."""
    x = rng.uniform(0.3, 2, size=(*shape[:-1], 1)) * rng.normal(size=shape) + rng.normal(size=(*shape[:-1], 1))
    return x, rng.normal(size=shape[-1]), rng.normal(size=shape[-1])


@exercise("normalization")
@SHAPES
def check_layer_norm_follows_the_definition(student: Any, reference: Any, rng: Any, shape: tuple[int, ...]) -> None:
    """Layer normalisation has the right values."""
    inputs = *norm_inputs(rng, shape), LARGE_EPS
    value.agrees(student.layer_norm_forward, reference.layer_norm_forward, *inputs, returns=("y", None))


@exercise("normalization")
@SHAPES
def check_layer_norm_backward_follows_the_definition(
    student: Any, reference: Any, rng: Any, shape: tuple[int, ...]
) -> None:
    """The gradients of layer normalisation are right."""
    value.agrees(
        through(student.layer_norm_forward, student.layer_norm_backward),
        due_through(reference.layer_norm_forward, reference.layer_norm_backward),
        rng.normal(size=shape),
        (*norm_inputs(rng, shape), LARGE_EPS),
        returns=("dx", "dgain", "dbias"),
    )


@exercise("normalization")
def check_layer_norm_backward_reads_its_cache(student: Any, reference: Any, rng: Any) -> None:
    """layer_norm_backward goes by the cache that it is given, also after another forward."""
    inputs, others = ((*norm_inputs(rng, (3, 4)), LARGE_EPS) for _ in range(2))
    value.agrees(
        through(student.layer_norm_forward, student.layer_norm_backward),
        due_through(reference.layer_norm_forward, reference.layer_norm_backward),
        *(rng.normal(size=(3, 4)), inputs, others),
        returns=("dx", "dgain", "dbias"),
    )


@exercise("normalization", weight=2)
def check_layer_norm_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """layer_norm_backward is the gradient of your layer_norm_forward."""
    x, gain, bias = norm_inputs(rng, (3, 7, 5))
    at = {"x": x, "gain": gain, "bias": bias, "constant": LARGE_EPS}
    functions, sizes = (student.layer_norm_forward, student.layer_norm_backward), {"N": 3, "T": 7, "d": 5}
    gradient.agrees(*functions, at=at, wrt=("x", "gain", "bias"), rng=rng, sizes=sizes)


@exercise("normalization")
@pytest.mark.parametrize("given", [(), (0.0,)], ids=["the default", "0"])
def check_layer_norm_has_its_default(student: Any, reference: Any, rng: Any, given: tuple[float, ...]) -> None:
    """Without an eps it is 1e-5, and an eps of 0 is 0."""
    x, *rest = norm_inputs(rng, (4, 6))
    inputs = 3e-3 * x, *rest, *given  # variances of about 1e-5
    value.agrees(student.layer_norm_forward, reference.layer_norm_forward, *inputs, returns=("y", None))


@exercise("normalization")
def check_layer_norm_of_a_single_feature_is_the_bias(student: Any, reference: Any, rng: Any) -> None:
    """A token with a single feature is its own mean, and only the bias is left."""
    inputs = rng.normal(size=(3, 1)), rng.normal(size=1), rng.normal(size=1), LARGE_EPS
    value.agrees(student.layer_norm_forward, reference.layer_norm_forward, *inputs, returns=("y", None))


# --- losses -----------------------------------------------------------------------------------------------------------


def due_gpt(logits: Array, tokens: Any) -> float:
    """Return the next-token loss by its definition."""
    return -by_definition.masked_mean(by_definition.log_probabilities(*by_definition.shifted(logits, tokens)))


def due_masked(logits: Array, tokens: Any, hidden: Any) -> float:
    """Return the loss of hidden tokens by its definition."""
    return -by_definition.masked_mean(by_definition.log_probabilities(logits, tokens), hidden)


BATCHES = pytest.mark.parametrize("lengths", [(3, 5, 4), (1, 2, 3)], ids=["a batch", "one prediction"])


def token_inputs(rng: Any, lengths: tuple[int, int, int]) -> tuple[Array, Any, Any]:
    """Draw logits, tokens and what is hidden; the rows hide different numbers of tokens, and the second one none."""
    N, T, V = lengths
    hidden = np.array([np.arange(T) < hides for hides in (1, 0, 3)[:N]])
    return rng.normal(size=(N, T, V)), rng.integers(V, size=(N, T)), rng.permuted(hidden, axis=1)


def large(rng: Any) -> tuple[Array, Any, Any]:
    """Draw tokens with logits near 10000 and near -10000, so close together that no probability underflows."""
    logits, tokens, hidden = token_inputs(rng, (3, 4, 5))
    logits += rng.permuted(np.tile([-1e4, 1e4], (3, 2)), axis=1)[..., None]  # both among any three of a row
    return logits, tokens, hidden


def spread(rng: Any) -> tuple[Array, Any, Any]:
    """Draw logits so far apart that all probabilities but one underflow; some tokens are the unlikeliest."""
    logits = rng.permuted(np.tile(np.linspace(-1e4, 1e4, 5), (2, 4, 1)), axis=-1)  # (2, 4, 5), gaps of 5000
    tokens = logits.argmax(axis=-1)
    tokens[0] = logits[0, [0, 0, 1, 2]].argmin(axis=-1)
    return logits, tokens, np.array([[True, True, False, True], [False, False, True, False]])


@exercise("losses")
@BATCHES
def check_gpt_loss_follows_the_definition(student: Any, rng: Any, lengths: tuple[int, int, int]) -> None:
    """gpt_loss is the mean cost of the next tokens."""
    logits, tokens, _ = token_inputs(rng, lengths)
    value.agrees(student.gpt_loss, due_gpt, logits, tokens, returns=("loss",))


@exercise("losses")
def check_gpt_loss_is_stable(student: Any, rng: Any) -> None:
    """gpt_loss is right for logits near 10000 and near -10000."""
    logits, tokens, _ = large(rng)
    value.agrees(student.gpt_loss, due_gpt, logits, tokens, returns=("loss",))


@exercise("losses")
@BATCHES
def check_masked_loss_follows_the_definition(student: Any, rng: Any, lengths: tuple[int, int, int]) -> None:
    """masked_loss is the mean cost of all hidden tokens."""
    value.agrees(student.masked_loss, due_masked, *token_inputs(rng, lengths), returns=("loss",))


@exercise("losses")
def check_masked_loss_is_stable(student: Any, rng: Any) -> None:
    """masked_loss is right for logits near 10000 and near -10000."""
    value.agrees(student.masked_loss, due_masked, *large(rng), returns=("loss",))


@exercise("losses")
@pytest.mark.parametrize("name", ["gpt_loss", "masked_loss", "clip_loss"])
def check_loss_is_finite_where_probabilities_underflow(student: Any, rng: Any, name: str) -> None:
    """The loss is finite where probabilities underflow."""
    # Not its value: log(p + 1e-12) is a fair protection, and bounds the cost of a token by 28. With any constant up to
    # 1e-7 it is at least 16, and a quarter of the tokens that count underflow at least: the mean exceeds 1. Every pair
    # of CLIP underflows: the captions of images 100 apart have changed places in a circle.
    logits, tokens, hidden = spread(rng)
    images = 100.0 * np.arange(3)[:, None] + rng.normal(size=(3, 1))
    arguments = {
        "gpt_loss": (logits, tokens),
        "masked_loss": (logits, tokens, hidden),
        "clip_loss": (images, images[[1, 2, 0]], 1.0),
    }
    expect(getattr(student, name)(*arguments[name]), "loss").has_shape(()).is_finite().at_least(1.0)


@exercise("losses")
@pytest.mark.parametrize(("lengths", "scale"), [((4, 3), 0.7), ((2, 1), 2.5)], ids=["four pairs", "two pairs"])
def check_clip_loss_follows_the_definition(
    student: Any, reference: Any, rng: Any, lengths: tuple[int, int], scale: float
) -> None:
    """clip_loss is the mean cost of both directions."""
    # in a cube, so that logits differ by 10 at most: a protective 1e-12 in the logarithm then changes the cost by 1e-7
    images, captions = rng.uniform(-1, 1, size=lengths), rng.uniform(-1, 1, size=lengths)
    value.agrees(student.clip_loss, reference.clip_loss, images, captions, scale, returns=("loss",))


@exercise("losses")
@pytest.mark.parametrize("far", ["all", "one pair"])
def check_clip_loss_is_stable(student: Any, reference: Any, rng: Any, far: str) -> None:
    """clip_loss is right where images and captions are 100 apart."""
    # all about equally far from what they are compared with: no probability of a right pair underflows
    if far == "all":
        images, captions = rng.uniform(-1, 1, size=(4, 3)), rng.uniform(-1, 1, size=(4, 3))
        images[:, 0], captions[:, 0] = 0.0, 100.0
    else:  # the first pair in a corner of a triangle with sides of 100, image and caption of the second in the others
        images, captions = np.array([[0, 0], [100, 0]]), np.array([[0, 0], [50, 50 * np.sqrt(3)]])
        images, captions = images + rng.uniform(-1, 1, size=2) / 100, captions + rng.uniform(-1, 1, size=2) / 100
    value.agrees(student.clip_loss, reference.clip_loss, images, captions, 1.0, returns=("loss",))


@exercise("losses")
def check_clip_loss_treats_images_and_captions_alike(student: Any, rng: Any) -> None:
    """clip_loss stays the same when images and captions change places."""
    symmetry.invariant(
        student.clip_loss,
        rng.normal(size=(4, 3)),
        rng.normal(size=(4, 3)),
        0.8,
        change=lambda images, captions, scale: (captions, images, scale),
        named="an exchange of images and captions",
        returns=("loss",),
    )


# --- modules ----------------------------------------------------------------------------------------------------------

TORCH_FORMS = pytest.mark.parametrize("form", ["no mask", "one mask", "a mask each", "equal lengths", "one token"])
SIZES = {"d": 6, "heads": 3}
BLOCK = {**SIZES, "hidden": 5, "eps": LARGE_EPS}


def module_inputs(rng: Any, form: str) -> tuple[Array, Any]:
    """Draw x and the mask; every query may attend to two or three tokens. Equal are N, T and the number of heads."""
    N, T = {"one token": (1, 1), "equal lengths": (3, 3)}.get(form, (2, 4))
    return rng.normal(size=(N, T, SIZES["d"])), mask_of(rng, form, (N, T, T))


@exercise("modules")
@TORCH_FORMS
def check_attention_module_follows_the_definition(student: Any, reference: Any, rng: Any, form: str) -> None:
    """MultiHeadAttention has the right output, and the right gradients come back."""
    x, mask = module_inputs(rng, form)
    modules.agrees(
        student.MultiHeadAttention,
        reference.MultiHeadAttention,
        x,
        mask,
        build=SIZES,
        state=modules.random_state(reference.MultiHeadAttention, rng, build=SIZES),
        upstream=rng.normal(size=x.shape),
    )


@exercise("modules")
@pytest.mark.parametrize("heads", [1, 2, 6], ids=["one head", "two heads", "a head a feature"])
def check_attention_module_takes_any_heads(student: Any, reference: Any, rng: Any, heads: int) -> None:
    """MultiHeadAttention is right for one head, for two, and for one a feature."""
    build = {"d": 6, "heads": heads}
    x, mask = module_inputs(rng, "one mask")
    state = modules.random_state(reference.MultiHeadAttention, rng, build=build)
    modules.agrees(
        student.MultiHeadAttention,
        reference.MultiHeadAttention,
        x,
        mask,
        build=build,
        state=state,
        looks_at=("output",),
    )


@exercise("modules")
def check_attention_module_follows_the_order_of_the_tokens(student: Any, reference: Any, rng: Any) -> None:
    """Without a mask, tokens in another order get the same outputs in that order."""
    state = modules.random_state(reference.MultiHeadAttention, rng, build=SIZES)
    order = np.array([2, 0, 3, 1])
    symmetry.equivariant(
        lambda x: modules.run(student.MultiHeadAttention, x, build=SIZES, state=state)["output"],
        rng.normal(size=(2, 4, 6)),
        change=lambda x: (x[:, order],),
        response=lambda out: out[:, order],
        named="another order of the tokens",
        returns=("output",),
    )


@exercise("modules")
def check_block_under_a_causal_mask_ignores_the_future(student: Any, reference: Any, rng: Any) -> None:
    """Under a causal mask, no output of EncoderBlock depends on a later token."""
    state = modules.random_state(reference.EncoderBlock, rng, build=BLOCK)
    seen = np.tril(np.ones((5, 5), dtype=bool))
    symmetry.causal(
        lambda x: modules.run(student.EncoderBlock, x, seen, build=BLOCK, state=state)["output"],
        rng.normal(size=(2, 5, 6)),
        rng=rng,
        returns=("output",),
    )


@exercise("modules")
@TORCH_FORMS
def check_block_follows_the_definition(student: Any, reference: Any, rng: Any, form: str) -> None:
    """EncoderBlock has the right output, and the right gradients come back."""
    x, mask = module_inputs(rng, form)
    modules.agrees(
        student.EncoderBlock,
        reference.EncoderBlock,
        x,
        mask,
        build=BLOCK,
        state=modules.random_state(reference.EncoderBlock, rng, build=BLOCK),
        upstream=rng.normal(size=x.shape),
    )


@exercise("modules")
def check_block_around_a_silent_attention(student: Any, reference: Any, rng: Any) -> None:
    """EncoderBlock is right where its attention adds nothing, whatever your MultiHeadAttention computes."""
    state = modules.random_state(reference.EncoderBlock, rng, build=BLOCK)
    state |= {name: 0 * state[name] for name in ("attention.output.weight", "attention.output.bias")}
    x, _ = module_inputs(rng, "no mask")
    modules.agrees(
        student.EncoderBlock,
        reference.EncoderBlock,
        x,
        build=BLOCK,
        state=state,
        looks_at=("output",),
    )


@exercise("modules")
def check_block_has_its_default_eps(student: Any, reference: Any, rng: Any) -> None:
    """Without an eps, both normalisations have torch's own 1e-5."""
    build = {**SIZES, "hidden": 5}
    state = modules.random_state(reference.EncoderBlock, rng, build=build)
    state |= {name: 3e-3 * state[name] for name in state if not name.startswith("norm") or name == "norm1.weight"}
    state["norm1.bias"] = 3e-3 * state["norm1.bias"]
    x, _ = module_inputs(rng, "no mask")
    modules.agrees(
        student.EncoderBlock,
        reference.EncoderBlock,
        3e-3 * x,
        build=build,
        state=state,
        looks_at=("output",),
    )


@exercise("modules")
@pytest.mark.parametrize("name", ["MultiHeadAttention", "EncoderBlock"])
def check_module_is_the_same_on_every_device(student: Any, reference: Any, rng: Any, name: str) -> None:
    """Your module gives the same on every device and in every precision."""
    build = SIZES if name == "MultiHeadAttention" else BLOCK
    x, mask = module_inputs(rng, "one mask")
    state = modules.random_state(getattr(reference, name), rng, build=build)
    parity.across(getattr(student, name), x, mask, build=build, state=state, upstream=rng.normal(size=x.shape))
