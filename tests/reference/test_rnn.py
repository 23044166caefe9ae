"""What is special of ``rnn``: its mathematics against torch's, bad input, and the names that wrong programs get.

Everything that holds for any assignment is in ``test_assignments.py``.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grader.checks.record import recording
from grader.course import Course
from grader.engine import trials
from grader.engine.catalogue import Catalogue
from grader.engine.checks import with_checks
from grader.engine.diagnosis import Look, diagnose
from grader.engine.plain import module_of
from grader.evidence import CheckFailure
from tests.reference.conftest import ROOT

ASSIGNMENT = Course(ROOT).assignment("rnn")
RNN = module_of((ROOT / "reference/rnn/rnn.py").read_text(encoding="utf-8"), "rnn")
SEED = "programs"
N, T, D, P = 3, 6, 2, 4


def arrays(*shapes):
    rng = np.random.default_rng(7)
    return [rng.normal(size=shape) for shape in shapes]


def leaf(array):
    return torch.tensor(array, requires_grad=True)


def filled(module, **weights):
    with torch.no_grad():
        for name, array in weights.items():
            getattr(module, name).copy_(torch.as_tensor(array))
    return module.double()


# --- against torch ----------------------------------------------------------------------------------------------------


def test_the_network_and_its_gradients_are_those_of_torch():
    xs, h0, w_x, w_h, b, dhs = arrays((N, T, D), (N, P), (D, P), (P, P), (P,), (N, T, P))
    theirs = torch.nn.RNN(D, P, batch_first=True).double()
    filled(theirs, weight_ih_l0=w_x.T, weight_hh_l0=w_h.T, bias_ih_l0=b, bias_hh_l0=0 * b)
    inputs, start = leaf(xs), leaf(h0[None])
    due, _ = theirs(inputs, start)
    due.backward(torch.tensor(dhs))
    hs, cache = RNN.rnn_forward(xs, h0, w_x, w_h, b)
    dxs, dh0, dw_x, dw_h, db = RNN.rnn_backward(dhs, cache)
    np.testing.assert_allclose(hs, due.detach())
    for got, want in [
        (dxs, inputs.grad), (dh0, start.grad[0]), (dw_x.T, theirs.weight_ih_l0.grad), (dw_h.T, theirs.weight_hh_l0.grad),
        (db, theirs.bias_ih_l0.grad),
    ]:  # fmt: skip
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("window", [1, 2, 4, 6, 9])
def test_windows_are_those_of_torch_with_a_detached_state(window):
    xs, h0, w_x, w_h, b, dhs = arrays((N, T, D), (N, P), (D, P), (P, P), (P,), (N, T, P))
    theirs = torch.nn.RNN(D, P, batch_first=True).double()
    filled(theirs, weight_ih_l0=w_x.T, weight_hh_l0=w_h.T, bias_ih_l0=b, bias_hh_l0=0 * b)
    h = torch.tensor(h0[None])
    for start in range(0, T, window):
        part = slice(start, start + window)
        states, h = theirs(torch.tensor(xs[:, part]), h.detach())
        states.backward(torch.tensor(dhs[:, part]))
    hs, dw_x, dw_h, db = RNN.truncated_bptt(xs, h0, w_x, w_h, b, dhs, window)
    np.testing.assert_allclose(hs, RNN.rnn_forward(xs, h0, w_x, w_h, b)[0])
    np.testing.assert_allclose(dw_x.T, theirs.weight_ih_l0.grad)
    np.testing.assert_allclose(dw_h.T, theirs.weight_hh_l0.grad)
    np.testing.assert_allclose(db, theirs.bias_ih_l0.grad)


def test_the_lstm_and_its_gradients_are_those_of_torch_with_the_blocks_in_another_order():
    xs, h0, c0, w_x, w_h, b = arrays((N, T, D), (N, P), (N, P), (D, 4 * P), (P, 4 * P), (4 * P,))
    dhs, dc_last = arrays((N, T, P), (N, P))
    order = np.r_[0 : 2 * P, 3 * P : 4 * P, 2 * P : 3 * P]  # ours i, f, o, g; torch's i, f, g, o; its own inverse
    theirs = torch.nn.LSTM(D, P, batch_first=True).double()
    rows = {"weight_ih_l0": w_x[:, order].T, "weight_hh_l0": w_h[:, order].T, "bias_ih_l0": b[order]}
    filled(theirs, **rows, bias_hh_l0=0 * b)
    inputs, state, memory = leaf(xs), leaf(h0[None]), leaf(c0[None])
    due, (_, c_due) = theirs(inputs, (state, memory))
    torch.autograd.backward([due, c_due], [torch.tensor(dhs), torch.tensor(dc_last[None])])
    hs, c_last, cache = RNN.lstm_forward(xs, h0, c0, w_x, w_h, b)
    dxs, dh0, dc0, dw_x, dw_h, db = RNN.lstm_backward(dhs, dc_last, cache)
    for got, want in [
        (hs, due.detach()), (c_last, c_due.detach()[0]), (dxs, inputs.grad), (dh0, state.grad[0]),
        (dc0, memory.grad[0]), (dw_x[:, order].T, theirs.weight_ih_l0.grad),
        (dw_h[:, order].T, theirs.weight_hh_l0.grad), (db[order], theirs.bias_ih_l0.grad),
    ]:  # fmt: skip
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


def test_the_gru_of_the_notes_is_torchs_with_the_update_gate_negated_where_nothing_is_reset():
    x, h, w_x, w_h, b = arrays((N, D), (N, P), (D, 3 * P), (P, 3 * P), (3 * P,))
    b[:P] = 50  # the reset gate is 1: before or after the matrix is the same
    sign = np.repeat([1.0, -1.0, 1.0], P)  # 1 - sigmoid(a) is sigmoid(-a)
    cell = RNN.GRUCell(D, P).double()
    cell.load_state_dict({
        "weight_ih": torch.tensor((sign * w_x).T), "weight_hh": torch.tensor((sign * w_h).T),
        "bias_ih": torch.tensor(sign * b), "bias_hh": torch.zeros(3 * P),
    })  # fmt: skip
    ours, _ = RNN.gru_step_forward(x, h, w_x, w_h, b)
    np.testing.assert_allclose(cell(torch.tensor(x), torch.tensor(h)).detach(), ours, rtol=1e-12)
    b[:P] = 0  # half a reset: they are two different units
    other, _ = RNN.gru_step_forward(x, h, w_x, w_h, b)
    cell.bias_ih.data[:P] = 0
    assert np.abs(cell(torch.tensor(x), torch.tensor(h)).detach().numpy() - other).max() > 0.01


def test_both_directions_are_those_of_torch():
    xs, *given = arrays((N, T, D), (N, P), (D, P), (P, P), (P,), (N, P), (D, P), (P, P), (P,))
    forward, backward = given[:4], given[4:]
    theirs = torch.nn.RNN(D, P, batch_first=True, bidirectional=True).double()
    for (_, w_x, w_h, b), end in ((forward, ""), (backward, "_reverse")):
        weights = {f"weight_ih_l0{end}": w_x.T, f"weight_hh_l0{end}": w_h.T, f"bias_ih_l0{end}": b}
        filled(theirs, **weights, **{f"bias_hh_l0{end}": 0 * b})
    due, _ = theirs(torch.tensor(xs), torch.tensor(np.stack([forward[0], backward[0]])))
    unit = np.eye(2 * P)
    ys = RNN.bidirectional(xs, forward, backward, unit[:P], unit[P:])
    np.testing.assert_allclose(ys, due.detach(), rtol=1e-12)


def test_perplexity_is_the_exponential_of_torchs_cross_entropy():
    (logits,) = arrays((N, T, 5))
    targets = np.random.default_rng(0).integers(0, 5, (N, T))
    loss = torch.nn.functional.cross_entropy(torch.tensor(logits).flatten(0, 1), torch.tensor(targets).flatten())
    assert RNN.perplexity(logits, targets) == pytest.approx(float(torch.exp(loss)))


def test_norms_are_those_of_the_jacobian_that_autograd_finds():
    xs, h0, w_x, w_h, b = arrays((1, T, D), (1, P), (D, P), (P, P), (P,))
    hs, _ = RNN.rnn_forward(xs, h0, w_x, w_h, b)
    tensors = [torch.tensor(array) for array in (xs, w_x, w_h, b)]

    def last(h):
        given, one, other, bias = tensors
        for t in range(T):
            h = torch.tanh(given[0, t] @ one + h @ other + bias)
        return h

    jacobian = torch.autograd.functional.jacobian(last, torch.tensor(h0[0]))
    assert RNN.jacobian_norms(w_h, hs)[0, -1] == pytest.approx(float(torch.linalg.matrix_norm(jacobian, 2)))


def test_the_cell_draws_its_weights_as_torch_does_and_an_optimizer_finds_them():
    cell = RNN.GRUCell(3, 4)
    assert {name: tuple(p.shape) for name, p in cell.named_parameters()} == {
        name: tuple(p.shape) for name, p in torch.nn.GRUCell(3, 4).named_parameters()
    }
    assert all(0 < float(p.detach().abs().max()) <= 0.5 for p in cell.parameters())
    assert set(RNN.GRUCell(3, 4, bias=False).state_dict()) == {"weight_ih", "weight_hh"}


# --- what is known without a reference --------------------------------------------------------------------------------


def test_the_variance_of_the_filter_settles_where_the_riccati_equation_says():
    a, q, r = 0.9, 0.5, 1.3
    _, variances = RNN.kalman_filter(np.zeros(60), a, q, r, 0.0, 4.0)
    # with prediction P = a^2 v + q: v = P r / (P + r), a quadratic in v
    v = max(np.roots([a**2, q + r - a**2 * r, -q * r]))
    assert variances[-1] == pytest.approx(v, rel=1e-12)


def test_a_useless_observation_changes_nothing_and_a_perfect_one_decides():
    xs = np.array([5.0, -3.0, 2.0])
    means, variances = RNN.kalman_filter(xs, 0.5, 1.0, 1e15, 8.0, 2.0)
    np.testing.assert_allclose(means, [4, 2, 1], atol=1e-12)
    np.testing.assert_allclose(variances, [1.5, 1.375, 1.34375])
    means, variances = RNN.kalman_filter(xs, 0.5, 1.0, 1e-15, 8.0, 2.0)
    np.testing.assert_allclose(means, xs)
    np.testing.assert_allclose(variances, 0, atol=2e-15)


def test_the_spectral_radius_decides_where_the_largest_singular_value_does_not():
    (w_h,) = arrays((P, P))
    w_h = np.triu(w_h, 1) + 0.5 * np.eye(P)  # all eigenvalues 1/2, and a norm above 1
    norms = RNN.jacobian_norms(w_h, np.zeros((1, 60, P)))[0]
    assert norms[0] > 1
    assert norms[-1] < 1e-9
    assert np.all(norms >= 0.5 ** np.arange(1, 61))


def test_states_only_shrink_the_norm_of_orthogonal_matrices():
    Q = np.linalg.qr(arrays((P, P))[0])[0]
    hs = np.tanh(arrays((2, 20, P))[0])
    norms = RNN.jacobian_norms(Q, hs)
    assert np.all(np.diff(norms, axis=1) < 0)
    assert np.all(norms < 1)


def test_one_sequence_of_one_element_is_legal():
    xs, h0, c0, w_x, w_h, b = arrays((1, 1, 1), (1, 1), (1, 1), (1, 4), (1, 4), (4,))
    hs, c_last, cache = RNN.lstm_forward(xs, h0, c0, w_x, w_h, b)
    assert (hs.shape, c_last.shape) == ((1, 1, 1), (1, 1))
    assert [g.shape for g in RNN.lstm_backward(hs, c_last, cache)] == [a.shape for a in (xs, h0, c0, w_x, w_h, b)]
    hs, cache = RNN.rnn_forward(xs, h0, w_x[:, :1], w_h[:, :1], b[:1])
    assert [g.shape for g in RNN.rnn_backward(hs, cache)] == [(1, 1, 1), (1, 1), (1, 1), (1, 1), (1,)]
    assert RNN.jacobian_norms(w_h[:, :1], hs).shape == (1, 1)
    assert RNN.perplexity(np.zeros((1, 1, 3)), np.array([[2]])) == pytest.approx(3)


# --- bad input --------------------------------------------------------------------------------------------------------

Z = np.zeros
ONE_STEP = (Z((N, D)), Z((N, P)), Z((D, P)), Z((P, P)), Z(P))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: RNN.kalman_filter(Z(0), 1.0, 1.0, 1.0, 0.0, 1.0), r"xs \(0,\)"),
        (lambda: RNN.kalman_filter(Z((2, 2)), 1.0, 1.0, 1.0, 0.0, 1.0), r"xs \(2, 2\)"),
        (lambda: RNN.kalman_filter(Z(2), 1.0, -1.0, 1.0, 0.0, 1.0), "var_state -1.0"),
        (lambda: RNN.kalman_filter(Z(2), 1.0, 1.0, 0.0, 0.0, 1.0), "var_obs 0.0"),
        (lambda: RNN.kalman_filter(Z(2), 1.0, 1.0, 1.0, 0.0, -2.0), "var0 -2.0"),
        (lambda: RNN.rnn_step_forward(Z((N, P)), *ONE_STEP[1:]), r"x \(3, 4\)"),
        (lambda: RNN.rnn_step_backward(Z((P, N)), RNN.rnn_step_forward(*ONE_STEP)[1]), r"dh_next \(4, 3\)"),
        (lambda: RNN.rnn_forward(Z((N, 0, D)), *ONE_STEP[1:]), r"xs \(3, 0, 2\)"),
        (lambda: RNN.rnn_forward(Z((N, D, T)), *ONE_STEP[1:]), r"xs \(3, 2, 6\)"),
        (lambda: RNN.rnn_forward(Z((N, T, D)), Z((1, P)), *ONE_STEP[2:]), r"h \(1, 4\)"),
        (lambda: RNN.rnn_backward(Z((T, N, P)), RNN.rnn_forward(Z((N, T, D)), *ONE_STEP[1:])[1]), r"dhs \(6, 3, 4\)"),
        (lambda: RNN.truncated_bptt(Z((N, T, D)), *ONE_STEP[1:], Z((N, T, P)), 0), "window must be at least 1, not 0"),
        (lambda: RNN.truncated_bptt(Z((N, 0, D)), *ONE_STEP[1:], Z((N, 0, P)), 2), r"xs \(3, 0, 2\)"),
        (lambda: RNN.truncated_bptt(Z((N, T, D)), *ONE_STEP[1:], Z((N, P)), 2), r"dhs \(3, 4\)"),
        (lambda: RNN.gru_step_forward(*ONE_STEP), r"w_x \(2, 4\).* \(d, 3 p\)"),
        (lambda: RNN.lstm_step_forward(Z((N, D)), Z((N, P)), Z((1, P)), Z((D, 16)), Z((P, 16)), Z(16)), r"c \(1, 4\)"),
        (lambda: RNN.lstm_forward(Z((N, 0, D)), Z((N, P)), Z((N, P)), Z((D, 16)), Z((P, 16)), Z(16)), r"xs \(3, 0, 2\)"),
        (lambda: RNN.bidirectional(Z((N, T, D)), ONE_STEP[1:], ONE_STEP[1:], Z((P, 2)), Z((P, 3))), r"v_backward \(4, 3\)"),
        (lambda: RNN.bidirectional(Z((N, D, T)), ONE_STEP[1:], ONE_STEP[1:], Z((P, 2)), Z((P, 2))), r"xs \(3, 2, 6\)"),
        (lambda: RNN.perplexity(Z((N, 0, 5)), Z((N, 0), int)), r"logits \(3, 0, 5\)"),
        (lambda: RNN.perplexity(Z((N, T, 5)), Z((T, N), int)), r"targets \(6, 3\)"),
        (lambda: RNN.perplexity(Z((N, T, 5)), np.full((N, T), 5)), "0 .. 4, and 5 .. 5"),
        (lambda: RNN.jacobian_norms(Z((P, P)), Z((N, 0, P))), r"hs \(3, 0, 4\)"),
        (lambda: RNN.jacobian_norms(Z((P, D)), Z((N, T, P))), r"w_h \(4, 2\)"),
        (lambda: RNN.GRUCell(0, 3), "input_size 0"),
        (lambda: RNN.GRUCell(D, P)(torch.zeros(N, P), torch.zeros(N, P)), r"x \(3, 4\)"),
        (lambda: RNN.GRUCell(D, P)(torch.zeros(N, D), torch.zeros(1, P)), r"h \(1, 4\)"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name_and_value(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# --- what wrong programs are told -------------------------------------------------------------------------------------

PROGRAMS = {
    "torch's order of the gates": """
