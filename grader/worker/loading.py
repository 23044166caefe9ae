"""Makes a module of a submission's cells, statement by statement, and notes what fails on the way.

The one place where student code is executed at import. It never raises for what the student
wrote: a statement that fails is a :class:`wire.Problem`.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from . import forms, source, standins, tracebacks, wire

_MOST_PROBLEMS = 100
"""Problems that are reported; a file with more has one cause for them all."""


class Loader:
    """Loads one submission into a module of its own.

    Parameters
    ----------
    message
        The submission.
    folder
        Where its files are written; the working folder of its code.
    origins
        Is told which file names belong to it.
    """

    def __init__(self, message: wire.Load, folder: Path, origins: tracebacks.Origins) -> None:
        self.module = types.ModuleType(message.module)
        self._message = message
        self._folder = folder
        self._origins = origins
        self._problems: list[wire.Problem] = []
        self._stubs: dict[str, Any] = {}
        """Functions and classes that do nothing yet, as they were when they were defined."""

    def load(self) -> wire.Loaded:
        """Execute the cells in order; in ``module`` is then what they defined."""
        self._write_files()
        self._make_module()
        for number, text in enumerate(self._message.cells, 1):
            self._execute_cell(number, text)
            if self._problems and not self._message.tolerant:
                vars(self.module).clear()
                break
        names = {name: item for name, item in vars(self.module).items() if type(name) is str}
        defined = [forms.encodable(name) for name, item in names.items() if callable(item)]
        # what was defined anew since, in an `if` or by an import, is no stub any more
        stubs = [name for name, function in self._stubs.items() if names.get(name) is function]
        return wire.Loaded(self._problems[:_MOST_PROBLEMS], defined, stubs)

    def _write_files(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, content in self._message.files.items():
            if name.startswith("/") or ".." in PurePosixPath(name).parts:
                continue
            path = self._folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                self._problems.append(wire.Problem(0, 0, "OSError", f"{name}: {error.strerror}", []))

    def _make_module(self) -> None:
        file = str(self._folder / f"{self._message.module}.py")
        os.chdir(self._folder)
        sys.path.insert(0, str(self._folder))
        sys.argv = [file]
        self.module.__file__ = file
        sys.modules[self._message.module] = self.module
        if self._message.notebook:
            vars(self.module).update(get_ipython=standins.Inert(), display=standins.Inert())

    def _execute_cell(self, number: int, text: str) -> None:
        cell = number if self._message.notebook else 0
        file = f"<cell {number}>" if self._message.notebook else str(self.module.__file__)
        self._origins.add(file, cell)
        # inspect.getsource (torch.jit, dataclasses) looks here; no file need exist
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        parsed = source.parse(text, notebook=self._message.notebook, tolerant=self._message.tolerant)
        self._problems += [wire.Problem(cell, b.line, b.kind, b.message, b.names) for b in parsed.broken]
        for statement, flags in _with_flags(parsed.statements):
            if not self._execute(statement, file, cell, flags) and not self._message.tolerant:
                return

    def _execute(self, statement: ast.stmt, file: str, cell: int, flags: int) -> bool:
        """Execute one statement; False when it failed."""
        try:
            code = compile(ast.Module([statement], []), file, "exec", flags=flags, dont_inherit=True)
            exec(code, vars(self.module))  # noqa: S102 - this is the process that student code runs in
        except BaseException as error:  # noqa: BLE001 - also SystemExit: the other statements still count
            self._problems.append(self._problem(error, statement, cell, file))
            return False
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and source.is_stub(statement):
            self._stubs[statement.name] = vars(self.module).get(statement.name)
        return True

    def _problem(self, error: BaseException, statement: ast.stmt, cell: int, file: str) -> wire.Problem:
        raised = tracebacks.raised(error, self._origins, turn=0, output="")
        own = [frame.line for frame in raised.frames if (frame.cell, frame.file) == (cell, Path(file).name)]
        line = own[-1] if own else statement.lineno
        return wire.Problem(cell, line, raised.kind, raised.message, source.defined_names(statement))


def _with_flags(statements: list[ast.stmt]) -> Iterator[tuple[ast.stmt, int]]:
    """Yield statements with the compiler's flags that are on at each."""
    flags = 0
    for statement in statements:
        flags |= source.future_flags(statement)
        yield statement, flags
