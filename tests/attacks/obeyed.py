"""Finds text of a student that became more than text: markup, codes of a terminal, a formula."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import mistune


class _Live(HTMLParser):
    """Finds markup that knows the mark: what a student wrote became more than text."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self._mark = mark
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        obeyed = [
            name for name, value in attrs if name.startswith("on") or (self._mark in (value or "") and name == "src")
        ]
        self.found += [f"<{tag} {name}>" for name in obeyed]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"} and self._mark in data:
            self.found.append(f"<{self._inside}>")


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal or an editor obeys; tab and line feed are none of it."""


_MARKDOWN = mistune.create_markdown(escape=False, plugins=["table"])
"""As a forge shows it, without the sanitizer that a forge has."""


def obeyed(out: Path, said: str, mark: str) -> list[str]:
    """Return the reports in which text of a student is more than text."""
    found = ["the terminal"] if _CONTROL.search(said) else []
    for page in [*out.rglob("*.html"), *out.rglob("*.md")]:
        live = _Live(mark)
        text = page.read_text(encoding="utf-8")
        live.feed(text if page.suffix == ".html" else str(_MARKDOWN(text)))
        found += [f"{page.relative_to(out)} {what}" for what in live.found]
    table = (out / "grades.csv").read_text(encoding="utf-8")
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    found += [f"grades.csv: {cell[:20]}" for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
    return [f"{place} obeys a student's text" for place in found]
