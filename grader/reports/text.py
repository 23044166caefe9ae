"""Foreign text made harmless, whatever it will be shown in.

Names, printed output, tracebacks and file names come from students. Here they lose what a
terminal, a browser or an editor would obey; each format then adds its own quoting (HTML
escapes, Markdown fences, CSV apostrophes), which this module knows nothing about.
"""

from __future__ import annotations

import re

# Control codes C0 and C1 (ESC begins terminal sequences, also as the single C1 character CSI),
# the line separators that JavaScript and some editors obey, the characters that embed, override
# or isolate a writing direction, and lone surrogates, which no encoding can write. Tab and line
# feed stay. The marks U+200E and U+200F stay as well: names in Hebrew or Arabic need them.
_OBEYED_RANGES = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_OBEYED = re.compile(rf"[{_OBEYED_RANGES}]")
_OBEYED_OR_LAYOUT = re.compile(rf"[\t\n{_OBEYED_RANGES}]")
_CODE = re.compile(r"`+([^`\n]+)`+")

_SHOWN_LINES = 12  # of printed output in a terminal: half a screen of 24 lines, so the message stays in sight
_SHOWN_CHARACTERS = 400  # of one line: five lines of 80 columns; the longest message of a check, more is data


def visible(text: str) -> str:
    r"""Return ``text`` with every character that is obeyed and not shown written as its escape.

    Line feeds and tabs stay, and the line ends of Windows become line feeds: ``"\x1b[2J"``
    turns into the six characters ``\x1b[2J``.
    """
    return _OBEYED.sub(_escape, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    r"""Return ``text`` on one line: as :func:`visible`, with line feeds and tabs escaped too."""
    return _OBEYED_OR_LAYOUT.sub(_escape, text)


def shortened(text: str, *, lines: int = _SHOWN_LINES, characters: int = _SHOWN_CHARACTERS) -> str:
    """Return the first ``lines`` lines of ``text``, each cut at ``characters``, and how much was left out."""
    every = text.strip("\n").split("\n")
    kept = [line if len(line) <= characters else line[:characters] + " …" for line in every[:lines]]
    left_out = len(every) - lines
    if left_out > 0:
        kept.append(f"… {counted(left_out, 'more line')}")
    return "\n".join(kept)


def prose(text: str) -> list[tuple[str, bool]]:
    """Split a sentence of a check's author at its backticks.

    Returns
    -------
    parts
        Pairs of a text and whether it is code. Joined, the texts are ``text`` without backticks
        around code.
    """
    pieces = _CODE.split(text)  # words, code, words, code, ..., words
    return [(piece, index % 2 == 1) for index, piece in enumerate(pieces) if piece]


def counted(number: int, noun: str) -> str:
    """Return ``1 check``, ``2 checks``: a regular noun with its number."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
