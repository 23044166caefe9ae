"""Patterns of axes: along the wrong one, one value in all places, a sum or a mean that was left out or is too much."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from grader.checks.patterns.cause import Array, Cause, Context, matches, same, telling
from grader.checks.tolerance import SLACK, scale_of

_Reduction = Callable[..., Array]

_REDUCTIONS: dict[str, _Reduction] = {"sum": np.sum, "mean": np.mean, "largest entry": np.max, "smallest entry": np.min}

_ADVICE: dict[str, _Reduction] = {"sum": np.sum, "average": np.mean}

_NORMALISED: dict[str, Callable[[Array, int], Array]] = {
    "adds up to 1": lambda array, axis: array.sum(axis=axis) - 1,
    "has mean 0": lambda array, axis: array.mean(axis=axis),
    "has length 1": lambda array, axis: (array**2).sum(axis=axis) - 1,
}
"""What normalisations leave along their axis, as something that is then 0."""

_MOST_EXTRA = 4
"""Axes too many that are tried: a batch of images has four, and of thirty too many could be dropped."""


def normalised(got: Array, want: Array, context: Context) -> Cause | None:
    """Normalised along one axis where another is due, as a softmax over the samples is."""
    if not telling(got):
        return None
    within = max(SLACK, context.within)
    for words, rest in _NORMALISED.items():
        here, due = (
            [
                axis
                for axis, length in enumerate(array.shape)
                if length > 1 and np.abs(rest(array, axis)).max() <= within
            ]
            for array in (got, want)
        )
        if len(here) == len(due) == 1 and here != due:
            return same(f"{words} along axis {here[0]} where it must along axis {due[0]}")
    return None


def reduced(got: Array, want: Array, context: Context) -> Cause | None:
    """An argument is summed, averaged or searched along one axis where another is due."""
    if not telling(want):
        return None
    for argument in context.arguments:
        # where the axes differ in length, so do the shapes of the results
        if argument.ndim < 2 or len(set(argument.shape)) == argument.ndim:
            continue
        for words, reduction in _REDUCTIONS.items():
            along = [reduction(argument, axis=axis) for axis in range(argument.ndim)]
            here, due = (
                [axis for axis, one in enumerate(along) if matches(np.squeeze(one), np.squeeze(array), context.within)]
                for array in (got, want)
            )
            if len(here) == len(due) == 1 and here != due:
                return same(f"is the {words} over axis {here[0]} where axis {due[0]} is due")
    return None


def spread(got: Array, want: Array, context: Context) -> Cause | None:
    """One value, or one row of values, stands in all places of an axis."""
    if got.ndim and _alike(got, None) and not matches(want, np.full_like(want, want.flat[0]), context.within):
        return same(f"holds {_whole(got, want, context.within)} in every entry")
    for axis, length in enumerate(got.shape):
        if length < 2 or not _alike(got, axis) or np.ptp(want, axis=axis).max() <= context.within:
            continue
        if matches(np.take(got, -1, axis), np.take(want, -1, axis), context.within):
            end = f"holds its last entries at every index of axis {axis}"
            return same(f"{end}, as when one array is changed in place and kept at each step")
        return same(f"is the same at every index of axis {axis}")
    return None


def _alike(array: Array, axis: int | None) -> bool:
    return not np.any(np.ptp(array, axis=axis))


def _whole(got: Array, want: Array, within: float) -> str:
    """Say what one number for all entries is."""
    for name, reduction in (("sum", np.sum), ("mean", np.mean)):
        if telling(want) and abs(got.flat[0] - reduction(want)) <= within:
            return f"the {name} of what is due"
    return "the same number"


def shape_advice(got: Array, want: Array) -> str:
    """Say what turns numbers of the wrong shape into those that are due; empty where that is not certain.

    Parameters
    ----------
    got, want
        Real numbers of different shapes.
    """
    want = want.astype(np.float64)
    if not (got.size and telling(want)):
        return ""
    got = got.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        if _is_column_and_row(got, want):
            return ": was a column added to a row?"
        left_out = list(_reducing(got, want))
        too_much = list(_reducing(want, got))
        if len(left_out) + len(too_much) == 1:
            return f": {left_out[0]}" if left_out else f": do not {too_much[0]}"
        return ": was it summed over the wrong axis?" if _same_totals(got, want) else ""


def _is_column_and_row(got: Array, want: Array) -> bool:
    """Whether a square came where a row or a column is due, and it is a sum of both: what they broadcast to."""
    n = want.size
    if want.ndim > 2 or max(want.shape, default=0) != n or n < 2 or got.shape != (n, n) or _alike(got, None):
        return False
    return matches(got - got[0], np.tile(got[:, :1] - got[0, 0], n), SLACK * scale_of(got))


def _reducing(large: Array, small: Array) -> Iterator[str]:
    """Yield the ways to turn one array into the other by a sum or a mean."""
    within = SLACK * scale_of(small)
    for axes, keep in _dropped(large.shape, small.shape):
        for words, reduction in _ADVICE.items():
            if matches(reduction(large, axis=axes, keepdims=keep), small, within):
                names = ", ".join(map(str, axes))
                yield f"{words} it over {'axis' if len(axes) == 1 else 'axes'} {names}"


def _dropped(large: Sequence[int], small: Sequence[int]) -> Iterator[tuple[tuple[int, ...], bool]]:
    """Yield the axes without which one shape is the other, and whether they stay with length 1."""
    extra = len(large) - len(small)
    if extra == 0 and len(large) > 1:
        axes = tuple(axis for axis, lengths in enumerate(zip(large, small, strict=True)) if lengths[0] != lengths[1])
        if all(small[axis] == 1 for axis in axes):
            yield axes, True
    elif 0 < extra <= _MOST_EXTRA:
        for axes in itertools.combinations(range(len(large)), extra):
            kept = [length for axis, length in enumerate(large) if axis not in axes]
            if kept == list(small):
                yield axes, False


def _same_totals(got: Array, want: Array) -> bool:
    """Whether two arrays are sums of the same numbers over different axes: the same total, and no entry in common."""
    got, want = np.squeeze(got), np.squeeze(want)
    if got.ndim != want.ndim or got.size == want.size:
        return False
    axes = [axis for axis, lengths in enumerate(zip(got.shape, want.shape, strict=True)) if lengths[0] != lengths[1]]
    if len(axes) != 1:
        return False
    within = SLACK * scale_of(want)
    here, due = got.sum(axis=axes[0]), want.sum(axis=axes[0])
    # Probabilities add up to 1 over anything, and zeros at the end leave the total as it is.
    shared = np.intersect1d(np.round(got / within), np.round(want / within)).size
    return telling(due) and matches(here, due, within) and not shared
