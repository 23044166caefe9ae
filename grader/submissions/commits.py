"""Which commit of a clone was graded, and when it says that it was made.

A ``.git`` that comes from a student is a program: its configuration names commands that git runs (``core.fsmonitor``,
hooks, the transport of a remote from which missing objects are fetched), and its files may be links or pipes. So
nothing of it is obeyed. HEAD and references are read here, as texts. A commit may lie in a pack, which git alone
unpacks: it does so in an empty repository of ours, with a configuration and an environment of ours, into which only
the commit's own file and the packs are linked. What remains is that git's C code parses a student's bytes in a
process of the grader, bounded in time and memory.

The time is the word of whoever made the commit. When it was pushed stands in no clone. Whether the files are still
those of the commit is not looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from grader.submissions.notes import late

_MAX_REFERENCE = 1_024
"""Bytes of HEAD and of a reference: a name of 255 bytes, or a hash."""
_MAX_PACKED = 2**20
"""Bytes of ``packed-refs``: some 15,000 branches and tags."""
_MAX_LINKS = 5
"""References that lead to one another: git stops there, too."""
_MAX_PACK_FILES = 1_000
"""git joins the packs of a repository when it has 50, of a few files each."""
_MAX_OBJECT = 16 * 2**20
"""Bytes that git may take at once: a commit with a signature and a long message has some kilobytes."""
_SECONDS = 10
"""For one commit, which takes milliseconds; git waits for a pipe without end."""

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LINK = re.compile(r"ref: *(refs/[^\s~^:?*\[\\\x00-\x1f\x7f]+)")
_COMMITTER = re.compile(rb"^committer [^\n]*> (\d{1,11}) [+-]\d{4}$", re.MULTILINE)
_SHOWN = 7
"""Characters of a hash, as git and GitHub shorten it."""


def notes_of(clone: Path, *, due: datetime | None = None) -> tuple[str, ...]:
    """Say which commit is checked out in a clone, when it was made, and by how much that is late.

    Parameters
    ----------
    clone
        A folder with ``.git``.
    due
        With an offset from UTC; None when nothing can be late.

    Returns
    -------
    tuple of str
        One note or two. What cannot be read is said, and nothing is raised.
    """
    git = clone / ".git"
    try:
        name = _checked_out(git)
    except (OSError, ValueError):
        return ("a clone whose commit cannot be read",)
    if not name:
        return ("a clone without a commit",)
    made = _time_of(git, name)
    if made is None:
        return (f"commit {name[:_SHOWN]}; when it was made cannot be read",)
    told = f"commit {name[:_SHOWN]} of {made:%Y-%m-%d %H:%M} UTC by its own clock"
    by = late(made, due)
    return (told, f"{by} by its commit's own clock") if by else (told,)


def _checked_out(git: Path) -> str:
    """Return the hash that HEAD leads to; empty when nothing was committed yet.

    Raises
    ------
    OSError, ValueError
        When it is no repository, or one that git's plain files do not describe.
    """
    # ``.git`` as a file leads elsewhere: to the repository around a submodule or beside a worktree
    if not stat.S_ISDIR(git.lstat().st_mode) or (git / "reftable").exists():
        raise ValueError(git)
    text = _text(git, "HEAD", limit=_MAX_REFERENCE).strip()
    for _ in range(_MAX_LINKS):
        if _HASH.fullmatch(text):
            return text
        link = _LINK.fullmatch(text)
        if link is None or ".." in link[1]:
            raise ValueError(text)
        try:
            text = _text(git, link[1], limit=_MAX_REFERENCE).strip()
        except (FileNotFoundError, NotADirectoryError):
            return _packed(git, link[1])
    raise ValueError(text)


def _packed(git: Path, reference: str) -> str:
    """Return the hash of a reference in ``packed-refs``; empty when it is not there."""
    try:
        lines = _text(git, "packed-refs", limit=_MAX_PACKED).splitlines()
    except FileNotFoundError:
        return ""
    pairs = (line.split(" ", 1) for line in lines)
    return next((pair[0] for pair in pairs if pair[1:] == [reference] and _HASH.fullmatch(pair[0])), "")


def _text(git: Path, name: str, *, limit: int) -> str:
    """Read a small file of a repository, if it is one and no link leads to it."""
    path = _plain(git, name)
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(path)
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(path)
    return os.fsdecode(data)


def _plain(git: Path, name: str) -> Path:
    """Return the path of ``name`` in a repository, or refuse it when a link lies on the way."""
    root = os.path.realpath(git)
    if os.path.realpath(git / name) != os.path.join(root, name):  # noqa: PTH118 - Path would tidy the name up
        raise ValueError(name)
    return git / name


def _time_of(git: Path, name: str) -> datetime | None:
    """Return when a commit was made, in UTC; None without git, and when git cannot read it."""
    program = shutil.which("git")
    if program is None:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="dlgrader-") as folder:
            _make_repository(Path(folder), git, name)
            # given anew: whatever the grader's own environment says to git does not count here either
            done = subprocess.run(
                [program, "cat-file", "commit", name], cwd=folder, env=_environment(folder),
                stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False,
            )  # fmt: skip
        committer = _COMMITTER.search(done.stdout.partition(b"\n\n")[0]) if done.returncode == 0 else None
        return datetime.fromtimestamp(int(committer[1]), UTC) if committer else None
    except (OSError, ValueError, OverflowError, subprocess.TimeoutExpired):
        return None


def _make_repository(ours: Path, git: Path, name: str) -> None:
    """Make an empty repository whose objects are the commit, where it has a file of its own, and all packs."""
    (ours / "refs").mkdir()
    (ours / "HEAD").write_text("ref: refs/heads/none\n")
    for folder, files in ((name[:2], [name[2:]]), ("pack", _packs(git))):
        target = ours / "objects" / folder
        target.mkdir(parents=True)
        for file in _regular(git, folder, files):
            (target / file.name).symlink_to(file.absolute())


def _packs(git: Path) -> list[str]:
    """Return the names of packs and their indices; not of other files, by which git finds more or is asked to fetch."""
    folder = _plain(git, "objects/pack")
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, _MAX_PACK_FILES) if entry.name.endswith((".pack", ".idx"))]


def _regular(git: Path, folder: str, names: Iterable[str]) -> Iterator[Path]:
    """Yield those of the files that are there and are neither links nor pipes."""
    paths = (_plain(git, f"objects/{folder}") / name for name in names)
    return (path for path in paths if path.exists() and stat.S_ISREG(path.lstat().st_mode))


def _environment(folder: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": folder,
        "LC_ALL": "C",
        "GIT_DIR": folder,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOC_LIMIT": str(_MAX_OBJECT),
    }
