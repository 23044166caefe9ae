"""Checks of values: one result against what is due, or a function against the reference on the same arguments.

``expect`` judges something that the check already has; :func:`agrees` calls both functions itself
and knows from the reference how many digits mean something. Tolerances are made in
:mod:`grader.checks.tolerance` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from grader.checks.calling import Function, keeping, name_of, results
from grader.checks.comparison import difference, not_finite
from grader.checks.findings import Finding, entry, index_text, number, raise_any, shown
from grader.checks.form import Pair, finding_of_form, finding_of_shape, paired
from grader.checks.record import measured
from grader.checks.references import Store
from grader.checks.structure import fresh, is_floating, leaves
from grader.checks.tolerance import allowed_deviation
from grader.evidence import Evidence

__all__ = ["Expectation", "agrees", "expect"]

Array = npt.NDArray[Any]

_store = Store()


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """A bound on a measure of every entry."""

    text: str
    hint: str
    limit: float
    measure: Callable[[Array], Array]


class Expectation:
    """What is expected of one value; every method raises on failure and returns the expectation itself.

    Lists, tuples and dicts are structure and are entered; arrays and numbers are compared. A list
    for a tuple and a number for an array without axes are right; a list of numbers for an array
    is not, and neither is float32 where float64 is due.
    """

    def __init__(self, got: Any, name: str) -> None:
        self._got = got
        self._name = name

    def close_to(self, want: Any, *, roundoff: float = 0.0, precise: bool = False) -> Self:
        """Expect numbers that agree up to rounding and the stated slack.

        Parameters
        ----------
        want
            What is due; arrays as arrays, not as lists.
        roundoff
            By how much ``want`` changes when the inputs change in their last digit, in units of ``want``;
            :func:`agrees` measures it.
        precise
            Allow rounding only, without the slack of 1e-6 of the scale.

        Raises
        ------
        CheckFailure
            Naming every leaf that is wrong.
        ValueError
            When ``roundoff`` is negative or not finite.
        """
        if not 0 <= roundoff < np.inf:
            raise ValueError(f"roundoff must be a finite number of at least 0, not {roundoff!r}")
        return self._compared(want, lambda array: allowed_deviation(array, roundoff=roundoff, precise=precise))

    def equals(self, want: Any) -> Self:
        """Expect exactly these values: integers, booleans, shapes, text, or numbers that must not change at all."""
        return self._compared(want, lambda _array: 0.0)

    def has_shape(self, shape: tuple[int, ...]) -> Self:
        """Expect an array (or, for ``()``, a number) of this shape, whatever its values."""
        wrong = finding_of_shape(self._got, shape, self._name)
        raise_any([wrong] if wrong else [])
        return self

    def is_finite(self) -> Self:
        """Expect neither NaN nor infinity, in any leaf."""
        found = (not_finite(name, array) for name, array in self._numbers())
        self._blame(finding for finding in found if finding)
        return self

    def is_zero(self, *, within: float = 0.0) -> Self:
        """Expect zero in every entry of every leaf, up to ``within`` in absolute value.

        An infinite ``within``, the uncertainty of a number about which nothing is known, is a failure.
        """
        if not within >= 0:
            raise ValueError(f"within must be at least 0, not {within!r}")
        if within == np.inf:
            message = f"{self._name} cannot be told from any other number: its uncertainty is infinite."
            raise_any(
                [Finding(message=message, hint=f"`{self._name}` is undetermined.", evidence=Evidence(name=self._name))]
            )
        return self._bounded(_Rule(text="is zero", hint="must be zero", limit=within, measure=np.abs))

    def at_most(self, limit: float) -> Self:
        """Expect every entry to be ``limit`` or less."""
        text = f"is at most {number(limit)}"
        return self._bounded(_Rule(text=text, hint="is larger than it can be", limit=limit, measure=np.positive))

    def at_least(self, limit: float) -> Self:
        """Expect every entry to be ``limit`` or more."""
        text = f"is at least {number(limit)}"
        return self._bounded(_Rule(text=text, hint="is smaller than it can be", limit=-limit, measure=np.negative))

    def _compared(self, want: Any, allowed: Callable[[Array], float]) -> Self:
        raise_any(_differences(paired(self._got, want, self._name), lambda pair: allowed(pair.want)))
        return self

    def _bounded(self, rule: _Rule) -> Self:
        self.is_finite()
        found = (_beyond(name, array, rule) for name, array in self._numbers())
        self._blame(finding for finding in found if finding)
        return self

    def _blame(self, findings: Iterable[Finding]) -> None:
        """Raise findings about leaves of what came, whose names may hold the student's own keys: hints must not."""
        renamed = ((found, found.hint.replace(f"`{found.evidence.name}`", f"`{self._name}`")) for found in findings)
        raise_any(replace(found, hint=hint) for found, hint in renamed)

    def _numbers(self) -> Iterator[tuple[str, Array]]:
        """Yield the numeric leaves; anything else among them is a failure."""
        for name, leaf in leaves(self._got, self._name):
            wrong = finding_of_form(leaf, np.zeros(()), name)
            self._blame([wrong] if wrong else [])
            # in float64, where a minus sign is safe for unsigned integers too
            yield name, np.asarray(leaf, dtype=np.float64)


