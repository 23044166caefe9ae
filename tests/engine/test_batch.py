"""A class: the same results every time and on any number of processes, kept through every kind of death."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from grader.engine import batch, digests, pool
from grader.engine import grade as grading
from grader.engine.warm import zygote_of
from grader.errors import GraderError
from grader.results import Outcome, SubmissionResult
from grader.sandbox.isolation import Level
from grader.submissions import find

WRONG = "def scale(x, factor): return -x * factor\ndef mean(x):\n    print(x)\n    raise ValueError(x)\n"


@pytest.fixture
def folder(tmp_path: Path, right: str) -> Path:
    """Three submissions."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name, code in {"anna": right, "berta": WRONG, "carla": ""}.items():
        (folder / f"{name}.py").write_text(code)
    return folder


def without_times(results: dict[str, SubmissionResult]) -> str:
    """Everything in the results but what a clock decides."""

    def stripped(value):
        if isinstance(value, dict):
            return {key: stripped(item) for key, item in value.items() if key != "seconds"}
        return [stripped(item) for item in value] if isinstance(value, list) else value

    return json.dumps([stripped(json.loads(result.model_dump_json())) for result in results.values()])


class TestTheSameAgain:
    def test_graded_twice_the_results_are_the_same_byte_for_byte(self, grade, tiny, folder, level):
        first, second = (without_times(grade(folder, tiny, level=level)) for _ in range(2))
        assert first == second

    def test_on_two_processes_too(self, grade, tiny, folder):
        assert without_times(grade(folder, tiny)) == without_times(grade(folder, tiny, jobs=2))

    def test_in_another_class_too(self, grade, tiny, folder, right):
        before = grade(folder, tiny)["berta"]
        (folder / "aaron.py").write_text(right)
        (folder / "carla.py").unlink()
        assert without_times({"b": grade(folder, tiny)["berta"]}) == without_times({"b": before})


