"""Public checks: worked examples that can be done by hand, properties, your backward against your forward, and torch.

They need no solution, and they are not everything: the hidden checks also compare with the definitions at random
inputs, with masks of every form, at sequences of one token and at logits of 10000.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import exercise, expect, gradient, modules, symmetry, value

LOG3 = float(np.log(3))
"""Logits of log 3 and 0 have the softmax 3/4 and 1/4, which can be followed by hand."""


def gives(function: Callable[..., Any], *arguments: Any, **due: Any) -> None:
    """Check a worked example: the results by name and in order; None for a cache, which may be anything."""
    results = tuple(due.values())
    names = [name if result is not None else None for name, result in due.items()]
    value.agrees(function, lambda *_: results if len(results) > 1 else results[0], *arguments, returns=names)


def array(*rows: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a float64 array of its rows."""
    return np.array(rows, dtype=np.float64)


# --- regression -------------------------------------------------------------------------------------------------------

# One query at 0, data at 0 and 2. With these bandwidths the kernel at distance 2 is 1/3, and 1 at distance 0.
BANDWIDTHS = {"gaussian": float(np.sqrt(2 / LOG3)), "laplace": 2 / LOG3}


@exercise("regression")
@pytest.mark.parametrize("kernel", BANDWIDTHS)
def check_regression_example(student: Any, kernel: str) -> None:
    """The regression is right where the kernel is 1 at one point and 1/3 at the other."""
    # (1 * 4 + 1/3 * 8) / (1 + 1/3) = 5, and (1 * 0 + 1/3 * (-4)) / (4/3) = -1.
    data = array([0], [2]), array([4, 0], [8, -4])
    gives(student.nadaraya_watson, array([0]), *data, kernel, BANDWIDTHS[kernel], result=array([5, -1]))


@exercise("regression")
def check_box_example(student: Any) -> None:
    """The box takes the mean of the targets inside it, and of all where there is none."""
    # Around 0 a box of 2.5 holds the first two points, around 3.7 the last two, around 9 none.
    x, xs, ys = array([0], [3.7], [9]), array([0], [2], [5]), array([4], [8], [18])
    gives(student.nadaraya_watson, x, xs, ys, "box", 2.5, result=array([6], [13], [10]))


@exercise("regression")
@pytest.mark.parametrize("kernel", BANDWIDTHS)
def check_bandwidth_is_a_length(student: Any, rng: Any, kernel: str) -> None:
    """Points in other units, with the bandwidth in these units too, give the same prediction."""
    symmetry.invariant(
        student.nadaraya_watson,
        rng.normal(size=(4, 2)),
        rng.normal(size=(9, 2)),
        rng.normal(size=(9, 3)),
        kernel,
        0.8,
        change=lambda x, xs, ys, kernel, bandwidth: (2.5 * x, 2.5 * xs, ys, kernel, 2.5 * bandwidth),
        named="a change of the unit of length",
    )


# --- attention --------------------------------------------------------------------------------------------------------

# p = 4, so the root is 2: the logits of the query are (2 log 3) / 2 and 0, and its weights 3/4 and 1/4.
Q = array([[2 * LOG3, 0, 0, 0]])
K = array([[1, 0, 0, 0], [0, 5, 1, 0]])
V = array([[4, 0, 8], [8, 4, -4]])
MASKS = [(None, [5, 1, 5]), ([[True, False]], [4, 0, 8])]
"""With the output of each: both keys, the first alone."""


@exercise("attention")
@pytest.mark.parametrize(("mask", "due"), MASKS, ids=["no mask", "the first key"])
def check_attention_example(student: Any, mask: Any, due: Any) -> None:
    """Attention is right in an example with weights of 3/4 and 1/4."""
    allowed = None if mask is None else np.array(mask)
    gives(student.attention_forward, Q, K, V, allowed, out=array([due]), cache=None)


