"""One computation of a module, that can be made again on another device, in another dtype, with other roundings."""

from __future__ import annotations

import sys
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .. import generators
from .modules import backward, give_state, tensor_of, upstream_of

SEED = 20
"""Any fixed number: what a module draws by itself is the same in every run."""

_HERE = str(Path(__file__).parent)
_LIBRARIES = (_HERE, str(Path(torch.__file__).parent), sysconfig.get_paths()["stdlib"], "<frozen")
"""Files that no student wrote. Installed packages lie below the standard library, as a rule."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A class, and what it is made and called with. All but the class are arrays, numbers and texts."""

    make: Callable[..., Any]
    inputs: Sequence[Any]
    upstream: Any
    build: Mapping[str, Any]
    state: Mapping[str, Any] | None
    train: bool
    method: str
    options: Mapping[str, Any]

    def module(self, device: str, dtype: torch.dtype) -> torch.nn.Module:
        """Make the module as it is made in courses: on the CPU in torch's default dtype, then moved as a whole."""
        module = self.make(**self.build).to(dtype)
        give_state(module, self.state)
        return module.to(device).train(self.train)  # type: ignore[no-any-return]

    def run(
        self,
        device: str,
        dtype: torch.dtype,
        *modes: Any,
        change: Callable[[torch.Tensor], None] = lambda _tensor: None,
        prepare: Callable[[torch.nn.Module], None] = lambda _module: None,
        between: Callable[[Mapping[str, torch.Tensor]], None] = lambda _outputs: None,
        seed: int = SEED,
    ) -> dict[str, torch.Tensor]:
        """Run forward and, with an upstream gradient, backward.

        Parameters
        ----------
        device, dtype
            Of the state, of floating inputs and of the upstream gradient.
        *modes
            Contexts in which both passes run, outermost first.
        change
            Changes a weight, a floating input or an upstream gradient in place.
        prepare
            Gets the module before it runs.
        between
            Gets the outputs, by name, before the backward pass.
        seed
            Of the global generators, set before the module is made.

        Returns
        -------
        dict
            Tensors by name: ``output`` (``output[1]`` of several), ``gradient of input 1``, ``gradient of NAME``, and
            ``NAME afterwards`` for floating buffers.
        """
        generators.seed(seed)
        module = self.module(device, dtype)
        given = [_placed(value, device, dtype, change) for value in self.inputs]
        options = {name: _placed(value, device, dtype, change) for name, value in self.options.items()}
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.is_floating_point():
                change(tensor.detach())
        prepare(module)
        for tensor in given:
            if isinstance(tensor, torch.Tensor) and tensor.is_floating_point() and self.upstream is not None:
                tensor.requires_grad_()
        with ExitStack() as stack:
            for mode in modes:
                stack.enter_context(mode)
            called = module if self.method == "forward" else getattr(module, self.method)
            found = dict(_named(called(*given, **options), "output"))
            between(found)
            if self.upstream is not None:
                self._backward(list(found.values()), device, dtype, change)
        found |= {f"{name} afterwards": tensor for name, tensor in module.named_buffers() if tensor.is_floating_point()}
        if self.upstream is not None:
            named = [*((f"input {number}", value) for number, value in enumerate(given, 1)), *module.named_parameters()]
            found |= {
                f"gradient of {name}": tensor.grad
                for name, tensor in named
                if isinstance(tensor, torch.Tensor) and tensor.grad is not None
            }
        return found

    def _backward(self, outputs: list[torch.Tensor], device: str, dtype: torch.dtype, change: Any) -> None:
        placed = [_placed(one, device, dtype, change) for one in upstream_of(self.upstream)]
        backward(outputs, [one.to(output.device, output.dtype) for one, output in zip(placed, outputs, strict=True)])


def _named(result: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of a result by name, in the order in which upstream gradients are given."""
    if isinstance(result, torch.Tensor):
        yield name, result
    elif isinstance(result, list | tuple):
        for number, item in enumerate(result):
            yield from _named(item, f"{name}[{number}]")
    elif isinstance(result, Mapping):
        for key, item in result.items():
            yield from _named(item, f"{name}[{key!r}]")


def _placed(value: Any, device: str, dtype: torch.dtype, change: Callable[[torch.Tensor], None]) -> Any:
    """Return an array as a tensor there; anything else as it is."""
    tensor = tensor_of(value, dtype)
    if not isinstance(tensor, torch.Tensor):
        return value
    if tensor.is_floating_point():
        change(tensor)
    return tensor.to(device)


def place_now() -> str:
    """Return the innermost line of the running code that is no library's, in words; empty where there is none."""
    frame: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way to one's caller
    while frame is not None and frame.f_code is not Case.run.__code__:
        if not frame.f_code.co_filename.startswith(_LIBRARIES):
            return _line(frame, frame.f_lineno)
        frame = frame.f_back
    return ""


def place_of(error: BaseException) -> str:
    """Return the innermost line of a traceback that is no library's, in words; empty where there is none."""
    found, trace = "", error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_LIBRARIES):
            found = _line(trace.tb_frame, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _line(frame: types.FrameType, line: int) -> str:
    return f"line {line} of {Path(frame.f_code.co_filename).name}"