class TestContinuing:
    def test_what_is_stored_is_not_graded_again(self, grade, tiny, folder, right):
        known = {name: result.digest for name, result in grade(folder, tiny).items()}
        assert grade(folder, tiny, known=known) == {}
        (folder / "berta.py").write_text(right)
        assert list(grade(folder, tiny, known=known)) == ["berta"]

    def test_nothing_is_started_for_what_is_stored(self, grade, tiny, folder, right):
        known = {name: result.digest for name, result in grade(folder, tiny).items()}
        plan = batch.Plan(assignment=tiny, seed="the tests' seed", level=Level.NONE, known=known)
        tasks = batch.tasks_of(find(folder, module="tiny"))
        settled: list[batch.Graded] = []
        assert batch.settle(plan, tasks, settled.append) == []
        assert [one.id for one in settled] == sorted(known)
        assert not any(one.result for one in settled)
        (folder / "berta.py").write_text(right)
        assert [found.id for _, found in batch.settle(plan, tasks, settled.append)] == ["berta"]
        fresh = batch.Plan(assignment=tiny, seed="the tests' seed", level=Level.NONE, known={})
        assert batch.settle(fresh, tasks, settled.append) == tasks

    def test_what_is_said_of_a_submission_counts(self, tiny, tmp_path, right, monkeypatch):
        """A commit that changes no code changes the result, and no check is run again for it."""
        for student in ("anna", "berta"):
            (tmp_path / "clones" / student / ".git").mkdir(parents=True)
        (tmp_path / "clones/anna/tiny.py").write_text(right)

        def graded(told: str) -> tuple[SubmissionResult, SubmissionResult]:
            monkeypatch.setattr("grader.submissions.reading.notes_of", lambda *_, **__: (told,))
            with batch.open_gradebook(tmp_path / "out") as book, zygote_of(tiny, Level.NONE) as zygote:
                plan = batch.plan_run(tiny, book, seed="s", level=Level.NONE)
                tasks = batch.tasks_of(find(tmp_path / "clones", module="tiny"))
                batch.run(plan, tasks, lambda one: batch.store(book, one), zygote)
                anna, berta = book.results()
            return anna, berta

        anna, berta = graded("commit 1")
        assert (anna.problems, berta.problems) == (("commit 1",), ("commit 1",))
        assert (anna.outcome, berta.outcome) == (Outcome.PASSED, Outcome.UNREADABLE)
        monkeypatch.setattr(grading, "run_check", None)  # calling it would make a grader error
        again = graded("commit 2")
        assert [result.problems for result in again] == [("commit 2",), ("commit 2",)]
        assert again[0].outcome is Outcome.PASSED

    def test_another_seed_level_or_check_grades_again(self, grade, tiny, own, folder):
        known = {name: result.digest for name, result in grade(folder, own).items()}
        assert len(grade(folder, own, known=known, seed="another")) == 3
        path = own.hidden / "checks.py"
        path.write_text(path.read_text() + "\nmore = 1\n")
        assert len(grade(folder, own, known=known)) == 3
        assert digests.of_run(tiny, "s", "none") != digests.of_run(tiny, "s", "namespace")

    def test_any_file_of_the_assignment_counts(self, own):
        digest = digests.of_run(own, "s", "none")
        (own.hidden / "data.csv").write_text("1,2")
        assert digests.of_run(own, "s", "none") != digest
        digest = digests.of_run(own, "s", "none")
        (own.hidden / "__pycache__").mkdir()
        (own.hidden / "__pycache__" / "x.pyc").write_bytes(b"")
        assert digests.of_run(own, "s", "none") == digest

    def test_the_gradebook_keeps_the_seed(self, tiny, tmp_path):
        with batch.open_gradebook(tmp_path / "out") as book:
            plan = batch.plan_run(tiny, book, seed=None, level=Level.NONE)
            assert len(plan.seed) == 32
        with batch.open_gradebook(tmp_path / "out") as book:
            assert batch.plan_run(tiny, book, seed=None, level=Level.NONE).seed == plan.seed
            assert batch.plan_run(tiny, book, seed="mine", level=Level.NONE).seed == "mine"

    def test_another_assignment_is_refused(self, tiny, tmp_path):
        with batch.open_gradebook(tmp_path) as book:
            book.keep("assignment", "other")
            with pytest.raises(GraderError, match="this folder holds results of other: choose another --out for tiny"):
                batch.plan_run(tiny, book, seed=None, level=Level.NONE)


class TestFaultsOfTheGrader:
    def test_reading_a_submission_that_no_one_foresaw_costs_no_other(self, grade, tiny, folder, monkeypatch):
        real = batch.read

        def fails(found, **options):
            if found.id == "berta":
                raise RecursionError("too\ndeep")
            return real(found, **options)

        monkeypatch.setattr(batch, "read", fails)
        results = grade(folder, tiny)
        assert results["berta"].outcome is Outcome.GRADER_ERROR
        assert results["berta"].message == (
            "the grader failed at this submission (RecursionError: too deep): grade it again, or report it"
        )
        assert results["anna"].outcome is Outcome.PASSED

    def test_grading_neither(self, grade, tiny, folder, monkeypatch):
        def fails(bench, submission, session, usable):
            if submission.id == "berta":
                raise ZeroDivisionError("division by zero")
            return grading.regrade(bench, submission, session, usable)

        monkeypatch.setattr(batch, "regrade", fails)
        results = grade(folder, tiny)
        assert [result.outcome.value for result in results.values()] == ["passed", "grader error", "unreadable"]

    def test_a_package_that_is_not_installed_is_told_before_anything_is_graded(self, grade, own, folder):
        path = own.public / "assignment.toml"
        path.write_text(path.read_text().replace("title", 'packages = ["no-such-package"]\ntitle', 1))
        from grader.course import Assignment

        assignment = Assignment(own.public, own.hidden)
        with pytest.raises(GraderError, match="tiny needs no-such-package: pip install no-such-package"):
            grade(folder, assignment)

    def test_checks_that_cannot_be_read_end_the_run_on_any_number_of_processes(self, grade, own, folder):
        (own.hidden / "checks.py").write_text("import no_such_package")
        for jobs in (1, 2):
            with pytest.raises(GraderError, match="no_such_package"):
                grade(folder, own, jobs=jobs)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
