"""Any bytes on the wire, in every direction: a message or a clean refusal, and memory in proportion to what came."""

from __future__ import annotations

import socket
import struct
import time
import tracemalloc
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grader.worker import forms, values, wire
from grader.worker.channel import Channel, decoder
from tests.fuzz.profile import FUZZ

DIRECTIONS = {
    "from a worker": wire.FromWorker,
    "to a worker": wire.ToWorker,
    "from the zygote": wire.FromZygote,
    "to the zygote": wire.ToZygote,
}
PER_BYTE = 100
"""Bytes of memory that one byte on the wire may cost: an empty list, which is one byte, costs 56, and its place 8."""
BASE = 2**20

directions = pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)

_texts = st.text(max_size=8)
_small = st.integers(-(2**63), 2**64 - 1)
_shapes = st.lists(st.integers(-(2**40), 2**62) | st.integers(0, 3), max_size=4).map(tuple)
_dtypes = st.sampled_from([*sorted(forms.DTYPES), "O", "V", "M", "U", "float64", "bfloat16", "int8", "", "dd", "S9"])
_leaves: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | _small | st.floats() | _texts
    | st.builds(forms.Bytes, st.binary(max_size=8))
    | st.builds(forms.BigInt, _texts | st.from_regex(r"-?0x[0-9a-f]{1,20}", fullmatch=True))
    | st.builds(forms.Complex, st.floats(), st.floats())
    | st.builds(forms.Array, _dtypes, _shapes, st.binary(max_size=64).map(memoryview))
    | st.builds(forms.Tensor, _dtypes, _shapes, st.binary(max_size=64).map(memoryview), _texts, st.booleans())
    | st.builds(forms.Handle, _small, _texts) | st.builds(forms.Callback, _small, _texts)
)  # fmt: skip
_states = st.dictionaries(st.sampled_from(["state", "inc", "bit_generator", "has_uint32", "uinteger"]), _leaves)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    many = st.lists(inner, max_size=4)
    states = st.builds(lambda state: forms.Dict(list(state), list(state.values())), _states)
    return (
        st.builds(forms.List, many) | st.builds(forms.Tuple, many) | st.builds(forms.Dict, many, many)
        | st.builds(forms.Generator, st.sampled_from([*sorted(forms.GENERATORS), "MT19937", "__class__"]), inner | states)
    )  # fmt: skip


WIRE_VALUES = st.recursive(_leaves, _containers, max_leaves=12)
"""Values as a hostile worker may make them: of the right types, with anything in them."""

