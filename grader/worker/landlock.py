"""What a worker of the level ``user`` may open, by Landlock: a view of files that needs no namespace and no privilege.

Runs inside the new worker, after what has to be opened is open and before any student code. It is a list of what is
allowed; everything else is refused to this process and to all that it starts, for good. Not for what Landlock does
not handle: ``stat`` tells still whether a file is there, names of folders can be entered, and modes be changed where
they are the own ones. Source: landlock(7), and the kernel's own header ``linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from functools import cache
from pathlib import Path

import msgspec

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the system calls, on every machine but alpha."""
_VERSION = 1
"""Flag that asks for the version of the interface, and for nothing else."""
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL = (1 << bit for bit in (0, 1, 2, 3, 14, 15))
_FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: _TRUNCATE, 5: _IOCTL}
"""Rights on files, by the version that began to handle them: the second is to link and rename between folders."""
_TCP = {4: 0b11}
"""To bind and to connect; a filter refuses the sockets already."""
_SCOPES = {6: 0b11}
"""Abstract sockets, and signals: neither goes to a process that is not shut in together with this one."""
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
"""Rights that a file can have; the others are a folder's."""
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_USE = _READ_FILE | _WRITE_FILE | _READ_DIR | _TRUNCATE | _IOCTL
_ALL = (1 << 16) - 1
_ITSELF = "/proc/self"
"""Its own command line, memory map and descriptors; other processes' lie beside it."""
_LACKING = {errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
"""Too old, not built in or switched off, and refused by a container's own filter, which knows no newer calls."""


class View(msgspec.Struct, frozen=True):
    """What may be opened besides the own temporary folder; what is not there is left out.

    Attributes
    ----------
    read
        Files, and folders with all below them, to be read and executed.
    names
        Folders whose names may be listed, and those of all folders below; Python looks for modules there.
    use
        Device files to be read and written, and folders of them.
    """

    read: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    use: tuple[str, ...] = ()


def version() -> int:
    """Return the version of the kernel's interface, from 1; 0 where there is none.

    Raises
    ------
    OSError
        When the kernel answers neither.
    """
    try:
        return _call(_CREATE, None, 0, _VERSION)
    except OSError as error:
        if error.errno in _LACKING:
            return 0
        raise


def restrict(view: View, own: Path) -> None:
    """Allow this process what is in ``view``, everything below ``own``, and nothing else.

    Nothing happens where the kernel has no Landlock.

    Parameters
    ----------
    view
        Of the machine.
    own
        Its temporary folder.

    Raises
    ------
    OSError
        When the kernel has it and does not take the rules; it needs ``no_new_privs`` first.
    """
    known = version()
    if not known:
        return
    files, tcp, scopes = (_since(known, rights) for rights in (_FILES, _TCP, _SCOPES))
    # an older kernel takes a longer record when what it does not know is zero
    attributes = struct.pack("=QQQ", files, tcp, scopes)
    rules = _call(_CREATE, attributes, len(attributes), 0)
    try:
        _allow(rules, own, _ALL & files)
        for places, rights in (((*view.read, _ITSELF), _READ), (view.names, _READ_DIR), (view.use, _USE)):
            for place in places:
                _allow(rules, place, rights & files)
        _call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _since(known: int, rights: dict[int, int]) -> int:
    """Return those rights that this version handles."""
    return sum(bits for since, bits in rights.items() if since <= known)


def _allow(rules: int, place: str | Path, rights: int) -> None:
    try:
        found = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # nothing that could be opened later
    try:
        if not stat.S_ISDIR(os.fstat(found).st_mode):
            rights &= _OF_A_FILE
        _call(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", rights, found), 0)
    finally:
        os.close(found)


@cache
def _library() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call; each number fills a word of the kernel's, as it would not by itself."""
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in (number, *arguments)]
    result = int(_library().syscall(*words))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"landlock: {os.strerror(error)}")
    return result
