"""A CSV file of another system, of which single cells are changed and every other byte stays.

The csv module would write the file anew, with its own quoting and line ends. Here a file is
its raw cells: joined again they are the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass

from grader.reports.text import one_line

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A cell that begins so is a formula to some spreadsheet (OWASP, "CSV Injection"): the ASCII signs, the
# white space that importers skip, and the full-width signs that they fold to ASCII.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_DELIMITERS = ",;\t"
_LINE_END = re.compile(r"\r\n|\r|\n")


class TableError(ValueError):
    """A file is no table that can be filled in; one line that says why."""


@dataclass
class Table:
    """A CSV file as raw text: every cell as it stands there, quotes included.

    Attributes
    ----------
    rows
        The raw cells of each line; the last "line" of a file that ends in a line end is empty.
    ends
        The line end after each row.
    """

    rows: list[list[str]]
    ends: list[str]
    delimiter: str
    bom: bytes
    encoding: str

    def value(self, row: int, column: int) -> str:
        """Return what a cell says; empty where a short row has none."""
        cells = self.rows[row]
        return unquoted(cells[column]) if column < len(cells) else ""

    def put(self, row: int, column: int, value: str) -> None:
        """Change one cell; it is quoted if the old one was, or if it must be."""
        cells = self.rows[row]
        cells += [""] * (column + 1 - len(cells))
        must = any(character in value for character in (self.delimiter, '"', "\r", "\n"))
        quoted = must or cells[column].startswith('"')
        cells[column] = '"' + value.replace('"', '""') + '"' if quoted else value

    def encoded(self) -> bytes:
        """Return the bytes of the file."""
        text = "".join(self.delimiter.join(cells) + end for cells, end in zip(self.rows, self.ends, strict=True))
        return self.bom + text.encode(self.encoding)


def harmless(text: str) -> str:
    """Return ``text`` on one line, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return ("'" if text.startswith(_FORMULA_STARTS) else "") + one_line(text)


def unquoted(raw: str) -> str:
    """Return what a raw cell says."""
    text = raw.strip()
    return text[1:-1].replace('""', '"') if len(text) >= 2 and text[0] == text[-1] == '"' else text


def read_table(data: bytes) -> Table:
    """Take a CSV file apart.

    Its byte order mark, encoding (UTF-8, UTF-16 with a mark, else Latin-1) and delimiter (comma,
    semicolon or tab) are found out.

    Raises
    ------
    TableError
        When it is empty, or a quote is never closed.
    """
    bom, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "utf-8"))
    body = data[len(bom) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        encoding = "latin-1" if bom == b"" else encoding  # it knows every byte, and gives each back as it was
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError as error:
            raise TableError(f"its text cannot be read ({error.reason})") from None
    if not text.strip():
        raise TableError("it is empty")
    delimiter = _delimiter(text)
    rows, ends = _split(text, delimiter)
    return Table(rows=rows, ends=ends, delimiter=delimiter, bom=bom, encoding=encoding)


def _delimiter(text: str) -> str:
    """Return the delimiter that makes most columns of the header."""

    def columns(delimiter: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)))
        except csv.Error:
            return 0  # something stands between a closing quote and this delimiter

    return max(_DELIMITERS, key=columns)


def _split(text: str, delimiter: str) -> tuple[list[list[str]], list[str]]:
    rows: list[list[str]] = [[]]
    ends: list[str] = []
    cell = re.compile(rf' *"(?:[^"]|"")*"[^{re.escape(delimiter)}\r\n]*|[^{re.escape(delimiter)}\r\n]*')
    position = 0
    while True:
        found = cell.match(text, position)
        assert found is not None  # the second form matches nothing, too
        if found[0].lstrip().startswith('"') and not found[0].rstrip().endswith('"'):
            raise TableError(f"a quote in line {len(ends) + 1} is never closed")
        rows[-1].append(found[0])
        position = found.end()
        if position == len(text):
            ends.append("")
            return rows, ends
        end = _LINE_END.match(text, position)
        if end:
            ends.append(end[0])
            rows.append([])
        position = end.end() if end else position + 1
