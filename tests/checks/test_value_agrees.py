"""``value.agrees``: a function beside its reference, the measured rounding, and the store of answers."""

import numpy as np
import pytest

from grader.checks import value
from grader.checks.record import recording
from grader.checks.references import Store
from grader.evidence import CheckFailure

X = np.random.default_rng(1).normal(size=(5, 4))
S = np.random.default_rng(2).normal(size=(4, 3))


def linear(x, S):
    return x @ S, (x, S)


def failure_of(function, reference, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        value.agrees(function, reference, *args, **options)
    return caught.value


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_a_right_function_written_differently_passes():
    def with_loops(x, S):
        h = np.zeros((len(x), S.shape[1]))
        for i, j in np.ndindex(*h.shape):
            h[i, j] = sum(x[i, k] * S[k, j] for k in range(len(S)))
        return [h, "any cache"]

    value.agrees(with_loops, linear, X, S, returns=("h", None))
    value.agrees(with_loops, linear, X, S, returns=("h", None), precise=True)


def test_a_wrong_result_is_named_with_its_function_and_cause():
    def linear_forward(x, S):
        return x @ S / len(x), None

    failure = failure_of(linear_forward, linear, X, S, returns=("h", None))
    assert failure.message.startswith("linear_forward: h differs in 15 of 15 entries; the worst is h[")
    assert failure.message.endswith("h is 1/N of what it should be (N = 5).")
    assert failure.hint == "`h` is 1/N of what it should be."


def test_other_sizes_can_be_named():
    failure = failure_of(lambda x: 7 * x, lambda x: x, X, sizes={"T": 7})
    assert failure.hint == "`result` is T times what it should be."


def test_swapped_results_are_recognised():
    failure = failure_of(lambda x: (x + 1, 2 * x), lambda x: (2 * x, x + 1), X, returns=("a", "b"))
    assert failure.hint == "`a` holds what is due for `b`. `b` holds what is due for `a`."


def test_a_missing_cache_is_named():
    failure = failure_of(lambda x, S: x @ S, linear, X, S, returns=("h", None))
    assert failure.hint == "Return 2 results: h and cache."


def test_the_cache_stays_where_it_is():
    asked = []

    class Proxy:
        name = "linear_forward"

        def keeping(self, *positions):
            asked.append(positions)
            return linear

    value.agrees(Proxy(), linear, X, S, returns=("h", None))
    assert asked == [(1,)]


def test_functions_that_change_their_arguments_do_no_harm():
    def doubled_in_place(x):
        x *= 2
        return x

    value.agrees(doubled_in_place, doubled_in_place, X)
    assert np.array_equal(X, np.random.default_rng(1).normal(size=(5, 4)))


def test_generators_are_copied_so_that_both_draw_the_same():
    rng = np.random.default_rng(0)
    value.agrees(lambda n, rng: rng.normal(size=n), lambda n, rng: rng.normal(size=n), 3, rng)
    assert rng.random() == np.random.default_rng(0).random()


def test_exceptions_of_the_student_pass_through_untouched():
    def crash(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        value.agrees(crash, lambda x: x, X)


def test_structures_are_compared_leaf_by_leaf():
    def gradients(x):
        return {"layers": [(x, x.sum(axis=0)), (2 * x, 3 * x.sum())]}

    value.agrees(gradients, gradients, X, returns=("grads",))
    failure = failure_of(
        lambda x: {"layers": [(x, -x.sum(axis=0)), (2 * x, 3 * x.sum())]}, gradients, X, returns=("g",)
    )
    assert failure.hint == "`g.layers[0][1]` has the wrong sign."


def test_protective_constants_pass_and_precise_checks_refuse_them():
    def loss(p):
        return -np.mean(np.log(p))

    def protected(p):
        return -np.mean(np.log(p + 1e-9))

    p = softmax(X)
    value.agrees(protected, loss, p)
    assert "allowed" in failure_of(protected, loss, p, precise=True).message


def test_overflow_is_found_at_extreme_logits():
    def overflowing(z):
        with np.errstate(all="ignore"):
            return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    z = 1e4 * X
    value.agrees(softmax, softmax, z, precise=True)
    assert failure_of(overflowing, softmax, z, returns=("p",)).hint == "`p` is not finite."


def test_the_measured_rounding_admits_another_order_of_operations():
    """At logits of 1e4 the loss loses four digits, whatever formula is used."""

    def loss(z):
        shifted = z - z.max(axis=1, keepdims=True)
        return (np.log(np.exp(shifted).sum(axis=1)) - shifted[:, 0]).mean()

    def other_order(z):
        top = z.max(axis=1)
        return (top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[:, 0]).mean()

    z = 1e4 + X
    with recording() as record:
        value.agrees(other_order, loss, z, precise=True)
    assert record.measurements[0].ratio < 0.1


def test_float32_is_refused_unless_the_inputs_are_float32():
    assert "came as float32" in failure_of(lambda x: x.astype(np.float32), lambda x: x, X).message
    x = X.astype(np.float32)
    value.agrees(np.tanh, lambda x: np.tanh(x.astype(float)), x)
    value.agrees(lambda x: np.tanh(x.astype(float)), np.tanh, x)


def test_inputs_at_a_jump_are_refused():
    x = np.linspace(-1, 1, 5)
    with pytest.raises(ValueError, match="jump: the reference changes by 1 when its inputs change in the last digit"):
        value.agrees(np.sign, lambda x: (x >= 0.5).astype(float), x, returns=("jump",))


def test_a_result_that_is_zero_up_to_rounding_is_no_jump():
    def centred_mean(x):
        return (x - x.mean(axis=0)).mean(axis=0)

    value.agrees(lambda x: np.zeros(4), centred_mean, X)


def test_the_reference_is_evaluated_once_for_the_whole_class():
    calls = []

    def reference(x):
        calls.append(x)
        return 2 * x

    for _ in range(300):
        value.agrees(lambda x: x + x, reference, X.copy())
    first = len(calls)
    assert first == 9
    value.agrees(lambda x: x + x, reference, X + 1)
    assert len(calls) == 2 * first


def test_answers_are_told_apart_by_content_dtype_shape_and_function():
    store = Store()

    def answer(*args, reference=np.negative):
        return store.expected(reference, args, {}, ("y",)).values["y"]

    assert answer(np.zeros(4)).shape == (4,)
    assert answer(np.zeros((2, 2))).shape == (2, 2)
    assert answer(np.zeros(4, dtype=np.float32)).dtype == np.float32
    assert answer(np.ones(4))[0] == -1
    assert answer(np.ones(4), reference=np.square)[0] == 1
    assert answer([1, 2.0], reference=str) == "[1, 2.0]"
    assert answer(len, reference=id) == id(len)


def test_the_least_recently_used_answers_leave_first():
    store = Store(limit=20_000)
    calls = []

    def reference(x):
        calls.append(float(x[0]))
        return x

    def ask(number):
        store.expected(reference, (np.full(500, number),), {}, ("y",))

    ask(1.0)
    ask(2.0)
    ask(1.0)
    ask(3.0)
    assert store.size <= 20_000
    calls.clear()
    ask(1.0)
    assert calls == []
    ask(2.0)
    assert calls
