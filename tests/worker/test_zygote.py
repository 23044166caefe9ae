"""The warm parent: executed afresh, knows nothing of the grader, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.sandbox.isolation import WORKER_FOLDER
from grader.worker import wire
from grader.worker.channel import Channel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
LIMITS = wire.Limits(memory_mb=256, cpu_seconds=30, file_mb=8, output_kb=1, processes=16)


class Plain:
    """A zygote without isolation, spoken to directly."""

    def __init__(self, folder: Path, *modules: str) -> None:
        here, there = socket.socketpair()
        own = folder / "dlgrader-own"
        own.mkdir()
        program = [sys.executable, "-P", str(WORKER_FOLDER / "zygote.py")]
        command = [*program, str(there.fileno()), "none", ",".join(modules), str(own)]
        environment = {"TMPDIR": str(own), "PATH": os.environ["PATH"]}
        self.process = subprocess.Popen(command, pass_fds=[there.fileno()], env=environment)
        there.close()
        self.channel = Channel(here, wire.FromZygote)
        assert self.channel.receive(deadline=time.monotonic() + 60) == wire.Spawned(0)

    def spawn(self, number: int) -> tuple[Channel, int]:
        here, there = socket.socketpair()
        reading, writing = os.pipe()
        self.channel.send(wire.Spawn(number, LIMITS), descriptors=[there.fileno(), writing])
        assert self.channel.receive(deadline=time.monotonic() + 60) == wire.Spawned(number)
        there.close()
        os.close(writing)
        worker = Channel(here, wire.FromWorker)
        assert worker.receive(deadline=time.monotonic() + 60) == wire.Ready()
        return worker, reading


@pytest.fixture
def plain(tmp_path):
    zygote = Plain(tmp_path)
    yield zygote
    zygote.channel.close()
    zygote.process.wait(timeout=30)


def load(worker: Channel, code: str) -> None:
    worker.send(wire.Load("work", False, [code], {"beside.txt": b"x"}, True))
    assert isinstance(worker.receive(deadline=time.monotonic() + 60), wire.Loaded)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_until(condition, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def pid_of(worker: Channel) -> int:
    worker.send(wire.Call("pid", [], [], {}, []))
    return worker.receive(deadline=time.monotonic() + 60).value


CODE = "import os\ndef pid(): return os.getpid()\ndef hang():\n    while True: pass\n"


def test_a_workers_folder_goes_with_it(plain, tmp_path):
    worker, reading = plain.spawn(1)
    load(worker, CODE)
    assert [file.name for file in tmp_path.glob("dlgrader-*/worker-*/*")] == ["beside.txt"]
    worker.close()
    os.close(reading)
    assert plain.channel.receive(deadline=time.monotonic() + 20) == wire.Exited(1, 0)
    assert list(tmp_path.glob("dlgrader-*/*")) == []


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_when_the_grader_or_the_zygote_is_gone_no_worker_is_left(plain, tmp_path, how):
    worker, reading = plain.spawn(1)
    load(worker, CODE)
    pid = pid_of(worker)
    worker.send(wire.Call("hang", [], [], {}, []))
    if how == "closed":
        plain.channel.close()
        assert plain.process.wait(timeout=30) == 0
        assert list(tmp_path.iterdir()) == []
    else:
        plain.process.kill()
    assert wait_until(lambda: not is_alive(pid))
    worker.close()
    os.close(reading)


def test_a_worker_is_ended_with_what_it_started(plain):
    worker, reading = plain.spawn(1)
    load(worker, CODE + "import subprocess\ndef start(): return subprocess.Popen(['sleep', '600']).pid\n")
    worker.send(wire.Call("start", [], [], {}, []))
    child = worker.receive(deadline=time.monotonic() + 60).value
    plain.channel.send(wire.Signal(1, signal.SIGKILL))
    assert plain.channel.receive(deadline=time.monotonic() + 20) == wire.Exited(1, -signal.SIGKILL)
    assert wait_until(lambda: not is_alive(child))
    worker.close()
    os.close(reading)


def test_a_signal_to_a_worker_that_is_gone_is_no_error(plain):
    plain.channel.send(wire.Signal(99, signal.SIGKILL))
    worker, reading = plain.spawn(1)
    worker.close()
    os.close(reading)


def test_it_is_executed_and_holds_nothing_of_the_grader(submit, level):
    student = submit(
        "import sys\n"
        "def modules(): return sorted(name for name in sys.modules if 'grader' in name)\n"
        "def open_files():\n    import os\n    return sorted(int(fd) for fd in os.listdir('/proc/self/fd'))\n",
        level=level,
    )
    # the finder of an editable installation is setuptools' own
    modules = [name for name in student.modules() if not name.startswith("__editable__")]
    assert {name.partition(".")[0] for name in modules} == {"_dlgrader_worker"}
    # the standard ones, the wire and the error stream, and the folder that is being listed
    assert len(student.open_files()) <= 6
