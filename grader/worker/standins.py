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
from typing import Any

PACKAGES = frozenset({"matplotlib", "mpl_toolkits", "seaborn", "plotly", "IPython", "ipywidgets", "google", "tqdm"})


class Inert:
    """Answers everything with itself; is empty when iterated and false when asked.

    Called with one iterable (``tqdm(batches)``), it returns that iterable unchanged.
    """

    def __call__(self, *args: Any, **_options: Any) -> Any:
        if args and hasattr(args[0], "__iter__") and not isinstance(args[0], str | bytes):
            return args[0]
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Any:
        # `figure, axes = plt.subplots()` unpacks two
        return iter((self, self))

    def __getitem__(self, _key: object) -> Inert:
        return self

    def __setitem__(self, _key: object, _value: object) -> None:
        return None

    def __enter__(self) -> Inert:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


class _InertModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "trange":  # of tqdm: the one name whose argument is no iterable
            return range
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
