"""One check on one submission: run it, run it again when the machine failed, and say whose fault a failure is."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from grader.checks.record import Record, recording
from grader.course import Assignment
from grader.engine import outcomes, seeds
from grader.engine.answers import right_answers
from grader.engine.catalogue import Catalogue
from grader.engine.checks import Check, CheckSuite, Met
from grader.engine.deadlines import limited
from grader.engine.runs import CheckRun
from grader.engine.views import View, view_of
from grader.errors import CourseError
from grader.evidence import Evidence
from grader.results import CheckResult, Location, Outcome
from grader.sandbox import memory
from grader.sandbox.errors import NotCarried, Place, SandboxError, SandboxLost, SubmissionFault
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.submissions import Submission
from grader.worker import wire

_LONGEST, _LONGEST_HINT = 4_000, 1_000
"""Characters: a screen or two. A name or a text of a submission may be as long as the wire carries."""
_OWN_SECONDS = 60.0
"""Time of a check for its own work, besides the submission's: a thousand times what the checks of the course take."""


@dataclass
class Bench:
    """What all submissions of a run share.

    Attributes
    ----------
    assignment
        What is graded.
    suite
        Its collected checks.
    zygote
        Where workers come from.
    seed
        The secret from which all inputs are drawn.
    """

    assignment: Assignment
    suite: CheckSuite
    zygote: Zygote
    seed: str
    catalogue: Catalogue | None = None
    """The known mistakes; None on a student's machine, which has none."""
    on_check: Callable[[CheckResult], None] = lambda _: None
    """Gets each check's result as soon as it ended, before the checks of a submission are compared."""
    hanging: dict[str, outcomes.Verdict] = field(default_factory=dict)
    """Checks that do not end, by their id: nobody waits for one twice."""
    _behind_the_wall: dict[str, BaseException | None] = field(default_factory=dict)

    @cached_property
    def right_answers(self) -> tuple[str, ...]:
        """Sources of the solution and its variants; empty where there are none, or one cannot be read."""
        try:
            return tuple(right_answers(self.assignment).values())
        except CourseError:  # an audit says so; it costs no student a result
            return ()

    def session(self, submission: Submission) -> Session:
        """Return a submission's session; its worker is not started yet."""
        configuration = self.assignment.configuration
        limits = configuration.limits
        code = Code(
            module=submission.module,
            notebook=submission.kind == "notebook",
            cells=submission.cells,
            files=dict(submission.siblings),
            tolerant=configuration.import_errors == "tolerate",
        )
        use = wire.Limits(
            memory_mb=limits.memory_mb,
            # processor time backs wall time up; it is counted over all threads, so it gets some room
            cpu_seconds=int(2 * (limits.submission_seconds + limits.import_seconds)) + 1,
            file_mb=limits.file_mb,
            output_kb=limits.output_kb,
            processes=limits.processes,
            held_mb=memory.allowed_mb(limits.memory_mb),
        )
        allowed = Time(load=limits.import_seconds, check=limits.check_seconds, total=limits.submission_seconds)
        return Session(self.zygote, code, limits=use, allowed=allowed)

    def loaded(self, submission: Submission, session: Session | None = None) -> Session:
        """Return a submission's session, the one that was prepared or another, with all loaded that can be."""
        session = session or self.session(submission)
        # what goes wrong here every check will say, as of its own
        with suppress(SandboxError, SubmissionFault):
            session.load()
        return session

    def whose_fault(self, check: Check, error: BaseException | None, session: Session) -> outcomes.Verdict:
        """Tell a check at fault from an answer that no check can use: the reference decides."""
        assert error is not None
        if self.own_failure(check, error):
            return outcomes.grader_error(error)
        if isinstance(error, NotCarried):
            session.end()  # what the submission left running would slow the reference down
            if isinstance(self._failure_behind_the_wall(check), NotCarried):
                return outcomes.grader_error(error)
        return outcomes.unusable(error)

    def own_failure(self, check: Check, error: BaseException | None = None) -> BaseException | None:
        """Return what a check says of the reference, with the inputs that submissions get.

        Parameters
        ----------
        check
            One that did not pass an answer.
        error
            What it met there, when it did not decide about it.

        Returns
        -------
        BaseException
            None when the reference passes, or when there is none here. That the reference found no end in the
            time of a submission's call counts only where the check found none either.
        """
        found = self.catalogue.own_failure(check) if self.catalogue else None
        return None if isinstance(found, TimeoutError) and not isinstance(error, TimeoutError) else found

    def _failure_behind_the_wall(self, check: Check) -> BaseException | None:
        """Return how a check ends with the reference in the student's place: what cannot cross is seen only there."""
        path = self.assignment.solution
        if path is None:
            return None
        if check.id not in self._behind_the_wall:
            reference = Submission(
                id="reference", student="reference", source=path.name, module=self.assignment.module, kind="script",
                cells=(path.read_text(encoding="utf-8"),), siblings={}, digest="", notes=(),
            )  # fmt: skip
            session = self.loaded(reference)
            try:
                self._behind_the_wall[check.id] = _run(self, session, check)[0].error
            finally:
                session.end()
        return self._behind_the_wall[check.id]


