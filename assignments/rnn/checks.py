"""Public checks: worked examples that can be done by hand, properties, and your backward against your own forward.

They need no solution, and they are not everything: the hidden checks also compare with the definitions at random
inputs, at batches of one sequence, at sequences of one element, and over long times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader import exercise, expect, gradient, modules, symmetry, value
from grader.checks.calling import results


def gives(function: Callable[..., Any], *arguments: Any, **due: Any) -> None:
    """Check a worked example: the results by name and in order; None for a cache, which may be anything."""
    answer = tuple(due.values())
    names = [name if result is not None else None for name, result in due.items()]
    value.agrees(function, lambda *_: answer if len(answer) > 1 else answer[0], *arguments, returns=names)


def matrix(*rows: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a float64 matrix of its rows."""
    return np.array(rows, dtype=np.float64)


def sequence(*elements: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a batch of one sequence whose elements are single numbers: (1, T, 1)."""
    return np.array(elements, dtype=np.float64)[None, :, None]


L = float(np.log(3) / 2)
"""Where e^(2 L) = 3: tanh is 1/2 at L, 4/5 at 2 L and 13/14 at 3 L; the sigmoid is 3/4 at 2 L and 1/4 at -2 L."""

WIDE = 1e3
"""A bias that opens a gate, and closes it with a minus sign: the sigmoid is 1 or 0, and exp overflows."""


def weights(rng: Any, d: int, p: int, gates: int = 1) -> dict[str, Any]:
    """Draw w_x, w_h and b."""
    shapes = {"w_x": (d, gates * p), "w_h": (p, gates * p), "b": (gates * p,)}
    return {name: rng.normal(size=shape) / np.sqrt(shape[0] if name != "b" else 1) for name, shape in shapes.items()}


# --- kalman -----------------------------------------------------------------------------------------------------------


@exercise("kalman")
def check_kalman_example(student: Any) -> None:
    """Two steps of the Kalman filter are right in an example."""
    # a = 2, noises 2 and 3, start at mean 1 and variance 1. Predicted: mean 2, variance 4 + 2 = 6, so the gain is
    # 6 / 9; seeing 5 moves the mean by 2/3 of 3. Then: mean 8, variance 4 * 2 + 2 = 10, gain 10 / 13, 13 beyond.
    due = {"means": np.array([4.0, 18.0]), "variances": np.array([2.0, 30 / 13])}
    gives(student.kalman_filter, np.array([5.0, 21.0]), 2.0, 2.0, 3.0, 1.0, 1.0, **due)


@exercise("kalman")
def check_kalman_of_a_signal_that_rests(student: Any) -> None:
    """Where the signal does not move, the filter takes the mean of all it has seen."""
    # With a = 1 and no noise of the signal, the start counts as one more observation when its variance is theirs.
    xs = np.array([6.0, 1.0, 9.0])
    due = {"means": np.array([4.0, 3.0, 4.5]), "variances": np.array([3.0, 2.0, 1.5])}
    gives(student.kalman_filter, xs, 1.0, 0.0, 6.0, 2.0, 6.0, **due)


# --- rnn --------------------------------------------------------------------------------------------------------------


@exercise("rnn")
def check_rnn_step_example(student: Any) -> None:
    """One step is right in an example, and far out, where tanh is 1 or -1."""
    # x w_x = L (1, 2), h w_h = L (1 - 2, 3 - 1) and b = L (1, -1): together L (1, 3).
    arguments = matrix([1]), matrix([1, -1]), L * matrix([1, 2]), L * matrix([1, 3], [2, 1]), L * np.array([1.0, -1.0])
    gives(student.rnn_step_forward, *arguments, h_next=matrix([1 / 2, 13 / 14]), cache=None)
    far = matrix([1]), matrix([0, 0]), WIDE * matrix([1, -1]), matrix([0, 0], [0, 0]), np.zeros(2)
    gives(student.rnn_step_forward, *far, h_next=matrix([1, -1]), cache=None)


@exercise("rnn")
def check_rnn_step_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """rnn_step_backward is the gradient of your rnn_step_forward."""
    at = {"x": rng.normal(size=(3, 2)), "h": rng.normal(size=(3, 4)), **weights(rng, 2, 4)}
    gradient.agrees(student.rnn_step_forward, student.rnn_step_backward, at=at, rng=rng, output="h_next")


@exercise("rnn")
def check_rnn_forward_example(student: Any) -> None:
    """The states of a sequence of three elements are right."""
    # h = tanh(L x + 2 L h_before): -L + 2 L * 1 = L; then L + 2 L / 2 = 2 L; then 7/5 L + 2 L * 4/5 = 3 L.
    arguments = sequence(-1, 1, 7 / 5), matrix([1]), matrix([L]), matrix([2 * L]), np.zeros(1)
    gives(student.rnn_forward, *arguments, hs=sequence(1 / 2, 4 / 5, 13 / 14), cache=None)


@exercise("rnn")
def check_rnn_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """rnn_backward is the gradient of your rnn_forward."""
    at = {"xs": rng.normal(size=(6, 4, 3)), "h0": rng.normal(size=(6, 5)), **weights(rng, 3, 5)}
    names = "dxs", "dh0", "dw_x", "dw_h", "db"
    gradient.agrees(student.rnn_forward, student.rnn_backward, at=at, rng=rng, returns=names, output="hs")


@exercise("rnn")
def check_carried_state_continues_the_sequence(student: Any, rng: Any) -> None:
    """Two windows with the carried state give the states of one pass."""
    xs, h0, given = rng.normal(size=(3, 5, 2)), rng.normal(size=(3, 4)), weights(rng, 2, 4).values()

    def states(part: Any, start: Any) -> Any:
        hs, _ = results(student.rnn_forward.keeping(1)(part, start, *given), ("hs", "cache"), of="rnn_forward")
        expect(hs, "hs").has_shape((3, part.shape[1], 4)).varies()
        return hs

    whole, first = states(xs, h0), states(xs[:, :3], h0)
    second = states(xs[:, 3:], first[:, -1])
    expect(second, "hs of the second window").close_to(whole[:, 3:])


@exercise("rnn")
def check_truncated_bptt_example(student: Any) -> None:
    """Gradients of two windows of one element are right in an example."""
    # The states are tanh(-L + 2 L) = 1/2 and tanh(L + 2 L / 2) = 4/5, so the upstream gradients 4 and 25 become 4 * 3/4
    # = 3 and 25 * 9/25 = 9. dw_x: 3 * (-1) + 9 * 1. dw_h: 3 * 1 + 9 * 1/2. Nothing of the 9 goes back to the first state.
    weights_and_start = matrix([1]), matrix([L]), matrix([2 * L]), np.zeros(1)
    due = {"hs": sequence(1 / 2, 4 / 5), "dw_x": matrix([6]), "dw_h": matrix([15 / 2]), "db": np.array([12.0])}
    gives(student.truncated_bptt, sequence(-1, 1), *weights_and_start, sequence(4, 25), 1, **due)


# --- gru --------------------------------------------------------------------------------------------------------------


@exercise("gru")
def check_gru_step_example(student: Any) -> None:
    """One step of the gated unit is right in an example."""
    # x = 1 and h = 4. Before the sigmoids: L + 2 L - L = 2 L, so r = 3/4; L - 2 L - L = -2 L, so z = 1/4. Before the
    # tanh: -2 L + (3/4 * 4) L + L = 2 L, so n = 4/5. Together 3/4 * 4 + 1/4 * 4/5 = 3.2.
    w_x, w_h, b = L * matrix([1, 1, -2]), L * matrix([1 / 2, -1 / 2, 1]), L * np.array([-1.0, -1.0, 1.0])
    gives(student.gru_step_forward, matrix([1]), matrix([4]), w_x, w_h, b, h_next=matrix([3.2]), cache=None)


@exercise("gru")
def check_gru_keeps_its_state(student: Any, rng: Any) -> None:
    """With the update gate at 0 the state stays as it is, and with both gates at 1 the unit is a plain network."""
    x, h, (w_x, w_h, b) = rng.normal(size=(3, 2)), rng.normal(size=(3, 4)), weights(rng, 2, 4, gates=3).values()
    closed, opened = b.copy(), b.copy()
    closed[4:8] -= WIDE
    opened[:8] += WIDE
    gives(student.gru_step_forward, x, h, w_x, w_h, closed, h_next=h, cache=None)
    plain = np.tanh(x @ w_x[:, 8:] + h @ w_h[:, 8:] + b[8:])
    gives(student.gru_step_forward, x, h, w_x, w_h, opened, h_next=plain, cache=None)


@exercise("gru")
def check_gru_step_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """gru_step_backward is the gradient of your gru_step_forward."""
    at = {"x": rng.normal(size=(3, 2)), "h": rng.normal(size=(3, 4)), **weights(rng, 2, 4, gates=3)}
    gradient.agrees(student.gru_step_forward, student.gru_step_backward, at=at, rng=rng, output="h_next")


# --- lstm -------------------------------------------------------------------------------------------------------------


@exercise("lstm")
def check_lstm_step_example(student: Any) -> None:
    """One step of long short-term memory is right in an example."""
    # x = 1 and h = 2. Before the functions: 2 L, so i = 3/4; -2 L, so f = 1/4; 0, so o = 1/2; L, so g = 1/2. The
    # memory is 8 L - 3/2: a quarter of it and i g = 3/8 make 2 L, and the state is 1/2 tanh(2 L) = 2/5.
    w_x, w_h, b = L * matrix([1, 1, 1, 1]), L * matrix([1, -1, 0, 1]), L * np.array([-1.0, -1.0, -1.0, -2.0])
    arguments = matrix([1]), matrix([2]), matrix([8 * L - 3 / 2]), w_x, w_h, b
    gives(student.lstm_step_forward, *arguments, h_next=matrix([2 / 5]), c_next=matrix([2 * L]), cache=None)


@exercise("lstm")
def check_lstm_step_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """lstm_step_backward is the gradient of your lstm_step_forward."""
    kept = student.lstm_step_forward.keeping(2)

    def lstm_step_forward(*inputs: Any) -> Any:
        h_next, c_next, cache = results(kept(*inputs), ("h_next", "c_next", "cache"), of="lstm_step_forward")
        return (h_next, c_next), cache

    def lstm_step_backward(upstream: Any, cache: Any) -> Any:
        return student.lstm_step_backward(*upstream, cache)

    at = {name: rng.normal(size=(3, size)) for name, size in (("x", 2), ("h", 4), ("c", 4))} | weights(
        rng, 2, 4, gates=4
    )
    upstream = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    gradient.agrees(lstm_step_forward, lstm_step_backward, at=at, rng=rng, upstream=upstream)


@exercise("lstm")
def check_lstm_remembers(student: Any, rng: Any) -> None:
    """With the forget gate at 1 and the input gate at 0, the memory survives thirty elements, also a large one."""
    xs, h0, c0 = rng.normal(size=(2, 30, 3)), rng.normal(size=(2, 4)), 20 * rng.normal(size=(2, 4))
    w_x, w_h, b = weights(rng, 3, 4, gates=4).values()
    b[:4] -= WIDE
    b[4:8] += WIDE
    names = "hs", "c_last", "cache"
    _, c_last, _ = results(student.lstm_forward.keeping(2)(xs, h0, c0, w_x, w_h, b), names, of="lstm_forward")
    expect(c_last, "c_last").close_to(c0)


@exercise("lstm")
def check_lstm_backward_agrees_with_forward(student: Any, rng: Any) -> None:
    """lstm_backward is the gradient of your lstm_forward."""
    kept = student.lstm_forward.keeping(2)

    def lstm_forward(*inputs: Any) -> Any:
        hs, c_last, cache = results(kept(*inputs), ("hs", "c_last", "cache"), of="lstm_forward")
        return (hs, c_last), cache

    def lstm_backward(upstream: Any, cache: Any) -> Any:
        return student.lstm_backward(*upstream, cache)

    states = {name: rng.normal(size=(6, 4)) for name in ("h0", "c0")}
    at = {"xs": rng.normal(size=(6, 3, 5)), **states, **weights(rng, 5, 4, gates=4)}
    upstream = rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 4))
    gradient.agrees(lstm_forward, lstm_backward, at=at, rng=rng, upstream=upstream)


# --- readout ----------------------------------------------------------------------------------------------------------


@exercise("readout")
def check_bidirectional_example(student: Any) -> None:
    """Both directions are read off at the same time in an example."""
    # Both networks compute tanh(L x + 2 L h_before). Forward over 3, -1, -2 from -1: tanh of L, 0 and -2 L is 1/2, 0 and
    # -4/5. Backward over -2, -1, 3 from 1: tanh of 0, -L and 2 L is 0 at the third element, -1/2 at the second and 4/5 at
    # the first. So the outputs are 2 / 2 + 10 * 4/5, then 2 * 0 - 10 / 2, then -2 * 4/5 + 10 * 0.
    layer = matrix([L]), matrix([2 * L]), np.zeros(1)
    networks = (matrix([-1]), *layer), (matrix([1]), *layer)
    due = sequence(9, -5, -8 / 5)
    gives(student.bidirectional, sequence(3, -1, -2), *networks, matrix([2]), matrix([10]), ys=due)


@exercise("readout")
def check_bidirectional_has_no_preferred_direction(student: Any, rng: Any) -> None:
    """Sequences that are turned round, with the networks swapped, give outputs that are turned round."""
    forward, backward = ((rng.normal(size=(2, p)), *weights(rng, 3, p).values()) for p in (4, 5))
    outputs = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
    symmetry.equivariant(
        student.bidirectional,
        rng.normal(size=(2, 4, 3)),
        forward,
        backward,
        *outputs,
        change=lambda xs, one, other, v_one, v_other: (xs[:, ::-1].copy(), other, one, v_other, v_one),
        response=lambda ys: ys[:, ::-1],
        named="a reversal of time, with the networks swapped",
        returns=("ys",),
    )


@exercise("readout")
def check_perplexity_examples(student: Any) -> None:
    """Perplexity is the number of tokens for a guess among all, and right in an example."""
    gives(student.perplexity, np.full((2, 3, 7), 5.0), np.array([[0, 6, 2], [3, 3, 1]]), perplexity=7.0)
    # Probabilities (3/4, 1/4) for both tokens that came, once each: the mean of -log p is that of log 4/3 and log 4.
    gives(student.perplexity, np.array([[[2 * L, 0.0], [2 * L, 0.0]]]), np.array([[0, 1]]), perplexity=4 / np.sqrt(3))


# --- long_range -------------------------------------------------------------------------------------------------------


@exercise("long_range")
def check_norms_example(student: Any) -> None:
    """The norms are right for a state of one number."""
    # w (1 - h^2) is 2 * 3/4 at h = 1/2 and 2 * 16/25 at h = 3/5.
    gives(student.jacobian_norms, matrix([2]), sequence(1 / 2, 3 / 5), norms=matrix([3 / 2, 48 / 25]))


@exercise("long_range")
def check_largest_singular_value_does_not_decide(student: Any) -> None:
    """A matrix whose square is 0 has norms 2 and 0, though its largest singular value is 2."""
    gives(student.jacobian_norms, matrix([0, 2], [0, 0]), np.zeros((1, 2, 2)), norms=matrix([2, 0]))


@exercise("long_range")
def check_rotations_preserve_the_norm(student: Any) -> None:
    """A rotation keeps the norm at 1 where all states are 0."""
    rotation = matrix([3 / 5, 4 / 5], [-4 / 5, 3 / 5])
    gives(student.jacobian_norms, rotation, np.zeros((3, 20, 2)), norms=np.ones((3, 20)))


# --- gru_cell ---------------------------------------------------------------------------------------------------------


@exercise("gru_cell")
def check_cell_equals_that_of_torch(student: Any, rng: Any) -> None:
    """With the same weights, your cell and torch's return the same."""
    import torch

    build = {"input_size": 3, "hidden_size": 4}
    state = modules.random_state(torch.nn.GRUCell, rng, build=build)
    x, h = rng.normal(size=(2, 3)), rng.normal(size=(2, 4))
    modules.agrees(
        student.GRUCell, torch.nn.GRUCell, x, h, build=build, state=state,
        without=("RNNCellBase", "RNNBase"), looks_at=("output",),
    )  # fmt: skip
