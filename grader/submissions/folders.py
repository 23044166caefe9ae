"""A folder on disk as a tree of files. Links to folders are not followed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePosixPath

from grader.submissions.model import Unreadable
from grader.submissions.names import clean, is_ignored, is_ignored_folder, shown
from grader.submissions.trees import MAX_FILES, Entry, bounded, refuse


class Folder:
    """A folder on disk, or only the files at its top. Links are listed, and only read when they stay inside."""

    zips = 0

    def __init__(self, path: Path, *, top_only: bool = False) -> None:
        self.name = clean(path.name)
        self._path = path
        try:
            # the top alone holds the files of a whole class, and no limit of one submission is theirs
            found = list(_list(path, PurePosixPath()) if top_only else islice(_walk(path), MAX_FILES + 1))
        except OSError as error:
            refuse(self.name, error)
        is_cut = len(found) > MAX_FILES and not top_only
        self.notes: tuple[str, ...] = (f"only the first {MAX_FILES:,} files were looked at",) if is_cut else ()
        self.folders = frozenset(clean(str(place)) for place, entry in found if entry is None)
        files = {
            clean(str(place)): (place, entry)
            for place, entry in found[: MAX_FILES if is_cut else None]
            if entry is not None
        }
        self._places = {name: place for name, (place, _) in files.items()}
        self.files: Mapping[str, Entry] = {name: files[name][1] for name in sorted(files)}

    def read(self, name: str, *, limit: int) -> bytes:
        """See :meth:`Tree.read`."""
        path = self._path / self._places[name]
        try:
            if not path.resolve(strict=True).is_relative_to(self._path.resolve()) or not path.is_file():
                raise Unreadable(f"{shown(name)} is a link that leaves the folder: hand in the file itself")
            with path.open("rb") as file:
                return bounded(file, name, limit=limit)
        except OSError as error:
            refuse(name, error)


def _walk(root: Path) -> Iterator[tuple[PurePosixPath, Entry | None]]:
    """Yield files, and folders with None, level by level: a huge folder far down hides nothing above it."""
    waiting = deque([PurePosixPath()])
    while waiting:
        for place, entry in _list(root, waiting.popleft()):
            if entry is None:
                waiting.append(place)
            yield place, entry


def _list(root: Path, folder: PurePosixPath) -> Iterator[tuple[PurePosixPath, Entry | None]]:
    with os.scandir(root / folder) as items:
        in_order = sorted(items, key=lambda item: item.name)
    for item in in_order:
        place = folder / item.name
        if item.is_dir(follow_symlinks=False):
            if not is_ignored_folder(item.name):
                yield place, None
        elif (item.is_file(follow_symlinks=False) or item.is_symlink()) and not is_ignored(place):
            yield place, Entry(item.stat(follow_symlinks=False).st_size, item.is_symlink())
