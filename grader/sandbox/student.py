"""The proxy through which a check calls a submission.

``student.linear_forward(x, S, b)`` sends the arguments and brings back data; what is no data
comes back as a handle. Python functions given as arguments become callbacks; functions and
objects of the submission can be arguments too.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from grader.evidence import NotImplementedByStudent
from grader.sandbox.errors import Garbled, NotCarried, SandboxError, SubmissionFault
from grader.sandbox.generators import is_ahead
from grader.sandbox.session import Session
from grader.worker import forms, values, wire

_WHOLE = (-1,)
_LONGEST_KIND = 200
"""Characters of the name of a type, as in the worker."""


class Student:
    """A submission, as a check sees it: every attribute is one of its functions.

    Parameters
    ----------
    session
        The submission behind the wall.
    allowed
        Packages whose modules :meth:`library` may fetch.
    """

    def __init__(self, session: Session, allowed: tuple[str, ...] = ()) -> None:
        self._session = session
        self._allowed = allowed

    def __getattr__(self, name: str) -> StudentFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        return StudentFunction(self._session, name)

    def hold(self, value: Any, *, requires_grad: bool = False) -> Handle:
        """Put a value into the worker and return its handle; a tensor may ask for gradients."""
        held: list[Handle] = []
        return _handle(self._session, "hold", wire.Hold(_encode(self._session, value, held), requires_grad))

    def changes(self) -> tuple[str, ...]:
        """Return which arguments were changed in place since the check began, a sentence each.

        The check's own arrays never change: what crosses the wall is a copy.
        """
        return tuple(self._session.seen.changed)

    def library(self, name: str) -> Handle:
        """Return a module of an allowed package, as it is in the worker, e.g. ``torch.nn``.

        Raises
        ------
        SandboxError
            When the assignment does not allow the package.
        """
        if name.partition(".")[0] not in self._allowed:
            raise SandboxError(f"{name} is not among the packages that the assignment allows")
        return _handle(self._session, name, wire.Library(name))


class _Callable:
    """Something of the submission that can be called: where it is, on whose account, what of its results stays."""

    _tool = ""
    """What is called in its place, and gets it as its first argument."""

    def __init__(self, session: Session, function: str, keep: tuple[int, ...]) -> None:
        self._session = session
        self._function = function
        self._keep = keep

    def _target(self) -> tuple[str | int, list[str]]:
        """Return a name or a handle's number, and the path from there."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it in the worker.

        Raises
        ------
        NotImplementedByStudent
            When it is still a stub, or calls one.
        SubmissionFault
            When it is missing, raises, hangs, dies or sends garbage.
        """
        session = self._session
        session.seen.functions.setdefault(self._function)
        target, path = self._target()
        held: list[Handle] = []  # what is given away as a handle must live until it was used
        message = wire.Call(
            target,
            path,
            [_encode(session, value, held) for value in args],
            {name: _encode(session, value, held) for name, value in kwargs.items()},
            list(self._keep),
            seed=session.take_seed(),
            drop=session.take_drop(),
            through=self._tool,
        )
        result = _ask(session, self._function, message)
        left = session.seen.generators
        for key, value in (*enumerate(args), *kwargs.items()) if left else ():
            if type(value) is np.random.Generator and str(key) in left:
                _move_on(session, self._function, value, left[str(key)])
        return result

    def _held(self) -> Handle:
        """Return a handle of the callable itself, for giving it to another function."""
        target, path = self._target()
        message = wire.Call(target, path, [], {}, list(_WHOLE), read=True, drop=self._session.take_drop())
        return _handle(self._session, self._function, message)


class StudentFunction(_Callable):
    """A function of the submission. Calling it calls it there.

    Attributes
    ----------
    name
        Its name.
    """

    def __init__(self, session: Session, name: str, keep: tuple[int, ...] = ()) -> None:
        super().__init__(session, name, keep)
        self.name = self.__name__ = name

    def keeping(self, *positions: int) -> StudentFunction:
        """Return this function such that its results at ``positions`` stay in the worker, as handles.

        Without positions the whole result stays. A cache is the student's own affair: it
        need not be data, and need not cross the wire.
        """
        return StudentFunction(self._session, self.name, positions or _WHOLE)

    def through(self, tool: str) -> StudentFunction:
        """Return a function that calls a tool of the worker, e.g. ``modules.run``, with this one as first argument."""
        found = StudentFunction(self._session, self.name, self._keep)
        found._tool = tool
        return found

    def changes(self) -> tuple[str, ...]:
        """Return which of its arguments it changed in place since the check began, a sentence each."""
        return tuple(note for note in self._session.seen.changed if note.startswith(f"`{self.name}` "))

    def _target(self) -> tuple[str | int, list[str]]:
        session = self._session
        session.load()
        assert session.loaded is not None
        if self.name in session.loaded.stubs:
            raise NotImplementedByStudent(self.name)
        if self.name not in session.loaded.defined:
            raise session.missing(self.name)
        return self.name, []

    def __getattr__(self, name: str) -> Member:
        if name.startswith("_"):
            raise AttributeError(name)
        return Member(self, name)

    def __repr__(self) -> str:
        return f"<the submission's {self.name}>"


class Handle(_Callable):
    """An object that stays in the worker; its attributes and methods are calls there.

    ``handle.method(x)`` calls, ``handle.read("grad")`` reads an attribute, ``handle(x)`` and
    ``handle[i]`` do what they say. A handle may be an argument of another call. It is no
    value: it is neither true nor false, and cannot be unpacked.
    """

    __iter__: None = None  # without it Python would count through __getitem__, without end for an object that allows it

    def __init__(self, session: Session, number: int, kind: str, function: str) -> None:
        super().__init__(session, function, ())
        self._number = number
        self._generation = session.generation
        self.kind = kind
        """Qualified name of its type, as the worker says."""

    def __getattr__(self, name: str) -> Member:
        if name.startswith("_"):
            raise AttributeError(name)
        return Member(self, name)

    def __getitem__(self, key: Any) -> Any:
        return Member(self, "__getitem__")(key)

    def __bool__(self) -> NoReturn:
        raise TypeError(f"a {self.kind} came back, which says neither true nor false")

    def read(self, path: str, *, keep: bool = False) -> Any:
        """Return the attribute at a dotted path; as a handle when ``keep``."""
        kept = list(_WHOLE) if keep else []
        message = wire.Call(self._reference(), path.split("."), [], {}, kept, read=True, drop=self._session.take_drop())
        return _ask(self._session, self._function, message)

    def is_a(self, name: str) -> bool:
        """Whether its type is, or derives from, the class of that qualified name (``torch.nn.Module``)."""
        module, _, attribute = name.rpartition(".")
        kind = _handle(self._session, self._function, wire.Library(module)).read(attribute, keep=True)
        found = _handle(self._session, self._function, wire.Library("builtins")).isinstance(self, kind)
        return found is True

    def _target(self) -> tuple[str | int, list[str]]:
        return self._reference(), []

    def _held(self) -> Handle:
        return self

    def _reference(self) -> int:
        if self._generation != self._session.generation:
            raise SubmissionFault(self._function, "a value of an earlier call is lost, because the process ended since")
        return self._number

    def __del__(self) -> None:
        if self._generation == self._session.generation:
            self._session.drop.append(self._number)

    def __repr__(self) -> str:
        return f"<a {self.kind} of the submission>"


class Member(_Callable):
    """A method of an object in the worker. It holds the object's handle, so that it is not forgotten meanwhile."""

    def __init__(self, owner: StudentFunction | Handle, name: str, keep: tuple[int, ...] = ()) -> None:
        super().__init__(owner._session, owner._function, keep)  # noqa: SLF001 - of the same family
        self._owner = owner
        self.__name__ = name

    def keeping(self, *positions: int) -> Member:
        """Return this method such that its results at ``positions``, or the whole, stay in the worker."""
        return Member(self._owner, self.__name__, positions or _WHOLE)

    def _target(self) -> tuple[str | int, list[str]]:
        target, path = self._owner._target()  # noqa: SLF001 - of the same family
        return target, [*path, self.__name__]


