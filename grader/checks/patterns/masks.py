"""Patterns of masks: what should be left out is kept, and what should be kept is left out."""

from __future__ import annotations

import numpy as np

from grader.checks.patterns.cause import (
    CERTAIN_BITS,
    ENOUGH_ENTRIES,
    Array,
    Cause,
    Context,
    matches,
    same,
    telling,
)

_EXACTLY = "is {} exactly where it must not be, as with an inverted mask"


def inverted(got: Array, want: Array, context: Context) -> Cause | None:
    """Zeros, or entries equal to those of an argument, stand exactly where they should not."""
    zeros_here, zeros_due = np.abs(got) <= context.within, np.abs(want) <= context.within
    if _complementary(zeros_here, zeros_due):
        # a mask and its inverse add up to what was masked, which settles it however few entries there are
        whole = any(
            matches(got + want, argument, context.within) for argument in context.arguments if telling(argument)
        )
        if whole or got.size >= CERTAIN_BITS:
            return same(_EXACTLY.format("zero"))
    for argument in context.arguments:
        if argument.shape == want.shape and got.size >= CERTAIN_BITS:
            kept_here, kept_due = (np.abs(one - argument) <= context.within for one in (got, want))
            if _complementary(kept_here, kept_due):
                return same(_EXACTLY.format("unchanged"))
    return None


def inverted_truth(got: Array, want: Array, _context: Context) -> Cause | None:
    """Of truth values as 0 and 1: every one is the other."""
    if got.size < ENOUGH_ENTRIES or not _complementary(got == 1, want == 1):
        return None
    return same("is the opposite of what is due (True where False is due)")


def triangle(got: Array, want: Array, _context: Context) -> Cause | None:
    """Of truth values as 0 and 1: another triangle, or one with or without the diagonal, as causal masks are."""
    here, due = _triangle(got), _triangle(want)
    return same(f"is True {here} where it must be True {due}") if here and due and here != due else None


def _triangle(mask: Array) -> str:
    """Say where a square mask, or each of a stack of equal ones, is True; empty where that is no triangle."""
    if mask.ndim < 2 or mask.shape[-1] != mask.shape[-2] or mask.shape[-1] < 2 or not mask.size:
        return ""
    n = mask.shape[-1]
    for words, triangle in (
        ("on and below the diagonal", np.tri(n)),
        ("below the diagonal", np.tri(n, k=-1)),
        ("on and above the diagonal", np.tri(n).T),
        ("above the diagonal", np.tri(n, k=-1).T),
    ):
        if np.all(mask == triangle):
            return words
    return ""


def inverted_infinity(got: Array, want: Array) -> Cause | None:
    """Minus infinity, which hides an entry from a softmax, stands exactly where it should not."""
    if got.size >= CERTAIN_BITS and _complementary(np.isneginf(got), np.isneginf(want)):
        return same(_EXACTLY.format("-inf"))
    return None


def _complementary(here: Array, due: Array) -> bool:
    """Whether flags are the opposite of other flags, and neither are all alike."""
    return bool(np.all(here != due) and here.any() and due.any())
