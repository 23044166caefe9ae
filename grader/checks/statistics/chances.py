"""One decision of a statistics check: a p-value against a level."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.extent import finding_of_size
from grader.checks.findings import Finding, bound, raise_any, shown
from grader.checks.form import finding_of_result, finding_of_shape, paired
from grader.checks.record import decided, sighted
from grader.checks.structure import is_numeric
from grader.evidence import Evidence

Array = npt.NDArray[np.float64]

LEVEL = 1e-6
"""Chance that a right answer fails one decision. A course of 1,000 students with 100 decisions each loses 0.1 of
them."""

SMALLEST = 1e-300
"""A p-value below it is written as it: floats end at 1e-308."""


def decide(
    name: str, p: float, level: float, *, message: str, hint: str, cause: str = "", got: str = "", uniform: bool = True
) -> None:
    """Fail when ``p`` is at most ``level``.

    Parameters
    ----------
    name
        The value in the handout's words, and what was tested: ``variance of S``.
    p, level
        In [0, 1] and (0, 1).
    message
        What is wrong, for readers who may see numbers.
    hint
        What the student should do: fixed words only.
    cause
        The likely cause, empty where none is known.
    got
        The evidence as text.
    uniform
        The p-value of a right answer is uniform, and not only larger in law than a uniform one.

    Raises
    ------
    CheckFailure
        When ``p`` is at most ``level``.
    """
    refuse_level(level)
    decided(name, p, uniform=uniform)
    if p > level:
        return
    # not measured: how far a p-value is from the level is chance, and says nothing about the check
    chance = f"a right answer shows this with a chance of {bound(max(p, SMALLEST))} (allowed: {bound(level)})"
    evidence = Evidence(name=name, got=got, cause=cause)
    raise_any([Finding(message=f"{message}; {chance}.", hint=hint, evidence=evidence)])


def refuse_level(level: float) -> None:
    """Raise ``ValueError`` unless ``level`` is a chance that can be decided at."""
    if not SMALLEST < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level!r}")


def sample_of(got: Any, name: str, shape: tuple[int, ...] | None = None, *, double: bool = False) -> Array:
    """Return what came as a float64 array.

    Parameters
    ----------
    got, name
        What came, and what it is in the handout's words.
    shape
        That is due, None where any will do.
    double
        Whether it has to be of float64 itself.

    Raises
    ------
    CheckFailure
        When it is no array of real numbers, is empty or far too large, has another shape or too little precision, or
        holds NaN or infinity.
    """
    # its form alone: the values differ between right ways to use the generator
    sighted(f"numbers of shape {np.shape(got)}" if is_numeric(got) else got, name)
    wrong = finding_of_result(got, name) or finding_of_size(got, name)
    wrong = wrong or (None if shape is None else finding_of_shape(got, shape, name))
    if not wrong and double:
        form = paired(got, np.zeros(np.shape(got)), name)
        wrong = next((found for found in form if isinstance(found, Finding)), None)
    raise_any([wrong] if wrong else [])
    sample = np.asarray(got, dtype=np.float64)
    if not sample.size:
        evidence = Evidence(name=name, got=f"shape {sample.shape}")
        raise_any([Finding(message=f"{name} is empty.", hint=f"`{name}` is empty.", evidence=evidence)])
    bad = int(np.count_nonzero(~np.isfinite(sample)))
    if bad:
        message = f"{name} holds {bad} entries of {sample.size} that are NaN or infinity."
        evidence = Evidence(name=name, got=shown(sample))
        raise_any([Finding(message=message, hint=f"`{name}` holds NaN or infinity.", evidence=evidence)])
    return sample
