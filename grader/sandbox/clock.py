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

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of a request of a check."""
        before = self._used
        try:
            with self.loading():
                yield
        finally:
            self._used_by_check += self._used - before

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Count time on the submission's account alone."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._used += time.monotonic() - self._since

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
