"""The repository, bundle and archive that are handed out: complete, reproducible, and without anything hidden.

The proof is made here once more, by other means than the release's own: with the real course.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

import grader
from grader import handout
from grader.course import Assignment, Course
from grader.release import ReleaseError
from grader.stub import is_code
from grader.submissions import find_own, read
from grader.wheel import wheel

ROOT = Path(__file__).resolve().parent.parent
NAMES = Course(ROOT).names


@pytest.fixture(scope="session")
def repository() -> dict[str, bytes]:
    return handout.student_repository(ROOT, NAMES)


@pytest.fixture(scope="session")
def bundle() -> dict[str, bytes]:
    return handout.classroom50_bundle(ROOT, ["backprop"])


def members(files: dict[str, bytes]) -> dict[str, bytes]:
    """Every file, those inside wheels and zips too."""
    found = {}
    for name, data in files.items():
        found[name] = data
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found |= {f"{name}!{member}": archive.read(member) for member in archive.namelist()}
    return found


def told(text: str) -> list[str]:
    """The lines of a text that tell something, without indentation; of a notebook's JSON those of its cells."""
    return [line.strip() for line in text.splitlines() if is_code(line) and len(line.strip()) > 20]


def without_title(text: str) -> str:
    """The text of a module without its docstring: that of variants says the same everywhere."""
    return text.split('"""', 2)[-1] if text.startswith('"""') else text


def in_pairs(lines: list[str]) -> set[tuple[str, str]]:
    return {pair for pair in pairwise(lines) if not any("import" in line for line in pair)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["repository", "bundle"])
def test_no_line_of_the_reference_is_in_what_students_can_read(kind, name, request):
    files = request.getfixturevalue(kind)
    hidden = [without_title(path.read_text(encoding="utf-8")) for path in (ROOT / "reference" / name).glob("*.py")]
    # what one assignment gives, another may ask for
    stubs = {line for other in NAMES for line in told((ROOT / f"assignments/{other}/{other}.py").read_text("utf-8"))}
    pairs = {pair for text in hidden for pair in in_pairs([line for line in told(text) if line not in stubs])}
    assert len(pairs) > 300  # what is looked for is there to be found
    for path, data in members(files).items():
        text = data.decode("utf-8", "replace")
        if path.endswith(".ipynb"):
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
        found = in_pairs(told(text)) & pairs
        public = path.endswith("checks.py") and "!" not in path
        # two lines that a public check and a hidden one have in common are a way of calling, not a secret
        assert not found or (public and len(found) <= 5), (path, sorted(found)[:3])


def test_the_proof_would_see_a_line(repository):
    solution = (ROOT / "reference/backprop/backprop.py").read_text(encoding="utf-8")
    stub = set(told((ROOT / "assignments/backprop/backprop.py").read_text(encoding="utf-8")))
    assert in_pairs([line for line in told(solution) if line not in stub]) & in_pairs(told(solution))


@pytest.mark.parametrize("kind", ["repository", "bundle"])
def test_the_wheel_is_the_grader_byte_for_byte_and_nothing_else(kind, request):
    [data] = [data for name, data in request.getfixturevalue(kind).items() if name.endswith(".whl")]
    package = Path(grader.__file__).parent
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("grader/"):
                assert archive.read(name) == (package.parent / name).read_bytes()
            else:
                assert name.startswith("dlgrader-")
                assert name.partition("/")[2] in {"METADATA", "WHEEL", "RECORD", "entry_points.txt"}
        assert b"\n\n" not in archive.read(next(name for name in archive.namelist() if name.endswith("METADATA")))
    assert not (package / "reference").exists()


@pytest.mark.parametrize("make", [handout.student_repository, handout.classroom50_bundle])
def test_everything_is_the_same_bytes_when_it_is_made_again(make):
    assert make(ROOT, ["backprop"]) == make(ROOT, ["backprop"])


def test_the_archive_is_the_same_bytes_when_it_is_made_again():
    assert handout.gradescope_archive(ROOT, "backprop") == handout.gradescope_archive(ROOT, "backprop")


