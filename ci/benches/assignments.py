"""What single assignments cost: one right submission, and how fast a reference is beside plain loops."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from benches.shared import ROOT, grade
from grader.course import Course
from grader.engine.plain import module_of
from grader.mistakes import read_variants
from grader.sandbox.isolation import best


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


def bench_convolution(_: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Time conv2d of the reference beside four Python loops: 8 images (3, 32, 32), 8 filters 3 x 3."""
    rng = np.random.default_rng(0)
    arguments = rng.normal(size=(8, 3, 32, 32)), rng.normal(size=(8, 3, 3, 3)), rng.normal(size=8)
    solution = (ROOT / "reference/cnn/cnn.py").read_text(encoding="utf-8")
    variants = read_variants(ROOT / "reference/cnn/variants.py", solution)
    loops = next(one.source for one in variants if one.title.startswith("loops over images, filters and pixels"))
    vectorized, looping = (module_of(source, "cnn").conv2d_forward for source in (solution, loops))
    ratios = []
    for _ in range(rounds):
        seconds = []
        for function, times in ((vectorized, 50), (looping, 1)):  # a quick one is timed often
            started = time.perf_counter()
            for _ in range(times):
                function(*arguments)
            seconds.append((time.perf_counter() - started) / times)
        ratios.append(seconds[1] / seconds[0])
    return {"faster_than_loops": round(statistics.median(ratios), 1)}
