"""Kills the grader at random moments, lets it go on, and compares with a run that nobody disturbed.

    python ci/faults.py [--times 200] [--seed 0] [--only batch runner zygote worker]

Each time a small class is graded by the command, and one process of it gets SIGKILL: the *batch* itself, a *runner* of
``--jobs 2``, a *zygote*, or a *worker*. Then the same command is given again, and what lies in its folder must be
what an undisturbed run writes, byte for byte, timings apart. Printed as JSON, in all and by kind:

kills           how often a process was killed
lost            results that were stored before and are not as they were, or not there at all
different       files that differ from the undisturbed run's in the end
left            processes that were still there ten seconds after their run
mended          results that the first run could not give (grader errors), and the second gave
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.sandbox.isolation import best
from grader.worker.watch import descendants

ROOT = Path(__file__).resolve().parent.parent
COURSE = ROOT / "tests" / "course"
KINDS = ("batch", "runner", "zygote", "worker")

_LONGEST = 300
"""Seconds that one run may take, where it takes some two: only a run that hangs takes as long."""
_TRIES = 50
"""Runs that may end before their moment comes, for one kill."""
_STEP = 0.002
"""Seconds between two looks at the processes."""

Pid = int


@dataclass(frozen=True)
class Kill:
    """One disturbed run, and the one after it."""

    kind: str
    after: float
    """Seconds from the start of the run, or of the first such process."""
    lost: tuple[str, ...]
    different: tuple[str, ...]
    left: tuple[Pid, ...]
    mended: tuple[str, ...]


class Bench:
    """A course, a class, and what an undisturbed run makes of it.

    Parameters
    ----------
    folder
        An empty one, for all that is written.
    draws
        Says when what is killed.
    """

    def __init__(self, folder: Path, draws: random.Random) -> None:
        self._folder = folder
        # a copy: results say which grader gave them, and whoever edits it meanwhile would make another one of it
        shutil.copytree(ROOT / "grader", folder / "source/grader", ignore=shutil.ignore_patterns("__pycache__"))
        self._draws = draws
        self._course = make_course(folder / "course")
        self._class = make_class(folder / "class", (self._course / "reference/tiny/tiny.py").read_text())
        started = time.monotonic()
        with self._running(folder / "undisturbed", 1) as process:
            if process.wait(_LONGEST) != 0:
                raise SystemExit(f"the undisturbed run ended with status {process.returncode}")
        self._seconds = time.monotonic() - started
        self._wanted = written(folder / "undisturbed")

    def kill(self, kind: str) -> Kill:
        """Disturb a run, let another one go on, and compare."""
        for _ in range(_TRIES):
            out = self._folder / "disturbed"
            shutil.rmtree(out, ignore_errors=True)
            after = self._draws.uniform(0, self._seconds)
            jobs = 2 if kind == "runner" else self._draws.choice((1, 2))
            with self._running(out, jobs) as process:
                family = self._disturb(process, kind, after)
                process.wait(_LONGEST)
            if family:
                return self._compare(out, kind, after, family)
        raise SystemExit(f"no {kind} was there to be killed in {_TRIES} runs")

    def _disturb(self, process: subprocess.Popen[bytes], kind: str, after: float) -> set[Pid]:
        """Kill one process of its kind; return all of the run, or none when the run was over before."""
        moment = time.monotonic() + after if kind == "batch" else None
        while process.poll() is None:
            candidates = of_kind(process.pid, kind)
            if moment is None and candidates:
                moment = time.monotonic() + after
            if candidates and moment is not None and time.monotonic() >= moment:
                family = descendants(process.pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._draws.choice(candidates), signal.SIGKILL)
                    return set(family)
            time.sleep(_STEP)
        return set()

    def _compare(self, out: Path, kind: str, after: float, family: set[Pid]) -> Kill:
        before = stored(out)
        with self._running(out, 1) as process:
            process.wait(_LONGEST)
        now, files = stored(out), written(out)
        # without a digest it was a grader error, which the next run is to mend
        errors = {name for name, (digest, _) in before.items() if not digest}
        lost = {name for name in before.keys() - errors if before[name] != now.get(name)}
        gone = {path.stem for path in self._class.iterdir()} - now.keys()
        return Kill(
            kind=kind,
            after=round(after, 2),
            lost=tuple(sorted(lost | gone)),
            different=tuple(name for name in sorted(self._wanted | files) if self._wanted.get(name) != files.get(name)),
            left=tuple(sorted(lingering(family))),
            mended=tuple(sorted(name for name in errors & now.keys() if now[name][0])),
        )

    @contextlib.contextmanager
    def _running(self, out: Path, jobs: int) -> Iterator[subprocess.Popen[bytes]]:
        words = [sys.executable, "-m", "grader", "grade", self._class, "--out", out, "--course", self._course]
        words += ["--jobs", jobs, "--seed", "faults", "--isolation", best().value]
        temporary = self._folder / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(temporary)}
        with subprocess.Popen(
            list(map(str, words)),
            cwd=self._folder / "source",
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def make_course(folder: Path) -> Path:
    """Copy the tiny course, with time limits that no busy machine reaches."""
    shutil.copytree(COURSE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "assignments/tiny/assignment.toml"
    path.write_text(re.sub(r"(import|check)_seconds = .*", r"\1_seconds = 20", path.read_text()))
    return folder


def make_class(folder: Path, right: str) -> Path:
    """Write a class in which something of everything happens, slowly enough to be disturbed."""
    slow = f"import time\ntime.sleep(0.02)\n{right}".replace("    return", "    time.sleep(0.02)\n    return")
    answers = {
        "right": slow,
        "wrong": slow.replace("x * factor", "x + factor"),
        "raises": slow.replace("return x * factor", "raise ValueError(x)"),
        "prints": slow.replace("return x * factor", "print(x)\n    return x * factor"),
        "ends": slow.replace("return x * factor", "__import__('os')._exit(3)"),
        "stub": slow.replace("return x.mean(axis=0)", "raise NotImplementedError"),
        "broken": f"{slow}\ndef mean(x) return x\n",
        "empty": "",
    }
    folder.mkdir()
    for number, (name, code) in enumerate(answers.items()):
        (folder / f"{number}-{name}.py").write_text(code)
    return folder


def written(out: Path) -> dict[str, str]:
    """Return what a run wrote, timings apart, by the path of each file."""
    files = [path for path in out.rglob("*") if path.is_file() and not path.name.startswith("gradebook.sqlite")]
    texts = {str(path.relative_to(out)): path.read_text(encoding="utf-8") for path in files}
    return {name: without_times(text) if name == "results.json" else text for name, text in texts.items()}


def without_times(text: str) -> str:
    """Return JSON of results without what a clock decides."""
    return re.sub(r'"seconds": ?[0-9.e+-]+', '"seconds":0', text)


def stored(out: Path) -> dict[str, tuple[str, str]]:
    """Return the digest and the result of every submission that is in the gradebook."""
    if not (out / "gradebook.sqlite").exists():
        return {}
    with contextlib.closing(sqlite3.connect(out / "gradebook.sqlite", timeout=30)) as database:
        try:
            return {
                name: (digest, text) for name, digest, text in database.execute("select id, digest, json from result")
            }
        except sqlite3.OperationalError:  # killed before the tables were made
            return {}


def of_kind(batch: Pid, kind: str) -> list[Pid]:
    """Return the processes of one kind below, or the batch itself."""
    if kind == "batch":
        return [batch]
    words = {pid: command(pid) for pid in sorted(descendants(batch))}
    if kind == "runner":
        return [pid for pid, said in words.items() if "spawn_main" in " ".join(said)]
    # bubblewrap has the same words after its own
    warm = {
        pid
        for pid, said in words.items()
        if any(word.endswith("zygote.py") for word in said[1:3]) and "python" in said[0]
    }
    return sorted(pid for pid in warm if (parent(pid) in warm) == (kind == "worker"))


def command(pid: Pid) -> list[str]:
    """Return the words that a process was started with; one empty word when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]


