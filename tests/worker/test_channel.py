"""Frames over a socket: whole, in time, within their size, and nothing that the contract does not know."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator

import msgspec
import pytest

from grader.worker import channel as channels
from grader.worker import wire
from grader.worker.channel import Channel


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    """Both ends of a wire: the grader's and the worker's."""
    here, there = socket.socketpair()
    ends = Channel(here, wire.FromWorker), Channel(there, wire.ToWorker)
    yield ends
    for end in ends:
        end.close()


def soon(seconds: float = 0.05) -> float:
    return time.monotonic() + seconds


def test_messages_come_whole_and_in_order(ends):
    here, there = ends
    there.send(wire.Raised(1, "ValueError", "ValueError", "no", [], ""))
    there.send(wire.Answer(2, 3, [], "printed"))
    assert here.receive(deadline=soon(5)).kind == "ValueError"
    assert here.receive(deadline=soon(5)) == wire.Answer(2, 3, [], "printed")


def test_a_frame_in_pieces_is_put_together(ends):
    here, there = ends
    body = msgspec.msgpack.encode(wire.Ready())
    for byte in struct.pack("<I", len(body)) + body:
        there.socket.send(bytes([byte]))
    assert here.receive(deadline=soon(5)) == wire.Ready()


def test_no_answer_in_time_is_a_time_out(ends):
    with pytest.raises(wire.WireTimeout, match="no answer in time"):
        ends[0].receive(deadline=soon())


def test_half_a_frame_is_a_time_out(ends):
    ends[1].socket.send(struct.pack("<I", 100) + b"half")
    with pytest.raises(wire.WireTimeout):
        ends[0].receive(deadline=soon())


def test_a_deadline_that_has_passed_is_a_time_out(ends):
    ends[1].send(wire.Ready())
    with pytest.raises(wire.WireTimeout):
        ends[0].receive(deadline=soon(-1))


def test_a_closed_connection_is_told(ends):
    ends[1].close()
    with pytest.raises(wire.WireClosed, match="the other side is gone"):
        ends[0].receive(deadline=soon(5))
    with pytest.raises(wire.WireClosed):
        ends[0].send(wire.Ready())


def test_whoever_does_not_read_cannot_hold_the_sender_up(ends):
    with pytest.raises(wire.WireTimeout, match="the other side does not read"):
        ends[0].send(wire.Answer(0, "x" * 10**7, [], ""), deadline=soon(2))


@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1", b"\x93\x01\x02", msgspec.msgpack.encode({"type": "run", "code": "1"}), b"\x91" * 5000 + b"\xc0"],
    ids=["empty", "no msgpack", "cut off", "unknown message", "bottomless"],
)
def test_what_is_no_message_is_refused(ends, body):
    ends[1].socket.sendall(struct.pack("<I", len(body)) + body)
    with pytest.raises(wire.WireError, match="not a message of the wire"):
        ends[0].receive(deadline=soon(5))


def test_a_message_of_the_other_direction_is_refused(ends):
    ends[1].send(wire.Load("work", False, [], {}, True))
    with pytest.raises(wire.WireError, match="not a message of the wire"):
        ends[0].receive(deadline=soon(5))


def test_a_frame_that_claims_to_be_huge_is_refused_before_it_is_read(ends):
    ends[1].socket.sendall(struct.pack("<I", wire.MAX_FRAME + 1))
    with pytest.raises(wire.WireError, match=f"a frame of {wire.MAX_FRAME + 1} bytes is larger than allowed"):
        ends[0].receive(deadline=soon(5))


def test_too_large_a_message_is_not_sent_and_the_connection_lives(ends, monkeypatch):
    monkeypatch.setattr(channels, "MAX_FRAME", 2**20)
    with pytest.raises(wire.WireTooLarge, match="a message of 2 MB is more than the wire carries"):
        ends[1].send(wire.Answer(0, "x" * 2**21, [], ""))
    ends[1].send(wire.Ready())
    assert ends[0].receive(deadline=soon(5)) == wire.Ready()


def test_descriptors_travel_with_their_message_alone():
    here, there = socket.socketpair()
    sender, receiver = Channel(here, wire.FromZygote), Channel(there, wire.ToZygote)
    reading, writing = os.pipe()
    limits = wire.Limits(memory_mb=1, cpu_seconds=1, file_mb=1, output_kb=1, processes=1)
    sender.send(wire.Spawn(7, limits), descriptors=[writing])
    sender.send(wire.Signal(7, 9))
    message, descriptors = receiver.receive_with_descriptors(2)
    assert (message.worker, len(descriptors)) == (7, 1)
    os.write(descriptors[0], b"same pipe")
    assert os.read(reading, 9) == b"same pipe"
    assert receiver.receive_with_descriptors(2) == (wire.Signal(7, 9), [])
    for descriptor in (reading, writing, *descriptors):
        os.close(descriptor)
    sender.close()
    receiver.close()
