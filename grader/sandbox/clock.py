"""How much wall time a submission's code has used, and how much it has left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Time:
    """Seconds of wall time that a submission may take."""

    load: float
    """To be imported."""
    check: float
    """For all calls of one check."""
    total: float


class Clock:
    """Runs while student code is asked something, and stands still while the trusted side works.

    Parameters
    ----------
    allowed
        What there is.
    """

    def __init__(self, allowed: Time) -> None:
        self._allowed = allowed
        self._used = 0.0
        self._used_by_check = 0.0
        self._credit = allowed.check
        self._since = 0.0

    @property
    def exhausted(self) -> bool:
        """Whether the submission's time is used up."""
        return self._used >= self._allowed.total

    @property
    def total_is_nearer(self) -> bool:
        """Whether the request that is running would be stopped by the submission's limit, not by the check's."""
        return self._allowed.total - self._used < self._allowed.check - self._used_by_check

    def begin_check(self) -> None:
        """Give the next check its time."""
        self._used_by_check = 0.0
        # code that calls back for ever must end too, so the time that stands still is limited as well
        self._credit = self._allowed.check

    def running(self) -> _Span:
        """Count the time of a request of a check."""
        return _Span(self, of_a_check=True)

    def loading(self) -> _Span:
        """Count time on the submission's account alone."""
        return _Span(self, of_a_check=False)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Do not count the time that the trusted side takes to serve a callback."""
        started = time.monotonic()
        try:
            yield
        finally:
            spent = min(time.monotonic() - started, self._credit)
            self._credit -= spent
            self._since += spent

    def deadline(self) -> float:
        """Return when the request that is running must be answered, as :func:`time.monotonic` counts."""
        left = min(self._allowed.check - self._used_by_check, self._allowed.total - self._used)
        return self._since + left


class _Span:
    """Counts time while it is entered. A class, because it surrounds every call, and a generator costs 5 us of 100."""

    __slots__ = ("_clock", "_of_a_check")

    def __init__(self, clock: Clock, *, of_a_check: bool) -> None:
        self._clock = clock
        self._of_a_check = of_a_check

    def __enter__(self) -> None:
        self._clock._since = time.monotonic()  # noqa: SLF001 - a part of the clock

    def __exit__(self, *_error: object) -> None:
        spent = time.monotonic() - self._clock._since  # noqa: SLF001
        self._clock._used += spent  # noqa: SLF001
        if self._of_a_check:
            self._clock._used_by_check += spent  # noqa: SLF001
