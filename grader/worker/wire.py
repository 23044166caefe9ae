"""The wire between the trusted process and a worker: this module *is* its contract.

A frame is a four-byte length (little-endian) and a msgpack message of one of the types
below. msgspec refuses what it does not know, arrays are rebuilt only after dtype, shape and
length were found to agree, and nothing is ever unpickled. A worker sends *answers*, never
verdicts: whatever a hostile one writes is at most a wrong answer.

To the zygote: :class:`Spawn` (with two descriptors attached), :class:`Signal`; back come
:class:`Spawned` and :class:`Exited`. From a worker first comes :class:`Ready`, before it has
seen any student code: one that ends earlier was ended by the machine. To a worker:
:class:`Load`, :class:`Call`, :class:`Hold`, :class:`Library`; to each one answer comes back,
:class:`Loaded`, :class:`Answer` or :class:`Raised`. In between the worker may send
:class:`CallbackCall`, each answered by :class:`CallbackResult` or :class:`CallbackError`.
``turn`` counts the requests to a worker: what carries another number is out of turn.

What values look like is in :mod:`forms`, the way between them and Python in :mod:`values`, frames in
:mod:`channel`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from .forms import Value

MAX_FRAME = 64 * 2**20
"""Largest frame in bytes: room for eight arrays of 1,000 x 1,000 doubles."""
MAX_PARTS = 4 * 2**20
"""Most items of a frame, headers of lists and arrays among them: four for each of :data:`forms.MAX_ITEMS`. As Python
objects they take 310 MB at most (measured: arrays without axes), which a container of 768 MB survives."""
MAX_TEXT = 8 * 2**20
"""Most bytes of text in a frame. One letter beyond the Basic Multilingual Plane makes a text four times as large."""


_ARGUMENTS, _NAMES, _LINES = 256, 10_000, 100
"""Most arguments of a call, names of a module, lines and problems that a worker may tell of: beyond any honest
file's, and few enough to cost nothing."""
_Names = Annotated[list[str], msgspec.Meta(max_length=_NAMES)]


class WireError(Exception):
    """The other side sent what the contract does not allow."""


class WireClosed(WireError):  # noqa: N818 - a state, not a mistake
    """The other side closed the connection; usually its process died."""


class WireTooLarge(WireError):  # noqa: N818 - a state, not a mistake
    """A message is larger than a frame may be; nothing of it was sent."""


class WireTimeout(WireError):  # noqa: N818 - a state, not a mistake
    """No whole frame came before the deadline."""


class Limits(msgspec.Struct, frozen=True):
    """What a worker may use."""

    memory_mb: int
    """Address space on top of what the warm zygote holds."""
    cpu_seconds: int
    file_mb: int
    """Size of its temporary folder, and of one file."""
    output_kb: int
    processes: int
    held_mb: int | None = None
    """Memory that it and all that it starts may hold together, where that is less than ``memory_mb``."""


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
    out_of_memory: bool = False
    """Whether it was ended because it and all that it started held more memory than allowed."""


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
    through: str = ""
    """A tool that is called in its place, and gets it as its first argument; see :mod:`tools`."""


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
    kind: str
    message: str
    names: _Names
    """Top-level names that the statement would have defined."""


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The worker is shut in and waits for the submission."""


class Loaded(msgspec.Struct, tag="loaded", frozen=True):
    """The submission is imported, as far as it could be."""

    problems: Annotated[list[Problem], msgspec.Meta(max_length=_LINES)]
    defined: _Names
    """Callable top-level names."""
    stubs: _Names
    """Functions that do nothing yet, and classes all of whose methods do nothing."""


class Answer(msgspec.Struct, tag="answer", frozen=True):
    """What a call returned."""

    turn: int
    value: Value
    changed: _Names
    """Names of the arguments that the call changed in place."""
    output: str
    generators: Annotated[dict[str, Value], msgspec.Meta(max_length=_ARGUMENTS)] = {}
    """The generators among the arguments as the call left them, by position or keyword."""


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """One line of the student's own code in a traceback, outermost first."""

    cell: int
    """0 for a script or a file of its own."""
    file: str
    """Relative to the submission's folder."""
    line: int
    function: str


class Raised(msgspec.Struct, tag="raised", frozen=True):
    """What a call raised."""

    turn: int
    kind: str
    """Name of the exception's type; student text."""
    builtin: str
    """Name of the built-in exception that it is or derives from: fixed words."""
    message: str
    frames: Annotated[list[Frame], msgspec.Meta(max_length=_LINES)]
    output: str


class CallbackCall(msgspec.Struct, tag="callback", frozen=True):
    """Student code called a function of the trusted process."""

    turn: int
    id: int
    args: Annotated[list[Value], msgspec.Meta(max_length=_ARGUMENTS)]
    kwargs: Annotated[dict[str, Value], msgspec.Meta(max_length=_ARGUMENTS)]


ToZygote = Spawn | Signal
FromZygote = Spawned | Exited
ToWorker = Load | Call | Hold | Library | CallbackResult | CallbackError
FromWorker = Ready | Loaded | Answer | Raised | CallbackCall
