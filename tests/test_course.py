"""Reading a course: what its folders and assignment.toml say, and what is refused with which words."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.course import Assignment, Configuration, Course, find_assignment, find_course
from grader.errors import CourseError


@pytest.fixture
def toml(own_course: Path) -> Path:
    return own_course / "assignments/tiny/assignment.toml"


class TestAnAssignment:
    def test_has_its_exercises_points_and_files(self, course):
        tiny = Course(course).assignment("tiny")
        assert [exercise.name for exercise in tiny.exercises] == ["scale", "mean", "descend"]
        assert (tiny.points, tiny.module, tiny.name) == (6, "tiny", "tiny")
        assert tiny.checks == (course / "assignments/tiny/checks.py", course / "reference/tiny/checks.py")
        assert tiny.solution == course / "reference/tiny/tiny.py"
        assert set(tiny.released()) == {"tiny.py"}

    def test_without_its_hidden_part_has_the_public_checks_alone(self, course):
        public = Assignment(course / "assignments/tiny", None)
        assert public.checks == (course / "assignments/tiny/checks.py",)
        assert public.solution is None

    def test_has_generous_limits_unless_it_says_otherwise(self):
        limits = Configuration(
            title="T", exercise=[{"name": "a", "title": "A", "points": 1, "functions": ["f"]}]
        ).limits
        assert (limits.check_seconds, limits.import_seconds, limits.submission_seconds, limits.memory_mb) == (
            10,
            10,
            120,
            1024,
        )


class TestTheTimeThatItIsDue:
    def due(self, own_course, toml, line):
        toml.write_text(f"{line}\n{toml.read_text()}")
        return Course(own_course).assignment("tiny").configuration.due

    def test_is_none_unless_it_is_given(self, own_course, toml):
        assert self.due(own_course, toml, "") is None

    @pytest.mark.parametrize("text", ["2026-12-01T23:59:00+01:00", "2026-12-01 22:59:00Z"])
    def test_has_an_offset(self, own_course, toml, text):
        assert self.due(own_course, toml, f"due = {text}") == datetime(2026, 12, 1, 22, 59, tzinfo=UTC)

    @pytest.mark.parametrize("text", ["2026-12-01T23:59:00", "2026-12-01", '"2026-12-01T23:59:00+01:00"', "1800000000"])
    def test_is_refused_without_one(self, own_course, toml, text):
        with pytest.raises(CourseError) as error:
            self.due(own_course, toml, f"due = {text}")
        assert str(error.value) == (
            f"{toml}: due: Value error, write day, time and offset from UTC, without quotes: "
            "due = 2026-12-01T23:59:00+01:00"
        )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A tiny assignment"', "", "title: Field required"),
        ("points = 3", "points = 0", "exercise.0.points: Input should be greater than 0"),
        ("points = 3", "points = 1.5", "exercise.0.points: "),
        ('name = "scale"', 'name = "Scale it"', "exercise.0.name: String should match pattern"),
        ('name = "mean"', 'name = "scale"', "exercise: Value error, exercises of the same name: scale"),
        ('functions = ["mean"]', "functions = []", "exercise.1.functions: "),
        (
            "check_seconds = 0.5\n",
            "check_seconds = 31\n",
            "limits.check_seconds is more than limits.submission_seconds",
        ),
        ("[limits]", "[limit]", "limit: Extra inputs are not permitted"),
        ("[limits]", "[limits", "Expected"),
    ],
)
def test_what_assignment_toml_may_not_say_is_refused_with_the_place(own_course, toml, old, new, message):
    text = toml.read_text()
    assert old in text
    toml.write_text(text.replace(old, new, 1))
    with pytest.raises(CourseError) as error:
        Course(own_course).assignment("tiny")
    assert message in str(error.value)
    assert str(toml) in str(error.value)


class TestFinding:
    def test_the_only_assignment_needs_no_name(self, course):
        assert Course(course).assignment().name == "tiny"

    def test_of_several_one_must_be_named(self, own_course):
        shutil.copytree(own_course / "assignments/tiny", own_course / "assignments/other")
        with pytest.raises(CourseError, match=r"say which assignment: --assignment other\|tiny"):
            Course(own_course).assignment()

    def test_an_unknown_name_is_told_with_the_known_ones(self, course):
        with pytest.raises(CourseError, match="there is no assignment 'tinny'; there are: tiny"):
            Course(course).assignment("tinny")

    def test_a_folder_that_is_no_course_is_told(self, tmp_path):
        with pytest.raises(CourseError, match=r"is no course: it has no assignments/NAME/assignment\.toml"):
            Course(tmp_path).assignment()

    def test_the_course_is_found_from_below(self, own_course):
        assert find_course(own_course / "reference/tiny").root == own_course.resolve()

    def test_no_course_above_is_told(self, tmp_path):
        with pytest.raises(CourseError, match=r"no course here: neither .* nor a folder above it holds assignments/"):
            find_course(tmp_path)

    def test_a_students_assignment_is_found_from_inside_and_from_just_above(self, own_course):
        folder = own_course / "assignments/tiny"
        (folder / "sub").mkdir()
        for start in (folder, folder / "sub", own_course / "assignments"):
            assert find_assignment(start).name == "tiny"
            assert find_assignment(start).hidden is None

    def test_between_several_the_student_must_choose(self, own_course):
        shutil.copytree(own_course / "assignments/tiny", own_course / "assignments/other")
        with pytest.raises(CourseError, match="say which: `grader check NAME`, with one of other, tiny"):
            find_assignment(own_course / "assignments")

    def test_elsewhere_there_is_none(self, tmp_path):
        with pytest.raises(CourseError, match=r"no assignment\.toml in .* or above it"):
            find_assignment(tmp_path)
