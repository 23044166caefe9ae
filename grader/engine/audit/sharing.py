"""Hands tasks out to this process or to several, each of which collects the checks once for a share of them."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from grader.course import Assignment
from grader.engine.audit.sound import shortly
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.processes import belongs_to_parent, without_interrupts
from grader.errors import GraderError

Task = TypeVar("Task")
Found = TypeVar("Found")

Progress = Callable[[int, int], None]
Work = Callable[[Assignment, CheckSuite, Sequence[Task], Progress], list[Found]]
"""What a process does with its share; a function that another process can import."""

SHARES = 12
"""Tasks are dealt out in this many shares a process, of several: collecting the checks again costs 0.2 s, and the last
share is waited for."""


def shared(
    assignment: Assignment, work: Work[Task, Found], tasks: Sequence[Task], jobs: int, on_progress: Progress
) -> Iterator[list[Found]]:
    """Yield what was found, share by share, as it becomes known.

    Raises
    ------
    GraderError
        When the checks cannot be collected, or a process broke off.
    """
    with _told():
        if jobs == 1:  # no second process: a debugger gets in, and a small course is done before another would start
            yield with_checks(assignment, lambda suite: work(assignment, suite, tasks, on_progress)) if tasks else []
            return
        assert assignment.hidden is not None
        do = partial(_in_another_process, assignment.public, assignment.hidden, work)
        shares = [tasks[start :: SHARES * jobs] for start in range(min(SHARES * jobs, len(tasks)))]
        # spawned, because pytest and numpy have state that a fork would share
        context, ends = multiprocessing.get_context("spawn"), (signal.SIG_DFL,)
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=belongs_to_parent, initargs=ends) as pool:
            try:
                with without_interrupts():
                    waiting = [pool.submit(do, share) for share in shares]
                for done, future in enumerate(as_completed(waiting), 1):
                    yield future.result()
                    on_progress(done, len(shares))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in multiprocessing.active_children():
                    process.terminate()  # it has nothing that is kept, and half a minute of its share to go
                raise


def _in_another_process(public: Path, hidden: Path, work: Work[Task, Found], tasks: Sequence[Task]) -> list[Found]:
    assignment = Assignment(public, hidden)
    return with_checks(assignment, lambda suite: work(assignment, suite, tasks, lambda _done, _of: None))


@contextmanager
def _told() -> Iterator[None]:
    """Turn what breaks the work off, a process that died say, into one line."""
    try:
        yield
    except GraderError:
        raise
    except Exception as error:
        raise GraderError(f"the audit broke off: {shortly(error)}") from error
