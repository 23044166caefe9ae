"""Grades hostile submissions in one class with honest ones, and judges what came of it.

The one place of the judgement: the tests assert it and ``ci/wall.py`` prints it. Secrets are planted
in the hidden checks, the reference, another student's work and the grader's environment, and a number
in the inputs of a hidden check. The class is graded by the command that an instructor types.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from grader.commands import instructor
from grader.results import Batch, Outcome, SubmissionResult
from grader.sandbox.isolation import Level
from tests.attacks.attack import RIGHT, Attack
from tests.attacks.obeyed import obeyed

TINY = Path(__file__).parent.parent / "course"
HONEST = ("aa-honest", "mm-honest", "zz-honest")
"""First, between and last: the order of grading is that of the names."""
SECONDS = 40
"""That one submission may take: the 30 s of the tiny course, its import, and a machine that is busy."""
_GONE_SECONDS = 10
"""Time for what a submission left running to be ended."""
_PLANTED = ("4021.86", "9730.90")
"""First digits of the planted input and of what is expected of it; student code may see the first, no report to a
student either."""
_CHECK = '''

@exercise("scale")
def check_scale_of_the_planted_number(student):
    """Scaling is right for one more number."""
    import numpy as np

    secret = "{secret}"
    assert secret
    expect(student.scale(np.array([4021.8675]), 2.4195), "scale(x, factor)").close_to(np.array([9730.90841625]))
'''


@dataclass
class Verdict:
    """What one attack achieved: nothing, when the wall holds."""

    leaks: list[str] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    harms: list[str] = field(default_factory=list)


@dataclass
class Fought:
    """What came of one class.

    Attributes
    ----------
    verdicts, results
        By attack.
    lost
        Honest results that are missing or changed, hostile ones that are missing.
    harms
        Of all of them together, where no single one can be named.
    """

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    results: dict[str, SubmissionResult] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    harms: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Graded:
    """One run of the instructor's command: by place the results, what it printed, what was harmed."""

    results: dict[str, SubmissionResult]
    said: str
    harms: list[str]


