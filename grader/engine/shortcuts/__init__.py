"""Told to the instructor: where numeric differences or complex steps seem to stand in place of a derivative.

``names`` reads what the names of a function stand for, ``steps`` and ``quotients`` find derivatives that are taken by
values, ``sentences`` says whose they are. Source is parsed and never executed, and no submission loses points by it:
such answers are right. There is no claim to see all of them.
"""

from __future__ import annotations

from grader.engine.shortcuts.sentences import shortcuts_in

__all__ = ["shortcuts_in"]
