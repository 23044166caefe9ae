"""The level of the stochastic checks: right answers under thousands of seeds, in a run that can be stopped and goes on.

What one seed showed is appended to a file as soon as it is known, a JSON object a line. The first line holds the
digest of the assignment and of the grader: with another one, the file is begun anew.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.audited import Decision, FalseFailure, Levels
from grader.course import Assignment
from grader.engine import digests, trials
from grader.engine.answers import REFERENCE, right_answers
from grader.engine.audit.sharing import SHARES, shared
from grader.engine.audit.sound import SEED, shortly
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.reach import Reach
from grader.mistakes import changed

SEEDS_AT_ONCE = 10
"""Seeds that are graded before anything is written: a run that is stopped loses as many for each process."""

ENOUGH = 50
"""Fewest p-values whose uniformity is tried: Kolmogorov's exact distribution sees nothing at 1e-6 in fewer."""


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One right answer under some seeds, by the stochastic checks alone."""

    title: str
    source: str
    seeds: tuple[int, ...]
    checks: tuple[str, ...]


def levels(
    assignment: Assignment,
    *,
    seeds: int,
    jobs: int,
    file: Path,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Levels:
    """Grade every right answer by the stochastic checks that concern it, under many seeds.

    Parameters
    ----------
    assignment
        With its hidden part.
    seeds
        How many, at least 1.
    jobs
        Processes; with one, all of it happens in this one.
    file
        Where the results are kept. Those that it holds already are not made again.
    on_progress
        Is told how many parts of the work are done, and of how many.

    Raises
    ------
    GraderError
        When there is no solution, or the checks or variants cannot be read.
    OSError
        When the file cannot be written.
    """
    answers = right_answers(assignment)
    checks = with_checks(assignment, lambda suite: _stochastic(suite, answers))
    seen = _begun(file, digests.of_run(assignment, SEED, "levels"))
    done = {(line["answer"], line["seed"]) for line in seen}
    parts = []
    for title, source in answers.items():
        left = [seed for seed in range(seeds) if checks[title] and (title, seed) not in done]
        for start in range(0, len(left), SEEDS_AT_ONCE):
            chosen = tuple(left[start : start + SEEDS_AT_ONCE])
            parts.append(_Part(title=title, source=source, seeds=chosen, checks=checks[title]))
    at_once = SHARES * jobs if jobs > 1 else 1
    with file.open("a", encoding="utf-8") as stream:
        for start in range(0, len(parts), at_once):
            for found in shared(assignment, _work, parts[start : start + at_once], jobs, lambda _done, _of: None):
                stream.writelines(json.dumps(line) + "\n" for line in found)
                stream.flush()
                seen += found
            on_progress(min(start + at_once, len(parts)), len(parts))
    return _put_together(assignment, [line for line in seen if line["seed"] < seeds], checks[REFERENCE], seeds)


def _stochastic(suite: CheckSuite, answers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return for every answer the checks that decide about random numbers and use what it does in another way."""
    source = answers[REFERENCE]
    student, reach = trials.answer(source), Reach(suite, source, SEED)
    checks = [check for check in suite.checks if trials.run(suite, check, student, SEED).chances]
    ids = {REFERENCE: tuple(check.id for check in checks)}
    for title, other in answers.items():
        if title != REFERENCE:
            ids[title] = tuple(check.id for check in reach.touching(checks, changed(source, other)))
    return ids


def _begun(file: Path, digest: str) -> list[dict[str, Any]]:
    """Return what a file holds of earlier runs; one of another digest, or that is none, is emptied."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.is_file() else []
    if not lines or lines[0] != _head(digest):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_head(digest), encoding="utf-8")
        return []
    if not lines[-1].endswith("\n"):  # the run was killed while it wrote
        file.write_text("".join(lines[:-1]), encoding="utf-8")
    return [json.loads(line) for line in lines[1:] if line.endswith("\n")]


def _head(digest: str) -> str:
    return json.dumps({"digest": digest}) + "\n"


def _work(
    _assignment: Assignment, suite: CheckSuite, parts: Sequence[_Part], on_progress: Callable[[int, int], None]
) -> list[dict[str, Any]]:
    found = []
    for number, part in enumerate(parts, 1):
        student = trials.answer(part.source)
        chosen = [check for check in suite.checks if check.id in part.checks]
        for seed in part.seeds:
            line: dict[str, Any] = {"answer": part.title, "seed": seed, "failed": {}, "chances": []}
            for check in chosen:
                trial = trials.run(suite, check, student, f"level {seed}")
                if not trial.passed:
                    line["failed"][check.id] = shortly(trial.error)
                line["chances"] += [(check.id, one.name, one.p, one.uniform) for one in trial.chances]
            found.append(line)
        on_progress(number, len(parts))
    return found


def _put_together(assignment: Assignment, lines: Iterable[dict[str, Any]], checks: Sequence[str], seeds: int) -> Levels:
    lines = sorted(lines, key=lambda line: (line["answer"] != REFERENCE, line["answer"], line["seed"]))
    failures = [
        FalseFailure(variant=line["answer"], check=check, seed=f"level {line['seed']}", message=message)
        for line in lines
        for check, message in line["failed"].items()
    ]
    return Levels(
        assignment=assignment.name,
        title=assignment.configuration.title,
        seeds=seeds,
        checks=tuple(checks),
        gradings=len(lines),
        failures=tuple(failures),
        decisions=tuple(_decisions(lines)),
    )


def _decisions(lines: Iterable[dict[str, Any]]) -> Iterator[Decision]:
    """Yield every decision with the uniformity of its p-values on the reference.

    Variants under the same seed may draw the same numbers, so their p-values are no further evidence.
    """
    from scipy import stats

    made: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    own: dict[tuple[str, str], list[float]] = defaultdict(list)
    for line in lines:
        for check, name, p, uniform in line["chances"]:
            made[check, name].append(p)
            if uniform and line["answer"] == REFERENCE:
                own[check, name].append(p)
    for (check, name), every in made.items():
        known = [p for p in every if p is not None]
        sample = own[check, name]
        yield Decision(
            check=check,
            name=name,
            made=len(every),
            smallest=min(known, default=None),
            uniformity=float(stats.kstest(sample, "uniform").pvalue) if len(sample) >= ENOUGH else None,
        )
