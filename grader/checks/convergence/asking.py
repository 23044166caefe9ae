"""What an algorithm asked of its oracle: how often, where, and what follows from the samples that it drew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.convergence.verdict import curve, wrong
from grader.checks.findings import Finding, raise_any
from grader.checks.patterns.steps import is_trajectory
from grader.checks.problems.oracle import KINDS, Kind, Oracle
from grader.checks.problems.questions import Samples
from grader.checks.record import measured, sighted
from grader.checks.tolerance import allowed_deviation, last_digit_changes
from grader.checks.value import expect
from grader.evidence import CheckFailure, Evidence

Array = npt.NDArray[np.float64]
Count = int | range

REPLAYS = 2
"""Replays with w0 changed in its last digit, to measure the rounding: where the method converges the stated slack is
larger than it by far, and where it diverges each of them shows it."""

CALL = 0.1
"""Counts are whole numbers: a call more or less is as far from being allowed as the audit asks for."""

_WORDS = {"value": "value", "gradient": "gradient", "gradient_of": "gradient of samples", "hessian": "Hessian"}


def calls(
    oracle: Oracle,
    *,
    value: Count = 0,
    gradient: Count = 0,
    gradient_of: Count = 0,
    hessian: Count = 0,
    samples: Count | None = None,
    why: str = "",
) -> None:
    """Check how often an oracle was asked, in all.

    Parameters
    ----------
    oracle
        With its record; after the algorithm ended.
    value, gradient, gradient_of, hessian
        Calls of each kind: a number, or a range where the handout leaves it open (``range(steps, steps + 2)`` where
        the gradient at the last point may be asked).
    samples
        Samples over all calls of ``gradient_of``, repetitions counted; not looked at unless given.
    why
        What the handout says, for the hint: ``one gradient a step``.

    Raises
    ------
    CheckFailure
        Naming each kind that was asked too often or not often enough.
    """
    due: dict[str, Count] = {"value": value, "gradient": gradient, "gradient_of": gradient_of, "hessian": hessian}
    made: dict[str, int] = {kind: oracle.calls.count(kind) for kind in KINDS}
    if samples is not None:
        due["samples"], made["samples"] = samples, oracle.calls.drawn
    findings = []
    for kind, count in due.items():
        allowed = range(count, count + 1) if isinstance(count, int) else count
        beyond = max(allowed[0] - made[kind], made[kind] - allowed[-1], 0)
        sighted(float(made[kind]), f"calls: {kind}")
        measured(f"calls: {kind}", deviation=float(beyond), allowed=CALL)
        if beyond:
            findings.append(_miscounted(kind, made[kind], allowed, why))
    raise_any(findings)


def _miscounted(kind: str, made: int, allowed: range, why: str) -> Finding:
    noun = "samples" if kind == "samples" else f"calls of the {_WORDS.get(kind, kind)}"
    due = f"{allowed[0]}" if len(allowed) == 1 else f"{allowed[0]} to {allowed[-1]}"
    often = "too often" if made > allowed[-1] else "not often enough" if made else "never"
    asked = "Samples are drawn" if kind == "samples" else f"The {_WORDS.get(kind, kind)} is asked for"
    return Finding(
        message=f"the oracle saw {made} {noun}; due are {due}{f' ({why})' if why else ''}.",
        hint=f"{asked} {often}{f': {why}' if why else ''}.",
        evidence=Evidence(name=noun, got=str(made), want=due),
    )


def places(oracle: Oracle, kind: Kind, due: Array, *, what: str = "the points", roundoff: float = 0.0) -> None:
    """Check at which points an oracle was asked.

    Parameters
    ----------
    oracle
        With its record.
    kind
        Which calls: ``gradient``, ``gradient_of``, ``hessian`` or ``value``.
    due
        The points, ``(calls, p)``, in the order of the calls; a further call at the end is not looked at.
    what
        The points in the words of the handout, for the hint: ``w_t``, ``the look-ahead``.
    roundoff
        See :meth:`grader.checks.value.Expectation.close_to`.

    Raises
    ------
    CheckFailure
        When there are fewer calls, or they were made at other points.
    """
    asked = oracle.calls.points_of(kind)
    if len(asked) < len(due):
        message = f"the oracle was asked for the {_WORDS[kind]} {len(asked)} times; due are {len(due)}, at {what}."
        sighted(asked, f"points of the {_WORDS[kind]}")
        hint = f"Ask for the {_WORDS[kind]} at {what}, once for each of them."
        raise wrong(f"calls of the {_WORDS[kind]}", message, hint, got=str(len(asked)), want=str(len(due)))
    name = f"points of the {_WORDS[kind]}"
    try:
        expect(asked[: len(due)], name).close_to(due, roundoff=roundoff)
    except CheckFailure as failed:
        hint = f"The {_WORDS[kind]} is asked for at other points than {what}."
        raise CheckFailure(f"{failed.message} Due are {what}.", hint=hint, evidence=failed.evidence) from None


def replayed(
    w: Any,
    oracle: Oracle,
    replay: Callable[[list[Samples], Array], Array],
    *,
    start: npt.ArrayLike | None = None,
    name: str = "trajectory",
) -> None:
    """Check the trajectory of a random method against the definition, on the samples that the method itself drew.

    How the generator was used does not matter: the oracle wrote down which samples were asked for. Whether they follow
    the right law is another check.

    Parameters
    ----------
    w
        The student's trajectory, of the form that :func:`trajectory` checks.
    oracle
        With the record of the student's run.
    replay
        The definition: from the recorded samples, integer arrays ``(b,)`` in order, and w0 ``(p,)`` to the trajectory
        ``(steps + 1, p)``. It asks ``oracle.fresh()`` or formulas of its own, never the recorded oracle. An IndexError
        says that there are too few samples.
    start
        The w0 of the run; the start of the problem unless given.
    name
        What the handout calls the result.

    Raises
    ------
    CheckFailure
        When the trajectory is another, naming the first step at which it is.
    """
    w0 = np.array(oracle.start if start is None else start, dtype=np.float64)
    drawn = list(oracle.calls.samples)
    try:
        want = replay(drawn, w0)
    except IndexError:
        sighted(float(len(drawn)), f"calls for {name}")
        message = f"{name}: the oracle was asked for samples {len(drawn)} times, not often enough for all steps."
        raise wrong(name, message, "Samples are asked for in too few calls: see the definition.") from None
    changes = last_digit_changes()[:REPLAYS]
    roundoff = max(float(np.abs(replay(drawn, change(w0)) - want).max()) for change in changes)
    try:
        expect(w, name).close_to(want, roundoff=roundoff)
    except CheckFailure as failed:
        raise _with_steps(failed, w, want, allowed_deviation(want, roundoff=roundoff, precise=False)) from None


def _with_steps(failed: CheckFailure, w: Any, want: Array, allowed: float) -> CheckFailure:
    """Add to a failure how the deviation grew, and at which step it began: later steps only carry it on."""
    if np.shape(w) != want.shape:
        return failed
    away = np.abs(np.asarray(w) - want).max(axis=1)
    first = int(np.argmax(~(away <= allowed)))
    drawn = curve("deviation from the definition", away, theorem=np.full(len(away), allowed), theorem_name="allowed")
    evidence = tuple(replace(item, curves=(drawn,)) for item in failed.evidence[:1]) + failed.evidence[1:]
    told = is_trajectory(evidence[0].name, want)
    message = failed.message if told else f"{failed.message}\nThe first step that differs is step {first}."
    return CheckFailure(message, hint=failed.hint, evidence=evidence)
