"""Whether a function of a sequence looks ahead: what of its result changes when the future does.

The public side is :func:`grader.checks.symmetry.causal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.comparison import deviations
from grader.checks.findings import Finding, bound, raise_any
from grader.checks.record import measured, wants_causes
from grader.checks.relation import Subject, normal_like
from grader.evidence import Evidence

Array = npt.NDArray[Any]

_FEW = 10
"""A sequence of so many positions is cut after every one, at the price of nine calls: three cuts would miss what only
one position sees ahead."""


class Sequences:
    """Arguments among which some are sequences, and what their positions can be replaced by.

    Parameters
    ----------
    args
        All arguments.
    positions
        Which of them are sequences: arrays of one length along ``axis``.
    axis
        The axis of the sequence.
    rng
        Draws the replacements, as many numbers for every student.

    Raises
    ------
    ValueError
        When an argument is no array with that axis, the lengths differ or are below 3, or an argument of
        integers holds one value only.
    """

    def __init__(self, args: Sequence[Any], *, positions: Sequence[int], axis: int, rng: np.random.Generator) -> None:
        self.args = list(args)
        self._axis = axis
        lengths = set()
        for position in positions:
            array = self.args[position] if 0 <= position < len(self.args) else None
            if not isinstance(array, np.ndarray) or not -array.ndim <= axis < array.ndim:
                raise ValueError(f"causal: there is no array with an axis {axis} at position {position}")
            lengths.add(array.shape[axis])
        if len(lengths) != 1 or min(lengths) < 3:
            raise ValueError(f"causal: the sequences must have one length of at least 3, not {sorted(lengths)}")
        self.length = lengths.pop()
        self.name = "the input" if len(positions) == 1 else "the inputs"
        self._others = {position: _other(self.args[position], rng) for position in positions}

    def replaced(self, start: int, stop: int) -> list[Any]:
        """Return the arguments with the positions from ``start`` up to, not including, ``stop`` replaced."""
        changed = list(self.args)
        for place, other in self._others.items():
            changed[place] = self.args[place].copy()
            np.moveaxis(changed[place], self._axis, 0)[start:stop] = np.moveaxis(other, self._axis, 0)[start:stop]
        return changed

    def cuts(self) -> Sequence[int]:
        """Return the last positions that stay: the first, the middle and the last but one, or all of few."""
        last = self.length - 2
        return range(last + 1) if self.length <= _FEW else (0, (last + 1) // 2, last)


def refuse_lookahead(subject: Subject, sequences: Sequences, *, axis: int) -> None:
    """Check that no result, along ``axis``, changes before the first position of the input that is replaced.

    Raises
    ------
    CheckFailure
        When one does, when none changes at all, or when a result has not one entry for every position.
    """
    before = subject.answer(sequences.args)
    wrong = (_wrong_length(name, array, axis, sequences.length) for name, array in before.items())
    raise_any((finding for finding in wrong if finding), where=subject.where)
    slack = subject.slack(sequences.args, before)
    allowed = {name: slack.allowed(name, array) for name, array in before.items()}

    def changes(start: int, stop: int, note: str | None = None) -> dict[str, Array]:
        """Return the largest change of every position of every result when a part of the input is replaced."""
        after = subject.like(before, sequences.replaced(start, stop), note=note)
        return {name: _by_position(after[name], before[name], axis) for name in before}

    ahead: dict[str, int] = {}
    found: list[Finding] = []
    uses_input = False
    for cut in sequences.cuts():
        for name, change in changes(cut + 1, sequences.length, f" after another future of position {cut}").items():
            early = change[: cut + 1]
            measured(name, deviation=float(early.max()), allowed=allowed[name])
            uses_input |= bool(change[cut + 1 :].max() > allowed[name])
            if early.max() > allowed[name] and name not in ahead:
                ahead[name] = cut
                words = f"when the positions after {cut} of {sequences.name} change"
                found.append(_finding(name, early, words, allowed[name]))
    if found:
        subject.refuse_noise(sequences.args, before, slack)
    if found and wants_causes():
        found = [
            _nearest(name, cut, sequences, changes, allowed[name]) or general
            for (name, cut), general in zip(ahead.items(), found, strict=True)
        ]
    raise_any(found, where=subject.where)
    if not uses_input:
        subject.fail_as_constant()


def _nearest(
    name: str, cut: int, sequences: Sequences, changes: Callable[[int, int], Mapping[str, Array]], allowed: float
) -> Finding | None:
    """Find the first single position after ``cut`` on which an earlier result depends; None where it takes several."""
    for later in range(cut + 1, sequences.length):
        early = changes(later, later + 1)[name][:later]
        if early.max() > allowed:
            return _finding(name, early, f"when position {later} of {sequences.name} changes", allowed)
    return None


def _finding(name: str, early: Array, words: str, allowed: float) -> Finding:
    """Name the last position of the result that changes although it must not."""
    position = int(np.flatnonzero(early > allowed)[-1])
    deviation = float(early[position])
    cause = "looks ahead: it changes at a position when a later position of the input does"
    return Finding(
        message=f"{name} at position {position} changes {words} (by {bound(deviation)}; allowed {bound(allowed)}).",
        hint=f"`{name}` {cause}.",
        evidence=Evidence(
            name=name, where=f"position {position}", deviation=float(early.max()), allowed=allowed, cause=cause
        ),
    )


def _wrong_length(name: str, array: Array, axis: int, length: int) -> Finding | None:
    if -array.ndim <= axis < array.ndim and array.shape[axis] == length:
        return None
    cause = f"has not one entry for every position of the input along axis {axis}"
    return Finding(
        message=f"{name} {cause}: its shape is {array.shape}, and there are {length} positions.",
        hint=f"`{name}` {cause}.",
        evidence=Evidence(
            name=name, got=f"shape {array.shape}", want=f"length {length} along axis {axis}", cause=cause
        ),
    )


def _by_position(after: Array, before: Array, axis: int) -> Array:
    """Return the largest change at every position, (T,)."""
    change = np.moveaxis(deviations(after, before), axis, 0)
    return np.asarray(change.reshape(len(change), -1).max(axis=1, initial=0.0))


def _other(array: Array, rng: np.random.Generator) -> Array:
    """Draw what replaces a sequence: of floats normal numbers, of anything else (tokens) values that it holds."""
    if array.dtype.kind == "f":
        return np.asarray(normal_like(array, rng))
    values = np.unique(array)
    if len(values) < 2:
        raise ValueError("causal: a sequence of one value only cannot be changed")
    return rng.choice(values, size=array.shape)
