"""The public checks of a student repository: one assignment or several, whatever state they are in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from grader.ci import released
from grader.ci.surroundings import Surroundings
from grader.course import CONFIGURATION, Assignment
from grader.engine import local
from grader.engine.digests import grader_version
from grader.engine.grade import info_of, unreadable
from grader.errors import CourseError, GraderError
from grader.reports.actions import Graded
from grader.results import SubmissionResult
from grader.sandbox.isolation import Level
from grader.submissions import find_own


@dataclass
class Run:
    """What was found in a repository.

    Attributes
    ----------
    graded
        Of each assignment what its results have in common, and the result.
    folders
        Where each of them lies below the repository.
    warnings
        What else the student should know, a line each: files that were edited, assignments left out.
    """

    graded: list[Graded] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    broken: bool = False
    """Whether an assignment could not be run at all."""


def run(here: Surroundings, start: Path, *, only: str, level: Level) -> Run:
    """Run the public checks of every assignment that was begun.

    Parameters
    ----------
    here
        The system; where it brings a bundle, the assignments are taken from there.
    start
        The student's checkout, or a folder in it.
    only
        Name of one assignment; all of them unless given.
    level
        The level of isolation.

    Raises
    ------
    GraderError
        When there is no assignment, or the sandbox cannot be started.
    """
    found = Run()
    for path, what in released.changes(here.root):
        found.warnings.append(f"{path} {what}: the instructor's run does not use yours. Get the released one back.")
    for folder in _begun(here, _assignments(here, start, only), found):
        try:
            assignment = Assignment(folder, None)
        except CourseError as error:
            found.warnings.append(f"{folder.name} could not be run: {error}")
            found.broken = True
            continue
        own = here.root if here.bundle else folder
        info = info_of(assignment, seed=local.PUBLIC_SEED, level=level, version=grader_version())
        found.graded.append((info, _result(assignment, own, level, found)))
        found.folders.append("" if here.bundle or folder == here.root else folder.relative_to(here.root).as_posix())
    if not found.graded:
        raise GraderError(found.warnings[-1])
    return found


def _assignments(here: Surroundings, start: Path, only: str) -> list[Path]:
    """Return the folders of the assignments that this run may be about."""
    root = here.bundle / "assignments" if here.bundle else start.resolve()
    around = [folder for folder in (root, *root.parents) if (folder / CONFIGURATION).is_file()]
    below = [path.parent for path in sorted(root.glob(f"*/{CONFIGURATION}"))]
    folders = [folder for folder in around[:1] if folder.is_relative_to(here.root)] or below
    wanted = only or (here.handed.assignment if here.handed else "")
    named = [folder for folder in folders if folder.name == wanted]
    if only and not named:
        raise GraderError(f"there is no assignment {only!r} in {root}: {CONFIGURATION} is missing there")
    if not folders:
        raise GraderError(f"no {CONFIGURATION} in {root} or in a folder of it: get the released files back")
    return named or folders


def _begun(here: Surroundings, folders: list[Path], found: Run) -> list[Path]:
    """Leave out assignments in which nothing was written yet, unless that is all of them."""
    if here.bundle:
        return folders
    waiting = [folder for folder in folders if released.untouched(here.root, folder.name)]
    if len(waiting) == len(folders):
        return folders
    if waiting:
        names = ", ".join(folder.name for folder in waiting)
        found.warnings.append(f"not begun yet, and left out: {names}")
    return [folder for folder in folders if folder not in waiting]


def _result(assignment: Assignment, own: Path, level: Level, found: Run) -> SubmissionResult:
    results: list[SubmissionResult] = []
    try:
        local.check(assignment, own, results.append, level=level)
    except GraderError as error:
        found.broken = True
        message = f"the checks could not be run: {error}"
        return unreadable(assignment, find_own(own, module=assignment.module), message, level.value)
    return results[-1]
