"""Keeps what checks measured, also when they pass: deviation and threshold of every comparison.

The audit reads from it how far the right answers stay below the thresholds and the wrong ones
above. Nothing is kept unless somebody records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One comparison of a deterministic check."""

    name: str
    deviation: float
    allowed: float

    @property
    def ratio(self) -> float:
        """Deviation by threshold: a right answer is far below 1, a wrong one far above."""
        if self.deviation == 0:
            return 0.0
        return self.deviation / self.allowed if self.allowed > 0 else float("inf")


_measurements: ContextVar[list[Measurement] | None] = ContextVar("measurements", default=None)


@contextmanager
def recording() -> Iterator[list[Measurement]]:
    """Collect the measurements of all checks that run inside the ``with``."""
    kept: list[Measurement] = []
    token = _measurements.set(kept)
    try:
        yield kept
    finally:
        _measurements.reset(token)


def measured(name: str, *, deviation: float, allowed: float) -> None:
    """Record one comparison, if somebody is recording."""
    kept = _measurements.get()
    if kept is not None:
        kept.append(Measurement(name=name, deviation=deviation, allowed=allowed))
