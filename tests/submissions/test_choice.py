"""Which file of a submission counts."""

from __future__ import annotations

import re

import pytest

from grader.submissions import Unreadable, choice, find_own, read

STUB = 'def double(x):\n    """Twice x."""\n    # Your code here.\n    raise NotImplementedError("double")\n'
DONE = 'def double(x):\n    """Twice x."""\n    return 2 * x\n'
OTHER = 'def double(x):\n    """Twice x."""\n    return x + x\n'


@pytest.fixture
def released(notebook):
    return {"backprop.py": STUB.encode(), "backprop.ipynb": notebook("# setup", STUB)}


def chosen(root, **options):
    return read(find_own(root, module="backprop"), **options).source


def refusal(root, **options):
    with pytest.raises(Unreadable) as caught:
        chosen(root, **options)
    return str(caught.value)


class TestScriptAndNotebook:
    def test_the_edited_script_counts(self, write, notebook, released):
        root = write({"backprop.py": DONE, "backprop.ipynb": released["backprop.ipynb"]})
        assert chosen(root, released=released) == "backprop.py"

    def test_the_edited_notebook_counts(self, write, notebook, released):
        root = write({"backprop.py": STUB, "backprop.ipynb": notebook("# setup", DONE)})
        assert chosen(root, released=released) == "backprop.ipynb"

    def test_of_two_untouched_stubs_the_script_counts(self, write, released):
        assert chosen(write(released), released=released) == "backprop.py"

    def test_a_notebook_that_was_only_run_is_untouched(self, write, notebook, released):
        run = notebook("# setup", STUB, outputs=[{"output_type": "stream", "name": "stdout", "text": "hi"}])
        assert chosen(write({"backprop.py": DONE, "backprop.ipynb": run}), released=released) == "backprop.py"

    def test_blanks_line_ends_and_comments_are_no_edits(self, write, notebook, released):
        saved = STUB.replace("\n", "\r\n").replace("# Your code here.", "# todo") + "\r\n"
        root = write({"backprop.py": saved, "backprop.ipynb": notebook(DONE)})
        assert chosen(root, released=released) == "backprop.ipynb"

    def test_when_both_are_edited_the_student_must_choose(self, write, notebook, released):
        root = write({"backprop.py": DONE, "backprop.ipynb": notebook(OTHER)})
        message = refusal(root, released=released)
        assert message == "2 candidates, backprop.ipynb and backprop.py: keep only the one that counts"

    def test_of_many_none_is_read(self, write, notebook, released, monkeypatch):
        monkeypatch.setattr(choice, "_essence", lambda *_: pytest.fail("it was read"))
        root = write({f"backprop{number}.ipynb": notebook(OTHER) for number in range(11)})
        message = refusal(root, released=released)
        assert message.startswith("11 candidates, backprop0.ipynb, ")

    def test_a_pair_that_says_the_same_is_no_choice(self, write, notebook, released):
        script = f"# %% [markdown]\n# prose\n\n# %%\n# %matplotlib inline\n\n# %%\n{DONE}"
        root = write({"backprop.py": script, "backprop.ipynb": notebook("%matplotlib inline", DONE)})
        assert chosen(root, released=released) == "backprop.py"

    def test_without_the_stubs_both_count_as_edited(self, write, notebook):
        root = write({"backprop.py": DONE, "backprop.ipynb": notebook(OTHER)})
        assert refusal(root) == "2 candidates, backprop.ipynb and backprop.py: keep only the one that counts"

    def test_a_notebook_that_is_broken_was_edited(self, write, released):
        root = write({"backprop.py": STUB, "backprop.ipynb": b"{ broken"})
        assert refusal(root, released=released).startswith("backprop.ipynb is not a notebook")

    def test_of_two_broken_files_neither_counts(self, write, released):
        root = write({"backprop.py": b"\xff", "backprop.ipynb": b"{ broken"})
        assert refusal(root, released=released).startswith("2 candidates, backprop.ipynb and backprop.py")

    def test_the_other_form_is_no_sibling(self, write, notebook, released):
        root = write({"backprop.py": STUB, "backprop.ipynb": notebook(DONE), "helpers.py": "x = 1"})
        assert list(read(find_own(root, module="backprop"), released=released).siblings) == ["helpers.py"]


