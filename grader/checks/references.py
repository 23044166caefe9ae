"""What the reference returns for given arguments, and how much its last digits mean.

A check runs once for every submission of a class on the same inputs, so answers are kept: the
reference is then evaluated once for the whole class. The store is bounded by bytes.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.calling import Function, name_of, results
from grader.checks.structure import content, fresh, is_numeric, leaves
from grader.checks.tolerance import last_digit_changes, refuse_jump

STORE_BYTES = 64 * 2**20
"""A course compares a few hundred results of some kilobytes for each assignment: none is evicted, and a check
that makes its arguments anew each time cannot fill the memory."""

_ENTRY_OVERHEAD = 1024
"""Bytes that an entry costs beside its arrays, rounded up; it bounds the number of tiny entries."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The answer of the reference."""

    values: dict[str, Any]
    """The compared results by name."""
    roundoff: dict[str, float]
    """By name of each numeric leaf: its largest change when the inputs change in their last digits."""
    arguments: tuple[Any, ...]
    """Kept alive, because arguments without content of their own (functions) are recognised by identity."""

    def largest_roundoff(self, name: str) -> float:
        """Return the largest change among the leaves of the result called ``name``, in its units."""
        return max(
            (self.roundoff[leaf] for leaf, _ in leaves(self.values[name], name) if leaf in self.roundoff), default=0
        )

    @property
    def size(self) -> int:
        """Bytes that this answer occupies, about."""
        arrays = [leaf for _, leaf in leaves(self.values, "") if isinstance(leaf, np.ndarray)]
        inputs = [leaf for _, leaf in leaves(self.arguments, "") if isinstance(leaf, np.ndarray)]
        return _ENTRY_OVERHEAD + sum(array.nbytes for array in (*arrays, *inputs))


class Store:
    """Answers by reference and content of the arguments; the least recently used leave first."""

    def __init__(self, limit: int = STORE_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[Any, ...], Expected] = OrderedDict()
        self.size = 0

    def expected(
        self, reference: Function, args: tuple[Any, ...], kwargs: dict[str, Any], returns: Sequence[str | None]
    ) -> Expected:
        """Return the reference's answer to these arguments, from the store where it is known.

        Raises
        ------
        ValueError
            When the reference jumps at these arguments.
        """
        if getattr(reference, "__name__", "") == "<lambda>":  # made anew by the check each time: it never comes again
            return _evaluated(reference, args, kwargs, returns)
        key = (reference, _digest((args, kwargs)), tuple(returns))
        if key not in self._kept:
            self._keep(key, _evaluated(reference, args, kwargs, returns))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: tuple[Any, ...], answer: Expected) -> None:
        self._kept[key] = answer
        self.size += answer.size
        while self.size > self._limit and len(self._kept) > 1:
            _, evicted = self._kept.popitem(last=False)
            self.size -= evicted.size


def _evaluated(
    reference: Function, args: tuple[Any, ...], kwargs: dict[str, Any], returns: Sequence[str | None]
) -> Expected:
    def answer(given: tuple[tuple[Any, ...], dict[str, Any]]) -> dict[str, Any]:
        positional, keywords = fresh(given)
        names = [name or "cache" for name in returns]
        parts = results(reference(*positional, **keywords), names, of=name_of(reference))
        return {name: part for name, part in zip(returns, parts, strict=True) if name is not None}

    values = answer((args, kwargs))
    moved = [_numbers(answer(change((args, kwargs)))) for change in last_digit_changes()]
    roundoff = {
        name: max(_distance(other[name], number) for other in moved) for name, number in _numbers(values).items()
    }
    for name, number in _numbers(values).items():
        refuse_jump(name, number, roundoff[name], inputs=(args, kwargs))
    return Expected(values=values, roundoff=roundoff, arguments=fresh((args, kwargs)))


def _numbers(values: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    named = (pair for name, value in values.items() for pair in leaves(value, name))
    return {name: np.asarray(leaf) for name, leaf in named if is_numeric(leaf)}


def _distance(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Largest absolute difference; entries that are not finite in either are equal up to rounding."""
    finite = np.isfinite(one) & np.isfinite(other)
    difference = np.abs(one[finite].astype(np.float64) - other[finite].astype(np.float64))
    return float(difference.max(initial=0.0))


def _digest(arguments: Any) -> bytes:
    """Summarise the content of arguments, so that equal ones are recognised in the next submission."""
    summary = hashlib.blake2b(digest_size=16)
    for name, leaf in leaves(arguments, ""):
        # what has no content, a function say, is recognised by identity
        summary.update(f"{name}:{type(leaf).__name__}:".encode() + (content(leaf) or str(id(leaf)).encode()))
    return summary.digest()
