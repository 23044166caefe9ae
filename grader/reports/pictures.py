"""From small grey images to what a page draws: one path for each shade.

Only geometry, as in :mod:`grader.reports.plots`. Vectors need no image file, and follow the page's colours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from grader.evidence import Picture

_MOST_PIXELS = 20_000
"""Of a picture: what is larger would be most of the page's size."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Images side by side, a pixel apart; a pixel has the size 1."""

    name: str
    width: int
    height: int
    shades: tuple[tuple[str, str], ...]
    """Opacity of a shade, and the path of all its pixels."""
    words: str
    """The same for who cannot see it."""


def picture(shown: Picture) -> Drawing | None:
    """Lay out images; None where there is none, or where they do not have the size that they claim."""
    pixels = shown.height * shown.width
    if not shown.images or not 0 < pixels * len(shown.images) <= _MOST_PIXELS:
        return None
    if any(len(image) != pixels or set(image) - set("0123456789abcdef") for image in shown.images):
        return None
    paths: dict[int, list[str]] = defaultdict(list)
    for number, image in enumerate(shown.images):
        left = number * (shown.width + 1)
        for place, digit in enumerate(image):
            row, column = divmod(place, shown.width)
            paths[int(digit, 16)].append(f"M{left + column} {row}h1v1h-1z")
    shades = [(f"{shade / 15:.2f}", "".join(paths[shade])) for shade in sorted(paths) if shade]
    return Drawing(
        name=shown.name,
        width=len(shown.images) * (shown.width + 1) - 1,
        height=shown.height,
        shades=tuple(shades),
        words=f"{shown.name}: {len(shown.images)} images of {shown.height} by {shown.width} pixels",
    )
