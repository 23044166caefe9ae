"""Walking through nested values: names of leaves, rebuilding, copies."""

import numpy as np
import pytest

from grader.checks.structure import fresh, is_floating, is_numeric, leaves, like_leaf, mapped


def test_leaves_are_named_by_their_path():
    params = [{"S": 1, "b": 2}, (3, {"a b": 4, 7: 5})]
    assert dict(leaves(params, "params")) == {
        "params[0].S": 1,
        "params[0].b": 2,
        "params[1][0]": 3,
        "params[1][1]['a b']": 4,
        "params[1][1][7]": 5,
    }


def test_the_keys_of_a_nameless_dict_are_the_names():
    assert [name for name, _ in leaves({"x": 1, "params": [2]}, "")] == ["x", "params[0]"]


def test_a_value_that_is_no_container_is_its_own_leaf():
    assert list(leaves("text", "note")) == [("note", "text")]


def test_empty_containers_have_no_leaves():
    assert list(leaves([{}, (), []], "nothing")) == []


def test_mapping_rebuilds_the_same_containers():
    value = [1, (2, {"a": 3})]
    assert mapped(lambda name, leaf: f"{name}={leaf}", value, "v") == ["v[0]=1", ("v[1][0]=2", {"a": "v[1][1].a=3"})]


def test_a_fresh_copy_shares_no_array_and_no_container():
    value = {"params": [np.zeros(2)]}
    copy = fresh(value)
    copy["params"][0][0] = 1.0
    copy["params"].append("more")
    assert len(value["params"]) == 1
    assert not value["params"][0].any()


def test_a_fresh_generator_draws_the_same_numbers_and_leaves_the_first_untouched():
    rng = np.random.default_rng(0)
    assert fresh([rng])[0].random() == fresh([rng])[0].random() == rng.random()


def test_other_objects_are_handed_on_as_they_are():
    handle = object()
    assert fresh((handle, len)) == (handle, len)


@pytest.mark.parametrize("value", [1, 1.0, True, 1j, np.float32(1), np.zeros(2), np.zeros(2, dtype=bool)])
def test_numbers_and_numeric_arrays_are_numeric(value):
    assert is_numeric(value)


@pytest.mark.parametrize("value", [None, "1", [1.0], np.array(["a"]), np.array([None]), object()])
def test_anything_else_is_not_numeric(value):
    assert not is_numeric(value)


@pytest.mark.parametrize(("value", "floating"), [(1.0, True), (np.zeros(1), True), (1, False), (np.arange(3), False)])
def test_only_floats_are_floating(value, floating):
    assert is_floating(value) is floating


def test_a_changed_leaf_keeps_its_type():
    assert type(like_leaf(1.0, np.float64(2.0))) is float
    assert like_leaf(np.zeros(1, dtype=np.float32), np.ones(1)).dtype == np.float32


@pytest.mark.parametrize("key", ["y" * 10**6, "é " * 10**6, b"b" * 10**6, ("y" * 10**6,), 10**4000])
def test_a_long_key_is_cut_in_every_name_below_it(key):
    names = [name for name, _ in leaves({key: [1.0, 2.0]}, "x")]
    assert max(map(len, names)) < 120
    assert len(set(names)) == 2
