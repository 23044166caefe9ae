"""Each statistics check on right draws, on wrong ones with the cause that it names, and on bad input."""

import subprocess
import sys

import numpy as np
import pytest

from grader import CheckFailure, statistics
from grader.checks.record import recording
from grader.checks.sightings import alike
from grader.checks.statistics import DiscreteUniform, Normal, Uniform, samples_for
from grader.checks.statistics.chances import sample_of

N = 10_000


@pytest.fixture
def rng():
    return np.random.default_rng(20261121)


def hint_of(check, *args, **kwargs):
    with pytest.raises(CheckFailure) as caught:
        check(*args, **kwargs)
    return caught.value.hint


class TestHasMean:
    def test_right_draws_pass(self, rng):
        statistics.has_mean(rng.normal(3, 2, N), Normal(variance=4, mean=3))
        statistics.has_mean(rng.uniform(0, 1, (100, 100)), Uniform(low=0, high=1))

    def test_a_shifted_mean_fails(self, rng):
        assert hint_of(statistics.has_mean, rng.uniform(0, 1, N), Uniform(low=-1, high=1), name="S") == (
            "`S` has the wrong mean: it must be 0."
        )

    @pytest.mark.parametrize(
        "bad", [[1.0, 2.0], "text", None, np.array(["a"]), np.array([1j]), np.zeros((0, 3))], ids=repr
    )
    def test_what_is_no_array_of_numbers_fails(self, bad):
        with pytest.raises(CheckFailure):
            statistics.has_mean(bad, Normal(variance=1))

    def test_nan_is_named(self, rng):
        draws = rng.normal(size=N)
        draws[3] = np.nan
        assert hint_of(statistics.has_mean, draws, Normal(variance=1), name="S") == "`S` holds NaN or infinity."


class TestHasVariance:
    def test_right_draws_pass(self, rng):
        statistics.has_variance(rng.normal(0, 0.1, N), Normal(variance=0.01))
        statistics.has_variance(rng.uniform(-2, 2, N), Uniform(low=-2, high=2))

    @pytest.mark.parametrize(
        ("deviation", "advice"),
        [
            (0.02, "take the root of the variance: numpy's `scale` is a standard deviation"),
            (0.02**0.25, "take the root of the variance once"),
            (0.1, "multiply the variance by the gain 2"),
            (0.2, "leave the gain 2 out of the variance"),
            (
                (0.02 / 3) ** 0.5,
                "a uniform distribution on [-a, a] has variance a^2 / 3, so a is the deviation times root 3",
            ),
            (
                (0.02 * 3) ** 0.5,
                "a uniform distribution on [-a, a] has variance a^2 / 3: do not pass a as a standard deviation",
            ),
            ((0.02 / 4) ** 0.5, "draw from -a to a, a range of length 2 a"),
            (1.0, "scale what you draw"),
            (0.3, "compare its scale with the definition"),
        ],
    )
    def test_the_slip_is_named(self, rng, deviation, advice):
        hint = hint_of(statistics.has_variance, rng.normal(0, deviation, N), Normal(variance=0.02), name="S")
        assert hint == f"`S` has the wrong variance: {advice}."

    def test_the_authors_own_slips_go_first(self, rng):
        slips = {"divide by fan_in": 0.04}
        hint = hint_of(statistics.has_variance, rng.normal(0, 0.2, N), Normal(variance=0.02), instead=slips)
        assert hint == "`sample` has the wrong variance: divide by fan_in."

    def test_a_constant_is_named(self):
        hint = hint_of(statistics.has_variance, np.zeros(N), Normal(variance=1))
        assert hint == "`sample` has the wrong variance: draw every entry."

    def test_the_message_gives_both_variances_and_the_chance(self, rng):
        with pytest.raises(CheckFailure, match=r"where 1 is due, 3\.9\d+ times as much.*\(allowed: 1e-06\)"):
            statistics.has_variance(rng.normal(0, 2, N), Normal(variance=1))

    def test_too_few_uniform_draws_are_the_authors_fault(self, rng):
        with pytest.raises(ValueError, match="at least 500"):
            statistics.has_variance(rng.uniform(0, 1, 499), Uniform(low=0, high=1))

    @pytest.mark.parametrize("level", [0, 1, -1, 2])
    def test_a_level_that_is_no_chance_is_refused(self, rng, level):
        with pytest.raises(ValueError, match="level must lie in"):
            statistics.has_variance(rng.normal(size=N), Normal(variance=1), level=level)


