"""The levels, and the words with which a missing one is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import isolation, packages
from grader.sandbox.isolation import Level


@pytest.fixture(autouse=True)
def _fresh():
    isolation.why_not_namespace.cache_clear()
    yield
    isolation.why_not_namespace.cache_clear()


def test_another_system_has_no_namespaces(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isolation.why_not_namespace() == (
        "namespaces are a Linux feature, this is darwin: grade on Linux, in a virtual machine or in CI"
    )
    assert isolation.best() is Level.NONE


def test_without_bubblewrap_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert isolation.why_not_namespace() == "bubblewrap is missing: apt-get install bubblewrap"


def test_a_kernel_that_refuses_is_told_with_what_to_change(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    refused = subprocess.CompletedProcess([], 1, "", "bwrap: setting up uid map: Permission denied\n")
    monkeypatch.setattr(isolation.subprocess, "run", lambda *_a, **_k: refused)
    told = isolation.why_not_namespace()
    assert told.startswith("bubblewrap cannot make namespaces here (bwrap: setting up uid map: Permission denied): ")
    assert "kernel.apparmor_restrict_unprivileged_userns=0" in told


def test_the_worker_is_started_from_its_own_folder_without_the_graders_path():
    words = isolation.zygote_command(Level.NONE, control=5, allowed=("numpy",), folder="/made")
    assert words[words.index(sys.executable) :] == [
        sys.executable, "-P", str(isolation.WORKER_FOLDER / "zygote.py"), "5", "none", "numpy,numpy", "/made",
    ]  # fmt: skip
    assert words[:2] == ["/usr/bin/env", "-i"]


def test_the_view_holds_no_folder_of_packages_whole():
    words = isolation.zygote_command(Level.NAMESPACE, control=5, allowed=("numpy",), folder="")
    shown = [words[n + 2] for n, word in enumerate(words) if word == "--ro-bind"]
    assert str(Path(pytest.__file__).parent.parent) not in shown
    assert any(Path(place).name == "numpy" for place in shown)
    assert not any(Path(place).name == "grader" for place in shown)


class TestPackages:
    def test_what_a_package_requires_comes_with_it(self):
        names = {path.name for path in packages.installed_paths(("jinja2",))}
        assert {"jinja2", "markupsafe", "msgspec", "numpy"} <= names
        assert "pytest" not in names

    def test_one_that_is_not_installed_is_left_out_and_told(self):
        assert packages.installed_paths(("no-such-package",)) == packages.installed_paths(())
        assert packages.missing(("numpy", "no-such-package")) == ("no-such-package",)

    @pytest.mark.parametrize("name", ["jinja2", "Jinja2", "JINJA2"])
    def test_names_are_compared_as_installers_do(self, name):
        assert packages.missing((name,)) == ()
