"""The worker: loads one submission and answers calls about it.

It holds no check, no expected value and no point. It answers what it is asked with values,
handles and tracebacks of the student's own lines; whatever student code does to this
process can make these answers wrong, and nothing else.
"""

from __future__ import annotations

import ast
import builtins
import faulthandler
import importlib
import inspect
import io
import itertools
import linecache
import os
import random
import signal
import socket
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

from . import capture, source, standins, values, wire

_LONGEST_MESSAGE = 2000
"""Characters of an exception's text that travel; a message that is longer is an array printed."""
_DEEPEST_TRACEBACK = 30
"""Lines of the student's own code in a traceback; endless recursion has thousands."""


class Worker:
    """One submission, loaded into this process.

    Parameters
    ----------
    connection
        The wire to the trusted process.
    folder
        Where the submission's files are written; the working folder of its code.
    output_limit
        Bytes of output that are kept between two answers.
    """

    def __init__(self, connection: socket.socket, folder: Path, *, output_limit: int) -> None:
        self._channel = wire.Channel(connection, wire.ToWorker)
        self._folder = folder
        self._output = capture.Capture(output_limit)
        self._handles: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._module = types.ModuleType("submission")
        self._lines: dict[str, tuple[int, list[str]]] = {}

    def run(self) -> None:
        """Answer until the trusted process closes the wire."""
        stream = capture.text_stream(self._output)
        sys.stdout = sys.__stdout__ = stream  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = stream  # type: ignore[misc]
        sys.stdin = sys.__stdin__ = io.StringIO("")  # type: ignore[misc]
        while True:
            try:
                message = self._channel.receive()
            except wire.WireClosed:
                return
            self._channel.send(self._answer(message))

    def _answer(self, message: Any) -> Any:
        try:
            if isinstance(message, wire.Call):
                return self._call(message)
            if isinstance(message, wire.Load):
                return self._load(message)
            if isinstance(message, wire.Hold):
                return wire.Answer(self._hold(message), [], "")
            if isinstance(message, wire.Library):
                return wire.Answer(self._handle(importlib.import_module(message.name)), [], "")
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of student code are answers too
            return self._raised(error)
        return wire.Raised("WireError", "Exception", "no call is pending", [], "")

    # ------------------------------------------------------------------------------ loading

    def _load(self, message: wire.Load) -> wire.Loaded:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, content in message.files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        os.chdir(self._folder)
        sys.path.insert(0, str(self._folder))
        sys.argv = [f"{message.module}.py"]
        self._module = types.ModuleType(message.module)
        self._module.__file__ = str(self._folder / f"{message.module}.py")
        sys.modules[message.module] = self._module
        if message.notebook:
            self._module.__dict__["get_ipython"] = standins.Inert()
            self._module.__dict__["display"] = standins.Inert()
        problems: list[wire.Problem] = []
        stubs: dict[str, bool] = {}
        for number, text in enumerate(message.cells, 1):
            self._execute_cell(message, number, text, problems, stubs)
            if problems and not message.tolerant:
                self._module.__dict__.clear()
                break
        defined = [name for name, item in vars(self._module).items() if callable(item) and type(name) is str]
        return wire.Loaded(problems, defined, [name for name, stub in stubs.items() if stub], self._output.take())

    def _execute_cell(
        self, message: wire.Load, number: int, text: str, problems: list[wire.Problem], stubs: dict[str, bool]
    ) -> None:
        file = f"<cell {number}>" if message.notebook else str(self._folder / f"{message.module}.py")
        cell_number = number if message.notebook else 0
        lines = text.splitlines()
        self._lines[file] = (cell_number, lines)
        # inspect.getsource (torch.jit, dataclasses) looks here; no file need exist
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        cell = source.parse(text, notebook=message.notebook, tolerant=message.tolerant)
        for broken in cell.broken:
            problems.append(
                wire.Problem(cell_number, broken.line, broken.code, broken.kind, broken.message, broken.names)
            )
        flags = 0
        for statement in cell.statements:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                flags |= _future_flags(statement)
            stubs.update(dict.fromkeys(source.defined_names(statement), source.is_stub(statement)))
            try:
                code = compile(ast.Module([statement], []), file, "exec", flags=flags, dont_inherit=True)
                exec(code, vars(self._module))  # noqa: S102 - this is the process that student code runs in
            except BaseException as error:  # noqa: BLE001 - also SystemExit: the other statements still count
                problems.append(self._problem(error, statement, cell_number, lines))
                if not message.tolerant:
                    return

    def _problem(self, error: BaseException, statement: ast.stmt, cell: int, lines: list[str]) -> wire.Problem:
        line = statement.lineno
        code = lines[line - 1].strip() if line <= len(lines) else ""
        raised = self._raised(error)
        if raised.frames:
            own = [frame for frame in raised.frames if frame.cell == cell]
            line, code = (own[-1].line, own[-1].code) if own else (line, code)
        names = source.defined_names(statement)
        return wire.Problem(cell, line, code, raised.kind, raised.message, names)

    # ------------------------------------------------------------------------------ calling

    def _call(self, message: wire.Call) -> wire.Answer:
        for number in message.drop:
            self._handles.pop(number, None)
        if message.seed is not None:
            _seed_everything(message.seed)
        arrays: list[list[tuple[Any, memoryview]]] = []
        target = self._target(message)
        if message.read:
            return wire.Answer(self._encode(target, message.keep), [], self._output.take())
        arguments = []
        for argument in message.args:
            arrays.append([])
            arguments.append(values.decode(argument, self._special, arrays[-1]))
        options = {}
        for name, argument in message.kwargs.items():
            arrays.append([])
            options[name] = values.decode(argument, self._special, arrays[-1])
        # a seventh of the arguments' cost, and the only honest moment to see a change in place
        result = target(*arguments, **options)
        changed = [number for number, group in enumerate(arrays) if any(a.tobytes() != b for a, b in group)]
        names = _argument_names(target, len(message.args), list(message.kwargs), changed) if changed else []
        return wire.Answer(self._encode(result, message.keep), names, self._output.take())

    def _target(self, message: wire.Call) -> Any:
        if isinstance(message.target, int):
            target = self._handles[message.target]
        else:
            try:
                target = vars(self._module)[message.target]
            except KeyError:
                raise NameError(f"name {message.target!r} is not defined") from None
        for name in message.path:
            target = getattr(target, name)
        return target

    def _encode(self, result: Any, keep: list[int]) -> wire.Value:
        if keep == [-1]:
            return self._handle(result)
        if keep and isinstance(result, tuple | list):
            items = [
                self._handle(item) if number in keep else values.encode(item, self._handle)
                for number, item in enumerate(result)
            ]
            return wire.Tuple(items) if isinstance(result, tuple) else wire.List(items)
        return values.encode(result, self._handle)

    def _handle(self, value: Any) -> wire.Handle:
        number = next(self._numbers)
        self._handles[number] = value
        kind = type(value)
        return wire.Handle(number, f"{kind.__module__}.{kind.__qualname__}"[:200])

    def _special(self, value: wire.Handle | wire.Callback) -> Any:
        if isinstance(value, wire.Handle):
            return self._handles[value.id]
        return self._callback(value)

    def _hold(self, message: wire.Hold) -> wire.Handle:
        value = values.decode(message.value, self._special)
        if message.requires_grad:
            value = value.requires_grad_(True)
        return self._handle(value)

    def _callback(self, callback: wire.Callback) -> Any:
        """Return a function that calls ``callback`` in the trusted process and waits for its answer."""

        def call(*args: Any, **kwargs: Any) -> Any:
            encoded = {str(name): values.encode(value, self._handle) for name, value in kwargs.items()}
            self._channel.send(
                wire.CallbackCall(callback.id, [values.encode(value, self._handle) for value in args], encoded)
            )
            answer = self._channel.receive()
            if isinstance(answer, wire.CallbackResult):
                return values.decode(answer.value, self._special)
            raise RuntimeError(getattr(answer, "message", "the call was refused"))

        call.__name__ = call.__qualname__ = callback.name
        return call

    # -------------------------------------------------------------------------- what went wrong

    def _raised(self, error: BaseException) -> wire.Raised:
        kind = type(error)
        builtin = next((c.__name__ for c in kind.__mro__ if vars(builtins).get(c.__name__) is c), "Exception")
        try:
            text = str(error)
        except BaseException:  # noqa: BLE001 - str() of a student's own exception is student code
            text = ""
        frames = self._frames(error.__traceback__)
        return wire.Raised(kind.__name__[:100], builtin, text[:_LONGEST_MESSAGE], frames, self._output.take())

    def _frames(self, trace: types.TracebackType | None) -> list[wire.Frame]:
        frames = []
        for trace_entry in _walk(trace):
            code = trace_entry.tb_frame.f_code
            known = code.co_filename in self._lines
            if not known and not code.co_filename.startswith(str(self._folder)):
                continue
            cell, lines = self._lines.get(code.co_filename, (0, linecache.getlines(code.co_filename)))
            line = trace_entry.tb_lineno
            text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
            frames.append(wire.Frame(cell, Path(code.co_filename).name, line, code.co_name, text[:200]))
        return frames[-_DEEPEST_TRACEBACK:]


