"""How much memory there is for a worker, and for a check: a container may have less than an assignment allows.

Where the kernel's own limit is met first, it ends whichever process it likes, the grader among them, and the student
reads of a process that was killed and not of memory. So workers are given no more than what is left.
"""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from grader.sandbox import gpu

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_RESERVE = 64 * 2**20
"""Bytes for what the grader itself will need: the answer that it reads, twice, and a report."""
_LEAST_MB = 64
"""As in an assignment's limits: with less nothing could be graded, and the kernel has to decide."""
_ROOM = 2 * 2**30
"""Bytes that a check may take in this process: thirty of the largest messages that cross the wall. What it is handed
is small, and becomes large when a student calls a function of the check with a column and a row."""


def allowed_mb(wanted: int) -> int | None:
    """Return how much a worker and all that it starts may hold, where that is less than ``wanted``; both in MB.

    None where there is enough, or no limit but the machine's own memory.
    """
    left = _left()
    return max(_LEAST_MB, int(left / 2**20)) if left < wanted * 2**20 else None


@cache
def _has_bound() -> bool:
    """Whether a limit can be set, and means something: CUDA reserves more than any machine has."""
    return sys.platform == "linux" and not gpu.devices(("torch",))


@contextmanager
def bounded() -> Iterator[None]:
    """Raise ``MemoryError`` inside where this process takes too much, before the kernel ends it; Linux alone can.

    Processes that are started inside inherit the limit, and may lift it: the zygote does.
    """
    if not _has_bound():
        yield
        return
    before = soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = int(Path("/proc/self/statm").read_bytes().split()[5]) * resource.getpagesize()
    # of what may be written, since libraries map more for reading than a check ever needs
    bound = min([held + _ROOM, *(each for each in before if each != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def kills() -> int:
    """Return how many processes of these control groups the kernel has ended for want of memory until now."""
    found = [0]
    for folder in _own_groups():
        for name in ("memory.events", "memory.oom_control"):  # version 2, version 1
            with suppress(OSError, KeyError, ValueError):
                found.append(int(dict(line.split() for line in (folder / name).read_text().splitlines())["oom_kill"]))
    return max(found)


def _left() -> float:
    """Bytes that the control groups of this process leave to it and its workers; infinite without a limit."""
    left = math.inf
    for folder in _own_groups():
        with suppress(OSError, KeyError, ValueError):
            held = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            if (folder / "memory.max").exists():  # version 2
                limit = (folder / "memory.max").read_text().strip()
                used = int(held["anon"]) + int(held["shmem"])
            else:
                limit = (folder / "memory.limit_in_bytes").read_text()
                used = int(held["total_rss"]) + int(held["total_shmem"])
            # what it holds of files it can give back
            left = min(left, (math.inf if limit == "max" else int(limit)) - used - _RESERVE)
    return left


def _own_groups() -> Iterator[Path]:
    """Yield the folders of the control groups that this process is in, and of those above them."""
    try:
        lines = _OWN.read_text().splitlines()
    except OSError:
        return  # no Linux
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds in {"", "memory"}:
            root = _GROUPS / kinds
            place = root / path.lstrip("/")
            # in a container the path may be the host's, and the root the own group
            yield from (folder for folder in (place, *place.parents) if folder.is_relative_to(root))
