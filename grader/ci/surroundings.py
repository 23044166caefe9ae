"""Which system a run finds itself in, told from its environment alone: no network, no token."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from grader.reports.classroom50 import Handed

_UNKNOWN = "unknown"
"""Where the form of Classroom 50 wants a text and the environment has none."""


class System(StrEnum):
    """What started the run."""

    GITHUB = "GitHub Actions"
    CLASSROOM50 = "Classroom 50"
    OTHER = "no known system"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the run needs to know of its system."""

    system: System
    root: Path
    """The student's checkout."""
    output: Path | None = None
    """``GITHUB_OUTPUT``: outputs of the step are appended here."""
    summary: Path | None = None
    """``GITHUB_STEP_SUMMARY``: Markdown for people."""
    variables: Path | None = None
    """``GITHUB_ENV``: variables for the steps that follow."""
    bundle: Path | None = None
    """The folder that Classroom 50 downloaded: it holds the assignments as they were released."""
    handed: Handed | None = None
    """What Classroom 50 says of the submission."""


def look_around(environment: Mapping[str, str], start: Path) -> Surroundings:
    """Say which system this is.

    Parameters
    ----------
    environment
        Variables; empty ones count as absent.
    start
        Where the run was started; the checkout, unless GitHub says otherwise.
    """
    given = {name: value for name, value in environment.items() if value}
    bundle = given.get("CLASSROOM50_BUNDLE_DIR")
    on_github = given.get("GITHUB_ACTIONS") == "true"
    workspace = Path(given["GITHUB_WORKSPACE"]) if on_github and "GITHUB_WORKSPACE" in given else start
    root = workspace if start.resolve().is_relative_to(workspace.resolve()) and not bundle else start
    return Surroundings(
        system=System.CLASSROOM50 if bundle else System.GITHUB if on_github else System.OTHER,
        root=root.resolve(),
        output=_path(given, "GITHUB_OUTPUT"),
        summary=_path(given, "GITHUB_STEP_SUMMARY"),
        variables=_path(given, "GITHUB_ENV"),
        bundle=Path(bundle) if bundle else None,
        handed=_handed(given, root) if bundle else None,
    )


def _path(given: Mapping[str, str], name: str) -> Path | None:
    return Path(given[name]) if name in given else None


def _handed(given: Mapping[str, str], root: Path) -> Handed:
    commit = given.get("COMMIT_URL") or _commit_url(given)
    tag = given.get("SUBMISSION_TAG", _UNKNOWN)
    kind = given.get("ASSIGNMENT_TYPE")
    return Handed(
        classroom=given.get("CLASSROOM", _UNKNOWN),
        assignment=given.get("ASSIGNMENT", _UNKNOWN),
        assignment_type="group" if kind == "group" else "individual",
        owner=given.get("OWNER") or given.get("GITHUB_REPOSITORY_OWNER", _UNKNOWN),
        submission=tag if tag.startswith("submit/") else f"submit/{tag}",
        commit=commit,
        release=given.get("RELEASE_URL", commit),
        review=given.get("REVIEW_URL", commit),
        datetime=_time_of_commit(root).strftime("%Y-%m-%dT%H:%M:%SZ"),
        username=given.get("USERNAME", ""),
    )


def _commit_url(given: Mapping[str, str]) -> str:
    parts = [given.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")]
    return "{}/{}/commit/{}".format(*parts) if all(parts) else _UNKNOWN


def _time_of_commit(root: Path) -> datetime:
    """Return when the last commit was made; now, where there is no commit or no git."""
    try:
        words = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=10)
        return datetime.fromtimestamp(int(done.stdout), UTC)
    except (OSError, subprocess.SubprocessError, ValueError):
        return datetime.now(UTC)
