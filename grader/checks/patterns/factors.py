"""Patterns of scale: the wrong sign, a factor with or without a name, a constant that was added."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.checks.patterns.cause import ENOUGH_ENTRIES, Array, Cause, Context, either, matches, same, telling


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
    simple = _fitting(got, want, context, simple_factors(context.sizes))
    if simple:
        return either(simple)
    # a length without a name, of features say, explains it more simply than names that combine to the same number
    lengths = {length for array in (want, *context.arguments) for length in array.shape if length > 1}
    if _fitting(got, want, context, simple_factors({str(length): length for length in lengths})):
        return None
    return either(_fitting(got, want, context, _combined_factors(context.sizes)))


def _fitting(got: Array, want: Array, context: Context, factors: Sequence[Factor]) -> list[Cause]:
    return [
        _multiplied(factor, turned)
        for turned in (1, -1)
        for factor in factors
        # a factor multiplies all uncertainties too
        if matches(got, turned * factor.value * want, abs(factor.value) * context.within)
    ]


def _multiplied(factor: Factor, turned: int) -> Cause:
    hint = f"{'has the wrong sign and ' if turned < 0 else ''}is {factor.share} what it should be"
    return Cause(words=f"{hint} ({factor.meaning})" if factor.meaning else hint, hint=hint)


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
    if want.size < ENOUGH_ENTRIES or np.abs(want).max() <= context.within:
        return None
    factor = float(np.vdot(want, got) / np.vdot(want, want))
    if not np.isfinite(factor) or abs(factor) * np.abs(want).max() <= context.within:
        return None
    if not matches(got, factor * want, abs(factor) * context.within):
        return None
    return Cause(words=f"is {factor:.6g} times what it should be", hint="is off by a constant factor")


def offset(got: Array, want: Array, context: Context) -> Cause | None:
    """One number was added to every entry."""
    if want.size < ENOUGH_ENTRIES:
        return None
    added = float(np.median(got - want))
    # An offset so large that the values vanish in its rounding fits any values.
    if np.spacing(abs(added)) > context.within or not matches(got, want + added, context.within):
        return None
    return Cause(words=f"is off by {added:.6g} in every entry", hint="is off by the same number in every entry")
