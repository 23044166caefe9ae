"""A course: its folders, its assignments, and what ``assignment.toml`` says of them.

Reads configuration; knows nothing of running or showing.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from grader.errors import CourseError

CONFIGURATION = "assignment.toml"
RELEASE = ".grader"
"""Folder of a student repository: the grader itself, the list of what was released, and the stubs."""
STUBS = "stubs"
"""Folder in that one: what each assignment was before its student began."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exercise(_Section):
    """A part of an assignment with points."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    points: int = Field(gt=0)
    functions: tuple[str, ...] = Field(min_length=1)


class Limits(_Section):
    """What one submission may use. The defaults are generous for arrays of a few hundred entries a side."""

    import_seconds: float = Field(default=10, gt=0)
    """For importing the file, once."""
    check_seconds: float = Field(default=10, gt=0)
    """For all calls of one check: ten times the slowest right answer seen in public student code."""
    submission_seconds: float = Field(default=120, gt=0)
    memory_mb: int = Field(default=1024, ge=64)
    """On top of what the interpreter and its packages hold."""
    file_mb: int = Field(default=64, ge=1)
    output_kb: int = Field(default=64, ge=1)
    processes: int = Field(default=64, ge=8)


class Configuration(_Section):
    """``assignment.toml``."""

    title: str
    module: str = Field(default="", pattern=r"^([A-Za-z_]\w*)?$")
    """Name of the file that students hand in, without its ending; the folder's name unless given."""
    packages: tuple[str, ...] = ("numpy",)
    """What submissions may import besides the standard library; nothing else is there."""
    preload: tuple[str, ...] = ()
    """Modules of these packages that are dear and come with a first use: each worker would import them anew."""
    import_errors: Literal["tolerate", "fatal"] = "tolerate"
    """Whether the rest of a file counts when one of its statements fails."""
    due: datetime | None = None
    """When it is to be handed in, with an offset from UTC. What came later is marked as late, and keeps its points."""
    limits: Limits = Limits()
    exercise: tuple[Exercise, ...] = Field(min_length=1)

    @field_validator("due", mode="before")
    @classmethod
    def _has_an_offset(cls, due: object) -> object:
        if due is not None and not (isinstance(due, datetime) and due.tzinfo):
            raise ValueError("write day, time and offset from UTC, without quotes: due = 2026-12-01T23:59:00+01:00")
        return due

    @field_validator("exercise")
    @classmethod
    def _distinct(cls, exercises: tuple[Exercise, ...]) -> tuple[Exercise, ...]:
        names = [exercise.name for exercise in exercises]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"exercises of the same name: {', '.join(twice)}")
        return exercises

    @model_validator(mode="after")
    def _times_agree(self) -> Configuration:
        if self.limits.check_seconds > self.limits.submission_seconds:
            raise ValueError("limits.check_seconds is more than limits.submission_seconds")
        return self


class Assignment:
    """One piece of homework: its configuration and its files.

    Parameters
    ----------
    public
        The folder that students receive.
    hidden
        The folder that they never receive; None on a student's machine.
    """

    def __init__(self, public: Path, hidden: Path | None) -> None:
        # absolute, because checks are told apart by the folder that pytest found them in
        self.public = public.absolute()
        self.hidden = hidden.absolute() if hidden else None
        self.name = self.public.name
        self.configuration = _read(public / CONFIGURATION)

    @property
    def module(self) -> str:
        """Name of the module that students hand in."""
        return self.configuration.module or self.name

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises, in the order of the handout."""
        return self.configuration.exercise

    @property
    def points(self) -> Fraction:
        """Points that can be earned."""
        return Fraction(sum(exercise.points for exercise in self.exercises))

    @cached_property
    def checks(self) -> tuple[Path, ...]:
        """The files of checks: the public one, then the hidden one.

        Raises
        ------
        CourseError
            When there is none.
        """
        folders = [self.public, self.hidden] if self.hidden else [self.public]
        found = tuple(folder / "checks.py" for folder in folders if (folder / "checks.py").is_file())
        if not found:
            raise CourseError(f"{self.name} has no checks.py in {self.public}")
        return found

    @property
    def solution(self) -> Path | None:
        """The reference solution, where there is one."""
        path = self.hidden / f"{self.module}.py" if self.hidden else None
        return path if path is not None and path.is_file() else None

    def released(self) -> dict[str, bytes]:
        """Return the stub and the notebook as they are handed out, by file name.

        In a student's repository the folder holds what the student has made of them; the
        release keeps a copy beside it.
        """
        kept = self.public.parent / RELEASE / STUBS / self.name
        folder = kept if kept.is_dir() else self.public
        names = (f"{self.module}.py", f"{self.module}.ipynb")
        return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


class Course:
    """A folder with ``assignments/`` and, for instructors, ``reference/``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def names(self) -> list[str]:
        """Names of the assignments, sorted."""
        return sorted(path.parent.name for path in (self.root / "assignments").glob(f"*/{CONFIGURATION}"))

    def assignment(self, name: str = "") -> Assignment:
        """Return the assignment of that name, or the only one there is.

        Raises
        ------
        CourseError
            When there is no such assignment, or a name is needed.
        """
        names = self.names
        if not names:
            raise CourseError(f"{self.root} is no course: it has no assignments/NAME/{CONFIGURATION}")
        if not name and len(names) > 1:
            raise CourseError(f"say which assignment: --assignment {'|'.join(names)}")
        name = name or names[0]
        if name not in names:
            raise CourseError(f"there is no assignment {name!r}; there are: {', '.join(names)}")
        hidden = self.root / "reference" / name
        return Assignment(self.root / "assignments" / name, hidden if hidden.is_dir() else None)


def find_course(start: Path) -> Course:
    """Return the course that ``start`` lies in.

    Raises
    ------
    CourseError
        When no folder above has ``assignments/``.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "assignments").is_dir():
            return Course(folder)
    raise CourseError(f"no course here: neither {start} nor a folder above it holds assignments/ (or give --course)")


def find_assignment(start: Path) -> Assignment:
    """Return the assignment that a student's folder belongs to: the nearest ``assignment.toml`` above.

    Raises
    ------
    CourseError
        When there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIGURATION).is_file():
            return Assignment(folder, None)
    below = sorted(path.parent for path in start.glob(f"*/{CONFIGURATION}"))
    if len(below) == 1:
        return Assignment(below[0], None)
    if below:
        names = ", ".join(folder.name for folder in below)
        raise CourseError(f"there are several assignments here, say which: `grader check NAME`, with one of {names}")
    raise CourseError(f"no {CONFIGURATION} in {start} or above it: go into the folder of the assignment")


def _read(path: Path) -> Configuration:
    try:
        return Configuration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CourseError(f"{path}: {where}: {first['msg']}") from None
