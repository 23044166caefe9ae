"""Patterns of scale: the wrong sign, a factor with or without a name, a constant that was added."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from grader.checks.patterns.cause import ENOUGH_ENTRIES, Array, Cause, Context, distinct, matches, same, telling

LARGEST_DENOMINATOR = 100
"""Fractions up to this one are numbers of worked examples; a random number is one of them, to nine digits, in one of
100,000 cases."""


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A factor that has a name."""

    value: float
    share: str
    """In words that go before what is multiplied: ``twice``, ``1/N of``."""
    meaning: str = ""
    """The values of the names, ``N = 5``; empty where there is no name."""


def zero(got: Array, want: Array, _context: Context) -> Cause | None:
    """Nothing but zeros came."""
    if np.any(got) or not np.any(want):
        return None
    return same("is zero everywhere" if got.ndim else "is zero")


def sign(got: Array, want: Array, context: Context) -> Cause | None:
    """The negative of what is due came."""
    return same("has the wrong sign") if matches(got, -want, context.within) else None


def complement(got: Array, want: Array, context: Context) -> Cause | None:
    """The probability of the opposite came, the share that is kept for the one that is dropped."""
    if not telling(want) or not matches(got, 1 - want, context.within):
        return None
    return same("is 1 minus what it should be")


def named_factor(got: Array, want: Array, context: Context) -> Cause | None:
    """A multiple with a name, or its negative, came: one name if that is enough, else names that are combined."""
    simple = simple_factors(context.sizes)
    for turned in (False, True):
        fitting = _fitting(got, want, context, simple, turned=turned)
        if fitting:
            # of one number of a worked example many factors make another, two at a time
            return None if turned and _is_one_simple_number(want) else _named(fitting, turned=turned)
    # a length without a name, of features say, explains it more simply than names that combine to the same number
    lengths = {length for array in (want, *context.arguments) for length in array.shape if length > 1}
    unnamed = simple_factors({str(length): length for length in lengths})
    if _is_one_simple_number(want) or any(_fitting(got, want, context, unnamed, turned=way) for way in (False, True)):
        return None
    combined = _combined_factors(context.sizes)
    for turned in (False, True):
        fitting = _fitting(got, want, context, combined, turned=turned)
        if fitting:
            return _named(fitting, turned=turned)
    return None


def _fitting(got: Array, want: Array, context: Context, factors: Sequence[Factor], *, turned: bool) -> list[Factor]:
    return [factor for factor in factors if _fits(got, want, context, -factor.value if turned else factor.value)]


def _named(fitting: Sequence[Factor], *, turned: bool) -> Cause | None:
    """Name the factor, or both of two; None of more, which would name a topic and no mistake."""
    if len(fitting) > 2:
        return None
    shares = " or ".join(factor.share for factor in fitting)
    hint = f"{'has the wrong sign and is' if turned else 'is'} {shares} what it should be"
    meaning = ", ".join(factor.meaning for factor in fitting if factor.meaning)
    if len(fitting) > 1:
        hint += ": here both are the same"
    return Cause(words=f"{hint} ({meaning})" if meaning else hint, hint=hint)


def _fits(got: Array, want: Array, context: Context, factor: float) -> bool:
    # a factor multiplies all uncertainties too
    return matches(got, factor * want, abs(factor) * context.within)


def _is_one_simple_number(want: Array) -> bool:
    """Whether all that is due is one number, and of a worked example."""
    if want.size != 1:
        return False
    number = float(want.flat[0])
    return abs(Fraction(number).limit_denominator(LARGEST_DENOMINATOR) - Fraction(number)) <= 1e-9 * abs(number)


def simple_factors(sizes: Mapping[str, float]) -> list[Factor]:
    """List 2, 1/2, and every named number with its inverse."""
    found = [Factor(value=2.0, share="twice"), Factor(value=0.5, share="half of")]
    for name, size in _usable(sizes):
        meaning = f"{name} = {size:.10g}"
        found.append(Factor(value=size, share=f"{name} times", meaning=meaning))
        found.append(Factor(value=1 / size, share=f"1/{name} of", meaning=meaning))
    return found


def _combined_factors(sizes: Mapping[str, float]) -> list[Factor]:
    """List products and quotients of a named number with 2 and with another, and what lies between it and 1."""
    found = []
    for name, size in _usable(sizes):
        meaning = f"{name} = {size:.10g}"
        shares = {
            f"2 {name} times": 2 * size,
            f"{name}/2 times": size / 2,
            f"2/{name} times": 2 / size,
            f"1/(2 {name}) of": 1 / (2 * size),
        }
        if size >= ENOUGH_ENTRIES and size == round(size):  # the variance of a sample, for that of the population
            shares |= {f"{name}/({name} - 1) times": size / (size - 1), f"({name} - 1)/{name} times": (size - 1) / size}
        if 0 < size < 1:  # the weight of the rest: of a moving average, of smoothed labels, of what a dropout keeps
            shares |= {f"(1 - {name}) times": 1 - size, f"1/(1 - {name}) of": 1 / (1 - size)}
        found += [Factor(value=value, share=share, meaning=meaning) for share, value in shares.items()]
    for (one, a), (other, b) in itertools.combinations(_usable(sizes), 2):
        meaning = f"{one} = {a:.10g}, {other} = {b:.10g}"
        shares = {
            f"{one} {other} times": a * b,
            f"{one}/{other} times": a / b,
            f"{other}/{one} times": b / a,
            f"1/({one} {other}) of": 1 / (a * b),
        }
        found += [Factor(value=value, share=share, meaning=meaning) for share, value in shares.items()]
    return found


def _usable(sizes: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Yield the named numbers that change what they multiply."""
    for name, size in sizes.items():
        if np.isfinite(size) and abs(size) not in {0, 1}:
            yield name, float(size)


def some_factor(got: Array, want: Array, context: Context) -> Cause | None:
    """A multiple without a name came."""
    if distinct(want, context.within) < ENOUGH_ENTRIES:
        return None
    factor = float(np.vdot(want, got) / np.vdot(want, want))
    if not np.isfinite(factor) or abs(factor) * np.abs(want).max() <= context.within:
        return None
    if not matches(got, factor * want, abs(factor) * context.within):
        return None
    return Cause(words=f"is {factor:.6g} times what it should be", hint="is off by a constant factor")


def offset(got: Array, want: Array, context: Context) -> Cause | None:
    """One number was added to every entry."""
    if distinct(want, context.within) < ENOUGH_ENTRIES:
        return None
    added = float(np.median(got - want))
    # An offset so large that the values vanish in its rounding fits any values.
    if np.spacing(abs(added)) > context.within or not matches(got, want + added, context.within):
        return None
    return Cause(words=f"is off by {added:.6g} in every entry", hint="is off by the same number in every entry")
