"""What an instructor runs: a class is graded, and reported on. Each command returns its exit status."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import forms
from grader.commands.shared import GRADER_ERRORS, OK, keep_closed, level_of, progress
from grader.course import Assignment, Course, find_course
from grader.errors import GraderError
from grader.results import Outcome

if TYPE_CHECKING:
    from rich.console import Console

    from grader.engine.gradebook import Gradebook
    from grader.reports.rows import Row
    from grader.sandbox.zygote import Zygote
    from grader.submissions import Found


def grade(
    console: Console,
    submissions: Path,
    out: Path,
    *,
    assignment: str,
    course: Path | None,
    jobs: int,
    seed: str | None,
    fresh: bool,
    isolation: str,
    layout: str | None = None,
) -> int:
    """Grade a folder of submissions and write every report."""
    from grader.engine.warm import zygote_of
    from grader.submissions import Layout, Unreadable, find

    if not submissions.exists():
        raise GraderError(f"there is no {submissions}")
    chosen = (Course(course) if course else find_course(Path())).assignment(assignment)
    if chosen.hidden is None:
        console.print(f"There is no reference/{chosen.name}: only the public checks are run.")
    _keep_apart(submissions, out)
    try:
        arrived = Layout(layout) if layout else None
        found = find(submissions, module=chosen.module, layout=arrived, due=chosen.configuration.due)
    except (Unreadable, OSError) as error:
        raise GraderError(f"{submissions}: {error}") from None
    if not found:
        raise GraderError(f"{submissions} holds no submission: neither .py, .ipynb, .zip nor a folder a student")
    level = level_of(isolation, foreign=True)
    new = not out.exists()
    keep_closed(level, [chosen.hidden, submissions, out])
    with zygote_of(chosen, level) as zygote:
        if jobs == 1 and new:
            # most of the time before the first result is importing, here and there: let both do it at once
            zygote.start()
        return _grade(console, found, out, chosen, zygote, jobs=jobs, seed=seed, fresh=fresh)


def _grade(
    console: Console,
    found: list[Found],
    out: Path,
    assignment: Assignment,
    zygote: Zygote,
    *,
    jobs: int,
    seed: str | None,
    fresh: bool,
) -> int:
    from grader.engine import batch, pool
    from grader.reports import folder, terminal
    from grader.reports.text import counted

    done: Counter[str] = Counter()
    try:
        with batch.open_gradebook(out) as book:
            plan = batch.plan_run(assignment, book, seed=seed, level=zygote.level, fresh=fresh)
            with progress(console, "grading", len(found)) as (bar, task):

                def on_graded(graded: batch.Graded) -> None:
                    batch.store(book, graded)
                    done["kept" if graded.result is None else "graded"] += 1
                    bar.update(task, advance=1, description=graded.id)

                tasks = batch.settle(plan, batch.tasks_of(found), on_graded)
                if jobs == 1 and tasks:
                    batch.run(plan, tasks, on_graded, zygote)
                elif tasks:
                    pool.run(plan, tasks, on_graded, jobs=jobs)
            book.keep_only({item.id for item in found})
            rows = _write(out, book)
            console.print(terminal.class_table(book.info(), book.results()))
    except KeyboardInterrupt:
        again = "the command again without --fresh" if fresh else "the same command again"
        words = f"{done.total()} of {counted(len(found), 'submission')} stored: type {again} to go on"
        raise KeyboardInterrupt(words) from None
    if done["kept"]:
        console.print(f"{counted(len(found), 'submission')}: {done['kept']} kept from before, {done['graded']} graded")
    console.print(f"\nReport: {out / folder.CLASS_PAGE}", soft_wrap=True)
    return GRADER_ERRORS if any(row.outcome is Outcome.GRADER_ERROR for row in rows) else OK


def _keep_apart(submissions: Path, out: Path) -> None:
    """Refuse results among the submissions, which would be graded next time, and submissions among the results."""
    from grader.reports import folder

    given, written = submissions.resolve(), out.resolve()
    if written.is_relative_to(given):
        beside = given.parent / f"{given.stem}-graded"
        raise GraderError(
            f"--out {out} is or lies in {submissions}, where everything is taken for a submission: "
            f"choose another, e.g. --out {beside}"
        )
    if any(given.is_relative_to(written / name) for name in (folder.REPORT, folder.FEEDBACK)):
        raise GraderError(f"{submissions} lies where the reports of --out {out} are written anew: choose another --out")


def report(console: Console, out: Path, *, to: str, options: forms.Options) -> int:
    """Write reports again from the gradebook."""
    import json
    import sys

    from grader.reports import grades, terminal, whole

    if to == "schema":
        sys.stdout.write(json.dumps(whole.json_schema(), indent=2) + "\n")
        return OK
    with _gradebook(out) as book:
        info = book.info()
        if to == "all":
            _write(out, book)
            console.print(f"Written: {out}", soft_wrap=True)
        elif to == "table":
            console.print(terminal.class_table(info, book.results()))
        elif to == "csv":
            grades.write_grades_csv(sys.stdout, info, book.results())
        elif to == "json":
            whole.write_results_json(sys.stdout, info, book.results())
        else:
            forms.write(console, out, to, info, list(book.results()), options)
    return OK


def override(
    console: Console, out: Path, submission: str, exercise: str, points: str | None, *, reason: str, remove: bool
) -> int:
    """Set the points of one exercise of one submission by hand, or take that back, and write every report again."""
    if remove == (points is not None):
        raise GraderError("give either the points or --remove")
    if not remove and not reason.strip():
        raise GraderError("say why with --reason: the student reads it")
    with _gradebook(out) as book:
        book.override(submission, exercise, None if points is None else _fraction(points), reason)
        _write(out, book)
    console.print(f"{submission}, {exercise}: {'what the checks give' if remove else points}", markup=False)
    return OK


def _fraction(points: str) -> Fraction:
    try:
        return Fraction(points)
    except (ValueError, ZeroDivisionError):
        raise GraderError(f"{points!r} are no points: write 3, 2.5 or 7/3") from None


def _gradebook(out: Path) -> Gradebook:
    """Open the gradebook of a folder that was graded into."""
    from grader.engine import batch

    if not (out / batch.GRADEBOOK).is_file():
        raise GraderError(f"{out} holds no gradebook: give the folder that `grader grade --out` wrote")
    return batch.open_gradebook(out)


def _write(out: Path, book: Gradebook) -> list[Row]:
    from grader.reports import folder

    try:
        return folder.write_folder(out, book.info(), book.results)
    except OSError as error:
        again = f"`grader report {out}` writes them again"
        raise GraderError(f"the reports could not be written ({error}); {again}") from None
