"""What a student runs, and whoever sets a machine up. Each command returns its exit status."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands.shared import NOT_ALL_PASSED, OK, level_of
from grader.course import CONFIGURATION, find_assignment
from grader.errors import GraderError, in_one_line
from grader.results import SubmissionResult
from grader.submissions.names import CODE_SUFFIXES

if TYPE_CHECKING:
    from rich.console import Console

_DEBOUNCE_MS = 30
"""An editor's save is a burst of a few events within milliseconds; 30 ms gather it, and nobody notices them."""


def check(console: Console, path: Path, *, watch: bool, isolation: str) -> int:
    """Run the public checks on a student's own work; again on every save when ``watch``."""
    from grader.engine import local
    from grader.engine.digests import grader_version
    from grader.engine.grade import info_of
    from grader.reports import terminal

    if not path.exists():
        raise GraderError(f"there is no {path}{_instead(path)}")
    assignment = find_assignment(path if path.is_dir() else path.parent)
    level = level_of(isolation)
    info = info_of(assignment, seed=local.PUBLIC_SEED, level=level, version=grader_version())

    def show(result: SubmissionResult) -> None:
        if watch:
            console.clear()
        console.print(terminal.check_report(info, result))
        if watch:
            console.print("Watching: save to run again, Ctrl+C to stop.")

    passed = local.check(assignment, path, show, level=level, again=_saves(path) if watch else iter(()))
    return OK if passed else NOT_ALL_PASSED


def _instead(path: Path) -> str:
    """Say what is meant by a path that is not there: the nearest name, else the assignments that lie there."""
    assignments = sorted(found.parent for found in path.parent.glob(f"*/{CONFIGURATION}"))
    files = [file for suffix in CODE_SUFFIXES for file in path.parent.glob(f"*{suffix}")]
    by_name = {found.name: found for found in (*files, *assignments)}
    near = difflib.get_close_matches(path.name, by_name, n=1)
    if near:
        return f": do you mean {by_name[near[0]]}?"
    return f"; there are: {', '.join(map(str, assignments))}" if assignments else ""


def _saves(path: Path) -> Iterator[object]:
    """Yield whenever something below the student's folder is saved."""
    from watchfiles import watch

    folder = path if path.is_dir() else path.parent
    changes = watch(
        folder, step=_DEBOUNCE_MS, debounce=10 * _DEBOUNCE_MS, rust_timeout=_DEBOUNCE_MS, yield_on_timeout=True
    )
    next(changes)  # from here on it watches, so that nothing is missed that is saved during the first run
    return filter(None, changes)


def doctor(console: Console) -> int:
    """Say what this machine can isolate, and which GPU parity checks would run on."""
    from grader.sandbox import doctor as doctoring

    findings = doctoring.examine()
    for finding in findings:
        console.print(f"{'ok     ' if finding.holds else 'missing'}  {finding.what}", soft_wrap=True)
        if finding.advice:
            console.print(f"         {finding.advice}", soft_wrap=True)
    console.print(f"GPU      {_gpu()}", soft_wrap=True, markup=False)
    return OK if all(finding.holds for finding in findings if finding.needed) else NOT_ALL_PASSED


def _gpu() -> str:
    """Say which GPU torch sees; torch is not imported where it is not installed."""
    without = "parity checks compare precisions on the CPU, and cost no points"
    if importlib.util.find_spec("torch") is None:
        return f"none: torch, which would use it, is not installed; {without}"
    try:
        import torch

        names = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    except (ImportError, OSError, RuntimeError) as error:  # a library of its own is missing, or the driver fails
        return f"none: torch cannot look for one ({in_one_line(error)}); {without}"
    if not names or not torch.cuda.is_available():
        return f"none that torch {torch.__version__} sees; {without}"
    return ", ".join(f"{one.name}, {one.total_memory / 2**30:.0f} GiB" for one in names)
