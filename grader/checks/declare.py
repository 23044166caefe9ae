"""How a check says to which exercise it belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

_Check = TypeVar("_Check", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What the decorator :func:`exercise` leaves on a check, as its attribute ``declaration``."""

    exercise: str
    weight: int


def exercise(name: str, *, weight: int = 1) -> Callable[[_Check], _Check]:
    """Declare that the decorated check decides about the exercise ``name``.

    Parameters
    ----------
    name
        An exercise of ``assignment.toml``.
    weight
        Its share: an exercise's score is its points times passed weight by total weight.

    Raises
    ------
    ValueError
        When the weight is not a positive integer.
    """
    if not isinstance(weight, int) or isinstance(weight, bool) or weight < 1:
        raise ValueError(f"exercise({name!r}): weight must be a positive integer, not {weight!r}")

    def mark(check: _Check) -> _Check:
        check.declaration = Declaration(exercise=name, weight=weight)  # type: ignore[attr-defined]
        return check

    return mark
