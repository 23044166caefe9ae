"""Submissions that plot or show progress run where nothing of that is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from grader.worker import standins


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    before, modules = list(sys.meta_path), set(sys.modules)
    standins.install()
    yield
    sys.meta_path[:] = before
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] in standins.PACKAGES:
            del sys.modules[name]


@pytest.mark.parametrize(
    "code",
    [
        "import seaborn as sns; sns.set_theme(style='dark'); sns.heatmap([[1]], annot=True)",
        "from plotly import express; express.line([1]).show()",
        "from plotly.subplots import make_subplots; figure, axes = make_subplots(1, 2); axes[0, 1].plot([1], [2])",
        "import plotly\nwith plotly.io.context('x') as c: c.anything['at'] = 1",
        "import google.colab.drive as drive; drive.mount('/content')",
    ],
)
def test_what_draws_does_nothing(code):
    exec(code, {})


@pytest.mark.parametrize("module", ["tqdm", "tqdm.notebook", "tqdm.auto"])
def test_progress_bars_give_back_what_they_wrap(module, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    # the stand-in also where the package is installed
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path[-1:], *sys.meta_path[:-1]])
    scope: dict[str, object] = {}
    exec(f"from {module} import tqdm, trange\nseen = [*tqdm([1, 2], desc='epochs'), *trange(2)]", scope)
    assert scope["seen"] == [1, 2, 0, 1]


def test_drawing_an_array_does_not_give_it_back():
    assert isinstance(standins.Inert()([1.0, 2.0]), standins.Inert)


def test_other_packages_are_still_missing():
    with pytest.raises(ModuleNotFoundError):
        exec("import no_such_package_at_all", {})
