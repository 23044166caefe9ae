"""What several figures need: right answers, classes of them, and one grading of a class."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from grader.mistakes import read_variants

ROOT = Path(__file__).resolve().parent.parent.parent
GRADER = [sys.executable, "-m", "grader"]


def right_answers() -> list[str]:
    """Sources of the reference and its variants: a class in which nobody waits for a time-out."""
    folder = ROOT / "reference" / "backprop"
    solution = (folder / "backprop.py").read_text()
    return [solution, *(variant.source for variant in read_variants(folder / "variants.py", solution))]


def make_class(folder: Path, number: int) -> Path:
    """Write ``number`` right submissions, all different files."""
    sources = right_answers()
    for index in range(number):
        path = folder / f"student{index:04}" / "backprop.py"
        path.parent.mkdir(parents=True)
        path.write_text(f"{sources[index % len(sources)]}\n# handed in by student {index}\n")
    return folder


def grade(
    submissions: Path, out: Path, level: str, course: Path = ROOT, assignment: str = "backprop"
) -> tuple[float, float, float]:
    """Grade a class; return wall seconds, the grader's largest resident size in MB, and seconds of all processors."""
    shutil.rmtree(out, ignore_errors=True)
    words = [*GRADER, "grade", str(submissions), "--course", str(course), "-a", assignment, "--out", str(out)]
    started = time.perf_counter()
    process = subprocess.Popen([*words, "--isolation", level, "--seed", "bench"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"grader grade failed with status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def ms(seconds: Iterable[float]) -> float:
    """Return the median in milliseconds."""
    return round(statistics.median(seconds) * 1000, 1)
