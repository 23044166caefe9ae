"""Mistakes in the hands of other people: the right hint comes first, whatever the style.

``foreign/`` holds thirty submissions by somebody who saw handout and stub alone, and made the mistakes that came to
mind. Thirteen were on the list already and were named; most others were put on the list afterwards, so that these
show that a known mistake is recognised in another style. ``foreign/hinted/`` holds thirty by somebody who was given
sentences of the list, drawn at random, and not how the mistakes are written there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader.results import Batch, Outcome, SubmissionResult
from tests.students.samples import ROOT

FOREIGN = Path(__file__).parent / "foreign"
FREE: dict[str, Any] = tomllib.loads((FOREIGN / "mistakes.toml").read_text(encoding="utf-8"))
HINTED: dict[str, Any] = tomllib.loads((FOREIGN / "hinted/mistakes.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionResult]:
    """All sixty, by the name of the file, the hinted ones as ``hinted-01``."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "class").mkdir()
    for path in FOREIGN.glob("*.py"):
        shutil.copy(path, folder / "class" / path.name)
    for path in FOREIGN.glob("hinted/*.py"):
        shutil.copy(path, folder / "class" / f"hinted-{path.name}")
    words = [sys.executable, "-m", "grader", "grade", str(folder / "class"), "--out", str(folder / "out")]
    words += ["--course", str(ROOT), "--assignment", "backprop", "--jobs", "2", "--seed", "foreign"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    batch = Batch.model_validate_json((folder / "out/results.json").read_text(encoding="utf-8"))
    return {result.id: result for result in batch.submissions}


def first_hints(result: SubmissionResult) -> list[str]:
    """The hints of the first explanation of each failed check, each once."""
    explained = [check.explanations[0] for check in result.checks if check.explanations]
    return list(dict.fromkeys(mistake.hint for explanation in explained for mistake in explanation.mistakes))


def test_there_are_thirty_of_each() -> None:
    assert [f"{n:02}.py" for n in range(1, 31)] == sorted(FREE) == sorted(HINTED)


def test_every_one_fails_some_check(graded: dict[str, SubmissionResult]) -> None:
    assert len(graded) == 60
    assert not [name for name, result in graded.items() if result.outcome is Outcome.PASSED]


def test_mistakes_that_came_to_mind_are_named_right_or_not_at_all(graded: dict[str, SubmissionResult]) -> None:
    said = {name: first_hints(graded[name.removesuffix(".py")]) for name in FREE}
    assert said == {name: entry["hints"] for name, entry in FREE.items()}
    assert sum(bool(hints) for hints in said.values()) >= 27


def test_mistakes_known_by_their_hint_alone_are_named_right(graded: dict[str, SubmissionResult]) -> None:
    first = {name: first_hints(graded[f"hinted-{name.removesuffix('.py')}"])[:1] for name in HINTED}
    wrong = {name: hints for name, hints in first.items() if hints != [HINTED[name]["hint"]]}
    assert len(wrong) <= 3, wrong
