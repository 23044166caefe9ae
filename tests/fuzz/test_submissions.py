"""Whatever is handed in is read or refused in one line: random notebooks, scripts, zips in zips, folders of a class."""

from __future__ import annotations

import io
import json
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grader.submissions import Submission, Unreadable, find, find_own, read
from grader.submissions.code import MAX_SOURCE, cells_of
from tests.fuzz.profile import FUZZ

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "def f():\n    pass\n",
        "%matplotlib inline",
        "!ls",
        "\ud800",
        "\0",
        "\r\n",
        "x" * 300,
        "\u2028",
        "# coding: utf-7\n",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


def _mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual thing, and now and then anything."""
    return st.one_of(usual, usual, usual, JSON)


SOURCES = _mostly(TEXTS | st.lists(TEXTS, max_size=3))
CELLS = _mostly(
    st.fixed_dictionaries(
        {"cell_type": _mostly(st.sampled_from(["code", "markdown", "raw"]))},
        optional={"source": SOURCES, "input": SOURCES, "outputs": JSON, "metadata": JSON, "id": JSON},
    )
)
NOTEBOOKS = st.fixed_dictionaries(
    {"nbformat": _mostly(st.sampled_from([3, 4]))},
    optional={
        "cells": _mostly(st.lists(CELLS, max_size=4)),
        "worksheets": _mostly(st.lists(st.fixed_dictionaries({"cells": st.lists(CELLS, max_size=3)}), max_size=2)),
        "metadata": JSON,
    },
)


@st.composite
def changed(draw: st.DrawFn, contents: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of which a few are others."""
    data = bytearray(draw(contents))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(data)


NOTEBOOK_FILES = st.builds(lambda notebook: json.dumps(notebook).encode(), NOTEBOOKS)
SCRIPT_FILES = st.builds(
    lambda head, text: head + text.encode("utf-8", "surrogatepass"),
    st.sampled_from(
        [b"", b"\xef\xbb\xbf", b"# coding: latin-1\n", b"# coding: punycode\n", b"# -*- coding: zip -*-\n"]
    ),
    TEXTS,
)
FILES = changed(NOTEBOOK_FILES) | changed(SCRIPT_FILES) | st.binary(max_size=40)


def unless_refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What it returns; None when it refused, which must be in one line."""
    try:
        return call(*arguments, **options)
    except Unreadable as error:
        line = str(error)
    assert line
    assert line.isprintable()
    return None


@FUZZ
@given(name=st.sampled_from(["work.py", "work.ipynb"]), data=FILES)
def test_a_file_is_cells_or_a_refusal(name, data):
    cells = unless_refused(cells_of, name, data)
    assert cells is None or any(cell.strip() for cell in cells)
    for cell in cells or ():
        cell.encode()  # it goes over the wire


@FUZZ
@given(notebook=NOTEBOOKS)
def test_of_a_notebook_the_code_cells_come_whole_and_in_order(notebook):
    """Where it is one: what Jupyter's own rules would make of it."""
    cells = unless_refused(cells_of, "work.ipynb", json.dumps(notebook).encode())
    if cells is None or not isinstance(notebook.get("cells"), list) or not notebook["cells"]:
        return
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) == len(code)
    for cell, source in zip(code, cells, strict=True):
        wanted = cell.get("source", cell.get("input", ""))
        joined = wanted if isinstance(wanted, str) else "".join(wanted)
        assert source == joined.replace("\r\n", "\n").encode("utf-8", "replace").decode()


NAMES = st.lists(
    st.sampled_from(
        ["tiny.py", "tiny.ipynb", "..", ".", "data", "a.csv", "C:", "\\", "x" * 260, "é", "\ud800", "a\nb", ""]
    )
    | st.text(max_size=4),
    min_size=1,
    max_size=4,
).map("/".join)
"""Of members, with everything that a name can try."""
KINDS = st.sampled_from([0, 0o100644, 0o120777, 0o060644, 0o040755])
"""Modes: unknown, file, link, device, folder."""


