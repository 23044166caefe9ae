"""One worker, seen from the trusted side: requests and answers with deadlines, and its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grader.sandbox import memory
from grader.sandbox.errors import SandboxError, SandboxLost
from grader.worker import wire
from grader.worker.channel import Channel

if TYPE_CHECKING:
    from grader.sandbox.zygote import Zygote

_FIRST_WORD_SECONDS = 1.0
"""Time for a hanging worker to begin to say where: well under a millisecond, and more on a busy machine."""
_NEXT_WORD_SECONDS = 0.05
"""Time between two of its words, after which it has said all."""
_ALL_WORDS_SECONDS = 2.0
_DEATH_SECONDS = 5
"""Time that the kernel gets to end a process whose connection is closed."""
_LONGEST_WORDS = 65536
"""Bytes read of what a dying worker wrote: what a pipe holds."""

Deadline = Callable[[], float]
"""Gives the time, as :func:`time.monotonic` counts, by which an answer must have come."""


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

    def __init__(self, zygote: Zygote, number: int, channel: Channel, errors: int) -> None:
        self._zygote = zygote
        self._number = number
        self._channel = channel
        self._errors = errors
        self._open = True
        self.turn = 0
        """Counts the requests, as the worker does."""
        self.out_of_memory = False
        """Whether it was ended because it held too much; known once it was asked how it ended."""
        self._kills = memory.kills()

    def post(self, message: Any, deadline: float) -> None:
        """Send a request without waiting for its answer.

        Raises
        ------
        wire.WireTooLarge
            When the message is too large; the worker is as it was.
        wire.WireTimeout, wire.WireClosed
            When it was not read; the worker is of no use afterwards and must be ended.
        """
        self._channel.send(message, deadline=deadline)
        self.turn += 1

    def is_ready(self, deadline: float) -> bool:
        """Wait until it is shut in, which it says before it sees student code; False when it is not.

        Raises
        ------
        SandboxError
            When it was not even made.
        """
        try:
            return isinstance(self._channel.receive(deadline=deadline), wire.Ready)
        except wire.WireError:
            self._zygote.confirm(self._number)
            with contextlib.suppress(SandboxLost):
                # until it is known which of the two has ended; a zygote that is dying would make another one that dies
                self._zygote.exit_of(self._number, time.monotonic() + _DEATH_SECONDS)
            return False

    def answer(self, deadline: Deadline, callback: Callable[[wire.CallbackCall], Any] | None = None) -> Any:
        """Wait for the answer to what was posted; serve callbacks on the way.

        Raises
        ------
        wire.WireTimeout, wire.WireClosed, wire.WireError
            When none came, or another than is due; the worker must be ended.
        """
        while True:
            message = self._channel.receive(deadline=deadline())
            if getattr(message, "turn", self.turn) != self.turn:
                raise wire.WireError("an answer came that was not asked for")
            if not isinstance(message, wire.CallbackCall):
                return message
            if callback is None:
                raise wire.WireError("a function was called that was not given away")
            self._channel.send(callback(message), deadline=deadline())

    def where_it_hangs(self) -> str:
        """Ask for the lines in which it stands; student text, or empty."""
        self._zygote.signal(self._number, signal.SIGUSR1)
        words = b""
        patience = _FIRST_WORD_SECONDS
        end = time.monotonic() + _ALL_WORDS_SECONDS  # student code may write there too, a byte now and then
        while len(words) < _LONGEST_WORDS and select.select([self._errors], [], [], patience)[0]:
            said = os.read(self._errors, _LONGEST_WORDS)
            words += said
            if not said or time.monotonic() > end:
                break
            patience = _NEXT_WORD_SECONDS
        return words.decode("utf-8", errors="replace")

    def last_words(self) -> str:
        """Return what it wrote when it died; student text."""
        try:
            return os.read(self._errors, _LONGEST_WORDS).decode("utf-8", errors="replace")
        except BlockingIOError:
            return ""

    def how_it_ended(self) -> str:
        """Say how it ended, after its connection was closed: with which status or signal.

        Raises
        ------
        SandboxLost
            When the zygote has ended, and it with that.
        """
        end = self._zygote.exit_of(self._number, time.monotonic() + _DEATH_SECONDS)
        # in a container that is full the kernel may be faster than the zygote, which looks now and then
        by_kernel = end is not None and end.code == -signal.SIGKILL and memory.kills() > self._kills
        self.out_of_memory = by_kernel or (end is not None and end.out_of_memory)
        return _words_of(end.code if end else None)

    def end(self) -> None:
        """Kill it and everything that it started. May be called twice."""
        if not self._open:
            return
        self._open = False
        self._channel.close()
        self._zygote.kill(self._number)
        os.close(self._errors)


def connect() -> tuple[socket.socket, socket.socket, int, int]:
    """Return both ends of a wire and of an error pipe: here, there, reading, writing.

    Raises
    ------
    SandboxError
        When this process may open no more files.
    """
    try:
        here, there = socket.socketpair()
        try:
            reading, writing = os.pipe()
        except OSError:
            here.close()
            there.close()
            raise
    except OSError as error:
        raise SandboxError(f"no more descriptors: {error}; raise the limit with `ulimit -n`") from None
    os.set_blocking(reading, False)
    # a student who fills the pipe must not be able to hang in it, nor anybody else
    os.set_blocking(writing, False)
    return here, there, reading, writing


def _words_of(code: int | None) -> str:
    """Say how a process ended, from its exit code or minus its signal."""
    if code is None:
        return "its connection closed"
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
