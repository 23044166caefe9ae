"""Puts together what the processes of an audit found: the same result, whoever found it in which order."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import combinations

from grader.audited import Audit, AuditedCheck, AuditedMistake, MutantCounts, Survivor
from grader.course import Assignment
from grader.engine.audit.sound import Sound
from grader.engine.audit.work import Found, MutantFound, RightFound, WrongFound
from grader.engine.digests import grader_version
from grader.mistakes import Mistake, exercises_by_function

CONFIDENCE = 0.95


def put_together(
    assignment: Assignment,
    source: str,
    sound: Sound,
    mistakes: Sequence[Mistake],
    variants: Sequence[str],
    found: Sequence[Found],
    *,
    seeds: int,
    late: Collection[str],
) -> Audit:
    """Return the audit of an assignment.

    Parameters
    ----------
    assignment, source
        What was audited, and its solution.
    sound
        What held from the start.
    mistakes, variants
        The author's, in their order; of variants exercise and title.
    found
        What became of the tasks, in any order.
    seeds
        Seeds under which every right answer was graded.
    late
        Checks that catch mutants, but only such as others caught first.
    """
    wrongs = sorted((f for f in found if isinstance(f, WrongFound)), key=lambda f: f.number)
    rights = [f for f in found if isinstance(f, RightFound)]
    hunted = [f for f in found if isinstance(f, MutantFound)]
    gradings, failed = sum(f.gradings for f in rights), sum(f.failed for f in rights)
    failures = [failure for f in rights for failure in f.failures]
    failures.sort(key=lambda failure: (failure.variant, failure.check, failure.seed, failure.message))
    return Audit(
        assignment=assignment.name,
        title=assignment.configuration.title,
        grader_version=grader_version(),
        seeds=seeds,
        complaints=sound.complaints,
        checks=_checks(sound, wrongs, rights, hunted, late),
        mistakes=_mistakes(assignment, source, mistakes, wrongs),
        variants=tuple(variants),
        gradings=gradings,
        failed_gradings=failed,
        false_failures=tuple(failures),
        level_bound=_upper_bound(failed, gradings),
        mutants=_counts(hunted),
        survivors=_survivors(source, hunted),
    )


def _checks(
    sound: Sound,
    wrongs: Sequence[WrongFound],
    rights: Sequence[RightFound],
    hunted: Sequence[MutantFound],
    late: Collection[str],
) -> tuple[AuditedCheck, ...]:
    catches = Counter(check for f in wrongs for check in f.caught_by)
    first = Counter(f.caught_by for f in hunted)
    largest: dict[str, float] = defaultdict(float)
    smallest: dict[str, float] = defaultdict(lambda: math.inf)
    for right in rights:
        for check, ratio in right.ratios.items():
            largest[check] = max(largest[check], ratio)
    for wrong in wrongs:
        for check, ratio in wrong.ratios.items():
            smallest[check] = min(smallest[check], ratio)
    return tuple(
        AuditedCheck(
            check=check.id,
            title=check.title,
            exercise=check.exercise,
            mistakes=catches[check.id],
            mutants=first[check.id],
            late=check.id in late,
            right=largest.get(check.id),
            wrong=smallest.get(check.id),
        )
        for check in sound.checks
    )


def _mistakes(
    assignment: Assignment, source: str, mistakes: Sequence[Mistake], wrongs: Sequence[WrongFound]
) -> tuple[AuditedMistake, ...]:
    exercise_of = exercises_by_function(assignment, source) if wrongs else {}
    alike: dict[int, list[str]] = defaultdict(list)
    for one, other in combinations([found for found in wrongs if found.views], 2):
        if _look_alike(one, other):
            alike[one.number].append(mistakes[other.number].name)
            alike[other.number].append(mistakes[one.number].name)
    return tuple(
        AuditedMistake(
            function=mistakes[found.number].function,
            exercise=exercise_of.get(mistakes[found.number].function, ""),
            name=mistakes[found.number].name,
            hint=mistakes[found.number].hint,
            caught_by=found.caught_by,
            alike=tuple(alike[found.number]),
            refused=found.refused,
        )
        for found in wrongs
    )


def _look_alike(one: WrongFound, other: WrongFound) -> bool:
    """Whether no check saw a difference; where only one has a view, the other showed what the reference shows."""
    if one.views.keys() != other.views.keys():
        return False
    return all(view.looks_like(other.views[check]) for check, view in one.views.items())


def _counts(hunted: Sequence[MutantFound]) -> tuple[MutantCounts, ...]:
    rules = sorted({found.mutant.rule for found in hunted})
    return tuple(
        MutantCounts(
            rule=rule,
            caught=sum(bool(f.caught_by) for f in hunted if f.mutant.rule == rule),
            equivalent=sum(f.equivalent for f in hunted if f.mutant.rule == rule),
            survived=sum(_survived(f) for f in hunted if f.mutant.rule == rule),
        )
        for rule in rules
    )


def _survived(found: MutantFound) -> bool:
    return not found.caught_by and not found.equivalent


def _survivors(source: str, hunted: Sequence[MutantFound]) -> tuple[Survivor, ...]:
    alive = sorted((f.mutant for f in hunted if _survived(f)), key=lambda mutant: (mutant.line, mutant.name))
    return tuple(
        Survivor(name=m.name, function=m.function, rule=m.rule, line=m.line, diff=m.diff(source)) for m in alive
    )


def _upper_bound(failed: int, gradings: int) -> float:
    if gradings == 0:
        return 1.0
    from scipy import stats  # half a second, which only an audit pays

    return float(stats.binomtest(failed, gradings, alternative="less").proportion_ci(CONFIDENCE, "exact").high)
