"""What a pattern answers, what it is told, and when an agreement of two arrays can hardly be chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ENOUGH_ENTRIES = 3
"""One number is always some multiple of another, and two always lie on a line: a relation that leaves one constant
free says something only from three entries on, and they must differ."""

CERTAIN_BITS = 20
"""An agreement that one in 2^20, a million, of the possible arrays would show by chance is taken for no accident."""


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
    sizes: Mapping[str, float] = field(default_factory=dict)
    """Numbers that have a name in the handout, e.g. ``{"N": 5, "eta": 0.1}``."""
    siblings: Mapping[str, Array] = field(default_factory=dict)
    """What is due for the other results, by their names."""
    otherwise: Sequence[tuple[str, Array]] = ()
    """Words that name a mistake, each with what that mistake would give."""
    arguments: Sequence[Array] = ()
    """The arrays of floats among the arguments of the function."""


Recogniser = Callable[[Array, Array, Context], Cause | None]
"""Takes what came and what is due, as float64 of one shape."""


def same(words: str) -> Cause:
    """Return a cause whose words hold no number, so that everybody may read them."""
    return Cause(words=words, hint=words)


def either(causes: Iterable[Cause]) -> Cause | None:
    """Join causes that fit equally well: one or both of two; None of more, which would name a topic and no mistake."""
    found = list(dict.fromkeys(causes))
    if not 0 < len(found) <= 2:
        return None
    return Cause(words=" or ".join(one.words for one in found), hint=" or ".join(one.hint for one in found))


def matches(one: Array, other: Array, within: float) -> bool:
    """Whether two arrays have one shape and differ nowhere by more than ``within``."""
    return one.shape == other.shape and bool(np.all(np.abs(one - other) <= within))


def distinct(values: Array, within: float) -> int:
    """Count the numbers that differ by more than ``within`` from the next smaller one."""
    return 1 + int(np.count_nonzero(np.diff(np.sort(values, axis=None)) > within))


def telling(values: Array, *, bits: float = CERTAIN_BITS) -> bool:
    """Whether a result that equals these values does so by more than chance: counts and labels often agree."""
    if values.size == 0 or not np.isfinite(values).all():
        return False
    return not _integers(values) or values.size * np.log2(np.ptp(values) + 1) >= bits


def telling_order(values: Array, *, bits: float = CERTAIN_BITS) -> bool:
    """Whether these values in another order are recognised by more than chance.

    Of values that repeat, zeros and ones say, many orders look alike.
    """
    if not telling(values, bits=bits):
        return False
    distinct = len(np.unique(values))
    return 2 * distinct > values.size or values.size * np.log2(distinct) >= CERTAIN_BITS


def _integers(values: Array) -> bool:
    return bool(np.all(values == np.round(values)))
