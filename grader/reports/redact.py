"""The one redactor: what of a result its student may see.

Every report for students is made from :func:`redact`'s answer and from nothing else. It
knows no format.
"""

from __future__ import annotations

from grader.results import CheckResult, Outcome, SubmissionResult


def redact(result: SubmissionResult) -> SubmissionResult:
    """Return ``result`` without anything that would tell a student what a hidden check does.

    Public checks stay as they are. Of a hidden check remain its title, outcome, exercise,
    weight, hint, notes and the student's functions that it called; where it ended in an
    exception, also the student's own line that raised it. Its name becomes ``hidden/<n>``,
    since the names of checks tell how they work. All timings and the digest go: how long a
    check takes tells the sizes of its inputs, and the digest depends on the secret seed. Shortcuts
    are the instructor's, to talk about.

    Redacting twice gives what redacting once gives.
    """
    hidden = (check.check for check in result.checks if check.visibility == "hidden")
    numbers = {name: f"hidden/{number}" for number, name in enumerate(hidden, start=1)}
    checks = tuple(_redacted(check, public_name=numbers.get(check.check, check.check)) for check in result.checks)
    return result.model_copy(update={"checks": checks, "shortcuts": (), "digest": "", "seconds": 0.0})


def _redacted(check: CheckResult, *, public_name: str) -> CheckResult:
    if check.visibility == "public":
        # names of mistakes are patches of the reference
        return check.model_copy(update={"seconds": 0.0, "explanations": ()})
    # Built anew from what is allowed: a field that the model gains later is hidden until it is named here.
    return CheckResult(
        check=public_name,
        exercise=check.exercise,
        title=check.title,
        visibility=check.visibility,
        weight=check.weight,
        outcome=check.outcome,
        hint=check.hint,
        location=check.location if check.outcome is Outcome.CRASHED else None,
        notes=check.notes,
        functions=check.functions,
    )
