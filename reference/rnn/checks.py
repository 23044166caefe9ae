"""Hidden checks: every function against its definition, its gradients, and what is known of long times.

Lengths are all different, sequences also have one element and batches one sequence, upstream gradients are never ones,
and no state begins at zero unless torch's classes ask for it: a start that is forgotten shows.
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
from grader.checks.convergence.verdict import curve
from grader.checks.problems import tokens
from grader.checks.record import exhibited
from grader.evidence import CheckFailure, Evidence

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]
Lengths = tuple[int, int, int, int]

SEQUENCES = pytest.mark.parametrize(
    "lengths", [(3, 4, 2, 5), (1, 3, 4, 2), (4, 1, 3, 2)], ids=["a batch", "one sequence", "one element"]
)
"""N, T, d, p: all different."""

STEPS = pytest.mark.parametrize("lengths", [(3, 4, 2, 5), (1, 1, 4, 2)], ids=["a batch", "one sequence"])
"""The same for a single step, where T does not matter."""

WIDE = 1e3
"""A bias that opens a gate, and closes it with a minus sign: the sigmoid is 1 or 0, and exp overflows."""


OF_STEP = "dx", "dh", "dw_x", "dw_h", "db"
OF_SEQUENCE = "dxs", "dh0", "dw_x", "dw_h", "db"
STEP_OUTPUTS, OUTPUTS = ("h_next", "c_next"), ("hs", "c_last")
OF_LSTM_STEP = "dx", "dh", "dc", "dw_x", "dw_h", "db"
OF_LSTM = "dxs", "dh0", "dc0", "dw_x", "dw_h", "db"

LAYERS = {
    "rnn_step": (("h_next",), OF_STEP),
    "rnn": (("hs",), OF_SEQUENCE),
    "gru_step": (("h_next",), OF_STEP),
    "lstm_step": (STEP_OUTPUTS, OF_LSTM_STEP),
    "lstm": (OUTPUTS, OF_LSTM),
}
"""Outputs and gradients of the pairs of a forward and a backward."""


def pair(answer: Any, layer: str) -> tuple[Function, Function]:
    """Return forward and backward of a layer."""
    return getattr(answer, f"{layer}_forward"), getattr(answer, f"{layer}_backward")


def through(forward: Function, backward: Function, layer: str) -> Function:
    """Forward and then backward, as one function of a tuple of upstream gradients and of the inputs.

    It returns the outputs before the gradients: where they are wrong too, forward is to be mended first.
    """
    outputs, gradients = LAYERS[layer]
    kept = keeping(forward, len(outputs))

    def both(upstream: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
        *found, cache = results(kept(*inputs), (*outputs, "cache"), of=name_of(forward))
        return (*found, *results(backward(*upstream, cache), gradients, of=name_of(backward)))

    both.__name__ = name_of(backward)
    return both


due_through = lru_cache(maxsize=None)(through)
"""The same for functions of the reference: one function for each pair, so that its answers are known again."""


def gradients_agree(
    student: Any, reference: Any, layer: str, upstream: tuple[Array, ...], inputs: dict[str, Array]
) -> None:
    """Check the gradients of a layer, and the outputs that they belong to."""
    value.agrees(
        through(*pair(student, layer), layer),
        due_through(*pair(reference, layer), layer),
        upstream,
        tuple(inputs.values()),
        returns=sum(LAYERS[layer], ()),
    )


def caches_are_kept_apart(
    student: Any, layer: str, upstream: tuple[Array, ...], one: dict[str, Array], other: dict[str, Array]
) -> None:
    """Check that backward gives the same from a cache, whether forward is called again in between or not."""
    outputs, gradients = LAYERS[layer]
    forward, backward = pair(student, layer)
    kept = keeping(forward, len(outputs))

    def cache_of(inputs: dict[str, Array]) -> Any:
        return results(kept(*inputs.values()), (*outputs, "cache"), of=name_of(forward))[-1]

    def back(cache: Any) -> tuple[Any, ...]:
        return results(backward(*upstream, cache), gradients, of=name_of(backward))

    due = back(cache_of(one))
    first, _ = cache_of(one), cache_of(other)
    for name, got, want, argument in zip(gradients, back(first), due, one.values(), strict=True):
        expect(want, name).has_shape(argument.shape).varies()
        try:
            expect(got, f"{name} after another forward").close_to(want)
        except CheckFailure as failed:
            hint = "Keep what backward needs in the cache that forward returns: the next call changes what is global."
            raise CheckFailure(f"{failed.message} {hint}", hint=hint, evidence=failed.evidence) from None


def joined(forward: Function, backward: Function, outputs: tuple[str, ...]) -> tuple[Function, Function]:
    """Return a layer with several outputs as one whose output is the tuple of them."""
    kept = keeping(forward, len(outputs))

    def ahead(*inputs: Any) -> Any:
        *found, cache = results(kept(*inputs), (*outputs, "cache"), of=name_of(forward))
        return tuple(found), cache

    def back(upstream: Any, cache: Any) -> Any:
        return backward(*upstream, cache)

    ahead.__name__, back.__name__ = name_of(forward), name_of(backward)
    return ahead, back


def weights(rng: Any, d: int, p: int, gates: int = 1) -> dict[str, Array]:
    """Draw w_x, w_h and b, which keep the size of the signal and bend it."""
    return {
        "w_x": rng.normal(size=(d, gates * p)) / np.sqrt(d),
        "w_h": rng.normal(size=(p, gates * p)) / np.sqrt(p),
        "b": rng.normal(size=gates * p) / 2,
    }


def step_inputs(rng: Any, lengths: Lengths, gates: int = 1, states: tuple[str, ...] = ("h",)) -> dict[str, Array]:
    """Draw the arguments of a step by name."""
    N, _, d, p = lengths
    return {"x": rng.normal(size=(N, d)), **{s: rng.normal(size=(N, p)) for s in states}, **weights(rng, d, p, gates)}


def inputs_over_time(rng: Any, lengths: Lengths, gates: int = 1, states: tuple[str, ...] = ("h0",)) -> dict[str, Array]:
    """Draw the arguments of a pass over whole sequences by name."""
    N, T, d, p = lengths
    starts = {state: rng.normal(size=(N, p)) for state in states}
    return {"xs": rng.normal(size=(N, T, d)), **starts, **weights(rng, d, p, gates)}


def large(rng: Any, *shape: int) -> Array:
    """Draw an upstream gradient of about 1000, so that clipped gradients show."""
    drawn: Array = 1e3 * rng.normal(size=shape)
    return drawn


# --- kalman -----------------------------------------------------------------------------------------------------------

FILTERS = pytest.mark.parametrize(
    ("T", "constants"),
    [(6, (0.8, 0.5, 1.7, -0.6, 2.3)), (4, (-1.3, 0.7, 0.4, 1.5, 0.2)), (5, (1.1, 0.0, 0.9, 0.7, 0.0)),
     (1, (1.4, 0.6, 0.3, 2.0, 1.1)), (12, (0.8, 5e-5, 1.7e-4, -0.6, 2.3e-4))],
    ids=["a signal that fades", "one that grows and swings", "one that is known", "one observation", "small variances"],
)  # fmt: skip
"""a, var_state, var_obs, mu0, var0: neither 0 nor 1 where a forgotten factor would not show."""


@exercise("kalman")
@FILTERS
def check_kalman_follows_the_definition(
    student: Any, reference: Any, rng: Any, T: int, constants: tuple[float, ...]
) -> None:
    """Means and variances of the filter are right."""
    xs = rng.normal(size=T) + 2
    value.agrees(student.kalman_filter, reference.kalman_filter, xs, *constants, returns=("means", "variances"))


def given_all(xs: Array, a: float, var_state: float, var_obs: float, mu0: float, var0: float) -> tuple[Array, Array]:
    """Mean and variance of each h_t given x_1 .. x_t, (T,) each, from the joint Gaussian of all of them.

    h = G (h_0, xi_1, .., xi_T) with G[t, s] = a^(t - s); so signal and observations are jointly normal, and the
    conditional law is the textbook's, with no recursion.
    """
    T = len(xs)
    power = np.subtract.outer(np.arange(1, T + 1), np.arange(T + 1))  # (T, T + 1), t - s
    G = np.where(power >= 0, a ** np.maximum(power, 0).astype(np.float64), 0.0)
    C = (G * [var0, *[var_state] * T]) @ G.T  # (T, T), covariance of the signal
    mean = G[:, 0] * mu0
    means, variances = np.empty(T), np.empty(T)
    for t in range(T):
        seen = slice(t + 1)
        gain = np.linalg.solve(C[seen, seen] + var_obs * np.eye(t + 1), C[seen, t])  # (t + 1,)
        means[t] = mean[t] + gain @ (xs[seen] - mean[seen])
        variances[t] = C[t, t] - gain @ C[seen, t]
    return means, variances


@exercise("kalman", weight=2)
def check_kalman_is_the_conditional_law(student: Any, rng: Any) -> None:
    """The filter gives mean and variance of the signal given all observations so far, by the joint Gaussian."""
    for constants in ((0.9, 0.8, 1.3, 0.5, 1.6), (-1.2, 0.3, 0.6, -1.0, 0.4)):
        xs = rng.normal(size=7) * 2
        value.agrees(student.kalman_filter, given_all, xs, *constants, returns=("means", "variances"))


@exercise("kalman")
def check_state_of_the_filter_is_sufficient(student: Any, rng: Any) -> None:
    """Mean and variance are all that the filter needs to go on with a sequence."""
    xs, constants = rng.normal(size=8) + 1, (0.9, 0.4, 0.7)
    names = "means", "variances"

    def filtered(part: Array, mu: Any, var: Any) -> tuple[Array, ...]:
        found = results(student.kalman_filter(part, *constants, mu, var), names, of="kalman_filter")
        for name, got in zip(names, found, strict=True):
            expect(got, name).has_shape((len(part),)).varies()
        return found

    whole, first = filtered(xs, 0.8, 1.9), filtered(xs[:3], 0.8, 1.9)
    second = filtered(xs[3:], float(first[0][-1]), float(first[1][-1]))
    for name, got, want in zip(names, second, whole, strict=True):
        expect(got, f"{name} of the second half").close_to(want[3:])


@exercise("kalman")
def check_means_are_linear(student: Any, rng: Any) -> None:
    """The means are linear in the observations and in the mean at the start, together."""
    arguments = rng.normal(size=5), 0.7, 0.6, 1.2, 0.9, 0.8
    symmetry.linear(student.kalman_filter, *arguments, rng=rng, positions=(0, 4), returns=("means", None))


# --- rnn --------------------------------------------------------------------------------------------------------------


@exercise("rnn")
@STEPS
def check_rnn_step_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """One step computes tanh(x w_x + h w_h + b)."""
    inputs = step_inputs(rng, lengths).values()
    value.agrees(student.rnn_step_forward, reference.rnn_step_forward, *inputs, returns=("h_next", None))


@exercise("rnn")
@STEPS
def check_rnn_step_backward_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """The gradients of one step are right."""
    gradients_agree(student, reference, "rnn_step", (large(rng, lengths[0], lengths[3]),), step_inputs(rng, lengths))


@exercise("rnn")
@SEQUENCES
def check_rnn_forward_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """The states over whole sequences are right."""
    inputs = inputs_over_time(rng, lengths).values()
    value.agrees(student.rnn_forward, reference.rnn_forward, *inputs, returns=("hs", None))


@exercise("rnn")
@SEQUENCES
def check_rnn_backward_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """The gradients through time are right."""
    N, T, _, p = lengths
    gradients_agree(student, reference, "rnn", (large(rng, N, T, p),), inputs_over_time(rng, lengths))


@exercise("rnn")
def check_rnn_backward_reaches_through_forty_steps(student: Any, reference: Any, rng: Any) -> None:
    """The gradients are right through forty steps, when the loss is on the last state alone."""
    N, T, _, p = lengths = (2, 40, 3, 4)
    upstream = np.zeros((N, T, p))
    upstream[:, -1] = rng.normal(size=(N, p))
    inputs = inputs_over_time(rng, lengths)
    inputs["w_h"] = np.linalg.qr(inputs["w_h"])[0]  # orthogonal and little input: the gradient survives
    inputs["w_x"], inputs["b"] = inputs["w_x"] / 10, inputs["b"] / 10
    gradients_agree(student, reference, "rnn", (upstream,), inputs)


@exercise("rnn", weight=2)
def check_rnn_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """rnn_backward is the gradient of your rnn_forward."""
    at = inputs_over_time(rng, (3, 4, 2, 5))
    gradient.agrees(student.rnn_forward, student.rnn_backward, at=at, rng=rng, returns=OF_SEQUENCE, output="hs")


@exercise("rnn")
def check_rnn_caches_are_kept_apart(student: Any, rng: Any) -> None:
    """Each backward reads the cache that it is given, also when forward was called again before it."""
    N, T, _, p = lengths = (3, 4, 2, 5)
    caches_are_kept_apart(
        student, "rnn_step", (rng.normal(size=(N, p)),), step_inputs(rng, lengths), step_inputs(rng, lengths)
    )
    caches_are_kept_apart(
        student, "rnn", (rng.normal(size=(N, T, p)),), inputs_over_time(rng, lengths), inputs_over_time(rng, lengths)
    )


@exercise("rnn")
def check_states_do_not_know_the_future(student: Any, rng: Any) -> None:
    """No state depends on what comes after it."""
    inputs = inputs_over_time(rng, (2, 6, 3, 4)).values()
    symmetry.causal(student.rnn_forward, *inputs, rng=rng, returns=("hs", None))


@exercise("rnn", weight=2)
@pytest.mark.parametrize(
    ("lengths", "window"),
    [((3, 6, 2, 5), 2), ((2, 7, 3, 4), 3), ((1, 4, 2, 3), 1), ((2, 4, 3, 5), 4), ((2, 3, 4, 5), 5)],
    ids=["whole windows", "with a rest", "windows of one element", "as long as the sequence", "longer than it"],
)  # fmt: skip
def check_truncated_bptt_follows_the_definition(
    student: Any, reference: Any, rng: Any, lengths: Lengths, window: int
) -> None:
    """States and gradients of moving windows are right."""
    N, T, _, p = lengths
    arguments = *inputs_over_time(rng, lengths).values(), rng.normal(size=(N, T, p)), window
    value.agrees(student.truncated_bptt, reference.truncated_bptt, *arguments, returns=("hs", "dw_x", "dw_h", "db"))


# --- gru --------------------------------------------------------------------------------------------------------------


@exercise("gru")
@STEPS
def check_gru_step_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """One step of the gated unit is right."""
    inputs = step_inputs(rng, lengths, gates=3).values()
    value.agrees(student.gru_step_forward, reference.gru_step_forward, *inputs, returns=("h_next", None))


@exercise("gru")
@STEPS
def check_gru_step_backward_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """The gradients of one step of the gated unit are right."""
    gradients_agree(
        student, reference, "gru_step", (large(rng, lengths[0], lengths[3]),), step_inputs(rng, lengths, gates=3)
    )


@exercise("gru", weight=2)
def check_gru_step_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """gru_step_backward is the gradient of your gru_step_forward."""
    at = step_inputs(rng, (3, 1, 2, 4), gates=3)
    gradient.agrees(student.gru_step_forward, student.gru_step_backward, at=at, rng=rng, output="h_next")


@exercise("gru")
def check_gru_lets_the_gradient_through(student: Any, rng: Any) -> None:
    """Where the state is kept, its gradient passes unchanged."""
    N, p, inputs = 3, 4, step_inputs(rng, (3, 1, 2, 4), gates=3)
    inputs["b"][p : 2 * p] -= WIDE  # the update gate at 0
    dh_next = rng.normal(size=(N, p))
    _, _, dh, *_ = through(*pair(student, "gru_step"), "gru_step")((dh_next,), tuple(inputs.values()))
    expect(dh, "dh").close_to(dh_next)


@exercise("gru")
def check_gru_caches_are_kept_apart(student: Any, rng: Any) -> None:
    """gru_step_backward reads the cache that it is given, also when forward was called again before it."""
    one, other = (step_inputs(rng, (3, 1, 2, 5), gates=3) for _ in range(2))
    caches_are_kept_apart(student, "gru_step", (rng.normal(size=(3, 5)),), one, other)


# --- lstm -------------------------------------------------------------------------------------------------------------


@exercise("lstm")
@STEPS
def check_lstm_step_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """One step gives the right state and memory."""
    inputs = step_inputs(rng, lengths, gates=4, states=("h", "c")).values()
    value.agrees(student.lstm_step_forward, reference.lstm_step_forward, *inputs, returns=(*STEP_OUTPUTS, None))


@exercise("lstm")
@STEPS
def check_lstm_step_backward_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """The gradients of one step are right, with upstream gradients of the state and of the memory."""
    N, _, _, p = lengths
    gradients_agree(
        student,
        reference,
        "lstm_step",
        (large(rng, N, p), large(rng, N, p)),
        step_inputs(rng, lengths, gates=4, states=("h", "c")),
    )


@exercise("lstm", weight=2)
def check_lstm_step_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """lstm_step_backward is the gradient of your lstm_step_forward."""
    layer = joined(student.lstm_step_forward, student.lstm_step_backward, STEP_OUTPUTS)
    at = step_inputs(rng, (3, 1, 2, 4), gates=4, states=("h", "c"))
    gradient.agrees(*layer, at=at, rng=rng, upstream=(rng.normal(size=(3, 4)), rng.normal(size=(3, 4))))


@exercise("lstm")
def check_lstm_step_caches_are_kept_apart(student: Any, rng: Any) -> None:
    """lstm_step_backward reads the cache that it is given, also when forward was called again before it."""
    one, other = (step_inputs(rng, (3, 1, 2, 5), gates=4, states=("h", "c")) for _ in range(2))
    caches_are_kept_apart(student, "lstm_step", (rng.normal(size=(3, 5)), rng.normal(size=(3, 5))), one, other)


@exercise("lstm")
@SEQUENCES
def check_lstm_forward_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """States over whole sequences, and the last memory, are right."""
    inputs = inputs_over_time(rng, lengths, gates=4, states=("h0", "c0")).values()
    value.agrees(student.lstm_forward, reference.lstm_forward, *inputs, returns=(*OUTPUTS, None))


@exercise("lstm")
@SEQUENCES
def check_lstm_backward_follows_the_definition(student: Any, reference: Any, rng: Any, lengths: Lengths) -> None:
    """The gradients through time are right."""
    N, T, _, p = lengths
    gradients_agree(
        student,
        reference,
        "lstm",
        (large(rng, N, T, p), large(rng, N, p)),
        inputs_over_time(rng, lengths, gates=4, states=("h0", "c0")),
    )


@exercise("lstm", weight=2)
def check_lstm_backward_is_the_gradient_of_forward(student: Any, rng: Any) -> None:
    """lstm_backward is the gradient of your lstm_forward."""
    layer = joined(student.lstm_forward, student.lstm_backward, OUTPUTS)
    at = inputs_over_time(rng, (6, 3, 5, 4), gates=4, states=("h0", "c0"))
    upstream = rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 4))
    gradient.agrees(*layer, at=at, rng=rng, upstream=upstream, returns=OF_LSTM)


@exercise("lstm")
def check_windows_continue_forward_and_backward(student: Any, rng: Any) -> None:
    """Two windows with state and memory carried over give one pass, and their gradients carried back too."""
    N, T, p, cut = 2, 5, 4, 3
    inputs = inputs_over_time(rng, (N, T, 3, p), gates=4, states=("h0", "c0"))
    xs, h0, c0, *given = inputs.values()
    dhs, dc_last = rng.normal(size=(N, T, p)), rng.normal(size=(N, p))

    def forward(part: Array, h: Any, c: Any) -> tuple[Any, ...]:
        found = results(student.lstm_forward.keeping(2)(part, h, c, *given), (*OUTPUTS, "cache"), of="lstm_forward")
        expect(found[0], "hs").has_shape((N, part.shape[1], p)).varies()
        return found

    def backward(dhs: Array, dc: Any, cache: Any) -> tuple[Any, ...]:
        return results(student.lstm_backward(dhs, dc, cache), OF_LSTM, of="lstm_backward")

    hs, c_last, cache = forward(xs, h0, c0)
    first, c_between, first_cache = forward(xs[:, :cut], h0, c0)
    second, c_end, second_cache = forward(xs[:, cut:], first[:, -1], c_between)
    expect(second, "hs of the second window").close_to(hs[:, cut:])
    expect(c_end, "c_last of the second window").close_to(c_last)
    whole = backward(dhs, dc_last, cache)
    later = backward(dhs[:, cut:], dc_last, second_cache)
    earlier = dhs[:, :cut].copy()
    expect(later[1], "dh0").has_shape((N, p))
    earlier[:, -1] += later[1]
    sooner = backward(earlier, later[2], first_cache)
    for name, got, want in zip(OF_LSTM[1:3], sooner[1:3], whole[1:3], strict=True):
        expect(got, f"{name} through both windows").close_to(want)
    for name, one, other, want in zip(OF_LSTM[3:], sooner[3:], later[3:], whole[3:], strict=True):
        expect(np.add(one, other), f"{name} of both windows").close_to(want)


@exercise("lstm")
def check_lstm_equals_that_of_torch(student: Any, rng: Any) -> None:
    """With the weights mapped, your states and torch's are the same."""
    import torch

    N, T, d, p = 2, 5, 3, 4
    xs, w_x, w_h, b = rng.normal(size=(N, T, d)), *weights(rng, d, p, gates=4).values()
    torchs = np.r_[0:p, p : 2 * p, 3 * p : 4 * p, 2 * p : 3 * p]  # its blocks are i, f, g, o, and in rows
    state = {"weight_ih_l0": w_x[:, torchs].T, "weight_hh_l0": w_h[:, torchs].T, "bias_ih_l0": b[torchs]}
    state["bias_hh_l0"] = np.zeros(4 * p)  # it has two biases, which are added
    build = {"input_size": d, "hidden_size": p, "batch_first": True}
    due, (_, c_due) = modules.run(torch.nn.LSTM, xs, build=build, state=state)["output"]
    rest = np.zeros((N, p))
    found = student.lstm_forward.keeping(2)(xs, rest, rest, w_x, w_h, b)
    hs, c_last, _ = results(found, (*OUTPUTS, "cache"), of="lstm_forward")
    expect(hs, "hs").close_to(due)
    expect(c_last, "c_last").close_to(c_due[0])  # the first and only layer


