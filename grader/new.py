"""A new assignment: one small exercise that works from the first minute, with every form to copy from.

``templates_new/`` holds its files as they will lie in the course. Stub and notebook are generated from the
reference, as for a release. Everything is made and tested in memory before the first file is written.
"""

from __future__ import annotations

import keyword
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.course import find_course
from grader.errors import CourseError, GraderError
from grader.stub import make_notebook, make_stub

_PURPOSES = {
    "assignments/NAME/README.md": "the handout: what to write, and how it is graded",
    "assignments/NAME/assignment.toml": "title, packages, limits, exercises with their points",
    "assignments/NAME/checks.py": "public checks: worked examples, a property, a gradient",
    "assignments/NAME/NAME.py": "the stub, generated from the reference",
    "assignments/NAME/NAME.ipynb": "the same as a notebook, generated",
    "reference/NAME/NAME.py": "the solution, between solution marks: begin here",
    "reference/NAME/checks.py": "hidden checks: against the solution, and at large inputs",
    "reference/NAME/variants.py": "other right answers, which every check must pass",
    "reference/NAME/mistakes.py": "wrong answers, each with the hint that a student gets",
}
"""Every file of an assignment, in the order in which a reader meets them."""

_STUB, _NOTEBOOK, _SOLUTION = "assignments/NAME/NAME.py", "assignments/NAME/NAME.ipynb", "reference/NAME/NAME.py"

_OF_THE_GRADER = frozenset({"checks", "conftest", "mistakes", "variants"})
"""Files beside the solution, and the one that pytest reads without being asked."""

_IMPORTED = sys.stdlib_module_names | {
    "cupy", "cv2", "einops", "flax", "google", "grader", "ipywidgets", "jax", "keras", "matplotlib", "msgspec",
    "networkx", "numba", "numpy", "optax", "pandas", "plotly", "pytest", "scipy", "seaborn", "sklearn", "sympy",
    "tensorflow", "torch", "torchaudio", "torchvision", "tqdm", "transformers",
}  # fmt: skip
"""Modules that students of the field import, and what a worker imports beside them."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was written."""

    root: Path
    name: str
    folders: tuple[Path, ...]
    """``assignments/`` and ``reference/`` where they are new."""
    files: tuple[tuple[Path, str], ...]
    """Each file with what it is for."""


def course_around(folder: Path) -> Path:
    """Return the course that ``folder`` stands in, or ``folder`` itself where there is none yet."""
    try:
        return find_course(folder).root
    except CourseError:
        return folder


def create(root: Path, name: str) -> Made:
    """Write a new assignment into a course; into any other folder, which becomes one.

    Parameters
    ----------
    root
        A folder that exists.
    name
        Of the assignment, and of the module that students hand in: lower-case letters, digits and underscores.

    Raises
    ------
    GraderError
        When ``name`` cannot be used or is used already, or something cannot be written. Nothing is left
        behind then.
    """
    _refuse(root, name)
    paths = {pattern: root / pattern.replace("NAME", name) for pattern in _PURPOSES}
    texts = _texts(name)
    tops = [folder for folder in (root / "assignments", root / "reference") if not folder.exists()]
    _write({paths[pattern]: text for pattern, text in texts.items()}, below=root)
    files = tuple((paths[pattern], purpose) for pattern, purpose in _PURPOSES.items())
    return Made(root=root, name=name, folders=tuple(tops), files=files)


def summary(made: Made, *, here: Path, course: Path | None) -> Iterator[str]:
    """Yield what an author should read now, line by line.

    Parameters
    ----------
    made
        What was written.
    here
        The folder that the author stands in: paths below it are shown without it.
    course
        The course as the author gave it; None when it was found from ``here``.
    """
    if made.folders:
        names = " and ".join(f"{folder.name}/" for folder in made.folders)
        yield f"{names} {'is' if len(made.folders) == 1 else 'are'} new in {made.root}: this is a course now."
    written = [(_shown(path, here), purpose) for path, purpose in made.files]
    width = max(len(path) for path, _ in written)
    for folder, reader in (("assignments", "students receive this"), ("reference", "students never receive this")):
        yield f"{_shown(made.root / folder / made.name, here)}/: {reader}"
        for (path, _), (shown, purpose) in zip(made.files, written, strict=True):
            if path.is_relative_to(made.root / folder):
                yield f"  {shown:{width}}  {purpose}"
    option = f" --course {shlex.quote(str(course))}" if course else ""
    stub = shlex.quote(_shown(made.root / "assignments" / made.name, here))
    commands = {
        f"grader audit {made.name}{option}": "holds the checks against all variants, mistakes and mutants",
        f"grader check {stub}": "what a student sees; of the untouched stub, that all is still to write",
        f"grader release{option}": "makes stub and notebook again, after each change of the solution",
    }
    width = max(map(len, commands))
    yield "next:"
    yield from (f"  {command:{width}}  {purpose}" for command, purpose in commands.items())


def _shown(path: Path, here: Path) -> str:
    path = path.absolute()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _refuse(root: Path, name: str) -> None:
    """Refuse a name that no assignment can have here."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise GraderError(
            f"{name!r} cannot name an assignment: take lower-case letters, digits and _, a letter first: layer_norm"
        )
    if keyword.iskeyword(name):
        raise GraderError(f"{name} is a word of the language, and no module can be called so: choose another name")
    if name in _OF_THE_GRADER:
        raise GraderError(f"{name}.py has a meaning of its own in an assignment: choose another name")
    if name in _IMPORTED:
        raise GraderError(f"students import {name}, and their own {name}.py would hide it: choose another name")
    if not root.is_dir():
        raise GraderError(f"there is no folder {root}: make it first, or give another --course")
    for folder in (root / "assignments" / name, root / "reference" / name):
        if os.path.lexists(folder):
            raise GraderError(f"{folder} is there already: choose another name, or move that away")


def _texts(name: str) -> dict[str, str]:
    """Return the content of every file, by its pattern."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("grader", "templates_new"),
        autoescape=False,  # noqa: S701 - sources and prose, no HTML, and the name is letters
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    title = " ".join(name.replace("_", " ").split()).capitalize()
    templates = [pattern for pattern in _PURPOSES if pattern not in {_STUB, _NOTEBOOK}]
    texts = {
        pattern: environment.get_template(f"{pattern}.jinja").render(name=name, title=title) for pattern in templates
    }
    stub = make_stub(texts[_SOLUTION])
    return {**texts, _STUB: stub, _NOTEBOOK: make_notebook(stub)}


def _write(texts: Mapping[Path, str], *, below: Path) -> None:
    """Write all files, or none: what was written before a failure is removed."""
    made: list[Path] = []
    try:
        for path, text in texts.items():
            _make_folders(path.parent, below, made)
            with path.open("xb") as file:
                made.append(path)
                file.write(text.encode())
    except OSError as error:
        left = _removed(made)
        rest = f"; remove {left[0]} yourself" if left else "; nothing is left of it"
        raise GraderError(f"the assignment could not be written ({error}){rest}") from None
    except BaseException:  # Ctrl+C
        _removed(made)
        raise


def _make_folders(folder: Path, below: Path, made: list[Path]) -> None:
    for each in reversed([folder, *folder.parents]):
        if each.is_relative_to(below) and not each.is_dir():
            each.mkdir()
            made.append(each)


def _removed(made: list[Path]) -> list[Path]:
    """Remove what was made, last first; return what could not be removed, outermost first."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()
    return [path for path in made if os.path.lexists(path)]
