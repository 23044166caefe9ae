"""SIGKILL at random moments, in small; in full by ``python ci/faults.py --times 200``, whose judgement this is."""

from __future__ import annotations

import random
import sys

import pytest

from ci import faults

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return faults.Bench(tmp_path_factory.mktemp("faults"), random.Random(7))


@pytest.mark.parametrize(("kind", "times"), [("batch", 1), ("runner", 1), ("zygote", 2), ("worker", 2)])
def test_a_run_that_goes_on_ends_as_if_nothing_had_happened(bench, kind, times):
    kills = [bench.kill(kind) for _ in range(times)]
    assert [(kill.lost, kill.different, kill.left) for kill in kills] == times * [((), (), ())]


@pytest.mark.parametrize("deaths", [{1}, {2}, {4}], ids=["the first", "another", "a late one"])
def test_a_worker_that_is_killed_while_it_imports_costs_nothing(grade, folder, tmp_path, right, deaths):
    """Its own code does it here, when it is imported for these times; ``scale`` ends the process, so that it is again."""
    (folder / "berta.py").unlink()
    count = f"""
import os
with open({str(tmp_path / "imports")!r}, "a+") as file:
    file.write("x")
    times = file.tell()
if times in {deaths}:
    os.kill(os.getpid(), 9)
"""
    (folder / "anna.py").write_text(count + right.replace("return x * factor", "os._exit(3)"))
    scale, mean, descend = grade()["anna"].exercises
    assert (scale.earned, mean.earned, descend.earned) == (0, 2, 1)


def test_one_that_is_killed_at_every_import_is_the_submissions_own_fault(grade, folder, right):
    (folder / "anna.py").write_text(f"import os\nos.kill(os.getpid(), 9)\n{right}")
    checks = grade()["anna"].checks
    assert {check.message for check in checks} == {"Importing your file ended the process (SIGKILL)."}


class TestTheJudgement:
    """It would see what is wrong."""

    KILL = faults.Kill(kind="batch", after=0.5, lost=("anna",), different=("a", "b"), left=(1,), mended=())

    def test_counts_by_kind_and_in_all(self):
        assert faults.figures([self.KILL, self.KILL])["all"] == {
            "kills": 2, "lost": 2, "different": 4, "left": 2, "mended": 0,
        }  # fmt: skip
        assert faults.figures([self.KILL])["worker"]["kills"] == 0

    def test_leaves_out_times_and_nothing_else(self):
        text = '{"seconds":0.25,"check":{"earned":"1","seconds":1e-05}}'
        assert faults.without_times(text) == '{"seconds":0,"check":{"earned":"1","seconds":0}}'

    def test_sees_a_file_that_differs_and_one_that_is_missing(self, bench, tmp_path):
        (tmp_path / "results.json").write_text('{"seconds": 3}')
        (tmp_path / "gradebook.sqlite").write_text("no file of a report")
        assert faults.written(tmp_path) == {"results.json": '{"seconds":0}'}
        assert {"results.json", "grades.csv", "report/index.html", "feedback/0-right.md"} <= faults.written(
            bench._folder / "undisturbed"
        ).keys()
