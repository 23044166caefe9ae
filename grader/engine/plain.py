"""A submission in this very process, for trusted code: the author's solution, variants and mistakes.

Not for students' code: there is no wall. Authors use it to run checks in an editor, and the
tests of an assignment to run them thousands of times.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np


class PlainStudent:
    """Looks to a check as :class:`grader.sandbox.student.Student` does."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> PlainFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        return PlainFunction(name, getattr(self._module, name))


class PlainFunction:
    """A function that gets copies of its arguments, as one behind the wall does."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = self.__name__ = name
        self._function = function

    def keeping(self, *_positions: int) -> PlainFunction:
        """Return this function: in one process everything stays where it is."""
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self._function(*map(_copied, args), **{name: _copied(value) for name, value in kwargs.items()})


def module_of(source: str, name: str) -> ModuleType:
    """Execute trusted source as a module.

    Parameters
    ----------
    source
        What the author wrote: a solution, a variant, a patched solution.
    name
        Its name, for tracebacks.
    """
    module = ModuleType(name)
    exec(compile(source, f"<{name}>", "exec"), vars(module))  # noqa: S102 - the author's own source
    return module


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in {list, tuple}:
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return value
