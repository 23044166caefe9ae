"""Inert stand-ins for packages that draw or decorate: importing them must not cost points.

A submission that plots its losses at the end is right. The sandbox mounts no plotting
package, so these names resolve to modules of which every attribute is a callable that does
nothing. They compute nothing, so no answer can come out of them.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterator
from typing import Any, Self

PACKAGES = frozenset({"matplotlib", "mpl_toolkits", "seaborn", "plotly", "IPython", "ipywidgets", "google", "tqdm"})


class Inert:
    """Answers everything with itself; unpacks into two of itself, and is false and of length 0."""

    def __call__(self, *_args: Any, **_options: Any) -> Any:
        """Do nothing."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator[Inert]:
        # `figure, axes = plt.subplots()` unpacks two
        return iter((self, self))

    def __getitem__(self, _key: object) -> Inert:
        return self

    def __setitem__(self, _key: object, _value: object) -> None:
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


class Progress(Inert):
    """Stands for ``tqdm``: called with something to iterate over, it gives that back unchanged."""

    def __call__(self, *args: Any, **_options: Any) -> Any:
        """Give back what is iterated over."""
        return args[0] if args else self


class _InertModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__.partition(".")[0] == "tqdm":
            return range if name == "trange" else Progress()
        return Inert()


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        if name.partition(".")[0] not in PACKAGES:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _InertModule(spec.name)

    def exec_module(self, _module: types.ModuleType) -> None:
        return None


def install() -> None:
    """Let the names of :data:`PACKAGES` be imported; a real package that is there wins."""
    sys.meta_path.append(_Finder())
