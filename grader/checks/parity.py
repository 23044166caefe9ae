"""Checks that a module computes the same everywhere: on every device, in every precision, and twice.

The submission is compared with itself, in float64 on the CPU: whether *that* is right is for other checks. What may
differ is rounding, and how much rounding matters is measured: the module is run in float64 with every rounding of
float32 thrown anew (each result of each operation, forward and backward, each weight and each input is multiplied by a
random factor within one unit of float32), five times. The largest change is what roundings of float32 do to this
computation; of another dtype they do as much more as its unit is larger. This is stochastic arithmetic (D. S. Parker,
*Monte Carlo Arithmetic*, 1997), and it knows what a perturbation of the inputs alone does not: terms that cancel
exactly, such as the gradient of a bias before batch norm, owe no digits at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks import modules, placement
from grader.checks.answers import Comparison, Disturbed, Run, alike, cut, formed
from grader.checks.calling import Function, name_of
from grader.checks.findings import Finding, bound, index_text, raise_any
from grader.checks.record import Measurement, measured_as, noted, sighted
from grader.evidence import NOT_ON_A_GPU, Evidence

Array = npt.NDArray[Any]

UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7}
"""Distance from 1 to the next number: the unit of rounding of each dtype."""

ALLOWED_UNITS = 32
"""A right answer is allowed this many times what its roundings are expected to do."""

_TF32 = ("TF32 in cuDNN", "TF32 in cuBLAS")
"""Flags of the tool's answer; the tool turns both off before the module runs."""

_WORDS_SHOWN = 300
"""Characters of an exception that a message shows."""

SMOOTH = 2.0**-8
"""Changes there and back differ by this share at most where a function computes in float64: by the second derivative
times the unit of float32, 1e-7, where it is smooth. On a way over float32 they differ by some 0.1 to 1."""


@dataclass(frozen=True, kw_only=True)
class Error(Measurement):
    """How far a result of one device and dtype lies from float64, for the audit and for ``ci/gpu``."""

    module: str
    part: str
    """``output``, ``gradient of conv.weight``, ..."""
    device: str
    dtype: str

    @property
    def units(self) -> float:
        """The deviation in units of what rounding is expected to do."""
        return ALLOWED_UNITS * self.ratio


def across(
    module: Function,
    *inputs: Any,
    build: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    upstream: Any = None,
    train: bool = True,
    method: str = "forward",
    options: Mapping[str, Any] | None = None,
) -> None:
    """Check that a module gives the same on every device and in every precision, and the same twice.

    It runs with the same weights and inputs on the CPU and, where there is one, on the GPU, in float64, float32 and
    bfloat16, forward and (with an upstream gradient) backward. Gradients are compared only where every ReLU, maximum
    and comparison came out as in float64: elsewhere both are right, and they differ. A dry run (:mod:`placement`) then
    says whether each tensor is made where the inputs are; where it cannot tell, a note says so. Without a GPU the note
    ``not run on a GPU`` goes into the result. Notes cost nothing. Of a module that draws random numbers the values are
    compared between two runs with the same seed alone.

    Parameters
    ----------
    module, *inputs, build, state, upstream, train, method, options
        As of :func:`modules.run`.

    Raises
    ------
    CheckFailure
        When a dtype or a device is fixed, when results differ by more than :data:`ALLOWED_UNITS` roundings, when two
        runs differ, or when a tensor is made elsewhere than the inputs are.
    """
    how = {"train": train, "method": method, "options": dict(options or {})}
    given = (list(inputs), upstream, dict(build or {}), None if state is None else dict(state), how)
    came = modules.told(modules.using(module, "parity.across")(*given), module, state=state, upstream=upstream)
    name = name_of(module, otherwise="the class")
    answer = formed(came, Comparison, where=name)
    first = answer.runs[0]
    if all(run.device == "cpu" for run in answer.runs):
        noted(NOT_ON_A_GPU)
    found = list(placement.findings(answer.placement))
    if not placement.is_left_behind(answer.placement):
        found += [finding for run in answer.runs for finding in _of_one(run)]
    if first.fault is None and not found:
        otherwise = _otherwise_formed(answer)
        found += otherwise or _too_coarse(first, answer.disturbed)
        if not otherwise and not answer.random:
            found += _differences(name, answer)
    for note in _notes(answer):
        noted(f"`{name}` {note}")
    raise_any(_each_once(found), where=name)


