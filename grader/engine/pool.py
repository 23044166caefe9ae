"""The batch on several processes: each has its own pytest session and its own zygote.

A process that dies takes one submission with it, which is then graded by another; only when
that one dies too is it a grader error. Everything that crosses between these processes is
the grader's own: the untrusted ones are behind the wall.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from grader.engine import batch
from grader.engine.grade import lost
from grader.engine.processes import belongs_to_parent, without_interrupts
from grader.engine.warm import zygote_of
from grader.errors import GraderError

_END_SECONDS = 30
"""Time for a process to end by itself: it ends its zygote, which ends its workers."""
_TRIES = 2
"""A submission during which two processes died is given up."""


@dataclass
class _Runner:
    process: BaseProcess
    connection: Connection
    tasks: deque[batch.Task]
    """Given to it and not answered, in order: one in work, one ahead."""
    ending: bool = False
    """Whether it was told that no more tasks come."""


def run(plan: batch.Plan, tasks: list[batch.Task], on_graded: Callable[[batch.Graded], None], *, jobs: int) -> None:
    """Grade submissions on ``jobs`` processes, handing each on as soon as it is done.

    Raises
    ------
    GraderError
        As :func:`grader.engine.batch.run`.
    """
    todo = deque(tasks)
    tries: dict[int, int] = {}
    runners = [_start(plan) for _ in range(min(jobs, len(tasks)))]
    try:
        while runners:
            for runner in runners:
                _feed(runner, todo)
            ready = wait([runner.connection for runner in runners])
            for runner in [r for r in runners if r.connection in ready]:
                if not _take(runner, on_graded):
                    runners.remove(runner)
                    _end(runner)
                    _put_back(plan, runner, todo, tries, on_graded)
                    if todo:
                        runners.append(_start(plan))
            for runner in [r for r in runners if r.ending and not r.tasks]:
                runners.remove(runner)
                _end(runner)
    except BaseException:
        for runner in runners:
            runner.process.terminate()
        raise
    finally:
        for runner in runners:
            _end(runner)


def _end(runner: _Runner) -> None:
    """Wait until a process has ended, and removed what it made; close what leads to it."""
    runner.connection.close()
    runner.process.join(_END_SECONDS)
    runner.process.kill()
    runner.process.join()
    runner.process.close()


def _start(plan: batch.Plan) -> _Runner:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(plan, there), daemon=True)
    with without_interrupts():
        process.start()
    there.close()
    return _Runner(process, here, deque())


def _feed(runner: _Runner, todo: deque[batch.Task]) -> None:
    """Give it work: one submission to grade, and the next one to prepare meanwhile."""
    # when it is dead already, its tasks are put back as soon as its end is read
    with contextlib.suppress(OSError):
        while todo and len(runner.tasks) < 2 and not runner.ending:
            runner.tasks.append(todo.popleft())
            runner.connection.send(runner.tasks[-1])
        if not todo and not runner.ending:
            runner.ending = True
            runner.connection.send(None)


def _take(runner: _Runner, on_graded: Callable[[batch.Graded], None]) -> bool:
    """Take one answer; False when the process is gone."""
    try:
        answer = runner.connection.recv()
    except (EOFError, OSError):
        return False
    if isinstance(answer, GraderError):
        raise answer
    runner.tasks.popleft()
    on_graded(answer)
    return True


def _put_back(
    plan: batch.Plan,
    runner: _Runner,
    todo: deque[batch.Task],
    tries: dict[int, int],
    on_graded: Callable[[batch.Graded], None],
) -> None:
    """Give the tasks of a dead process back; the one that it was at is suspected."""
    for number, (position, found) in enumerate(reversed(runner.tasks)):
        suspected = number == len(runner.tasks) - 1
        tries[position] = tries.get(position, 0) + suspected
        if tries[position] < _TRIES:
            todo.appendleft((position, found))
        else:
            result = lost(plan.assignment, found, plan.level.value)
            on_graded(batch.Graded(position=position, id=found.id, result=result))


def _serve(plan: batch.Plan, connection: Connection) -> None:
    """In the process: grade what comes until the connection closes."""

    def tasks() -> Iterator[batch.Task]:
        while (task := connection.recv()) is not None:
            yield task

    # pytest lets KeyboardInterrupt alone through, and so everything that was made is removed on the way out
    belongs_to_parent(on_end=signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt, EOFError, ConnectionError):
        try:
            with zygote_of(plan.assignment, plan.level) as zygote:
                zygote.start()  # it warms up while the checks are collected
                batch.run(plan, tasks(), connection.send, zygote)
        except GraderError as error:
            connection.send(error)
