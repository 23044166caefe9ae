"""One submission behind the wall: its workers, its time, what was seen of it.

A check that kills or hangs its worker loses that check alone: the next one gets a new
worker. After two time-outs a function is not called again, and a submission has a budget of
time in all. Texts of a worker are cut here, whatever it says its limits are.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

from grader.sandbox import errors, imports
from grader.sandbox.callbacks import Callbacks
from grader.sandbox.clock import Clock, Time
from grader.sandbox.code import Code
from grader.sandbox.seen import Seen
from grader.sandbox.worker import Worker
from grader.sandbox.zygote import Zygote
from grader.worker import forms, wire

__all__ = ["Code", "Seen", "Session", "Time"]

_TIME_OUTS = 2
"""So many time-outs of one function are enough to believe that it does not end."""
_START_SECONDS = 30
"""Time from the fork of a worker until it is shut in: some 10 ms, and minutes only where nothing works."""
_LONGEST_TEXT = 2000
"""Characters of a message: an exception's text that is longer is an array printed."""
_MOST_CHANGES = 20
"""Arguments changed in place that are named; no function of a handout has as many."""


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
        self.generation = 0
        """Counts workers: a handle of an earlier one is of no use."""
        self.drop: list[int] = []
        """Handles that the checks no longer hold."""
        self._zygote = zygote
        self._limits = limits
        self._allowed = allowed
        self._clock = Clock(allowed)
        self._worker: Worker | None = None
        self._ready = self._asking = self._gave_up = False
        self._load_deadline = 0.0
        self._load_fault: errors.SubmissionFault | None = None
        self._time_outs: Counter[str] = Counter()
        self._seed: int | None = None
        self._callbacks = Callbacks()

    def begin(self, seed: int) -> None:
        """Begin a check, with its own time; ``seed`` goes to the global generators of the worker."""
        self.seen = Seen()
        self._seed = seed
        self._clock.begin_check()
        self._callbacks.forget()

    def prepare(self) -> None:
        """Start a worker and let it load the submission, without waiting.

        Raises
        ------
        SandboxError
            When no worker can be had.
        """
        if self._worker is not None or self._load_fault is not None:
            return
        worker = self._worker = self._zygote.worker(self._limits)
        self._load_deadline = time.monotonic() + self._allowed.load
        cells = [forms.encodable(cell) for cell in self.code.cells]
        files = {forms.encodable(name): content for name, content in self.code.files.items()}
        message = wire.Load(self.code.module, self.code.notebook, cells, files, self.code.tolerant)
        try:
            worker.post(message, time.monotonic() + _START_SECONDS)
        except wire.WireError as error:
            if not isinstance(error, wire.WireClosed):  # that it has ended is seen when it is waited for
                self.end()
                raise errors.SandboxError(f"a worker did not take the submission: {error}") from None

    def load(self) -> None:
        """Wait until the submission is loaded.

        Raises
        ------
        TimedOut, Died, Garbled
            When it could not be, now or at an earlier call.
        SandboxError
            When no worker can be had, or it ended before it saw the submission.
        """
        if self._load_fault is not None:
            raise self._load_fault
        if self._ready:
            return
        worker = self._ready_worker()
        with self._clock.loading():
            # what was posted while another submission was graded may have run out of time by now: not its fault
            deadline = max(self._load_deadline, time.monotonic() + self._allowed.load / 2)
            self.loaded = self._await_loaded(worker, deadline)
        self._ready = True

    def _ready_worker(self) -> Worker:
        """Return a worker that is shut in; when the first one is not, no student code has run, and another is tried."""
        words = ""
        for _ in range(2):
            self.prepare()
            assert self._worker is not None
            if self._worker.is_ready(time.monotonic() + _START_SECONDS):
                return self._worker
            words = self._worker.last_words().strip() or "it said nothing"
            self.end()
        raise errors.SandboxLost(f"a worker could not be shut in: {words}")

    def _await_loaded(self, worker: Worker, deadline: float) -> wire.Loaded:
        try:
            answer = worker.answer(lambda: deadline)
        except wire.WireTimeout:
            place = self.code.hanging_place(worker.where_it_hangs())
            message = f"importing your file took more than {self._allowed.load:g} s"
            self._give_up(errors.TimedOut("", message, place=place))
        except wire.WireClosed:
            self._give_up(self._death(worker, "", "importing your file"))
        except wire.WireError as error:
            self._give_up(errors.Garbled("", f"the file could not be loaded: {error}"))
        if not isinstance(answer, wire.Loaded):
            said = getattr(answer, "message", "no answer")[:_LONGEST_TEXT]
            self._give_up(errors.Garbled("", f"the file could not be loaded: {said}"))
        return answer

    def _give_up(self, fault: errors.SubmissionFault) -> NoReturn:
        """What fails at import fails once, for all checks of the submission; chance gets another try."""
        first, self._gave_up = not self._gave_up, True
        self._load_fault = None if first and fault.by_chance else fault
        self.end()
        raise fault

    def request(self, function: str, message: Any) -> forms.Value:
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
        SandboxError
            When the check asks for what cannot be, or the sandbox broke down.
        """
        if self._asking:
            raise errors.SandboxError("a function of a check may not call the submission while the submission calls it")
        self._may_call(function)
        self.load()
        assert self._worker is not None
        self._asking = True
        try:
            with self._clock.running():
                answer = self._ask(self._worker, function, message)
        finally:
            self._asking = False
        return self._unpack(function, answer)

    def _ask(self, worker: Worker, function: str, message: Any) -> Any:
        try:
            worker.post(message, self._clock.deadline())
        except wire.WireTooLarge as error:
            raise errors.NotCarried(f"the arguments that a check gave `{function}` are too large: {error}") from None
        except wire.WireTimeout:
            self._timed_out(worker, function)
        except wire.WireClosed:
            self._died(worker, function)
        try:
            return worker.answer(self._clock.deadline, self._call_back)
        except wire.WireTimeout:
            self._timed_out(worker, function)
        except wire.WireClosed:
            self._died(worker, function)
        except wire.WireTooLarge as error:
            self.end()
            raise errors.NotCarried(f"what a check answered `{function}` is too large: {error}") from None
        except wire.WireError as error:
            self.end()
            raise errors.Garbled(function, f"`{function}` answered with what no function returns: {error}") from None
        except BaseException:
            # a function of the check raised, or somebody stopped the grader: the worker still waits for its answer
            self.end()
            raise

    def _call_back(self, message: wire.CallbackCall) -> Any:
        with self._clock.standing():
            return self._callbacks.call(message)

    def _may_call(self, function: str) -> None:
        if self._time_outs[function] >= _TIME_OUTS:
            raise errors.Refused(function, f"`{function}` was not called again: it did not end twice before")
        if self._clock.exhausted:
            raise errors.Refused(function, f"the submission's {self._allowed.total:g} s are used up")

    def _unpack(self, function: str, answer: Any) -> forms.Value:
        if not isinstance(answer, wire.Answer | wire.Raised):
            self.end()
            raise errors.Garbled(function, f"`{function}` answered with a message out of turn")
        self.seen.keep_output(answer.output, most=1024 * self._limits.output_kb)
        if isinstance(answer, wire.Raised):
            raise imports.depends(self.code, self.loaded, function, answer) or self._raised(function, answer)
        for name in answer.changed[:_MOST_CHANGES]:
            argument = f"its argument `{name}`" if self.code.has_parameter(function, name) else "an argument"
            self.seen.changed[f"`{function}` changes {argument} in place"] = None
        self.seen.generators = answer.generators
        return answer.value

    def _raised(self, function: str, answer: wire.Raised) -> errors.Raised:
        frame = answer.frames[-1] if answer.frames else None
        place = self.code.place(frame.cell, frame.file, frame.line, frame.function) if frame else None
        text = answer.message[:_LONGEST_TEXT]
        said = f"`{function}` raised {answer.kind[:_LONGEST_TEXT]}: {text}".removesuffix(": ")
        if answer.builtin == "MemoryError":
            self.end()  # what filled it up may still be there, and would fail the next check too
        return errors.Raised(function, said, kind=answer.kind, builtin=answer.builtin, text=text, place=place)

    def _timed_out(self, worker: Worker, function: str) -> NoReturn:
        self._time_outs[function] += 1
        place = self.code.hanging_place(worker.where_it_hangs())
        self.end()
        if self._clock.total_is_nearer:
            raise errors.TimedOut(function, f"the submission used up its {self._allowed.total:g} s", place=place)
        raise errors.TimedOut(function, f"`{function}` did not end within {self._allowed.check:g} s", place=place)

    def _died(self, worker: Worker, function: str) -> NoReturn:
        fault = self._death(worker, function, f"`{function}`")
        self.end()
        raise fault

    def _death(self, worker: Worker, function: str, what: str) -> errors.SubmissionFault:
        """Say how a worker ended whose connection is closed; it is the sandbox's fault when the zygote ended too."""
        try:
            how = worker.how_it_ended()
        except errors.SandboxLost:
            self.end()
            raise
        place = self.code.hanging_place(worker.last_words())
        if worker.out_of_memory:
            most = "the memory that is left" if self._limits.held_mb else f"{self._limits.memory_mb} MB"
            said = f"{what} held more than {most}, all processes together"
            return errors.Raised(function, said, kind="MemoryError", builtin="MemoryError", place=place)
        return errors.Died(function, f"{what} ended the process", how=how, place=place)

    def callback(self, function: Callable[..., Any]) -> forms.Callback:
        """Give the worker a function to call during this check."""
        return self._callbacks.give(function)

    def take_seed(self) -> int | None:
        """Return the seed of this check at its first call, and None afterwards."""
        seed, self._seed = self._seed, None
        return seed

    def take_drop(self) -> list[int]:
        """Return the handles to be forgotten by the worker."""
        numbers, self.drop = self.drop, []
        return numbers

    def missing(self, function: str) -> errors.Missing:
        """Say why there is no such function, with the line that should have defined it."""
        return imports.missing(self.code, self.loaded, function)

    def problems(self) -> list[str]:
        """Return what failed while the submission was imported, a line each. Student text."""
        if self._load_fault is not None:
            place = f" ({self._load_fault.place})" if self._load_fault.place else ""
            return [f"{self._load_fault.message}{place}"]
        return imports.problems(self.code, self.loaded)

    def end(self) -> None:
        """Kill the worker; the next call gets a new one."""
        if self._worker is not None:
            self._worker.end()
            self._worker, self._ready = None, False
            self.generation += 1
            self.drop.clear()
