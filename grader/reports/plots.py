"""From curves to what a page draws: polylines and ticks in the units of the picture.

Only geometry: the template turns a :class:`Plot` into SVG, so that every text passes through its escaping.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grader.evidence import Curve

WIDTH, HEIGHT = 560, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 548, 12, 216
"""Of the picture, and of the field inside it; left of it stand labels as long as ``1e-300``."""

MOST_TICKS = 8
"""Labels of an axis that can be told apart at this size."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A label of an axis, and where it stands."""

    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One curve: polylines as the attribute ``points`` wants them, and single points between two gaps."""

    name: str
    strokes: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A picture of one curve and its theorem."""

    name: str
    t_name: str
    measured: Line
    theorem: Line | None
    t_ticks: tuple[Tick, ...]
    value_ticks: tuple[Tick, ...]
    words: str
    """The same for who cannot see it."""


def plot(curve: Curve) -> Plot | None:
    """Lay out a curve; None where nothing can be drawn: no finite number, or none that has a logarithm."""
    measured = _drawable(curve, curve.value)
    theorem = _drawable(curve, curve.theorem)
    shown = [point for point in (*measured, *theorem) if point]
    if not any(measured):
        return None
    across = _Axis([t for t, _ in shown], LEFT, RIGHT, logarithmic=curve.log_t)
    up = _Axis([value for _, value in shown], BOTTOM, TOP, logarithmic=curve.log_value)

    def line(name: str, points: Sequence[tuple[float, float] | None]) -> Line:
        pieces = _pieces([point and (across.place(point[0]), up.place(point[1])) for point in points])
        strokes = tuple(" ".join(f"{x:g},{y:g}" for x, y in piece) for piece in pieces if len(piece) > 1)
        return Line(name=name, strokes=strokes, dots=tuple(piece[0] for piece in pieces if len(piece) == 1))

    drawn = [point for point in measured if point]
    (first, begins), (last, ends) = drawn[0], drawn[-1]
    return Plot(
        name=curve.name,
        t_name=curve.t_name,
        measured=line(curve.name, measured),
        theorem=line(curve.theorem_name, theorem) if any(theorem) else None,
        t_ticks=across.ticks(),
        value_ticks=up.ticks(),
        words=f"{curve.name}: {begins:.2g} at {curve.t_name} {first:g}, {ends:.2g} at {curve.t_name} {last:g}",
    )


def _drawable(curve: Curve, values: Sequence[float | None]) -> list[tuple[float, float] | None]:
    """Pair the values with their places; None for a gap."""

    def usable(number: float | None, *, logarithmic: bool) -> bool:
        return number is not None and math.isfinite(number) and (number > 0 or not logarithmic)

    return [
        (t, value)
        if value is not None and usable(t, logarithmic=curve.log_t) and usable(value, logarithmic=curve.log_value)
        else None
        for t, value in zip(curve.t, values, strict=False)
    ]


def _pieces(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Cut a curve at its gaps."""
    found: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point:
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [piece for piece in found if piece]


class _Axis:
    """Maps numbers to places, and finds round numbers to label."""

    def __init__(self, numbers: Sequence[float], first: int, last: int, *, logarithmic: bool) -> None:
        self._first, self._last, self._logarithmic = first, last, logarithmic
        scaled = [math.log10(number) if logarithmic else number for number in numbers]
        self._low, self._high = min(scaled), max(scaled)
        if self._low == self._high:  # a constant lies in the middle
            room = 0.5 if logarithmic else abs(self._low) or 1.0
            self._low, self._high = self._low - room, self._high + room

    def place(self, number: float) -> float:
        scaled = math.log10(number) if self._logarithmic else number
        share = (scaled - self._low) / (self._high - self._low)
        return round(self._first + share * (self._last - self._first), 1)

    def ticks(self) -> tuple[Tick, ...]:
        return tuple(Tick(at=self.place(number), label=f"{number:g}") for number in self._round_numbers())

    def _round_numbers(self) -> list[float]:
        if not self._logarithmic or self._high - self._low <= 1:
            low, high = (10**end if self._logarithmic else end for end in (self._low, self._high))
            return _steps(low, high)
        first, last = math.ceil(self._low - 1e-9), math.floor(self._high + 1e-9)  # 1e-9: a power of ten, rounded
        every = max(1, math.ceil((last - first + 1) / MOST_TICKS))
        return [10.0**exponent for exponent in range(first, last + 1, every)]


def _steps(low: float, high: float) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten between two numbers."""
    power = 10.0 ** math.floor(math.log10((high - low) / MOST_TICKS))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if (high - low) / (power * factor) <= MOST_TICKS - 1)
    # the product again rounds to what people write: 0.3 and not 0.1 + 0.1 + 0.1
    return [float(f"{count * step:.12g}") for count in range(math.ceil(low / step), math.floor(high / step) + 1)]
