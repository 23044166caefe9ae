"""A student's repository as the release writes it, and the machine of GitHub Actions around it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from grader.ci.released import FOLDER, MANIFEST, STUBS, manifest

COURSE = Path(__file__).resolve().parent.parent / "course"
SOLUTION = (COURSE / "reference/tiny/tiny.py").read_text()


def student_repository(root: Path, *names: str) -> Path:
    """A checkout that holds the tiny assignment under each of ``names``."""
    files: dict[str, bytes] = {
        "requirements.txt": b"./.grader/x.whl\n",
        ".github/workflows/feedback.yml": b"on: push\n",
    }
    for name in names or ("tiny",):
        for path in sorted((COURSE / "assignments/tiny").glob("*.*")):
            own = "tiny.py" if path.name == "tiny.py" else path.name
            files[f"{name}/{own}"] = path.read_bytes()
            if path.suffix == ".py" and path.name != "checks.py":
                files[f"{FOLDER}/{STUBS}/{name}/{own}"] = path.read_bytes()
        files[f"{name}/assignment.toml"] = b'module = "tiny"\n' + files[f"{name}/assignment.toml"]
    files[f"{FOLDER}/{MANIFEST}"] = manifest(files)
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


@dataclass
class Runner:
    """What a GitHub runner does for one step: environment, command files, exit status."""

    root: Path
    files: Path
    done: subprocess.CompletedProcess[str] | None = None

    def environment(self, **more: str) -> dict[str, str]:
        self.files.mkdir(exist_ok=True)
        names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")
        for name in names:
            (self.files / name).touch()
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "CLASSROOM"))}
        paths = {name: str(self.files / name) for name in names}
        return {**kept, **paths, "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.root), "COLUMNS": "100", **more}

    def words(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "grader", "ci", "--isolation", "none", *map(str, words)]

    def ci(self, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
        """Run ``grader ci`` as a step."""
        self.done = subprocess.run(
            self.words(*words), cwd=self.root, env=self.environment(**more), capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        return self.done

    def pairs(self, name: str) -> dict[str, str]:
        """What the step left in a command file, the last value of each name."""
        lines = (self.files / name).read_text().splitlines()
        assert all("=" in line for line in lines)
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        return (self.files / "GITHUB_STEP_SUMMARY").read_text()

    def form(self) -> dict:
        """The whole Classroom form, decoded."""
        return json.loads(base64.b64decode(self.pairs("GITHUB_OUTPUT")["result"]))

    def runners(self) -> list[dict]:
        """The forms that the Classroom reporter finds by the names of its runners."""
        variables = self.pairs("GITHUB_ENV")
        names = self.pairs("GITHUB_OUTPUT")["runners"].split(",")
        return [json.loads(base64.b64decode(variables[f"{name.upper()}_RESULTS"])) for name in names]


def write_solution(root: Path, name: str = "tiny", text: str = SOLUTION) -> None:
    (root / name / "tiny.py").write_text(text)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
