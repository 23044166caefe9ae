"""What is special of ``optimizers``: bad trajectories have messages of their own, and printed programs get the right names.

Everything that holds for any assignment is in ``test_assignments.py``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.course import Course
from grader.engine import trials
from grader.engine.catalogue import Catalogue
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.diagnosis import Look, diagnose
from grader.evidence import CheckFailure
from tests.reference.conftest import ROOT

ASSIGNMENT = Course(ROOT).assignment("optimizers")
PROGRAMS = Path(__file__).resolve().parent.parent / "students/optimizers"
SEED = "programs"

DESCENT = "import numpy as np\n\ndef gradient_descent(grad, w0, lr, steps):\n"
ON_DESCENT = "hidden/check_one_gradient_a_step[gradient_descent]"

BAD_TRAJECTORIES = {
    "a row too few": ("w, rows = w0, []\nfor t in range(steps):\n    w = w - lr * grad(w)\n    rows.append(w)\nreturn np.array(rows)",
                      "one row too few"),
    "a row too many": ("w, rows = w0, [w0, w0]\nfor t in range(steps):\n    w = w - lr * grad(w)\n    rows.append(w)\nreturn np.array(rows)",
                       "one row too many"),
    "the last point alone": ("w = w0\nfor t in range(steps):\n    w = w - lr * grad(w)\nreturn w", "single point"),
    "another start": ("w = 0 * w0\nrows = [w]\nfor t in range(steps):\n    w = w - lr * grad(w)\n    rows.append(w)\nreturn np.array(rows)",
                      "must be w0"),
    "w0's memory": ("w, rows = w0, [w0]\nfor t in range(steps):\n    w -= lr * grad(w)\n    rows.append(w.copy())\nreturn np.array(rows)",
                    "do not change it in place"),
    "one array for all rows": ("w = w0.copy()\nrows = [w]\nfor t in range(steps):\n    w -= lr * grad(w)\n    rows.append(w)\nreturn np.array(rows)",
                               "Store a copy"),
    "NaN in the rows": ("w, rows = w0, [w0]\nfor t in range(steps):\n    w = w - lr * grad(w)\n    rows.append(w * np.nan)\nreturn np.array(rows)",
                        "is not finite from the first step on"),
    "NaN in a question": ("w, rows = w0, [w0]\nfor t in range(steps):\n    w = w - np.inf * grad(w)\n    rows.append(w)\nreturn np.array(rows)",
                          "at a point with NaN or infinity"),
    "no question": ("return np.tile(w0, (steps + 1, 1))", "without asking the oracle"),
    "a million questions": ("for _ in range(10**6):\n    g = grad(w0)\nreturn np.tile(w0, (steps + 1, 1))", "far more often"),
    "two questions a step": ("w, rows = w0, [w0]\nfor t in range(steps):\n    w = w - lr * (grad(w) + grad(w)) / 2\n    rows.append(w)\nreturn np.array(rows)",
                             "one gradient a step"),
}  # fmt: skip
"""The body of gradient descent, and words of the hint that only this fault has."""

SGD = "import numpy as np\n\ndef sgd(grad_i, n, w0, lr, batch_size, steps, rng, *, replacement=True):\n"
WALK = (
    "w, rows = w0, [w0]\nfor t in range(steps):\n    w = w - lr * grad_i(w, rng.integers(n, size=batch_size))\n"
    "    rows.append(w)\nreturn np.array(rows)"
)
ON_SGD = "hidden/check_samples_come_from_the_generator[sgd]"

BAD_GENERATORS = {
    "ignored": (f"rng = np.random.default_rng()\n{WALK}", "not from np.random"),
    "global": (WALK.replace("rng.integers", "np.random.randint"), "not from np.random"),
    "seeded anew": (f"rng = np.random.default_rng(1)\n{WALK}", "seed no generator"),
}


DRAWN_OTHERWISE = {
    "sgd": """
import numpy as np
def sgd(grad_i, n, w0, lr, batch_size, steps, rng, *, replacement=True):
    w, rows, left = w0, [w0], []
    for t in range(steps):
        if not replacement and not left:
            left = list(range(n))
            rng.shuffle(left)
        size = batch_size if replacement else min(batch_size, len(left))
        batch = [int(n * rng.random()) if replacement else left.pop() for _ in range(size)]
        w = w - (lr(t) if callable(lr) else lr) * len(batch) * grad_i(w, batch)
        rows.append(w)
    return np.array(rows)
""",
    "svrg": """
