"""How many numbers a result may hold where no shape is due: a relation, a sample.

Where a shape is due, it bounds the work by itself. Elsewhere a student's array of 64 MB, small integers as they cross
the wall, would become half a gigabyte of floats, and several of those by the time two results are compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.checks.findings import Finding
from grader.checks.structure import is_numeric
from grader.evidence import Evidence

MOST_NUMBERS = 2**22
"""32 MB in float64: half of the largest message that crosses the wall."""


def finding_of_size(got: Any, name: str) -> Finding | None:
    """Find an array of more numbers than :data:`MOST_NUMBERS`; what is no array of numbers is for others to judge.

    Parameters
    ----------
    got
        What came.
    name
        What the check calls it.
    """
    if not is_numeric(got) or np.size(got) <= MOST_NUMBERS:
        return None
    fault = "holds far more numbers than a right result does"
    return Finding(
        message=f"{name} {fault}: {np.size(got)}; its shape is {np.shape(got)}.",
        hint=f"`{name}` {fault}.",
        evidence=Evidence(name=name, got=f"shape {np.shape(got)}", cause=fault),
    )
