"""What the commands do: join the engine to the reports. Each returns its exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import Assignment, Course, find_assignment, find_course
from grader.errors import GraderError
from grader.results import Outcome, SubmissionResult

if TYPE_CHECKING:
    from rich.console import Console

    from grader.engine.gradebook import Gradebook
    from grader.reports.rows import Row
    from grader.sandbox.isolation import Level
    from grader.sandbox.zygote import Zygote
    from grader.submissions import Found

OK, NOT_ALL_PASSED, COULD_NOT_RUN, GRADER_ERRORS = 0, 1, 2, 3
_DEBOUNCE_MS = 30
"""An editor's save is a burst of a few events within milliseconds; 30 ms gather it, and nobody notices them."""


def check(console: Console, path: Path, *, watch: bool, isolation: str) -> int:
    """Run the public checks on a student's own work; again on every save when ``watch``."""
    from grader.engine import local
    from grader.engine.digests import grader_version
    from grader.engine.grade import info_of
    from grader.reports import terminal

    if not path.exists():
        raise GraderError(f"there is no {path}")
    assignment = find_assignment(path if path.is_dir() else path.parent)
    level = _level(isolation)
    info = info_of(assignment, seed="public", level=level, version=grader_version())

    def show(result: SubmissionResult) -> None:
        if watch:
            console.clear()
        console.print(terminal.check_report(info, result))
        if watch:
            console.print("Watching: save to run again, Ctrl+C to stop.")

    passed = local.check(assignment, path, show, level=level, again=_saves(path) if watch else iter(()))
    return OK if passed else NOT_ALL_PASSED


def _saves(path: Path) -> Iterator[object]:
    """Yield whenever something below the student's folder is saved."""
    from watchfiles import watch

    folder = path if path.is_dir() else path.parent
    changes = watch(
        folder, step=_DEBOUNCE_MS, debounce=10 * _DEBOUNCE_MS, rust_timeout=_DEBOUNCE_MS, yield_on_timeout=True
    )
    next(changes)  # from here on it watches, so that nothing is missed that is saved during the first run
    return filter(None, changes)


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
) -> int:
    """Grade a folder of submissions and write every report."""
    from grader.engine.warm import zygote_of
    from grader.submissions import Unreadable, find

    if not submissions.exists():
        raise GraderError(f"there is no {submissions}")
    chosen = (Course(course) if course else find_course(Path())).assignment(assignment)
    if chosen.hidden is None:
        console.print(f"There is no reference/{chosen.name}: only the public checks are run.")
    try:
        found = find(submissions, module=chosen.module)
    except (Unreadable, OSError) as error:
        raise GraderError(f"{submissions}: {error}") from None
    if not found:
        raise GraderError(f"{submissions} holds no submission: neither .py, .ipynb, .zip nor a folder a student")
    level = _level(isolation)
    with zygote_of(chosen, level) as zygote:
        if jobs == 1:
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

    with batch.open_gradebook(out) as book:
        plan = batch.plan_run(assignment, book, seed=seed, level=zygote.level, fresh=fresh)
        with _progress(console, len(found)) as advance:

            def on_graded(graded: batch.Graded) -> None:
                batch.store(book, graded)
                advance(graded.id)

            if jobs == 1:
                batch.run(plan, batch.tasks_of(found), on_graded, zygote)
            else:
                pool.run(plan, batch.tasks_of(found), on_graded, jobs=jobs)
        book.keep_only({item.id for item in found})
        rows = _write(out, book)
        console.print(terminal.class_table(book.info(), book.results()))
    console.print(f"\nReport: {out / folder.CLASS_PAGE}", soft_wrap=True)
    return GRADER_ERRORS if any(row.outcome is Outcome.GRADER_ERROR for row in rows) else OK


def report(console: Console, out: Path, *, to: str) -> int:
    """Write reports again from the gradebook."""
    import json
    import sys

    from grader.engine import batch
    from grader.reports import grades, terminal, whole

    if to == "schema":
        sys.stdout.write(json.dumps(whole.json_schema(), indent=2) + "\n")
        return OK
    if not (out / batch.GRADEBOOK).is_file():
        raise GraderError(f"{out} holds no gradebook: give the folder that `grader grade --out` wrote")
    with batch.open_gradebook(out) as book:
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
            raise GraderError(f"there is no report {to!r}; there are: all, table, csv, json, schema")
    return OK


def release(console: Console, out: Path | None, *, only: str, course: Path | None) -> int:
    """Generate what students receive, and copy it when ``out`` is given."""
    from grader import release as releasing

    root = course or find_course(Path()).root
    names = [only] if only else Course(root).names
    try:
        for name in names:
            changed = releasing.write(root, name)
            for path in changed:
                console.print(f"generated {path.resolve().relative_to(root.resolve())}", soft_wrap=True)
        if out is not None:
            releasing.copy_release(root, out, only=only or None)
            console.print(f"released {', '.join(names)} to {out}", soft_wrap=True)
    except releasing.ReleaseError as error:
        raise GraderError(str(error)) from None
    return OK


def doctor(console: Console) -> int:
    """Say what this machine can isolate."""
    from grader.sandbox import doctor as doctoring

    findings = doctoring.examine()
    for finding in findings:
        console.print(f"{'ok     ' if finding.holds else 'missing'}  {finding.what}", soft_wrap=True)
        if finding.advice:
            console.print(f"         {finding.advice}", soft_wrap=True)
    return OK if all(finding.holds for finding in findings if finding.needed) else NOT_ALL_PASSED


def _level(isolation: str) -> Level:
    from grader.sandbox.isolation import Level, best, why_not_namespace

    if isolation == "best":
        return best()
    level = Level(isolation)
    if level is Level.NAMESPACE and why_not_namespace():
        raise GraderError(f"{why_not_namespace()}; or trust all submissions and say --isolation none")
    return level


def _write(out: Path, book: Gradebook) -> list[Row]:
    from grader.reports import folder

    try:
        return folder.write_folder(out, book.info(), book.results)
    except OSError as error:
        again = f"`grader report {out}` writes them again"
        raise GraderError(f"the reports could not be written ({error}); {again}") from None


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[str], None]]:
    """Show a progress bar while the batch runs; give the function that advances it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )  # fmt: skip
    # where nobody watches, a bar is only noise in a log
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda name: bar.update(task, advance=1, description=name)