def _walk(trace: types.TracebackType | None) -> Any:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _future_flags(statement: ast.ImportFrom) -> int:
    import __future__

    features = [getattr(__future__, alias.name, None) for alias in statement.names]
    return sum(feature.compiler_flag for feature in features if feature is not None)


def _argument_names(function: Any, positional: int, keywords: list[str], changed: list[int]) -> list[str]:
    """Names of the changed arguments, by the student's own signature where it has one."""
    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        parameters = []
    named = [parameters[n] if n < len(parameters) else f"argument {n + 1}" for n in range(positional)] + keywords
    return [named[n] for n in changed]


def _seed_everything(seed: int) -> None:
    """Seed the global generators, so that code that uses them gives the same results again."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - it is the global generator that students use
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def serve(connection: socket.socket, errors: int, folder: Path, *, output_limit: int) -> None:
    """Serve one submission over ``connection``; where the process stands when it dies goes to ``errors``."""
    stream = os.fdopen(errors, "w")
    faulthandler.enable(stream, all_threads=False)
    if hasattr(signal, "SIGUSR1"):
        # asked before a kill: in which line does it hang?
        faulthandler.register(signal.SIGUSR1, file=stream, all_threads=True)
    standins.install()
    Worker(connection, folder, output_limit=output_limit).run()
