"""Arrays and tensors to their wire forms and back: dtype, shape and length are compared before anything is made."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import forms, wire

_STORAGE = {"bfloat16": np.int16}
"""dtypes that numpy lacks, and the integers whose bits carry them."""
_DTYPES = frozenset({"float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"})
_LONG = {"g": np.float64, "G": np.complex128}
"""Extended precision has another number of bits on every machine, so it crosses as double."""

Watch = list[tuple[Any, Any]]
"""Arrays, lists and dicts with what they held when they were made; see :func:`.values.is_changed`."""


def encode(array: Any) -> forms.Array | None:
    """Return the form of an array or a numpy scalar; None for a dtype that does not cross.

    Raises
    ------
    ValueError
        When it has more entries than :data:`forms.MAX_ENTRIES`.
    """
    if array.dtype.char in _LONG:
        with np.errstate(all="ignore"):
            array = array.astype(_LONG[array.dtype.char])
    dtype = array.dtype
    if dtype.char not in forms.DTYPES or array.ndim > forms.MAX_DIMENSIONS:
        return None
    _refuse_too_large(array.size)
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    return forms.Array(dtype.char, array.shape, memoryview(array.tobytes()))


def encode_tensor(tensor: Any, torch: Any) -> forms.Tensor | None:
    """Return the form of a tensor with its values, wherever they are; otherwise as :func:`encode`."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in _DTYPES or tensor.layout is not torch.strided or tensor.device.type == "meta":
        return None
    _refuse_too_large(tensor.numel())
    flat = tensor.detach().cpu().contiguous()
    if dtype in _STORAGE:
        flat = flat.view(torch.int16)
    data = memoryview(flat.numpy().tobytes())
    return forms.Tensor(dtype, tuple(tensor.shape), data, str(tensor.device), tensor.requires_grad)


def decode(value: Any, watch: Watch | None) -> Any:
    """Return the array, or the scalar, of a form.

    Raises
    ------
    wire.WireError
        When dtype, shape and length do not agree, or one of them is not allowed.
    """
    if value.dtype not in forms.DTYPES or len(value.shape) > forms.MAX_DIMENSIONS:
        raise wire.WireError(f"an array of dtype {value.dtype!r} with {len(value.shape)} axes cannot cross")
    array = _filled(value.shape, np.dtype(value.dtype), value.data)
    if not array.ndim:
        return array[()]
    if watch is not None:
        watch.append((array, value.data))
    return array


def decode_tensor(value: Any, watch: Watch | None) -> Any:
    """Return the tensor of a form, on the CPU; raises as :func:`decode`, and where torch is not installed."""
    if value.dtype not in _DTYPES:
        raise wire.WireError(f"a tensor of dtype {value.dtype!r} cannot cross")
    try:
        import torch
    except ImportError:
        raise wire.WireError("a tensor came, and torch is not installed here") from None
    array = _filled(value.shape, np.dtype(_STORAGE.get(value.dtype, value.dtype)), value.data)
    if watch is not None:
        watch.append((array, value.data))  # it shares the tensor's memory
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if value.dtype == "bfloat16" else tensor


def _filled(shape: tuple[int, ...], dtype: np.dtype[Any], data: memoryview) -> Any:
    """Return an array of that shape; refuse data that does not fill it exactly, before anything is made."""
    size = dtype.itemsize
    for n in shape:
        if n < 0:
            raise wire.WireError("an array has a negative size")
        size *= n
    if size != len(data):
        raise wire.WireError(f"an array of shape {shape} came with {len(data)} bytes")
    if size // dtype.itemsize > forms.MAX_ENTRIES:
        raise wire.WireError(f"an array of shape {shape} has too many entries")
    try:
        return np.frombuffer(data, dtype).reshape(shape).copy()
    except (ValueError, OverflowError):  # an empty array of sizes that no machine could hold
        raise wire.WireError(f"an array has the impossible shape {shape}") from None


def _refuse_too_large(entries: int) -> None:
    if entries > forms.MAX_ENTRIES:
        raise ValueError(f"an array of {entries} entries is larger than can be handed over ({forms.MAX_ENTRIES})")
