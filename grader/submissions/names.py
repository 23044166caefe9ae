"""What the names of files and folders say: whose they are, which version, what they may be called.

Pure functions of text; nothing here touches a disk.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.submissions.model import Layout

CODE_SUFFIXES = (".py", ".ipynb")

_IGNORED_FILES = frozenset({"checks.py", "README.md", "assignment.toml", "Thumbs.db", "desktop.ini"})
"""Files of the assignment itself, and what desktops leave behind."""
_IGNORED_FOLDERS = frozenset({"__pycache__", "__MACOSX", "venv", "site-packages", "node_modules"})
"""Leftovers of tools and whole installations; hidden ones need no entry."""

_MOODLE = re.compile(r"(?P<student>.+?)_(?P<user>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL)
# Canvas: student, perhaps LATE, user, attachment, name. Some exports lack the attachment. Identifiers have
# three digits or more, so that lab_3_backprop.py is not read as one.
_CANVAS = re.compile(
    r"(?P<student>.+?)(?P<late>_LATE)?_(?P<user>\d{3,})(?:_\d{3,})?_(?P<file>.+)", re.DOTALL | re.IGNORECASE
)
_VERSION = re.compile(r"(?P<stem>.+?)-(?P<version>\d{1,3})(?P<suffix>\.(?:py|ipynb|zip))", re.DOTALL)
_SEPARATORS = " -_.+"

MAX_ID = 80
"""File systems take 255 bytes: an id leaves room for suffixes, and for a folder listing that people can read."""
_RESERVED = "index"
"""The name of the page of the class, beside which the pages of its students lie."""
_SHOWN = 60
"""Characters of a file name in a message of one line."""


@dataclass(frozen=True)
class Label:
    """What a name in a folder of submissions says."""

    student: str
    layout: Layout
    user: str = ""
    """The number that the learning management system gives the student."""
    file: str = ""
    """The name under which the student handed the file in."""
    version: int = 0
    """How often the file was handed in again."""
    late: bool = False
    has_files: bool = True
    """False for Moodle's folder of text that was typed into the page."""


def clean(name: str) -> str:
    """Return ``name`` composed (NFC) and encodable: bytes that were no UTF-8 become U+FFFD."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _is_escaped(name) else name
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))


def _is_escaped(name: str) -> bool:
    """Whether every lone surrogate stands for a byte that the file system could not decode."""
    return all("\udc80" <= character <= "\udcff" for character in name if "\ud800" <= character <= "\udfff")


def shown(name: str) -> str:
    """Return ``name`` fit for a message of one line: printable, and shortened."""
    printable = "".join(character if character.isprintable() else "?" for character in name)
    return printable if len(printable) <= _SHOWN else f"{printable[: _SHOWN - 1]}…"


def is_ignored(path: PurePosixPath) -> bool:
    """Whether a file is no part of anybody's work: hidden, left by a tool, or from the assignment."""
    *folders, file = path.parts
    hidden = any(part.startswith(".") for part in path.parts)
    return hidden or file in _IGNORED_FILES or not _IGNORED_FOLDERS.isdisjoint(folders)


def is_ignored_folder(name: str) -> bool:
    """Whether nothing in a folder of this name is anybody's work."""
    return name.startswith(".") or name in _IGNORED_FOLDERS


def is_zip(name: str) -> bool:
    """Whether a file of this name is a zip."""
    return name.lower().endswith(".zip")


def is_code(name: str) -> bool:
    """Whether a file of this name can be graded at all; tests of one's own cannot."""
    path = PurePosixPath(name)
    tests = path.stem.startswith("test_") or path.stem.endswith("_test") or path.name in {"conftest.py", "setup.py"}
    return path.suffix.lower() in CODE_SUFFIXES and not tests


def is_exact(name: str, module: str) -> bool:
    """Whether a file is called just as the assignment asks."""
    return PurePosixPath(name).name in {f"{module}{suffix}" for suffix in CODE_SUFFIXES}


