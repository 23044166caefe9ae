"""Calling functions: names, handles that stay where they are, numbers of results."""

import pytest

from grader.checks.calling import keeping, name_of, results
from grader.evidence import CheckFailure


class Proxy:
    """Stands for a student's function."""

    name = "linear_forward"

    def __init__(self, kept=()):
        self.kept = kept

    def keeping(self, *positions):
        return Proxy(positions)

    def __call__(self):
        return self.kept


def plain():
    return None


def test_a_function_is_called_by_its_own_name():
    assert name_of(Proxy()) == "linear_forward"
    assert name_of(plain) == "plain"


def test_a_function_without_a_name_is_called_by_its_role():
    assert name_of(lambda: None) == "the function"
    assert name_of(lambda: None, otherwise="forward") == "forward"


def test_a_proxy_keeps_the_results_at_the_given_positions():
    assert keeping(Proxy(), 1, 2)() == (1, 2)


def test_nothing_is_kept_unless_asked_for_and_a_plain_function_keeps_nothing():
    proxy = Proxy()
    assert keeping(proxy) is proxy
    assert keeping(plain, 1) is plain


def test_a_single_name_takes_the_value_as_it_is():
    assert results((1, 2), ["h"], of="f") == ((1, 2),)


def test_a_list_of_results_is_as_good_as_a_tuple():
    assert results([1, 2], ["h", "cache"], of="f") == (1, 2)


@pytest.mark.parametrize(
    ("returned", "came"),
    [
        (None, "None"),
        ((1, 2, 3), "3 results"),
        ([], "0 results"),
        ({}, "one result, a dict of 0"),
        (zip(), "one result, a zip object"),
    ],
)
def test_another_number_of_results_is_named(returned, came):
    with pytest.raises(CheckFailure) as caught:
        results(returned, ["h", "cache"], of="linear_forward")
    assert caught.value.message == f"linear_forward: it returned {came}; due are 2 results: h and cache."
    assert caught.value.hint == "Return 2 results: h and cache."
