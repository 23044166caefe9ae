"""What several commands need: exit statuses, the progress bar, the choice of isolation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from grader.sandbox.isolation import Level

OK, NOT_ALL_PASSED, COULD_NOT_RUN, GRADER_ERRORS = 0, 1, 2, 3


def level_of(isolation: str, *, foreign: bool = False) -> Level:
    """Return the level of isolation that was asked for.

    Parameters
    ----------
    isolation
        The name of a level, or ``best``.
    foreign
        Whether other people's code is graded: ``best`` is then never ``none``, which has to be asked for.

    Raises
    ------
    GraderError
        When this machine does not offer it.
    """
    from grader.sandbox import users
    from grader.sandbox.isolation import Level, best, why_not_namespace

    level = best() if isolation == "best" else Level(isolation)
    reasons = {Level.NAMESPACE: why_not_namespace, Level.USER: users.why_not_user}
    why_not = reasons[level]() if level in reasons else ""
    if foreign and isolation == "best" and level is Level.NONE:
        why_not = f"{why_not_namespace()}. Or: {users.why_not_user()}"
    if why_not:
        raise GraderError(f"{why_not}; or trust all submissions and say --isolation none")
    return level


def keep_closed(level: Level, paths: Iterable[Path | None]) -> None:
    """Refuse to grade where student code could read what is hidden: at a level that has no view of its own.

    Raises
    ------
    GraderError
        With the path that is open to others, and what to do.
    """
    from grader.sandbox import isolation, users
    from grader.sandbox.errors import SandboxError

    if level is not isolation.Level.USER:
        return
    try:
        users.refuse_open(path for path in paths if path is not None)
    except SandboxError as error:
        raise GraderError(str(error)) from None


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
