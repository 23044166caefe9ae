"""Levels of isolation: which one this machine offers, and the command that starts a zygote in it.

``namespace``: a bubblewrap view of the file system, and namespaces for every worker.
``user``: a user of its own for every worker, and rules of Landlock where the kernel has it; where namespaces are
forbidden and the grader is root.
``none`` is a plain process, for a student's own code on the own machine.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from grader.sandbox import gpu, packages, users, view

WORKER_FOLDER = Path(__file__).resolve().parent.parent / "worker"
_INSIDE = Path("/run/dlgrader_worker")
"""Where the worker's folder lies in the sandbox; its name is no module that a student could want."""
_NOBODY = 65534
"""The user that owns nothing, by convention of every distribution."""
_TMP = "/tmp"  # noqa: S108 - in the view, where it is a mount of each worker's own
_STAGE = "/mnt"
"""An empty folder of every system, covered by a private mount while root hands folders over."""


class Level(StrEnum):
    """How well student code is shut in, best first."""

    NAMESPACE = "namespace"
    USER = "user"
    NONE = "none"


@cache
def why_not_namespace() -> str:
    """Return why the level ``namespace`` is not to be had here, in words to act on; empty when it is."""
    if sys.platform != "linux":
        return f"namespaces are a Linux feature, this is {sys.platform}: grade on Linux, in a virtual machine or in CI"
    if shutil.which("bwrap") is None:
        return "bubblewrap is missing: apt-get install bubblewrap"
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        return "setpriv is missing, which root needs to become an unprivileged user: apt-get install util-linux"
    probe = command(["/bin/true"], read_only=[], environment={})
    done = subprocess.run(probe, capture_output=True, text=True, check=False, timeout=20)
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return (
        f"bubblewrap cannot make namespaces here ({said}): allow them with "
        "`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu 24.04) or "
        "`sysctl -w user.max_user_namespaces=10000`; inside Docker, start the container with "
        "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`"
    )


def best() -> Level:
    """Return the best level that this machine offers."""
    if not why_not_namespace():
        return Level.NAMESPACE
    return Level.NONE if users.why_not_user() else Level.USER


def zygote_command(
    level: Level, *, control: int, allowed: Sequence[str], preload: Sequence[str] = (), folder: str = ""
) -> list[str]:
    """Return the command that starts a zygote.

    Parameters
    ----------
    level
        The level of isolation.
    control
        Number of the control socket's descriptor, which the command inherits.
    allowed
        Packages that submissions may import.
    preload
        Modules of them that are imported before anything is forked, besides the packages themselves.
    folder
        An empty folder for temporary files, which the zygote removes when it ends; the level ``namespace`` needs none.
    """
    devices = gpu.devices(tuple(allowed))
    installed = packages.installed_paths(tuple(allowed))
    driver = gpu.places() if devices else []
    places = [*installed, *driver]
    scratch = _scratch([*view.interpreter(), *places]) if level is Level.NAMESPACE else folder
    environment = {
        "HOME": scratch,
        "TMPDIR": scratch,
        "TORCHINDUCTOR_CACHE_DIR": scratch,  # torch._dynamo makes one of its own when it is imported, else
        "USER": "student",  # there is no /etc/passwd to look it up
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "PYTHONHASHSEED": "0",  # the same input gives the same results
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        # one thread a worker: a class is graded by several workers, and a pool of threads does not survive a fork
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        **_unusual_folders(installed),
        **(gpu.environment() if devices else {}),
    }
    warm = ",".join(["numpy", *allowed, *preload])
    words = [str(control), level.value, warm, scratch]
    if level is not Level.NAMESPACE:
        if level is Level.USER:
            seen = view.by_landlock(installed, WORKER_FOLDER, more=driver, devices=devices)
            words.append(msgspec.json.encode(seen).decode())
        program = [sys.executable, "-P", str(WORKER_FOLDER / "zygote.py"), *words]
        return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items()), *program]
    program = [sys.executable, "-P", str(_INSIDE / "zygote.py"), *words]
    return command(program, read_only=places, environment=environment, devices=devices)


def _unusual_folders(installed: Sequence[Path]) -> dict[str, str]:
    """Return PYTHONPATH for packages that the caller's own made known: wheels unpacked on a machine without network."""
    usual = {
        *map(Path, site.getsitepackages()),
        *(Path(sysconfig.get_paths()[name]) for name in ("purelib", "platlib")),
    }
    folders = dict.fromkeys(str(path.parent) for path in installed if path.parent not in usual)
    return {"PYTHONPATH": ":".join(folders)} if folders else {}


def _scratch(places: Sequence[Path]) -> str:
    """Return where a worker's own temporary folder is mounted: never above what it has to see."""
    return "/scratch" if any(path.is_relative_to(_TMP) for path in places) else _TMP


def command(
    program: Sequence[str],
    *,
    read_only: Sequence[Path],
    environment: dict[str, str],
    devices: Sequence[Path] = (),
) -> list[str]:
    """Return the bubblewrap command that runs ``program`` in the view of the file system.

    Started as root it becomes an unprivileged user first: as root the limit on processes is
    ignored, and a worker could see its siblings in /proc. That user may not be able to reach
    the interpreter (below /root, say), so root binds what is needed into a private stage.

    Parameters
    ----------
    program
        What is run inside.
    read_only
        Files and folders to be seen at their own place, besides the system's libraries.
    environment
        The whole environment of the program.
    devices
        Device files that it may use, besides the harmless ones.
    """
    places = [*view.interpreter(), *read_only]
    if os.getuid() != 0:
        return _view(program, {path: path for path in places}, WORKER_FOLDER, environment, devices)
    stage = {path: Path(_STAGE) / str(number) for number, path in enumerate([WORKER_FOLDER, *places])}
    staged = [word for path, place in stage.items() for word in ("--ro-bind", str(path), str(place))]
    become = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--inh-caps=-all", "--"]
    inner = _view(program, {path: stage[path] for path in places}, stage[WORKER_FOLDER], environment, devices)
    handing_over = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    outer = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/", "--tmpfs", _STAGE, *staged, *handing_over, "--"]
    return [*outer, *become, *inner]


def _view(
    program: Sequence[str],
    places: dict[Path, Path],
    worker: Path,
    environment: dict[str, str],
    devices: Sequence[Path],
) -> list[str]:
    """Return the command of the view: the system, ``places`` (seen at, taken from) and the worker, read-only."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in environment.items():
        words += ["--setenv", name, value]
    for system in map(Path, view.SYSTEM):
        if system.is_symlink():
            words += ["--symlink", str(system.readlink()), str(system)]
        elif system.exists():
            words += ["--ro-bind", str(system), str(system)]
    frame, covered = view.interpreter(), view.package_folders()
    for path in frame:
        words += ["--ro-bind", str(places[path]), str(path)]
    for path in covered:
        words += ["--tmpfs", str(path)]
    for path, source in places.items():
        if path not in frame:
            words += ["--ro-bind", str(source), str(path)]
    for path in covered:
        words += ["--remount-ro", str(path)]
    words += ["--ro-bind", str(worker), str(_INSIDE), "--proc", "/proc", "--dev", "/dev", "--dir", _TMP]
    words += [word for device in devices for word in ("--dev-bind", str(device), str(device))]
    scratch = environment.get("TMPDIR", _TMP)
    # bubblewrap's own folders would be the one place where two workers could leave each other something
    words += ["--dir", scratch, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", scratch, "--"]
    return [*words, *program]
