"""What a worker has to see for a GPU to be of use: device files, the driver's libraries, its place in /sys.

CUDA itself starts in the worker, after the fork: a context does not survive one. Its address space is larger than any
memory, so a worker with a GPU has no RLIMIT_AS (see :mod:`grader.worker.confinement`), and what it takes is a matter of
a watch from outside. Only assignments that use torch see any of this.
"""

from __future__ import annotations

import os
from pathlib import Path

_DEV = Path("/dev")
_DEVICES = ("nvidia*", "dxg")
"""Device files of Nvidia's driver, and the one of Windows' Linux."""
_DRIVER = "libcuda.so.1"
_FOLDERS = ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib")
"""Where containers and Windows' Linux keep the driver's libraries; elsewhere they lie with the system's."""
_TOPOLOGY = ("/sys/devices", "/sys/bus/pci")
"""Where the driver looks for the card's place on the bus."""


def devices(allowed: tuple[str, ...]) -> list[Path]:
    """Return the device files that submissions with these packages get; none where there is no GPU."""
    if "torch" not in allowed:
        return []
    return sorted(path for pattern in _DEVICES for path in _DEV.glob(pattern))


def places() -> list[Path]:
    """Return the folders that the driver reads, beside the system's own."""
    return [*libraries(), *(Path(folder) for folder in _TOPOLOGY if Path(folder).is_dir())]


def libraries() -> list[Path]:
    """Return the folders that hold the driver's libraries and that no loader looks into by itself."""
    named = [*filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":")), *_FOLDERS]
    found = [Path(folder) for folder in dict.fromkeys(named)]
    return [folder for folder in found if folder.is_absolute() and (folder / _DRIVER).exists()]


def environment() -> dict[str, str]:
    """Return the variables by which CUDA finds its libraries and the caller chose a card."""
    variables = {"LD_LIBRARY_PATH": ":".join(map(str, libraries()))}
    variables |= {name: os.environ.get(name, "") for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")}
    return {name: value for name, value in variables.items() if value}
