"""What running one check gave, before a submission's checks are compared with one another; and its form on disk.

A class is graded again when a check was mended. What the other checks met is then taken from the gradebook: not only
their verdicts but all that they saw, because what explains a failure is found by comparing what all checks saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from grader.checks.sightings import Sighting
from grader.course import Assignment
from grader.engine import digests
from grader.engine.views import View
from grader.results import CheckResult, Outcome
from grader.submissions import Submission
from grader.worker.forms import encodable

COUNTED = frozenset({Outcome.TIMED_OUT, Outcome.NOT_RUN})
"""Outcomes that depend on other checks too: time-outs of a function are counted over the whole submission."""

LONGEST = 2**18
"""Bytes of a run that is kept. The longest of the course's own, which looks at a trajectory, takes 193 KB, and those of
a submission together up to 1.2 MB. What is longer is run again."""

Stored = tuple[str, str, bytes]
"""The id of a check, the digest of what its run depends on, and the run itself."""


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """One check of one submission, as it ended."""

    result: CheckResult
    """Without what the other checks add to it."""
    view: View
    compared_with_own: tuple[tuple[str, str], ...] = ()
    """Backwards that it compared with the submission's own forward, each with that forward."""


class Shelf:
    """Runs of earlier gradings that may be used again.

    Parameters
    ----------
    assignment, seed, isolation, checks
        What is graded, and how; ids of its checks.
    stored
        Gives what is stored of a submission, by its id.
    """

    def __init__(
        self,
        assignment: Assignment,
        seed: str,
        isolation: str,
        checks: Iterable[str],
        stored: Callable[[str], Iterable[Stored]],
    ) -> None:
        self._of_run = (assignment, seed, isolation, tuple(checks))
        self._stored = stored

    def usable(self, submission: Submission) -> dict[str, CheckRun]:
        """Return the runs that would come out as they are stored, by the id of the check."""
        stored = list(self._stored(submission.id))
        # of a check that was changed too: without its time-out others might not have been left out
        if any(_outcome(run) in COUNTED for _, _, run in stored):
            return {}
        return {
            check: unpacked(run)
            for check, digest, run in stored
            if digest == self._digest(check, submission) and _outcome(run) is not Outcome.GRADER_ERROR
        }

    def packed(self, submission: Submission, runs: Mapping[str, CheckRun]) -> tuple[Stored, ...]:
        """Return runs as they are stored, without those that are too long."""
        every = ((check, self._digest(check, submission), packed(run)) for check, run in runs.items())
        return tuple(one for one in every if len(one[2]) <= LONGEST)

    def _digest(self, check: str, submission: Submission) -> str:
        own = self._digests.get(check)
        return digests.of_result(own, submission.digest) if own else ""

    @cached_property
    def _digests(self) -> dict[str, str]:
        return digests.of_checks(*self._of_run)


class _Seen(msgspec.Struct, array_like=True):
    """A sighting on disk."""

    name: str
    form: str
    shape: tuple[int, ...]
    values: bytes
    within: float


class _Stored(msgspec.Struct, array_like=True):
    """A run on disk; its outcome comes first, so that it can be read alone."""

    outcome: str
    result: str
    ending: str
    sightings: list[_Seen]
    compared_with_own: list[tuple[str, str]]


class _Beginning(msgspec.Struct, array_like=True):
    outcome: str


def packed(run: CheckRun) -> bytes:
    """Return the form of a run on disk."""
    sightings = [
        _Seen(encodable(one.name), encodable(one.form), one.values.shape, one.values.tobytes(), float(one.within))
        for one in run.view.sightings
    ]
    stored = _Stored(
        run.result.outcome.value,
        run.result.model_dump_json(),
        encodable(run.view.ending),
        sightings,
        list(run.compared_with_own),
    )
    return msgspec.msgpack.encode(stored)


def unpacked(data: bytes) -> CheckRun:
    """Return the run that :func:`packed` was given."""
    stored = msgspec.msgpack.decode(data, type=_Stored)
    sightings = tuple(
        Sighting(
            name=one.name, form=one.form, values=np.frombuffer(one.values).reshape(one.shape), within=one.within
        )
        for one in stored.sightings
    )  # fmt: skip
    return CheckRun(
        result=CheckResult.model_validate_json(stored.result),
        view=View(sightings=sightings, ending=stored.ending),
        compared_with_own=tuple(stored.compared_with_own),
    )


def _outcome(data: bytes) -> Outcome:
    return Outcome(msgspec.msgpack.decode(data, type=_Beginning).outcome)
