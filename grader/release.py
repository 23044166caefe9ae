"""From reference and assignments to what students receive.

The stub and the notebook in ``assignments/`` are generated from the reference (how is
:mod:`grader.stub`'s affair). A release is a copy of the folders in ``assignments/``, with a
proof that no line of a solution is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.stub import ReleaseError, is_code, make_notebook, make_stub, regions_of

__all__ = ["ReleaseError", "copy_release", "drift", "generate", "make_notebook", "make_stub", "write"]

_REQUIRED = ("README.md", "assignment.toml", "checks.py")
"""Files of an assignment besides those that are generated."""
_TELLING = 20
"""Characters beyond which a line of a solution tells something: shorter ones (``return h, cache``) occur anywhere."""


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


def copy_release(course_root: Path, out: Path, *, only: str | None = None) -> list[Path]:
    """Copy what students receive to ``out``, a folder for each assignment.

    Parameters
    ----------
    course_root
        The folder of ``reference/`` and ``assignments/``.
    out
        Where to: a new folder, or an empty one.
    only
        Name of one assignment; all of them by default.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    ReleaseError
        When ``out`` is not empty, a file is missing or not up to date, or a line of a solution
        is in what would be copied. Nothing is written then.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ReleaseError(f"{out} is not an empty folder: choose another")
    folder = course_root / "assignments"
    names = [only] if only else _assignments(folder)
    contents = {path: data for name in names for path, data in _student_files(course_root, name).items()}
    written = []
    for path, data in contents.items():
        target = out / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        written.append(target)
    return written


def _reference(course_root: Path, name: str) -> str:
    path = course_root / "reference" / name / f"{name}.py"
    if not name.isidentifier() or not path.is_file():
        raise ReleaseError(f"there is no assignment {name}: reference/{name}/{name}.py is missing")
    return path.read_text(encoding="utf-8")


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _assignments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and _is_shipped(path))


def _is_shipped(path: Path) -> bool:
    return not path.name.startswith(".") and path.name != "__pycache__"


def _student_files(course_root: Path, name: str) -> dict[Path, bytes]:
    """Read the folder of an assignment, complete, up to date and without a line of the solution."""
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
    contents = {path: path.read_bytes() for path in paths if path.is_file()}
    _prove_hidden(course_root, name, contents)
    return contents


def _between(folder: Path, path: Path) -> Iterator[Path]:
    """Yield ``path`` and the folders around it, up to ``folder``."""
    while path != folder:
        yield path
        path = path.parent


def _prove_hidden(course_root: Path, name: str, contents: Mapping[Path, bytes]) -> None:
    """Refuse files in which a telling line of the solution stands, as text or as text in JSON."""
    source = _reference(course_root, name)
    stub = make_stub(source)
    for region in regions_of(source):
        for number, line in enumerate(region.body, region.begin + 1):
            text = line.strip()
            if not is_code(line) or len(text) <= _TELLING or text in stub:
                continue
            forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
            for path, data in contents.items():
                if any(form.encode() in data for form in forms):
                    where = path.relative_to(course_root).as_posix()
                    raise ReleaseError(f"{where} holds line {number} of the solution of {name}: take it out")
