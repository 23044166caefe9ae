"""Functions of a check that student code may call: given away under a number, called, forgotten.

A function can be called until the check ends that gave it away, and while one of its calls is
pending. Numbers are never used twice, so one that a student kept from an earlier check can
call nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from grader.sandbox.errors import NotCarried
from grader.worker import forms, values, wire

_STUDENT_ERRORS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)
"""How student code calls decides over these: a wrong number of arguments, a wrong shape."""


class Callbacks:
    """The functions that a session has given to its worker."""

    def __init__(self) -> None:
        self._functions: dict[int, Callable[..., Any]] = {}
        self._numbers = itertools.count()

    def give(self, function: Callable[..., Any]) -> forms.Callback:
        """Return what stands for ``function`` on the wire."""
        number = next(self._numbers)
        self._functions[number] = function
        return forms.Callback(number, forms.encodable(str(getattr(function, "__name__", "function"))))

    def forget(self) -> None:
        """Take all of them back: the check has ended."""
        self._functions.clear()

    def call(self, message: wire.CallbackCall) -> wire.CallbackResult | wire.CallbackError:
        """Call the function that student code asked for.

        Raises
        ------
        BaseException
            What the function raises that is not for student code to see, e.g. the failure of the check.
        """
        function = self._functions.get(message.id)
        if function is None:
            return wire.CallbackError("a function was called that belongs to an earlier check")
        try:
            positional = [values.decode(value, _refuse) for value in message.args]
            named = {name: values.decode(value, _refuse) for name, value in message.kwargs.items()}
            result = function(*positional, **named)
        except _STUDENT_ERRORS as error:
            return wire.CallbackError(forms.encodable(f"{type(error).__name__}: {error}"))
        return wire.CallbackResult(values.encode(result, _no_data))


def _refuse(value: Any) -> Any:
    kind = f"a {value.kind}" if isinstance(value, forms.Handle) else "a function"
    raise TypeError(f"numbers and arrays can be handed over here, {kind} cannot")


def _no_data(value: Any) -> forms.Value:
    raise NotCarried(f"a check gave student code a {type(value).__name__}, which cannot cross the wall")
