"""Reports in the forms of other systems, written from the gradebook into the folder of a run."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from grader.commands.shared import OK
from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from grader.reports.people import Roster
    from grader.results import BatchInfo, SubmissionResult

_KINDS = ("all", "table", "csv", "json", "schema", "junit", "classroom", "gradescope", "canvas", "moodle", "notebook")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What some of the forms need besides the results."""

    gradebook: Path | None = None
    column: str = ""
    feedback_column: str = ""
    roster: Path | None = None
    submissions: Path | None = None
    course: Path | None = None


def write(
    console: Console, out: Path, to: str, info: BatchInfo, results: list[SubmissionResult], options: Options
) -> int:
    """Write a form: JUnit to the standard output, every other below ``out``.

    Raises
    ------
    GraderError
        When there is no such form, or what it needs is missing or cannot be read.
    """
    from grader.reports import classroom, gradescope, junit

    try:
        if to == "junit":
            sys.stdout.write(junit.junit_xml(info.title, results))
        elif to == "classroom":
            _write_each(console, out / to, results, lambda result: classroom.runner_forms([result]))
        elif to == "gradescope":
            _write_each(console, out / to, results, gradescope.gradescope_form)
        elif to in {"canvas", "moodle"}:
            _fill(console, out, to, info, results, options)
        elif to == "notebook":
            _notebooks(console, out / to, info, results, options)
        else:
            raise GraderError(f"there is no report {to!r}; there are: {', '.join(_KINDS)}")
    except OSError as error:
        raise GraderError(f"the report could not be written: {error}") from None
    return OK


def _write_each(
    console: Console, folder: Path, results: list[SubmissionResult], form: Callable[[SubmissionResult], Any]
) -> None:
    """Write one file a submission, all or none."""
    from grader.reports.folder import whole_folder

    with whole_folder(folder) as partial:
        for result in results:
            (partial / f"{result.id}.json").write_text(json.dumps(form(result), indent=2) + "\n", encoding="utf-8")
    console.print(f"Written: {folder}", soft_wrap=True)


def _fill(
    console: Console, out: Path, to: str, info: BatchInfo, results: list[SubmissionResult], options: Options
) -> None:
    from grader.reports import platforms
    from grader.reports.cells import TableError
    from grader.reports.folder import replacing
    from grader.reports.text import one_line

    if options.gradebook is None:
        raise GraderError(f"say which export of the platform is to be filled: --to {to} --gradebook EXPORT.csv")
    if options.feedback_column and to == "canvas":
        raise GraderError("Canvas takes no comments from its gradebook: --feedback-column is for moodle")
    data = _content(options.gradebook)
    try:
        filled = platforms.fill(
            "canvas" if to == "canvas" else "moodle",
            data,
            info,
            results,
            users=_users(results),
            roster=_roster(options.roster) if options.roster else None,
            column=options.column,
            comments=options.feedback_column,
        )
    except TableError as error:
        raise GraderError(f"{options.gradebook}: {error}") from None
    target = out / f"{to}.csv"
    with replacing(target) as partial:
        partial.write_bytes(filled.data)
    what = f"{filled.grades} grades in the column {one_line(filled.column)}"
    console.print(f"Written: {target}: {what}", soft_wrap=True, markup=False)
    for line in filled.unmatched:
        console.print(f"not matched: {line}", soft_wrap=True, markup=False)


def _notebooks(
    console: Console, folder: Path, info: BatchInfo, results: list[SubmissionResult], options: Options
) -> None:
    """Write the own notebook of everybody who handed in one, with the feedback in it, as a notebook and as a page."""
    from grader.course import Course, find_course
    from grader.reports import notebook
    from grader.reports.folder import whole_folder
    from grader.reports.text import counted
    from grader.submissions import Unreadable, find, original

    if options.submissions is None:
        raise GraderError("say where the submissions lie: --to notebook --submissions FOLDER")
    course = Course(options.course) if options.course else find_course(Path())
    assignment = course.assignment(info.assignment)
    by_id = {result.id: result for result in results}
    written = 0
    try:
        with whole_folder(folder) as partial:
            for found in find(options.submissions, module=assignment.module):
                if found.id not in by_id:
                    continue
                try:
                    name, data = original(found, released=assignment.released())
                    if not name.endswith(".ipynb"):
                        continue
                    text = notebook.feedback_notebook(by_id[found.id], data)
                except (Unreadable, notebook.NotebookError) as error:
                    console.print(f"{found.id}: no notebook: {error}", soft_wrap=True, markup=False)
                    continue
                (partial / f"{found.id}.ipynb").write_text(text, encoding="utf-8")
                written += 1
                try:
                    page = notebook.page(text)
                except notebook.NotebookError as error:
                    console.print(f"{found.id}: no page: {error}", soft_wrap=True, markup=False)
                    continue
                (partial / f"{found.id}.html").write_text(page, encoding="utf-8")
    except Unreadable as error:
        raise GraderError(f"{options.submissions}: {error}") from None
    console.print(f"Written: {folder}: {counted(written, 'notebook')} with feedback", soft_wrap=True, markup=False)


def _users(results: list[SubmissionResult]) -> Mapping[str, str]:
    """Return the platform's number of each student, where the name of a downloaded file or folder holds it."""
    from grader.submissions import names

    def user(result: SubmissionResult) -> str:
        labels = (
            label(part, (result.assignment,))
            for part in PurePosixPath(result.source).parts
            for label in (names.of_file, names.of_folder)
        )
        return next((label.user for label in labels if label.user), "")

    return {result.id: user(result) for result in results}


def _roster(path: Path) -> Roster:
    from grader.reports.people import roster_of

    try:
        text = _content(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise GraderError(f"{path} is not UTF-8: export the roster again") from None
    return roster_of(csv.DictReader(io.StringIO(text, newline="")))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GraderError(f"{path} cannot be read: {error.strerror}") from None
