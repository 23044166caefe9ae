"""The warm parent of all workers: imports once, then forks one confined worker a submission.

Started by path, as a fresh program, inside the sandbox's view of the file system::

    python -P <folder>/zygote.py CONTROL_FD LEVEL PACKAGES FOLDER [VIEW]

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
import resource
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

if __package__ in {None, ""}:  # started by path: become a package under a name that no student imports
    __package__ = "_dlgrader_worker"
    _HERE = Path(__file__).resolve().parent
    _SPEC = importlib.util.spec_from_file_location(
        __package__, _HERE / "__init__.py", submodule_search_locations=[str(_HERE)]
    )
    assert _SPEC is not None
    sys.modules[__package__] = importlib.util.module_from_spec(_SPEC)

from . import confinement, installed, landlock, serve, users, watch, wire
from .channel import Channel, decoder


@dataclass
class _Worker:
    """One that lives, as its parent knows it."""

    number: int
    user: int
    watch: watch.Watch
    file_bytes: int
    """That its files may take on disk, where it has no file system of its own."""
    out_of_memory: bool = False


class Zygote:
    """Forks workers, passes signals on, watches their memory, reports their ends.

    Parameters
    ----------
    control
        The socket to the grader.
    level
        How workers are shut in: ``namespace``, ``user`` or ``none``.
    folder
        Where each makes its own temporary folder; mounted privately at the level ``namespace``.
    view
        What workers may open besides it, where the kernel has Landlock; None shows them everything.
    """

    def __init__(self, control: socket.socket, *, level: str, folder: Path, view: landlock.View | None = None) -> None:
        self._control = Channel(control, wire.ToZygote)
        self._level = level
        self._folder = folder
        self._view = view
        self._pids: dict[int, int] = {}
        self._workers: dict[int, _Worker] = {}
        self._users = users.Users() if level == "user" else None
        self._next_look = 0.0

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
                    for key, _ in selector.select(watch.INTERVAL if self._workers else None):
                        self._obey() if key.fileobj is self._control.socket else self._reap(wake)
                    self._look()
        finally:
            self._end_all()

    def _obey(self) -> None:
        message, descriptors = self._control.receive_with_descriptors(2)
        if isinstance(message, wire.Spawn):
            self._spawn(message, descriptors)
        elif message.worker in self._pids:
            self._kill(self._pids[message.worker], message.number)

    def _kill(self, pid: int, number: int) -> None:
        if self._level != "namespace" and number == signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)  # the first process of a namespace takes all others along

    def _look(self) -> None:
        """End the workers that hold too much memory."""
        started = time.monotonic()
        if started < self._next_look:
            return
        for pid, worker in self._workers.items():
            if worker.watch.is_exceeded(self._orphans(worker.user)) or self._litters(pid, worker):
                worker.out_of_memory = True
                self._kill(pid, signal.SIGKILL)
        ended = time.monotonic()
        self._next_look = ended + max(watch.INTERVAL, watch.REST * (ended - started))

    def _litters(self, pid: int, worker: _Worker) -> bool:
        """Whether a worker fills the disk; in a namespace its file systems have a size."""
        return self._users is not None and users.litters(worker.user, self._folder_of(pid), limit=worker.file_bytes)

    def _orphans(self, user: int) -> list[int]:
        """Return what a worker started and left; in a namespace its first process gets them, which is the worker."""
        if self._users is None:
            return []
        return [pid for pid in watch.children(os.getpid()) if pid not in self._workers and users.is_alive(pid, user)]

    def _spawn(self, message: wire.Spawn, descriptors: list[int]) -> None:
        user = os.getuid()
        try:
            if self._users is not None:
                user = self._users.take()
            pid = confinement.clone(isolated=self._level == "namespace")
        except OSError as error:
            self._control.send(wire.Spawned(message.worker, str(error)))
        else:
            if pid == 0:
                self._become_worker(message.limits, user, *descriptors)
            mounts = (str(self._folder), "/dev/shm") if self._level == "namespace" else ()  # noqa: S108 - its own
            limit = (message.limits.held_mb or message.limits.memory_mb) * 2**20
            self._pids[message.worker] = pid
            seen = watch.Watch(pid, limit=limit, mounts=mounts)
            # twice, as at the level `namespace`: a temporary folder and shared memory
            self._workers[pid] = _Worker(message.worker, user, seen, 2 * message.limits.file_mb * 2**20)
            self._control.send(wire.Spawned(message.worker))
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_worker(self, limits: wire.Limits, user: int, channel: int, errors: int) -> None:
        """In the new process: drop all that is the zygote's, shut in, serve, and never return."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.setsid()  # where the kernel divides the processor by sessions, many processes get no more of it than one
            channel, errors = _keep_only(channel, errors)
            group, scratch = os.getgid(), self._folder
            if self._users is not None:
                group, scratch = user, self._give_folder(user)
            confinement.confine(limits, scratch, level=self._level, user=user, group=group, view=self._view)
            connection = socket.socket(fileno=channel)
            serve.serve(connection, errors, self._folder_of(os.getpid()), output_limit=limits.output_kb * 1024)
        except BaseException as error:  # noqa: BLE001 - whatever it was, this process must not go on as a zygote
            with contextlib.suppress(OSError):
                os.write(errors, f"worker: {error}\n".encode(errors="replace"))
        finally:
            os._exit(0)

    def _give_folder(self, user: int) -> Path:
        """Make the worker's temporary folder, which nobody else may enter.

        It stays root's, and is the worker's by its group: whoever owns a folder can open it to others, and another
        worker could then ask what is in it, and connect to a socket there.
        """
        folder = self._folder_of(os.getpid())
        folder.mkdir(mode=0o700)
        os.chown(folder, -1, user)
        folder.chmod(0o770)
        own = {name: str(folder) for name, value in os.environ.items() if value == str(self._folder)}
        os.environ.update(own)
        tempfile.tempdir = str(folder)
        return folder

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
        del self._pids[worker.number]
        self._clean_up(pid, worker)
        self._control.send(wire.Exited(worker.number, code, worker.out_of_memory))

    def _clean_up(self, pid: int, worker: _Worker) -> None:
        """End what a worker started and did not end, and remove what it wrote."""
        if self._level == "namespace":
            return  # both went with its namespaces
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        if self._users is not None:
            self._users.give_back(worker.user)
        shutil.rmtree(self._folder_of(pid), ignore_errors=True)

    def _end_all(self) -> None:
        for pid in self._workers:
            self._kill(pid, signal.SIGKILL)
        for pid, worker in self._workers.items():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
            self._clean_up(pid, worker)


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


def main(arguments: list[str]) -> None:
    """Start: ``CONTROL_FD LEVEL PACKAGES FOLDER [VIEW]``, the packages separated by commas, the view as JSON."""
    control = socket.socket(fileno=int(arguments[0]))
    level, folder = arguments[1], Path(arguments[3])
    view = msgspec.json.decode(arguments[4], type=landlock.View) if arguments[4:] else None
    if view is not None:
        installed.show_only(view.read)
    # asked for by some packages when they are imported; in the view only workers can write there
    tempfile.tempdir = os.environ["TMPDIR"]
    # a check has a limit of its own, and this process may have been started while one ran
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    gc.disable()  # a tenth of the time of `import torch` is looking for garbage where there is none
    _warm_up([name for name in arguments[2].split(",") if name])
    # objects that live for ever need not be visited, nor their pages copied, in the children
    gc.collect()
    gc.freeze()
    gc.enable()
    if level == "user":
        confinement.adopt_orphans()
    try:
        Zygote(control, level=level, folder=folder, view=view).run()
    finally:
        if level != "namespace":
            shutil.rmtree(folder, ignore_errors=True)  # here too, because the grader may have been killed


if __name__ == "__main__":
    main(sys.argv[1:])
