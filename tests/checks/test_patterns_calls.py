"""What a failed comparison learns from calling again: overflow, state, arguments changed in place."""

import time

import numpy as np
import pytest

from grader.checks import value
from grader.checks.patterns import calls as calls_module
from grader.checks.record import recording, sighted
from grader.evidence import CheckFailure

X = np.random.default_rng(1).normal(size=(5, 4))


def failure_of(function, reference, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        value.agrees(function, reference, *args, **options)
    return caught.value


def square(x):
    return x**2


class TestOverflow:
    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def naive(z):
        with np.errstate(all="ignore"):
            return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    def broken(z):
        return z * np.nan

    def test_a_function_that_is_finite_at_moderate_inputs_overflows(self):
        failure = failure_of(TestOverflow.naive, TestOverflow.softmax, 1e4 * X, returns=("p",))
        assert failure.message.endswith(" p overflows at large inputs.")
        assert failure.hint == "`p` is not finite."
        assert failure.evidence[0].cause == "overflows at large inputs"

    def test_a_single_large_number_counts_too(self):
        def naive(z):
            with np.errstate(all="ignore"):
                return float(np.exp(z) / (1 + np.exp(z)))

        failure = failure_of(naive, lambda z: 1 / (1 + np.exp(-z)), 1000.0)
        assert "overflows at large inputs" in failure.message

    def test_what_is_never_finite_does_not_overflow(self):
        failure = failure_of(TestOverflow.broken, TestOverflow.softmax, 1e4 * X)
        assert "overflows" not in failure.message

    def test_at_moderate_inputs_nothing_overflows(self):
        asked = []

        def broken(z):
            asked.append(z)
            return z * np.nan

        assert "overflows" not in failure_of(broken, TestOverflow.softmax, X).message
        assert all(np.abs(z).max() > 1 for z in asked)

    def test_what_is_finite_at_the_second_call_of_two_does_not_overflow(self):
        asked = []

        def warming_up(z):
            asked.append(z)
            return z * np.nan if len(asked) == 1 else z

        assert "overflows" not in failure_of(warming_up, TestOverflow.softmax, X).message

    def test_moderate_arguments_stay_as_they_are(self):
        asked = []

        def naive(z, temperature):
            asked.append((np.abs(z).max(), temperature))
            return TestOverflow.naive(z / temperature)

        failure = failure_of(naive, lambda z, t: TestOverflow.softmax(z / t), 1e4 * X, np.array([2.5]))
        assert "overflows" in failure.message
        assert asked[1] == (1.0, 2.5)

    def test_many_values_that_overflow_cost_one_call(self):
        asked = []

        def naive(z):
            asked.append(z)
            return [TestOverflow.naive(z)] * 5

        failure_of(naive, lambda z: [TestOverflow.softmax(z)] * 5, 1e4 * X)
        assert len(asked) == 3  # the first, the one at moderate inputs, the one with the same arguments

    def test_zeros_are_named_where_they_are_to_blame(self):
        x = np.array([[0.0, 2.0], [3.0, 0.0]])

        def logarithm(x):
            with np.errstate(all="ignore"):
                return x * np.log(x)

        failure = failure_of(logarithm, lambda x: x * np.log(np.where(x == 0, 1, x)), x, returns=("entropy",))
        assert failure.hint == "`entropy` is not finite exactly where an input is zero."


class TestState:
    def test_another_result_for_the_same_arguments(self):
        kept = []

        def running(x):
            kept.append(x)
            return sum(kept) + 1

        failure = failure_of(running, square, X)
        words = "gives another result when it is called again with the same arguments: something is random, or kept "
        assert failure.message.startswith(f"running: it {words}between calls.\nresult differs in")
        assert failure.hint.startswith(f"`running` {words}between calls. `result` ")
        assert failure.evidence[0].cause == f"{words}between calls"
        assert [evidence.name for evidence in failure.evidence] == ["running", "result"]

    def test_noise_that_no_check_would_see_is_not_blamed(self):
        rng = np.random.default_rng(3)
        failure = failure_of(lambda x: x**3 + 1e-10 * rng.normal(size=x.shape), square, X)
        assert "another result" not in failure.hint

    def test_the_result_of_the_previous_call(self):
        kept = [0 * X]

        def late(x):
            kept.append(x**2)
            return kept[-2]

        assert failure_of(late, square, X).hint.startswith(
            "`late` is right only when it is called again with the same arguments, as if it returned the result of the "
            "previous call. `result` is zero everywhere."
        )

    def test_the_first_result_for_ever(self):
        kept = []

        def stale(x):
            kept.append(x**2)
            return kept[0]

        value.agrees(stale, square, X)
        assert failure_of(stale, square, X + 1).hint == "`result` holds the result of an earlier call."

    def test_an_array_that_is_filled_again_at_each_call(self):
        buffer = np.zeros_like(X)

        def running(x):
            np.add(buffer, x, out=buffer)
            return buffer

        assert "kept between calls" in failure_of(running, square, X).hint

    def test_what_was_due_of_another_function_is_no_earlier_call(self):
        def cube(x):
            return x**3

        value.agrees(cube, cube, X + 2)
        assert failure_of(lambda x: (X + 2) ** 3, square, X + 3).hint == "`result` has wrong values."

    def test_an_argument_that_is_ignored_is_no_earlier_call(self):
        def power(x, exponent):
            return x**exponent

        value.agrees(power, power, X, 2)
        assert failure_of(lambda x, exponent: x**2, power, X, 3).hint == "`result` has wrong values."

    def test_a_number_that_is_ignored_is_no_earlier_call(self):
        def root(number):
            return np.sqrt(number)

        value.agrees(root, root, 1.5)
        assert failure_of(lambda number: np.sqrt(1.5), root, 2.5).hint == "`result` has the wrong value."

    def test_a_constant_that_was_due_once_is_no_earlier_call(self):
        def counted(x):
            return float(len(x))

        value.agrees(counted, counted, X)
        assert failure_of(lambda x: 5.0, counted, X[:3]).hint == "`result` has the wrong value."

    def test_a_function_that_is_merely_wrong_keeps_nothing(self):
        failure = failure_of(lambda x: x**2 + 0.1 * x, square, X)
        assert failure.hint == "`result` has wrong values."
        assert len(failure.evidence) == 1

    def test_a_generator_is_given_in_the_same_state_again(self):
        failure = failure_of(
            lambda x, rng: x**3 + rng.random(), lambda x, rng: x + rng.random(), X, np.random.default_rng(0)
        )
        assert "kept" not in failure.hint

    def test_a_second_call_that_fails_says_nothing(self):
        asked = []

        def once(x):
            asked.append(x)
            return 3 * x if len(asked) == 1 else asked["again"]

        assert failure_of(once, square, X).hint == "`result` has wrong values."

    def test_a_second_call_with_another_form_says_nothing(self):
        asked = []

        def grows(x):
            asked.append(x)
            return 3 * x, 3 * x if len(asked) == 1 else None

        assert "kept" not in failure_of(grows, lambda x: (x, 2 * x), X, returns=("a", "b")).hint

    def test_objects_may_change_from_call_to_call(self):
        class Optimizer:
            def __init__(self):
                self.steps = 0

            def step(self, x):
                self.steps += 1
                return x**3 + self.steps

            __call__ = step

        assert failure_of(Optimizer().step, square, X).hint == "`result` has wrong values."
        assert failure_of(Optimizer(), square, X).hint == "`result` has wrong values."
        by_argument = failure_of(lambda x, step: step(x), lambda x, step: x**2, X, Optimizer().step)
        assert by_argument.hint == "`result` has wrong values."

    def test_a_slow_function_is_not_called_again(self, monkeypatch):
        monkeypatch.setattr(calls_module, "QUICK", 0.01)
        asked = []

        def slow(x):
            asked.append(x)
            time.sleep(0.02)
            return 1e3 * x / 0.0 if x.max() > 100 else 3 * x

        failure_of(slow, square, X)
        with np.errstate(all="ignore"):
            failure_of(slow, square, 1e4 * X)
        assert len(asked) == 2

    def test_a_right_function_is_called_once(self):
        asked = []

        def right(x):
            asked.append(x)
            return x * x

        value.agrees(right, square, X)
        assert len(asked) == 1

    def test_the_calls_leave_no_trace_in_what_is_recorded(self):
        with recording() as record, pytest.raises(CheckFailure):
            value.agrees(lambda x: 3 * x, square, X)
        assert len(record.measurements) == 1

    def test_the_state_of_a_submission_is_seen_through_the_wall(self, submit):
        student = submit("total = 0", "def running(x):\n    global total\n    total = total + x\n    return total + 1")
        failure = failure_of(student.running, square, X)
        assert failure.hint.startswith("`running` gives another result when it is called again")


def test_what_a_check_sees_in_such_a_call_does_not_count():
    asked = []

    def cube(x):
        asked.append(x)
        sighted(x, "inside")
        return x**3

    with recording() as kept:
        failure_of(cube, square, X)
    assert len(asked) > 1
    assert [sighting.name for sighting in kept.sightings].count("inside") == 1


class TestChangedArguments:
    IN_PLACE = "changes its arguments in place, which may be why"

    def doubling(x):
        x *= 2
        return x + x**3

    def test_are_named_where_nothing_else_is_known(self):
        failure = failure_of(TestChangedArguments.doubling, square, X)
        assert failure.hint == f"`result` has wrong values. `doubling` {self.IN_PLACE}."
        assert failure.message.endswith(f"\nit {self.IN_PLACE}.")
        assert failure.evidence[1].cause == self.IN_PLACE

    def test_are_not_blamed_where_a_cause_is_known(self):
        def doubling(x):
            x *= 2
            return 2 * square(x / 2)

        assert failure_of(doubling, square, X).hint == "`result` is twice what it should be."

    def test_are_noted_by_a_proxy_itself(self):
        class Proxy:
            name = "doubling"
            noted = ("`doubling` changes an argument in place",)

            def __call__(self, x):
                return x + x**3

            def changes(self):
                return self.noted

        assert self.IN_PLACE in failure_of(Proxy(), square, X).hint
        Proxy.noted = ()
        assert failure_of(Proxy(), square, X).hint == "`result` has wrong values."
