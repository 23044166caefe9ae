"""What a failed comparison learns from the terms of a sum, from other axes and from lists of results."""

import numpy as np
import pytest

from grader.checks import gradient, value
from grader.checks.patterns.calls import named_numbers
from grader.evidence import CheckFailure

X = np.random.default_rng(1).normal(size=(5, 4))
W = np.random.default_rng(2).normal(size=(4, 3))


def failure_of(function, reference, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        value.agrees(function, reference, *args, **options)
    return caught.value


def square(x):
    return x**2


class TestTerms:
    def step(w, gradient, decay):
        return w - 0.5 * (gradient + decay * w)

    def terms(w, gradient, decay):
        return {"weight decay": -0.5 * decay * w}

    ARGUMENTS = (W, W**2, 0.1)

    def test_a_lost_term_is_named(self):
        failure = failure_of(
            lambda w, g, decay: w - 0.5 * g, TestTerms.step, *self.ARGUMENTS, returns=("w",), terms=TestTerms.terms
        )
        assert failure.hint == "`w` lacks the term weight decay."
        assert failure.message.endswith(" w lacks the term weight decay.")

    def test_a_term_with_a_named_factor_is_named(self):
        failure = failure_of(
            lambda w, g, decay: w - 0.5 * (g + 0.03 * decay * w),
            TestTerms.step,
            *self.ARGUMENTS,
            returns=("w",),
            terms=TestTerms.terms,
            sizes={"eta": 0.03},
        )
        assert failure.hint == "`w` holds eta times the term weight decay."

    def test_of_several_results_each_has_its_own_terms(self):
        def penalised(w):
            return (w**2).mean() + 0.1 * np.abs(w).sum(), [2 * w / w.size + 0.1 * np.sign(w)]

        failure = failure_of(
            lambda w: ((w**2).mean(), [2 * w / w.size + 0.2 * np.sign(w)]),
            penalised,
            W,
            returns=("loss", "grads"),
            terms=lambda w: {"penalty": {"loss": 0.1 * np.abs(w).sum(), "grads": [0.1 * np.sign(w)]}},
        )
        assert failure.hint == "`loss` lacks the term penalty. `grads[0]` holds the term penalty twice."

    @pytest.mark.parametrize("wrong", [0.5, {"los": 0.5}])
    def test_terms_of_results_that_do_not_exist_are_refused(self, wrong):
        with pytest.raises(
            ValueError, match=r"terms: 'penalty' must be a dict by the names of results, \['loss', 'slope'\]"
        ):
            value.agrees(
                lambda w: (w, w), lambda w: (w, 2 * w), W, returns=("loss", "slope"), terms=lambda w: {"penalty": wrong}
            )

    def test_a_right_answer_asks_for_no_terms(self):
        value.agrees(lambda x: x * x, square, X, terms=None)
        value.agrees(lambda x: x * x, square, X, terms=lambda x: pytest.fail("asked"))


class TestNamesOfNumbers:
    """Numbers among the arguments have the names that the reference gives them, which are the handout's."""

    def step(w, gradient, learning_rate=0.3, *, damped=True, rounds=1):
        return w - learning_rate * gradient

    def failure(self, wrong, *args, **options):
        return failure_of(wrong, TestNamesOfNumbers.step, *args, **options)

    def test_an_argument_is_called_as_its_parameter(self):
        scaled = self.failure(lambda w, g, rate: 0.07 * (w - rate * g), W, W**2, 0.07)
        assert scaled.hint == "`result` is learning_rate times what it should be."
        assert scaled.message.endswith(" result is learning_rate times what it should be (learning_rate = 0.07).")

    def test_a_default_counts_too(self):
        scaled = self.failure(lambda w, g: (w - 0.3 * g) / 0.3, W, W**2)
        assert scaled.hint == "`result` is 1/learning_rate of what it should be."

    def test_names_that_are_given_replace_them(self):
        scaled = self.failure(lambda w, g: 0.3 * (w - 0.3 * g), W, W**2, sizes={"N": 4})
        assert scaled.hint == "`result` is off by a constant factor."

    def test_functions_that_name_no_parameters_have_none(self):
        assert named_numbers(range, ((3,), {})) == {}
        assert named_numbers(TestNamesOfNumbers.step, ((W,), {})) == {}

    def test_truth_values_arrays_and_text_are_no_numbers(self):
        def function(a, b, c, d, e=0.5):
            return a

        assert named_numbers(function, ((True, W, "x"), {"d": np.int64(3)})) == {"d": 3.0, "e": 0.5}


def test_a_constant_among_the_arguments_of_a_gradient_is_called_by_its_name():
    x = np.random.default_rng(4).normal(size=(4, 3))
    with pytest.raises(CheckFailure) as caught:
        gradient.agrees(
            lambda x, temperature: (np.sin(x / temperature), (x, temperature)),
            lambda dout, cache: dout * np.cos(cache[0] / cache[1]),
            at={"x": x, "temperature": 2.3},
            rng=np.random.default_rng(0),
        )
    assert caught.value.hint.endswith("`dx` is temperature times what it should be.")


def test_a_length_of_another_argument_of_a_gradient_is_not_explained_by_two_names():
    """The factor three may be half of N, but also the number of features of x."""
    rng = np.random.default_rng(0)
    with pytest.raises(CheckFailure) as caught:
        gradient.agrees(
            lambda x, scale: (x.sum() * scale, x.sum()),
            lambda dout, total: 3 * dout * total,
            at={"x": rng.normal(size=(6, 3)), "scale": rng.normal(size=4)},
            wrt="scale",
            rng=rng,
        )
    assert caught.value.hint.endswith("`dscale` is off by a constant factor.")


class TestWrongAxis:
    def cumulated(x):
        return np.cumsum(x, axis=1)

    def test_a_function_of_one_array_along_the_other_axis(self):
        failure = failure_of(lambda x: np.cumsum(x, axis=0), TestWrongAxis.cumulated, X)
        assert failure.hint == "`result` is computed along the wrong axis."

    def test_one_of_three_axes(self):
        x = np.random.default_rng(3).normal(size=(3, 4, 2))
        failure = failure_of(lambda x: np.cumsum(x, axis=2), TestWrongAxis.cumulated, x)
        assert failure.hint == "`result` is computed along the wrong axis."

    def test_with_two_arrays_the_axes_of_one_mean_nothing(self):
        failure = failure_of(lambda x, y: np.cumsum(x, axis=0), lambda x, y: np.cumsum(x, axis=1), X, X)
        assert failure.hint == "`result` has wrong values."

    def test_a_reference_that_cannot_take_the_other_axes_says_nothing(self):
        def of_four(x):
            return x * np.arange(1.0, 5.0)

        assert failure_of(lambda x: x + 0.1 * x**2, of_four, X).hint == "`result` has wrong values."


class TestListsOfResults:
    def due(x):
        return [k * x + 1 for k in range(1, 6)]

    def test_are_right_up_to_an_entry(self):
        failure = failure_of(
            lambda x: [*TestListsOfResults.due(x)[:2], x + 3, x**2, x**3], TestListsOfResults.due, X, returns=("grads",)
        )
        assert failure.message.splitlines()[0].endswith("grads is right up to grads[1] and wrong from grads[2] on.")
        assert failure.hint.startswith("`grads` is right in its first entries and wrong from there on. `grads[2]` ")
        assert failure.evidence[0].cause == "is right up to grads[1] and wrong from grads[2] on"

    def test_with_a_wrong_form_among_them_say_nothing(self):
        failure = failure_of(
            lambda x: [*TestListsOfResults.due(x)[:2], None, x**2, x**3], TestListsOfResults.due, X, returns=("grads",)
        )
        assert failure.hint.startswith("`grads[2]` is None: return it.")
