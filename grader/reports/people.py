"""Which person of one list is which of another: names, logins, numbers and addresses compared.

A *key* is one thing that a person may be known by. Two people are the same when they share a
key that nobody else of either list has; where that leaves two, nobody is chosen.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

Keys = frozenset[str]

# Letters that no decomposition turns into ASCII, as systems write them in logins and file names.
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "Æ": "ae", "đ": "d", "Đ": "d"})


@dataclass(frozen=True, kw_only=True)
class Matched:
    """Who is who.

    Attributes
    ----------
    pairs
        Index of a person in the second list, by index in the first.
    ambiguous
        Indices of the first list that fit several of the second, or share one with others.
    unknown
        Indices of the first list that fit nobody.
    left
        Indices of the second list that nobody fits.
    """

    pairs: Mapping[int, int]
    ambiguous: tuple[int, ...]
    unknown: tuple[int, ...]
    left: tuple[int, ...]


@dataclass(frozen=True)
class Person:
    """Somebody of a list."""

    name: str
    """For messages."""
    keys: Keys


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Who is known by what, and who hands in together.

    Attributes
    ----------
    people
        Each once.
    groups
        The members of a group, by the key of the group's name.
    """

    people: tuple[Person, ...] = ()
    groups: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)

    def members(self, keys: Keys) -> tuple[Person, ...]:
        """Return the members of the one group that is known by one of ``keys``; nobody when there is none, or two."""
        found = [members for group, members in self.groups.items() if group in keys]
        return found[0] if len(found) == 1 else ()


def keys_of(texts: Iterable[str]) -> Keys:
    """Return the keys of a person who is known by ``texts``; blank ones tell nothing.

    ``Smith, Anna`` and ``Anna Smith`` have a key in common, and so has ``smithanna``, as Canvas names files.
    """
    keys: set[str] = set()
    for text in texts:
        words = [word for word in re.split(r"[\s,]+", text.strip()) if word]
        turns = [words[turn:] + words[:turn] for turn in range(len(words))]
        keys |= {_plain("".join(turn)) for turn in turns}
    return frozenset(keys - {""})


def with_roster(people: Iterable[Keys], roster: Roster) -> list[Keys]:
    """Return the keys of people, each with those of the one person of the roster who is the same."""
    entries = [person.keys for person in roster.people]
    people = list(people)
    found = match(people, entries)
    return [keys | (entries[found.pairs[n]] if n in found.pairs else frozenset()) for n, keys in enumerate(people)]


def roster_of(rows: Iterable[Mapping[str, str]]) -> Roster:
    """Read a roster's lines, each with any of its columns; blank ones vanish, and those about one person become one."""
    columns = ("identifier", "github_username", "github_id", "name", "email")
    people: list[Person] = []
    groups: dict[str, dict[int, None]] = defaultdict(dict)
    for row in rows:
        told = [row.get(column) or "" for column in columns]
        keys = keys_of(told)
        # the same name may be two people: only what is given to one person alone says that two lines are about one
        own = keys_of(row.get(column) or "" for column in columns if column != "name")
        place = next((n for n, other in enumerate(people) if own & other.keys), len(people))
        if place < len(people):
            people[place] = replace(people[place], keys=people[place].keys | keys)
        elif keys:
            people.append(Person(row.get("name") or next(filter(None, told)), keys))
        group = _plain(row.get("group") or "")
        if group and keys:
            groups[group][place] = None
    return Roster(
        people=tuple(people), groups={group: tuple(people[n] for n in places) for group, places in groups.items()}
    )


def match(first: Sequence[Keys], second: Sequence[Keys]) -> Matched:
    """Find each person of ``first`` in ``second``."""
    places: dict[str, set[int]] = defaultdict(set)
    for number, keys in enumerate(second):
        for key in keys:
            places[key].add(number)
    found = {number: _best(keys, places) for number, keys in enumerate(first)}
    takers: dict[int, list[int]] = defaultdict(list)
    for number, others in found.items():
        if len(others) == 1:
            takers[next(iter(others))].append(number)
    pairs = {numbers[0]: other for other, numbers in takers.items() if len(numbers) == 1}
    return Matched(
        pairs=dict(sorted(pairs.items())),
        ambiguous=tuple(number for number, others in found.items() if others and number not in pairs),
        unknown=tuple(number for number, others in found.items() if not others),
        left=tuple(number for number in range(len(second)) if number not in set(pairs.values())),
    )


def _best(keys: Keys, places: Mapping[str, set[int]]) -> set[int]:
    """Return who shares a key: if a key has one owner alone, that one, for two may well share a name."""
    owners = [places[key] for key in keys if key in places]
    alone = {next(iter(those)) for those in owners if len(those) == 1}
    return alone or set().union(*owners)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS)).casefold()
    return "".join(character for character in decomposed if character.isalnum())
