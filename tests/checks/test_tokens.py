"""Token losses by definition: against worked numbers, against torch, at extremes, and for what does not fit."""

import re

import numpy as np
import pytest

from grader.checks.problems import tokens

RNG = np.random.default_rng(0)


def test_log_probabilities_of_odds_written_as_logits():
    logits = np.log([[1.0, 2.0, 5.0], [6.0, 1.0, 1.0]])
    np.testing.assert_allclose(tokens.log_probabilities(logits, [1, 0]), np.log([2 / 8, 6 / 8]), rtol=1e-15)


def test_they_equal_cross_entropy_of_torch():
    torch = pytest.importorskip("torch")
    logits, chosen = RNG.normal(size=(2, 3, 5)), RNG.integers(5, size=(2, 3))
    theirs = torch.nn.functional.cross_entropy(
        torch.tensor(logits).reshape(6, 5), torch.tensor(chosen).reshape(6), reduction="none"
    )
    np.testing.assert_allclose(tokens.log_probabilities(logits, chosen), -theirs.numpy().reshape(2, 3), rtol=1e-13)


def test_a_constant_added_to_all_logits_changes_nothing():
    logits, chosen = RNG.normal(size=(4, 3)), RNG.integers(3, size=4)
    np.testing.assert_allclose(
        tokens.log_probabilities(logits + 64.0, chosen), tokens.log_probabilities(logits, chosen), rtol=1e-12
    )


def test_large_logits_stay_exact():
    logits = np.array([[1e4, 0.0], [1e4, 0.0], [-1e4, -1e4]])
    assert tokens.log_probabilities(logits, [0, 1, 0]).tolist() == [0.0, -1e4, -np.log(2)]


def test_one_position_and_one_token():
    assert tokens.log_probabilities([3.0], 0) == 0.0  # the only token is certain


def test_shifted_scores_each_position_on_the_next_token():
    logits, read = RNG.normal(size=(2, 4, 3)), RNG.integers(3, size=(2, 4))
    before, after = tokens.shifted(logits, read)
    assert (before.shape, after.shape) == ((2, 3, 3), (2, 3))
    for n in range(2):
        for t in range(3):
            assert np.array_equal(before[n, t], logits[n, t])
            assert after[n, t] == read[n, t + 1]


def test_one_token_has_no_next():
    before, after = tokens.shifted(np.zeros((2, 1, 3)), np.zeros((2, 1), dtype=int))
    assert (before.shape, after.shape) == ((2, 0, 3), (2, 0))


def test_masked_mean_is_over_what_counts_not_a_mean_of_means():
    values = np.array([[1.0, 2.0, 100.0], [9.0, 100.0, 100.0]])
    mask = np.array([[True, True, False], [True, False, False]])
    assert tokens.masked_mean(values, mask) == 4.0  # (1 + 2 + 9) / 3; the mean of means is 5.25
    assert tokens.masked_mean(values) == 52.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tokens.log_probabilities(np.zeros((2, 3)), [0, 1, 2]), "logits (..., V) of tokens (3,) are due"),
        (lambda: tokens.log_probabilities(np.zeros((2, 3)), [0, 3]), "integers from 0 to 2"),
        (lambda: tokens.log_probabilities(np.zeros((2, 3)), [0, -1]), "integers from 0 to 2"),
        (lambda: tokens.log_probabilities(np.zeros((2, 3)), [0.0, 1.0]), "integers from 0 to 2"),
        (lambda: tokens.shifted(np.zeros((2, 3)), np.zeros(3, dtype=int)), "logits (..., T, V) and tokens (..., T)"),
        (lambda: tokens.shifted(np.zeros((0, 3)), np.zeros(0, dtype=int)), "T of at least 1"),
        (lambda: tokens.masked_mean([1.0, 2.0], [1, 0]), "the mask must be boolean (2,), not int64 (2,)"),
        (lambda: tokens.masked_mean([1.0, 2.0], [[True, False]]), "the mask must be boolean (2,), not bool (1, 2)"),
        (lambda: tokens.masked_mean([1.0, 2.0], [False, False]), "no value counts"),
        (lambda: tokens.masked_mean([]), "no value counts"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_shapes(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()
