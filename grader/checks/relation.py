"""A function beside itself: its results for related arguments, and how far they may lie apart.

A relation such as equivariance needs no reference, so what is allowed cannot be measured on one either. It is
measured on the student's own function, in one call with the arguments changed in the last digit, and bounded, so
that a function that is noisy or jumps earns no tolerance by it. A constant has every symmetry and earns nothing:
:meth:`Subject.refuse_constant` looks for any change at all.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from grader.checks.calling import Function, keeping, name_of, results
from grader.checks.comparison import deviations, not_finite
from grader.checks.extent import finding_of_size
from grader.checks.findings import Finding, bound, entry, failure, index_text, numbers, raise_any, shown
from grader.checks.form import Pair, finding_of_result, paired
from grader.checks.outputs import refuse_noise
from grader.checks.record import measured, sighted, wants_causes
from grader.checks.structure import fresh, is_floating, leaves, like_leaf, mapped
from grader.checks.tolerance import (
    ROUNDING_FACTOR,
    SMALLEST_MISTAKE,
    allowed_deviation,
    epsilon_of,
    last_digit_changes,
    scale_of,
)
from grader.evidence import Evidence

Array = npt.NDArray[Any]

NUDGES = (1e-6, 1e-4, 1e-2)
"""Shares of themselves by which arguments are moved until a result moves too. The first leaves a row of probabilities
with a sum of one by every usual test (1e-5), but may be lost in the rounding of one float32."""

_NUDGE_SEED = 0
"""Any fixed number: verdicts are the same in every run."""

INDICES_SHOWN = 4
"""Wrong entries that keep to so few indices of an axis lie at a border or in a plane; more is no pattern."""


@dataclass(frozen=True, kw_only=True)
class Slack:
    """How far two right evaluations may lie apart, by name of the result."""

    roundoff: dict[str, float]
    """The change of the result when the arguments change in their last digit, in its units."""
    epsilon: dict[str, float]
    """One last digit of the least precise among the arguments and the result, as a share."""
    largest: float
    """Absolute value of the largest number among the arguments."""

    def allowed(self, name: str, due: Array) -> float:
        """Return the largest deviation of a right result called ``name`` from ``due``, in its units.

        At least the slack, and 100 times the measured rounding or one last digit of the result, for the weights of
        a module are not among the arguments. The measured rounding counts for no more than every mistake shows,
        1e-4 of the scale (the root of that below float64), or than 100 last digits of the arguments, because a result
        that cancels has no scale of its own.
        """
        epsilon, scale = self.epsilon[name], scale_of(due)
        share = SMALLEST_MISTAKE if epsilon <= np.finfo(np.float64).eps else SMALLEST_MISTAKE**0.5
        limit = max(share * scale / ROUNDING_FACTOR, epsilon * self.largest)
        return allowed_deviation(due, roundoff=max(min(self.roundoff[name], limit), epsilon * scale), precise=False)


class Subject:
    """A function whose results are compared with each other.

    Parameters
    ----------
    function
        The student's function.
    returns
        As for :func:`grader.checks.value.agrees`: None for a result that is not looked at.
    kwargs
        Keyword arguments of every call.

    Raises
    ------
    ValueError
        When ``returns`` names no result.
    """

    def __init__(self, function: Function, returns: Sequence[str | None], kwargs: Mapping[str, Any]) -> None:
        if not any(returns):
            raise ValueError(f"returns must name a result to look at, not {returns!r}")
        self.where = name_of(function)
        self._function = keeping(function, *(place for place, name in enumerate(returns) if name is None))
        self._returns = tuple(returns)
        self._kwargs = dict(kwargs)

    def answer(self, args: Sequence[Any]) -> dict[str, Array]:
        """Call the function, and return its results by name: finite arrays, in the dtype in which they came."""
        values = self.values(args, note="")
        wrong = {name: finding_of_result(value, name) for name, value in values.items()}
        found = [wrong[name] or not_finite(name, np.asarray(value)) for name, value in values.items()]
        raise_any((finding for finding in found if finding), where=self.where)
        return {name: np.asarray(value) for name, value in values.items()}

    def like(self, before: Mapping[str, Array], args: Sequence[Any], *, note: str | None = None) -> dict[str, Array]:
        """Call the function, and return its results by name: finite, and of the form of those ``before``."""
        pairs = self.pairs(self.values(args, note=note), before)
        broken = (not_finite(pair.name, pair.got) for pair in pairs)
        raise_any((finding for finding in broken if finding), where=self.where)
        return {pair.name: pair.got for pair in pairs}

    def values(self, args: Sequence[Any], *, note: str | None = None) -> dict[str, Any]:
        """Call the function on copies, and return the results, of any form.

        With a ``note``, which tells this call from others (``" under a shift by two columns"``), they are recorded.
        """
        given, kwargs = fresh((list(args), self._kwargs))
        names = [name or "cache" for name in self._returns]
        parts = results(self._function(*given, **kwargs), names, of=self.where)
        chosen = {name: part for name, part in zip(self._returns, parts, strict=True) if name is not None}
        too_large = (finding_of_size(part, name) for name, part in chosen.items())
        raise_any((finding for finding in too_large if finding), where=self.where)
        if note is not None:
            for name, part in chosen.items():
                sighted(part, f"{name}{note}")
        return chosen

    def pairs(self, got: Mapping[str, Any], due: Mapping[str, Array]) -> list[Pair]:
        """Pair results with what is due; another form is a failure, another precision of floats is not."""
        items = [item for name in due for item in paired(got[name], due[name], name, single_precision=True)]
        raise_any((item for item in items if isinstance(item, Finding)), where=self.where)
        return [item for item in items if isinstance(item, Pair)]

    def slack(self, args: Sequence[Any], before: Mapping[str, Array]) -> Slack:
        """Measure how far rounding goes: one more call, with the arguments changed in the last digit."""
        floats = [np.asarray(leaf) for _, leaf in leaves(args, "") if is_floating(leaf)]
        return Slack(
            roundoff=self._changes(last_digit_changes()[0](list(args)), before),
            epsilon={name: max(map(epsilon_of, [array, *floats])) for name, array in before.items()},
            largest=max(map(scale_of, floats), default=0.0),
        )

    def refuse_constant(self, args: Sequence[Any], before: Mapping[str, Array], moved: Container[int]) -> None:
        """Refuse a function whose result does not depend on the arguments at the positions ``moved``.

        One more call of a function that does. Integer results and arguments without floats decide nothing.

        Raises
        ------
        CheckFailure
            When no number of any result changes although these arguments do.
        """
        free = [leaf for place, arg in enumerate(args) if place in moved for _, leaf in leaves(arg, "")]
        if all(array.dtype.kind != "f" for array in before.values()) or not any(
            is_floating(leaf) and np.any(leaf) for leaf in free
        ):
            return
        for share in NUDGES:
            nearby = [_nudged(arg, share) if place in moved else arg for place, arg in enumerate(args)]
            if any(self._changes(nearby, before).values()):
                return
        self.fail_as_constant()

    def _changes(self, args: Sequence[Any], before: Mapping[str, Array]) -> dict[str, float]:
        """Return the largest change of every result; entries that are not finite tell nothing."""
        changed = ((pair.name, deviations(pair.got, pair.want)) for pair in self.pairs(self.values(args), before))
        return {name: float(change[np.isfinite(change)].max(initial=0.0)) for name, change in changed}

    def refuse_noise(self, args: Sequence[Any], before: Mapping[str, Array], slack: Slack) -> None:
        """Say of a function whose relation fails that it does not even agree with itself, where that is so.

        Raises
        ------
        CheckFailure
            When the same arguments give results further apart than a right function's may be.
        """
        if not wants_causes():
            return
        for name, again in self.like(before, args).items():
            if float(deviations(again, before[name]).max(initial=0.0)) > slack.allowed(name, before[name]):
                refuse_noise([before[name]], [again], where=self.where)

    def fail_as_constant(self) -> NoReturn:
        """Raise the failure of a function that does not use its input."""
        fault = "returns the same whatever its input: it does not use it"
        finding = Finding(
            message=f"it {fault}.",
            hint=f"`{self.where}` {fault}.",
            evidence=Evidence(name=self.where, cause=fault),
        )
        raise failure([finding], where=self.where)


def _nudged(arg: Any, share: float) -> Any:
    """Move every float by one to two shares of itself, towards zero: a probability of 1 stays in its domain."""
    rng = np.random.default_rng(_NUDGE_SEED)

    def moved(_name: str, leaf: Any) -> Any:
        if not is_floating(leaf):
            return leaf
        return like_leaf(leaf, np.asarray(leaf) * (1 - share * rng.uniform(1, 2, np.shape(leaf))))

    return mapped(moved, arg, "")


def normal_like(leaf: Any, rng: np.random.Generator) -> Any:
    """Draw normal numbers of the type, shape and root mean square of a float or an array of floats."""
    size = float(np.sqrt(np.mean(np.square(leaf, dtype=np.float64)))) if np.size(leaf) else 0.0
    return like_leaf(leaf, (size or 1.0) * rng.normal(size=np.shape(leaf)))


def mismatch(pair: Pair, allowed: float, words: str, hint: str) -> Finding | None:
    """Compare two results that must be equal, and name the first entry at which they are not."""
    broken = not_finite(pair.name, pair.got)
    if broken:
        return broken
    deviation = deviations(pair.got, pair.want)
    largest = float(deviation.max(initial=0.0))
    measured(pair.name, deviation=largest, allowed=allowed)
    if largest <= allowed:
        return None
    wrong = np.argwhere(deviation > allowed)
    first = tuple(int(place) for place in wrong[0])
    got, want = numbers(float(pair.got[first]), float(pair.want[first]))
    off = f"off by {bound(float(deviation[first]))}; allowed {bound(allowed)}"
    count = f"; {len(wrong)} of {deviation.size} entries differ{_where(wrong, deviation.shape)}" if first else ""
    return Finding(
        message=f"{words}: {entry(pair.name, first)} is {got} where {want} is due ({off}){count}.",
        hint=hint,
        evidence=Evidence(
            name=pair.name,
            got=shown(pair.got),
            want=shown(pair.want),
            where=index_text(first),
            deviation=largest,
            allowed=allowed,
            cause=words,
        ),
    )


def _where(wrong: npt.NDArray[np.intp], shape: tuple[int, ...]) -> str:
    """Say to which indices of an axis the wrong entries keep, e.g. to the border that a shift moved in."""
    kept = [np.unique(column) for column in wrong.T]
    share, axis = min((len(indices) / shape[axis], axis) for axis, indices in enumerate(kept))
    indices = ", ".join(map(str, kept[axis]))
    return f", all at {indices} of axis {axis}" if share < 1 and len(kept[axis]) <= INDICES_SHOWN else ""
