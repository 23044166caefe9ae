"""What workers get to see of a GPU, tried with files that stand for it: this needs no GPU."""

from __future__ import annotations

import resource
import types
from itertools import pairwise
from pathlib import Path

import pytest

from grader.sandbox import gpu, isolation
from grader.sandbox.isolation import Level
from grader.worker import confinement, wire

LIMITS = wire.Limits(memory_mb=512, cpu_seconds=9, file_mb=8, output_kb=8, processes=16)


@pytest.fixture
def card(tmp_path, monkeypatch):
    """A machine with a card: device files, and a driver where no loader looks."""
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / "dev" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "dev" / name).touch()
    driver = tmp_path / "driver"
    driver.mkdir()
    (driver / "libcuda.so.1").touch()
    monkeypatch.setattr(gpu, "_DEV", tmp_path / "dev")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/nowhere:{driver}:relative")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    return tmp_path


def bound(words, kind):
    """What a view binds, in that way."""
    return {words[place + 1] for place, word in enumerate(words) if word == kind}


def test_workers_of_torch_see_the_device_files_and_the_driver(card):
    words = isolation.command(
        ["/bin/true"], read_only=gpu.places(), environment=gpu.environment(), devices=gpu.devices(("numpy", "torch"))
    )
    names = {Path(path).name for path in bound(words, "--dev-bind")}
    assert {"nvidia0", "nvidiactl", "nvidia-uvm"} <= names
    assert "null" not in names
    assert str(card / "driver") in " ".join(words)
    assert ("LD_LIBRARY_PATH", str(card / "driver")) in set(pairwise(words))


def test_the_devices_come_after_the_view_has_its_own_dev(card):
    words = isolation.command(["/bin/true"], read_only=[], environment={}, devices=gpu.devices(("torch",)))
    view = words[len(words) - words[::-1].index("--unshare-all") :]
    assert view.index("--dev") < view.index("--dev-bind") < len(view) - view[::-1].index("--remount-ro")


@pytest.mark.parametrize("level", [Level.NONE, Level.USER, Level.NAMESPACE])
def test_the_command_of_a_zygote_has_them_for_torch_alone(card, level):
    with_torch, without = (
        " ".join(isolation.zygote_command(level, control=5, allowed=allowed)) for allowed in (("torch",), ("numpy",))
    )
    assert "CUDA_VISIBLE_DEVICES" in with_torch
    assert "CUDA_VISIBLE_DEVICES" not in without
    assert "nvidia0" not in without
    assert ("nvidia0" in with_torch) == (level is not Level.NONE)  # without a view everything is seen anyway


def test_a_machine_without_a_card_gives_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "_DEV", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert gpu.devices(("torch",)) == []
    assert "CUDA_VISIBLE_DEVICES" not in " ".join(isolation.zygote_command(Level.NONE, control=5, allowed=("torch",)))


@pytest.mark.parametrize(
    ("cuda", "has_card", "limited"), [("13.0", True, False), ("13.0", False, True), (None, True, True)]
)
def test_addresses_are_limited_unless_cuda_could_start(card, monkeypatch, cuda, has_card, limited):
    torch = types.SimpleNamespace(version=types.SimpleNamespace(cuda=cuda))
    monkeypatch.setitem(confinement.sys.modules, "torch", torch)
    monkeypatch.setattr(confinement, "_GPU_DEVICES", (str(card / "dev" / "nvidiactl"),) if has_card else ("/nowhere",))
    kinds = []
    monkeypatch.setattr(confinement.resource, "setrlimit", lambda kind, _: kinds.append(kind))
    confinement._limit(LIMITS, isolated=True)
    assert (resource.RLIMIT_AS in kinds) == limited
    assert resource.RLIMIT_NPROC in kinds


def test_packages_that_python_finds_by_pythonpath_are_found_by_workers_too(tmp_path, monkeypatch):
    package = tmp_path / "wheels" / "msgspec"
    package.mkdir(parents=True)
    monkeypatch.setattr(isolation.packages, "installed_paths", lambda _: (package,))
    words = isolation.zygote_command(Level.NONE, control=5, allowed=("numpy",))
    assert f"PYTHONPATH={tmp_path / 'wheels'}" in words


def test_packages_at_their_usual_place_need_no_pythonpath():
    words = isolation.zygote_command(Level.NONE, control=5, allowed=("numpy",))
    assert not any(word.startswith("PYTHONPATH=") for word in words)
