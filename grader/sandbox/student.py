"""The proxy through which a check calls a submission.

``student.linear_forward(x, S, b)`` sends the arguments and brings back data; what is no data
comes back as a handle. Python functions given as arguments become callbacks.
"""

from __future__ import annotations

from typing import Any

from grader.evidence import NotImplementedByStudent
from grader.sandbox.errors import Garbled, SandboxError, SubmissionFault
from grader.sandbox.session import Session
from grader.worker import values, wire

_WHOLE = [-1]


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
        return _ask(self._session, "hold", wire.Hold(_encode(self._session, value), requires_grad))  # type: ignore[no-any-return]

    def library(self, name: str) -> Handle:
        """Return a module of an allowed package, as it is in the worker, e.g. ``torch.nn``.

        Raises
        ------
        SandboxError
            When the assignment does not allow the package.
        """
        if name.partition(".")[0] not in self._allowed:
            raise SandboxError(f"{name} is not among the packages that the assignment allows")
        return _ask(self._session, name, wire.Library(name))  # type: ignore[no-any-return]


class StudentFunction:
    """A function of the submission. Calling it calls it there.

    Attributes
    ----------
    name
        Its name.
    """

    def __init__(self, session: Session, name: str, keep: tuple[int, ...] = ()) -> None:
        self._session = session
        self.name = name
        self.__name__ = name
        self._keep = list(keep)

    def keeping(self, *positions: int) -> StudentFunction:
        """Return this function such that its results at ``positions`` stay in the worker, as handles.

        Without positions the whole result stays. A cache is the student's own affair: it
        need not be data, and need not cross the wire.
        """
        return StudentFunction(self._session, self.name, positions or tuple(_WHOLE))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the student's function.

        Raises
        ------
        NotImplementedByStudent
            When it is still a stub, or calls one.
        SubmissionFault
            When it is missing, raises, hangs, dies or sends garbage.
        """
        session = self._session
        session.seen.functions[self.name] = None
        session.load()
        assert session.loaded is not None
        if self.name in session.loaded.stubs:
            raise NotImplementedByStudent(self.name)
        if self.name not in session.loaded.defined:
            raise session.missing(self.name)
        return _call(session, self.name, self.name, [], args, kwargs, self._keep)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the object: of a class, say."""
        if name.startswith("_"):
            raise AttributeError(name)
        return _Member(self._session, self.name, self.name, name)

    def __repr__(self) -> str:
        return f"<the submission's {self.name}>"


class Handle:
    """An object that stays in the worker; its attributes and methods are calls there.

    ``handle.method(x)`` calls, ``handle.read("grad")`` reads an attribute, ``handle(x)`` and
    ``handle[i]`` do what they say. A handle may be an argument of another call.
    """

    def __init__(self, session: Session, number: int, kind: str, function: str) -> None:
        self._session = session
        self._number = number
        self._generation = session.generation
        self._function = function
        self.kind = kind
        """Qualified name of its type, as the worker says."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _Member(self._session, self._function, self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _call(self._session, self._function, self._reference(), [], args, kwargs, [])

    def __getitem__(self, key: Any) -> Any:
        return _call(self._session, self._function, self._reference(), ["__getitem__"], (key,), {}, [])

    def read(self, path: str, *, keep: bool = False) -> Any:
        """Return the attribute at a dotted path; as a handle when ``keep``."""
        message = wire.Call(
            self._reference(), path.split("."), [], {}, _WHOLE if keep else [], read=True, drop=self._session.take_drop()
        )
        return _ask(self._session, self._function, message)

    def is_a(self, name: str) -> bool:
        """Whether its type is, or derives from, the class of that qualified name (``torch.nn.Module``)."""
        module, _, attribute = name.rpartition(".")
        kind = _ask(self._session, self._function, wire.Library(module)).read(attribute, keep=True)
        check = _ask(self._session, self._function, wire.Library("builtins")).isinstance
        return bool(check(self, kind))

    def _reference(self) -> int:
        if self._generation != self._session.generation:
            raise SubmissionFault(self._function, "a value of an earlier call is lost, because the process ended since")
        return self._number

    def _wire(self) -> wire.Handle:
        return wire.Handle(self._reference(), self.kind)

    def __del__(self) -> None:
        if self._generation == self._session.generation:
            self._session.drop.append(self._number)

    def __repr__(self) -> str:
        return f"<a {self.kind} of the submission>"


class _Member:
    """A method of an object in the worker. It holds the object's handle, so that it is not forgotten meanwhile."""

    def __init__(
        self, session: Session, function: str, owner: Handle | str, name: str, keep: tuple[int, ...] = ()
    ) -> None:
        self._session = session
        self._function = function
        self._owner = owner
        self.__name__ = name
        self._keep = keep

    def keeping(self, *positions: int) -> _Member:
        """Return this method such that its results at ``positions``, or the whole, stay in the worker."""
        return _Member(self._session, self._function, self._owner, self.__name__, positions or tuple(_WHOLE))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._session.seen.functions.setdefault(self._function)
        owner = self._owner
        target = owner._reference() if isinstance(owner, Handle) else owner  # noqa: SLF001 - the two belong together
        return _call(self._session, self._function, target, [self.__name__], args, kwargs, list(self._keep))


def _call(
    session: Session,
    function: str,
    target: str | int,
    path: list[str],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    keep: list[int],
) -> Any:
    """Call something in the worker, on account of ``function``."""
    message = wire.Call(
        target,
        path,
        [_encode(session, value) for value in args],
        {name: _encode(session, value) for name, value in kwargs.items()},
        keep,
        seed=session.take_seed(),
        drop=session.take_drop(),
    )
    return _ask(session, function, message)


def _ask(session: Session, function: str, message: Any) -> Any:
    value = session.request(function, message)

    def special(found: Any) -> Any:
        if isinstance(found, wire.Handle):
            return Handle(session, found.id, found.kind, function)
        raise wire.WireError("the worker gave a callback of its own")

    try:
        return values.decode(value, special)
    except wire.WireError as error:
        session.end()
        raise Garbled(function, f"`{function}` answered with what no function returns: {error}") from None


def _encode(session: Session, value: Any) -> wire.Value:
    def opaque(found: Any) -> wire.Value:
        if isinstance(found, Handle):
            return found._wire()  # noqa: SLF001 - the two belong together
        if callable(found):
            return session.callback(found)
        raise SandboxError(f"a check gave student code a {type(found).__name__}, which cannot cross the wall")

    return values.encode(value, opaque)