def parent(pid: Pid) -> Pid:
    """Return the parent of a process; 0 when it is gone."""
    return int(_status(pid)[1])


def lingering(family: set[Pid]) -> set[Pid]:
    """Return those of the processes that have not ended within ten seconds."""
    deadline = time.monotonic() + 10
    while (alive := {pid for pid in family if _status(pid)[0] != "Z"}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive


def _status(pid: Pid) -> Sequence[str]:
    """Return state, parent and more of a process; of one that is gone, those of one that nobody has waited for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ("Z", "0")


def figures(kills: Sequence[Kill]) -> dict[str, dict[str, int]]:
    """Return the sums, in all and by kind."""
    groups = {"all": list(kills), **{kind: [kill for kill in kills if kill.kind == kind] for kind in KINDS}}
    return {
        name: {"kills": len(group)}
        | {word: sum(len(getattr(kill, word)) for kill in group) for word in ("lost", "different", "left", "mended")}
        for name, group in groups.items()
    }


def main() -> int:
    """Print the figures; the exit status is 1 when something was lost, different or left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    asked = parser.parse_args()
    kills: list[Kill] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        bench = Bench(Path(folder), random.Random(asked.seed))
        for number in range(asked.times):
            kills.append(bench.kill(asked.only[number % len(asked.only)]))
            print(kills[-1], file=sys.stderr, flush=True)
    found = figures(kills)
    print(json.dumps(found, indent=2))
    return int(any(found["all"][word] for word in ("lost", "different", "left")))


if __name__ == "__main__":
    sys.exit(main())
