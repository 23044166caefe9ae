"""What a worker answers, whatever student code does to it."""

from __future__ import annotations

import numpy as np
import pytest

from grader.sandbox import errors
from grader.sandbox.student import Handle


def test_arguments_and_results_keep_their_values_and_types(submit, level):
    student = submit("def f(*args, **kwargs): return args, kwargs\n", level=level)
    (array, *rest), options = student.f(np.eye(2), [1, (None, "x")], 2.5, key={"a": np.float32(1)})
    assert array.tolist() == [[1, 0], [0, 1]]
    assert rest == [[1, (None, "x")], 2.5]
    assert options == {"key": {"a": np.float32(1)}}


def test_what_is_no_data_comes_back_as_a_handle_that_can_be_used(submit):
    student = submit(
        "class Layer:\n    def __init__(self, n): self.n = n\n    def forward(self, x): return self.n * x\n"
    )
    layer = student.Layer(3)
    assert isinstance(layer, Handle)
    assert layer.kind == "work.Layer"
    assert layer.forward(2) == 6
    assert layer.read("n") == 3
    assert layer.read("__class__.__name__") == "Layer"


def test_a_kept_cache_never_crosses_and_is_given_back_as_itself(submit):
    student = submit("def forward(x):\n    return x, lambda: x\ndef backward(d, cache):\n    return d * cache()\n")
    y, cache = student.forward.keeping(1)(np.ones(2))
    assert y.tolist() == [1, 1]
    assert student.backward(3.0, cache).tolist() == [3, 3]


def test_a_function_of_the_submission_can_be_an_argument(submit):
    student = submit("def relu(x): return max(x, 0)\ndef apply(f, x): return f(x)\n")
    assert student.apply(student.relu, -1) == 0
    assert student.apply(student.relu, 2) == 2


def test_arguments_that_are_changed_in_place_are_named_as_the_student_names_them(submit):
    student = submit("def f(weights, rate, state):\n    weights -= rate\n    state['t'] = 1\n    return 0\n")
    student.f(np.ones(2), 0.5, {})
    assert list(student._session.seen.changed) == [
        "`f` changes its argument `weights` in place",
        "`f` changes its argument `state` in place",
    ]


def test_a_result_that_is_too_large_is_told(submit):
    student = submit("def f(): return bytes(65 * 2**20)\n")
    with pytest.raises(errors.Raised, match="`f` raised ValueError: the result is larger than 64 MB"):
        student.f()


def test_memory_that_runs_out_is_told_and_the_next_call_has_it_all_again(submit, level):
    student = submit(
        "kept = []\ndef hoard():\n    while True: kept.append(bytearray(2**24))\ndef f(): return len(bytearray(2**27))\n",
        level=level,
    )
    with pytest.raises(errors.Raised) as fault:
        student.hoard()
    assert fault.value.builtin == "MemoryError"
    assert student.f() == 2**27


def test_the_global_generators_give_the_same_numbers_in_every_check(submit):
    student = submit("import random, numpy as np\ndef f(): return random.random(), np.random.rand()\n")
    first = student.f()
    assert student.f() != first
    student._session.begin(0)
    assert student.f() == first
    student._session.begin(1)
    assert student.f() != first


def test_a_child_that_is_forked_and_returns_gives_no_second_answer(submit, level):
    student = submit("import os\ndef fork(): return os.fork() and 1\ndef f(): return 2\n", level=level)
    assert student.fork() == 1
    assert [student.f() for _ in range(5)] == [2] * 5


@pytest.mark.parametrize(
    "line",
    [
        "sys.stdout.close()", "sys.stdout = None", "os.closerange(0, 3)", "sys.setrecursionlimit(50)",
        "signal.signal(signal.SIGINT, signal.SIG_DFL)", "sys.modules.clear()", "os.chdir('/')", "sys.path.clear()",
        "warnings.simplefilter('error')", "np.seterr(all='raise')", "gc.disable()",
    ],
)  # fmt: skip
def test_what_a_function_does_to_its_process_does_not_cost_the_next_answer(submit, line):
    student = submit(
        "import gc, os, signal, sys, warnings\nimport numpy as np\n"
        f"def harm():\n    {line}\n    return 1\ndef f(x): return x + 1\n"
    )
    assert student.harm() == 1
    assert student.f(np.ones(2)).tolist() == [2, 2]


def test_standard_input_is_empty_and_programs_that_are_started_print_into_nothing(submit):
    student = submit(
        "import subprocess, sys\n"
        "def f(): subprocess.run([sys.executable, '-c', 'print(1)'], check=True); return sys.stdin.read()\n"
    )
    assert student.f() == ""
    assert student._session.seen.output == ""
