"""What Gradescope writes beside an export of submissions: who handed which folder in.

``submission_metadata.yml`` names the folders ``submission_123`` and their submitters, with the
keys of Ruby (``:name:``), and when that was. Whatever it does not hold, or holds otherwise, is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from grader.submissions import notes
from grader.submissions.model import Found
from grader.submissions.trees import Tree

METADATA = "submission_metadata.yml"
_LIMIT = 64 * 2**20
"""Bytes: a class of a thousand with all its history has a few."""


@dataclass(frozen=True)
class Submitters:
    """Who handed a folder in, and when."""

    names: tuple[str, ...]
    handed_in: datetime | None = None
    """By Gradescope's clock, with an offset from UTC; None when it is not told."""

    def marked(self, found: Found) -> Found:
        """Return what they handed in with what there is to say about that."""
        late = notes.late(self.handed_in, found.due) if self.handed_in else ""
        group = self.names if len(self.names) > 1 else ()
        return replace(found, group=group, notes=(*notes.of_group(group), *filter(None, [late])))


def submitters_of(tree: Tree) -> Mapping[str, Submitters]:
    """Return the submitters of each folder of an export; empty when it is none.

    Raises
    ------
    Unreadable
        When the file is there and cannot be read.
    """
    if METADATA not in tree.files:
        return {}
    import yaml  # type: ignore[import-untyped]

    try:
        told = yaml.safe_load(tree.read(METADATA, limit=_LIMIT))
    except yaml.YAMLError:
        return {}
    entries = told.items() if isinstance(told, dict) else ()
    found = {str(folder): Submitters(_names(entry), _time(entry)) for folder, entry in entries}
    return {folder: submitters for folder, submitters in found.items() if submitters.names}


def _names(entry: object) -> tuple[str, ...]:
    people = entry.get(":submitters") if isinstance(entry, dict) else None
    if not isinstance(people, list):
        return ()
    told = (person.get(":name") or person.get(":email") for person in people if isinstance(person, dict))
    return tuple(str(name) for name in told if name)


def _time(entry: object) -> datetime | None:
    told = entry.get(":created_at") if isinstance(entry, dict) else None
    return told if isinstance(told, datetime) and told.tzinfo else None
