"""Whatever lies in the ``.git`` of a clone, nothing of it is obeyed, followed or waited for."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from grader.submissions import commits
from grader.submissions.commits import notes_of
from tests.submissions.repositories import UNREADABLE, committed, git, put, without_a_time

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the repositories of these tests")


class TestHostile:
    """What a ``.git`` that was made by hand may hold; a pipe would be waited for without end."""

    @pytest.mark.parametrize("file", ["HEAD", "refs/heads/main"])
    def test_links_are_not_followed(self, clone, name, tmp_path, file):
        (tmp_path / "other").write_text(name)
        (clone / ".git" / file).unlink()
        (clone / ".git" / file).symlink_to(tmp_path / "other")
        assert notes_of(clone) == UNREADABLE

    def test_nor_links_to_folders_on_the_way(self, clone, tmp_path):
        (clone / ".git/refs").rename(tmp_path / "refs")
        (clone / ".git/refs").symlink_to(tmp_path / "refs")
        assert notes_of(clone) == UNREADABLE

    def test_nor_a_git_folder_that_is_a_link(self, clone, tmp_path):
        (clone / ".git").rename(tmp_path / "git")
        (clone / ".git").symlink_to(tmp_path / "git")
        assert notes_of(clone) == UNREADABLE

    def test_nor_the_file_of_a_worktree_or_submodule(self, clone, root):
        git(clone, "worktree", "add", "-q", str(root / "other"))
        assert (root / "other/.git").is_file()
        assert notes_of(root / "other") == UNREADABLE

    @pytest.mark.parametrize("file", ["HEAD", "refs/heads/main"])
    def test_pipes_are_not_waited_for(self, clone, file):
        (clone / ".git" / file).unlink()
        os.mkfifo(clone / ".git" / file)
        assert notes_of(clone) == UNREADABLE

    @pytest.mark.parametrize("file", ["HEAD", "refs/heads/main", "packed-refs"])
    def test_a_huge_file_is_not_read(self, clone, file):
        (clone / ".git/refs/heads/main").unlink()
        with (clone / ".git" / file).open("wb") as stream:
            stream.truncate(2**30)
        assert notes_of(clone) == UNREADABLE

    def test_objects_that_are_links_or_pipes_are_not_given_to_git(self, clone, name, tmp_path):
        place = clone / ".git/objects" / name[:2] / name[2:]
        place.rename(tmp_path / "object")
        place.symlink_to(tmp_path / "object")
        assert notes_of(clone) == without_a_time(name)
        place.unlink()
        os.mkfifo(place)
        os.mkfifo(clone / ".git/objects/pack/pack-1.idx")
        started = time.monotonic()
        assert notes_of(clone) == without_a_time(name)
        assert time.monotonic() - started < commits._SECONDS

    def test_a_git_that_waits_is_ended(self, clone, name, tmp_path, monkeypatch):
        waiting = tmp_path / "git"
        waiting.write_text("#!/bin/sh\nexec sleep 60\n")
        waiting.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        monkeypatch.setattr(commits, "_SECONDS", 0.2)
        assert notes_of(clone) == without_a_time(name)

    def test_objects_of_others_are_not_reached(self, clone, root):
        """`objects/info/alternates` names folders of objects anywhere on the machine."""
        name = committed(root / "other")
        git(root / "other", "commit", "-q", "--allow-empty", "-m", "of somebody else")
        name = git(root / "other", "rev-parse", "HEAD")
        (clone / ".git/objects/info").mkdir(exist_ok=True)
        (clone / ".git/objects/info/alternates").write_text(f"{root}/other/.git/objects\n")
        (clone / ".git/HEAD").write_text(name)
        assert git(clone, "cat-file", "-t", name) == "commit"  # git itself reads it
        assert notes_of(clone) == without_a_time(name)

    def test_an_object_that_unpacks_to_very_much_is_refused(self, clone):
        head = b"tree %s\ncommitter A <a> 1 +0000\n\n" % (b"0" * 40)
        small, large = put(clone, head + b"x" * 2**20), put(clone, head + b"x" * 2 * commits._MAX_OBJECT)
        assert notes_of(clone) == without_a_time(large)
        (clone / ".git/HEAD").write_text(small)
        assert notes_of(clone) == (f"commit {small[:7]} of 1970-01-01 00:00 UTC by its own clock",)

    def test_nothing_that_its_configuration_names_is_run(self, clone, name, tmp_path):
        program, ran = self.armed(clone, tmp_path)
        assert program.exists()
        notes_of(clone)
        (clone / ".git/objects" / name[:2] / name[2:]).unlink()  # a partial clone would fetch it
        assert notes_of(clone) == without_a_time(name)
        assert not ran.exists()

    def test_which_git_in_that_folder_would_run(self, clone, name, tmp_path):
        """The test above can fail: the same folder makes git itself run the program, in both ways."""
        _, ran = self.armed(clone, tmp_path)
        subprocess.run(["git", "status"], cwd=clone, capture_output=True, check=False)
        assert ran.exists()
        ran.unlink()
        (clone / ".git/objects" / name[:2] / name[2:]).unlink()
        subprocess.run(["git", "cat-file", "commit", name], cwd=clone, capture_output=True, check=False)
        assert ran.exists()

    def armed(self, clone: Path, tmp_path: Path) -> tuple[Path, Path]:
        """Write a configuration that runs a program wherever git can be made to."""
        program, ran = tmp_path / "evil", tmp_path / "ran"
        program.write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
        program.chmod(0o755)
        more = clone / ".git/more"
        more.write_text(f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n\talternateRefsCommand = {program}\n")
        with (clone / ".git/config").open("a") as stream:
            stream.write(
                f"[include]\n\tpath = more\n[core]\n\trepositoryformatversion = 1\n\thooksPath = {tmp_path}\n"
                "[extensions]\n\tpartialClone = evil\n[protocol]\n\tallow = always\n"
                f'[remote "evil"]\n\turl = ext::{program}\n\tpromisor = true\n\tuploadpack = {program}\n'
            )
        pack = clone / ".git/objects/pack"
        (pack / "pack-1.promisor").touch()
        return program, ran
