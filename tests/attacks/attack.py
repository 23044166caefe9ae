"""What an attack is, and the words that all of them share.

A source may hold placeholders, which :mod:`tests.attacks.arena` fills in: an attacker may know
everything about the grader but its secrets. ``$COURSE``, ``$SUBMISSIONS``, ``$OUT`` and ``$OUTSIDE`` are
folders of the machine, ``$PORT`` and ``$SOCKET`` lead to a server on it, ``$MARK`` is a word by which
processes and texts are recognised that should not be there, ``$TOKEN`` one to be handed to another worker.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

RIGHT = (Path(__file__).parent.parent / "course/reference/tiny/tiny.py").read_text(encoding="utf-8")
OTHERS = RIGHT.partition("def mean")[1] + RIGHT.partition("def mean")[2]
"""The other two functions, right."""

PRELUDE = '''\
import os, re, sys, time
import numpy as np
_SECRET = re.compile(b"plan" b"ted-[0-9a-f]{16}")
def tell(*things):
    """Print what of these is a secret."""
    print("tried")
    for thing in things:
        data = thing if isinstance(thing, (bytes, bytearray)) else repr(thing).encode(errors="replace")
        for found in sorted(set(_SECRET.findall(data))):
            print("FOUND", found.decode())
def attempt(function, *arguments):
    """What a call returns, or raises."""
    try:
        return function(*arguments)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
def content(path):
    with open(path, "rb") as file:
        return file.read(2**20)
def libc(name, *arguments):
    """Call the C library; the result, or the words of the error."""
    import ctypes
    library = ctypes.CDLL(None, use_errno=True)
    getattr(library, name).restype = ctypes.c_long
    result = getattr(library, name)(*arguments)
    return result if result >= 0 else os.strerror(ctypes.get_errno())
def shut_in():
    """What follows would harm the machine of somebody whose wall does not stand."""
    if os.getuid() == 0:
        raise SystemError("there is no wall")
def mark():
    """Make this process and its children known by name."""
    libc("prctl", 15, b"$MARK", 0, 0, 0)
'''


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One hostile submission.

    Attributes
    ----------
    name
        Of the attack; also the name of its file, unless ``file`` gives another.
    source
        A script, an archive, or the files of a folder.
    solves
        Exercises that it really solves: their points are not forged.
    shows
        A regular expression that occurs in its result when the attack was made, and not by mistake a no-op.
    file
        The name of its file, where that is the attack.
    user
        Whether it must fail at the level ``user`` also where the kernel has no Landlock; what that level does not
        promise is not tried there.
    """

    name: str
    source: str | bytes | dict[str, str | bytes]
    solves: tuple[str, ...] = ("mean", "descend")
    shows: str = "tried"
    file: str = ""
    user: bool = True

    @property
    def place(self) -> str:
        """Name of its file or folder among the submissions."""
        return self.file or (self.name if isinstance(self.source, dict) else f"{self.name}.py")


def scale(body: str, *, above: str = "") -> str:
    """Return a submission whose `scale` has this body; its other functions are right."""
    inner = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"{PRELUDE}{textwrap.dedent(above)}\ndef scale(x, factor):\n{inner}\n\n\n{OTHERS}"


def descend(body: str, *, above: str = "") -> str:
    """Return a submission whose `descend` has this body; its other functions are right."""
    inner = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"{PRELUDE}{textwrap.dedent(above)}\n{RIGHT}\n\n\ndef descend(grad, w, lr):\n{inner}\n"
