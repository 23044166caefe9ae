"""The zygote of an assignment, apart from the rest of the engine: it is started before pytest is even imported."""

from __future__ import annotations

from grader.course import Assignment
from grader.errors import GraderError
from grader.sandbox import packages
from grader.sandbox.isolation import Level
from grader.sandbox.zygote import Zygote


def zygote_of(assignment: Assignment, level: Level) -> Zygote:
    """Return the zygote for submissions of an assignment, to be used as a context.

    Raises
    ------
    GraderError
        When a package that submissions may import is not installed here.
    """
    allowed = assignment.configuration.packages
    absent = packages.missing(allowed)
    if absent:
        raise GraderError(f"{assignment.name} needs {', '.join(absent)}: pip install {' '.join(absent)}")
    return Zygote(level, allowed, assignment.configuration.preload)
