"""What of the machine a worker gets to see: one list, for bubblewrap's mounts and for Landlock's rules.

The system's libraries, the interpreter, the packages that an assignment allows. Nothing else of /usr and /etc:
courses lie in /usr/src, say.
"""

from __future__ import annotations

import mimetypes
import sys
import sysconfig
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from grader.worker import landlock

SYSTEM = (
    "/bin", "/lib", "/lib64", "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
    "/etc/alternatives",
)  # fmt: skip
"""What a dynamically linked interpreter reads."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
"""The harmless ones, which bubblewrap makes by itself."""
_PROC = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat")
"""How many processors and how much memory there is, for libraries that ask."""
_LOOKED_FOR = ("/usr/share/zoneinfo", *map(str, mimetypes.knownfiles))
"""What Python's library reads where it sees it. Rules cannot make it go away, and a refusal would be an error."""
_PROC_OF_A_GPU = ("/proc/devices", "/proc/driver", "/proc/modules", "/proc/sys/vm")
"""What Nvidia's library reads before it opens a card."""


def interpreter() -> list[Path]:
    """Return what belongs to this interpreter: its installation, and of a virtual environment the frame alone."""
    paths = sysconfig.get_paths()
    base = Path(sys.base_prefix)
    found = [Path(paths["stdlib"]), Path(sys.base_exec_prefix) / "bin", *base.glob("lib/libpython3*")]
    if sys.prefix != sys.base_prefix:
        found += [Path(sys.prefix) / "bin", Path(sys.prefix) / "pyvenv.cfg"]
    return [path for path in found if path.exists()]


def package_folders() -> list[Path]:
    """Return the folders of installed packages that lie inside of what is shown: they must not be shown whole."""
    folders = [Path(sysconfig.get_paths()["stdlib"]) / "site-packages", Path(sysconfig.get_paths()["purelib"])]
    folders += [*Path("/usr/lib").glob("python3*/dist-packages"), *Path("/usr/local/lib").glob("python3*/*-packages")]
    seen = (Path("/usr"), Path(sysconfig.get_paths()["stdlib"]))
    return [path for path in dict.fromkeys(folders) if path.is_dir() and any(map(path.is_relative_to, seen))]


def by_landlock(
    installed: Sequence[Path], worker: Path, *, more: Sequence[Path] = (), devices: Sequence[Path] = ()
) -> landlock.View:
    """Return the view as rules of Landlock, which can allow and not take away again.

    Parameters
    ----------
    installed
        Files and folders of the allowed packages.
    worker
        The folder of the worker's own code.
    more, devices
        Folders that a GPU's driver reads, and its device files, where there is one.
    """
    covered = {folder.resolve() for folder in package_folders()}
    shown = [path for path in map(Path, SYSTEM) if path.exists() and not path.is_symlink()]
    shown += [path.resolve() for path in interpreter()]
    read = [part for place in dict.fromkeys(shown) for part in _around(place, covered)]
    listed = [Path(sysconfig.get_paths()["stdlib"]), *(path.parent for path in installed)]
    return landlock.View(
        read=_words([*read, *installed, worker, *more, *_PROC, *_LOOKED_FOR, *(_PROC_OF_A_GPU if devices else ())]),
        names=_words(listed),
        use=_words([*_DEVICES, *devices]),
    )


def _around(place: Path, covered: Collection[Path]) -> Iterator[Path]:
    """Yield what together is this place without what is covered in it."""
    if place in covered:
        return
    if not any(folder.is_relative_to(place) for folder in covered):
        yield place
        return
    for entry in sorted(place.iterdir()):
        if not entry.is_symlink():  # what it leads to is shown at its own place, or not at all
            yield from _around(entry, covered)


def _words(paths: Sequence[Path | str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, paths)))
