"""The difference estimate: its value, its error, its number of evaluations, and what it says of kinks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.differences import NOISE_ONLY, estimate

EPSILON = float(np.finfo(float).eps)


class Line:
    """A function of one number that counts its evaluations."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, t):
        self.calls += 1
        return self.function(t)


SMOOTH = {
    "line": (lambda t: 3 * t + 2, 3.0, 7),
    "sine": (lambda t: math.sin(1 + t), math.cos(1), 11),
    "exponential": (lambda t: math.exp(2 + t), math.exp(2), 11),
    "steep exponential": (lambda t: math.exp(20 * t), 20.0, 15),
    "fast wave": (lambda t: math.sin(100 * t), 100.0, 23),
    "polynomial": (lambda t: (1 + t) ** 7, 7.0, 11),
    "logarithm near its pole": (lambda t: math.log(0.11 + t), 1 / 0.11, 15),
    "logarithm beside its pole": (lambda t: math.log(0.01 + t) if t > -0.01 else math.nan, 100.0, 27),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_function_is_differentiated_to_nine_digits_in_few_evaluations(name):
    function, right, most = SMOOTH[name]
    line = Line(function)
    found = estimate(line, magnitude=abs(function(0.0)), norm=0.0)
    assert abs(found.value - right) <= 1e-9 * abs(right)
    assert abs(found.value - right) <= 0.1 * found.allowed
    assert not found.kink
    assert not found.flat
    assert line.calls <= most


@given(st.floats(-3, 3), st.floats(0.1, 10), st.floats(-1e3, 1e3))
def test_the_error_bounds_the_deviation_for_any_wave(phase, frequency, offset):
    def wave(t):
        return offset + math.sin(frequency * t + phase)

    found = estimate(wave, magnitude=abs(offset) + 1, norm=1.0)
    assert abs(found.value - frequency * math.cos(phase)) <= 0.2 * found.allowed


def test_a_large_offset_shows_in_the_error():
    found = estimate(lambda t: 1e8 + t, magnitude=1e8, norm=0.0)
    assert abs(found.value - 1) <= found.allowed
    assert found.error >= 8 * EPSILON * 1e8 / 0.1


def test_rounding_alone_never_makes_more_than_its_bound():
    """The factor by which the weights enlarge the rounding is what the constant says."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        found = estimate(lambda t: 1 + 4 * EPSILON * rng.choice([-1, 1]), magnitude=1.0, norm=0.0)
        assert found.error <= NOISE_ONLY * found.noise
        assert found.flat


def test_a_kink_away_from_the_point_is_avoided_by_a_smaller_step():
    for place in (0.05, 0.01, 0.002, 3e-4, 5e-5):
        found = estimate(lambda t, place=place: t + max(0.0, t - place), magnitude=1.0, norm=1.0)
        assert abs(found.value - 1) <= found.allowed
        assert found.allowed < 1e-6
        assert not found.kink


def test_a_kink_very_close_to_the_point_is_avoided_by_a_still_smaller_one():
    found = estimate(lambda t: t + max(0.0, t - 1e-6), magnitude=1e-6, norm=1.0)
    assert abs(found.value - 1) <= found.allowed < 1e-6


@pytest.mark.parametrize("slope", [1.0, 1e-3])
def test_a_kink_at_the_point_is_named_and_its_error_is_half_the_jump(slope):
    found = estimate(lambda t: 1 + slope * max(0.0, t), magnitude=1.0, norm=1.0)
    assert found.kink
    assert found.error == pytest.approx(slope / 2, rel=1e-6)


def test_the_blind_spot_of_the_extrapolation_is_seen_by_the_jump():
    """A kink at 4/9 of h makes the last correction vanish while the value is wrong by 2% of the kink."""
    place = 4 / 9 * 0.025
    line = Line(lambda t: t + max(0.0, t - place))
    found = estimate(line, magnitude=1.0, norm=1.0)
    assert line.calls > 7
    assert abs(found.value - 1) < 1e-9


def test_a_minimum_is_no_staircase():
    found = estimate(lambda t: t * t, magnitude=1.0, norm=1.0)
    assert found.value == 0
    assert math.isfinite(found.error)


@pytest.mark.parametrize("digits", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("start", [1.2345678, 0.3141593, 2.7182818, 1.0])
def test_a_staircase_confirms_neither_its_slope_nor_zero(digits, start):
    found = estimate(lambda t: round(start + t, digits), magnitude=start, norm=1.0)
    refuted = min(abs(found.value - 1), abs(found.value)) > 10 * found.allowed
    assert refuted or found.flat or found.error > 5e-6


def test_a_function_that_is_nowhere_finite_has_an_infinite_error():
    assert estimate(lambda t: math.nan, magnitude=1.0, norm=1.0).error == math.inf


def test_a_constant_is_flat_and_a_slope_is_not():
    assert estimate(lambda t: 5.0, magnitude=5.0, norm=0.0).flat
    assert estimate(lambda t: 0.0, magnitude=0.0, norm=0.0).flat
    assert not estimate(lambda t: 5 + 1e-6 * t, magnitude=5.0, norm=0.0).flat


def test_every_value_is_evaluated_once():
    seen = []

    def kink(t):
        seen.append(t)
        return 1 + abs(t)

    estimate(kink, magnitude=1.0, norm=1.0)
    assert len(seen) == len(set(seen)) == 47