class TestFollows:
    def test_right_draws_pass(self, rng):
        statistics.follows(rng.normal(1, 2, N), Normal(variance=4, mean=1))
        statistics.follows(rng.uniform(-1, 3, N), Uniform(low=-1, high=3))
        statistics.follows(rng.integers(0, 7, N), DiscreteUniform(values=7))

    def test_uniform_for_normal_with_the_right_variance_is_named(self, rng):
        bound = np.sqrt(3)
        hint = hint_of(statistics.follows, rng.uniform(-bound, bound, N), Normal(variance=1), name="S")
        assert hint == "`S` must follow a normal distribution, and does not: it is uniform, with the right variance."

    def test_normal_for_uniform_with_another_variance_is_named(self, rng):
        hint = hint_of(statistics.follows, rng.normal(size=N), Uniform(low=-1, high=1), name="S")
        assert hint == "`S` must follow a uniform distribution, and does not: it is normal, with another variance."

    def test_the_right_law_with_another_scale_is_named(self, rng):
        hint = hint_of(statistics.follows, rng.normal(0, 2, N), Normal(variance=1), name="S")
        assert hint.endswith("it is normal, with another mean or variance.")

    def test_a_constant_is_named(self):
        hint = hint_of(statistics.follows, np.full(N, 0.5), Normal(variance=1))
        assert hint.endswith("it holds one number everywhere.")

    def test_a_truncated_normal_is_named(self, rng):
        whole = rng.normal(size=6 * N)
        truncated = whole[np.abs(whole) < 2]
        hint = hint_of(statistics.follows, truncated / truncated.std(), Normal(variance=1), name="S")
        assert hint.endswith("it lacks its tails, as if it were truncated: draw from the whole normal distribution.")

    def test_another_shape_altogether_is_a_failure_without_a_cause(self, rng):
        hint = hint_of(statistics.follows, rng.exponential(size=N) - 1, Normal(variance=1))
        assert hint.endswith("compare mean, scale and shape with the definition.")

    @pytest.mark.parametrize("wrong", ["one left out", "out of range", "broken"])
    def test_integers_that_are_not_uniform_fail(self, rng, wrong):
        draws = {
            "one left out": rng.integers(0, 6, N),
            "out of range": rng.integers(0, 7, N) + 1,
            "broken": rng.uniform(0, 7, N),
        }[wrong]
        with pytest.raises(CheckFailure, match="uniform on the integers"):
            statistics.follows(draws, DiscreteUniform(values=7))

    def test_too_few_integers_are_the_authors_fault(self, rng):
        with pytest.raises(ValueError, match="needs 400 of each"):
            statistics.follows(rng.integers(0, 7, 100), DiscreteUniform(values=7))


class TestSampleOf:
    def test_single_precision_is_refused_where_double_is_due(self, rng):
        single = rng.normal(size=(3, 2)).astype(np.float32)
        assert sample_of(single, "S", (3, 2)).dtype == np.float64
        assert hint_of(sample_of, single, "S", (3, 2), double=True) == "`S` came as float32; compute in float64."
        assert sample_of(single.astype(np.float64), "S", (3, 2), double=True).shape == (3, 2)


class TestNeverRepeats:
    def test_right_draws_pass(self, rng):
        statistics.never_repeats(rng.normal(size=(500, 2)))
        statistics.never_repeats(rng.normal(size=(500, 1, 2)).astype(np.float32))

    def test_a_draw_that_comes_again_is_found_wherever_it_is(self, rng):
        draws = rng.normal(size=(500, 1, 2))
        draws[431] = draws[7]
        hint = hint_of(statistics.never_repeats, draws, name="S")
        assert hint == "`S` repeats the same numbers: draw every entry anew, from rng itself."