def _notes(answer: Comparison) -> Iterator[str]:
    """Say what was left out."""
    if answer.random:
        yield "draws random numbers: precisions and devices were not compared"
    without = sorted(_where(run) for run in answer.runs if run.fault and run.fault.kind == "no kernel")
    if without:
        yield f"uses an operation that torch does not have {', '.join(without)}"
    if not answer.random and answer.disturbed and not any(one.decisions for one in answer.disturbed):
        yield "takes decisions that one rounding turns over: its gradients were not compared"
    if any(answer.flags.get(flag) for flag in _TF32):
        yield "turns TF32 on, which gives products of float32 on a GPU 11 bits instead of 24"
    if answer.placement.get("outcome") == "undecided" and not answer.runs[0].fault:
        yield "has control flow or shapes that depend on data: where its tensors are was not decided"


def _where(run: Run) -> str:
    """Name dtype and device, both out of fixed lists: hints and notes hold them."""
    return f"in {run.dtype} on {_DEVICES[run.device]}"


_DEVICES = {"cpu": "the CPU", "cuda": "the GPU"}

_FAULTS = {
    "absent device": "Do not name a device: use the device of the input, `x.device`.",
    "only float32": "A tensor or a cast has the fixed dtype float32: use the dtype of the input, `x.dtype`.",
    "dtype": "A tensor or a cast has a fixed dtype: use the dtype of the input, `x.dtype`.",
    "empty": "It uses memory that nobody wrote to: `torch.empty` has no values, take `torch.zeros`.",
    "device": "Tensors are on different devices: make them on the device of the input, `x.device`.",
}


def _of_one(run: Run) -> Iterator[Finding]:
    """Find what is wrong with a run by itself."""
    where, fault = _where(run), run.fault
    if fault is not None and fault.kind != "no kernel":
        hint = _FAULTS.get(fault.kind, f"It fails {where}, and works in float64 on the CPU.")
        place = f" ({cut(fault.place)})" if fault.place else ""
        yield _finding(fault.kind, where, f"{where}: {cut(fault.words, _WORDS_SHOWN)}{place}. {hint}", hint)
    elif not run.repeats and not run.free:
        hint = "The same inputs and the same seed give another result the second time: is something kept between calls?"
        yield _finding("repeats", where, f"{where} two runs differ. {hint}", hint)


def _otherwise_formed(answer: Comparison) -> list[Finding]:
    """Find that other roundings give other results in number or shape: those cannot be set beside each other."""
    moved = [values for one in answer.disturbed for values in (one.plus, one.minus) if values is not None]
    if alike(answer.runs[0].values, moved):
        return []
    hint = "It gives another number or shape of results when its inputs change by a rounding."
    return [_finding("form", "in float64", hint, hint)]


def _too_coarse(first: Run, disturbed: list[Disturbed]) -> list[Finding]:
    """Find that float64 results have the digits of float32: what moves there and back does not move alike."""
    both = [(one.plus, one.minus) for one in disturbed if one.minus is not None and one.decisions]
    for part, value in first.values.items():
        shares = [_unlike(plus[part], minus[part], value) for plus, minus in both]
        if shares and min(shares) > SMOOTH:
            hint = "In float64 it has the digits of float32 only: a cast, numpy or a fixed dtype is in the way."
            return [_finding("too coarse", part, f"{cut(part)}: {hint}", hint)]
    return []


def _unlike(plus: Array, minus: Array, value: Array) -> float:
    """By which share the changes there and back differ."""
    with np.errstate(invalid="ignore"):
        change = _largest(plus - value, minus - value)
        return _largest((plus - value) + (minus - value)) / change if change > 0 else 0.0


