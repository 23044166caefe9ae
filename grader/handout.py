"""What is handed out as a whole: the student repository, the Classroom 50 bundle, the Gradescope archive.

Each is a function from a course to files by path; writing them is one more. The same course
and grader give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files as resources
from pathlib import Path

from grader.ci.released import FOLDER, MANIFEST, STUBS, manifest
from grader.course import Assignment, Course
from grader.release import ReleaseError, student_files
from grader.secrecy import leak, secrets_of
from grader.wheel import archive, wheel

_BUNDLE_LIMIT = 10 * 2**20
"""Bytes that Classroom 50 downloads at most."""

_README = """\
# {title}

{listed}

1. In this folder, once: make a virtual environment, and install the grader into it.

       python3 -m venv .venv && . .venv/bin/activate
       python -m pip install -r requirements.txt

   On Windows the first line is `py -m venv .venv`, then `.venv\\Scripts\\activate`. Activate it in each new terminal.
2. `grader check {first}` runs the public checks of {first} on your work; `--watch` runs them again whenever you save.
3. Read `{first}/README.md`, write your functions in *one* of `{first}/{module}.py` and `{first}/{module}.ipynb`.
4. Commit and push: the same checks run there, and their result stands in the summary of the run under "Actions".
5. Hidden checks, which your instructor runs, decide about the rest of the points.
"""


def student_repository(course_root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return the repository that students receive.

    Raises
    ------
    ReleaseError
        When an assignment is not complete or not up to date, or something hidden would be in it.
    """
    assignments = [_public(course_root, name) for name in names]
    handed_out = student_files(course_root, names)
    wheel_name, wheel_data = wheel()
    stubs = {
        f"{FOLDER}/{STUBS}/{one.name}/{file}": data for one in assignments for file, data in one.released().items()
    }
    repository = handed_out | stubs
    repository |= {
        "README.md": _readme(assignments).encode(),
        "requirements.txt": requirements(assignments, f"./{FOLDER}/{wheel_name}").encode(),
        ".gitignore": b".venv/\n__pycache__/\n.ipynb_checkpoints/\ngrader-results/\n",
        ".github/workflows/feedback.yml": _resource("feedback.yml"),
    }
    repository[f"{FOLDER}/{MANIFEST}"] = manifest(repository)
    _prove(course_root, names, repository)
    return dict(sorted((repository | {f"{FOLDER}/{wheel_name}": wheel_data}).items()))


def classroom50_bundle(course_root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return the bundle that Classroom 50 runs: anyone may read it, so it holds the public part alone.

    Raises
    ------
    ReleaseError
        As :func:`student_repository`, and when it is larger than the system takes.
    """
    assignments = [_public(course_root, name) for name in names]
    bundle = {f"assignments/{name}": data for name, data in student_files(course_root, names).items()}
    _prove(course_root, names, bundle)
    wheel_name, wheel_data = wheel()
    bundle |= {
        "autograder.py": _resource("autograder.py"),
        "requirements.txt": requirements(assignments, f"./{wheel_name}").encode(),
        wheel_name: wheel_data,
    }
    size = sum(map(len, bundle.values()))
    if size > _BUNDLE_LIMIT:
        raise ReleaseError(
            f"the bundle has {size / 2**20:.1f} MB, and Classroom 50 takes 10: release fewer with --only"
        )
    return dict(sorted(bundle.items()))


def gradescope_archive(course_root: Path, name: str) -> dict[str, bytes]:
    """Return the archive that an instructor uploads to Gradescope, hidden checks and all.

    ``setup.sh`` makes them unreadable to everybody but root, who starts the run.
    """
    assignment = Course(course_root).assignment(name)
    wheel_name, wheel_data = wheel()
    inner = {
        "setup.sh": _resource("setup.sh"),
        "run_autograder": _resource("run_autograder").replace(b"@ASSIGNMENT@", name.encode()),
        "requirements.txt": requirements([assignment], f"./{wheel_name}").encode(),
        wheel_name: wheel_data,
    }
    inner |= {f"course/assignments/{path}": data for path, data in student_files(course_root, [name]).items()}
    hidden = course_root / "reference" / name
    for path in sorted(hidden.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            inner[f"course/reference/{name}/{path.relative_to(hidden).as_posix()}"] = path.read_bytes()
    programs = frozenset({"setup.sh", "run_autograder"})
    return {f"{name}-gradescope.zip": archive(dict(sorted(inner.items())), programs=programs)}


def write(files: Mapping[str, bytes], out: Path) -> list[Path]:
    """Write files into a new or empty folder, and return their paths.

    Raises
    ------
    ReleaseError
        When the folder is not empty; nothing is written then.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ReleaseError(f"{out} is not an empty folder: choose another")
    written = []
    for name, data in files.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        written.append(target)
    return written


def requirements(assignments: Sequence[Assignment], wheel_path: str) -> str:
    """Return ``requirements.txt``: the grader from its wheel, with torch where an assignment needs it, and the rest."""
    needed = {package for assignment in assignments for package in assignment.configuration.packages}
    extra = "[torch]" if "torch" in needed else ""
    others = sorted(needed - {"torch", "numpy"})  # these the grader brings along
    return "\n".join([f"{wheel_path}{extra}", *others]) + "\n"


def _public(course_root: Path, name: str) -> Assignment:
    return Assignment(course_root / "assignments" / name, None)


def _readme(assignments: Sequence[Assignment]) -> str:
    first = assignments[0]
    listed = "\n".join(f"- [{one.configuration.title}]({one.name}/README.md)" for one in assignments)
    title = first.configuration.title if len(assignments) == 1 else "Homework"
    return _README.format(title=title, listed=listed, first=first.name, module=first.module)


def _prove(course_root: Path, names: Sequence[str], files: Mapping[str, bytes]) -> None:
    """Refuse files in which something hidden stands; what one assignment gives, another may ask for."""
    for name in names:
        others = {f"/{other}/" for other in names if other != name}
        own = {path: data for path, data in files.items() if not any(other in f"/{path}" for other in others)}
        found = leak(secrets_of(course_root, name), own)
        if found:
            raise ReleaseError(found)


def _resource(name: str) -> bytes:
    return resources("grader").joinpath("templates_release", name).read_bytes()
