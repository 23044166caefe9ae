"""Who handed in what: every way in which the work of a class arrives, recognised without being told.

Only names are looked at. Whatever may be somebody's work becomes a :class:`Found`, also when
nothing in it can be graded: reading it then says why, and no student is lost.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Literal

from grader.submissions import names, notes
from grader.submissions.exported import Submitters, submitters_of
from grader.submissions.model import Found, Layout, Unreadable
from grader.submissions.names import Label
from grader.submissions.opening import open_tree


@dataclass(frozen=True)
class _Item:
    """Something that lies at the top of a folder of submissions."""

    name: str
    kind: Literal["file", "folder", "link"]
    """Of links only those to folders: a link to a file is refused, or not, when the file is read."""


@dataclass(frozen=True)
class _Place:
    """A folder or zip that is searched, and what is searched for."""

    path: Path
    inside: str
    module: str
    aliases: tuple[str, ...]
    told: Layout | None = None
    due: datetime | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        return (self.module, *self.aliases)

    @property
    def is_on_disk(self) -> bool:
        return self.path.is_dir()

    def child(self, name: str) -> _Place:
        if self.is_on_disk:
            return replace(self, path=self.path / name)
        return replace(self, inside=f"{self.inside}/{name}".lstrip("/"))


def find(
    root: Path,
    *,
    module: str,
    aliases: Iterable[str] = (),
    layout: Layout | None = None,
    due: datetime | None = None,
) -> list[Found]:
    """Find the submissions in a folder, a zip or a file, and read none of them.

    Recognised: a script or notebook; a folder, a zip or a clone (``assignment-student``) per
    student; the exports of Canvas, Moodle (with folders and without) and Gradescope; all of these
    in a zip, or one folder down. A ``root`` that holds ``module`` itself, and nobody else's, is one
    submission.

    Parameters
    ----------
    root
        What the instructor has.
    module
        File name that students were asked for, without its suffix.
    aliases
        Other names of the assignment, which clones and files may have in theirs.
    layout
        How they arrived, when that is known: then nothing else is thought of, and ``root`` is a class.
    due
        When they were to be handed in, with an offset from UTC: what came later gets a note, where that is known.

    Returns
    -------
    list of Found
        In order of student, then of place.

    Raises
    ------
    FileNotFoundError
        When there is nothing at ``root``.
    Unreadable
        When ``root`` is a zip that is no zip, or damaged.
    """
    if not root.exists():
        raise FileNotFoundError(f"there is no file or folder {root}")
    titles = tuple(aliases)
    if root.is_file() and not names.is_zip(root.name):
        found = [_of_file(root.resolve(), root.name, module, titles)]
    else:
        found = list(_in_place(_Place(root.resolve(), "", module, titles, layout, due)))
    return _with_ids(found)


def find_own(path: Path, *, module: str) -> Found:
    """Return a student's own folder (or a file in it that should be graded) as one submission.

    Raises
    ------
    FileNotFoundError
        When there is nothing at ``path``.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path}")
    is_file = path.is_file() and not names.is_zip(path.name)
    folder = path.absolute().parent if is_file else path.resolve()
    student = names.clean(folder.stem if names.is_zip(folder.name) else folder.name)
    return Found(
        id=names.unique_id(student, set()),
        student=student,
        module=module,
        path=folder.resolve(),
        layout=Layout.FILE if is_file else Layout.FOLDER,
        source="",
        chosen=names.clean(path.name) if is_file else "",
    )


def _in_place(place: _Place) -> Iterator[Found]:
    items = _items(place)
    if place.told is None and _is_one_submission(place, items):
        whole = names.of_folder if place.is_on_disk else names.of_file
        yield _found(place, whole(place.path.name, place.titles), source="")
        return
    if len(items) == 1 and _is_wrapper(place, items[0]):
        yield from _parts(place.child(items[0].name), prefix=f"{items[0].name}/")
        return
    yield from _parts(place, prefix="")


def _items(place: _Place) -> list[_Item]:
    """List the top of a place, in order of name."""
    if place.is_on_disk:
        with os.scandir(place.path) as entries:
            items = {_item_on_disk(entry) for entry in entries}
    else:
        tree = open_tree(place.path, inside=place.inside)
        files = {_Item(name, "file") for name in tree.files if "/" not in name}
        items = files | {_Item(name, "folder") for name in tree.folders if "/" not in name}
    return sorted((item for item in items if not _is_ignored(item)), key=lambda item: item.name)


def _item_on_disk(entry: os.DirEntry[str]) -> _Item:
    if not entry.is_dir():
        return _Item(entry.name, "file")
    return _Item(entry.name, "link" if entry.is_symlink() else "folder")


def _is_ignored(item: _Item) -> bool:
    if item.kind == "file":
        return names.is_ignored(PurePosixPath(item.name))
    return names.is_ignored_folder(item.name)


def _is_one_submission(place: _Place, items: list[_Item]) -> bool:
    """Whether the module lies at the top, or in the folder of its name, and in no other folder or zip."""
    own = any(item.kind == "file" and names.is_exact(item.name, place.module) for item in items)
    containers = [item.name for item in items if _is_container(item)]
    if not own and not (place.module in containers and _holds(place.child(place.module))):
        return False
    others = (name for name in containers if name != place.module or own)
    return not any(_holds(place.child(name)) for name in others)


