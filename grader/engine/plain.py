"""A submission in this very process, for trusted code: the author's solution, variants and mistakes.

Not for students' code: there is no wall. Authors use it to run checks in an editor, and the
tests of an assignment to run them thousands of times.
"""

from __future__ import annotations
import __future__

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from grader.worker import tools

_DEFINITION = re.compile(r"^(?:@.*\n)*(?:def|class) ", re.MULTILINE)
_POSTPONED = re.compile(r"^from __future__ import .*annotations", re.MULTILINE)


class PlainStudent:
    """Looks to a check as :class:`grader.sandbox.student.Student` does."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self.called: dict[str, None] = {}
        """Functions that checks asked for, in order."""

    def __getattr__(self, name: str) -> PlainFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        self.called[name] = None
        return PlainFunction(name, getattr(self._module, name))


class PlainFunction:
    """A function that gets copies of its arguments, as one behind the wall does.

    Attributes
    ----------
    name, function
        What is called, and under which name.
    tool
        What is called in its place, and gets it as its first argument; empty when nothing is.
    """

    def __init__(self, name: str, function: Callable[..., Any], tool: str = "") -> None:
        self.name = self.__name__ = name
        self.function = function
        self.tool = tool

    def through(self, tool: str) -> PlainFunction:
        """Return a function that calls a tool with this one as its first argument."""
        return PlainFunction(self.name, self.function, tool)

    def keeping(self, *_positions: int) -> PlainFunction:
        """Return this function: in one process everything stays where it is."""
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        called = tools.through(self.tool, self.function)
        return called(*map(_copied, args), **{name: _copied(value) for name, value in kwargs.items()})


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
    with _importing(module):
        for code in _compiled(source, name):
            exec(code, vars(module))  # noqa: S102 - the author's own source
    return module


@contextmanager
def _importing(module: ModuleType) -> Iterator[None]:
    """Let a module be found by its name while it is executed: dataclasses look for theirs."""
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        del sys.modules[module.__name__]
        if before is not None:
            sys.modules[module.__name__] = before


def _compiled(source: str, name: str) -> list[CodeType]:
    """Compile a source function by function: hundreds of answers differ from the solution in one of them."""
    future = __future__.annotations.compiler_flag if _POSTPONED.search(source) else 0
    places = [0, *(found.start() for found in _DEFINITION.finditer(source)), len(source)]
    try:
        return [_compiled_part(source[start:end], name, future) for start, end in pairwise(places)]
    except SyntaxError:  # a text at the margin looked like a definition, or the source is wrong and will say where
        return [compile(source, f"<{name}>", "exec", dont_inherit=True)]


@lru_cache(maxsize=4096)
def _compiled_part(part: str, name: str, flags: int) -> CodeType:
    code: CodeType = compile(part, f"<{name}>", "exec", flags=flags, dont_inherit=True)
    return code


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in {list, tuple}:
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return value
