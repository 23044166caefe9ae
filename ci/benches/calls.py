"""Calls through the wall: of a function of the student, and back of one of the trusted side."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks import convergence, problems
from grader.sandbox.isolation import best
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.worker import wire

DESCENT = """
def gradient_descent(grad, w0, lr, steps):
    w = w0.copy()
    rows = [w.copy()]
    for _ in range(steps):
        w = w - lr * grad(w)
        rows.append(w)
    return np.array(rows)
"""


def bench_call(_: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Time calls of a function that returns its argument."""
    code = Code(module="m", notebook=False, cells=("def same(x):\n    return x\n",), files={}, tolerant=True)
    limits = wire.Limits(memory_mb=512, cpu_seconds=600, file_mb=8, output_kb=64, processes=16)
    calls, x = 2000, np.ones((10, 10))
    medians = []
    with Zygote(best(), ("numpy",)) as zygote:
        session = Session(zygote, code, limits=limits, allowed=Time(load=60, check=600, total=600))
        session.begin(0)
        function = Student(session).same
        for _ in range(rounds):
            times = []
            for _ in range(calls):
                started = time.perf_counter()
                function(x)
                times.append(time.perf_counter() - started)
            medians.append(statistics.median(times))
        session.end()
    return {"call_us": round(statistics.median(medians) * 1e6, 1), "calls": calls, "isolation": best().value}


def bench_callback(_: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Time 10,000 steps of gradient descent whose oracle, with 100 parameters, is on the trusted side."""
    code = Code(module="m", notebook=False, cells=("import numpy as np", DESCENT), files={}, tolerant=True)
    limits = wire.Limits(memory_mb=512, cpu_seconds=600, file_mb=8, output_kb=64, processes=16)
    problem = problems.quadratic(np.random.default_rng(0), np.geomspace(1, 100, 100))
    steps, seconds = 10_000, []
    with Zygote(best(), ("numpy",)) as zygote:
        session = Session(zygote, code, limits=limits, allowed=Time(load=60, check=600, total=600))
        student = Student(session)
        for _ in range(rounds):
            session.begin(0)
            oracle = problem.fresh()
            started = time.perf_counter()
            w = student.gradient_descent(oracle.gradient, oracle.start, 0.01, steps)
            convergence.trajectory(w, oracle, steps)
            seconds.append(time.perf_counter() - started)
        session.end()
    middle = statistics.median(seconds)
    return {"callback_us": round(middle / steps * 1e6, 1), "ten_thousand_steps_s": round(middle, 2)}
