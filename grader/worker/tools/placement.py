"""A dry run of a module on the device `meta`: whether every tensor is where the inputs are, asked without a GPU.

`meta` has shapes and no values, so what a module takes off it is a placeholder, NaN. A tensor of the CPU beside one of
`meta` is what a GPU would refuse; a NaN that comes back is a value of the graph that went over the CPU. What depends on
values cannot be decided here.
"""

from __future__ import annotations

import importlib
import math
import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from .cases import Case, place_now
from .watching import Mode, tensors_in

Data = dict[str, Any]

_COPIES = frozenset({"aten::_to_copy", "aten::copy_", "aten::lift_fresh"})
_BY_INDEX = {"aten::index": 1, "aten::index_put": 1, "aten::index_put_": 1, "aten::_index_put_impl_": 1}
"""Operations that take indices from the CPU too, and at which argument."""
_OUTSIDE = ("outside", "", "")
_LONGEST_WORDS = 300
_DEEPEST = 3
"""Lists in lists in an attribute: layers, their weights, and one more."""

Label = tuple[str, str, str]
"""Where a tensor of the CPU comes from: kind, name, place."""


class Misplaced(Exception):  # noqa: N818 - a verdict, not an error
    """A tensor is not where the inputs are."""

    def __init__(self, kind: str, name: str = "", made: str = "") -> None:
        super().__init__(kind)
        self.data = {"outcome": "misplaced", "kind": kind, "name": name, "made": made, "place": place_now()}


class Undecided(Exception):  # noqa: N818 - a verdict, not an error
    """What comes next depends on values, and there are none."""


def dry_run(case: Case) -> Data:
    """Run a module on `meta`, forward and backward.

    Returns
    -------
    dict
        ``outcome``: ``placed``; ``undecided``, with ``words`` and ``place``; or ``misplaced``, with ``kind``, ``name``
        of the attribute or operation, ``made`` (where the tensor comes from) and ``place`` (where it does harm).
    """
    looking = _Devices()
    try:
        with warnings.catch_warnings(), _compiler_left_out():
            warnings.simplefilter("ignore")
            values = _Values(looking)
            case.run("meta", torch.float32, values, looking, prepare=looking.know, between=looking.look_at)
    except Misplaced as error:
        return error.data
    except Undecided as error:
        return {"outcome": "undecided", "words": str(error), "place": looking.undecided_at}
    except Exception as error:  # noqa: BLE001 - it ran with values: what fails without them says nothing of devices
        words = f"{type(error).__name__}: {error}"[:_LONGEST_WORDS].partition("\n")[0]
        return {"outcome": "undecided", "words": words, "place": ""}
    return {"outcome": "placed"}


@contextmanager
def _compiler_left_out() -> Iterator[None]:
    """Spare torch the import of its compiler (1.6 s), which it asks not to compile some of what `meta` runs.

    Nothing is compiled here; whoever wants more of the compiler than that imports it.
    """
    name = "torch._dynamo"
    if name in sys.modules:
        yield
        return
    stand_in = types.ModuleType(name)

    def imported(attribute: str) -> Any:
        sys.modules.pop(name, None)
        return getattr(importlib.import_module(name), attribute)

    stand_in.__dict__.update(disable=lambda function, *_args, **_options: function, __getattr__=imported)
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]


