"""What a check calls to decide: one module a kind of check.

A new kind is a module here that exports functions taking plain callables and arrays, and
raising :class:`grader.evidence.CheckFailure`. Nothing here knows of processes or of pytest.
"""

from __future__ import annotations

from grader.checks import convergence, gradient, modules, parity, problems, statistics, symmetry, value
from grader.checks.declare import exercise
from grader.checks.value import expect

__all__ = [
    "convergence",
    "exercise",
    "expect",
    "gradient",
    "modules",
    "parity",
    "problems",
    "statistics",
    "symmetry",
    "value",
]
