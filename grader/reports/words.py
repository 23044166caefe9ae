"""What each outcome means, in a sentence that may be shown to anyone, and how loudly to show it.

The names of the outcomes are those of :class:`grader.results.Outcome`; here they are only
explained. Colours belong to the formats: a *tone* is what they translate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from grader.evidence import NOT_ON_A_GPU
from grader.reports.text import counted
from grader.results import CheckResult, ExerciseResult, Location, Outcome, SubmissionResult, format_points

_WORD = re.compile(r"\w+(?:\.\w+)*")
_SMALL_WORDS = (
    "a an and are as at be by for from has have in is it its must no not of on or so some that the this to was were "
    "with you your"
)
_EMPTY_WORDS = frozenset(f"{_SMALL_WORDS} see line file wrong value values".split())
"""What adds nothing to a message: small words, that something is wrong, and a pointer to the place, told below it."""

Tone = Literal["good", "bad", "pending", "alarm"]
"""``pending`` is neither right nor wrong; ``alarm`` is the grader's own fault."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """How one outcome is spoken of."""

    tone: Tone
    explanation: str
    """One sentence to the student."""


WORDS: dict[Outcome, Words] = {
    Outcome.PASSED: Words(tone="good", explanation="This is right."),
    Outcome.FAILED: Words(tone="bad", explanation="The answer is not the right one."),
    Outcome.NOT_IMPLEMENTED: Words(tone="pending", explanation="A function it needs is missing or still a stub."),
    Outcome.CRASHED: Words(tone="bad", explanation="Your code raised an exception."),
    Outcome.TIMED_OUT: Words(tone="bad", explanation="Your code ran longer than the time limit."),
    Outcome.OUT_OF_MEMORY: Words(tone="bad", explanation="Your code needed more memory than the limit."),
    Outcome.FORBIDDEN: Words(tone="bad", explanation="Your code tried something that this assignment does not allow."),
    Outcome.NOT_RUN: Words(tone="pending", explanation="The check was not run."),
    Outcome.GRADER_ERROR: Words(
        tone="alarm", explanation="The grader itself broke here. That is not your fault and costs you no points."
    ),
    Outcome.UNREADABLE: Words(tone="bad", explanation="Nothing in the submission could be graded."),
}


def causes(check: CheckResult) -> tuple[str, ...]:
    """Likely causes found in the evidence, each once, without those that message or hint already state."""
    said = check.message + "\n" + check.hint
    found = dict.fromkeys(item.cause for item in check.evidence)
    return tuple(cause for cause in found if cause and cause not in said)


def added_hint(check: CheckResult) -> str:
    """Return the hint of a check where it says more than the message above it; else an empty text.

    A hint is made without numbers, for hidden checks; beside the message of a public one it often says the same once
    more. It adds nothing when each of its words stands in the message. Hints of an author's list are always given.
    """
    if check.explanations:
        return check.hint
    said = _words(check.message or WORDS[check.outcome].explanation)
    return "" if _words(check.hint) <= said else check.hint


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) - _EMPTY_WORDS


def not_on_a_gpu(check: CheckResult) -> bool:
    """Whether a check would have looked at a GPU too, and there was none."""
    return f"{NOT_ON_A_GPU}." in check.notes


def without_gpu(counts: Iterable[int]) -> str:
    """Say of how many checks the GPU's part was left out, from their number in each submission; nothing of none."""
    most = max(counts, default=0)
    return f"{counted(most, 'parity check')} {NOT_ON_A_GPU}: this costs no points." if most else ""


def advice(result: SubmissionResult) -> tuple[tuple[str, int], ...]:
    """Return every hint once, in the order of the checks, with how many checks gave it.

    One cause fails many checks; where each has a hint of its own, there is nothing to sum up, and nothing is returned.
    """
    counts = Counter(check.hint for check in result.checks if check.hint)
    return tuple(counts.items()) if len(counts) < counts.total() else ()


def unusable(exercises: Iterable[ExerciseResult]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the functions that no check could call, in groups, each after the words that say why."""
    every = tuple(exercises)
    broken = tuple(name for exercise in every for name in exercise.broken)
    missing = tuple(name for exercise in every for name in exercise.missing)
    groups = (("Could not be defined", broken), ("Still to write", missing))
    return [(words, names) for words, names in groups if names]


def by_hand(exercise: ExerciseResult) -> str:
    """Say that an instructor set the points of an exercise, and why; nothing where the checks decided."""
    if exercise.override is None:
        return ""
    points, instead_of = format_points(exercise.earned), format_points(exercise.override.instead_of)
    return f"Points set by hand: {points} instead of {instead_of}. {exercise.override.reason}"


def place(location: Location) -> str:
    """Where a line of the student's code stands: ``backprop.py, line 12, in linear_backward``."""
    cell = "" if location.cell is None else f", cell {location.cell}"
    function = f", in {location.function}" if location.function else ""
    return f"{location.file}{cell}, line {location.line}{function}"


def whole_file(result: SubmissionResult) -> tuple[str, tuple[str, ...]]:
    """What there is to say about a submission as a whole.

    Returns
    -------
    sentence
        Our own words, which introduce the lines.
    lines
        Its message and its problems, in the student's words also; empty when all is well.
    """
    struck_as_a_whole = result.outcome is Outcome.UNREADABLE or not result.checks
    seen = "This was seen while the submission was read."
    sentence = WORDS[result.outcome].explanation if struck_as_a_whole else seen
    return sentence, tuple(line for line in (result.message, *result.problems) if line)