# --- readout ----------------------------------------------------------------------------------------------------------


@exercise("readout", weight=2)
@pytest.mark.parametrize(
    ("lengths", "q", "m"), [((3, 5, 2, 4), 6, 3), ((1, 4, 3, 2), 5, 1), ((2, 1, 4, 3), 3, 5)],
    ids=["a batch", "one sequence", "one element"],
)  # fmt: skip
def check_bidirectional_follows_the_definition(
    student: Any, reference: Any, rng: Any, lengths: Lengths, q: int, m: int
) -> None:
    """The outputs of both directions are right."""
    N, T, d, p = lengths
    forward, backward = ((rng.normal(size=(N, size)), *weights(rng, d, size).values()) for size in (p, q))
    arguments = rng.normal(size=(N, T, d)), forward, backward, rng.normal(size=(p, m)), rng.normal(size=(q, m))
    value.agrees(student.bidirectional, reference.bidirectional, *arguments, returns=("ys",))


@exercise("readout")
def check_each_direction_has_its_own_past(student: Any, rng: Any) -> None:
    """Read off the forward states alone, outputs do not know the future."""
    forward, backward = ((rng.normal(size=(2, p)), *weights(rng, 3, p).values()) for p in (4, 5))
    outputs = rng.normal(size=(4, 2)), np.zeros((5, 2))
    xs = rng.normal(size=(2, 6, 3))
    symmetry.causal(student.bidirectional, xs, forward, backward, *outputs, rng=rng, returns=("ys",))


