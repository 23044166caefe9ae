"""Everything that students hand in besides right answers, graded as one class.

Each entry of ``CLASS`` is one student. The class is graded once at each level of isolation,
with right answers before, between and after the bad ones: they must not notice.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.results import CheckResult, Outcome, SubmissionResult

RIGHT = (Path(__file__).parent.parent / "course/reference/tiny/tiny.py").read_text(encoding="utf-8")
OTHERS = RIGHT.partition("def mean")[1] + RIGHT.partition("def mean")[2]
"""The other two functions, right."""
STUB = (Path(__file__).parent.parent / "course/assignments/tiny/tiny.py").read_text(encoding="utf-8")


def scale(*body: str, above: str = "") -> str:
    """A submission whose `scale` has this body; its other functions are right."""
    lines = "\n".join(f"    {line}" for line in body)
    return f"import numpy as np\n{above}\ndef scale(x, factor):\n{lines}\n\n\n{OTHERS}"


def notebook(*cells: str, output: str = "") -> str:
    code = [
        {
            "cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "source": cell,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": output}] if output else [],
        }
        for n, cell in enumerate(cells)
    ]  # fmt: skip
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def zipped(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


CLASS: dict[str, str | bytes | dict[str, str | bytes]] = {
    "a-right.py": RIGHT,
    # what is wrong with the file
    "syntax.py": scale("return x *"),
    "import-error.py": f"import numpy as np\nprint(np.no_such_name)\n{RIGHT}",
    "missing.py": OTHERS,
    "arguments.py": scale("return x").replace("scale(x, factor)", "scale(x)"),
    "stub.py": STUB,
    "half-stub.py": scale("raise NotImplementedError"),
    "merge-marks.py": f"<<<<<<< HEAD\n{RIGHT}\n=======\n>>>>>>> theirs\n",
    # what comes back
    "none.py": scale("x * factor"),
    "wrong-shape.py": scale("return (x * factor)[:-1]"),
    "wrong-dtype.py": scale("return (x * factor).astype(bool)"),
    "float32.py": scale("return (x * factor).astype(np.float32)"),
    "nan.py": scale("return x * np.nan"),
    "list.py": scale("return (x * factor).tolist()"),
    "object.py": scale("return type('Result', (), {})()"),
    "in-place.py": scale("x *= factor", "return x"),
    # what it does instead
    "raises.py": scale("raise ValueError('no idea')"),
    "loop.py": scale("while True:", "    pass"),
    "loop-in-c.py": scale("return sum(range(10**15))"),
    "loop-bare-except.py": scale("while True:", "    try:", "        while True: pass", "    except: pass"),
    "loop-at-import.py": f"while True:\n    pass\n{RIGHT}",
    "sys-exit.py": scale("sys.exit(0)", above="import sys"),
    "os-exit.py": scale("os._exit(0)", above="import os"),
    "segfault.py": scale("ctypes.string_at(0)", above="import ctypes"),
    "memory.py": scale("return np.ones(2**40)"),
    "forbidden.py": scale("import grader", "return x * factor"),
    "print.py": scale("for _ in range(100): print('x' * 10**6)", "return x * factor"),
    "print-bytes.py": scale("sys.stdout.buffer.write(bytes(range(256)) * 40)", "return x * factor", above="import sys"),
    # notebooks
    "notebook.ipynb": notebook(
        "%matplotlib inline\n!pip install numpy", "name = input()", "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
        "1 / 0", RIGHT, "def scale(", output="x" * 8 * 2**20,
    ),
    "notebook-error.ipynb": notebook("import numpy as np", f"{OTHERS}\n\ndef scale(x, factor):\n    return x @ factor"),
    # what cannot be read
    "latin1.py": "# ä\n".encode("latin-1") + RIGHT.encode(),
    "empty.py": "",
    "no-notebook.ipynb": "this is no JSON",
    "broken.zip": b"PK\x03\x04 and then nothing",
    "empty-folder": {},
    "nothing-fitting": {"notes.txt": "I was ill"},
    "two-files": {"first.py": RIGHT, "second.py": RIGHT},
    # what is unusual, and right
    "with-helper": {"tiny.py": "from helper import scale\n" + OTHERS, "helper.py": RIGHT},
    "zipped.zip": zipped(tiny__py=RIGHT),
    "bom.py": b"\xef\xbb\xbf" + RIGHT.encode(),
    "z-right.py": RIGHT,
}  # fmt: skip


@pytest.fixture(scope="module")
def results(grade, tiny, level, tmp_path_factory) -> dict[str, SubmissionResult]:
    """The graded class."""
    folder = tmp_path_factory.mktemp("class")
    for name, content in CLASS.items():
        for file, text in (content if isinstance(content, dict) else {"": content}).items():
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        (folder / name).mkdir(exist_ok=True) if content == {} else None
    return grade(folder, tiny, level=level)


Of = Callable[[str, str], list[CheckResult]]


@pytest.fixture
def of(results) -> Of:
    """The results of one student's checks of one exercise, in order."""

    def checks(student: str, exercise: str) -> list[CheckResult]:
        return [check for check in results[student].checks if check.exercise == exercise]

    return checks