import numpy as np
def lstm_step_forward(x, h, c, w_x, w_h, b):
    H = h.shape[1]
    a = x.dot(w_x) + h.dot(w_h) + b
    sigmoid = lambda s: 1 / (1 + np.exp(-s))
    i, f, g, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2*H]), np.tanh(a[:, 2*H:3*H]), sigmoid(a[:, 3*H:])
    c_next = f * c + i * g
    return o * np.tanh(c_next), c_next, (x, h, c, w_x, w_h, i, f, g, o, c_next)
def lstm_step_backward(dh_next, dc_next, cache):
    x, h, c, w_x, w_h, i, f, g, o, c_next = cache
    t = np.tanh(c_next)
    dc_next = dc_next + dh_next * o * (1 - t * t)
    da = np.hstack([dc_next * g * i * (1 - i), dc_next * c * f * (1 - f), dc_next * i * (1 - g * g),
                    dh_next * t * o * (1 - o)])
    return da @ w_x.T, da @ w_h.T, dc_next * f, x.T @ da, h.T @ da, da.sum(0)
""",
    "only the last gradient, and no sum": """
import numpy as np
def rnn_backward(dhs, cache):
    steps, _ = cache
    N, T, H = dhs.shape
    dxs = [None] * T
    dh = dhs[:, -1]
    for t in range(T - 1, -1, -1):
        dxs[t], dh, dw_x, dw_h, db = rnn_step_backward(dh, steps[t])
    return np.stack(dxs, axis=1), dh, dw_x, dw_h, db
