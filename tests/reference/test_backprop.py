"""The checks of ``backprop`` against everything that is known to be right and to be wrong.

Level: every comparison of these checks is deterministic given the seed, with right answers at
most 1/10 of the way to the threshold (tests/checks/test_gradient_level.py), so no seed fails by chance.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from grader import release
from grader.mistakes import Mistake, read_variants
from tests.reference.conftest import ROOT, Failures
from tests.students.samples import ASSIGNMENT, EXERCISES, SOLUTION, mistakes

VARIANTS = read_variants(ROOT / "reference/backprop/variants.py", SOLUTION)
MISTAKES = mistakes()
EXERCISE_OF = {function: exercise.name for exercise in ASSIGNMENT.exercises for function in exercise.functions}
SEEDS = range(20)


def test_the_reference_passes_every_check(failures: Callable[..., Failures]) -> None:
    assert failures("backprop", SOLUTION, seeds=SEEDS) == {}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: f"{variant.exercise}: {variant.title}")
def test_every_variant_passes_every_check(variant, failures: Callable[..., Failures]) -> None:
    assert failures("backprop", variant.source, seeds=SEEDS) == {}


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{k}-{m.function}" for k, m in enumerate(MISTAKES)])
def test_every_mistake_fails_in_its_own_exercise_and_where_its_function_is_used(
    mistake: Mistake, failures: Callable[..., Failures]
) -> None:
    found = failures("backprop", mistake.apply(SOLUTION))
    assert EXERCISE_OF[mistake.function] in found
    users = {EXERCISE_OF[function] for function in EXERCISE_OF if mistake.function in reached_from(function)}
    assert set(found) <= users


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_enough_answers_to_be_held_against(exercise: str) -> None:
    assert sum(variant.exercise == exercise for variant in VARIANTS) >= 2
    assert sum(EXERCISE_OF[mistake.function] == exercise for mistake in MISTAKES) >= 3


def test_mistakes_are_told_apart_by_their_patch() -> None:
    patched = [mistake.apply(SOLUTION) for mistake in MISTAKES]
    assert len(set(patched)) == len(patched)
    assert SOLUTION not in patched


def test_every_function_of_the_assignment_is_in_the_reference_with_a_docstring() -> None:
    functions = {node.name: node for node in ast.parse(SOLUTION).body if isinstance(node, ast.FunctionDef)}
    for name in EXERCISE_OF:
        assert ast.get_docstring(functions[name]), name


def test_stub_and_notebook_are_what_the_reference_generates() -> None:
    assert release.drift(ROOT, "backprop") == []


def test_no_check_names_a_tolerance() -> None:
    for path in (ROOT / "reference/backprop/checks.py", ROOT / "assignments/backprop/checks.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        keywords = {word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords}
        assert not keywords & {"atol", "rtol", "tol", "tolerance", "eps", "within", "roundoff"}, path


def reached_from(name: str) -> set[str]:
    """Functions of the reference that a function uses, itself and those of its exercise's arguments included."""
    functions = {node.name: node for node in ast.parse(SOLUTION).body if isinstance(node, ast.FunctionDef)}
    seen: set[str] = set()
    todo = [name]
    while todo:
        current = todo.pop()
        if current in seen or current not in functions:
            continue
        seen.add(current)
        todo += [node.id for node in ast.walk(functions[current]) if isinstance(node, ast.Name)]
    return seen