@exercise("attention")
def check_blind_query_example(student: Any) -> None:
    """A query that may attend to no key gets 0."""
    # with -1e9 for both logits it would get the mean of the values, (6, 2, 2), or (5, 1, 5)
    gives(student.attention_forward, Q, K, V, np.array([[False, False]]), out=array([[0, 0, 0]]), cache=None)


@exercise("attention")
def check_weights_are_an_average(student: Any, rng: Any) -> None:
    """The weights of a query are not negative and sum to one over the keys it may attend to."""
    q, k, mask = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)), rng.random(size=(2, 3, 5)) < 0.6
    mask[:, :, 0] = True
    v = np.tile(np.eye(5), (2, 1, 1))  # with unit vectors for values, the output is the weights
    out, _ = student.attention_forward.keeping(1)(q, k, v, mask)
    expect(out, "weights").has_shape((2, 3, 5)).is_finite().at_least(0.0)
    expect(np.asarray(out).sum(axis=-1), "sum of the weights").close_to(np.ones((2, 3)))
    expect(np.asarray(out)[~mask], "weights of hidden keys").close_to(np.zeros(np.sum(~mask)))


@exercise("attention")
def check_attention_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """attention_backward is the gradient of your attention_forward."""
    # 2, N and p are no multiples of each other: 1/2, 1/N, 1/p and 1/sqrt(p) are four numbers, and a factor has one name
    N, p = 3, 5
    at = {"q": rng.normal(size=(N, 4, p)), "k": rng.normal(size=(N, 7, p)), "v": rng.normal(size=(N, 7, 6))}
    sizes = {"N": N, "p": p, "sqrt(p)": np.sqrt(p)}
    gradient.agrees(student.attention_forward, student.attention_backward, at=at, rng=rng, sizes=sizes)


@exercise("attention")
def check_causal_mask_example(student: Any) -> None:
    """Of three tokens, the first sees itself and the last all."""
    due = np.array([[True, False, False], [True, True, False], [True, True, True]])
    gives(student.causal_mask, 3, mask=due)


@exercise("attention")
def check_order_of_the_keys_does_not_matter(student: Any, rng: Any) -> None:
    """Keys in another order, with their values, give the same output."""
    q, k, v = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 3))
    order = np.array([3, 0, 4, 2, 1])
    symmetry.invariant(
        student.attention_forward,
        q,
        k,
        v,
        change=lambda q, k, v: (q, k[:, order], v[:, order]),
        named="another order of the keys and values",
        returns=("out", None),
    )


@exercise("attention")
def check_additive_example(student: Any) -> None:
    """Additive attention is right in an example with weights of 3/4 and 1/4."""
    # tanh(0.3 + k) is 1/2 for the first key and 0 for the second, times 2 log 3: logits of log 3 and 0.
    q, k, v = array([[0.1]]), array([[np.arctanh(0.5) - 0.3], [-0.3]]), array([[4, 0, 8], [8, 4, -4]])
    arguments = q, k, v, array([3]), array([1]), array(2 * LOG3)
    gives(student.additive_attention, *arguments, result=array([[5, 1, 5]]))


# --- positions --------------------------------------------------------------------------------------------------------


@exercise("positions")
def check_encoding_example(student: Any) -> None:
    """The first two positions are right for d = 4, where the frequencies are 1 and 1/100."""
    due = array([0, 1, 0, 1], [np.sin(1), np.cos(1), np.sin(0.01), np.cos(0.01)])
    gives(student.positional_encoding, 2, 4, encoding=due)


@exercise("positions")
def check_products_depend_on_the_distance_alone(student: Any) -> None:
    """The product of two positions depends on their distance alone."""
    T, d = 9, 6
    encoding = student.positional_encoding(T, d)
    expect(encoding, "encoding").has_shape((T, d)).is_finite()
    products = np.asarray(encoding) @ np.asarray(encoding).T  # (T, T)
    # sin a sin b + cos a cos b = cos(a - b), for each of the three frequencies 1, 10000^(-1/3), 10000^(-2/3)
    distance = np.arange(T)[:, None] - np.arange(T)
    due = sum(np.cos(distance * 10000.0 ** (-pair / 3)) for pair in range(3))
    expect(products, "products of two positions").close_to(due)


