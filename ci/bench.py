"""Speed and memory of the grader, as JSON on standard output: medians of several runs in one process tree.

    python ci/bench.py [--rounds 5] [--submissions 40] [--only NAME ...]

What is compared is run in turns (A B A B ...), so that a machine whose speed drifts does not decide;
ratios within one run are what to quote, seconds depend on the machine. ``--peers FOLDER`` adds the
comparison with other graders: FOLDER holds its ``run.py``, ``--cache`` its virtual environments.

The figures:

isolation    seconds a submission with namespaces and without, and what isolation costs (at most 25 ms)
call         one call of a student's function with a 10 x 10 array, and its answer (at most 100 us)
check        ``grader check`` of a numpy assignment from a cold start (at most 1.5 s)
watch        from the save to the table (at most 0.3 s)
diagnosis    share of grading time that naming mistakes costs, in a class where everybody made one (at most 0.2)
memory       largest resident size of the grader for 100 and for 1,000 submissions (must not grow)
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import resource
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks import convergence, problems
from grader.course import Course
from grader.mistakes import read_mistakes, read_variants
from grader.sandbox.isolation import Level, best
from grader.sandbox.session import Code, Session, Time
from grader.sandbox.student import Student
from grader.sandbox.zygote import Zygote
from grader.worker import wire

ROOT = Path(__file__).resolve().parent.parent
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


def grade(submissions: Path, out: Path, level: str, course: Path = ROOT) -> tuple[float, float]:
    """Grade a class; return wall seconds and the grader's largest resident size in MB."""
    shutil.rmtree(out, ignore_errors=True)
    words = [*GRADER, "grade", str(submissions), "--course", str(course), "-a", "backprop", "--out", str(out)]
    started = time.perf_counter()
    process = subprocess.Popen([*words, "--isolation", level, "--seed", "bench"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"grader grade failed with status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def bench_isolation(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:
    """Time a class with and without isolation, in turns; a small one beside it takes the start away."""
    large, small = make_class(folder / "large", submissions), make_class(folder / "small", 2)
    levels = [Level.NAMESPACE.value, Level.NONE.value]
    each: dict[str, list[float]] = {level: [] for level in levels}
    for _ in range(rounds):
        for level in levels:
            start = grade(small, folder / "out", level)[0]
            whole = grade(large, folder / "out", level)[0]
            each[level].append((whole - start) / (submissions - 2))
    pairs = zip(each[levels[0]], each[levels[1]], strict=True)
    return {
        "namespace_ms_per_submission": ms(each[levels[0]]),
        "none_ms_per_submission": ms(each[levels[1]]),
        "isolation_costs_ms": ms(with_walls - without for with_walls, without in pairs),
        "submissions": submissions,
    }


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


DESCENT = """
def gradient_descent(grad, w0, lr, steps):
    w = w0.copy()
    rows = [w.copy()]
    for _ in range(steps):
        w = w - lr * grad(w)
        rows.append(w)
    return np.array(rows)
"""


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


def bench_diagnosis(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:
    """Grade a class of wrong answers with the list of mistakes and without it, in turns."""
    known = Course(ROOT).assignment("backprop")
    silent = folder / "silent"
    for part in ("assignments", "reference"):
        shutil.copytree(ROOT / part / "backprop", silent / part / "backprop")
    (silent / "reference/backprop/mistakes.py").unlink()
    mistakes = read_mistakes(known)
    solution = right_answers()[0]
    (folder / "class").mkdir()
    for index in range(submissions):
        # spread over the list, so that a class made of a part of it is no class of one exercise
        wrong = mistakes[index * len(mistakes) // submissions % len(mistakes)].apply(solution)
        (folder / "class" / f"student{index:04}.py").write_text(f"{wrong}\n# handed in by student {index}\n")
    shares = []
    for _ in range(rounds):
        seconds = [grade(folder / "class", folder / "out", best().value, course)[0] for course in (silent, ROOT)]
        shares.append(seconds[1] / seconds[0] - 1)
    return {"diagnosis_share": round(statistics.median(shares), 3), "submissions": submissions}


def bench_memory(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:  # noqa: ARG001
    """Compare the grader's largest resident size for 100 and for 1,000 submissions."""
    sizes = {n: grade(make_class(folder / f"class{n}", n), folder / "out", best().value)[1] for n in (100, 1000)}
    return {"mb_at_100": round(sizes[100], 1), "mb_at_1000": round(sizes[1000], 1)}


def bench_peers(peers: Path, cache: Path, number: int, rounds: int) -> dict[str, Any]:
    """Put ours into the comparison's own run; return the ratios to the bare cost of its checks."""
    record = cache / f"peers-{number}.json"
    words = [sys.executable, str(peers / "run.py"), "--cache", str(cache), "--tools", "inproc", "--n", str(number)]
    words += ["--repeat", str(rounds), "--skip", "local" if number < 100 else "local,verdict,loop"]
    words += ["--extra", f"ours={sys.executable} {ROOT / 'ci/peers/grade.py'} {{submissions}} --out {{out}}"]
    subprocess.run([*words, "--json", str(record)], check=True, stdout=sys.stderr)
    summary = json.loads(record.read_text())["tools"]["ours"]["summary"]
    names = ("ratio_to_inproc_wall", "ratio_to_inproc_cpu", "verdicts", "loop")
    return {name: summary[name] for name in names}


def ms(seconds: Iterable[float]) -> float:
    """Return the median in milliseconds."""
    return round(statistics.median(seconds) * 1000, 1)


BENCHES: dict[str, Callable[..., dict[str, Any]]] = {
    "isolation": bench_isolation,
    "call": bench_call,
    "callback": bench_callback,
    "check": bench_check,
    "watch": bench_watch,
    "diagnosis": bench_diagnosis,
    "memory": bench_memory,
}


def main() -> None:
    """Run the chosen figures and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--submissions", type=int, default=40, help="in the class of `isolation` and `diagnosis`")
    parser.add_argument("--only", nargs="*", choices=BENCHES, default=list(BENCHES))
    parser.add_argument("--peers", type=Path, help="folder of the comparison's run.py")
    parser.add_argument("--cache", type=Path, help="folder for the comparison's environments")
    options = parser.parse_args()
    found: dict[str, Any] = {"cpus": os.cpu_count(), "python": sys.version.split()[0], "load": os.getloadavg()[0]}
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = BENCHES[name](Path(folder), rounds=options.rounds, submissions=options.submissions)
    if options.peers:
        if not options.cache:
            parser.error("--peers needs --cache")
        for number in (18, 180):
            folders = options.peers.resolve(), options.cache.resolve()
            found[f"peers_{number}"] = bench_peers(*folders, number, options.rounds)
    found["children_mb"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1)
    json.dump(found, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
