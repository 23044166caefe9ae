"""Functions that a check gives away, seen from the trusted side."""

from __future__ import annotations

import numpy as np
import pytest

from grader.evidence import CheckFailure
from grader.sandbox.callbacks import Callbacks
from grader.sandbox.errors import SandboxError
from grader.worker import forms, wire


def call(callbacks: Callbacks, number: int, *args: forms.Value):
    return callbacks.call(wire.CallbackCall(1, number, list(args), {}))


def test_a_function_is_called_by_its_number():
    callbacks = Callbacks()
    given = callbacks.give(lambda w: 2 * w)
    assert call(callbacks, given.id, 3) == wire.CallbackResult(6)


def test_numbers_are_never_used_twice():
    callbacks = Callbacks()
    first = callbacks.give(len)
    callbacks.forget()
    assert callbacks.give(len).id != first.id
    assert call(callbacks, first.id) == wire.CallbackError("a function was called that belongs to an earlier check")


@pytest.mark.parametrize("error", [TypeError, ValueError, KeyError, ZeroDivisionError, AttributeError])
def test_errors_that_the_students_call_decides_over_go_to_the_student(error):
    def refuse(w):
        raise error("no")

    callbacks = Callbacks()
    answer = call(callbacks, callbacks.give(refuse).id, 1)
    assert answer.message.startswith(f"{error.__name__}: ")


@pytest.mark.parametrize("error", [CheckFailure("no"), AssertionError("no"), KeyboardInterrupt(), SandboxError("no")])
def test_all_others_end_the_check(error):
    def refuse(w):
        raise error

    callbacks = Callbacks()
    with pytest.raises(type(error)):
        call(callbacks, callbacks.give(refuse).id, 1)


def test_a_malformed_argument_is_no_error_of_the_students():
    callbacks = Callbacks()
    with pytest.raises(wire.WireError):
        call(callbacks, callbacks.give(np.sum).id, forms.Array("d", (5,), memoryview(b"")))


def test_names_are_made_fit_for_the_wire():
    def f():
        pass

    f.__name__ = "\udc80"
    assert Callbacks().give(f).name == "\\udc80"
