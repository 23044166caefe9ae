"""Functions of the trusted process as student code sees them: each call asks, and waits for the answer.

They can be called while a request is pending, from any thread, one at a time. Student code
may keep one and call it later, or from a thread that goes on after its function returned;
then nobody listens, and the call is refused here before it can confuse the next request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from . import forms, values, wire
from .channel import Channel


class Callbacks:
    """The worker's end of the functions that the trusted process gave it.

    Parameters
    ----------
    channel
        The wire.
    opaque, special
        How what is no data crosses; see :mod:`values`.
    """

    def __init__(self, channel: Channel, opaque: values.Opaque, special: values.Special) -> None:
        self._channel = channel
        self._opaque = opaque
        self._special = special
        self._asking = threading.Lock()
        self._turn = 0

    def open(self, turn: int) -> None:
        """Allow calls: the request of that number is pending."""
        self._turn = turn

    def close(self) -> None:
        """Refuse calls from now on; waits for one that another thread is at."""
        with self._asking:
            self._turn = 0

    def function(self, callback: forms.Callback) -> Callable[..., Any]:
        """Return what student code gets for ``callback``."""

        def call(*args: Any, **kwargs: Any) -> Any:
            positional = [values.encode(value, self._opaque) for value in args]
            named = {forms.encodable(name): values.encode(value, self._opaque) for name, value in kwargs.items()}
            answer = self._ask(callback, positional, named)
            if isinstance(answer, wire.CallbackResult):
                return values.decode(answer.value, self._special)
            raise RuntimeError(getattr(answer, "message", f"`{callback.name}` was not answered"))

        call.__name__ = call.__qualname__ = callback.name
        return call

    def _ask(self, callback: forms.Callback, args: list[forms.Value], kwargs: dict[str, forms.Value]) -> Any:
        with self._asking:
            if not self._turn:
                raise RuntimeError(f"`{callback.name}` was called after the call that it was given for had ended")
            self._channel.send(wire.CallbackCall(self._turn, callback.id, args, kwargs))
            return self._channel.receive()
