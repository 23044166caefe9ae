"""What CI runs: one submission, and the forms of the system that it finds itself in. Returns the exit status."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands.shared import COULD_NOT_RUN, NOT_ALL_PASSED, OK, keep_closed, level_of
from grader.errors import GraderError
from grader.results import Outcome

if TYPE_CHECKING:
    from rich.console import Console

    from grader.ci.student import Run
    from grader.ci.surroundings import Surroundings


def gradescope(console: Console, path: Path, *, root: Path, course: Path, assignment: str, isolation: str) -> int:
    """Grade one submission on Gradescope's machine with all checks, and leave its results there."""
    from grader.ci import gradescope as machine_of
    from grader.reports.gradescope import problem_form

    machine = machine_of.Machine(root)
    try:
        graded = machine_of.assignment_of(course, assignment)
        level = level_of(isolation, foreign=True)
        keep_closed(level, [graded.hidden, path, root / "results"])
        result = machine_of.run(graded, path, machine, level=level)
    except OSError as error:
        raise GraderError(f"the results could not be written: {error}") from None
    except GraderError as error:
        machine.put(problem_form(f"This could not be graded, which is not your fault: {error}"))
        raise
    console.out(f"graded: {result.outcome}", highlight=False)
    return OK


def ci(console: Console, path: Path, *, out: Path, assignment: str, isolation: str) -> int:
    """Run the public checks of a student repository, and leave what its system reads."""
    from grader.ci.surroundings import System, look_around
    from grader.ci.writing import Writer

    if not path.is_dir():
        raise GraderError(f"there is no folder {path}")
    here = look_around(os.environ, path)
    try:
        writer = Writer(here, out)
        writer.begin()
        try:
            from grader.ci import student

            found = student.run(here, path, only=assignment, level=level_of(isolation))
        except GraderError as error:
            writer.problem(str(error))
            raise
        writer.finish(found.graded, found.warnings)
    except OSError as error:
        raise GraderError(f"the forms could not be written: {error}") from None
    _show(console, here, found)
    if here.system is System.CLASSROOM50:
        return COULD_NOT_RUN if found.broken else OK  # any other status than 0 is a failure of the system there
    passed = all(check.outcome is Outcome.PASSED for _, result in found.graded for check in result.checks)
    return OK if passed and not found.broken else NOT_ALL_PASSED


def _show(console: Console, here: Surroundings, found: Run) -> None:
    """Print the report, and on GitHub the annotations after it."""
    from grader.ci.surroundings import System
    from grader.reports import actions, terminal
    from grader.reports.text import one_line

    on_github = here.system is not System.OTHER
    # what a student's code printed may look like a command to the runner, which must not obey it
    pause = secrets.token_hex(16)
    if on_github:
        console.out(f"::stop-commands::{pause}", highlight=False)
    for warning in found.warnings:
        console.out(f"note: {one_line(warning)}", highlight=False)
    for info, result in found.graded:
        console.print(terminal.check_report(info, result))
    if on_github:
        console.out(f"::{pause}::", highlight=False)
        lines = [actions.command("warning", warning) for warning in found.warnings]
        for (_, result), folder in zip(found.graded, found.folders, strict=True):
            lines += actions.annotation_lines(result, folder=folder)
        for line in lines:
            console.out(line, highlight=False)
