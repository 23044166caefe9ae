"""Tries what the wall promises on this machine, and says so in words that a person can act on."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from grader.sandbox import isolation
from grader.sandbox.errors import SandboxError
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.worker import wire

_PROBE = '''
import os, socket

def own_processes():
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())

def network():
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    try:
        with socket.create_connection(("192.0.2.1", 80), timeout=0.2):
            return "connected"
    except OSError as error:
        return names or error.strerror or "no route"

def write(path):
    try:
        with open(os.path.join(path, "probe"), "w") as file:
            file.write("x")
    except OSError as error:
        return error.strerror
    return "written"

def read(path):
    try:
        return os.listdir(path) and "readable"
    except OSError as error:
        return error.strerror

def user():
    return os.getuid()

def allocate(megabytes):
    return len(bytearray(megabytes * 2**20))

def fork_many(number):
    children = []
    try:
        for _ in range(number):
            pid = os.fork()
            if pid == 0:
                os.pause() if hasattr(os, "pause") else __import__("signal").pause()
            children.append(pid)
    except OSError as error:
        return error.strerror
    finally:
        for pid in children:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    return "forked"

def hang():
    while True:
        pass
'''
_LIMITS = wire.Limits(memory_mb=256, cpu_seconds=20, file_mb=8, output_kb=16, processes=16)
_TIME = Time(load=10, check=2, total=60)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was examined."""

    what: str
    holds: bool
    needed: bool = True
    """Whether `grader grade` cannot do without it."""
    advice: str = ""


def examine() -> list[Finding]:
    """Return what this machine offers, best to read from top to bottom."""
    findings = [_python(), *_torch()]
    reason = isolation.why_not_namespace()
    if reason:
        findings.append(Finding(what="isolation level: none (student code could read and harm what you can)", holds=False, advice=reason))
        findings.append(Finding(what="`grader check` works on your own code", holds=True))
        return findings
    return [*findings, Finding(what="isolation level: namespace", holds=True), *_try_to_break(isolation.Level.NAMESPACE)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(what=f"Python {version} on {sys.platform}", holds=True)


def _torch() -> list[Finding]:
    from importlib import metadata

    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        advice = "only assignments that use torch need it: pip install 'dlgrader[torch]'"
        return [Finding(what="torch", holds=False, needed=False, advice=advice)]
    return [Finding(what=f"torch {version}", holds=True)]


def _try_to_break(level: isolation.Level) -> list[Finding]:
    """Run code that tries to get out, in a worker of that level."""
    code = Code(module="probe", notebook=False, cells=(_PROBE,), files={}, tolerant=False)
    with Zygote(level, ("numpy",)) as zygote:
        session = Session(zygote, code, limits=_LIMITS, allowed=_TIME)
        student = Student(session)
        session.begin(0)
        try:
            return _findings(student, session)
        except SandboxError as error:
            return [Finding(what="a worker can be started", holds=False, advice=str(error))]
        finally:
            session.end()


def _findings(student: Student, session: Session) -> list[Finding]:
    from pathlib import Path

    from grader.sandbox.errors import SubmissionFault

    here = str(Path(__file__).resolve().parent.parent)
    tried = [
        ("it sees no process but its own", student.own_processes() == [1]),
        ("it is not root", student.user() != 0),
        ("it has no network", student.network() != "connected"),
        ("it cannot read the grader's folder", student.read(here) != "readable"),
        ("it cannot read /etc or /root", "readable" not in {student.read("/etc/apt"), student.read("/root/.ssh"), student.read("/home")}),
        ("it cannot write outside its temporary folder", "written" not in {student.write("/"), student.write("/dev"), student.write("/usr")}),
        ("it can write into its temporary folder", student.write("/tmp") == "written"),  # noqa: S108 - inside the sandbox
        ("a fork bomb is stopped", student.fork_many(200) != "forked"),
    ]
    try:
        student.allocate(2048)
        tried.append(("memory is limited", False))
    except SubmissionFault:
        tried.append(("memory is limited", True))
    started = time.monotonic()
    session.begin(0)
    try:
        student.hang()
    except SubmissionFault:
        tried.append(("an endless loop is ended from outside", time.monotonic() - started < 2 * _TIME.check))
    advice = "this machine's kernel does not keep what the wall promises: do not grade here, and report it"
    return [Finding(what=f"student code: {what}", holds=held, advice="" if held else advice) for what, held in tried]
