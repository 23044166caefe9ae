"""What ends a command: one line that says what to do, and no traceback.

    GraderError          the command could not run; exit status 2
        CourseError      assignment.toml, checks.py or the folders of a course are not as they must be

:class:`grader.sandbox.errors.SandboxError` derives from neither: it is turned into a
:class:`GraderError` where a run begins, and into a *grader error* of a check afterwards.
"""

from __future__ import annotations


class GraderError(Exception):
    """The command cannot go on; the message is one line for the person at the terminal."""


class CourseError(GraderError):
    """The course's own files are not as they must be."""


def in_one_line(error: BaseException | None) -> str:
    """Name an exception, with its text, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
