"""What is said of an exception, whatever the exception does to whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.worker import tracebacks, wire

FOLDER = Path("/scratch/worker-1")


def raised_by(code: str, file: str = "/scratch/worker-1/work.py", *, cell: int = 0) -> wire.Raised:
    """Run a student's file in place and return what is said of the exception that ends it."""
    origins = tracebacks.Origins(FOLDER)
    origins.add(file, cell)
    try:
        exec(compile(code, file, "exec"), {})
    except BaseException as error:
        return tracebacks.raised(error, origins, turn=3, output="printed")
    raise AssertionError("nothing was raised")


def test_the_students_own_lines_are_named_outermost_first():
    raised = raised_by("import json\ndef f(x):\n    return json.loads(x)\nf('{')")
    assert [(frame.file, frame.line, frame.function) for frame in raised.frames] == [
        ("work.py", 4, "<module>"),
        ("work.py", 3, "f"),
    ]
    assert (raised.turn, raised.output) == (3, "printed")


def test_a_notebooks_lines_are_named_by_cell():
    assert raised_by("\n1 / 0", "<cell 4>", cell=4).frames == [wire.Frame(4, "<cell 4>", 2, "<module>")]


def test_a_file_in_a_folder_is_named_by_its_path():
    assert raised_by("1 / 0", "/scratch/worker-1/layers/linear.py").frames[0].file == "layers/linear.py"


@pytest.mark.parametrize(
    ("code", "kind", "builtin", "message"),
    [
        ("raise ValueError('no')", "ValueError", "ValueError", "no"),
        ("class Own(KeyError): pass\nraise Own(1)", "Own", "KeyError", "1"),
        ("class Own(Exception): pass\nraise Own", "Own", "Exception", ""),
        ("raise SystemExit(3)", "SystemExit", "SystemExit", "3"),
        ("raise RuntimeError('DefaultCPUAllocator: not enough memory')", "RuntimeError", "MemoryError", None),
        ("class Own(Exception):\n  def __str__(self): 1 / 0\nraise Own", "Own", "Exception", ""),
        ("class Own(Exception):\n  def __str__(self): raise SystemExit\nraise Own", "Own", "Exception", ""),
        ("raise Exception('a\\udc80')", "Exception", "Exception", "a\\udc80"),
        ("class M(type):\n  __name__ = property(lambda s: 1/0)\nraise M('X', (ValueError,), {})", "X", "ValueError", ""),
        ("class T(str):\n  __getitem__ = None\nclass E(Exception):\n  def __str__(s): return T('t')\nraise E", "E", "Exception", "t"),
    ],
)  # fmt: skip
def test_kind_and_text_are_told_without_failing(code, kind, builtin, message):
    raised = raised_by(code)
    assert raised.builtin == builtin
    assert kind is None or raised.kind == kind
    assert message is None or raised.message == message


def test_a_long_text_is_cut():
    assert len(raised_by("raise ValueError('x' * 10**6)").message) == 2000


def test_endless_recursion_is_told_in_a_few_lines():
    raised = raised_by("def f():\n    f()\nf()")
    assert (raised.kind, len(raised.frames)) == ("RecursionError", 30)