def expect(got: Any, name: str = "result") -> Expectation:
    """Open an expectation: ``expect(loss, "loss").close_to(2.5)``.

    Parameters
    ----------
    got
        What the student's function returned.
    name
        The value in the handout's words; it opens every message and hint.
    """
    return Expectation(got, name)


def agrees(
    function: Function,
    reference: Function,
    *args: Any,
    returns: Sequence[str | None] = ("result",),
    precise: bool = False,
    sizes: Mapping[str, int] | None = None,
    **kwargs: Any,
) -> None:
    """Check that ``function`` returns what ``reference`` returns for the same arguments.

    Both get copies, so a change in place does no harm. A deviation is allowed up to 100 times the change of
    the reference when its float inputs change in their last digit, or up to 1e-6 of the result's scale,
    whichever is larger. The reference's answer is kept for the rest of the class.

    Parameters
    ----------
    function, reference
        The student's function and the right one. The reference must be a pure function.
    *args, **kwargs
        Their arguments. Functions among them are recognised again by identity.
    returns
        Names of the results, in order; None for one that is not compared (a cache), which then stays where it
        was computed. A single name: the function returns that value alone.
    precise
        Allow rounding only: for checks of precision and stability.
    sizes
        Named lengths, for messages such as "1/N of what it should be". Unless given: N, the number of
        rows of the first matrix among the arguments.

    Raises
    ------
    CheckFailure
        Naming every result that is wrong, with the likely cause.
    ValueError
        When the reference jumps at these arguments, so that nothing could be decided.
    """
    names = [name or "cache" for name in returns]
    kept = [position for position, name in enumerate(returns) if name is None]
    positional, keywords = fresh((args, kwargs))
    where = name_of(function)
    returned = results(keeping(function, *kept)(*positional, **keywords), names, of=where)
    answer = _store.expected(reference, args, kwargs, returns)
    single = any(np.asarray(leaf).dtype.itemsize < 8 for _, leaf in leaves((args, kwargs), "") if is_floating(leaf))
    pairs = [
        item
        for name, got in zip(returns, returned, strict=True)
        if name is not None
        for item in paired(got, answer.values[name], name, single_precision=single)
    ]
    found = _differences(
        pairs,
        lambda pair: allowed_deviation(pair.want, roundoff=answer.roundoff[pair.name], precise=precise),
        sizes=batch_size((args, kwargs)) if sizes is None else sizes,
    )
    raise_any(found, where=where)


def batch_size(arguments: Any) -> dict[str, int]:
    """Return N, the rows of the first matrix among the arguments: samples are in rows everywhere in the course."""
    for _, leaf in leaves(arguments, ""):
        if isinstance(leaf, np.ndarray) and leaf.ndim >= 2:
            return {"N": leaf.shape[0]}
    return {}


def _differences(
    items: Iterator[Pair | Finding] | list[Pair | Finding],
    allowed: Callable[[Pair], float],
    *,
    sizes: Mapping[str, int] | None = None,
) -> list[Finding]:
    """Compare all pairs of the right form; findings of form are handed on."""
    listed = list(items)
    due = {item.name: item.want for item in listed if isinstance(item, Pair)}
    found = []
    for item in listed:
        if isinstance(item, Finding):
            found.append(item)
            continue
        siblings = {name: want for name, want in due.items() if name != item.name}
        finding = difference(item, allowed(item), sizes=sizes, siblings=siblings)
        if finding:
            found.append(finding)
    return found


def _beyond(name: str, got: Array, rule: _Rule) -> Finding | None:
    """Find the entry that exceeds the rule's limit by most."""
    measure = np.asarray(rule.measure(got))
    excess = float((measure - rule.limit).max(initial=0.0))
    measured(name, deviation=excess, allowed=0.0)
    if excess <= 0:
        return None
    worst = tuple(int(i) for i in np.unravel_index(int(measure.argmax()), measure.shape))
    return Finding(
        message=f"{entry(name, worst)} is {number(float(got[worst]))}; right is a value that {rule.text}.",
        hint=f"`{name}` {rule.hint}.",
        evidence=Evidence(
            name=name,
            got=shown(got),
            want=rule.text,
            where=index_text(worst),
            deviation=excess,
            allowed=0.0,
        ),
    )
