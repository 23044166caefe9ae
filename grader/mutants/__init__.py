"""Mutants: wrong answers made from the reference by rule, to measure which errors the checks would miss.

A *mistake* is written by hand because students really make it; a *mutant* is made by changing
one place of the reference. One module holds a family of rules, each a small function from a
node of the syntax tree to edits of the text. This package only makes sources; it runs none.
"""

from __future__ import annotations

from grader.mutants.make import Mutant, mutants

__all__ = ["Mutant", "mutants"]
