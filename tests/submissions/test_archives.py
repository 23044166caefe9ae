"""Zips that are damaged, hostile, or made by other systems."""

from __future__ import annotations

import contextlib
import io
import re
import stat
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submissions import Unreadable, archives, find_own, read
from grader.submissions.archives import Archive
from grader.submissions.code import MAX_FILE
from grader.submissions.trees import bounded

CODE = "def double(x):\n    return 2 * x\n"
DAMAGED = "anna.zip is damaged: make the zip again and hand it in again"


@pytest.fixture
def hand_in(root):
    """Hand in the bytes of a zip, and read them."""

    def read_zip(data):
        (root / "anna.zip").write_bytes(data)
        return read(find_own(root / "anna.zip", module="backprop"))

    return read_zip


def refusal(hand_in, data):
    with pytest.raises(Unreadable) as caught:
        hand_in(data)
    return str(caught.value)


def before_null(name):
    """What the zip format keeps of a name."""
    return name.partition("\0")[0]


def member(name, *, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


class TestNames:
    @pytest.mark.parametrize(
        "name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "..\\evil.py", "C:\\evil.py", "c:/evil.py"]
    )
    def test_a_name_that_leads_out_is_left_out_and_noted(self, hand_in, zipped, name):
        submission = hand_in(zipped({"backprop.py": CODE, name: "evil"}))
        assert submission.siblings == {}
        assert submission.notes == ("1 file of the zip left out: the name leads out of it, or is too long",)

    @pytest.mark.parametrize("name", ["b/" * 32000 + "x.txt", "b/" * 30 + "x.txt", "b" * 1001])
    def test_so_is_one_that_is_longer_than_anybodys(self, hand_in, zipped, name):
        submission = hand_in(zipped({"backprop.py": CODE, name: "long", "b/" * 29 + "x.txt": "deep"}))
        assert dict(submission.siblings) == {"b/" * 29 + "x.txt": b"deep"}
        assert submission.notes == ("1 file of the zip left out: the name leads out of it, or is too long",)

    def test_backslashes_of_windows_are_folders(self, hand_in, zipped):
        submission = hand_in(zipped({"backprop.py": CODE, "data\\weights.csv": "1"}))
        assert dict(submission.siblings) == {"data/weights.csv": b"1"}

    def test_names_in_utf_8_that_are_not_marked_so_are_read_right(self, hand_in, zipped):
        # the name is written as ASCII first and replaced: Python marks every other name
        data = zipped({"backprop.py": CODE, "xx.csv": "1"}).replace(b"xx.csv", "ë.csv".encode())
        assert list(hand_in(data).siblings) == ["ë.csv"]

    def test_names_in_the_code_page_of_dos_are_read_as_such(self, hand_in, zipped):
        data = zipped({"backprop.py": CODE, "x.csv": "1"}).replace(b"x.csv", b"\x89.csv")
        assert list(hand_in(data).siblings) == ["ë.csv"]

    def test_of_two_members_of_one_name_the_later_counts(self, hand_in):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("backprop.py", "first = 1")
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr("backprop.py", "last = 1")
        assert hand_in(data.getvalue()).cells == ("last = 1",)

    @settings(max_examples=100, deadline=None)
    @given(
        names=st.lists(
            st.text(alphabet="ab./\\:\0~ü \n", min_size=1, max_size=10).filter(before_null),
            max_size=4,
            unique_by=before_null,
        )
    )
    def test_no_name_leads_out_of_the_zip(self, zipped, names):
        data = zipped(dict.fromkeys(names, "x"))
        archive = Archive(io.BytesIO(data), name="anna.zip", zips=1)
        for name in archive.files:
            parts = name.split("/")
            assert not name.startswith("/")
            assert not {"", ".", ".."} & set(parts)
            assert archive.read(name, limit=1) == b"x"

    def test_a_file_that_is_also_a_folder_is_left_out(self, hand_in, zipped):
        submission = hand_in(zipped({"backprop.py": CODE, "data": "file", "data/x.csv": "1", "empty\\": ""}))
        assert dict(submission.siblings) == {"data/x.csv": b"1"}

    def test_a_name_that_no_file_system_takes_is_left_out(self, hand_in, zipped):
        submission = hand_in(zipped({"backprop.py": CODE, "a" * 256: "1", "b/" * 500 + "c": "2", "d" * 255: "3"}))
        assert list(submission.siblings) == ["d" * 255]


class TestContents:
    @pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
    def test_links_and_devices_are_never_read(self, hand_in, zipped, kind):
        data = zipped({member("backprop.py", mode=kind | 0o644): "/etc/passwd"})
        assert refusal(hand_in, data) == "backprop.py is a link in the zip: hand in the file itself"

    def test_a_link_beside_the_code_is_left_out(self, hand_in, zipped):
        submission = hand_in(zipped({"backprop.py": CODE, member("data.csv", mode=stat.S_IFLNK): "/etc/passwd"}))
        assert submission.siblings == {}

    def test_an_encrypted_zip_is_refused(self, hand_in, zipped):
        data = bytearray(zipped({"backprop.py": CODE}))
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            data[data.index(signature) + offset] |= 1
        assert refusal(hand_in, bytes(data)) == "anna.zip is encrypted: hand it in without a password"

    def test_an_unusual_compression_is_refused(self, hand_in):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("backprop.py", CODE)
        assert refusal(hand_in, data.getvalue()) == (
            "anna.zip is compressed in an unusual way: make the zip with your system's own"
        )

    @pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 50])
    def test_what_is_no_zip_is_refused(self, hand_in, data):
        message = "anna.zip is no zip, or damaged: make the zip again and hand it in again"
        assert refusal(hand_in, data) == message

    def test_a_zip_that_was_cut_off_is_refused(self, hand_in, zipped):
        assert "no zip, or damaged" in refusal(hand_in, zipped({"backprop.py": CODE})[:-30])

    def test_a_damaged_member_is_refused(self, hand_in, zipped):
        data = bytearray(zipped({"backprop.py": CODE}))
        data[45] ^= 0xFF
        assert refusal(hand_in, bytes(data)) == DAMAGED

    def test_an_empty_zip_is_refused(self, hand_in, zipped):
        assert refusal(hand_in, zipped({})) == "nothing was handed in: hand in backprop.py or backprop.ipynb"


