"""Submissions that use torch: tensors cross as values, modules and gradients stay where they are."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

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
