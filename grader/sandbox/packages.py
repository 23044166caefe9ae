"""Which installed files belong to the packages that an assignment allows.

Only these are mounted into the sandbox: what an assignment does not allow is not there.
"""

from __future__ import annotations

import importlib.metadata
import re
from functools import cache
from pathlib import Path

_WIRE = ("msgspec", "numpy")
"""What the worker itself needs."""
_REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")


@cache
def installed_paths(packages: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the top-level files and folders of ``packages`` and of all that they require.

    Parameters
    ----------
    packages
        Names of distributions. Extras and what is not installed are left out.
    """
    closure: dict[str, importlib.metadata.Distribution] = {}
    todo = [*_WIRE, *packages]
    while todo:
        name = _normal(todo.pop())
        if name in closure:
            continue
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        closure[name] = found
        todo += [m[0] for r in found.requires or [] if "extra ==" not in r and (m := _REQUIREMENT.match(r))]
    paths = {path for found in closure.values() for path in _top_level(found)}
    return tuple(sorted(paths))


def missing(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of ``packages`` that are not installed here."""
    names = {_normal(d.metadata["Name"]) for d in importlib.metadata.distributions() if d.metadata["Name"]}
    return tuple(name for name in packages if _normal(name) not in names)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top_level(distribution: importlib.metadata.Distribution) -> set[Path]:
    # the record as text: torch has 12,000 files, and a path object for each costs 0.3 s
    lines = (distribution.read_text("RECORD") or "").splitlines()
    tops = {line.partition(",")[0].partition("/")[0].strip('"') for line in lines} - {"..", "__pycache__", ""}
    found = (Path(str(distribution.locate_file(top))) for top in tops)
    return {path for path in found if path.exists()}
