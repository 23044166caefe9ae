"""Checks of gradients: a backward against differences of its own forward, a gradient against its own loss.

The student's own forward is what counts, so an error carried forward is not punished twice. It
counts only when it deserves it: it must be deterministic, smooth around the point, and depend on
every argument. A constant, a noisy, a rounded or a zero forward earns nothing, and neither does a
gradient that is zero throughout. Whether the forward itself is right is for a value check to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.calling import Function, keeping, name_of, results
from grader.checks.claims import Claim, claims_of, differentiated_names, gradient_names, gradients_apart, result_names
from grader.checks.differences import Derivative, estimate
from grader.checks.findings import Finding, raise_any
from grader.checks.order import results_in_another_order
from grader.checks.outputs import form_of, numbers, refuse_noise, weighted
from grader.checks.problem import Problem
from grader.checks.record import compared_with_own, sighted
from grader.checks.slopes import disagreements
from grader.checks.structure import fresh, leaves, like_leaf, mapped
from grader.checks.value import batch_size

__all__ = ["Derivative", "agrees", "along", "of_loss"]

Array = npt.NDArray[Any]
Arguments = Mapping[str, Any]


def along(
    function: Callable[[Any], float], point: Any, direction: Any, *, magnitude: float | None = None
) -> Derivative:
    """Estimate the derivative of a scalar function at ``point`` along ``direction``.

    Parameters
    ----------
    function
        From a value like ``point`` to a number.
    point
        An array of floats, or lists, tuples and dicts of them.
    direction
        Of the same structure and shapes. The derivative is linear in it, and steps are from 1e-1 to 1e-7 times it.
    magnitude
        Size of the numbers of which the value is the sum; the absolute value at the point unless given.

    Returns
    -------
    Derivative
        With its estimated error. ``expect(d.value).is_zero(within=d.allowed)`` asks whether it vanishes.

    Raises
    ------
    ValueError
        When direction and point have different structures.
    """
    ways = dict(leaves(direction, ""))
    if {name: np.shape(way) for name, way in ways.items()} != {n: np.shape(leaf) for n, leaf in leaves(point, "")}:
        raise ValueError("along: direction and point must have the same structure and the same shapes")

    def line(t: float) -> float:
        return float(function(mapped(lambda name, leaf: like_leaf(leaf, leaf + t * ways[name]), point, "")))

    return estimate(line, magnitude=abs(line(0.0)) if magnitude is None else magnitude, norm=0.0)


def agrees(
    forward: Function,
    backward: Function,
    *,
    at: Arguments,
    rng: np.random.Generator,
    wrt: str | Sequence[str] | None = None,
    returns: Sequence[str] | None = None,
    output: str = "out",
    upstream: Any = None,
    vanishing: Sequence[str] = (),
    sizes: Mapping[str, float] | None = None,
) -> None:
    """Check that ``backward`` is the gradient of ``forward``.

    The layer protocol: ``forward(*at.values())`` returns ``(out, cache)``, and ``backward(dout, cache)`` the
    gradients of ``sum(dout * out)`` in the order of ``wrt``; a single one may be returned bare. Each array among
    the arguments is moved along two random directions. For three arguments that takes 2 + 3 * 2 * 7 = 44 calls of
    a right forward that is linear or bends little, 68 of one that bends more or has kinks nearby, and one call of
    backward. Only where a direction disagrees, up to a hundred entries are tried one by one, to say where.

    Parameters
    ----------
    forward, backward
        The student's functions. Both get copies of all arrays, so a change in place does no harm.
    at
        The arguments of forward by name, in order: float64 arrays, constants, or nested lists, tuples and dicts of
        them. Away from kinks, and of moderate size: numbers of up to 1e3 are fine, and steps reach a tenth of an
        array's largest entry or 0.1, whichever is smaller. Each gradient should be at least 1e-6 of the output's
        size: below 1e-7 rounding hides it, and the verdict is that forward is not smooth.
    rng
        Draws the directions and the upstream gradient.
    wrt
        Names of the arguments by which backward differentiates, in its order. Unless given: every argument that is
        a float array, or holds nothing but float arrays, in order; a Python float is a constant.
    returns
        Names of the gradients; "d" and the argument's name unless given.
    output
        Name of the first result of forward.
    upstream
        The gradient by the output. Unless given it is drawn from the standard normal distribution, never ones: they
        would not show that it is ignored. Needed where the output is a structure of arrays.
    vanishing
        Those of ``wrt`` whose gradient is truly zero (a bias before batch norm): forward need not depend on them.
    sizes
        Named lengths for messages; N, the rows of the first matrix, unless given.

    Raises
    ------
    CheckFailure
        When a gradient has the wrong form or values, or forward cannot be differentiated.
    ValueError
        When the names do not fit ``at``, or an array to differentiate by is not float64.
    """
    names = differentiated_names(at, wrt)
    titles = gradient_names(names, returns)
    source, where = name_of(forward, otherwise="forward"), name_of(backward, otherwise="backward")
    kept = keeping(forward, 1)

    def call(arguments: Arguments) -> tuple[Any, ...]:
        return results(kept(*arguments.values()), (output, "cache"), of=source)

    out, cache = call(fresh(dict(at)))
    form = form_of(out, upstream, output, where=source)
    sighted(out, output)
    first = numbers(out, form, output, where=source)
    dout = mapped(lambda _name, zeros: _normal(zeros, rng), form, "") if upstream is None else upstream
    gradients = gradients_apart(backward(fresh(dout), cache), at, names, titles, where=where)
    sighted(gradients, where)
    weights = [np.asarray(leaf) for _, leaf in leaves(dout, "")]
    refuse_noise(first, numbers(call(fresh(dict(at)))[0], form, output, where=source), where=source)

    def value(arguments: Arguments) -> float:
        return weighted(weights, numbers(call(arguments)[0], form, output, where=source, finite=False))

    problem = Problem(
        source=source,
        student_source=f"your `{source}`",
        at=at,
        value=value,
        magnitude=weighted([np.abs(weight) for weight in weights], [np.abs(array) for array in first]),
        rng=rng,
        sizes=batch_size(dict(at)) if sizes is None else sizes,
    )
    compared_with_own(where, source)
    _judge(problem, claims_of(at, names, titles, gradients, vanishing), where=where)


def of_loss(
    function: Function,
    *,
    at: Arguments,
    rng: np.random.Generator,
    wrt: str | Sequence[str],
    value: int = 0,
    gradients: int | Sequence[int] = 1,
    returns: Sequence[str] | None = None,
    vanishing: Sequence[str] = (),
    sizes: Mapping[str, float] | None = None,
) -> None:
    """Check that a function returns its loss together with the loss's own gradient.

    ``function(*at.values())`` returns a tuple that holds the loss and one or several gradients. It is called as
    often as forward in :func:`agrees`; only the gradients of the first call leave the place where they are computed.

    Parameters
    ----------
    function
        The student's function.
    at, rng, vanishing, sizes
        As for :func:`agrees`.
    wrt
        Names of the arguments by which is differentiated. An argument may be nested, e.g. a list of (S, b): its
        gradient then has the same structure.
    value
        Position of the loss among the results.
    gradients
        Where the gradients are. A position: of the gradient itself where ``wrt`` has one name, else of a tuple,
        list or dict that holds one for each name. Several positions: one for each name.
    returns
        Names of the gradients; "d" and the argument's name unless given.

    Raises
    ------
    CheckFailure
        When loss or gradient have the wrong form, or the gradient is not the loss's.
    ValueError
        When the names do not fit ``at``, or the positions do not fit the names.
    """
    names = differentiated_names(at, wrt)
    titles = gradient_names(names, returns)
    places = [gradients] if isinstance(gradients, int) else list(gradients)
    if len(places) not in {1, len(names)}:
        raise ValueError(f"of_loss: {len(places)} positions of gradients for {len(names)} names")
    where = name_of(function, otherwise="function")
    labels = result_names(value, places, titles)
    kept = keeping(function, *(position for position in range(len(labels)) if position != value))

    def loss(returned: Any, *, finite: bool) -> Array:
        parts = results(returned, labels, of=where)
        return numbers(parts[value], np.zeros(()), "loss", where=where, finite=finite)[0]

    returned = function(*fresh(list(at.values())))
    sighted(returned, where)
    order = _order(returned, at, names, labels, places)
    raise_any([order] if order else [], where=where)
    start = loss(returned, finite=True)
    found = [returned[place] for place in places]
    gradients = found if len(places) > 1 else gradients_apart(found[0], at, names, titles, where=where)
    refuse_noise([start], [loss(kept(*fresh(list(at.values()))), finite=True)], where=where)
    problem = Problem(
        source=f"the loss that {where} returns",
        student_source=f"the loss that your `{where}` returns",
        at=at,
        value=lambda arguments: float(loss(kept(*arguments.values()), finite=False)),
        magnitude=float(np.abs(start)),
        rng=rng,
        sizes=batch_size(dict(at)) if sizes is None else sizes,
    )
    compared_with_own(where, where)
    _judge(problem, claims_of(at, names, titles, gradients, vanishing), where=where)


def _judge(problem: Problem, items: Sequence[Claim | Finding], *, where: str) -> None:
    """Raise what is wrong with the form of some gradients together with what is wrong with the values of others."""
    found = [item for item in items if isinstance(item, Finding)]
    claimed = [item for item in items if isinstance(item, Claim)]
    raise_any([*found, *disagreements(problem, claimed)], where=where)


def _order(
    returned: Any, at: Arguments, names: Sequence[str], labels: Sequence[str], places: Sequence[int]
) -> Finding | None:
    """Find a loss and its gradients in another order, where all results are known and each has a place of its own."""
    known = len(places) == len(names) == len(labels) - 1
    if not known or not isinstance(returned, list | tuple):
        return None
    due: list[Any] = [0.0] * len(labels)
    for place, name in zip(places, names, strict=True):
        due[place] = at[name]
    return results_in_another_order(returned, due, labels)


def _normal(zeros: Array, rng: np.random.Generator) -> Any:
    """Draw from the standard normal distribution: an array, or a number where there are no axes."""
    return rng.normal(size=zeros.shape) if zeros.ndim else float(rng.normal())
