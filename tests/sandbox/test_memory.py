"""Memory that the limit of one process does not see is watched from outside, and all that a worker started counts."""

from __future__ import annotations

import os
import time

import pytest

from grader.sandbox import errors
from grader.worker import watch

AFTERWARDS = "\ndef f(x): return x + 1\n"
CHILDREN = """
def take(x):
    for _ in range(4):
        if os.fork() == 0:
            kept = bytearray(b"x") * (100 * 2**20)
            time.sleep(60)
    time.sleep(60)
"""
MAPPED = """
def take(x):
    for _ in range(4):
        shared = mmap.mmap(-1, 100 * 2**20)
        for at in range(0, 100 * 2**20, 4096): shared[at] = 1
        if os.fork() == 0: time.sleep(60)
        shared.close()
    time.sleep(60)
"""
FILES = """
def take(x):
    kept = [os.memfd_create("m") for _ in range(40)]
    for file in kept: os.write(file, bytes(10 * 2**20))
    time.sleep(60)
"""


class TestMoreThanAllowed:
    @pytest.mark.parametrize("code", [CHILDREN, MAPPED, FILES], ids=["children", "shared mapping", "files in memory"])
    def test_is_told_as_memory_and_costs_that_call_alone(self, submit, level, code):
        student = submit(f"import mmap, os, time{code}{AFTERWARDS}", level=level, memory_mb=256, seconds=20)
        with pytest.raises(errors.Raised, match=r"`take` held more than 256 MB, all processes together") as fault:
            student.take(1)
        assert fault.value.builtin == "MemoryError"
        student._session.begin(0)
        assert student.f(1) == 2

    def test_counts_what_lies_in_its_temporary_folders(self, submit, namespace):
        code = (
            "import os, time\ndef take(x):\n"
            "    for folder in ('/dev/shm', os.environ['TMPDIR']):\n"
            "        with open(f'{folder}/kept', 'wb') as file: file.write(bytes(190 * 2**20))\n"
            "    time.sleep(60)\n"
        )
        student = submit(code, level=namespace, memory_mb=256, file_mb=200, seconds=20)
        with pytest.raises(errors.Raised, match="`take` held more than 256 MB"):
            student.take(1)

    def test_at_import_is_told_so_too(self, submit, level):
        student = submit(f"import os, time{FILES}take(1){AFTERWARDS}", level=level, memory_mb=256, seconds=20)
        with pytest.raises(errors.Raised, match=r"importing your file held more than 256 MB") as fault:
            student.f(1)
        assert (fault.value.builtin, fault.value.function) == ("MemoryError", "")


class TestWhatIsAllowed:
    def test_is_left_alone_also_when_many_processes_share_it(self, submit, level):
        student = submit(
            "import os, time\nimport numpy as np\n"
            "def take(x):\n    kept = np.ones(12 * 2**20)\n"  # 96 MB, in five processes
            "    for _ in range(4):\n        if os.fork() == 0: time.sleep(60)\n    time.sleep(4 * 0.2)\n    return kept.sum()\n",
            level=level,
            memory_mb=256,
        )
        assert student.take(1) == 12 * 2**20


def test_a_process_that_has_ended_holds_nothing():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    assert (watch.sizes(pid), watch.children(pid), watch.descendants(pid)) == ((0, 0), [], [pid])


def test_what_was_started_is_found_at_any_depth():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        grandchild = os.fork() or os.getpid()
        os.write(writing, f"{grandchild}\n".encode())
        time.sleep(60)
    said = b""
    while said.count(b"\n") < 2:
        said += os.read(reading, 100)
    try:
        assert set(map(int, said.split())) <= set(watch.descendants(os.getpid()))
    finally:
        for pid in reversed(watch.descendants(child)):
            os.kill(pid, 9)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


def test_what_the_machine_has_left_counts_where_it_is_less(submit):
    code = "import time\ndef take():\n    kept = bytearray(b'x') * (160 * 2**20)\n    time.sleep(60)\n"
    student = submit(code, memory_mb=1024, held_mb=100, seconds=20)
    with pytest.raises(errors.Raised, match="`take` held more than the memory that is left") as fault:
        student.take()
    assert fault.value.kind == "MemoryError"
