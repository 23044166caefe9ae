"""What tests of stopped runs look at: which processes are left."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE = 30
"""Seconds after which a process that was to end is left for good: it ends in hundredths, on a busy machine in one."""


def still_running(pids: Iterable[int]) -> list[int]:
    """Wait for processes to end, and return those that do not."""
    deadline = time.monotonic() + PATIENCE
    while (left := [pid for pid in pids if _is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
