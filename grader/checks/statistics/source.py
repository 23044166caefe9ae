"""Whether a function draws its random numbers from the generator that it is given, and from nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.checks.calling import Function, name_of
from grader.checks.findings import Finding, raise_any
from grader.checks.record import sighted
from grader.checks.statistics.chances import sample_of
from grader.evidence import Evidence


def draws_only_from(function: Function, *arguments: Any, rng: np.random.Generator, name: str = "result") -> None:
    """Check that ``function(*arguments, generator)`` draws from its generator, and from nothing else.

    It is called three times: with a generator, with another in the same state, and with one in another state. The state
    must have moved, the same state must give the same result to the last bit, and another state another result. Whoever
    draws from numpy's global state, or from a generator without seed, does not give the same result twice. The level
    is 0: two states of 128 bits that give a right function the same array of continuous numbers do not occur.

    Parameters
    ----------
    function
        The student's function, which takes the generator last and returns an array of continuous random numbers.
    arguments
        Before the generator: such that the result has at least a few entries.
    rng
        Draws the seeds.
    name
        The result in the handout's words.

    Raises
    ------
    CheckFailure
        Saying in which of five ways the generator is misused.
    """
    seed, other_seed = (int(number) for number in rng.integers(2**63, size=2))
    generator = np.random.default_rng(seed)
    before = generator.bit_generator.state
    first = sample_of(function(*arguments, generator), name)
    moved = generator.bit_generator.state != before
    again = sample_of(function(*arguments, np.random.default_rng(seed)), name)
    other = sample_of(function(*arguments, np.random.default_rng(other_seed)), name)
    repeats, follows = np.array_equal(first, again), not np.array_equal(first, other)
    sighted([moved, repeats, follows], f"use of the generator by {name_of(function)}")
    fault, advice = _fault(moved=moved, repeats=repeats, follows=follows)
    if fault:
        evidence = Evidence(name="rng", cause=fault)
        raise_any(
            [Finding(message=f"it {fault}.", hint=f"{advice}: `{name}` {fault}.", evidence=evidence)],
            where=name_of(function),
        )


def never_repeats(draws: Any, *, name: str = "sample") -> None:
    """Check that no draw comes again: no slice along the first axis equals another one.

    For draws of at least two continuous numbers each. The level is 0 but for the end of floats: among 1,000 draws of
    two numbers of 24 bits, fewer than any generator gives, two are equal with a chance of 2e-9.

    Parameters
    ----------
    draws
        Array (draws, ...): layers drawn one after the other, or the neurons of one layer.
    name
        As for :func:`draws_only_from`.

    Raises
    ------
    CheckFailure
        When two are equal, or ``draws`` is no array of finite numbers.
    """
    array = sample_of(draws, name)
    different = len(np.unique(array.reshape(len(array), -1), axis=0))
    sighted(different == len(array), f"repetitions of {name}")
    if different < len(array):
        cause = "repeats the same numbers"
        message = f"{name} {cause}: of {len(array)} draws {different} are different."
        hint = f"`{name}` {cause}: draw every entry anew, from rng itself."
        raise_any([Finding(message=message, hint=hint, evidence=Evidence(name=name, cause=cause))])


def _fault(*, moved: bool, repeats: bool, follows: bool) -> tuple[str, str]:
    """Say what is wrong and what to do, in fixed words; empty when nothing is."""
    match moved, repeats, follows:
        case True, True, True:
            return "", ""
        case True, True, False:
            return (
                "is the same whatever the state of rng, though rng is drawn from",
                "Let the result depend on what you draw from rng, and seed no generator of your own",
            )
        case True, False, _:
            return (
                "changes while the state of rng is the same: a second source of random numbers is in it",
                "Draw from rng alone",
            )
        case False, True, False:
            return (
                "is the same whatever the state of rng: the generator is ignored, and another one seeded anew",
                "Draw from rng, and seed no generator of your own",
            )
        case False, True, True:
            return (
                "does not advance rng: it draws from a copy, so the next draw would be the same",
                "Draw from rng itself, not from a copy",
            )
        case _:
            return (
                "ignores rng: its numbers come from numpy's global state, or from a generator without a seed",
                "Draw from rng, not from np.random",
            )