""",
    "states that are not turned back": """
import numpy as np
def bidirectional(xs, forward, backward, v_forward, v_backward):
    hf, _ = rnn_forward(xs, *forward)
    hb, _ = rnn_forward(xs[:, ::-1], *backward)
    return np.concatenate([hf, hb], axis=2) @ np.concatenate([v_forward, v_backward])
""",
}
NAMES = {
    "torch's order of the gates": {"torch has the candidate third", "Put the gradients of the blocks side by side"},
    "only the last gradient, and no sum": {"the one of the last step alone", "in the loop they are overwritten"},
    "states that are not turned back": {"Turn the states of the backward network round"},
}


@pytest.fixture(scope="module")
def told():
    """By program: the hints that it gets, and the checks that it passes."""

    def work(suite):
        catalogue = Catalogue(ASSIGNMENT, suite, SEED)
        found = {}
        for name, text in PROGRAMS.items():
            student = trials.answer(ASSIGNMENT.solution.read_text(encoding="utf-8") + text)
            written = {line[4:].partition("(")[0] for line in text.splitlines() if line.startswith("def ")}
            looks = []
            for check in suite.checks:
                if catalogue.called(check) & written:
                    trial = trials.run(suite, check, student, SEED)
                    looks.append(Look(check=check, view=trial.view, wrong=not trial.passed))
            named = [catalogue.mistakes[n].hint for best in diagnose(catalogue, looks).values() for n in best[0]]
            found[name] = set(named), {look.check.id for look in looks if not look.wrong}
        return found

    return with_checks(ASSIGNMENT, work)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_program_gets_its_names_and_no_other(told, program):
    hints, _ = told[program]
    assert len(hints) == len(NAMES[program]), hints
    for words in NAMES[program]:
        assert any(words in hint for hint in hints), hints


def test_a_backward_that_fits_its_own_wrong_forward_keeps_those_points(told):
    _, passed = told["torch's order of the gates"]
    assert "hidden/check_lstm_step_backward_is_the_gradient_of_forward" in passed


@pytest.mark.parametrize("rate", [0.7, 0.9])
def test_the_norm_is_drawn_beside_the_predicted_rate_whether_right_or_wrong(rate):
    answer = ASSIGNMENT.solution.read_text(encoding="utf-8") + (
        f"\ndef jacobian_norms(w_h, hs):\n    return np.tile({rate} ** np.arange(1, hs.shape[1] + 1), (len(hs), 1))\n"
    )

    def work(suite):
        (check,) = [one for one in suite.checks if one.id.endswith("spectral_radius[it vanishes]")]
        with recording() as record:
            met = suite.run(check, trials.answer(answer), np.random.default_rng(0))
        return met.error, record.exhibits

    error, exhibits = with_checks(ASSIGNMENT, work)
    assert isinstance(error, CheckFailure) is (rate != 0.7)
    (drawn,) = exhibits[0].curves
    assert drawn.theorem_name == "predicted rate"
    np.testing.assert_allclose(drawn.theorem, 0.7 ** np.array(drawn.t))
    np.testing.assert_allclose(drawn.value, rate ** np.array(drawn.t))


@pytest.mark.parametrize(
    "cell",
    [
        "class GRUCell(torch.nn.GRUCell):\n    pass\n",
        (
            "class GRUCell(torch.nn.Module):\n"
            "    def __init__(self, input_size, hidden_size, bias=True):\n"
            "        super().__init__()\n        self.cell = torch.nn.GRUCell(input_size, hidden_size, bias)\n"
            "    def forward(self, x, h=None):\n        return self.cell(x, h)\n"
        ),
    ],
)
def test_torchs_own_cell_is_not_an_answer(cell):
    student = trials.answer(f"import torch\n{cell}")
    words = "Write the module yourself: torch's own is not to be part of it."

    def work(suite):
        checks = [check for check in suite.checks if check.exercise == "gru_cell" and "everywhere" not in check.id]
        return [trials.run(suite, check, student, SEED).error for check in checks]

    errors = with_checks(ASSIGNMENT, work)
    assert len(errors) >= 5
    assert {error.hint for error in errors} == {words}
