"""grade(): one submission, all checks, one result. Every command that grades calls it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction

from grader.checks.record import Record, recording
from grader.course import Assignment
from grader.engine import outcomes, seeds
from grader.engine.catalogue import Catalogue
from grader.engine.checks import Check, CheckSuite, Met
from grader.engine.diagnosis import Look
from grader.engine.explained import carried_forward, explained
from grader.engine.views import view_of
from grader.results import BatchInfo, CheckResult, ExerciseResult, Location, Outcome, SubmissionResult
from grader.sandbox.errors import Place, SandboxError, SandboxLost, SubmissionFault
from grader.sandbox.isolation import Level
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.submissions import Found, Submission
from grader.worker import wire

_WORST_FIRST = (
    Outcome.GRADER_ERROR, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED, Outcome.FORBIDDEN,
    Outcome.FAILED, Outcome.NOT_RUN, Outcome.NOT_IMPLEMENTED, Outcome.PASSED,
)  # fmt: skip
"""The outcome of a submission is the first of these that one of its checks had."""

_EXPLAINED = {Outcome.FAILED, Outcome.CRASHED}
"""Outcomes that a known mistake may explain."""


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
    _reference: dict[str, BaseException | None] | None = None

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
        )
        allowed = Time(load=limits.import_seconds, check=limits.check_seconds, total=limits.submission_seconds)
        return Session(self.zygote, code, limits=use, allowed=allowed)

    def whose_fault(self, check: Check, error: BaseException | None) -> outcomes.Verdict:
        """Tell a check at fault from an answer that no check can use: the reference decides."""
        assert error is not None
        if self._reference is None:
            self._reference = self._run_reference()
        if self._reference.get(check.id) is not None:
            return outcomes.grader_error(error)
        return outcomes.unusable(error)

    def _run_reference(self) -> dict[str, BaseException | None]:
        """Run every check with the reference in the student's place."""
        path = self.assignment.solution
        if path is None:
            return {}
        text = path.read_text(encoding="utf-8")
        reference = Submission(
            id="reference", student="reference", source=path.name, module=self.assignment.module, kind="script",
            cells=(text,), siblings={}, digest="", notes=(),
        )  # fmt: skip
        session = self.session(reference)
        try:
            return {check.id: _run(self, session, check)[0].error for check in self.suite.checks}
        finally:
            session.end()


def grade(bench: Bench, submission: Submission, session: Session | None = None) -> SubmissionResult:
    """Grade one submission.

    Parameters
    ----------
    bench
        What all submissions of the run share.
    submission
        What was handed in.
    session
        Its session, when that was prepared ahead.
    """
    started = time.monotonic()
    session = session or bench.session(submission)
    try:
        checks = _grade_checks(bench, session)
    finally:
        session.end()
    exercises = tuple(_score(bench.assignment, name, checks, session) for name in _names(bench))
    found = {check.outcome for check in checks}
    return SubmissionResult(
        id=submission.id,
        student=submission.student,
        assignment=bench.assignment.name,
        source=submission.source,
        outcome=next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.PASSED),
        problems=(*submission.notes, *session.problems()),
        exercises=exercises,
        checks=checks,
        isolation=bench.zygote.level.value,
        seconds=round(time.monotonic() - started, 4),
    )


def info_of(assignment: Assignment, *, seed: str, level: Level, version: str) -> BatchInfo:
    """Return what all results of a run have in common."""
    return BatchInfo(
        assignment=assignment.name,
        title=assignment.configuration.title,
        grader_version=version,
        seed=seed,
        isolation=level.value,
        exercises=_no_points(assignment),
    )


def unreadable(assignment: Assignment, found: Found, message: str, isolation: str) -> SubmissionResult:
    """Return the result of a submission that cannot be read: no points, one line."""
    return SubmissionResult(
        id=found.id,
        student=found.student,
        assignment=assignment.name,
        source=found.source,
        outcome=Outcome.UNREADABLE,
        message=message,
        exercises=_no_points(assignment),
        isolation=isolation,
    )


