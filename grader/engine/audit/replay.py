"""Tells mutants that are equivalent to the reference from those that checks only miss.

The calls that a check makes are recorded on the reference, and made again on the mutant: with the
same arguments, and with others, at which special cases show (zeros, ties, small and large numbers)
or which are no special case (ones, a factor of one).
A mutant that answers all of them as the reference does is set aside, if some of them gave numbers
and use what is changed: of a function that no call reaches, nothing is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from grader.checks.sightings import Sighting, alike, sightings_of
from grader.checks.structure import copied, is_numeric, leaves, mapped
from grader.engine.plain import PlainFunction, PlainStudent
from grader.worker import tools

MOST_CALLS = 12
"""Calls of one function in one check that are made again: finite differences make hundreds, all alike."""

_OF_VALUES = ("", "modules.run")
"""Calls and tools whose answers are values of the function; parity and placement are about devices and rounding."""

_WHOLE = (-1,)
"""Stands for the positions of results that are kept where all of it is."""

Change = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


VARIATIONS: dict[str, tuple[Change, Change]] = {
    "as they are": (_same, _same),
    "zeros": (np.zeros_like, _same),
    "halves, where many entries tie": (lambda x: np.rint(2 * x) / 2, _same),
    "uneven, where none do": (lambda x: x + 0.1 * np.cos(np.arange(x.size)).reshape(x.shape), _same),
    "large": (lambda x: 1e3 * x, _same),
    "small": (lambda x: 1e-3 * x, _same),
    "negative": (lambda x: -x, _same),
    "other parameters": (_same, lambda number: 0.9 * number),
}
"""What becomes of the arrays of floats among the arguments, and of the floats: these are parameters with a domain,
often from 0 to 1 or above 0, and stay in it. Whole numbers are sizes and places, and stay what they are."""


@dataclass(frozen=True)
class _Link:
    """Stands in a recorded argument for what an earlier call returned."""

    call: int
    position: int | None


@dataclass(frozen=True)
class _Name:
    """Stands in a recorded argument for a function of the answer."""

    function: str


@dataclass(frozen=True, kw_only=True)
class _Call:
    function: str
    tool: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    kept: tuple[int, ...]
    """Positions of results that no check looks at: caches, which every answer makes its own way."""

    @property
    def stand_ins(self) -> list[_Link | _Name]:
        """What among the arguments is the answer's own."""
        return [leaf for _, leaf in leaves((self.args, self.kwargs), "") if isinstance(leaf, _Link | _Name)]


@dataclass
class Script:
    """The calls that one check made."""

    calls: list[_Call] = field(default_factory=list)
    _links: dict[int, tuple[_Link, Any]] = field(default_factory=dict)

    def add(self, function: PlainFunction, args: tuple[Any, ...], kwargs: dict[str, Any], kept: tuple[int, ...]) -> int:
        """Record a call before it is made; arguments are copied as they are now."""
        given = self._recorded(args), {name: self._recorded(value) for name, value in kwargs.items()}
        self.calls.append(_Call(function=function.name, tool=function.tool, args=given[0], kwargs=given[1], kept=kept))
        return len(self.calls) - 1

    def returned(self, number: int, result: Any, kept: tuple[int, ...]) -> None:
        """Remember what later calls may be given back. It is kept alive, lest its identity be used again."""
        if kept == _WHOLE or _is_object(result):
            self._links[id(result)] = _Link(number, None), result
        elif isinstance(result, tuple | list):
            for position, part in enumerate(result):
                if position in kept or _is_object(part):
                    self._links[id(part)] = _Link(number, position), part

    def made_again(self) -> list[int]:
        """Return the numbers of the calls that are made again, in order, each after those whose results it is given."""
        counts: Counter[str] = Counter()
        chosen: set[int] = set()
        for number, call in enumerate(self.calls):
            counts[call.function] += 1
            if counts[call.function] <= MOST_CALLS:
                chosen.add(number)
        for number in range(len(self.calls) - 1, -1, -1):
            if number in chosen:
                chosen |= {link.call for link in self.calls[number].stand_ins if isinstance(link, _Link)}
        return sorted(chosen)

    def using(self, functions: Collection[str]) -> set[int]:
        """Return the numbers of the calls that use one of some functions, by themselves or through an argument."""
        found: set[int] = set()
        for number, call in enumerate(self.calls):
            names = {call.function, *(one.function for one in call.stand_ins if isinstance(one, _Name))}
            if not names.isdisjoint(functions) or any(
                one.call in found for one in call.stand_ins if isinstance(one, _Link)
            ):
                found.add(number)
        return found

    def _recorded(self, value: Any) -> Any:
        if id(value) in self._links and not isinstance(value, bool | int | float | str | None):
            return self._links[id(value)][0]
        if type(value) in {tuple, list}:
            return type(value)(map(self._recorded, value))
        if type(value) is dict:
            return {key: self._recorded(item) for key, item in value.items()}
        return _Name(value.name) if isinstance(value, PlainFunction) else copied(value)


