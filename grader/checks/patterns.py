"""Recognises the usual ways in which a whole array is wrong: sign, factor, transpose, shift, and the like.

A pattern names the likely cause of a difference that was already found; it never decides whether
an answer is right. Each recogniser looks at both arrays and answers in words or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ENOUGH_ENTRIES = 3
"""One number is always some multiple of another, and two always lie on a line: a relation that leaves one constant
free says something only from three entries on."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The likely cause of a difference, in words that follow the name of the value."""

    words: str = ""
    """For readers who may see numbers; empty when no pattern fits."""
    hint: str = ""
    """The same without any number of the inputs or outputs."""


UNKNOWN = Cause()


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is known beside the two arrays."""

    within: float
    """Deviations up to this one do not count, in units of the expected values."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Lengths that have a name in the handout, e.g. ``{"N": 5}``."""
    siblings: Mapping[str, Array] = field(default_factory=dict)
    """What is due for the other results, by their names."""


def likely_cause(
    got: Array,
    want: Array,
    *,
    within: float,
    sizes: Mapping[str, int] | None = None,
    siblings: Mapping[str, Array] | None = None,
    selection: bool = False,
) -> Cause:
    """Name the pattern by which ``got`` differs from ``want``.

    Parameters
    ----------
    got, want
        Finite numbers of the same shape that differ somewhere by more than ``within``.
    within
        The deviation that does not count.
    sizes
        Named lengths, so that a factor is called N and not 5.
    siblings
        What was expected of the other results, to recognise two that were swapped.
    selection
        The entries are a random selection, so that their places say nothing.

    Returns
    -------
    Cause
        The first pattern that fits, the most specific ones first; :data:`UNKNOWN` when none does.
    """
    context = Context(within=within, sizes=sizes or {}, siblings=siblings or {})
    got, want = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    # Wild numbers may overflow; what does is no match.
    with np.errstate(over="ignore", invalid="ignore"):
        causes = (recogniser(got, want, context) for recogniser in (_WITHOUT_PLACES if selection else _RECOGNISERS))
        return next((cause for cause in causes if cause), UNKNOWN)


def _zero(got: Array, want: Array, _context: Context) -> Cause | None:
    if np.any(got) or not np.any(want):
        return None
    return _same("is zero everywhere" if got.ndim else "is zero")


def _swapped(got: Array, _want: Array, context: Context) -> Cause | None:
    for name, sibling in context.siblings.items():
        if _matches(got, sibling, context.within):
            return _same(f"holds what is due for `{name}`")
    return None


def _sign(got: Array, want: Array, context: Context) -> Cause | None:
    return _same("has the wrong sign") if _matches(got, -want, context.within) else None


def _named_factor(got: Array, want: Array, context: Context) -> Cause | None:
    for factor, words, hint in _factors(context.sizes):
        # A factor multiplies the uncertainty of the expected values too.
        if _matches(got, factor * want, max(1.0, factor) * context.within):
            return Cause(words=words, hint=hint)
    return None


def _factors(sizes: Mapping[str, int]) -> list[tuple[float, str, str]]:
    """List the factors that have a name, with the words for each: 2, 1/2, and every named size and its inverse."""
    twice, half = "is twice what it should be", "is half of what it should be"
    found = [(2.0, twice, twice), (0.5, half, half)]
    for name, size in sizes.items():
        for factor, share in ((float(size), f"{name} times"), (1 / size, f"1/{name} of")):
            hint = f"is {share} what it should be"
            found.append((factor, f"{hint} ({name} = {size})", hint))
    return found


def _transposed(got: Array, want: Array, context: Context) -> Cause | None:
    if want.ndim < 2 or want.shape != want.shape[::-1]:
        return None
    return _same("holds the transposed values") if _matches(got, want.T, context.within) else None


def _reversed(got: Array, want: Array, context: Context) -> Cause | None:
    for axis, length in enumerate(want.shape):
        if length > 1 and _matches(got, np.flip(want, axis), context.within):
            return _same(f"is reversed along axis {axis}")
    return None


def _shifted(got: Array, want: Array, context: Context) -> Cause | None:
    """Shifted by one place, whatever was filled in at the end that became free."""
    for axis, length in enumerate(want.shape):
        if length < ENOUGH_ENTRIES:
            continue
        early, late = np.arange(length - 1), np.arange(1, length)
        for here, there in ((early, late), (late, early)):
            due = np.take(want, there, axis)
            # A constant stretch would agree with its own shift.
            if np.ptp(due) > context.within and _matches(np.take(got, here, axis), due, context.within):
                return _same(f"is shifted by one along axis {axis}")
    return None


def _some_factor(got: Array, want: Array, context: Context) -> Cause | None:
    if want.size < ENOUGH_ENTRIES or np.abs(want).max() <= context.within:
        return None
    factor = float(np.vdot(want, got) / np.vdot(want, want))
    if not np.isfinite(factor) or abs(factor) * np.abs(want).max() <= context.within:
        return None
    if not _matches(got, factor * want, max(1.0, abs(factor)) * context.within):
        return None
    return Cause(words=f"is {factor:.6g} times what it should be", hint="is off by a constant factor")


def _offset(got: Array, want: Array, context: Context) -> Cause | None:
    if want.size < ENOUGH_ENTRIES:
        return None
    offset = float(np.median(got - want))
    # An offset so large that the values vanish in its rounding fits any values.
    if np.spacing(abs(offset)) > context.within or not _matches(got, want + offset, context.within):
        return None
    return Cause(words=f"is off by {offset:.6g} in every entry", hint="is off by the same number in every entry")


def _one_place(got: Array, want: Array, context: Context) -> Cause | None:
    """Wrong at one index of an axis only, e.g. in the first row."""
    wrong = np.abs(got - want) > context.within
    for axis, length in enumerate(want.shape):
        others = tuple(other for other in range(want.ndim) if other != axis)
        (indices,) = np.nonzero(wrong.any(axis=others))
        if len(indices) == 1 and length > 2:
            words = f"is wrong only at index {indices[0]} of axis {axis}"
            return Cause(words=words, hint=f"is wrong only at one index of axis {axis}")
    return None


def _some_entries(got: Array, want: Array, context: Context) -> Cause | None:
    """Wrong in less than half of the entries: then a special case is more likely than the formula."""
    count = int(np.count_nonzero(np.abs(got - want) > context.within))
    if count == 0 or 2 * count >= want.size:
        return None
    return Cause(words=f"is wrong in {count} of {want.size} entries only", hint="is wrong in some entries only")


_Recogniser = Callable[[Array, Array, Context], Cause | None]

_RECOGNISERS: tuple[_Recogniser, ...] = (
    _zero,
    _swapped,
    _sign,
    _named_factor,
    _transposed,
    _reversed,
    _shifted,
    _one_place,
    _some_entries,
    _some_factor,
    _offset,
)
"""The most specific ones first."""

_WITHOUT_PLACES: tuple[_Recogniser, ...] = (_zero, _sign, _named_factor, _some_factor, _offset)
"""Those that do not care where an entry stands."""


def _same(words: str) -> Cause:
    return Cause(words=words, hint=words)


def _matches(one: Array, other: Array, within: float) -> bool:
    return one.shape == other.shape and bool(np.all(np.abs(one - other) <= within))
