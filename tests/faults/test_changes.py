"""Submissions that change, vanish or come while a class is graded: what is stored is of what was read."""

from __future__ import annotations

import pytest

from grader.results import Outcome

OTHERS = ["anna", "berta", "carla", "dora", "elif"]


@pytest.fixture
def folder(tmp_path, right):
    """Right submissions: of two processes each has read two when the first result comes."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in (*OTHERS, "farid"):
        (folder / f"{name}.py").write_text(right)
    return folder


def after_the_first(change):
    """Do it when the first result is there."""
    todo = [change]
    return lambda _graded: todo and todo.pop()()


def test_one_that_changed_after_it_was_read_is_graded_again_by_the_next_run(grade, folder):
    path = folder / "berta.py"
    wrong = path.read_text().replace("x * factor", "x")
    results = grade(on_graded=after_the_first(lambda: path.write_text(wrong)))
    assert results["berta"].earned == 6
    assert grade()["berta"].earned < 6


@pytest.mark.parametrize("jobs", [1, 2])
class TestDuringARun:
    def test_one_that_changes_is_graded_as_it_was_read_and_the_next_run_sees_the_rest(self, grade, folder, jobs):
        path = folder / "farid.py"
        results = grade(
            on_graded=after_the_first(lambda: path.write_text("def scale(x, factor): return x\n")), jobs=jobs
        )
        assert results["farid"].earned < 6
        path.write_text("def scale(x, factor): return x * factor\n")
        again = grade(jobs=jobs)
        assert again["farid"].exercises[0].earned == 3
        assert {name: again[name] for name in OTHERS} == {name: results[name] for name in OTHERS}

    def test_one_that_vanishes_is_unreadable_and_costs_no_other(self, grade, folder, jobs):
        path = folder / "farid.py"
        text = path.read_text()
        results = grade(on_graded=after_the_first(path.unlink), jobs=jobs)
        assert results["farid"].outcome is Outcome.UNREADABLE
        assert [results[name].earned for name in OTHERS] == 5 * [6]
        assert sorted(grade(jobs=jobs)) == OTHERS
        path.write_text(text)
        assert grade(jobs=jobs)["farid"].earned == 6

    def test_one_that_comes_is_graded_by_the_next_run(self, grade, folder, right, jobs):
        results = grade(on_graded=after_the_first(lambda: (folder / "aaron.py").write_text(right)), jobs=jobs)
        assert "aaron" not in results
        again = grade(jobs=jobs)
        assert list(again) == ["aaron", *OTHERS, "farid"]
        assert {name: again[name] for name in results} == results
