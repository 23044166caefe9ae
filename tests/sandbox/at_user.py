"""Puts a source behind the wall at the level `user`, and prints what its functions answer, as JSON.

    python tests/sandbox/at_user.py SOURCE PACKAGES REFUSED FUNCTION ...

PACKAGES and REFUSED are separated by commas and may be empty; REFUSED holds calls of the kernel and the error that each
gives, as `444=38`, so that another kernel is played. A program, because tests may run in a Python that no worker can read.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys

from grader.sandbox.errors import SandboxError, SubmissionFault
from grader.sandbox.isolation import Level
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.worker import syscalls, wire

LIMITS = wire.Limits(memory_mb=1024, cpu_seconds=60, file_mb=8, output_kb=16, processes=16)


def play_another_kernel(refused: dict[int, int]) -> None:
    """Let these calls give these errors, here and in all that is started from here."""
    steps = [(syscalls._LOAD, 0, 0, syscalls._NUMBER_AT)]
    for number, error in refused.items():
        steps += syscalls._where(syscalls._EQUAL, number, syscalls._REFUSE | error)
    steps.append((syscalls._RETURN, 0, 0, syscalls._ALLOW))
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # no_new_privs
    given = syscalls._Program(len(steps), program)
    assert libc.prctl(syscalls._PR_SET_SECCOMP, syscalls._SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0) == 0


def main(source: str, packages: str, refused: str, *functions: str) -> None:
    if refused:
        play_another_kernel(
            {int(number): int(error) for number, _, error in (p.partition("=") for p in refused.split(","))}
        )
    code = Code(module="work", notebook=False, cells=(source,), files={"own.txt": b"mine"}, tolerant=True)
    answers = {}
    with Zygote(Level.USER, ("numpy", *filter(None, packages.split(",")))) as zygote:
        session = Session(zygote, code, limits=LIMITS, allowed=Time(load=30, check=30, total=90))
        session.begin(0)
        for function in functions:
            try:
                answers[function] = getattr(Student(session), function)()
            except (SandboxError, SubmissionFault) as error:
                answers[function] = f"{type(error).__name__}: {error}"
        session.end()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
