"""Where a worker says to be is believed only as far as the submission has such a place."""

from __future__ import annotations

import pytest

from grader.sandbox.code import Code
from grader.sandbox.errors import Place

SCRIPT = Code(
    module="work",
    notebook=False,
    cells=("import helper\ndef f(x):\n    return x  # twice",),
    files={"layers/linear.py": b"def g():\n    pass\n"},
    tolerant=True,
)
NOTEBOOK = Code(module="work", notebook=True, cells=("x = 1", "def f():\n    return x"), files={}, tolerant=True)


@pytest.mark.parametrize(
    ("code", "said", "place"),
    [
        (SCRIPT, (0, "work.py", 3, "f"), Place("work.py", 3, "return x  # twice", "f")),
        (SCRIPT, (0, "work.py", 1, "<module>"), Place("work.py", 1, "import helper", "")),
        (SCRIPT, (0, "layers/linear.py", 2, "g"), Place("layers/linear.py", 2, "pass", "g")),
        (NOTEBOOK, (2, "<cell 2>", 2, "f"), Place("work.ipynb", 2, "return x", "f", 2)),
    ],
)
def test_a_place_that_is_there_is_given_with_its_text(code, said, place):
    assert code.place(*said) == place


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (SCRIPT, (0, "work.py", 4, "f")),
        (SCRIPT, (0, "work.py", 0, "f")),
        (SCRIPT, (0, "work.py", -1, "f")),
        (SCRIPT, (0, "x = 0.731", 1, "f")),
        (NOTEBOOK, (3, "<cell 3>", 1, "f")),
        (NOTEBOOK, (-1, "<cell -1>", 1, "f")),
        (NOTEBOOK, (0, "work.py", 1, "f")),
    ],
)
def test_a_place_that_is_not_there_is_none(code, said):
    assert code.place(*said) is None


def test_names_that_the_submission_does_not_define_are_dropped():
    place = NOTEBOOK.place(1, "the secret is 0.731", 1, "secret_0_731")
    assert place == Place("work.ipynb", 1, "x = 1", "", 1)


def test_words_are_looked_up_whole():
    assert SCRIPT.has_word("twice")
    assert not SCRIPT.has_word("twic")
    assert not SCRIPT.has_word(".*")


def test_parameters_are_those_of_the_function():
    assert SCRIPT.has_parameter("f", "x")
    assert SCRIPT.has_parameter("Layer.f", "x")
    assert not SCRIPT.has_parameter("f", "twice")
    assert not SCRIPT.has_parameter("g", "x")


def test_a_definition_without_parameters_has_none():
    generic = Code(module="work", notebook=False, cells=("def f[T](x): pass",), files={}, tolerant=True)
    assert not generic.has_parameter("f", "x")


def test_nothing_is_made_of_a_long_word():
    word = "a" * 2**23
    assert not SCRIPT.has_word(word)
    assert not SCRIPT.has_parameter("f", word)
    assert SCRIPT.place(0, "work.py", 3, word) == Place("work.py", 3, "return x  # twice", "")


class TestHangingPlaces:
    def test_the_innermost_line_of_the_student_is_taken(self):
        words = (
            "Current thread 0x1 (most recent call first):\n"
            '  File "/usr/lib/python3.11/json/decoder.py", line 3 in decode\n'
            '  File "/tmp/worker-1/work.py", line 3 in f\n'
            '  File "/tmp/worker-1/work.py", line 1 in <module>\n'
        )
        assert SCRIPT.hanging_place(words) == Place("work.py", 3, "return x  # twice", "f")

    def test_cells_and_files_in_folders_are_found(self):
        assert NOTEBOOK.hanging_place('  File "<cell 2>", line 2 in f').cell == 2
        assert (
            SCRIPT.hanging_place('  File "/tmp/x/worker-77/layers/linear.py", line 2 in g').file == "layers/linear.py"
        )

    @pytest.mark.parametrize(
        "words", ["", "noise", f'  File "<cell 1>", line {"9" * 5000} in f', '  File "x", line 1 in f']
    )
    def test_anything_else_is_no_place(self, words):
        assert NOTEBOOK.hanging_place(words) is None
