"""How several findings become one failure."""

from __future__ import annotations

import pytest

from grader.checks.findings import Finding, failure, raise_any
from grader.evidence import CheckFailure, Evidence


def finding(number: int) -> Finding:
    name = f"dS{number}"
    return Finding(message=f"{name} is off.", hint=f"`{name}` has wrong values.", evidence=Evidence(name=name))


def test_findings_are_joined_in_order_and_open_with_the_function() -> None:
    found = failure([finding(1), finding(2)], where="backward")
    assert found.message == "backward: dS1 is off.\ndS2 is off."
    assert found.hint == "`dS1` has wrong values. `dS2` has wrong values."
    assert [item.name for item in found.evidence] == ["dS1", "dS2"]


def test_only_the_first_of_many_findings_are_told() -> None:
    found = failure([finding(number) for number in range(30)])
    assert found.message.splitlines() == ["dS0 is off.", "dS1 is off.", "dS2 is off.", "(and 27 more)"]
    assert found.hint.endswith("`dS2` has wrong values. (and 27 more)")
    assert len(found.evidence) == 3


def test_the_same_hint_is_given_once() -> None:
    assert failure([finding(1), finding(1)]).hint == "`dS1` has wrong values."


def test_nothing_happens_without_findings() -> None:
    raise_any([])
    with pytest.raises(CheckFailure, match="dS1 is off"):
        raise_any([finding(1)])
