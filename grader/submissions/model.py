"""The records that this package hands over, and the one exception that it raises.

Plain data: nothing here touches a disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal


class Unreadable(Exception):  # noqa: N818 - an outcome of a submission, not an error of the grader
    """A submission cannot be graded; the message is one line that says what to do.

    The message may hold file names that a student chose: escape it.
    """


class Layout(StrEnum):
    """How a submission arrived."""

    FILE = "file"
    """One script or notebook."""
    FOLDER = "folder"
    """A folder that is named after its student, or a student's own folder."""
    CLONE = "clone"
    """A repository that is named ``assignment-student``."""
    FLAT = "flat"
    """Files with the student's name in front, as Canvas exports them, and Moodle when it makes no folders."""
    MOODLE = "moodle"
    """A folder ``Name_number_assignsubmission_file_``."""
    GRADESCOPE = "gradescope"
    """A folder ``submission_number``, whose students a file beside it names."""
    ZIP = "zip"
    """A zip that is named after its student."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A submission that has been seen, but not read: names and places only."""

    id: str
    """Unique in the batch, also where case is ignored; safe as a file name; 80 characters at most."""
    student: str
    """The name as the layout gives it, in Unicode's composed form. Student text: escape it."""
    module: str
    """The file name that is looked for, without ``.py`` or ``.ipynb``."""
    path: Path
    """On disk: the folder or the zip that holds the submission."""
    layout: Layout
    source: str
    """Where it lies, relative to what was searched, for people; empty when it is the whole of that."""
    inside: str = ""
    """Within the zip ``path``: the folder or the inner zip of this submission; empty for the whole zip."""
    members: tuple[tuple[str, str], ...] = ()
    """When ``is_shared``: (name under which it was handed in, name in the folder) of each of the student's files."""
    is_shared: bool = False
    """Whether files of other students lie in the same folder."""
    chosen: str = ""
    """The file to grade, when the user has named it."""
    aliases: tuple[str, ...] = ()
    """Other names of the assignment."""
    group: tuple[str, ...] = ()
    """The names of those who handed it in together; empty for one alone."""
    is_clone: bool = False
    """Whether it is a git clone that somebody handed in: its commit is then told."""
    due: datetime | None = None
    """When it was to be handed in, with an offset from UTC; for what only reading it can tell."""
    notes: tuple[str, ...] = ()
    """What the layout tells besides: ``late``, a group, another submission of the same name."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What one student handed in, ready to be sent to a worker."""

    id: str
    student: str
    group: tuple[str, ...] = ()
    """The names of those who handed it in together; empty for one alone."""
    source: str
    """The file that is graded, relative to what was searched."""
    module: str
    kind: Literal["script", "notebook"]
    cells: tuple[str, ...]
    """Sources: of a script the whole text, of a notebook every code cell in order, also the empty ones."""
    siblings: Mapping[str, bytes]
    """Other files of its folder, by relative POSIX path: what it may import or read."""
    digest: str
    """SHA-256 (hexadecimal) over module, kind, cells and siblings."""
    notes: tuple[str, ...] = ()
    """Seen, and not punished: late, files left out."""
