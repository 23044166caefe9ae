"""What one check saw of one answer, and when two answers looked the same to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from grader.checks.sightings import Sighting, alike
from grader.evidence import CheckFailure, NotImplementedByStudent
from grader.sandbox.errors import Raised, SandboxError, SubmissionFault

PASSED, FAILED = "passed", "failed"


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything that a check looked at, in order, and how it ended."""

    sightings: tuple[Sighting, ...]
    ending: str
    """``passed``, ``failed``, or the exception that ended it, with its text; empty when that says nothing."""

    @property
    def says_something(self) -> bool:
        """Whether an answer can be recognised by it."""
        # of a plain assertion that failed nothing is known but that it did
        return bool(self.ending) and bool(self.sightings or self.ending not in {PASSED, FAILED})

    def looks_like(self, other: View) -> bool:
        """Whether the check could not tell the two answers apart."""
        return self.ending == other.ending and alike(self.sightings, other.sightings)


def view_of(sightings: Sequence[Sighting], error: BaseException | None) -> View:
    """Make a view of what a check recorded and what ended it."""
    return View(sightings=tuple(sightings), ending=_ending(error))


def _ending(error: BaseException | None) -> str:
    match error:
        case None:
            return PASSED
        case CheckFailure() | AssertionError() | pytest.fail.Exception():
            return FAILED
        case Raised():
            return f"{error.kind}: {error.text}"
        case SubmissionFault() | SandboxError() | NotImplementedByStudent() | NotImplementedError():
            return ""
        case _:
            return f"{type(error).__name__}: {error}"
