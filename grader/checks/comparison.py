"""Compares two arrays of the same form, and writes down how they differ.

Form is compared elsewhere, and how much may differ is decided elsewhere: this module counts,
finds the worst entry and asks for the likely cause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.findings import Finding, bound, entry, index_text, number, numbers, shown
from grader.checks.form import Pair
from grader.checks.patterns import UNKNOWN, Cause, likely_cause
from grader.checks.patterns.calls import Calls
from grader.checks.patterns.extremes import not_finite_cause
from grader.checks.patterns.steps import is_trajectory
from grader.checks.record import measured, wants_causes
from grader.checks.tolerance import SLACK, scale_of
from grader.evidence import Evidence

Array = npt.NDArray[Any]


COORDINATES_SHOWN = 6
"""A point of more coordinates is shown by its worst one: two points then fit into a line."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A bound on a measure of every entry."""

    text: str
    hint: str
    limit: float
    measure: Callable[[Array], Array]


def difference(
    pair: Pair,
    allowed: float,
    *,
    siblings: Mapping[str, Array] | None = None,
    calls: Callable[[], Calls] | None = None,
) -> Finding | None:
    """Compare the values of a pair; None when no entry deviates by more than ``allowed``.

    Parameters
    ----------
    pair
        What came and what is due.
    allowed
        The largest deviation of a right answer, at least 0.
    siblings
        See :func:`grader.checks.patterns.likely_cause`.
    calls
        Gives the calls that the values come from, to learn more about a wrong one; a right one does not ask.
    """
    broken = not_finite(pair.name, pair.got, expected=pair.want)
    if broken:
        return _explained(broken, pair, calls() if calls else None)
    deviation = deviations(pair.got, pair.want)
    largest = float(deviation.max(initial=0.0))
    measured(pair.name, deviation=largest, allowed=allowed)
    if largest <= allowed:
        return None
    cause = _cause(pair, allowed, siblings, calls() if calls else None)
    if is_trajectory(pair.name, pair.want):
        # those after the first wrong step carry its error on
        step = int(np.argmax((deviation > allowed).any(axis=1)))
        worst: tuple[int, ...] = (step, int(deviation[step].argmax()))
        facts = _facts_of_step(pair, worst, allowed)
    else:
        worst = tuple(int(i) for i in np.unravel_index(int(deviation.argmax()), deviation.shape))
        facts = _facts(pair, worst, allowed)
    return Finding(
        message=f"{pair.name} {facts}." + (f" {pair.name} {cause.words}." if cause.words else ""),
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


def _facts(pair: Pair, worst: tuple[int, ...], allowed: float) -> str:
    """Say how many entries differ, and the worst of them."""
    deviation = deviations(pair.got, pair.want)
    if pair.want.dtype.kind == "b":
        count = int(np.count_nonzero(deviation))
        opening = f"differs in {count} of {deviation.size} entries; the first is {entry(pair.name, worst)} ="
        return f"{opening if worst else 'is'} {bool(pair.got[worst])} where {bool(pair.want[worst])} is due"
    here, due = numbers(float(pair.got[worst]), float(pair.want[worst]))
    facts = f"{here} where {due} is due (off by {bound(float(deviation[worst]))}; allowed {bound(allowed)})"
    if not worst:
        return f"is {facts}"
    count = int(np.count_nonzero(deviation > allowed))
    return f"differs in {count} of {deviation.size} entries; the worst is {entry(pair.name, worst)} = {facts}"


def _facts_of_step(pair: Pair, worst: tuple[int, ...], allowed: float) -> str:
    """Say what the first wrong step is, of which ``worst`` is the worst entry."""
    step = worst[0]
    rows = pair.got[step], pair.want[step]
    if rows[0].size <= COORDINATES_SHOWN:
        here, due = (f"[{', '.join(number(float(x)) for x in row)}]" for row in rows)
    else:
        here, due = numbers(float(pair.got[worst]), float(pair.want[worst]))
    what = f"step {step} is" if rows[0].size <= COORDINATES_SHOWN else f"in step {step} {entry(pair.name, worst)} ="
    off = bound(float(deviations(pair.got, pair.want)[worst]))
    facts = f"{what} {here} where {due} is due (off by {off}; allowed {bound(allowed)})"
    return f"is right up to step {step - 1}; {facts}" if step else f"is wrong from its first row on: {facts}"


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


def beyond(name: str, got: Array, rule: Rule) -> Finding | None:
    """Find the entry that exceeds the rule's limit by most."""
    measure = np.asarray(rule.measure(got))
    excess = float((measure - rule.limit).max(initial=0.0))
    measured(name, deviation=excess, allowed=0.0)
    if excess <= 0:
        return None
    worst = tuple(int(i) for i in np.unravel_index(int(measure.argmax()), measure.shape))
    return Finding(
        message=f"{entry(name, worst)} is {number(float(got[worst]))}; right is a value that {rule.text}.",
        hint=f"`{name}` {rule.hint}.",
        evidence=Evidence(
            name=name,
            got=shown(got),
            want=rule.text,
            where=index_text(worst),
            deviation=excess,
            allowed=0.0,
        ),
    )


def _explained(found: Finding, pair: Pair, calls: Calls | None) -> Finding:
    """Say why a value is not finite, where that is known."""
    if not wants_causes():
        return found
    cause = not_finite_cause(pair.got, pair.want, calls.arrays if calls else ())
    cause = cause or (calls.overflow(pair.name) if calls else None)
    if cause is None:
        return found
    return replace(
        found,
        message=f"{found.message} {pair.name} {cause.words}.",
        hint=f"`{pair.name}` {cause.hint}." if cause.hint else found.hint,
        evidence=replace(found.evidence, cause=cause.words),
    )


def _cause(
    pair: Pair,
    allowed: float,
    siblings: Mapping[str, Array] | None,
    calls: Calls | None,
) -> Cause:
    if not wants_causes() or pair.want.dtype.kind not in "biuf" or not np.isfinite(pair.want).all():
        return UNKNOWN
    return likely_cause(
        pair.got,
        pair.want,
        # A precise comparison allows less than a pattern needs to be recognised.
        within=max(allowed, SLACK * scale_of(pair.want)),
        sizes=calls.sizes if calls else None,
        siblings=siblings,
        otherwise=calls.otherwise(pair.name, pair.want) if calls else (),
        arguments=calls.arrays if calls else (),
        trajectory=is_trajectory(pair.name, pair.want),
    )
