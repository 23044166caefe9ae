"""Checks of properties: relations that any right function has, and that need no reference.

Equivariance, invariance, causality and linearity. Each compares results of the student's own function with each other,
so whether the function is the one that is asked for is for a value check to say. A function
that does not use its input has the first three trivially, and zero has the last: they earn nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.answers import cut
from grader.checks.calling import Function
from grader.checks.findings import Finding, failure, raise_any
from grader.checks.lookahead import Sequences, refuse_lookahead
from grader.checks.record import wants_causes
from grader.checks.relation import Subject, mismatch, normal_like
from grader.checks.structure import fresh, is_floating, is_numeric, leaves, like_leaf
from grader.evidence import Evidence

__all__ = ["causal", "equivariant", "invariant", "linear"]

Array = npt.NDArray[Any]

_FIRST, _SECOND = -1.5, 0.5
"""Coefficients of the linear combination. Exact in binary; one is negative, because |u| and max(u, 0) respect positive
ones; and they do not sum to 1, because affine functions respect those that do."""

_WORDS_SHOWN = 300
"""Characters of numpy's words about a shape that a message shows."""

_AFFINE = (-0.5, 1.5)
"""These do sum to 1: what respects them and not the others is affine. To look at f(0) itself might divide by zero."""


def equivariant(
    function: Function,
    *args: Any,
    change: Callable[..., Sequence[Any]],
    response: Callable[[Any], Any],
    named: str,
    returns: Sequence[str | None] = ("result",),
    **kwargs: Any,
) -> None:
    """Check that ``function(*change(*args)) == response(function(*args))``: four calls, as many on failure.

    Parameters
    ----------
    function
        The student's function. It gets copies, so a change in place does no harm.
    *args, **kwargs
        Its arguments, generic ones: an input that has the symmetry itself shows nothing.
    change
        From the arguments to all the changed arguments, as a tuple, also where there is but one.
    response
        From the result to the one that is due for the changed arguments; from the tuple of the named results
        to a tuple where several are named.
    named
        What ``change`` does, with an article, ``"a shift by two columns"``. Students read it: no values in it.
    returns
        Names of the results, in order; None for one that is not looked at. Named results are arrays or numbers.

    Raises
    ------
    CheckFailure
        Naming the first entry that is not what is due; or when the result does not depend on the arguments that
        change, is not finite, or has a form to which ``response`` cannot be applied.
    ValueError
        When ``change`` changes nothing or another number of arguments, or ``response`` gives another number of results.
    """
    words = f"does not follow {named}"
    _related(function, args, kwargs, change=change, response=response, named=named, words=words, returns=returns)


def invariant(
    function: Function,
    *args: Any,
    change: Callable[..., Sequence[Any]],
    named: str,
    returns: Sequence[str | None] = ("result",),
    **kwargs: Any,
) -> None:
    """Check that ``function(*change(*args)) == function(*args)``.

    Parameters and errors are those of :func:`equivariant`. Arguments without any float (tokens alone) cannot be
    moved a little, so that there a constant function passes.
    """
    words = f"changes under {named}, and must not"
    _related(function, args, kwargs, change=change, response=None, named=named, words=words, returns=returns)


def causal(
    function: Function,
    *args: Any,
    rng: np.random.Generator,
    positions: Sequence[int] = (0,),
    axis: int = 1,
    result_axis: int | None = None,
    returns: Sequence[str | None] = ("result",),
    **kwargs: Any,
) -> None:
    """Check that no result up to a position t depends on what the arguments hold after t.

    All later positions are replaced at once, for every t of a sequence of ten or fewer, else for the first, the
    middle and the last but one: T + 1 calls for T positions, else five; and on failure as many more as it takes to
    find a single position that is looked ahead to. Short sequences therefore show more.

    Parameters
    ----------
    function, *args, returns, **kwargs
        As for :func:`equivariant`.
    rng
        Draws what replaces the later positions: normal numbers, of both signs, of the argument's own root mean
        square; of integers, e.g. tokens, values that occur in the argument.
    positions
        Which of the arguments are sequences: arrays of one length along ``axis``, at least 3.
    axis, result_axis
        The axis of the sequence in these arguments and in the results; the same one unless given.

    Raises
    ------
    CheckFailure
        Naming a position of the result and the later one on which it depends; or when nothing changes after t
        either, so that the function does not use its input; or when a result has the wrong form.
    ValueError
        When the arguments at ``positions`` are no such sequences.
    """
    sequences = Sequences(args, positions=positions, axis=axis, rng=rng)
    refuse_lookahead(Subject(function, returns, kwargs), sequences, axis=axis if result_axis is None else result_axis)