def outcomes(checks: list[CheckResult]) -> set[str]:
    return {check.outcome.value for check in checks}


def test_everybody_has_a_result(results):
    assert len(results) == len(CLASS)


@pytest.mark.parametrize(
    "student", ["a-right", "z-right", "with-helper", "zipped", "bom", "print", "print-bytes", "notebook"]
)
def test_right_answers_have_all_points(results, student):
    result = results[student]
    assert (result.outcome, result.earned) == (Outcome.PASSED, 6)


UNREADABLE = ["latin1", "empty", "no-notebook", "broken", "empty-folder", "nothing-fitting", "two-files"]
WHOLE = [
    "a-right",
    "z-right",
    "with-helper",
    "zipped",
    "bom",
    "print",
    "print-bytes",
    "notebook",
    "stub",
    "loop-at-import",
    "missing",
]


@pytest.mark.parametrize(
    "student", sorted(name.partition(".")[0] for name in CLASS if name.partition(".")[0] not in [*UNREADABLE, *WHOLE])
)
def test_whatever_is_wrong_with_one_function_the_others_are_graded(results, of, student):
    assert outcomes([*of(student, "mean"), *of(student, "descend")]) == {"passed"}
    scale = next(exercise for exercise in results[student].exercises if exercise.name == "scale")
    costs_nothing = {"in-place", "merge-marks", "import-error"}
    assert scale.earned < 3 or student in costs_nothing or student == "forbidden"  # which is there without a wall


class TestTheFile:
    def test_a_syntax_error_is_told_with_the_line(self, results, of):
        (first, *_) = of("syntax", "scale")
        assert outcomes(of("syntax", "scale")) == {"crashed"}
        assert first.message == "`scale` could not be defined: SyntaxError: invalid syntax."
        assert (first.location.line, first.location.code) == (4, "return x *")
        assert results["syntax"].problems == ("tiny.py, line 4: return x * -> SyntaxError: invalid syntax",)
        scale = results["syntax"].exercises[0]
        assert (scale.broken, scale.missing) == (("scale",), ())

    def test_an_exception_at_import_costs_nothing_that_does_not_need_it(self, results):
        assert results["import-error"].outcome is Outcome.PASSED
        assert results["import-error"].problems == (
            "tiny.py, line 2: print(np.no_such_name) -> AttributeError: module 'numpy' has no attribute 'no_such_name'",
        )

    def test_merge_marks_cost_no_function(self, results):
        assert results["merge-marks"].outcome is Outcome.PASSED
        assert len(results["merge-marks"].problems) == 3

    def test_a_missing_function_is_not_implemented_by_name(self, results, of):
        (first, *_) = of("missing", "scale")
        assert (first.outcome, first.message) == (
            Outcome.NOT_IMPLEMENTED, "`scale` is missing: no function of that name is in tiny.",
        )  # fmt: skip
        assert results["missing"].exercises[0].missing == ("scale",)
        assert outcomes(of("missing", "mean")) == {"passed"}

    def test_a_wrong_number_of_arguments_is_told_as_python_tells_it(self, of):
        (first, *_) = of("arguments", "scale")
        assert first.outcome is Outcome.CRASHED
        assert first.message == "`scale` raised TypeError: scale() takes 1 positional argument but 2 were given."

    def test_a_stub_is_no_alarm(self, results):
        stub = results["stub"]
        assert (stub.outcome, stub.earned, stub.problems) == (Outcome.NOT_IMPLEMENTED, 0, ())
        assert {check.message for check in stub.checks} == {
            "`scale` is still to be written.", "`mean` is still to be written.", "`descend` is still to be written.",
        }  # fmt: skip
        assert [exercise.missing for exercise in stub.exercises] == [("scale",), ("mean",), ("descend",)]

    def test_a_stub_among_right_functions_costs_its_own_points(self, results):
        assert (results["half-stub"].outcome, results["half-stub"].earned) == (Outcome.NOT_IMPLEMENTED, 3)