# --- normalization ----------------------------------------------------------------------------------------------------


@exercise("normalization")
def check_layer_norm_example(student: Any) -> None:
    """Layer normalisation is right in an example with eps = 3."""
    # (1, 3) has mean 2 and variance 1, and the root of 1 + 3 is 2: (-1/2, 1/2), times (2, 1) and plus (10, 20).
    x, gain, bias = array([[1, 3], [5, 5]]), np.array([2.0, 1.0]), np.array([10.0, 20.0])
    gives(student.layer_norm_forward, x, gain, bias, 3.0, y=array([[9, 20.5], [10, 20]]), cache=None)


@exercise("normalization")
def check_layer_norm_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """layer_norm_backward is the gradient of your layer_norm_forward."""
    N, T, d = 3, 7, 5
    at = {"x": rng.normal(size=(N, T, d)), "gain": rng.normal(size=d), "bias": rng.normal(size=d), "constant": 0.1}
    functions, sizes = (student.layer_norm_forward, student.layer_norm_backward), {"N": N, "T": T, "d": d}
    gradient.agrees(*functions, at=at, wrt=("x", "gain", "bias"), rng=rng, sizes=sizes)


# --- losses -----------------------------------------------------------------------------------------------------------

# Two tokens; log p of token 0 is log 3/4, then log 1/2, then log 1/4, and of token 1 the rest, in both sequences.
LOGITS = np.tile(array([LOG3, 0], [5, 5], [-LOG3, 0]), (2, 1, 1))
TOKENS = np.array([[1, 0, 1], [0, 1, 1]])


@exercise("losses")
def check_gpt_loss_example(student: Any) -> None:
    """gpt_loss scores each row of logits on the token after it."""
    # In the first sequence the first row is scored on token 0, in the second on token 1; the second row is scored on
    # token 1 in both, and the last one has nothing to predict.
    gives(student.gpt_loss, LOGITS, TOKENS, loss=(np.log(4 / 3) + np.log(4) + 2 * np.log(2)) / 4)


@exercise("losses")
@pytest.mark.parametrize(
    ("hidden", "due"),
    [([[1, 0, 0], [0, 1, 1]], np.log(32 / 3) / 3), ([[0, 1, 1], [1, 0, 0]], np.log(32 / 9) / 3)],
    ids=["the first of the first", "the others"],
)
def check_masked_loss_example(student: Any, hidden: Any, due: float) -> None:
    """masked_loss scores the hidden positions on their own tokens."""
    # On their own tokens the rows cost log 4, log 2 and log 4/3, and in the second sequence log 4/3, log 2 and log 4/3.
    gives(student.masked_loss, LOGITS, TOKENS, np.array(hidden, dtype=bool), loss=due)


@exercise("losses")
def check_clip_loss_example(student: Any) -> None:
    """clip_loss is right in an example in which the two directions differ."""
    # Images at 0 and r, both captions at 0, with scale 4 and 4 r^2 / 2 = log 3. Each image finds both captions equally
    # near: log 2. Each caption finds the first image with probability 3/4 and the second one with 1/4: log 4/3, log 4.
    images, captions = array([0], [np.sqrt(LOG3 / 2)]), array([0], [0])
    gives(student.clip_loss, images, captions, 4.0, loss=(np.log(2) + (np.log(4 / 3) + np.log(4)) / 2) / 2)


# --- modules ----------------------------------------------------------------------------------------------------------

D, HEADS, HIDDEN, EPS = 6, 3, 5, 0.1


