"""What is said about a failed comparison beside its numbers: about the calls, the arguments, and lists of results.

Nothing is decided here. It all happens after a failure, so a right answer pays nothing.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from grader.checks.calling import Function
from grader.checks.comparison import deviations
from grader.checks.findings import Finding
from grader.checks.form import Pair
from grader.checks.patterns.calls import Calls, Numbers, numbers_of
from grader.checks.patterns.cause import Cause, same
from grader.checks.patterns.places import along_lists
from grader.checks.references import Expected
from grader.checks.structure import leaves
from grader.evidence import Evidence

EARLIER = 16
"""Answers that are remembered as due for earlier calls: a check makes a handful, and its neighbours call the same
functions."""

_IN_PLACE = same("changes its arguments in place, which may be why")

_answers: deque[tuple[int, weakref.ref[Expected]]] = deque(maxlen=EARLIER)
"""Each with the identity of its reference. The store of answers keeps both alive, or neither: nothing is kept here."""


def remember(reference: Function, answer: Expected) -> None:
    """Keep what a reference answered just now, for the next few comparisons."""
    _answers.append((id(reference), weakref.ref(answer)))


def earlier_answers(reference: Function, answer: Expected) -> list[dict[str, Any]]:
    """Return what a reference answered lately to other arrays.

    An answer to some of the same arrays is left out: whoever ignores an argument returns that too.
    """
    present = _arrays(answer.arguments)
    known = (past() for number, past in _answers if number == id(reference))
    return [
        past.values for past in known if past and (arrays := _arrays(past.arguments)) and arrays.isdisjoint(present)
    ]


def _arrays(arguments: Any) -> set[bytes]:
    return {content for _, content in _contents(arguments)}


def about_lists(items: Sequence[Pair | Finding], found: Sequence[Finding]) -> Iterator[Finding]:
    """Find lists among the results that are right up to an entry and wrong ever after, or the reverse."""
    pairs = [item.name for item in items if isinstance(item, Pair)]
    if len(pairs) == len(items):
        for name, cause in along_lists(pairs, {finding.evidence.name for finding in found}):
            yield _finding(name, cause, subject=name)


def about_calls(
    found: list[Finding],
    calls: Calls,
    items: Sequence[Pair | Finding],
    *,
    returned: Sequence[Any],
    given: Any,
    allowed: Callable[[Pair], float],
    where: str,
) -> list[Finding]:
    """Add to findings what the function keeps between calls or, where nothing else is known, that it changes arguments.

    Parameters
    ----------
    found
        At least one.
    calls
        The function, and the arguments as they were before.
    items
        The comparisons, of which ``found`` came.
    returned, given
        What the function returned, in order, and the copies of the arguments that it had.
    allowed
        The largest deviation of a right answer.
    where
        Name of the function.
    """

    def right(numbers: Numbers) -> bool:
        return all(
            isinstance(item, Pair)
            and item.name in numbers
            and numbers[item.name].shape == item.want.shape
            and deviations(numbers[item.name], item.want).max(initial=0.0) <= allowed(item)
            for item in items
        )

    changed = _changed(calls, given)  # before the function is called again
    kept = calls.kept_between(numbers_of(zip(calls.returns, returned, strict=True)), right)
    if kept.words:
        return [_finding(where, kept, subject="it"), *found]
    if changed and not any(finding.evidence.cause for finding in found):
        return [*found, _finding(where, _IN_PLACE, subject="it")]
    return found


def _changed(calls: Calls, given: Any) -> bool:
    """Whether the function changed its arguments in place.

    A proxy of a function in another process gave away copies. It knows itself, if its class has a method ``changes``
    that returns a sentence for each such argument.
    """
    noted = getattr(type(calls.function), "changes", None)  # of the class: an instance has any attribute
    return bool(noted(calls.function)) if noted else _contents(given) != _contents(calls.arguments)


def _contents(value: Any) -> list[tuple[str, bytes]]:
    return [(name, leaf.tobytes()) for name, leaf in leaves(value, "") if isinstance(leaf, np.ndarray)]


def _finding(name: str, cause: Cause, *, subject: str) -> Finding:
    return Finding(
        message=f"{subject} {cause.words}.",
        hint=f"`{name}` {cause.hint}.",
        evidence=Evidence(name=name, cause=cause.words),
    )
