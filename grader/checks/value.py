"""Checks of values: one result against what is due, or a function against the reference on the same arguments.

``expect`` judges something that the check already has; :func:`agrees` calls both functions itself
and knows from the reference how many digits mean something. Tolerances are made in
:mod:`grader.checks.tolerance` and nowhere else.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from grader.checks.calling import Function, keeping, name_of, results
from grader.checks.comparison import Rule, beyond, difference, not_finite
from grader.checks.findings import Finding, number, raise_any
from grader.checks.form import Pair, finding_of_form, finding_of_shape, paired
from grader.checks.hindsight import about_calls, about_lists, earlier_answers, remember
from grader.checks.order import results_in_another_order
from grader.checks.patterns.calls import Calls, Terms, named_numbers
from grader.checks.record import sighted, wants_causes
from grader.checks.references import Store
from grader.checks.structure import fresh, is_floating, leaves, rows_of
from grader.checks.tolerance import SLACK, allowed_deviation
from grader.evidence import Evidence

__all__ = ["Expectation", "agrees", "expect", "expected"]

Array = npt.NDArray[Any]

_store = Store()


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
        sighted(self._got, self._name, roundoff=roundoff)
        return self._compared(want, lambda array: allowed_deviation(array, roundoff=roundoff, precise=precise))

    def equals(self, want: Any) -> Self:
        """Expect exactly these values: integers, booleans, shapes, text, or numbers that must not change at all."""
        sighted(self._got, self._name)
        return self._compared(want, lambda _array: 0.0)

    def has_shape(self, shape: tuple[int, ...]) -> Self:
        """Expect an array (or, for ``()``, a number) of this shape, whatever its values."""
        sighted(self._got, self._name, within=np.inf)
        wrong = finding_of_shape(self._got, shape, self._name)
        raise_any([wrong] if wrong else [])
        return self

    def is_finite(self) -> Self:
        """Expect neither NaN nor infinity, in any leaf."""
        sighted(self._got, self._name)
        self._refuse_not_finite()
        return self

    def varies(self) -> Self:
        """Expect finite numbers, not all the same: where a submission is compared with itself, nothing would be right.

        For what is drawn or computed from what is drawn; a right answer has different numbers almost surely.
        """
        sighted(self._got, self._name)
        self._refuse_not_finite()
        entries = np.concatenate([array.ravel() for _, array in self._numbers()] or [np.zeros(0)])
        if not np.any(entries != entries[:1]):
            hint = f"`{self._name}` has the same value everywhere."
            raise_any([Finding(message=hint, hint=hint, evidence=Evidence(name=self._name))])
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
        return self._bounded(Rule(text="is zero", hint="must be zero", limit=within, measure=np.abs), within)

    def at_most(self, limit: float) -> Self:
        """Expect every entry to be ``limit`` or less."""
        text = f"is at most {number(limit)}"
        return self._bounded(
            Rule(text=text, hint="is larger than it can be", limit=limit, measure=np.positive), SLACK * abs(limit)
        )

    def at_least(self, limit: float) -> Self:
        """Expect every entry to be ``limit`` or more."""
        text = f"is at least {number(limit)}"
        return self._bounded(
            Rule(text=text, hint="is smaller than it can be", limit=-limit, measure=np.negative), SLACK * abs(limit)
        )

    def _compared(self, want: Any, allowed: Callable[[Array], float]) -> Self:
        raise_any(_differences(paired(self._got, want, self._name), lambda pair: allowed(pair.want)))
        return self

    def _refuse_not_finite(self) -> None:
        found = (not_finite(name, array) for name, array in self._numbers())
        self._blame(finding for finding in found if finding)

    def _bounded(self, rule: Rule, within: float) -> Self:
        """Judge by a rule; answers whose values differ by ``within`` are alike to the diagnosis."""
        sighted(self._got, self._name, within=within)
        self._refuse_not_finite()
        found = (beyond(name, array, rule) for name, array in self._numbers())
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
    sizes: Mapping[str, float] | None = None,
    terms: Terms | None = None,
    **kwargs: Any,
) -> None:
    """Check that ``function`` returns what ``reference`` returns for the same arguments.

    Both get copies, so a change in place does no harm. A deviation is allowed up to 100 times the change of
    the reference when its float inputs change in their last digit, or up to 1e-6 of the result's scale,
    whichever is larger. The reference's answer is kept for the rest of the class. After a failure both functions
    may be called again, in search of the cause.

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
        Named numbers, ``{"N": 5, "eta": 0.1}``, for messages such as "1/N of what it should be". Unless given: N,
        the rows of the first matrix among the arguments, and the numbers among them by the reference's parameters.
    terms
        Gives, for the same arguments, terms of the result by name, ``lambda w, decay: {"weight decay": decay * w}``,
        for messages such as "lacks the term weight decay". Of several results, each term is a dict by their names.

    Raises
    ------
    CheckFailure
        Naming every result that is wrong, with the likely cause.
    ValueError
        When the reference jumps at these arguments, so that nothing could be decided.
    """
    names = [name or "cache" for name in returns]
    kept = [position for position, name in enumerate(returns) if name is None]
    arguments = args, kwargs
    given = fresh(arguments)
    where = name_of(function)
    called, started = keeping(function, *kept), time.perf_counter()
    returned = results(called(*given[0], **given[1]), names, of=where)
    seconds = time.perf_counter() - started
    answer = _store.expected(reference, args, kwargs, returns)
    judged = [(name, got) for name, got in zip(returns, returned, strict=True) if name is not None]
    for name, got in judged:
        sighted(got, name, roundoff=answer.largest_roundoff(name))
    order = results_in_another_order(
        [got for _, got in judged], [answer.values[name] for name, _ in judged], [name for name, _ in judged]
    )
    raise_any([order] if order else [], where=where)
    single = any(np.asarray(leaf).dtype.itemsize < 8 for _, leaf in leaves(arguments, "") if is_floating(leaf))
    samples = rows_of(args)
    pairs = [
        item
        for name, got in judged
        for item in paired(got, answer.values[name], name, single_precision=single, samples=samples)
    ]
    remember(reference, answer)

    @functools.cache
    def calls() -> Calls:
        """Return what may be called again in search of the cause; it costs time, so only a wrong result asks."""
        return Calls(
            function=called,
            reference=reference,
            arguments=arguments,
            returns=returns,
            seconds=seconds,
            sizes=batch_size(arguments) | named_numbers(reference, arguments) if sizes is None else sizes,
            terms=terms,
            earlier=earlier_answers(reference, answer),
        )

    def allowed(pair: Pair) -> float:
        return allowed_deviation(pair.want, roundoff=answer.roundoff[pair.name], precise=precise)

    found = _differences(pairs, allowed, calls=calls)
    if found and wants_causes():
        found = about_calls(found, calls(), pairs, returned=returned, given=given, allowed=allowed, where=where)
    raise_any(found, where=where)


def expected(reference: Function, *args: Any, returns: Sequence[str | None], **kwargs: Any) -> Mapping[str, Any]:
    """Return what :func:`agrees` expects for these arguments, by the names in ``returns``; computed once a class."""
    return _store.expected(reference, args, kwargs, returns).values


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
    calls: Callable[[], Calls] | None = None,
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
        finding = difference(item, allowed(item), siblings=siblings, calls=calls)
        if finding:
            found.append(finding)
    return [*about_lists(listed, found), *found] if found and wants_causes() else found
