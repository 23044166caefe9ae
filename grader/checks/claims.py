"""Which arguments a gradient check differentiates by, and which returned array claims to be which gradient.

Form is settled here, before a single difference is taken; whether a claim is true is decided in
:mod:`grader.checks.slopes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks.calling import results
from grader.checks.findings import Finding
from grader.checks.form import paired
from grader.checks.order import results_in_another_order
from grader.checks.structure import is_floating, leaves, mapped, rows_of

Array = npt.NDArray[Any]
Arguments = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A gradient that was returned, to be compared with differences."""

    argument: str
    """Name of the array in ``at`` by which is differentiated, e.g. ``params[1].S``."""
    gradient: Array
    name: str
    vanishing: bool
    """The right gradient is zero, and the function need not depend on the argument."""


def differentiated_names(at: Arguments, wrt: str | Sequence[str] | None) -> list[str]:
    """Return the names of the arguments to differentiate by, and refuse those that have no derivative."""
    if wrt is None:
        names = [name for name, value in at.items() if _all_arrays_of_floats(value)]
    else:
        names = [wrt] if isinstance(wrt, str) else list(wrt)
    if not names:
        raise ValueError(f"there is nothing to differentiate by among {list(at)}")
    for name in names:
        if name not in at:
            raise ValueError(f"wrt names {name!r}, but the arguments are {list(at)}")
        for leaf_name, leaf in leaves(at[name], name):
            if not is_floating(leaf) or np.asarray(leaf).dtype != np.float64:
                raise ValueError(f"{leaf_name} must be float64 to differentiate by it, not {np.asarray(leaf).dtype}")
    return names


def _all_arrays_of_floats(value: Any) -> bool:
    found = [leaf for _, leaf in leaves(value, "")]
    return bool(found) and all(isinstance(leaf, np.ndarray) and is_floating(leaf) for leaf in found)


def gradient_names(names: Sequence[str], returns: Sequence[str] | None) -> list[str]:
    """Return the names of the gradients, ``db`` for the argument ``b`` unless they are given."""
    titles = [f"d{name}" for name in names] if returns is None else list(returns)
    if len(titles) != len(names):
        raise ValueError(f"returns names {len(titles)} gradients, but there are {len(names)}: {names}")
    return titles


def result_names(value: int, places: Sequence[int], titles: Sequence[str]) -> list[str]:
    """Name the results of a function that returns a loss and gradients, for messages."""
    labels = [f"result {position}" for position in range(max(value, *places) + 1)]
    labels[value] = "loss"
    for place, title in zip(places, titles if len(places) == len(titles) else ["gradients"], strict=True):
        labels[place] = title
    return labels


def gradients_apart(
    returned: Any, at: Arguments, names: Sequence[str], titles: Sequence[str], *, where: str
) -> list[Any]:
    """Take returned gradients apart, one for each name: in order, or by name where they are a dict."""
    if len(names) == 1:
        bare_due = not isinstance(at[names[0]], list | tuple)
        wrapped = isinstance(returned, list | tuple) and len(returned) == 1 and bare_due
        return [returned[0] if wrapped else returned]
    if isinstance(returned, dict) and set(returned) == set(names):
        return [returned[name] for name in names]
    return list(results(returned, titles, of=where))


def claims_of(
    at: Arguments,
    names: Sequence[str],
    titles: Sequence[str],
    gradients: Sequence[Any],
    vanishing: Sequence[str],
) -> list[Claim | Finding]:
    """Make a claim of each array of a gradient that has the form of its argument, a finding of each other."""
    unknown = set(vanishing) - set(names)
    if unknown:
        raise ValueError(f"vanishing names {sorted(unknown)}, but is differentiated by {list(names)}")
    order = results_in_another_order(gradients, [at[name] for name in names], titles)
    if order:
        return [order]
    samples = rows_of(at.values())
    found: list[Claim | Finding] = []
    for name, title, gradient in zip(names, titles, gradients, strict=True):
        arguments = {title + leaf[len(name) :]: leaf for leaf, _ in leaves(at[name], name)}
        # of the right gradient the form alone is known
        due = mapped(lambda _name, leaf: np.zeros(np.shape(leaf)), at[name], "")
        for item in paired(gradient, due, title, samples=samples):
            if isinstance(item, Finding):
                found.append(item)
                continue
            argument = arguments[item.name]
            array = item.got.astype(np.float64)
            found.append(Claim(argument=argument, gradient=array, name=item.name, vanishing=name in vanishing))
    return found
