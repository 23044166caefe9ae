"""Figures of the wall: every attack graded in a class with honest submissions, as JSON on standard output.

    python ci/wall.py [--level namespace|user] [--only FAMILY ...]

landlock   version of the kernel's interface, 0 where it has none; from 6 on it stops every attack at the level `user`
attacks    hostile submissions, by family
leaks      secrets that a worker saw, or a report to a student shows
forged     points, or faults of the grader, that an attack gained
harms      files changed, processes left, connections made, text obeyed, time beyond the limits
lost       results of honest submissions that are missing or changed

Exit status 1 unless the last four are 0. What each attack does, and what counts, is in ``tests/attacks``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grader.sandbox.isolation import Level
from grader.worker import landlock
from tests.attacks.arena import Arena
from tests.attacks.families import FAMILIES, stopped


def main() -> int:
    """Run the families that are asked for."""
    parser = argparse.ArgumentParser(description="Figures of the wall.")
    parser.add_argument("--level", type=Level, default=Level.NAMESPACE, choices=[Level.NAMESPACE, Level.USER])
    parser.add_argument("--only", nargs="+", default=list(FAMILIES), choices=list(FAMILIES), metavar="FAMILY")
    arguments = parser.parse_args()
    started = time.monotonic()
    figures: dict[str, object] = {"level": arguments.level.value, "landlock": landlock.version(), "attacks": {}}
    found: dict[str, list[str]] = {"leaks": [], "forged": [], "harms": [], "lost": []}
    counted: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="wall-") as folder:
        arena = Arena(Path(folder), arguments.level)
        for family in arguments.only:
            attacks = stopped(FAMILIES[family], arguments.level)
            counted[family] = len(attacks)
            fought = arena.fight(attacks)
            found["harms"] += [f"{family}: {harm}" for harm in fought.harms]
            found["lost"] += [f"{family}: {loss}" for loss in fought.lost]
            for name, verdict in fought.verdicts.items():
                for kind in ("leaks", "forged", "harms"):
                    found[kind] += [f"{name}: {what}" for what in getattr(verdict, kind)]
    figures |= {
        "attacks": sum(counted.values()),
        "families": counted,
        **{kind: len(what) for kind, what in found.items()},
        "seconds": round(time.monotonic() - started, 1),
        "found": {kind: what for kind, what in found.items() if what},
    }
    print(json.dumps(figures, indent=2))
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
