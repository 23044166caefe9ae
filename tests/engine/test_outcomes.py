"""Every way in which a check can end, and its words: all of them for the instructor, fixed ones for the student."""

from __future__ import annotations

import pytest

from grader.engine import outcomes
from grader.evidence import CheckFailure, Evidence, NotImplementedByStudent
from grader.results import Outcome
from grader.sandbox import errors

PLACE = errors.Place("work.py", 3, "return x", "helper")
SECRET = "0.7315"


def raised(builtin: str, **more: object) -> errors.Raised:
    return errors.Raised("f", f"`f` raised Own{SECRET}: {SECRET}", kind=f"Own{SECRET}", builtin=builtin, **more)


@pytest.mark.parametrize(
    ("error", "outcome", "message", "hint"),
    [
        (None, "passed", "", ""),
        (CheckFailure("db is wrong", hint="Sum over the batch."), "failed", "db is wrong", "Sum over the batch."),
        (AssertionError("assert 1 == 2"), "failed", "assert 1 == 2", ""),
        (AssertionError(), "failed", "The check failed.", ""),
        (NotImplementedByStudent("f"), "not implemented", "`f` is still to be written.", "`f` is still to be written."),
        (
            errors.Missing("f", "`f` is missing: no function of that name is in work"), "not implemented",
            "`f` is missing: no function of that name is in work.", "`f` is missing: no function of that name is in work.",
        ),
        (
            errors.Missing("f", f"`f` could not be defined: NameError: {SECRET}", broken=True), "crashed",
            f"`f` could not be defined: NameError: {SECRET}.", "`f` could not be defined: see the line of your file.",
        ),
        (raised("KeyError"), "crashed", f"`f` raised Own{SECRET}: {SECRET}.", "`f` raised KeyError."),
        (raised("print"), "crashed", f"`f` raised Own{SECRET}: {SECRET}.", "`f` raised an exception."),
        (raised(SECRET), "crashed", f"`f` raised Own{SECRET}: {SECRET}.", "`f` raised an exception."),
        (
            raised("MemoryError"), "out of memory",
            "`f` needed more memory than the assignment allows.", "`f` needed more memory than the assignment allows.",
        ),
        (
            raised("ModuleNotFoundError"), "forbidden", f"`f` raised Own{SECRET}: {SECRET}.",
            "`f` imports a package that this assignment does not allow.",
        ),
        (raised("NotImplementedError"), "not implemented", "`f` is still to be written.", "`f` is still to be written."),
        (
            raised("NotImplementedError", place=PLACE), "not implemented",
            "`helper` is still to be written, and `f` needs it.", "`helper` is still to be written, and `f` needs it.",
        ),
        (
            errors.TimedOut("f", "`f` did not end within 1 s"), "timed out",
            "`f` did not end within 1 s.", "`f` did not end within 1 s.",
        ),
        (
            errors.Died("", "importing your file ended the process", how="SIGSEGV"), "crashed",
            "Importing your file ended the process (SIGSEGV).", "Importing your file ended the process.",
        ),
        (
            errors.Refused("f", "`f` was not called again"), "not run", "`f` was not called again.", "`f` was not called again.",
        ),
        (errors.Garbled("f", f"`f` answered {SECRET}"), "crashed", f"`f` answered {SECRET}.", ""),
        (
            errors.SandboxError("no more descriptors"), "grader error",
            "The check itself is at fault: SandboxError: no more descriptors",
            "This check is at fault, not your work: it costs no points.",
        ),
    ],
)  # fmt: skip
def test_every_end_has_its_outcome_and_words(error, outcome, message, hint):
    verdict = outcomes.judge(error)
    assert verdict is not None
    assert (verdict.outcome, verdict.message, verdict.hint) == (outcome, message, hint)
    assert SECRET not in verdict.hint


def test_pytest_fail_is_a_failure():
    with pytest.raises(pytest.fail.Exception) as failure:
        pytest.fail("the trace rises")
    assert outcomes.judge(failure.value).message == "the trace rises"


def test_evidence_and_place_are_kept():
    evidence = (Evidence(name="db"),)
    assert outcomes.judge(CheckFailure("no", evidence=evidence)).evidence == evidence
    assert outcomes.judge(raised("KeyError", place=PLACE)).place == PLACE


@pytest.mark.parametrize("error", [TypeError("no"), KeyError("a"), RecursionError(), SystemExit(1)])
def test_over_anything_else_the_reference_decides(error):
    assert outcomes.judge(error) is None


def test_an_answer_that_no_check_can_use_fails():
    verdict = outcomes.unusable(TypeError(f"{SECRET} is not iterable"))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message.startswith(f"The check could not use what came back (TypeError: {SECRET} is not iterable). ")
    assert verdict.hint == (
        "What came back has another form than the handout says: compare types, shapes and the number of results."
    )


def test_a_fault_of_the_check_says_that_it_costs_nothing():
    verdict = outcomes.grader_error(KeyError("seed"))
    assert (verdict.outcome, verdict.message) == (
        Outcome.GRADER_ERROR,
        "The check itself is at fault: KeyError: 'seed'",
    )


def test_pytests_long_explanations_are_cut():
    verdict = outcomes.judge(AssertionError("\n".join(map(str, range(100)))))
    assert verdict.message.splitlines()[-2:] == ["11", "..."]
