"""When a stored result may be used again: only when nothing that it depends on has changed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from grader import __version__
from grader.course import Assignment


@cache
def grader_version() -> str:
    """Return the version and, because a working copy changes without one, a digest of the grader's own sources."""
    root = Path(__file__).resolve().parent.parent
    state = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        state.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{__version__}+{state.hexdigest()[:12]}"


def of_run(assignment: Assignment, seed: str, isolation: str) -> str:
    """Return the digest of everything that all submissions of a run have in common."""
    state = hashlib.sha256(f"{grader_version()}\0{seed}\0{isolation}".encode())
    for part, folder in (("public", assignment.public), ("hidden", assignment.hidden)):
        for path in sorted(folder.rglob("*") if folder else ()):
            if path.is_file() and "__pycache__" not in path.parts:
                name = f"\0{part}/{path.relative_to(folder or path).as_posix()}\0"
                state.update(name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()


def of_result(run: str, submission: str) -> str:
    """Return the digest that a result is stored under."""
    return hashlib.sha256(f"{run}\0{submission}".encode()).hexdigest()
