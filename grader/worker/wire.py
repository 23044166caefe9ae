"""The wire between the trusted process and a worker: this module *is* its contract.

A frame is a four-byte length (little-endian) and a msgpack message of one of the types
below. msgspec refuses what it does not know, arrays are rebuilt only after dtype, shape and
length were found to agree, and nothing is ever unpickled. A worker sends *answers*, never
verdicts: whatever a hostile one writes is at most a wrong answer.

To the zygote: :class:`Spawn` (with two descriptors attached), :class:`Signal`; back come
:class:`Spawned` and :class:`Exited`. To a worker: :class:`Load`, :class:`Call`,
:class:`Hold`, :class:`Library`, :class:`CallbackResult`, :class:`CallbackError`; back come
:class:`Loaded`, :class:`Answer`, :class:`Raised`, :class:`CallbackCall`.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

import msgspec

MAX_FRAME = 256 * 2**20
"""Largest frame in bytes: room for some arrays of 1,000 x 1,000 doubles, far below the memory of a laptop."""
MAX_DEPTH = 48
"""Deepest nesting of a value; below what the decoders' recursion allows, above any honest structure."""
MAX_DIMENSIONS = 32
"""As many axes as every numpy allows."""
DTYPES = frozenset({"?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "F", "D"})
"""Type characters of arrays that cross by value: booleans, integers, reals, complex; never objects."""

_LENGTH = struct.Struct("<I")
_BLOCK = 2**18
"""Bytes asked for at once: what a socket of default size holds, so that most frames come with one call."""


class WireError(Exception):
    """The other side sent what the contract does not allow."""


class WireClosed(WireError):  # noqa: N818 - a state, not a mistake
    """The other side closed the connection; usually its process died."""


class WireTimeout(WireError):  # noqa: N818 - a state, not a mistake
    """No whole frame came before the deadline."""


# ---------------------------------------------------------------------------------- values


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
    | Handle
    | Callback
)


# ------------------------------------------------------------------ between grader and zygote


class Limits(msgspec.Struct, frozen=True):
    """What a worker may use."""

    memory_mb: int
    """Address space on top of what the warm zygote holds."""
    cpu_seconds: int
    file_mb: int
    """Size of its temporary folder, and of one file."""
    output_kb: int
    processes: int


class Spawn(msgspec.Struct, tag="spawn", frozen=True):
    """Start a worker; attached descriptors: its end of the wire, its error stream."""

    worker: int
    limits: Limits


class Signal(msgspec.Struct, tag="signal", frozen=True):
    """Send a signal to a worker."""

    worker: int
    number: int


class Spawned(msgspec.Struct, tag="spawned", frozen=True):
    """The zygote is ready (worker 0), or a worker was started; ``error`` says why not."""

    worker: int
    error: str = ""


class Exited(msgspec.Struct, tag="exited", frozen=True):
    """A worker ended; ``code`` is its exit code, or minus the signal that ended it."""

    worker: int
    code: int


# ------------------------------------------------------------------ between grader and worker


class Load(msgspec.Struct, tag="load", frozen=True):
    """Import the submission. ``cells`` are executed in order; a script is one cell."""

    module: str
    notebook: bool
    cells: list[str]
    files: dict[str, bytes]
    """Further files of its folder, by relative path."""
    tolerant: bool
    """Go on after a statement that fails, or that cannot be compiled."""


class Call(msgspec.Struct, tag="call", frozen=True):
    """Call ``path`` of a name of the module, or of the object behind a handle."""

    target: str | int
    path: list[str]
    args: list[Value]
    kwargs: dict[str, Value]
    keep: list[int]
    """Positions of the result that stay in the worker; ``[-1]`` keeps the whole."""
    read: bool = False
    """Do not call: the attribute itself is wanted."""
    seed: int | None = None
    """Seed of the global generators, sent with the first call of a check."""
    drop: list[int] = []
    """Handles that nobody needs any more."""


class Hold(msgspec.Struct, tag="hold", frozen=True):
    """Keep a value in the worker and answer with its handle; a tensor may ask for gradients."""

    value: Value
    requires_grad: bool


class Library(msgspec.Struct, tag="library", frozen=True):
    """Import a module of an allowed package and answer with its handle."""

    name: str


class CallbackResult(msgspec.Struct, tag="result", frozen=True):
    """What the trusted function returned."""

    value: Value


class CallbackError(msgspec.Struct, tag="refused", frozen=True):
    """The trusted function refused; the worker raises this as RuntimeError."""

    message: str


class Problem(msgspec.Struct, array_like=True, frozen=True):
    """A statement of the submission that failed while it was imported."""

    cell: int
    line: int
    code: str
    kind: str
    message: str
    names: list[str]
    """Top-level names that the statement would have defined."""


class Loaded(msgspec.Struct, tag="loaded", frozen=True):
    """The submission is imported, as far as it could be."""

    problems: list[Problem]
    defined: list[str]
    """Callable top-level names."""
    stubs: list[str]
    """Functions whose body does nothing yet."""
    output: str


class Answer(msgspec.Struct, tag="answer", frozen=True):
    """What a call returned."""

    value: Value
    changed: list[str]
    """Names of the arguments that the call changed in place."""
    output: str


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """One line of the student's own code in a traceback, outermost first."""

    cell: int
    """0 for a script or a file of its own."""
    file: str
    line: int
    function: str
    code: str


class Raised(msgspec.Struct, tag="raised", frozen=True):
    """What a call raised."""

    kind: str
    """Name of the exception's type; student text."""
    builtin: str
    """Name of the built-in exception that it is or derives from: fixed words."""
    message: str
    frames: list[Frame]
    output: str


class CallbackCall(msgspec.Struct, tag="callback", frozen=True):
    """Student code called a function of the trusted process."""

    id: int
    args: list[Value]
    kwargs: dict[str, Value]


ToZygote = Spawn | Signal
FromZygote = Spawned | Exited
ToWorker = Load | Call | Hold | Library | CallbackResult | CallbackError
FromWorker = Loaded | Answer | Raised | CallbackCall


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
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._pending = bytearray()

    def send(self, message: msgspec.Struct, *, descriptors: list[int] | None = None) -> None:
        """Send one message; ``descriptors`` travel with it.

        Raises
        ------
        WireClosed
            When nobody reads any more.
        WireError
            When the message is larger than a frame may be.
        """
        frame = bytearray(4)
        self._encoder.encode_into(message, frame, 4)
        if len(frame) - 4 > MAX_FRAME:
            raise WireError(f"a message of {len(frame) / 2**20:.0f} MB is more than the wire carries")
        _LENGTH.pack_into(frame, 0, len(frame) - 4)
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
        """Decode the body of one frame."""
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
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WireTimeout("no answer in time")
            self.socket.settimeout(left)
        try:
            block = self.socket.recv(most)
        except TimeoutError:
            raise WireTimeout("no answer in time") from None
        except OSError:
            raise WireClosed("the other side is gone") from None
        if not block:
            raise WireClosed("the other side is gone")
        self._pending += block
