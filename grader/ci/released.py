"""What was handed out, so that a run can say when it was edited.

For feedback only: a student can edit the list as well. Grades that count are made elsewhere,
with the instructor's own files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from grader.course import RELEASE as FOLDER
from grader.course import STUBS

__all__ = ["FOLDER", "MANIFEST", "STUBS", "changes", "manifest", "untouched"]

MANIFEST = "released.json"

_WATCHED = ("checks.py", "assignment.toml", "requirements.txt")


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return the list of those ``files``, by path, that a student need never change."""
    watched = {name: _digest(data) for name, data in sorted(files.items()) if _is_watched(name)}
    return (json.dumps({"sha256": watched}, indent=2) + "\n").encode()


def changes(root: Path) -> list[tuple[str, str]]:
    """Return path and ``was edited`` or ``was deleted`` of what is not as it was released.

    Nothing is known, and said, of a folder without a list.
    """
    try:
        released = dict(json.loads((root / FOLDER / MANIFEST).read_bytes())["sha256"])
    except FileNotFoundError:
        return [(f"{FOLDER}/{MANIFEST}", "was deleted")] if (root / FOLDER).is_dir() else []
    except (OSError, ValueError, KeyError, TypeError):
        return [(f"{FOLDER}/{MANIFEST}", "was edited")]
    found = ((name, _state(root / name, digest)) for name, digest in released.items())
    return [(name, state) for name, state in found if state]


def untouched(root: Path, assignment: str) -> bool:
    """Whether stub and notebook of an assignment are still as they were released."""
    stubs = root / FOLDER / STUBS / assignment
    released = {path.name: path.read_bytes() for path in stubs.glob("*")} if stubs.is_dir() else {}
    return bool(released) and all(
        (root / assignment / name).is_file() and _same((root / assignment / name).read_bytes(), data)
        for name, data in released.items()
    )


def _is_watched(name: str) -> bool:
    return Path(name).name in _WATCHED or name.startswith(".github/")


def _state(path: Path, digest: object) -> str:
    try:
        return "" if _digest(path.read_bytes()) == digest else "was edited"
    except OSError:
        return "was deleted"


def _digest(data: bytes) -> str:
    return hashlib.sha256(_with_line_feeds(data)).hexdigest()


def _same(one: bytes, other: bytes) -> bool:
    return _with_line_feeds(one) == _with_line_feeds(other)


def _with_line_feeds(data: bytes) -> bytes:
    """Undo what git does to line ends on Windows: nobody edited that."""
    return data.replace(b"\r\n", b"\n")
