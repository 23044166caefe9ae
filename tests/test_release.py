"""From the reference to what students receive, on a tiny course."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap

import nbformat
import pytest

from grader.release import ReleaseError, drift, generate, make_notebook, make_stub, student_files, write
from grader.submissions import find_own, read

REFERENCE = '''\
# %% [markdown]
# # Doubling
#
# Twice is $2x$.

# %%
"""Doubling by hand."""

import numpy as np

# %%
### BEGIN SOLUTION


def _require_vector(x):
    """Refuse what is no vector."""
    if x.ndim != 1:
        raise ValueError(f"x must be a vector (d × 1), not {x.shape}")


### END SOLUTION


def double(x):
    """Twice x.

    >>> double(2)
    4
    """
    ### BEGIN SOLUTION
    _require_vector(x)

    return np.asarray(x) + np.asarray(x)
    ### END SOLUTION


# %% [markdown]
# ## Halving


# %%
class Halver:
    """Halves."""

    def __init__(self, factor=2):
        ### BEGIN SOLUTION
        self.factor = factor
        ### END SOLUTION

    ### BEGIN SOLUTION
    def _inverse(self):
        return 1 / float(self.factor) + 0.0

    ### END SOLUTION

    def __call__(self, x):
        if x is not None:
            ### BEGIN SOLUTION
            return x * self._inverse()
            ### END SOLUTION
        return None
'''

STUB = '''\
# %% [markdown]
# # Doubling
#
# Twice is $2x$.

# %%
"""Doubling by hand."""

import numpy as np


# %%
def double(x):
    """Twice x.

    >>> double(2)
    4
    """
    # Your code here.
    raise NotImplementedError("double")


# %% [markdown]
# ## Halving


# %%
class Halver:
    """Halves."""

    def __init__(self, factor=2):
        # Your code here.
        raise NotImplementedError("Halver.__init__")

    def __call__(self, x):
        if x is not None:
            # Your code here.
            raise NotImplementedError("Halver.__call__")
        return None
'''


def stub_of(source):
    return make_stub(textwrap.dedent(source))


def refusal(function, *arguments, **options):
    with pytest.raises(ReleaseError) as caught:
        function(*arguments, **options)
    return str(caught.value)


@pytest.fixture
def course(tmp_path):
    """A course with one assignment, generated."""
    root = tmp_path / "course"
    (root / "reference" / "double").mkdir(parents=True)
    (root / "reference" / "double" / "double.py").write_text(REFERENCE)
    (root / "reference" / "double" / "checks.py").write_text("def check_hidden(student): ...\n")
    public = root / "assignments" / "double"
    (public / "__pycache__").mkdir(parents=True)
    (public / "__pycache__" / "checks.cpython-311.pyc").write_bytes(b"\0")
    (public / ".DS_Store").write_bytes(b"\0")
    (public / "data").mkdir()
    (public / "data" / "weights.csv").write_text("1,2\n")
    for name in ("README.md", "assignment.toml", "checks.py"):
        (public / name).write_text(f"# {name}\n")
    write(root, "double")
    return root


class TestStub:
    def test_bodies_become_placeholders_and_helpers_vanish(self):
        assert make_stub(REFERENCE) == STUB

    def test_a_stub_generates_itself_no_further(self):
        assert "SOLUTION" not in make_stub(REFERENCE)

    @pytest.mark.parametrize(
        ("above", "below", "blank"),
        [
            ("x = 1\n\n", "\ny = 2\n", 1),
            ("x = 1\n\n\n", "\n\ndef f():\n    ### BEGIN SOLUTION\n    y = 2\n    ### END SOLUTION\n", 2),
            ("x = 1\n", "y = 2\n", 0),
            ("", "\n\ny = 2\n", 0),
        ],
    )
    def test_what_vanishes_leaves_the_larger_of_its_two_gaps(self, above, below, blank):
        stub = make_stub(f"{above}### BEGIN SOLUTION\n_T = 3\n### END SOLUTION\n{below}")
        between = re.fullmatch(r"(?:x = 1\n)?(?P<blank>\n*)(?:y = 2|def f).*", stub, re.DOTALL)
        assert between is not None
        assert between["blank"].count("\n") == blank

    def test_a_cell_of_which_nothing_is_left_vanishes_too(self):
        stub = stub_of(
            """\
            # %%
            x = 1

            # %% helpers
            ### BEGIN SOLUTION
            _T = 3
            ### END SOLUTION

            # %%
            y = 2

            # %%
            ### BEGIN SOLUTION
            _U = 4
            ### END SOLUTION
            """
        )
        assert stub == "# %%\nx = 1\n\n# %%\ny = 2\n"

    def test_prose_above_a_helper_stays_prose(self):
        stub = stub_of(
            """\
            # %% [markdown]
            # prose
            ### BEGIN SOLUTION
            _T = 3
            ### END SOLUTION

            # %%
            y = 2
            """
        )
        assert stub == "# %% [markdown]\n# prose\n\n# %%\ny = 2\n"

    def test_a_nested_function_is_named_after_the_one_that_students_know(self):
        stub = stub_of(
            """\
            def outer():
                def inner():
                    ### BEGIN SOLUTION
                    return 1
                    ### END SOLUTION
                return inner
            """
        )
        assert '        raise NotImplementedError("outer")\n' in stub

    def test_line_separators_in_texts_shift_no_line(self):
        stub = stub_of(
            """\
            x = "\u2028\x0c"


            def f():
                ### BEGIN SOLUTION
                return 1
                ### END SOLUTION
            """
        )
        assert stub.endswith('def f():\n    # Your code here.\n    raise NotImplementedError("f")\n')

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            (
                "def f():\n    ### BEGIN SOLUTION\n    return 1\n",
                "line 2: a solution begins that never ends",
            ),
            (
                "def f():\n    return 1\n    ### END SOLUTION\n",
                "line 3: a solution ends that never began",
            ),
            (
                "### BEGIN SOLUTION\nx = 1\n### BEGIN SOLUTION\n### END SOLUTION\n",
                "line 3: a solution begins within the one that begins in line 1",
            ),
            (
                "def f():\n    return 1\n",
                "line 1: f is public and has no solution marks",
            ),
            (
                "class F:\n    def f(self):\n        return 1\n",
                "line 1: F is public and has no solution marks",
            ),
            (
                "def f():\n    ### BEGIN SOLUTION\n    # nothing\n    ### END SOLUTION\n    return 1\n",
                "line 2: there is no code in this solution",
            ),
            (
                "def f():\n    ### BEGIN SOLUTION\n    return 1\nx = 2\n    ### END SOLUTION\n",
                "line 4: the solution leaves the block in which it begins",
            ),
            (
                "x = 1\nclass _F:\n    ### BEGIN SOLUTION\n    x = 1\n    ### END SOLUTION\ny = 2\n",
                "line 6: without the solution this is no Python: expected an indented block after class definition on line 2",
            ),
            (
                "x = 1\ndef f(:\n",
                "line 2: the reference is no Python: invalid syntax",
            ),
        ],
    )
    def test_what_cannot_become_a_stub_is_refused_with_its_line(self, source, message):
        assert refusal(make_stub, source) == message

    def test_what_is_given_to_students_needs_no_marks(self):
        source = "class Point:\n    x: int\n\n\ndef _given():\n    return 1\n"
        assert make_stub(source) == source


class TestNotebook:
    def test_it_is_valid_and_holds_the_cells_of_the_stub(self):
        notebook = nbformat.reads(make_notebook(STUB), as_version=4)
        nbformat.validate(notebook)
        assert [(cell.id, cell.cell_type) for cell in notebook.cells] == [
            ("cell-01", "markdown"),
            ("cell-02", "code"),
            ("cell-03", "code"),
            ("cell-04", "markdown"),
            ("cell-05", "code"),
        ]
        assert notebook.metadata.kernelspec.name == "python3"
        assert notebook.cells[0].source == "# Doubling\n\nTwice is $2x$."
        assert notebook.cells[1].source == '"""Doubling by hand."""\n\nimport numpy as np'

    def test_it_is_the_same_bytes_in_every_process(self):
        program = "import sys; from grader.release import make_notebook; print(make_notebook(sys.argv[1]), end='')"
        answer = subprocess.run([sys.executable, "-c", program, STUB], capture_output=True, text=True, check=True)
        assert answer.stdout == make_notebook(STUB)
        assert answer.stdout.endswith("}\n")

    def test_a_student_may_edit_either(self, course):
        folder = course / "assignments" / "double"
        released = {name: (folder / name).read_bytes() for name in ("double.py", "double.ipynb")}
        found = find_own(folder, module="double")
        assert read(found, released=released).kind == "script"
        whole = json.loads(released["double.ipynb"])
        whole["cells"][2]["source"] = ["def double(x):\n", "    return 2 * x\n"]
        (folder / "double.ipynb").write_text(json.dumps(whole))
        assert read(found, released=released).cells[1] == "def double(x):\n    return 2 * x\n"

    def test_stub_and_notebook_say_the_same(self, course):
        # without the released files both count as edited, and only a pair that says the same is no choice
        assert read(find_own(course / "assignments" / "double", module="double")).kind == "script"


class TestGeneratedFiles:
    def test_they_lie_in_the_students_folder(self, course):
        folder = course / "assignments" / "double"
        assert generate(course, "double") == {folder / "double.py": STUB, folder / "double.ipynb": make_notebook(STUB)}
        assert (folder / "double.py").read_text() == STUB

    def test_only_what_changed_is_written(self, course):
        assert write(course, "double") == []
        stub = course / "assignments" / "double" / "double.py"
        stub.write_text("changed")
        assert write(course, "double") == [stub]
        assert stub.read_text() == STUB

    def test_a_new_assignment_gets_its_folder(self, course):
        (course / "reference" / "triple").mkdir()
        (course / "reference" / "triple" / "triple.py").write_text(REFERENCE)
        assert [path.name for path in write(course, "triple")] == ["triple.py", "triple.ipynb"]

    def test_drift_names_the_files(self, course):
        assert drift(course, "double") == []
        folder = course / "assignments" / "double"
        (folder / "double.py").write_text(STUB + "\n")
        (folder / "double.ipynb").unlink()
        assert drift(course, "double") == [
            "assignments/double/double.py is not what the reference generates: generate it again",
            "assignments/double/double.ipynb is missing: generate it again",
        ]

    @pytest.mark.parametrize("name", ["triple", "../double", ""])
    def test_an_unknown_assignment_is_refused(self, course, name):
        assert refusal(generate, course, name) == (
            f"there is no assignment {name}: reference/{name}/{name}.py is missing"
        )

    def test_the_reference_is_never_run(self, course):
        (course / "reference" / "double" / "double.py").write_text("raise SystemExit\n" + REFERENCE)
        assert next(iter(generate(course, "double").values())).startswith("raise SystemExit")


class TestWhatStudentsReceive:
    def test_it_is_the_students_folder_and_nothing_else(self, course):
        files = student_files(course, ["double"])
        assert sorted(files) == [
            "double/README.md",
            "double/assignment.toml",
            "double/checks.py",
            "double/data/weights.csv",
            "double/double.ipynb",
            "double/double.py",
        ]
        assert files["double/double.py"].decode() == STUB

    def test_an_assignment_without_a_reference_is_refused(self, course):
        (course / "assignments" / "unfinished").mkdir()
        message = refusal(student_files, course, ["double", "unfinished"])
        assert message == "there is no assignment unfinished: reference/unfinished/unfinished.py is missing"

    @pytest.mark.parametrize("name", ["README.md", "assignment.toml", "checks.py"])
    def test_an_incomplete_assignment_is_refused(self, course, name):
        (course / "assignments" / "double" / name).unlink()
        message = refusal(student_files, course, ["double"])
        assert message == f"assignments/double/{name} is missing: students need it"

    def test_a_stub_that_is_not_up_to_date_is_refused(self, course):
        (course / "assignments" / "double" / "double.py").write_text(REFERENCE)
        message = refusal(student_files, course, ["double"])
        assert message == "assignments/double/double.py is not what the reference generates: generate it again"

    def test_a_link_is_refused(self, course):
        (course / "assignments" / "double" / "more.py").symlink_to(course / "reference" / "double" / "checks.py")
        message = refusal(student_files, course, ["double"])
        assert message == "assignments/double/more.py is a link: put the file itself there"

    @pytest.mark.parametrize(
        ("name", "text", "line"),
        [
            ("README.md", "Hint: `return np.asarray(x) + np.asarray(x)` works.", 33),
            ("data/old.py", '    raise ValueError(f"x must be a vector (d × 1), not {x.shape}")\n', 18),
            (
                "data/old.json",
                json.dumps('raise ValueError(f"x must be a vector (d × 1), not {x.shape}")', ensure_ascii=False),
                18,
            ),
            ("data/older.json", json.dumps('raise ValueError(f"x must be a vector (d × 1), not {x.shape}")'), 18),
        ],
    )
    def test_a_line_of_the_solution_anywhere_stops_the_release(self, course, name, text, line):
        (course / "assignments" / "double" / name).write_text(text)
        message = refusal(student_files, course, ["double"])
        assert message == f"assignments/double/{name} holds line {line} of the solution of double: take it out"

    def test_short_lines_comments_and_lines_of_the_stub_tell_nothing(self, course):
        source = REFERENCE.replace(
            "    _require_vector(x)\n", '    # a comment that is long enough\n    """Doubling by hand."""\n'
        )
        (course / "reference" / "double" / "double.py").write_text(source)
        write(course, "double")
        (course / "assignments" / "double" / "README.md").write_text(
            "self.factor = factor\n# a comment that is long enough\n"
        )
        assert len(student_files(course, ["double"])) == 6


def test_importing_the_release_loads_neither_jupytext_nor_nbformat():
    program = "import sys, grader.release; print({'nbformat', 'jupytext'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
