"""When a stored result may be used again: only when nothing that it depends on has changed.

The result of a submission depends on every byte of its assignment. The result of one check depends on less: changing
another check does not change it. What a check depends on is taken to be

- the grader, the seed and the level of isolation,
- what ``assignment.toml`` says, but for the day when it is due: whether something is late stands in its notes,
- every other file of the assignment but the two ``checks.py``, byte for byte: the reference is such,
- of both ``checks.py`` every statement that is no check: imports, constants, helpers, fixtures, and also a check whose
  name is mentioned anywhere, since something may call it,
- its own definition, with its decorators.

Of the last two the syntax tree counts and not the text, so a comment changes nothing. Two things are left to the
author: checks that hand something on to each other through a variable of the module, which no check should do, and
submissions that keep something from one check to the next. ``--fresh`` grades everything.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from grader import __version__
from grader.course import CONFIGURATION, Assignment


@cache
def grader_version() -> str:
    """Return the version and, because a working copy changes without one, a digest of the grader's own sources."""
    root = Path(__file__).resolve().parent.parent
    state = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        state.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{__version__}+{state.hexdigest()[:12]}"


def of_run(assignment: Assignment, seed: str, isolation: str) -> str:
    """Return the digest of everything that all submissions of a run have in common."""
    contents = ((name, _content(assignment, path)) for name, path in _files(assignment))
    return _of_files(contents, seed, isolation)


def of_checks(assignment: Assignment, seed: str, isolation: str, checks: Iterable[str]) -> dict[str, str]:
    """Return, by the id of a check, the digest of everything that its results depend on besides the submission."""
    files = dict(_files(assignment))
    trees = {name: ast.parse(path.read_bytes()) for name, path in files.items() if path in assignment.checks}
    mentioned = {word for tree in trees.values() for node in ast.walk(tree) for word in _words(node)}
    own: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    for name, path in files.items():
        if name not in trees:
            contents[name] = _content(assignment, path)
            continue
        shared = []
        for statement in trees[name].body:
            if isinstance(statement, ast.FunctionDef) and _is_check(statement.name) and statement.name not in mentioned:
                check = f"{name.partition('/')[0]}/{statement.name}"
                own[check] = own.get(check, "") + ast.dump(statement)
            else:
                shared.append(ast.dump(statement))
        contents[name] = "\n".join(shared).encode()
    common = _of_files(contents.items(), seed, isolation)
    # the cases of a parametrized check are checks of their own, with one definition
    return {check: _joined(common, own.get(check.partition("[")[0], "")) for check in checks}


def of_result(run: str, submission: str) -> str:
    """Return the digest that a result is stored under: ``run`` is of the run, or of a check."""
    return _joined(run, submission)


def _files(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    """Yield the files of an assignment in order, each under a name that says its visibility."""
    for part, folder in (("public", assignment.public), ("hidden", assignment.hidden)):
        for path in sorted(folder.rglob("*") if folder else ()):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{part}/{path.relative_to(folder or path).as_posix()}", path


def _content(assignment: Assignment, path: Path) -> bytes:
    if path == assignment.public / CONFIGURATION:
        return assignment.configuration.model_dump_json(exclude={"due"}).encode()
    return path.read_bytes()


def _of_files(contents: Iterable[tuple[str, bytes]], seed: str, isolation: str) -> str:
    state = hashlib.sha256(f"{grader_version()}\0{seed}\0{isolation}".encode())
    for name, content in contents:
        state.update(f"\0{name}\0".encode() + hashlib.sha256(content).digest())
    return state.hexdigest()


def _joined(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _is_check(name: str) -> bool:
    return name.startswith("check_")


def _words(node: ast.AST) -> Iterator[str]:
    """Yield the names of checks that a piece of syntax mentions; a definition does not mention itself."""
    words: tuple[str, ...] = ()
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word):
            words = (word,)
        case ast.Constant(value=str(text)):  # getattr(module, "check_x")
            words = (text,)
    yield from filter(_is_check, words)
