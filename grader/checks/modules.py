"""Checks of torch modules: to a check, a module is a pure function of its state and its inputs.

A check holds arrays on both sides and never a module or a tensor: the submission's class runs where the
submission is, in one call, and the reference's or torch's own in this process, through the same tool.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks import value
from grader.checks.answers import Problem, cut, few, formed
from grader.checks.calling import Function, name_of
from grader.checks.findings import Finding, failure
from grader.checks.record import sighted
from grader.evidence import CheckFailure, Evidence
from grader.worker import tools

PARTS = ("output", "input_gradients", "gradients", "state")
"""What :func:`run` returns, in the order in which it is compared."""


def run(
    module: Function,
    *inputs: Any,
    build: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    upstream: Any = None,
    train: bool = True,
    dtype: str = "float64",
    method: str = "forward",
    options: Mapping[str, Any] | None = None,
    generators: Mapping[str, int] | None = None,
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """Run a module once, forward and (with an upstream gradient) backward.

    Parameters
    ----------
    module
        A class derived from ``torch.nn.Module``: of the submission, of the reference, or torch's own.
    *inputs
        Arguments of the method. Arrays of floats become tensors of ``dtype``, other arrays tensors of their own.
    build
        Keyword arguments of the class.
    state
        State dict as arrays by name; by default what the constructor made.
    upstream
        Upstream gradient, of the shape of the output; a list when there are several outputs.
    train
        Training mode, else evaluation mode.
    dtype
        ``float64`` or ``float32``: of the state, of the inputs, and the default for tensors that the module makes.
    method
        Name of the method, by default the forward pass.
    options
        Keyword arguments of the method.
    generators
        Keyword arguments that are torch generators, as seeds.
    without
        Names of classes of ``torch.nn`` that are to be written here: neither the module nor a part of it may be one.

    Returns
    -------
    dict
        ``output``: array, or a list or dict of them. ``state``: state dict afterwards, as arrays. With an upstream
        gradient: ``input_gradients``, a list with None for what got none, and ``gradients`` by parameter.

    Raises
    ------
    CheckFailure
        When the class makes no module, is made of what it may not be made of, has another state dict than ``state``,
        or returns what is no tensor.
    """
    how = {
        "train": train,
        "dtype": dtype,
        "method": method,
        "options": dict(options or {}),
        "generators": dict(generators or {}),
        "without": list(without),
    }
    ran = using(module, "modules.run")(list(inputs), upstream, dict(build or {}), state and dict(state), how)
    return told(ran, module, state=state, upstream=upstream)


def random_state(
    module: Function, rng: np.random.Generator, *, build: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Draw a state for a module: parameters from normal laws, buffers of floats positive, integers as they are made.

    Weights of several axes have variance 1/fan-in, so that signals keep their size; vectors have variance 1.
    Buffers are exponentials of normal numbers, since running variances are among them.

    Raises
    ------
    CheckFailure
        When the class makes no module.
    """
    found = told(using(module, "modules.declared")(dict(build or {})), module)
    state: dict[str, Any] = {}
    for name, array in sorted(found["parameters"].items()):
        fan_in = np.prod(np.shape(array)[1:])  # 1 for a vector
        state[name] = rng.normal(size=np.shape(array)) / np.sqrt(max(fan_in, 1))
    for name, array in sorted(found["buffers"].items()):
        floats = np.asarray(array).dtype.kind == "f"
        state[name] = np.exp(rng.normal(size=np.shape(array)) / 2) if floats else array
    return state


def agrees(
    module: Function,
    reference: Function,
    *inputs: Any,
    build: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    upstream: Any = None,
    train: bool = True,
    method: str = "forward",
    options: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
    looks_at: Sequence[str] = PARTS,
) -> None:
    """Check that a module computes what another one computes from the same state and inputs.

    As :func:`grader.checks.value.agrees`, whose tolerances and words it has.

    Parameters
    ----------
    module, reference
        Classes; see :func:`run`, also for the other parameters.
    looks_at
        Which parts of what :func:`run` returns are compared; gradients only where there is an upstream gradient.

    Raises
    ------
    CheckFailure
        Naming every part that is wrong.
    """
    parts = tuple(part for part in looks_at if upstream is not None or "gradients" not in part)
    arguments = (list(inputs), upstream, state, dict(build or {}), dict(options or {}))
    mode: dict[str, Any] = {"train": train, "method": method, "parts": parts}
    right = _Run(module=reference, **mode)
    due = _gradients(value.expected(right, *arguments, returns=parts))
    # what has no influence may as well be left out: torch then gives None in place of zeros
    zeros = {name: np.shape(array) for name, array in due.items() if not np.any(array)}
    value.agrees(
        _Run(
            module=module,
            due=frozenset(due.keys() - zeros.keys()),
            zeros=frozenset(zeros.items()),
            without=tuple(without),
            **mode,
        ),
        right,
        *arguments,
        returns=parts,
        sizes={"N": len(inputs[0])} if inputs and np.ndim(inputs[0]) > 1 else {},
    )


def using(module: Function, tool: str) -> Function:
    """Return a tool that works on a class: where the submission is, or here when the class is trusted."""
    through = getattr(module, "through", None)
    return through(tool) if through else functools.partial(_trusted, tools.through(tool, module))


