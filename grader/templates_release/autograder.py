"""Grade one submission in Classroom 50: install the grader that lies beside this file, and run its public checks.

Needs the standard library alone. The submission is the working folder. Exit status 0 means that
there is a result, whatever it says; anything else is a fault of the machine.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

BUNDLE = Path(os.environ.get("CLASSROOM50_BUNDLE_DIR") or Path(__file__).resolve().parent)


def main() -> int:
    """Run the checks, in an environment of their own unless the grader is installed here already."""
    environment = os.environ | {"CLASSROOM50_BUNDLE_DIR": str(BUNDLE)}
    with tempfile.TemporaryDirectory() as folder:
        python = sys.executable
        if importlib.util.find_spec("grader") is None:
            venv.create(folder, with_pip=True)
            python = str(Path(folder, "Scripts" if os.name == "nt" else "bin", "python"))
            install = [python, "-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"]
            subprocess.run(install, cwd=BUNDLE, check=True)
        return subprocess.run([python, "-m", "grader", "ci"], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
