"""An audit in what its reader wants to know: the verdict with its reasons, five facts, and what needs attention.

Counts and words only; ``audit`` and ``audit_page`` show what stands here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from typing import Literal

from grader.audited import SEPARATION, Audit, AuditedCheck, AuditedMistake, FalseFailure
from grader.reports.text import counted
from grader.reports.words import Tone

Topic = Literal["level", "mistakes", "mutants", "checks", "hints"]
Sign = Literal["", "-", "+"]

_UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that an audit measures, and how it came out."""

    topic: Topic
    tone: Tone
    word: str
    """The tone in a word, so that no reader depends on colours."""
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Failing:
    """A right answer that a check failed, under one seed or several."""

    variant: str
    check: str
    failures: tuple[FalseFailure, ...]
    """Of the same variant and check; at least one."""


@dataclass(frozen=True, kw_only=True)
class LookAlikes:
    """A mistake, and others that no check tells from it."""

    mistake: AuditedMistake
    others: tuple[str, ...]
    """Names."""
    hints: tuple[str, ...]
    """What a student is told who makes any of them, each once."""


def reasons(audit: Audit) -> tuple[str, ...]:
    """Why the audit does not pass, in a few words each; empty when it passes."""
    variants = {failure.variant for failure in audit.false_failures}
    numbers = [
        (len(audit.complaints), "complaint"),
        (len(variants), "failing right answer"),
        (len(surviving(audit)), "surviving mistake"),
        (len(refused(audit)), "refused mistake"),
    ]
    return tuple(counted(number, noun) for number, noun in numbers if number)


def reservations(audit: Audit) -> tuple[str, ...]:
    """What a verdict rests on that was not tried, a clause each; empty when right and wrong answers were."""
    untried = [(audit.gradings, "no right answer was graded"), (len(audit.mistakes), "no mistake was tried")]
    return tuple(clause for number, clause in untried if not number)


def facts(audit: Audit) -> tuple[Fact, ...]:
    """The five things that an audit measures, the most important first."""
    return (_level(audit), _mistakes(audit), _mutants(audit), _checks(audit), _hints(audit))


def refused(audit: Audit) -> tuple[AuditedMistake, ...]:
    """Mistakes that are none."""
    return tuple(mistake for mistake in audit.mistakes if mistake.refused)


def surviving(audit: Audit) -> tuple[AuditedMistake, ...]:
    """Mistakes that every check passes."""
    return tuple(mistake for mistake in audit.mistakes if mistake.survives)


def failing(audit: Audit) -> tuple[Failing, ...]:
    """False failures by variant and check, in the order in which these first occur."""
    found: dict[tuple[str, str], list[FalseFailure]] = {}
    for failure in audit.false_failures:
        found.setdefault((failure.variant, failure.check), []).append(failure)
    return tuple(Failing(variant=key[0], check=key[1], failures=tuple(each)) for key, each in found.items())


def too_near(audit: Audit) -> tuple[AuditedCheck, ...]:
    """Checks that do not keep right and wrong answers far from the threshold."""
    return tuple(check for check in audit.checks if not check.separates)


def idle(audit: Audit) -> tuple[AuditedCheck, ...]:
    """Checks that catch nothing; none when no wrong answer was tried at all."""
    tried = audit.mistakes or audit.mutants
    return tuple(check for check in audit.checks if check.catches_nothing) if tried else ()


def nearness(check: AuditedCheck) -> tuple[str, ...]:
    """What is wrong with the separation of a check, in words; empty when :attr:`AuditedCheck.separates`."""
    words = []
    right = check.right or 0.0
    # Written with "not", so that a deviation that is no number counts as near.
    if not right * SEPARATION <= 1:
        words.append("right answers beyond the threshold" if right > 1 else "right answers too near")
    if check.wrong is not None and not check.wrong >= SEPARATION:
        words.append("wrong answers too near")
    return tuple(words)


def in_thresholds(deviation: float | None) -> str:
    """Write a deviation in units of the threshold, to two digits: ``0.31``, ``160``, ``9.6e-07``; a dash for none."""
    if deviation is None:
        return "–"
    rounded = float(f"{deviation:.2g}")
    # Beyond four places zeros have to be counted; there an exponent is easier to read.
    return f"{rounded:g}" if rounded == 0 or 1e-4 < rounded < 1e4 else f"{deviation:.1e}"


def look_alikes(audit: Audit) -> tuple[LookAlikes, ...]:
    """Mistakes that cannot be told apart: each set of them once, under the first that is alike all others."""
    by_name = {mistake.name: mistake for mistake in audit.mistakes}
    sets: dict[frozenset[str], AuditedMistake] = {}
    for mistake in audit.mistakes:
        if mistake.alike:
            sets.setdefault(frozenset((mistake.name, *mistake.alike)), mistake)
    # Equal up to rounding is not transitive: a set within another is told by that one.
    largest = [mistake for names, mistake in sets.items() if not any(names < other for other in sets)]
    return tuple(_look_alikes(mistake, by_name) for mistake in largest)