def _trusted(tool: Function, *args: Any) -> Any:
    """Call a tool on a trusted class: what it draws when it is made is the same every time, and nobody else's."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return tool(*args)


def told(ran: Any, module: Function, *, state: Mapping[str, Any] | None = None, upstream: Any = None) -> dict[str, Any]:
    """Return what a tool returned, unless it is a problem, which is raised in words."""
    if not isinstance(ran, dict) or "problem" not in ran:
        return ran
    name = name_of(module, otherwise="the class")
    answer = formed(ran, Problem, where=name)
    problem, came = answer.problem, cut(answer.came) if isinstance(answer.came, str) else ""
    if problem == "state":
        raise _other_state(name, answer.found, {} if state is None else state)
    if problem == "class":
        message, hint = f"it made an object of type {came}", "Derive the class from torch.nn.Module."
    elif problem == "borrowed":
        message, hint = (
            f"it is made of torch.nn.{came}",
            "Write the module yourself: torch's own is not to be part of it.",
        )
    elif problem == "meta":
        message, hint = "its output is on the device `meta`", "Make tensors on the device of the input."
    elif problem == "nothing":
        message, hint = "it returned None", "Return the output."
    elif problem == "shapes":
        message, hint = _other_shapes([] if isinstance(answer.came, str) else answer.came, upstream)
    else:
        message, hint = f"it returned an object of type {came}", "Return a tensor, as the handout says."
    sighted(f"{problem} {came}", name)
    raise failure([_finding(name, f"{message}. {hint}", hint)], where=name)


def _other_shapes(came: Sequence[Sequence[int]], upstream: Any) -> tuple[str, str]:
    """Say what is wrong with outputs that do not have the shapes of their upstream gradients."""
    due = [np.shape(one) for one in (upstream if isinstance(upstream, list) else [upstream])]
    if len(came) != len(due):
        outputs = "one tensor" if len(due) == 1 else f"{len(due)} tensors"
        return f"it returned {len(came)} tensors where {outputs} is due", f"Return {outputs}."
    shapes = ", ".join(str(tuple(shape)) for shape in came)
    return (
        f"its output has shape {cut(shapes)}; due is {', '.join(map(str, due))}",
        "The output has another shape than is due.",
    )


def _other_state(name: str, found: Mapping[str, Any], due: Mapping[str, Any]) -> CheckFailure:
    """Say which names or shapes of a state dict differ. Hints hold names that are due, and none of the student's."""
    sighted(repr(sorted(found.items())), f"state of {name}")  # small: its form is known
    missing = [key for key in due if key not in found]
    extra = [key for key in found if key not in due]
    misfits = [key for key in due if key in found and list(found[key]) != list(np.shape(due[key]))]
    findings = []
    for key in missing:
        hint = f"The state dict lacks `{key}`: register it as parameter, buffer or submodule under that name."
        findings.append(_finding(key, hint + (f" It has {few(extra)}." if extra else ""), hint))
    for key in misfits:
        hint = f"`{key}` of the state dict has the wrong shape."
        shapes = f"It is {cut(str(tuple(found[key])))}; {tuple(np.shape(due[key]))} is due."
        findings.append(_finding(key, f"{hint} {shapes}", hint))
    if not findings:
        hint = "The state dict holds more than the handout says."
        findings.append(_finding("state dict", f"{hint} Not due: {few(extra)}.", hint))
    return failure(findings, where=name)


def _finding(name: str, message: str, hint: str) -> Finding:
    return Finding(message=message, hint=hint, evidence=Evidence(name=name, cause=hint))


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A module as a function of data alone; equal ones are the same function to the store of expected values."""

    module: Function
    train: bool
    method: str
    parts: tuple[str, ...]
    due: frozenset[str] = frozenset()
    """Names of the gradients that must not be missing."""
    zeros: frozenset[tuple[str, tuple[int, ...]]] = frozenset()
    """Names and shapes of those that may be missing, which is the same as zeros."""
    without: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the class, for messages."""
        return name_of(self.module)

    def __call__(self, inputs: Any, upstream: Any, state: Any, build: Any, options: Any) -> Any:
        """Run the module and return the parts that are compared."""
        ran = self._ran(inputs, upstream, state, build, options)
        given = _gradients(ran)
        cut_off = sorted(self.due - given.keys())
        if cut_off:
            raise self._no_gradient(cut_off)
        for name, shape in self.zeros:
            if name not in given:
                _put_gradient(ran, name, np.zeros(shape))
        parts = tuple(ran[part] for part in self.parts)
        return parts if len(parts) > 1 else parts[0]

    def _ran(self, inputs: Any, upstream: Any, state: Any, build: Any, options: Any) -> dict[str, Any]:
        return run(
            self.module,
            *inputs,
            build=build,
            state=state,
            upstream=upstream,
            train=self.train,
            method=self.method,
            options=options,
            without=self.without,
        )

    def _no_gradient(self, names: Sequence[str]) -> CheckFailure:
        sighted(" ".join(names), "without a gradient")
        findings = []
        for name in names:
            hint = f"No gradient reaches `{name}`: it is not used, or the graph is cut (detach, data, numpy, item)."
            findings.append(_finding(name, hint, hint))
        return failure(findings, where=self.name)


def _gradients(ran: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gradients of the inputs and parameters that got one, by name, among the parts of a run."""
    named = {f"input {number}": array for number, array in enumerate(ran.get("input_gradients", ()), 1)}
    named |= ran.get("gradients", {})
    return {name: array for name, array in named.items() if array is not None}


def _put_gradient(ran: Mapping[str, Any], name: str, gradient: Any) -> None:
    """Put a gradient into a run, by its name as above."""
    if name in ran["gradients"]:
        ran["gradients"][name] = gradient
    else:
        ran["input_gradients"][int(name.removeprefix("input ")) - 1] = gradient
