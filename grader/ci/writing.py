"""The files that systems read. They are whole and valid at every moment of a run.

Before anything is run, every form says that the run is not finished; what a job leaves behind
that is cut short is that. Files are replaced by renaming; GitHub's own are appended to, and
the last value of a name counts there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.ci.surroundings import Surroundings
from grader.reports import actions, classroom, classroom50
from grader.reports.actions import Graded
from grader.reports.folder import replace
from grader.reports.junit import junit_problem, junit_xml
from grader.reports.redact import redact
from grader.results import format_points

NOT_FINISHED = "The run was cut short before the checks had ended: look for a time limit or an endless loop."
_VARIABLE_LIMIT = 120_000
"""Characters: Linux takes 128 KiB for one variable."""


class Writer:
    """Writes every form that this system reads.

    Parameters
    ----------
    here
        The system.
    out
        Folder for JUnit, feedback and the Classroom form; made when it is not there.

    Raises
    ------
    OSError
        From every method, when something cannot be written.
    """

    def __init__(self, here: Surroundings, out: Path) -> None:
        self._here = here
        self._out = out
        self._above = here.summary.read_text(encoding="utf-8") if here.summary and here.summary.is_file() else ""

    def begin(self) -> None:
        """Write every form of a run that is not finished."""
        self._out.mkdir(parents=True, exist_ok=True)
        self.problem(NOT_FINISHED)

    def problem(self, message: str) -> None:
        """Write every form of a run that has no results, and why."""
        form = classroom.problem_form(message)
        handed = self._here.handed
        self._write(
            summary=actions.problem_summary(message),
            whole=form,
            runners={"points1": form},
            junit=junit_problem(message),
            result=classroom50.problem_form(handed, message) if handed else None,
            status="error",
            line=message,
        )

    def finish(self, graded: Sequence[Graded], warnings: Sequence[str]) -> None:
        """Write every form of a run that has ended."""
        results = [redact(result) for _, result in graded]
        earned = sum((result.earned for result in results), Fraction(0))
        points = sum((result.points for result in results), Fraction(0))
        title = ", ".join(info.title for info, _ in graded)
        handed = self._here.handed
        self._write(
            summary=actions.step_summary(graded, warnings),
            whole=classroom.whole_form(results),
            runners=classroom.runner_forms(results),
            junit=junit_xml(title, results),
            result=classroom50.result_form(handed, results) if handed else None,
            status="success" if earned == points else "failure",
            line=f"{format_points(earned)} of {format_points(points)} points",
        )

    def _write(
        self,
        *,
        summary: str,
        whole: classroom.Form,
        runners: Mapping[str, classroom.Form],
        junit: str,
        result: dict[str, Any] | None,
        status: str,
        line: str,
    ) -> None:
        replace(self._out / "feedback.md", summary)
        replace(self._out / "junit.xml", junit)
        replace(self._out / "classroom.json", _json(runners))
        if result is not None:
            replace(self._here.root / "result.json", _json(result))
            replace(self._here.root / "release-body.md", summary)
        if self._here.summary:
            replace(self._here.summary, self._above + summary)
        _append(self._here.variables, {f"{name.upper()}_RESULTS": _variable(form) for name, form in runners.items()})
        outputs = {"result": classroom.encoded(whole), "runners": ",".join(runners)}
        _append(self._here.output, outputs | ({"status": status, "summary": line} if result is not None else {}))


def _variable(form: classroom.Form) -> str:
    text = classroom.encoded(form)
    if len(text) <= _VARIABLE_LIMIT:
        return text
    return classroom.encoded(form | {"tests": [test | {"message": ""} for test in form["tests"]]})


def _json(form: object) -> str:
    return json.dumps(form, indent=2) + "\n"


def _append(path: Path | None, values: Mapping[str, str]) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.writelines(f"{name}={' '.join(value.splitlines())}\n" for name, value in values.items())
