"""The student's run: the public checks on the own work, again on every save."""

from __future__ import annotations

import pytest

from grader.course import Assignment
from grader.engine import local
from grader.errors import GraderError
from grader.results import Outcome
from grader.sandbox import isolation
from grader.sandbox.isolation import Level


@pytest.fixture
def work(own):
    """A student's folder: the assignment without its hidden part."""
    return Assignment(own.public, None)


def run(work, own=None, again=()):
    seen = []
    passed = local.check(work, own or work.public, seen.append, level=Level.NONE, again=again)
    return passed, seen


def test_the_stub_passes_nothing(work):
    passed, (result,) = run(work)
    assert not passed
    assert result.outcome is Outcome.NOT_IMPLEMENTED


def test_public_checks_alone_are_run_also_where_the_reference_lies_beside(own, right):
    (own.public / "tiny.py").write_text(right)
    passed, (result,) = run(own)
    assert passed
    assert {check.visibility for check in result.checks} == {"public"}
    assert [exercise.name for exercise in result.exercises] == ["scale", "mean"]


def test_every_save_is_graded_anew_and_the_last_one_counts(work, right):
    def saves():
        (work.public / "tiny.py").write_text(right)
        yield "saved"
        (work.public / "tiny.py").write_text("def scale(x")
        yield "saved"
        (work.public / "tiny.py").write_text(right)
        yield "saved"

    passed, seen = run(work, again=saves())
    assert [result.outcome.value for result in seen] == ["not implemented", "passed", "crashed", "passed"]
    assert passed


def test_work_that_cannot_be_read_is_told_and_the_next_save_is_graded(work, right):
    def saves():
        (work.public / "tiny.py").write_text(right)
        yield "saved"

    (work.public / "tiny.py").write_bytes(b"\xff\xff")
    passed, (first, second) = run(work, again=saves())
    assert (first.outcome, second.outcome, passed) == (Outcome.UNREADABLE, Outcome.PASSED, True)


def test_a_sandbox_that_does_not_start_is_one_line(work, monkeypatch):
    monkeypatch.setattr(isolation, "zygote_command", lambda *_a, **_k: ["/bin/false"])
    with pytest.raises(GraderError, match="the sandbox did not start: it said nothing"):
        run(work)
