"""Trajectories: their form, what was asked for them, and the replay of random ones."""

import numpy as np
import pytest

from grader.checks import convergence, problems
from grader.checks.record import recording
from grader.evidence import CheckFailure

STEPS = 6


def descend(oracle, *, lr=0.3, steps=STEPS):
    rows = [oracle.start.copy()]
    for _ in range(steps):
        rows.append(rows[-1] - lr * oracle.gradient(rows[-1]))
    return np.array(rows)


@pytest.fixture
def oracle():
    return problems.quadratic(np.random.default_rng(1), [0.5, 1.0, 2.0])


@pytest.fixture
def sum_of_samples():
    return problems.least_squares(np.random.default_rng(1), 12, [0.5, 1.0, 2.0])


def failure_of(check, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        check(*args, **options)
    return caught.value


class TestTrajectory:
    def test_of_the_right_form_gives_points_and_traces(self, oracle):
        w = descend(oracle)
        run = convergence.trajectory(w, oracle, STEPS)
        np.testing.assert_array_equal(run.points, w)
        np.testing.assert_allclose(run.distance.values, np.linalg.norm(w - oracle.minimiser, axis=1))
        np.testing.assert_allclose(run.gap.values, [oracle.value(row) - oracle.minimum for row in w])
        assert (len(run.gap), run.gap.name) == (STEPS + 1, "gap")

    def test_that_converged_is_above_its_floor_and_then_below(self, oracle):
        run = convergence.trajectory(descend(oracle, steps=2000), oracle, 2000)
        for trace in (run.distance, run.gap):
            usable = trace.above_floor()
            assert 100 < usable < 1000
            assert trace.values[usable:].max() <= trace.floor

    @pytest.mark.parametrize(
        ("change", "hint"),
        [
            (lambda w: w[:-1], "`trajectory` has one row too few: w0 is the first row, and then a row for each step."),
            (lambda w: np.vstack([w, w[-1:]]), "`trajectory` has one row too many: w0 is the first row, and then a row"),
            (lambda w: w[-1], "`trajectory` is a single point: return all points, w0 first."),
            (lambda w: w.T, "`trajectory` is transposed: a row is a point."),
            (list, "Return `trajectory` as one array: `np.array(...)`."),
            (lambda w: (w, w[-1]), "Return `trajectory` as one array: `np.array(...)`."),
            (lambda _: [[1.0, 2.0], [3.0]], "Return `trajectory` as one array: `np.array(...)`."),
            (lambda w: {"w": w}, "`trajectory` is not a numpy array"),
            (lambda w: w.astype(object), "`trajectory`"),
            (lambda _: 3.0, "`trajectory`"),
            (lambda w: w[1:-1], "`trajectory` has the wrong length along axis 0."),
            (lambda _: None, "`trajectory` is None: return it."),
            (lambda _: "w", "`trajectory` is not a numpy array"),
            (lambda w: w.astype(complex), "`trajectory`"),
            (lambda w: w + 0.1, "The first row of `trajectory` must be w0, as it was given. Store it before the first"),
            (lambda w: np.where(np.arange(7)[:, None] > 3, np.nan, w), "from a later step on: was something divided by"),
            (lambda w: np.where(np.arange(7)[:, None] > 0, np.nan, w), "from the first step on: was something divided by"),
            (lambda w: w * np.nan, "`trajectory` is not finite from its first row on: was"),
            (
                lambda w: w * np.array([1, 1e3, 1e9, 1e200, np.inf, np.nan, np.nan])[:, None],
                "`trajectory` is not finite from a later step on: the iterates have diverged.",
            ),
            (lambda w: np.tile(w[-1], (7, 1)), "every row is the same array, which later steps change in place."),
        ],
        ids=[
            "too few", "too many", "last point", "transposed", "list", "tuple", "ragged", "dict", "objects",
            "a number", "two rows less", "None", "text", "complex",
            "not w0", "NaN", "NaN at once", "NaN for w0", "overflow", "aliases",
        ],
    )  # fmt: skip
    def test_of_a_wrong_form_is_named(self, oracle, change, hint):
        failure = failure_of(convergence.trajectory, change(descend(oracle)), oracle, STEPS)
        assert hint in failure.hint
        assert failure.evidence

    def test_that_holds_nan_says_from_which_step(self, oracle):
        w = descend(oracle)
        w[4:] = np.inf
        assert "is not finite from step 4 on" in failure_of(convergence.trajectory, w, oracle, STEPS).message

    def test_made_without_the_oracle_is_named(self, oracle):
        w = descend(oracle.fresh())
        failure = failure_of(convergence.trajectory, w, oracle, STEPS)
        assert failure.hint == (
            "`trajectory` is computed without asking the oracle for anything: call the function that you are given."
        )

    def test_that_stays_at_w0_is_no_alias(self, oracle):
        for _ in range(3):
            oracle.gradient(oracle.start)
        run = convergence.trajectory(np.tile(oracle.start, (4, 1)), oracle, 3)
        assert run.distance.values.min() > 0

    def test_may_begin_elsewhere_and_have_another_name(self, oracle):
        w0 = np.array([1.0, 2.0, 3.0])
        oracle.gradient(w0)
        convergence.trajectory(np.array([w0, w0 + 1]), oracle, 1, start=w0)
        failure = failure_of(convergence.trajectory, np.array([w0 + 1, w0]), oracle, 1, start=w0, name="path")
        assert failure.hint.startswith("The first row of `path` must be w0")

    def test_is_seen_by_the_diagnosis_also_when_it_is_wrong(self, oracle):
        w = descend(oracle)[:-1]
        with recording() as record, pytest.raises(CheckFailure):
            convergence.trajectory(w, oracle, STEPS)
        np.testing.assert_array_equal(record.sightings[0].values, w)


class TestCalls:
    def test_as_many_as_due_pass(self, oracle):
        descend(oracle)
        with recording() as record:
            convergence.calls(oracle, gradient=STEPS)
            convergence.calls(oracle, gradient=range(STEPS, STEPS + 2))
        assert [found.ratio for found in record.measurements] == [0] * 8

    def test_too_many_are_counted(self, oracle):
        descend(oracle)
        oracle.value(oracle.start)
        failure = failure_of(convergence.calls, oracle, gradient=3, why="one gradient a step")
        assert failure.message == (
            "the oracle saw 1 calls of the value; due are 0 (one gradient a step).\n"
            "the oracle saw 6 calls of the gradient; due are 3 (one gradient a step)."
        )
        assert failure.hint == (
            "The value is asked for too often: one gradient a step. The gradient is asked for too often: one gradient a step."
        )

    def test_too_few_are_counted(self, oracle):
        descend(oracle)
        failure = failure_of(convergence.calls, oracle, gradient=range(7, 9), hessian=1)
        assert failure.hint == "The gradient is asked for not often enough. The Hessian is asked for never."
        assert "due are 7 to 8" in failure.message

    def test_samples_are_counted_with_repetitions(self, sum_of_samples):
        for _ in range(3):
            sum_of_samples.gradient_of(sum_of_samples.start, [1, 1, 2])
        convergence.calls(sum_of_samples, gradient_of=3, samples=9)
        failure = failure_of(convergence.calls, sum_of_samples, gradient_of=3, samples=12)
        assert failure.hint == "Samples are drawn not often enough."


class TestPlaces:
    def test_of_the_trajectory_are_those_of_gradient_descent(self, oracle):
        w = descend(oracle)
        convergence.places(oracle, "gradient", w[:-1], what="w_t")
        failure = failure_of(convergence.places, oracle, "gradient", w[1:], what="the look-ahead")
        assert failure.hint == "The gradient is asked for at other points than the look-ahead."
        assert failure.message.endswith("Due are the look-ahead.")

    def test_that_were_never_asked_are_missed(self, oracle):
        failure = failure_of(convergence.places, oracle, "hessian", descend(oracle), what="w_t")
        assert failure.hint == "Ask for the Hessian at w_t, once for each of them."


class TestReplayed:
    LR = 0.1

    def run(self, oracle, rng, *, scale=1.0, steps=20):
        rows = [oracle.start.copy()]
        for _ in range(steps):
            rows.append(rows[-1] - scale * self.LR * oracle.gradient_of(rows[-1], rng.integers(oracle.n, size=3)))
        return np.array(rows)

    def replay(self, oracle, steps=20):
        def definition(samples, w0):
            again, rows = oracle.fresh(), [w0]
            for t in range(steps):
                rows.append(rows[-1] - self.LR * again.gradient_of(rows[-1], samples[t]))
            return np.array(rows)

        return definition

    @pytest.mark.parametrize("seed", range(5))
    def test_a_right_trajectory_passes_however_the_samples_were_drawn(self, sum_of_samples, seed):
        w = self.run(sum_of_samples, np.random.default_rng(seed))
        with recording() as record:
            convergence.replayed(w, sum_of_samples, self.replay(sum_of_samples))
        assert max(found.ratio for found in record.measurements) < 1e-3
        assert len(sum_of_samples.calls.samples) == 20

    def test_a_wrong_one_fails_from_its_first_wrong_step_on(self, sum_of_samples):
        w = self.run(sum_of_samples, np.random.default_rng(1))
        w[8:] = w[8:] + 1e-3
        failure = failure_of(convergence.replayed, w, sum_of_samples, self.replay(sum_of_samples))
        assert failure.message.startswith("trajectory is right up to step 7; step 8 is [")
        assert failure.hint == "`trajectory` is right at first, and then a step is wrong."
        assert failure.evidence[0].where.startswith("[8, ")
        assert failure.evidence[0].curves[0].name == "deviation from the definition"

    def test_another_step_size_fails(self, sum_of_samples):
        w = self.run(sum_of_samples, np.random.default_rng(1), scale=1 / 3)
        failure = failure_of(convergence.replayed, w, sum_of_samples, self.replay(sum_of_samples))
        assert failure.message.endswith(
            "trajectory is wrong in step 1, which does not go far enough: 0.333333 times what is due."
        )
        assert failure.hint == "`trajectory` is wrong already in the first step, which does not go far enough."

    def test_of_another_name_the_step_is_said_too(self, sum_of_samples):
        w = self.run(sum_of_samples, np.random.default_rng(1))
        w[8:] = w[8:] + 1e-3
        failure = failure_of(convergence.replayed, w, sum_of_samples, self.replay(sum_of_samples), name="path")
        assert failure.message.endswith("The first step that differs is step 8.")

    def test_too_few_samples_are_named(self, sum_of_samples):
        w = self.run(sum_of_samples, np.random.default_rng(1), steps=5)
        failure = failure_of(convergence.replayed, w, sum_of_samples, self.replay(sum_of_samples))
        assert failure.hint == "Samples are asked for in too few calls: see the definition."

    def test_a_wrong_form_is_named_as_such(self, sum_of_samples):
        w = self.run(sum_of_samples, np.random.default_rng(1))
        failure = failure_of(convergence.replayed, w[:-1], sum_of_samples, self.replay(sum_of_samples))
        assert "shape" in failure.message
