"""The forms that values take on the wire: what may cross, and within which bounds.

Part of the wire's contract (see :mod:`wire`); data only. How a Python value becomes one of
these, and which are refused on the way back, is in :mod:`values`.
"""

from __future__ import annotations

import msgspec

MAX_DEPTH = 48
"""Deepest nesting of a value; below what the decoders' recursion allows, above any honest structure."""
MAX_ITEMS = 2**20
"""Most values in all lists, tuples and dicts of one message together; entries of arrays do not count. Each costs the
grader a microsecond and some hundred bytes, several times over."""
MAX_ENTRIES = 2**23
"""Most entries of an array: as doubles they fill a frame. Of bytes a frame would hold eight times as many, and whoever
looks at them makes doubles of them, several times over."""
MAX_KEYS = 1000
"""Most keys of a dict. Integers can be chosen so that each is looked for in the places of all others: a hundred
thousand take minutes, a thousand take milliseconds, and all that a message holds, in dicts of a thousand, seconds."""
MAX_COLLISIONS = 100
"""Most keys of a dict whose hash another key has too. Those of integers can be chosen, and then a dict of a hundred
thousand keys takes minutes; in honest ones they hardly occur (-1 and -2 are a pair)."""
MAX_DIMENSIONS = 32
"""As many axes as every numpy allows."""
DTYPES = frozenset({"?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "F", "D"})
"""Type characters of arrays that cross by value: booleans, integers, reals, complex; never objects."""
GENERATORS = frozenset({"PCG64", "PCG64DXSM"})
"""Bit generators that cross: numpy's default and its next one, of whose states it can be told how far apart they
are. MT19937 and Philox keep a place in a buffer too, which numpy believes unseen: a wrong one reads beyond the buffer,
in the trusted process."""


def encodable(text: str) -> str:
    r"""Return ``text`` with lone surrogates written out as ``\udc80``: UTF-8, and so the wire, cannot carry them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


class Array(msgspec.Struct, tag="a", array_like=True, frozen=True):
    """A numpy array or scalar (shape ``()``), C order, native byte order."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


class Tensor(msgspec.Struct, tag="t", array_like=True, frozen=True):
    """A torch tensor by value; ``dtype`` is torch's name without the prefix, e.g. ``bfloat16``."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview
    device: str
    requires_grad: bool


class BigInt(msgspec.Struct, tag="n", array_like=True, frozen=True):
    """An integer beyond 64 bits, in hexadecimal."""

    text: str


class Bytes(msgspec.Struct, tag="y", array_like=True, frozen=True):
    """A byte string (the decoder cannot tell it from text by itself)."""

    data: bytes


class Complex(msgspec.Struct, tag="z", array_like=True, frozen=True):
    """A complex number."""

    real: float
    imag: float


class List(msgspec.Struct, tag="l", array_like=True, frozen=True):
    """A list."""

    items: list[Value]


class Tuple(msgspec.Struct, tag="u", array_like=True, frozen=True):
    """A tuple; named tuples lose their names."""

    items: list[Value]


class Dict(msgspec.Struct, tag="d", array_like=True, frozen=True):
    """A dict; keys are values too."""

    keys: list[Value]
    values: list[Value]


class Generator(msgspec.Struct, tag="g", array_like=True, frozen=True):
    """A numpy random generator, as the state of its bit generator."""

    kind: str
    """One of :data:`GENERATORS`."""
    state: Value


class Handle(msgspec.Struct, tag="h", array_like=True, frozen=True):
    """Something that stays in the worker: an object, a class, a cache."""

    id: int
    kind: str
    """Qualified name of its type, as the worker says: student text."""


class Callback(msgspec.Struct, tag="c", array_like=True, frozen=True):
    """A function of the trusted process, which the worker may call while a call is pending."""

    id: int
    name: str


Value = (
    None
    | bool
    | int
    | float
    | str
    | Bytes
    | Array
    | Tensor
    | BigInt
    | Complex
    | List
    | Tuple
    | Dict
    | Generator
    | Handle
    | Callback
)
