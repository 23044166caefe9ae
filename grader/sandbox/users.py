"""The level ``user`` seen from the trusted side: whether it is to be had, and what it must not be able to read.

Where the kernel has no Landlock, a worker sees the machine's files, as any user does. So whatever is hidden must be
closed to all users but the grader's, and grading begins with asking the kernel; with Landlock that is a second wall.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from grader.sandbox.errors import SandboxError

_ANYBODY = 60598
"""A user that nobody is, like those that workers get (``grader/worker/users.py``), and none of them."""
_SECONDS = 60
"""Time to import numpy on a busy machine."""


@cache
def why_not_user() -> str:
    """Return why the level ``user`` is not to be had here, in words to act on; empty when it is."""
    if sys.platform != "linux":
        return f"users for workers are a Linux feature, this is {sys.platform}"
    if os.getuid() != 0:
        return "only root can give every submission a user of its own: start the grader as root, in a container, say"
    try:
        done = _as_anybody([sys.executable, "-P", "-c", f"import sys; sys.path[:0] = {sys.path!r}; import numpy"])
    except (OSError, subprocess.SubprocessError) as error:
        return (
            f"no other user can run {sys.executable} ({error}): install Python where others may read it, not in /root"
        )
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return (
        f"another user cannot import numpy ({said}): install the packages where everybody may read them, not in /root"
    )


def refuse_open(paths: Iterable[Path]) -> None:
    """See to it that no worker can read what is hidden; a folder that is not there yet is made, and closed.

    Parameters
    ----------
    paths
        Files and folders: the reference, the submissions, the results.

    Raises
    ------
    SandboxError
        When one of them can be read by any user of this machine.
    """
    for path in paths:
        if not path.exists():
            path.mkdir(mode=0o700, parents=True)
        if is_open(path):
            raise SandboxError(
                f"{path} can be read by every user of this machine, and so by student code: chmod go-rwx {path}"
            )


def is_open(path: Path) -> bool:
    """Whether a user that nobody is can read a file, or enter a folder."""
    test = shutil.which("test", path="/usr/bin:/bin") or "/usr/bin/test"
    return _as_anybody([test, "-x" if path.is_dir() else "-r", str(path.resolve())]).returncode == 0


def _as_anybody(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, user=_ANYBODY, group=_ANYBODY, extra_groups=[], cwd="/", env={"PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=_SECONDS,
    )  # fmt: skip
