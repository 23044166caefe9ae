"""The forms of what the tools of :mod:`grader.worker.tools` answer, and the refusal of every other form.

A tool runs beside student code, which may answer in its place, with anything at all. So nothing is computed from
an answer, and no word of it is written down, before it has the form that the tool gives it: kinds, devices and dtypes
out of fixed lists, and as many parts as a module of a course may have. What the texts say is still the worker's: they
stand in messages, cut, and never in a hint or a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from grader.checks.findings import Finding, failure
from grader.checks.record import sighted
from grader.evidence import Evidence

Array = npt.NDArray[np.float64]

MOST_PARTS = 1000
"""Most results, gradients and buffers of a module, and most names of a state dict: the largest module of a course has
some thirty."""
MOST_RUNS = 6
"""Two devices, three dtypes."""
MOST_DISTURBED = 16
"""Runs with other roundings; the tool makes five."""
_LONGEST_NAME = 200
_LARGEST_SIZE = 2**62
"""Of an axis: whatever a machine could hold is below."""
_MOST_AXES = 64
"""As many as torch and numpy allow."""

SHOWN = 60
"""Characters of a worker's text that a message shows."""
NAMES_SHOWN = 5

Name = Annotated[str, msgspec.Meta(max_length=_LONGEST_NAME)]
Size = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_SIZE)]
Shape = Annotated[list[Size], msgspec.Meta(max_length=_MOST_AXES)]
Values = Annotated[dict[Name, Any], msgspec.Meta(max_length=MOST_PARTS)]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run gave nothing to compare."""

    kind: Literal["absent device", "only float32", "dtype", "empty", "device", "no kernel", "raised"]
    words: str
    place: str


class Run(msgspec.Struct, kw_only=True):
    """A module on one device in one dtype; see :func:`grader.worker.tools.parity.across`."""

    device: Literal["cpu", "cuda"]
    dtype: Literal["float64", "float32", "bfloat16"]
    values: Values
    decisions: bool
    repeats: bool
    free: bool
    fault: Fault | None


class Disturbed(msgspec.Struct, kw_only=True):
    """A module in float64 with other roundings, thrown in one sense and perhaps in the other."""

    decisions: bool
    plus: Values
    minus: Values | None = None


class Comparison(msgspec.Struct, kw_only=True):
    """A module everywhere: the answer of the tool ``parity.across``."""

    runs: Annotated[list[Run], msgspec.Meta(min_length=1, max_length=MOST_RUNS)]
    disturbed: Annotated[list[Disturbed], msgspec.Meta(max_length=MOST_DISTURBED)]
    random: bool
    placement: dict[str, str]
    """See :func:`grader.checks.placement.findings`; empty where there was no dry run."""
    flags: dict[str, bool | str]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a module could not be run: the answer of the tools of ``modules`` instead of results."""

    problem: Literal["class", "borrowed", "state", "nothing", "meta", "output", "shapes"]
    came: Name | Annotated[list[Shape], msgspec.Meta(max_length=MOST_PARTS)] = ""
    """Name of a class; of ``shapes`` those of the outputs."""
    found: Annotated[dict[Name, Shape], msgspec.Meta(max_length=MOST_PARTS)] = {}
    """Shapes of a state dict, by name."""


Form = TypeVar("Form", Comparison, Problem)


def formed(answer: Any, form: type[Form], *, where: str) -> Form:
    """Return an answer of a tool in the form that is due.

    Parameters
    ----------
    answer
        Anything that came from the worker.
    form
        :class:`Comparison` or :class:`Problem`.
    where
        Name of the class that the tool was to use.

    Raises
    ------
    CheckFailure
        In fixed words, when the form is another one: then the answer is not the tool's.
    """
    try:
        found = msgspec.convert(answer, form)
    except (msgspec.ValidationError, OverflowError, RecursionError):
        found = None  # the error quotes the worker
    if found is not None and (not isinstance(found, Comparison) or _usable(found)):
        return found
    sighted("another form", where)
    hint = "A function of the grader that runs beside your code answered otherwise than it does: do not change it."
    raise failure([Finding(message=hint, hint=hint, evidence=Evidence(name=where, cause=hint))], where=where)


def _usable(found: Comparison) -> bool:
    """Turn the values into arrays; whether they can be, and no run is there twice."""
    kinds = [(run.device, run.dtype) for run in found.runs]
    if kinds[0] != ("cpu", "float64") or len(set(kinds)) < len(kinds):
        return False
    every = [run.values for run in found.runs]
    every += [one.plus for one in found.disturbed] + [one.minus for one in found.disturbed if one.minus is not None]
    for values in every:
        for part, value in values.items():
            if not (isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype == np.float64)):
                return False
            values[part] = np.asarray(value)  # numbers cross the wall without axes
    return True


def alike(values: Mapping[str, Array], others: Iterable[Mapping[str, Array]]) -> bool:
    """Whether values by name are as many, and of the same shapes, in all of several runs."""
    forms = [{part: array.shape for part, array in one.items()} for one in (values, *others)]
    return all(one == other for one, other in pairwise(forms))


def cut(text: str, most: int = SHOWN) -> str:
    """Return a text of the worker as a message may show it: its first characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def few(names: list[str]) -> str:
    """Return the first of the names that a worker gave, in the form of :func:`cut`, and how many more there are."""
    more = len(names) - NAMES_SHOWN
    return ", ".join(map(cut, names[:NAMES_SHOWN])) + (f" and {more} more" if more > 0 else "")
