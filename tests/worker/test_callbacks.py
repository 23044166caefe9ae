"""A function that a check gave away can be called while its call lasts, and at no other time."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from grader.worker import forms, wire
from grader.worker.callbacks import Callbacks


class Line:
    """A wire whose other side doubles numbers and refuses everything else."""

    def __init__(self) -> None:
        self.sent: list[wire.CallbackCall] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def receive(self) -> Any:
        (argument,) = self.sent[-1].args
        return wire.CallbackResult(2 * argument) if type(argument) is int else wire.CallbackError("TypeError: no")


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def callbacks(line: Line) -> Callbacks:
    callbacks = Callbacks(line, lambda value: forms.Handle(1, "object"), lambda value: value)  # type: ignore[arg-type]
    callbacks.open(4)
    return callbacks


def test_a_call_asks_and_returns_the_answer(callbacks, line):
    grad = callbacks.function(forms.Callback(7, "grad"))
    assert grad(3) == 6
    assert grad.__name__ == "grad"
    assert line.sent == [wire.CallbackCall(4, 7, [3], {})]


def test_a_refusal_is_an_exception(callbacks):
    with pytest.raises(RuntimeError, match="TypeError: no"):
        callbacks.function(forms.Callback(7, "grad"))("text")


def test_after_the_call_has_ended_it_is_refused_without_a_word_on_the_wire(callbacks, line):
    grad = callbacks.function(forms.Callback(7, "grad"))
    callbacks.close()
    with pytest.raises(RuntimeError, match="`grad` was called after the call that it was given for had ended"):
        grad(3)
    assert line.sent == []


def test_threads_ask_one_at_a_time(callbacks, line):
    grad = callbacks.function(forms.Callback(7, "grad"))
    results: list[int] = []
    threads = [threading.Thread(target=lambda n=n: results.append(grad(n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [2 * n for n in range(20)]
