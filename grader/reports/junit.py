"""JUnit XML, which every CI reads: one suite a submission, one case a check, the exercise as the class name.

A wrong answer is a ``failure``; code that broke, ran too long or was forbidden, and a check at
fault, an ``error``; a check that was not run is ``skipped``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from grader.reports.plain import check_text, submission_text, summary_line
from grader.reports.text import one_line, visible
from grader.results import CheckResult, Outcome, SubmissionResult, format_points

_ELEMENTS: dict[Outcome, str] = {
    Outcome.PASSED: "",
    Outcome.FAILED: "failure",
    Outcome.NOT_IMPLEMENTED: "failure",
    Outcome.NOT_RUN: "skipped",
    Outcome.CRASHED: "error",
    Outcome.TIMED_OUT: "error",
    Outcome.OUT_OF_MEMORY: "error",
    Outcome.FORBIDDEN: "error",
    Outcome.GRADER_ERROR: "error",
    Outcome.UNREADABLE: "error",
}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
# XML 1.0 has no word for these, not even an escape; ``visible`` has already written out the control codes.
_NO_XML = re.compile("[\ufffe\uffff]")


def junit_xml(name: str, results: Iterable[SubmissionResult]) -> str:
    """Return the JUnit XML of submissions.

    Parameters
    ----------
    name
        Of the whole: the assignment's title, say.
    results
        In the order of the report. What is shown of hidden checks is up to the caller: redact first for students.
    """
    root = ET.Element("testsuites", name=_attribute(name))
    root.extend(map(_suite, results))
    return _written(root)


def junit_problem(message: str) -> str:
    """Return the JUnit XML of a run that has no results: one case, which says why."""
    root = ET.Element("testsuites", name="grader")
    suite = ET.SubElement(root, "testsuite", name="grader")
    case = ET.SubElement(suite, "testcase", name="The checks could be run", classname="grader", time=_seconds(0))
    ET.SubElement(case, "error", type="not finished", message=_attribute(message))
    _count(suite, [case])
    return _written(root)


def _written(root: ET.Element) -> str:
    _count(root, list(root.iter("testcase")))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_NO_XML.sub("�", text)}\n'


def _suite(result: SubmissionResult) -> ET.Element:
    suite = ET.Element("testsuite", name=_attribute(result.student), id=_attribute(result.id))
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("assignment", result.assignment),
        ("source", result.source),
        ("isolation", result.isolation),
        ("earned", format_points(result.earned)),
        ("points", format_points(result.points)),
    ):
        ET.SubElement(properties, "property", name=key, value=_attribute(value))
    suite.extend(map(_case, result.checks))
    if not result.checks:
        suite.append(_unread(result))
    said = submission_text(result)
    if said:
        ET.SubElement(suite, "system-err").text = said
    _count(suite, suite.findall("testcase"))
    return suite


def _case(check: CheckResult) -> ET.Element:
    case = ET.Element(
        "testcase", name=_attribute(check.title), classname=_attribute(check.exercise), time=_seconds(check.seconds)
    )
    element = _ELEMENTS[check.outcome]
    if element:
        found = ET.SubElement(case, element, type=check.outcome.value, message=_attribute(summary_line(check)))
        found.text = check_text(check)
    return case


def _unread(result: SubmissionResult) -> ET.Element:
    """Return the one case of a submission without checks: a suite without cases would look like success."""
    case = ET.Element(
        "testcase", name="The submission can be graded", classname=_attribute(result.assignment), time=_seconds(0)
    )
    element = _ELEMENTS[result.outcome]
    if element:
        ET.SubElement(case, element, type=result.outcome.value, message=_attribute(result.message))
    return case


def _count(element: ET.Element, cases: list[ET.Element]) -> None:
    element.set("tests", str(len(cases)))
    for tag, attribute in _COUNTED.items():
        element.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    element.set("time", _seconds(sum(float(case.get("time", "0")) for case in cases)))


def _attribute(text: str) -> str:
    return one_line(visible(text))


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
