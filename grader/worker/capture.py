"""What student code prints: kept up to a limit, dropped beyond it, never an error.

Printing too much is not wrong, so the stream swallows what does not fit. It is a raw byte
stream under an ordinary text stream, so that ``sys.stdout.buffer`` and binary output work.
"""

from __future__ import annotations

import io
from typing import Any


class Capture(io.RawIOBase):
    """A byte stream that keeps the first ``limit`` bytes since the last :meth:`take`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._seen = 0

    def writable(self) -> bool:
        """Say that the stream can be written, as the text layer asks."""
        return True

    def close(self) -> None:
        """Stay open: whoever closes ``sys.stdout`` prints into nothing, and the next check may print again."""

    def write(self, data: object) -> int:
        """Keep what fits; claim to have written all of it."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        room = self._limit - len(self._kept)
        if room > 0:
            self._kept += view[:room]
        self._seen += len(view)
        return len(view)

    def take(self) -> str:
        """Return what was printed since the last call, and start anew."""
        if not self._seen:
            return ""
        text = self._kept.decode("utf-8", errors="backslashreplace")
        if self._seen > len(self._kept):
            text += f"\n[... {self._seen - len(self._kept)} more bytes of output were cut]"
        self._kept.clear()
        self._seen = 0
        return text


def text_stream(capture: Capture) -> io.TextIOWrapper:
    """Return a text stream over ``capture`` that passes every character on at once."""
    buffer: Any = capture  # typeshed wants a name of it, which the text layer does not use
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", write_through=True)
