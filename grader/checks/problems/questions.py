"""What an oracle is asked: a point and samples, which student code hands over, and the words that refuse anything else.

Whatever comes is judged before it is computed with, and before anything is made of it: a text of a few megabytes among
a thousand short ones would take gigabytes as an array.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.findings import Finding, failure
from grader.checks.kinds import type_name
from grader.checks.record import sighted
from grader.checks.structure import is_numeric
from grader.evidence import CheckFailure, Evidence

Array = npt.NDArray[np.float64]
Samples = npt.NDArray[np.intp]

LARGEST_BATCH = 100_000
"""Samples of one call: fifty times the largest problem here. Each takes a row of the inputs, p numbers, to compute."""

SAMPLES_LIMIT = 4_000_000
"""Samples of all calls, which the record keeps, 32 MB: 10,000 steps with batches of 400."""

LARGEST_INDEX = 2**63
"""Of an integer of numpy; a Python integer may have a million digits."""


def point_of(w: Any, p: int, words: str) -> Array:
    """Return a point ``(p,)`` as an array of its own.

    Parameters
    ----------
    w
        Anything that student code gave.
    p
        Number of parameters.
    words
        What was asked for.

    Raises
    ------
    CheckFailure
        When it is no array of p numbers.
    """
    shape = _shape_of(w)
    if shape is not None and shape != (p,):
        message = f"it asked for {words} at a point of shape {shape}; points have the shape ({p},)."
        raise refused(message, f"asks for {words} at a point whose shape is not that of `w0`", words)
    try:
        point = None if shape is None else np.array(w, dtype=np.float64)
    except OverflowError:  # an integer beyond the largest float
        point = None
    if point is None:
        came = type_name(w).rpartition(".")[2]
        message = f"it asked for {words} at a {came}; due is an array of {p} numbers."
        raise refused(message, f"asks for {words} at what is no array of numbers", words)
    return point


def samples_of(i: Any, n: int, *, drawn: int) -> Samples:
    """Return the indices of samples, ``(b,)``, also of a single one.

    Parameters
    ----------
    i
        Anything that student code gave.
    n
        Number of samples that there are.
    drawn
        How many were asked for in the calls before.

    Raises
    ------
    CheckFailure
        When it is no integer from 0 to n - 1, and no one-dimensional array or list of some of them.
    """
    shape = _shape_of(i)
    if shape is None or not _are_integers(i):
        raise _refused_samples(f"a {type(i).__name__}, which is no integer", "that are no integers")
    if len(shape) > 1:
        raise _refused_samples(f"an array of shape {shape}", "that are no one-dimensional array")
    count = math.prod(shape)
    if not count:
        raise _refused_samples("no index at all", "of which there are none")
    if count > LARGEST_BATCH or drawn + count > SAMPLES_LIMIT:
        what = f"{count} samples, after {drawn}: far more than the method needs"
        raise _refused_samples(what, "that are far more than the method needs")
    samples = np.asarray(i)
    if samples.min() < 0 or samples.max() >= n:
        worst = samples.max() if samples.max() >= n else samples.min()
        raise _refused_samples(f"sample {worst}; samples are 0 to {n - 1}", "outside 0 to n - 1")
    return np.array(samples, dtype=np.intp).reshape(-1)  # (b,)


def _shape_of(value: Any) -> tuple[int, ...] | None:
    """Return the shape of real numbers: of one, of an array, or of a flat list of them; None of anything else.

    Nothing is made of the value: of a list of texts numpy makes an array in which each takes as much as the longest.
    """
    if is_numeric(value):
        return None if np.iscomplexobj(value) else np.shape(value)
    flat = isinstance(value, list | tuple) and all(is_numeric(one) and not np.ndim(one) for one in value)
    return (len(value),) if flat and not any(map(np.iscomplexobj, value)) else None


def _are_integers(value: Any) -> bool:
    """Whether numbers are integers of the machine, or none at all."""
    if isinstance(value, list | tuple):
        return all(map(_are_integers, value))
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < LARGEST_INDEX
    return not np.size(value) or np.asarray(value).dtype.kind in "iu"


def _refused_samples(what: str, hint: str) -> CheckFailure:
    words = "the gradient of samples"
    return refused(f"it asked for {words} at {what}.", f"asks for {words} {hint}", words)


def refused(message: str, hint: str, words: str) -> CheckFailure:
    """Return the failure of a call that is not answered.

    Parameters
    ----------
    message
        A sentence about the function.
    hint
        What it does that is wrong, in fixed words.
    words
        What was asked for: ``the gradient``.
    """
    sighted(message, "oracle")
    evidence = Evidence(name=words.removeprefix("the "), got=message)
    return failure([Finding(message=_sentence(message), hint=_sentence(f"Your function {hint}"), evidence=evidence)])


def _sentence(words: str) -> str:
    return words if words.endswith((".", "?")) else f"{words}."
