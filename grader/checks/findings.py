"""What a comparison found wrong, and how several findings become one failure.

A finding is written once, by the code that knows what it compared; this module only joins
findings and shows arrays. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.evidence import CheckFailure, Evidence

ENTRIES_SHOWN = 60
"""An array with more entries is summarised: this many fill about ten lines of a report."""

VALUES_SHOWN = 3
"""A check that finds more wrong values names the first ones: nobody reads sixty lines about thirty layers."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One value that is wrong: the words for the instructor, for the student, and the evidence."""

    message: str
    hint: str
    """Fixed words and the value's name only, see :class:`grader.evidence.CheckFailure`."""
    evidence: Evidence


def failure(findings: Iterable[Finding], *, where: str = "") -> CheckFailure:
    """Join findings, in the order in which they are to be read, into one failure.

    Parameters
    ----------
    findings
        At least one.
    where
        The function that was checked; it opens the message.
    """
    found = list(findings)
    message = "\n".join(_first([finding.message for finding in found]))
    return CheckFailure(
        f"{where}: {message}" if where else message,
        hint=" ".join(_first(list(dict.fromkeys(finding.hint for finding in found)))),
        evidence=tuple(finding.evidence for finding in found[:VALUES_SHOWN]),
    )


def _first(texts: list[str]) -> list[str]:
    """Keep the first few: what is wrong in every layer of a network is read once."""
    more = len(texts) - VALUES_SHOWN
    return texts if more <= 0 else [*texts[:VALUES_SHOWN], f"(and {more} more)"]


def raise_any(findings: Iterable[Finding], *, where: str = "") -> None:
    """Raise the :func:`failure` of ``findings``; nothing happens when there are none.

    Raises
    ------
    CheckFailure
        When there is at least one finding.
    """
    found = list(findings)
    if found:
        raise failure(found, where=where)


def shown(value: Any) -> str:
    """Numbers and arrays as text, shortened beyond :data:`ENTRIES_SHOWN` entries."""
    return np.array2string(np.asarray(value), precision=10, threshold=ENTRIES_SHOWN, separator=", ", max_line_width=110)


def number(value: float) -> str:
    """Write a number of a message: ten digits, because a mistake may show only in the fifth or sixth."""
    return f"{value:.10g}"


def numbers(got: float, want: float) -> tuple[str, str]:
    """Write two numbers that differ with as many digits as it takes to see it."""
    for digits in (10, 14, 17):
        pair = f"{got:.{digits}g}", f"{want:.{digits}g}"
        if pair[0] != pair[1]:
            break
    return pair


def bound(value: float) -> str:
    """Write a tolerance or a deviation: its size matters, its digits do not."""
    return f"{value:.2g}"


def entry(name: str, index: tuple[int, ...]) -> str:
    """Name one entry of a value: ``h[2, 0]``, or the value itself where it is a single number."""
    return name + index_text(index)


def index_text(index: tuple[int, ...]) -> str:
    """Write an index as it is typed, ``[2, 0]``; empty for a single number."""
    return f"[{', '.join(map(str, index))}]" if index else ""
