"""Imports where all packages lie in one folder: those that are allowed are found, the others are as if not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import grader

CODE = """
import importlib.util, json, sys
from grader.worker import installed
folder, allowed, names = json.loads(sys.argv[1])
installed.show_only([f"{folder}/{name}" for name in allowed])
def kind(name):
    try: __import__(name)
    except Exception as error: return type(error).__name__
    return "found"
print(json.dumps([[kind(name), importlib.util.find_spec(name) is not None] for name in names]))
"""


@pytest.fixture
def imports(tmp_path):
    """Import from a folder of packages, of which some are allowed."""
    packages = tmp_path / "packages"
    for file in ("allowed/__init__.py", "allowed/part.py", "other/__init__.py", "single.py", "single_other.py"):
        (packages / file).parent.mkdir(parents=True, exist_ok=True)
        (packages / file).touch()
    (packages / "group/inner").mkdir(parents=True)
    (packages / "group/inner/__init__.py").touch()
    own = tmp_path / "own"
    own.mkdir()
    (own / "other.py").touch()

    def run(allowed: list[str], names: list[str], above: str = "") -> list:
        environment = {**os.environ, "PYTHONPATH": f"{Path(grader.__file__).parents[1]}:{packages}"}
        given = json.dumps([str(packages), allowed, names])
        code = CODE.replace("def kind", f"{above.format(own=own)}\ndef kind")
        words = [sys.executable, "-P", "-c", code, given]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_what_is_allowed_is_found_with_its_parts(imports):
    found = imports(["allowed", "single.py", "group"], ["allowed", "allowed.part", "single", "group.inner"])
    assert found == [["found", True]] * 4


def test_what_is_not_is_as_if_it_were_not_installed(imports):
    assert imports(["allowed"], ["other", "single_other", "group"]) == [["ModuleNotFoundError", False]] * 3


def test_pythons_own_library_stays(imports):
    assert imports([], ["sqlite3", "xml.etree.ElementTree", "_bz2"]) == [["found", True]] * 3


def test_a_folder_that_comes_later_is_the_students_own(imports):
    assert imports(["allowed"], ["other"], above="sys.path.insert(0, '{own}')") == [["found", True]]
