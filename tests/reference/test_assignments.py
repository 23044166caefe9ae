"""The checks of every assignment against everything that is known to be right and to be wrong.

Level: comparisons of values are deterministic given the seed, with right answers at most 1/10 of the way to the threshold
(tests/checks/test_gradient_level.py); statistical decisions have a level of 1e-6 (tests/checks/test_statistics_level.py).
"""

import ast
from dataclasses import dataclass
from functools import cache

import pytest

from grader import release
from grader.audited import Audit
from grader.course import Assignment, Course
from grader.engine.audit import audit
from grader.mistakes import exercises_by_function, read_mistakes, read_variants
from tests.reference.conftest import ROOT


@dataclass(frozen=True)
class Held:
    """An assignment with the seeds under which its right answers are graded, a few: `grader audit` tries hundreds."""

    assignment: Assignment
    seeds: range
    with_mutants: bool = True
    right_mutants: frozenset[str] = frozenset()
    """Changes that give other numbers, and are right answers all the same."""

    @property
    def name(self) -> str:
        return self.assignment.name

    @property
    def solution(self) -> str:
        assert self.assignment.solution is not None
        return self.assignment.solution.read_text(encoding="utf-8")

    @property
    def exercise_of(self) -> dict[str, str]:
        return {function: e.name for e in self.assignment.exercises for function in e.functions}


HELD = [
    Held(
        Course(ROOT).assignment("backprop"),
        range(3),
        # at a tie of prediction and target any convention is right
        right_mutants=frozenset({"np.where(h < y, -tau, 1 - tau) -> np.where(h <= y, -tau, 1 - tau)"}),
    ),
    Held(
        Course(ROOT).assignment("initialization"),
        range(3),
        # both are Haar distributed too
        right_mutants=frozenset(
            {
                "Q = Q * np.sign(np.diag(R)) -> Q = -(Q * np.sign(np.diag(R)))",
                "Q if rows >= cols else Q.T -> Q if rows > cols else Q.T",
            }
        ),
    ),
    # their mutants take a minute and more each, and other seeds as much: `grader audit optimizers --seeds 20`
    Held(Course(ROOT).assignment("optimizers"), range(1), with_mutants=False),
    Held(Course(ROOT).assignment("cnn"), range(1), with_mutants=False),
    Held(Course(ROOT).assignment("attention"), range(1), with_mutants=False),
    Held(Course(ROOT).assignment("rnn"), range(1), with_mutants=False),
    Held(Course(ROOT).assignment("vae"), range(1), with_mutants=False),
]
IDS = [held.name for held in HELD]
AUDITED = pytest.mark.parametrize("held", HELD, ids=IDS)
VARIANTS = [
    (held, v) for held in HELD for v in read_variants(ROOT / f"reference/{held.name}/variants.py", held.solution)
]
MISTAKES = [(held, mistake) for held in HELD for mistake in read_mistakes(held.assignment)]


@cache
def audited(held: Held) -> Audit:
    """Audit an assignment, once for all tests of it."""
    return audit(held.assignment, seeds=len(held.seeds), with_mutants=held.with_mutants, jobs=1)


@AUDITED
def test_no_right_answer_fails_and_every_check_can_be_repeated(held: Held) -> None:
    found = audited(held)
    assert found.complaints == ()
    assert found.false_failures == ()
    assert found.gradings == len(held.seeds) * (1 + len(found.variants))


@AUDITED
def test_every_mistake_is_caught_in_its_own_exercise_and_told_from_the_others(held: Held) -> None:
    found = audited(held)
    exercise_of_check = {check.check: check.exercise for check in found.checks}
    assert [m.name for m in found.mistakes if m.survives or m.refused or m.alike] == []
    assert [m.name for m in found.mistakes if m.exercise not in {exercise_of_check[c] for c in m.caught_by}] == []


@AUDITED
def test_every_check_catches_something_and_keeps_right_and_wrong_apart(held: Held) -> None:
    checks = audited(held).checks
    assert [check.check for check in checks if not check.separates] == []
    assert not held.with_mutants or [check.check for check in checks if check.catches_nothing] == []


@pytest.mark.parametrize("held", [pytest.param(h, id=h.name) for h in HELD if h.with_mutants])
def test_the_mutants_that_survive_are_known_and_right_answers(held: Held) -> None:
    found = audited(held)
    assert found.caught > 200
    assert {survivor.name.partition(" ")[2] for survivor in found.survivors} == held.right_mutants


@pytest.mark.parametrize("held", HELD, ids=IDS)
def test_every_exercise_has_enough_answers_to_be_held_against(held: Held) -> None:
    exercise_of = exercises_by_function(held.assignment, held.solution)
    for exercise in held.assignment.exercises:
        assert sum(h is held and variant.exercise == exercise.name for h, variant in VARIANTS) >= 2
        assert sum(h is held and exercise_of.get(m.function) == exercise.name for h, m in MISTAKES) >= 4


@pytest.mark.parametrize("held", HELD, ids=IDS)
def test_mistakes_are_told_apart_by_their_patch(held: Held) -> None:
    patched = [mistake.apply(held.solution) for h, mistake in MISTAKES if h is held]
    assert len(set(patched)) == len(patched)
    assert held.solution not in patched


@pytest.mark.parametrize("held", HELD, ids=IDS)
def test_every_function_of_the_assignment_is_in_the_reference_with_a_docstring(held: Held) -> None:
    written = {n.name: n for n in ast.parse(held.solution).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for name in held.exercise_of:
        assert ast.get_docstring(written[name]), name


@pytest.mark.parametrize("held", HELD, ids=IDS)
def test_stub_and_notebook_are_what_the_reference_generates(held: Held) -> None:
    assert release.drift(ROOT, held.name) == []


@pytest.mark.parametrize("held", HELD, ids=IDS)
def test_no_check_names_a_tolerance(held: Held) -> None:
    for path in held.assignment.checks:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        keywords = {word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords}
        assert not keywords & {"atol", "rtol", "tol", "tolerance", "eps", "within", "roundoff"}, path
