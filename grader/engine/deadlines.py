"""Ends what runs in this process and finds no end: trusted code, which needs no wall, may loop all the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

PATIENCE = 20
"""A process gets a twentieth of a processor on a very busy machine."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise ``TimeoutError`` inside after some time; only the main thread of a POSIX system can.

    It is time of the processor that counts: by the clock, a right answer would be late on a busy machine. What waits
    and computes nothing is ended by the clock, :data:`PATIENCE` times later.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no end within {seconds:g} s")

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, PATIENCE * seconds)}
    before: dict[int, Any] = {number: signal.signal(number, stop) for number in timers}
    for timer, after in timers.values():
        signal.setitimer(timer, after, seconds)  # again and again: what is looping may catch the first one
    try:
        yield
    finally:
        for timer, _ in timers.values():
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
