"""What a student reads of the import: one cause and not its thirty consequences, a function under another name."""

from __future__ import annotations

import pytest

from grader.sandbox import imports
from grader.sandbox.errors import Missing, Raised
from grader.sandbox.session import Code
from grader.worker import wire

ANNOTATED = """\
Array = np.ndarray
def f(x: Array): return x
def g(x: Array): return f(x)
def h(x: np.ndarray): return x
"""


def said(student) -> list[str]:
    student._session.load()
    return student._session.problems()


def misnamed(student, *functions: str) -> list[str]:
    student._session.load()
    return list(imports.misnamed(student._session.code, student._session.loaded, functions))


def broken(student, *functions: str) -> tuple[str, ...]:
    student._session.load()
    return imports.broken(student._session.code, student._session.loaded, functions)


class TestProblems:
    def test_of_a_missing_import_are_one_line_and_the_number_of_what_follows(self, submit):
        assert said(submit(ANNOTATED)) == [
            "work.py, line 1: Array = np.ndarray -> NameError: name 'np' is not defined (and 3 more problems follow from it)"
        ]

    def test_that_follow_from_a_definition_that_failed_are_counted_with_it(self, submit):
        lines = said(submit("def f(x: return x\nTABLE = [f(1)]\ndef g(): return TABLE\nprint(TABLE)\n1 / 0\n"))
        assert len(lines) == 2
        assert lines[0].startswith("work.py, line 1: def f(x: return x -> SyntaxError: ")
        assert lines[0].endswith(" (and 2 more problems follow from it)")
        assert lines[1] == "work.py, line 5: 1 / 0 -> ZeroDivisionError: division by zero"

    def test_with_causes_of_their_own_are_a_line_each(self, submit):
        assert len(said(submit("a = missing_one\nb = missing_two\nc = b\n"))) == 2

    def test_name_a_package_that_is_not_allowed_in_the_words_of_a_call(self, submit):
        (line,) = said(submit("import no_such_package as nothing\nx = nothing.y\n"))
        assert line == (
            "work.py, line 1: import no_such_package as nothing -> ModuleNotFoundError: No module named "
            "'no_such_package': a package that this assignment does not allow, or a file that was not handed in "
            "(and 1 more problem follows from it)"
        )

    def test_tell_of_cells_that_were_not_run(self, submit):
        student = submit("\n%%writefile layers.py\ndef f(): return 1\n", "%%time\ndef g(): return 2\n", notebook=True)
        line = "cell 1 begins with `%%writefile` and was not run: what it defines is not there"
        assert said(student) == [line]
        assert student.g() == 2

    def test_of_a_script_tell_of_no_cells(self, submit):
        assert all("was not run" not in line for line in said(submit("%%bash\ndef f(): return 1\n")))

    def test_of_a_thousand_cells_that_were_not_run_are_few_and_short(self, submit):
        lines = said(submit(*[f"%%{'x' * 5000}\n"] * 1000, notebook=True))
        assert len(lines) == 20
        assert max(map(len, lines)) < 200


class TestDependence:
    CODE = "def f(x):\n    return (x\n\ndef g(x):\n    return f(x)\n"

    def test_on_what_could_not_be_defined_is_named_with_its_line(self, submit):
        with pytest.raises(Missing) as caught:
            submit(self.CODE).g(1)
        assert caught.value.message.startswith("`g` depends on `f`, which could not be defined: SyntaxError: ")
        assert (caught.value.function, caught.value.broken, caught.value.place.line) == ("f", True, 2)

    @pytest.mark.parametrize("body", ["undefined(x)", "int('f')", "1 / 0"])
    def test_is_not_said_of_other_exceptions(self, submit, body):
        with pytest.raises(Raised):
            submit(self.CODE.replace("return f(x)", f"return {body}")).g(1)

    @pytest.mark.parametrize(("name", "told"), [("f", True), ("inputs_7315", False)])
    def test_is_not_said_of_a_name_that_is_no_word_of_the_submission(self, name, told):
        """The name is shown of hidden checks too: what a worker says of it counts only where the source has it."""
        code = Code(module="work", notebook=False, cells=(self.CODE,), files={}, tolerant=True)
        problem = wire.Problem(0, 1, "SyntaxError", "invalid", [name])
        raised = wire.Raised(1, "NameError", "NameError", f"name '{name}' is not defined", [], "")
        found = imports.depends(code, wire.Loaded([problem], [], []), "g", raised)
        assert (found is not None) == told


class TestBroken:
    def test_are_functions_whose_definition_failed_and_no_others(self, submit):
        student = submit("def f(x): return (x\ndef g(): pass\ndef h(): return 1\n")
        assert broken(student, "f", "g", "h", "absent") == ("f",)

    def test_are_not_those_that_were_defined_after_all(self, submit):
        assert broken(submit("def f(x: Missing): return 0\ndef f(x): return 1\n"), "f") == ()

    def test_is_everything_of_a_file_that_must_be_imported_whole(self, submit):
        assert broken(submit("def f(): return 1\n1 / 0\n", tolerant=False), "f", "g") == ("f", "g")


class TestMisnamed:
    def test_functions_are_told_with_the_name_that_is_there(self, submit):
        student = submit("def swish_forwards(x): return x\ndef swishBackward(x): return x\n")
        assert misnamed(student, "swish_forward", "swish_backward") == [
            "`swish_forward` is missing, and you have `swish_forwards`: rename it if that is the one",
            "`swish_backward` is missing, and you have `swishBackward`: rename it if that is the one",
        ]

    @pytest.mark.parametrize(
        "code",
        [
            "def swish_forward(x): return x\ndef swish_forwards(x): return x\n",  # it is there
            "def swish_backward(x): return x\n",  # one of the handout's own
            "def huber_forward(x): return x\n",
            "def swish_forward(x): return (x\ndef swish_forwards(x): return x\n",  # written, and broken
            "swish_forwards = 3\n",
        ],
    )
    def test_nothing_is_said_where_that_would_mislead(self, submit, code):
        assert misnamed(submit(code), "swish_forward", "swish_backward") == []

    def test_nothing_is_said_of_what_was_never_loaded(self):
        code = Code(module="work", notebook=False, cells=("",), files={}, tolerant=True)
        assert list(imports.misnamed(code, None, ("f",))) == []