def perplexity_by_definition(logits: Array, targets: Any) -> float:
    """Return exp of the mean of -log p(target), by the definitions of tokens."""
    return float(np.exp(-tokens.masked_mean(tokens.log_probabilities(logits, targets))))


@exercise("readout")
@pytest.mark.parametrize(
    "shape", [(3, 4, 6), (1, 5, 3), (2, 1, 7), (1, 1, 2)],
    ids=["a batch", "one sequence", "one element", "a single token"],
)  # fmt: skip
def check_perplexity_follows_the_definition(student: Any, rng: Any, shape: tuple[int, int, int]) -> None:
    """Perplexity is right."""
    # spread over about 6 nats: far enough that the mean of p and the mean of log p differ, and no p is near 1e-12
    logits, targets = 2 * rng.normal(size=shape), rng.integers(0, shape[2], shape[:2])
    value.agrees(student.perplexity, perplexity_by_definition, logits, targets, returns=("perplexity",))


@exercise("readout")
def check_perplexity_is_right_at_large_logits(student: Any, rng: Any) -> None:
    """Perplexity is right for logits near 10000 and near -10000."""
    logits = rng.normal(size=(2, 3, 5)) + 1e4 * np.array([1.0, -1.0])[:, None, None]
    targets = rng.integers(0, 5, (2, 3))
    value.agrees(student.perplexity, perplexity_by_definition, logits, targets, returns=("perplexity",))


