"""Python values to wire values and back, the same on both sides of the wall.

What is data crosses by value; how everything else crosses (as a handle, as a callback) is
the caller's decision, given as a function.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import wire

_SIXTY_FOUR_BITS = range(-(2**63), 2**64)
_TORCH_STORAGE = {"bfloat16": np.int16}
"""dtypes that numpy lacks, and the integers whose bits carry them."""
_TORCH_DTYPES = frozenset(
    {"float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"}
)


def encode(value: Any, opaque: Callable[[Any], wire.Value], depth: int = 0) -> wire.Value:
    """Return the wire value of ``value``; what is no data goes through ``opaque``.

    Parameters
    ----------
    value
        Anything. Exact types only: a subclass may lie about itself, so it is no data.
    opaque
        Makes the wire value of what cannot cross.
    depth
        Nesting so far; too deep a structure (or one that holds itself) is opaque.
    """
    kind = type(value)
    if kind is np.ndarray:
        return _encode_array(value, opaque)
    if value is None or kind is bool or kind is float or kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if value in _SIXTY_FOUR_BITS else wire.BigInt(hex(value))
    if depth >= wire.MAX_DEPTH:
        return opaque(value)
    if kind is tuple or kind is list:
        items = [encode(item, opaque, depth + 1) for item in value]
        return wire.Tuple(items) if kind is tuple else wire.List(items)
    if kind is dict:
        return wire.Dict(
            [encode(key, opaque, depth + 1) for key in value],
            [encode(item, opaque, depth + 1) for item in value.values()],
        )
    if kind is bytes:
        return wire.Bytes(value)
    if kind is complex:
        return wire.Complex(value.real, value.imag)
    if issubclass(kind, np.generic):
        return _encode_array(np.asarray(value), opaque, scalar=value)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return wire.Tuple([encode(item, opaque, depth + 1) for item in tuple.__iter__(value)])
    torch = sys.modules.get("torch")
    if torch is not None and (kind is torch.Tensor or kind is torch.nn.Parameter):
        return _encode_tensor(value, opaque, torch)
    return opaque(value)


def decode(value: wire.Value, special: Callable[[Any], Any], arrays: list[Any] | None = None) -> Any:
    """Return the Python value of a wire value; handles and callbacks go through ``special``.

    Parameters
    ----------
    value
        A wire value.
    special
        Makes the Python value of a :class:`wire.Handle` or :class:`wire.Callback`.
    arrays
        When given, every array that was made is appended, with the bytes that it was made of.

    Raises
    ------
    wire.WireError
        When an array's dtype, shape and length do not agree.
    """
    kind = type(value)
    if kind is wire.Array:
        array = _decode_array(value)  # type: ignore[arg-type]
        if arrays is not None:
            arrays.append((array, value.data))  # type: ignore[union-attr]
        return array if array.ndim else array[()]
    if kind is wire.Tuple:
        return tuple([decode(item, special, arrays) for item in value.items])  # type: ignore[union-attr]
    if kind is wire.List:
        return [decode(item, special, arrays) for item in value.items]  # type: ignore[union-attr]
    if kind is wire.Dict:
        return _decode_dict(value, special, arrays)  # type: ignore[arg-type]
    if kind is wire.BigInt:
        return int(value.text, 16)  # type: ignore[union-attr]
    if kind is wire.Bytes:
        return value.data  # type: ignore[union-attr]
    if kind is wire.Complex:
        return complex(value.real, value.imag)  # type: ignore[union-attr]
    if kind is wire.Tensor:
        return _decode_tensor(value)  # type: ignore[arg-type]
    if kind is wire.Handle or kind is wire.Callback:
        return special(value)
    return value


def _encode_array(array: Any, opaque: Callable[[Any], wire.Value], scalar: Any = None) -> wire.Value:
    dtype = array.dtype
    if dtype.char not in wire.DTYPES or array.ndim > wire.MAX_DIMENSIONS:
        return opaque(array if scalar is None else scalar)
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    return wire.Array(dtype.char, array.shape, memoryview(array.tobytes()))


def _decode_array(value: wire.Array) -> Any:
    if value.dtype not in wire.DTYPES or len(value.shape) > wire.MAX_DIMENSIONS:
        raise wire.WireError(f"an array of dtype {value.dtype!r} with {len(value.shape)} axes cannot cross")
    dtype = np.dtype(value.dtype)
    _agree(value.shape, dtype.itemsize, len(value.data))
    return np.frombuffer(value.data, dtype).reshape(value.shape).copy()


def _agree(shape: tuple[int, ...], itemsize: int, length: int) -> None:
    """Refuse a payload that does not fill its shape exactly, before anything of that shape is made."""
    size = itemsize
    for n in shape:
        if n < 0:
            raise wire.WireError("an array has a negative size")
        size *= n
    if size != length or (size == 0 and max(shape) > wire.MAX_FRAME):
        raise wire.WireError(f"an array of shape {shape} came with {length} bytes")


def _decode_dict(value: wire.Dict, special: Callable[[Any], Any], arrays: list[Any] | None) -> dict[Any, Any]:
    if len(value.keys) != len(value.values):
        raise wire.WireError("a dict came with unequal numbers of keys and values")
    keys = [decode(key, special, arrays) for key in value.keys]
    try:
        return dict(zip(keys, [decode(item, special, arrays) for item in value.values], strict=True))
    except TypeError:
        raise wire.WireError("a dict came with a key that cannot be one") from None


def _encode_tensor(tensor: Any, opaque: Callable[[Any], wire.Value], torch: Any) -> wire.Value:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in _TORCH_DTYPES or tensor.layout is not torch.strided or tensor.device.type == "meta":
        return opaque(tensor)
    flat = tensor.detach().cpu().contiguous()
    if dtype in _TORCH_STORAGE:
        flat = flat.view(torch.int16)
    shape = tuple(tensor.shape)
    return wire.Tensor(dtype, shape, memoryview(flat.numpy().tobytes()), str(tensor.device), tensor.requires_grad)


def _decode_tensor(value: wire.Tensor) -> Any:
    if value.dtype not in _TORCH_DTYPES:
        raise wire.WireError(f"a tensor of dtype {value.dtype!r} cannot cross")
    import torch

    storage = np.dtype(_TORCH_STORAGE.get(value.dtype, value.dtype))
    _agree(value.shape, storage.itemsize, len(value.data))
    array = np.frombuffer(value.data, storage).reshape(value.shape).copy()
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if value.dtype == "bfloat16" else tensor
