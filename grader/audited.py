"""What an audit found: the level and the power of every check of an assignment.

Reports of it are functions of these classes, as those of grading are functions of
:mod:`grader.results`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

SEPARATION = 10.0
"""Right answers are to stay this many times below a threshold, and wrong ones this many times above it."""


LEVEL = 1e-6
"""Chance that a right answer fails one decision of a stochastic check."""


class _Model(BaseModel):
    # an infinite deviation would become null, which means that there is none
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class AuditedCheck(_Model):
    """One check, and how far apart it keeps right and wrong answers."""

    check: str
    title: str
    exercise: str
    mistakes: int
    """Mistakes that it catches."""
    mutants: int
    """Mutants that it was the first to catch."""
    late: bool = False
    """It catches mutants, but only such as others caught first; tried where it would else catch nothing."""
    right: float | None = None
    """Largest deviation of a right answer, in units of the threshold; None when it compares nothing that has one."""
    wrong: float | None = None
    """Smallest deviation of a mistake that it caught by a threshold, in units of that threshold."""

    @property
    def separates(self) -> bool:
        """Whether right answers are far below the threshold, and wrong ones far above."""
        return (self.right or 0.0) * SEPARATION <= 1 and (self.wrong is None or self.wrong >= SEPARATION)

    @property
    def catches_nothing(self) -> bool:
        """Whether no wrong answer fails it."""
        return not (self.mistakes or self.mutants or self.late)


class AuditedMistake(_Model):
    """One mistake of the author's list."""

    function: str
    exercise: str
    name: str
    hint: str
    caught_by: tuple[str, ...] = ()
    """Checks of its own exercise and of others."""
    alike: tuple[str, ...] = ()
    """Names of other mistakes that no check tells from it."""
    refused: str = ""
    """Why it is no mistake at all, in one line; empty when it is one."""

    @property
    def survives(self) -> bool:
        """Whether every check passes it."""
        return not self.refused and not self.caught_by


class FalseFailure(_Model):
    """A right answer that failed."""

    variant: str
    check: str
    seed: str
    message: str


class Survivor(_Model):
    """A mutant that every check passes, though it gives other values than the reference."""

    name: str
    function: str
    rule: str
    line: int
    diff: str


class MutantCounts(_Model):
    """How the mutants of one rule fared."""

    rule: str
    caught: int
    equivalent: int
    """Gave the values of the reference wherever they were tried."""
    survived: int


class Audit(_Model):
    """What is known about the checks of one assignment."""

    assignment: str
    title: str
    grader_version: str
    seeds: int
    complaints: tuple[str, ...] = ()
    """What makes the audit worthless until it is mended, a line each: the reference fails, a check does not repeat."""
    checks: tuple[AuditedCheck, ...] = ()
    mistakes: tuple[AuditedMistake, ...] = ()
    variants: tuple[str, ...] = ()
    gradings: int = 0
    """Gradings of right answers: one of a variant, or of the reference, under one seed."""
    false_failures: tuple[FalseFailure, ...] = ()
    failed_gradings: int = 0
    level_bound: float = 1.0
    """Upper 95% confidence bound of the share of right answers that fail, after Clopper and Pearson."""
    mutants: tuple[MutantCounts, ...] = ()
    survivors: tuple[Survivor, ...] = ()

    @property
    def caught(self) -> int:
        """Mutants that a check caught."""
        return sum(counts.caught for counts in self.mutants)

    @property
    def survived(self) -> int:
        """Mutants that no check caught, and that are not equivalent."""
        return sum(counts.survived for counts in self.mutants)

    @property
    def equivalent(self) -> int:
        """Mutants that were set aside."""
        return sum(counts.equivalent for counts in self.mutants)

    @property
    def power(self) -> float | None:
        """Share of the mutants that are not equivalent which some check caught; None without mutants."""
        decided = self.caught + self.survived
        return self.caught / decided if decided else None

    @property
    def passed(self) -> bool:
        """Whether no right answer failed, every mistake is one, and none survives."""
        sound = not self.complaints and not self.false_failures
        return sound and not any(mistake.survives or mistake.refused for mistake in self.mistakes)


class Decision(_Model):
    """One decision of a stochastic check, over all gradings."""

    check: str
    name: str
    made: int
    smallest: float | None = None
    """Smallest p-value; None where only a bound of the chance is known."""
    uniformity: float | None = None
    """How likely p-values of the reference are to be as far from uniform (Kolmogorov-Smirnov); None where they are
    larger in law than uniform ones, or too few."""


class Levels(_Model):
    """How the stochastic checks of an assignment decided about right answers under many seeds."""

    assignment: str
    title: str
    seeds: int
    checks: tuple[str, ...]
    gradings: int
    failures: tuple[FalseFailure, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def not_uniform(self) -> tuple[Decision, ...]:
        """Decisions whose p-values are not uniform: right ones are found so once in a million times."""
        return tuple(one for one in self.decisions if one.uniformity is not None and one.uniformity < LEVEL)

    @property
    def expected_failures(self) -> float:
        """Failures of right answers that the stated level allows for on average, in as many decisions."""
        return LEVEL * sum(one.made for one in self.decisions)

    @property
    def passed(self) -> bool:
        """Whether no right answer failed, and p-values are uniform where they should be."""
        return not self.failures and not self.not_uniform
