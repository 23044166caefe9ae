"""From an exception of student code to the message that says what was raised and in which line.

What is asked of the exception may run student code (``__str__``, a metaclass), so nothing
here may fail: where an answer cannot be had, fixed words stand in its place.
"""

from __future__ import annotations

import builtins
import traceback
import types
from pathlib import Path
from typing import Any

from . import forms, wire

_LONGEST_MESSAGE = 2000
"""Characters of an exception's text that travel; a message that is longer is an array printed."""
_LONGEST_NAME = 100
_BUILTIN = {id(item): name for name, item in vars(builtins).items() if isinstance(item, type)}
"""By identity: a class may have any name, and compare itself as it likes."""
_DEEPEST_TRACEBACK = 30
"""Lines of the student's own code in a traceback; endless recursion has thousands."""


class Origins:
    """Which file names in tracebacks are the student's own, and which cell each is.

    Parameters
    ----------
    folder
        Where the submission's files lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = f"{folder}/"
        self._cells: dict[str, int] = {}

    def add(self, file: str, cell: int) -> None:
        """Note that code compiled under the name ``file`` is that cell; 0 for a script."""
        self._cells[file] = cell

    def frames(self, trace: types.TracebackType | None) -> list[wire.Frame]:
        """Return the student's own lines of a traceback, outermost first."""
        found = [self._frame(frame, line) for frame, line in traceback.walk_tb(trace)]
        return [frame for frame in found if frame is not None][-_DEEPEST_TRACEBACK:]

    def _frame(self, frame: types.FrameType, line: int) -> wire.Frame | None:
        code = frame.f_code
        if code.co_filename not in self._cells and not code.co_filename.startswith(self._folder):
            return None
        file = code.co_filename.removeprefix(self._folder)
        return wire.Frame(self._cells.get(code.co_filename, 0), _text(file), line, _text(code.co_name))


def raised(error: BaseException, origins: Origins, *, turn: int, output: str) -> wire.Raised:
    """Return the message about an exception."""
    try:
        frames = origins.frames(error.__traceback__)
        kind = type(error)
        name = _text(type.__dict__["__name__"].__get__(kind))
        return wire.Raised(turn, name, _builtin(kind, error), _message(error), frames, output)
    except BaseException:  # noqa: BLE001 - student code may do anything here, and an answer is due
        return wire.Raised(turn, "Exception", "Exception", "", [], output)


def _builtin(kind: type[BaseException], error: BaseException) -> str:
    """Name of the built-in exception that ``error`` is or derives from."""
    if kind is RuntimeError and "DefaultCPUAllocator" in _message(error):
        return "MemoryError"  # torch has no exception of its own for it on a CPU
    bases: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return next((_BUILTIN[id(base)] for base in bases if id(base) in _BUILTIN), "Exception")


def _message(error: BaseException) -> str:
    try:
        return _text(str(error), _LONGEST_MESSAGE)
    except BaseException:  # noqa: BLE001 - str() of a student's own exception is student code
        return ""


def _text(text: Any, most: int = _LONGEST_NAME) -> str:
    """Return the beginning of a text, as an exact string that can be sent."""
    return forms.encodable(str.__getitem__(text, slice(most)))
