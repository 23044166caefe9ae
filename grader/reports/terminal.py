"""What the commands print: a class as a table, and one check run for the student who started it.

Makes renderables of rich and prints nothing itself. Everything is a ``Text``, never markup,
and foreign text has lost its control codes, so nothing that a student wrote is obeyed by
the terminal. Colour only repeats what a word says already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.reports.columns import fit
from grader.reports.redact import redact
from grader.reports.rows import Row, points_of, row_of
from grader.reports.screen import STYLES, indented
from grader.reports.summary import count_mistakes, count_outcomes, with_shortcuts
from grader.reports.text import counted, one_line, shortened, visible
from grader.reports.words import (
    WORDS,
    Tone,
    added_hint,
    causes,
    not_on_a_gpu,
    place,
    unusable,
    whole_file,
    without_gpu,
)
from grader.results import (
    BatchInfo,
    CheckResult,
    ExerciseResult,
    Location,
    Outcome,
    SubmissionResult,
    format_points,
)

_REASONS_SHOWN = 10
"""Submissions that could not be read, with why: with more, the class was collected wrongly, for one reason."""
_LONGEST_NAME = 60
"""Cells of a name in the class table, where it is folded over two lines and more."""
_MISTAKES_SHOWN = 5
"""What fits into a lesson."""


def class_table(info: BatchInfo, results: Iterable[SubmissionResult]) -> RenderableType:
    """Return a table with a row a submission, grader errors above it and the outcomes counted below.

    Of each result only its row is kept, so ``results`` may be a generator over a large class.
    """
    rows = [row_of(result) for result in results]
    counts = ", ".join(f"{count} {outcome}" for outcome, count in count_outcomes(rows))
    below = f"{counted(len(rows), 'submission')}: {counts}" if rows else "no submissions"
    gpu = without_gpu(row.without_gpu for row in rows)
    counted_below = [*_by_hand_lines(rows), Text(below), *_reason_lines(rows), *([Text(gpu)] if gpu else [])]
    table = _ClassTable(info, rows)
    return Group(*_fault_lines(rows), table, *counted_below, *_shortcut_lines(rows), *_mistake_lines(info, rows))


class _ClassTable:
    """The table of a class. Only when it is printed is it known how wide it may be."""

    def __init__(self, info: BatchInfo, rows: Sequence[Row]) -> None:
        self._info, self._rows = info, rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        info = self._info
        headings = [Text("Student"), Text("Outcome"), *(Text(one_line(e.name)) for e in info.exercises), Text("total")]
        lines = [headings, *([*_class_cells(info, row)] for row in self._rows)]
        name, outcome, *exercises, total = [
            max(cell.cell_len for cell in column) for column in zip(*lines, strict=True)
        ]
        points = [max((line[n].cell_len for line in lines[1:]), default=0) for n in range(2, 2 + len(exercises))]
        widths = fit(
            options.max_width,
            name=name,
            fixed=(outcome, total),
            headings=[heading.cell_len for heading in headings[2:-1]],
            points=points,
        )
        shown = len(widths.exercises)
        table = _table(Text(one_line(info.title), style="bold"))
        table.add_column(headings[0], overflow="fold", width=widths.name)
        table.add_column(headings[1], no_wrap=True)
        for heading, width in zip(headings[2:], widths.exercises, strict=False):
            heading.no_wrap, heading.overflow = True, "ellipsis"
            table.add_column(heading, justify="right", no_wrap=True, width=width)
        table.add_column(headings[-1], justify="right", no_wrap=True, style="bold")
        for line in lines[1:]:
            table.add_row(*line[: 2 + shown], line[-1])
        yield table
        if left_out := len(exercises) - shown:
            yield Text(f"… {counted(left_out, 'exercise')} not shown: the report has all")


def check_report(info: BatchInfo, result: SubmissionResult) -> RenderableType:
    """Return what ``grader check`` tells a student: points of the public part, then what to do about each failure.

    Shows what a student may see and nothing else, whatever ``result`` holds. Grader errors
    come first; functions still to write are listed once, at the end.
    """
    shown = redact(result)
    parts = [*_file_line(shown), *_problems(shown)]
    if shown.checks:
        parts.append(_exercise_table(info, shown))
    for check in _to_explain(shown):
        parts.extend(_failure(check))
    for words, names in unusable(shown.exercises):
        parts += [Text(f"\n{words}", style="bold"), indented(Text(one_line(", ".join(names))))]
    return Group(*parts, *_last_lines(shown))


def _file_line(result: SubmissionResult) -> Iterator[RenderableType]:
    """Say which file was read: script and notebook lie side by side, and of a notebook it is the saved one."""
    if result.source and result.checks:
        saved = ", as it was last saved" if result.source.endswith(".ipynb") else ""
        yield Text(f"Read: {one_line(result.source)}{saved}\n")


def _to_explain(result: SubmissionResult) -> list[CheckResult]:
    """Checks that did not pass, grader errors first, without those that the lists of functions explain."""
    unfinished = {exercise.name for exercise in result.exercises if exercise.missing}
    broken = {name for exercise in result.exercises for name in exercise.broken}
    not_passed = [
        check
        for check in result.checks
        if check.outcome is not Outcome.PASSED
        and not (check.outcome is Outcome.NOT_IMPLEMENTED and check.exercise in unfinished)
        and not (check.outcome is Outcome.CRASHED and broken.intersection(check.functions))
    ]
    return sorted(not_passed, key=lambda check: check.outcome is not Outcome.GRADER_ERROR)


def _table(title: Text, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _class_cells(info: BatchInfo, row: Row) -> Iterator[Text]:
    name = Text(one_line(row.student))
    name.truncate(_LONGEST_NAME, overflow="ellipsis")
    yield name
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


def _reason_lines(rows: Sequence[Row]) -> Iterator[RenderableType]:
    """Yield why submissions could not be read: there is nothing else to look up."""
    unread = [row for row in rows if row.outcome is Outcome.UNREADABLE]
    for row in unread[:_REASONS_SHOWN]:
        yield indented(Text(shortened(one_line(f"{row.student}: {row.message}"))))
    left_out = len(unread) - _REASONS_SHOWN
    if left_out > 0:
        yield indented(Text(f"… {left_out} more could not be read: the report says why"))


def _by_hand_lines(rows: Sequence[Row]) -> Iterator[RenderableType]:
    for row in rows:
        for exercise, words in row.by_hand:
            yield Text(shortened(one_line(f"{row.student}, {exercise}: {words}")))


def _shortcut_lines(rows: Sequence[Row]) -> Iterator[RenderableType]:
    """Yield who seems to have taken a shortcut in place of own work; their pages say where."""
    if seen := with_shortcuts(rows):
        names = ", ".join(row.student for row in seen)
        what = f"Shortcuts seem to stand for own work in {counted(len(seen), 'submission')}"
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
    if hint := added_hint(check):
        yield indented(Text.assemble(("Hint: ", "bold"), visible(hint)))
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
    alone = " by them alone" if _part(result) == "public check" else ""
    yield Text(f"\n{counts}, {points}{alone}.", style="bold")
    if any(map(not_on_a_gpu, result.checks)):
        yield Text(without_gpu([sum(map(not_on_a_gpu, result.checks))]))
    if _part(result) == "public check":
        yield Text("Hidden checks count as well; they run when your work is graded.")


def _part(result: SubmissionResult) -> str:
    """What the checks of ``result`` are called: a student's own run has the public ones only."""
    return "check" if any(check.visibility == "hidden" for check in result.checks) else "public check"


def _outcome(outcome: Outcome) -> Text:
    return Text(outcome.value, style=STYLES[WORDS[outcome].tone], no_wrap=True)
