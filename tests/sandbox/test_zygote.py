"""The zygote as the grader holds it: started, lost, started again, stopped without a trace."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from grader.sandbox import isolation
from grader.sandbox.errors import SandboxError
from grader.sandbox.zygote import Zygote
from grader.worker import wire

LIMITS = wire.Limits(memory_mb=256, cpu_seconds=30, file_mb=8, output_kb=1, processes=16)


def test_one_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr(
        isolation, "zygote_command", lambda *_a, **_k: ["/bin/sh", "-c", "echo no namespaces here >&2; exit 1"]
    )
    with Zygote(isolation.Level.NONE, ()) as zygote, pytest.raises(SandboxError) as error:
        zygote.worker(LIMITS)
    assert str(error.value) == "the sandbox did not start: no namespaces here"


def test_one_that_says_nothing_leads_to_the_doctor(monkeypatch):
    monkeypatch.setattr(isolation, "zygote_command", lambda *_a, **_k: ["/bin/false"])
    with (
        Zygote(isolation.Level.NONE, ()) as zygote,
        pytest.raises(SandboxError, match="it said nothing; `grader doctor`"),
    ):
        zygote.wait_until_warm()


def test_a_worker_that_cannot_be_shut_in_is_the_sandboxs_fault(monkeypatch, submit, namespace):
    real = isolation.zygote_command

    def without_a_scratch(*args, **options):
        return [*real(*args, **options)[:-1], "/no/such/folder"]

    monkeypatch.setattr(isolation, "zygote_command", without_a_scratch)
    with (
        Zygote(namespace, ()) as zygote,
        pytest.raises(SandboxError, match=r"a worker could not be shut in: .*No such file"),
    ):
        submit("def f(): return 1\n", zygote=zygote).f()


def test_it_remembers_nothing_of_workers_that_ended(level):
    with Zygote(level, ()) as zygote:
        for _ in range(5):
            worker = zygote.worker(LIMITS)
            worker.end()
            worker.end()
        zygote.worker(LIMITS).end()
        assert (zygote._living, zygote._exits) == (set(), {})


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_it_leaves_no_descriptor_and_no_file(level, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(isolation, "WORKER_FOLDER", isolation.WORKER_FOLDER)
    before = open_files()
    with Zygote(level, ()) as zygote:
        for _ in range(10):
            zygote.worker(LIMITS).end()
    assert open_files() == before
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_killed_leaves_no_file(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Zygote(isolation.Level.NONE, ()) as zygote:
        worker = zygote.worker(LIMITS)
        assert len(list(tmp_path.glob("dlgrader-*"))) == 1
        zygote._process.kill()
        zygote._process.wait()
        worker.end()
        zygote.worker(LIMITS).end()
        assert len(list(tmp_path.glob("dlgrader-*"))) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_one_starts_again_when_it_is_needed(level):
    with Zygote(level, ()) as zygote:
        zygote.worker(LIMITS).end()
        zygote.stop()
        zygote.worker(LIMITS).end()


def test_no_more_descriptors_is_told_with_what_to_do(monkeypatch):
    from grader.sandbox import worker

    def none_left():
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(worker.os, "pipe", none_left)
    with pytest.raises(SandboxError, match=r"no more descriptors: .*raise the limit with `ulimit -n`"):
        worker.connect()


def test_started_by_path_alone_it_needs_nothing_else_of_the_project():
    assert Path(wire.__file__).parent == isolation.WORKER_FOLDER
