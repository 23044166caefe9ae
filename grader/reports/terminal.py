"""What the commands print: a class as a table, and one check run for the student who started it.

Makes renderables of rich and prints nothing itself. Everything is a ``Text``, never markup,
and foreign text has lost its control codes, so nothing that a student wrote is obeyed by
the terminal. Colour only repeats what a word says already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.reports.redact import redact
from grader.reports.rows import Row, points_of, row_of
from grader.reports.screen import STYLES, indented
from grader.reports.summary import count_mistakes, count_outcomes, with_shortcuts
from grader.reports.text import counted, one_line, shortened, visible
from grader.reports.words import WORDS, Tone, causes, not_on_a_gpu, place, whole_file, without_gpu
from grader.results import (
    BatchInfo,
    CheckResult,
    ExerciseResult,
    Location,
    Outcome,
    SubmissionResult,
    format_points,
)

_NAME_WIDTH = 15
_POINTS_WIDTH = 7
"""Columns of the class table: with five exercises, outcome and total they fill the 80 of a terminal."""

_MISTAKES_SHOWN = 5
"""What fits into a lesson."""


def class_table(info: BatchInfo, results: Iterable[SubmissionResult]) -> RenderableType:
    """Return a table with a row a submission, grader errors above it and the outcomes counted below.

    Of each result only its row is kept, so ``results`` may be a generator over a large class.
    """
    rows = [row_of(result) for result in results]
    table = _table(Text(one_line(info.title), style="bold"))
    table.add_column("Student", overflow="fold", min_width=_NAME_WIDTH)
    table.add_column("Outcome", no_wrap=True)
    for exercise in info.exercises:
        # on 80 columns names of exercises give way before names of students do
        heading = Text(one_line(exercise.name), no_wrap=True, overflow="ellipsis")
        table.add_column(heading, justify="right", no_wrap=True, max_width=_POINTS_WIDTH)
    table.add_column("total", justify="right", no_wrap=True, style="bold")
    for row in rows:
        table.add_row(*_class_cells(info, row))
    counts = ", ".join(f"{count} {outcome}" for outcome, count in count_outcomes(rows))
    below = f"{counted(len(rows), 'submission')}: {counts}" if rows else "no submissions"
    gpu = without_gpu(row.without_gpu for row in rows)
    counted_below = [*_by_hand_lines(rows), Text(below), *([Text(gpu)] if gpu else [])]
    return Group(*_fault_lines(rows), table, *counted_below, *_shortcut_lines(rows), *_mistake_lines(info, rows))


def check_report(info: BatchInfo, result: SubmissionResult) -> RenderableType:
    """Return what ``grader check`` tells a student: points of the public part, then what to do about each failure.

    Shows what a student may see and nothing else, whatever ``result`` holds. Grader errors
    come first; functions still to write are listed once, at the end.
    """
    shown = redact(result)
    parts = list(_problems(shown))
    if shown.exercises:
        parts.append(_exercise_table(info, shown))
    for check in _to_explain(shown):
        parts.extend(_failure(check))
    missing = [name for exercise in shown.exercises for name in exercise.missing]
    if missing:
        parts += [Text("\nStill to write", style="bold"), indented(Text(one_line(", ".join(missing))))]
    return Group(*parts, *_last_lines(shown))


def _to_explain(result: SubmissionResult) -> list[CheckResult]:
    """Checks that did not pass, grader errors first, without those that the list of missing functions explains."""
    unfinished = {exercise.name for exercise in result.exercises if exercise.missing}
    not_passed = [
        check
        for check in result.checks
        if check.outcome is not Outcome.PASSED
        and not (check.outcome is Outcome.NOT_IMPLEMENTED and check.exercise in unfinished)
    ]
    return sorted(not_passed, key=lambda check: check.outcome is not Outcome.GRADER_ERROR)


def _table(title: Text, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _class_cells(info: BatchInfo, row: Row) -> Iterator[Text]:
    yield Text(one_line(row.student))
    yield _outcome(row.outcome)
    for exercise in info.exercises:
        earned = row.by_exercise.get(exercise.name)
        yield Text("–" if earned is None else format_points(earned))
    yield Text(f"{format_points(row.earned)}/{format_points(points_of(info))}")


def _fault_lines(rows: Sequence[Row]) -> Iterator[RenderableType]:
    faults = [(row, name, message) for row in rows for name, message in row.faults]
    if not faults:
        return
    yield Text(f"{counted(len(faults), 'grader error')}: not the students' fault, and no points are lost", "bold red")
    for row, name, message in faults:
        yield indented(Text(one_line(f"{row.student}: {name}")))
        if message:
            yield indented(Text(shortened(visible(message))), by=4)
    yield Text()


def _by_hand_lines(rows: Sequence[Row]) -> Iterator[RenderableType]:
    for row in rows:
        for exercise, words in row.by_hand:
            yield Text(shortened(one_line(f"{row.student}, {exercise}: {words}")))


def _shortcut_lines(rows: Sequence[Row]) -> Iterator[RenderableType]:
    """Yield who seems to have numeric differences in place of derivatives; their pages say where."""
    if seen := with_shortcuts(rows):
        names = ", ".join(row.student for row in seen)
        what = f"Numeric differences seem to stand for derivatives in {counted(len(seen), 'submission')}"
        yield Text(shortened(one_line(f"{what}: {names}")))


def _mistake_lines(info: BatchInfo, rows: Sequence[Row]) -> Iterator[RenderableType]:
    """Yield what most of the class got wrong; the page of the class has all of it."""
    counts = sorted(count_mistakes(info, rows), key=lambda count: -len(count.rows))
    if counts:
        yield Text("\nMost frequent mistakes", "bold")
    for count in counts[:_MISTAKES_SHOWN]:
        who = counted(len(count.rows), "submission")
        yield indented(Text(shortened(one_line(f"{who}, {count.made.function}: {count.made.hint}"))))


def _problems(result: SubmissionResult) -> Iterator[RenderableType]:
    sentence, lines = whole_file(result)
    if not lines:
        return
    yield Text(sentence, style="bold")
    for line in lines:
        yield indented(Text(shortened(visible(line))))
    yield Text()


def _exercise_table(info: BatchInfo, result: SubmissionResult) -> Table:
    table = _table(Text(f"{one_line(info.title)}: {_part(result)}s", style="bold"), "Exercise")
    table.add_column("Checks passed", justify="right", no_wrap=True)
    table.add_column("Points", justify="right", no_wrap=True)
    for exercise in result.exercises:
        table.add_row(Text(one_line(exercise.title)), *_score(exercise))
    return table


def _score(exercise: ExerciseResult) -> tuple[Text, Text]:
    if exercise.total and exercise.passed == exercise.total:
        tone: Tone = "good"
    else:
        tone = "pending" if exercise.missing else "bad"
    passed = Text(f"{exercise.passed} of {exercise.total}", style=STYLES[tone])
    return passed, Text(f"{format_points(exercise.earned)} of {format_points(exercise.points)}")


def _failure(check: CheckResult) -> Iterator[RenderableType]:
    yield Text.assemble("\n", _outcome(check.outcome), "  ", (one_line(check.title), "bold"))
    yield indented(Text(shortened(visible(check.message or WORDS[check.outcome].explanation))))
    for cause in causes(check):
        yield indented(Text.assemble(("Likely cause: ", "bold"), visible(cause)))
    if check.hint:
        yield indented(Text.assemble(("Hint: ", "bold"), visible(check.hint)))
    if check.location is not None:
        yield from _where(check.location)
    for note in check.notes:
        yield indented(Text.assemble(("Note: ", "bold"), visible(note)))
    if check.output:
        yield indented(Text("Your code printed:", style="bold"))
        yield indented(Text(shortened(visible(check.output))), by=4)


def _where(location: Location) -> Iterator[RenderableType]:
    yield indented(Text.assemble(("At: ", "bold"), one_line(place(location))))
    if location.code:
        yield indented(Text(shortened(one_line(location.code)), style="cyan"), by=4)


def _last_lines(result: SubmissionResult) -> Iterator[RenderableType]:
    if not result.checks:
        return
    passed = sum(check.outcome is Outcome.PASSED for check in result.checks)
    counts = f"{passed} of {counted(len(result.checks), _part(result))} passed"
    points = f"{format_points(result.earned)} of {format_points(result.points)} points"
    yield Text(f"\n{counts}, {points}.", style="bold")
    if any(map(not_on_a_gpu, result.checks)):
        yield Text(without_gpu([sum(map(not_on_a_gpu, result.checks))]))
    if _part(result) == "public check":
        yield Text("Hidden checks count as well; they run when your work is graded.")


def _part(result: SubmissionResult) -> str:
    """What the checks of ``result`` are called: a student's own run has the public ones only."""
    return "check" if any(check.visibility == "hidden" for check in result.checks) else "public check"


def _outcome(outcome: Outcome) -> Text:
    return Text(outcome.value, style=STYLES[WORDS[outcome].tone], no_wrap=True)
