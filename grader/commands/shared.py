"""What several commands need: exit statuses, the progress bar, the choice of isolation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from grader.sandbox.isolation import Level

OK, NOT_ALL_PASSED, COULD_NOT_RUN, GRADER_ERRORS = 0, 1, 2, 3


def level_of(isolation: str) -> Level:
    """Return the level of isolation that was asked for.

    Raises
    ------
    GraderError
        When this machine does not offer it.
    """
    from grader.sandbox.isolation import Level, best, why_not_namespace

    if isolation == "best":
        return best()
    level = Level(isolation)
    if level is Level.NAMESPACE and why_not_namespace():
        raise GraderError(f"{why_not_namespace()}; or trust all submissions and say --isolation none")
    return level


@contextmanager
def progress(console: Console, what: str, total: int | None = None) -> Iterator[tuple[Progress, TaskID]]:
    """Show a progress bar while something runs; give the bar and its task."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )  # fmt: skip
    # where nobody watches, a bar is only noise in a log
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar, bar.add_task("", total=total)
