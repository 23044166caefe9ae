"""Which file of a submission counts.

Students receive a script and a notebook of the same stub, edit one of them, and hand in both,
with copies and experiments beside them. The rule: a file with the right name before one with
the name in its own, an edited one before an untouched one, the upper folder before the lower
one; and where that leaves two, the student has to say which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.submissions.code import MAX_FILE, cells_of
from grader.submissions.model import Found, Unreadable
from grader.submissions.names import CODE_SUFFIXES, is_code, is_exact, is_near, shown
from grader.submissions.trees import Tree

_READ = 10
"""Candidates that are read: a large notebook takes seconds, and nobody can mean so many."""
_LISTED = 5
"""File names in a message of one line."""


@dataclass(frozen=True)
class Choice:
    """The file that counts."""

    name: str
    notes: tuple[str, ...] = ()


def choose(tree: Tree, found: Found, *, released: Mapping[str, bytes]) -> Choice:
    """Choose the file of ``tree`` that is graded.

    Parameters
    ----------
    tree
        The files that were handed in.
    found
        Says which name is looked for.
    released
        The stubs as students received them, by file name.

    Raises
    ------
    Unreadable
        When there is none, or more than one.
    """
    if found.chosen:
        return Choice(_as_chosen(tree, found.chosen))
    code = [name for name in tree.files if is_code(name)]
    exact = _uppermost([name for name in code if is_exact(name, found.module)], found.module)
    near = _uppermost([name for name in code if is_near(name, (found.module, *found.aliases))], found.module)
    copies = [name for name in near if name not in exact]
    for candidates in (exact, copies):
        if len(candidates) > _READ:
            raise Unreadable(_too_many(candidates))
        edited = [name for name in candidates if _is_edited(tree, name, released)]
        if edited:
            return Choice(_only(tree, edited), _not_graded(copies, found.module) if candidates is exact else ())
    if exact:
        return Choice(_script_first(exact))
    return Choice(_sole(tree, copies or code, found.module))


def _as_chosen(tree: Tree, name: str) -> str:
    if name in tree.files and PurePosixPath(name).suffix.lower() in CODE_SUFFIXES:
        return name
    raise Unreadable(f"{shown(name)} is no file that can be graded: name a script (.py) or notebook (.ipynb)")


def _uppermost(names: list[str], module: str) -> list[str]:
    """Return the candidates that lie highest; at equal height those in a folder of the assignment's name."""

    def height(name: str) -> tuple[int, bool]:
        folder = PurePosixPath(name).parent
        return len(folder.parts), folder.name != module

    highest = min(map(height, names), default=None)
    return [name for name in names if height(name) == highest]


def _is_edited(tree: Tree, name: str, released: Mapping[str, bytes]) -> bool:
    """Whether a file differs from the stub of its kind by more than blanks and comments."""
    suffix = PurePosixPath(name).suffix
    stubs = [content for stub, content in released.items() if PurePosixPath(stub).suffix == suffix]
    essence = _essence(name, tree.read(name, limit=MAX_FILE)) if stubs else None
    return all(essence is None or essence != _essence(f"stub{suffix}", stub) for stub in stubs)


def _essence(name: str, data: bytes) -> str | None:
    """Return the code without blanks, comments and magics; None when it cannot be read.

    A script that was paired with a notebook has the same essence as the notebook.
    """
    try:
        lines = "\n".join(cells_of(name, data)).splitlines()
    except Unreadable:
        return None
    return "".join("".join(line.split()) for line in lines if not line.lstrip().startswith(("#", "%", "!")))


def _only(tree: Tree, edited: list[str]) -> str:
    """Return the one candidate, or the script of a pair that says the same; else the student must choose."""
    if len(edited) == 1:
        return edited[0]
    contents = {_essence(name, tree.read(name, limit=MAX_FILE)) for name in edited}
    if len(contents) == 1 and None not in contents:
        return _script_first(edited)
    raise Unreadable(_too_many(edited))


def _too_many(names: list[str]) -> str:
    return f"{len(names)} candidates, {_listed(names)}: keep only the one that counts"


def _script_first(names: list[str]) -> str:
    return min(names, key=lambda name: (CODE_SUFFIXES.index(PurePosixPath(name).suffix.lower()), name))


def _sole(tree: Tree, code: list[str], module: str) -> str:
    """Return the only code file there is, whatever it is called."""
    if len(code) == 1:
        return code[0]
    wanted = f"{module}.py or {module}.ipynb"
    if not tree.files:
        raise Unreadable(f"nothing was handed in: hand in {wanted}")
    raise Unreadable(f"no {wanted} among {_listed(code or list(tree.files))}: rename the one that counts")


def _not_graded(copies: list[str], module: str) -> tuple[str, ...]:
    return tuple(f"{shown(copy)} was not graded: {module}.py or {module}.ipynb counts" for copy in copies)


def _listed(names: list[str]) -> str:
    texts = [shown(name) for name in names[:_LISTED]]
    if len(names) > _LISTED:
        return f"{', '.join(texts)} and {len(names) - _LISTED} more"
    return " and ".join(texts) if len(texts) == 2 else ", ".join(texts)
