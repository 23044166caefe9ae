"""Measures the checks of an assignment: level on right answers, power on mistakes and mutants.

``sound`` and ``apart`` find checks that cannot be trusted at all; ``run`` hands the work out, ``work`` is what
one process does, ``outcome`` puts the findings together; ``replay`` tells a mutant that computes the same from one
that the checks miss.
"""

from __future__ import annotations

from grader.engine.audit.run import audit

__all__ = ["audit"]