def _handle(session: Session, function: str, message: Any) -> Handle:
    """Ask for something that stays in the worker."""
    found = _ask(session, function, message)
    if not isinstance(found, Handle):
        session.end()
        raise Garbled(function, f"`{function}` answered with what no function returns: a value for an object")
    return found


def _ask(session: Session, function: str, message: Any) -> Any:
    value = session.request(function, message)

    def special(found: Any) -> Any:
        if isinstance(found, forms.Handle):
            return Handle(session, found.id, found.kind[:_LONGEST_KIND], function)
        raise wire.WireError("the worker gave a callback of its own")

    try:
        return values.decode(value, special)
    except wire.WireError as error:
        session.end()
        raise Garbled(function, f"`{function}` answered with what no function returns: {error}") from None


def _move_on(session: Session, function: str, generator: np.random.Generator, left: forms.Value) -> None:
    """Put a generator that was an argument into the state in which the call left it."""
    try:
        found = values.decode(left, lambda _: None)
    except wire.WireError:
        found = None
    if not isinstance(found, np.random.Generator) or not is_ahead(found, generator):
        session.end()
        raise Garbled(function, f"`{function}` left its random generator in a state to which no draws lead")
    generator.bit_generator.state = found.bit_generator.state


def _encode(session: Session, value: Any, held: list[Handle]) -> forms.Value:
    """Return the wire value of an argument; handles that are made for it are appended to ``held``."""

    def opaque(found: Any) -> forms.Value:
        if isinstance(found, _Callable):
            handle = found._held()  # noqa: SLF001 - of the same module
            held.append(handle)
            return forms.Handle(handle._reference(), handle.kind)  # noqa: SLF001
        if callable(found):
            return session.callback(found)
        raise NotCarried(f"a check gave student code a {type(found).__name__}, which cannot cross the wall")

    return values.encode(value, opaque)
