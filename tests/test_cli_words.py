"""What the commands say when something is nearly right: a name misspelt, results among submissions, a second run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader import __version__
from grader.commands import author, instructor


@pytest.fixture
def submissions(tmp_path: Path, own_course: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "anna.py").write_text((own_course / "reference/tiny/tiny.py").read_text())
    (folder / "broken.zip").write_bytes(b"PK")
    return folder


def test_the_version_is_said(here):
    done = here("--version")
    assert (done.exit_code, done.stdout) == (0, f"dlgrader {__version__}\n")


class TestCheckOfWhatIsNotThere:
    @pytest.fixture(autouse=True)
    def _two(self, own_course):
        shutil.copytree(own_course / "assignments/tiny", own_course / "assignments/other")

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ("assignments/tinny", "there is no assignments/tinny: do you mean assignments/tiny?"),
            ("assignments/tiny/tine.py", "there is no assignments/tiny/tine.py: do you mean assignments/tiny/tiny.py?"),
            ("assignments/xyz", "there is no assignments/xyz; there are: assignments/other, assignments/tiny"),
            ("no/such/folder", "there is no no/such/folder"),
            (
                "assignments",
                "there are several assignments here, say which: `grader check NAME`, with one of other, tiny",
            ),
        ],
    )
    def test_names_what_is(self, here, path, line):
        done = here("check", path)
        assert (done.exit_code, done.stderr) == (2, f"grader: {line}\n")


class TestResultsAmongTheSubmissions:
    @pytest.mark.parametrize("out", ["", "out", "deep/out"])
    def test_are_refused_before_anything_is_written(self, here, submissions, out):
        before = sorted(submissions.rglob("*"))
        done = here("grade", submissions, "--out", submissions / out)
        assert done.exit_code == 2
        assert done.stderr == (
            f"grader: --out {submissions / out} is or lies in {submissions}, where everything is taken for a submission: "
            f"choose another, e.g. --out {submissions}-graded\n"
        )
        assert sorted(submissions.rglob("*")) == before

    def test_are_seen_through_links(self, here, submissions, tmp_path):
        (tmp_path / "link").symlink_to(submissions)
        done = here("grade", submissions, "--out", tmp_path / "link" / "out")
        assert (done.exit_code, "is or lies in" in done.stderr) == (2, True)

    @pytest.mark.parametrize("part", ["report", "feedback"])
    def test_submissions_that_the_reports_would_replace_are_refused(self, here, submissions, tmp_path, part):
        inside = Path(shutil.copytree(submissions, tmp_path / "out" / part / "class"))
        done = here("grade", inside, "--out", tmp_path / "out")
        assert done.exit_code == 2
        assert done.stderr == (
            f"grader: {inside} lies where the reports of --out {tmp_path / 'out'} are written anew: choose another --out\n"
        )
        assert (inside / "anna.py").is_file()


class TestGrade:
    def test_says_what_was_kept_from_before_and_why_something_could_not_be_read(self, here, submissions, tmp_path):
        words = ("grade", submissions, "--out", tmp_path / "out", "--isolation", "none")
        first = here(*words).stdout
        assert "2 submissions: 1 passed, 1 unreadable\n  broken: broken.zip is no zip, or damaged" in first
        assert "kept from before" not in first
        assert "2 submissions: 2 kept from before, 0 graded\n" in here(*words).stdout
        (submissions / "anna.py").write_text("def scale(x, factor): return x * factor\n")
        assert "2 submissions: 1 kept from before, 1 graded\n" in here(*words).stdout

    @pytest.mark.parametrize(
        ("fresh", "again"), [(False, "the same command again"), (True, "the command again without --fresh")]
    )
    def test_that_is_stopped_says_how_much_is_stored_and_how_to_go_on(
        self, here, submissions, tmp_path, monkeypatch, fresh, again
    ):
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(instructor, "_write", stop)
        words = ("grade", submissions, "--out", tmp_path / "out", "--isolation", "none")
        done = here(*words, *(["--fresh"] if fresh else []))
        assert done.exit_code == 130
        assert done.stderr == f"grader: stopped; 2 of 2 submissions stored: type {again} to go on\n"


def test_what_stores_nothing_says_only_that_it_was_stopped(here, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(author, "audit", stop)
    done = here("audit", "tiny")
    assert (done.exit_code, done.stderr) == (130, "grader: stopped\n")
