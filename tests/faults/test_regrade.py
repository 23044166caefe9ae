"""What is graded again when something has changed: that, and nothing else, with the results of a fresh run."""

from __future__ import annotations

import re

import pytest

from ci.faults import without_times
from grader.course import Assignment
from grader.engine import bench, digests, runs
from grader.engine.runs import packed, unpacked
from grader.results import Outcome


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    """The checks that are run, in order, in this process."""
    checks: list[str] = []
    real = bench.run_check

    def run_check(on, session, check):
        checks.append(check.id)
        return real(on, session, check)

    monkeypatch.setattr("grader.engine.grade.run_check", run_check)
    return checks


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def written(results):
    """Results as text, without the digest too: it says of what they are, and that has changed."""
    return [
        re.sub(r'"digest":"\w*"', "", without_times(result.model_dump_json())) for _, result in sorted(results.items())
    ]


MEND = (
    'row.repeat(4).reshape(3, 4).T), "mean(x)").close_to(row)',
    'row.repeat(5).reshape(3, 5).T), "mean(x)").close_to(row)',
)
"""Another number of rows in one check."""


class TestOneCheckChanged:
    def test_it_alone_is_run_again(self, grade, own, ran):
        grade()
        assert len(ran) == 14
        ran.clear()
        edit(own.hidden / "checks.py", *MEND)
        grade()
        assert ran == 2 * ["hidden/check_mean_of_constants"]

    def test_the_results_are_those_of_a_fresh_run(self, grade, own, tmp_path):
        before = grade()
        edit(own.hidden / "checks.py", *MEND)
        again = grade()
        assert written(again) == written(grade(out=tmp_path / "other"))
        assert written(again) != written(before)  # of the wrong one: it shows more rows

    def test_so_they_are_on_two_processes(self, grade, own, tmp_path):
        grade(jobs=2)
        edit(own.hidden / "checks.py", *MEND)
        assert written(grade(jobs=2)) == written(grade(out=tmp_path / "other"))

    def test_what_explains_a_failure_is_found_from_what_all_checks_saw(self, grade, own, tmp_path):
        (own.hidden / "mistakes.py").write_text(
            "from grader import mistake\n"
            'MISTAKES = [mistake("mean", right="axis=0", wrong="axis=1", hint="Mind the axis."),\n'
            # of five rows it is the same mistake, and only the checks that are not run again tell it apart
            '    mistake("mean", right="axis=0", wrong="axis=1 if len(x) == 5 else 2", hint="Mind both.")]\n'
        )
        grade()
        edit(own.hidden / "checks.py", *MEND)
        again = grade()
        assert {check.hint for check in again["berta"].checks if check.outcome is Outcome.FAILED} >= {"Mind the axis."}
        assert written(again) == written(grade(out=tmp_path / "other"))

    def test_a_comment_changes_no_check(self, grade, own, ran):
        grade()
        ran.clear()
        edit(
            own.hidden / "checks.py",
            "    row = rng.normal(size=3)\n",
            "    # one row\n\n    row = rng.normal(size=3)\n",
        )
        assert len(grade()) == 2
        assert ran == []

    def test_one_that_is_new_is_run_alone_and_one_that_is_gone_is_forgotten(self, grade, own, ran):
        grade()
        ran.clear()
        path = own.hidden / "checks.py"
        text = path.read_text()
        path.write_text(text + '\n\n@exercise("mean")\ndef check_more(student):\n    """More."""\n')
        assert grade()["anna"].exercises[1].total == 4
        assert ran == 2 * ["hidden/check_more"]
        ran.clear()
        path.write_text(text)
        assert grade()["anna"].exercises[1].total == 3
        assert ran == []

    def test_a_submission_that_changed_is_graded_whole(self, grade, folder, ran, right):
        grade()
        ran.clear()
        (folder / "berta.py").write_text(right)
        assert grade()["berta"].outcome is Outcome.PASSED
        assert len(ran) == 7

    def test_fresh_runs_everything(self, grade, ran):
        grade()
        ran.clear()
        grade(fresh=True)
        assert len(ran) == 14


class TestTimeOuts:
    """They are counted over a submission, so no check of it stands alone."""

    LOOP = "def scale(x, factor):\n    while True: pass\n"

    def test_of_a_submission_grade_it_whole(self, grade, own, folder, ran):
        (folder / "anna.py").write_text(self.LOOP)
        grade()
        ran.clear()
        edit(own.hidden / "checks.py", *MEND)
        grade()
        assert len(ran) == 7 + 1

    def test_that_are_new_do_so_too(self, grade, own, folder, ran, tmp_path, right):
        # it loops for four rows and more: none of the checks as they are, all of those that come
        (folder / "anna.py").write_text(right.replace("return x *", "while x.ndim == 3: pass\n    return x *"))
        grade()
        ran.clear()
        edit(own.hidden / "checks.py", "size=(3, 2)", "size=(3, 2, 1)")
        again = grade()
        assert len(ran) == 1 + 7 + 1
        assert again["anna"].outcome is Outcome.TIMED_OUT
        assert written(again) == written(grade(out=tmp_path / "other"))


