"""The command line: one function a command, which parses, calls one function and prints.

Errors become one line on standard error, and an exit status, in one place: :func:`_run`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="grader",
    help="Grades deep-learning coursework.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class LayoutChoice(StrEnum):
    """How submissions arrived; found out unless told."""

    FILE = "file"
    FOLDER = "folder"
    CLONE = "clone"
    FLAT = "flat"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    ZIP = "zip"


class IsolationChoice(StrEnum):
    """What may be asked for; ``best`` is resolved on the machine."""

    BEST = "best"
    NAMESPACE = "namespace"
    USER = "user"
    NONE = "none"


_Assignment = Annotated[str, typer.Option("--assignment", "-a", help="Its name; needed when the course has several.")]
_CourseFolder = Annotated[Path | None, typer.Option("--course", help="Folder with assignments/ and reference/.")]
_Isolation = Annotated[IsolationChoice, typer.Option(help="How student code is shut in; see `grader doctor`.")]
_Seed = Annotated[str | None, typer.Option(help="Secret from which all inputs are drawn; a new one unless given.")]


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from grader import __version__

        typer.echo(f"dlgrader {__version__}")
        raise typer.Exit


@app.callback()
def _grader(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,  # what it asks for its callback has done
) -> None:
    """Grades deep-learning coursework."""


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Your folder or file; this folder unless given.")] = Path(),
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever you save.")] = False,
    isolation: _Isolation = IsolationChoice.BEST,
) -> None:
    """Run the public checks on your own work."""
    from grader.commands import student

    _run(student.check, path, watch=watch, isolation=isolation.value)


@app.command()
def grade(
    submissions: Annotated[Path, typer.Argument(help="Folder, zip, .py or .ipynb.")],
    out: Annotated[Path, typer.Option("--out", help="Where results go; a run that was stopped continues there.")],
    *,
    assignment: _Assignment = "",
    course: _CourseFolder = None,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions graded at a time.")] = 1,
    layout: Annotated[LayoutChoice | None, typer.Option(help="How they arrived; found out unless told.")] = None,
    seed: _Seed = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what is graded already.")] = False,
    isolation: _Isolation = IsolationChoice.BEST,
) -> None:
    """Grade a folder of submissions with all checks."""
    from grader.commands import instructor

    _run(
        instructor.grade, submissions, out, assignment=assignment, course=course, jobs=jobs, seed=seed, fresh=fresh,
        isolation=isolation.value, layout=layout.value if layout else None,
    )  # fmt: skip


@app.command()
def report(
    out: Annotated[Path, typer.Argument(help="Folder that `grader grade` wrote.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="all, table, csv, json, schema, junit, classroom, gradescope, canvas, moodle or notebook."
        ),
    ] = "all",
    *,
    gradebook: Annotated[Path | None, typer.Option(help="For canvas and moodle: the export that is filled.")] = None,
    column: Annotated[str, typer.Option(help="For canvas and moodle: the column to fill, found unless given.")] = "",
    feedback_column: Annotated[
        str, typer.Option(help="For moodle: the column of comments, which are replaced by points and hints.")
    ] = "",
    roster: Annotated[
        Path | None, typer.Option(help="For canvas and moodle: CSV of who is known by what, and who is in which group.")
    ] = None,
    submissions: Annotated[Path | None, typer.Option(help="For notebook: what was graded.")] = None,
    course: _CourseFolder = None,
) -> None:
    """Write the reports again from the gradebook."""
    from grader.commands import forms, instructor

    options = forms.Options(
        gradebook=gradebook, column=column, feedback_column=feedback_column, roster=roster, submissions=submissions,
        course=course,
    )  # fmt: skip
    _run(instructor.report, out, to=to, options=options)


@app.command()
def override(
    out: Annotated[Path, typer.Argument(help="Folder that `grader grade` wrote.")],
    submission: Annotated[str, typer.Argument(help="Its id: the first column of grades.csv.")],
    exercise: Annotated[str, typer.Argument(help="Name of the exercise.")],
    points: Annotated[str | None, typer.Argument(help="What counts from now on: 3, 2.5 or 7/3.")] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why; the student reads it.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Let the checks decide again.")] = False,
) -> None:
    """Set points by hand; grading again does not change them."""
    from grader.commands import instructor

    _run(instructor.override, out, submission, exercise, points, reason=reason, remove=remove)


@app.command()
def ci(
    path: Annotated[Path, typer.Argument(help="The student's repository; this folder unless given.")] = Path(),
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for JUnit, feedback and forms.")] = Path("grader-results"),
    assignment: _Assignment = "",
    gradescope: Annotated[Path | None, typer.Option(help="Gradescope's folder: grade with all checks there.")] = None,
    course: _CourseFolder = None,
    isolation: _Isolation = IsolationChoice.BEST,
) -> None:
    """Run the public checks in CI, and leave results in the form of the system that runs them."""
    from grader.commands import ci as command

    if gradescope is not None:
        _run(
            command.gradescope, path, root=gradescope, course=course or Path(), assignment=assignment,
            isolation=isolation.value,
        )  # fmt: skip
    _run(command.ci, path, out=out, assignment=assignment, isolation=isolation.value)


@app.command()
def release(
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the student repository.")] = None,
    *,
    only: Annotated[str, typer.Option(help="One assignment.")] = "",
    to: Annotated[str, typer.Option("--to", help="students, classroom50 or gradescope.")] = "students",
    course: _CourseFolder = None,
) -> None:
    """Generate stubs and notebooks from the references, and write what is handed out."""
    from grader.commands import author

    _run(author.release, out, only=only, to=to, course=course)


@app.command()
def audit(
    assignment: Annotated[str, typer.Argument(help="Its name; needed when the course has several.")] = "",
    *,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds under which every right answer is graded.")] = 20,
    mutants: Annotated[bool, typer.Option(help="Also try mutants of the reference.")] = True,
    levels: Annotated[
        int,
        typer.Option(
            min=0,
            help="Only the stochastic checks on right answers, under that many seeds; goes on where it was stopped.",
        ),
    ] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    out: Annotated[Path, typer.Option("--out", help="Folder for NAME.json and NAME.html.")] = Path("out/audit"),
    course: _CourseFolder = None,
) -> None:
    """Measure the checks of an assignment: what they miss, and whether they ever fail a right answer."""
    from grader.commands import author

    if levels:
        _run(author.levels, assignment, seeds=levels, jobs=jobs, out=out, course=course)
    _run(author.audit, assignment, seeds=seeds, mutants=mutants, jobs=jobs, out=out, course=course)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Of the assignment and of its module, e.g. layer_norm.")],
    *,
    course: _CourseFolder = None,
) -> None:
    """Write a new assignment: one small exercise that works, to go on from."""
    from grader.commands import author

    _run(author.new, name, course=course)


@app.command()
def doctor() -> None:
    """Say what this machine can isolate, and what is missing."""
    from grader.commands import student

    _run(student.doctor)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _run(command: Callable[..., int], *arguments: Any, **options: Any) -> NoReturn:
    """Call what a command does and exit with its status; the one place where errors become lines."""
    # before numpy comes: arrays of checks are small, and threads of several processes would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        status = command(_console(), *arguments, **options)
    except GraderError as error:
        sys.stderr.write(f"grader: {error}\n")
        status = 2
    except KeyboardInterrupt as stopped:
        # a command that can go on later says so; of the others nothing is stored
        sys.stderr.write(f"grader: stopped{'; ' if stopped.args else ''}{stopped}\n")
        status = 130
    except BrokenPipeError:
        # whoever read our output has gone; what is left in the buffer must not raise once more at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    raise typer.Exit(status)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
