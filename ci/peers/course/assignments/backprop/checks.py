"""The comparison's own check functions, behind the wall.

Twelve are wrapped as they are: they get a mapping of names whose functions are proxies. The
three of the sixth question hold the student's class in hand, so they are written with
handles, with the same inputs, references and tolerances, and the same verdicts. Behind the
wall a function gets copies, so the one check about inputs that are changed asks the proxy.
"""

import numpy as np
import pytest
import torch
from bpchecks import checks as peers

from grader import exercise


class Names(dict):
    """Names of the submission, looked up when a check asks for them."""

    def __init__(self, student):
        super().__init__()
        self._student = student

    def __contains__(self, name):
        return True

    def __missing__(self, name):
        return getattr(self._student, name)


def _wrap(question):
    """A check of one question, run for each of its functions."""

    @exercise(question)
    @pytest.mark.parametrize("name", peers.by_question()[question])
    def check(student, name):
        """The comparison's check."""
        peers.run(name, Names(student))
        if name == "relu_backward_inputs_kept":
            assert not student.changes()

    return check


check_q1, check_q2, check_q3, check_q4, check_q5 = map(_wrap, ("q1", "q2", "q3", "q4", "q5"))


@exercise("q6")
def check_gelu_forward(student):
    """GELUFunction computes GELU."""
    for seed in peers.SEEDS:
        x = np.random.default_rng(seed).normal(size=(5, 7)) * 2
        out = student.GELUFunction.apply(torch.from_numpy(x))
        peers._close(out.detach().numpy(), peers._ref_gelu(x), "GELUFunction forward")


@exercise("q6")
def check_gelu_backward(student):
    """The backward of GELUFunction is its gradient."""
    for seed in peers.SEEDS:
        rng = np.random.default_rng(seed)
        x, dout = rng.normal(size=(5, 7)) * 2, rng.normal(size=(5, 7))
        held = student.hold(torch.from_numpy(x), requires_grad=True)
        student.GELUFunction.apply.keeping()(held).backward(torch.from_numpy(dout))
        got = held.read("grad")
        assert got is not None, "no gradient reached the input"
        want = peers._num_grad(lambda x=x: peers._ref_gelu(x), x, dout)
        peers._close(got.numpy(), want, "GELUFunction backward")


@exercise("q6")
def check_gelu_layer(student):
    """GELU works as a layer after a linear one."""
    layer = student.GELU.keeping()()
    assert layer.is_a("torch.nn.Module"), "GELU must be an nn.Module"
    rng = np.random.default_rng(peers.SEEDS[0])
    x, w, b, dout = (rng.normal(size=size) for size in ((6, 4), (3, 4), (3,), (6, 3)))
    nn = student.library("torch.nn")
    linear = nn.Linear.keeping()(4, 3).double.keeping()()
    linear.load_state_dict.keeping()({"weight": torch.from_numpy(w), "bias": torch.from_numpy(b)})
    out = nn.Sequential.keeping()(linear, layer).forward.keeping()(torch.from_numpy(x))
    value = out.detach()
    peers._close(value.numpy(), peers._ref_gelu(x @ w.T + b), "Linear + GELU forward")
    out.backward(torch.from_numpy(dout))
    want = peers._num_grad(lambda: peers._ref_gelu(x @ w.T + b), w, dout)
    peers._close(linear.read("weight.grad").numpy(), want, "weight gradient through GELU")