class TestNames:
    def test_the_right_name_counts_before_copies_and_the_copies_are_noted(self, write):
        root = write({"backprop.py": DONE, "backprop_old.py": OTHER})
        submission = read(find_own(root, module="backprop"))
        assert submission.source == "backprop.py"
        assert submission.notes == ("backprop_old.py was not graded: backprop.py or backprop.ipynb counts",)

    def test_an_edited_copy_counts_before_an_untouched_stub(self, write, released):
        root = write({"backprop.py": STUB, "backprop (1).py": DONE})
        assert chosen(root, released=released) == "backprop (1).py"

    def test_an_untouched_copy_does_not(self, write, released):
        root = write({"backprop.py": STUB, "backprop (1).py": STUB})
        assert chosen(root, released=released) == "backprop.py"

    @pytest.mark.parametrize("name", ["backprop-1.ipynb", "Backprop.ipynb", "my_backprop_final.ipynb"])
    def test_the_only_file_with_the_name_in_its_own_counts(self, write, notebook, name):
        assert chosen(write({name: notebook(DONE), "helpers.py": "x = 1"})) == name

    def test_of_two_such_files_the_student_must_choose(self, write):
        root = write({"backprop_1.py": DONE, "backprop_2.py": OTHER})
        assert refusal(root) == "2 candidates, backprop_1.py and backprop_2.py: keep only the one that counts"

    def test_a_test_of_ones_own_is_no_candidate(self, write):
        root = write({"homework.py": DONE, "test_backprop.py": "assert True"})
        assert chosen(root) == "homework.py"

    def test_the_only_code_file_counts_whatever_it_is_called(self, write, notebook):
        assert chosen(write({"homework.ipynb": notebook(DONE), "checks.py": "", "README.md": ""})) == "homework.ipynb"

    def test_several_files_without_the_name(self, write):
        message = refusal(write({"a.py": DONE, "b.py": DONE, "c.txt": ""}))
        assert message == "no backprop.py or backprop.ipynb among a.py and b.py: rename the one that counts"

    def test_a_long_list_is_cut(self, write):
        message = refusal(write({f"{letter}.py": DONE for letter in "abcdefg"}))
        assert message == (
            "no backprop.py or backprop.ipynb among a.py, b.py, c.py, d.py, e.py and 2 more: rename the one that counts"
        )

    def test_a_folder_without_code(self, write):
        message = refusal(write({"report.pdf": "%PDF"}))
        assert message == "no backprop.py or backprop.ipynb among report.pdf: rename the one that counts"

    def test_an_empty_folder(self, root):
        assert refusal(root) == "nothing was handed in: hand in backprop.py or backprop.ipynb"

    def test_a_name_with_a_line_break_leaves_the_message_one_line(self, write):
        message = refusal(write({"a\nb\x1b[31m.py": DONE, "c.py": DONE}))
        assert message == "no backprop.py or backprop.ipynb among a?b?[31m.py and c.py: rename the one that counts"


class TestFolders:
    def test_the_upper_folder_counts(self, write):
        assert chosen(write({"backprop.py": DONE, "old/backprop.py": OTHER})) == "backprop.py"

    def test_the_folder_of_the_assignment_counts_before_others(self, write):
        assert chosen(write({"backprop/backprop.py": DONE, "attic/backprop.py": OTHER})) == "backprop/backprop.py"

    def test_of_two_equal_folders_the_student_must_choose(self, write):
        root = write({"first/backprop.py": DONE, "second/backprop.py": OTHER})
        assert refusal(root) == "2 candidates, first/backprop.py and second/backprop.py: keep only the one that counts"

    def test_what_tools_left_is_no_candidate(self, write, notebook):
        root = write(
            {
                "work/backprop.py": DONE,
                ".ipynb_checkpoints/backprop.ipynb": notebook(OTHER),
                "__pycache__/backprop.py": OTHER,
                ".backprop.py": OTHER,
                "__MACOSX/backprop.py": OTHER,
                "venv/backprop.py": OTHER,
            }
        )
        assert chosen(root) == "work/backprop.py"


def test_the_assignments_own_files_are_no_candidates_even_alone(write):
    message = refusal(write({"checks.py": "", "README.md": "", "assignment.toml": ""}))
    assert re.match("nothing was handed in", message)
