"""`grader new`: what is refused, that all or nothing is written, and what an author reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import pytest
from typer.testing import CliRunner

from grader import new
from grader.cli import app
from grader.course import Course
from grader.errors import GraderError
from grader.new import create

NAME = "layer_of_mine"


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("", "'' cannot name an assignment: take lower-case letters, digits and _, a letter first: layer_norm"),
            *(
                (name, f"{name!r} cannot name an assignment: take lower-case letters, digits and _, a letter first: layer_norm")
                for name in ("Softmax", "2d", "_own", "a-b", "a/b", "../a", "größe", "a.b", "a b", "a\n", "a\x1b[31m")
            ),
            ("lambda", "lambda is a word of the language, and no module can be called so: choose another name"),
            ("numpy", "students import numpy, and their own numpy.py would hide it: choose another name"),
            ("torch", "students import torch, and their own torch.py would hide it: choose another name"),
            ("random", "students import random, and their own random.py would hide it: choose another name"),
            ("grader", "students import grader, and their own grader.py would hide it: choose another name"),
            ("checks", "checks.py has a meaning of its own in an assignment: choose another name"),
            ("conftest", "conftest.py has a meaning of its own in an assignment: choose another name"),
        ],
    )  # fmt: skip
    def test_a_name_that_no_assignment_can_have_is_one_line(self, tmp_path, name, message):
        with pytest.raises(GraderError) as caught:
            create(tmp_path, name)
        assert str(caught.value) == message
        assert len(message.splitlines()) == 1
        assert files_below(tmp_path) == []

    @pytest.mark.parametrize("side", ["assignments", "reference"])
    @pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
    def test_what_is_there_already_stays_as_it_is(self, tmp_path, side, kind):
        taken = tmp_path / side / NAME
        taken.parent.mkdir()
        {"folder": taken.mkdir, "file": taken.touch, "dangling link": lambda: taken.symlink_to("nowhere")}[kind]()
        before = files_below(tmp_path)
        with pytest.raises(GraderError) as caught:
            create(tmp_path, NAME)
        assert str(caught.value) == f"{taken} is there already: choose another name, or move that away"
        assert files_below(tmp_path) == before

    def test_a_course_that_is_no_folder_is_refused_and_not_made(self, tmp_path):
        with pytest.raises(GraderError) as caught:
            create(tmp_path / "typo", NAME)
        assert str(caught.value) == f"there is no folder {tmp_path / 'typo'}: make it first, or give another --course"
        assert files_below(tmp_path) == []


class TestWriting:
    def test_all_files_are_there_and_nothing_else(self, tmp_path):
        made = create(tmp_path, NAME)
        assert made.folders == (tmp_path / "assignments", tmp_path / "reference")
        assert [path for path in files_below(tmp_path) if (tmp_path / path).is_file()] == sorted(
            path.relative_to(tmp_path).as_posix() for path, _ in made.files
        )
        assert {path.name for path, _ in made.files} == {
            "README.md", "assignment.toml", "checks.py", f"{NAME}.py", f"{NAME}.ipynb", "variants.py", "mistakes.py",
        }  # fmt: skip

    def test_a_course_gets_a_second_assignment(self, tmp_path):
        create(tmp_path, "one")
        assert create(tmp_path, "two").folders == ()
        assert Course(tmp_path).names == ["one", "two"]

    def test_every_template_is_used(self):
        templates = Path(new.__file__).parent / "templates_new"
        found = {path for path in files_below(templates) if (templates / path).is_file()}
        generated = {"assignments/NAME/NAME.py", "assignments/NAME/NAME.ipynb"}
        assert found == {f"{pattern}.jinja" for pattern in set(new._PURPOSES) - generated}

    @pytest.mark.parametrize("nth", range(9))
    def test_a_full_disk_leaves_nothing_whichever_file_it_hits(self, tmp_path, monkeypatch, nth):
        (tmp_path / "assignments").mkdir()
        opened: list[Path] = []
        real, texts = Path.open, new._texts(NAME)

        class Full:
            """A file of which only the first bytes fit."""

            def __init__(self, file: Any) -> None:
                self.file = file

            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_error: object) -> None:
                self.file.close()

            def write(self, content: bytes) -> None:
                self.file.write(content[:100])
                raise OSError(28, "No space left on device")

        def open_(path: Path, mode: str = "r", **options: Any) -> Any:
            opened.append(path)
            file = real(path, mode, **options)
            return Full(file) if len(opened) == nth + 1 else file

        monkeypatch.setattr(Path, "open", open_)
        monkeypatch.setattr(new, "_texts", lambda _name: texts)
        with pytest.raises(GraderError) as caught:
            create(tmp_path, NAME)
        assert str(caught.value) == (
            "the assignment could not be written ([Errno 28] No space left on device); nothing is left of it"
        )
        assert files_below(tmp_path) == ["assignments"]

    def test_ctrl_c_leaves_nothing_either(self, tmp_path, monkeypatch):
        real = Path.mkdir

        def mkdir(path: Path) -> None:
            if path == tmp_path / "reference":
                raise KeyboardInterrupt
            real(path)

        monkeypatch.setattr(Path, "mkdir", mkdir)
        with pytest.raises(KeyboardInterrupt):
            create(tmp_path, NAME)
        assert files_below(tmp_path) == []

    def test_what_cannot_be_removed_is_named(self, tmp_path, monkeypatch):
        def fail(path: Path, *_mode: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        texts = new._texts(NAME)
        monkeypatch.setattr(new.Path, "open", fail)
        monkeypatch.setattr(new.Path, "rmdir", fail)
        monkeypatch.setattr(new, "_texts", lambda _name: texts)
        with pytest.raises(GraderError) as caught:
            create(tmp_path, NAME)
        assert str(caught.value).endswith(f"; remove {tmp_path / 'assignments'} yourself")

    @pytest.mark.parametrize("side", ["assignments", "reference"])
    def test_a_file_where_a_folder_is_due_is_kept(self, tmp_path, side):
        (tmp_path / side).write_text("mine")
        with pytest.raises(GraderError, match="could not be written"):
            create(tmp_path, NAME)
        assert files_below(tmp_path) == [side]
        assert (tmp_path / side).read_text() == "mine"

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no folder in which even root may not write")
    def test_a_folder_that_cannot_be_written_to_is_one_line(self):
        with pytest.raises(GraderError, match=r"^the assignment could not be written \(.+\); nothing is left of it$"):
            create(Path("/proc"), NAME)


class TestCommand:
    @pytest.fixture
    def type_(self, monkeypatch):
        def type_(*words: object, cwd: Path) -> Any:
            monkeypatch.chdir(cwd)
            monkeypatch.setenv("COLUMNS", "40")  # lines are not folded, so that paths can be copied
            return CliRunner().invoke(app, ["new", *map(str, words)], prog_name="grader")

        return type_

    def test_in_an_empty_folder_it_begins_a_course_and_says_what_is_what(self, type_, tmp_path):
        done = type_("softmax", cwd=tmp_path)
        assert done.exit_code == 0
        assert done.output.splitlines() == [
            f"assignments/ and reference/ are new in {tmp_path}: this is a course now.",
            "assignments/softmax/: students receive this",
            "  assignments/softmax/README.md        the handout: what to write, and how it is graded",
            "  assignments/softmax/assignment.toml  title, packages, limits, exercises with their points",
            "  assignments/softmax/checks.py        public checks: worked examples, a property, a gradient",
            "  assignments/softmax/softmax.py       the stub, generated from the reference",
            "  assignments/softmax/softmax.ipynb    the same as a notebook, generated",
            "reference/softmax/: students never receive this",
            "  reference/softmax/softmax.py         the solution, between solution marks: begin here",
            "  reference/softmax/checks.py          hidden checks: against the solution, and at large inputs",
            "  reference/softmax/variants.py        other right answers, which every check must pass",
            "  reference/softmax/mistakes.py        wrong answers, each with the hint that a student gets",
            "next:",
            "  grader audit softmax              holds the checks against all variants, mistakes and mutants",
            "  grader check assignments/softmax  what a student sees; of the untouched stub, that all is still to write",
            "  grader release                    makes stub and notebook again, after each change of the solution",
        ]

    def test_it_writes_into_the_course_around(self, type_, tmp_path):
        (tmp_path / "assignments").mkdir()
        (tmp_path / "deeper").mkdir()
        done = type_("softmax", cwd=tmp_path / "deeper")
        assert done.output.startswith(f"reference/ is new in {tmp_path}: this is a course now.\n")
        assert f"  grader check {tmp_path}/assignments/softmax  what" in done.output
        assert files_below(tmp_path / "deeper") == []

    def test_it_writes_into_the_course_that_it_is_given(self, type_, tmp_path):
        (tmp_path / "my [course]").mkdir()
        done = type_("softmax", "--course", "my [course]", cwd=tmp_path)
        assert "  grader audit softmax --course 'my [course]' " in done.output
        assert "  grader check 'my [course]/assignments/softmax' " in done.output
        assert (tmp_path / "my [course]/reference/softmax/softmax.py").is_file()

    def test_a_refusal_is_one_line_on_standard_error(self, type_, tmp_path):
        done = type_("numpy", cwd=tmp_path)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == (
            "grader: students import numpy, and their own numpy.py would hide it: choose another name\n"
        )
