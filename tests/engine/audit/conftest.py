"""Courses of one exercise, written anew for each test and audited in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from grader.audited import Audit, AuditedCheck, AuditedMistake
from grader.course import Assignment, Course
from grader.engine.audit import audit

SOLUTION = '''
import numpy as np


def scale(x, factor):
    """Return factor times x."""
    return x * factor


def mean(x):
    """Return the mean of x over its first axis."""
    return x.sum(axis=0) / len(x)
'''

CHECKS = '''
@exercise("small")
def check_scale(student, reference, rng):
    """Scaling is right for any numbers."""
    x, factor = rng.normal(size=(3, 2)), float(rng.normal())
    expect(student.scale(x, factor), "scale(x, factor)").close_to(reference.scale(x, factor))


@exercise("small")
def check_mean(student, reference, rng):
    """The mean is right for any numbers."""
    x = rng.normal(size=(4, 3))
    expect(student.mean(x), "mean(x)").close_to(reference.mean(x))
'''

CONFIGURATION = """
title = "A small assignment"

[limits]
check_seconds = {seconds}

[[exercise]]
name = "small"
title = "Small"
points = 1
functions = {functions}
"""

Make = Callable[..., Assignment]
Audited = Callable[..., Audit]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a course of one exercise. ``checks`` come with those of the default course, unless ``all_checks``."""

    def write(
        *,
        solution: str = SOLUTION,
        checks: str = "",
        all_checks: str = CHECKS,
        mistakes: str | None = None,
        variants: str | None = None,
        functions: tuple[str, ...] = ("scale", "mean"),
        seconds: float = 10.0,
    ) -> Assignment:
        public, hidden = tmp_path / "course/assignments/small", tmp_path / "course/reference/small"
        for folder in (public, hidden):
            folder.mkdir(parents=True, exist_ok=True)
        (public / "assignment.toml").write_text(CONFIGURATION.format(functions=list(functions), seconds=seconds))
        imports = (
            "import random\n\nimport numpy as np\n\nfrom grader import exercise, expect, gradient, mistake, value\n"
        )
        files = {"checks": imports + all_checks + dedent(checks), "small": dedent(solution)}
        if mistakes is not None:
            files["mistakes"] = imports + dedent(mistakes)
        if variants is not None:
            files["variants"] = dedent(variants)
        for name, text in files.items():
            (hidden / f"{name}.py").write_text(text)
        return Course(tmp_path / "course").assignment("small")

    return write


@pytest.fixture
def audited(make: Make) -> Audited:
    """Audit such a course in this process: under one seed and without mutants, unless told otherwise."""

    def run(*, seeds: int = 1, mutants: bool = False, jobs: int = 1, **course: Any) -> Audit:
        return audit(make(**course), seeds=seeds, with_mutants=mutants, jobs=jobs)

    return run


def check_of(found: Audit, name: str) -> AuditedCheck:
    """The check of that name."""
    return next(check for check in found.checks if check.check == f"hidden/{name}")


def mistake_of(found: Audit, hint: str) -> AuditedMistake:
    """The mistake with that hint."""
    return next(mistake for mistake in found.mistakes if mistake.hint == hint)
