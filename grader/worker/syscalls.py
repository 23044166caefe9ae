"""The kernel's calls that student code has no use for, refused by a filter (seccomp(2)).

Namespaces leave some channels and some memory uncounted, and most holes found in kernels of late
lie in calls that no coursework makes. A list of what is refused, and not of what is allowed: numpy and
torch use hundreds, and differ by version. Written against the kernel's own interface, as the rest of
the confinement: ``pyseccomp`` would need libseccomp inside the view.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

_CALLS: dict[str, tuple[int, int]] = {
    # keyrings are shared by all processes of a user, whatever their namespaces: a way from one worker to the next
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # memory that belongs to no process and to no file system, so that nobody counts it
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "memfd_secret": (447, 447),
    # messages that wait for whoever knows their name, where there is no IPC namespace
    "mq_open": (240, 180),
    # a new user namespace would make this process privileged in it
    "unshare": (272, 97), "setns": (308, 268),
    # other processes' memory
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    # parts of the kernel in which holes are found
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
}  # fmt: skip
"""Numbers of what is refused, on x86_64 and on aarch64 (the kernel's tables of system calls)."""
_SETSID = (112, 157)
"""Answered as if it were done, since honest programs ask for it: a session of its own would be a share of the
processor of its own, where the kernel divides by sessions."""
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_CLONE_NEWUSER = 0x10000000
_AF_UNIX = 1
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the numbers, and the kernel's name of the architecture."""
_X32 = 0x40000000
"""Numbers from here on are a second door to the same calls, of x86_64 alone."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENT_AT = 0, 4, 16
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def refuse(*, network: bool) -> None:
    """Refuse these calls to this process and to all that it starts, for good.

    Parameters
    ----------
    network
        Whether sockets other than local ones may be made; where there is no network namespace they may not.

    Raises
    ------
    OSError
        When the kernel does not take the filter; it needs ``no_new_privs`` first.
    """
    program = _program(network=network)
    libc = ctypes.CDLL(None, use_errno=True)
    given = _Program(len(program) // 8, program)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp: {os.strerror(error)}")


def _program(*, network: bool) -> bytes:
    """Return the filter as the kernel reads it: each test is followed by what is returned where it holds."""
    column, machine = _MACHINES[platform.machine()]
    refused, unknown = _REFUSE | errno.EPERM, _REFUSE | errno.ENOSYS
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL),  # another table of numbers
        (_LOAD, 0, 0, _NUMBER_AT),
        *_where(_AT_LEAST, _X32, refused),
        *(step for numbers in _CALLS.values() for step in _where(_EQUAL, numbers[column], refused)),
        *_where(_EQUAL, _SETSID[column], _REFUSE | 0),
        # its arguments lie where no filter can look; the C library then takes the older one
        *_where(_EQUAL, _CLONE3[column], unknown),
        # only where it is this call, its first argument is looked at
        (_EQUAL, 0, 4, _CLONE[column]),
        (_LOAD, 0, 0, _ARGUMENT_AT), *_where(_ANY_BIT, _CLONE_NEWUSER, refused), (_RETURN, 0, 0, _ALLOW),
    ]  # fmt: skip
    if not network:
        steps += [
            (_EQUAL, 0, 3, _SOCKET[column]),
            (_LOAD, 0, 0, _ARGUMENT_AT), (_EQUAL, 1, 0, _AF_UNIX), (_RETURN, 0, 0, refused),
        ]  # fmt: skip
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _where(test: int, number: int, answer: int) -> list[tuple[int, int, int, int]]:
    return [(test, 0, 1, number), (_RETURN, 0, 0, answer)]
