"""Python values to wire values and back, the same on both sides of the wall.

What is data crosses by value; how everything else crosses (as a handle, as a callback) is
the caller's decision, given as a function. Only exact types are data: a subclass may lie
about itself. Of a subclass of numpy's array (a matrix, a memmap) the plain array below it crosses.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from . import arrays, forms, wire
from .arrays import Watch

_SIXTY_FOUR_BITS = range(-(2**63), 2**64)
_AS_THEY_ARE = frozenset({type(None), bool, float})
_SEQUENCES = frozenset({tuple, list})
_MAPPINGS = frozenset({dict, OrderedDict, defaultdict})
"""The last two are what honest gradients come in; which of the three it was does not cross."""
Opaque = Callable[[Any], forms.Value]
Special = Callable[[Any], Any]


def encode(value: Any, opaque: Opaque, above: tuple[int, ...] = ()) -> forms.Value:
    """Return the wire value of ``value``; what is no data goes through ``opaque``.

    Parameters
    ----------
    value
        Anything.
    opaque
        Makes the wire value of what cannot cross.
    above
        Identities of the containers that hold it. What holds itself, or lies deeper than
        :data:`forms.MAX_DEPTH`, is opaque.
    """
    kind = type(value)
    if kind is np.ndarray:
        return _or(arrays.encode(value), value, opaque)
    if kind in _AS_THEY_ARE:
        return value  # type: ignore[no-any-return]
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple(value)
    if kind in _SEQUENCES or kind in _MAPPINGS:
        if len(above) >= forms.MAX_DEPTH or id(value) in above:
            return opaque(value)
        return _encode_container(value, opaque, (*above, id(value)))
    return _encode_rare(value, opaque, above)


def decode(value: forms.Value, special: Special, watch: Watch | None = None, depth: int = 0) -> Any:
    """Return the Python value of a wire value; handles and callbacks go through ``special``.

    Parameters
    ----------
    value
        A wire value.
    special
        Makes the Python value of a :class:`forms.Handle` or :class:`forms.Callback`.
    watch
        When given, everything that could be changed in place is appended to it.
    depth
        Nesting so far.

    Raises
    ------
    wire.WireError
        When an array's dtype, shape and length do not agree, or the value is malformed otherwise.
    """
    if depth > forms.MAX_DEPTH:
        raise wire.WireError(f"a value is nested deeper than {forms.MAX_DEPTH}")
    kind = type(value)
    if kind is forms.Array:
        return arrays.decode(value, watch)
    if not depth and kind in _CONTAINERS:
        _refuse_too_many(value)
    if kind is forms.Handle or kind is forms.Callback:
        return special(value)
    container = _CONTAINERS.get(kind)
    if container is not None:
        return container(value, special, watch, depth + 1)
    leaf = _LEAVES.get(kind)
    return value if leaf is None else leaf(value, watch)


def _refuse_too_many(value: Any) -> None:
    """Refuse a value of too many parts, before anything is made of it."""
    left, containers = forms.MAX_ITEMS, [value]
    while containers:
        container = containers.pop()
        match container:
            case forms.Dict():
                parts = [*container.keys, *container.values]
            case forms.Generator():
                parts = [container.state]
            case _:
                parts = container.items
        left -= len(parts)
        if left < 0:
            raise wire.WireError(f"a value of more than {forms.MAX_ITEMS} parts came")
        containers += [part for part in parts if type(part) in _CONTAINERS]


def is_changed(thing: Any, before: Any) -> bool:
    """Whether something that :func:`decode` made no longer holds what it was made with."""
    if isinstance(before, memoryview):
        return bool(thing.tobytes() != before)
    if isinstance(before, dict):
        return len(thing) != len(before) or any(key not in thing or thing[key] is not before[key] for key in before)
    return len(thing) != len(before) or any(new is not old for new, old in zip(thing, before, strict=True))


def _encode_int(value: int) -> forms.Value:
    return value if value in _SIXTY_FOUR_BITS else forms.BigInt(hex(value))


_SIMPLE: dict[type, Callable[[Any], forms.Value]] = {
    int: _encode_int,
    str: forms.encodable,
    bytes: forms.Bytes,
    complex: lambda value: forms.Complex(value.real, value.imag),
}


def _encode_container(value: Any, opaque: Opaque, above: tuple[int, ...]) -> forms.Value:
    if type(value) in _MAPPINGS:
        keys = [encode(key, opaque, above) for key in value]
        return forms.Dict(keys, [encode(item, opaque, above) for item in value.values()])
    items = [encode(item, opaque, above) for item in value]
    return forms.List(items) if type(value) is list else forms.Tuple(items)


def _encode_rare(value: Any, opaque: Opaque, above: tuple[int, ...]) -> forms.Value:
    kind = type(value)
    if issubclass(kind, np.generic):
        return _or(arrays.encode(np.asarray(value)), value, opaque)
    if issubclass(kind, np.ndarray) and not _is_masked(kind):
        return _or(arrays.encode(np.ndarray.view(value, np.ndarray)), value, opaque)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return encode(tuple(tuple.__iter__(value)), opaque, above)
    torch = sys.modules.get("torch")
    if torch is not None and (kind is torch.Tensor or kind is torch.nn.Parameter):
        return _or(arrays.encode_tensor(value, torch), value, opaque)
    if kind is np.random.Generator and type(value.bit_generator).__name__ in forms.GENERATORS:
        return encode_generator(value)
    return opaque(value)


def _or(form: forms.Value | None, value: Any, opaque: Opaque) -> forms.Value:
    """Return a form, or what is made of a value that has none."""
    return opaque(value) if form is None else form


def _is_masked(kind: type) -> bool:
    """Whether arrays of this type are more than their numbers; numpy imports them only where they are used."""
    return "numpy.ma" in sys.modules and issubclass(kind, sys.modules["numpy.ma"].MaskedArray)


def encode_generator(generator: np.random.Generator) -> forms.Generator:
    """Return the wire value of a generator: its state as it is now."""
    state = generator.bit_generator.state
    return forms.Generator(str(state["bit_generator"]), encode(state, _no_object))


def _no_object(_value: Any) -> Any:
    raise wire.WireError("the state of a generator holds what is no number")


def _decode_generator(value: Any, _special: Special, _watch: Watch | None, depth: int) -> np.random.Generator:
    if value.kind not in forms.GENERATORS:
        raise wire.WireError(f"a generator of kind {value.kind!r} cannot cross")
    bits = getattr(np.random, value.kind)()
    try:
        bits.state = decode(value.state, _no_object, None, depth)
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError, IndexError):
        raise wire.WireError("a generator came with a state that is none") from None
    return np.random.Generator(bits)


def _decode_big_int(value: Any, _watch: Watch | None) -> int:
    try:
        return int(value.text, 16)
    except ValueError:
        raise wire.WireError("an integer came that is none") from None


def _decode_tuple(value: Any, special: Special, watch: Watch | None, depth: int) -> Any:
    return tuple([decode(item, special, watch, depth) for item in value.items])


def _decode_list(value: Any, special: Special, watch: Watch | None, depth: int) -> Any:
    items = [decode(item, special, watch, depth) for item in value.items]
    if watch is not None:
        watch.append((items, tuple(items)))
    return items


def _decode_dict(value: Any, special: Special, watch: Watch | None, depth: int) -> Any:
    if len(value.keys) != len(value.values):
        raise wire.WireError("a dict came with unequal numbers of keys and values")
    if len(value.keys) > forms.MAX_KEYS:
        raise wire.WireError(f"a dict came with {len(value.keys)} keys, more than {forms.MAX_KEYS}")
    keys = [decode(key, special, watch, depth) for key in value.keys]
    items = [decode(item, special, watch, depth) for item in value.values]
    try:
        if len(keys) - len({hash(key) for key in keys}) > forms.MAX_COLLISIONS:
            raise wire.WireError("a dict came with keys that are made to collide")
        found = dict(zip(keys, items, strict=True))
    except TypeError:
        raise wire.WireError("a dict came with a key that cannot be one") from None
    if watch is not None:
        watch.append((found, found.copy()))
    return found


_CONTAINERS: dict[type, Callable[[Any, Special, Watch | None, int], Any]] = {
    forms.Tuple: _decode_tuple,
    forms.List: _decode_list,
    forms.Dict: _decode_dict,
    forms.Generator: _decode_generator,
}
_LEAVES: dict[type, Callable[[Any, Watch | None], Any]] = {
    forms.Tensor: arrays.decode_tensor,
    forms.BigInt: _decode_big_int,
    forms.Bytes: lambda value, _watch: value.data,
    forms.Complex: lambda value, _watch: complex(value.real, value.imag),
}
