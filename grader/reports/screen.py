"""What everything printed on a terminal has in common: the colours of the tones, and the indent."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from grader.reports.words import Tone

# The eight colours that every terminal has, and that its user may have chosen to be readable.
STYLES: dict[Tone, str] = {"good": "green", "bad": "red", "pending": "yellow", "alarm": "bold reverse red"}


def indented(text: Text, *, by: int = 2) -> Padding:
    """Return ``text`` with ``by`` columns of space before each of its lines."""
    return Padding(text, (0, 0, 0, by), expand=False)
