"""Ctrl+C goes to every process of a terminal, at any moment: one alone answers to it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import Connection

import pytest

from grader.engine.processes import belongs_to_parent, without_interrupts
from tests.processes import still_running

CONTEXT = multiprocessing.get_context("spawn")


def serve(connection: Connection) -> None:
    """In the process: say that it is there, and go on until told otherwise."""
    belongs_to_parent(on_end=signal.SIG_DFL)
    connection.send(os.getpid())
    connection.recv()


def test_a_process_that_is_only_starting_is_not_interrupted(capfd):
    here, there = CONTEXT.Pipe()
    process = CONTEXT.Process(target=serve, args=(there,))
    with without_interrupts():
        process.start()
    os.kill(process.pid, signal.SIGINT)  # a new interpreter is far from the first line of serve()
    assert here.recv() == process.pid
    os.kill(process.pid, signal.SIGINT)  # nor is one that has started
    here.send("go")
    process.join()
    assert (process.exitcode, capfd.readouterr().err) == (0, "")


def test_this_process_is_interrupted_as_soon_as_they_have_started():
    with pytest.raises(KeyboardInterrupt), without_interrupts():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # a test runner has threads that would take it
        started = True
    assert started
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


PARENT = """
import os, signal, sys
from tests.engine.test_processes import CONTEXT, serve

if __name__ == "__main__":
    here, there = CONTEXT.Pipe()
    CONTEXT.Process(target=serve, args=(there,)).start()
    print(here.recv(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_when_its_parent_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, tmp_path / "parent.py"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert still_running([int(done.stdout)]) == []
