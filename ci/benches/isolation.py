"""What isolation costs: submissions graded with and without it, in turns, in one process.

For `backprop` it is a hundredth of what grading takes, on a machine whose speed may change by more than that from
one submission to the next: the figure comes with its standard error, and says little more than that nothing of size
was overlooked. The tests' tiny assignment is graded in milliseconds, and there the cost of a worker's walls shows.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from benches.shared import ROOT, make_class, ms
from grader.course import Assignment, Course
from grader.engine.bench import Bench
from grader.engine.checks import CheckSuite, with_checks
from grader.engine.grade import grade
from grader.engine.warm import zygote_of
from grader.sandbox.isolation import Level
from grader.submissions import Submission, find, read

_TINY = ROOT / "tests/course"


def bench_isolation(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:
    """Grade a class at the levels ``none`` and ``namespace`` in turns; and ten times as many tiny submissions."""
    backprop, tiny = Course(ROOT).assignment("backprop"), Course(_TINY).assignment("tiny")
    assert tiny.solution is not None
    (folder / "tiny.py").write_text(tiny.solution.read_text(encoding="utf-8"))
    return {
        "worker": _compared(tiny, folder / "tiny.py", rounds=10 * rounds * submissions),
        "submission": _compared(backprop, make_class(folder / "class", submissions), rounds=rounds),
    }


def _compared(assignment: Assignment, folder: Path, *, rounds: int) -> dict[str, Any]:
    """Grade what lies in a folder ``rounds`` times at each level."""
    found = find(folder, module=assignment.module)
    handed_in = [read(one, released=assignment.released()) for one in found]
    with zygote_of(assignment, Level.NONE) as bare, zygote_of(assignment, Level.NAMESPACE) as walled:

        def work(suite: CheckSuite) -> list[tuple[float, float]]:
            without, within = (Bench(assignment, suite, zygote, "bench") for zygote in (bare, walled))
            for bench in (without, within):
                _seconds(bench, handed_in[0])  # the first finds nothing warm
            pairs = []
            for number, submission in enumerate(handed_in * rounds):
                # the order changes, because the kernel may still be taking down the worker before
                if number % 2:
                    pairs.append((_seconds(without, submission), _seconds(within, submission)))
                else:
                    pairs.append((_seconds(within, submission), _seconds(without, submission))[::-1])
            return pairs

        pairs = with_checks(assignment, work)
    costs = [within - without for without, within in pairs]
    return {
        "namespace_ms": ms(within for _, within in pairs),
        "none_ms": ms(without for without, _ in pairs),
        "isolation_costs_ms": round(statistics.mean(costs) * 1000, 1),
        "standard_error_ms": round(statistics.stdev(costs) / len(costs) ** 0.5 * 1000, 1),
        "pairs": len(pairs),
    }


def _seconds(bench: Bench, submission: Submission) -> float:
    """Grade a submission and return the seconds that it took."""
    started = time.perf_counter()
    grade(bench, submission)
    return time.perf_counter() - started
