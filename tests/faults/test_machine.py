"""Faults of the machine around a run: a full disk, a locked gradebook, a clock that goes back."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ci.faults import make_course, stored, without_times, written
from grader.engine import gradebook
from grader.errors import GraderError
from grader.sandbox.isolation import Level


def command(folder, out, course, *more) -> list[str]:
    words = [sys.executable, "-m", "grader", "grade", folder, "--out", out, "--course", course, "--seed", "faults"]
    return [str(word) for word in (*words, "--isolation", Level.NONE, *more)]


@functools.cache
def why_no_small_disk() -> str:
    """Say why a file system of a few kilobytes cannot be made here; nothing when it can."""
    if shutil.which("unshare") is None:
        return "unshare is missing, which makes a small disk"
    words = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt && mount -o remount,size=1m /mnt"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no small disk can be made: {done.stderr.strip()}"


class TestAFullDisk:
    """A file system of some kilobytes, which only the processes of the test see."""

    @pytest.fixture
    def on_a_small_disk(self, tmp_path, right):
        """Run shell commands with ``$OUT`` on such a disk, ``$GRADE`` grading six submissions into it."""
        if why_no_small_disk():
            pytest.skip(why_no_small_disk())
        folder, out, course = tmp_path / "class", tmp_path / "out", make_course(tmp_path / "patient")
        for path in (folder, out, tmp_path / "before", tmp_path / "after"):
            path.mkdir()
        for number in range(6):
            shown = f"print('x' * {number})\n    return x.mean"
            (folder / f"s{number}.py").write_text(right.replace("return x.mean", shown))

        def run(script, *, size):
            words = {"OUT": out, "GRADE": shlex.join(command(folder, out, course)), "PYTHON": sys.executable}
            script = f"mount -t tmpfs -o size={size} none $OUT || exit 99\n{script}"
            done = subprocess.run(
                ["unshare", "-rm", "sh", "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True,
                env={**os.environ, **{name: str(word) for name, word in words.items()}},
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (0, "")
            return done.stdout

        return run

    def test_in_the_middle_ends_the_run_with_one_line_and_the_next_run_loses_nothing(self, on_a_small_disk, tmp_path):
        on_a_small_disk(
            """
            $GRADE > /dev/null 2> said; echo $? > status
            cp $OUT/gradebook.sqlite* before/
            mount -o remount,size=20m $OUT || exit 98
            $GRADE > /dev/null || exit 97
            cp -r $OUT/. after/
            rm -r $OUT/*
            $GRADE > /dev/null || exit 96
            cp -r $OUT fresh
            """,
            size="200k",
        )
        assert (tmp_path / "status").read_text() == "2\n"
        said = (tmp_path / "said").read_text()
        assert re.fullmatch(
            r"grader: .*gradebook\.sqlite: the result of s\d could not be stored: database or disk is full\n", said
        )
        before, after = stored(tmp_path / "before"), stored(tmp_path / "after")
        assert 0 < len(before) < len(after) == 6
        assert {name: after[name] for name in before} == before
        assert written(tmp_path / "after") == written(tmp_path / "fresh")

    def test_while_reports_are_written_leaves_the_old_ones_whole(self, on_a_small_disk, tmp_path):
        said = on_a_small_disk(
            """
            $GRADE > /dev/null || exit 97
            cp -r $OUT/. before/
            cat /dev/zero > $OUT/.filler 2> /dev/null
            truncate -s -60K $OUT/.filler  # which the gradebook needs to be read
            $PYTHON -m grader report $OUT 2>&1 && exit 96
            rm $OUT/.filler
            cp -r $OUT/. after/
            $PYTHON -m grader report $OUT > /dev/null || exit 95
            cp -r $OUT again
            """,
            size="4m",
        )
        assert re.fullmatch(
            r"grader: the reports could not be written \(.*No space left on device.*\); "
            r"`grader report \S+` writes them again\n",
            said,
        )
        whole = written(tmp_path / "before")
        assert whole == {name: text for name, text in written(tmp_path / "after").items() if ".part" not in name}
        assert whole == written(tmp_path / "again")


class TestALockedGradebook:
    """Somebody else's transaction, such as of a backup or of a second run into the same folder."""

    @contextlib.contextmanager
    def locked(self, out: Path):
        with contextlib.closing(sqlite3.connect(out / "gradebook.sqlite", isolation_level=None)) as other:
            other.execute("begin immediate")
            yield
            other.execute("rollback")

    def test_is_waited_for(self, grade, tmp_path, folder, right):
        grade()
        (folder / "berta.py").write_text(right)
        with contextlib.closing(
            sqlite3.connect(tmp_path / "out/gradebook.sqlite", isolation_level=None, check_same_thread=False)
        ) as other:
            other.execute("begin immediate")
            threading.Timer(1.0, lambda: other.execute("rollback")).start()
            started = time.monotonic()
            assert grade()["berta"].earned == 6
            assert time.monotonic() - started > 0.5

    def test_that_stays_locked_ends_the_run_with_one_line_and_the_next_loses_nothing(
        self, grade, tmp_path, folder, right, monkeypatch
    ):
        before = grade()
        (folder / "berta.py").write_text(right)
        monkeypatch.setattr(gradebook, "_PATIENCE", 0.1)
        with (
            self.locked(tmp_path / "out"),
            pytest.raises(GraderError, match=r"sqlite: it could not be written: database is locked"),
        ):
            grade()
        after = grade()
        assert after["anna"] == before["anna"]
        assert after["berta"].earned == 6

    def test_locked_in_the_middle_keeps_what_was_stored(self, grade, tmp_path, monkeypatch):
        monkeypatch.setattr(gradebook, "_PATIENCE", 0.1)
        with contextlib.ExitStack() as stack:
            with pytest.raises(GraderError, match="the result of berta could not be stored: database is locked"):
                grade(on_graded=lambda _: stack.enter_context(self.locked(tmp_path / "out")))
            assert list(stored(tmp_path / "out")) == ["anna"]
        assert sorted(grade()) == ["anna", "berta"]


def test_a_clock_that_goes_back_changes_nothing(tmp_path, folder):
    """In every process of the grader that Python starts with our path: by an hour at each look."""
    course = make_course(tmp_path / "patient")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import itertools, time\nhours = itertools.count()\nreal = time.time()\n"
        "time.time = lambda: real - 3600 * next(hours)\ntime.time_ns = lambda: int(1e9 * time.time())\n"
        f"open({str(tmp_path / 'started')!r}, 'a').write('x')\n"
    )
    for name, jobs in (("backwards", "1"), ("backwards-2", "2"), ("forwards", "1")):
        path = os.pathsep.join([str(tmp_path / "site")] * (name != "forwards") + [os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path}
        words = command(folder, tmp_path / name, course, "--jobs", jobs)
        subprocess.run(words, env=environment, check=True, capture_output=True, timeout=120)
        again = subprocess.run(words, env=environment, check=True, capture_output=True, timeout=120)
        assert again.returncode == 0
    assert (tmp_path / "started").exists()
    wanted = written(tmp_path / "forwards")
    assert written(tmp_path / "backwards") == wanted
    assert written(tmp_path / "backwards-2") == wanted
    assert without_times(wanted["results.json"]) == wanted["results.json"]
