"""What a worker may hold where a container has less memory than the assignment allows."""

from __future__ import annotations

import pytest

from grader.sandbox import errors, memory

MB = 2**20


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with these control groups: limit and use in MB by folder."""

    def machine(own, groups, *, version):
        for place, (limit, used) in groups.items():
            folder = tmp_path / "cgroup" / place
            folder.mkdir(parents=True, exist_ok=True)
            if version == 2:
                (folder / "memory.max").write_text("max\n" if limit is None else f"{limit * MB}\n")
                (folder / "memory.stat").write_text(f"anon {used * MB}\nfile 999999999999\nshmem {MB}\n")
            else:
                (folder / "memory.limit_in_bytes").write_text(f"{2**63 - 4096 if limit is None else limit * MB}\n")
                (folder / "memory.stat").write_text(
                    f"cache 999999999999\nrss 1\ntotal_rss {used * MB}\ntotal_shmem {MB}\n"
                )
        (tmp_path / "own").write_text(own)
        monkeypatch.setattr(memory, "_GROUPS", tmp_path / "cgroup")
        monkeypatch.setattr(memory, "_OWN", tmp_path / "own")

    return machine


BOTH = pytest.mark.parametrize(
    ("version", "own", "root"), [(2, "0::{}\n", ""), (1, "9:pids:/\n4:memory:{}\n0::/\n", "memory/")]
)


@BOTH
class TestAContainer:
    def test_with_enough_changes_nothing(self, machine, version, own, root):
        machine(own.format("/"), {root: (4096, 200)}, version=version)
        assert memory.allowed_mb(1024) is None

    def test_with_less_gives_what_it_has_left(self, machine, version, own, root):
        machine(own.format("/"), {root: (768, 203)}, version=version)
        assert memory.allowed_mb(1024) == 768 - 203 - 1 - 64

    def test_without_a_limit_changes_nothing(self, machine, version, own, root):
        machine(own.format("/"), {root: (None, 200)}, version=version)
        assert memory.allowed_mb(1024) is None

    def test_that_is_full_gives_the_least_that_can_be_asked_for(self, machine, version, own, root):
        machine(own.format("/"), {root: (768, 800)}, version=version)
        assert memory.allowed_mb(1024) == 64

    def test_below_one_that_is_smaller_has_no_more_than_that(self, machine, version, own, root):
        groups = {root: (None, 900), f"{root}jobs": (1000, 500), f"{root}jobs/one": (900, 100)}
        machine(own.format("/jobs/one"), groups, version=version)
        assert memory.allowed_mb(1024) == 1000 - 500 - 1 - 64

    def test_that_knows_only_its_paths_outside_is_the_root_that_it_sees(self, machine, version, own, root):
        machine(own.format("/docker/0123abcd"), {root: (768, 203)}, version=version)
        assert memory.allowed_mb(1024) == 500


@pytest.mark.parametrize("own", ["", "0::/gone\n", "4:memory:/\n"])
def test_what_cannot_be_read_limits_nothing(machine, own):
    machine(own, {"elsewhere": (1, 1)}, version=2)
    assert memory.allowed_mb(1024) is None


def test_a_system_without_control_groups_limits_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_OWN", tmp_path / "none")
    assert memory.allowed_mb(10**9) is None


class TestWhatTheKernelEnded:
    @pytest.mark.parametrize(
        ("version", "own", "file"), [(2, "0::/\n", "memory.events"), (1, "4:memory:/\n", "memory/memory.oom_control")]
    )
    def test_is_counted(self, machine, tmp_path, version, own, file):
        machine(own, {file.rpartition("/")[0]: (768, 100)}, version=version)
        assert memory.kills() == 0
        (tmp_path / "cgroup" / file).write_text("low 0\noom 7\noom_kill 3\n")
        assert memory.kills() == 3

    def test_is_out_of_memory_when_it_was_counted_while_the_worker_lived(self, submit, monkeypatch):
        student = submit(
            "import os, signal\ndef die():\n    os.kill(os.getpid(), signal.SIGKILL)\ndef live():\n    return 1\n",
            held_mb=400,
        )
        counted = [5]
        monkeypatch.setattr(memory, "kills", lambda: counted[-1])
        with pytest.raises(errors.Died):
            student.die()
        student._session.begin(0)
        assert student.live() == 1
        counted.append(6)
        with pytest.raises(errors.Raised, match="`die` held more than the memory that is left"):
            student.die()


def test_a_worker_is_ended_before_the_grader_where_memory_ends(submit, level):
    student = submit(
        "def score():\n    with open('/proc/self/oom_score_adj') as file:\n        return int(file.read())\n",
        level=level,
    )
    assert student.score() == 1000
