"""The proof that nothing hidden is in what leaves: solution, hidden checks, variants, mistakes.

A *secret* is a telling line of the solution, a variant or a mistake, or the body of a hidden
check. Files are looked through as people would read them: also the texts inside a notebook or
other JSON, and every file inside a zip or wheel.
"""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.stub import ReleaseError, is_code, make_stub, regions_of

_TELLING = 20
"""Characters beyond which a line tells something: shorter ones (``return h, cache``) occur anywhere."""
_TELLING_BODY = 3
"""Lines from which on the body of a check tells something: a call and its comparison are in public checks too."""
_SAYS_NOTHING = re.compile(r"""(from|import) .*|["'][\w.]*["'],?|\W*""")
"""Imports, a name in quotes on a line of its own, punctuation."""


@dataclass(frozen=True)
class Secret:
    """What must not leave, and how a message calls it."""

    text: str
    what: str


def secrets_of(course_root: Path, name: str) -> list[Secret]:
    """Return the secrets of an assignment; of its reference, what is missing holds none.

    Raises
    ------
    ReleaseError
        When the solution cannot be read as a reference.
    """
    folder = course_root / "reference" / name
    solution = _text(folder / f"{name}.py")
    stub = make_stub(solution)
    secrets = list(_of_solution(solution, stub, name))
    for file in ("variants.py", "mistakes.py"):
        lines = enumerate(_text(folder / file).splitlines(), 1)
        secrets += [
            Secret(line.strip(), f"line {number} of reference/{name}/{file}")
            for number, line in lines
            if _tells(line) and line.strip() not in stub
        ]
    return secrets + list(_of_checks(_text(folder / "checks.py"), f"reference/{name}/checks.py"))


def leak(secrets: list[Secret], files: Mapping[str, bytes]) -> str:
    """Return a line that says which file holds which secret; empty when none does."""
    for name, data in files.items():
        for text in _texts(name, data):
            lines = "\n".join(filter(None, map(str.strip, text.splitlines())))
            found = next((secret for secret in secrets if secret.text in lines), None)
            if found:
                return f"{name} holds {found.what}: take it out"
    return ""


def _of_solution(solution: str, stub: str, name: str) -> Iterator[Secret]:
    for region in regions_of(solution):
        for number, line in enumerate(region.body, region.begin + 1):
            text = line.strip()
            if is_code(line) and len(text) > _TELLING and text not in stub:
                yield Secret(text, f"line {number} of the solution of {name}")


def _of_checks(source: str, file: str) -> Iterator[Secret]:
    """Yield the bodies of the hidden checks, without their titles: public checks of the same kind have those too."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ReleaseError(f"{file}, line {error.lineno}: {error.msg}") from error
    lines = source.split("\n")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_") and len(node.body) > 1:
            body = lines[node.body[1].lineno - 1 : node.end_lineno]
            text = "\n".join(line.strip() for line in body if line.strip())
            if text.count("\n") + 1 >= _TELLING_BODY:
                yield Secret(text, f"the body of {node.name} of {file}")


def _tells(line: str) -> bool:
    text = line.strip()
    return is_code(line) and len(text) > _TELLING and not _SAYS_NOTHING.fullmatch(text)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _texts(name: str, data: bytes) -> Iterator[str]:
    """Yield every text of a file: its own, those in its JSON, those of the files in it."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from _texts(member, archive.read(member))
        return
    text = data.decode("utf-8", "replace")
    yield text
    if name.endswith((".json", ".ipynb")):
        try:
            yield from _strings(json.loads(text))
        except ValueError:
            return


def _strings(value: object) -> Iterator[str]:
    """Yield every text in JSON; a list of texts, as notebooks keep their sources, as one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield "".join(item for item in value if isinstance(item, str))
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
