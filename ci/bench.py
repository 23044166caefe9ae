"""Speed and memory of the grader, as JSON on standard output: medians of several runs in one process tree.

    python ci/bench.py [--rounds 5] [--submissions 40] [--only NAME ...]

What is compared is run in turns (A B A B ...), so that a machine whose speed drifts does not decide;
ratios within one run are what to quote, seconds depend on the machine. ``--peers FOLDER`` adds the
comparison with other graders: FOLDER holds its ``run.py``, ``--cache`` its virtual environments.

The figures:

isolation    milliseconds a submission with namespaces and without, and what isolation costs (at most 15)
call         one call of a student's function with a 10 x 10 array, and its answer (at most 100 us)
callback     one call of an oracle of the trusted side by the student, 100 parameters (at most 150 us)
check        ``grader check`` of a numpy assignment from a cold start (at most 1.5 s)
watch        from the save to the table (at most 0.3 s)
diagnosis    share of grading time that naming mistakes costs, in a class where everybody made one (at most 0.2)
submission   ``grader grade`` of one right submission of every assignment, the start included (at most 4 s, vae 30 s)
convolution  how many times faster the reference's conv2d is than four Python loops (at least 60)
hostile      time of a class with one hostile submission in ten beside one without, time-outs set aside (at most 1.3)
memory       largest resident size of the grader for 100 and for 1,000 submissions (must not grow)
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes, as the command line does

from benches.assignments import bench_convolution, bench_submission
from benches.calls import bench_call, bench_callback
from benches.grading import bench_diagnosis, bench_hostile, bench_memory, bench_peers
from benches.isolation import bench_isolation
from benches.student import bench_check, bench_watch

BENCHES: dict[str, Callable[..., dict[str, Any]]] = {
    "isolation": bench_isolation,
    "call": bench_call,
    "callback": bench_callback,
    "check": bench_check,
    "watch": bench_watch,
    "diagnosis": bench_diagnosis,
    "submission": bench_submission,
    "convolution": bench_convolution,
    "hostile": bench_hostile,
    "memory": bench_memory,
}


def main() -> None:
    """Run the chosen figures and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--submissions", type=int, default=40, help="in a class (isolation, diagnosis, hostile)")
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
