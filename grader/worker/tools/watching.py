"""Looks on while a module computes: which decisions it takes, where its dtype changes, and what roundings do to it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .cases import place_now

_SIGNS = frozenset({"relu", "leaky_relu", "prelu", "elu", "abs", "sign", "threshold", "rrelu_with_noise"})
"""Functions with one kink, at 0 as they are used."""
_CLIPS = frozenset({"clamp", "clamp_min", "clamp_max", "hardtanh", "relu6"})
_EXTREMES = frozenset({"max", "min", "amax", "amin"})
_PAIRS = frozenset({"maximum", "minimum", "fmax", "fmin"})
_STEPS = frozenset({"round", "floor", "ceil", "trunc", "floor_divide", "remainder", "fmod", "frac"})
_OTHER_KINKS = frozenset({"hardsigmoid", "hardswish", "hardshrink", "softshrink"})
"""Their kinks lie elsewhere: nothing is known of the side, and no two runs are taken for the same."""
_DRAWS = frozenset(
    {"rand", "randn", "rand_like", "randn_like", "normal", "uniform", "bernoulli", "randint", "randperm"}
)
"""Random numbers that can be drawn in float64 on the CPU, and then be the same in every dtype and on every device."""
_NO_DECISION = ("attention", "dropout", "rnn", "norm", "cudnn", "embedding")
"""Kernels that return states of generators and workspaces as integers."""


class Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A dispatch mode that torch does not hide from its compiler: nothing is compiled, and hiding imports it, 1.3 s."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class Watch(Mode):
    """Keeps the decisions of a computation, in order: sides of kinks, comparisons, places of extremes, roundings.

    Parameters
    ----------
    dtype
        The dtype in which the module should compute.
    disturb
        Changes a new floating result in place, as another rounding would.
    """

    def __init__(self, dtype: torch.dtype, disturb: Callable[[torch.Tensor], None] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._dtype = dtype
        self._disturb = disturb
        self.decisions: list[bytes] = []
        self.other_draws = False
        """Whether random numbers were drawn that depend on dtype or device."""
        self.other_dtype = ""
        """The first place where a floating tensor of another dtype was made, with that dtype."""

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.removeprefix("aten::").removesuffix("_")  # noqa: SLF001 - the schema has no public name
        before = [tensor.clone() if name in _CLIPS else tensor for tensor in tensors_in(args)]
        self._sides(name, before)
        if torch.Tag.nondeterministic_seeded in func.tags:
            result = self._draw(func, name, args, kwargs or {})
        else:
            result = func(*args, **(kwargs or {}))
        found = list(tensors_in(result))
        self._choices(name, args, before, found)
        for tensor in found:
            if tensor.is_floating_point() and tensor.dtype is not self._dtype and tensor.ndim and not self.other_dtype:
                self.other_dtype = f"{str(tensor.dtype).removeprefix('torch.')} in {place_now() or 'the backward pass'}"
        if self._disturb is not None:
            # a view shows what was disturbed when it was made; what an operation in place leaves is new
            old = set() if func._schema.is_mutable else {tensor.untyped_storage()._cdata for tensor in before}  # noqa: SLF001
            for tensor in found:
                # what is of another dtype has roundings of its own, and is looked for by them
                if tensor.dtype is self._dtype and tensor.untyped_storage()._cdata not in old:  # noqa: SLF001
                    self._disturb(tensor)
        return result

    def _draw(self, func: Any, name: str, args: Any, options: dict[str, Any]) -> Any:
        """Draw random numbers in float64 on the CPU, whatever was asked for, where that is the same law."""
        if name == "native_dropout" and args[1] > 0:
            kept = torch.rand(args[0].shape, dtype=torch.float64).to(args[0].device) >= args[1]
            return args[0] * kept / (1 - args[1]), kept
        if name not in _DRAWS or options.get("generator") is not None:
            self.other_draws = True
            return func(*args, **options)
        changed = func._schema.is_mutable  # noqa: SLF001 - it has no public one
        if not args or not isinstance(args[0], torch.Tensor):
            dtype = options.get("dtype") or (torch.get_default_dtype() if name in {"rand", "randn"} else torch.int64)
            here = {"device": torch.device("cpu"), "dtype": torch.float64 if dtype.is_floating_point else dtype}
            return func(*args, **options | here).to(options.get("device") or "cpu", dtype)
        target = args[0]
        here = {key: value for key, value in (("device", "cpu"), ("dtype", torch.float64)) if key in options}
        drawn = func(target.cpu().double(), *args[1:], **options | here)
        kind = options.get("dtype") or target.dtype
        return target.copy_(drawn) if changed else drawn.to(options.get("device") or target.device, kind)

    def _sides(self, name: str, given: list[torch.Tensor]) -> None:
        """Keep on which side of a kink each entry lies; before the operation, which may work in place."""
        if name in _SIGNS and given:
            self._keep(given[0] > 0)
        elif name in _PAIRS and len(given) == 2:
            self._keep(given[0] > given[1])

    def _choices(self, name: str, args: Any, given: list[torch.Tensor], found: list[torch.Tensor]) -> None:
        """Keep what a result tells: which entries were clipped, which was the largest, what a comparison said."""
        if not any(tensor.is_floating_point() for tensor in given) or any(word in name for word in _NO_DECISION):
            return
        if name in _CLIPS:
            self._keep((found[0] > given[0]).to(torch.int8) - (found[0] < given[0]).to(torch.int8))
        elif name in _STEPS:
            self._keep(found[0].double())
        elif name in _EXTREMES and len(found) == 1:
            axes = args[1] if len(args) > 1 else []
            largest = torch.amax if "max" in name else torch.amin
            self._keep(given[0] == largest(given[0], dim=axes, keepdim=True))
        elif name in _OTHER_KINKS:
            self.decisions.append(next(_unlike))
        else:
            for tensor in found:
                if not tensor.is_floating_point() and not tensor.is_complex():
                    self._keep(tensor)

    def _keep(self, tensor: torch.Tensor) -> None:
        if tensor.device.type != "meta":
            content = tensor.cpu().contiguous().numpy().tobytes()
            self.decisions.append(hashlib.blake2b(content, digest_size=16).digest())


_unlike = (number.to_bytes(8, "big") for number in itertools.count())
"""Never the same twice, and shorter than any other decision."""


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors among the arguments or the results of an operation."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)


def disturbance(size: float, seed: int) -> Callable[[torch.Tensor], None]:
    """Return a function that multiplies the entries of a tensor by factors from 1 - ``|size|`` to 1 + ``|size|``.

    The factors follow from ``seed`` and the order of the calls; the opposite ``size`` gives the opposite changes.
    """
    generator = torch.Generator().manual_seed(seed)

    def disturb(tensor: torch.Tensor) -> None:
        factors = torch.rand(tensor.shape, generator=generator, dtype=torch.float64)
        tensor.mul_(factors.mul_(2 * size).add_(1 - size).to(tensor.dtype))

    return disturb
