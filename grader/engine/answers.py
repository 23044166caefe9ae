"""The author's right answers: the solution and its variants, as sources."""

from __future__ import annotations

from pathlib import Path

from grader.course import Assignment
from grader.errors import CourseError
from grader.mistakes import read_variants

REFERENCE = "the reference"


def right_answers(assignment: Assignment) -> dict[str, str]:
    """Return the sources of the solution, under :data:`REFERENCE`, and of the variants by exercise and title.

    Raises
    ------
    CourseError
        When there is no solution, or a file cannot be read.
    """
    if assignment.solution is None or assignment.hidden is None:
        raise CourseError(f"{assignment.name} has no solution here: an audit needs reference/{assignment.name}")
    source = _read(assignment.solution)
    path = assignment.hidden / "variants.py"
    try:
        variants = read_variants(path, source) if path.is_file() else ()
    except (UnicodeDecodeError, OSError) as error:
        raise CourseError(f"{path}: {error}") from None
    except ValueError as error:  # it names the file
        raise CourseError(f"{path.parent}: {error}") from None
    return {REFERENCE: source, **{f"{variant.exercise}: {variant.title}": variant.source for variant in variants}}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise CourseError(f"{path}: {error}") from None
