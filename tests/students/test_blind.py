"""Right answers by people who saw handout and stub alone, each in a style of its own: all of them get every point.

Their wrong answers are known mistakes now, or fail a check that was made for them; these are what may never fail.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.results import Batch, Outcome
from tests.students.samples import ROOT

BLIND = Path(__file__).parent / "blind"


@pytest.mark.parametrize("name", sorted(path.name for path in BLIND.iterdir()))
def test_every_one_has_all_points(name, tmp_path):
    words = [
        sys.executable,
        "-m",
        "grader",
        "grade",
        str(BLIND / name),
        "--out",
        str(tmp_path / "out"),
        "--seed",
        "blind",
    ]
    done = subprocess.run(
        [*words, "--course", str(ROOT), "--assignment", name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    batch = Batch.model_validate_json((tmp_path / "out/results.json").read_text(encoding="utf-8"))
    assert len(batch.submissions) >= 2
    failed = [
        (r.id, check.title, check.message)
        for r in batch.submissions
        for check in r.checks
        if check.outcome is not Outcome.PASSED
    ]
    assert failed == []
    assert {result.outcome for result in batch.submissions} == {Outcome.PASSED}
    assert [result.id for result in batch.submissions if result.shortcuts] == []
