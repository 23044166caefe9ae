"""Patterns of numbers that are not finite: where they stand says where they come from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.checks.patterns.cause import Array, Cause, same
from grader.checks.patterns.masks import inverted_infinity


def not_finite_cause(got: Array, want: Array, arguments: Sequence[Array]) -> Cause | None:
    """Name what puts infinity or NaN in these places.

    Parameters
    ----------
    got, want
        What came and what is due, of one shape; ``got`` is not finite somewhere where ``want`` is, or is another
        infinity.
    arguments
        The arrays of floats among the arguments of the function.
    """
    return inverted_infinity(got, want) or _at_zeros(got, arguments)


def _at_zeros(got: Array, arguments: Sequence[Array]) -> Cause | None:
    """A quotient by zero or a logarithm of it: not finite where the argument is zero, and nowhere else."""
    broken = ~np.isfinite(got)
    if broken.all() or not any(np.array_equal(broken, argument == 0) for argument in arguments):
        return None
    return same("is not finite exactly where an input is zero")
