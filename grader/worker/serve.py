"""The worker: loads one submission and answers calls about it.

It holds no check, no expected value and no point. It answers what it is asked with values,
handles and tracebacks of the student's own lines; whatever student code does to this
process can make these answers wrong, and nothing else.
"""

from __future__ import annotations

import faulthandler
import importlib
import inspect
import io
import itertools
import os
import signal
import socket
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

from . import arrays, callbacks, capture, forms, generators, loading, standins, tools, tracebacks, values, wire
from .channel import Channel

_NO_SUBMISSION = types.ModuleType("submission")
_LONGEST_KIND = 200
"""Characters of the name of a handle's type."""


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
        self._channel = Channel(connection, wire.ToWorker)
        self._folder = folder
        self._output = capture.Capture(output_limit)
        self._origins = tracebacks.Origins(folder)
        self._callbacks = callbacks.Callbacks(self._channel, self._handle, self._special)
        self._handles: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._module = _NO_SUBMISSION
        self._turn = 0
        self._process = os.getpid()

    def run(self) -> None:
        """Answer until the trusted process closes the wire."""
        stream = capture.text_stream(self._output)
        nothing: Any = io.StringIO("")
        sys.stdout = sys.__stdout__ = stream  # type: ignore[misc] # of a constant: both are the student's now
        sys.stderr = sys.__stderr__ = stream  # type: ignore[misc]
        sys.stdin = sys.__stdin__ = nothing  # type: ignore[misc]
        self._channel.send(wire.Ready())
        while True:
            try:
                message = self._channel.receive()
            except wire.WireClosed:
                return
            self._turn += 1
            self._callbacks.open(self._turn)
            answer = self._answer(message)
            if os.getpid() != self._process:
                os._exit(0)  # a child that student code forked and let return: its parent gives the answer
            self._callbacks.close()
            self._send(answer)

    def _answer(self, message: Any) -> Any:
        try:
            if isinstance(message, wire.Call):
                return self._call(message)
            if isinstance(message, wire.Load):
                return self._load(message)
            if isinstance(message, wire.Hold):
                return wire.Answer(self._turn, self._hold(message), [], "")
            if isinstance(message, wire.Library):
                return wire.Answer(self._turn, self._handle(importlib.import_module(message.name)), [], "")
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of student code are answers too
            return tracebacks.raised(error, self._origins, turn=self._turn, output=self._output.take())
        return wire.Raised(self._turn, "WireError", "Exception", "this is no request", [], "")

    def _send(self, answer: Any) -> None:
        try:
            self._channel.send(answer)
        except wire.WireClosed:
            raise
        except BaseException as error:  # noqa: BLE001 - nothing was sent: say so instead of dying without a word
            kind = "MemoryError" if isinstance(error, MemoryError) else "ValueError"
            size = f"the result is larger than {wire.MAX_FRAME / 2**20:g} MB"
            message = size if isinstance(error, wire.WireTooLarge) else "the result cannot be sent"
            self._channel.send(wire.Raised(self._turn, kind, kind, message, [], ""))

    def _load(self, message: wire.Load) -> wire.Loaded:
        loader = loading.Loader(message, self._folder, self._origins)
        self._module = loader.module
        loaded = loader.load()
        self._output.take()  # what is printed at import belongs to no check
        return loaded

    def _call(self, message: wire.Call) -> wire.Answer:
        for number in message.drop:
            self._handles.pop(number, None)
        if message.seed is not None:
            generators.seed(message.seed)
        target = self._target(message)
        if message.read:
            return wire.Answer(self._turn, self._encode(target, message.keep), [], self._output.take())
        target = tools.through(message.through, target)
        watches: list[arrays.Watch] = [[] for _ in range(len(message.args) + len(message.kwargs))]
        given = [*message.args, *message.kwargs.values()]
        decoded = [values.decode(value, self._special, watch) for value, watch in zip(given, watches, strict=True)]
        positional = decoded[: len(message.args)]
        named = dict(zip(message.kwargs, decoded[len(message.args) :], strict=True))
        result = target(*positional, **named)
        # a seventh of the arguments' cost, and the only honest moment to see a change in place
        changed = [n for n, watch in enumerate(watches) if any(values.is_changed(*seen) for seen in watch)]
        names = _argument_names(target, len(positional), list(named), changed) if changed else []
        left: dict[str, forms.Value] = {
            str(key): values.encode_generator(argument)
            for key, argument in (*enumerate(positional), *named.items())
            if type(argument) is np.random.Generator
        }
        return wire.Answer(self._turn, self._encode(result, message.keep), names, self._output.take(), left)

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

    def _encode(self, result: Any, keep: list[int]) -> forms.Value:
        if keep == [-1]:
            return self._handle(result)
        if keep and isinstance(result, tuple | list):
            items = [
                self._handle(item) if number in keep else values.encode(item, self._handle)
                for number, item in enumerate(result)
            ]
            return forms.Tuple(items) if isinstance(result, tuple) else forms.List(items)
        return values.encode(result, self._handle)

    def _handle(self, value: Any) -> forms.Handle:
        number = next(self._numbers)
        self._handles[number] = value
        kind = type(value)
        return forms.Handle(number, forms.encodable(f"{kind.__module__}.{kind.__qualname__}"[:_LONGEST_KIND]))

    def _special(self, value: forms.Handle | forms.Callback) -> Any:
        if isinstance(value, forms.Handle):
            return self._handles[value.id]
        return self._callbacks.function(value)

    def _hold(self, message: wire.Hold) -> forms.Handle:
        value = values.decode(message.value, self._special)
        if message.requires_grad:
            value = value.requires_grad_(True)
        return self._handle(value)


def _argument_names(function: Any, positional: int, keywords: list[str], changed: list[int]) -> list[str]:
    """Names of the changed arguments, by the student's own signature where it has one."""
    try:
        parameters = list(inspect.signature(function).parameters)
    except Exception:  # noqa: BLE001 - a signature may be student code too
        parameters = []
    named = [parameters[n] if n < len(parameters) else f"argument {n + 1}" for n in range(positional)] + keywords
    return [forms.encodable(named[n]) for n in changed]


def serve(connection: socket.socket, errors: int, folder: Path, *, output_limit: int) -> None:
    """Serve one submission over ``connection``; where the process stands when it dies goes to ``errors``."""
    stream = os.fdopen(errors, "w")
    faulthandler.enable(stream, all_threads=False)
    if hasattr(signal, "SIGUSR1"):
        # asked before a kill: in which line does it hang?
        faulthandler.register(signal.SIGUSR1, file=stream, all_threads=False)
    standins.install()
    Worker(connection, folder, output_limit=output_limit).run()