def test_what_would_take_too_much_room_is_run_again(grade, own, ran, monkeypatch):
    monkeypatch.setattr(runs, "LONGEST", 700)
    kept = grade()
    assert len(ran) == 14
    ran.clear()
    edit(own.hidden / "checks.py", *MEND)
    assert grade()["anna"].earned == kept["anna"].earned
    assert 2 < len(ran) < 14


def test_a_check_at_fault_is_run_again_until_it_is_mended(grade, own, ran):
    edit(
        own.hidden / "checks.py",
        '    """The mean of equal rows is that row."""\n',
        '    """The mean."""\n    {}["a"]\n',
    )
    assert grade()["anna"].outcome is Outcome.GRADER_ERROR
    ran.clear()
    grade()
    assert set(ran) == {"hidden/check_mean_of_constants"}
    edit(own.hidden / "checks.py", '    {}["a"]\n', "")
    assert grade()["anna"].outcome is Outcome.PASSED


class TestWhatACheckDependsOn:
    HEAD = "from grader import exercise\n"
    ONE, OTHER = (f'\n@exercise("x")\ndef check_{name}(student):\n    """{name}."""\n' for name in ("a", "b"))

    def changed(self, own, before, after, *, file="checks.py"):
        """The checks whose digests differ."""
        found = []
        for text in (before, after):
            (own.hidden / file).write_text(text)
            found.append(digests.of_checks(own, "s", "none", ["hidden/check_a", "hidden/check_a[1]", "hidden/check_b"]))
        return {name.partition("_")[2] for name in found[0] if found[0][name] != found[1][name]}

    @pytest.mark.parametrize(
        ("before", "after", "checks"),
        [
            (HEAD + ONE + OTHER, HEAD + OTHER + "# done\n" + ONE, ""),
            (HEAD + ONE + OTHER, HEAD + ONE + "    assert student.f()\n" + OTHER, "a a[1]"),
            (HEAD + ONE + OTHER, HEAD + ONE.replace('("x")', '("y")') + OTHER, "a a[1]"),
            (HEAD + ONE + OTHER, HEAD + "LIMIT = 3\n" + ONE + OTHER, "a a[1] b"),
            (HEAD + ONE + OTHER, HEAD + ONE + OTHER + "    check_a(student)\n", "a a[1] b"),
        ],
        ids=["order and comments", "its body", "its decorator", "a constant", "a check that another calls"],
    )
    def test_in_its_file(self, own, before, after, checks):
        assert self.changed(own, before, after) == set(checks.split())

    def test_in_other_files(self, own):
        assert self.changed(own, "x = 1", "x = 2", file="tiny.py") == {"a", "a[1]", "b"}

    @pytest.mark.parametrize(
        ("old", "new", "same"),
        [
            ("title =", "due = 2026-12-01T23:59:00+01:00\ntitle =", True),
            ("title =", "# a remark\ntitle =", True),
            ("A tiny assignment", "An assignment", False),
        ],
        ids=["when it is due", "a comment", "anything else"],
    )
    def test_what_the_configuration_says(self, own, old, new, same):
        file = own.public / "assignment.toml"
        digest = digests.of_run(own, "s", "none")
        file.write_text(file.read_text().replace(old, new, 1))
        assert (digests.of_run(Assignment(own.public, own.hidden), "s", "none") == digest) is same

    def test_the_run(self, own):
        digest = digests.of_checks(own, "s", "none", ["hidden/check_a"])
        assert digest != digests.of_checks(own, "other", "none", ["hidden/check_a"])
        assert digest != digests.of_checks(own, "s", "namespace", ["hidden/check_a"])


def test_a_run_comes_back_from_disk_as_it_was(grade, own, folder, monkeypatch):
    """Of every check of a wrong submission: verdict, evidence, and all that the check saw."""
    met = []
    real = bench.run_check

    def run_check(on, session, check):
        met.append(real(on, session, check))
        return met[-1]

    monkeypatch.setattr("grader.engine.grade.run_check", run_check)
    (folder / "anna.py").write_text("def scale(x, factor): return x + 1\ndef mean(x): raise ValueError('\\udc80')\n")
    grade()
    assert any(run.view.sightings for run in met)
    for run in met:
        back = unpacked(packed(run))
        assert back.result == run.result
        assert back.view.looks_like(run.view)
        assert (back.view.ending, back.compared_with_own) == (run.view.ending, run.compared_with_own)
