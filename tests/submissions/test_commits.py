"""Which commit of a clone was graded, when it was made, and how late that is."""

from __future__ import annotations

import shutil
from datetime import timedelta, timezone

import pytest

from grader.submissions import Unreadable, about, commits, find, find_own, read
from grader.submissions.commits import notes_of
from tests.submissions.repositories import CODE, MADE, TOLD, UNREADABLE, committed, git, put, without_a_time

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the repositories of these tests")


class TestWhatIsRead:
    def test_the_commit_and_the_time_of_its_committer(self, clone, name):
        assert notes_of(clone) == (f"commit {name[:7]} {TOLD}",)

    def test_in_packs_with_packed_references(self, clone, name):
        git(clone, "gc", "-q")
        assert not (clone / ".git/refs/heads/main").exists()
        assert not (clone / ".git/objects" / name[:2]).exists()
        assert notes_of(clone) == (f"commit {name[:7]} {TOLD}",)

    def test_when_it_is_a_delta_in_a_pack(self, clone):
        for number in range(30):  # commits that differ little are stored as differences
            git(clone, "commit", "-q", "--allow-empty", "-m", f"{number} {'long ' * 200}")
        git(clone, "repack", "-adfq", "--window=50")
        name = git(clone, "rev-parse", "HEAD~5")
        git(clone, "checkout", "-q", name)
        assert "chain length = 1" in git(clone, "verify-pack", "-sv", *map(str, clone.glob(".git/objects/pack/*.idx")))
        assert notes_of(clone) == (f"commit {name[:7]} {TOLD}",)

    def test_of_a_shallow_clone(self, clone, name, tmp_path):
        git(clone, "commit", "-q", "--allow-empty", "-m", "more")
        git(tmp_path, "clone", "-q", "--depth", "1", clone.as_uri(), "shallow")
        head = git(clone, "rev-parse", "HEAD")
        assert (tmp_path / "shallow/.git/shallow").is_file()
        assert notes_of(tmp_path / "shallow") == (f"commit {head[:7]} {TOLD}",)
        assert head != name

    def test_of_a_detached_head(self, clone, name):
        git(clone, "checkout", "-q", "--detach")
        assert (clone / ".git/HEAD").read_text().strip() == name
        assert notes_of(clone) == (f"commit {name[:7]} {TOLD}",)

    def test_a_repository_without_a_commit(self, root):
        git(root, "init", "-q", "empty")
        assert notes_of(root / "empty") == ("a clone without a commit",)

    def test_without_git_only_the_commits_name(self, clone, name, monkeypatch):
        monkeypatch.setattr(commits.shutil, "which", lambda _: None)
        assert notes_of(clone) == without_a_time(name)

    def test_when_its_object_is_missing(self, clone, name):
        (clone / ".git/objects" / name[:2] / name[2:]).unlink()
        assert notes_of(clone) == without_a_time(name)

    def test_what_the_graders_own_environment_says_to_git_does_not_count(self, clone, name, monkeypatch):
        for variable in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
            monkeypatch.setenv(variable, "/nowhere")
        assert notes_of(clone) == (f"commit {name[:7]} {TOLD}",)


