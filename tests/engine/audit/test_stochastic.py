"""Stochastic checks under many seeds: what is counted, when a level does not hold, and that a stopped run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.engine.audit import levels
from grader.engine.audit.stochastic import ENOUGH
from tests.engine.audit.conftest import Make

SOLUTION = """
import numpy as np


def draw(n, rng):
    return rng.normal(size=n)


def mean(x):
    return x.mean()
"""
CHECKS = """
from grader import statistics


@exercise("small")
def check_variance(student, rng):
    \"\"\"The variance is one.\"\"\"
    statistics.has_variance(student.draw(400, rng), statistics.Normal(variance={variance}), name="draw", level={level})


@exercise("small")
def check_mean(student, rng):
    \"\"\"The mean is a number.\"\"\"
    expect(student.mean(rng.normal(size=4))).is_finite()
"""
VARIANT = """
# %% small: another order
def draw(n, rng):
    return rng.normal(size=n)[::-1]
"""


@pytest.fixture
def assignment(make: Make):
    def write(variance: float = 1.0, level: float = 1e-6, variants: str | None = VARIANT):
        checks = CHECKS.format(variance=variance, level=level)
        return make(solution=SOLUTION, all_checks=checks, variants=variants, functions=("draw", "mean"))

    return write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out" / "levels.jsonl"


def test_right_answers_pass_and_their_p_values_are_uniform(assignment, file):
    found = levels(assignment(), seeds=100, jobs=1, file=file)
    assert found.checks == ("hidden/check_variance",)
    (decision,) = found.decisions
    assert (decision.name, decision.made, found.gradings, found.failures) == ("variance of draw", 200, 200, ())
    assert decision.uniformity > 1e-3  # of these 100 seeds
    assert decision.smallest > 1e-6
    assert found.passed


def test_a_threshold_for_another_law_is_found_before_it_fails_anybody(assignment, file):
    """With a variance wrong by a fifth, none of 100 right answers fails at the level, and p-values are far from uniform."""
    found = levels(assignment(variance=1.2), seeds=100, jobs=1, file=file)
    assert found.failures == ()
    assert [one.name for one in found.not_uniform] == ["variance of draw"]
    assert not found.passed


def test_a_check_that_fails_right_answers_is_named_with_its_seeds(assignment, file):
    found = levels(assignment(level=0.2), seeds=20, jobs=1, file=file)
    assert not found.passed
    assert {(one.check, one.variant) for one in found.failures} >= {("hidden/check_variance", "the reference")}
    assert all(one.seed.startswith("level ") and "draw has variance" in one.message for one in found.failures)


def test_too_few_p_values_say_nothing(assignment, file):
    (decision,) = levels(assignment(variants=None), seeds=ENOUGH - 1, jobs=1, file=file).decisions
    assert decision.uniformity is None


class TestARunThatWasStopped:
    def test_goes_on_and_ends_as_one_that_was_not(self, assignment, file, tmp_path):
        whole = levels(assignment(), seeds=30, jobs=1, file=tmp_path / "whole.jsonl")
        levels(assignment(), seeds=12, jobs=1, file=file)
        with file.open("a") as stream:
            stream.write('{"answer": "the refer')  # it was killed while it wrote
        assert levels(assignment(), seeds=30, jobs=1, file=file) == whole
        lines = [json.loads(line) for line in file.read_text().splitlines()[1:]]
        assert len(lines) == len({(line["answer"], line["seed"]) for line in lines}) == 60

    def test_makes_nothing_again(self, assignment, file, monkeypatch):
        before = levels(assignment(), seeds=12, jobs=1, file=file)
        monkeypatch.setattr("grader.engine.audit.stochastic._work", None)
        assert levels(assignment(), seeds=12, jobs=1, file=file) == before

    def test_with_fewer_seeds_counts_those_alone(self, assignment, file):
        levels(assignment(), seeds=12, jobs=1, file=file)
        assert levels(assignment(), seeds=5, jobs=1, file=file).gradings == 10

    def test_begins_anew_when_a_check_has_changed(self, assignment, file):
        levels(assignment(), seeds=12, jobs=1, file=file)
        assert levels(assignment(variance=1.1), seeds=5, jobs=1, file=file).gradings == 10
        assert len(file.read_text().splitlines()) == 1 + 10


def test_several_processes_find_the_same(assignment, file, tmp_path):
    alone = levels(assignment(), seeds=20, jobs=1, file=file)
    assert levels(assignment(), seeds=20, jobs=2, file=tmp_path / "other.jsonl") == alone


def test_without_stochastic_checks_nothing_is_graded(make, file):
    found = levels(make(), seeds=5, jobs=1, file=file)
    assert (found.checks, found.gradings, found.passed) == ((), 0, True)
