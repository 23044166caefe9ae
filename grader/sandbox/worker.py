"""One worker, seen from the trusted side: requests and answers with deadlines, and its end."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grader.sandbox.errors import SandboxError
from grader.worker import wire

if TYPE_CHECKING:
    from grader.sandbox.zygote import Zygote

_LAST_WORDS = 0.05
"""Seconds that a hanging worker gets to say in which line it hangs; its handler needs well under one millisecond."""
_LONGEST_WORDS = 65536
"""Bytes read of what a dying worker wrote: what a pipe holds."""


class Worker:
    """A confined process that holds one submission.

    Parameters
    ----------
    zygote
        Its parent, through which it is signalled.
    number
        Its number there.
    channel
        The wire to it.
    errors
        Reading end of the pipe that faulthandler writes to; owned.
    """

    def __init__(self, zygote: Zygote, number: int, channel: wire.Channel, errors: int) -> None:
        self._zygote = zygote
        self._number = number
        self._channel = channel
        self._errors = errors
        self._open = True
        self.exit_code: int | None = None

    def post(self, message: Any) -> None:
        """Send a message without waiting for the answer."""
        self._channel.socket.settimeout(None)
        self._channel.send(message)

    def answer(self, deadline: float, callback: Callable[[wire.CallbackCall], Any] | None = None) -> Any:
        """Wait for the answer to what was posted; serve callbacks on the way.

        Raises
        ------
        wire.WireTimeout, wire.WireClosed, wire.WireError
            When none came; the worker is of no use afterwards and must be ended.
        """
        while True:
            message = self._channel.receive(deadline=deadline)
            if not isinstance(message, wire.CallbackCall):
                return message
            if callback is None:
                raise wire.WireError("the worker called back where nobody had given it a function")
            # the time that the trusted side takes is not the student's
            started = time.monotonic()
            self.post(callback(message))
            deadline += time.monotonic() - started

    def where_it_hangs(self) -> str:
        """Ask for the lines in which it stands; student text, or empty."""
        self._zygote.signal(self._number, signal.SIGUSR1)
        time.sleep(_LAST_WORDS)
        return self.last_words()

    def last_words(self) -> str:
        """Return what faulthandler wrote so far; student text."""
        try:
            return os.read(self._errors, _LONGEST_WORDS).decode("utf-8", errors="replace")
        except BlockingIOError:
            return ""

    def wait(self, seconds: float) -> int | None:
        """Return its exit code (minus the signal), or None when it did not end in time."""
        return self._zygote.exit_code(self._number, time.monotonic() + seconds)

    def end(self) -> None:
        """Kill it and everything that it started. May be called twice."""
        if not self._open:
            return
        self._open = False
        self._channel.close()
        self._zygote.signal(self._number, signal.SIGKILL)
        os.close(self._errors)


def connect() -> tuple[socket.socket, socket.socket, int, int]:
    """Return both ends of a wire and of an error pipe: here, there, reading, writing."""
    here, there = socket.socketpair()
    try:
        reading, writing = os.pipe()
    except OSError as error:
        raise SandboxError(f"no more descriptors: {error}; raise the limit with `ulimit -n`") from None
    os.set_blocking(reading, False)
    # a student who fills the pipe must not be able to hang in it, nor anybody else
    os.set_blocking(writing, False)
    return here, there, reading, writing
