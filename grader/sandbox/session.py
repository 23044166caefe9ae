"""One submission behind the wall: its workers, its time, what was seen of it.

A check that kills or hangs its worker loses that check alone: the next one gets a new
worker. After two time-outs a function is not called again, and a submission has a budget of
time in all.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grader.sandbox.errors import Died, Garbled, Missing, Place, Raised, Refused, SubmissionFault, TimedOut
from grader.sandbox.worker import Worker
from grader.sandbox.zygote import Zygote
from grader.worker import values, wire

_TIME_OUTS = 2
"""So many time-outs of one function are enough to believe that it does not end."""
_DEATH_SECONDS = 5
"""Time that the kernel gets to end a process whose connection is closed."""
_HANGING_LINE = re.compile(r'File "(?P<file>[^"\n]+)", line (?P<line>\d+) in (?P<function>\S+)')
_CELL_FILE = re.compile(r"<cell (\d+)>")


@dataclass(frozen=True, kw_only=True)
class Time:
    """Seconds of wall time that a submission may take."""

    load: float
    check: float
    total: float


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a worker loads: the submission, without its author."""

    module: str
    notebook: bool
    cells: tuple[str, ...]
    files: dict[str, bytes]
    tolerant: bool

    def place(self, cell: int, file: str, line: int, function: str) -> Place | None:
        """Return a line of the submission, with its text as it was handed in.

        Where a worker says to be is student text, and could carry hidden inputs out. So only
        the place is taken from it, and only where the submission has such a place.
        """
        text = self._text(cell, file)
        lines = text.splitlines()
        if not 0 < line <= len(lines):
            return None
        known = re.search(rf"\bdef\s+{re.escape(function)}\b", text) is not None
        return Place(file, line, lines[line - 1].strip(), function if known else "", cell or None)

    def _text(self, cell: int, file: str) -> str:
        if self.notebook and 0 < cell <= len(self.cells):
            return self.cells[cell - 1]
        if not self.notebook and file == f"{self.module}.py":
            return self.cells[0]
        return self.files.get(file, b"").decode("utf-8", errors="replace")

    def has_word(self, word: str) -> bool:
        """Whether an identifier occurs in the submission."""
        return word.isidentifier() and any(re.search(rf"\b{word}\b", text) for text in self.cells)


@dataclass
class Seen:
    """What was seen during one check."""

    functions: dict[str, None] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    place: Place | None = None


