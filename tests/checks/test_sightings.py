"""Two answers look alike when they differ by rounding, and not when they differ by anything else."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks.record import recording, sighted
from grader.checks.sightings import alike, sightings_of

X = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])


def look_alike(one, other, **options):
    return alike([*sightings_of(one, "h", **options)], [*sightings_of(other, "h", **options)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X, X + 1e-9),
        (X, X.astype(np.float64)),
        (2, 2.0),
        (np.array(3.0), 3.0),
        ([X, {"b": 1.0}], (X, {"b": 1.0})),
        (np.array([np.nan, np.inf, 1.0]), np.array([np.nan, np.inf, 1.0 + 1e-9])),
        (np.zeros(3), np.zeros(3)),
        (None, None),
        ("text", "text"),
    ],
    ids=str,
)
def test_alike(one, other):
    assert look_alike(one, other)
    assert look_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X, X * (1 + 1e-4)),
        (X, X.T),
        (X, X[:1]),
        (X, X.astype(np.float32)),
        (X, X > 0),
        (np.array([np.nan, 1.0]), np.array([1.0, np.nan])),
        (np.array([np.inf, 1.0]), np.array([-np.inf, 1.0])),
        (np.array([1.0, 1.0]), np.array([np.inf, 1.0])),
        (np.zeros(3), np.full(3, 1e-12)),
        (None, 0.0),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        ([X], [X, X]),
        (1j, 1.0),
        ("text", "other"),
        ({"a": 1.0}, {"b": 1.0}),
    ],
    ids=str,
)
def test_different(one, other):
    assert not look_alike(one, other)
    assert not look_alike(other, one)


def test_objects_of_one_kind_are_alike_to_a_check():
    assert look_alike(object(), object())


def test_what_rounding_explains_is_alike_where_the_reference_is_ill_conditioned():
    assert not look_alike(1.0, 1.001)
    assert look_alike(1.0, 1.001, roundoff=1e-4)


def test_what_a_check_does_not_see_makes_no_difference():
    assert not look_alike(1e-17, 3e-16)
    assert look_alike(1e-17, 3e-16, within=1e-12)
    assert look_alike(X, X + 5, within=np.inf)
    assert not look_alike(X, X.T, within=np.inf)


def test_a_sighting_is_not_changed_by_what_happens_to_the_array_later():
    array = X.copy()
    (before,) = sightings_of(array, "h")
    array += 1
    assert np.array_equal(before.values, X)


def test_of_a_large_array_some_entries_are_kept_and_its_shape():
    (one,) = sightings_of(np.zeros((1000, 1000), np.int8), "x")
    assert one.form == "number (1000, 1000)"
    assert one.values.size <= 2**16
    (other,) = sightings_of(np.ones((1000, 1000)), "x")
    assert not alike([one], [other])


def test_of_a_large_structure_the_first_parts_are_kept_and_that_there_are_more():
    found = list(sightings_of([1.0] * 20_000, "x"))
    assert len(found) == 10_001
    assert found[-1].form == "more than 10000 parts"


def test_of_all_that_a_check_sees_a_few_megabytes_are_kept():
    with recording() as kept:
        for _ in range(4):
            sighted([np.zeros(2**16)] * 4, "x")
    assert sum(one.values.size for one in kept.sightings) == 2**19
    assert {one.form for one in kept.sightings} == {"number (65536,)"}
    assert len(kept.sightings) == 16
