"""The order in which the patterns are tried: the most specific ones first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grader.checks.patterns import axes, factors, masks, places, steps
from grader.checks.patterns.cause import UNKNOWN, Array, Cause, Context, Recogniser, either, matches, same, telling
from grader.checks.patterns.precision import rounded


def likely_cause(
    got: Array,
    want: Array,
    *,
    within: float,
    sizes: Mapping[str, float] | None = None,
    siblings: Mapping[str, Array] | None = None,
    otherwise: Sequence[tuple[str, Array]] = (),
    arguments: Sequence[Array] = (),
    selection: bool = False,
    trajectory: bool = False,
) -> Cause:
    """Name the pattern by which ``got`` differs from ``want``.

    Parameters
    ----------
    got, want
        Finite numbers, or truth values, of the same shape that differ somewhere.
    within
        The deviation that does not count. Where nothing differs by more, only lost precision is recognised.
    sizes
        Numbers that have a name in the handout, so that a factor is called N and not 5.
    siblings
        What was expected of the other results, to recognise two that were swapped.
    otherwise
        What certain mistakes would give, each with the words for it, which hold no number of inputs or outputs.
    arguments
        The arrays of floats among the arguments of the function.
    selection
        The entries are a random selection, so that their places say nothing.
    trajectory
        Rows are the iterates of an algorithm, ``(steps + 1, p)``.

    Returns
    -------
    Cause
        The first pattern that fits, the most specific ones first; :data:`UNKNOWN` when none does.
    """
    context = Context(
        within=within,
        sizes=sizes or {},
        siblings={name: np.asarray(array, dtype=np.float64) for name, array in (siblings or {}).items()},
        otherwise=[(words, np.asarray(array, dtype=np.float64)) for words, array in otherwise],
        arguments=[np.asarray(argument, dtype=np.float64) for argument in arguments],
    )
    double = np.asarray(got).dtype.itemsize >= np.dtype(np.float64).itemsize
    recognisers = _OF_STEPS if trajectory else _WITHOUT_PLACES if selection else _RECOGNISERS
    recognisers = _OF_TRUTH if np.asarray(want).dtype.kind == "b" else recognisers
    got, want = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    # Wild numbers may overflow; what does is no match.
    with np.errstate(over="ignore", invalid="ignore"):
        # what came in a smaller dtype was allowed to
        lost = rounded(got, want) if double else None
        if lost or matches(got, want, within):
            return lost or UNKNOWN
        causes = (recogniser(got, want, context) for recogniser in recognisers)
        return next((cause for cause in causes if cause), UNKNOWN)


def _swapped(got: Array, _want: Array, context: Context) -> Cause | None:
    """What is due for another result came."""
    for name, sibling in context.siblings.items():
        if (sibling.ndim or telling(sibling)) and matches(got, sibling, context.within):
            return same(f"holds what is due for `{name}`")
    return None


def _otherwise(got: Array, want: Array, context: Context) -> Cause | None:
    """What a mistake would give came."""
    return either(
        same(words)
        for words, array in context.otherwise
        if telling(array) and matches(got, array, context.within) and not matches(want, array, context.within)
    )


_RECOGNISERS: tuple[Recogniser, ...] = (
    factors.zero,
    _swapped,
    factors.sign,
    factors.complement,
    factors.named_factor,
    _otherwise,
    masks.inverted,
    places.transposed,
    places.reversed_order,
    axes.normalised,
    axes.reduced,
    places.shifted,
    places.one_index,
    axes.spread,
    places.from_one_index_on,
    places.some_entries,
    factors.some_factor,
    factors.offset,
)

_WITHOUT_PLACES: tuple[Recogniser, ...] = (
    factors.zero,
    factors.sign,
    factors.complement,
    factors.named_factor,
    masks.inverted,
    factors.some_factor,
    factors.offset,
)
"""Those that do not care where an entry stands."""

_OF_STEPS: tuple[Recogniser, ...] = (
    factors.zero,
    _swapped,
    _otherwise,
    places.transposed,
    places.reversed_order,
    places.shifted,
    axes.spread,
    steps.wrong_step,
)
"""A factor or a constant of all iterates is an accident: each follows from the one before."""

_OF_TRUTH: tuple[Recogniser, ...] = (
    masks.inverted_truth,
    masks.triangle,
    places.transposed,
    places.one_index,
    places.some_entries,
)
