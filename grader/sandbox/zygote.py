"""The warm parent of the workers, seen from the trusted side.

It is executed afresh and never forked from the grader, so it cannot carry a check along.
When it dies (by the machine's memory killer, say) it is started again once per request; a
worker that it had is then dead too.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from grader.sandbox import isolation
from grader.sandbox.errors import SandboxError
from grader.sandbox.worker import Worker, connect
from grader.worker import wire

_START_SECONDS = 120
"""Time for `import torch` on a cold disk of a busy machine, several times over."""
_SPAWN_SECONDS = 30
"""Time for one fork: some 10 ms, and minutes only on a machine that is of no use."""


_STOP_SECONDS = 2
"""Time to end by itself: it has nothing to do but to be scheduled."""


class Zygote:
    """Starts workers in one level of isolation.

    Parameters
    ----------
    level
        The level of isolation.
    allowed
        Packages that submissions may import; they are imported once, here.
    """

    def __init__(self, level: isolation.Level, allowed: Sequence[str]) -> None:
        self.level = level
        self._allowed = tuple(allowed)
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: wire.Channel | None = None
        self._exits: dict[int, int] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="dlgrader-"))

    def start(self) -> None:
        """Start the process without waiting until it is warm."""
        here, there = socket.socketpair()
        os.set_inheritable(there.fileno(), True)
        words = isolation.zygote_command(
            self.level, control=there.fileno(), allowed=self._allowed, folder=self._folder
        )
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            pass_fds=[there.fileno()],
            start_new_session=True,
        )
        there.close()
        self._channel = wire.Channel(here, wire.FromZygote)
        self._warm = False

    def worker(self, limits: wire.Limits) -> Worker:
        """Fork a worker.

        Raises
        ------
        SandboxError
            When the zygote cannot be started, or cannot fork.
        """
        try:
            return self._fork(limits)
        except wire.WireError:
            self.stop(keep_folder=True)
        try:
            return self._fork(limits)
        except wire.WireError:
            raise SandboxError(f"the sandbox did not start: {self._complaint()}") from None

    def _fork(self, limits: wire.Limits) -> Worker:
        if self._process is None:
            self.start()
        assert self._channel is not None
        if not self._warm:
            self._expect(0, time.monotonic() + _START_SECONDS)
            self._warm = True
        number = next(self._numbers)
        here, there, reading, writing = connect()
        try:
            self._channel.socket.settimeout(_SPAWN_SECONDS)
            self._channel.send(wire.Spawn(number, limits), descriptors=[there.fileno(), writing])
            self._expect(number, time.monotonic() + _SPAWN_SECONDS)
        except BaseException:
            here.close()
            os.close(reading)
            raise
        finally:
            there.close()
            os.close(writing)
        return Worker(self, number, wire.Channel(here, wire.FromWorker), reading)

    def _expect(self, number: int, deadline: float) -> None:
        """Wait until worker ``number`` is spawned; keep what is said of others."""
        message = self._next(deadline)
        while not (isinstance(message, wire.Spawned) and message.worker == number):
            message = self._next(deadline)
        if message.error:
            raise SandboxError(f"the sandbox could not make a worker: {message.error}")

    def _next(self, deadline: float) -> Any:
        assert self._channel is not None
        message = self._channel.receive(deadline=deadline)
        if isinstance(message, wire.Exited):
            self._exits[message.worker] = message.code
        return message

    def exit_code(self, number: int, deadline: float) -> int | None:
        """Return the exit code of a worker, waiting until ``deadline`` at most."""
        try:
            while number not in self._exits:
                self._next(deadline)
        except wire.WireError:
            return None
        return self._exits[number]

    def signal(self, number: int, signal_number: int) -> None:
        """Send a signal to a worker; one that is gone already is no error."""
        if self._channel is None or number in self._exits:
            return
        try:
            self._channel.socket.settimeout(_SPAWN_SECONDS)
            self._channel.send(wire.Signal(number, signal_number))
        except wire.WireError:
            self.stop(keep_folder=True)

    def stop(self, *, keep_folder: bool = False) -> None:
        """End the zygote and with it every worker."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            try:
                # it ends by itself when its socket closes, and then its workers' times are accounted for
                self._process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if not keep_folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _complaint(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing; `grader doctor` tells what this machine offers"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