_lists = st.lists(_texts, max_size=3)
_frames = st.lists(st.builds(wire.Frame, _small, _texts, _small, _texts), max_size=2)
_limits = st.builds(wire.Limits, *5 * [_small])
MESSAGES: st.SearchStrategy[Any] = (
    st.builds(wire.Answer, _small, WIRE_VALUES, _lists, _texts, st.dictionaries(_texts, WIRE_VALUES, max_size=2))
    | st.builds(wire.Raised, _small, _texts, _texts, _texts, _frames, _texts)
    | st.builds(wire.CallbackCall, _small, _small, st.lists(WIRE_VALUES, max_size=2), st.just({}))
    | st.builds(wire.Loaded, st.just([]), _lists, _lists)
    | st.builds(wire.Call, _texts | _small, _lists, st.lists(WIRE_VALUES, max_size=2), st.just({}), st.just([]))
    | st.builds(wire.Load, _texts, st.booleans(), _lists, st.dictionaries(_texts, st.binary(max_size=9)), st.booleans())
    | st.builds(wire.Spawn, _small, _limits) | st.builds(wire.Exited, _small, _small) | st.just(wire.Ready())
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The bytes of a message, with a few of them changed, put in or left out."""
    body = bytearray(msgspec.msgpack.encode(draw(MESSAGES)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=5))
    return bytes(body)


BYTES = st.binary(max_size=200) | damaged()


def decoded(direction: Any, body: bytes) -> Any:
    """The message, or None when it was refused."""
    here, there = socket.socketpair()
    with here, there:
        there.sendall(struct.pack("<I", len(body)) + body)
        try:
            return Channel(here, direction).receive(deadline=time.monotonic() + 10)
        except wire.WireError:
            return None


def values_in(message: Any) -> list[Any]:
    """The values that a message carries."""
    found = [getattr(message, name) for name in ("value", "result") if hasattr(message, name)]
    for name in ("args", "kwargs", "generators"):
        more = getattr(message, name, ())
        found += more.values() if isinstance(more, dict) else more
    return found


@directions
@FUZZ
@given(body=BYTES)
def test_bytes_are_a_message_of_that_direction_or_refused(direction, body):
    message = decoded(direction, body)
    assert message is None or isinstance(message, direction)


@directions
@FUZZ
@given(stream=st.binary(max_size=300), pieces=st.lists(st.integers(1, 50), max_size=10))
def test_a_stream_without_frames_ends_in_a_refusal(direction, stream, pieces):
    """However it is cut, and whatever lengths its bytes claim."""
    here, there = socket.socketpair()
    with here, there:
        for size in [*pieces, len(stream)]:
            there.sendall(stream[:size])
            stream = stream[size:]
        there.close()
        channel = Channel(here, direction)
        with pytest.raises(wire.WireError):
            for _ in range(1000):
                channel.receive(deadline=time.monotonic() + 10)


@FUZZ
@given(body=BYTES)
def test_what_a_message_holds_is_made_or_refused(body):
    message = decoded(wire.FromWorker | wire.ToWorker, body)
    for value in values_in(message):
        made = []
        try:
            values.decode(value, made.append, [])
        except wire.WireError:
            continue
        assert all(isinstance(one, forms.Handle | forms.Callback) for one in made)


@FUZZ
@given(value=WIRE_VALUES)
def test_any_value_is_made_or_refused(value):
    """Also what no encoder of ours would write: shapes that lie, states that are none, keys that cannot be keys."""
    try:
        made = values.decode(value, lambda handle: handle, [])
    except wire.WireError:
        return
    assert not isinstance(made, np.ndarray) or (made.dtype.kind in "biufc" and made.flags.owndata)


@pytest.mark.parametrize(
    "body",
    [
        b"\xdd" + struct.pack(">I", 2**32 - 1),
        b"\xdf" + struct.pack(">I", 2**32 - 1),
        b"\xc6" + struct.pack(">I", 2**32 - 1),
        b"\xdb" + struct.pack(">I", 2**32 - 1) + b"x",
        msgspec.msgpack.encode(wire.Answer(1, forms.List([forms.List([])] * 50_000), [], "")),
        msgspec.msgpack.encode(wire.Answer(1, forms.Dict([[]] * 50_000, [[]] * 50_000), [], ""))  # type: ignore[list-item]
        .replace(b"\x90", b"\xc0"),
        msgspec.msgpack.encode(wire.Answer(1, forms.Array("d", (2**62, 0, 2**62), memoryview(b"")), [], "")),
        msgspec.msgpack.encode(wire.Answer(1, forms.Array("d", (2**40,), memoryview(b"")), [], "")),
        b"\x91" * 10**6,
        b"\x81\xa4" * 10**5,
    ],
    ids=lambda body: body[:12].hex(),
)  # fmt: skip
def test_memory_is_in_proportion_to_what_came(body):
    decoder(wire.FromWorker)  # made once, and kept
    tracemalloc.start()
    try:
        message = decoded_from_body(body)
        for value in values_in(message):
            try:
                values.decode(value, lambda handle: handle, [])
            except wire.WireError:
                continue
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < BASE + PER_BYTE * len(body)


@FUZZ
@given(value=WIRE_VALUES, copies=st.integers(1, 500))
def test_memory_of_any_value_is_too(value, copies):
    body = msgspec.msgpack.encode(wire.Answer(1, forms.List([value] * copies), [], ""))
    test_memory_is_in_proportion_to_what_came(body)


def decoded_from_body(body: bytes) -> Any:
    here, there = socket.socketpair()
    with here, there:
        try:
            return Channel(here, wire.FromWorker).decode(body)
        except wire.WireError:
            return None


_numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.complex_numbers(allow_nan=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | _numbers | st.binary(max_size=9)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
    | arrays.arrays(
        st.sampled_from([np.float64, np.float32, np.int8, np.bool_, np.complex64]),
        arrays.array_shapes(min_dims=1, min_side=0, max_side=3),
        elements={"allow_nan": False},
    ),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text("ab"), inner),
    max_leaves=10,
)  # fmt: skip


def equal(ours: Any, theirs: Any) -> bool:
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, np.ndarray):
        return bool(ours.dtype == theirs.dtype and ours.shape == theirs.shape and np.array_equal(ours, theirs))
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(equal, ours, theirs))
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(equal(ours[key], theirs[key]) for key in ours)
    return bool(ours == theirs)


@FUZZ
@given(value=PLAIN)
def test_data_crosses_as_it_is(value):
    def no_opaque(what):
        raise AssertionError(what)

    body = msgspec.msgpack.encode(wire.Answer(1, values.encode(value, no_opaque), [], ""))
    message = decoded(wire.FromWorker, body)
    assert equal(values.decode(message.value, no_opaque), value)
