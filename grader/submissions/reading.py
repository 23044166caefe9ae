"""One submission, read: the graded file as cells, the files beside it, and a digest of it all.

Submissions are read one at a time, so a batch needs the memory of its largest one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from grader.submissions.choice import choose
from grader.submissions.code import MAX_FILE, cells_of, kind_of
from grader.submissions.commits import notes_of
from grader.submissions.model import Found, Submission, Unreadable
from grader.submissions.names import is_code, is_exact, is_zip, shown
from grader.submissions.opening import below, open_tree
from grader.submissions.trees import MAX_FILES, Tree, View

MAX_SIBLINGS = 200
"""Files beside the graded one: a worker writes them before it imports, in some 10 ms."""
MAX_SIBLING_BYTES = 20 * 2**20
"""Bytes of them in all: the assignments' own data sets are below 5 MB, and one frame to a worker holds 256 MB."""
MAX_NAME, MAX_PATH = 255, 1_000
"""Bytes of a file's name and of its path: what file systems take, and leaves room for the worker's own folder."""
_LISTED = 3
"""File names in a note of one line."""


def read(found: Found, *, released: Mapping[str, bytes] | None = None) -> Submission:
    """Read what one student handed in.

    Parameters
    ----------
    found
        From :func:`find` or :func:`find_own`.
    released
        The stubs as students received them, by file name: of a script and a notebook, the
        one that differs from its stub is graded. Without them both count as edited.

    Raises
    ------
    Unreadable
        When nothing can be graded; the message says what to do.
    """
    tree = _opened(found)
    choice = choose(tree, found, released=released or {})
    cells = cells_of(choice.name, tree.read(choice.name, limit=MAX_FILE))
    siblings, left_out = _siblings(tree, choice.name, found.module)
    kind = kind_of(choice.name)
    return Submission(
        id=found.id,
        student=found.student,
        group=found.group,
        source=_source(found, choice.name),
        module=found.module,
        kind=kind,
        cells=cells,
        siblings=siblings,
        digest=_digest([found.module, kind], cells, siblings),
        notes=(*about(found), *choice.notes, *tree.notes, *left_out),
    )


def about(found: Found) -> tuple[str, ...]:
    """Return what there is to say of a submission whether it can be read or not: its commit, late, a group."""
    commit = notes_of(found.path, due=found.due) if found.is_clone else ()
    return (*found.notes, *commit)


def original(found: Found, *, released: Mapping[str, bytes] | None = None) -> tuple[str, bytes]:
    """Return name and content of the file that :func:`read` would grade.

    Raises
    ------
    Unreadable
        As there.
    """
    tree = _opened(found)
    name = choose(tree, found, released=released or {}).name
    return name, tree.read(name, limit=MAX_FILE)


def _opened(found: Found) -> Tree:
    place = open_tree(found.path, inside=found.inside, top_only=found.is_shared)
    tree = _within(View(place, dict(found.members), name=found.source) if found.is_shared else place)
    if len(tree.files) > MAX_FILES:
        raise Unreadable(f"{shown(tree.name)} holds more than {MAX_FILES:,} files: hand in only the assignment")
    return tree


def _within(tree: Tree) -> Tree:
    """Return the zip of a tree that holds no code and one zip, else the tree itself."""
    zips = [name for name in tree.files if is_zip(name)]
    if len(zips) != 1 or any(is_code(name) for name in tree.files):
        return tree
    return _within(below(tree, zips[0]))


def _siblings(tree: Tree, chosen: str, module: str) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Read the files of the graded file's folder and below: code first, then small before large."""
    folder = PurePosixPath(chosen).parent
    names = [name for name in tree.files if _is_sibling(name, chosen, folder, module)]
    names.sort(key=lambda name: (not name.endswith(".py"), tree.files[name].size, name))
    siblings: dict[str, bytes] = {}
    left_out = []
    room = MAX_SIBLING_BYTES
    for name in names:
        content = _content(tree, name, room=room) if len(siblings) < MAX_SIBLINGS else None
        if content is None:
            left_out.append(name)
            continue
        siblings[str(PurePosixPath(name).relative_to(folder))] = content
        room -= len(content)
    return dict(sorted(siblings.items())), _note(left_out)


def _is_sibling(name: str, chosen: str, folder: PurePosixPath, module: str) -> bool:
    """Whether a file may be imported or read: not the other form of the same work, and no notebook."""
    path = PurePosixPath(name)
    if name == chosen or (path.parent == folder and is_exact(name, module)):
        return False
    return path.is_relative_to(folder) and path.suffix.lower() != ".ipynb"


def _content(tree: Tree, name: str, *, room: int) -> bytes | None:
    """Return the content of a file; None when it is a link, has no room, or cannot be read or written."""
    too_long = len(name.encode()) > MAX_PATH or any(len(part.encode()) > MAX_NAME for part in name.split("/"))
    if too_long or name in tree.folders or tree.files[name].link or tree.files[name].size > room:
        return None
    try:
        return tree.read(name, limit=room)
    except Unreadable:
        return None


def _note(left_out: list[str]) -> tuple[str, ...]:
    if not left_out:
        return ()
    named = ", ".join(shown(name) for name in left_out[:_LISTED])
    more = f" and {len(left_out) - _LISTED} more" if len(left_out) > _LISTED else ""
    limit = f"{MAX_SIBLINGS} files and {MAX_SIBLING_BYTES / 2**20:g} MB"
    return (f"left out of what your code can read: {named}{more} (at most {limit})",)


def _source(found: Found, chosen: str) -> str:
    """Return where the graded file lies, relative to what was searched."""
    if found.is_shared:
        real = dict(found.members).get(chosen)
        # a file of a zip among the members: the zip's own place says whose it is
        folder = PurePosixPath(found.source).parent
        return str(folder / real) if real else f"{found.source}/{chosen}"
    return f"{found.source}/{chosen}".lstrip("/")


def _digest(head: list[str], cells: tuple[str, ...], siblings: Mapping[str, bytes]) -> str:
    """Hash every part with its length before it, so that no two submissions are the same bytes."""
    digest = hashlib.sha256()
    parts = [*head, str(len(cells)), *cells]
    for part in [text.encode() for text in parts] + [item for pair in _encoded(siblings) for item in pair]:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _encoded(siblings: Mapping[str, bytes]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), siblings[name]) for name in sorted(siblings)]
