"""Compares the form of what came with the form of what is due: type, structure, shape, dtype.

Values are compared elsewhere, and only where the form is right. What is let through: a number
for an array without axes and the other way round, a list for a tuple of results, any dtype that
holds the same numbers at no less precision. What is not: a list of numbers where an array is
due, because the handout says arrays, and later code (``db.sum(axis=0)``) would fail on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks import kinds
from grader.checks.findings import Finding, shown
from grader.checks.order import entries_in_another_order
from grader.checks.patterns.axes import shape_advice
from grader.checks.patterns.steps import fault_of_shape, is_trajectory
from grader.checks.structure import child_name, is_numeric
from grader.evidence import Evidence

Array = npt.NDArray[Any]

_COUNTS = ("no", "one", "two", "three", "four", "five")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two numeric leaves of the same shape, ready to be compared."""

    name: str
    got: Array
    want: Array


def paired(
    got: Any, want: Any, name: str, *, single_precision: bool = False, samples: int | None = None
) -> Iterator[Pair | Finding]:
    """Walk through ``want`` and yield a pair for each leaf of the right form, a finding for each of a wrong one.

    Parameters
    ----------
    got
        What the student's function returned: anything at all.
    want
        What is due, real or boolean. Lists and tuples are structure: an array that is due is given as an array.
    name
        Opens the path of every leaf, e.g. ``params`` in ``params[1].S``.
    single_precision
        The inputs were float32, so a float32 result lost nothing.
    samples
        Rows of the inputs, one a sample, where that is known: for what to say of a shape.
    """
    if isinstance(want, dict | list | tuple):
        problem = _wrong_container(got, want, name)
        if problem:
            yield problem
            return
        items = want.items() if isinstance(want, dict) else enumerate(want)
        for key, due in items:
            below = child_name(name, key)
            yield from paired(got[key], due, below, single_precision=single_precision, samples=samples)
    elif is_numeric(want):
        yield _numeric(got, np.asarray(want), name, single_precision=single_precision, samples=samples)
    elif type(got) is not type(want) or got != want:
        yield _finding(name, f"is {kinds.kind(got)}; {want!r} is due", "is not what is due", got, repr(want))


def finding_of_form(got: Any, want: Array, name: str) -> Finding | None:
    """Compare type and family of ``got`` with an array that is due, and not its shape or precision."""
    return _wrong_type(got, want, name) or _wrong_family(np.asarray(got), want, name)


def finding_of_shape(got: Any, shape: tuple[int, ...], name: str) -> Finding | None:
    """Compare type and shape of ``got`` with an array that is due, whatever its dtype and values."""
    want = np.zeros(shape)
    return _wrong_type(got, want, name) or _wrong_shape(np.asarray(got), want, name)


def _wrong_container(got: Any, want: Any, name: str) -> Finding | None:
    due = f"{kinds.container(want)} of {len(want)}"
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return _finding(name, f"is {kinds.kind(got)}; {due} is due", _not(got, "a dict"), got, due)
        missing = [key for key in want if key not in got]
        if missing or len(got) > len(want):
            fault = f"lacks the keys {missing}" if missing else "has keys that are not due"
            return _finding(name, f"{fault}; due are {list(want)}", "has the wrong keys", got, f"keys {list(want)}")
    elif not isinstance(got, list | tuple):
        return _finding(name, f"is {kinds.kind(got)}; {due} is due", _not(got, kinds.container(want)), got, due)
    elif len(got) != len(want):
        return _finding(name, f"has length {len(got)}; {due} is due", "has the wrong length", got, due)
    else:
        return entries_in_another_order(got, want, name)
    return None


def _numeric(got: Any, want: Array, name: str, *, single_precision: bool, samples: int | None) -> Pair | Finding:
    problem = finding_of_form(got, want, name)
    if problem:
        return problem
    array = np.asarray(got)
    problem = _wrong_shape(array, want, name, samples)
    if problem is None and not single_precision:
        problem = _precision_lost(array, want, name)
    return problem or Pair(name=name, got=array, want=want)


def finding_of_result(got: Any, name: str) -> Finding | None:
    """Find what is not a number or a numeric array at all, where the shape that is due is not known."""
    if is_numeric(got) and np.asarray(got).dtype.kind in "iuf":
        return None
    kind = f"an array of dtype {got.dtype}" if isinstance(got, np.ndarray) else kinds.kind(got)
    hint = kinds.hint(got, "a numpy array") or "is not an array of floats"
    return _finding(name, f"is {kind}; an array of floats is due", hint, got, "an array of floats")


