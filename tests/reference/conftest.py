"""Runs the checks of an assignment on trusted answers, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grader.course import Course
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.plain import PlainStudent, module_of

ROOT = Path(__file__).resolve().parent.parent.parent

Failures = dict[str, dict[str, BaseException]]
"""By exercise, then by check: what ended it."""


@pytest.fixture
def failures() -> Callable[..., Failures]:
    """Run every check of an assignment on a source, under several seeds, and return those that do not pass."""

    def run(name: str, source: str, *, seeds: range = range(1)) -> Failures:
        student = PlainStudent(module_of(source, f"submission_{name}"))

        def work(suite: CheckSuite) -> Failures:
            found: Failures = {}
            for seed in seeds:
                for number, check in enumerate(suite.checks):
                    with np.errstate(all="ignore"):
                        met = suite.run(check, student, np.random.default_rng([seed, number]))  # type: ignore[arg-type]
                    if met.error is not None:
                        found.setdefault(check.exercise, {})[check.id] = met.error
            return found

        return with_checks(Course(ROOT).assignment(name), work)

    return run
