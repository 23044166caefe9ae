# ruff: noqa: NPY002 - wrong answers use the global generator
"""Each way to misuse a generator has its own words."""

import numpy as np
import pytest

from grader import CheckFailure, statistics
from grader.checks.record import recording
from grader.checks.sightings import alike


class TestDrawsOnlyFrom:
    def check(self, function):
        statistics.draws_only_from(function, 5, rng=np.random.default_rng(1), name="S")

    def test_a_right_function_passes(self):
        self.check(lambda n, rng: rng.normal(size=n))

    @pytest.mark.parametrize(
        ("function", "words"),
        [
            (lambda n, rng: np.random.normal(size=n), "numpy's global state"),
            (lambda n, rng: np.random.default_rng().normal(size=n), "a generator without a seed"),
            (
                lambda n, rng: np.random.default_rng(0).normal(size=n),
                "the generator is ignored, and another one seeded anew",
            ),
            (lambda n, rng: np.zeros(n), "the generator is ignored"),
            (lambda n, rng: np.zeros(n) + 0 * rng.normal(size=n), "though rng is drawn from"),
            (lambda n, rng: rng.normal(size=n) + np.random.normal(size=n), "a second source of random numbers"),
            (lambda n, rng: __import__("copy").deepcopy(rng).normal(size=n), "it draws from a copy"),
        ],
    )
    def test_each_misuse_has_its_own_message(self, function, words):
        with pytest.raises(CheckFailure) as caught:
            self.check(function)
        assert words in caught.value.message
        assert words in caught.value.hint

    def test_what_is_no_array_is_named_first(self):
        with pytest.raises(CheckFailure, match="S"):
            self.check(lambda n, rng: None)

    def test_an_answer_is_recognised_by_its_use_of_the_generator_and_not_by_its_numbers(self):
        def seen(function):
            with recording() as record, pytest.raises(CheckFailure):
                self.check(function)
            return record.sightings

        ignored = seen(lambda n, rng: np.random.default_rng(0).normal(size=n))
        assert alike(ignored, seen(lambda n, rng: np.random.default_rng(5).uniform(size=n)))
        assert not alike(ignored, seen(lambda n, rng: np.random.normal(size=n)))
