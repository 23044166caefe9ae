"""What student code can do instead of returning, as exceptions.

    SubmissionFault
        Missing         no such function in the submission
        Raised          the function raised
        TimedOut        no answer in time; the worker was killed
        Died            the process ended: sys.exit in C, a segmentation fault, os._exit
        Refused         not run: after two time-outs, or with the submission's time used up
        Garbled         what came over the wire is not allowed by its contract
    SandboxError        the sandbox itself failed: never the student's fault
        NotCarried      what a check hands over cannot cross; the submission may have caused it
        SandboxLost     it broke down meanwhile: worth another try

The engine maps each to an outcome; texts of a fault may hold student text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A line of the student's own code."""

    file: str
    line: int
    code: str = ""
    function: str = ""
    cell: int | None = None

    def __str__(self) -> str:
        where = f"cell {self.cell}, line {self.line}" if self.cell else f"{self.file}, line {self.line}"
        return f"{where}: {self.code}" if self.code else where


class SubmissionFault(Exception):  # noqa: N818 - a fault of the submission, not of the grader
    """Student code did something else than return; base of all below."""

    by_chance = False
    """Whether the machine may have caused it, and not the submission: worth another try."""

    def __init__(self, function: str, message: str, *, place: Place | None = None) -> None:
        super().__init__(message)
        self.function = function
        self.message = message
        self.place = place


class Missing(SubmissionFault):
    """The submission has no function of that name; ``broken`` when its definition failed."""

    def __init__(self, function: str, message: str, *, place: Place | None = None, broken: bool = False) -> None:
        super().__init__(function, message, place=place)
        self.broken = broken


class Raised(SubmissionFault):
    """The function raised; ``builtin`` is the built-in exception that it was, or derives from, ``text`` its own."""

    def __init__(
        self, function: str, message: str, *, kind: str, builtin: str, text: str = "", place: Place | None = None
    ) -> None:
        super().__init__(function, message, place=place)
        self.kind = kind
        self.text = text
        self.builtin = builtin


class TimedOut(SubmissionFault):
    """No answer in time; the worker was killed from outside."""


class Died(SubmissionFault):
    """The worker's process ended during the call; ``how`` says with which status or signal.

    That number is the student's to choose, so it could carry hidden inputs out: it is no part
    of the message.
    """

    def __init__(self, function: str, message: str, *, how: str, place: Place | None = None) -> None:
        super().__init__(function, message, place=place)
        self.how = how
        self.by_chance = how == "SIGKILL"  # of its memory killer, say; code that kills itself will do so again


class Refused(SubmissionFault):
    """The call was not made."""


class Garbled(SubmissionFault):
    """The worker sent what the wire's contract does not allow."""


class SandboxError(Exception):
    """The sandbox could not be set up or used; the message says what to do."""


class NotCarried(SandboxError):  # noqa: N818 - a state, as those above
    """What a check gave or answered cannot cross the wall, or is too large to.

    It may have been made from what the submission gave, so whose fault it is only the reference can tell.
    """


class SandboxLost(SandboxError):  # noqa: N818 - a state, as those above
    """The sandbox ended under a worker; a new one starts by itself with the next request."""
