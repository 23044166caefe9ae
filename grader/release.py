"""From reference and assignments to what students receive.

The stub and the notebook in ``assignments/`` are generated from the reference (how is
:mod:`grader.stub`'s affair). What students receive of an
assignment is its folder in ``assignments/``, with a proof that nothing hidden is in it;
:mod:`grader.handout` makes repositories and archives of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.secrecy import leak, secrets_of
from grader.stub import ReleaseError, make_notebook, make_stub

__all__ = ["ReleaseError", "drift", "generate", "make_notebook", "make_stub", "student_files", "write"]

_REQUIRED = ("README.md", "assignment.toml", "checks.py")
"""Files of an assignment besides those that are generated."""


def generate(course_root: Path, name: str) -> dict[Path, str]:
    """Return what the generated files of an assignment should hold, by path.

    Raises
    ------
    ReleaseError
        When there is no reference, or :func:`make_stub` refuses it.
    """
    stub = make_stub(_reference(course_root, name))
    folder = course_root / "assignments" / name
    return {folder / f"{name}.py": stub, folder / f"{name}.ipynb": make_notebook(stub)}


def write(course_root: Path, name: str) -> list[Path]:
    """Write the generated files of an assignment, and return those that changed."""
    texts = generate(course_root, name)
    changed = [path for path, text in texts.items() if _content(path) != text.encode()]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(texts[path].encode())
    return changed


def drift(course_root: Path, name: str) -> list[str]:
    """Return one line for each generated file that is not what the reference generates."""
    lines = []
    for path, text in generate(course_root, name).items():
        content = _content(path)
        if content != text.encode():
            what = "is missing" if content is None else "is not what the reference generates"
            lines.append(f"{path.relative_to(course_root).as_posix()} {what}: generate it again")
    return lines


def student_files(course_root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return what students receive of assignments, by path: complete, up to date, and nothing hidden in it.

    Parameters
    ----------
    course_root
        The folder of ``reference/`` and ``assignments/``.
    names
        Of the assignments.

    Raises
    ------
    ReleaseError
        When a file is missing or not up to date, or something of the reference is in what would be handed out.
    """
    files = {}
    for name in names:
        found = _student_files(course_root, name)
        told = leak(secrets_of(course_root, name), found)
        if told:
            raise ReleaseError(f"assignments/{told}")
        files.update(found)
    return files


def _reference(course_root: Path, name: str) -> str:
    path = course_root / "reference" / name / f"{name}.py"
    if not name.isidentifier() or not path.is_file():
        raise ReleaseError(f"there is no assignment {name}: reference/{name}/{name}.py is missing")
    return path.read_text(encoding="utf-8")


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _is_shipped(path: Path) -> bool:
    return not path.name.startswith(".") and path.name != "__pycache__"


def _student_files(course_root: Path, name: str) -> dict[str, bytes]:
    """Read the folder of an assignment, complete and up to date."""
    stale = drift(course_root, name)
    if stale:
        raise ReleaseError(stale[0])
    folder = course_root / "assignments" / name
    missing = [required for required in _REQUIRED if not (folder / required).is_file()]
    if missing:
        raise ReleaseError(f"assignments/{name}/{missing[0]} is missing: students need it")
    paths = [path for path in sorted(folder.rglob("*")) if all(map(_is_shipped, _between(folder, path)))]
    links = [path for path in paths if path.is_symlink()]
    if links:
        raise ReleaseError(f"{links[0].relative_to(course_root).as_posix()} is a link: put the file itself there")
    files = [path for path in paths if path.is_file()]
    return {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in files}


def _between(folder: Path, path: Path) -> Iterator[Path]:
    """Yield ``path`` and the folders around it, up to ``folder``."""
    while path != folder:
        yield path
        path = path.parent
