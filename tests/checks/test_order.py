"""Results and entries of lists that all came, in another order: one sentence, and only where shapes prove it."""

import numpy as np
import pytest

from grader.checks import gradient, value
from grader.checks.value import expect
from grader.evidence import CheckFailure

RNG = np.random.default_rng(0)
X, S, B, DH = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=(5, 3))
NAMES = ("dx", "dS", "db")


def linear(x, S, b):
    return x @ S + b, (x, S)


def backward(dh, cache):
    x, S = cache
    return dh @ S.T, x.T @ dh, dh.sum(axis=0)


def of_arrays(x, S, dh):
    return backward(dh, (x, S))


def failure_of(check, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        check(*args, **options)
    return caught.value


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0), (0, 2, 1)])
def test_results_in_another_order_are_one_sentence(order):
    def permuted(x, S, dh):
        return [of_arrays(x, S, dh)[place] for place in order]

    failure = failure_of(value.agrees, permuted, of_arrays, X, S, DH, returns=NAMES)
    assert failure.message == "permuted: the results come in another order: dx, dS, db are due."
    assert failure.hint == "The results come in another order: `dx, dS, db` are due."


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0), (0, 2, 1)])
def test_gradients_in_another_order_are_one_sentence(order):
    failure = failure_of(
        gradient.agrees,
        linear,
        lambda dh, cache: tuple(backward(dh, cache)[place] for place in order),
        at={"x": X, "S": S, "b": B},
        rng=np.random.default_rng(1),
    )
    assert failure.hint == "The results come in another order: `dx, dS, db` are due."


def test_a_loss_after_its_gradient_is_one_sentence():
    failure = failure_of(
        gradient.of_loss,
        lambda h: (h / 5, (h**2).sum() / 10),
        at={"h": DH},
        wrt="h",
        rng=np.random.default_rng(1),
    )
    assert failure.hint == "The results come in another order: `loss, dh` are due."


def test_a_result_that_is_not_looked_at_has_no_place():
    def forward(x, S):
        return "cache", x @ S, x

    failure = failure_of(value.agrees, lambda x, S: ("cache", x, x @ S), forward, X, S, returns=(None, "h", "x"))
    assert failure.hint == "The results come in another order: `h, x` are due."


LAYERS = [(RNG.normal(size=(3, 4)), np.ones(4)), (RNG.normal(size=(4, 6)), np.ones(6)), (np.ones((6, 2)), np.ones(2))]


def test_a_list_in_reverse_order_is_one_sentence():
    failure = failure_of(expect(LAYERS[::-1], "grads").close_to, LAYERS)
    assert failure.hint == "`grads` has its entries in reverse order."
    assert failure.message.startswith("grads has its entries in reverse order: shapes [(3, 4), (4,)], [(4, 6), (6,)], ")


def test_a_list_in_another_order_and_dicts_in_it():
    layers = [{"S": S, "b": b} for S, b in LAYERS]
    failure = failure_of(expect([layers[1], layers[2], layers[0]], "grads").close_to, layers)
    assert failure.hint == "`grads` has its entries in another order."
    expect([{"b": b, "S": S} for S, b in LAYERS], "grads").close_to(layers)


def test_pairs_in_another_order_are_named_in_each_layer():
    failure = failure_of(expect([(b, S) for S, b in LAYERS[:1]], "grads").close_to, LAYERS[:1])
    assert failure.hint == "`grads[0]` has its entries in reverse order."


SILENT = [
    ([X.T, S.T], [X, S]),
    ([X, B, B], [X, S, B]),
    ([S, None, X], [X, S, B]),
    ([B, "text", S], [S, "text", B]),
    ([S.T, S], [S, S.T]),
]


@pytest.mark.parametrize(("got", "want"), SILENT)
def test_other_shapes_are_named_one_by_one(got, want):
    """One is missing, one is no array, or two of transposed shapes may as well be transposed each."""
    assert "order" not in failure_of(expect(got, "grads").close_to, want).hint


def test_right_shapes_in_the_right_order_are_compared_by_value():
    failure = failure_of(expect([X, S, 2 * B], "grads").close_to, [X, S, B])
    assert failure.hint == "`grads[2]` is twice what it should be."
