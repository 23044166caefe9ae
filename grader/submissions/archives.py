"""A zip as a tree of files.

Nothing is unpacked: members are read into memory one by one, so no name in a zip can lead
anywhere, no link is followed, and what a zip costs is bounded by the limit of each read,
whatever its directory claims.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from grader.submissions.model import Unreadable
from grader.submissions.names import clean, is_ignored, shown
from grader.submissions.trees import Entry, bounded, refuse

MAX_ZIPS = 2
"""A class's zip may hold a zip per student. A third layer helps nobody but the makers of zip bombs."""
MAX_DIRECTORY = 16 * 2**20
"""Bytes of a zip's own directory: 150,000 names, or a class of 300 with 500 files each; about 100 MB once parsed."""

_LONGEST_NAME, _DEEPEST = 1000, 30
"""Characters, and folders, of a name that is read. Each folder around a file is listed: the names of one directory may
become thirty times as large, and not a thousand times."""

_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError)
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What students' tools write. Others (LZMA) let the file choose how much memory its reader takes."""


class Archive:
    """A zip. Names that would lead out of it are left out; links are listed and never read."""

    def __init__(self, file: FileOnDisk | io.BytesIO, *, name: str, zips: int) -> None:
        self.name = name
        self.zips = zips
        if zips > MAX_ZIPS:
            raise Unreadable(f"{shown(name)} is a zip in a zip in a zip: hand in the files, or one zip of them")
        self._zip = _opened(file, name)
        paths = [(_member_path(info), info) for info in self._zip.infolist()]
        unsafe = sum(path is None for path, _ in paths)
        plural = "" if unsafe == 1 else "s"
        left_out = (f"{unsafe} file{plural} of the zip left out: the name leads out of it, or is too long",)
        self.notes: tuple[str, ...] = left_out if unsafe else ()
        safe = [(path, info) for path, info in paths if path is not None]
        # Of two members with one name the later counts, as it does for every tool that unpacks.
        self._members = {str(path): info for path, info in safe if not _is_folder(info) and not is_ignored(path)}
        self.folders = frozenset(str(folder) for path, info in safe for folder in _folders(path, info))
        self.files: Mapping[str, Entry] = dict(sorted((path, _entry(info)) for path, info in self._members.items()))

    def read(self, name: str, *, limit: int) -> bytes:
        """See :meth:`Tree.read`."""
        info = self._members[name]
        if self.files[name].link:
            raise Unreadable(f"{shown(name)} is a link in the zip: hand in the file itself")
        if info.flag_bits & 1:
            raise Unreadable(f"{shown(self.name)} is encrypted: hand it in without a password")
        if info.compress_type not in _ZIP_METHODS:
            raise Unreadable(f"{shown(self.name)} is compressed in an unusual way: make the zip with your system's own")
        try:
            with self._zip.open(info) as file:
                return bounded(file, name, limit=limit)
        except _ZIP_ERRORS as error:
            raise Unreadable(f"{shown(self.name)} is damaged: make the zip again and hand it in again") from error


class FileOnDisk:
    """A file that is open only while it is read: what is known of a zip can be kept without a handle to close."""

    def __init__(self, path: Path, *, name: str, size: int) -> None:
        self._path = path
        self._name = name
        self._size = size
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to ``offset`` from the start, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Read from the position on."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                data = file.read(size)
        except OSError as error:
            refuse(self._name, error)
        self._position += len(data)
        return data


class _HugeDirectoryError(Exception):
    """A zip claims a directory of more than ``MAX_DIRECTORY`` bytes."""


class _Guarded:
    """A file that refuses one huge read: zipfile reads a zip's whole directory at once, of any length it claims."""

    def __init__(self, file: FileOnDisk | io.BytesIO) -> None:
        self._file = file
        self.opening = True
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.opening and size > MAX_DIRECTORY:
            raise _HugeDirectoryError
        return self._file.read(size)


def _opened(file: FileOnDisk | io.BytesIO, name: str) -> zipfile.ZipFile:
    guarded = _Guarded(file)
    try:
        archive = zipfile.ZipFile(guarded)
    except _HugeDirectoryError:
        raise Unreadable(f"{shown(name)} holds too many files: zip only the folder of the assignment") from None
    except _ZIP_ERRORS as error:
        raise Unreadable(f"{shown(name)} is no zip, or damaged: make the zip again and hand it in again") from error
    guarded.opening = False
    return archive


def _member_path(info: zipfile.ZipInfo) -> PurePosixPath | None:
    """Return the path of a member, or None when it would lead out of the zip, or is longer than anybody's own."""
    name = info.filename
    if not info.flag_bits & 0x800:  # not marked as UTF-8, though most tools write that; else it is code page 437
        try:
            name = name.encode("cp437").decode("utf-8")
        except ValueError:
            name = info.filename
    if len(name) > _LONGEST_NAME:
        return None
    path = PurePosixPath(clean(name).replace("\\", "/"))
    drive = bool(path.parts) and path.parts[0].endswith(":")
    unsafe = path.is_absolute() or drive or ".." in path.parts
    return None if unsafe or not 0 < len(path.parts) <= _DEEPEST else path


def _folders(path: PurePosixPath, info: zipfile.ZipInfo) -> list[PurePosixPath]:
    """Return the folders that a member proves: those around it, and itself."""
    around = list(path.parents)[:-1]  # the last is the zip itself
    return [path, *around] if _is_folder(info) else around


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith(("/", "\\"))  # the second by tools of Windows


def _entry(info: zipfile.ZipInfo) -> Entry:
    kind = stat.S_IFMT(info.external_attr >> 16)
    # Tools of Windows leave the kind 0. A device or a pipe in a zip is as little a file as a link is.
    return Entry(info.file_size, link=kind not in {0, stat.S_IFREG})
