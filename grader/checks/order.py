"""Recognises results that all came, but in another order, by their shapes.

Of results of equal shapes the values say whether they were exchanged; see
:mod:`grader.checks.patterns.likely`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.checks.findings import Finding
from grader.checks.structure import is_numeric
from grader.evidence import Evidence


def results_in_another_order(got: Sequence[Any], want: Sequence[Any], names: Sequence[str]) -> Finding | None:
    """Find results whose shapes are a permutation of those that are due, and not the due order itself.

    Parameters
    ----------
    got
        Results, in the order in which they came.
    want
        Values of the forms that are due, in the due order; their numbers are not looked at.
    names
        What the handout calls them.
    """
    if not _is_permuted(got, want):
        return None
    due = ", ".join(names)
    return Finding(
        message=f"the results come in another order: {due} are due.",
        hint=f"The results come in another order: `{due}` are due.",
        evidence=Evidence(
            name="order", got=_shapes(got), want=_shapes(want), cause="the results come in another order"
        ),
    )


def entries_in_another_order(got: Sequence[Any], want: Sequence[Any], name: str) -> Finding | None:
    """Find the same of the entries of a list or tuple, which have no names of their own."""
    if not _is_permuted(got, want):
        return None
    reverse = [_form(value) for value in reversed(got)] == [_form(value) for value in want]
    fault = "has its entries in reverse order" if reverse else "has its entries in another order"
    return Finding(
        message=f"{name} {fault}: shapes {_shapes(want)} are due, and {_shapes(got)} came.",
        hint=f"`{name}` {fault}.",
        evidence=Evidence(name=name, got=_shapes(got), want=_shapes(want), cause=fault),
    )


def _is_permuted(got: Sequence[Any], want: Sequence[Any]) -> bool:
    here, due = [_form(value) for value in got], [_form(value) for value in want]
    if here == due or None in here or Counter(here) != Counter(due):
        return False
    # two results of transposed shapes may as well be transposed each
    return any(one not in {other, other[::-1]} for one, other in zip(here, due, strict=True))


def _form(value: Any) -> Any:
    """Return the shape of a number or an array, nested as the value is; None where something else is in it."""
    if isinstance(value, dict):
        inner = [(key, _form(part)) for key, part in value.items()]
        return None if any(form is None for _, form in inner) else ("dict", frozenset(inner))
    if isinstance(value, list | tuple):
        forms = tuple(map(_form, value))
        return None if None in forms else ("list", forms)
    return np.shape(value) if is_numeric(value) else None


def _shapes(values: Sequence[Any]) -> str:
    return ", ".join(_shown(value) for value in values)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_shown(part)}' for key, part in value.items())}}}"
    return f"[{_shapes(value)}]" if isinstance(value, list | tuple) else str(np.shape(value))
