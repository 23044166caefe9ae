"""What shuts a worker in: namespaces or another user, a view of the file system, limits, no privileges.

Runs inside the zygote (:func:`clone`) and inside the new worker (:func:`confine`), single
threaded and before any student code. Everything is done with the kernel's own calls through
ctypes, because CPython 3.11 offers neither ``unshare`` nor ``mount``. Sources: clone(2),
user_namespaces(7), mount(2), capabilities(7), setrlimit(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import sys
from pathlib import Path

from . import landlock, syscalls, users, wire

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
ALL_NAMESPACES = _CLONE_NEWNS | _CLONE_NEWUTS | _CLONE_NEWIPC | _CLONE_NEWUSER | _CLONE_NEWPID | _CLONE_NEWNET
_SIGCHLD = 17
_CLONE_NUMBER = {"x86_64": 56, "aarch64": 220}
"""Number of the system call, by machine."""
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_PR_SET_CHILD_SUBREAPER = 36
_CAPABILITY_VERSION_3 = 0x20080522
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-uvm", "/dev/dxg")
_MOST_FILES = 10_000
"""In each temporary file system: an empty file takes a kilobyte of the kernel's memory, which no size limit counts."""
_LAST_CAPABILITY = 63
"""Numbers that the kernel does not know are refused harmlessly."""


def clone(*, isolated: bool) -> int:
    """Fork, as :func:`os.fork` does, into namespaces of its own when ``isolated``.

    Raises
    ------
    OSError
        When the kernel refuses.
    """
    if not isolated:
        return os.fork()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    number = _CLONE_NUMBER[platform.machine()]
    # clone(2) without a stack behaves as fork; the interpreter's own hooks around it are
    # called by hand, as os.fork would
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = int(libc.syscall(number, ctypes.c_ulong(ALL_NAMESPACES | _SIGCHLD), None, None, None, None))
    error = ctypes.get_errno()
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"clone: {os.strerror(error)}")
    return pid


def confine(
    limits: wire.Limits,
    scratch: Path,
    *,
    level: str,
    user: int,
    group: int,
    view: landlock.View | None = None,
) -> None:
    """Shut this process in for good; called once, in the new worker.

    Parameters
    ----------
    limits
        What it may use.
    scratch
        Where its own temporary folder is mounted; at the level ``user`` that folder itself.
    level
        ``namespace`` when it was cloned into namespaces of its own; ``user``; ``none``.
    user, group
        Ids that it had before, and keeps; at the level ``user`` those that it becomes.
    view
        What it may open besides ``scratch``, where the kernel has Landlock; None shows it everything.

    Raises
    ------
    OSError
        When the kernel refuses; no student code may run in this process then.
    """
    if level == "namespace":
        _map_ids(user, group)
        _mount(b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, b"")
        size = f"size={limits.file_mb}m,nr_inodes={_MOST_FILES},mode=0700".encode()
        _mount(b"tmpfs", os.fsencode(scratch), b"tmpfs", _MS_NOSUID | _MS_NODEV, size)
        _mount(b"tmpfs", b"/dev/shm", b"tmpfs", _MS_NOSUID | _MS_NODEV, size)
        _drop_capabilities()
    elif level == "user":
        users.become(user)
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # nobody else has this user: the process may look at itself in /proc, as it can elsewhere
        libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    with contextlib.suppress(OSError):
        # where the machine's memory ends, a worker is ended before the grader is
        Path("/proc/self/oom_score_adj").write_text("1000")
    if level != "namespace" and sys.platform == "linux":
        # no namespace takes it along when the zygote dies; a worker in an endless loop would run for ever
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _limit(limits, isolated=level != "none")
    if view is not None:
        landlock.restrict(view, scratch)
    if level != "none":
        syscalls.refuse(network=level == "namespace")


def adopt_orphans() -> None:
    """Become the parent of processes whose own parents end, as the first process of a namespace is."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _map_ids(user: int, group: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _mount(source: bytes, target: bytes, kind: bytes, flags: int, options: bytes) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source, target, kind, ctypes.c_ulong(flags), options) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount {target.decode()}: {os.strerror(error)}")


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def _drop_capabilities() -> None:
    """Give up every capability in the new user namespace, and the way back to any."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(ctypes.byref(header), nothing) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"capset: {os.strerror(error)}")


def _limit(limits: wire.Limits, *, isolated: bool) -> None:
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_mb * 2**20,
        # room for the descriptors of an honest program, none for hoarding them
        resource.RLIMIT_NOFILE: 256,
    }
    if isolated:
        # elsewhere the limit would count every process of the user, the editor and the browser too
        bounds[resource.RLIMIT_NPROC] = limits.processes
    if sys.platform == "linux" and not _has_gpu():
        bounds[resource.RLIMIT_AS] = _address_space() + limits.memory_mb * 2**20
    for kind, bound in bounds.items():
        # a stricter limit of the caller stays
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (bound, bound))


def _has_gpu() -> bool:
    """Whether student code could start CUDA, which reserves more addresses than any machine has memory.

    Memory is then a matter of a watch from outside. torch is asked for its build and for nothing else: whether a GPU
    works is known only when CUDA starts, and that is after this.
    """
    version = getattr(sys.modules.get("torch"), "version", None)
    return getattr(version, "cuda", None) is not None and any(Path(device).exists() for device in _GPU_DEVICES)


def _address_space() -> int:
    """Bytes of address space that the warm interpreter holds already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