def is_near(name: str, titles: Iterable[str]) -> bool:
    """Whether a code file has one of the assignment's names in its own."""
    stem = PurePosixPath(name).stem.casefold()
    return is_code(name) and any(title.casefold() in stem for title in titles)


def of_file(name: str, titles: Iterable[str], told: Layout | None = None) -> Label:
    """Say whose a file (or zip) in a folder of submissions is; other layouts than ``told`` are not thought of."""
    may_be_flat = told in {None, Layout.FLAT}
    moodle = _MOODLE.fullmatch(name)
    if may_be_flat and moodle and moodle["file"]:
        return Label(moodle["student"], Layout.FLAT, user=moodle["user"], file=moodle["file"])
    canvas = _CANVAS.fullmatch(name)
    if may_be_flat and canvas:
        file, version = _without_version(canvas["file"])
        return Label(canvas["student"], Layout.FLAT, canvas["user"], file, version, late=bool(canvas["late"]))
    path = PurePosixPath(name)
    if is_zip(name):
        return Label(_of_clone(path.stem, titles) or path.stem, Layout.ZIP, file=name)
    return Label(_around_title(path.stem, titles) or path.stem, Layout.FILE, file=name)


def of_folder(name: str, titles: Iterable[str], told: Layout | None = None) -> Label:
    """Say whose a folder in a folder of submissions is; other layouts than ``told`` are not thought of."""
    moodle = _MOODLE.fullmatch(name) if told in {None, Layout.MOODLE} else None
    if moodle:
        has_files = moodle["plugin"] == "file"
        return Label(moodle["student"], Layout.MOODLE, user=moodle["user"], has_files=has_files)
    student = _of_clone(name, titles) if told in {None, Layout.CLONE} else ""
    return Label(student, Layout.CLONE) if student else Label(name, Layout.FOLDER)


def _without_version(file: str) -> tuple[str, int]:
    """Undo the mark of a file that was handed in again: ``backprop-1.ipynb`` is ``backprop.ipynb``.

    Only of code and zips: a Python module has no dash in its name, a data file may well have one.
    """
    match = _VERSION.fullmatch(file)
    return (match["stem"] + match["suffix"], int(match["version"])) if match else (file, 0)


def _of_clone(name: str, titles: Iterable[str]) -> str:
    """Return the student in ``assignment-student`` or ``course-assignment-student``, or nothing."""
    for title in titles:
        match = re.fullmatch(rf"(?:.*[-_])?{re.escape(title)}[-_](?P<student>.+)", name, re.DOTALL | re.IGNORECASE)
        if match:
            return match["student"]
    return ""


def _around_title(stem: str, titles: Iterable[str]) -> str:
    """Return what is left of ``backprop_anna`` or ``anna-backprop`` without the name of the assignment."""
    for title in titles:
        around = re.split(re.escape(title), stem, maxsplit=1, flags=re.IGNORECASE)
        if len(around) == 2:
            return " ".join(part.strip(_SEPARATORS) for part in around).strip()
    return ""


def unique_id(student: str, taken: set[str]) -> str:
    """Return an id for ``student`` that is not in ``taken``, and add it there.

    Uniqueness ignores case, because the file systems of macOS and Windows do.
    """
    base = _ascii(student)
    candidate, count = base, 1
    while candidate.casefold() in taken or candidate.casefold() == _RESERVED:
        count += 1
        candidate = f"{base[: MAX_ID - len(str(count)) - 1]}-{count}"
    taken.add(candidate.casefold())
    return candidate


def _ascii(student: str) -> str:
    decomposed = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode("ascii")
    # A leading dot would hide the file, a leading dash make it an option.
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", decomposed).strip(".-")[:MAX_ID].rstrip(".-")
    if re.search(r"[A-Za-z0-9]", safe):
        return safe
    # Nothing of the name is ASCII: a hash keeps the id the same when other students join.
    return f"student-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:8]}"
