"""JUnit XML, read back by a reader that others keep."""

from __future__ import annotations

from collections import Counter

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from grader.reports.junit import junit_xml
from grader.results import Outcome


@pytest.fixture
def read(info, results) -> JUnitXml:
    return JUnitXml.fromstring(junit_xml(info.title, results).encode())


def test_the_golden_file(info, results, golden):
    golden("junit.xml", junit_xml(info.title, results))


def test_the_reader_counts_what_we_count(read, results):
    for suite, result in zip(read, results, strict=True):
        cases = list(suite)
        kinds = Counter(type(found) for case in cases for found in case.result)
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
            len(cases), kinds[Failure], kinds[Error], kinds[Skipped],
        )  # fmt: skip
        assert len(cases) == max(len(result.checks), 1)
        passed = [case.name for case in cases if not case.result]
        assert len(passed) == sum(check.outcome is Outcome.PASSED for check in result.checks)
    assert read.tests == sum(suite.tests for suite in read)
    assert read.errors == sum(suite.errors for suite in read)


def test_a_case_is_a_check_of_an_exercise(read):
    [first, *_] = next(iter(read))
    assert (first.classname, first.name, first.time) == ("linear", "Shapes are those of the handout.", 0.25)


def test_a_submission_that_cannot_be_read_is_an_error_and_no_empty_suite(read):
    [case] = list(read)[3]
    assert isinstance(case.result[0], Error)
    assert case.result[0].message == "the archive holds no backprop.py and no notebook"


@pytest.mark.parametrize("text", ["\x00\x1b[2J", "]]>", "\ufffe\uffff", '"<&>', "\ud800"])
def test_any_text_of_a_student_leaves_it_well_formed(info, grace, text):
    checks = tuple(check.model_copy(update={"message": text, "output": text, "title": text}) for check in grace.checks)
    hostile = grace.model_copy(update={"student": text, "id": text, "source": text, "checks": checks, "message": text})
    assert JUnitXml.fromstring(junit_xml(text, [hostile]).encode()).tests == len(checks)
