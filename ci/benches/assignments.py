"""What single assignments cost: one right submission, and how fast a reference is beside plain loops."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benches.shared import ROOT, grade
from grader.course import Course
from grader.engine.plain import module_of
from grader.sandbox.isolation import best

Array = npt.NDArray[np.float64]


def bench_submission(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Grade the solution of every assignment: seconds from a start with nothing warm, wall and of all processors."""
    found: dict[str, Any] = {}
    for name in Course(ROOT).names:
        source = Course(ROOT).assignment(name).solution
        assert source is not None
        own = folder / name / f"{name}-ada"
        own.mkdir(parents=True)
        shutil.copy(source, own)
        runs = [grade(folder / name, folder / "out", best().value, assignment=name) for _ in range(rounds)]
        wall, cpu = (round(statistics.median(run[n] for run in runs), 2) for n in (0, 2))
        found[name] = {"wall_s": wall, "cpu_s": cpu}
    return found


def four_loops(x: Array, w: Array, b: Array) -> Array:
    """Convolution as everybody writes it first, without padding."""
    (N, _, H, W), (F, _, kh, kw) = x.shape, w.shape
    y = np.zeros((N, F, H - kh + 1, W - kw + 1))
    for n in range(N):
        for f in range(F):
            for i in range(H - kh + 1):
                for j in range(W - kw + 1):
                    y[n, f, i, j] = np.sum(x[n, :, i : i + kh, j : j + kw] * w[f]) + b[f]
    return y


def bench_convolution(_: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Time conv2d of the reference beside four Python loops: 8 images (3, 32, 32), 8 filters 3 x 3."""
    rng = np.random.default_rng(0)
    arguments = rng.normal(size=(8, 3, 32, 32)), rng.normal(size=(8, 3, 3, 3)), rng.normal(size=8)
    reference = module_of((ROOT / "reference/cnn/cnn.py").read_text(encoding="utf-8"), "cnn")
    ratios = []
    for _ in range(rounds):
        seconds = []
        for function, times in ((reference.conv2d_forward, 50), (four_loops, 1)):  # a quick one is timed often
            started = time.perf_counter()
            for _ in range(times):
                function(*arguments)
            seconds.append((time.perf_counter() - started) / times)
        ratios.append(seconds[1] / seconds[0])
    return {"faster_than_loops": round(statistics.median(ratios), 1)}
