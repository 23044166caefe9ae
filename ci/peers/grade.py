"""Grade the comparison's class and leave the verdicts in the form that it compares.

    python ci/peers/grade.py SUBMISSIONS --out OUT

is a template for ``--extra`` of the comparison's ``run.py``. It is ``grader grade`` itself,
followed by a translation of ``results.json``.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main():
    submissions, out = sys.argv[1], Path(sys.argv[3])
    command = [sys.executable, "-m", "grader", "grade", submissions, "--out", str(out)]
    command += ["--course", str(HERE / "course")]
    status = subprocess.run([*command, *sys.argv[4:]], check=False, stdout=subprocess.DEVNULL).returncode
    results = json.loads((out / "results.json").read_text())
    verdicts = {
        submission["id"]: {_name(check["check"]): check["outcome"] == "passed" for check in submission["checks"]}
        for submission in results["submissions"]
    }
    (out / "verdicts.json").write_text(json.dumps(verdicts))
    sys.exit(status)


def _name(check):
    """``public/check_q1[affine_forward_value]`` is the comparison's ``affine_forward_value``."""
    name = check.partition("/")[2].removeprefix("check_")
    return name.partition("[")[2].rstrip("]") or name


if __name__ == "__main__":
    main()
