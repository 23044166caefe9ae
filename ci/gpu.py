"""Runs the checks of parity with the reference solutions on this machine's GPU and reports the errors; see ``ci/gpu``.

The reference is graded as a submission is: in a worker, by the checks as they stand, with more time, because CUDA
starts in each worker anew. Two modules that are wrong on a GPU alone show that a check of parity can fail here.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FAILED, CANNOT, NO_GPU = 1, 2, 4
NEEDS = ("torch", "numpy", "scipy", "pydantic", "msgspec", "pytest")
SECONDS = 300
"""For a check: CUDA starts in some 5 s, and compiles kernels on a card that is newer than torch."""
SEED = "gpu"
Report = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="ci/gpu", description="parity on this machine's GPU, as a JSON report")
    parser.add_argument("--out", type=Path, help="where the report goes; by default to the terminal alone")
    parser.add_argument("--assignment", action="append", default=[], help="by default all that use torch")
    parser.add_argument("--isolation", choices=["namespace", "user", "none"], help="by default the best that there is")
    options = parser.parse_args()
    lacking = [name for name in NEEDS if not _imports(name)]
    if lacking:
        return _stop(CANNOT, f"this Python lacks {', '.join(lacking)}: give --wheels, and install torch")
    import torch

    if not torch.cuda.is_available():
        return _stop(NO_GPU, f"torch {torch.__version__} sees no GPU here: parity was not run on one")
    from grader.sandbox.isolation import Level, best

    level = Level(options.isolation) if options.isolation else best()
    report = {**machine(), "isolation": level.value, "assignments": {}}
    started = time.monotonic()
    for name in options.assignment or assignments():
        report["assignments"][name] = parity_of(ROOT, name, level)
    report["controls"] = controls()
    report["worst"] = worst(report)
    report["seconds"] = round(time.monotonic() - started, 1)
    text = json.dumps(report, indent=1)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    print(text if not options.out else "\n".join(summary(report)))
    return 0 if passed(report) else FAILED


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _stop(status: int, words: str) -> int:
    print(f"ci/gpu: {words}", file=sys.stderr)
    return status


def machine() -> Report:
    import numpy as np
    import torch

    import grader
    from grader.sandbox import isolation

    card = torch.cuda.get_device_properties(0)
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0"]
    try:
        driver = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        driver = f"not known ({error})"
    return {
        "device": {
            "name": card.name,
            "memory GiB": round(card.total_memory / 2**30, 1),
            "capability": f"{card.major}.{card.minor}",
            "driver": driver,
        },
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            "numpy": np.__version__,
            "dlgrader": grader.__version__,
        },
        "why no wall": isolation.why_not_namespace(),
        "cores": os.cpu_count(),
    }


def assignments() -> list[str]:
    """Names of the assignments that use torch and have a reference."""
    from grader.course import Course

    course = Course(ROOT)
    found = map(course.assignment, course.names)
    return [one.name for one in found if "torch" in one.configuration.packages and one.solution]


def parity_of(root: Path, name: str, level: Any) -> Report:
    """Run the checks of an assignment with its reference; report those that look at parity."""
    from grader.course import Course
    from grader.engine.bench import Bench
    from grader.engine.checks import with_checks
    from grader.engine.warm import zygote_of
    from grader.submissions import Submission

    assignment = Course(root).assignment(name)
    limits = {"check_seconds": SECONDS, "submission_seconds": 10 * SECONDS, "import_seconds": SECONDS}
    configuration = assignment.configuration
    assignment.configuration = configuration.model_copy(
        update={"limits": configuration.limits.model_copy(update=limits)}
    )
    assert assignment.solution is not None
    text = assignment.solution.read_text(encoding="utf-8")
    reference = Submission(
        id="reference", student="reference", source=assignment.solution.name, module=assignment.module, kind="script",
        cells=(text,), siblings={}, digest="", notes=(),
    )  # fmt: skip
    # the code is the author's own: where the wall cannot be had, it may run without
    with zygote_of(assignment, level) as zygote:
        return with_checks(
            assignment, lambda suite: dict(_checks(Bench(assignment, suite, zygote, SEED), reference, suite))
        )


def _checks(bench: Any, reference: Any, suite: Any) -> Iterator[tuple[str, Report]]:
    from grader.checks.parity import Error
    from grader.checks.record import recording
    from grader.engine import outcomes, seeds
    from grader.sandbox.student import Student

    session = bench.session(reference)
    try:
        for check in suite.checks:
            started = time.monotonic()
            session.begin(seeds.globals_of(SEED, check.id))
            with recording() as record:
                student = Student(session, bench.assignment.configuration.packages)
                met = suite.run(check, student, seeds.inputs_of(SEED, check.id))
            errors = [one for one in record.measurements if isinstance(one, Error)]
            if not errors and "parity" not in check.item.function.__code__.co_names:
                continue
            verdict = outcomes.judge(met.error) or outcomes.grader_error(met.error)
            yield (
                check.id,
                {
                    "outcome": verdict.outcome.value,
                    "message": verdict.message,
                    "notes": list(record.notes),
                    "seconds": round(time.monotonic() - started, 2),
                    "errors": [rounded(one) for one in errors],
                },
            )
    finally:
        session.end()


def rounded(error: Any) -> Report:
    """One error of a module, as the report has it; ``units`` of 32 are allowed."""
    return {
        "module": error.module,
        "part": error.part,
        "device": error.device,
        "dtype": error.dtype,
        "units": round(error.units, 3),
        "deviation": float(f"{error.deviation:.3g}"),
    }


def controls() -> Report:
    """Run modules that are wrong on a GPU alone: each must be refused."""
    import numpy as np
    import torch

    from grader.checks import parity
    from grader.checks.record import recording
    from grader.evidence import CheckFailure

    class Linear(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(64, 64)

    class InTf32(Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            torch.backends.cuda.matmul.allow_tf32 = True
            return self.linear(x)  # type: ignore[no-any-return]

    class InBfloat16(Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not x.is_cuda:
                return self.linear(x)  # type: ignore[no-any-return]
            with torch.autocast("cuda", torch.bfloat16):
                return self.linear(x).to(x.dtype)  # type: ignore[no-any-return]

    found: Report = {}
    x = np.random.default_rng(0).normal(size=(64, 64))
    for make in (InTf32, InBfloat16):
        with recording() as record:
            try:
                parity.across(make, x, upstream=x)
                said = ""
            except CheckFailure as error:
                said = error.message
        units = [one.units for one in record.measurements if isinstance(one, parity.Error)]
        found[make.__name__] = {"refused": bool(said), "units": round(max(units, default=0.0), 1), "message": said}
    return found


def worst(report: Report) -> Report:
    """The largest error in units of rounding by device and dtype, with its module."""
    found: dict[str, Report] = {}
    for assignment in report["assignments"].values():
        for check in assignment.values():
            for one in check["errors"]:
                key = f"{one['dtype']} on {one['device']}"
                if key not in found or one["units"] > found[key]["units"]:
                    found[key] = one
    return found


def passed(report: Report) -> bool:
    checks = [check for assignment in report["assignments"].values() for check in assignment.values()]
    right = all(check["outcome"] == "passed" and _saw_the_gpu(check) for check in checks)
    return bool(checks) and right and all(one["refused"] for one in report["controls"].values())


def _saw_the_gpu(check: Report) -> bool:
    """Whether a check looked at the GPU: a worker that does not see it passes, with a note."""
    return any(one["device"] != "cpu" for one in check["errors"])


def summary(report: Report) -> Iterator[str]:
    yield f"{report['device']['name']}, torch {report['versions']['torch']}, isolation {report['isolation']}"
    for name, checks in report["assignments"].items():
        for check, found in checks.items():
            units = max((one["units"] for one in found["errors"]), default=0.0)
            seen = "" if _saw_the_gpu(found) else " WITHOUT THE GPU"
            yield f"{name} {check}: {found['outcome']}{seen}, at most {units:g} units, {found['seconds']} s"
            yield from found["message"].splitlines()
    for name, found in report["controls"].items():
        yield f"control {name}: {'refused' if found['refused'] else 'NOT REFUSED'} at {found['units']:g} units"
    for key, one in report["worst"].items():
        yield f"worst in {key}: {one['units']:g} units, {one['part']} of {one['module']}"


if __name__ == "__main__":
    sys.exit(main())
