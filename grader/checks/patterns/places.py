"""Patterns of place: the right values in another order, or wrong values in a part of the array."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from grader.checks.patterns.cause import ENOUGH_ENTRIES, Array, Cause, Context, matches, same, telling_order

TRANSPOSED_BITS = 10
"""A transpose is the commonest mistake of all, and exact in every entry, so a chance of one in 2^10, a thousand, is
enough to name it: a worked example of two rows has no more."""

LONG = 6
"""Indices of an axis that may be one of time: of fewer, the first or the last is easily the only one that is right."""

_POSITION = re.compile(r"(?P<list>.*?)\[(?P<position>\d+)\]")
"""Opens the name of what lies in a list: ``grads[2].S``."""


def transposed(got: Array, want: Array, context: Context) -> Cause | None:
    """The axes are in reverse order."""
    if want.ndim < 2 or want.shape != want.shape[::-1] or not telling_order(want, bits=TRANSPOSED_BITS):
        return None
    return same("holds the transposed values") if matches(got, want.T, context.within) else None


def reversed_order(got: Array, want: Array, context: Context) -> Cause | None:
    """Last comes first, along one axis."""
    if not telling_order(want):
        return None
    for axis, length in enumerate(want.shape):
        if length > 1 and matches(got, np.flip(want, axis), context.within):
            return same(f"is reversed along axis {axis}")
    return None


def shifted(got: Array, want: Array, context: Context) -> Cause | None:
    """Shifted by one place, whatever was filled in at the end that became free."""
    if not telling_order(want):
        return None
    for axis, length in enumerate(want.shape):
        if length < ENOUGH_ENTRIES:
            continue
        early, late = np.arange(length - 1), np.arange(1, length)
        for here, there in ((early, late), (late, early)):
            due = np.take(want, there, axis)
            # A constant stretch would agree with its own shift.
            if np.ptp(due) > context.within and matches(np.take(got, here, axis), due, context.within):
                return same(f"is shifted by one along axis {axis}")
    return None


def one_index(got: Array, want: Array, context: Context) -> Cause | None:
    """Wrong at one index of an axis only, e.g. in the first row."""
    for axis, wrong in _wrong_indices(got, want, context.within):
        if np.count_nonzero(wrong) == 1 and len(wrong) >= ENOUGH_ENTRIES:
            words = f"is wrong only at index {int(wrong.argmax())} of axis {axis}"
            return Cause(words=words, hint=f"is wrong only at one index of axis {axis}")
    return None


def from_one_index_on(got: Array, want: Array, context: Context) -> Cause | None:
    """Right up to a step and wrong ever after, or right from a step on: what errors along a trajectory look like."""
    for axis, wrong in _wrong_indices(got, want, context.within):
        last = _last_before_change(wrong)
        if last is None or len(wrong) < LONG or np.count_nonzero(wrong) < ENOUGH_ENTRIES:
            continue
        # a first step alone may be right, for it is often given; a last one alone is right by accident
        if wrong[0] and np.count_nonzero(~wrong) == 1:
            continue
        # zeros are right for other reasons: a state that starts at zero, a unit that is dead
        if _largest_along(want, axis)[~wrong].min() > context.within:
            before, after = ("wrong", "right") if wrong[0] else ("right", "wrong")
            words = f"is {before} up to index {last} of axis {axis} and {after} from there on"
            return Cause(words=words, hint=f"is {before} at the first indices of axis {axis} and {after} from there on")
    return None


def some_entries(got: Array, want: Array, context: Context) -> Cause | None:
    """Wrong in less than half of the entries: then a special case is more likely than the formula."""
    count = int(np.count_nonzero(np.abs(got - want) > context.within))
    if count == 0 or 2 * count >= want.size:
        return None
    return Cause(words=f"is wrong in {count} of {want.size} entries only", hint="is wrong in some entries only")


def along_lists(names: Sequence[str], wrong: Collection[str]) -> Iterator[tuple[str, Cause]]:
    """Find lists, one entry a layer or a step, that are right up to an entry and wrong ever after, or the reverse.

    Parameters
    ----------
    names
        Of all values that were compared, with their paths: ``grads[0].S``.
    wrong
        Those of them that are wrong.

    Yields
    ------
    tuple
        The name of such a list, and the cause.
    """
    lists: dict[str, dict[int, bool]] = {}
    for name in names:
        found = _POSITION.match(name)
        if found:
            entries = lists.setdefault(found["list"], {})
            position = int(found["position"])
            entries[position] = entries.get(position, False) or name in wrong
    for name, entries in lists.items():
        flags = np.array([entries[position] for position in sorted(entries)])
        last = _last_before_change(flags)
        # one wrong entry is named by itself
        if last is not None and np.count_nonzero(flags) > 1:
            before, after = ("wrong", "right") if flags[0] else ("right", "wrong")
            words = f"is {before} up to {name}[{last}] and {after} from {name}[{last + 1}] on"
            yield name, Cause(words=words, hint=f"is {before} in its first entries and {after} from there on")


def _wrong_indices(got: Array, want: Array, within: float) -> Iterator[tuple[int, Array]]:
    """Yield each axis with a flag for each of its indices: whether anything is wrong there."""
    wrong = ~(np.abs(got - want) <= within)
    for axis in range(want.ndim):
        yield axis, wrong.any(axis=tuple(other for other in range(want.ndim) if other != axis))


def _largest_along(want: Array, axis: int) -> Array:
    """Return the largest absolute value at each index of an axis."""
    return np.asarray(np.abs(want).max(axis=tuple(other for other in range(want.ndim) if other != axis)))


def _last_before_change(flags: Array) -> int | None:
    """Return the last index before the one change; None when the flags never change, or more than once."""
    changes = np.flatnonzero(np.diff(flags))
    return int(changes[0]) if len(changes) == 1 else None
