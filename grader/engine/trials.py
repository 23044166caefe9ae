"""Runs checks on the author's own answers, in this process, and keeps what they saw and measured.

The solution, its variants, its mistakes and its mutants are the author's code: there is no wall.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from grader.checks.record import Chance, Measurement, recording
from grader.engine import seeds
from grader.engine.checks import Check, CheckSuite
from grader.engine.plain import PlainStudent, module_of
from grader.engine.views import PASSED, View, view_of

if TYPE_CHECKING:
    from grader.sandbox.student import Student

ANSWER = "answer"
"""Name of the module that an answer is executed as."""

PATIENCE = 20
"""A process gets a twentieth of a processor on a very busy machine."""

LONGEST_SECONDS = 10.0
"""Time for what is no check of its own: an import, a comparison of calls. It ends endless loops."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How one check ended on one answer."""

    view: View
    error: BaseException | None
    measurements: tuple[Measurement, ...]
    chances: tuple[Chance, ...]

    @property
    def passed(self) -> bool:
        """Whether the check passed the answer."""
        return self.view.ending == PASSED


def answer(source: str) -> PlainStudent:
    """Execute an answer and return it in the student's place.

    Raises
    ------
    Exception
        Whatever it raises at import.
    """
    try:
        with limited(LONGEST_SECONDS), global_generators(0), _silent():
            return PlainStudent(module_of(source, ANSWER))
    except SystemExit as error:
        raise RuntimeError("it ends the interpreter") from error


def run(suite: CheckSuite, check: Check, student: PlainStudent, seed: str, *, seeded: bool = True) -> Trial:
    """Run a check on an answer, with the inputs that a submission gets under the same seed.

    Parameters
    ----------
    suite, check, student, seed
        As the names say.
    seeded
        Seed the global generators as a worker does; else they are as they are, and stay as they are left.
    """
    inputs = seeds.inputs_of(seed, check.id)
    generators = global_generators(seeds.globals_of(seed, check.id)) if seeded else nullcontext()
    with (
        recording(verdicts_only=True) as record,
        generators,
        limited(suite.seconds),
    ):
        met = suite.run(check, cast("Student", student), inputs)
    return Trial(
        view=view_of(record.sightings, met.error),
        error=met.error,
        measurements=tuple(record.measurements),
        chances=tuple(record.chances),
    )


def within_time(decide: Callable[[], bool]) -> bool:
    """Return what ``decide()`` returns; False where it finds no end."""
    try:
        with limited(LONGEST_SECONDS), global_generators(0), _silent():
            return decide()
    except TimeoutError:
        return False


def states() -> tuple[Any, ...]:
    """Return the states of the global generators: Python's, numpy's, and torch's where it is imported."""
    torch = sys.modules.get("torch")
    state = np.random.get_state()  # noqa: NPY002 - it is the global generator that students use
    return random.getstate(), state, torch.random.get_rng_state() if torch else None


def restore(kept: tuple[Any, ...]) -> None:
    """Put the global generators into states that :func:`states` returned."""
    random.setstate(kept[0])
    np.random.set_state(kept[1])  # noqa: NPY002
    if kept[2] is not None:
        sys.modules["torch"].random.set_rng_state(kept[2])


@contextmanager
def global_generators(seed: int) -> Iterator[None]:
    """Seed the global generators as a worker does, and give them back as they were."""
    kept = states()
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch:
        torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        restore(kept)


@contextmanager
def _silent() -> Iterator[None]:
    """Show no warnings: of hundreds of wrong answers they are neither news nor a verdict."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise ``TimeoutError`` inside after some time; only the main thread of a POSIX system can.

    It is time of the processor that counts: by the clock, a right answer would be late on a busy machine. What waits
    and computes nothing is ended by the clock, :data:`PATIENCE` times later.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no end within {seconds:g} s")

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, PATIENCE * seconds)}
    before: dict[int, Any] = {number: signal.signal(number, stop) for number in timers}
    for timer, after in timers.values():
        signal.setitimer(timer, after, seconds)  # again and again: what is looping may catch the first one
    try:
        yield
    finally:
        for timer, _ in timers.values():
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
