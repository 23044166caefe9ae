"""Student repositories for a batch in CI: check them out by the roster, and hand feedback back. Standard library only.

One student's repository that is missing or broken costs no other: its folder stays empty, which
the grader reports as such. The token stands in the environment and in no command line.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_SERVER = "https://github.com"
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
"""A login of GitHub; nothing else may become a part of a path or an address."""
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
"""The end of a repository's name, which has 100 characters at most."""
_COMMENT_LIMIT = 65_000
"""Characters: GitHub takes 65,536."""
_SECONDS = 300


def main(arguments: list[str] | None = None) -> int:
    """Run a command; exit status 0 whatever single students' repositories did, 2 when nothing could be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    collecting = commands.add_parser("collect", help="check out the repositories of a roster")
    collecting.add_argument("roster", type=Path)
    collecting.add_argument("--to", type=Path, required=True)
    commenting = commands.add_parser("comment", help="write feedback as comments on the graded commits")
    commenting.add_argument("out", type=Path)
    commenting.add_argument("submissions", type=Path)
    for command in (collecting, commenting):
        command.add_argument("--owner", required=True)
        command.add_argument("--assignment", required=True)
    options = parser.parse_args(arguments)
    try:
        if options.command == "collect":
            return collect(options.roster, options.to, options.owner, options.assignment)
        return comment(options.out, options.submissions, options.owner, options.assignment)
    except (OSError, ValueError) as error:
        print(f"students: {error}", file=sys.stderr)
        return 2


def collect(roster: Path, to: Path, owner: str, assignment: str) -> int:
    """Clone ``assignment-login``, or ``assignment-group``, of everybody on the roster into a folder below ``to``.

    When it was pushed is not known from a clone, and not asked for: the grader tells the commit's own time.
    """
    owners = list(owners_of(roster))
    if not owners:
        print(f"students: {roster} names nobody: it needs a column github_username", file=sys.stderr)
        return 2
    for name in owners:
        folder = to / f"{assignment}-{name}"
        problem = _clone(f"{_SERVER}/{owner}/{assignment}-{name}.git", folder)
        if problem:
            folder.mkdir(parents=True, exist_ok=True)
            warn(f"{assignment}-{name} could not be checked out: {problem}")
    print(f"{len(owners)} repositories in {to}")
    return 0


def owners_of(roster: Path) -> Iterator[str]:
    """Yield every login of a roster once, and for lines with a group the group's name; blanks are left out silently.

    What is no login or no name of a group is said and left out.
    """
    seen = set()
    with roster.open(encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), 2):
            login, group = ((row.get(column) or "").strip() for column in ("github_username", "group"))
            if group and not _GROUP.fullmatch(group):
                warn(f"line {number} of {roster.name} holds no end of a repository's name as group: {group!r}")
            elif group:
                if group.casefold() not in seen:
                    seen.add(group.casefold())
                    yield group
            elif login and not _LOGIN.fullmatch(login):
                warn(f"line {number} of {roster.name} holds no login: {login!r}")
            elif login.casefold() in seen:
                warn(f"line {number} of {roster.name} names {login} again")
            elif login:
                seen.add(login.casefold())
                yield login


def comment(out: Path, submissions: Path, owner: str, assignment: str) -> int:
    """Write ``out/feedback/ID.md`` as a comment on the commit that lies in ``submissions``, by the program ``gh``."""
    sent = 0
    for result in json.loads((out / "results.json").read_text(encoding="utf-8"))["submissions"]:
        folder = submissions / (PurePosixPath(result["source"]).parts or ("",))[0]
        text = (out / "feedback" / f"{result['id']}.md").read_text(encoding="utf-8")[:_COMMENT_LIMIT]
        commit = _git(["-C", str(folder), "rev-parse", "HEAD"]) if (folder / ".git").exists() else None
        if commit is None or commit.returncode or not folder.name.startswith(f"{assignment}-"):
            warn(f"{result['id']} has no commit to comment on")
            continue
        place = f"repos/{owner}/{folder.name}/commits/{commit.stdout.strip()}/comments"
        body = json.dumps({"body": text})
        words = ["gh", "api", "--method", "POST", place, "--input", "-"]
        done = subprocess.run(words, input=body, capture_output=True, text=True, check=False, timeout=_SECONDS)
        sent += done.returncode == 0
        if done.returncode:
            warn(f"{result['id']} got no comment: {_last_line(done.stderr)}")
    print(f"{sent} comments")
    return 0


def warn(text: str) -> None:
    """Print a warning that GitHub shows, too."""
    print("::warning::" + text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _clone(address: str, folder: Path) -> str:
    """Clone, and return what went wrong; empty when nothing did."""
    if folder.exists():
        return "the folder is there already"
    try:
        done = _git(["clone", "--quiet", "--depth", "1", "--no-tags", "--", address, str(folder)])
    except subprocess.TimeoutExpired:
        return f"it took longer than {_SECONDS} s"
    return _last_line(done.stderr) if done.returncode else ""


def _git(words: list[str]) -> subprocess.CompletedProcess[str]:
    settings = {"core.hooksPath": os.devnull, "core.symlinks": "false", "submodule.recurse": "false"}
    token = os.environ.get("TOKEN")
    if token:
        secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings[f"http.{_SERVER}/.extraHeader"] = f"Authorization: Basic {secret}"
    given = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    for number, (key, value) in enumerate(settings.items()):
        given |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return subprocess.run(
        ["git", *words], env=os.environ | given, capture_output=True, text=True, check=False, timeout=_SECONDS
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


if __name__ == "__main__":
    sys.exit(main())
