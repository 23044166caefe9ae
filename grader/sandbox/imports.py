"""What is said of a submission's import: functions that are missing, statements that failed.

Pure functions of what the worker answered. The texts are the student's.
"""

from __future__ import annotations

from grader.sandbox.code import Code
from grader.sandbox.errors import Missing, Place
from grader.worker import wire

_LONGEST_TEXT = 2000
"""Characters of a message: as many as the worker is asked to send."""


def missing(code: Code, loaded: wire.Loaded | None, function: str) -> Missing:
    """Say why there is no such function, with the line that should have defined it."""
    for problem in loaded.problems if loaded else []:
        if function in problem.names or not code.tolerant:
            message = f"`{function}` could not be defined: {_told(problem)}"
            return Missing(function, message, place=_place(code, problem), broken=True)
    return Missing(function, f"`{function}` is missing: no function of that name is in {code.module}")


def problems(code: Code, loaded: wire.Loaded | None) -> list[str]:
    """Return what failed, a line each."""
    found = [(_place(code, problem), _told(problem)) for problem in (loaded.problems if loaded else [])]
    return [f"{place} -> {told}" if place else told for place, told in found]


def _place(code: Code, problem: wire.Problem) -> Place | None:
    return code.place(problem.cell, f"{code.module}.py", problem.line, "")


def _told(problem: wire.Problem) -> str:
    return f"{problem.kind}: {problem.message}"[:_LONGEST_TEXT]