class TestLate:
    @pytest.mark.parametrize(
        ("before", "said"),
        [
            ({}, None),
            ({"hours": -1}, None),
            ({"seconds": 59}, "less than a minute"),
            ({"seconds": 61}, "1 min"),
            ({"hours": 2, "minutes": 10}, "2 h 10 min"),
            ({"days": 3, "minutes": 4}, "3 d 4 min"),
            ({"days": 3, "hours": 1, "minutes": 4}, "3 d 1 h"),
        ],
    )
    def test_is_what_was_committed_after_the_time(self, clone, before, said):
        _, *late = notes_of(clone, due=MADE - timedelta(**before))
        assert late == ([f"late by {said} by its commit's own clock"] if said else [])

    def test_offsets_are_minded(self, clone):
        due = (MADE - timedelta(hours=1)).astimezone(timezone(timedelta(hours=5)))
        assert notes_of(clone, due=due)[1] == "late by 1 h by its commit's own clock"

    def test_stands_in_the_notes_of_the_submission(self, clone, name, root):
        committed(root / "backprop-bob")
        anna, bob = find(root, module="backprop", due=MADE - timedelta(minutes=5))
        assert read(anna).notes == (
            f"commit {name[:7]} {TOLD}", "late by 5 min by its commit's own clock",
        )  # fmt: skip
        assert read(bob).notes[1:] == read(anna).notes[1:]

    def test_is_known_of_what_cannot_be_read_too(self, clone, name):
        (clone / "backprop.py").unlink()
        (one,) = find(clone.parent, module="backprop", due=MADE - timedelta(minutes=5))
        with pytest.raises(Unreadable):
            read(one)
        assert about(one) == (f"commit {name[:7]} {TOLD}", "late by 5 min by its commit's own clock")

    def test_the_digest_does_not_depend_on_it(self, clone, root):
        (one,) = find(clone, module="backprop")
        before = read(one).digest
        git(clone, "commit", "-q", "--allow-empty", "-m", "more")
        assert read(one).digest == before


class TestWhereNothingIsTold:
    def test_a_students_own_folder(self, clone):
        assert read(find_own(clone, module="backprop")).notes == ()

    def test_a_folder_without_git_and_a_zip(self, write, zipped):
        root = write({"anna/backprop.py": CODE, "bob.zip": zipped({"backprop.py": CODE, ".git/HEAD": "ref: refs/x"})})
        assert [read(one).notes for one in find(root, module="backprop")] == [(), ()]

    def test_files_of_a_class_that_lie_in_somebody_elses_repository(self, write):
        root = write({"anna_101_1_backprop.py": CODE, "bob_102_2_backprop.py": CODE})
        git(root, "init", "-q")
        assert [read(one).notes for one in find(root, module="backprop")] == [(), ()]


class TestBroken:
    @pytest.mark.parametrize(
        "text",
        [
            b"", b"main", b"ref: main", b"ref: refs/../../../other/HEAD", b"ref: refs/heads/a\0b", b"\xff\xfe",
            b"ref: /etc/passwd", b"0" * 39, b"z" * 40, b"ref: refs/heads/" + b"x" * 2000, b"ref: HEAD",
        ],
    )  # fmt: skip
    def test_heads(self, clone, text):
        (clone / ".git/HEAD").write_bytes(text)
        assert notes_of(clone) == UNREADABLE

    def test_a_missing_head(self, clone):
        (clone / ".git/HEAD").unlink()
        assert notes_of(clone) == UNREADABLE

    def test_references_in_a_circle(self, clone):
        (clone / ".git/refs/heads/main").write_text("ref: refs/heads/main\n")
        assert notes_of(clone) == UNREADABLE

    def test_references_in_another_form_are_not_taken_for_none(self, clone):
        (clone / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
        (clone / ".git/reftable").mkdir()
        assert notes_of(clone) == UNREADABLE

    def test_packed_references_that_say_nothing(self, clone):
        (clone / ".git/refs/heads/main").unlink()
        (clone / ".git/packed-refs").write_bytes(b"# pack-refs\n^\n\xff\n refs/heads/main\nxyz refs/heads/main\n")
        assert notes_of(clone) == ("a clone without a commit",)

    @pytest.mark.parametrize("seconds", ["1" * 12, "-5", "x", ""])
    def test_times_that_are_none(self, clone, seconds):
        name = put(clone, f"tree {'0' * 40}\nauthor A <a> 1 +0000\ncommitter A <a> {seconds} +0000\n\nwork\n".encode())
        assert notes_of(clone) == without_a_time(name)

    def test_a_commit_that_is_none(self, clone):
        name = put(clone, b"committer A <a> 1 +0000\n", kind=b"blob")
        assert notes_of(clone) == without_a_time(name)