@exercise("readout")
def check_sure_predictions_have_perplexity_one(student: Any, rng: Any) -> None:
    """A model that is sure of every token, and right, has the perplexity 1."""
    logits = rng.permuted(np.tile(np.linspace(-1000.0, 1000.0, 5), (2, 3, 1)), axis=2)  # gaps of 500
    targets = logits.argmax(axis=2)
    value.agrees(student.perplexity, perplexity_by_definition, logits, targets, returns=("perplexity",))


# --- long_range -------------------------------------------------------------------------------------------------------


def orthogonal(rng: Any, p: int) -> Array:
    """Draw an orthogonal matrix."""
    Q: Array = np.linalg.qr(rng.normal(size=(p, p)))[0]
    return Q


def norms_of(student: Any, w_h: Array, hs: Array) -> Array:
    """Return what jacobian_norms returns, of the right form."""
    norms = student.jacobian_norms(w_h, hs)
    expect(norms, "norms").has_shape(hs.shape[:2]).is_finite().at_least(0.0)
    return np.asarray(norms)


def change_at_rate(norms: Array, rate: float) -> None:
    """Check that norms are rate^t, by the growth a step, to which late and small norms count as much as early ones."""
    t = np.arange(1.0, norms.shape[1] + 1)
    name = "norm of dh_t/dh_0"
    drawn = curve(name, norms[0], t=t, theorem=rate**t, theorem_name="predicted rate", t_name="t")
    exhibited(Evidence(name=name, curves=(drawn,)))
    expect(norms ** (1 / t), "growth of the norm in a step").close_to(np.full(norms.shape, rate))