def linear(
    function: Function,
    *args: Any,
    rng: np.random.Generator,
    positions: Sequence[int] = (0,),
    returns: Sequence[str | None] = ("result",),
    **kwargs: Any,
) -> None:
    """Check that ``f(a u + b v) = a f(u) + b f(v)``: four calls, up to four more on failure.

    Parameters
    ----------
    function, *args, returns, **kwargs
        As for :func:`equivariant`.
    rng
        Draws v: normal numbers of the root mean square of u.
    positions
        Which of the arguments are u, all together: a function of two of them must be linear in the pair.

    Raises
    ------
    CheckFailure
        Saying which fails: f(0) = 0, scale or additivity; or that the result is zero whatever the input.
    ValueError
        When an argument at ``positions`` is not a float or an array of floats.
    """
    for position in positions:
        if not 0 <= position < len(args) or not is_floating(args[position]):
            raise ValueError(f"linear: there is no float argument at position {position}")
    other = list(args)
    for position in positions:
        other[position] = normal_like(args[position], rng)

    def combined(first: float, second: float) -> list[Any]:
        """Return first * u + second * v, and the other arguments as they are."""
        pairs = enumerate(zip(args, other, strict=True))
        return [like_leaf(u, first * u + second * v) if place in positions else u for place, (u, v) in pairs]

    subject = Subject(function, returns, kwargs)
    at_u = subject.answer(args)
    at_v = subject.like(at_u, other, note=" of another input")
    if not any(np.any(array) for array in (*at_u.values(), *at_v.values())):
        subject.fail_as_constant()
    slack = subject.slack(args, at_u)

    def mismatches(first: float, second: float, words: str, hint: str, *, note: str | None = None) -> list[Finding]:
        """Compare the result for a combination with the combination of the results."""
        due = {name: first * at_u[name].astype(np.float64) + second * at_v[name] for name in at_u}
        pairs = subject.pairs(subject.values(combined(first, second), note=note), due)
        # what is due may cancel: the scale is that of the results it is made of
        allowed = {name: slack.allowed(name, np.stack([at_u[name], at_v[name]])) for name in due}
        found = (mismatch(pair, allowed[pair.name], words, f"`{pair.name}` {hint}") for pair in pairs)
        return [finding for finding in found if finding]

    general = f"f({_FIRST:g} u + {_SECOND:g} v) is not {_FIRST:g} f(u) + {_SECOND:g} f(v)"
    found = mismatches(_FIRST, _SECOND, general, "is not linear in the input.", note=" of a combination of both")
    if found:
        subject.refuse_noise(args, at_u, slack)
    if found and wants_causes():
        if not mismatches(*_AFFINE, "", ""):
            words = "is affine, not linear: it is not 0 where the input is 0."
            found = mismatches(_FIRST, _SECOND, f"f(0) is not 0: {general}", words)
        else:
            found = (
                mismatches(_FIRST, 0.0, f"f({_FIRST:g} u) is not {_FIRST:g} f(u)", "does not scale with the input.")
                or mismatches(1.0, 1.0, "f(u + v) is not f(u) + f(v)", "is not additive in the input.")
                or found
            )
    raise_any(found, where=subject.where)


def _related(
    function: Function,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    change: Callable[..., Sequence[Any]],
    response: Callable[[Any], Any] | None,
    named: str,
    words: str,
    returns: Sequence[str | None],
) -> None:
    """Compare the results for the changed arguments with the response of the results; without one, with themselves."""
    changed = change(*fresh(list(args)))
    if not isinstance(changed, list | tuple) or len(changed) != len(args):
        raise ValueError(f"{named}: change must return a tuple of {len(args)} arguments, all that it was given")
    moved = [place for place, pair in enumerate(zip(args, changed, strict=True)) if not _same(*pair)]
    if not moved:
        raise ValueError(f"{named}: change left all arguments as they were, so that nothing can be seen")
    subject = Subject(function, returns, kwargs)
    before = subject.answer(args)
    after = subject.values(changed, note=f" under {named}")
    due = before if response is None else _responses(response, before, named, where=subject.where)
    slack = subject.slack(args, before)
    pairs = subject.pairs(after, due)
    hints = {name: f"`{name}` {words}." for name in due}
    found = [mismatch(pair, slack.allowed(pair.name, pair.want), f"under {named}", hints[pair.name]) for pair in pairs]
    if any(found):
        subject.refuse_noise(args, before, slack)
    raise_any((finding for finding in found if finding), where=subject.where)
    subject.refuse_constant(args, before, moved)


def _same(one: Any, other: Any) -> bool:
    """Whether an argument is unchanged: numbers by value, what is no number (a module) by identity."""
    before, after = dict(leaves(one, "")), dict(leaves(other, ""))
    return before.keys() == after.keys() and all(
        np.array_equal(leaf, after[name]) if is_numeric(leaf) and is_numeric(after[name]) else leaf is after[name]
        for name, leaf in before.items()
    )


def _responses(response: Callable[[Any], Any], before: dict[str, Array], named: str, *, where: str) -> dict[str, Array]:
    """Apply the response to the results, whose form nobody has judged."""
    given = [array.copy() for array in before.values()]
    try:
        answered = response(given[0] if len(given) == 1 else tuple(given))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
        forms = ", ".join(f"{name} of shape {array.shape}" for name, array in before.items())
        hint = f"`{', '.join(before)}` has a shape to which {named} cannot be applied."
        finding = Finding(
            message=f"{named} cannot be applied to what it returned: {forms} ({cut(str(error), _WORDS_SHOWN)}).",
            hint=hint,
            evidence=Evidence(name=", ".join(before), got=forms, cause=hint),
        )
        raise failure([finding], where=where) from error
    parts = (answered,) if len(given) == 1 else answered
    if not isinstance(parts, list | tuple) or len(parts) != len(given) or not all(map(is_numeric, parts)):
        raise ValueError(f"{named}: response must return {len(given)} arrays, as many as results are named")
    return dict(zip(before, map(np.asarray, parts), strict=True))
