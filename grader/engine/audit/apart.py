"""Finds out whether a check draws from anything but its ``rng``: it is run apart from the answer, and watched.

Behind the wall, check and answer have global random generators of their own. The answer's are
seeded for it, so it may draw from them; the check's are not, so it may not. A run here notes
everything that a check shows of itself, for comparison with another run of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any

import numpy as np

from grader.checks.structure import content, leaves
from grader.engine import seeds, trials
from grader.engine.checks import Check, CheckSuite
from grader.engine.plain import PlainFunction, PlainStudent
from grader.engine.trials import Trial
from grader.worker import generators

_NEUTRAL = (type, np.ufunc, BuiltinFunctionType, np.ndarray, list, tuple, dict, int, float, str)
"""What is on neither side: dtypes, functions of numpy and torch, and data, also of a class of its own."""


class Traces:
    """What a check showed of itself in one run: what it gave, saw, measured, and drew from the global generators."""

    def __init__(self, suite: CheckSuite, check: Check, answer: PlainStudent, seed: str, *, disorder: int) -> None:
        """Run a check; ``disorder`` seeds its own global generators, which no check may rely on."""
        border = _Border(seeds.globals_of(seed, check.id))
        with generators.seeded(disorder):
            before = _frozen(generators.states())
            self.trial: Trial = trials.run(suite, check, _Apart(answer, border), seed, seeded=False)
            after = _frozen(generators.states())
        self._seen = [(one.name, one.form, one.values.tobytes()) for one in self.trial.view.sightings]
        self._measured = [repr(measurement) for measurement in self.trial.measurements]
        self._given = border.given.digest()
        # one that the check seeded itself is left the same, however it was before; torch's may only now be imported
        self._drawn = [new if old and new != old else b"" for old, new in zip(before, after, strict=True)]

    def agree_with(self, other: Traces) -> bool:
        """Whether the same was given, seen, measured and drawn, to the last bit."""
        return all(getattr(self, name) == getattr(other, name) for name in ("_seen", "_measured", "_given", "_drawn"))


class _Border:
    """What crosses from check to answer and back, each with global generators of its own."""

    def __init__(self, seed: int) -> None:
        self.given = hashlib.blake2b()
        with generators.seeded(seed):
            self._elsewhere = generators.states()

    def call(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a function of the answer for the check."""
        args, kwargs = self._to_answer((args, kwargs))
        return self._to_check(self._crossing(function, args, kwargs))

    def _call_back(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a function of the check for the answer."""
        args, kwargs = self._to_check((args, kwargs))
        return self._to_answer(self._crossing(function, args, kwargs))

    def _crossing(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        self._exchange()
        try:
            return function(*args, **kwargs)
        finally:
            self._exchange()

    def _exchange(self) -> None:
        here = generators.states()
        generators.restore(self._elsewhere)
        self._elsewhere = here

    def _to_answer(self, value: Any) -> Any:
        for name, leaf in leaves(value, ""):
            self.given.update(f"{name}:{type(leaf).__name__}:".encode() + content(leaf))
        return _each(self._arrived, value)

    def _arrived(self, leaf: Any) -> Any:
        if isinstance(leaf, _Function):
            return leaf.plain
        if isinstance(leaf, _Object):
            return leaf._inside  # noqa: SLF001 - its attributes are those of what is inside
        if callable(leaf) and not isinstance(leaf, _NEUTRAL):
            return lambda *args, **kwargs: self._call_back(leaf, args, kwargs)
        return leaf

    def _to_check(self, value: Any) -> Any:
        return _each(self.returned, value)

    def returned(self, leaf: Any) -> Any:
        """Return one leaf as the check gets it: what can still run code of the answer does so on its side."""
        runs = callable(leaf) or type(leaf).__module__ == trials.ANSWER
        return _Object(leaf, self) if runs and not isinstance(leaf, _NEUTRAL) else leaf


class _Apart(PlainStudent):
    """An answer on the other side of a border."""

    def __init__(self, answer: PlainStudent, border: _Border) -> None:
        super().__init__(answer._module)  # noqa: SLF001 - of the same kind
        self._border = border

    def __getattr__(self, name: str) -> PlainFunction:
        return _Function(super().__getattr__(name), self._border)


class _Function(PlainFunction):
    def __init__(self, plain: PlainFunction, border: _Border) -> None:
        super().__init__(plain.name, plain.function, plain.tool)
        self.plain = plain
        self._border = border

    def through(self, tool: str) -> PlainFunction:
        return _Function(self.plain.through(tool), self._border)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._border.call(self.plain, args, kwargs)


class _Object:
    """An object or a method of the answer, with what a handle of it behind the wall can do."""

    def __init__(self, inside: Any, border: _Border) -> None:
        self._inside = inside
        self._border = border

    def __getattr__(self, name: str) -> Any:
        return self._border.returned(getattr(self._inside, name))

    def __getitem__(self, key: Any) -> Any:
        return self._border.call(self._inside.__getitem__, (key,), {})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._border.call(self._inside, args, kwargs)


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """Rebuild containers; one of a class of its own is data of the answer, and handed on as it is."""
    if type(value) in {list, tuple}:
        return type(value)(_each(change, item) for item in value)
    if type(value) is dict:
        return {key: _each(change, item) for key, item in value.items()}
    return change(value)


def _frozen(states: tuple[Any, ...]) -> list[bytes]:
    """Return the states of the global generators in a form that can be compared."""
    python, (kind, key, *rest), torch, gpus = states
    numpy = f"{kind} {rest}".encode() + key.tobytes()
    torchs = [] if torch is None else [torch, *(gpus or ())]
    return [repr(python).encode(), numpy, b"".join(state.numpy().tobytes() for state in torchs)]
