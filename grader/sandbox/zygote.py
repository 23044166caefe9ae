"""The warm parent of the workers, seen from the trusted side.

It is executed afresh and never forked from the grader, so it cannot carry a check along.
When it dies (by the machine's memory killer, say) it is started again once per request; a
worker that it had is then dead too.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

from grader.sandbox import isolation
from grader.sandbox.errors import SandboxError, SandboxLost
from grader.sandbox.worker import Worker, connect
from grader.worker import users, wire
from grader.worker.channel import Channel

_START_SECONDS = 120
"""Time for `import torch` on a cold disk of a busy machine, several times over."""
_SPAWN_SECONDS = 30
"""Time for one fork: some 10 ms, and minutes only on a machine that is of no use."""
_STOP_SECONDS = 10
"""Time to end by itself: it has to kill its workers and to be scheduled, on a machine that may be busy."""


class Zygote:
    """Starts workers in one level of isolation.

    Parameters
    ----------
    level
        The level of isolation.
    allowed
        Packages that submissions may import; they are imported once, here.
    preload
        Modules of them that come with a first use only, and are imported here too.
    """

    def __init__(self, level: isolation.Level, allowed: Sequence[str], preload: Sequence[str] = ()) -> None:
        self.level = level
        self._allowed = tuple(allowed)
        self._preload = tuple(preload)
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._warm = False
        self._said: IO[bytes] | None = None
        self._folder = ""
        self._living: set[int] = set()
        self._unconfirmed: set[int] = set()
        self._refused: dict[int, str] = {}
        self._exits: dict[int, wire.Exited] = {}

    def start(self) -> None:
        """Start the process without waiting until it is warm."""
        here, there = socket.socketpair()
        folder = self._make_folder()
        words = isolation.zygote_command(
            self.level, control=there.fileno(), allowed=self._allowed, preload=self._preload, folder=folder
        )
        self._close_words()
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
        self._channel = Channel(here, wire.FromZygote)
        self._warm = False

    def _make_folder(self) -> str:
        """Make a folder for temporary files where no namespace brings one."""
        if self.level is isolation.Level.NAMESPACE:
            return ""
        self._folder = tempfile.mkdtemp(prefix="dlgrader-")
        Path(self._folder).chmod(0o711)  # other users pass through it, each to the own folder
        return self._folder

    def _remove_folder(self) -> None:
        """Remove what the zygote has removed itself, unless it was killed."""
        if not self._folder:
            return
        with contextlib.suppress(FileNotFoundError):
            for left in list(os.scandir(self._folder)):
                if self.level is isolation.Level.USER:
                    users.sweep(left.stat().st_gid)  # the folder is its group's
            shutil.rmtree(self._folder)
        self._folder = ""

    def wait_until_warm(self) -> None:
        """Start it if need be, and wait until it can fork.

        Raises
        ------
        SandboxError
            When it does not come up: nothing can be graded on this machine.
        """
        if self._process is None:
            self.start()
        if self._warm:
            return
        try:
            self._next(time.monotonic() + _START_SECONDS)  # it says first, and once, that it is warm
        except wire.WireError:
            self.stop()
            raise SandboxError(f"the sandbox did not start: {self._complaint()}") from None
        self._warm = True

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
            self.stop()
        try:
            return self._fork(limits)
        except wire.WireError:
            self.stop()
            raise SandboxLost(f"the sandbox ended when it should make a worker: {self._complaint()}") from None

    def _fork(self, limits: wire.Limits) -> Worker:
        self.wait_until_warm()
        assert self._channel is not None
        number = next(self._numbers)
        here, there, reading, writing = connect()
        try:
            deadline = time.monotonic() + _SPAWN_SECONDS
            self._drain(deadline)
            # it is not waited for: what is sent to the worker meanwhile waits in its socket
            self._channel.send(wire.Spawn(number, limits), deadline=deadline, descriptors=[there.fileno(), writing])
        except BaseException:
            here.close()
            os.close(reading)
            raise
        finally:
            there.close()
            os.close(writing)
        self._living.add(number)
        self._unconfirmed.add(number)
        return Worker(self, number, Channel(here, wire.FromWorker), reading)

    def confirm(self, number: int) -> None:
        """Say why a worker was not made; nothing happens when it was.

        Raises
        ------
        SandboxError
            When it could not be made.
        """
        deadline = time.monotonic() + _SPAWN_SECONDS
        try:
            while number in self._unconfirmed:
                self._next(deadline)
        except wire.WireError:
            self.stop()  # it has ended: the next worker is another one's
        if number in self._refused:
            raise SandboxError(f"the sandbox could not make a worker: {self._refused.pop(number)}")

    def _drain(self, deadline: float) -> None:
        """Read what was said so far, lest the zygote wait for somebody to read it."""
        assert self._channel is not None
        while select.select([self._channel.socket], [], [], 0)[0]:
            self._next(deadline)

    def _next(self, deadline: float) -> Any:
        if self._channel is None:
            raise wire.WireClosed("the zygote has ended")
        message = self._channel.receive(deadline=deadline)
        if isinstance(message, wire.Exited) and message.worker in self._living:
            self._exits[message.worker] = message
        if isinstance(message, wire.Spawned):
            self._unconfirmed.discard(message.worker)
            if message.error:
                self._refused[message.worker] = message.error
        return message

    def exit_of(self, number: int, deadline: float) -> wire.Exited | None:
        """Return how a worker ended, waiting until ``deadline``; None when it has not ended then.

        Raises
        ------
        SandboxLost
            When the zygote itself has ended.
        """
        try:
            while number not in self._exits:
                if number not in self._living:
                    raise SandboxLost("the sandbox was started again, and its workers are gone")
                self._next(deadline)
        except wire.WireTimeout:
            return None
        except wire.WireError:
            self.stop()
            raise SandboxLost("the sandbox ended under a worker") from None
        return self._exits[number]

    def signal(self, number: int, signal_number: int) -> None:
        """Send a signal to a worker; one that is gone already is no error."""
        if self._channel is None or number in self._exits or number not in self._living:
            return
        try:
            self._channel.send(wire.Signal(number, signal_number), deadline=time.monotonic() + _SPAWN_SECONDS)
        except wire.WireError:
            self.stop()

    def kill(self, number: int) -> None:
        """Kill a worker and forget it."""
        self.signal(number, 9)  # SIGKILL, which not every system's module knows
        self._living.discard(number)
        self._unconfirmed.discard(number)
        self._exits.pop(number, None)

    def release(self) -> None:
        """Let it end by itself while this process goes on; :meth:`stop` waits for that."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def stop(self) -> None:
        """End the zygote and with it every worker; a further request starts it again."""
        self.release()
        if self._process is not None:
            try:
                # it ends by itself when its socket closes, and removes what it made
                self._process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
            self._remove_folder()
        self._warm = False
        self._living.clear()
        self._unconfirmed.clear()
        self._refused.clear()
        self._exits.clear()

    def _complaint(self) -> str:
        assert self._said is not None
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing; `grader doctor` tells what this machine offers"

    def _close_words(self) -> None:
        if self._said is not None:
            self._said.close()
            self._said = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._close_words()
