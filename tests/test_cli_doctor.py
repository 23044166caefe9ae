"""Which GPU `grader doctor` says that there is."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from grader.commands import student

NO_POINTS = "parity checks compare precisions on the CPU, and cost no points"


@pytest.fixture
def torch(monkeypatch) -> ModuleType:
    """A torch that sees two GPUs."""
    module = ModuleType("torch")
    gpus = [SimpleNamespace(name="NVIDIA H100 80GB HBM3", total_memory=85_000_000_000),
            SimpleNamespace(name="[red]T4", total_memory=15 * 2**30)]  # fmt: skip
    module.cuda = SimpleNamespace(
        is_available=lambda: True, device_count=lambda: len(gpus), get_device_properties=gpus.__getitem__
    )
    module.__version__ = "2.13"
    monkeypatch.setitem(sys.modules, "torch", module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    return module


def test_every_gpu_with_its_memory(torch):
    assert student._gpu() == "NVIDIA H100 80GB HBM3, 79 GiB, [red]T4, 15 GiB"


def test_none_that_torch_sees(torch):
    torch.cuda.device_count = lambda: 0
    assert student._gpu() == f"none that torch 2.13 sees; {NO_POINTS}"


def test_a_driver_that_fails_is_named(torch):
    def fail(_number):
        raise RuntimeError("CUDA driver\ninitialization failed")

    torch.cuda.get_device_properties = fail
    said = "none: torch cannot look for one (RuntimeError: CUDA driver initialization failed)"
    assert student._gpu() == f"{said}; {NO_POINTS}"


def test_torch_is_not_imported_where_it_is_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would raise
    assert student._gpu() == f"none: torch, which would use it, is not installed; {NO_POINTS}"


def test_it_is_printed(monkeypatch, capsys):
    from rich.console import Console

    from grader.sandbox import doctor

    monkeypatch.setattr(doctor, "examine", list)
    monkeypatch.setattr(student, "_gpu", lambda: "[red]T4, 15 GiB")
    assert student.doctor(Console()) == 0
    assert capsys.readouterr().out == "GPU      [red]T4, 15 GiB\n"