def run_check(bench: Bench, session: Session, check: Check) -> CheckRun:
    """Run one check on one submission, and say whose fault a failure is."""
    if check.id in bench.hanging:
        return _of_hanging(check, bench.hanging[check.id])
    started = time.monotonic()
    met, record = _run(bench, session, check)
    seen = session.seen
    verdict = _judge(met) or bench.whose_fault(check, met.error, session)
    if verdict.outcome is Outcome.FAILED and (own := bench.own_failure(check)):
        verdict = outcomes.failed_by_all(own)
    if verdict.outcome is Outcome.GRADER_ERROR and isinstance(met.error, TimeoutError):
        bench.hanging[check.id] = verdict
        return _of_hanging(check, verdict)
    result = _result(
        check,
        verdict,
        exhibits=tuple(record.exhibits),
        notes=tuple(_cut(f"{note}.") for note in (*record.notes, *seen.changed)),
        output=seen.output,
        functions=tuple(seen.functions),
        seconds=round(time.monotonic() - started, 4),
    )
    view = view_of(record.sightings, met.error)
    return CheckRun(result=result, view=view, compared_with_own=tuple(record.compared_with_own))


def _of_hanging(check: Check, verdict: outcomes.Verdict) -> CheckRun:
    """Return the run of a check that does not end, the same whether it was waited for or not."""
    return CheckRun(result=_result(check, verdict), view=View(sightings=(), ending=""))


def not_run(check: Check) -> CheckResult:
    """Return the result of a check that was not run."""
    return _result(check, outcomes.Verdict(outcome=Outcome.NOT_RUN))


def _result(
    check: Check, verdict: outcomes.Verdict, *, exhibits: tuple[Evidence, ...] = (), **seen: Any
) -> CheckResult:
    return CheckResult(
        check=check.id,
        exercise=check.exercise,
        title=check.title,
        visibility=check.visibility,
        weight=check.weight,
        outcome=verdict.outcome,
        message=_cut(verdict.message, _LONGEST),
        hint=_cut(verdict.hint),
        evidence=tuple(map(_bounded, (*verdict.evidence, *exhibits))),
        location=_location(verdict.place),
        **seen,
    )


def _bounded(evidence: Evidence) -> Evidence:
    texts: dict[str, Any] = {name: _cut(text) for name, text in vars(evidence).items() if isinstance(text, str)}
    return replace(evidence, **texts)


def _cut(text: str, most: int = _LONGEST_HINT) -> str:
    return text if len(text) <= most else f"{text[:most]} …"


def _judge(met: Met) -> outcomes.Verdict | None:
    """Return the verdict; None when only the reference can tell, as of fixtures that failed."""
    if met.phase == "call" or isinstance(met.error, SubmissionFault | SandboxError | None):
        return outcomes.judge(met.error)
    return None


def _run(bench: Bench, session: Session, check: Check) -> tuple[Met, Record]:
    """Run a check, and once more when what ended it may have been the machine."""
    met, record = _run_once(bench, session, check)
    return _run_once(bench, session, check) if _is_worth_another_try(met.error) else (met, record)


def _run_once(bench: Bench, session: Session, check: Check) -> tuple[Met, Record]:
    session.begin(seeds.globals_of(bench.seed, check.id))
    configuration = bench.assignment.configuration
    student = Student(session, configuration.packages)
    # the submission's time is kept by its session; a check that does not end would cost all that come after it
    patience = configuration.limits.import_seconds + 2 * configuration.limits.check_seconds + _OWN_SECONDS
    with recording() as record, limited(patience), memory.bounded():
        met = bench.suite.run(check, student, seeds.inputs_of(bench.seed, check.id))
    _forget_locals(met.error)
    return met, record


def _forget_locals(error: BaseException | None) -> None:
    """Let go of what the frames of an exception hold: they are parts of a cycle, and so are a submission's arrays."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _location(place: Place | None) -> Location | None:
    if place is None:
        return None
    return Location(file=place.file, line=place.line, code=place.code, function=place.function, cell=place.cell)


def _is_worth_another_try(error: BaseException | None) -> bool:
    """Whether the machine, and not the submission, may have ended its worker."""
    return isinstance(error, SandboxLost) or (isinstance(error, SubmissionFault) and error.by_chance)
