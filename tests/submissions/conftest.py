"""Folders, notebooks and zips as students make them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.submissions.repositories import committed, git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder of submissions."""
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


@pytest.fixture
def write(root: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Write files, by their path in the folder of submissions, and return that folder."""

    def write_files(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return write_files


@pytest.fixture(scope="session")
def notebook() -> Callable[..., bytes]:
    """Make a notebook in format 4: prose, then one code cell for each source."""

    def make(*sources: str, outputs=(), **more) -> bytes:
        prose = {"cell_type": "markdown", "metadata": {}, "source": ["# Backprop\n", "prose"]}
        code = [
            {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": list(outputs), "source": lines}
            for lines in (source.splitlines(keepends=True) for source in sources)
        ]
        whole = {"cells": [prose, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
        return json.dumps(whole).encode()

    return make


@pytest.fixture(scope="session")
def zipped() -> Callable[[Mapping[str, str | bytes]], bytes]:
    """Make a zip; a name that ends in a slash is an empty folder."""

    def make(files: Mapping[str | zipfile.ZipInfo, str | bytes]) -> bytes:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return data.getvalue()

    return make


@pytest.fixture
def clone(root: Path) -> Path:
    """A repository of Anna's with one commit."""
    folder = root / "backprop-anna"
    committed(folder)
    return folder


@pytest.fixture
def name(clone: Path) -> str:
    """The hash of that commit."""
    return git(clone, "rev-parse", "HEAD")
