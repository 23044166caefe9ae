"""Keeps what checks looked at and measured, also when they pass.

The diagnosis reads from it what a wrong answer showed, the audit how far right answers stay
below the thresholds and wrong ones above. Nothing is kept unless somebody records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from grader.checks.sightings import Sighting, sightings_of, without_values
from grader.evidence import Evidence


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


@dataclass(frozen=True, kw_only=True)
class Chance:
    """One decision of a stochastic check, which a right answer fails with a chance of at most its level."""

    name: str
    p: float | None
    """The p-value; None where only a bound of the chance is known."""
    uniform: bool = True
    """The p-value is uniform in (0, 1) for right answers; else it is larger in law."""


@dataclass
class Record:
    """What the checks that ran inside one ``with`` looked at, in order."""

    measurements: list[Measurement] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    entries: int = 0
    """Of all sightings."""
    chances: list[Chance] = field(default_factory=list)
    compared_with_own: list[tuple[str, str]] = field(default_factory=list)
    """Names of a backward and a forward: the one was compared with differences of the other, right or wrong."""
    notes: dict[str, None] = field(default_factory=dict)
    """Sentences for the result of the check, whatever its outcome; they cost nothing."""
    exhibits: list[Evidence] = field(default_factory=list)
    """What the result shows whether the check passes or not, e.g. the curve of a training."""
    verdicts_only: bool = False
    """Nobody will read why a check failed."""


_MOST_ENTRIES = 2**19
"""Entries of all sightings of a check together, 4 MB: those of all checks are kept until a submission is graded. No
check of the course sees a third of it."""

_record: ContextVar[Record | None] = ContextVar("record", default=None)


@contextmanager
def recording(*, verdicts_only: bool = False) -> Iterator[Record]:
    """Collect what all checks see that run inside the ``with``.

    With ``verdicts_only`` they do not look for causes, which takes half of the time of a failure.
    """
    kept = Record(verdicts_only=verdicts_only)
    token = _record.set(kept)
    try:
        yield kept
    finally:
        _record.reset(token)


def wants_causes() -> bool:
    """Whether somebody will read why a check failed."""
    kept = _record.get()
    return kept is None or not kept.verdicts_only


def measured(name: str, *, deviation: float, allowed: float) -> None:
    """Record one comparison, if somebody is recording."""
    measured_as(Measurement(name=name, deviation=deviation, allowed=allowed))


def measured_as(measurement: Measurement) -> None:
    """Record one comparison with what else is known of it, if somebody is recording."""
    kept = _record.get()
    if kept is not None:
        kept.measurements.append(measurement)


def noted(note: str) -> None:
    """Record a note for the result of the check, in words that a student may read, if somebody is recording."""
    kept = _record.get()
    if kept is not None:
        kept.notes.setdefault(note)


def exhibited(evidence: Evidence) -> None:
    """Record what the instructor's page is to show whether the check passes or not, if somebody is recording."""
    kept = _record.get()
    if kept is not None:
        kept.exhibits.append(evidence)


def decided(name: str, p: float | None, *, uniform: bool = True) -> None:
    """Record the decision of a stochastic check before it is judged, if somebody is recording."""
    kept = _record.get()
    if kept is not None:
        kept.chances.append(Chance(name=name, p=p, uniform=uniform and p is not None))


def sighted(value: Any, name: str, *, roundoff: float = 0.0, within: float = 0.0) -> None:
    """Record a value before it is judged, if somebody is recording; see :func:`sightings_of`."""
    kept = _record.get()
    if kept is None:
        return
    for sighting in sightings_of(value, name, roundoff=roundoff, within=within):
        kept.entries += sighting.values.size
        kept.sightings.append(sighting if kept.entries <= _MOST_ENTRIES else without_values(sighting))


def compared_with_own(backward: str, forward: str) -> None:
    """Record, before it is judged, that a backward is compared with the submission's own forward.

    Both names are the same where a function returns its loss and the gradient.
    """
    kept = _record.get()
    if kept is not None:
        kept.compared_with_own.append((backward, forward))
