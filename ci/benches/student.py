"""What a student waits for."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from benches.shared import GRADER, ROOT, right_answers


def student_folder(folder: Path) -> Path:
    """Write what a student has, finished."""
    own = folder / "backprop"
    shutil.copytree(ROOT / "assignments" / "backprop", own)
    (own / "backprop.py").write_text(right_answers()[0])
    return own


def bench_check(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Time ``grader check`` from a cold start."""
    own = student_folder(folder)
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        subprocess.run([*GRADER, "check", str(own)], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return {"check_s": round(statistics.median(times[1:]), 3)}


def bench_watch(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Time ``grader check --watch`` from a save to the end of the table, on a terminal of its own."""
    own = student_folder(folder)
    here, there = pty.openpty()
    process = subprocess.Popen([*GRADER, "check", str(own), "--watch"], stdout=there, stderr=there, stdin=there)
    os.close(there)
    times = []
    try:
        read_until(here, "Watching", 60)
        for number in range(rounds + 1):
            time.sleep(1)  # the watcher settles, and an editor would not save more often
            with (own / "backprop.py").open("a") as file:
                file.write(f"# saved {number}\n")
            started = time.perf_counter()
            read_until(here, "Watching", 30)
            times.append(time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait()
        os.close(here)
    return {"watch_s": round(statistics.median(times[1:]), 3)}


def read_until(terminal: int, word: str, seconds: float) -> None:
    """Read a terminal until a word appears in what it shows."""
    seen = ""
    deadline = time.monotonic() + seconds
    while word not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen):
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            raise SystemExit(f"{word!r} did not appear within {seconds} s; seen: {seen[-500:]!r}")
        seen += os.read(terminal, 65536).decode(errors="replace")