def lost(assignment: Assignment, found: Found, isolation: str, *, why: str = "it died") -> SubmissionResult:
    """Return the result of a submission at which the grader itself failed."""
    message = f"the grader failed at this submission ({why}): grade it again, or report it"
    result = unreadable(assignment, found, message, isolation)
    return result.model_copy(update={"outcome": Outcome.GRADER_ERROR})


def _no_points(assignment: Assignment) -> tuple[ExerciseResult, ...]:
    """Return the exercises with their points, nothing earned."""
    return tuple(
        ExerciseResult(name=e.name, title=e.title, points=Fraction(e.points), earned=Fraction(0), passed=0, total=0)
        for e in assignment.exercises
    )


def _names(bench: Bench) -> list[str]:
    """Exercises that have a check here: on a student's machine those with public ones."""
    checked = {check.exercise for check in bench.suite.checks}
    return [exercise.name for exercise in bench.assignment.exercises if exercise.name in checked]


def _grade_checks(bench: Bench, session: Session) -> tuple[CheckResult, ...]:
    """Run all checks, then say what is known about those that did not pass."""
    graded = [_grade_check(bench, session, check) for check in bench.suite.checks]
    results = [result for result, _, _ in graded]
    own_gradients = {result.check: record.own_gradients for result, record, _ in graded}
    checks = carried_forward(results, own_gradients)
    if bench.catalogue is None:
        return checks
    looks = [
        Look(check=check, view=view_of(record.sightings, met.error), wrong=result.outcome in _EXPLAINED)
        for check, (result, record, met) in zip(bench.suite.checks, graded, strict=True)
    ]
    return explained(bench.catalogue, checks, looks)


def _grade_check(bench: Bench, session: Session, check: Check) -> tuple[CheckResult, Record, Met]:
    started = time.monotonic()
    met, record = _run(bench, session, check)
    if isinstance(met.error, SandboxLost):
        met, record = _run(bench, session, check)
    seen = session.seen
    verdict = _judge(met) or bench.whose_fault(check, met.error)
    result = CheckResult(
        check=check.id,
        exercise=check.exercise,
        title=check.title,
        visibility=check.visibility,
        weight=check.weight,
        outcome=verdict.outcome,
        message=verdict.message,
        hint=verdict.hint,
        evidence=verdict.evidence,
        location=_location(verdict.place),
        notes=tuple(f"{note}." for note in (*record.notes, *seen.changed)),
        output=seen.output,
        functions=tuple(seen.functions),
        seconds=round(time.monotonic() - started, 4),
    )
    return result, record, met


def _judge(met: Met) -> outcomes.Verdict | None:
    """Return the verdict; None when only the reference can tell, as of fixtures that failed."""
    if met.phase == "call" or isinstance(met.error, SubmissionFault | SandboxError | None):
        return outcomes.judge(met.error)
    return None


def _run(bench: Bench, session: Session, check: Check) -> tuple[Met, Record]:
    session.begin(seeds.globals_of(bench.seed, check.id))
    student = Student(session, bench.assignment.configuration.packages)
    with recording() as record:
        met = bench.suite.run(check, student, seeds.inputs_of(bench.seed, check.id))
    return met, record


def _location(place: Place | None) -> Location | None:
    if place is None:
        return None
    return Location(file=place.file, line=place.line, code=place.code, function=place.function, cell=place.cell)


def _score(assignment: Assignment, name: str, checks: tuple[CheckResult, ...], session: Session) -> ExerciseResult:
    exercise = next(e for e in assignment.exercises if e.name == name)
    # a check that is itself at fault costs nothing: it does not count at all
    counted = [c for c in checks if c.exercise == name and c.outcome is not Outcome.GRADER_ERROR]
    total = sum(c.weight for c in counted)
    passed = sum(c.weight for c in counted if c.outcome is Outcome.PASSED)
    points = Fraction(exercise.points)
    loaded = session.loaded
    written = set(loaded.defined) - set(loaded.stubs) if loaded else set(exercise.functions)
    return ExerciseResult(
        name=name,
        title=exercise.title,
        points=points,
        earned=points * passed / total if total else points,
        passed=sum(c.outcome is Outcome.PASSED for c in counted),
        total=len(counted),
        missing=tuple(function for function in exercise.functions if function not in written),
    )