def _is_wrapper(place: _Place, item: _Item) -> bool:
    """Whether the only folder or zip of a place holds a class, and is not itself a student's."""
    if not _is_container(item) or _has_student(item, place.titles):
        return False
    inner = place.child(item.name)
    try:
        items = _items(inner)
    except (Unreadable, OSError):
        return False
    if any(part.kind == "file" and names.is_exact(part.name, place.module) for part in items):
        return False
    return len(list(islice((part for part in items if _is_submission(inner, part)), 2))) == 2


def _has_student(item: _Item, titles: tuple[str, ...]) -> bool:
    label = names.of_file(item.name, titles) if item.kind == "file" else names.of_folder(item.name, titles)
    return label.layout in {Layout.CLONE, Layout.MOODLE, Layout.FLAT}


def _is_submission(place: _Place, item: _Item) -> bool:
    if _is_container(item):
        return _has_student(item, place.titles) or _holds(place.child(item.name))
    return _has_student(item, place.titles) or names.is_near(item.name, place.titles)


def _is_container(item: _Item) -> bool:
    return item.kind == "folder" or (item.kind == "file" and names.is_zip(item.name))


def _holds(place: _Place) -> bool:
    """Whether a file with the assignment's name lies anywhere in a place."""
    try:
        tree = open_tree(place.path, inside=place.inside)
    except Unreadable:
        return False
    return any(names.is_near(name, place.titles) for name in tree.files)


def _parts(place: _Place, *, prefix: str) -> Iterator[Found]:
    """Make a submission of every folder and zip, and of every student's files."""
    items = _items(place)
    flat: dict[tuple[str, str], list[tuple[Label, str]]] = defaultdict(list)
    submitters = _submitters(place)
    folders = [(_of_folder(place, item.name, submitters), item.name) for item in items if item.kind != "file"]
    with_files = {(label.student, label.user) for label, _ in folders if label.has_files}
    for label, name in folders:
        # Moodle makes a second folder for text typed into the page: nobody else's, and nothing to grade.
        if label.has_files or (label.student, label.user) not in with_files:
            found = _found(place.child(name), label, source=prefix + name)
            yield submitters[name].marked(found) if name in submitters else found
    for item in items:
        label = names.of_file(item.name, place.titles, place.told)
        if item.kind == "file" and label.layout is Layout.ZIP:
            yield _found(place.child(item.name), label, source=prefix + item.name)
        elif item.kind == "file" and (label.layout is Layout.FLAT or names.is_code(item.name)):
            flat[label.student, label.user].append((label, item.name))
    for group in flat.values():
        yield _of_group(place, group, prefix=prefix)


def _submitters(place: _Place) -> Mapping[str, Submitters]:
    """Return who handed which folder in, where an export of Gradescope says it."""
    if place.told not in {None, Layout.GRADESCOPE}:
        return {}
    return submitters_of(open_tree(place.path, inside=place.inside, top_only=True))


def _of_folder(place: _Place, name: str, submitters: Mapping[str, Submitters]) -> Label:
    if name in submitters:
        return Label(notes.joined(submitters[name].names), Layout.GRADESCOPE)
    return names.of_folder(name, place.titles, place.told)


def _of_group(place: _Place, group: list[tuple[Label, str]], *, prefix: str) -> Found:
    """Make one submission of the files of one student that lie beside those of others."""
    in_order = sorted(group, key=lambda part: (part[0].version, part[1]))
    # Of two versions of a file the later counts: it comes later, and takes the earlier one's name.
    latest = {label.file: (label, name) for label, name in in_order}
    label, name = min(latest.values(), key=lambda part: (not names.is_near(part[0].file, place.titles), part[1]))
    handed_in = {file: name for file, (_, name) in latest.items() if not names.is_ignored(PurePosixPath(file))}
    return replace(
        _found(place, label, source=prefix + name),
        members=tuple((names.clean(file), names.clean(name)) for file, name in sorted(handed_in.items())),
        is_shared=True,
        is_clone=False,  # the folder may be one, of somebody who keeps the work of a class in it
        notes=(*notes.of_lateness(label for label, _ in latest.values()), *notes.of_versions(in_order, latest)),
    )


def _of_file(path: Path, name: str, module: str, aliases: tuple[str, ...]) -> Found:
    place = _Place(path.parent, "", module, aliases)
    label = names.of_file(name, place.titles)
    # Whatever the user points at is what should be graded, under any name.
    alone = replace(label, file=path.name, student=label.student or path.stem, layout=Layout.FILE)
    return replace(_of_group(place, [(alone, path.name)], prefix=""), chosen=names.clean(path.name))


def _found(place: _Place, label: Label, *, source: str) -> Found:
    return Found(
        id="",
        student=names.clean(label.student),
        module=place.module,
        path=place.path,
        layout=label.layout,
        source=names.clean(source),
        inside=place.inside,
        aliases=place.aliases,
        is_clone=place.is_on_disk and os.path.lexists(place.path / ".git"),
        due=place.due,
    )


def _with_ids(found: list[Found]) -> list[Found]:
    taken: set[str] = set()
    in_order = sorted(found, key=lambda one: (one.student.casefold(), one.student, one.source))
    return [
        replace(one, id=names.unique_id(one.student, taken), notes=(*one.notes, *doubles))
        for one, doubles in zip(in_order, notes.of_doubles(in_order), strict=True)
    ]
