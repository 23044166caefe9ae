"""Patterns of sums: a term that the author declared is missing, is there twice, or has the wrong sign or factor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grader.checks.patterns.cause import Array
from grader.checks.patterns.factors import simple_factors
from grader.checks.tolerance import SMALLEST_MISTAKE, scale_of

_SHARES = {0.0: "lacks the term {}", 2.0: "holds the term {} twice", -1.0: "holds the term {} with the wrong sign"}


def with_another_share(want: Array, term: Array, name: str, sizes: Mapping[str, float]) -> list[tuple[str, Array]]:
    """Return what comes when a term of a sum has another factor than 1, each with the words for it.

    Parameters
    ----------
    want
        The right sum.
    term
        One of its terms, of the same shape; one that is lost in the sum (less than 1e-4 of it) has no words.
    name
        Of the term, in the handout's words.
    sizes
        Numbers that have a name, as in :class:`Context`.
    """
    if term.shape != want.shape or not np.abs(term).max(initial=0.0) >= SMALLEST_MISTAKE * scale_of(want):
        return []
    shares = {words.format(name): share for share, words in _SHARES.items()}
    for factor in simple_factors(sizes):
        if factor.value not in _SHARES:
            shares[f"holds {factor.share} the term {name}"] = factor.value
    return [(words, want + (share - 1) * term) for words, share in shares.items()]