class TestTheStudentRepository:
    def test_it_holds_what_a_student_needs(self, repository):
        for name in NAMES:
            wanted = {"README.md", "assignment.toml", "checks.py", f"{name}.py", f"{name}.ipynb"}
            assert wanted <= {path.partition("/")[2] for path in repository if path.startswith(f"{name}/")}
        assert {"README.md", "requirements.txt", ".gitignore", ".github/workflows/feedback.yml"} <= set(repository)

    def test_the_handout_says_what_to_do_in_five_lines(self, repository):
        steps = [line for line in repository["README.md"].decode().splitlines() if line[:1].isdigit()]
        assert len(steps) == 5
        assert "virtual environment" in steps[0]
        assert "grader check" in steps[1]

    def test_the_handout_makes_a_virtual_environment_before_it_installs(self, repository):
        code = [line.strip() for line in repository["README.md"].decode().splitlines() if line.startswith(" " * 7)]
        assert code == [
            "python3 -m venv .venv && . .venv/bin/activate",
            "python -m pip install -r requirements.txt",
        ]
        assert ".venv/" in repository[".gitignore"].decode().splitlines()

    def test_torch_is_asked_for_only_where_it_is_needed(self):
        def of(*names: str) -> str:
            return handout.requirements([Course(ROOT).assignment(name) for name in names], "./x.whl")

        torch = [name for name in NAMES if "torch" in Course(ROOT).assignment(name).configuration.packages]
        assert of("backprop") == "./x.whl\n"
        assert torch
        assert of("backprop", torch[0]).startswith("./x.whl[torch]\n")

    def test_every_notebook_is_valid_has_a_section_an_exercise_and_runs_as_handed_out(self, repository):
        for name in NAMES:
            notebook = nbformat.reads(repository[f"{name}/{name}.ipynb"].decode(), as_version=4)
            nbformat.validate(notebook)
            prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
            sections = sum(line.startswith("## ") for line in prose.splitlines())
            assert sections >= len(Course(ROOT).assignment(name).exercises)
            code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
            subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

    def test_the_first_result_comes_with_two_commands(self, tmp_path):
        """The first installs the wheel (here without what it needs, which is installed), the second checks."""
        handout.write(handout.student_repository(ROOT, ["backprop"]), tmp_path / "repository")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            "--target",
            str(tmp_path / "site"),
        ]
        subprocess.run([*pip, "-r", "requirements.txt"], cwd=tmp_path / "repository", check=True, timeout=120)
        assert (tmp_path / "site/grader/reports/templates/style.css").is_file()
        words = [sys.executable, "-m", "grader", "check", "backprop"]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "site"), "COLUMNS": "100"}
        done = subprocess.run(
            words,
            cwd=tmp_path / "repository",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (1, "")
        assert "0 of 27 public checks passed" in done.stdout

    def test_a_student_may_write_in_the_notebook_alone(self, tmp_path):
        handout.write(handout.student_repository(ROOT, ["backprop"]), tmp_path / "repository")
        own = tmp_path / "repository/backprop"
        notebook = json.loads((own / "backprop.ipynb").read_text())
        notebook["cells"][-1]["source"] = "x = 1\n"
        (own / "backprop.ipynb").write_text(json.dumps(notebook))
        assignment = Assignment(own, None)
        assert read(find_own(own, module="backprop"), released=assignment.released()).kind == "notebook"

    def test_only_an_empty_folder_is_written_to(self, tmp_path):
        (tmp_path / "out").mkdir()
        handout.write({"a/b": b"1"}, tmp_path / "out")
        with pytest.raises(ReleaseError, match="is not an empty folder: choose another"):
            handout.write({"c": b"2"}, tmp_path / "out")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


class TestTheClassroom50Bundle:
    def test_it_is_small_enough(self, bundle):
        assert sum(map(len, bundle.values())) < 10 * 2**20

    def test_one_that_is_too_large_is_refused(self, monkeypatch):
        monkeypatch.setattr(handout, "_BUNDLE_LIMIT", 1000)
        with pytest.raises(ReleaseError, match="MB, and Classroom 50 takes 10: release fewer with --only"):
            handout.classroom50_bundle(ROOT, ["backprop"])


@pytest.fixture(scope="session")
def archive() -> zipfile.ZipFile:
    [(name, data)] = handout.gradescope_archive(ROOT, "backprop").items()
    assert name == "backprop-gradescope.zip"
    return zipfile.ZipFile(io.BytesIO(data))


class TestTheGradescopeArchive:
    def test_its_programs_may_be_executed_and_nothing_else(self, archive):
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert {name for name, mode in modes.items() if mode & 0o111} == {"setup.sh", "run_autograder"}

    def test_it_holds_the_hidden_checks_of_one_assignment(self, archive):
        names = set(archive.namelist())
        assert {"course/reference/backprop/checks.py", "course/assignments/backprop/checks.py"} <= names
        assert not [name for name in names if "__pycache__" in name or "optimizers" in name]

    def test_its_scripts_are_bash(self, archive, tmp_path):
        for name in ("setup.sh", "run_autograder"):
            (tmp_path / name).write_bytes(archive.read(name))
            subprocess.run(["bash", "-n", tmp_path / name], check=True)
        assert b'--assignment "backprop"' in archive.read("run_autograder")


def test_the_wheel_has_a_record_of_every_file():
    with zipfile.ZipFile(io.BytesIO(wheel()[1])) as archive:
        record = archive.read(archive.namelist()[-1]).decode().splitlines()
        assert len(record) == len(archive.namelist())
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
