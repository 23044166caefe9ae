"""The page of an audit: everything that it found, for the author of the assignment.

Made as the pages of :mod:`grader.reports.html` are; it has no script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import jinja2

from grader.audited import SEPARATION, Audit, AuditedCheck, AuditedMistake
from grader.reports.audit_summary import (
    diff_lines,
    facts,
    failing,
    idle,
    in_thresholds,
    look_alikes,
    nearness,
    reasons,
    refused,
    reservations,
    surviving,
    too_near,
)
from grader.reports.pages import POLICY, environment

# Of the strip, to each side: right answers differ by 1e-16 of the scale, where the slack allows 1e-6 of it.
_DECADES = 10.0


@dataclass(frozen=True)
class _Line:
    """A mistake as a row of a table of its exercise."""

    mistake: AuditedMistake
    marks: tuple[bool, ...]
    """Whether each check of the exercise catches it."""
    elsewhere: dict[str, tuple[AuditedCheck, ...]]
    """Checks of other exercises that catch it, by exercise."""


@dataclass(frozen=True)
class _Section:
    exercise: str
    checks: tuple[AuditedCheck, ...]
    lines: tuple[_Line, ...]


def audit_page(audit: Audit) -> str:
    """Return the page about an audit.

    Checks have numbers from 1, exercise by exercise, by which tables name them.
    """
    sections = _sections(audit)
    ordered = [check for section in sections for check in section.checks]
    return (
        _environment()
        .get_template("audit.html.jinja")
        .render(
            policy=POLICY,
            audit=audit,
            reasons=reasons(audit),
            reservations=reservations(audit),
            facts=facts(audit),
            failing=failing(audit),
            surviving=surviving(audit),
            refused=refused(audit),
            too_near=too_near(audit),
            idle=idle(audit),
            look_alikes=look_alikes(audit),
            sections=sections,
            numbers={check.check: number for number, check in enumerate(ordered, start=1)},
            factor=f"{SEPARATION:g}",
            band=_on_strip(SEPARATION) - _on_strip(1.0),
        )
    )


def _sections(audit: Audit) -> list[_Section]:
    """Checks and mistakes by exercise, in the order of the checks: each table stays small."""
    names = dict.fromkeys([*(check.exercise for check in audit.checks), *(m.exercise for m in audit.mistakes)])
    return [_section(audit, name) for name in names]


def _section(audit: Audit, exercise: str) -> _Section:
    checks = tuple(check for check in audit.checks if check.exercise == exercise)
    lines = tuple(_line(audit, mistake, checks) for mistake in audit.mistakes if mistake.exercise == exercise)
    return _Section(exercise, checks, lines)


def _line(audit: Audit, mistake: AuditedMistake, own: Sequence[AuditedCheck]) -> _Line:
    catching = [check for check in audit.checks if check.check in mistake.caught_by]
    elsewhere: dict[str, tuple[AuditedCheck, ...]] = {}
    for check in catching:
        if check.exercise != mistake.exercise:
            elsewhere[check.exercise] = (*elsewhere.get(check.exercise, ()), check)
    return _Line(mistake, tuple(check in catching for check in own), elsewhere)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    made = environment()
    made.filters.update(diff_lines=diff_lines, in_thresholds=in_thresholds, nearness=nearness, on_strip=_on_strip)
    return made


def _on_strip(deviation: float) -> float:
    """Place of a deviation on the strip, in percent of its width: the threshold is at 50, a decade a fixed step."""
    decades = math.log10(deviation) if 0 < deviation < math.inf else math.copysign(math.inf, deviation - 1)
    return 50 + 50 * max(-_DECADES, min(decades, _DECADES)) / _DECADES