def _largest(*arrays: Array) -> float:
    return max(float(np.max(np.abs(array[np.isfinite(array)]), initial=0.0)) for array in arrays)


def _differences(name: str, answer: Comparison) -> Iterator[Finding]:
    first, *others = answer.runs
    expected = _Expected(first.values, answer.disturbed)
    sighted({part: value for part, value in first.values.items() if part.startswith("output")}, "result")
    for run in others:
        if run.fault is None:
            yield from (
                found for part, value in first.values.items() if (found := expected.difference(name, part, value, run))
            )


class _Expected:
    """What a computation gives in float64, and how much roundings matter to it."""

    def __init__(self, values: Mapping[str, Array], disturbed: list[Disturbed]) -> None:
        steady = [one for one in disturbed if one.decisions]
        self._gradients_too = bool(steady)
        self._change = {
            part: max((_largest(one.plus[part] - value) for one in _for(part, disturbed, steady)), default=0.0)
            for part, value in values.items()
        }

    def difference(self, name: str, part: str, value: Array, run: Run) -> Finding | None:
        """Compare a part of one run with float64."""
        smooth = not part.startswith("gradient")
        if not smooth and not (self._gradients_too and run.decisions):
            return None
        where, shown = _where(run), cut(part)
        got = run.values.get(part)
        if got is None or got.shape != value.shape:
            hint = f"It gives another number or shape of results {where} than in float64 on the CPU."
            return _finding("form", where, f"{shown}: {hint}", hint)
        unit = UNITS[run.dtype]
        one = unit / UNITS["float32"] * self._change[part] + unit * _largest(value)
        deviation, worst = _deviation(got, value)
        kept = Error(
            name=f"{part} {where}",
            deviation=deviation,
            allowed=ALLOWED_UNITS * one,
            module=name,
            part=part,
            device=run.device,
            dtype=run.dtype,
        )
        measured_as(kept)
        if deviation <= kept.allowed:
            return None
        units = f"{bound(kept.units)} times what roundings of {run.dtype} do (allowed: {ALLOWED_UNITS})"
        hint = f"Its results {where} differ from those in float64 by more than rounding."
        message = f"{shown}{index_text(worst)} is off by {bound(deviation)} {where}: {units}"
        found = _finding("value", where, f"{message}. {hint}", hint)
        evidence = Evidence(
            name=shown,
            got=f"{where}: {float(got[worst])!r}",
            want=f"in float64 on the CPU: {float(value[worst])!r}",
            where=index_text(worst),
            deviation=deviation,
            allowed=kept.allowed,
            cause=hint,
        )
        return Finding(message=found.message, hint=hint, evidence=evidence)


def _for(part: str, disturbed: list[Disturbed], steady: list[Disturbed]) -> list[Disturbed]:
    return steady if part.startswith("gradient") else disturbed


def _deviation(got: Array, want: Array) -> tuple[float, tuple[int, ...]]:
    """Return the largest deviation and where it is; what is not finite must be the same."""
    with np.errstate(invalid="ignore"):
        distance = np.abs(got - want)
    distance = np.where(np.isfinite(got) & np.isfinite(want), distance, np.inf)
    distance = np.where((got == want) | (np.isnan(got) & np.isnan(want)), 0.0, distance)
    if not distance.size:
        return 0.0, ()
    worst = tuple(int(i) for i in np.unravel_index(int(distance.argmax()), distance.shape))
    return float(distance[worst]), worst


def _each_once(found: list[Finding]) -> list[Finding]:
    """Keep the first of the findings that give the same advice: one fixed dtype fails in two precisions."""
    return list({finding.hint: finding for finding in reversed(found)}.values())[::-1]


def _finding(kind: str, where: str, message: str, hint: str) -> Finding:
    sighted(f"{kind} {where}", "parity")
    return Finding(message=message, hint=hint, evidence=Evidence(name=where, cause=hint))
