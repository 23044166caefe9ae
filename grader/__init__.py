"""What the author of a check imports.

``exercise`` marks a check, ``expect``, ``value`` and ``gradient`` decide, ``mistake``
describes a wrong answer. Everything is loaded on first use, so that ``import grader`` is
cheap: it loads neither numpy nor torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.checks import (
        convergence,
        exercise,
        expect,
        gradient,
        modules,
        parity,
        problems,
        statistics,
        symmetry,
        value,
    )
    from grader.evidence import CheckFailure
    from grader.mistakes import mistake

__version__ = "0.1.0"

__all__ = [
    "CheckFailure",
    "convergence",
    "exercise",
    "expect",
    "gradient",
    "mistake",
    "modules",
    "parity",
    "problems",
    "statistics",
    "symmetry",
    "value",
]

_HOME = {
    "CheckFailure": "grader.evidence",
    "convergence": "grader.checks",
    "exercise": "grader.checks",
    "expect": "grader.checks",
    "gradient": "grader.checks",
    "mistake": "grader.mistakes",
    "modules": "grader.checks",
    "parity": "grader.checks",
    "problems": "grader.checks",
    "statistics": "grader.checks",
    "symmetry": "grader.checks",
    "value": "grader.checks",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'grader' has no attribute {name!r}")
