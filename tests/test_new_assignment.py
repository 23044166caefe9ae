"""The assignment that `grader new` writes is proved already: its checks, its answers, and every written file."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader import new
from grader.course import Course
from grader.engine.checks import CheckSuite, load_module, with_checks
from grader.engine.plain import PlainStudent, module_of
from grader.mistakes import Mistake, read_variants
from grader.mutants import mutants
from grader.new import create
from grader.release import drift, student_files

ROOT = Path(new.__file__).resolve().parent.parent
NAME = "layer_of_mine"
SEEDS = range(20)

Failures = dict[str, str]
"""By check: how it ended, in words."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one new assignment."""
    root = tmp_path_factory.mktemp("course")
    create(root, NAME)
    return root


@pytest.fixture(scope="module")
def solution(made: Path) -> str:
    return (made / f"reference/{NAME}/{NAME}.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def mistakes(made: Path) -> list[Mistake]:
    return list(load_module(made / f"reference/{NAME}/mistakes.py", "_mistakes_of_a_new_assignment").MISTAKES)


@pytest.fixture(scope="module")
def failures(made: Path) -> Callable[..., list[Failures]]:
    """Run every check on sources, each under several seeds, and return for each source what did not pass."""

    def run(sources: list[str], seeds: range = range(1)) -> list[Failures]:
        def work(suite: CheckSuite) -> list[Failures]:
            return [
                {k: v for seed in seeds for k, v in _failures_of(suite, source, seed).items()} for source in sources
            ]

        return with_checks(Course(made).assignment(NAME), work)

    return run


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """New assignments where ruff finds the settings of this repository, and the package beside them."""
    root = tmp_path_factory.mktemp("repository")
    (root / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    (root / "grader").symlink_to(ROOT / "grader")
    for name in ("a", NAME, "a_name_that_is_longer_than_most_names_of_things"):
        create(root, name)
    return root


def _failures_of(suite: CheckSuite, source: str, seed: int) -> Failures:
    student: Any = PlainStudent(module_of(source, "answer"))
    found = {}
    for number, check in enumerate(suite.checks):
        with np.errstate(all="ignore"):
            met = suite.run(check, student, np.random.default_rng([seed, number]))
        if met.error is not None:
            found[check.id] = f"{type(met.error).__name__}: {met.error}"
    return found


def ids_of(course: Path) -> set[str]:
    return with_checks(Course(course).assignment(NAME), lambda suite: {check.id for check in suite.checks})


class TestWhatIsWritten:
    def test_the_reference_passes_and_so_does_every_variant_under_every_seed(self, made, solution, failures):
        variants = read_variants(made / f"reference/{NAME}/variants.py", solution)
        assert len(variants) >= 2
        assert {variant.exercise for variant in variants} == {"softmax"}
        sources = [solution, *(variant.source for variant in variants)]
        assert failures(sources, SEEDS) == [{}] * len(sources)

    def test_every_mistake_fails_and_no_two_fail_alike(self, solution, mistakes, failures):
        assert len(mistakes) >= 4
        found = failures([mistake.apply(solution) for mistake in mistakes])
        assert all(found)
        assert len({repr(sorted(one.items())) for one in found}) == len(mistakes)
        assert len({mistake.hint for mistake in mistakes}) == len(mistakes)

    def test_every_mistake_fails_whatever_the_seed(self, solution, mistakes, failures):
        for seed in range(1, 5):
            assert all(failures([mistake.apply(solution) for mistake in mistakes], range(seed, seed + 1)))

    def test_the_checks_catch_every_mutant_that_computes_something_else(self, solution, failures):
        made_by_rule = mutants(solution, ["softmax_forward", "softmax_backward"])
        assert len(made_by_rule) >= 30  # 38 when this was written
        found = failures([mutant.source for mutant in made_by_rule])
        survivors = {mutant.change for mutant, failed in zip(made_by_rule, found, strict=True) if not failed}
        # the sign cancels, because the same exponentials are divided by their sum
        assert survivors <= {"e = np.exp(z) -> e = -np.exp(z)"}

    def test_no_check_is_idle(self, made, solution, mistakes, failures):
        failed = {check for one in failures([mistake.apply(solution) for mistake in mistakes]) for check in one}
        assert failed == ids_of(made)

    def test_the_stub_passes_no_check_because_nothing_is_written(self, made, failures):
        stub = (made / f"assignments/{NAME}/{NAME}.py").read_text(encoding="utf-8")
        (found,) = failures([stub])
        assert set(found) == ids_of(made)
        assert {message.partition(":")[0] for message in found.values()} == {"NotImplementedError"}

    def test_stub_and_notebook_are_generated_and_the_release_holds_no_solution(self, made):
        assert drift(made, NAME) == []
        assert len(student_files(made, [NAME])) == 5

    def test_no_placeholder_is_left(self, made):
        texts = [path.read_text(encoding="utf-8") for path in made.rglob("*") if path.suffix in {".py", ".md", ".toml"}]
        assert not any(re.search(r"\{\{ | \}\}|NAME", text) for text in texts)
        assert sum("Layer of mine" in text for text in texts) == 4  # handout, configuration, solution and stub

    def test_every_written_file_says_what_comes_next(self, made):
        written = [path for path in made.rglob("*") if path.suffix in {".py", ".md", ".toml"}]
        assert {path.relative_to(made).as_posix() for path in written if "next: " not in path.read_text()} == {
            f"assignments/{NAME}/{NAME}.py"  # students begin with it, and it is generated
        }

    def test_handout_and_configuration_name_the_same_points(self, made):
        handout = (made / f"assignments/{NAME}/README.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(\w+)` \| .* \| (\d+) \|$", handout, re.MULTILINE)
        exercises = Course(made).assignment(NAME).exercises
        assert rows == [(exercise.name, str(exercise.points)) for exercise in exercises]

    def test_the_functions_of_the_configuration_have_docstrings(self, made, solution):
        functions = {node.name: node for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef)}
        for exercise in Course(made).assignment(NAME).exercises:
            assert all(ast.get_docstring(functions[name]) for name in exercise.functions)


class TestTools:
    @pytest.mark.parametrize("words", [["check"], ["format", "--check"]], ids=" ".join)
    def test_ruff_accepts_every_file(self, repository, words):
        command = [sys.executable, "-m", "ruff", *words, "--no-cache", "assignments", "reference"]
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout

    def test_ruff_accepts_the_public_checks_as_strictly_as_the_hidden_ones(self, repository):
        text = (repository / f"assignments/{NAME}/checks.py").read_text(encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--no-cache",
            "--stdin-filename",
            "reference/other/checks.py",
            "-",
        ]
        done = subprocess.run(command, cwd=repository, input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout

    @pytest.mark.parametrize("folder", ["assignments", "reference"])
    def test_mypy_accepts_every_file(self, repository, folder):
        files = sorted(map(str, (repository / folder / NAME).glob("*.py")))
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--disable-error-code=import-untyped",  # of scipy, which the project's settings allow
            "--config-file",
            "",
            "--cache-dir",
            str(ROOT / ".mypy_cache"),
            *files,
        ]
        environment = {**os.environ, "MYPYPATH": str(ROOT)}
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
