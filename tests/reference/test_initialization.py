"""The statistical checks of ``initialization``: the words that wrong answers get."""

import numpy as np
import pytest

from grader.course import Course
from grader.engine.checks import with_checks
from grader.engine.plain import PlainStudent, module_of
from tests.reference.conftest import ROOT

ASSIGNMENT = Course(ROOT).assignment("initialization")
SOLUTION = (ROOT / "reference/initialization/initialization.py").read_text(encoding="utf-8")


def hint_of(source: str, check: str) -> str:
    """Return what a student is told by one check."""

    def work(suite):
        (one,) = [c for c in suite.checks if c.id.endswith(check)]
        met = suite.run(one, PlainStudent(module_of(SOLUTION + source, "submission")), np.random.default_rng(3))
        return met.error.hint

    return with_checks(ASSIGNMENT, work)


def gaussian(variance: str) -> str:
    return f"""
def lecun_normal(fan_in, fan_out, rng):
    return rng.normal(size=(fan_in, fan_out)) * np.sqrt({variance})
"""


@pytest.mark.parametrize(
    ("source", "check", "words"),
    [
        (gaussian("1 / fan_in**2"), "right_variance[lecun_normal]", "numpy's `scale` is a standard deviation"),
        (gaussian("1 / fan_out"), "right_variance[lecun_normal]", "divide by fan_in, the inputs of a neuron"),
        (gaussian("2 / (fan_in + fan_out)"), "right_variance[lecun_normal]", "the compromise of both fans is Xavier's"),
        (gaussian("2 / fan_in"), "right_variance[lecun_normal]", "leave the gain 2 out"),
        (gaussian("1 / (3 * fan_in)"), "right_variance[lecun_normal]", "has variance a^2 / 3"),
        (gaussian("1"), "right_variance[lecun_normal]", "scale what you draw"),
        (
            (
                "\ndef he_normal(fan_in, fan_out, rng, mode='fan_in'):\n"
                "    fan = fan_out if mode == 'fan_in' else fan_in\n"
                "    return rng.normal(0, np.sqrt(2 / fan), (fan_in, fan_out))\n"
            ),
            "right_variance[he_normal, fan_out]",
            "divide by fan_out in the mode fan_out",
        ),
        (
            (
                "\ndef xavier_uniform(fan_in, fan_out, rng):\n"
                "    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))\n"
            ),
            "right_distribution[xavier_uniform]",
            "it is normal, with the right variance",
        ),
        (
            (
                "\nSTATE = np.random.default_rng(0)\n"
                "def torch_default(fan_in, fan_out, rng):\n"
                "    return STATE.uniform(-1, 1, (fan_in, fan_out)) / np.sqrt(fan_in)\n"
            ),
            "come_from_rng[torch_default]",
            "ignores rng",
        ),
        (
            (
                "\ndef torch_default(fan_in, fan_out, rng):\n"
                "    return np.repeat(rng.uniform(-1, 1, (fan_in, 1)), fan_out, axis=1) / np.sqrt(fan_in)\n"
            ),
            "right_variance[torch_default]",
            "`S of torch_default` repeats the same numbers",
        ),
        (
            (
                "\ndef he_normal(fan_in, fan_out, rng, mode='fan_in'):\n"
                "    half = rng.normal(0, np.sqrt(2 / fan_in), (fan_in, -(-fan_out // 2)))\n"
                "    return np.hstack([half, -half])[:, :fan_out]\n"
            ),
            "are_independent[he_normal]",
            "has entries that depend on each other",
        ),
        (
            ("\ndef predicted_variance(sigma2, n, depth):\n    return n * sigma2 * (1 - 0.5 * np.arange(depth))\n"),
            "prediction_follows_the_definition",
            "A variance is 0 or negative (predicted variances)",
        ),
        (
            (
                "\ndef train(S1, S2, x, y, lr, steps, plain=train):\n"
                "    S1, S2 = plain(S1, S2, x, y, lr, steps)\n"
                "    return S1 + 1e-9 * np.random.normal(size=S1.shape), S2\n"
            ),
            "check_symmetric_starts",
            "From all zeros nothing may move: add no noise.",
        ),
        (
            ("\ndef orthogonal(rows, cols, rng):\n    return np.eye(rows, cols)[rng.permutation(rows)]\n"),
            "small_matrices[3 by 3]",
            "Q prefers some directions",
        ),
        (
            (
                "\ndef orthogonal(rows, cols, rng):\n"
                "    np.random.seed(1)\n"
                "    return np.linalg.qr(np.random.normal(size=(rows, cols)))[0]\n"
            ),
            "orthogonal_comes_from_rng",
            "seed no generator of your own",
        ),
    ],
)
def test_a_wrong_answer_is_told_what_to_do(source, check, words):
    assert words in hint_of(source, check)