class Session:
    """Grades one submission: starts workers when they are needed and keeps count.

    Parameters
    ----------
    zygote
        Where workers come from.
    code
        The submission.
    limits, allowed
        What a worker may use, and how long it may take.
    """

    def __init__(self, zygote: Zygote, code: Code, *, limits: wire.Limits, allowed: Time) -> None:
        self.code = code
        self.seen = Seen()
        self.loaded: wire.Loaded | None = None
        self._zygote = zygote
        self._limits = limits
        self._allowed = allowed
        self._worker: Worker | None = None
        self._ready = False
        self._load_deadline = 0.0
        self._load_fault: SubmissionFault | None = None
        self._time_outs: Counter[str] = Counter()
        self._used = 0.0
        self._deadline = 0.0
        self._seed: int | None = None
        self._callbacks: list[Callable[..., Any]] = []
        self.generation = 0
        """Counts workers: a handle of an earlier one is of no use."""
        self.drop: list[int] = []
        """Handles that the checks no longer hold."""

    # ------------------------------------------------------------------------------ a check

    def begin(self, seed: int) -> None:
        """Begin a check: its time starts with its first call."""
        self.seen = Seen()
        self._seed = seed
        self._deadline = 0.0
        self._callbacks.clear()

    def prepare(self) -> None:
        """Start a worker and let it load the submission, without waiting."""
        if self._worker is not None or self._load_fault is not None:
            return
        code = self.code
        self._worker = self._zygote.worker(self._limits)
        self.generation += 1
        self.drop.clear()
        self._ready = False
        self._load_deadline = time.monotonic() + self._allowed.load
        try:
            self._worker.post(wire.Load(code.module, code.notebook, list(code.cells), code.files, code.tolerant))
        except wire.WireClosed:
            self._ended_while_loading()

    def load(self) -> None:
        """Wait until the submission is loaded.

        Raises
        ------
        TimedOut, Died, Garbled
            When it could not be, now or at an earlier call.
        """
        if self._load_fault is not None:
            raise self._load_fault
        self.prepare()
        if self._ready or self._worker is None:
            return
        started = time.monotonic()
        try:
            # what was posted while another submission was graded may have run out of time by now: not its fault
            answer = self._worker.answer(max(self._load_deadline, started + self._allowed.load / 2))
        except wire.WireTimeout:
            place = self._hanging_place(self._worker.where_it_hangs())
            message = f"importing your file took more than {self._allowed.load:g} s"
            self._give_up(TimedOut("", message, place=place))
        except wire.WireClosed:
            self._ended_while_loading()
        except wire.WireError as error:
            self._give_up(Garbled("", f"the file could not be loaded: {error}"))
        else:
            if not isinstance(answer, wire.Loaded):
                self._give_up(Garbled("", f"the file could not be loaded: {getattr(answer, 'message', 'no answer')}"))
            self.loaded = answer
            self._ready = True
        finally:
            self._used += time.monotonic() - started

    def _ended_while_loading(self) -> None:
        assert self._worker is not None
        what = _how_it_died(self._worker.wait(_DEATH_SECONDS))
        place = self._hanging_place(self._worker.last_words())
        self._give_up(Died("", f"importing your file ended the process ({what})", place=place))

    def _give_up(self, fault: SubmissionFault) -> None:
        """What fails at import fails once, for all checks of the submission."""
        self._load_fault = fault
        self.end()
        raise fault

    # ------------------------------------------------------------------------------- a call

    def request(self, function: str, message: Any) -> wire.Value:
        """Send a message and return the value of its answer.

        Parameters
        ----------
        function
            The student's function on whose account it goes.
        message
            A :class:`wire.Call`, :class:`wire.Hold` or :class:`wire.Library`.

        Raises
        ------
        SubmissionFault
            One of its kinds, when the function did something else than return.
        """
        self._may_call(function)
        self.load()
        assert self._worker is not None
        started = time.monotonic()
        left = min(self._allowed.check, self._allowed.total - self._used)
        self._deadline = self._deadline or started + left
        try:
            self._worker.post(message)
            answer = self._worker.answer(self._deadline, self._call_back)
        except wire.WireTimeout:
            self._timed_out(function)
        except wire.WireClosed:
            self._died(function)
        except wire.WireError as error:
            self.end()
            raise Garbled(function, f"`{function}` answered with what no function returns: {error}") from None
        finally:
            self._used += time.monotonic() - started
        return self._unpack(function, answer)

    def _may_call(self, function: str) -> None:
        if self._time_outs[function] >= _TIME_OUTS:
            raise Refused(function, f"`{function}` was not called again: it did not end twice before")
        if self._used >= self._allowed.total:
            raise Refused(function, f"the submission's {self._allowed.total:g} s are used up")

    def _unpack(self, function: str, answer: Any) -> wire.Value:
        if isinstance(answer, wire.Raised):
            self._keep_output(answer.output)
            raise self._raised(function, answer)
        if not isinstance(answer, wire.Answer):
            self.end()
            raise Garbled(function, f"`{function}` answered with a message out of turn")
        self._keep_output(answer.output)
        for name in answer.changed:
            argument = f"its argument `{name}`" if self.code.has_word(name) else "an argument"
            self.seen.changed[f"`{function}` changes {argument} in place"] = None
        return answer.value

    def _keep_output(self, output: str) -> None:
        if output and sum(map(len, self.seen.output)) < self._limits.output_kb * 1024:
            self.seen.output.append(output)

    def _raised(self, function: str, answer: wire.Raised) -> Raised:
        frame = answer.frames[-1] if answer.frames else None
        place = self.code.place(frame.cell, frame.file, frame.line, frame.function) if frame else None
        message = f"`{function}` raised {answer.kind}: {answer.message}".removesuffix(": ")
        return Raised(function, message, kind=answer.kind, builtin=answer.builtin, place=place)

    def _timed_out(self, function: str) -> None:
        assert self._worker is not None
        self._time_outs[function] += 1
        place = self._hanging_place(self._worker.where_it_hangs())
        self.end()
        if self._used >= self._allowed.total:
            raise TimedOut(function, f"the submission used up its {self._allowed.total:g} s", place=place)
        raise TimedOut(function, f"`{function}` did not end within {self._allowed.check:g} s", place=place)

    def _died(self, function: str) -> None:
        assert self._worker is not None
        what = _how_it_died(self._worker.wait(_DEATH_SECONDS))
        place = self._hanging_place(self._worker.last_words())
        self.end()
        raise Died(function, f"`{function}` ended the process ({what})", place=place)

    def _call_back(self, message: wire.CallbackCall) -> Any:
        """Call a function of the check for the student's code; refuse what it did not give away."""
        if not 0 <= message.id < len(self._callbacks):
            raise wire.WireError("the worker called a function that it was not given")
        arguments = [values.decode(value, _opaque) for value in message.args]
        options = {name: values.decode(value, _opaque) for name, value in message.kwargs.items()}
        try:
            result = self._callbacks[message.id](*arguments, **options)
            return wire.CallbackResult(values.encode(result, _no_handle))
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            # how student code calls decides over these: a wrong number of arguments, a wrong shape
            return wire.CallbackError(f"{type(error).__name__}: {error}")

    def callback(self, function: Callable[..., Any]) -> wire.Callback:
        """Give the worker a function to call during this check."""
        self._callbacks.append(function)
        return wire.Callback(len(self._callbacks) - 1, getattr(function, "__name__", "function"))

    def take_seed(self) -> int | None:
        """Return the seed of this check at its first call, and None afterwards."""
        seed, self._seed = self._seed, None
        return seed

    def take_drop(self) -> list[int]:
        """Return the handles to be forgotten by the worker."""
        numbers, self.drop = self.drop, []
        return numbers

    # ------------------------------------------------------------------------------ its end

    def missing(self, function: str) -> Missing:
        """Say why there is no such function, with the line that should have defined it."""
        problems = self.loaded.problems if self.loaded else []
        for problem in problems:
            if function in problem.names or not self.code.tolerant:
                place = self._place(problem)
                message = f"`{function}` could not be defined: {problem.kind}: {problem.message}"
                return Missing(function, message, place=place, broken=True)
        return Missing(function, f"`{function}` is missing: no function of that name is in {self.code.module}")

    def problems(self) -> list[str]:
        """Return what failed while the submission was imported, a line each. Student text."""
        if self._load_fault is not None:
            place = f" ({self._load_fault.place})" if self._load_fault.place else ""
            return [f"{self._load_fault.message}{place}"]
        found = self.loaded.problems if self.loaded else []
        return [f"{self._place(problem) or 'a line'} -> {problem.kind}: {problem.message}" for problem in found]

    def _place(self, problem: wire.Problem) -> Place | None:
        return self.code.place(problem.cell, f"{self.code.module}.py", problem.line, "")

    def _hanging_place(self, words: str) -> Place | None:
        """Find the student's innermost line in what faulthandler wrote."""
        for match in _HANGING_LINE.finditer(words):
            file, line = match["file"], int(match["line"])
            cell = _CELL_FILE.fullmatch(file)
            if cell or "/worker-" in file:
                number = int(cell[1]) if cell else 0
                return self.code.place(number, file.rpartition("/")[2], line, match["function"])
        return None

    def end(self) -> None:
        """Kill the worker; the next call gets a new one."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None
            self._ready = False


def _opaque(value: Any) -> Any:
    raise wire.WireError(f"a function of the check was called with a {type(value).__name__} of the worker's own")


def _no_handle(value: Any) -> wire.Value:
    raise TypeError(f"a check gave student code a {type(value).__name__}, which cannot cross the wall")


def _how_it_died(code: int | None) -> str:
    import signal

    if code is None:
        return "its connection closed"
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
