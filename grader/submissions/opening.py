"""From a path to its tree of files: a folder, a zip, or a part of a zip."""

from __future__ import annotations

import io
import stat
from functools import lru_cache
from pathlib import Path

from grader.submissions.archives import Archive, FileOnDisk
from grader.submissions.folders import Folder
from grader.submissions.model import Unreadable
from grader.submissions.names import clean, is_zip, shown
from grader.submissions.trees import Tree, View, refuse

MAX_INNER_ZIP = 100 * 2**20
"""Bytes of a zip within a folder or zip, which is held in memory: the limit of most upload forms."""


def open_tree(path: Path, *, inside: str = "", top_only: bool = False) -> Tree:
    """Return the folder or zip at ``path``.

    Parameters
    ----------
    path
        On disk.
    inside
        Of a zip: the folder or the inner zip that is wanted.
    top_only
        Of a folder: list no files below its top.

    Raises
    ------
    Unreadable
        When it is missing, no zip, damaged, too large, or may not be read.
    """
    name = clean(path.name)
    try:
        status = path.lstat()
    except OSError as error:
        refuse(name, error)
    if stat.S_ISDIR(status.st_mode):
        return Folder(path, top_only=top_only)
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(f"{shown(name)} is a link or a device: hand in a file, a folder or a zip")
    archive = _archive(path, status.st_mtime_ns, status.st_size)
    return below(archive, inside) if inside else archive


@lru_cache(maxsize=1)
def _archive(path: Path, _changed: int, size: int) -> Archive:
    """Return the zip at ``path``; the last one is kept, because a class's zip is asked for by each of its students."""
    name = clean(path.name)
    return Archive(FileOnDisk(path, name=name, size=size), name=name, zips=1)


def below(tree: Tree, inside: str) -> Tree:
    """Return what lies in the folder or zip ``inside`` of ``tree``, or in a folder of that zip."""
    for name in tree.files:
        if is_zip(name) and (inside == name or inside.startswith(f"{name}/")):
            archive = Archive(io.BytesIO(tree.read(name, limit=MAX_INNER_ZIP)), name=name, zips=tree.zips + 1)
            rest = inside.removeprefix(name).lstrip("/")
            return below(archive, rest) if rest else archive
    prefix = f"{inside}/"
    names = {name.removeprefix(prefix): name for name in tree.files if name.startswith(prefix)}
    folders = frozenset(name.removeprefix(prefix) for name in tree.folders if name.startswith(prefix))
    return View(tree, names, name=inside, folders=folders)
