"""What is special of ``attention``: facts that tie its exercises together and to torch, and bad input said in words.

Everything that holds for any assignment is in ``test_assignments.py``.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from grader.engine.plain import module_of
from tests.reference.conftest import ROOT

torch = pytest.importorskip("torch")

RIGHT = module_of((ROOT / "reference/attention/attention.py").read_text(encoding="utf-8"), "attention")
RNG = np.random.default_rng(0)


def close(got, due):
    np.testing.assert_allclose(got, due, rtol=1e-12, atol=1e-13)


def test_attention_over_keys_of_one_length_is_kernel_regression():
    """exp(q . k / sqrt p) is a Gaussian of bandwidth p^(1/4), up to factors that cancel where all |k| are equal."""
    q, k, v = RNG.normal(size=(4, 3)), RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))
    k /= np.linalg.norm(k, axis=1, keepdims=True)
    out, _ = RIGHT.attention_forward(q[None], k[None], v[None])
    close(out[0], RIGHT.nadaraya_watson(q, k, v, "gaussian", 3**0.25))


def test_regression_goes_from_the_nearest_target_to_the_mean_of_all():
    x, xs, ys = RNG.normal(size=(5, 2)), RNG.normal(size=(9, 2)), RNG.normal(size=(9, 3))
    nearest = ys[np.linalg.norm(x[:, None] - xs, axis=-1).argmin(axis=1)]
    for kernel in ("gaussian", "laplace"):
        close(RIGHT.nadaraya_watson(x, xs, ys, kernel, 1e-4), nearest)
        np.testing.assert_allclose(
            RIGHT.nadaraya_watson(x, xs, ys, kernel, 1e9), np.tile(ys.mean(axis=0), (5, 1)), rtol=1e-6
        )


def test_a_hidden_key_is_as_good_as_none():
    q, k, v = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 5, 4)), RNG.normal(size=(2, 5, 6))
    seen = np.array([True, False, True, True, False])
    out, cache = RIGHT.attention_forward(q, k, v, np.tile(seen, (3, 1)))
    fewer, _ = RIGHT.attention_forward(q, k[:, seen], v[:, seen])
    close(out, fewer)
    _, dk, dv = RIGHT.attention_backward(RNG.normal(size=out.shape), cache)
    assert not dk[:, ~seen].any()
    assert not dv[:, ~seen].any()


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 5)])
def test_attention_and_its_gradients_equal_torchs(shape):
    q, k, v = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 5, 4)), RNG.normal(size=(2, 5, 6))
    mask, upstream = RNG.random(size=shape) < 0.6, RNG.normal(size=(2, 3, 6))
    mask[..., 0] = True
    theirs = [torch.tensor(array, requires_grad=True) for array in (q, k, v)]
    due = torch.nn.functional.scaled_dot_product_attention(*theirs, attn_mask=torch.tensor(mask))
    due.backward(torch.tensor(upstream))
    out, cache = RIGHT.attention_forward(q, k, v, mask)
    close(out, due.detach().numpy())
    for gradient, tensor in zip(RIGHT.attention_backward(upstream, cache), theirs, strict=True):
        close(gradient, tensor.grad.numpy())


def test_layer_norm_and_its_gradients_equal_torchs():
    x, gain, bias = RNG.normal(size=(2, 3, 5)), RNG.normal(size=5), RNG.normal(size=5)
    upstream = RNG.normal(size=x.shape)
    theirs = [torch.tensor(array, requires_grad=True) for array in (x, gain, bias)]
    due = torch.nn.functional.layer_norm(theirs[0], (5,), theirs[1], theirs[2], 0.1)
    due.backward(torch.tensor(upstream))
    y, cache = RIGHT.layer_norm_forward(x, gain, bias, 0.1)
    close(y, due.detach().numpy())
    for gradient, tensor in zip(RIGHT.layer_norm_backward(upstream, cache), theirs, strict=True):
        close(gradient, tensor.grad.numpy())


def test_one_head_with_unit_weights_is_the_attention_of_exercise_2():
    module = RIGHT.MultiHeadAttention(4, 1).double()
    unit = {f"{name}.weight": torch.eye(4) for name in ("query", "key", "value", "output")}
    module.load_state_dict(unit | {f"{name.partition('.')[0]}.bias": torch.zeros(4) for name in unit})
    x = RNG.normal(size=(2, 5, 4))
    out, _ = RIGHT.attention_forward(x, x, x, RIGHT.causal_mask(5))
    close(module(torch.tensor(x), torch.tensor(RIGHT.causal_mask(5))).detach().numpy(), out)


def test_a_step_forward_turns_every_pair_of_an_encoding_by_the_same_angle():
    encoding = RIGHT.positional_encoding(40, 6).reshape(40, 3, 2)
    angle = 10.0 ** (-8 * np.arange(3) / 6)  # N's way to write the frequencies
    sine, cosine = encoding[:-1, :, 0], encoding[:-1, :, 1]
    close(encoding[1:, :, 0], sine * np.cos(angle) + cosine * np.sin(angle))
    close(encoding[1:, :, 1], cosine * np.cos(angle) - sine * np.sin(angle))


def test_the_loss_of_gpt_is_that_of_hidden_tokens_after_a_shift():
    logits, tokens = RNG.normal(size=(3, 5, 7)), RNG.integers(7, size=(3, 5))
    late, first = np.roll(tokens, -1, axis=1), np.arange(5) < 4
    close(RIGHT.gpt_loss(logits, tokens), RIGHT.masked_loss(logits, late, np.tile(first, (3, 1))))


def test_clip_of_vectors_of_length_one_is_that_of_the_paper():
    """Radford et al. take scale * product for the logits, and torch's cross entropy over rows and columns."""
    images, captions = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))
    images, captions = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (images, captions))
    logits, own = torch.tensor(2.5 * images @ captions.T), torch.arange(5)
    due = sum(torch.nn.functional.cross_entropy(rows, own) for rows in (logits, logits.T)) / 2
    close(RIGHT.clip_loss(images, captions, 2.5), due.item())


