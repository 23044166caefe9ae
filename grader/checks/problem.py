"""The scalar function that a gradient check differentiates, and how far one of its arrays is moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.structure import copied, leaves, like_leaf, mapped

Array = npt.NDArray[Any]

SMALLEST_UNIT = 1e-3
"""Directions shrink with arrays of small numbers, so that a small variance stays positive, but not below this: the
rounding of the values would drown the difference."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A scalar function of named arguments, and how to speak of it."""

    source: str
    """The function in messages: ``linear_forward``."""
    student_source: str
    """The function in hints: ``your `linear_forward` ``."""
    at: Mapping[str, Any]
    value: Callable[[Mapping[str, Any]], float]
    magnitude: float
    """Size of the numbers of which the value is the sum."""
    rng: np.random.Generator
    sizes: Mapping[str, float]

    def array(self, argument: str) -> Array:
        """Return the array of this name, or the number as an array without axes."""
        return np.asarray(dict(leaves(self.at, ""))[argument])

    def moved(self, argument: str, way: Array, t: float) -> float:
        """Return the value with the array ``argument`` moved by ``t`` times ``way``."""

        def move(name: str, leaf: Any) -> Any:
            return like_leaf(leaf, leaf + t * way) if name == argument else copied(leaf)

        return self.value(mapped(move, dict(self.at), ""))


def unit(leaf: Array) -> float:
    """Scale of a step: 1, or the largest entry of an array of smaller numbers."""
    largest = float(np.abs(leaf).max(initial=0.0))
    return min(1.0, max(largest, SMALLEST_UNIT)) if largest else 1.0
