"""Compares two arrays of the same form, and writes down how they differ.

Form is compared elsewhere, and how much may differ is decided elsewhere: this module counts,
finds the worst entry and asks for the likely cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.findings import Finding, bound, entry, index_text, numbers, shown
from grader.checks.form import Pair
from grader.checks.patterns import UNKNOWN, Cause, likely_cause
from grader.checks.record import measured
from grader.checks.tolerance import SLACK, scale_of
from grader.evidence import Evidence

Array = npt.NDArray[Any]


def difference(
    pair: Pair,
    allowed: float,
    *,
    sizes: Mapping[str, int] | None = None,
    siblings: Mapping[str, Array] | None = None,
) -> Finding | None:
    """Compare the values of a pair; None when no entry deviates by more than ``allowed``.

    Parameters
    ----------
    pair
        What came and what is due.
    allowed
        The largest deviation of a right answer, at least 0.
    sizes, siblings
        See :func:`grader.checks.patterns.likely_cause`.
    """
    broken = not_finite(pair.name, pair.got, expected=pair.want)
    if broken:
        return broken
    deviation = deviations(pair.got, pair.want)
    largest = float(deviation.max(initial=0.0))
    measured(pair.name, deviation=largest, allowed=allowed)
    if largest <= allowed:
        return None
    cause = _cause(pair, allowed, sizes, siblings)
    worst = tuple(int(i) for i in np.unravel_index(int(deviation.argmax()), deviation.shape))
    got, want = float(pair.got[worst]), float(pair.want[worst])
    where = entry(pair.name, worst)
    here, due = numbers(got, want)
    facts = f"{here} where {due} is due (off by {bound(largest)}; allowed {bound(allowed)})"
    count = int(np.count_nonzero(deviation > allowed))
    opening = f"differs in {count} of {deviation.size} entries; the worst is {where} = " if worst else "is "
    return Finding(
        message=f"{pair.name} {opening}{facts}." + (f" {pair.name} {cause.words}." if cause.words else ""),
        hint=f"`{pair.name}` {cause.hint or 'has wrong values' if worst else cause.hint or 'has the wrong value'}.",
        evidence=Evidence(
            name=pair.name,
            got=shown(pair.got),
            want=shown(pair.want),
            where=index_text(worst),
            deviation=largest,
            allowed=allowed,
            cause=cause.words,
        ),
    )


def deviations(got: Array, want: Array) -> Array:
    """Absolute differences in float64; 0 where both are the same infinity or both NaN."""
    got, want = got.astype(np.float64), want.astype(np.float64)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    # The largest floats may differ by more than the largest float: that is a deviation of infinity.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.where(same, 0.0, np.abs(got - want)))


def not_finite(name: str, got: Array, *, expected: Array | None = None) -> Finding | None:
    """Find NaN and infinity where a finite number is due (everywhere, unless ``expected`` has the same there)."""
    bad = ~np.isfinite(got)
    if expected is not None:
        bad &= ~((got == expected) | (np.isnan(got) & np.isnan(expected)))
    if not bad.any():
        return None
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    nans = int(np.count_nonzero(np.isnan(got) & bad))
    infinities = int(np.count_nonzero(bad)) - nans
    counted = " and ".join(f"{count} {what}" for count, what in ((nans, "NaN"), (infinities, "infinity")) if count)
    holds = f"holds {counted} among {got.size} entries, the first at {entry(name, first)}"
    return Finding(
        message=f"{name} is not finite: it {holds}." if first else f"{name} is {got}; it must be finite.",
        hint=f"`{name}` is not finite.",
        evidence=Evidence(
            name=name,
            got=shown(got),
            want="" if expected is None else shown(expected),
            where=index_text(first),
            cause="is not finite",
        ),
    )


def _cause(pair: Pair, allowed: float, sizes: Mapping[str, int] | None, siblings: Mapping[str, Array] | None) -> Cause:
    if pair.want.dtype.kind not in "iuf" or not np.isfinite(pair.want).all():
        return UNKNOWN
    # A precise comparison allows less than a pattern needs to be recognised.
    within = max(allowed, SLACK * scale_of(pair.want))
    return likely_cause(pair.got, pair.want, within=within, sizes=sizes, siblings=siblings)
