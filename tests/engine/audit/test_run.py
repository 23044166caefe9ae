"""The audit as a whole: the same result every time and with any number of processes, and its progress."""

from __future__ import annotations

import pytest

from grader.audited import Audit
from grader.engine.audit import audit, run, sharing
from grader.errors import GraderError

WRONG = """
    WRONG = [
        mistake("mean", right="len(x)", wrong="x.size", hint="Divide by the number of rows."),
        mistake("mean", right="axis=0", wrong="axis=1", hint="Sum over the rows."),
        mistake("scale", right="x * factor", wrong="x * factor + 1e-14", hint="It survives."),
        mistake("scale", right="no such text", wrong="y", hint="It is none."),
    ]
"""
RIGHT = """
    # %% small: sometimes wrong
    def mean(x):
        return x.mean(axis=0) + (x[0, 0] < 0)


    # %% small: numpy's
    def mean(x):
        return x.mean(axis=0)
"""


def test_the_result_is_the_same_byte_by_byte_every_time_and_with_any_number_of_processes(make):
    assignment = make(mistakes=WRONG, variants=RIGHT)
    found = [audit(assignment, seeds=25, with_mutants=True, jobs=jobs).model_dump_json() for jobs in (1, 1, 2)]
    assert found[0] == found[1] == found[2]
    read = Audit.model_validate_json(found[0])
    # it holds something of everything
    assert len(read.mistakes) == 4
    assert read.caught > 0
    assert 0 < read.failed_gradings == len(read.false_failures) < read.gradings == 75


def test_one_job_starts_no_process(make, monkeypatch):
    monkeypatch.setattr(sharing, "ProcessPoolExecutor", None)
    assignment = make(mistakes=WRONG)
    assert audit(assignment, seeds=1, with_mutants=True, jobs=1).mistakes
    with pytest.raises(GraderError, match="TypeError"):
        audit(assignment, seeds=1, with_mutants=True, jobs=2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_to_its_end(make, jobs):
    told = []
    audit(make(), seeds=11, with_mutants=False, jobs=jobs, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]  # the reference, under ten seeds and under one more


def test_what_is_wrong_with_the_checks_in_a_process_is_told_as_it_is(make, monkeypatch):
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(run, "work", broken)
    with pytest.raises(GraderError, match="^the audit broke off: ZeroDivisionError: two lines$") as caught:
        audit(make(), seeds=1, with_mutants=False, jobs=1)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)  # for the debugger


def test_control_c_ends_it(make, monkeypatch):
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "work", interrupted)
    with pytest.raises(KeyboardInterrupt):
        audit(make(), seeds=1, with_mutants=False, jobs=1)
