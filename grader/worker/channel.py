"""Frames over a connected stream socket: the transport under :mod:`wire`, the same on both sides.

Knows lengths and deadlines, and nothing of what the messages mean.
"""

from __future__ import annotations

import functools
import mmap
import socket
import struct
import time
from typing import Any

import msgspec

from . import parts
from .wire import MAX_FRAME, WireClosed, WireError, WireTimeout, WireTooLarge

_LENGTH = struct.Struct("<I")
_BLOCK = 2**18
"""Bytes asked for at once: what a socket of default size holds, so that most frames come with one call."""


@functools.cache
def decoder(incoming: Any) -> msgspec.msgpack.Decoder[Any]:
    """Return the decoder of a union of message types; made once, because it costs a worker 2 ms to make."""
    return msgspec.msgpack.Decoder(incoming)


class Channel:
    """Frames over a connected stream socket; decodes one union of message types.

    Parameters
    ----------
    connection
        A connected stream socket; the channel owns it.
    incoming
        The union of message types that may come in.
    """

    def __init__(self, connection: socket.socket, incoming: Any) -> None:
        self.socket = connection
        self._decoder = decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._pending = bytearray()
        # one block for the whole life: a new one for each answer is mapped and unmapped, which costs more than a call;
        # mapped and not allocated, so that a worker does not pay for pages that no message reaches
        self._block = memoryview(mmap.mmap(-1, _BLOCK))

    def send(
        self, message: msgspec.Struct, *, deadline: float | None = None, descriptors: list[int] | None = None
    ) -> None:
        """Send one message, waiting until ``deadline`` (of :func:`time.monotonic`) at most for it to be read.

        Parameters
        ----------
        message
            One of the wire's.
        deadline
            When the other side must have read it; it may take for ever when None.
        descriptors
            Open files that travel with the message.

        Raises
        ------
        WireClosed
            When nobody reads any more.
        WireTimeout
            When it was not read in time; the connection is of no use afterwards.
        WireTooLarge
            When the message is larger than a frame may be; the connection is as it was.
        """
        frame = bytearray(4)
        self._encoder.encode_into(message, frame, 4)
        if len(frame) - 4 > MAX_FRAME:
            raise WireTooLarge(f"a message of {len(frame) / 2**20:.0f} MB is more than the wire carries")
        _LENGTH.pack_into(frame, 0, len(frame) - 4)
        self._wait_until(deadline)
        try:
            if descriptors:
                sent = socket.send_fds(self.socket, [frame], descriptors)
                self.socket.sendall(memoryview(frame)[sent:])
            else:
                self.socket.sendall(frame)
        except TimeoutError:
            raise WireTimeout("the other side does not read") from None
        except OSError:
            raise WireClosed("the other side is gone") from None

    def receive(self, *, deadline: float | None = None) -> Any:
        """Receive one message, waiting until ``deadline`` (of :func:`time.monotonic`) at most.

        Raises
        ------
        WireTimeout, WireClosed, WireError
            When no frame came in time, none can come, or what came is not allowed.
        """
        while len(self._pending) < 4:
            self._fill(deadline)
        size = _LENGTH.unpack_from(self._pending)[0]
        if size > MAX_FRAME:
            raise WireError(f"a frame of {size} bytes is larger than allowed")
        while len(self._pending) < 4 + size:
            self._fill(deadline)
        body = bytes(memoryview(self._pending)[4 : 4 + size])
        del self._pending[: 4 + size]
        return self.decode(body)

    def decode(self, body: bytes | bytearray) -> Any:
        """Decode the body of one frame.

        Raises
        ------
        WireError
            When it is none of the messages that may come in, or holds too much.
        """
        parts.refuse_too_many(body)
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise WireError(f"not a message of the wire: {error}") from None

    def receive_with_descriptors(self, limit: int) -> tuple[Any, list[int]]:
        """Receive one message and the descriptors that travel with it, and not a byte of the next one."""
        data, descriptors, _, _ = socket.recv_fds(self.socket, 4, limit)
        self._pending += data
        while len(self._pending) < 4:
            self._fill(None, 4 - len(self._pending))
        size = 4 + _LENGTH.unpack_from(self._pending)[0]
        while len(self._pending) < size:
            self._fill(None, size - len(self._pending))
        return self.receive(), descriptors

    def close(self) -> None:
        """Close the connection; the other side sees the end of the stream."""
        self.socket.close()

    def _fill(self, deadline: float | None, most: int = _BLOCK) -> None:
        """Read what is there, ``most`` bytes at most, into the pending bytes."""
        self._wait_until(deadline)
        try:
            size = self.socket.recv_into(self._block, min(most, _BLOCK))
        except TimeoutError:
            raise WireTimeout("no answer in time") from None
        except OSError:
            raise WireClosed("the other side is gone") from None
        if not size:
            raise WireClosed("the other side is gone")
        self._pending += self._block[:size]

    def _wait_until(self, deadline: float | None) -> None:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise WireTimeout("no answer in time")
        if left is not None or self.socket.gettimeout() is not None:
            self.socket.settimeout(left)
