"""What ``grader audit`` prints: the verdict, five facts, and then only what needs attention.

Makes renderables of rich and prints nothing itself. As in :mod:`grader.reports.terminal`,
everything is a ``Text`` without control codes, and colour only repeats what a word says.
The page of the audit has all of it; here every list ends after a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.audited import Audit, AuditedCheck, AuditedMistake, Levels, Survivor
from grader.reports.audit_summary import (
    Failing,
    LookAlikes,
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
from grader.reports.screen import STYLES, indented
from grader.reports.text import counted, one_line, shortened, visible

Item = TypeVar("Item")

_SHOWN = 5  # of each list: seven lists of two or three lines each are what one scrolls back to read
_MESSAGE_LINES = 4  # of a check that fails a right answer: what differs, where, by how much, what is allowed


def audit_report(audit: Audit) -> RenderableType:
    """Return what the author of an assignment needs to know now, at most 80 columns wide where the terminal is."""
    return Group(
        _verdict(audit),
        _facts(audit),
        *_list("The audit is worthless until this is mended", audit.complaints, _complaint),
        *_list("Right answers that fail", failing(audit), _failing),
        *_list("Mistakes that survive: no check catches them", surviving(audit), _surviving),
        *_list("Mistakes that are refused", refused(audit), _refused),
        *_list("Mutants that survive", audit.survivors, _mutant),
        *_list("Answers too near to the threshold, in units of it", too_near(audit), _near),
        *_list("Checks that catch nothing", idle(audit), _idle),
        *_list("Mistakes that no check tells apart", look_alikes(audit), _alike),
    )


def levels_report(found: Levels) -> RenderableType:
    """Return how the stochastic checks decided about right answers: a line a decision, and first what is wrong."""
    verdict = Text(f"{one_line(found.title)}: levels ", "bold")
    verdict.append("hold" if found.passed else "do not hold", STYLES["good" if found.passed else "bad"])
    made = sum(one.made for one in found.decisions)
    by = f"by {counted(len(found.checks), 'stochastic check')} under {counted(found.seeds, 'seed')}"
    words = (
        f"{counted(found.gradings, 'grading')} of right answers {by}: {counted(made, 'decision')}, "
        f"{counted(len(found.failures), 'failure')} (the stated level allows for {found.expected_failures:.2g})."
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("check", "decision"):
        table.add_column(heading, overflow="fold")
    for heading in ("made", "smallest p", "uniform"):
        table.add_column(heading, justify="right")
    for one in found.decisions:
        smallest = "a bound" if one.smallest is None else f"{one.smallest:.1e}"
        style = STYLES["bad"] if one in found.not_uniform else ""
        uniform = Text("" if one.uniformity is None else f"{one.uniformity:.2g}", style)
        table.add_row(visible(one.check), visible(one.name), str(one.made), smallest, uniform)
    failures = [
        Text(visible(f"{one.check}, {one.variant}, {one.seed}: {one.message}")) for one in found.failures[:_SHOWN]
    ]
    return Group(verdict, Text(words), *map(indented, failures), Text(), table)


def _verdict(audit: Audit) -> Text:
    verdict = Text(f"{one_line(audit.title)}: audit ", "bold")
    if not audit.passed:
        return verdict.append(f"not passed: {', '.join(reasons(audit))}", STYLES["bad"])
    verdict.append("passed", STYLES["good"])
    untried = " and ".join(reservations(audit))
    return verdict.append(f", but {untried}", STYLES["pending"]) if untried else verdict


def _facts(audit: Audit) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column()
    for fact in facts(audit):
        grid.add_row(Text(f"  {fact.topic}"), Text(fact.word, STYLES[fact.tone]), Text(fact.sentence))
    return grid


def _list(
    title: str, items: Sequence[Item], lines: Callable[[Item], Iterator[RenderableType]]
) -> Iterator[RenderableType]:
    """Yield a title and the first few items; nothing when there are none."""
    if not items:
        return
    yield Text(f"\n{title}", "bold")
    for item in islice(items, _SHOWN):
        yield from lines(item)
    if len(items) > _SHOWN:
        yield indented(Text(f"… {len(items) - _SHOWN} more"))


def _complaint(complaint: str) -> Iterator[RenderableType]:
    yield indented(Text(shortened(one_line(complaint))))


def _failing(found: Failing) -> Iterator[RenderableType]:
    first, more = found.failures[0], len(found.failures) - 1
    seeds = f"seed {first.seed}" + (f" and {more} more" if more else "")
    yield indented(Text(one_line(found.check)))
    yield indented(Text(one_line(f"{found.variant}; {seeds}")), by=4)
    yield indented(Text(shortened(visible(first.message), lines=_MESSAGE_LINES)), by=4)


def _surviving(mistake: AuditedMistake) -> Iterator[RenderableType]:
    yield indented(Text(one_line(mistake.name)))
    yield indented(Text.assemble(("Hint: ", "bold"), one_line(mistake.hint)), by=4)


def _refused(mistake: AuditedMistake) -> Iterator[RenderableType]:
    yield indented(Text(one_line(mistake.name)))
    yield indented(Text(shortened(one_line(mistake.refused))), by=4)


def _mutant(mutant: Survivor) -> Iterator[RenderableType]:
    yield indented(Text(one_line(f"{mutant.name} ({mutant.rule})")))


def _near(check: AuditedCheck) -> Iterator[RenderableType]:
    yield indented(Text(one_line(check.check)))
    numbers = f"largest right {in_thresholds(check.right)}, smallest wrong {in_thresholds(check.wrong)}"
    yield indented(Text(f"{numbers}: {', '.join(nearness(check))}"), by=4)


def _idle(check: AuditedCheck) -> Iterator[RenderableType]:
    yield indented(Text(one_line(check.check)))


def _alike(found: LookAlikes) -> Iterator[RenderableType]:
    yield indented(Text(one_line(found.mistake.name)))
    for name in found.others:
        yield indented(Text(one_line(f"like {name}")), by=4)
