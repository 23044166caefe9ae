"""What more can be learned by calling again, once an answer is known to be wrong.

A right answer never gets here, so it pays nothing. Nothing that happens in these calls counts: one
that fails says nothing, and a function that is slow is not called again, since a time-out would cost
the submission its other checks.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from grader.checks.patterns.cause import UNKNOWN, Array, Cause, same
from grader.checks.patterns.terms import with_another_share
from grader.checks.record import recording
from grader.checks.structure import fresh, is_floating, is_numeric, leaves, like_leaf, mapped
from grader.checks.tolerance import SLACK, scale_of

Numbers = Mapping[str, Array]
"""The arrays and numbers among results, by their paths: ``grads[0].S``."""

Terms = Callable[..., Mapping[str, Any]]
"""From the arguments to the additive terms of the results, by name: each like the result, or, of several results, a
dict of such by the names of those that it is a part of."""

QUICK = 1.0
"""Seconds that a call may have taken to be repeated: a tenth of the ten that a check has by default. Far more than most
calls take, so that it hardly ever hangs on the machine whether a cause is named."""

LARGE = 80.0
"""An input at which exponentials may overflow: they do at 88 in float32, at 709 in float64, and earlier in products."""


@dataclass(frozen=True, kw_only=True)
class Calls:
    """A call of a function, and of its reference, which may be repeated with these arguments or with others."""

    function: Callable[..., Any]
    reference: Callable[..., Any]
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    """By position and by name."""
    returns: Sequence[str | None]
    """Names of the results, None for one that is not looked at."""
    seconds: float
    """How long the function took."""
    sizes: Mapping[str, float] = field(default_factory=dict)
    """Numbers that have a name in the handout."""
    terms: Terms | None = None
    earlier: Sequence[Mapping[str, Any]] = ()
    """Results that were due for earlier arguments, by name."""

    @property
    def arrays(self) -> list[Array]:
        """The arrays of floats among the arguments."""
        return [array for array in self._arrays if is_floating(array)]

    @property
    def _arrays(self) -> list[Array]:
        return [leaf for _, leaf in leaves(self.arguments, "") if isinstance(leaf, np.ndarray) and leaf.ndim]

    def otherwise(self, name: str, want: Array) -> list[tuple[str, Array]]:
        """Return what certain mistakes would give for the value called ``name``, each with the words for it."""
        shares = [
            alternative
            for term, parts in self._terms.items()
            if name in parts
            for alternative in with_another_share(want, parts[name], term, self.sizes)
        ]
        return shares + [(words, numbers[name]) for words, numbers in self._readings if name in numbers]

    def overflow(self, name: str) -> Cause | None:
        """Say whether the value called ``name`` overflows: it is finite where the large inputs are scaled to 1."""
        if name not in self._at_moderate_inputs or not np.isfinite(self._at_moderate_inputs[name]).all():
            return None
        # No hint of its own: the title of a check at extreme inputs says as much.
        return Cause(words="overflows at large inputs")

    def kept_between(self, first: Numbers, right: Callable[[Numbers], bool]) -> Cause:
        """Call the function again with the same arguments, and say so when it answers otherwise.

        Parameters
        ----------
        first
            What it gave the first time: copies, since the function may have kept the arrays.
        right
            Whether numbers are what is due.
        """
        if not self._repeatable:
            return UNKNOWN
        again = self._asked(self.function, self.arguments)
        if again.keys() != first.keys() or all(_equal(first[name], again[name]) for name in first):
            return UNKNOWN
        when = "when it is called again with the same arguments"
        if right(again):
            return same(f"is right only {when}, as if it returned the result of the previous call")
        return same(f"gives another result {when}: something is random, or kept between calls")

    @property
    def _repeatable(self) -> bool:
        """Whether another call is quick, and should give the same: a method may well change its object."""
        given = (leaf for _, leaf in leaves(self.arguments, "") if callable(leaf))
        return self.seconds <= QUICK and all(map(_is_function, (self.function, *given)))

    @cached_property
    def _at_moderate_inputs(self) -> Numbers:
        """What the function gives where large inputs are scaled to 1; nothing where no input is large."""

        def scale(leaf: Any) -> float:
            return scale_of(np.asarray(leaf)) if is_floating(leaf) else 0.0

        def moderate(_name: str, leaf: Any) -> Any:
            return like_leaf(leaf, leaf / scale(leaf)) if scale(leaf) >= LARGE else leaf

        if not self._repeatable or all(scale(leaf) < LARGE for _, leaf in leaves(self.arguments, "")):
            return {}
        return self._asked(self.function, mapped(moderate, self.arguments, ""))

    @cached_property
    def _terms(self) -> dict[str, Numbers]:
        if self.terms is None:
            return {}
        positional, keywords = fresh(self.arguments)
        declared = self.terms(*positional, **keywords)
        if len(self.returns) == 1:
            declared = {term: {self.returns[0]: value} for term, value in declared.items()}
        for term, parts in declared.items():
            if not isinstance(parts, Mapping) or not set(parts) <= set(self.returns):
                raise ValueError(f"terms: {term!r} must be a dict by the names of results, {list(self.returns)}")
        return {term: numbers_of(parts.items()) for term, parts in declared.items()}

    @cached_property
    def _readings(self) -> list[tuple[str, Numbers]]:
        earlier = [("holds the result of an earlier call", numbers_of(values.items())) for values in self.earlier]
        return earlier + [("is computed along the wrong axis", numbers) for numbers in self._along_other_axes()]

    def _along_other_axes(self) -> Iterator[Numbers]:
        """Yield what is due when two axes of the only array among the arguments are exchanged, and then put back."""
        if len(self._arrays) != 1:
            return
        axes = self._arrays[0].ndim
        for one, other in itertools.combinations(range(axes), 2):

            def exchanged(_name: str, leaf: Any, one: int = one, other: int = other) -> Any:
                return np.swapaxes(leaf, one, other) if isinstance(leaf, np.ndarray) and leaf.ndim else leaf

            numbers = self._asked(self.reference, mapped(exchanged, self.arguments, ""))
            yield {name: np.swapaxes(array, one, other) for name, array in numbers.items() if array.ndim == axes}

    def _asked(self, function: Callable[..., Any], arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> Numbers:
        """Call a function and return the results that are looked at; none when it fails."""
        positional, keywords = fresh(arguments)
        try:
            with recording(verdicts_only=True):  # a function of a check may judge what it asked the student for
                returned = function(*positional, **keywords)
        except Exception:  # noqa: BLE001 - what happens in a call that only describes is no outcome
            return {}
        parts = (returned,) if len(self.returns) == 1 else returned
        if not isinstance(parts, list | tuple) or len(parts) != len(self.returns):
            return {}
        return numbers_of(zip(self.returns, parts, strict=True))


def named_numbers(function: Callable[..., Any], arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> dict[str, float]:
    """Return the numbers among the arguments of a function, such as a learning rate, by the names of its parameters."""
    try:
        bound = inspect.signature(function).bind(*arguments[0], **arguments[1])
    except (TypeError, ValueError):  # a function that says nothing of its parameters
        return {}
    bound.apply_defaults()
    return {name: float(value) for name, value in bound.arguments.items() if is_number(value)}


def _is_function(thing: Any) -> bool:
    """Whether a callable is a function, or the proxy of one, which has a name; objects and their methods are none."""
    return inspect.isfunction(thing) or isinstance(getattr(thing, "name", None), str)


def is_number(value: Any) -> bool:
    """Whether a value is a single real number; True and False are none."""
    return is_numeric(value) and np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf"


def numbers_of(results: Iterable[tuple[str | None, Any]]) -> dict[str, Array]:
    """Return copies of all arrays and numbers, as float64, by their paths; what is called None is not looked at."""
    found = (pair for name, value in results if name is not None for pair in leaves(value, name))
    return {
        name: np.array(leaf, dtype=np.float64)
        for name, leaf in found
        if is_numeric(leaf) and np.asarray(leaf).dtype.kind != "c"
    }


def _equal(one: Array, other: Array) -> bool:
    """Whether two calls gave the same, up to what a check allows: threads order sums anew, and noise may be tiny."""
    within = SLACK * scale_of(one)
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=within, equal_nan=True)
