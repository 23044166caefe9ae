"""Time is counted while student code works, and not while the trusted side does."""

from __future__ import annotations

import contextlib

import pytest

from grader.sandbox import clock as clocks
from grader.sandbox.clock import Clock, Time


class Hand:
    """A clock's hand that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hand(monkeypatch) -> Hand:
    hand = Hand()
    monkeypatch.setattr(clocks, "time", hand)
    return hand


def test_a_check_has_its_time_over_all_its_requests(hand):
    clock = Clock(Time(load=9, check=10, total=100))
    with clock.running():
        hand.now += 4
    hand.now += 50  # the check itself works
    with clock.running():
        assert clock.deadline() == hand.now + 6
    clock.begin_check()
    with clock.running():
        assert clock.deadline() == hand.now + 10


def test_the_submissions_time_is_the_nearer_limit_in_the_end(hand):
    clock = Clock(Time(load=9, check=10, total=15))
    with clock.loading():
        hand.now += 9
    with clock.running():
        assert clock.total_is_nearer
        assert clock.deadline() == hand.now + 6
        hand.now += 6
    assert clock.exhausted


def test_serving_a_callback_costs_the_student_nothing(hand):
    clock = Clock(Time(load=9, check=10, total=100))
    with clock.running():
        hand.now += 1
        with clock.standing():
            hand.now += 5
        assert clock.deadline() == hand.now + 9


def test_serving_callbacks_without_end_is_limited_too(hand):
    clock = Clock(Time(load=9, check=10, total=100))
    with clock.running():
        started = hand.now
        while hand.now < clock.deadline():
            with clock.standing():
                hand.now += 1
        assert hand.now - started == 20


def test_a_request_that_fails_has_used_its_time(hand):
    clock = Clock(Time(load=9, check=10, total=10))
    with contextlib.suppress(ZeroDivisionError), clock.running():
        hand.now += 10
        1 / 0  # noqa: B018 - it is the failure that counts
    assert clock.exhausted
