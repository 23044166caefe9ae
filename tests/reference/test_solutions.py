"""The solution of every assignment, handed in: it passes everything, through the whole path of a submission."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import Course
from tests.reference.conftest import ROOT


@pytest.mark.parametrize("name", Course(ROOT).names)
def test_the_solution_gets_all_points_and_no_check_is_at_fault(name: str, tmp_path: Path) -> None:
    solution = Course(ROOT).assignment(name).solution
    assert solution is not None
    own = tmp_path / "class" / "ada"
    own.mkdir(parents=True)
    shutil.copy(solution, own)
    out = tmp_path / "out"
    words = [sys.executable, "-m", "grader", "grade", str(tmp_path / "class"), "--course", str(ROOT), "-a", name]
    done = subprocess.run([*words, "--out", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = json.loads((out / "results.json").read_text(encoding="utf-8"))["submissions"]
    assert {check["outcome"] for check in result["checks"]} == {"passed"}
