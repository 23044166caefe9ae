"""Tries what the wall promises on this machine, and says so in words that a person can act on."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from grader.sandbox import isolation, users
from grader.sandbox.errors import SandboxError, SubmissionFault
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.worker import landlock, wire

_PROBE = (Path(__file__).parent / "probe.py").read_text(encoding="utf-8")
_LIMITS = wire.Limits(memory_mb=256, cpu_seconds=20, file_mb=8, output_kb=16, processes=16)
_MORE_MB, _MORE_PROCESSES = 2048, 64
"""Several times the limits above."""
_WHOSE = "student code: "
_TIME = Time(load=10, check=2, total=60)
_WITHOUT_LANDLOCK = "student code sees other programs, and the files that are open to everybody"
_SEEN_WITHOUT_A_VIEW = {
    "it sees no process but its own", "it cannot read the grader's folder", "it cannot read /etc or /root",
    "it cannot read a file that is open to everybody", "it cannot write where everybody may, as in /tmp",
}  # fmt: skip
"""What the level ``user`` does not promise where the kernel has no Landlock."""
_NO_LANDLOCK = (
    "the kernel has no Landlock, or the container refuses it: it takes Linux 5.13 or newer with `landlock` among its "
    "security modules (`lsm=` on its command line), and a container whose filter of system calls allows the three calls"
)
_ADVICE = "this machine's kernel does not keep what the wall promises: do not grade here, and report it"


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
    version = ".".join(map(str, sys.version_info[:3]))
    findings = [Finding(what=f"Python {version} on {sys.platform}", holds=True), _torch()]
    reason, level = isolation.why_not_namespace(), isolation.best()
    if level is isolation.Level.NONE:
        what = "isolation level: none (student code could read and harm what you can)"
        findings.append(Finding(what=what, holds=False, advice=f"{reason}. Or: {users.why_not_user()}"))
        findings.append(Finding(what="`grader check` works on your own code", holds=True))
        return findings
    if reason:
        findings.append(Finding(what="isolation level: namespace", holds=False, needed=False, advice=reason))
    if level is isolation.Level.NAMESPACE:
        findings.append(Finding(what=f"isolation level: {level}", holds=True))
    else:
        findings += _landlock(landlock.version())
    return [*findings, *_try_to_break(level)]


def _landlock(version: int) -> list[Finding]:
    """Say what the level ``user`` is worth here."""
    if version:
        return [
            Finding(what=f"isolation level: user, with a view of files by Landlock (version {version})", holds=True)
        ]
    return [
        Finding(what="Landlock", holds=False, needed=False, advice=_NO_LANDLOCK),
        Finding(what=f"isolation level: user ({_WITHOUT_LANDLOCK})", holds=True),
    ]


def _torch() -> Finding:
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        advice = "only assignments that use torch need it: pip install 'dlgrader[torch]'"
        return Finding(what="torch", holds=False, needed=False, advice=advice)
    return Finding(what=f"torch {version}", holds=True)


def _try_to_break(level: isolation.Level) -> list[Finding]:
    """Run code that tries to get out, in a worker of that level."""
    code = Code(module="probe", notebook=False, cells=(_PROBE,), files={}, tolerant=False)
    with (
        Zygote(level, ("numpy",)) as zygote,
        tempfile.TemporaryDirectory() as closed,
        tempfile.TemporaryDirectory() as opened,
    ):
        session = Session(zygote, code, limits=_LIMITS, allowed=_TIME)
        session.begin(0)
        try:
            for folder, mode in ((closed, 0o700), (opened, 0o1777)):
                (Path(folder) / "checks.py").touch(mode=0o644)
                Path(folder).chmod(mode)
            found = _findings(Student(session), session, closed, opened)
            skipped = _SEEN_WITHOUT_A_VIEW if level is isolation.Level.USER and not landlock.version() else ()
            return [finding for finding in found if finding.what.removeprefix(_WHOSE) not in skipped]
        except (SandboxError, SubmissionFault) as error:
            return [Finding(what="a worker can be started", holds=False, advice=str(error))]
        finally:
            session.end()


def _findings(student: Student, session: Session, closed: str, opened: str) -> list[Finding]:
    """Try everything; ``closed`` is a folder that nobody else may enter, ``opened`` one where everybody may write."""
    others = {student.read(place) for place in ("/etc/apt", "/root/.ssh", "/home")}
    outside = {student.write(place) for place in ("/", "/dev", "/usr")}
    tried = [
        ("it sees no process but its own", student.other_processes() == 0),
        ("it is not root", student.user() != 0),
        ("it has no network", student.network() != "connected"),
        ("it cannot read the grader's folder", student.content(__file__) != "readable"),
        ("it cannot read /etc or /root", "readable" not in others),
        ("it cannot read a folder that is closed to others", student.read(closed) != "readable"),
        ("it cannot read a file that is open to everybody", student.content(f"{opened}/checks.py") != "readable"),
        ("it cannot write where everybody may, as in /tmp", student.write(opened) != "written"),
        ("it cannot write outside its temporary folder", "written" not in outside),
        ("it can write into its temporary folder", student.write(".") == "written"),
        ("a fork bomb is stopped", student.fork_many(_MORE_PROCESSES) != "forked"),
        ("memory is limited", _is_stopped(student, session, "allocate", _MORE_MB)),
        ("an endless loop is ended from outside", _is_stopped(student, session, "hang")),
    ]
    advice = {True: "", False: _ADVICE}
    return [Finding(what=f"{_WHOSE}{what}", holds=held, advice=advice[held]) for what, held in tried]


def _is_stopped(student: Student, session: Session, function: str, *arguments: object) -> bool:
    """Whether a function does not return, and not returning costs no more time than is allowed."""
    session.begin(0)
    started = time.monotonic()
    try:
        getattr(student, function)(*arguments)
    except SubmissionFault:
        return time.monotonic() - started < 2 * _TIME.check + _TIME.load
    return False
