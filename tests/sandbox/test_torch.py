"""Submissions that use torch: tensors cross as values, modules and gradients stay where they are."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest

from grader.checks import modules
from grader.evidence import CheckFailure, NotImplementedByStudent
from grader.sandbox import errors
from grader.sandbox.isolation import best
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote

pytestmark = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")

CODE = """
import torch
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return 2 * x * upstream
class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(3.0, dtype=torch.float64))
    def forward(self, x): return self.scale * x
class Loud(Layer):
    def forward(self, x):
        print("shape", tuple(x.shape))
        return super().forward(x), {"twice": 2 * x.detach()}
class Elsewhere(Layer):
    def forward(self, x): return super().forward(x.to("cuda"))
class Unwritten(Layer):
    def forward(self, x): raise NotImplementedError
def step(w): w.sub_(1)
def hoard(): return torch.zeros(2**42)
def threads(): return torch.get_num_threads()
"""


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote(best(), ("torch",)) as zygote:
        yield zygote


@pytest.fixture
def student(submit, zygote) -> Student:
    student = submit(CODE, zygote=zygote, memory_mb=1024, seconds=20)
    student._allowed = ("torch",)
    return student


def test_a_gradient_flows_through_what_stays_in_the_worker(student):
    import torch

    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    held = student.hold(x, requires_grad=True)
    student.Square.apply.keeping()(held).backward(torch.ones(2, dtype=torch.float64))
    assert held.read("grad").tolist() == [2, 4]


def test_a_module_is_one_and_composes_with_torchs_own(student):
    import torch

    layer = student.Layer.keeping()()
    assert layer.is_a("torch.nn.Module")
    twice = student.library("torch.nn").Sequential.keeping()(layer, layer)
    assert twice.forward(torch.tensor([1.0], dtype=torch.float64)).tolist() == [9]


def test_a_tensor_that_is_changed_in_place_is_noted(student):
    import torch

    student.step(torch.ones(2))
    assert list(student._session.seen.changed) == ["`step` changes its argument `w` in place"]


def test_memory_that_torch_does_not_get_is_told_as_such(student):
    with pytest.raises(errors.Raised) as fault:
        student.hoard()
    assert fault.value.builtin == "MemoryError"


def test_one_worker_computes_on_one_thread(student):
    assert student.threads() == 1


class TestAModuleIsAFunction:
    """Of its state and its inputs: ``modules.run`` gives behind the wall what it gives here."""

    X = np.array([1.0, -2.0])
    UPSTREAM = np.array([10.0, 1.0])
    STATE: ClassVar = {"scale": np.array(5.0)}

    def test_with_gradients_and_state(self, student):
        ran = modules.run(student.Layer, self.X, state=self.STATE, upstream=self.UPSTREAM)
        assert ran["output"].tolist() == [5, -10]
        assert ran["input_gradients"][0].tolist() == [50, 5]
        assert ran["gradients"] == {"scale": 8.0}
        assert ran["state"] == {"scale": 5.0}

    def test_as_the_constructor_makes_it(self, student):
        assert modules.run(student.Layer, self.X)["output"].tolist() == [3, -6]

    def test_that_prints_and_returns_a_structure(self, student):
        ran = modules.run(student.Loud, self.X, upstream=[self.UPSTREAM, self.X])
        assert [ran["output"][0].tolist(), ran["output"][1]["twice"].tolist()] == [[3, -6], [2, -4]]
        assert ran["input_gradients"][0].tolist() == [30, 3]
        assert student._session.seen.output == "shape (2,)\n"

    def test_that_wants_a_device_which_is_not_there_fails_in_its_own_line(self, student):
        with pytest.raises(errors.Raised, match="`Elsewhere` raised .*(CUDA|cuda|NVIDIA)") as fault:
            modules.run(student.Elsewhere, self.X)
        assert fault.value.place.code.strip() == 'def forward(self, x): return super().forward(x.to("cuda"))'

    def test_that_is_still_to_be_written(self, student):
        with pytest.raises(NotImplementedByStudent, match="Unwritten is not implemented yet"):
            modules.run(student.Unwritten, self.X)

    def test_that_is_none_is_refused_in_words(self, student):
        with pytest.raises(CheckFailure, match="threads: it made an object of type int"):
            modules.random_state(student.threads, np.random.default_rng(0))
