"""The statistical checks of ``initialization``: their level on the reference, and the words that wrong answers get.

``LEVEL_SEEDS=5000 pytest tests/reference/test_initialization.py`` runs the long form.
"""

import os
from collections import defaultdict

import numpy as np
import pytest
from scipy import stats

from grader.checks.statistics import LEVEL, chances
from grader.course import Course
from grader.engine.checks import with_checks
from grader.engine.plain import PlainStudent, module_of
from tests.reference.conftest import ROOT

SEEDS = int(os.environ.get("LEVEL_SEEDS", "10"))
ASSIGNMENT = Course(ROOT).assignment("initialization")
SOLUTION = (ROOT / "reference/initialization/initialization.py").read_text(encoding="utf-8")
STATISTICAL = ("variance[", "distribution", "independent", "entries_of_small", "haar")


def test_p_values_of_the_reference_are_uniform_and_it_fails_as_often_as_the_level_says():
    """At a level of 1e-6 for each kind of decision, and for the number of failures."""
    student = PlainStudent(module_of(SOLUTION, "submission"))

    def work(suite):
        found = defaultdict(list)
        wanted = [check for check in suite.checks if any(word in check.id for word in STATISTICAL)]
        for seed in range(SEEDS):
            for number, check in enumerate(wanted):
                with chances() as kept:
                    met = suite.run(check, student, np.random.default_rng([7, seed, number]))
                assert met.error is None or kept[-1].p <= LEVEL, (check.id, seed, met.error)
                for chance in kept:
                    found[chance.name.partition(" of ")[0]].append(chance.p)
        return found

    found = with_checks(ASSIGNMENT, work)
    assert set(found) == {"variance", "mean", "distribution", "correlation"}
    for kind, p in found.items():
        assert len(p) >= 6 * SEEDS, kind
        assert stats.kstest(p, "uniform").pvalue > 1e-6, kind
    every = np.concatenate(list(found.values()))
    failures = int(np.sum(every <= LEVEL))
    assert stats.binom.sf(failures - 1, every.size, LEVEL) > 1e-6


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
            "right_variance[he_normal(fan_out)]",
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
