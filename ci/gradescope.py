"""Plays Gradescope's smallest machine, half a processor and 768 MB, and grades every solution on it; figures as JSON.

    sudo python ci/gradescope.py [--only NAME ...] [--mb 768] [--processors 0.5] [--python python3.11]

The archive of ``grader release --to gradescope`` is unpacked and set up as there, and its ``run_autograder`` is run in
a control group that has these limits. Needs root, the control groups for memory and cpu (version 1 or 2), and a Python
that other users may read: with one below ``/root`` no submission can get a user of its own. Printed by assignment:

score        of how many points; a solution gets all
level        level of isolation that held
seconds      from the start of ``run_autograder`` to its end
killed       processes that the kernel ended for want of memory
memory_mb    most memory that was in use at a time, files that the kernel keeps for later among it

Exit status 1 unless every score is full and nothing was killed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from grader.course import Course

ROOT = Path(__file__).resolve().parent.parent
GROUPS = Path("/sys/fs/cgroup")
_PERIOD = 100_000
"""Microseconds over which the kernel counts a processor's time, its default."""


class Group:
    """A control group with limits, of either version."""

    def __init__(self, name: str, *, mb: int, processors: float) -> None:
        size, quota = str(mb * 2**20), str(int(processors * _PERIOD))
        if (GROUPS / "cgroup.controllers").exists():
            both = GROUPS / name
            self.folders = [both]
            limits = {both / "memory.max": size, both / "cpu.max": f"{quota} {_PERIOD}"}
            self._peak, self._events = both / "memory.peak", both / "memory.events"
        else:
            memory, cpu = (GROUPS / kind / name for kind in ("memory", "cpu"))
            self.folders = [memory, cpu]
            limits = {memory / "memory.limit_in_bytes": size, cpu / "cpu.cfs_quota_us": quota}
            self._peak, self._events = memory / "memory.max_usage_in_bytes", memory / "memory.oom_control"
        for folder in self.folders:
            folder.mkdir()
        for file, value in limits.items():
            file.write_text(value)

    def enter(self) -> None:
        """Put this process, and what it will start, into the group."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def figures(self) -> dict[str, int]:
        """Return what was used."""
        events = dict(line.split() for line in self._events.read_text().splitlines())
        return {"killed": int(events["oom_kill"]), "memory_mb": round(int(self._peak.read_text()) / 2**20)}

    def remove(self) -> None:
        """Remove the group; it must be empty."""
        for folder in self.folders:
            folder.rmdir()


def play(name: str, folder: Path, group: Group, python: str) -> dict[str, Any]:
    """Set the machine up for one assignment, hand in its solution, and grade it."""
    place, programs = folder / "autograder", folder / "bin"
    words = ["release", "--to", "gradescope", "--only", name, "--out", str(folder / "up"), "--course", str(ROOT)]
    subprocess.run([sys.executable, "-m", "grader", *words], check=True, stdout=sys.stderr)
    with zipfile.ZipFile(next((folder / "up").rglob("*.zip"))) as archive:
        archive.extractall(place / "source")
    programs.mkdir()
    (programs / "python3.13").symlink_to(python)  # the first name that setup.sh looks for
    environment = os.environ | {
        "AUTOGRADER": str(place),
        "PATH": f"{programs}:{os.environ['PATH']}",
        # the versions that were tested, torch without CUDA among them
        "PIP_CONSTRAINT": str(ROOT / "ci/constraints.txt"),
    }
    environment.pop("VIRTUAL_ENV", None)
    subprocess.run(["bash", str(place / "source/setup.sh")], env=environment, check=True, stdout=sys.stderr)
    (place / "submission").mkdir()
    shutil.copy(ROOT / f"reference/{name}/{name}.py", place / "submission")
    started = time.perf_counter()
    subprocess.run(
        ["bash", str(place / "source/run_autograder")],
        env=environment, cwd=place, check=True, stdout=sys.stderr, preexec_fn=group.enter,
    )  # fmt: skip
    seconds = round(time.perf_counter() - started, 1)
    form = json.loads((place / "results/results.json").read_text(encoding="utf-8"))
    points = round(sum(test["max_score"] for test in form["tests"]), 6)
    level = form.get("extra_data", {}).get("isolation", "")
    return {"score": form.get("score"), "points": points, "level": level, "seconds": seconds}


def main() -> int:
    """Play all assignments, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=Course(ROOT).names, metavar="NAME")
    parser.add_argument("--mb", type=int, default=768)
    parser.add_argument("--processors", type=float, default=0.5)
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the machine that is played")
    options = parser.parse_args()
    found: dict[str, Any] = {"mb": options.mb, "processors": options.processors}
    for name in options.only:
        group = Group(f"dlgrader-{os.getpid()}", mb=options.mb, processors=options.processors)
        try:
            with tempfile.TemporaryDirectory(prefix="gradescope-", dir="/var/tmp") as folder:
                Path(folder).chmod(0o755)
                found[name] = play(name, Path(folder), group, options.python) | group.figures()
        finally:
            group.remove()
    print(json.dumps(found, indent=1))
    results = [found[name] for name in options.only]
    return 1 if any(one["killed"] or one["score"] != one["points"] for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
