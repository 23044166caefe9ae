"""Imports see the allowed packages alone, where those lie in one folder with all others that are installed.

Where packages are mounted one by one there is nothing to do. Elsewhere student code must find what an assignment does
not allow as little as there: ``ModuleNotFoundError``, which ``try: import`` expects, and no refusal to read a file.
This is for honest code; what keeps the others out is :mod:`landlock`.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from importlib import machinery
from pathlib import Path
from types import ModuleType
from typing import Any

_LOADERS: tuple[Any, ...] = (
    (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
    (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
    (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
)
"""The kinds of modules, in the order in which Python itself looks for them."""


class _Finder(machinery.FileFinder):
    """Finds modules of one folder, and of all that are there these alone."""

    def __init__(self, folder: str, names: frozenset[str]) -> None:
        super().__init__(folder, *_LOADERS)
        self._names = names

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> machinery.ModuleSpec | None:
        """Find a module, as any finder does."""
        return super().find_spec(fullname, target) if fullname in self._names else None


def show_only(places: Iterable[str]) -> None:
    """Hide from imports what is installed and is none of these; Python's own library stays.

    Parameters
    ----------
    places
        Files and folders of the allowed packages.
    """
    library = Path(sysconfig.get_paths()["stdlib"]).resolve()
    own = {library, library / "lib-dynload"}
    shared = {folder for folder in sys.path if Path(folder).is_dir() and Path(folder).resolve() not in own}
    names = frozenset(Path(place).name.partition(".")[0] for place in places if str(Path(place).parent) in shared)

    def finder(folder: str) -> _Finder:
        if folder not in shared:
            raise ImportError  # so that the next one is asked
        return _Finder(folder, names)

    sys.path_hooks.insert(0, finder)
    sys.path_importer_cache.clear()
