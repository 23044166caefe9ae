"""A torch module as a function of its state and its inputs, with numpy arrays on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

Data = dict[str, Any]

torch.set_num_threads(1)  # as in a worker: results then depend neither on the machine's cores nor on what else it does


def run(
    make: Callable[..., Any],
    inputs: Sequence[Any],
    upstream: Any,
    build: Mapping[str, Any],
    state: Mapping[str, Any] | None,
    how: Mapping[str, Any],
) -> Data:
    """Make a module, give it a state, and run it once, forward and backward.

    Parameters
    ----------
    make
        The class.
    inputs
        Arguments of the method: arrays of floats become tensors of the dtype, which ask for gradients where there is an
        upstream gradient; other arrays become tensors as they are; anything else stays what it is.
    upstream
        Upstream gradient: an array, a list with one for each result, or None for no backward.
    build
        Keyword arguments of the class.
    state
        State dict, as arrays; None leaves what the constructor made.
    how
        ``train``, ``dtype``, ``method``, ``options`` (keyword arguments of the method), ``generators`` (seeds of
        torch generators, by keyword) and ``without`` (names of classes in ``torch.nn`` that it must not be made of).

    Returns
    -------
    dict
        ``output``, ``state`` and, with an upstream gradient, ``input_gradients`` and ``gradients``; or ``problem``,
        with what is needed to say it in words.
    """
    dtype = getattr(torch, how["dtype"])
    with _default_dtype(dtype):
        module = make(**build)
        problem = _not_a_module(module) or _borrowed(module, how.get("without", ())) or _other_state(module, state)
        if problem:
            return problem
        module = module.to(dtype)
        give_state(module, state)
        module.train(how["train"])
        given = [tensor_of(value, dtype, wants_gradient=upstream is not None) for value in inputs]
        options = {name: tensor_of(value, dtype) for name, value in how["options"].items()}
        options |= {name: torch.Generator().manual_seed(seed) for name, seed in how["generators"].items()}
        method = module if how["method"] == "forward" else getattr(module, how["method"])
        result = method(*given, **options)
        problem = _not_a_result(result)
        if problem:
            return problem
        answer: Data = {"output": arrays_of(result)}
        if upstream is not None:
            problem = _backward(result, upstream, dtype)
            if problem:
                return problem
            answer["input_gradients"] = [_gradient(value) for value in given]
            answer["gradients"] = {name: _gradient(parameter) for name, parameter in module.named_parameters()}
    return answer | {"state": arrays_of(dict(module.state_dict()))}


def declared(make: Callable[..., Any], build: Mapping[str, Any]) -> Data:
    """Return the parameters and the buffers that a module has when it is made, as arrays by their names."""
    with _default_dtype(torch.float64):
        module = make(**build)
        problem = _not_a_module(module)
        if problem:
            return problem
        module = module.to(torch.float64)
        state = arrays_of(dict(module.state_dict()))
        parameters = {name for name, _ in module.named_parameters()}
    return {
        "parameters": {name: array for name, array in state.items() if name in parameters},
        "buffers": {name: array for name, array in state.items() if name not in parameters},
    }


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Make tensors of this dtype where student code names none: whether it follows its inputs is for parity to say."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _not_a_module(module: Any) -> Data | None:
    return None if isinstance(module, torch.nn.Module) else {"problem": "class", "came": type(module).__name__}


def _borrowed(module: torch.nn.Module, names: Sequence[str]) -> Data | None:
    """Find a class that the module, or a part of it, is one of. Who hides it better is not seen."""
    for name in names:
        if any(isinstance(part, getattr(torch.nn, name)) for part in module.modules()):
            return {"problem": "borrowed", "came": name}
    return None


def _other_state(module: torch.nn.Module, state: Mapping[str, Any] | None) -> Data | None:
    found = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    if state is None or found == {name: list(np.shape(array)) for name, array in state.items()}:
        return None
    return {"problem": "state", "found": found}


def _not_a_result(result: Any) -> Data | None:
    if result is None:
        return {"problem": "nothing"}
    for leaf in _leaves(result):
        if isinstance(leaf, torch.Tensor) and leaf.device.type == "meta":
            return {"problem": "meta"}
        if not isinstance(leaf, torch.Tensor | int | float | bool | None):
            return {"problem": "output", "came": type(leaf).__name__}
    return None


def _leaves(result: Any) -> Iterator[Any]:
    if isinstance(result, list | tuple):
        for item in result:
            yield from _leaves(item)
    elif isinstance(result, Mapping):
        for item in result.values():
            yield from _leaves(item)
    else:
        yield result


def give_state(module: torch.nn.Module, state: Mapping[str, Any] | None) -> None:
    """Load a state dict of arrays; None leaves what the constructor made."""
    if state is not None:
        module.load_state_dict({name: torch.as_tensor(np.array(array)) for name, array in state.items()})


def tensor_of(value: Any, dtype: torch.dtype, *, wants_gradient: bool = False) -> Any:
    """Return a tensor with the values of an array, on the CPU; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    tensor = torch.as_tensor(value.copy())
    if not tensor.is_floating_point():
        return tensor
    return tensor.to(dtype).requires_grad_(wants_gradient)


def arrays_of(value: Any) -> Any:
    """Return the tensors of a structure as arrays: lists for tuples, dicts for mappings, bfloat16 as float32."""
    if isinstance(value, torch.Tensor):
        tensor = value.detach().cpu()
        return (tensor.float() if tensor.dtype in {torch.bfloat16, torch.float16} else tensor).numpy().copy()
    if isinstance(value, list | tuple):
        return [arrays_of(item) for item in value]
    if isinstance(value, Mapping):
        return {name: arrays_of(item) for name, item in value.items()}
    return value


def _backward(result: Any, upstream: Any, dtype: torch.dtype) -> Data | None:
    outputs = [leaf for leaf in _leaves(result) if isinstance(leaf, torch.Tensor)]
    gradients = [tensor_of(one, dtype) for one in upstream_of(upstream)]
    shapes = [list(tensor.shape) for tensor in outputs]
    if shapes != [list(one.shape) for one in gradients]:
        return {"problem": "shapes", "came": shapes}
    backward(outputs, gradients)
    return None


def upstream_of(upstream: Any) -> list[Any]:
    """Return upstream gradients as arrays, one for each output."""
    return [np.asarray(one) for one in (upstream if isinstance(upstream, list) else [upstream])]


def backward(outputs: Sequence[torch.Tensor], upstream: Sequence[torch.Tensor]) -> None:
    """Run backward from those outputs that ask for a gradient: that none does is for the caller to see."""
    pairs = [(output, one) for output, one in zip(outputs, upstream, strict=True) if output.requires_grad]
    if pairs:
        torch.autograd.backward([_Loss.apply(output, one) for output, one in pairs])  # type: ignore[no-untyped-call]


class _Loss(torch.autograd.Function):
    """A number whose gradient with respect to an output is the upstream gradient, to the last bit.

    Given to torch.autograd.backward itself, upstream gradients make it import sympy: half a second in every process.
    """

    @staticmethod
    def forward(ctx: Any, output: torch.Tensor, upstream: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(upstream)
        return torch.zeros((), device=output.device)

    @staticmethod
    def backward(ctx: Any, *_: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.saved_tensors[0], None


def _gradient(tensor: Any) -> Any:
    found = tensor.grad if isinstance(tensor, torch.Tensor) else None
    return None if found is None else arrays_of(found)
