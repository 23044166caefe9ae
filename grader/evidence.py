"""What a failed check says: the words for its reader, and the evidence behind them.

This module is a leaf: checks raise :class:`CheckFailure`, results carry
:class:`Evidence`, reports print it. It holds data only, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_ON_A_GPU = "not run on a GPU"
"""The note of a check of parity on a machine without one. Every report shows it, and it costs nothing."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A quantity over the steps of an algorithm, beside the line of the theorem about it."""

    name: str
    """In the field's words, e.g. ``distance to the minimiser``."""
    t: tuple[float, ...]
    """The horizontal axis, increasing; some two hundred points are enough for a plot."""
    value: tuple[float | None, ...]
    """As many as ``t``; None leaves a gap."""
    theorem: tuple[float | None, ...] = ()
    """What the theorem says at the same places; empty when it says nothing."""
    theorem_name: str = ""
    t_name: str = "step"
    log_t: bool = False
    """The horizontal axis is logarithmic: every ``t`` is positive."""
    log_value: bool = True
    """The vertical axis is logarithmic: every number on it is positive."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Small grey images of one size, side by side: what a model made of noise, say."""

    name: str
    height: int
    width: int
    images: tuple[str, ...]
    """Of each the pixels, row by row, as hexadecimal digits: ``0`` is empty and ``f`` is full."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing that was compared, and how it came out.

    Numbers are stored as text, because results are compared byte for byte and
    read by people; ``deviation`` and ``allowed`` are floats for the audit.
    """

    name: str
    """The value in the field's words, e.g. ``db`` or ``loss``."""
    got: str = ""
    """What the submission returned, shortened."""
    want: str = ""
    """What was expected, shortened; the redactor removes it for students where the check is hidden."""
    where: str = ""
    """Index of the worst entry, e.g. ``[2, 0]``."""
    deviation: float | None = None
    """The largest deviation, in the units of the value."""
    allowed: float | None = None
    """The threshold that the deviation exceeded."""
    cause: str = ""
    """The likely cause, in a sentence (sign, factor, transposed, ...)."""
    curves: tuple[Curve, ...] = ()
    """What it looks like over the steps, for a plot; the redactor removes them where the check is hidden."""
    pictures: tuple[Picture, ...] = ()
    """What it looks like, where it is images; the redactor removes them likewise."""


class CheckFailure(AssertionError):  # noqa: N818 - a verdict, not an error
    """A check decided that the submission is wrong.

    Parameters
    ----------
    message
        For readers who may see everything: names, shapes, numbers.
    hint
        A sentence made only of fixed words and of names from the handout: it may
        be shown to a student of whom the check is hidden, so it never holds an
        input, an expected number or anything that student code produced.
    evidence
        What was compared.
    """

    def __init__(self, message: str, *, hint: str = "", evidence: tuple[Evidence, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.evidence = evidence


class NotImplementedByStudent(Exception):  # noqa: N818 - an outcome, not an error
    """The function is still a stub; raised by the student proxy, never by student code."""

    def __init__(self, function: str) -> None:
        super().__init__(f"{function} is not implemented yet")
        self.function = function
