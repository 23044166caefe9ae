"""The warm parent of all workers: imports once, then forks one confined worker a submission.

Started by path, as a fresh program, inside the sandbox's view of the file system::

    python -P <folder>/zygote.py CONTROL_FD ISOLATED PACKAGES

It executes no student code, runs no numerical operation and starts no thread, because a
threaded product before a fork hangs the child. Everything that it is asked comes over the
control socket (see :mod:`wire`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from pathlib import Path

if __package__ in {None, ""}:  # started by path: become a package under a name that no student imports
    # the name stays apart from the folder's own, which would be on no path
    _HERE = Path(__file__).resolve().parent
    sys.path.insert(0, str(_HERE.parent))
    __package__ = _HERE.name  # noqa: A001
    importlib.import_module(__package__)
    sys.path.pop(0)

from . import confinement, serve, wire


class Zygote:
    """Forks workers, passes signals on, reports their ends."""

    def __init__(self, control: socket.socket, *, isolated: bool) -> None:
        self._control = wire.Channel(control, wire.ToZygote)
        self._isolated = isolated
        self._pids: dict[int, int] = {}
        self._workers: dict[int, int] = {}
        self._user, self._group = os.getuid(), os.getgid()

    def run(self) -> None:
        """Serve until the grader closes the control socket."""
        wake, wake_end = socket.socketpair()
        for end in (wake, wake_end):
            end.setblocking(False)
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        selector = selectors.DefaultSelector()
        selector.register(self._control.socket, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        self._control.send(wire.Spawned(0))
        with contextlib.suppress(wire.WireClosed):
            while True:
                for key, _ in selector.select():
                    if key.fileobj is wake:
                        with contextlib.suppress(BlockingIOError):
                            wake.recv(4096)
                        self._reap()
                    else:
                        self._obey()

    def _obey(self) -> None:
        message, descriptors = self._control.receive_with_descriptors(2)
        if isinstance(message, wire.Spawn):
            self._spawn(message, descriptors)
        elif message.worker in self._pids:
            self._kill(self._pids[message.worker], message.number)

    def _kill(self, pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._isolated or number != signal.SIGKILL:
                os.kill(pid, number)  # the first process of its namespace takes all others along
            else:
                os.killpg(pid, number)

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
            scratch = Path(os.environ["DLGRADER_FOLDER"])
            confinement.confine(
                limits, scratch, isolated=self._isolated, user=self._user, group=self._group
            )
            folder = scratch / f"worker-{os.getpid()}"
            serve.serve(socket.socket(fileno=channel), errors, folder, output_limit=limits.output_kb * 1024)
        except BaseException as error:  # noqa: BLE001 - whatever it was, this process must not go on as a zygote
            with contextlib.suppress(OSError):
                os.write(errors, f"worker: {error}\n".encode(errors="replace"))
        finally:
            os._exit(0)

    def _reap(self) -> None:
        while self._workers:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = self._workers.pop(pid, None)
            if worker is not None:
                del self._pids[worker]
                self._control.send(wire.Exited(worker, os.waitstatus_to_exitcode(status)))


def _keep_only(channel: int, errors: int) -> tuple[int, int]:
    """Close every descriptor but these two and the standard ones, which lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    # moved out of the way first, so that neither is overwritten by the standard ones
    channel, errors = (os.dup2(fd, high) for fd, high in ((channel, 100), (errors, 101)))
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, 100)
    os.closerange(102, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
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


def main(arguments: list[str]) -> None:
    """Start: ``CONTROL_FD ISOLATED PACKAGES``, the packages separated by commas."""
    control = socket.socket(fileno=int(arguments[0]))
    _warm_up([name for name in arguments[2].split(",") if name])
    # objects that live for ever need not be visited, nor their pages copied, in the children
    gc.collect()
    gc.freeze()
    Zygote(control, isolated=arguments[1] == "1").run()


if __name__ == "__main__":
    main(sys.argv[1:])
