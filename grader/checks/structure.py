"""Walks through nested values: lists, tuples and dicts whose leaves are arrays, numbers or anything else.

Every leaf has a name made of its path, e.g. ``params[1].S``, the way a reader would write it.
Only these three containers are entered: an opaque handle, or an object of another class, is a leaf.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeGuard

import numpy as np

NUMERIC_KINDS = "biufc"
"""Kinds of dtype that hold numbers: boolean, signed, unsigned, float, complex."""


_LONGEST_KEY = 100
"""Characters of a key in a name: every leaf below it carries the name, and a key may be as long as the wire allows."""


def child_name(name: str, key: Any) -> str:
    """Name the child of ``name`` under a key or position: ``params[1]``, ``grads.S``, ``grads['a b']``."""
    if isinstance(key, str) and len(key) <= _LONGEST_KEY and key.isidentifier():
        return f"{name}.{key}" if name else key
    shown = repr(key[: _LONGEST_KEY + 1] if isinstance(key, str | bytes) else key)
    return f"{name}[{shown if len(shown) <= _LONGEST_KEY else shown[:_LONGEST_KEY] + '…'}]"


def children(value: Any, name: str) -> list[tuple[str, Any]] | None:
    """Return the named children of a container, in order; None for a leaf."""
    if isinstance(value, dict):
        return [(child_name(name, key), child) for key, child in value.items()]
    if isinstance(value, list | tuple):
        return [(child_name(name, position), child) for position, child in enumerate(value)]
    return None


def leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every leaf, depth first."""
    below = children(value, name)
    if below is None:
        yield name, value
        return
    for child, below_child in below:
        yield from leaves(below_child, child)


def mapped(change: Callable[[str, Any], Any], value: Any, name: str) -> Any:
    """Rebuild ``value`` with every leaf replaced by ``change(name, leaf)``."""
    if isinstance(value, dict):
        return {key: mapped(change, child, child_name(name, key)) for key, child in value.items()}
    if isinstance(value, list | tuple):
        items = [mapped(change, child, child_name(name, position)) for position, child in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    return change(name, value)


def fresh(value: Any) -> Any:
    """Copy what a function could change in place: containers, arrays and random generators."""
    return mapped(lambda _name, leaf: copied(leaf), value, "")


def copied(leaf: Any) -> Any:
    """Copy one leaf; anything but an array or a random generator is handed on as it is."""
    if isinstance(leaf, np.ndarray):
        return leaf.copy()
    return copy.deepcopy(leaf) if isinstance(leaf, np.random.Generator) else leaf


def content(leaf: Any) -> bytes:
    """Return what a leaf holds, to tell it from others of its type; nothing where it is neither data nor generator."""
    if isinstance(leaf, np.random.Generator):
        return repr(leaf.bit_generator.state).encode()
    if is_numeric(leaf):
        array = np.asarray(leaf)
        return f"{array.dtype.str}{array.shape}".encode() + array.tobytes()
    return repr(leaf).encode(errors="surrogatepass") if isinstance(leaf, str | None) else b""


def is_numeric(value: Any) -> TypeGuard[np.ndarray[Any, Any] | np.generic | complex]:
    """Whether the value is a number or an array of numbers."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in NUMERIC_KINDS
    return isinstance(value, bool | int | float | complex)


def is_floating(value: Any) -> bool:
    """Whether the value is a float or an array of floats: what a rounding error or a derivative can act on."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    return isinstance(value, float)


def like_leaf(leaf: Any, array: Any) -> Any:
    """Give ``array`` the type of ``leaf``: a Python float stays one, an array keeps its dtype."""
    if isinstance(leaf, np.ndarray):
        return np.asarray(array, dtype=leaf.dtype)
    return type(leaf)(array)


def rows_of(arguments: Iterable[Any]) -> int | None:
    """Return the rows of the first argument where it is a matrix: only there they are samples without a doubt."""
    first = next(iter(arguments), None)
    return len(first) if isinstance(first, np.ndarray) and first.ndim > 1 else None
