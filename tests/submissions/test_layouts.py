"""Every way in which the work of a class arrives."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from grader.submissions import Layout, Unreadable, find, find_own, read

CODE = "def double(x):\n    return 2 * x\n"


def students(root, **options):
    return [(one.student, str(one.layout), read(one).source) for one in find(root, module="backprop", **options)]


class TestOneStudent:
    def test_a_script_is_a_submission(self, write):
        assert students(write({"backprop.py": CODE}) / "backprop.py") == [("backprop", "file", "backprop.py")]

    def test_a_single_file_may_have_any_name(self, write, notebook):
        root = write({"anna.ipynb": notebook(CODE), "other.py": CODE})
        assert students(root / "anna.ipynb") == [("anna", "file", "anna.ipynb")]

    def test_the_files_beside_a_single_file_are_none_of_its_business(self, write):
        (one,) = find(write({"anna.py": CODE, "bob.py": CODE}) / "anna.py", module="backprop")
        assert read(one).siblings == {}

    def test_a_folder_that_holds_the_module_is_one_submission(self, write):
        root = write({"backprop.py": CODE, "data/weights.csv": "1,2", "helpers.py": "x = 1"})
        assert students(root) == [("class", "folder", "backprop.py")]

    def test_a_clone_with_several_assignments_is_one_submission(self, write):
        root = write({"backprop/backprop.py": CODE, "cnn/cnn.py": CODE, "README.md": "hello", ".git/config": ""})
        assert students(root) == [("class", "folder", "backprop/backprop.py")]

    def test_the_name_of_a_clone_says_who_the_student_is(self, write):
        assert students(write({"backprop-anna/backprop.py": CODE}) / "backprop-anna") == [
            ("anna", "clone", "backprop.py")
        ]

    def test_a_zip_of_one_submission(self, root, zipped):
        (root / "anna.zip").write_bytes(zipped({"backprop.py": CODE, "helpers.py": "x = 1"}))
        assert students(root / "anna.zip") == [("anna", "zip", "backprop.py")]


class TestFolders:
    def test_a_folder_a_student(self, write):
        root = write({"anna/backprop.py": CODE, "bob/backprop.py": CODE})
        assert students(root) == [("anna", "folder", "anna/backprop.py"), ("bob", "folder", "bob/backprop.py")]

    def test_clones_are_named_after_their_students(self, write):
        root = write(
            {
                "backprop-anna/backprop.py": CODE,
                "backprop-anna/.git/HEAD": "ref",
                "backprop-anna/README.md": "hello",
                "backprop-bob-the-builder/backprop/backprop.py": CODE,
                "backprop-bob-the-builder/cnn/cnn.py": CODE,
            }
        )
        assert students(root) == [
            ("anna", "clone", "backprop-anna/backprop.py"),
            ("bob-the-builder", "clone", "backprop-bob-the-builder/backprop/backprop.py"),
        ]

    def test_clones_may_be_named_after_another_title_of_the_assignment(self, write):
        root = write({"ese546-hw1-anna/backprop.py": CODE, "ese546-hw1-bob/backprop.py": CODE})
        assert [student for student, _, _ in students(root, aliases=["hw1"])] == ["anna", "bob"]

    def test_moodle_folders_are_named_after_their_students(self, write):
        root = write(
            {
                "Anna Smith_123456_assignsubmission_file_/backprop.py": CODE,
                "Bob Müller_123457_assignsubmission_file/backprop.py": CODE,
            }
        )
        assert [(student, layout) for student, layout, _ in students(root)] == [
            ("Anna Smith", "moodle"),
            ("Bob Müller", "moodle"),
        ]

    def test_text_typed_into_moodle_is_no_second_submission(self, write):
        root = write(
            {
                "Anna Smith_123456_assignsubmission_file_/backprop.py": CODE,
                "Anna Smith_123456_assignsubmission_onlinetext_/onlinetext.html": "thanks",
            }
        )
        assert len(find(root, module="backprop")) == 1

    def test_a_student_who_only_typed_text_into_moodle_is_not_lost(self, write):
        root = write(
            {"Anna Smith_123456_assignsubmission_onlinetext_/onlinetext.html": "here", "bob/backprop.py": CODE}
        )
        assert [one.student for one in find(root, module="backprop")] == ["Anna Smith", "bob"]

    def test_one_folder_around_the_class_is_looked_through(self, write):
        root = write({"submissions/anna/backprop.py": CODE, "submissions/bob/backprop.py": CODE})
        assert [source for _, _, source in students(root)] == [
            "submissions/anna/backprop.py",
            "submissions/bob/backprop.py",
        ]

    def test_a_class_of_one_is_a_class(self, write):
        assert students(write({"anna/backprop.py": CODE})) == [("anna", "folder", "anna/backprop.py")]

    def test_a_stray_script_beside_the_class_hides_nobody(self, write):
        root = write({"backprop.py": CODE, "anna/backprop.py": CODE, "bob/backprop.py": CODE})
        assert [student for student, _, _ in students(root)] == ["anna", "backprop", "bob"]

    def test_empty_folders_and_folders_without_a_match_are_found(self, write, root):
        write({"anna/backprop.py": CODE, "bob/a.py": CODE, "bob/b.py": CODE})
        (root / "carl").mkdir()
        assert [one.student for one in find(root, module="backprop")] == ["anna", "bob", "carl"]

    def test_leftovers_of_tools_are_nobodys(self, write):
        root = write(
            {
                "anna/backprop.py": CODE,
                "__MACOSX/anna/._backprop.py": b"\x00\x05",
                ".DS_Store": b"\x00",
                "__pycache__/backprop.cpython-311.pyc": b"\x00",
                ".ipynb_checkpoints/backprop-checkpoint.ipynb": b"{}",
                "grades.csv": "anna,1",
            }
        )
        assert [one.student for one in find(root, module="backprop")] == ["anna"]

    def test_a_link_to_a_folder_is_found_and_not_followed(self, write, tmp_path, root):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "backprop.py").write_text(CODE)
        write({"bob/backprop.py": CODE})
        (root / "anna").symlink_to(tmp_path / "elsewhere")
        anna, _ = find(root, module="backprop")
        with pytest.raises(Unreadable, match=r"^anna is a link or a device: hand in a file, a folder or a zip$"):
            read(anna)


class TestFlatFiles:
    def test_canvas_files_belong_to_the_student_in_front(self, write, notebook):
        root = write(
            {
                "annasmith_12345_67890_backprop.ipynb": notebook(CODE),
                "bobmiller_12346_67891_backprop.py": CODE,
                "carl_12347_backprop.py": CODE,
            }
        )
        assert students(root) == [
            ("annasmith", "flat", "annasmith_12345_67890_backprop.ipynb"),
            ("bobmiller", "flat", "bobmiller_12346_67891_backprop.py"),
            ("carl", "flat", "carl_12347_backprop.py"),
        ]

    def test_late_files_are_noted(self, write):
        (one,) = find(write({"annasmith_LATE_12345_67890_backprop.py": CODE}), module="backprop")
        assert (one.student, read(one).notes) == ("annasmith", ("late",))

    def test_of_files_that_were_handed_in_again_the_last_counts(self, write):
        root = write(
            {
                "anna_12345_67890_backprop.py": "first = 1",
                "anna_12345_67880_backprop-10.py": "last = 1",
                "anna_12345_67895_backprop-2.py": "second = 1",
            }
        )
        (one,) = find(root, module="backprop")
        assert read(one).cells == ("last = 1",)
        assert read(one).source == "anna_12345_67880_backprop-10.py"
        assert read(one).notes == (
            "anna_12345_67890_backprop.py was not graded: anna_12345_67880_backprop-10.py was handed in later",
            "anna_12345_67895_backprop-2.py was not graded: anna_12345_67880_backprop-10.py was handed in later",
        )

    def test_another_submission_under_the_same_name_is_noted(self, write):
        root = write({"anna_101_1_backprop.py": CODE, "anna_102_2_backprop.py": CODE, "bob_103_3_backprop.py": CODE})
        found = find(root, module="backprop")
        assert [(one.id, one.notes) for one in found] == [
            ("anna", ("one of 2 submissions under this name",)),
            ("anna-2", ("one of 2 submissions under this name",)),
            ("bob", ()),
        ]

    def test_further_files_of_a_student_keep_the_names_they_were_handed_in_with(self, write):
        root = write(
            {
                "anna_12345_67890_backprop.py": CODE,
                "anna_12345_67891_helpers-1.py": "x = 1",
                "anna_12345_67892_data-1.csv": "1,2",
                "anna_12345_67893_checks.py": "stub",
                "bob_12346_67894_backprop.py": CODE,
            }
        )
        anna, bob = find(root, module="backprop")
        assert dict(read(anna).siblings) == {"data-1.csv": b"1,2", "helpers.py": b"x = 1"}
        assert dict(read(bob).siblings) == {}

    def test_two_students_of_one_name_stay_apart(self, write):
        root = write({"anna_12345_67890_backprop.py": "a = 1", "anna_12346_67891_backprop.py": "b = 1"})
        found = find(root, module="backprop")
        assert [(one.id, read(one).cells) for one in found] == [("anna", ("a = 1",)), ("anna-2", ("b = 1",))]

    def test_a_student_who_handed_in_something_else_is_not_lost(self, write):
        root = write({"anna_12345_67890_report.pdf": "%PDF", "bob_12346_67891_backprop.py": CODE})
        anna, _ = find(root, module="backprop")
        expected = "no backprop.py or backprop.ipynb among report.pdf: rename the one that counts"
        with pytest.raises(Unreadable, match=f"^{re.escape(expected)}$"):
            read(anna)

    def test_a_student_who_handed_in_the_handout_only_is_not_lost(self, write):
        root = write({"anna_12345_67890_README.md": "theory", "bob_12346_67891_backprop.py": CODE})
        anna, _ = find(root, module="backprop")
        with pytest.raises(Unreadable, match=r"^nothing was handed in: hand in backprop.py or backprop.ipynb$"):
            read(anna)

    def test_a_class_may_have_more_files_than_one_submission(self, write, monkeypatch):
        monkeypatch.setattr("grader.submissions.folders.MAX_FILES", 5)
        found = find(write({f"s{number}_12345_67890_backprop.py": CODE for number in range(20)}), module="backprop")
        assert [read(one).cells for one in found] == [(CODE,)] * 20

    def test_moodle_without_folders(self, write):
        root = write({"Anna Smith_123456_assignsubmission_file_backprop.py": CODE})
        assert students(root) == [("Anna Smith", "flat", "Anna Smith_123456_assignsubmission_file_backprop.py")]

    @pytest.mark.parametrize("name", ["backprop_anna.py", "anna-backprop.py", "Backprop anna.py", "anna.py"])
    def test_files_named_by_the_students_themselves(self, write, name):
        assert students(write({name: CODE, "bob_backprop.py": CODE})) == [
            ("anna", "file", name),
            ("bob", "file", "bob_backprop.py"),
        ]

    def test_a_small_number_in_a_name_is_no_mark_of_canvas(self, write):
        assert students(write({"lab_3_backprop.py": CODE})) == [("lab_3", "file", "lab_3_backprop.py")]


class TestZips:
    def test_a_zip_of_folders(self, root, zipped):
        content = {"anna/backprop.py": CODE, "bob/backprop.py": CODE, "__MACOSX/anna/._backprop.py": b"\0", "carl/": ""}
        (root / "class.zip").write_bytes(zipped(content))
        found = find(root / "class.zip", module="backprop")
        assert [one.student for one in found] == ["anna", "bob", "carl"]
        assert read(found[0]).source == "anna/backprop.py"
        with pytest.raises(Unreadable, match=r"^nothing was handed in"):
            read(found[2])

    def test_a_zip_with_a_folder_around_the_class(self, root, zipped):
        content = {"subs/backprop-anna/backprop.py": CODE, "subs/backprop-bob/backprop.py": CODE}
        (root / "class.zip").write_bytes(zipped(content))
        assert [student for student, _, _ in students(root / "class.zip")] == ["anna", "bob"]

    def test_a_zip_of_flat_files(self, root, zipped):
        content = {"anna_LATE_12345_67890_backprop.py": CODE, "bob_12346_67891_backprop.py": CODE}
        (root / "submissions.zip").write_bytes(zipped(content))
        anna, bob = find(root / "submissions.zip", module="backprop")
        assert (anna.notes, bob.notes) == (("late",), ())
        assert read(bob).cells == (CODE,)

    def test_a_zip_of_moodle_folders(self, root, zipped):
        name = "Zoë Smith_123456_assignsubmission_file_"
        (root / "class.zip").write_bytes(zipped({f"{name}/backprop.py": CODE}))
        assert students(root / "class.zip") == [("Zoë Smith", "moodle", f"{name}/backprop.py")]

    def test_a_zip_that_lies_alone_in_the_folder_may_hold_the_class(self, root, zipped):
        (root / "subs.zip").write_bytes(zipped({"anna/backprop.py": CODE, "bob/backprop.py": CODE}))
        assert [source for _, _, source in students(root)] == ["subs.zip/anna/backprop.py", "subs.zip/bob/backprop.py"]

    def test_a_zip_a_student(self, root, zipped):
        (root / "anna.zip").write_bytes(zipped({"backprop.py": CODE, "helpers.py": "x = 1"}))
        (root / "backprop-bob.zip").write_bytes(zipped({"homework/backprop.py": CODE}))
        assert students(root) == [
            ("anna", "zip", "anna.zip/backprop.py"),
            ("bob", "zip", "backprop-bob.zip/homework/backprop.py"),
        ]

    def test_a_zip_a_student_in_the_class_zip(self, root, zipped):
        inner = {name: zipped({"backprop.py": CODE, "data.csv": name}) for name in ("anna.zip", "bob.zip")}
        (root / "class.zip").write_bytes(zipped(inner))
        anna, bob = find(root / "class.zip", module="backprop")
        assert (anna.student, read(anna).siblings) == ("anna", {"data.csv": b"anna.zip"})
        assert (bob.student, read(bob).siblings) == ("bob", {"data.csv": b"bob.zip"})

    def test_the_class_zip_in_a_zip(self, root, zipped):
        inner = zipped({"anna/backprop.py": CODE, "bob/backprop.py": CODE})
        (root / "all.zip").write_bytes(zipped({"class.zip": inner}))
        assert [source for _, _, source in students(root / "all.zip")] == [
            "class.zip/anna/backprop.py",
            "class.zip/bob/backprop.py",
        ]

    def test_a_canvas_file_may_be_a_zip(self, root, zipped):
        (root / "anna_12345_67890_homework-1.zip").write_bytes(zipped({"backprop.py": CODE}))
        (root / "anna_12345_67880_homework.zip").write_bytes(zipped({"backprop.py": "old = 1"}))
        (one,) = find(root, module="backprop")
        assert one.student == "anna"
        assert read(one).cells == (CODE,)
        assert read(one).source == "anna_12345_67890_homework-1.zip/backprop.py"

    def test_a_zip_in_the_students_folder(self, write, zipped):
        root = write({"anna/work.zip": zipped({"backprop.py": CODE}), "bob/backprop.py": CODE})
        assert [student for student, _, _ in students(root)] == ["anna", "bob"]

    def test_a_zip_beside_the_code_is_just_a_file(self, write, zipped):
        root = write({"anna/backprop.py": CODE, "anna/old.zip": zipped({"backprop.py": "old = 1"})})
        (one,) = find(root, module="backprop")
        assert read(one).cells == (CODE,)

    def test_a_broken_zip_is_its_students_alone(self, write):
        root = write({"anna.zip": b"no zip at all", "bob/backprop.py": CODE})
        assert [one.student for one in find(root, module="backprop")] == ["anna", "bob"]


class TestTheBatch:
    def test_ids_are_unique_and_in_an_order_that_does_not_depend_on_the_disk(self, write):
        root = write({f"{name}/backprop.py": CODE for name in ("Bob", "anna", "Anna", "Ánna")})
        found = find(root, module="backprop")
        assert [(one.student, one.id) for one in found] == [
            ("Anna", "Anna"),
            ("anna", "anna-2"),
            ("Bob", "Bob"),
            ("Ánna", "Anna-3"),
        ]

    def test_student_names_are_composed(self, write):
        (one,) = find(write({f"{unicodedata.normalize('NFD', 'Zoë')}/backprop.py": CODE}), module="backprop")
        assert one.student == unicodedata.normalize("NFC", "Zoë")

    def test_names_that_are_no_utf_8_do_no_harm(self, root):
        folder = root / b"anna\xff".decode("utf-8", "surrogateescape")
        folder.mkdir()
        (folder / "backprop.py").write_text(CODE)
        (one,) = find(root, module="backprop")
        assert (one.student, one.id, read(one).cells) == ("anna\ufffd", "anna", (CODE,))

    def test_an_empty_folder_holds_no_submissions(self, root):
        assert find(root, module="backprop") == []

    def test_a_missing_folder_is_an_error_of_the_caller(self, root):
        with pytest.raises(FileNotFoundError, match=r"^there is no file or folder .*nowhere$"):
            find(root / "nowhere", module="backprop")

    def test_a_broken_zip_of_the_class_is_told_at_once(self, root):
        (root / "class.zip").write_bytes(b"PK no")
        with pytest.raises(Unreadable, match=r"^class.zip is no zip, or damaged"):
            find(root / "class.zip", module="backprop")


class TestOwn:
    def test_ones_own_folder(self, write):
        root = write({"backprop.py": CODE, "helpers.py": "x = 1"})
        found = find_own(root, module="backprop")
        assert (found.student, found.layout, read(found).source) == ("class", Layout.FOLDER, "backprop.py")
        assert dict(read(found).siblings) == {"helpers.py": b"x = 1"}

    def test_the_folder_of_a_course_with_several_assignments(self, write):
        root = write({"backprop/backprop.py": CODE, "backprop/helpers.py": "x = 1", "cnn/cnn.py": CODE})
        submission = read(find_own(root, module="backprop"))
        assert (submission.source, list(submission.siblings)) == ("backprop/backprop.py", ["helpers.py"])

    def test_a_file_that_is_named_counts_whatever_it_is_called(self, write):
        root = write({"backprop.py": CODE, "draft.py": "draft = 1", "helpers.py": "x = 1"})
        submission = read(find_own(root / "draft.py", module="backprop"))
        assert (submission.cells, submission.source) == (("draft = 1",), "draft.py")
        assert list(submission.siblings) == ["helpers.py"]

    def test_a_file_that_is_no_code_is_refused(self, write):
        found = find_own(write({"notes.txt": "x"}) / "notes.txt", module="backprop")
        expected = "notes.txt is no file that can be graded: name a script (.py) or notebook (.ipynb)"
        with pytest.raises(Unreadable, match=f"^{re.escape(expected)}$"):
            read(found)

    def test_a_relative_path_has_a_name_too(self, write, monkeypatch):
        monkeypatch.chdir(write({"backprop.py": CODE}))
        assert find_own(Path(), module="backprop").student == "class"
        assert find_own(Path("backprop.py"), module="backprop").student == "class"

    def test_a_missing_folder_is_an_error_of_the_caller(self, root):
        with pytest.raises(FileNotFoundError, match=r"^there is no file or folder .*nowhere$"):
            find_own(root / "nowhere", module="backprop")


class TestExportsOfGradescope:
    METADATA = """\
