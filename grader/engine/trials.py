"""Runs checks on the author's own answers, in this process, and keeps what they saw and measured.

The solution, its variants, its mistakes and its mutants are the author's code: there is no wall.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from grader.checks.record import Chance, Measurement, recording
from grader.engine import seeds
from grader.engine.checks import Check, CheckSuite
from grader.engine.deadlines import limited
from grader.engine.plain import PlainStudent, module_of
from grader.engine.views import PASSED, View, view_of
from grader.sandbox import memory
from grader.worker import generators

if TYPE_CHECKING:
    from grader.sandbox.student import Student

ANSWER = "answer"
"""Name of the module that an answer is executed as."""

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
        with limited(LONGEST_SECONDS), generators.seeded(0), _silent():
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
    drawn = generators.seeded(seeds.globals_of(seed, check.id)) if seeded else nullcontext()
    with recording(verdicts_only=True) as record, drawn, limited(suite.seconds), memory.bounded():
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
        with limited(LONGEST_SECONDS), generators.seeded(0), _silent():
            return decide()
    except TimeoutError:
        return False


@contextmanager
def _silent() -> Iterator[None]:
    """Show no warnings: of hundreds of wrong answers they are neither news nor a verdict."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
