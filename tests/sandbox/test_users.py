"""The level `user`: a user for every worker, nothing of it left, and a word where it is not to be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.commands.shared import keep_closed, level_of
from grader.errors import GraderError
from grader.sandbox import doctor, isolation, users
from grader.sandbox.errors import SandboxError
from grader.worker import landlock
from grader.worker import users as workers
from tests.sandbox import readable

needs_root = pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="needs root")


@pytest.fixture(autouse=True)
def _fresh():
    users.why_not_user.cache_clear()
    yield
    users.why_not_user.cache_clear()


class TestWhereItIsNotToBeHad:
    def test_another_system_is_told(self, monkeypatch):
        monkeypatch.setattr(sys, "platform", "darwin")
        assert users.why_not_user() == "users for workers are a Linux feature, this is darwin"

    def test_so_is_another_user_than_root(self, monkeypatch):
        monkeypatch.setattr(os, "getuid", lambda: 1000)
        assert users.why_not_user().startswith("only root can give every submission a user of its own: ")

    @needs_root
    def test_so_is_a_python_that_others_cannot_run(self, monkeypatch, tmp_path):
        monkeypatch.setattr(sys, "executable", "/root/python")
        assert users.why_not_user().startswith("no other user can run /root/python (")

    @needs_root
    def test_so_are_packages_that_others_cannot_read(self, monkeypatch):
        refused = subprocess.CompletedProcess([], 1, "", "Traceback\nPermissionError: numpy\n")
        monkeypatch.setattr(users, "_as_anybody", lambda words: refused)
        assert users.why_not_user().startswith("another user cannot import numpy (PermissionError: numpy): ")

    def test_the_best_level_is_then_none(self, monkeypatch):
        monkeypatch.setattr(isolation, "why_not_namespace", lambda: "no")
        monkeypatch.setattr(users, "why_not_user", lambda: "no")
        assert isolation.best() is isolation.Level.NONE
        monkeypatch.setattr(users, "why_not_user", lambda: "")
        assert isolation.best() is isolation.Level.USER


class TestTheCommands:
    def test_never_take_none_for_foreign_code_unless_told(self, monkeypatch):
        monkeypatch.setattr(isolation, "why_not_namespace", lambda: "no namespaces")
        monkeypatch.setattr(users, "why_not_user", lambda: "no users")
        told = r"no namespaces\. Or: no users; or trust all submissions and say --isolation none"
        with pytest.raises(GraderError, match=told):
            level_of("best", foreign=True)
        with pytest.raises(GraderError, match="no users; or trust"):
            level_of("user", foreign=True)
        assert level_of("none", foreign=True) is level_of("best") is isolation.Level.NONE

    def test_take_the_users_where_namespaces_are_not_to_be_had(self, monkeypatch):
        monkeypatch.setattr(isolation, "why_not_namespace", lambda: "no namespaces")
        monkeypatch.setattr(users, "why_not_user", lambda: "")
        assert level_of("best", foreign=True) is isolation.Level.USER

    @needs_root
    def test_keep_what_is_hidden_closed_at_that_level_alone(self, tmp_path):
        with opened(tmp_path):
            for level in (isolation.Level.NAMESPACE, isolation.Level.NONE):
                keep_closed(level, [tmp_path, None])
            with pytest.raises(GraderError, match=f"chmod go-rwx {tmp_path}"):
                keep_closed(isolation.Level.USER, [None, tmp_path])


@needs_root
class TestWhatIsHidden:
    def test_is_refused_when_it_is_open_to_others(self, tmp_path):
        folder = tmp_path.parent / f"{tmp_path.name}-open"
        folder.mkdir(mode=0o755)
        with opened(folder), pytest.raises(SandboxError, match=f"can be read by every user .*: chmod go-rwx {folder}"):
            users.refuse_open([folder])

    def test_is_taken_when_it_or_a_folder_above_it_is_closed(self, tmp_path):
        (tmp_path / "above").mkdir(mode=0o700)
        (tmp_path / "above/file.zip").write_text("x")
        users.refuse_open([tmp_path / "above", tmp_path / "above/file.zip"])

    def test_is_made_closed_where_it_is_not_there_yet(self, tmp_path):
        with opened(tmp_path):
            users.refuse_open([tmp_path / "out"])
        assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


class opened:
    """For the time of a test, every folder above this one may be passed."""

    def __init__(self, folder) -> None:
        self._modes = {place: place.stat().st_mode for place in (folder, *folder.parents) if "pytest-" in str(place)}

    def __enter__(self) -> None:
        for place in self._modes:
            place.chmod(0o755)

    def __exit__(self, *_error: object) -> None:
        for place, mode in self._modes.items():
            place.chmod(mode)


@needs_root
class TestASweep:
    def test_ends_every_process_of_the_user_and_removes_what_it_left(self):
        claimed = workers.Users()
        user = claimed.take()
        left = Path(f"/tmp/dlgrader-left-{os.getpid()}")
        code = f"open('{left}', 'w'); import os, time; os.fork(); os.setsid() if os.fork() else 0; time.sleep(60)"
        with subprocess.Popen(
            ["/usr/bin/env", "python3", "-c", code], user=user, group=user, extra_groups=[]
        ) as process:
            deadline = time.monotonic() + 20
            while not left.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert left.exists()
            claimed.give_back(user)
            assert process.wait(timeout=10) == -9
        assert not left.exists()
        assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and workers.is_alive(int(pid), user)]
        assert claimed.take() == user

    def test_files_that_are_too_large_or_too_many_are_seen(self, tmp_path):
        user = workers.Users().take()
        own = tmp_path / "own"
        own.mkdir()
        assert not workers.litters(user, own, limit=2**20)
        (own / "below").mkdir()
        (own / "below/large").write_bytes(bytes(2**20))
        assert workers.litters(user, own, limit=2**20)
        assert not workers.litters(user, own, limit=2**22)
        for number in range(10_000):
            (own / "below" / str(number)).touch()
        assert workers.litters(user, own, limit=2**30)

    def test_two_graders_claim_different_users(self):
        first, second = workers.Users(), workers.Users()
        assert first.take() != second.take()

    @pytest.mark.parametrize("user", [0, 1000, 65534])
    def test_never_touches_anybody_else(self, user, monkeypatch):
        monkeypatch.setattr(workers, "_kill_all", lambda user: pytest.fail(f"would kill {user}"))
        with pytest.raises(AssertionError, match="is no user of a worker"):
            workers.sweep(user)


@needs_root
def test_the_doctor_proves_it():
    code = (
        "from grader.sandbox import doctor, isolation\n"
        "isolation.why_not_namespace = lambda: 'forbidden here'\n"
        "import json; print(json.dumps([[f.what, f.holds, f.needed] for f in doctor.examine()]))"
    )
    done = readable.run("-c", code)
    assert done.returncode == 0, done.stderr
    findings = json.loads(done.stdout)
    assert [what for what, holds, needed in findings if needed and not holds] == []
    assert ["isolation level: namespace", False, False] in findings
    assert ["student code: it cannot read a folder that is closed to others", True, True] in findings
    told = {what for what, _, _ in findings}
    hidden = {f"student code: {what}" for what in doctor._SEEN_WITHOUT_A_VIEW}
    if landlock.version():
        assert f"isolation level: user, with a view of files by Landlock (version {landlock.version()})" in told
        assert hidden <= told
    else:
        assert f"isolation level: user ({doctor._WITHOUT_LANDLOCK})" in told
        assert not hidden & told


def test_the_doctor_says_what_is_left_where_the_kernel_has_no_landlock():
    lacking, level = doctor._landlock(0)
    assert (lacking.holds, lacking.needed) == (False, False)
    assert "Linux 5.13 or newer" in lacking.advice
    assert level.what.startswith("isolation level: user (student code sees other programs, and the files")


@needs_root
def test_a_zygote_that_was_killed_leaves_no_process_no_folder_and_no_file():
    code = """
import os, signal, tempfile, time
from grader.sandbox.isolation import Level
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.worker import users, wire
source = '''
import os, time
def start():
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
    return os.getuid()
'''
limits = wire.Limits(memory_mb=256, cpu_seconds=20, file_mb=8, output_kb=16, processes=16)
code = Code(module="work", notebook=False, cells=(source,), files={}, tolerant=True)
with Zygote(Level.USER, ()) as zygote:
    session = Session(zygote, code, limits=limits, allowed=Time(load=20, check=20, total=60))
    session.begin(0)
    user = Student(session).start()
    folder = zygote._folder
    os.kill(zygote._process.pid, signal.SIGKILL)
    zygote._process.wait()
    assert any(users.is_alive(int(pid), user) for pid in os.listdir("/proc") if pid.isdigit())
print(user, os.path.exists(folder), [pid for pid in os.listdir("/proc") if pid.isdigit() and users.is_alive(int(pid), user)])
"""
    done = readable.run("-c", code)
    assert done.returncode == 0, done.stderr
    user, *rest = done.stdout.split(maxsplit=1)
    assert int(user) >= 60600
    assert rest == ["False []\n"]