@exercise("long_range", weight=2)
@pytest.mark.parametrize(
    "shape", [(3, 5, 4), (1, 2, 3), (2, 1, 5), (2, 4, 1)],
    ids=["a batch", "one sequence", "one element", "states of one number"],
)  # fmt: skip
def check_norms_follow_the_definition(student: Any, reference: Any, rng: Any, shape: tuple[int, int, int]) -> None:
    """The norms of dh_t/dh_0 are right."""
    w_h, hs = 1.5 * weights(rng, 1, shape[2])["w_h"], rng.uniform(-0.9, 0.9, size=shape)
    value.agrees(student.jacobian_norms, reference.jacobian_norms, w_h, hs, returns=("norms",))


@exercise("long_range")
@pytest.mark.parametrize("rho", [0.7, 1.3], ids=["it vanishes", "it explodes"])
def check_norms_change_with_the_spectral_radius(student: Any, rng: Any, rho: float) -> None:
    """For a symmetric matrix and states at 0, the norm is the spectral radius to the power t."""
    Q = orthogonal(rng, 4)
    w_h = (Q * (rho * np.array([1.0, -0.8, 0.5, 0.1]))) @ Q.T  # with these eigenvalues
    change_at_rate(norms_of(student, w_h, np.zeros((2, 36, 4))), rho)


