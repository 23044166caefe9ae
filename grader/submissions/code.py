"""From the bytes of a script or notebook to its cells of source.

Nothing is executed or compiled. Of a notebook only the code is decoded: outputs are skipped
where they lie, so a notebook with 50 MB of pictures costs no more than its file. Whether the
source is Python is the worker's affair.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import tokenize
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from grader.submissions.model import Unreadable
from grader.submissions.names import shown

Kind = Literal["script", "notebook"]

MAX_FILE = 100 * 2**20
"""Bytes of the graded file: twice the 50 MB of outputs at which notebooks stop opening in browsers."""
MAX_SOURCE = 2 * 2**20
"""Bytes of source: twenty times the longest solution; the compiler takes about a second for it."""
_MAX_PLAIN_JSON = 16 * 2**20
"""Bytes of a notebook that is not strict JSON: decoded whole, JSON made for the purpose takes 40 times its size."""

_TEXT_ENCODINGS = re.compile(r"utf-8|ascii|iso8859|cp\d|mac|koi8|gb|big5|shift_jis|euc|johab|tis|hz")
"""Encodings of people's editors. Python knows more, and some (punycode) take hours for a long file."""


class _Cell(msgspec.Struct):
    """A cell of a notebook, with its source still undecoded: a text, or a list of lines."""

    cell_type: str
    source: msgspec.Raw = msgspec.Raw()
    input: msgspec.Raw = msgspec.Raw()
    """Where format 3 keeps the source of code."""


class _Worksheet(msgspec.Struct):
    cells: list[_Cell] = []


class _Notebook(msgspec.Struct):
    nbformat: int
    cells: list[_Cell] = []
    worksheets: list[_Worksheet] = []
    """Where format 3 keeps the cells."""


def kind_of(name: str) -> Kind:
    """Say whether a file of this name is a notebook or a script."""
    return "notebook" if PurePosixPath(name).suffix.lower() == ".ipynb" else "script"


def cells_of(name: str, data: bytes) -> tuple[str, ...]:
    """Return the cells of a script (one) or of a notebook (its code cells, in order).

    Raises
    ------
    Unreadable
        When there is no code in it, or it cannot be decoded.
    """
    cells = _of_notebook(name, data) if kind_of(name) == "notebook" else (_of_script(name, data),)
    if not any(cell.strip() for cell in cells):
        what = "has no code cells" if kind_of(name) == "notebook" else "is empty"
        raise Unreadable(f"{shown(name)} {what}: save your work and hand it in again")
    return cells


def _of_script(name: str, data: bytes) -> str:
    if len(data) > MAX_SOURCE:
        raise _too_long(name)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        codec = codecs.lookup(encoding)
    except (SyntaxError, LookupError, ValueError) as error:
        raise _not_text(name) from error
    if not _TEXT_ENCODINGS.match(codec.name):
        raise _not_text(name)
    try:
        text = data.decode(encoding)
    except ValueError as error:
        raise _not_text(name) from error
    if "\0" in text:
        raise _not_text(name)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _of_notebook(name: str, data: bytes) -> tuple[str, ...]:
    if not data.strip():
        raise Unreadable(f"{shown(name)} is empty: save your work and hand it in again")
    notebook = _decoded(name, data.removeprefix(codecs.BOM_UTF8))
    in_sheets = [cell for sheet in notebook.worksheets for cell in sheet.cells]
    code = [cell for cell in notebook.cells or in_sheets if cell.cell_type == "code"]
    sources = [cell.source or cell.input or msgspec.Raw(b'""') for cell in code]
    if sum(map(len, sources)) > MAX_SOURCE:
        raise _too_long(name)
    return tuple(_joined(name, source) for source in sources)


def _decoded(name: str, data: bytes) -> _Notebook:
    try:
        return msgspec.json.decode(data, type=_Notebook)
    except msgspec.ValidationError as error:
        raise _no_notebook(name) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        strict = _as_strict_json(name, data)
    try:
        return msgspec.json.decode(strict, type=_Notebook)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _no_notebook(name) from error


def _as_strict_json(name: str, data: bytes) -> bytes:
    """Rewrite what Jupyter writes and JSON forbids: NaN and Infinity in outputs, halves of surrogate pairs."""
    if len(data) > _MAX_PLAIN_JSON:
        raise _no_notebook(name)
    try:
        # NaN as a text will do: it occurs in outputs and metadata only, and those are skipped
        content = json.loads(data.decode("utf-8"), parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise _no_notebook(name) from error
    return _without_half_pairs(json.dumps(content, ensure_ascii=False)).encode()


def _joined(name: str, source: msgspec.Raw) -> str:
    try:
        lines = msgspec.json.decode(source, type=str | list[str])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _no_notebook(name) from error
    return (lines if isinstance(lines, str) else "".join(lines)).replace("\r\n", "\n")


def _without_half_pairs(text: str) -> str:
    """Replace what has no UTF-8: everything that leaves this process is UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _not_text(name: str) -> Unreadable:
    return Unreadable(f"{shown(name)} is not UTF-8 text: save it as UTF-8 and hand it in again")


def _no_notebook(name: str) -> Unreadable:
    return Unreadable(f"{shown(name)} is not a notebook: save it in Jupyter and hand it in again")


def _too_long(name: str) -> Unreadable:
    limit = f"{MAX_SOURCE / 2**20:g} MB"
    return Unreadable(f"{shown(name)} holds more than {limit} of code: move data out of it and hand it in again")
