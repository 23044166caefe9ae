"""Told to the instructor: where something else seems to stand in place of a student's own work.

Of two kinds: derivatives by values (difference quotients, complex steps), and ready-made functions that are the
exercise itself. ``names`` reads what the names of a function stand for, ``steps`` and ``quotients`` find the first
kind, ``ready_made`` lists the second and ``mentions`` finds it; ``places`` gathers both, ``sentences`` says whose they
are. ``written`` is a definition under a budget, ``parsable`` what of a notebook is Python.
Source is parsed and never executed, and no submission loses points by it: such answers are right. There is no claim to
see all of them.
"""

from __future__ import annotations

from grader.engine.shortcuts.sentences import shortcuts_in

__all__ = ["shortcuts_in"]