@st.composite
def zips(draw: st.DrawFn, depth: int = 3) -> bytes:
    """A zip of anything, zips among it, whose headers may lie."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in draw(st.lists(NAMES, max_size=4, unique=True)):
            encodable = name.encode("utf-8", "replace").decode().replace("\0", "") or "x"
            info = zipfile.ZipInfo(encodable)
            info.external_attr = draw(KINDS) << 16
            info.compress_type = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]))
            is_zip = depth > 0 and draw(st.booleans())
            info.filename += ".zip" * is_zip
            archive.NameToInfo.pop(info.filename, None)  # it warns of names that are there twice
            archive.writestr(info, draw(zips(depth - 1)) if is_zip else draw(FILES))
    data = bytearray(stream.getvalue())
    for signature, offsets in ((b"PK\x03\x04", (6, 8, 18, 22, 26)), (b"PK\x01\x02", (8, 10, 20, 24, 28, 42))):
        at = data.find(signature)
        if at >= 0 and draw(st.booleans()):
            offset = at + draw(st.sampled_from(offsets))
            data[offset : offset + 2] = struct.pack("<H", draw(st.integers(0, 2**16 - 1)))
    return bytes(data)


def read_own(path: Path) -> Submission:
    """Read what lies there; what comes of it fits into a worker's folder and over the wire."""
    submission = read(find_own(path, module="tiny"))
    for name in submission.siblings:
        assert not name.startswith("/")
        assert not {"", ".", ".."} & set(name.split("/"))
        name.encode()
    for text in (*submission.cells, *submission.notes, submission.source):
        text.encode()
    return submission


@FUZZ
@given(data=zips() | changed(zips()))
def test_a_zip_is_a_submission_or_a_refusal_and_nothing_is_unpacked(tmp_path, data):
    path = tmp_path / "anna.zip"
    path.write_bytes(data)
    tracemalloc.start()
    unless_refused(read_own, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [entry.name for entry in tmp_path.iterdir()] == ["anna.zip"]
    # a window of the decompressor, a few copies of what came; LZMA, which could ask for more, is refused
    assert peak < 8 * 2**20 + 200 * len(data)


@FUZZ
@given(seed=st.binary(min_size=1, max_size=8), layers=st.integers(1, 3), ending=st.sampled_from(["py", "ipynb"]))
def test_a_bomb_costs_no_more_than_the_limit_of_one_file(tmp_path, seed, layers, ending):
    data = seed * (4 * MAX_SOURCE // len(seed))
    name = f"tiny.{ending}"
    for layer in range(layers):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        data, name = stream.getvalue(), f"{layer}.zip"
    path = tmp_path / "anna.zip"
    path.write_bytes(data)
    assert unless_refused(read_own, path) is None


_STUDENTS = st.sampled_from(
    [
        "Anna Müller_12345_assignsubmission_file_", "anna_LATE_12345_67890_tiny.py", "tiny-anna", "anna_tiny.ipynb", "anna",
        "tiny.py", "tiny.ipynb", "-rf", "CON", "anna.zip", "a b.py", "tiny_", ".hidden", "__MACOSX", "=1+1.py",
    ]
) | st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=6)  # fmt: skip


@FUZZ
@given(entries=st.dictionaries(_STUDENTS, FILES | zips() | st.dictionaries(_STUDENTS, FILES, max_size=3), max_size=5))
def test_of_any_folder_everybody_found_has_an_id_of_the_own_and_is_read_or_refused(tmp_path_factory, entries):
    folder = tmp_path_factory.mktemp("class")
    for name, content in entries.items():
        path = folder / name
        if name in {".", ".."} or os.path.lexists(path) or len(name.encode()) > 200:
            continue
        if isinstance(content, bytes):
            path.write_bytes(content)
            continue
        path.mkdir()
        for inner, data in content.items():
            if inner not in {".", ".."}:
                (path / inner).write_bytes(data)
    found = unless_refused(find, folder, module="tiny") or []
    ids = [one.id.casefold() for one in found]
    assert len(set(ids)) == len(ids)
    for one in found:
        assert one.id.isascii()
        assert not {"/", "\\", "\0", "\n"} & set(one.id)
        assert one.id not in {"", ".", ".."}
        unless_refused(read, one)
