"""Says what a value is where something else is due: for messages its type, for hints only types that everybody has.

What a message names may be the student's own word; a hint is read beside hidden checks, so it
takes its words from this file alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_READ_ONCE = {
    "builtins.enumerate": "an enumerate object",
    "builtins.filter": "a filter object",
    "builtins.generator": "a generator",
    "builtins.list_iterator": "an iterator",
    "builtins.list_reverseiterator": "a reversed object",
    "builtins.map": "a map object",
    "builtins.reversed": "a reversed object",
    "builtins.tuple_iterator": "an iterator",
    "builtins.zip": "a zip object",
    "itertools.chain": "a chain object",
}
"""Iterators, by the qualified names of their types."""

_COLLECTIONS = {
    "builtins.dict_items": "the items of a dict",
    "builtins.dict_keys": "the keys of a dict",
    "builtins.dict_values": "the values of a dict",
    "builtins.range": "a range",
    "collections.deque": "a deque",
}

_CALLABLE = {
    "builtins.builtin_function_or_method": "a function",
    "builtins.function": "a function",
    "builtins.method": "a method",
}

_MASKED = frozenset({"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"})
"""Before numpy 2 the second."""

_ARRAY = "numpy.ndarray"

_CURES = {
    "a dict": "dict(...)",
    "a list": "list(...)",
    "a numpy array": "np.array(list(...))",
    "a tuple": "tuple(...)",
}
"""What makes of a collection what is due."""


def kind(value: Any) -> str:
    """Say what a value is, without its content: that belongs to the student.

    Parameters
    ----------
    value
        Anything. A handle of what stayed in the student's process is called as what it stands for.
    """
    if value is None:
        return "None"
    if isinstance(value, dict | list | tuple):
        return f"{container(value)} of {len(value)}"
    name = type_name(value)
    if name in _MASKED:
        return "a masked array"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if name == _ARRAY:
        return "a numpy array whose entries are no plain numbers"
    return _common(name) or f"of type {name.removeprefix('builtins.')}"


def hint(value: Any, due: str) -> str:
    """Say the same in words without anything of the student's, and what to do; empty for types that are not common.

    Parameters
    ----------
    value
        Anything that is not what is due.
    due
        What is due: ``a list``, ``a tuple``, ``a dict``, ``a numpy array``, ``a single number``.
    """
    name = type_name(value)
    cure = f": return {_CURES[due]}" if due in _CURES else ""
    array = due == "a numpy array"
    if name in _READ_ONCE:
        return (
            f"is {_READ_ONCE[name]}, which can be read once{cure}" if cure else f"is {_READ_ONCE[name]} and not {due}"
        )
    if name in _COLLECTIONS:
        return f"is {_COLLECTIONS[name]} and not {due}{cure}"
    if name in _CALLABLE:
        return f"is {_CALLABLE[name]} and not {due}: call it"
    if name in _MASKED:
        return "is a masked array, which holds more than its numbers" + (": return a plain array" if array else "")
    if name == _ARRAY and not isinstance(value, np.ndarray):
        return "is an array of objects, text or records" + (": give it a dtype of numbers" if array else "")
    return ""


def type_name(value: Any) -> str:
    """Return the qualified name of a type; a handle says in its attribute ``kind`` of what: student text."""
    named = getattr(value, "kind", None)
    if isinstance(named, str) and "." in named:
        return named
    return f"{type(value).__module__}.{type(value).__qualname__}"


def container(value: Any) -> str:
    """Name a dict, list or tuple with its article."""
    return "a dict" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a tuple"


def _common(name: str) -> str:
    return _READ_ONCE.get(name) or _COLLECTIONS.get(name) or _CALLABLE.get(name) or ""