class TestWhatComesBack:
    @pytest.mark.parametrize(
        ("student", "words"),
        [
            ("none", ["None", "scale(x, factor)"]),
            ("wrong-shape", ["(2,)", "(3,)"]),
            ("wrong-dtype", ["bool", "numbers"]),
            ("float32", ["float32", "float64"]),
            ("nan", ["nan"]),
            ("list", ["list", "array"]),
            ("object", ["numpy array of shape (3,)"]),
        ],
    )
    def test_a_wrong_form_is_named_with_what_was_due(self, of, student, words):
        (first, *_) = of(student, "scale")
        assert first.outcome is Outcome.FAILED
        text = f"{first.message} {first.hint} {[(e.got, e.want) for e in first.evidence]}"
        assert [word for word in words if word not in text] == []

    def test_an_argument_that_is_changed_is_noted_and_not_punished(self, results, of):
        assert results["in-place"].outcome is Outcome.PASSED
        first, *others = of("in-place", "scale")
        assert first.notes == ("`scale` changes its argument `x` in place.",)
        assert len(others) == 2
        assert [note for check in others for note in check.notes] == []

    def test_an_exception_is_told_with_its_line(self, of):
        (first, *_) = of("raises", "scale")
        assert (first.outcome, first.message) == (Outcome.CRASHED, "`scale` raised ValueError: no idea.")
        assert (first.location.line, first.location.code, first.location.function) == (
            4, "raise ValueError('no idea')", "scale",
        )  # fmt: skip


class TestWhatItDoesInstead:
    @pytest.mark.parametrize("student", ["loop", "loop-in-c", "loop-bare-except"])
    def test_an_endless_loop_times_out_twice_and_is_not_run_again(self, of, student):
        first, second, *rest = of(student, "scale")
        assert (first.outcome, second.outcome) == (Outcome.TIMED_OUT, Outcome.TIMED_OUT)
        assert first.message == "`scale` did not end within 0.5 s."
        assert first.location.function == "scale"
        assert {(check.outcome, check.message) for check in rest} == {
            (Outcome.NOT_RUN, "`scale` was not called again: it did not end twice before.")
        }

    def test_an_endless_loop_at_import_times_out_once(self, results):
        result = results["loop-at-import"]
        assert {check.outcome for check in result.checks} == {Outcome.TIMED_OUT}
        assert {check.message for check in result.checks} == {"Importing your file took more than 1 s."}
        assert result.checks[0].location.line in {1, 2}
        # the seven checks together take about as long as one of them would
        assert sum(check.seconds for check in result.checks[1:]) < result.checks[0].seconds + 1

    @pytest.mark.parametrize(
        ("student", "message"),
        [
            ("sys-exit", "`scale` raised SystemExit: 0."),
            ("os-exit", "`scale` ended the process (exit status 0)."),
            ("segfault", "`scale` ended the process (SIGSEGV)."),
        ],
    )
    def test_an_end_of_the_process_costs_the_checks_of_that_function(self, of, student, message):
        checks = of(student, "scale")
        assert outcomes(checks) == {"crashed"}
        assert {check.message for check in checks} == {message}

    def test_too_much_memory_is_told_as_such(self, of):
        assert {(check.outcome, check.message) for check in of("memory", "scale")} == {
            (Outcome.OUT_OF_MEMORY, "`scale` needed more memory than the assignment allows.")
        }

    def test_a_package_that_is_not_allowed_is_not_there(self, of, level):
        if level == "none":
            pytest.skip("without a wall everything that is installed is there")
        (first, *_) = of("forbidden", "scale")
        assert (first.outcome, first.hint) == (
            Outcome.FORBIDDEN, "`scale` imports a package that this assignment does not allow.",
        )  # fmt: skip

    def test_a_hundred_megabytes_of_output_are_cut(self, of):
        (first, *_) = of("print", "scale")
        assert first.outcome is Outcome.PASSED
        assert first.output.startswith("xxxx")
        assert 4096 <= len(first.output) < 4200

    def test_binary_output_is_kept_as_text(self, of):
        (first, *_) = of("print-bytes", "scale")
        assert "\\xff" in first.output


class TestNotebooks:
    def test_functions_of_the_other_cells_are_graded(self, results):
        assert [problem.partition(" -> ")[0] for problem in results["notebook"].problems] == [
            "cell 2, line 1: name = input()", "cell 4, line 1: 1 / 0", "cell 6, line 1: def scale(",
        ]  # fmt: skip

    def test_a_line_is_named_by_its_cell(self, of):
        (first, *_) = of("notebook-error", "scale")
        assert first.outcome is Outcome.CRASHED
        assert (first.location.cell, first.location.code) == (2, "return x @ factor")


@pytest.mark.parametrize("student", UNREADABLE)
def test_what_cannot_be_read_is_told_in_one_line(results, student):
    result = results[student]
    assert (result.outcome, result.earned, result.points) == (Outcome.UNREADABLE, 0, 6)
    assert result.checks == ()
    assert len(result.message.splitlines()) == 1