class TestIndependent:
    def test_right_draws_pass(self, rng):
        statistics.independent(rng.normal(size=(101, 33)), Normal(variance=1))
        statistics.independent(rng.uniform(-1, 1, (30, 40)), Uniform(low=-1, high=1))
        statistics.uncorrelated(rng.normal(size=N), rng.normal(size=N), Normal(variance=1))

    @pytest.mark.parametrize("axis", [0, 1])
    def test_repeated_rows_and_columns_are_named(self, rng, axis):
        once = rng.normal(size=(60, 50)[axis : axis + 1])
        matrix = np.broadcast_to(np.expand_dims(once, 1 - axis), (60, 50)).copy()
        assert "repeats the same numbers: draw every entry anew" in hint_of(
            statistics.independent, matrix, Normal(variance=1)
        )

    def test_zeros_are_not_independent(self):
        with pytest.raises(CheckFailure, match="repeats the same numbers"):
            statistics.independent(np.zeros((30, 40)), Normal(variance=1))

    def test_two_halves_that_mirror_each_other_fail(self, rng):
        half = rng.normal(size=(20, 50))
        with pytest.raises(CheckFailure, match="correlation of halves"):
            statistics.independent(np.vstack([half, -half]), Normal(variance=1))

    def test_smooth_columns_fail(self, rng):
        noise = rng.normal(size=(200, 51))
        smooth = (noise[:, 1:] + noise[:, :-1]) / np.sqrt(2)
        with pytest.raises(CheckFailure, match="depend on each other"):
            statistics.independent(smooth, Normal(variance=1))

    @pytest.mark.parametrize("sign", [1, -1])
    @pytest.mark.parametrize("axis", [0, 1])
    def test_neurons_that_come_again_with_either_sign_fail(self, rng, axis, sign):
        once = rng.normal(size=(300, 150))
        matrix = np.hstack([once, sign * once[:, ::-1]])
        with pytest.raises(CheckFailure, match="sums over"):
            statistics.independent(matrix.T if axis else matrix, Normal(variance=1))

    def test_a_wrong_variance_is_no_dependence(self, rng):
        for scale in (0.01, 100):
            statistics.independent(rng.normal(scale=scale, size=(101, 33)), Normal(variance=1))

    def test_the_author_may_have_own_words(self, rng):
        law, matrix = Normal(variance=1), np.zeros((30, 40))
        assert hint_of(statistics.independent, matrix, law, hint="Draw.") == "Draw."
        assert hint_of(statistics.follows, matrix, law, hint="Draw.") == "Draw."
        assert hint_of(statistics.has_variance, matrix + 2, law, hint="Draw.") == "Draw."

    def test_a_vector_is_no_matrix(self, rng):
        assert hint_of(statistics.independent, rng.normal(size=N), Normal(variance=1)) == "`sample` is no matrix."


class TestIsUnbiased:
    def test_right_estimates_pass(self, rng):
        statistics.is_unbiased(rng.normal([1, 2], 1, (N, 2)), np.array([1.0, 2.0]))
        statistics.is_unbiased(rng.normal(5, 1, N), 5.0)
        statistics.is_unbiased(np.full(10, 2.0), 2.0)

    def test_the_biased_component_is_named(self, rng):
        with pytest.raises(CheckFailure, match=r"g\[1\] has mean 1\.99\d+ over 10000 estimates where 1 is due"):
            statistics.is_unbiased(rng.normal([1, 2], 1, (N, 2)), np.array([1.0, 1.0]), name="g")

    def test_estimates_that_are_the_truth_up_to_rounding_pass(self, rng):
        statistics.is_unbiased(-8.927425192 * (1 + 1e-15 * rng.normal(size=300) + 3e-15), -8.927425192)

    def test_a_constant_beside_the_truth_is_told_as_such(self):
        with pytest.raises(CheckFailure, match="has mean 2 over 10 estimates where 2.5 is due") as caught:
            statistics.is_unbiased(np.full(10, 2.0), 2.5, name="bound")
        assert caught.value.hint == "`bound` is the same in every draw, and not the truth."

    def test_one_estimate_is_the_authors_fault(self):
        with pytest.raises(ValueError, match="at least 2 estimates"):
            statistics.is_unbiased(np.ones(1), 1.0)

    def test_rows_of_another_length_fail(self, rng):
        with pytest.raises(CheckFailure):
            statistics.is_unbiased(rng.normal(size=(N, 3)), np.zeros(2))


