"""A submission as a worker loads it, and the places in it that a worker may speak of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from grader.sandbox.errors import Place

_HANGING_LINE = re.compile(r'File "(?P<file>[^"\n]+)", line (?P<line>\d+) in (?P<function>\S+)')
"""How faulthandler names a line."""
_HEAD = re.compile(r"\bdef\s+(?P<function>\w+)\s*(?:\((?P<parameters>[^)]*))?")
"""How a definition begins; parameters behind a bracket of a default or an annotation are left out."""
_WORD = re.compile(r"\w+")
_CELL_FILE = re.compile(r"<cell (\d{1,9})>")
_WORKER_FOLDER = re.compile(r".*/worker-\d+/")


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a worker loads: the submission, without its author."""

    module: str
    notebook: bool
    cells: tuple[str, ...]
    files: Mapping[str, bytes]
    tolerant: bool
    """Whether the rest counts when one of its statements fails."""

    def place(self, cell: int, file: str, line: int, function: str) -> Place | None:
        """Return a line of the submission, with its text as it was handed in.

        Where a worker says to be is student text, and could carry hidden inputs out. So only
        the place is taken from it, and only where the submission has such a place.
        """
        own = self._file(cell, file)
        lines = own[1].split("\n") if own else []
        if own is None or not 0 < line <= len(lines):
            return None
        name, text = own
        known = any(match["function"] == function for match in _HEAD.finditer(text))
        return Place(name, line, lines[line - 1].strip(), function if known else "", cell if self.notebook else None)

    def hanging_place(self, words: str) -> Place | None:
        """Return the student's innermost line in what faulthandler wrote."""
        for match in _HANGING_LINE.finditer(words):
            cell = _CELL_FILE.fullmatch(match["file"])
            file = _WORKER_FOLDER.sub("", match["file"], count=1)
            # a longer number is no line of any file, and Python refuses to read one of thousands of digits
            place = self.place(int(cell[1]) if cell else 0, file, int(match["line"][:9]), match["function"])
            if place is not None:
                return place
        return None

    def has_word(self, word: str) -> bool:
        """Whether an identifier occurs in the submission."""
        return word.isidentifier() and word in self._words

    def has_parameter(self, function: str, name: str) -> bool:
        """Whether the submission defines a function, or a method, that has a parameter of this name.

        A worker that could have any of the submission's words printed could spell hidden inputs.
        """
        return name in self._parameters.get(function.rpartition(".")[2], ())

    @cached_property
    def _parameters(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for match in (match for text in self.cells for match in _HEAD.finditer(text)):
            found.setdefault(match["function"], set()).update(_WORD.findall(match["parameters"] or ""))
        return found

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word for text in self.cells for word in _WORD.findall(text))

    def _file(self, cell: int, file: str) -> tuple[str, str] | None:
        """Name and text of a file or cell, where the submission has it."""
        if cell and self.notebook:
            return (f"{self.module}.ipynb", self.cells[cell - 1]) if 0 < cell <= len(self.cells) else None
        if file == f"{self.module}.py" and not self.notebook:
            return file, "\n".join(self.cells)
        content = self.files.get(file)
        return None if content is None else (file, content.decode("utf-8", errors="replace"))
