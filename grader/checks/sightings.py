"""What a check looked at, in a form that can be compared with what another answer showed it.

A wrong answer is recognised by its sightings: they are those of a known mistake, on everything
that the check looked at, and not on the value alone that failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.structure import is_numeric, leaves
from grader.checks.tolerance import ROUNDING_FACTOR, SLACK, scale_of

Array = npt.NDArray[Any]

_NOTHING = np.zeros(0)
_MOST_ENTRIES, _MOST_LEAVES = 2**16, 10_000
"""What is kept of an array, and of a structure: more than any check of the course looks at."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One number, array, or thing that is neither."""

    name: str
    """In the words of the check, with its path: ``params[1].S``."""
    form: str
    """Kind and shape, ``number (5, 3)``; of what is no number its type and, where it is text, the text."""
    values: Array = field(default_factory=lambda: _NOTHING)
    """In float64; empty for what is no number."""
    within: float = 0.0
    """By how much the values may differ where the same is computed in another order, in their own units."""


def sightings_of(value: Any, name: str, *, roundoff: float = 0.0, within: float = 0.0) -> Iterator[Sighting]:
    """Yield a sighting of every leaf.

    Parameters
    ----------
    value
        Anything that a function returned, of any form: what is wrong may be the form.
    name
        What the check calls it.
    roundoff
        By how much it changes when the inputs change in their last digit.
    within
        A deviation that the check does not see at all, e.g. where a zero is due.
    """
    for number, (path, leaf) in enumerate(leaves(value, name)):
        if number == _MOST_LEAVES:
            yield Sighting(name=name, form=f"more than {_MOST_LEAVES} parts")
            return
        if not is_numeric(leaf):
            text = repr(leaf)[:200] if leaf is None or isinstance(leaf, str | bool) else ""
            yield Sighting(name=path, form=f"{type(leaf).__name__} {text}")
            continue
        array = np.asarray(leaf)
        if array.dtype.kind == "c":
            yield Sighting(name=path, form=f"complex {array.shape}")
            continue
        yield Sighting(
            name=path,
            form=f"{_family(array)} {array.shape}",
            values=_sample(array).astype(np.float64),
            within=max(within, ROUNDING_FACTOR * roundoff),
        )


def without_values(sighting: Sighting) -> Sighting:
    """Return what is left of a sighting where too much was seen to be kept."""
    return replace(sighting, values=_NOTHING)


def _sample(array: Array) -> Array:
    """Return the array, or of a large one entries at equal distances: a view is kept for every check and mistake."""
    step = -(-array.size // _MOST_ENTRIES)
    return array if step <= 1 else array.ravel()[::step]


def _family(array: Array) -> str:
    """Integers are as good as floats; booleans and floats of less precision are something else."""
    if array.dtype.kind == "b":
        return "boolean"
    return str(array.dtype) if array.dtype.kind == "f" and array.dtype.itemsize < 8 else "number"


def alike(ours: Sequence[Sighting], theirs: Sequence[Sighting]) -> bool:
    """Whether two answers showed the same, up to the rounding of another order of evaluation."""
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def same(one: Sighting, other: Sighting) -> bool:
    """Whether two sightings are of the same thing, with the same values up to rounding."""
    if one.name != other.name or one.form != other.form:
        return False
    finite = np.isfinite(one.values)
    if not np.array_equal(one.values[~finite], other.values[~finite], equal_nan=True):
        return False
    mine, yours = one.values[finite], other.values[finite]
    if not np.isfinite(yours).all():
        return False
    allowed = max(one.within, other.within, SLACK * min(_scale(mine), _scale(yours)))
    with np.errstate(over="ignore"):
        return bool(np.all(np.abs(mine - yours) <= allowed))


def _scale(values: Array) -> float:
    """Largest entry: all zeros are the same as nothing but zeros."""
    return scale_of(values) if np.any(values) else 0.0
