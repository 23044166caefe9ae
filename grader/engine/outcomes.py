"""From what a check met to its outcome, its words, and what a student may read of a hidden check.

``message`` may hold student text and numbers. ``hint`` is made of fixed words and names of
functions of the handout only, because it is shown of hidden checks too.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

import pytest

from grader.evidence import CheckFailure, Evidence, NotImplementedByStudent
from grader.results import Outcome
from grader.sandbox import errors

_OUTCOMES = {errors.TimedOut: Outcome.TIMED_OUT, errors.Refused: Outcome.NOT_RUN}
"""Of faults that are told in their own words; all others of them are crashes."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a check ended, in words."""

    outcome: Outcome
    message: str = ""
    hint: str = ""
    evidence: tuple[Evidence, ...] = ()
    place: errors.Place | None = None


PASSED = Verdict(outcome=Outcome.PASSED)


def judge(error: BaseException | None) -> Verdict | None:
    """Return the verdict on what a check met; None when only the reference can tell whose fault it is."""
    if error is None:
        return PASSED
    if isinstance(error, errors.SubmissionFault):
        return _fault(error)
    if isinstance(error, errors.SandboxError) and not isinstance(error, errors.NotCarried):
        return grader_error(error)
    return _decided(error)


def _decided(error: BaseException) -> Verdict | None:
    """Return the verdict that a check itself gave."""
    match error:
        case CheckFailure():
            return Verdict(outcome=Outcome.FAILED, message=error.message, hint=error.hint, evidence=error.evidence)
        case NotImplementedByStudent():
            words = f"`{error.function}` is still to be written."
            return Verdict(outcome=Outcome.NOT_IMPLEMENTED, message=words, hint=words)
        case AssertionError() | pytest.fail.Exception():
            return Verdict(outcome=Outcome.FAILED, message=_first_lines(str(error)) or "The check failed.")
        case _:
            return None  # also what could not be carried


def unusable(error: BaseException) -> Verdict:
    """Return the verdict when a check stumbled over an answer, and not over the reference's."""
    came = _first_lines(f"{type(error).__name__}: {error}")
    hint = "What came back has another form than the handout says: compare types, shapes and the number of results."
    return Verdict(
        outcome=Outcome.FAILED, message=f"The check could not use what came back ({came}). {hint}", hint=hint
    )


def grader_error(error: BaseException, how: str = "The check itself is at fault") -> Verdict:
    """Return the verdict when a check or the sandbox is at fault: it costs the student nothing."""
    words = f"{how}: {_first_lines(f'{type(error).__name__}: {error}')}"
    hint = "This check is at fault, not your work: it costs no points."
    return Verdict(outcome=Outcome.GRADER_ERROR, message=words, hint=hint)


def failed_by_all(error: BaseException) -> Verdict:
    """Return the verdict when a check fails the reference too, which met ``error``."""
    return grader_error(error, "The reference fails it too")


def _fault(error: errors.SubmissionFault) -> Verdict:
    match error:
        case errors.Missing():
            return _missing(error)
        case errors.Raised():
            return _raised(error)
        case errors.Died():
            message, hint = f"{_sentence(error.message)} ({error.how}).", f"{_sentence(error.message)}."
        case errors.Garbled():
            message, hint = f"{_sentence(error.message)}.", ""
        case _:
            message = hint = f"{_sentence(error.message)}."
    outcome = _OUTCOMES.get(type(error), Outcome.CRASHED)
    return Verdict(outcome=outcome, message=message, hint=hint, place=error.place)


def _missing(error: errors.Missing) -> Verdict:
    words = f"{error.message}."
    if not error.broken:
        return Verdict(outcome=Outcome.NOT_IMPLEMENTED, message=words, hint=words, place=error.place)
    hint = f"`{error.function}` could not be defined: see the line of your file."
    return Verdict(outcome=Outcome.CRASHED, message=words, hint=hint, place=error.place)


def _raised(error: errors.Raised) -> Verdict:
    if error.builtin == "NotImplementedError":
        written = error.place.function if error.place and error.place.function else error.function
        also = "" if written == error.function else f", and `{error.function}` needs it"
        words = f"`{written}` is still to be written{also}."
        return Verdict(outcome=Outcome.NOT_IMPLEMENTED, message=words, hint=words, place=error.place)
    if error.builtin == "MemoryError":
        what = f"`{error.function}`" if error.function else "Importing your file"
        words = f"{what} needed more memory than the assignment allows."
        return Verdict(outcome=Outcome.OUT_OF_MEMORY, message=words, hint=words, place=error.place)
    if error.builtin == "ModuleNotFoundError":
        hint = f"`{error.function}` imports a package that this assignment does not allow."
        return Verdict(outcome=Outcome.FORBIDDEN, message=f"{error.message}.", hint=hint, place=error.place)
    # the text of an exception is the student's, and could carry the inputs out; its built-in kind cannot
    kind = error.builtin if _is_exception(error.builtin) else "an exception"
    hint = f"`{error.function}` raised {kind}."
    return Verdict(outcome=Outcome.CRASHED, message=f"{error.message}.", hint=hint, place=error.place)


def _is_exception(name: str) -> bool:
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first_lines(text: str, most: int = 12) -> str:
    """Keep the beginning of a long text: pytest explains an assertion on many lines."""
    lines = text.splitlines()
    return "\n".join(lines[:most]) + ("\n..." if len(lines) > most else "")