def _wrong_type(got: Any, want: Array, name: str) -> Finding | None:
    due = f"a numpy array of shape {want.shape}" if want.ndim else "a number"
    if is_numeric(got) or isinstance(got, np.ndarray | np.generic):
        return None
    if got is None:
        return _finding(name, f"is None; {due} is due", "is None: return it", got, due)
    if isinstance(got, list | tuple) and want.ndim:
        container = kinds.container(got)
        return _finding(name, f"is {container}; return {due}", f"is {container}; return a numpy array", got, due)
    hint = _not(got, "a numpy array" if want.ndim else "a single number")
    return _finding(name, f"is {kinds.kind(got)}; {due} is due", hint, got, due)


def _wrong_family(got: Array, want: Array, name: str) -> Finding | None:
    due = "booleans are" if want.dtype.kind == "b" else "numbers are"
    if got.dtype.kind in "biuf" and (got.dtype.kind == "b") == (want.dtype.kind == "b"):
        return None
    if got.dtype.kind == "b":
        fault = "is boolean"
    elif got.dtype.kind == "c":
        fault = "is complex"
    elif got.dtype.kind == "O":
        fault = "has dtype object (rows of unequal length, or None among the entries?)"
    else:
        fault = f"has dtype {got.dtype}"
    hint = {"b": "is boolean", "c": "is complex", "O": "has dtype object"}.get(got.dtype.kind, "has another dtype")
    return _finding(name, f"{fault}; {due} due", f"{hint} where {due} due", got, f"{want.dtype}")


def _wrong_shape(got: Array, want: Array, name: str, samples: int | None = None) -> Finding | None:
    if got.shape == want.shape:
        return None
    special = fault_of_shape(got.shape, want.shape) if is_trajectory(name, want) else ""
    if special:
        message = f"has shape {got.shape}, due is {want.shape}: it {special}"
        return _finding(name, message, special, got, f"shape {want.shape}")
    fault, advice = _shape_fault(got.shape, want.shape)
    advice = shape_advice(got, want) or _samples_left(got.shape, want.shape, samples) or advice
    due = f"due is {want.shape}" if want.ndim else "a single number is due"
    message = f"has shape {got.shape}, {due}: it {fault}{advice}"
    return _finding(name, message, f"{fault}{advice}", got, f"shape {want.shape}")


def _shape_fault(got: tuple[int, ...], want: tuple[int, ...]) -> tuple[str, str]:
    """Say what is wrong with a shape and what to do, in words that hold no length of an axis."""
    if len(got) == len(want):
        if len(got) > 1 and got == want[::-1]:
            return "has its axes swapped", ": transpose it"
        axes = [str(axis) for axis, lengths in enumerate(zip(got, want, strict=True)) if lengths[0] != lengths[1]]
        return f"has the wrong length along axis {' and '.join(axes)}", ""
    due = _count(len(want)) if want else "none"
    came = f"{_count(len(got))} {'axis' if len(got) < 2 else 'axes'}"
    fault = f"has {came} where {due} {'is' if len(want) < 2 else 'are'} due"
    without_ones = [tuple(length for length in shape if length != 1) for shape in (got, want)]
    if without_ones[0] == without_ones[1]:
        return fault, ": drop the extra axis" if len(got) > len(want) else ": keep the axis of length 1"
    advice = ": was a sum over an axis forgotten?" if len(got) > len(want) else ": was it summed over too many axes?"
    return fault, advice


def _samples_left(got: tuple[int, ...], want: tuple[int, ...], samples: int | None) -> str:
    """Say that the first axis is still that of the samples, where a result by parameters has none."""
    if samples is None or samples == 1 or samples in want or got[:1] != (samples,):
        return ""
    left = len(got) == len(want) == 1 or got[1:] == want
    return ": the axis of the samples is still there, sum or average over axis 0" if left else ""


def _precision_lost(got: Array, want: Array, name: str) -> Finding | None:
    if got.dtype.kind != "f" or want.dtype.kind != "f" or got.dtype.itemsize >= want.dtype.itemsize:
        return None
    message = (
        f"came as {got.dtype} although the inputs are {want.dtype}: precision was lost. {got.dtype} usually comes "
        "from dtype= in np.zeros or astype, or from a torch tensor"
    )
    return _finding(name, message, f"came as {got.dtype}; compute in {want.dtype}", got, f"{want.dtype}")


def _count(number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) else str(number)


def _not(got: Any, due: str) -> str:
    return kinds.hint(got, due) or f"is not {due}"


def _finding(name: str, message: str, hint: str, got: Any, want: str) -> Finding:
    summary = f"{kinds.kind(got)}: {shown(got)}" if isinstance(got, np.ndarray) and is_numeric(got) else kinds.kind(got)
    return Finding(
        message=_sentence(f"{name} {message}"),
        hint=_sentence(f"`{name}` {hint}"),
        evidence=Evidence(name=name, got=summary, want=want, cause=hint),
    )


def _sentence(words: str) -> str:
    return words if words.endswith("?") else f"{words}."
