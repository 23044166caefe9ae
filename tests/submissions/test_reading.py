"""One submission, read: the files beside it, its digest, and what cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.submissions import Submission, Unreadable, find, find_own, read, reading

CODE = "def double(x):\n    return 2 * x\n"


def own(root, **options):
    return read(find_own(root, module="backprop"), **options)


@pytest.fixture
def as_somebody(root):
    """Go on as a user without special rights: permissions do not bind root."""

    @contextmanager
    def become_somebody():
        is_root = os.geteuid() == 0
        if is_root:
            temporary = Path(tempfile.gettempdir())
            for folder in (root, *root.parents):  # pytest's temporary folders are its user's alone
                if temporary in folder.parents:
                    folder.chmod(0o755)
            os.seteuid(65534)
        try:
            yield
        finally:
            if is_root:
                os.seteuid(0)

    return become_somebody


def refusal(root):
    with pytest.raises(Unreadable) as caught:
        own(root)
    return str(caught.value)


def test_a_submission_says_what_is_graded(write, notebook):
    (found,) = find(write({"anna/backprop.ipynb": notebook("x = 1", "y = 2")}), module="backprop")
    submission = read(found)
    assert submission == Submission(
        id="anna",
        student="anna",
        source="anna/backprop.ipynb",
        module="backprop",
        kind="notebook",
        cells=("x = 1", "y = 2"),
        siblings={},
        digest=submission.digest,
    )


class TestSiblings:
    def test_files_of_the_folder_and_below_are_siblings(self, write):
        root = write(
            {
                "homework/backprop.py": CODE,
                "homework/helpers.py": "x = 1",
                "homework/data/weights.csv": "1,2",
                "homework/old.ipynb": "{}",
                "homework/.git/config": "secret",
                "homework/.env": "secret",
                "homework/__pycache__/helpers.pyc": "x",
                "homework/checks.py": "stub",
                "homework/README.md": "theory",
                "notes.txt": "above",
            }
        )
        assert dict(own(root).siblings) == {"data/weights.csv": b"1,2", "helpers.py": b"x = 1"}

    def test_links_are_no_siblings(self, write, tmp_path):
        root = write({"backprop.py": CODE, "real.csv": "1"})
        (tmp_path / "secret.csv").write_text("secret")
        (root / "out.csv").symlink_to(tmp_path / "secret.csv")
        (root / "in.csv").symlink_to(root / "real.csv")
        (root / "up").symlink_to(tmp_path)
        assert list(own(root).siblings) == ["real.csv"]

    def test_pipes_are_no_siblings(self, write):
        root = write({"backprop.py": CODE})
        os.mkfifo(root / "pipe")
        assert own(root).siblings == {}

    def test_beyond_the_number_of_files_the_larger_ones_are_left_out(self, write, monkeypatch):
        monkeypatch.setattr(reading, "MAX_SIBLINGS", 2)
        files = {"a.csv": "333", "b.csv": "22", "c.csv": "1", "z.py": "code = 'comes first'", "d.csv": "4444"}
        submission = own(write({"backprop.py": CODE, **files}))
        assert list(submission.siblings) == ["c.csv", "z.py"]
        assert submission.notes == (
            "left out of what your code can read: b.csv, a.csv, d.csv (at most 2 files and 20 MB)",
        )

    def test_beyond_the_bytes_in_all_files_are_left_out(self, write):
        large = b"0" * (8 * 2**20)
        submission = own(write({"backprop.py": CODE} | {f"{letter}.bin": large for letter in "abcdef"}))
        assert list(submission.siblings) == ["a.bin", "b.bin"]
        assert submission.notes == (
            "left out of what your code can read: c.bin, d.bin, e.bin and 1 more (at most 200 files and 20 MB)",
        )

    def test_a_huge_folder_far_down_hides_nothing_above_it(self, write, monkeypatch):
        monkeypatch.setattr("grader.submissions.folders.MAX_FILES", 5)
        files = {f"a/images/{number}.png": "x" for number in range(20)}
        submission = own(write({"backprop.py": CODE, "z.py": "x = 1", **files}))
        assert "z.py" in submission.siblings
        assert submission.notes == ("only the first 5 files were looked at",)


class TestDigest:
    def test_the_same_work_has_the_same_digest_wherever_it_lies(self, write):
        root = write({f"{name}/backprop.py": CODE for name in ("anna", "bob")})
        anna, bob = (read(found) for found in find(root, module="backprop"))
        assert anna.digest == bob.digest
        assert len(anna.digest) == 64

    @pytest.mark.parametrize(
        "other",
        [
            {"backprop.py": CODE + "\n", "helpers.py": "x = 1"},
            {"backprop.py": CODE, "helpers.py": "x = 2"},
            {"backprop.py": CODE, "helper.py": "x = 1"},
            {"backprop.py": CODE},
        ],
    )
    def test_any_change_of_code_or_siblings_changes_it(self, write, other):
        root = write({f"anna/{name}": content for name, content in other.items()})
        write({"bob/backprop.py": CODE, "bob/helpers.py": "x = 1"})
        anna, bob = (read(found) for found in find(root, module="backprop"))
        assert anna.digest != bob.digest

    @pytest.mark.parametrize("cells", [("x = 1y = 2",), ("x = 1y", " = 2")])
    def test_where_cells_are_cut_changes_it(self, write, notebook, cells):
        root = write({"anna/backprop.ipynb": notebook("x = 1", "y = 2"), "bob/backprop.ipynb": notebook(*cells)})
        anna, bob = (read(found) for found in find(root, module="backprop"))
        assert anna.digest != bob.digest

    def test_outputs_do_not_change_it(self, write, notebook):
        output = {"output_type": "stream", "name": "stdout", "text": "hi"}
        root = write(
            {"anna/backprop.ipynb": notebook("x = 1"), "bob/backprop.ipynb": notebook("x = 1", outputs=[output])}
        )
        anna, bob = (read(found) for found in find(root, module="backprop"))
        assert anna.digest == bob.digest


class TestUnreadable:
    def test_a_link_that_leaves_the_folder(self, root, tmp_path):
        (tmp_path / "reference.py").write_text(CODE)
        (root / "backprop.py").symlink_to(tmp_path / "reference.py")
        assert refusal(root) == "backprop.py is a link that leaves the folder: hand in the file itself"

    def test_a_link_within_the_folder_is_followed(self, write):
        root = write({"work.txt": CODE})
        (root / "backprop.py").symlink_to("work.txt")
        assert own(root).cells == (CODE,)

    def test_a_link_to_nothing(self, root):
        (root / "backprop.py").symlink_to("nowhere.py")
        assert refusal(root) == "backprop.py cannot be read (No such file or directory): check it and its permissions"

    def test_a_file_without_permission(self, write, as_somebody):
        root = write({"backprop.py": CODE})
        (root / "backprop.py").chmod(0)
        with as_somebody():
            message = refusal(root)
        assert message == "backprop.py cannot be read (Permission denied): check it and its permissions"

    @pytest.mark.parametrize("mode", [0, 0o444])
    def test_a_folder_without_permission(self, write, as_somebody, mode):
        root = write({"anna/backprop.py": CODE, "bob/backprop.py": CODE})
        (root / "anna").chmod(mode)
        with as_somebody():
            anna, bob = find(root, module="backprop")
            with pytest.raises(
                Unreadable, match=r"cannot be read \(Permission denied\): check it and its permissions$"
            ):
                read(anna)
            assert read(bob).cells == (CODE,)
        (root / "anna").chmod(0o755)

    def test_a_file_that_went_away(self, write):
        root = write({"anna.zip": b"", "bob/backprop.py": CODE})
        anna, bob = find(root, module="backprop")
        (root / "anna.zip").unlink()
        (root / "bob" / "backprop.py").unlink()
        with pytest.raises(Unreadable, match=r"^anna.zip cannot be read \(No such file or directory\)"):
            read(anna)
        with pytest.raises(Unreadable, match=r"^nothing was handed in"):
            read(bob)

    def test_a_zip_without_permission(self, write, as_somebody, zipped):
        root = write({"anna.zip": zipped({"backprop.py": CODE})})
        (root / "anna.zip").chmod(0)
        with as_somebody():
            (found,) = find(root, module="backprop")
            with pytest.raises(Unreadable, match=r"^anna.zip cannot be read \(Permission denied\)"):
                read(found)

    def test_a_zip_that_was_replaced_is_read_anew(self, root, zipped):
        path = root / "anna.zip"
        for code in ("first = 1", "second = 22"):
            path.write_bytes(zipped({"backprop.py": code}))
            assert read(find_own(path, module="backprop")).cells == (code,)

    def test_a_pipe_in_the_place_of_a_zip_is_not_waited_for(self, root):
        os.mkfifo(root / "anna.zip")
        (found,) = find(root, module="backprop")
        with pytest.raises(Unreadable, match=r"^anna.zip is a link or a device: hand in a file, a folder or a zip$"):
            read(found)

    def test_a_link_in_the_place_of_a_zip_is_not_followed(self, root, tmp_path, zipped):
        (tmp_path / "real.zip").write_bytes(zipped({"backprop.py": CODE}))
        (root / "anna.zip").symlink_to(tmp_path / "real.zip")
        (found,) = find(root, module="backprop")
        with pytest.raises(Unreadable, match=r"^anna.zip is a link or a device: hand in a file, a folder or a zip$"):
            read(found)


def test_finding_and_reading_need_neither_nbformat_nor_jupytext_nor_numpy():
    program = "import sys, grader.submissions; print({'nbformat', 'jupytext', 'numpy', 'torch'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
