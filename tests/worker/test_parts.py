"""What a frame holds is counted before anything is made of it."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import msgspec
import pytest

from grader.worker import forms, parts, wire

ENCODER = msgspec.msgpack.Encoder()


@pytest.fixture
def limits(monkeypatch):
    def set_them(items=8, text=40):
        monkeypatch.setattr(wire, "MAX_PARTS", items)
        monkeypatch.setattr(wire, "MAX_TEXT", text)

    return set_them


EVERY_FORM = {
    "nothing": None,
    "small integers": [0, 127, -1, -32],
    "integers of every width": [128, 2**8, 2**16, 2**32, 2**64 - 1, -33, -(2**8), -(2**16), -(2**32)],
    "reals": [1.5, float("nan")],
    "booleans": [True, False],
    "texts": ["", "a" * 31, "a" * 32, "a" * 256, "a" * 70_000],
    "bytes": [b"", b"b" * 256, b"b" * 70_000],
    "lists": [[], [1] * 15, [1] * 16, [1] * 70_000],
    "maps": [{}, {str(n): n for n in range(15)}, {str(n): n for n in range(16)}, {str(n): n for n in range(70_000)}],
    "extensions": [msgspec.msgpack.Ext(5, b"e" * size) for size in (1, 2, 4, 8, 16, 3, 300, 70_000)],
}


def count(thing):
    """Count the items of what is encoded, by what it is made of."""
    if isinstance(thing, dict):
        return 1 + sum(count(key) + count(value) for key, value in thing.items())
    if isinstance(thing, list):
        return 1 + sum(map(count, thing))
    return 1


@pytest.mark.parametrize("thing", EVERY_FORM.values(), ids=EVERY_FORM)
def test_every_form_is_counted_as_what_it_holds(limits, thing):
    body = ENCODER.encode(["a" * 50, thing])  # long enough to be counted at all
    due = count(thing) + 2
    limits(items=due, text=2**20)
    parts.refuse_too_many(body)
    limits(items=due - 1, text=2**20)
    with pytest.raises(wire.WireError, match=f"more than {due - 1} parts came"):
        parts.refuse_too_many(body)


@pytest.mark.parametrize("thing", ["a" * 41, ["a" * 21, "a" * 20], {"a" * 30: "b" * 20}], ids=["one", "two", "keys"])
def test_text_is_counted_in_all(limits, thing):
    limits(items=1000)
    with pytest.raises(wire.WireError, match="more than 40 bytes of text came"):
        parts.refuse_too_many(ENCODER.encode(thing))


def test_bytes_are_no_text(limits):
    limits(items=1000)
    parts.refuse_too_many(ENCODER.encode(b"b" * 5000))


@pytest.mark.parametrize("body", [b"\xdb", b"\xdb\xff\xff\xff\xff", b"\xc1" * 3, b"\xdd\xff\xff\xff\xff", b"\xc9\xff"])
def test_what_is_cut_off_or_no_item_ends_all_the_same(limits, body):
    limits(items=1)
    with contextlib.suppress(wire.WireError):
        parts.refuse_too_many(body)


def test_a_frame_with_fewer_bytes_than_there_may_be_parts_is_not_looked_at(limits):
    limits(items=40)
    parts.refuse_too_many(b"\x01" * 40)


HOSTILE = """
import resource, sys
from grader.worker import channel, wire
one, header = bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2])
number = (60 * 2**20) // len(one)
value = header + number.to_bytes(4, "big") + one * number
body = b"\\x85\\xa4type\\xa6answer\\xa4turn\\x01\\xa5value" + value + b"\\xa7changed\\x90\\xa6output\\xa0"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
end = channel.Channel(None, wire.FromWorker)
try:
    end.decode(body)
except wire.WireError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(
    "one",
    [
        b"\x01",
        b"\x92\xa1l\x90",
        b"\x93\xa1d\x90\x90",
        b"\xa2\xc3\xa9",
        b"\xa5\xf0\x9f\x98\x80a",
        b"\x94\xa1a\xa1d\x90\xc4\x00",
    ],
    ids=["integers", "lists", "dicts", "letters", "emoji", "arrays"],
)
def test_a_frame_of_tiny_items_takes_no_memory_before_it_is_refused(one):
    words = [sys.executable, "-c", HOSTILE, one.hex(), b"\x92\xa1l\xdd".hex()]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    said, megabytes = done.stdout.splitlines()
    assert said.startswith("a message")
    assert int(megabytes) < 8


def test_the_limit_is_above_what_a_value_may_hold():
    assert wire.MAX_PARTS >= 4 * forms.MAX_ITEMS
