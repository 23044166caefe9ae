"""Memory of a worker, measured from outside: what a limit on address space of each process does not see.

That limit holds for one process at a time, and knows neither what several hold together nor what is
kept in files without a disk. Runs in the zygote, which sees its workers and is not seen by them.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

INTERVAL = 0.2
"""Seconds between two looks: at the 2 GB a second that a process can touch, 400 MB may be missed."""
REST = 4
"""Looking costs 0.1 ms, and some 10 ms a process where the limit may be near: then it rests so many times as long."""
_PAGE = resource.getpagesize()
_BLOCK = 512
"""Bytes that stat(2) counts in."""
_NAMELESS = ("/dev/zero", "/memfd:", "/SYSV")
"""How the kernel calls what is in memory and in no folder; GPU and other devices have names of their own."""


class Watch:
    """What one worker and everything that it started hold.

    Parameters
    ----------
    pid
        The worker.
    limit
        Bytes that all of them together may hold besides what the zygote holds already.
    mounts
        Temporary file systems of its own, as it sees them.
    """

    def __init__(self, pid: int, *, limit: int, mounts: tuple[str, ...]) -> None:
        self._pid = pid
        self._mounts = mounts
        self._limit = limit
        self._zygote = sizes(os.getpid())

    def is_exceeded(self, orphans: list[int]) -> bool:
        """Whether they hold too much.

        Parameters
        ----------
        orphans
            Processes that it started too, and whose parents have ended.
        """
        pids = [pid for first in (self._pid, *orphans) for pid in descendants(first)]
        # what was deleted and is open still fills a disk; in file systems of its own it is counted there
        deleted = not self._mounts
        files = {inode: size for pid in pids for inode, size in _open_files(pid, deleted=deleted).items()}
        in_files = self._in_mounts() + sum(files.values())
        known = [sizes(pid) for pid in pids]
        mapped = sum(max(0, virtual - self._zygote[0]) for virtual, _ in known)
        touched = sum(resident for _, resident in known) - self._zygote[1]
        # neither sum can be too small: pages that several share count for each. The exact one costs milliseconds
        if max(mapped, touched) + in_files <= self._limit:
            return False
        for pid in pids:
            files |= _mapped_in_memory(pid)
        shares = [_share(pid) for pid in pids]
        private, shared = sum(own for own, _ in shares), sum(together for _, together in shares)
        # what is shared by mapping lies in those files, and more may lie there that nobody has mapped
        held = private + max(shared, self._in_mounts() + sum(files.values()))
        return held > self._limit + self._zygote[1]

    def _in_mounts(self) -> int:
        """Bytes in its temporary file systems."""
        used = 0
        for mount in self._mounts:
            with contextlib.suppress(OSError):
                found = os.statvfs(f"/proc/{self._pid}/root{mount}")
                used += (found.f_blocks - found.f_bfree) * found.f_frsize
        return used


def descendants(pid: int) -> list[int]:
    """Return a process and everything below it; those that end meanwhile may be left out."""
    found = [pid]
    for parent in found:
        found += children(parent)
    return found


def children(pid: int) -> list[int]:
    """Return the processes that a process started, or was given when their parents ended."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_bytes().split())
    return found


def sizes(pid: int) -> tuple[int, int]:
    """Bytes of memory that a process has mapped, and those of them that it has touched; zeros when it has ended."""
    with contextlib.suppress(OSError):
        virtual, resident = Path(f"/proc/{pid}/statm").read_bytes().split()[:2]
        return int(virtual) * _PAGE, int(resident) * _PAGE
    return 0, 0


def _share(pid: int) -> tuple[int, int]:
    """Bytes of a process: its own, and of what is shared by mapping, each divided by the number of sharers."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return sizes(pid)[1], 0  # it does not let itself be looked at
    parts = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines}
    # pages of files on a disk are left out: the kernel takes them back, and CUDA's libraries are gigabytes of them
    return parts.get("Pss_Anon:", 0), parts.get("Pss_Shmem:", 0)


def _open_files(pid: int, *, deleted: bool) -> dict[int, int]:
    """Bytes of the files in memory that a process holds open (memfd_create(2)), and of deleted ones, by inode."""
    found = {}
    with contextlib.suppress(OSError):
        for place in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                name = str(place.readlink())
                if name.startswith("/memfd:") or (deleted and name.endswith(" (deleted)")):
                    state = place.stat()
                    found[state.st_ino] = state.st_blocks * _BLOCK
    return found


def _mapped_in_memory(pid: int) -> dict[int, int]:
    """Bytes of the memory without a name that a process has mapped to be shared, touched or not, by inode.

    Whether it was touched is not known here: a child inherits such a mapping without its pages.
    """
    found: dict[int, int] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
            place, rights, _, _, inode, *name = line.split(None, 5)
            if rights[3] == "s" and name and name[0].startswith(_NAMELESS):
                start, end = (int(part, 16) for part in place.split("-"))
                found[int(inode)] = found.get(int(inode), 0) + end - start
    return found
