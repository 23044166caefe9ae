"""The warm parent of all workers: imports once, then forks one confined worker a submission.

Started by path, as a fresh program, inside the sandbox's view of the file system::

    python -P <folder>/zygote.py CONTROL_FD ISOLATED PACKAGES

It executes no student code, runs no numerical operation and starts no thread, because a
threaded product before a fork hangs the child. Everything that it is asked comes over the
control socket (see :mod:`wire`). When that closes it ends, and takes its workers along.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

if __package__ in {None, ""}:  # started by path: become a package under a name that no student imports
    __package__ = "_dlgrader_worker"
    _HERE = Path(__file__).resolve().parent
    _SPEC = importlib.util.spec_from_file_location(
        __package__, _HERE / "__init__.py", submodule_search_locations=[str(_HERE)]
    )
    assert _SPEC is not None
    sys.modules[__package__] = importlib.util.module_from_spec(_SPEC)

from . import confinement, serve, wire
from .channel import Channel, decoder


class Zygote:
    """Forks workers, passes signals on, reports their ends.

    Parameters
    ----------
    control
        The socket to the grader.
    isolated
        Whether workers get namespaces of their own.
    folder
        Where each makes its own temporary folder; mounted privately when ``isolated``.
    """

    def __init__(self, control: socket.socket, *, isolated: bool, folder: Path) -> None:
        self._control = Channel(control, wire.ToZygote)
        self._isolated = isolated
        self._folder = folder
        self._pids: dict[int, int] = {}
        self._workers: dict[int, int] = {}
        self._user, self._group = os.getuid(), os.getgid()

    def run(self) -> None:
        """Serve until the grader closes the control socket; then end all workers."""
        wake, wake_end = socket.socketpair()
        for end in (wake, wake_end):
            end.setblocking(False)
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        selector = selectors.DefaultSelector()
        selector.register(self._control.socket, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        try:
            with contextlib.suppress(wire.WireClosed):
                self._control.send(wire.Spawned(0))
                while True:
                    for key, _ in selector.select():
                        self._obey() if key.fileobj is self._control.socket else self._reap(wake)
        finally:
            self._end_all()

    def _obey(self) -> None:
        message, descriptors = self._control.receive_with_descriptors(2)
        if isinstance(message, wire.Spawn):
            self._spawn(message, descriptors)
        elif message.worker in self._pids:
            self._kill(self._pids[message.worker], message.number)

    def _kill(self, pid: int, number: int) -> None:
        if not self._isolated and number == signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)  # the first process of a namespace takes all others along

    def _spawn(self, message: wire.Spawn, descriptors: list[int]) -> None:
        try:
            pid = confinement.clone(isolated=self._isolated)
        except OSError as error:
            self._control.send(wire.Spawned(message.worker, str(error)))
        else:
            if pid == 0:
                self._become_worker(message.limits, *descriptors)
            self._pids[message.worker] = pid
            self._workers[pid] = message.worker
            self._control.send(wire.Spawned(message.worker))
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_worker(self, limits: wire.Limits, channel: int, errors: int) -> None:
        """In the new process: drop all that is the zygote's, shut in, serve, and never return."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            if not self._isolated:
                os.setsid()
            channel, errors = _keep_only(channel, errors)
            confinement.confine(limits, self._folder, isolated=self._isolated, user=self._user, group=self._group)
            connection = socket.socket(fileno=channel)
            serve.serve(connection, errors, self._folder_of(os.getpid()), output_limit=limits.output_kb * 1024)
        except BaseException as error:  # noqa: BLE001 - whatever it was, this process must not go on as a zygote
            with contextlib.suppress(OSError):
                os.write(errors, f"worker: {error}\n".encode(errors="replace"))
        finally:
            os._exit(0)

    def _folder_of(self, pid: int) -> Path:
        return self._folder / f"worker-{pid}"

    def _reap(self, wake: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            wake.recv(4096)
        while self._workers:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._forget(pid, os.waitstatus_to_exitcode(status))

    def _forget(self, pid: int, code: int) -> None:
        worker = self._workers.pop(pid, None)
        if worker is None:
            return
        del self._pids[worker]
        if not self._isolated:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # what it started and did not end
            shutil.rmtree(self._folder_of(pid), ignore_errors=True)
        self._control.send(wire.Exited(worker, code))

    def _end_all(self) -> None:
        for pid in self._workers:
            self._kill(pid, signal.SIGKILL)
        for pid in self._workers:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _keep_only(channel: int, errors: int) -> tuple[int, int]:
    """Close every descriptor but these two and the standard ones, which lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    # moved out of the way first, so that neither is overwritten by the standard ones; programs that
    # student code starts do not inherit them
    channel, errors = (os.dup2(fd, high, inheritable=False) for fd, high in ((channel, 100), (errors, 101)))
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, 100)
    os.closerange(102, min(65536, os.sysconf("SC_OPEN_MAX")))
    return channel, errors


_LATE = {
    "numpy": ("numpy.random", "numpy.linalg", "numpy.fft"),
    # 0.3 s and hundreds of modules (sympy), which the first backward pass imports
    "torch": ("torch.fx.experimental.symbolic_shapes",),
}
"""Parts of packages that come with their first use only: every worker would pay for them again."""


def _warm_up(packages: list[str]) -> None:
    """Import what submissions will import, so that every fork has it already."""
    for package in packages:
        for name in (package, *_LATE.get(package, ())):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
    decoder(wire.ToWorker)


@contextlib.contextmanager
def _scratch(*, isolated: bool) -> Iterator[Path]:
    """Give the folder for temporary files; a plain one is removed in the end, also when the grader was killed."""
    if isolated:
        yield Path(os.environ["TMPDIR"])
        return
    with tempfile.TemporaryDirectory(prefix="dlgrader-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = os.environ["HOME"] = tempfile.tempdir = folder
        yield Path(folder)


def main(arguments: list[str]) -> None:
    """Start: ``CONTROL_FD ISOLATED PACKAGES``, the packages separated by commas."""
    control = socket.socket(fileno=int(arguments[0]))
    isolated = arguments[1] == "1"
    gc.disable()  # a tenth of the time of `import torch` is looking for garbage where there is none
    _warm_up([name for name in arguments[2].split(",") if name])
    # objects that live for ever need not be visited, nor their pages copied, in the children
    gc.collect()
    gc.freeze()
    gc.enable()
    with _scratch(isolated=isolated) as folder:
        Zygote(control, isolated=isolated, folder=folder).run()


if __name__ == "__main__":
    main(sys.argv[1:])