def attention_state(rng: Any) -> dict[str, Any]:
    """Draw weights for MultiHeadAttention, under the names of the handout."""
    names = ("query", "key", "value", "output")
    weights = {f"{name}.weight": rng.normal(size=(D, D)) / np.sqrt(D) for name in names}
    return weights | {f"{name}.bias": rng.normal(size=D) for name in names}


def torchs_attention(state: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the same weights under the names of torch.nn.MultiheadAttention, which stacks three of the four."""
    stacked = [np.concatenate([state[f"{name}.{part}"] for name in ("query", "key", "value")]) for part in PARTS]
    names = [f"{prefix}in_proj_{part}" for part in PARTS]
    return dict(zip(names, stacked, strict=True)) | {
        f"{prefix}out_proj.{part}": state[f"output.{part}"] for part in PARTS
    }


PARTS = ("weight", "bias")
SEEN = np.tril(np.ones((4, 4), dtype=bool))
"""A causal mask, True where a token may attend. Torch's own modules take the opposite: True where it may not."""
EACH = np.stack([SEEN, SEEN.T])
"""A mask for each sequence: in the second one a token sees itself and what comes after."""


TORCH_MASKS = pytest.mark.parametrize("mask", [None, SEEN, EACH], ids=["no mask", "causal", "a mask each"])


def torchs_mask(mask: Any) -> Any:
    """Return the mask as torch's own modules read it: True hides, and every head of every sequence has its own."""
    if mask is None:
        return None
    return ~mask if mask.ndim == 2 else ~np.repeat(mask, HEADS, axis=0)  # (T, T) or (N heads, T, T)


@exercise("modules")
@TORCH_MASKS
def check_attention_module_equals_torch(student: Any, rng: Any, mask: Any) -> None:
    """MultiHeadAttention gives what torch.nn.MultiheadAttention gives with the same weights."""
    import torch

    x, state = rng.normal(size=(2, 4, D)), attention_state(rng)
    ours = modules.run(student.MultiHeadAttention, x, mask, build={"d": D, "heads": HEADS}, state=state)
    theirs = modules.run(
        torch.nn.MultiheadAttention,
        *(x, x, x),
        build={"embed_dim": D, "num_heads": HEADS, "batch_first": True},
        state=torchs_attention(state),
        options={"attn_mask": torchs_mask(mask)},
    )
    expect(ours["output"], "output").close_to(theirs["output"][0])


@exercise("modules")
@TORCH_MASKS
def check_block_equals_torch(student: Any, rng: Any, mask: Any) -> None:
    """EncoderBlock gives what torch.nn.TransformerEncoderLayer gives with the same weights."""
    import torch

    x, inner = rng.normal(size=(2, 4, D)), attention_state(rng)
    rest = {
        "linear1.weight": rng.normal(size=(HIDDEN, D)) / np.sqrt(D),
        "linear1.bias": rng.normal(size=HIDDEN),
        "linear2.weight": rng.normal(size=(D, HIDDEN)) / np.sqrt(HIDDEN),
        "linear2.bias": rng.normal(size=D),
    } | {f"norm{n}.{part}": rng.normal(size=D) for n in (1, 2) for part in PARTS}
    ours = modules.run(
        student.EncoderBlock,
        x,
        mask,
        build={"d": D, "heads": HEADS, "hidden": HIDDEN, "eps": EPS},
        state={f"attention.{name}": weights for name, weights in inner.items()} | rest,
    )
    theirs = modules.run(
        torch.nn.TransformerEncoderLayer,
        x,
        torchs_mask(mask),
        build={
            **{"d_model": D, "nhead": HEADS, "dim_feedforward": HIDDEN, "layer_norm_eps": EPS},
            **{"dropout": 0.0, "batch_first": True},
        },
        state=torchs_attention(inner, "self_attn.") | rest,
    )
    expect(ours["output"], "output").close_to(theirs["output"])
