"""Measures the checks of an assignment: level on right answers, power on mistakes and mutants.

``sound`` and ``apart`` find checks that cannot be trusted at all; ``run`` says what is to be done, ``sharing`` hands it
to processes, ``work`` is what one of them does, ``outcome`` puts the findings together; ``replay`` tells a mutant that
computes the same from one that the checks miss. ``stochastic`` is the other measurement: stochastic checks alone, under
thousands of seeds.
"""

from __future__ import annotations

from grader.engine.audit.run import audit
from grader.engine.audit.stochastic import levels

__all__ = ["audit", "levels"]