class TestAProcessOfThePool:
    SLOW = "import time\ntime.sleep(0.3)\n"

    def runners(self) -> list[int]:
        own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        return [int(pid) for pid in own if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def test_that_is_killed_costs_no_result(self, tiny, tmp_path, right):
        for number in range(6):
            (tmp_path / f"s{number}.py").write_text(self.SLOW + right)
        killed = []

        def on_graded(graded):
            results.append(graded)
            if not killed:
                killed.append(self.runners()[0])
                os.kill(killed[0], signal.SIGKILL)

        results: list[batch.Graded] = []
        plan = batch.Plan(assignment=tiny, seed="s", level=Level.NONE, known={})
        pool.run(plan, batch.tasks_of(find(tmp_path, module="tiny")), on_graded, jobs=2)
        assert killed
        assert sorted(graded.id for graded in results) == [f"s{number}" for number in range(6)]
        assert {graded.result.outcome for graded in results} == {Outcome.PASSED}
        assert self.runners() == []

    def test_that_dies_twice_at_one_submission_gives_it_up(self, own, tmp_path, right):
        path = own.hidden / "checks.py"
        path.write_text(
            path.read_text() + "\n@exercise('mean')\ndef check_deadly(student):\n    '''Deadly.'''\n"
            "    import os\n    student.deadly() and os.kill(os.getpid(), 9)\n"
        )
        folder = tmp_path / "class"
        folder.mkdir()
        for number, deadly in enumerate([False, True, False]):
            (folder / f"s{number}.py").write_text(f"{right}\ndef deadly(): return {deadly}\n")
        results: list[batch.Graded] = []
        plan = batch.Plan(assignment=own, seed="s", level=Level.NONE, known={})
        pool.run(plan, batch.tasks_of(find(folder, module="tiny")), results.append, jobs=2)
        outcomes = {graded.id: graded.result.outcome.value for graded in results}
        assert outcomes == {"s0": "passed", "s1": "grader error", "s2": "passed"}
        lost = next(graded.result for graded in results if graded.id == "s1")
        assert lost.message == "the grader failed at this submission (it died): grade it again, or report it"
        assert lost.digest == ""

    def test_ends_when_the_run_is_interrupted(self, tiny, tmp_path, right):
        for number in range(4):
            (tmp_path / f"s{number}.py").write_text(self.SLOW + right)

        def stop(graded):
            raise KeyboardInterrupt

        plan = batch.Plan(assignment=tiny, seed="s", level=Level.NONE, known={})
        with pytest.raises(KeyboardInterrupt):
            pool.run(plan, batch.tasks_of(find(tmp_path, module="tiny")), stop, jobs=2)
        assert self.runners() == []


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_two_hundred_submissions_leave_no_descriptor_no_file_and_no_memory(tiny, tmp_path, right, monkeypatch):
    import gc
    import tempfile

    from grader.engine.warm import zygote_of
    from grader.sandbox.isolation import best

    level = best()
    folder, temporary = tmp_path / "class", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for number in range(200):
        code = [right, WRONG, "import os\ndef scale(x, factor): os._exit(1)\n", ""][number % 4]
        (folder / f"s{number}.py").write_text(code)
    seen: list[tuple[int, int]] = []

    def on_graded(graded):
        if graded.position in {96, 196}:  # right answers, the next one's worker being there already
            gc.collect()
            seen.append((open_files(), sys.getallocatedblocks()))

    before = open_files()
    plan = batch.Plan(assignment=tiny, seed="s", level=level, known={})
    tasks = batch.tasks_of(find(folder, module="tiny"))
    with zygote_of(tiny, level) as zygote:
        batch.run(plan, tasks, on_graded, zygote)
    (files, blocks), (files_later, blocks_later) = seen
    assert files_later == files
    assert blocks_later - blocks < 2000  # the results of a hundred submissions are a hundred thousand
    assert open_files() == before
    assert list(temporary.iterdir()) == []
