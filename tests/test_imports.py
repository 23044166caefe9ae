"""Who may import whom, and what `import grader` may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import grader

ROOT = Path(grader.__file__).parent
HEAVY = ("torch", "rich", "nbconvert", "numpy", "pydantic", "pytest", "typer", "scipy")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or late, by its full name."""
    package = ".".join(path.relative_to(ROOT.parent).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = f"{package}.{node.module or ''}".rstrip(".") if node.level else node.module
            found |= {f"{base}.{alias.name}" for alias in node.names} | {base}
    return found


def imported_by(room: str) -> dict[str, set[str]]:
    """What of this project each file of a room imports."""
    return {
        str(path.relative_to(ROOT)): {name for name in imports(path) if name.partition(".")[0] == "grader"}
        for path in sorted((ROOT / room).rglob("*.py"))
    }


def strangers(room: str, *allowed: str) -> list[str]:
    def is_allowed(name: str) -> bool:
        return any(name == one or name.startswith(f"{one}.") for one in allowed) or name == "grader"

    return [
        f"{file}: {name}" for file, names in imported_by(room).items() for name in sorted(names) if not is_allowed(name)
    ]


def test_the_worker_imports_nothing_of_the_project_but_itself():
    assert strangers("worker", "grader.worker") == []


def test_the_worker_imports_nothing_that_is_not_mounted_beside_it():
    foreign = set()
    for path in (ROOT / "worker").rglob("*.py"):
        foreign |= {name.partition(".")[0] for name in imports(path)} - set(sys.stdlib_module_names)
    assert foreign == {"grader", "msgspec", "numpy", "torch"}  # torch where the assignment has it


def test_the_worker_starts_without_the_package_around_it(tmp_path):
    import shutil

    folder = shutil.copytree(ROOT / "worker", tmp_path / "alone", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import alone.serve, alone.zygote; print('grader' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert folder
    assert done.stdout == "False\n"


def test_reports_import_results_and_each_other_alone():
    assert strangers("reports", "grader.reports", "grader.results", "grader.audited", "grader.evidence") == []


def test_checks_know_neither_the_sandbox_nor_the_engine():
    assert strangers("checks", "grader.checks", "grader.evidence", "grader.worker.tools", "grader.worker") == []


def test_the_sandbox_knows_no_engine_and_no_report():
    assert strangers("sandbox", "grader.sandbox", "grader.worker", "grader.evidence") == []


def test_the_trusted_side_takes_from_the_worker_what_both_sides_need():
    shared = {
        f"grader.worker.{name}"
        for name in ("wire", "forms", "values", "channel", "tools", "users", "generators", "landlock", "source")
    }
    taken = {name for room in ("sandbox", "engine") for names in imported_by(room).values() for name in names}
    taken = {".".join(name.split(".")[:3]) for name in taken if name.startswith("grader.worker.")}
    assert taken <= shared


def test_checks_take_the_tools_from_the_worker_and_nothing_else():
    taken = {name for names in imported_by("checks").values() for name in names}
    assert {name for name in taken if name.startswith("grader.worker.")} == {"grader.worker.tools"}


def test_submissions_are_read_without_sandbox_checks_and_engine():
    assert strangers("submissions", "grader.submissions") == []


def test_the_rules_would_be_broken_by_a_wrong_import(tmp_path, monkeypatch):
    (tmp_path / "grader" / "worker").mkdir(parents=True)
    (tmp_path / "grader" / "worker" / "bad.py").write_text("def f():\n    from grader.results import Outcome\n")
    (tmp_path / "grader" / "worker" / "worse.py").write_text("from .. import results\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path / "grader")
    assert len(strangers("worker", "grader.worker")) >= 2


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_import_grader_is_cheap():
    assert loaded_by("import grader") & set(HEAVY) == set()


def test_import_grader_would_be_seen_to_be_dear():
    assert "numpy" in loaded_by("import grader; grader.expect")


@pytest.mark.parametrize("command", ["cli", "commands"])
def test_the_command_line_starts_without_what_only_some_commands_need(command):
    assert loaded_by(f"import grader.{command}") & {"torch", "numpy", "nbconvert", "pytest", "scipy"} == set()


class TestTheAuthorsApi:
    def test_is_sorted_and_complete(self):
        assert grader.__all__ == sorted(grader.__all__)
        assert set(grader.__all__) == set(grader._HOME)

    def test_holds_what_it_names(self):
        for name in grader.__all__:
            assert getattr(grader, name) is not None

    def test_has_no_other_names(self):
        with pytest.raises(AttributeError, match="module 'grader' has no attribute 'no_such_name'"):
            grader.no_such_name  # noqa: B018 - it is the look that fails