@exercise("long_range")
def check_norms_of_orthogonal_matrices(student: Any, rng: Any) -> None:
    """For an orthogonal matrix and states at 0, the norm stays 1."""
    change_at_rate(norms_of(student, orthogonal(rng, 5), np.zeros((1, 60, 5))), 1.0)


@exercise("long_range")
def check_norms_keep_within_their_bounds(student: Any, rng: Any) -> None:
    """The norms lie between the products of the smallest and of the largest singular values and slopes."""
    w_h = (orthogonal(rng, 4) * [1.4, 1.1, 0.9, 0.6]) @ orthogonal(rng, 4)
    hs = rng.uniform(-0.8, 0.8, size=(2, 12, 4))
    norms, slope = norms_of(student, w_h, hs), 1 - hs**2
    upper = np.cumprod(1.4 * slope.max(axis=2), axis=1)
    lower = np.cumprod(0.6 * slope.min(axis=2), axis=1)
    expect(norms / upper, "norm by its upper bound").at_most(1.0)
    expect(norms / lower, "norm by its lower bound").at_least(1.0)


# --- gru_cell ---------------------------------------------------------------------------------------------------------


def cell_inputs(rng: Any, N: int, d: int, p: int, *, bias: bool = True) -> dict[str, Any]:
    """Draw what a cell is built with, its weights and an upstream gradient."""
    import torch

    build = {"input_size": d, "hidden_size": p, "bias": bias}
    state = modules.random_state(torch.nn.GRUCell, rng, build=build)
    return {"build": build, "state": state, "upstream": rng.normal(size=(N, p))}