def _look_alikes(mistake: AuditedMistake, by_name: dict[str, AuditedMistake]) -> LookAlikes:
    others = [by_name[name] for name in mistake.alike if name in by_name]
    hints = dict.fromkeys(each.hint for each in [mistake, *others])
    return LookAlikes(mistake=mistake, others=mistake.alike, hints=tuple(hints))


def diff_lines(diff: str) -> Iterator[tuple[Sign, str]]:
    """Split a unified diff into its lines with their signs, without the names of the files and the places."""
    lines = diff.split("\n")
    start = next((number for number, line in enumerate(lines) if line.startswith("@@")), -1)
    for line in lines[start + 1 :]:
        if line.startswith("+"):
            yield "+", line
        elif line.startswith("-"):
            yield "-", line
        elif not line.startswith("@@"):
            yield "", line


def _level(audit: Audit) -> Fact:
    if not audit.gradings:
        return Fact(topic="level", tone="pending", word=_UNKNOWN, sentence="No right answer was graded.")
    failed = f"{audit.failed_gradings or 'none'} of {counted(audit.gradings, 'grading')} of right answers failed"
    answers = f"the reference and {counted(len(audit.variants), 'variant')}, {counted(audit.seeds, 'seed')}"
    bound = f"With 95% confidence, at most {_percent_at_most(audit.level_bound)} of right answers fail."
    bad = bool(audit.failed_gradings or audit.false_failures)
    return Fact(
        topic="level",
        tone="bad" if bad else "good",
        word="failed" if bad else "ok",
        sentence=f"{failed[0].upper()}{failed[1:]} ({answers}). {bound}",
    )


def _mistakes(audit: Audit) -> Fact:
    if not audit.mistakes:
        return Fact(topic="mistakes", tone="pending", word=_UNKNOWN, sentence="No mistake was tried.")
    survived, none = len(surviving(audit)), len(refused(audit))
    parts = [f"{len(audit.mistakes) - survived - none} of {len(audit.mistakes)} caught"]
    parts += [f"{survived} survived"] if survived else []
    parts += [f"{none} refused"] if none else []
    bad = bool(survived or none)
    return Fact(
        topic="mistakes",
        tone="bad" if bad else "good",
        word="failed" if bad else "ok",
        sentence=f"{', '.join(parts)}.",
    )


def _mutants(audit: Audit) -> Fact:
    if audit.power is None:
        none = f"All {counted(audit.equivalent, 'mutant')} set aside as equivalent." if audit.equivalent else ""
        return Fact(topic="mutants", tone="pending", word=_UNKNOWN, sentence=none or "No mutant was tried.")
    decided = audit.caught + audit.survived
    # Rounded down, so that 100% means all.
    share = f"{1000 * audit.caught // decided / 10:g}%"
    aside = f", {audit.equivalent} set aside as equivalent" if audit.equivalent else ""
    return Fact(
        topic="mutants",
        tone="pending" if audit.survived else "good",
        word="weak" if audit.survived else "ok",
        sentence=f"{audit.caught} of {decided} caught ({share}), {audit.survived} survived{aside}.",
    )


def _checks(audit: Audit) -> Fact:
    if not audit.checks:
        return Fact(topic="checks", tone="pending", word=_UNKNOWN, sentence="There are no checks.")
    if not (audit.gradings or audit.mistakes or audit.mutants):
        return Fact(topic="checks", tone="pending", word=_UNKNOWN, sentence="No answer was tried.")
    near, nothing = len(too_near(audit)), len(idle(audit))
    having = sum(check.right is not None or check.wrong is not None for check in audit.checks)
    factor = f"{'Less than' if near else 'At least'} a factor of {SEPARATION:g} to the threshold"
    separated = f"{factor}: {near or having} of {having} checks that have one."
    caught = f" Catching nothing: {nothing} of {len(audit.checks)}." if nothing else ""
    weak = bool(near or nothing)
    return Fact(
        topic="checks",
        tone="pending" if weak else "good",
        word="weak" if weak else "ok",
        sentence=(separated if having else "No check has a threshold.") + caught,
    )


def _hints(audit: Audit) -> Fact:
    if not audit.mistakes:
        return Fact(topic="hints", tone="pending", word=_UNKNOWN, sentence="No mistake was tried.")
    alike = len(look_alikes(audit))
    told = f"{counted(alike, 'set')} of mistakes that no check tells apart."
    return Fact(
        topic="hints",
        tone="pending" if alike else "good",
        word="weak" if alike else "ok",
        sentence=told if alike else "Every mistake is told from every other.",
    )


def _percent_at_most(share: float) -> str:
    # An upper bound is rounded up; twelve digits first, so that 0.3 does not become 31%.
    rounded = Context(prec=2, rounding=ROUND_CEILING).create_decimal(f"{100 * share:.12g}")
    return f"{float(rounded):g}%"
