"""What came instead of the data that is due: named in the message, and in the hint where everybody knows the type."""

from collections import deque
from itertools import chain

import numpy as np
import pytest

from grader.checks.kinds import hint, kind
from grader.checks.value import expect
from grader.evidence import CheckFailure


class Handle:
    """What the proxy of a submission gives for something that stayed in its process."""

    def __init__(self, kind):
        self.kind = kind


class Vector:
    """A type of the student's own."""


def failure_of(got, want, name="grads"):
    with pytest.raises(CheckFailure) as caught:
        expect(got, name).close_to(want)
    return caught.value


KNOWN = [
    (zip(), "builtins.zip", "a zip object", "is a zip object, which can be read once: return list(...)"),
    (map(abs, []), "builtins.map", "a map object", "is a map object, which can be read once: return list(...)"),
    ((n for n in ()), "builtins.generator", "a generator", "is a generator, which can be read once: return list(...)"),
    (
        reversed([1]),
        "builtins.list_reverseiterator",
        "a reversed object",
        "is a reversed object, which can be read once: return list(...)",
    ),
    (
        chain(),
        "itertools.chain",
        "a chain object",
        "is a chain object, which can be read once: return list(...)",
    ),
    (
        {}.values(),
        "builtins.dict_values",
        "the values of a dict",
        "is the values of a dict and not a list: return list(...)",
    ),
    (range(2), "builtins.range", "a range", "is a range and not a list: return list(...)"),
    (deque(), "collections.deque", "a deque", "is a deque and not a list: return list(...)"),
    (abs, "builtins.builtin_function_or_method", "a function", "is a function and not a list: call it"),
    (lambda: 0, "builtins.function", "a function", "is a function and not a list: call it"),
]


@pytest.mark.parametrize(("value", "qualified", "told", "advice"), KNOWN)
def test_a_common_type_is_named_here_and_behind_the_wall(value, qualified, told, advice):
    for got in (value, Handle(qualified)):
        failure = failure_of(got, [np.ones(2), np.ones(3)])
        assert failure.message == f"grads is {told}; a list of 2 is due."
        assert failure.hint == f"`grads` {advice}."


@pytest.mark.parametrize("value", [Handle("work.Vector"), Vector()])
def test_a_type_of_the_students_own_stays_out_of_the_hint(value):
    failure = failure_of(value, [np.ones(2)])
    assert failure.message.endswith("Vector; a list of 1 is due.")
    assert "Handle" not in failure.message + failure.hint
    assert failure.hint == "`grads` is not a list."


def test_an_array_that_is_due_is_made_of_what_can_be_read():
    failure = failure_of(Handle("builtins.generator"), np.ones(3), "h")
    assert failure.hint == "`h` is a generator, which can be read once: return np.array(list(...))."
    assert (
        failure_of(Handle("builtins.generator"), 1.0, "loss").hint == "`loss` is a generator and not a single number."
    )


@pytest.mark.parametrize("name", ["numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"])
def test_a_masked_array_is_told_from_an_array(name):
    failure = failure_of(Handle(name), np.ones((1, 3)), "h")
    assert failure.message == "h is a masked array; a numpy array of shape (1, 3) is due."
    assert failure.hint == "`h` is a masked array, which holds more than its numbers: return a plain array."
    assert kind(np.ma.masked_array([1.0])) == "a masked array"


def test_an_array_of_objects_is_not_said_to_be_no_array():
    failure = failure_of(Handle("numpy.ndarray"), np.ones(3), "h")
    assert failure.message == (
        "h is a numpy array whose entries are no plain numbers; a numpy array of shape (3,) is due."
    )
    assert failure.hint == "`h` is an array of objects, text or records: give it a dtype of numbers."


def test_values_that_crossed_have_no_common_type():
    for value in (None, 1.5, "text", np.ones(2), [1], {"a": 1}):
        assert hint(value, "a list") == ""


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_what_crosses_the_wall_is_judged_by_its_numbers_and_what_stays_by_its_type(submit):
    student = submit(
        "import numpy as np",
        "def long(x): return x.astype(np.longdouble)",
        "def matrix(x): return np.asmatrix(x)",
        "def masked(x): return np.ma.masked_array(x, x > 1)",
        "def objects(x): return x.astype(object)",
        "def zipped(x): return zip(x, x)",
    )
    x = np.array([[1.0, 2.0, 3.0]])
    expect(student.long(x), "h").close_to(x)
    expect(student.matrix(x), "h").close_to(x)
    assert failure_of(student.masked(x), x, "h").hint.startswith("`h` is a masked array")
    assert failure_of(student.objects(x), x, "h").hint.startswith("`h` is an array of objects")
    assert failure_of(student.zipped(x), [x, x]).hint.startswith("`grads` is a zip object, which can be read once")