def same_as_torchs(student: Any, *inputs: Any, **given: Any) -> None:
    """Check that the cell is torch's, and written by the student."""
    import torch

    modules.agrees(student.GRUCell, torch.nn.GRUCell, *inputs, without=("RNNCellBase", "RNNBase"), **given)


@exercise("gru_cell", weight=2)
@pytest.mark.parametrize("lengths", [(3, 2, 5), (1, 4, 2)], ids=["a batch", "one sample"])
def check_cell_and_its_gradients_equal_those_of_torch(student: Any, rng: Any, lengths: tuple[int, int, int]) -> None:
    """Output and gradients are those of torch's own cell."""
    N, d, p = lengths
    same_as_torchs(student, rng.normal(size=(N, d)), rng.normal(size=(N, p)), **cell_inputs(rng, N, d, p))


@exercise("gru_cell")
def check_cell_begins_at_zero(student: Any, rng: Any) -> None:
    """Where no state is given, it is zero, in every call."""
    import torch

    x, given = rng.normal(size=(3, 4)), cell_inputs(rng, 3, 4, 2)
    same_as_torchs(student, x, **given)
    cell = student.GRUCell(**given["build"])
    cell.load_state_dict({name: torch.tensor(array) for name, array in given["state"].items()})
    element = torch.tensor(x, dtype=torch.float32)
    first, second = (cell(element).detach().numpy() for _ in range(2))
    expect(second, "output of the second call").close_to(first)


@exercise("gru_cell")
def check_cell_without_biases(student: Any, rng: Any) -> None:
    """With bias=False there are no biases, in the state dict neither."""
    inputs = rng.normal(size=(2, 3)), rng.normal(size=(2, 4))
    same_as_torchs(student, *inputs, **cell_inputs(rng, 2, 3, 4, bias=False))


@exercise("gru_cell")
def check_cell_is_the_same_everywhere(student: Any, rng: Any) -> None:
    """Your cell gives the same on every device and in every precision."""
    given = cell_inputs(rng, 3, 2, 4)
    x = rng.normal(size=(3, 2))
    parity.across(student.GRUCell, x, rng.normal(size=(3, 4)), **given)
    parity.across(student.GRUCell, x, **given)  # the state of zeros is made where x is