class _Devices(Mode):
    """Refuses a tensor of the CPU beside one of `meta`, where a GPU would."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._labels: dict[int, tuple[Any, Label]] = {}
        """By storage, which is kept alive, lest another one take its address."""
        self.left: Label | None = None
        """How the last value left the device."""
        self.undecided_at = ""
        self._in_backward = False

    def know(self, module: torch.nn.Module) -> None:
        """Look for tensors and modules that were not registered, and did not move along."""
        for path, part in module.named_modules():
            for name, value in vars(part).items():
                if name not in {"_parameters", "_buffers", "_modules"}:
                    for kind, where, tensor in _unregistered(value, f"{path}.{name}".lstrip("."), _DEEPEST):
                        self._label(tensor, (kind, where, ""))

    def look_at(self, outputs: Mapping[str, torch.Tensor]) -> None:
        """Refuse outputs on the CPU; what comes after them is the backward pass."""
        for name, tensor in outputs.items():
            if tensor.device.type != "meta":
                self.refuse(tensor, otherwise="output", name=name)
        self._in_backward = True

    def undecided(self, words: str) -> NoReturn:
        """Give up, for a reason."""
        self.undecided_at = place_now()
        raise Undecided(words)

    def refuse(self, tensor: torch.Tensor, *, otherwise: str = "", name: str = "") -> NoReturn:
        """Say where a tensor of the CPU comes from."""
        if self.left and _has_nan(tensor):
            raise Misplaced(*self.left)
        known = self._labels.get(tensor.untyped_storage()._cdata)  # noqa: SLF001 - identity of a storage
        label = known[1] if known else _OUTSIDE
        if otherwise and label is _OUTSIDE:
            label = (otherwise, name, "")
        raise Misplaced(*label)

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name  # noqa: SLF001 - it has no public one
        given = [tensor for tensor in tensors_in([*args, *kwargs.values()]) if tensor is not None]
        on_meta = [tensor for tensor in given if tensor.device.type == "meta"]
        if on_meta and name == "aten::_to_copy" and kwargs.get("device", on_meta[0].device).type == "cpu":
            return self._moved(on_meta[0], kwargs.get("dtype"))
        if on_meta and name == "aten::copy_" and args[0].device.type == "cpu":
            return self._filled(args[0])
        arriving = name == "aten::_to_copy" and str(kwargs.get("device", "")) == "meta"
        if on_meta or arriving:
            self._meets(name, args, kwargs, given)
        if on_meta and _depends_on_values(func, name, args):
            self.undecided("what comes next depends on values")
        result = func(*args, **kwargs)
        for tensor in tensors_in(result):
            if tensor.device.type == "cpu":
                self._trace(name, given, tensor)
        return result

    def _meets(self, name: str, args: Any, kwargs: Any, given: list[torch.Tensor]) -> None:
        """Refuse what may not stand beside a tensor of `meta`."""
        allowed = list(tensors_in(args[_BY_INDEX[name]])) if name in _BY_INDEX else []
        for tensor in given:
            if tensor.device.type == "cpu" and not any(tensor is one for one in allowed):
                came_back = self.left is not None and _has_nan(tensor)
                if came_back or (tensor.ndim and name not in _COPIES):
                    self.refuse(tensor)
        if self.left and any(map(_is_nan, _numbers([*args, *kwargs.values()]))):
            raise Misplaced(*self.left)

    def _moved(self, tensor: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
        """Give the CPU a placeholder of a value that it asked for."""
        if not tensor.is_floating_point():
            self.undecided("integers or booleans are moved to the CPU")
        self.left = ("moved", "", place_now())
        shape = tensor.shape
        return torch.full(shape, math.nan if not dtype or dtype.is_floating_point else 0, dtype=dtype or tensor.dtype)

    def _filled(self, target: torch.Tensor) -> torch.Tensor:
        known = self._labels.get(target.untyped_storage()._cdata)  # noqa: SLF001 - identity of a storage
        self.left = ("copied", known[1][1] if known else "", known[1][2] if known else "")
        return target.fill_(math.nan) if target.is_floating_point() else target

    def _trace(self, name: str, given: list[torch.Tensor], tensor: torch.Tensor) -> None:
        """Remember where a tensor of the CPU comes from."""
        storage = tensor.untyped_storage()._cdata  # noqa: SLF001 - identity of a storage
        if storage in self._labels:
            return
        if not given or name == "aten::lift_fresh":
            kind = "made backward" if self._in_backward else "made"
            self._label(tensor, (kind, name.removeprefix("aten::"), place_now()))
            return
        known = [self._labels.get(one.untyped_storage()._cdata) for one in given if one.device.type == "cpu"]  # noqa: SLF001
        label = next((found[1] for found in known if found), _OUTSIDE)
        if label is not _OUTSIDE:
            self._label(tensor, label)

    def _label(self, tensor: torch.Tensor, label: Label) -> None:
        storage = tensor.untyped_storage()
        self._labels[storage._cdata] = (storage, label)  # noqa: SLF001 - identity of a storage


class _Values(TorchFunctionMode):
    """Gives placeholders for values that leave as numbers or numpy arrays."""

    def __init__(self, devices: _Devices) -> None:
        super().__init__()
        self._devices = devices

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in {"item", "__float__", "numpy", "__array__"} and isinstance(args[0], torch.Tensor):
            tensor = args[0]
            on_meta = tensor.device.type == "meta"
            if on_meta and name in {"numpy", "__array__"}:
                raise Misplaced("numpy")  # a GPU refuses that too
            if on_meta:
                if not tensor.requires_grad or tensor.numel() != 1:
                    self._devices.undecided("a number is read from a tensor")
                self._devices.left = ("item", name, place_now())
                return _Placeholder("nan")
            if self._devices.left and tensor.is_floating_point() and _has_nan(tensor.detach()):
                self._devices.left = ("item" if name in {"item", "__float__"} else "numpy", name, place_now())
        elif self._devices.left and any(map(_is_nan, _numbers([*args, *(kwargs or {}).values()]))):
            raise Misplaced(*self._devices.left)
        return func(*args, **(kwargs or {}))


class _Placeholder(float):
    """A number that is not known: who asks how large it is asks for control flow that depends on data."""

    __slots__ = ()

    def _unknown(self, *_: Any) -> NoReturn:
        raise Undecided("control flow depends on values")

    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __int__ = _unknown


def _depends_on_values(func: Any, name: str, args: Any) -> bool:
    """Whether an operation needs values for its result or for its shape; an index of integers does not."""
    if name == "aten::index":
        return any(tensor.dtype in {torch.bool, torch.uint8} for tensor in tensors_in(args[1]))
    return bool({torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape} & set(func.tags))


def _unregistered(value: Any, name: str, depth: int) -> Iterator[tuple[str, str, torch.Tensor]]:
    if isinstance(value, torch.nn.Module):
        for tensor in (*value.parameters(), *value.buffers()):
            yield "module attribute", name, tensor
    elif isinstance(value, torch.Tensor):
        yield ("parameter attribute" if value.requires_grad else "attribute"), name, value
    elif isinstance(value, list | tuple | dict) and depth:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _unregistered(item, f"{name}[{key!r}]", depth - 1)


def _has_nan(tensor: torch.Tensor) -> bool:
    if tensor.device.type != "cpu" or not tensor.is_floating_point():
        return False
    return bool(torch.isnan(tensor).any())


def _is_nan(value: Any) -> bool:
    """Whether a number or an array of numpy holds a placeholder."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f" and bool(np.isnan(value).any())
    return isinstance(value, float) and math.isnan(value)


def _numbers(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _numbers(value)
        else:
            yield value
