"""Users that nobody is, one for each worker: what keeps workers apart where namespaces are forbidden.

Runs as root, in the zygote. A user is claimed for the time of a worker; when that ends, everything
of the user is ended and removed, so that the next one with its number finds nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

_FIRST, _LAST = 60600, 60999
"""Numbers that Linux distributions and systemd give to nobody (systemd.io/UIDS-GIDS), and that 16 bits hold."""
_LOCKS = Path("/run/dlgrader")
"""Where root notes which numbers are in use: several graders may run at a time."""
_OPEN_TO_ALL = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/run/shm")  # noqa: S108 - to be cleaned
_MOST_FILES = 10_000
"""As many as fit into the temporary folders of the level ``namespace``."""
_TRIES, _PAUSE = 200, 0.01
"""For the kernel to bury what was killed; two seconds."""


class Users:
    """The users that this process has claimed; the claims end with it."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._locks: dict[int, int] = {}

    def take(self) -> int:
        """Return a user that no process has.

        Raises
        ------
        OSError
            When none is left, or this process may not claim one.
        """
        return self._free.pop() if self._free else self._claim()

    def give_back(self, user: int) -> None:
        """End and remove everything of a user, and keep it for the next worker when nothing is left."""
        with contextlib.suppress(OSError):
            sweep(user)
            self._free.append(user)

    def _claim(self) -> int:
        _LOCKS.mkdir(mode=0o700, exist_ok=True)
        for user in range(_FIRST, _LAST, 2):
            lock = os.open(_LOCKS / str(user), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                continue
            self._locks[user] = lock
            sweep(user)  # of a grader that was killed
            return user
        raise OSError("all users for workers are taken")


def become(user: int) -> None:
    """Turn this process into one of that user and of no group else; there is no way back."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    os.umask(0o077)


def litters(user: int, own: Path, *, limit: int) -> bool:
    """Whether a user's files are too large or too many: a full disk would be the next worker's trouble.

    Parameters
    ----------
    user
        Of a worker.
    own
        Its temporary folder.
    limit
        Bytes on disk that all of them may take.
    """
    places, size, number = [own, *_left_by(user)], 0, 0
    while places:
        place = places.pop()
        with contextlib.suppress(OSError):
            state = place.lstat()
            size += state.st_blocks * 512  # what stat(2) counts in
            number += 1
            if size > limit or number > _MOST_FILES:
                return True
            if stat.S_ISDIR(state.st_mode):
                places += place.iterdir()
    return False


def sweep(user: int) -> None:
    """End every process of a user, and remove what it left where everybody may write.

    Parameters
    ----------
    user
        One of those that workers get, and never anybody else.

    Raises
    ------
    OSError
        When a process of that user cannot be ended.
    """
    assert _FIRST <= user < _LAST, f"{user} is no user of a worker"
    for _ in range(_TRIES):
        _kill_all(user)
        if not any(is_alive(int(entry.name), user) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
            break
        time.sleep(_PAUSE)
    else:
        raise OSError(f"processes of the user {user} cannot be ended")
    for entry in list(_left_by(user)):
        _remove(entry)


def _left_by(user: int) -> Iterator[Path]:
    """Yield what a user has made in the folders where everybody may."""
    for folder in _OPEN_TO_ALL:
        with contextlib.suppress(OSError):
            for entry in Path(folder).iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if entry.lstat().st_uid == user:
                        yield entry


def _kill_all(user: int) -> None:
    """Kill all processes of a user at once: one after the other, they could start new ones meanwhile."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            # it may signal that user's processes and none else, and they may not signal it
            os.setresuid(user + 1, user, user + 1)
            if (os.getuid(), os.geteuid()) == (user + 1, user):
                os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def is_alive(pid: int, user: int) -> bool:
    """Whether a process is that user's; one that waits to be buried is not counted."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        return str(user) in lines["Uid"].split() and lines["State"].split()[0] not in {"Z", "X"}
    return False


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            entry.unlink()