class TestRatioOfVariances:
    def test_a_large_enough_ratio_passes(self, rng):
        names = ("score", "pathwise")
        statistics.ratio_of_variances(rng.normal(0, 3, N), rng.normal(0, 1, N), at_least=8, names=names)
        statistics.ratio_of_variances(rng.normal(size=N), np.zeros(N), at_least=8, names=names)
        statistics.ratio_of_variances(rng.standard_t(5, N), rng.standard_t(5, N), at_least=1, names=names)

    def test_a_small_ratio_fails(self, rng):
        with pytest.raises(CheckFailure, match="where at least 8 is due"):
            statistics.ratio_of_variances(rng.normal(0, 2, N), rng.normal(size=N), at_least=8, names=("a", "b"))

    def test_few_draws_and_a_ratio_of_nothing_are_the_authors_fault(self, rng):
        with pytest.raises(ValueError, match="at least 30 numbers of b"):
            statistics.ratio_of_variances(rng.normal(size=N), rng.normal(size=9), at_least=1, names=("a", "b"))
        with pytest.raises(ValueError, match="at_least must be positive"):
            statistics.ratio_of_variances(rng.normal(size=N), rng.normal(size=N), at_least=0, names=("a", "b"))


class TestSamplesFor:
    def test_as_many_draws_tell_the_two_apart(self, rng):
        ratio, shift = samples_for(ratio=1.5), samples_for(shift=0.2)
        for _ in range(20):
            statistics.has_variance(rng.normal(size=ratio), Normal(variance=1))
            with pytest.raises(CheckFailure):
                statistics.has_variance(rng.normal(0, np.sqrt(1.5), ratio), Normal(variance=1))
            with pytest.raises(CheckFailure):
                statistics.has_mean(rng.normal(0.2, 1, shift), Normal(variance=1))
            with pytest.raises(CheckFailure):
                bound = np.sqrt(3)
                statistics.follows(rng.uniform(-bound, bound, samples_for(distance=0.057)), Normal(variance=1))

    def test_fewer_are_not_wasted(self):
        assert samples_for(ratio=2) == samples_for(ratio=0.5) == 388
        assert samples_for(ratio=2, level=1e-3, power=0.9) < 100

    @pytest.mark.parametrize(
        "wrong",
        [{}, {"ratio": 2, "shift": 1}, {"ratio": 1}, {"ratio": -1}, {"distance": 0}, {"distance": 2}, {"shift": 0}],
    )
    def test_what_is_no_difference_is_refused(self, wrong):
        with pytest.raises(ValueError, match="samples_for needs one|must"):
            samples_for(**wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Normal(variance=0),
        lambda: Normal(variance=np.nan),
        lambda: Uniform(low=1, high=1),
        lambda: DiscreteUniform(values=1),
    ],
)
def test_laws_of_nothing_are_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()


def test_scipy_is_loaded_by_the_first_test_that_needs_it_and_not_before():
    program = (
        "import sys, grader.checks; print('scipy' in sys.modules); from grader.checks.statistics import samples_for"
    )
    program += "; samples_for(ratio=2); print('scipy.special' in sys.modules, 'scipy.stats' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert printed.split() == ["False", "True", "False"]


class TestRecords:
    """What the diagnosis and the verification of the level read."""

    def test_p_values_are_kept_of_every_decision(self, rng):
        with recording() as record:
            statistics.has_mean(rng.normal(size=N), Normal(variance=1), name="S")
            statistics.independent(rng.normal(size=(50, 50)), Normal(variance=1), name="S")
        assert [chance.name for chance in record.chances] == [
            "mean of S",
            "correlation of rows of S",
            "correlation of columns of S",
            "correlation of halves of S",
            "sums over rows of S",
            "sums over columns of S",
        ]
        assert all(0 < chance.p <= 1 for chance in record.chances)

    @pytest.mark.parametrize("check", [statistics.has_variance, statistics.follows])
    def test_answers_are_alike_by_their_law_and_not_by_their_numbers(self, check):
        def seen(seed, deviation):
            with recording() as record, pytest.raises(CheckFailure):
                check(np.random.default_rng(seed).normal(0, deviation, N), Normal(variance=1), name="S")
            return record.sightings

        assert alike(seen(1, 2), seen(2, 2))
        assert not alike(seen(1, 2), seen(1, 1.3))

    def test_chances_are_not_measured_as_distances_to_a_threshold(self, rng):
        with recording() as record:
            statistics.has_variance(rng.normal(size=N), Normal(variance=1))
            with pytest.raises(CheckFailure):
                statistics.has_variance(rng.normal(0, 2, N), Normal(variance=1))
        assert record.measurements == []
