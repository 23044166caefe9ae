"""How checks call functions, the student's and the reference's alike.

A student's function is a proxy: it has a name, and ``keeping`` leaves chosen results in the
process that computed them. A plain function has neither. Exceptions pass through untouched:
whoever runs the check knows what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grader.checks import kinds
from grader.checks.findings import Finding, failure
from grader.checks.record import sighted
from grader.evidence import Evidence

Function = Callable[..., Any]


def name_of(function: Function, *, otherwise: str = "the function") -> str:
    """Return the name of a function for messages, ``otherwise`` where it has none."""
    name = getattr(function, "name", None) or getattr(function, "__name__", None)
    return name if isinstance(name, str) and name != "<lambda>" else otherwise


def keeping(function: Function, *positions: int) -> Function:
    """Return ``function`` with its results at ``positions`` left where they are computed.

    A cache then never crosses the wire. A plain function is returned as it is.
    """
    keep = getattr(function, "keeping", None)
    if keep is None or not positions:
        return function
    kept: Function = keep(*positions)
    return kept


def results(returned: Any, names: Sequence[str], *, of: str) -> tuple[Any, ...]:
    """Take what a function returned apart into as many results as there are names.

    One name: the function returns that value alone. Several: a tuple or a list.

    Raises
    ------
    CheckFailure
        When it returned another number of results.
    """
    if len(names) == 1:
        return (returned,)
    if isinstance(returned, list | tuple) and len(returned) == len(names):
        return tuple(returned)
    due = f"{', '.join(names[:-1])} and {names[-1]}"
    came = f"{len(returned)} results" if isinstance(returned, list | tuple) else _one_result(returned)
    sighted(came, of)
    finding = Finding(
        message=f"it returned {came}; due are {len(names)} results: {due}.",
        hint=f"Return {len(names)} results: {due}.",
        evidence=Evidence(name=of, got=came, want=f"{len(names)} results: {due}"),
    )
    raise failure([finding], where=of)


def _one_result(returned: Any) -> str:
    return "None" if returned is None else f"one result, {kinds.kind(returned)}"
