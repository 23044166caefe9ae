"""Recognises the usual ways in which a whole result is wrong: sign, factor, wrong axis, lost term, and the like.

A pattern names the likely cause of a difference that was already found; it never decides whether
an answer is right. It claims what is true of the two arrays, in fixed words, or nothing at all.
"""

from __future__ import annotations

from grader.checks.patterns.cause import UNKNOWN, Cause
from grader.checks.patterns.likely import likely_cause

__all__ = ["UNKNOWN", "Cause", "likely_cause"]
