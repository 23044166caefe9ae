"""An oracle: answers about one function, with every call written down and checked.

Student code may hand over anything, so a call is judged before it is answered: a point of the wrong
shape, NaN after divergence, a sample that does not exist, or one call too many ends the check with
words for it. Which functions there are is the affair of the modules beside this one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

import numpy as np

from grader.checks.patterns.steps import why_not_finite
from grader.checks.problems.questions import Array, Samples, point_of, refused, samples_of

Kind = Literal["value", "gradient", "gradient_of", "hessian"]

KINDS: tuple[Kind, ...] = get_args(Kind)

_WORDS: dict[Kind, str] = {
    "value": "the value",
    "gradient": "the gradient",
    "gradient_of": "the gradient of samples",
    "hessian": "the Hessian",
}

LIMIT = 20_000
"""Calls that are answered unless a check says otherwise: twice the longest run of an assignment, 10,000 steps."""

NUMBERS_KEPT = 2_000_000
"""Coordinates of points that a record keeps, 16 MB in float64: 10,000 steps in 100 dimensions, twice."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A function to minimise, and what is known of it: the mathematics of an :class:`Oracle`, without its record.

    Attributes
    ----------
    p, n, m, L, minimiser, minimum, start
        As those of the oracle.
    value, gradient, hessian
        Of a point ``(p,)``.
    gap
        The value above the minimum, without the cancellation of ``value(w) - minimum`` where that can be.
    gradient_of
        Mean gradient at a point over samples ``(b,)``; None where there are none.
    minimiser_error, gap_error
        By how much the minimiser, in norm, and the gap are known to be off.
    """

    p: int
    n: int | None
    m: float
    L: float
    minimiser: Array
    minimum: float
    start: Array
    value: Callable[[Array], float]
    gradient: Callable[[Array], Array]
    hessian: Callable[[Array], Array]
    gap: Callable[[Array], float]
    gradient_of: Callable[[Array, Samples], Array] | None = None
    minimiser_error: float = 0.0
    gap_error: float = 0.0


@dataclass
class Calls:
    """What an oracle was asked, in order.

    Attributes
    ----------
    kinds
        Of every call: ``value``, ``gradient``, ``gradient_of`` or ``hessian``.
    points
        Where it was asked, ``(p,)`` each; of the first calls only, until 2,000,000 coordinates are kept.
    samples
        The indices of every call of ``gradient_of``, an integer array ``(b,)`` each, also for a single one.
    drawn
        How many samples they are, repetitions counted.
    """

    kinds: list[Kind] = field(default_factory=list)
    points: list[Array] = field(default_factory=list)
    samples: list[Samples] = field(default_factory=list)
    drawn: int = 0

    def count(self, kind: Kind) -> int:
        """Return how often this was asked."""
        return self.kinds.count(kind)

    def points_of(self, kind: Kind) -> Array:
        """Return where this was asked, ``(calls, p)``, as far as points are kept; ``(0, 0)`` when never."""
        found = [point for point, asked in zip(self.points, self.kinds, strict=False) if asked == kind]
        return np.array(found) if found else np.zeros((0, 0))


class Oracle:
    """A function with known constants, which answers questions about itself.

    Its bound methods are what a check gives to student code: ``student.gradient_descent(oracle.gradient, ...)``.
    All arrays are float64. Those of the attributes are read-only.

    Attributes
    ----------
    calls
        What was asked so far, a :class:`Calls`.
    """

    def __init__(self, objective: Objective, *, limit: int = LIMIT) -> None:
        for array in (objective.minimiser, objective.start):
            array.setflags(write=False)
        self.objective = objective
        self.calls = Calls()
        self._allowed: frozenset[Kind] = frozenset(KINDS)
        self._limit = limit

    @property
    def p(self) -> int:
        """Number of parameters."""
        return self.objective.p

    @property
    def n(self) -> int | None:
        """Number of samples of a finite sum; None for other functions."""
        return self.objective.n

    @property
    def m(self) -> float:
        """Strong convexity: the smallest curvature."""
        return self.objective.m

    @property
    def L(self) -> float:  # noqa: N802 - the formulas' own letter
        """Smoothness: an upper bound of the curvature."""
        return self.objective.L

    @property
    def kappa(self) -> float:
        """Condition number ``L / m``, at least 1."""
        return self.objective.L / self.objective.m

    @property
    def minimiser(self) -> Array:
        """The point of the minimum, ``(p,)``."""
        return self.objective.minimiser

    @property
    def minimum(self) -> float:
        """The value at the minimiser."""
        return self.objective.minimum

    @property
    def start(self) -> Array:
        """A point to start from, ``(p,)``; how far it is from the minimiser says whoever made the problem."""
        return self.objective.start

    def only(self, *kinds: Kind, limit: int | None = None) -> Self:
        """Return a view that answers these kinds of call and refuses all others; it writes into the same record.

        Parameters
        ----------
        kinds
            Of ``value``, ``gradient``, ``gradient_of`` and ``hessian``.
        limit
            Calls that are answered in all; unless given as before.

        Raises
        ------
        ValueError
            When a kind is unknown.
        """
        unknown = set(kinds) - set(KINDS)
        if unknown or not kinds:
            raise ValueError(f"only takes some of {', '.join(KINDS)}, not {sorted(unknown)}")
        view = copy.copy(self)
        view._allowed = frozenset(kinds)  # noqa: SLF001 - a copy of this one
        view._limit = self._limit if limit is None else limit  # noqa: SLF001
        return view

    def fresh(self, *, limit: int | None = None) -> Self:
        """Return the same problem with an empty record, for another run; ``limit`` as in :meth:`only`."""
        again = copy.copy(self)
        again.calls = Calls()
        again._limit = self._limit if limit is None else limit  # noqa: SLF001 - a copy of this one
        return again

    def value(self, w: Any) -> float:
        """Return the value at ``w (p,)``; a CheckFailure when the call is refused, as for all calls below."""
        return self.objective.value(self._asked("value", w))

    def gradient(self, w: Any) -> Array:
        """Return the gradient ``(p,)`` at ``w (p,)``."""
        return self.objective.gradient(self._asked("gradient", w))

    def gradient_of(self, w: Any, i: Any) -> Array:
        """Return the mean gradient ``(p,)`` at ``w (p,)`` over the samples ``i``.

        Parameters
        ----------
        w
            The point.
        i
            An index from 0 to n - 1, or an integer array or list of them; one that is repeated counts as often.
        """
        point = self._asked("gradient_of", w)
        assert self.n is not None
        samples = samples_of(i, self.n, drawn=self.calls.drawn)
        self.calls.samples.append(samples)
        self.calls.drawn += len(samples)
        assert self.objective.gradient_of is not None
        return self.objective.gradient_of(point, samples)

    def hessian(self, w: Any) -> Array:
        """Return the Hessian ``(p, p)`` at ``w (p,)``."""
        return self.objective.hessian(self._asked("hessian", w))

    def distance(self, w: Array) -> Array:
        """Return the distances ``(k,)`` of the points ``w (k, p)`` from the minimiser; this is no call."""
        return np.asarray(np.linalg.norm(w - self.minimiser, axis=-1))

    def gap(self, w: Array) -> Array:
        """Return the values at the points ``w (k, p)`` above the minimum, ``(k,)``; this is no call."""
        return np.array([self.objective.gap(point) for point in w])

    def _asked(self, kind: Kind, w: Any) -> Array:
        """Judge a call, write it down and return the point as an array of its own."""
        words, calls = _WORDS[kind], self.calls
        if kind not in self._allowed or (kind == "gradient_of" and self.n is None):
            asked_for = " or ".join(_WORDS[one] for one in KINDS if one in self._allowed)
            raise refused(f"it asked for {words}; this method may ask for {asked_for} only.", f"uses {words}", words)
        if len(calls.kinds) >= self._limit:
            message = f"it asked the oracle more than {self._limit} times, far more often than the method needs."
            raise refused(message, "asks the oracle far more often than the method needs", words)
        point = point_of(w, self.p, words)
        if not np.isfinite(point).all():
            why = why_not_finite(calls.points)
            fault = f"{words} at a point with NaN or infinity"
            message = f"it asked for {fault} in call {len(calls.kinds) + 1}: {why}"
            raise refused(message, f"asks for {fault}: {why}", words)
        calls.kinds.append(kind)
        if (len(calls.points) + 1) * self.p <= NUMBERS_KEPT:
            calls.points.append(point)
        return point
