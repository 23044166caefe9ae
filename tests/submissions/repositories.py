"""Repositories for the tests of commits: made by git, and by hand."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from datetime import UTC, datetime
from pathlib import Path

CODE = "def double(x):\n    return 2 * x\n"
MADE = datetime(2026, 11, 20, 21, 14, tzinfo=UTC)
"""When every commit was made."""
TOLD = "of 2026-11-20 21:14 UTC by its own clock"
UNREADABLE = ("a clone whose commit cannot be read",)


def git(folder: Path, *words: str) -> str:
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{MADE.timestamp():.0f} +0100")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, env=os.environ | settings | dates, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def committed(folder: Path) -> str:
    """Make a repository with one commit, and return its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "backprop.py").write_text(CODE)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "work\n\ncommitter B <b> 1 +0000")
    return git(folder, "rev-parse", "HEAD")


def put(clone: Path, content: bytes, *, kind: bytes = b"commit") -> str:
    """Put an object into a repository without asking git, and check it out."""
    data = kind + b" %d\0" % len(content) + content
    name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    folder = clone / ".git/objects" / name[:2]
    folder.mkdir(exist_ok=True)
    (folder / name[2:]).write_bytes(zlib.compress(data, 1))
    (clone / ".git/HEAD").write_text(name)
    return name


def without_a_time(name: str) -> tuple[str]:
    return (f"commit {name[:7]}; when it was made cannot be read",)
