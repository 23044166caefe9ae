"""Folders and zips as one thing: a tree of files that is listed and read, never unpacked.

What all trees promise, and the tree that is a part of another. Which of the files counts is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, NoReturn, Protocol

from grader.submissions.model import Unreadable
from grader.submissions.names import shown

MAX_FILES = 10_000
"""Files of one submission. The largest honest ones are repositories with a few hundred; 10,000 are listed in 50 ms."""


@dataclass(frozen=True)
class Entry:
    """A file of a tree."""

    size: int
    """Bytes, as the folder or the zip's directory says; only reading proves it."""
    link: bool = False


class Tree(Protocol):
    """Files that can be listed and read."""

    name: str
    """For messages."""
    zips: int
    """How many zips lie around these files."""
    files: Mapping[str, Entry]
    """By POSIX path relative to the tree, in order of path; ignored files are not among them."""
    folders: frozenset[str]
    """Paths of the folders, also of those in which no file is listed."""
    notes: tuple[str, ...]
    """What was left out of the listing, for people."""

    def read(self, name: str, *, limit: int) -> bytes:
        """Return the content of ``name``.

        Raises
        ------
        Unreadable
            When it has more than ``limit`` bytes, leads out of the tree, or cannot be read.
        """
        ...


class View:
    """Some files of another tree, under other names."""

    def __init__(
        self, tree: Tree, names: Mapping[str, str], *, name: str, folders: frozenset[str] = frozenset()
    ) -> None:
        self.name = name
        self.zips = tree.zips
        self.folders = folders
        self.notes = tree.notes
        self._tree = tree
        self._names = {new: old for new, old in names.items() if old in tree.files}
        self.files: Mapping[str, Entry] = {new: tree.files[old] for new, old in sorted(self._names.items())}

    def read(self, name: str, *, limit: int) -> bytes:
        """See :meth:`Tree.read`."""
        return self._tree.read(self._names[name], limit=limit)


def bounded(file: IO[bytes], name: str, *, limit: int) -> bytes:
    """Return the rest of ``file``, or refuse it when that is more than ``limit`` bytes."""
    data = file.read(limit + 1)
    if len(data) > limit:
        raise Unreadable(f"{shown(name)} is larger than {limit / 2**20:g} MB: make it smaller and hand it in again")
    return data


def refuse(name: str, error: OSError) -> NoReturn:
    """Say in one line that the system would not let ``name`` be read."""
    raise Unreadable(f"{shown(name)} cannot be read ({error.strerror}): check it and its permissions") from error
