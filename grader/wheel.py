"""The installed grader as a pure-Python wheel, the same bytes whenever and wherever it is made.

For students, who get the grader with the homework: nothing publishes it elsewhere. Files are
stored and not compressed, because versions of zlib compress differently.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import grader

_DISTRIBUTION = "dlgrader"
_TIME = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip knows."""
_LEFT_OUT = {"__pycache__"}
_HEADS = ("Name", "Version", "Summary", "Requires-Python", "Requires-Dist", "Provides-Extra")


def wheel() -> tuple[str, bytes]:
    """Return the file name of the wheel, and its content."""
    version = importlib.metadata.version(_DISTRIBUTION)
    info = f"{_DISTRIBUTION}-{version}.dist-info"
    files = _package_files() | {f"{info}/{name}": text for name, text in _metadata().items()}
    record = _record(files, f"{info}/RECORD")
    return f"{_DISTRIBUTION}-{version}-py3-none-any.whl", archive(files | {f"{info}/RECORD": record})


def archive(files: Mapping[str, bytes], *, programs: frozenset[str] = frozenset()) -> bytes:
    """Return a zip of ``files`` by path, in the given order, with fixed times; ``programs`` may be executed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as target:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3  # Unix, wherever it is made: only there are permissions kept
            entry.external_attr = (0o100755 if name in programs else 0o100644) << 16
            target.writestr(entry, data)
    return stream.getvalue()


def _package_files() -> dict[str, bytes]:
    package = Path(grader.__file__).resolve().parent
    paths = sorted(path for path in package.rglob("*") if path.is_file() and _LEFT_OUT.isdisjoint(path.parts))
    names = (PurePosixPath(package.name, *path.relative_to(package).parts).as_posix() for path in paths)
    return {name: path.read_bytes() for name, path in zip(names, paths, strict=True)}


def _metadata() -> dict[str, bytes]:
    """Return what pip needs; not the description, which is the whole README of the project."""
    found = importlib.metadata.distribution(_DISTRIBUTION)
    # sorted, because an installed wheel and an editable installation list them in different orders
    heads = [f"{key}: {value}" for key in _HEADS for value in sorted(found.metadata.get_all(key) or [])]
    return {
        "METADATA": ("\n".join(["Metadata-Version: 2.1", *heads]) + "\n").encode(),
        "WHEEL": b"Wheel-Version: 1.0\nGenerator: dlgrader\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": (found.read_text("entry_points.txt") or "").encode(),
    }


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        writer.writerow([name, f"sha256={digest}", len(data)])
    writer.writerow([own, "", ""])
    return stream.getvalue().encode()
