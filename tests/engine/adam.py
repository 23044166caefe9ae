"""A course of one exercise for the tests of the diagnosis: a step of Adam, and mistakes that hide each other."""

from __future__ import annotations

from pathlib import Path

from grader.course import Assignment, Course

SOLUTION = '''"""The solution."""
import numpy as np


def adam(w, g):
    """Return w after the first step of Adam."""
    m = 0.1 * g
    v = 0.01 * g**2
    m = m / 0.1
    v = v / 0.01
    return w - 0.5 * m / (np.sqrt(v) + 0.3)


def decay(w):
    """Return w, decayed."""
    return 0.9 * w
'''

PUBLIC = '''"""Public checks."""
import numpy as np
from grader import exercise, expect


@exercise("adam")
def check_adam_of_an_example(student):
    """The example comes out."""
    assert student.adam(np.array([1.0]), np.array([0.0]))[0] == 1.0
'''

HIDDEN = '''"""Hidden checks."""
import numpy as np
from grader import exercise, expect, value


@exercise("adam")
def check_adam(student, reference, rng):
    """The step is right."""
    value.agrees(student.adam, reference.adam, rng.normal(size=4), rng.normal(size=4), returns=("w",))


@exercise("adam")
def check_adam_at_positive_gradients(student, reference, rng):
    """The step is right for positive gradients."""
    value.agrees(student.adam, reference.adam, rng.normal(size=4), rng.uniform(1, 2, size=4), returns=("w",))


@exercise("decay")
def check_decay(student, reference, rng):
    """The decay is right."""
    value.agrees(student.decay, reference.decay, rng.normal(size=4), returns=("w",))
'''

MISTAKES = '''"""Mistakes."""
from grader import mistake

MISTAKES = [
    mistake("adam", right="m = m / 0.1", wrong="m = m", hint="Correct the bias of m."),
    mistake("adam", right="v = v / 0.01", wrong="v = v", hint="Correct the bias of v."),
    mistake("adam", right="np.sqrt(v) + 0.3", wrong="np.sqrt(v + 0.3)", hint="Add eps outside of the root."),
    mistake("adam", right="w - 0.5", wrong="w + 0.5", hint="Go down, not up."),
    mistake("adam", right="v = 0.01 * g**2", wrong="v = 0.01 * np.abs(g)", hint="Square the gradient."),
    mistake("adam", right="return w", wrong="m = m[:, None]\\n    return w", hint="Keep the shape."),
    mistake("adam", right="m = 0.1 * g", wrong="m = 0.1 * g @ g[:2]", hint="Multiply entry by entry."),
    mistake("decay", right="0.9 * w", wrong="0.9 + w", hint="Multiply by the factor."),
    mistake("decay", right="0.9 * w", wrong="w + 0.9", hint="Decay is a product."),
]
'''

TOML = """title = "Adam"
[[exercise]]
name = "adam"
title = "Adam"
points = 2
functions = ["adam"]
[[exercise]]
name = "decay"
title = "Decay"
points = 1
functions = ["decay"]
"""


def write(root: Path, *, mistakes: str = MISTAKES) -> Assignment:
    """Write the course to a folder and return its assignment."""
    files = {
        "assignments/adam/assignment.toml": TOML,
        "assignments/adam/checks.py": PUBLIC,
        "reference/adam/adam.py": SOLUTION,
        "reference/adam/checks.py": HIDDEN,
        "reference/adam/mistakes.py": mistakes,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Course(root).assignment("adam")