import numpy as np
def svrg(grad_i, n, w0, lr, epochs, inner_steps, rng):
    rows = [w0]
    for epoch in range(epochs):
        snapshot = rows[-1]
        full = grad_i(snapshot, list(range(n)))
        for k in range(inner_steps):
            i = int(n * rng.random())
            step = grad_i(rows[-1], i) - grad_i(snapshot, i) - full
            t = epoch * inner_steps + k
            rows.append(rows[-1] - (lr(t) if callable(lr) else lr) * step)
    return np.array(rows)
""",
}
"""Known mistakes in programs that draw other samples than the reference, from the same state of the generator."""


def function(head: str, body: str) -> str:
    return head + "".join(f"    {line}\n" for line in body.splitlines())


def met(cases: dict[str, tuple[str, str]], head: str, check_id: str) -> dict[str, BaseException | None]:
    """What one check meets on each of the answers."""

    def work(suite: CheckSuite) -> dict[str, BaseException | None]:
        check = next(one for one in suite.checks if one.id == check_id)
        answers = {name: trials.answer(function(head, body)) for name, (body, _) in cases.items()}
        return {name: trials.run(suite, check, answer, SEED).error for name, answer in answers.items()}

    return with_checks(ASSIGNMENT, work)


@pytest.mark.parametrize(
    ("cases", "head", "check_id"), [(BAD_TRAJECTORIES, DESCENT, ON_DESCENT), (BAD_GENERATORS, SGD, ON_SGD)],
    ids=["trajectories", "generators"],
)  # fmt: skip
def test_every_fault_has_words_of_its_own(cases, head, check_id) -> None:
    found = met(cases, head, check_id)
    for name, (_, words) in cases.items():
        error = found[name]
        assert isinstance(error, CheckFailure), name
        assert words in error.hint, f"{name}: {error.hint}"


def test_the_walk_of_the_generator_cases_passes_when_it_uses_rng() -> None:
    assert met({"right": (WALK, "")}, SGD, ON_SGD) == {"right": None}


@pytest.fixture(scope="module")
def named() -> dict[str, dict[str, set[str]]]:
    """By program and function: the hints that its failed checks get."""

    def work(suite: CheckSuite) -> dict[str, dict[str, set[str]]]:
        catalogue = Catalogue(ASSIGNMENT, suite, SEED)
        texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(PROGRAMS.glob("*.py"))}
        return {name: hints(suite, catalogue, text) for name, text in (texts | DRAWN_OTHERWISE).items()}

    return with_checks(ASSIGNMENT, work)


def hints(suite: CheckSuite, catalogue: Catalogue, text: str) -> dict[str, set[str]]:
    student = trials.answer(text)
    written = {name for name in catalogue.exercise_of if f"\ndef {name}(" in text}
    looks = []
    for check in suite.checks:
        if catalogue.called(check) and catalogue.called(check) <= written:
            trial = trials.run(suite, check, student, SEED)
            looks.append(Look(check=check, view=trial.view, wrong=not trial.passed))
    found: dict[str, set[str]] = {}
    for combinations in diagnose(catalogue, looks).values():
        for number in combinations[0]:
            one = catalogue.mistakes[number]
            found.setdefault(one.function, set()).add(one.hint)
    return found


@pytest.mark.parametrize(
    ("program", "written", "words"),
    [
        ("momentum", "heavy_ball", "no factor 1 - momentum"),
        ("momentum", "heavy_ball", "Start at rest"),
        ("momentum", "sgd", "half of the data is never seen"),
        ("nesterov", "nesterov", "Look ahead in the direction of the step"),
        ("adam", "adam", "Use the debiased moments for the step"),
    ],
)
def test_the_slips_of_printed_programs_get_their_names(named, program: str, written: str, words: str) -> None:
    assert any(words in hint for hint in named[program][written]), named[program]


@pytest.mark.parametrize(
    ("program", "words"), [("sgd", "do not multiply it by the batch size"), ("svrg", "add the full gradient")]
)
def test_a_wrong_step_gets_its_name_however_samples_are_drawn(named, program: str, words: str) -> None:
    assert any(words in hint for hint in named[program][program]), named[program]


def test_a_program_gets_no_name_of_what_it_does_right(named) -> None:
    assert set(named["adam"]) == {"adam"}
    assert len(named["adam"]["adam"]) == 1
    assert set(named["momentum"]) == {"heavy_ball", "sgd"}


def test_variance_reduction_is_far_below_the_floor_of_sgd() -> None:
    """The target of the two checks of linear convergence cannot be met by SGD, whose floor lies a million times higher."""
    from grader.checks import problems

    oracle = problems.least_squares(np.random.default_rng(0), 6, (1.0, 1.5))
    lr = 1 / (4 * float((oracle.X**2).sum(axis=1).max()))
    assert oracle.floor(lr) > 1e6 * 1e-10