class Recorder(PlainStudent):
    """An answer that writes down how it is called."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module)
        self.script = Script()

    def __getattr__(self, name: str) -> PlainFunction:
        return _Recording(super().__getattr__(name), self.script)


class _Recording(PlainFunction):
    def __init__(self, plain: PlainFunction, script: Script, kept: tuple[int, ...] = ()) -> None:
        super().__init__(plain.name, plain.function, plain.tool)
        self._script = script
        self._kept = kept

    def keeping(self, *positions: int) -> PlainFunction:
        return _Recording(self, self._script, positions or _WHOLE)

    def through(self, tool: str) -> PlainFunction:
        return _Recording(super().through(tool), self._script, self._kept)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.tool not in _OF_VALUES:
            return super().__call__(*args, **kwargs)
        number = self._script.add(self, args, kwargs, self._kept)
        result = super().__call__(*args, **kwargs)
        self._script.returned(number, result, self._kept)
        return result


def is_equivalent(
    mutant: ModuleType, reference: ModuleType, scripts: Sequence[Script], changed: Collection[str]
) -> bool:
    """Whether a mutant answers the recorded calls, and their variations, as the reference does.

    Parameters
    ----------
    mutant, reference
        The modules.
    scripts
        The recorded calls.
    changed
        The functions that use what the mutant changes. Where none of them gives a number, the answer is no.
    """
    compared = 0
    for script in scripts:
        using = script.using(changed)
        for change in VARIATIONS.values():
            due, came = _played(reference, script, change), _played(mutant, script, change)
            for number, wanted in _numbers_in(due):
                if isinstance(came[number], Exception) or not alike(wanted, [*sightings_of(came[number], "")]):
                    return False
                compared += number in using and any(sighting.values.size for sighting in wanted)
    return compared > 0


def _played(module: ModuleType, script: Script, change: tuple[Change, Change]) -> dict[int, Any]:
    """Make the calls again; of each return what a check would look at, or the exception."""
    results: dict[int, Any] = {}
    answers: dict[int, Any] = {}
    for number in script.made_again():
        call = script.calls[number]
        try:
            args, kwargs = _given(module, (call.args, call.kwargs), results, change)
            with np.errstate(all="ignore"):
                result = tools.through(call.tool, getattr(module, call.function))(*args, **kwargs)
        except TimeoutError:
            raise
        except Exception as error:  # noqa: BLE001 - arguments that a function refuses say nothing about it
            results[number] = answers[number] = error
            continue
        results[number] = looked_at = result
        if call.kept == _WHOLE:
            looked_at = ()
        elif call.kept and isinstance(result, tuple | list):
            looked_at = [part for position, part in enumerate(result) if position not in call.kept]
        answers[number] = mapped(lambda _name, leaf: copied(leaf), looked_at, "")
    return answers


def _given(module: ModuleType, value: Any, results: dict[int, Any], change: tuple[Change, Change]) -> Any:
    if isinstance(value, _Link):
        earlier = results[value.call]
        return earlier[value.position] if value.position is not None else earlier
    if isinstance(value, _Name):
        return getattr(module, value.function)
    if type(value) in {tuple, list}:
        return type(value)(_given(module, item, results, change) for item in value)
    if type(value) is dict:
        return {key: _given(module, item, results, change) for key, item in value.items()}
    return _varied(value, change)


def _varied(leaf: Any, change: tuple[Change, Change]) -> Any:
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
        return change[0](leaf).astype(leaf.dtype)
    return change[1](leaf) if isinstance(leaf, float) else copied(leaf)


def _numbers_in(answers: dict[int, Any]) -> Iterator[tuple[int, list[Sighting]]]:
    """Yield the answers that count: an exception is outside the domain of a function, and so is what is no number."""
    for number, answer in answers.items():
        if not isinstance(answer, Exception):
            sightings = [*sightings_of(answer, "")]
            if all(np.isfinite(sighting.values).all() for sighting in sightings):
                yield number, sightings


def _is_object(value: Any) -> bool:
    """Whether a result is neither data nor a container of it: an object that only its own answer can use."""
    return not (value is None or is_numeric(value) or isinstance(value, str | np.ndarray | list | tuple | dict))
