"""What a worker makes of a submission's cells and files."""

from __future__ import annotations

import pytest

from grader.sandbox import errors


def problems(student) -> list[str]:
    student._session.load()
    return student._session.problems()


def test_a_statement_that_fails_costs_itself_alone(submit):
    student = submit("def f(): return 1\n1 / 0\nimport no_such_package\ndef g(): return 2\n")
    assert (student.f(), student.g()) == (1, 2)
    assert problems(student) == [
        "work.py, line 2: 1 / 0 -> ZeroDivisionError: division by zero",
        (
            "work.py, line 3: import no_such_package -> ModuleNotFoundError: No module named 'no_such_package': a "
            "package that this assignment does not allow, or a file that was not handed in"
        ),
    ]


def test_a_failure_inside_a_function_is_told_with_that_line(submit):
    assert problems(submit("def f():\n    return {}['a']\nx = f()\n")) == [
        "work.py, line 2: return {}['a'] -> KeyError: 'a'"
    ]


@pytest.mark.parametrize("line", ["raise SystemExit", "exit()", "import sys; sys.exit(3)", "raise KeyboardInterrupt"])
def test_leaving_at_import_is_a_failed_statement(submit, line):
    student = submit(f"{line}\ndef f(): return 1\n")
    assert student.f() == 1
    assert len(problems(student)) == 1


def test_a_name_whose_statement_failed_is_missing_with_the_line(submit):
    student = submit("import numpy as np\n@np.no_such_decorator\ndef f(x):\n    return x\n")
    with pytest.raises(errors.Missing) as fault:
        student.f(1)
    assert fault.value.broken
    assert str(fault.value.place) == "work.py, line 2: @np.no_such_decorator"
    assert fault.value.message.startswith("`f` could not be defined: AttributeError")


def test_where_no_failure_is_tolerated_nothing_is_defined(submit):
    student = submit("def f(): return 1\n1 / 0\n", tolerant=False)
    with pytest.raises(errors.Missing, match="`f` could not be defined: ZeroDivisionError: division by zero"):
        student.f()


def test_cells_see_what_earlier_cells_defined_and_a_failing_one_costs_itself(submit):
    student = submit("import numpy as np", "1 / 0", "", "def f(): return np.sqrt(4.0)", notebook=True)
    assert student.f() == 2
    assert problems(student) == ["cell 2, line 1: 1 / 0 -> ZeroDivisionError: division by zero"]


def test_a_notebook_plots_prints_and_asks(submit):
    student = submit(
        "%matplotlib inline\n!ls\nimport matplotlib.pyplot as plt\nplt.plot([1]); display(plt.gcf())",
        "name = input('who?')",
        "get_ipython().run_line_magic('load_ext', 'autoreload')\ndef f(): return 1",
        notebook=True,
    )
    assert student.f() == 1
    assert problems(student) == ["cell 2, line 1: name = input('who?') -> EOFError: EOF when reading a line"]


def test_a_file_that_is_handed_in_with_it_can_be_imported_and_read(submit):
    student = submit(
        "import helper, data.more\ndef f(): return helper.x + data.more.y + int(open('n.txt').read())",
        files={"helper.py": b"x = 1", "data/more.py": b"y = 2", "n.txt": b"3"},
    )
    assert student.f() == 6


def test_files_cannot_be_written_elsewhere(submit, tmp_path):
    student = submit(
        "def f(): return 1", files={"../outside.py": b"", f"{tmp_path}/outside.py": b"", "/etc/outside": b""}
    )
    assert student.f() == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told(submit):
    student = submit("def f(): return 1", files={"a": b"", "a/b.py": b""})
    assert student.f() == 1
    assert problems(student) == ["OSError: a/b.py: File exists"]


@pytest.mark.parametrize("name", ["serve", "wire", "worker", "zygote", "values", "forms", "channel", "grader"])
def test_no_name_of_ours_shadows_a_students_file(submit, name, level):
    student = submit(f"import {name}\ndef f(): return {name}.own", files={f"{name}.py": b"own = True"}, level=level)
    assert student.f() is True


def test_the_main_block_is_not_run(submit):
    student = submit("def f(): return 1\nif __name__ == '__main__':\n    1 / 0\n")
    assert student.f() == 1
    assert problems(student) == []


def test_future_imports_hold_for_the_statements_below(submit):
    student = submit("from __future__ import annotations\ndef f(x: no_such_name): return 1\n")
    assert student.f(0) == 1


def test_texts_and_names_that_utf8_cannot_hold_are_loaded_with_the_rest(submit):
    student = submit("x = '\udc80'", "def f(): return 1", notebook=True, files={"a\udc80.txt": b""})
    assert student.f() == 1


class TestStubs:
    def test_a_stub_that_is_defined_anew_is_none(self, submit):
        for again in (
            "if True:\n    def f(): return 1",
            "from helper import *",
            "globals()['f'] = lambda: 1",
            "f = lambda: 1",
        ):
            student = submit(f"def f(): pass\n{again}\n", files={"helper.py": b"def f(): return 1"})
            assert student.f() == 1

    def test_a_function_that_was_made_a_stub_again_is_one(self, submit):
        student = submit("def f(): return 1\ndef f(): pass\n")
        student._session.load()
        assert student._session.loaded.stubs == ["f"]


def test_names_that_are_no_text_for_the_wire_are_told_in_another_form(submit):
    student = submit("globals()['\\udc80'] = print\nglobals()[1] = print\ndef f(): return 1\n")
    assert student.f() == 1
