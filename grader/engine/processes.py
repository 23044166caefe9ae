"""The grader's own further processes: Ctrl+C reaches them through the process that started them, never by itself."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Start processes in which Ctrl+C waits until :func:`belongs_to_parent` is called there.

    It goes to all processes of a terminal, and one that is still importing would print a traceback beside our line.
    """
    resource_tracker.ensure_running()  # multiprocessing starts it with the first process, and lets the signal in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def belongs_to_parent(on_end: Callable[[int, Any], Any] | signal.Handlers) -> None:
    """In the new process: leave Ctrl+C to the parent, who terminates us; end, too, when the parent is gone.

    Parameters
    ----------
    on_end
        What SIGTERM does in the main thread, as for :func:`signal.signal`.
    """
    signal.signal(signal.SIGTERM, on_end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent is gone, killed perhaps, and end then: nobody wants our answers."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    # to the main thread, because it may be waiting for an endless loop to time out
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
