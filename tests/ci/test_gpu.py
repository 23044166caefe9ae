"""``ci/gpu``: what it says without a GPU, and its report of a small course, made on the CPU."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from grader.sandbox.isolation import Level, best

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = """
import torch

class Scale(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return torch.tanh(x * self.weight{wrong})
"""
CHECKS = '''
from grader import exercise, expect, modules, parity

@exercise("scale")
def check_scale(student, reference, rng):
    """Your module gives the same on every device and in every precision."""
    state = modules.random_state(reference.Scale, rng, build={"width": 3})
    x = rng.normal(size=(4, 3))
    parity.across(student.Scale, x, build={"width": 3}, state=state, upstream=x)

@exercise("scale")
def check_that_asks_for_no_parity(student):
    """It can be made."""
    expect(modules.run(student.Scale, __import__("numpy").ones(3), build={"width": 3})["output"]).is_finite()
'''
TOML = """
title = "Toy"
packages = ["numpy", "torch"]
[[exercise]]
name = "scale"
title = "Scale"
points = 1
functions = ["Scale"]
"""


@pytest.fixture(scope="module")
def gpu():
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("ci_gpu", ROOT / "ci" / "gpu.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def course(folder: Path, wrong: str = "") -> Path:
    for room in ("assignments", "reference"):
        (folder / room / "toy").mkdir(parents=True)
    (folder / "assignments" / "toy" / "assignment.toml").write_text(TOML)
    (folder / "reference" / "toy" / "toy.py").write_text(REFERENCE.replace("{wrong}", wrong))
    (folder / "reference" / "toy" / "checks.py").write_text(CHECKS)
    return folder


def test_the_report_has_the_errors_of_every_module_and_dtype(gpu, tmp_path):
    report = gpu.parity_of(course(tmp_path), "toy", best())
    (check,) = report.values()  # the other check looks at no parity
    assert (check["outcome"], check["message"]) == ("passed", "")
    assert {(one["module"], one["device"], one["dtype"]) for one in check["errors"]} >= {
        ("Scale", "cpu", "float32"), ("Scale", "cpu", "bfloat16")
    }  # fmt: skip
    assert all(0 <= one["units"] < 8 for one in check["errors"])
    whole = {"assignments": {"toy": report}, "controls": {}}
    assert gpu.passed(whole) == torch.cuda.is_available()  # a worker that sees no GPU has not shown anything
    assert set(gpu.worst(whole)) >= {"float32 on cpu", "bfloat16 on cpu"}
    json.dumps(report)


def test_a_reference_that_fails_is_reported_and_fails_the_run(gpu, tmp_path):
    report = gpu.parity_of(course(tmp_path, wrong=" + torch.ones(3)"), "toy", Level.NONE)
    (check,) = report.values()
    assert check["outcome"] == "failed"
    assert "a tensor is made on the CPU by `ones`" in check["message"]
    assert not gpu.passed({"assignments": {"toy": report}, "controls": {}})


def test_a_control_that_is_not_refused_fails_the_run(gpu):
    right = {"toy": {"check": {"outcome": "passed", "errors": [{"device": "cuda"}]}}}
    assert gpu.passed({"assignments": right, "controls": {"InTf32": {"refused": True}}})
    assert not gpu.passed({"assignments": right, "controls": {"InTf32": {"refused": False}}})
    assert not gpu.passed({"assignments": {}, "controls": {}})


def ran(*words: str) -> subprocess.CompletedProcess:
    here = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(["bash", ROOT / "ci" / "gpu", *words], capture_output=True, text=True, check=False, env=here)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_is_told_so_with_a_status_of_its_own():
    done = ran()
    assert done.returncode == 4
    assert done.stderr == f"ci/gpu: torch {torch.__version__} sees no GPU here: parity was not run on one\n"


def test_a_folder_of_wheels_that_is_not_there_is_refused():
    done = ran("--wheels", "/nowhere")
    assert (done.returncode, done.stderr) == (2, "ci/gpu: there is no folder /nowhere\n")
