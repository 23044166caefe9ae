"""The one result model: what a grading run found, and nothing about how it is shown.

Every report is a function of these classes, and the gradebook stores their JSON.
Points are exact fractions; a float of them appears only in reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from grader.evidence import Evidence

SCHEMA_VERSION = 1


def _encodable(value: Any) -> Any:
    r"""Write lone surrogates out as ``\udc80``, in texts and in tuples of them: JSON and UTF-8 cannot carry them."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, tuple | list):
        return tuple(map(_encodable, value))
    if isinstance(value, Evidence):
        return Evidence(**{name: _encodable(item) for name, item in vars(value).items()})
    return value


def _as_fraction(value: object) -> Fraction:
    if isinstance(value, Fraction | int | str) and not isinstance(value, bool):
        return Fraction(value)
    raise ValueError("points are an integer or a text like '7/2'")


Points = Annotated[
    Fraction,
    BeforeValidator(_as_fraction),
    PlainSerializer(str, return_type=str),
    Field(json_schema_extra={"type": "string", "pattern": r"^\d+(/\d+)?$"}),
]


class Outcome(StrEnum):
    """How a check ended. The enumeration is closed: match it exhaustively."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_IMPLEMENTED = "not implemented"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    FORBIDDEN = "forbidden"
    NOT_RUN = "not run"
    GRADER_ERROR = "grader error"
    UNREADABLE = "unreadable"
    """Of a whole submission only: nothing in it could be graded."""


Visibility = Literal["public", "hidden"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _make_encodable(cls, given: Any) -> Any:
        return {name: _encodable(value) for name, value in given.items()} if isinstance(given, dict) else given


class Location(_Model):
    """A line of the student's own code."""

    file: str
    line: int
    code: str = ""
    """The text of that line, stripped."""
    function: str = ""
    cell: int | None = None
    """Number of the notebook cell, counted from 1 over code cells, and ``line`` counts within it."""


class KnownMistake(_Model):
    """One mistake of the author's list."""

    function: str
    """The function of the reference that goes wrong."""
    exercise: str
    name: str
    """The patch, shortened: for the instructor alone."""
    hint: str


class Explanation(_Model):
    """Mistakes that, made together, show the check exactly what it saw."""

    mistakes: tuple[KnownMistake, ...]


class CheckResult(_Model):
    """What one check found."""

    check: str
    """Unique within the assignment, e.g. ``hidden/check_backward_is_the_gradient_of_forward``."""
    exercise: str
    title: str
    visibility: Visibility
    weight: int = Field(default=1, ge=1)
    outcome: Outcome
    message: str = ""
    """For the instructor (and for the student where the check is public). May hold student text: escape it."""
    hint: str = ""
    """Safe for the student also where the check is hidden."""
    evidence: tuple[Evidence, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    """Known mistakes that explain the failure; several when the checks cannot tell them apart. For the instructor:
    ``hint`` says in their words what to do."""
    location: Location | None = None
    notes: tuple[str, ...] = ()
    """Seen, and not punished: e.g. that an argument was changed in place."""
    output: str = ""
    """What student code printed during the check, cut at the limit. Student text: escape it."""
    functions: tuple[str, ...] = ()
    """The student's functions that the check called, in order of first call."""
    seconds: float = 0.0


class Override(_Model):
    """Points that an instructor set by hand."""

    instead_of: Points
    """What the checks gave."""
    reason: str
    """For the student too."""


class ExerciseResult(_Model):
    """Points of one exercise: ``points * passed weight / total weight``, exactly, unless they were set by hand."""

    name: str
    title: str
    points: Points
    earned: Points
    """What counts."""
    passed: int
    total: int
    missing: tuple[str, ...] = ()
    """Functions that are absent or still a stub."""
    broken: tuple[str, ...] = ()
    """Functions that are written, but could not be defined."""
    override: Override | None = None
    """Says so when ``earned`` was set by hand."""


class SubmissionResult(_Model):
    """Everything that grading one submission found."""

    id: str
    """Unique within the batch; also the name of its report files."""
    student: str
    group: tuple[str, ...] = ()
    """The names of those who handed it in together; empty for one alone."""
    assignment: str
    source: str = ""
    """The file that was graded, relative to the folder of submissions."""
    outcome: Outcome
    """``passed`` when every check passed, else the worst that happened; ``unreadable`` when nothing could be graded."""
    message: str = ""
    """For ``unreadable`` and for problems of the whole file, one line."""
    problems: tuple[str, ...] = ()
    """What went wrong while the submission was read or imported, one line each. Student text: escape it."""
    shortcuts: tuple[str, ...] = ()
    """Where derivatives by values or ready-made functions seem to stand for own work, a sentence each. They cost no
    points: for the instructor alone. Student text: escape it."""
    exercises: tuple[ExerciseResult, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    digest: str = ""
    """Of submission, checks, grader version and seed: a result is reused only when it is the same."""
    isolation: str = ""
    """The level of isolation that held: ``namespace``, ``user`` or ``none``."""
    seconds: float = 0.0

    @property
    def points(self) -> Fraction:
        """Points that could be earned."""
        return sum((e.points for e in self.exercises), Fraction(0))

    @property
    def earned(self) -> Fraction:
        """Points that were earned."""
        return sum((e.earned for e in self.exercises), Fraction(0))

    def overridden(self, by_hand: Mapping[str, tuple[Fraction, str]]) -> Self:
        """Return the result with points that were set by hand, each with its reason, by the name of the exercise."""
        if not by_hand:
            return self
        return self.model_copy(
            update={"exercises": tuple(_set_by_hand(e, by_hand.get(e.name)) for e in self.exercises)}
        )


def _set_by_hand(exercise: ExerciseResult, decision: tuple[Fraction, str] | None) -> ExerciseResult:
    if decision is None:
        return exercise
    points, reason = decision
    override = Override(instead_of=exercise.earned, reason=reason)
    return exercise.model_copy(update={"earned": points, "override": override})


class BatchInfo(_Model):
    """What all results of a run have in common."""

    schema_version: int = SCHEMA_VERSION
    assignment: str
    title: str
    grader_version: str
    seed: str
    isolation: str
    exercises: tuple[ExerciseResult, ...]
    """With ``earned`` 0: names, titles and points of the assignment."""


class Batch(_Model):
    """``results.json``: the whole result model of a run."""

    info: BatchInfo
    submissions: tuple[SubmissionResult, ...]


def format_points(points: Fraction) -> str:
    """Points as people write them: ``3``, ``3.5``, ``2.33``."""
    return f"{float(points):.2f}".rstrip("0").rstrip(".")
