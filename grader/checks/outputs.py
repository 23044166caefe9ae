"""What a function that is to be differentiated returns: finite numbers of one form, the same at every call.

A student's function can answer the hundredth call with anything at all, so each answer is looked
at before it is computed with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.comparison import deviations, not_finite
from grader.checks.findings import Finding, bound, raise_any, shown
from grader.checks.form import Pair, finding_of_result, paired
from grader.checks.structure import mapped
from grader.checks.tolerance import scale_of
from grader.evidence import Evidence

Array = npt.NDArray[Any]

REPEATED_ULPS = 200
"""Rounding errors between two equal calls, in units of eps times the scale: threads may order a sum anew each time."""


def form_of(out: Any, upstream: Any, name: str, *, where: str) -> Any:
    """Return zeros of the form that every further output must have: that of the upstream gradient, where one is given.

    Raises
    ------
    CheckFailure
        When no upstream gradient is given and ``out`` is not an array or a number.
    """
    if upstream is not None:
        return mapped(lambda _name, leaf: np.zeros(np.shape(leaf)), upstream, "")
    wrong = finding_of_result(out, name)
    raise_any([wrong] if wrong else [], where=where)
    return np.zeros(np.shape(out))


def numbers(out: Any, form: Any, name: str, *, where: str, finite: bool = True) -> list[Array]:
    """Return the arrays of an output, in order.

    Raises
    ------
    CheckFailure
        When the form is another one, or ``finite`` and a number is not.
    """
    items = list(paired(out, form, name))
    raise_any((item for item in items if isinstance(item, Finding)), where=where)
    pairs = [item for item in items if isinstance(item, Pair)]
    if finite:
        broken = (not_finite(pair.name, pair.got) for pair in pairs)
        raise_any((finding for finding in broken if finding), where=where)
    return [pair.got.astype(np.float64) for pair in pairs]


def refuse_noise(first: Sequence[Array], second: Sequence[Array], *, where: str) -> None:
    """Refuse a function that answers the same call in two ways: its differences mean nothing.

    Raises
    ------
    CheckFailure
        When an output differs from the first by more than the rounding of a sum in another order.
    """
    for one, other in zip(first, second, strict=True):
        largest = float(deviations(one, other).max(initial=0.0))
        allowed = REPEATED_ULPS * float(np.finfo(np.float64).eps) * scale_of(one)
        if largest <= allowed:
            continue
        message = f"it returned different results for the same input (off by {bound(largest)})."
        hint = f"`{where}` returns different results for the same input: use no other randomness than it is given."
        evidence = Evidence(name="out", got=shown(other), want=shown(one), deviation=largest, allowed=allowed)
        raise_any([Finding(message=message, hint=hint, evidence=evidence)], where=where)


def weighted(weights: Sequence[Array], arrays: Sequence[Array]) -> float:
    """Return the sum of all products; not finite where the arrays are not, without a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(sum(float((weight * array).sum()) for weight, array in zip(weights, arrays, strict=True)))
