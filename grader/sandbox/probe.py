"""What ``grader doctor`` runs in the student's place: it tries to get out.

Executed behind the wall only, as a submission; no module of the grader imports it.
"""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path


def other_processes() -> int:
    """Count the processes besides its own whose command lines can be read."""
    try:
        seen = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    except OSError:
        seen = set()
    # the first one and the own parent can be guessed where nothing is listed
    return sum(content(f"/proc/{pid}/cmdline") == "readable" for pid in (seen | {1, os.getppid()}) - {os.getpid()})


def network() -> str:
    """Try to reach an address that is reserved for documentation."""
    try:
        with socket.create_connection(("192.0.2.1", 80), timeout=0.2):
            return "connected"
    except OSError as error:
        return error.strerror or "no route"


def write(folder: str) -> str:
    """Try to make a file in a folder."""
    try:
        Path(folder, "probe").write_text("x", encoding="utf-8")
    except OSError as error:
        return error.strerror or "refused"
    return "written"


def read(folder: str) -> str:
    """Try to list a folder."""
    try:
        return "readable" if list(Path(folder).iterdir()) else "empty"
    except OSError as error:
        return error.strerror or "refused"


def content(file: str) -> str:
    """Try to read a file."""
    try:
        Path(file).read_bytes()
    except OSError as error:
        return error.strerror or "refused"
    return "readable"


def user() -> int:
    """Return who it is."""
    return os.getuid()


def allocate(megabytes: int) -> int:
    """Take memory."""
    return len(bytearray(megabytes * 2**20))


def fork_many(number: int) -> str:
    """Start processes that stay."""
    children = []
    try:
        for _ in range(number):
            pid = os.fork()
            if pid == 0:
                signal.pause()
            children.append(pid)
    except OSError as error:
        return error.strerror or "refused"
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return "forked"


def hang() -> None:
    """Never return."""
    while True:
        pass
