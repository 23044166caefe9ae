"""Grading a class: what naming mistakes, hostile and many submissions cost, and other graders beside it."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benches.shared import ROOT, grade, make_class, right_answers
from grader.course import Course
from grader.mistakes import read_mistakes
from grader.results import Batch, Outcome
from grader.sandbox.isolation import best
from tests.attacks.families import FAMILIES

_HOSTILE_SHARE = 10
"""One submission in ten."""
_ATTACK = """

{attack}

_right_forward = linear_forward


def linear_forward(*args, **kwargs):
    scale(np.ones(3), 2.0)
    return _right_forward(*args, **kwargs)
"""
"""The function that the attacks define is that of a sample course; here it is called whenever a layer runs."""


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


def bench_hostile(folder: Path, *, rounds: int, submissions: int) -> dict[str, Any]:
    """Grade a class with one hostile submission in ten, and one without, in turns; waiting for time-outs set aside."""
    honest, mixed = make_class(folder / "honest", submissions), make_class(folder / "mixed", submissions)
    attacks = [
        attack.source
        for family in FAMILIES.values()
        for attack in family
        if isinstance(attack.source, str) and "def scale(" in attack.source and not attack.file
    ]
    number, solution = submissions // _HOSTILE_SHARE, right_answers()[0]
    for index in range(number):
        chosen = attacks[index * len(attacks) // number]
        path = mixed / f"student{index * _HOSTILE_SHARE:04}" / "backprop.py"
        path.write_text(solution + _ATTACK.format(attack=chosen))
    ratios, waited = [], []
    for _ in range(rounds):
        without = grade(honest, folder / "out", best().value)[0]
        whole = grade(mixed, folder / "out", best().value)[0]
        batch = Batch.model_validate_json((folder / "out/results.json").read_text(encoding="utf-8"))
        checks = [check for result in batch.submissions for check in result.checks]
        waited.append(sum(check.seconds for check in checks if check.outcome is Outcome.TIMED_OUT))
        ratios.append((whole - waited[-1]) / without)
    return {
        "hostile_class_ratio": round(statistics.median(ratios), 2),
        "waited_for_time_outs_s": round(statistics.median(waited), 1),
        "hostile": number,
        "submissions": submissions,
    }


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
