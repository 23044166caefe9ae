"""What the names of files and folders say."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.submissions.names import MAX_ID, clean, of_file, of_folder, shown, unique_id


class TestIds:
    @pytest.mark.parametrize(
        ("student", "expected"),
        [
            ("Anna Smith", "Anna-Smith"),
            ("Zoë Müller", "Zoe-Muller"),
            ("anna.smith@school", "anna.smith-school"),
            ("../../etc/passwd", "etc-passwd"),
            ("-rf", "rf"),
            (".hidden", "hidden"),
            ("a\x00b\nc", "a-b-c"),
        ],
    )
    def test_an_id_is_what_ascii_keeps_of_the_name(self, student, expected):
        assert unique_id(student, set()) == expected

    def test_no_student_has_the_page_of_the_class(self):
        taken: set[str] = set()
        assert [unique_id(name, taken) for name in ("Index", "index")] == ["Index-2", "index-3"]

    def test_a_name_without_ascii_keeps_its_id_when_others_join(self):
        assert unique_id("李雷", set()) == unique_id("李雷", {"student-x"})
        assert re.fullmatch("student-[0-9a-f]{8}", unique_id("李雷", set()))
        assert unique_id("李雷", set()) != unique_id("韩梅梅", set())

    def test_a_number_is_added_until_the_id_is_free(self):
        taken = set()
        assert [unique_id(name, taken) for name in ("anna", "anna-2", "ANNA", "anna")] == [
            "anna",
            "anna-2",
            "ANNA-3",
            "anna-4",
        ]

    @given(st.lists(st.text(max_size=120), max_size=8))
    def test_any_names_give_different_safe_ids(self, students):
        taken = set()
        ids = [unique_id(student, taken) for student in students]
        assert len({one.casefold() for one in ids}) == len(students)
        assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", one) and len(one) <= MAX_ID for one in ids)


class TestLabels:
    @pytest.mark.parametrize(
        ("name", "student", "file", "late"),
        [
            ("annasmith_12345_67890_backprop.ipynb", "annasmith", "backprop.ipynb", False),
            ("annasmith_LATE_12345_67890_backprop.ipynb", "annasmith", "backprop.ipynb", True),
            ("annasmith_12345_backprop.ipynb", "annasmith", "backprop.ipynb", False),
            ("annasmith_12345_67890_backprop-1.ipynb", "annasmith", "backprop.ipynb", False),
            ("anna_b_12345_67890_my_999_file.py", "anna_b", "my_999_file.py", False),
            ("anna2_12345_67890_data-1.csv", "anna2", "data-1.csv", False),
            ("Zoë_12345_assignsubmission_file_my backprop.py", "Zoë", "my backprop.py", False),
        ],
    )
    def test_flat_files(self, name, student, file, late):
        label = of_file(name, ["backprop"])
        assert (label.student, label.file, label.late) == (student, file, late)

    @pytest.mark.parametrize(
        ("name", "student"),
        [
            ("backprop-anna", "anna"),
            ("hw1_backprop_anna", "anna"),
            ("Backprop-anna-smith", "anna-smith"),
            ("backpropanna", "backpropanna"),
            ("backprop-", "backprop-"),
            ("Anna Smith", "Anna Smith"),
            ("Anna Smith_123_assignsubmission_file_", "Anna Smith"),
        ],
    )
    def test_folders(self, name, student):
        assert of_folder(name, ["backprop"]).student == student

    @given(
        st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=60).filter(lambda name: name.strip("."))
    )
    def test_any_name_has_a_student(self, name):
        assert of_file(name, ["backprop"]).student
        assert of_folder(name, ["backprop"]).student


class TestText:
    @given(st.text(alphabet=st.characters(), max_size=20))
    def test_a_clean_name_is_composed_and_has_utf_8(self, name):
        cleaned = clean(name)
        cleaned.encode("utf-8")
        assert unicodedata.is_normalized("NFC", cleaned)
        assert clean(cleaned) == cleaned

    def test_bytes_that_are_no_utf_8_become_the_mark_for_it(self):
        assert clean(b"a\xffb".decode("utf-8", "surrogateescape")) == "a\ufffdb"
        assert clean("a\ud800b") == "a?b"

    def test_a_shown_name_is_short_and_printable(self):
        assert shown("a\nb\u202ec\x1b") == "a?b?c?"
        assert shown("x" * 70) == "x" * 59 + "…"