class TestBombs:
    def test_a_huge_member_is_refused_without_unpacking_it(self, hand_in, zipped):
        data = zipped({"backprop.ipynb": b" " * (MAX_FILE + 1)})
        assert len(data) < 2**18
        message = "backprop.ipynb is larger than 100 MB: make it smaller and hand it in again"
        assert refusal(hand_in, data) == message

    def test_a_member_that_lies_about_its_size_is_read_no_further(self, zipped):
        honest = zipped({"backprop.py": b"0" * 10_000})
        true, claimed = (10_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
        archive = Archive(io.BytesIO(honest.replace(true, claimed)), name="anna.zip", zips=1)
        assert archive.files["backprop.py"].size == 10
        with pytest.raises(Unreadable, match=f"^{re.escape(DAMAGED)}$"):
            archive.read("backprop.py", limit=100)

    def test_no_read_goes_further_than_its_limit(self):
        file = io.BytesIO(b"0" * 1000)
        with pytest.raises(Unreadable, match=r"^x is larger than 0 MB: make it smaller and hand it in again$"):
            bounded(file, "x", limit=0)
        assert file.tell() == 1

    def test_a_bomb_beside_the_code_is_left_out(self, hand_in, zipped):
        submission = hand_in(zipped({"backprop.py": CODE, "data.csv": b"0" * (21 * 2**20)}))
        assert submission.siblings == {}
        assert submission.notes == ("left out of what your code can read: data.csv (at most 200 files and 20 MB)",)

    def test_zips_in_zips_end_at_the_second(self, hand_in, zipped):
        two = zipped({"work.zip": zipped({"backprop.py": CODE})})
        assert hand_in(two).cells == (CODE,)
        assert refusal(hand_in, zipped({"more.zip": two})) == (
            "work.zip is a zip in a zip in a zip: hand in the files, or one zip of them"
        )

    def test_too_many_files_are_refused(self, hand_in, zipped):
        data = zipped({"backprop.py": CODE} | {f"{number}.txt": "" for number in range(10_000)})
        assert refusal(hand_in, data) == "anna.zip holds more than 10,000 files: hand in only the assignment"

    def test_a_huge_directory_is_refused_before_it_is_parsed(self, hand_in, zipped, monkeypatch):
        monkeypatch.setattr(archives, "MAX_DIRECTORY", 1000)
        data = zipped({f"{number}.txt": "" for number in range(100)})
        assert refusal(hand_in, data) == "anna.zip holds too many files: zip only the folder of the assignment"


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 5))
def test_a_damaged_zip_is_read_or_refused(zipped, position, value, cut):
    data = bytearray(zipped({"backprop.py": CODE, "data/x.csv": "1,2"}))
    data[position % len(data)] = value
    with contextlib.suppress(Unreadable):
        archive = Archive(io.BytesIO(bytes(data[: len(data) - cut])), name="anna.zip", zips=1)
        for name in archive.files:
            assert len(archive.read(name, limit=1000)) <= 1000
