"""Counts what is in a frame before anything is made of it: items of a byte become Python objects of a hundred.

A decoder makes everything and then looks whether it may be there. Here the headers of msgpack's items are followed, one
after the other and without nesting, since each says how long it is (the format's specification, msgpack.org).
"""

from __future__ import annotations

from . import wire

_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BINARIES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
"""First bytes of what carries its length, and the bytes that the length takes."""
_LENGTHS = _STRINGS | _BINARIES | _EXTENSIONS
_NUMBERS = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_FIXED_EXTENSIONS = {0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17}
_CONTAINERS = {0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
"""Of a list or a map only the header counts here; what it holds comes next."""
_SHORT_STRINGS = range(0xA0, 0xC0)


def _size(first: int) -> int:
    """Return the bytes of an item that begins with this byte; 0 where a length has to be read."""
    if first in _LENGTHS:
        return 0
    text = first - 0xA0 if first in _SHORT_STRINGS else 0
    return 1 + text + (_NUMBERS | _FIXED_EXTENSIONS | _CONTAINERS).get(first, 0)


_SIZES = [_size(first) for first in range(256)]


def refuse_too_many(body: bytes | bytearray) -> None:
    """Refuse a frame that would take many times its size in memory.

    Takes time for large frames of small items only: a frame has at most as many items as bytes.

    Raises
    ------
    wire.WireError
        When it holds more than :data:`wire.MAX_PARTS` items, or more than :data:`wire.MAX_TEXT` bytes of text.
    """
    if len(body) <= min(wire.MAX_PARTS, wire.MAX_TEXT):
        return
    place, parts, text = 0, 0, 0
    while place < len(body):
        first = body[place]
        size = _SIZES[first]
        if not size:
            width = _LENGTHS[first]
            length = int.from_bytes(body[place + 1 : place + 1 + width], "big")
            size = 1 + width + length + (first in _EXTENSIONS)
            text += length if first in _STRINGS else 0
        elif first in _SHORT_STRINGS:
            text += size
        place += size
        parts += 1
        if parts > wire.MAX_PARTS:
            raise wire.WireError(f"a message of more than {wire.MAX_PARTS} parts came")
        if text > wire.MAX_TEXT:
            raise wire.WireError(f"a message with more than {wire.MAX_TEXT} bytes of text came")