def test_a_single_pair_costs_nothing():
    assert RIGHT.clip_loss(RNG.normal(size=(1, 3)), RNG.normal(size=(1, 3)), 2.0) == 0


Q, K, V, X = np.ones((2, 3, 4)), np.ones((2, 5, 4)), np.ones((2, 5, 6)), torch.ones(2, 3, 4)
SEES = np.ones((3, 5), dtype=bool)
LOGITS, TOKENS = np.ones((2, 3, 4)), np.ones((2, 3), dtype=int)

BAD = {
    "a mask of floats": (lambda: RIGHT.attention_forward(Q, K, V, SEES * 1.0), "mask must be boolean, True where a query may attend, not float64"),
    "a mask of 0 and 1": (lambda: RIGHT.attention_forward(Q, K, V, SEES * 1), "mask must be boolean"),
    "a mask of minus infinities": (lambda: RIGHT.attention_forward(Q, K, V, np.where(SEES, 0, -np.inf)), "mask must be boolean"),
    "a mask the other way round": (lambda: RIGHT.attention_forward(Q, K, V, SEES.T), "mask (5, 3) must be (queries, keys): (3, 5)"),
    "a mask with an axis of heads": (lambda: RIGHT.attention_forward(Q, K, V, SEES[None, None]), "mask (1, 1, 3, 5) must be (queries, keys)"),
    "a sequence without its batch": (lambda: RIGHT.attention_forward(Q[0], K[0], V[0]), "must be (N, T, p), (N, S, p) and (N, S, m)"),
    "a value too few": (lambda: RIGHT.attention_forward(Q, K, V[:, 1:]), "must be (N, T, p), (N, S, p) and (N, S, m)"),
    "keys of another length": (lambda: RIGHT.attention_forward(Q, K[..., 1:], V), "must have the same number of features (last axis)"),
    "another upstream gradient": (lambda: RIGHT.attention_backward(V, RIGHT.attention_forward(Q, K, V)[1]), "must have the shape of out, (2, 3, 6)"),
    "no token": (lambda: RIGHT.causal_mask(0), "T must be at least 1, not 0"),
    "a weight of another length": (lambda: RIGHT.additive_attention(Q, K, V, np.ones((4, 3)), np.ones((4, 3)), np.ones(2)), "must be (p, h), (r, h) and (h,)"),
    "an odd number of columns": (lambda: RIGHT.positional_encoding(3, 5), "d even, not T = 3 and d = 5"),
    "no such kernel": (lambda: RIGHT.nadaraya_watson(Q[0], K[0], V[0], "cosine", 1.0), "not 'cosine'"),
    "a bandwidth of 0": (lambda: RIGHT.nadaraya_watson(Q[0], K[0], V[0], "box", 0.0), "bandwidth must be above 0, not 0.0"),
    "targets without an axis": (lambda: RIGHT.nadaraya_watson(Q[0], K[0], V[0, :, 0], "box", 1.0), "must be (M, d), (n, d) and (n, m)"),
    "a gain of another length": (lambda: RIGHT.layer_norm_forward(Q, np.ones(3), np.ones(4)), "must be (..., d), (d,) and (d,)"),
    "a negative eps": (lambda: RIGHT.layer_norm_forward(Q, np.ones(4), np.ones(4), -1.0), "eps must be at least 0, not -1.0"),
    "another dy": (lambda: RIGHT.layer_norm_backward(Q[0], RIGHT.layer_norm_forward(Q, np.ones(4), np.ones(4))[1]), "dy (3, 4) must have the shape of y"),
    "a token too many": (lambda: RIGHT.gpt_loss(LOGITS, TOKENS * 4), "integers from 0 to 3"),
    "nothing to predict": (lambda: RIGHT.gpt_loss(LOGITS[:, :1], TOKENS[:, :1]), "at least two positions"),
    "logits without an axis": (lambda: RIGHT.gpt_loss(LOGITS[0], TOKENS[0]), "must be (N, T, V) and (N, T)"),
    "hidden as numbers": (lambda: RIGHT.masked_loss(LOGITS, TOKENS, TOKENS), "hidden must be boolean (2, 3), not int64"),
    "nothing hidden": (lambda: RIGHT.masked_loss(LOGITS, TOKENS, TOKENS == 0), "at least one token must be hidden"),
    "a caption too few": (lambda: RIGHT.clip_loss(Q[0], Q[0, 1:], 1.0), "must both be (n, d)"),
    "a scale of 0": (lambda: RIGHT.clip_loss(Q[0], Q[0], 0.0), "scale must be above 0, not 0.0"),
    "an odd head count": (lambda: RIGHT.MultiHeadAttention(4, 3), "heads = 3 must divide d = 4"),
    "a block with an odd head count": (lambda: RIGHT.EncoderBlock(4, 3, 5), "heads = 3 must divide d = 4"),
    "a module's mask of floats": (lambda: RIGHT.MultiHeadAttention(4, 2)(X, torch.ones(3, 3)), "mask must be boolean, True where a query may attend, not torch.float32"),
    "a module's mask of another length": (lambda: RIGHT.MultiHeadAttention(4, 2)(X, torch.ones(2, 2) > 0), "mask (2, 2) must be (queries, keys): (3, 3)"),
    "tokens of another length": (lambda: RIGHT.MultiHeadAttention(6, 2)(X), "x (2, 3, 4) must be (N, T, d) with d = 6"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_three_heads_are_fine_where_they_divide_the_features():
    assert RIGHT.MultiHeadAttention(6, 3)(torch.ones(1, 1, 6)).shape == (1, 1, 6)
