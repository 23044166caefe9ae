"""An interpreter that every user of this machine can run, which the level ``user`` needs: tests may run in /root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*words: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run this project's Python with these arguments at a place that others can read; skip, in words, where none is."""
    if os.getuid() != 0:
        pytest.skip("only root can give every submission a user of its own")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    reasons = []
    for interpreter in (sys.executable, f"/usr/bin/python3.{sys.version_info[1]}"):
        why = _said(interpreter, environment)
        if not why:
            return subprocess.run(
                [interpreter, *words],
                env=environment,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout,
            )
        reasons.append(f"{interpreter}: {why}")
    pytest.skip("; ".join(reasons))


def _said(interpreter: str, environment: dict[str, str]) -> str:
    if not Path(interpreter).exists():
        return "there is none"
    code = "from grader.sandbox.users import why_not_user; print(why_not_user())"
    done = subprocess.run(
        [interpreter, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return (done.stdout + done.stderr).strip()
