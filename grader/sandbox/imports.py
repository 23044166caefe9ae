"""What is said of a submission's import: functions that are missing, statements that failed, cells that were not run.

Pure functions of what the worker answered. The texts are the student's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from grader.sandbox.code import Code
from grader.sandbox.errors import Missing, Place
from grader.worker import source, wire

_LONGEST_TEXT = 2000
"""Characters of a message: as many as the worker is asked to send."""
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
"""How Python words a NameError."""
_NO_SUCH_MODULE = ": a package that this assignment does not allow, or a file that was not handed in"
_NEAR = 0.8
"""Ratio of difflib from which a name may be the other one misspelt: ``swishForward`` has 0.88 of ``swish_forward``,
``huber_forward`` 0.69."""
_COMPARED = 300
"""Names of a file that are compared; the longest of the course's solutions has sixty."""
_CELLS, _LONGEST_MAGIC = 20, 40
"""Cells that were not run and are told of, and characters of what they begin with: more than an honest notebook has."""


def missing(code: Code, loaded: wire.Loaded | None, function: str) -> Missing:
    """Say why there is no such function, with the line that should have defined it."""
    problem = _broken_by(code, loaded, function)
    if problem is None:
        return Missing(function, f"`{function}` is missing: no function of that name is in {code.module}")
    message = f"`{function}` could not be defined: {_told(problem)}"
    return Missing(function, message, place=_place(code, problem), broken=True)


def depends(code: Code, loaded: wire.Loaded | None, function: str, raised: wire.Raised) -> Missing | None:
    """Say that a function failed for a name that could not be defined, with the line of that; None when it did not.

    The name reaches a student of hidden checks too, so it has to stand in the trusted copy of the submission.
    """
    name = _undefined(raised.builtin, raised.message)
    problem = _broken_by(code, loaded, name) if code.has_word(name) else None
    if problem is None:
        return None
    message = f"`{function}` depends on `{name}`, which could not be defined: {_told(problem)}"
    return Missing(name, message, place=_place(code, problem), broken=True)


def broken(code: Code, loaded: wire.Loaded | None, functions: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``functions`` that are not there because their definition failed."""
    there = set(loaded.defined) if loaded else set()
    return tuple(name for name in functions if name not in there and _broken_by(code, loaded, name))


def problems(code: Code, loaded: wire.Loaded | None) -> list[str]:
    """Return what failed and what was not run, a line each; what only follows from another failure is counted there."""
    lines = list(islice(_not_run(code), _CELLS))
    for problem, followers in _causes(loaded.problems if loaded else []):
        place, told = _place(code, problem), _told(problem)
        follow = f" (and {followers} more problem{'s follow' if followers > 1 else ' follows'} from it)"
        lines.append((f"{place} -> {told}" if place else told) + (follow if followers else ""))
    return lines


def misnamed(code: Code, loaded: wire.Loaded | None, functions: Sequence[str]) -> Iterator[str]:
    """Say which of ``functions`` are missing, and may be there under another name, a line each."""
    if loaded is None:
        return
    there, wanted = set(loaded.defined), set(functions)
    others = [name for name in loaded.defined if name not in wanted][:_COMPARED]
    for function in functions:
        if function in there or _broken_by(code, loaded, function):
            continue
        alike = [name for name in others if len(name) <= 2 * len(function)]
        for name in difflib.get_close_matches(function, alike, n=1, cutoff=_NEAR):
            yield f"`{function}` is missing, and you have `{name}`: rename it if that is the one"


def _causes(found: Sequence[wire.Problem]) -> list[tuple[wire.Problem, int]]:
    """Return the problems that are no consequence of an earlier one, each with the number of its consequences.

    A consequence is that a name is not defined which an earlier problem kept from being, or missed as well.
    """
    causes: list[wire.Problem] = []
    followers: list[int] = []
    cause_of: dict[str, int] = {}
    for problem in found:
        undefined = _undefined(problem.kind, problem.message)
        if undefined in cause_of:
            number = cause_of[undefined]
            followers[number] += 1
        else:
            number = len(causes)
            causes.append(problem)
            followers.append(0)
        for name in filter(None, (undefined, *problem.names)):
            cause_of.setdefault(name, number)
    return list(zip(causes, followers, strict=True))


def _not_run(code: Code) -> Iterator[str]:
    """Say of each cell whose first line gives it to something else than Python that it was not run."""
    for number, cell in enumerate(code.cells if code.notebook else (), 1):
        if magic := source.foreign_magic(cell):
            shown = magic[:_LONGEST_MAGIC]
            yield f"cell {number} begins with `%%{shown}` and was not run: what it defines is not there"


def _broken_by(code: Code, loaded: wire.Loaded | None, name: str) -> wire.Problem | None:
    """Return the problem that kept a name from being defined."""
    found = loaded.problems if loaded else []
    return next((problem for problem in found if name in problem.names or not code.tolerant), None)


def _undefined(kind: str, message: str) -> str:
    """Return the name that a NameError says is not defined; empty of any other exception."""
    match = _UNDEFINED.match(message) if kind == "NameError" else None
    return match[1] if match else ""


def _place(code: Code, problem: wire.Problem) -> Place | None:
    return code.place(problem.cell, f"{code.module}.py", problem.line, "")


def _told(problem: wire.Problem) -> str:
    told = f"{problem.kind}: {problem.message}"[:_LONGEST_TEXT]
    return told + _NO_SUCH_MODULE if problem.kind == "ModuleNotFoundError" else told
