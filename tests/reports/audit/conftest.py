"""Four audits made by hand: all is well, much is weak, everything is wrong, nothing was tried."""

from __future__ import annotations

import pytest

from grader.audited import Audit, AuditedCheck, AuditedMistake, FalseFailure, MutantCounts, Survivor

HOSTILE = "<script>alert('x')</script> \u202eevil\x1b[2J\x00 [bold]\"&amp;"
OBEYED = set(map(chr, [*range(10), *range(11, 32), *range(127, 160), 0x202E]))


def a_check(name: str, exercise: str, **found) -> AuditedCheck:
    title = f"`{name}` is right."
    return AuditedCheck(
        **{"check": f"hidden/check_{name}", "title": title, "mistakes": 1, "mutants": 0} | found, exercise=exercise
    )


def a_mistake(name: str, exercise: str, **found) -> AuditedMistake:
    hint = f"Do not write `{name}`."
    return AuditedMistake(**{"function": "f", "name": f"f: {name}", "hint": hint} | found, exercise=exercise)


FORWARD = a_check("forward", "linear", right=1.6e-10, wrong=9.3e6, mistakes=2, mutants=41)
BACKWARD = a_check("backward", "linear", right=0.31, wrong=7.4e4, mutants=5)
SLOPE = a_check("slope", "linear", right=0.0, wrong=4.2)
SHAPES = a_check("shapes", "losses", mistakes=0)
HUBER = a_check("huber", "losses", right=0.02, wrong=160.0)

DIFF = "--- reference\n+++ mutant\n@@ -41,3 +41,3 @@\n     x = 1\n-    y = --x\n+    y = x\n     return y"


@pytest.fixture
def sound() -> Audit:
    """Everything as it should be."""
    return Audit(
        assignment="backprop",
        title="Backpropagation",
        grader_version="0.1.0",
        seeds=20,
        checks=(FORWARD, HUBER),
        mistakes=(
            a_mistake("sum(axis=1)", "linear", caught_by=(FORWARD.check,)),
            a_mistake("mean", "losses", caught_by=(HUBER.check,)),
        ),
        variants=("linear: loops", "losses: clipped"),
        gradings=60,
        level_bound=0.048703,
        mutants=(MutantCounts(rule="axis", caught=12, equivalent=3, survived=0),),
    )


@pytest.fixture
def weak(sound) -> Audit:
    """Passes, but every list that needs attention has something."""
    return sound.model_copy(
        update={
            "checks": (FORWARD, BACKWARD, SHAPES, SLOPE, HUBER),
            "mistakes": (
                a_mistake("sum(axis=1)", "linear", caught_by=(FORWARD.check, BACKWARD.check), alike=("f: sum()",)),
                a_mistake("sum()", "linear", caught_by=(FORWARD.check, BACKWARD.check), alike=("f: sum(axis=1)",)),
                a_mistake("-1", "linear", caught_by=(SLOPE.check,)),
                a_mistake("mean", "losses", caught_by=(HUBER.check, BACKWARD.check)),
            ),
            "mutants": (
                MutantCounts(rule="axis", caught=12, equivalent=3, survived=0),
                MutantCounts(rule="operator", caught=28, equivalent=0, survived=1),
                MutantCounts(rule="copy", caught=0, equivalent=2, survived=0),
            ),
            "survivors": (Survivor(name="f:42 --x -> x", function="f", rule="operator", line=42, diff=DIFF),),
        }
    )


@pytest.fixture
def failing(weak) -> Audit:
    """Fails for every reason that there is, with hostile text in every place."""
    failures = [
        FalseFailure(
            variant=f"linear: {HOSTILE}", check=BACKWARD.check, seed=f"audit {n}", message=f"{HOSTILE}\nnow {n}"
        )
        for n in range(3)
    ]
    hostile = Survivor(name=HOSTILE, function=HOSTILE, rule=HOSTILE, line=1, diff=f"@@\n-{HOSTILE}\n+{HOSTILE}")
    return weak.model_copy(
        update={
            "title": HOSTILE,
            "complaints": (HOSTILE, "check_dropout gives other numbers when it is run again"),
            "mistakes": (
                *weak.mistakes,
                a_mistake(HOSTILE, "losses", hint=HOSTILE),
                a_mistake("x", HOSTILE, refused=HOSTILE),
                a_mistake("y", "", caught_by=(HUBER.check, BACKWARD.check)),
            ),
            "checks": (*weak.checks, a_check("z", HOSTILE, check=HOSTILE, title=HOSTILE, mistakes=0)),
            "variants": (HOSTILE,),
            "false_failures": tuple(failures),
            "failed_gradings": 3,
            "level_bound": 0.123,
            "mutants": (*weak.mutants, MutantCounts(rule=HOSTILE, caught=1, equivalent=0, survived=1)),
            "survivors": (*weak.survivors, hostile),
        }
    )


@pytest.fixture
def empty() -> Audit:
    return Audit(assignment="new", title="New", grader_version="0.1.0", seeds=1)


@pytest.fixture(params=["sound", "weak", "failing", "empty"])
def audit(request) -> Audit:
    """Each of them."""
    return request.getfixturevalue(request.param)
