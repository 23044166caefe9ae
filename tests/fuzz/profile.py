"""How long the fuzz tests look: the same few examples each time, or as many new ones as ``FUZZ_EXAMPLES`` says."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_ASKED = os.environ.get("FUZZ_EXAMPLES", "")

FUZZ = settings(
    max_examples=int(_ASKED or 100),
    derandomize=not _ASKED,
    database=None,
    deadline=None,  # of a shared machine
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
"""Of every test in this folder."""