class Arena:
    """A course with planted secrets, and what honest submissions get in it.

    Parameters
    ----------
    folder
        Where everything is made; empty, and closed to others.
    level
        The level of isolation.
    """

    def __init__(self, folder: Path, level: Level) -> None:
        self._level = level
        self._course, self._submissions = folder / "course", folder / "submissions"
        self._out, self._outside = folder / "out", folder / "outside"
        self._secrets = {name: f"planted-{secrets.token_hex(8)}" for name in ("checks", "reference", "other", "grader")}
        self._mark = f"hostile{secrets.token_hex(3)}"
        self._token = f"planted-{secrets.token_hex(8)}"
        self._plant()
        self._alone = self._grade(()).results
        assert all(result.outcome is Outcome.PASSED for result in self._alone.values())

    def _plant(self) -> None:
        shutil.copytree(TINY, self._course, ignore=shutil.ignore_patterns("__pycache__"))
        hidden = self._course / "reference/tiny"
        checks = (hidden / "checks.py").read_text()
        planted = _CHECK.replace("{secret}", self._secrets["checks"])
        # before the others, so that what a submission keeps of it can be told later
        (hidden / "checks.py").write_text(checks.replace("\n\n@exercise", f"{planted}\n\n@exercise", 1))
        with (hidden / "tiny.py").open("a") as file:
            file.write(f'\n\nSECRET = "{self._secrets["reference"]}"\n')
        self._outside.mkdir()
        (self._outside / "precious").write_text("do not touch")

    def fight(self, attacks: Sequence[Attack]) -> Fought:
        """Grade these attacks in one class with honest submissions."""
        graded = self._grade(attacks)
        fought = Fought(harms=graded.harms + obeyed(self._out, graded.said, self._mark))
        for attack in attacks:
            result = graded.results.get(self._fill(attack.place))
            if result is None:
                fought.lost.append(f"{attack.name} has no result")
            else:
                fought.results[attack.name] = result
                fought.verdicts[attack.name] = self._judge(attack, result)
        for name, alone in self._alone.items():
            result = graded.results.get(name)
            if result is None or _timeless(result) != _timeless(alone):
                fought.lost.append(f"{name} has another result than alone")
        return fought

    def _grade(self, attacks: Sequence[Attack]) -> _Graded:
        for folder in (self._submissions, self._out):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        for name in HONEST:
            (self._submissions / f"{name}.py").write_text(f"# {self._secrets['other']}\n{RIGHT}")
        said = io.StringIO()
        with _server(self._mark) as (self._port, visitors), _environment(self._secrets["grader"]):
            for attack in attacks:
                self._hand_in(attack)
            before = self._state()
            instructor.grade(
                Console(file=said, width=200), self._submissions, self._out, assignment="tiny", course=self._course,
                jobs=1, seed="a seed", fresh=False, isolation=self._level.value,
            )  # fmt: skip
        harms = [f"somebody talked to the machine's server: {visitor}" for visitor in visitors]
        harms += [f"{path} was changed" for path in sorted({path for path, _ in before ^ self._state()})]
        harms += [f"process {process} is still running" for process in _running(self._mark)]
        batch = Batch.model_validate_json((self._out / "results.json").read_text(encoding="utf-8"))
        return _Graded({result.source.split("/")[0]: result for result in batch.submissions}, said.getvalue(), harms)

    def _fill(self, text: str) -> str:
        """Replace the placeholders."""
        words = {
            "$COURSE": self._course, "$SUBMISSIONS": self._submissions, "$OUTSIDE": self._outside, "$OUT": self._out,
            "$PORT": self._port, "$SOCKET": self._mark, "$MARK": self._mark, "$TOKEN": self._token,
        }  # fmt: skip
        for word, value in words.items():
            text = text.replace(word, str(value))
        return text

    def _hand_in(self, attack: Attack) -> None:
        files = attack.source if isinstance(attack.source, dict) else {"": attack.source}
        for name, content in files.items():
            path = self._submissions / self._fill(attack.place) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else self._fill(content).encode())

    def _state(self) -> set[tuple[str, str]]:
        """Every file that nobody may change, with its content."""
        found = [path for folder in (self._course, self._submissions, self._outside) for path in folder.rglob("*")]
        return {
            (str(path), hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
            for path in found
            if "__pycache__" not in path.parts  # the grader's own
        }

    def _judge(self, attack: Attack, result: SubmissionResult) -> Verdict:
        verdict = Verdict()
        seen = result.model_dump_json()
        handed_back = [self._out / "feedback" / f"{result.id}{suffix}" for suffix in (".html", ".md")]
        read = "".join(path.read_text(encoding="utf-8") for path in handed_back)
        verdict.leaks += [f"the worker saw: {name}" for name, secret in self._secrets.items() if secret in seen]
        verdict.leaks += [f"the student reads: {name}" for name, secret in self._secrets.items() if secret in read]
        verdict.leaks += [f"the student reads a hidden number: {number}" for number in _PLANTED if number in read]
        if self._token in seen:
            verdict.leaks.append("one worker heard of another")
        passed = {c.exercise for c in result.checks if c.outcome is Outcome.PASSED}
        verdict.forged += [f"a check of {name} passed" for name in sorted(passed - set(attack.solves))]
        # a grader error costs nothing, and so is a way to points
        verdict.forged += [f"{c.check} is a grader error" for c in result.checks if c.outcome is Outcome.GRADER_ERROR]
        earned = {exercise.name: exercise.earned for exercise in result.exercises}
        verdict.forged += [f"points for {name}" for name, n in earned.items() if n and name not in attack.solves]
        if result.seconds > SECONDS:
            verdict.harms.append(f"it took {result.seconds:.0f} s")
        return verdict


def _timeless(result: SubmissionResult) -> str:
    """Return everything of a result but its timings."""
    checks = tuple(check.model_copy(update={"seconds": 0.0}) for check in result.checks)
    return result.model_copy(update={"checks": checks, "seconds": 0.0}).model_dump_json()


@contextlib.contextmanager
def _environment(secret: str) -> Iterator[None]:
    os.environ["DLGRADER_PLANTED"] = secret
    try:
        yield
    finally:
        del os.environ["DLGRADER_PLANTED"]


@contextlib.contextmanager
def _server(name: str) -> Iterator[tuple[int, list[str]]]:
    """Listen on the machine, by number and by name; who came is in the list afterwards."""
    visitors: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as by_number, socket.socket(socket.AF_UNIX) as by_name:
        by_name.bind(f"\0{name}")
        by_name.listen()
        yield by_number.getsockname()[1], visitors
        for server in (by_number, by_name):
            server.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                connection, address = server.accept()
                connection.close()
                visitors.append(str(address))


def _running(mark: str) -> list[str]:
    """Return the processes that know the mark, when they do not end."""
    deadline = time.monotonic() + _GONE_SECONDS
    while (found := [pid.name for pid in Path("/proc").glob("[0-9]*") if _is_marked(pid, mark)]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.05)
    return found


def _is_marked(process: Path, mark: str) -> bool:
    with contextlib.suppress(OSError):
        return mark.encode() in (process / "comm").read_bytes() + (process / "cmdline").read_bytes()
    return False
