"""The student's feedback as Markdown, for issues, pull requests and job summaries.

Says what :func:`grader.reports.html.feedback_page` says, and shows no more than the redactor
leaves. Author's prose is escaped, and what a student wrote stands in code spans and fences,
where neither HTML nor links nor mentions of other users work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from grader.evidence import Evidence
from grader.reports.redact import redact
from grader.reports.text import counted, one_line, prose, visible
from grader.reports.words import WORDS, added_hint, advice, by_hand, causes, place, unusable, whole_file
from grader.results import BatchInfo, CheckResult, ExerciseResult, Outcome, SubmissionResult, format_points

# Characters that mean something in the middle of a line of GitHub's Markdown; the angle brackets
# and the ampersand are escaped by a backslash too, since no tag or entity begins after one.
_MARKED = re.compile(r"([\\`*_{}\[\]<>&#|~])")


def feedback_markdown(info: BatchInfo, result: SubmissionResult) -> str:
    """Return the feedback of the student of ``result`` as GitHub-flavoured Markdown."""
    shown = redact(result)
    blocks = [*_heading(info, shown), *_problems(shown), *_exercise_table(shown), *_open_checks(shown)]
    passed = [check for check in shown.checks if check.outcome is Outcome.PASSED]
    if passed:
        blocks += ["## Passed", "\n".join(_passed_line(check) for check in passed)]
    blocks.append("Of hidden checks you see the title, the outcome and a hint.")
    return "\n\n".join(blocks) + "\n"


def exercise_markdown(result: SubmissionResult, name: str) -> str:
    """Return what the feedback of ``result`` says of the exercise ``name``: points, hints, and what passed."""
    shown = redact(result)
    exercise = next(exercise for exercise in shown.exercises if exercise.name == name)
    own = [check for check in shown.checks if check.exercise == name]
    points = f"{format_points(exercise.earned)} of {format_points(exercise.points)} points"
    blocks = [f"**{_prose(exercise.title)}: {points}**"]
    if exercise.override:
        blocks.append(_prose(by_hand(exercise)))
    blocks += _unusable([exercise])
    blocks += [block for check in own if check.outcome is not Outcome.PASSED for block in _check(check)]
    passed = [_passed_line(check) for check in own if check.outcome is Outcome.PASSED]
    return "\n\n".join([*blocks, *(["Passed:", "\n".join(passed)] if passed else [])]) + "\n"


def _heading(info: BatchInfo, result: SubmissionResult) -> Iterator[str]:
    yield f"# {_prose(info.title)}"
    points = f"**{format_points(result.earned)} of {format_points(result.points)} points**"
    yield f"Feedback for {_span(result.student)}: {points}"


def _problems(result: SubmissionResult) -> Iterator[str]:
    sentence, lines = whole_file(result)
    if lines:
        yield sentence
        yield _fence("\n".join(lines))


def _exercise_table(result: SubmissionResult) -> Iterator[str]:
    if result.checks:
        head = "| Exercise | Points | Checks passed |\n| --- | ---: | ---: |"
        yield "\n".join([head, *map(_exercise_line, result.exercises)])
    for exercise in result.exercises:
        if exercise.override:
            yield f"**{_prose(exercise.title)}:** {_prose(by_hand(exercise))}"
    yield from _unusable(result.exercises)


def _unusable(exercises: Iterable[ExerciseResult]) -> Iterator[str]:
    """Say which functions could not be called at all, and why not."""
    for words, names in unusable(exercises):
        yield f"{words}: {', '.join(map(_span, names))}"


def _exercise_line(exercise: ExerciseResult) -> str:
    points = f"{format_points(exercise.earned)} of {format_points(exercise.points)}"
    title = re.sub(r"(?<!\\)\|", r"\|", _prose(exercise.title))  # a bar ends the cell, also within code
    return f"| {title} | {points} | {exercise.passed} of {exercise.total} |"


def _open_checks(result: SubmissionResult) -> Iterator[str]:
    not_passed = [check for check in result.checks if check.outcome is not Outcome.PASSED]
    if not_passed:
        yield "## Not passed yet"
        hints = [f"1. {_prose(hint)} ({counted(count, 'check')})" for hint, count in advice(result)]
        if hints:
            yield "What the hints say, each once:"
            yield "\n".join(hints)
    for check in not_passed:
        yield from _check(check)


def _passed_line(check: CheckResult) -> str:
    notes = "".join(f"\n  - **Note:** {_prose(note)}" for note in check.notes)
    return f"- {_prose(check.title)}{notes}"


def _check(check: CheckResult) -> Iterator[str]:
    yield f"### {_prose(check.title)}"
    yield f"**{check.outcome}** · {check.visibility} · weight {check.weight} · {_span(check.exercise)}"
    yield _fence(check.message) if check.message else WORDS[check.outcome].explanation
    if hint := added_hint(check):
        yield f"**Hint:** {_prose(hint)}"
    for cause in causes(check):
        yield f"**Likely cause:** {_prose(cause)}"
    for item in check.evidence:
        yield from _evidence(item)
    if check.location is not None:
        yield f"At {_span(place(check.location))}"
        yield from (_fence(code) for code in [check.location.code] if code)
    if check.functions:
        yield f"Called: {', '.join(map(_span, check.functions))}"
    for note in check.notes:
        yield f"**Note:** {_prose(note)}"
    if check.output:
        yield "Your code printed:"
        yield _fence(check.output)


def _evidence(item: Evidence) -> Iterator[str]:
    where = f", which differs most at {_span(item.where)}" if item.where else ""
    for word, value in (("Got", item.got), ("Expected", item.want)):
        if value:
            yield f"{word} {_span(item.name)}{where}:"
            yield _fence(value)
            where = ""


def _prose(text: str) -> str:
    """Escape a sentence; what its author put between backticks stays code."""
    parts = prose(one_line(" ".join(text.split())))
    return "".join(_span(part) if is_code else _MARKED.sub(r"\\\1", part) for part, is_code in parts)


def _span(text: str) -> str:
    """Quote ``text`` as inline code, whatever backticks it holds."""
    line = one_line(text)
    ticks = "`" * (_longest_run(line) + 1)
    padding = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{ticks}{padding}{line}{padding}{ticks}"


def _fence(text: str) -> str:
    """Quote ``text`` as a block of code, whatever backticks it holds."""
    ticks = "`" * max(_longest_run(text) + 1, 3)
    return f"{ticks}text\n{visible(text).rstrip()}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