---
submission_11:
  :submitters:
  - :name: Anna Smith
    :sid: '7'
    :email: anna@example.org
  :created_at: 2026-11-01 10:00:00.000000000 Z
submission_12:
  :submitters:
  - :name: Bob
  - :name:
    :email: carl@example.org
"""

    def files(self, metadata=METADATA) -> dict[str, str]:
        work = {f"submission_{number}/backprop.py": CODE for number in (11, 12, 13)}
        return work | {"submission_metadata.yml": metadata}

    def test_students_are_named_and_groups_noted(self, write):
        found = find(write(self.files()), module="backprop")
        assert [(one.student, one.layout, one.notes) for one in found] == [
            ("Anna Smith", Layout.GRADESCOPE, ()),
            ("Bob, carl@example.org", Layout.GRADESCOPE, ("handed in by a group of 2",)),
            ("submission_13", Layout.FOLDER, ()),  # the export does not say whose it is, and nobody is lost
        ]
        assert read(found[1]).cells == (CODE,)

    def test_in_a_zip_with_a_folder_around_it(self, root, zipped):
        inner = {f"assignment_5_export/{name}": text for name, text in self.files().items()}
        (root / "export.zip").write_bytes(zipped(inner))
        assert find(root / "export.zip", module="backprop")[0].student == "Anna Smith"

    def test_what_came_late_by_its_clock_is_noted(self, write):
        at_nine = datetime(2026, 11, 1, 10, tzinfo=timezone(timedelta(hours=1)))
        anna, bob, _ = find(write(self.files()), module="backprop", due=at_nine)
        assert (anna.notes, bob.notes) == (("late by 1 h",), ("handed in by a group of 2",))
        assert find(write(self.files()), module="backprop", due=at_nine.replace(hour=12))[0].notes == ()

    @pytest.mark.parametrize("time", ["yesterday", "2026-11-01 10:00:00", "7"])
    def test_a_time_without_an_offset_makes_nobody_late(self, write, time):
        metadata = self.METADATA.replace("2026-11-01 10:00:00.000000000 Z", time)
        due = datetime(2020, 1, 1, tzinfo=UTC)
        assert find(write(self.files(metadata)), module="backprop", due=due)[0].notes == ()

    def test_somebody_in_two_groups_is_noted_by_name(self, write):
        metadata = self.METADATA.replace("  - :name: Anna Smith\n", "  - :name: Anna Smith\n  - :name: bob\n")
        pair, other, _ = find(write(self.files(metadata)), module="backprop")
        assert pair.group == ("Anna Smith", "bob")
        assert pair.notes == ("handed in by a group of 2", "one of 2 submissions of bob")
        assert other.notes == ("handed in by a group of 2", "one of 2 submissions of Bob")

    @pytest.mark.parametrize("metadata", ["", "- 1", "{", "submission_11: 3", "submission_11: {':submitters': [1]}"])
    def test_metadata_that_say_nothing_lose_nobody(self, write, metadata):
        assert len(find(write(self.files(metadata)), module="backprop")) == 3


class TestTold:
    """`--layout`: names that look like another layout's are taken as they are."""

    @pytest.mark.parametrize(
        ("layout", "name", "student"),
        [
            (Layout.FOLDER, "team-backprop-3/backprop.py", "team-backprop-3"),
            (Layout.FOLDER, "A_12_assignsubmission_file_/backprop.py", "A_12_assignsubmission_file_"),
            (Layout.FILE, "anna_12345_678_backprop.py", "anna_12345_678"),
            (Layout.CLONE, "backprop-anna/backprop.py", "anna"),
            (Layout.FLAT, "anna_12345_678_backprop.py", "anna"),
        ],
    )
    def test_nothing_else_is_thought_of(self, write, layout, name, student):
        [found] = find(write({name: CODE}), module="backprop", layout=layout)
        assert found.student == student

    def test_what_looks_like_one_submission_is_a_class(self, write):
        root = write({"backprop.py": CODE, "notes/a.txt": "x"})
        assert len(find(root, module="backprop")) == 1
        assert len(find(root, module="backprop", layout=Layout.FOLDER)) == 2
